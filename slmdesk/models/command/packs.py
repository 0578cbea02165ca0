"""`slmdesk models find`, `pack`, `unpack` and `move`: models of other programs, packs for other PCs, another folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from slmdesk.base.labels import clean_label
from slmdesk.base.record import changed
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.command.console import Console, NamedFile, json_option, table
from slmdesk.models.importer import ImportEnded
from slmdesk.models.move.plan import MoveProgress
from slmdesk.models.other_programs import FoundModel, FoundModels
from slmdesk.models.packs.service import PackProgress, PackResult
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people, time_for_people
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("-o", "--output", type=NamedFile(dir_okay=False), required=True, help="The new file.")
@json_option
@click.pass_obj
def pack(console: Console, models: tuple[str, ...], output: Path) -> None:
    """Write MODELS with their checksums and licences into one file, for PCs without a network."""
    target = output.absolute()
    end = _wait(console, lambda services: services.packs.pack(models, target), "packing")
    if console.as_json:
        console.give({"path": str(target), "bytes": end.bytes, "manifest_sha256": end.manifest_sha256})
    else:
        console.say(f"{output}  {bytes_for_people(end.bytes)}")
        console.say(f"sha256 of its list: {end.manifest_sha256}")
        console.notify("note: hand this checksum on by another way than the pack, for “models unpack --expect”.")


@click.command()
@click.argument("file", type=NamedFile())
@click.option("--expect", metavar="SHA256", help="Refuse a pack whose list has another checksum.")
@click.option("--only", multiple=True, metavar="NAME", help="Bring in this one of its models; may be given again.")
@click.option("--list", "only_list", is_flag=True, help="Say what is in it; nothing is brought in.")
@json_option
@click.pass_obj
def unpack(console: Console, file: Path, expect: str | None, only: tuple[str, ...], only_list: bool) -> None:
    """Import the models of a pack after all of it has been verified."""
    if expect is not None and not expect.strip():  # an empty variable of a script must not mean "any"
        raise click.BadParameter("the checksum is empty.", param_hint="--expect")
    if only_list:
        _list(console, file)
        return

    def begin(services: Services) -> Pending[PackResult]:
        return services.packs.unpack(file.absolute(), expected=expect or "", only=only or None)

    end = _wait(console, begin, "checking")
    if console.as_json:
        models: list[Json] = [
            {
                **picked(one.model, "id", "name", "bytes", "sha256"),
                "license": one.license,
                "about": dict(one.about),
                "is_new": one.is_new,
            }
            for one in end.models
        ]
        console.give({"manifest_sha256": end.manifest_sha256, "is_expected": bool(expect), "models": models})
        return
    for one in end.models:
        licence = one.about.get("licence") or one.license or "no licence named"
        more = "" if one.is_new else "  (was here already)"
        console.say(
            f"{one.model.id}  {clean_label(one.model.name, 60)}  {bytes_for_people(one.model.bytes)}  {licence}{more}"
        )
    console.say(f"sha256 of its list: {end.manifest_sha256}")
    if not expect:
        console.notify("note: compare this checksum with the one you were told by whoever made the pack.")


@click.command()
@click.argument("folder", type=NamedFile())
@json_option
@click.pass_obj
def move(console: Console, folder: Path) -> None:
    """Keep the models in FOLDER from now on, and move the present ones there."""
    target = Path(os.path.abspath(folder))  # noqa: PTH100  resolve() would follow links
    with console.services() as services:

        def progressed(now: MoveProgress) -> None:
            if now.total_bytes:
                _progress(console, now.step, now.fraction, 1.0, now.eta_s)

        end = console.result_of(services, lambda: services.moving.move(target), progressed)
    if console.as_json:
        console.give({"folder": end.target, "models": end.moved, "bytes": end.bytes, "left": list(end.left)})
        return
    count = "1 model" if end.moved == 1 else f"{end.moved} models"
    console.say(f"{end.target}  {count}, {bytes_for_people(end.bytes)}")
    for path in end.left:
        console.notify(f"note: not there now, so not moved: {clean_label(path, 300)}")


@click.command()
@click.option("--link", is_flag=True, help="Link what is new; nothing is copied or moved.")
@json_option
@click.pass_obj
def find(console: Console, link: bool) -> None:
    """Find model files of LM Studio, Jan, GPT4All, Ollama and the Hub's cache on this PC."""
    with console.services() as services:
        found = console.result_of(services, services.finding.find)
        ends: tuple[ImportEnded, ...] = ()
        if link:
            ends = console.result_of(
                services,
                lambda: services.finding.link(found.models),
                lambda now: console.progress("checking", now.done_bytes, now.total_bytes),
            )
    linked = {end.path: end.model.id for end in ends if end.model and os.fsdecode(end.model.path) == end.path}
    known = {end.path: end.model.id for end in ends if end.model}  # linked, or in the library with the same content
    models = [changed(one, known=known.get(str(one.path), one.known)) for one in found.models]
    found = changed(found, models=tuple(models))
    problems = {end.path: end.problem for end in ends if end.problem}
    if console.as_json:
        rows: list[Json] = [_shape(one, linked, problems) for one in found.models]
        skipped: list[Json] = [{"path": str(one.path), "reason": one.reason} for one in found.skipped]
        console.give({"models": rows, "skipped": skipped})
        return
    if not found.models:
        console.notify("No model files of other programs were found on this PC.")
    else:
        _show(console, found, linked, problems)
    for each in found.skipped:
        console.notify(f"note: not looked at: {clean_label(str(each.path), 200)} ({each.reason})")


def _show(console: Console, found: FoundModels, linked: dict[str, str], problems: dict[str, Problem]) -> None:
    rows = [("PROGRAM", "NAME", "SIZE", "STATE", "FILE")]
    for one in found.models:
        path, problem = str(one.path), one.problem or problems.get(str(one.path))
        if problem:
            state = "not usable"
        else:
            state = f"linked as {linked[path]}" if path in linked else f"here as {one.known}" if one.known else "new"
        rows.append(
            (one.program, clean_label(one.name, 60), bytes_for_people(one.bytes), state, clean_label(path, 300))
        )
    table(console, rows)
    for one in found.models:
        if problem := one.problem or problems.get(str(one.path)):
            console.notify(f"note: {clean_label(str(one.path), 200)}: {problem.sentence}")
    if not linked and any(one.known is None and one.problem is None for one in found.models):
        console.notify("note: use them where they are with: slmdesk models find --link")


def _shape(one: FoundModel, linked: dict[str, str], problems: dict[str, Problem]) -> dict[str, Json]:
    problem = one.problem or problems.get(str(one.path))
    return {
        "program": one.program,
        "path": str(one.path),
        **picked(one, "name", "bytes", "architecture", "quantization", "license"),
        "id": linked.get(str(one.path), one.known),
        "linked": str(one.path) in linked,
        "reason": problem.sentence if problem else None,
    }


def _list(console: Console, file: Path) -> None:
    with console.services() as services:
        found = console.result_of(services, lambda: services.packs.contents(file.absolute()))
    if console.as_json:
        models: list[Json] = [
            {
                **picked(one.listed, "name", "bytes", "sha256", "license"),
                "about": dict(one.listed.about),
                "id": one.here,
            }
            for one in found.models
        ]
        console.give({"manifest_sha256": found.manifest_sha256, "bytes": found.bytes, "models": models})
        return
    rows = [("NAME", "SIZE", "STATE", "LICENCE")]
    for one in found.models:
        licence = one.listed.about.get("licence") or one.listed.license or "no licence named"
        state = f"here as {one.here}" if one.here else "new"
        rows.append((clean_label(one.listed.name, 60), bytes_for_people(one.listed.bytes), state, licence))
    table(console, rows)
    console.say(f"sha256 of its list: {found.manifest_sha256}")
    console.notify("note: this is what its list says; all of it is checked when it is unpacked.")


def _progress(console: Console, what: str, done: float, total: float, eta_s: float | None) -> None:
    console.progress(what if eta_s is None else f"{what} ({time_for_people(eta_s)} left)", done, total)


def _wait(console: Console, begin: Callable[[Services], Pending[PackResult]], what: str) -> PackResult:
    """Wait for the end of a pack.  Raises the problem it met; Ctrl-C stops it."""
    with console.services() as services:

        def progressed(now: PackProgress) -> None:
            _progress(console, what, now.done_bytes, now.total_bytes, now.eta_s)

        return console.result_of(services, lambda: begin(services), progressed)
