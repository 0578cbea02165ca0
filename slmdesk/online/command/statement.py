"""`slmdesk statement`: a signed statement for an auditor about what left this PC, and checking one."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.command.console import Console, NamedFile, json_option

DAY = click.DateTime(["%Y-%m-%d"])
LEVELS = {
    "kernel": "the system keeps slmdesk and all of its processes from the network",
    "children only": "the system keeps the processes that open models and documents from the network",
    "program only": "the system keeps none, or not all, of the processes from the network, or that could not be shown",
}
PLACES = {"keyring": "in the system's keyring", "file": "in a file that only you can read"}


@click.group(invoke_without_command=True)
@click.option("-o", "--output", "target", type=NamedFile(dir_okay=False), help="The file to write, a tar; required.")
@click.option(
    "--from",
    "since",
    type=DAY,
    metavar="YYYY-MM-DD",
    help="The first day; without it, from the beginning of the ledger.",
)
@click.option("--to", "until", type=DAY, metavar="YYYY-MM-DD", help="The last day; without it, until now.")
@click.option("--host-name", is_flag=True, help="Name this PC in it.")
@click.option("--new-key", is_flag=True, help="Sign with a new key from now on.")
@json_option
@click.pass_context
def statement(
    context: click.Context,
    target: Path | None,
    since: datetime | None,
    until: datetime | None,
    host_name: bool,
    new_key: bool,
) -> None:
    """Write a signed statement for an auditor: what left this PC, what was refused, what keeps the rest from leaving.

    It holds statement.json, ledger.csv, statement.pdf, checksums and a signature. “statement verify” checks one.
    """
    if context.invoked_subcommand is not None:
        return
    if target is None:
        raise click.UsageError("name the file to write: -o FILE.", context)
    console: Console = context.obj
    _make(console, target.absolute(), _day(since), _day(until), host_name=host_name, new_key=new_key)


def _day(value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def _make(
    console: Console, target: Path, since: date | None, until: date | None, *, host_name: bool, new_key: bool
) -> None:
    from slmdesk.online.statement.self_test import Control
    from slmdesk.online.statement.types import STAGES, StatementProgress, StatementRequest
    from slmdesk.system.doctor import examine

    def progressed(far: StatementProgress) -> None:
        console.progress(STAGES[far.stage], far.done, far.total)

    with ExitStack() as held:
        control = held.enter_context(Control())  # what is begun once this process is shut in, is shut in too
        console.shut_in()
        services = held.enter_context(console.services())
        found = console.result_of(services, lambda: examine(services))
        request = StatementRequest(target, since, until, with_host_name=host_name, is_new_key=new_key)
        made = console.result_of(services, lambda: services.statements.make(request, found, control), progressed)
    if console.as_json:
        console.give(
            {
                "path": str(made.path), "sha256": made.sha256, "rows": made.rows, "requests": made.requests,
                "refused": made.refused, "level": made.level, "key": made.fingerprint, "key_place": made.key_place,
                "is_key_new": made.is_key_new, "head": made.head, "problems": list(made.problems),
            }
        )  # fmt: skip
        return
    console.say(f"Written to {made.path}")
    console.say(f"Requests: {made.requests:,}; refused: {made.refused:,}; rows of the ledger: {made.rows:,}")
    console.say(f"Level: {made.level}: {LEVELS[made.level]}")
    console.say(f"Checksum: {made.sha256}")
    new = ", made for it just now: have it noted" if made.is_key_new else ""
    console.say(f"Signed with {made.fingerprint}, kept {PLACES[made.key_place]}{new}.")
    for problem in made.problems:
        console.notify(f"note: {problem}")


@statement.command()
@click.argument("file", type=NamedFile(dir_okay=False))
@click.option(
    "--earlier", multiple=True, type=NamedFile(dir_okay=False), help="An earlier statement; as often as needed."
)
@click.option("--key", "noted", help="The key that you noted, SHA256:…; another one is an error.")
@json_option
@click.pass_obj
def verify(console: Console, file: Path, earlier: tuple[Path, ...], noted: str | None) -> None:
    """Check a statement: checksums, chain, signature, whether what it says fits its rows, and whether earlier ones fit.

    Read the figures that this prints: the pages of statement.pdf are not checked.

    Who audits should rather take verify.py from the source of slmdesk than trust the program that is audited.
    """
    console.shut_in()
    from slmdesk.online.statement.signing import is_good
    from slmdesk.online.statement.verify import NO_PDF, Wrong, compare, figures, read, signer

    try:
        new = read(str(file))
        if not is_good(new["files"]["SHA256SUMS"], new["files"]["SHA256SUMS.sig"]):
            raise Wrong("the signature is not good")
        key = signer(new["files"]["SHA256SUMS.sig"])
        if noted and noted != key:
            raise Wrong(f"it was signed with another key: {key}")
        fits = [compare(new, read(str(one))) for one in earlier]
    except Wrong as err:
        raise KnownError("statement.wrong", path=str(file), reason=str(err)) from err
    found = figures(new)
    unchecked = [NO_PDF, "the level and the self-test are what that PC says of itself"]
    unchecked += [] if noted else ["whether the key is the one that you noted (--key)"]
    unchecked += [] if earlier else ["earlier statements (--earlier): without one a rewritten ledger cannot be seen"]
    if console.as_json:
        said = {name.replace(" ", "_"): value for name, value in found.items()}
        console.give({"ok": True, "key": key, "earlier": list(fits), "not_checked": list(unchecked), "figures": said})
        return
    console.say("Its files fit their checksums, the chain of its ledger holds, and its signature is good.")
    console.say("What it says above its rows fits them:")
    for name, value in found.items():
        console.say(f"  {name}: {value:,}" if isinstance(value, int) else f"  {name}: {value}")
    console.say(f"Key: {key}")
    for line in fits:
        console.say(line)
    for line in unchecked:
        console.say(f"Not checked: {line}.")
