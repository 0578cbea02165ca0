"""The commands `slmdesk models info`, `verify`, `remove`, `recommend` and `import`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import picked
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.translation import language_of
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.cli.console import Console, NamedFile, ReportedError, answer, json_option, refuse
from slmdesk.cli.models import card_shape, may_shape, shape_of_model, speed_shape
from slmdesk.models.evaluation.recommendation import JOBS, Recommendation
from slmdesk.models.folder import SUMS
from slmdesk.models.gguf.header import base_name
from slmdesk.models.gguf.read import plain_metadata
from slmdesk.models.hub.search import Skill
from slmdesk.models.importer import ImportEnded, ImportProgress
from slmdesk.models.service import lost_words, name_for
from slmdesk.services import Services


@click.command()
@click.argument("model_or_file")
@json_option
@click.pass_obj
def info(console: Console, model_or_file: str) -> None:
    """Show what a model's header says, without loading it."""
    with console.services() as services:
        header = console.result_of(services, lambda: services.models.info(model_or_file))
        path = services.call.models.path_of(model_or_file).absolute()
        records = services.call.models.list()
        pace = services.service_thread.call(lambda: services.measuring.pace)
    record = next((record for record in records if os.fsdecode(record.path) == str(path)), None)
    metadata = plain_metadata(header)
    known: dict[str, Json] = {"id": None, "name": name_for(header, path.stem), "sha256": None, "source": None}
    behaves: bool | None = None
    if record:
        known = picked(record, *known)
        behaves = record.behaves
    speed = pace.of_header(header, sha256=str(known["sha256"] or "")) if header.kind == "model" else None
    shape: dict[str, Json] = {
        **known,
        "path": str(path),
        "bytes": header.file_bytes,
        **picked(header, "architecture", "quantization", "parameters", "context_length", "has_chat_template"),
        **picked(header, "license", "kind"),
        "base": base_name(header) or None,
        "behaves_like_a_language_model": behaves,
        **card_shape(record),
        **speed_shape(speed),
        **(may_shape(record) if record else {}),
        "metadata": metadata,
    }
    if console.as_json:
        console.give(shape)
        return
    for key, value in shape.items():
        if key != "metadata":
            console.say(f"{key}: {clean_label(str(value), 300) if value not in (None, '') else '-'}")
    for key, value in metadata.items():
        console.say(f"  {clean_label(key, 60)} = {clean_label(str(value), 60)}")


@click.command()
@click.argument("model", required=False)
@json_option
@click.pass_obj
def verify(console: Console, model: str | None) -> int:
    """Compare the file of MODEL, or of every model, with its checksum from the import."""
    requested = [] if model is None else [model]
    with console.services() as services:
        verdicts = console.result_of(services, lambda: services.models.verify(requested))
    rows: list[Json] = []
    lines: list[str] = []
    for result in verdicts:
        reason = result.problem.sentence if result.problem else None
        rows.append({"id": result.id, "ok": result.ok, "reason": reason})
        lines.append(f"{result.id}  {'ok' if result.ok else reason or 'changed'}")
    answer(console, rows, *lines)
    bad = sum(not result.ok for result in verdicts)
    if bad:
        console.notify(f"error: {bad} of {len(verdicts)} model files are not as they came in. Bring them in again.")
    return 1 if bad else 0


@click.command()
@click.argument("model")
@json_option
@click.pass_obj
def remove(console: Console, model: str) -> None:
    """Delete a model; the file of a linked one is not touched."""
    with console.services() as services:
        record = services.call.models.choose(model)
        lost = services.call.uses.uses_of(record.id)
        freed = services.call.models.remove(record.id)
    words = f"{record.id}  {clean_label(record.name, 60)} removed, {bytes_for_people(freed)} freed"
    answer(console, {"id": record.id, "bytes_freed": freed}, words)
    if lost and not console.as_json:
        console.notify(f"note: {lost_words(lost)}")


def measure_pc(console: Console, services: Services) -> None:
    """Measure the speed of this PC, unless it was measured before. This takes about a second. Without it no model's
    speed can be estimated.
    """
    if services.service_thread.call(lambda: services.measuring.measured) is not None or services.read_only:
        return
    console.notify("note: measuring this PC, about a second, once.")
    try:
        console.result_of(services, services.measuring.measure)
    except ReportedError as err:
        console.notify(f"note: {err.problem.sentence}")


@click.command()
@click.option("--job", type=click.Choice([job.value for job in JOBS]), help="Only for this job.")
@click.option("--language", multiple=True, help="It must know this language, such as sv; may be given again.")
@click.option("--why", is_flag=True, help="Say why, below each.")
@json_option
@click.pass_obj
def recommend(console: Console, job: str | None, language: tuple[str, ...], why: bool) -> int:
    """Recommend a model of the list for this PC: by memory, speed and languages.

    Without --language for the language of your account. Ends with 1 if no model serves.
    """
    languages = [language_of(name).code for name in language] or None
    with console.services() as services:
        measure_pc(console, services)
        recommendations = services.call.recommending.recommend([Skill(job)] if job else JOBS, languages)
    if console.as_json:
        console.give([_recommended(job, each) for job, each in recommendations.by_job.items()])
    else:
        for line, (_lead, each) in zip(recommendations.lines, recommendations.shown, strict=True):
            console.say(line)
            if why and each:
                console.say(f"  {each.reason}")
    return 0 if any(recommendations.by_job.values()) else 1


def _recommended(job: Skill, recommendation: Recommendation | None) -> dict[str, Json]:
    names = ("title", "repo", "file", "bytes", "licence", "commercial", "words_per_s", "reason")
    about: dict[str, Json] = dict.fromkeys(names)
    if recommendation:
        entry = recommendation.entry
        about |= picked(entry, "title", "repo", "bytes", "licence")
        about |= {"file": entry.files, "commercial": entry.commercial.value, "reason": recommendation.reason}
        about["words_per_s"] = round(recommendation.words_per_s, 1) if recommendation.words_per_s else None
    return {"job": job.value, **about}


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE…")
@click.option("--link", is_flag=True, help="Leave the file where it is; a model in several parts cannot be linked.")
@click.option("--name", default="", help="Show it under this name instead of the one in its header; for one FILE.")
@json_option
@click.pass_obj
def import_models(console: Console, files: tuple[Path, ...], link: bool, name: str) -> int:
    """Import GGUF model files, as a copy or a link; from a folder, all files in it and below.

    They are checked by a file SHA256SUMS beside them or in the folder above. What differs is refused, and of a folder
    what is not stated there.
    """
    is_one = len(files) == 1 and not files[0].is_dir()
    refuse(name and not is_one, "--name is for one FILE.")
    with console.services() as services:
        if is_one and not os.path.lexists(files[0]):
            raise KnownError("file.missing", path=str(files[0]))
        if is_one:
            end = _import(console, services, files[0], link=link, name=name)
            if end.problem:
                raise ReportedError(end.problem)
            _say(console, [end], is_one=True)
            return 0
        ends = _import_all(console, services, files, link=link)
    _say(console, ends, is_one=False)
    bad = sum(end.model is None for end in ends)
    if bad:
        console.notify(f"error: {bad} of {len(ends)} files were not brought in.")
    return 1 if bad else 0


def _import_all(console: Console, services: Services, files: Sequence[Path], *, link: bool) -> list[ImportEnded]:
    """Check all files, then import the usable ones one after the other. Raises KnownError `model.none_found`."""
    services.settings.policy.require("models.import")
    looked = console.result_of(services, lambda: services.finding.look(files))
    if not looked.candidates:
        raise KnownError("model.none_found", path=", ".join(map(str, files))[:300])
    if looked.was_cut:
        console.notify(f"note: there are more; the first {len(looked.candidates)} are looked at.")
    return [
        ImportEnded(str(candidate.path), None, candidate.problem)
        if candidate.problem
        else _import(console, services, candidate.path, link=link and candidate.parts == 1, name="")
        for candidate in looked.candidates
    ]


def _import(console: Console, services: Services, file: Path, *, link: bool, name: str) -> ImportEnded:
    def progressed(now: ImportProgress) -> None:
        console.progress("checking" if link else "copying", now.done_bytes, now.total_bytes)

    end = console.result_of(services, lambda: services.models.import_file(file, link=link, name=name), progressed)
    if end.was_here and end.model and (name not in ("", end.model.name) or (link and not end.model.linked)):
        console.notify("note: this file was here already; it keeps its name and its place.")
    return end


def _say(console: Console, ends: Sequence[ImportEnded], *, is_one: bool) -> None:
    if console.as_json:
        rows: list[Json] = [_row(end) for end in ends]
        console.give(rows[0] if is_one else rows)
        return
    for end in ends:
        if end.model:
            here = "  (was here already)" if end.was_here else ""
            agrees = f"  ({SUMS} agrees)" if end.is_checked else ""
            size = bytes_for_people(end.model.bytes)
            console.say(f"{end.model.id}  {clean_label(end.model.name, 60)}  {size}{agrees}{here}")
            if end.not_checked:
                console.notify(f"note: {clean_label(end.path, 300)} is not checked: {end.not_checked}.")
        elif end.problem:
            sentence = end.problem.sentence
            where = "" if end.path in sentence else f"{clean_label(end.path, 300)}: "
            console.notify(f"error: {where}{sentence}")


def _row(end: ImportEnded) -> dict[str, Json]:
    if end.model is None:
        return {"file": end.path, "id": None, "reason": end.problem.sentence if end.problem else None}
    return {
        **shape_of_model(end.model), "file": end.path, "is_new": not end.was_here, "is_checked": end.is_checked,
        "not_checked": end.not_checked or None, "reason": None,
    }  # fmt: skip
