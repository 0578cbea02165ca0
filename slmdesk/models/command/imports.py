"""`slmdesk models import`: one or several model files, or all in a folder; and what downloads left over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, ReportedError, json_option, table
from slmdesk.models.command.types import shape_of_model
from slmdesk.models.importer import ImportEnded, ImportProgress
from slmdesk.online.leftovers import LeftoverFile
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.services import Services


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE…")
@click.option("--link", is_flag=True, help="Leave the file where it is; a model in several parts cannot be linked.")
@click.option("--name", default="", help="Show it under this name instead of the one in its header; for one FILE.")
@json_option
@click.pass_obj
def import_models(console: Console, files: tuple[Path, ...], link: bool, name: str) -> int:
    """Import GGUF model files, as a copy or a link; from a folder, all files in it and below."""
    if name and len(files) > 1:
        raise click.UsageError("--name is for one FILE.")
    with console.services() as services:
        if len(files) == 1 and (name or not files[0].is_dir()):
            end = _import(console, services, files[0], link=link, name=name)
            if end.problem:
                raise ReportedError(end.problem)
            _say(console, [end], is_one=True)
            return 0
        ends = _import_all(console, services, files, link=link)
    _say(console, ends, is_one=False)
    bad = sum(one.model is None for one in ends)
    if bad:
        console.notify(f"error: {bad} of {len(ends)} files were not brought in.")
    return 1 if bad else 0


def _import_all(console: Console, services: Services, files: Sequence[Path], *, link: bool) -> list[ImportEnded]:
    """Check all files first, then import the usable ones one by one.  Raises KnownError `model.none_found`."""
    services.models.require("models.import")
    looked = console.result_of(services, lambda: services.looking.look(files))
    if not looked.candidates:
        raise KnownError("model.none_found", path=", ".join(map(str, files))[:300])
    if looked.was_cut:
        console.notify(f"note: there are more; the first {len(looked.candidates)} are looked at.")
    return [
        ImportEnded(str(one.path), None, one.problem)
        if one.problem
        else _import(console, services, one.path, link=link and one.parts == 1, name="")
        for one in looked.candidates
    ]


def _import(console: Console, services: Services, file: Path, *, link: bool, name: str) -> ImportEnded:
    def progressed(now: ImportProgress) -> None:
        console.progress("checking" if link else "copying", now.done_bytes, now.total_bytes)

    return console.result_of(services, lambda: services.models.import_file(file, link=link, name=name), progressed)


def _say(console: Console, ends: Sequence[ImportEnded], *, is_one: bool) -> None:
    if console.as_json:
        rows: list[Json] = [_row(one) for one in ends]
        console.give(rows[0] if is_one else rows)
        return
    for one in ends:
        if one.model:
            here = "  (was here already)" if one.was_here else ""
            console.say(f"{one.model.id}  {clean_label(one.model.name, 60)}  {bytes_for_people(one.model.bytes)}{here}")
        elif one.problem:
            sentence = one.problem.sentence
            console.notify(
                f"error: {sentence if one.path in sentence else f'{clean_label(one.path, 300)}: {sentence}'}"
            )


def _row(end: ImportEnded) -> dict[str, Json]:
    if end.model is None:
        return {"file": end.path, "id": None, "reason": end.problem.sentence if end.problem else None}
    return {**shape_of_model(end.model), "file": end.path, "is_new": not end.was_here, "reason": None}


@click.command()
@click.option("--remove", metavar="NAME", help="Delete this one, or “all”.")
@json_option
@click.pass_obj
def leftovers(console: Console, remove: str | None) -> None:
    """List what downloads left in the models folder: parts that can be resumed, and damaged files."""
    with console.services() as services:
        found = services.service_thread.call(services.downloads.left_overs)
        if remove is not None:
            freed = _discard(services, found, remove)
    if remove is not None:
        if console.as_json:
            console.give({"removed": list(freed), "bytes_freed": sum(freed.values())})
        else:
            console.say(f"{len(freed)} removed, {bytes_for_people(sum(freed.values()))} freed")
        return
    if console.as_json:
        console.give([_left_shape(one) for one in found])
        return
    if not found:
        console.notify("Downloads left nothing over.")
        return
    table(console, [("FILE", "SIZE", "HOW TO GO ON"), *(_left_row(one) for one in found)])
    console.notify("note: delete one with: slmdesk models leftovers --remove FILE, or all of them: --remove all")


def _discard(services: Services, found: Sequence[LeftoverFile], requested: str) -> dict[str, int]:
    """Delete the requested ones.  Returns the bytes freed by each; one being downloaded now is kept.

    Raises KnownError `download.unknown` where a named one does not exist or is being downloaded, `file.unwritable`.
    """
    freed = {}
    for one in found:
        if requested not in ("all", one.id, one.name):
            continue
        try:
            freed[one.id] = services.service_thread.call(lambda: services.downloads.discard(one.id))  # noqa: B023 (at once)
        except KnownError as err:
            if requested != "all" or err.code != "download.unknown":
                raise
    if not freed and requested != "all":
        raise KnownError("download.unknown", id=requested[:80])
    return freed


def _left_shape(one: LeftoverFile) -> dict[str, Json]:
    return {
        "id": one.id,
        "repo": one.repo or None,
        "name": one.name,
        "bytes": one.bytes,
        "bytes_total": one.expected,
        "damaged": one.is_bad,
    }


def _left_row(one: LeftoverFile) -> tuple[str, str, str]:
    size = bytes_for_people(one.bytes) + ("" if one.is_bad else f" of {bytes_for_people(one.expected)}")
    way = f"slmdesk models download {one.repo}/{one.name}" if one.repo else "nobody knows where it came from"
    return clean_label(one.name, 60), size, "damaged, not used" if one.is_bad else clean_label(way, 200)
