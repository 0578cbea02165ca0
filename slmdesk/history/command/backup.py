"""`slmdesk backup` and `slmdesk restore`: everything but the models in one verified file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.base.paths import find_paths
from slmdesk.command.console import Console, NamedFile, json_option, table
from slmdesk.command.opening import keys_for_restoring
from slmdesk.exports.chats import iso_time
from slmdesk.history.backups import backup_copies, restore_backup


@click.command()
@click.argument("file", type=NamedFile(dir_okay=False), required=False)
@click.option("--list", "is_list", is_flag=True, help="Show the copies slmdesk has made by itself, newest first.")
@click.option("--plain", is_flag=True, help="Of an encrypted history: without encryption, readable by everybody.")
@json_option
@click.pass_obj
def backup(console: Console, file: Path | None, is_list: bool, plain: bool) -> None:
    """Copy the history to FILE and verify the copy.  The window must be closed.

    The copy of an encrypted history is encrypted; the passphrase or the recovery key of that time opens it.
    """
    if (file is None) != is_list:
        raise click.UsageError("Give a FILE, or --list.")
    if file is None:
        _list(console)
        return
    target = file.absolute()

    with console.services() as services:
        made = console.result_of(
            services,
            lambda: services.backups.make(target, plain=plain),
            lambda report: console.progress("backup", *report),
        )
    if plain:
        console.notify(f"note: {file} is not encrypted. Whoever has the file can read the whole history.")
    if console.as_json:
        console.give({"bytes": made.bytes, "sha256": made.sha256})
    else:
        console.say(f"{file}  {made.bytes:,} bytes  sha256 {made.sha256}")


def _list(console: Console) -> None:

    copies = backup_copies(find_paths(console.home))  # without opening the history, which may be damaged
    if console.as_json:
        console.give([{"path": str(one.path), "time": iso_time(one.time), "bytes": one.bytes} for one in copies])
    elif copies:
        table(console, [(iso_time(one.time), f"{one.bytes:,} bytes", str(one.path)) for one in copies])
    else:
        console.notify("There are no copies.")


@click.command()
@click.argument("file", type=NamedFile())
@json_option
@click.pass_obj
def restore(console: Console, file: Path) -> None:
    """Replace the history by the backup FILE; the old history is set aside.  The window must be closed."""
    paths, source = find_paths(console.home), file.absolute()
    key, source_key = keys_for_restoring(console, paths, source)
    done = restore_backup(paths, source, key=key, source_key=source_key)
    with console.services(key=key or source_key):
        pass  # opening it prints the notices there are
    if console.as_json:
        console.give({"bytes": done.bytes, "sha256": done.sha256, "set_aside": str(done.aside) if done.aside else None})
        return
    console.say(f"{file}  {done.bytes:,} bytes  sha256 {done.sha256}")
    if done.aside:
        console.notify(f"note: the history that was there is now {done.aside}.")
