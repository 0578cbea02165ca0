"""`slmdesk models rename`, `default`, `find`, `pack` and `unpack`: names, jobs, files of other programs, packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from slmdesk.cli.face import Face, NamedFile, json_option, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from slmdesk.core.records import ModelRecord
    from slmdesk.core.types import Json
    from slmdesk.services.facts import Fact, ImportEnded, PackEnded, Problem
    from slmdesk.services.finding import FoundModel, FoundModels
    from slmdesk.services.services import Services


@click.command()
@click.argument("model")
@click.argument("name")
@json_option
@click.pass_obj
def rename(face: Face, model: str, name: str) -> None:
    """Show MODEL under the name NAME; its file keeps its own."""
    with face.services() as services:
        record: ModelRecord = services.desk.call(lambda: services.names.rename(model, name))
    if face.as_json:
        face.give({"id": record.id, "name": record.name})
    else:
        face.say(f"{record.id}  {record.name}")


@click.command()
@click.argument("job", required=False, type=click.Choice(["chat", "summarize", "translate", "embed"]))
@click.argument("model", required=False)
@click.option("--none", "is_none", is_flag=True, help="No default any more: the last used model.")
@json_option
@click.pass_obj
def default(face: Face, job: str | None, model: str | None, is_none: bool) -> None:
    """Which model is the default for JOB; with MODEL, make it that.  Without JOB: all jobs."""
    from slmdesk.services.uses import Use

    if ((model or is_none) and not job) or (model and is_none):
        raise click.UsageError("Name a JOB, and either a MODEL or --none.")
    with face.services() as services:
        if job and (model or is_none):
            services.desk.call(lambda: services.uses.set_default(Use(job), model))
        uses = [Use(job)] if job else list(Use)
        found = services.desk.call(lambda: [(use, services.uses.default(use)) for use in uses])
    if face.as_json:
        rows: list[Json] = [
            {"job": use.value, "id": one.id if one else None, "name": one.name if one else None} for use, one in found
        ]
        face.give(rows[0] if job else rows)
        return
    for use, one in found:
        face.say(f"{use.value}  {f'{one.id}  {_line(one.name)}' if one else '-  (the last used)'}")


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("-o", "--output", type=NamedFile(dir_okay=False), required=True, help="The new file.")
@json_option
@click.pass_obj
def pack(face: Face, models: tuple[str, ...], output: Path) -> None:
    """Write MODELS with their checksums and licences into one file, for PCs without a network."""
    target = output.absolute()

    def begin(services: Services, told: Callable[[PackEnded], None]) -> None:
        services.packs.pack(models, target, told)

    end = _wait(face, begin, "packing")
    if face.as_json:
        face.give({"path": str(target), "bytes": end.bytes, "manifest_sha256": end.manifest_sha256})
    else:
        face.say(f"{output}  {_size(end.bytes)}")
        face.say(f"sha256 of its list: {end.manifest_sha256}")
        face.tell("note: hand this checksum on by another way than the pack, for “models unpack --expect”.")


@click.command()
@click.argument("file", type=NamedFile())
@click.option("--expect", default="", metavar="SHA256", help="Refuse a pack whose list has another checksum.")
@json_option
@click.pass_obj
def unpack(face: Face, file: Path, expect: str) -> None:
    """Bring in the models of a pack, once all of it is checked."""

    def begin(services: Services, told: Callable[[PackEnded], None]) -> None:
        services.packs.unpack(file.absolute(), expected=expect, ended=told)

    end = _wait(face, begin, "checking")
    if face.as_json:
        models: list[Json] = [
            {
                "id": one.model.id,
                "name": one.model.name,
                "bytes": one.model.bytes,
                "sha256": one.model.sha256,
                "license": one.license,
                "about": dict(one.about),
                "is_new": one.is_new,
            }
            for one in end.models
        ]
        face.give({"manifest_sha256": end.manifest_sha256, "is_expected": bool(expect), "models": models})
        return
    for one in end.models:
        licence = one.about.get("licence") or one.license or "no licence named"
        more = "" if one.is_new else "  (was here already)"
        face.say(f"{one.model.id}  {_line(one.model.name)}  {_size(one.model.bytes)}  {licence}{more}")
    face.say(f"sha256 of its list: {end.manifest_sha256}")
    if not expect:
        face.tell("note: compare this checksum with the one you were told by whoever made the pack.")


@click.command()
@click.option("--link", is_flag=True, help="Link what is new; nothing is copied or moved.")
@json_option
@click.pass_obj
def find(face: Face, link: bool) -> None:
    """Model files of LM Studio, Jan, GPT4All, Ollama and the Hub's cache on this PC."""
    from slmdesk.services.facts import ImportProgress

    with face.services() as services:

        def on_fact(fact: Fact) -> None:
            if isinstance(fact, ImportProgress):
                face.progress("checking", fact.done_bytes, fact.total_bytes)

        services.add_listener(on_fact)
        cancel = services.finding.cancel
        found: FoundModels = face.wait_for(services, services.finding.find, cancel=cancel)
        ends: tuple[ImportEnded, ...] = ()
        if link:
            ends = face.wait_for(services, lambda told: services.finding.link(found.models, told), cancel=cancel)
        face.end_progress()
    linked = {end.path: end.model.id for end in ends if end.model}
    problems = {end.path: end.problem for end in ends if end.problem}
    if face.as_json:
        rows: list[Json] = [_shape(one, linked, problems) for one in found.models]
        skipped: list[Json] = [{"path": str(one.path), "reason": one.reason} for one in found.skipped]
        face.give({"models": rows, "skipped": skipped})
        return
    if not found.models:
        face.tell("No model files of other programs were found on this PC.")
    else:
        _show(face, found, linked, problems)
    for each in found.skipped:
        face.tell(f"note: not looked at: {_line(str(each.path), 200)} ({each.reason})")


def link_shared(face: Face, services: Services) -> None:
    """Where there is no model yet, those of the organisation's folder are linked first; it takes their checksums."""
    models = services.models
    if services.settings.policy.models_folder and not services.desk.call(models.list):
        face.wait_for(services, lambda told: models.adopt(told, only_shared=True), cancel=models.cancel_import)


def _show(face: Face, found: FoundModels, linked: dict[str, str], problems: dict[str, Problem]) -> None:
    rows = [("PROGRAM", "NAME", "SIZE", "STATE", "FILE")]
    for one in found.models:
        path, problem = str(one.path), one.problem or problems.get(str(one.path))
        if problem:
            state = "not usable"
        else:
            state = f"linked as {linked[path]}" if path in linked else f"here as {one.known}" if one.known else "new"
        rows.append((one.program, _line(one.name), _size(one.bytes), state, _line(path, 300)))
    table(face, rows)
    for one in found.models:
        if problem := one.problem or problems.get(str(one.path)):
            face.tell(f"note: {_line(str(one.path), 200)}: {problem.sentence}")
    if not linked and any(one.known is None and one.problem is None for one in found.models):
        face.tell("note: use them where they are with: slmdesk models find --link")


def _shape(one: FoundModel, linked: dict[str, str], problems: dict[str, Problem]) -> dict[str, Json]:
    problem = one.problem or problems.get(str(one.path))
    return {
        "program": one.program,
        "path": str(one.path),
        "name": one.name,
        "bytes": one.bytes,
        "architecture": one.architecture,
        "quantization": one.quantization,
        "license": one.license,
        "id": linked.get(str(one.path), one.known),
        "linked": str(one.path) in linked,
        "reason": problem.sentence if problem else None,
    }


def _wait(face: Face, begin: Callable[[Services, Callable[[PackEnded], None]], None], what: str) -> PackEnded:
    """How a pack ended.  Raises the problem it met; Ctrl-C stops it."""
    from slmdesk.services.facts import PackProgress

    with face.services() as services:

        def on_fact(fact: Fact) -> None:
            if isinstance(fact, PackProgress):
                face.progress(what, fact.done_bytes, fact.total_bytes)

        services.add_listener(on_fact)

        def ask(told: Callable[[PackEnded | Problem], None]) -> None:
            begin(services, lambda end: told(end.problem or end))

        end: PackEnded = face.wait_for(services, ask, cancel=services.packs.cancel)
        face.end_progress()
    return end


def _line(text: str, limit: int = 60) -> str:
    from slmdesk.core.labels import clean_label

    return clean_label(text, limit)


def _size(size: int) -> str:
    from slmdesk.services.sentences import bytes_for_people

    return bytes_for_people(size)
