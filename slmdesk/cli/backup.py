"""`slmdesk backup` and `slmdesk restore`: everything but the models, as one checked file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.cli.console import Face, NamedFile, json_option, table


@click.command()
@click.argument("file", type=NamedFile(dir_okay=False), required=False)
@click.option("--list", "is_list", is_flag=True, help="Show the copies slmdesk has made by itself, newest first.")
@json_option
@click.pass_obj
def backup(face: Face, file: Path | None, is_list: bool) -> None:
    """Copy the history to FILE, checked.  The window must be closed."""
    if (file is None) != is_list:
        raise click.UsageError("Give a FILE, or --list.")
    if file is None:
        _list(face)
        return
    target = file.absolute()

    from slmdesk.store import BackupResult

    with face.services() as services:
        made: BackupResult = face.wait_for(
            services,
            lambda told: services.backups.make(target, told, lambda done, total: face.progress("backup", done, total)),
        )
        face.end_progress()
    if face.as_json:
        face.give({"bytes": made.bytes, "sha256": made.sha256})
    else:
        face.say(f"{file}  {made.bytes:,} bytes  sha256 {made.sha256}")


def _list(face: Face) -> None:
    from slmdesk.exports.chats import iso_time
    from slmdesk.paths import find_paths
    from slmdesk.services.history.backups import backup_copies

    copies = backup_copies(find_paths(face.home))  # without opening the history: it may be what is broken
    if face.as_json:
        face.give([{"path": str(one.path), "time": iso_time(one.time), "bytes": one.bytes} for one in copies])
    elif copies:
        table(face, [(iso_time(one.time), f"{one.bytes:,} bytes", str(one.path)) for one in copies])
    else:
        face.tell("There are no copies.")


@click.command()
@click.argument("file", type=NamedFile())
@json_option
@click.pass_obj
def restore(face: Face, file: Path) -> None:
    """Put the backup FILE in the place of the history, which is set aside.  The window must be closed."""
    from slmdesk.paths import find_paths
    from slmdesk.services.history.backups import restore_backup

    done = restore_backup(find_paths(face.home), file.absolute())
    with face.services():
        pass  # it opens: what there is to notice is said
    if face.as_json:
        face.give({"bytes": done.bytes, "sha256": done.sha256, "set_aside": str(done.aside) if done.aside else None})
        return
    face.say(f"{file}  {done.bytes:,} bytes  sha256 {done.sha256}")
    if done.aside:
        face.tell(f"note: the history that was there is now {done.aside}.")
