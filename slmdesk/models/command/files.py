"""The commands `slmdesk models info`, `verify`, `remove`, `fit`, `recommend`, `import` and
`find`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import picked
from slmdesk.base.record import changed
from slmdesk.base.translation import language_of
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.command.console import Console, NamedFile, ReportedError, json_option, table
from slmdesk.evaluation.recommendation import JOBS, Recommendation
from slmdesk.gguf.header import base_name
from slmdesk.gguf.memory import Speed, speed_in_words
from slmdesk.hub.search import HubLink, Skill, parse_link
from slmdesk.models.command.library import card_shape, pairs_shape, shape_of_model, speed_shape
from slmdesk.models.importer import FoundModel, FoundModels, ImportEnded, ImportProgress
from slmdesk.models.service import Fit, lost_words
from slmdesk.online.downloads import LeftoverFile
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.services import Services
from slmdesk.translation.pairs import pair_line, results_of


@click.command()
@click.argument("model_or_file")
@json_option
@click.pass_obj
def info(console: Console, model_or_file: str) -> None:
    """Show what a model's header says, without loading it."""
    with console.services() as services:
        found = console.result_of(services, lambda: services.models.info(model_or_file))
        path = services.call.models.path_of(model_or_file).absolute()
        records = services.call.models.list()
        pace = services.service_thread.call(lambda: services.measuring.pace)
    record = next((record for record in records if os.fsdecode(record.path) == str(path)), None)
    header = found.header
    speed = pace.of_header(header, sha256=record.sha256 if record else "") if header.kind == "model" else None
    shape: dict[str, Json] = {
        "id": record.id if record else None,
        "name": record.name if record else found.name,
        "path": str(path),
        "bytes": found.bytes,
        **picked(header, "architecture", "quantization", "parameters", "context_length", "has_chat_template"),
        "sha256": record.sha256 if record else None,
        "source": record.source if record else None,
        "license": header.license,
        "kind": header.kind,
        "base": base_name(header) or None,
        "behaves_like_a_language_model": record.behaves if record else None,
        **card_shape(record),
        **speed_shape(speed),
        **(pairs_shape(record) if record else {}),
        "metadata": found.metadata,
    }
    if console.as_json:
        console.give(shape)
        return
    for key, value in shape.items():
        if key not in ("metadata", "translates"):
            console.say(f"{key}: {clean_label(str(value), 300) if value not in (None, '') else '-'}")
    for result in results_of(record) if record else ():
        console.say(f"translates: {pair_line(result)}")
    for key, value in found.metadata.items():
        console.say(f"  {clean_label(key, 60)} = {clean_label(str(value), 60)}")


@click.command()
@click.argument("model", required=False)
@json_option
@click.pass_obj
def verify(console: Console, model: str | None) -> int:
    """Compare the file of MODEL, or of every model, with its checksum from the import."""
    requested = [] if model is None else [model]
    with console.services() as services:
        found = console.result_of(services, lambda: services.models.verify(requested))
    if console.as_json:
        rows: list[Json] = [
            {"id": result.id, "ok": result.ok, "reason": result.problem.sentence if result.problem else None}
            for result in found
        ]
        console.give(rows)
    for result in () if console.as_json else found:
        console.say(f"{result.id}  {'ok' if result.ok else result.problem.sentence if result.problem else 'changed'}")
    bad = sum(not result.ok for result in found)
    if bad:
        console.notify(f"error: {bad} of {len(found)} model files are not as they came in. Bring them in again.")
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
    if console.as_json:
        console.give({"id": record.id, "bytes_freed": freed})
    else:
        console.say(f"{record.id}  {clean_label(record.name, 60)} removed, {bytes_for_people(freed)} freed")
        if words := lost_words(lost):
            console.notify(f"note: {words}")


@click.command()
@click.argument("model_or_file", metavar="FILE_OR_REPO")
@click.option("--context", type=click.IntRange(256), help="Tokens the model shall see at once.")
@json_option
@click.pass_obj
def fit(console: Console, model_or_file: str, context: int | None) -> None:
    """Show whether a model fits this PC and how fast it will write, before it is loaded."""
    with console.services() as services:
        measure_pc(console, services)
        link = _on_the_hub(services, model_or_file)

        def begin() -> Pending[Fit]:
            if link is None:
                return services.models.fit(model_or_file, context)
            return services.hub.fit(link.repo, file=link.file, context_tokens=context)

        found = console.result_of(services, begin)
    if context and found.most_tokens and context > found.most_tokens:
        console.notify(f"note: the model sees at most {found.most_tokens:,} tokens.")
    if console.as_json:
        parts = picked(found.memory, "weights", "kv_cache", "compute")
        given: dict[str, Json] = {"verdict": found.verdict, "memory_bytes": found.memory.total, "parts": parts}
        given |= picked(found, "available_bytes", "context_tokens")
        console.give({**given, "device": found.device or None, **speed_shape(found.speed)})
        return
    words = {"fits": "fits this PC", "tight": "is tight on this PC", "too_large": "is too large for this PC"}
    console.say(
        f"It {words[found.verdict]}: {bytes_for_people(found.memory.total)} for a context of "
        f"{found.context_tokens:,} tokens, {bytes_for_people(found.available_bytes)} are "
        f"{f'on the {found.device}' if found.device else 'free'}."
    )
    if found.speed is not None:
        console.say(f"It writes {speed_in_words(found.speed)} ({_tokens(found.speed)}).")


def _on_the_hub(services: Services, requested: str) -> HubLink | None:
    """Return the Hub repository, maybe with a file, that `requested` may name; None for a model or file on this PC."""
    try:
        if services.call.models.path_of(requested).exists():
            return None
        link = parse_link(requested)
    except (KnownError, OSError, ValueError):
        return None
    return None if link.repo.endswith(".gguf") else link  # folder/file.gguf that does not exist


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


def _tokens(speed: Speed) -> str:
    low, high = (f"{pace:,.0f}" if pace >= 100 else f"{pace:.3g}" for pace in (speed.low, speed.high))
    return f"{low} to {high} tokens a second"


# ---- `slmdesk models recommend`


@click.command()
@click.option("--job", type=click.Choice([job.value for job in JOBS]), help="Only for this job.")
@click.option("--language", multiple=True, help="It must know this language, such as sv; may be given again.")
@click.option("--why", is_flag=True, help="Say why, below each.")
@json_option
@click.pass_obj
def recommend(console: Console, job: str | None, language: tuple[str, ...], why: bool) -> int:
    """Recommend a model of the list for this PC: by memory, speed, languages and the exams taken here.

    Without --language it is for the language of your account.  Nothing is requested from the network.  Ends with 1
    if no model serves.
    """
    languages = [language_of(name).code for name in language] or None
    with console.services() as services:
        measure_pc(console, services)
        found = services.call.recommending.recommend([Skill(job)] if job else JOBS, languages)
    if console.as_json:
        console.give([_recommended(job, each) for job, each in found.by_job.items()])
    else:
        for line, (_lead, each) in zip(found.lines, found.shown, strict=True):
            console.say(line)
            if why and each:
                console.say(f"  {each.reason}")
    return 0 if any(found.by_job.values()) else 1


def _recommended(job: Skill, found: Recommendation | None) -> dict[str, Json]:
    entry = found.entry if found else None
    return {
        "job": job.value,
        "title": entry.title if entry else None,
        "repo": entry.repo if entry else None,
        "file": entry.files if entry else None,
        "bytes": entry.bytes if entry else None,
        "licence": entry.licence if entry else None,
        "commercial": entry.commercial.value if entry else None,
        "words_per_s": round(found.words_per_s, 1) if found and found.words_per_s else None,
        "reason": found.reason if found else None,
    }


# ---- `slmdesk models import`


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE…")
@click.option("--link", is_flag=True, help="Leave the file where it is; a model in several parts cannot be linked.")
@click.option("--name", default="", help="Show it under this name instead of the one in its header; for one FILE.")
@json_option
@click.pass_obj
def import_models(console: Console, files: tuple[Path, ...], link: bool, name: str) -> int:
    """Import GGUF model files, as a copy or a link; from a folder, all files in it and below.

    What a file SHA256SUMS beside them states is checked; another file is refused.
    """
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
    bad = sum(end.model is None for end in ends)
    if bad:
        console.notify(f"error: {bad} of {len(ends)} files were not brought in.")
    return 1 if bad else 0


def _import_all(console: Console, services: Services, files: Sequence[Path], *, link: bool) -> list[ImportEnded]:
    """Check all files, then import the usable ones one after the other. Raises KnownError `model.none_found`."""
    services.models.require("models.import")
    looked = console.result_of(services, lambda: services.looking.look(files))
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

    return console.result_of(services, lambda: services.models.import_file(file, link=link, name=name), progressed)


def _say(console: Console, ends: Sequence[ImportEnded], *, is_one: bool) -> None:
    if console.as_json:
        rows: list[Json] = [_row(end) for end in ends]
        console.give(rows[0] if is_one else rows)
        return
    for end in ends:
        if end.model:
            here = "  (was here already)" if end.was_here else ""
            console.say(f"{end.model.id}  {clean_label(end.model.name, 60)}  {bytes_for_people(end.model.bytes)}{here}")
        elif end.problem:
            sentence = end.problem.sentence
            where = "" if end.path in sentence else f"{clean_label(end.path, 300)}: "
            console.notify(f"error: {where}{sentence}")


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
        found = services.call.downloads.left_overs()
        if remove is not None:
            freed = _discard(services, found, remove)
    if remove is not None:
        if console.as_json:
            console.give({"removed": list(freed), "bytes_freed": sum(freed.values())})
        else:
            console.say(f"{len(freed)} removed, {bytes_for_people(sum(freed.values()))} freed")
        return
    if console.as_json:
        console.give([_left_shape(file) for file in found])
        return
    if not found:
        console.notify("Downloads left nothing over.")
        return
    table(console, [("FILE", "SIZE", "HOW TO GO ON"), *(_left_row(file) for file in found)])
    console.notify("note: delete one with: slmdesk models leftovers --remove FILE, or all of them: --remove all")


def _discard(services: Services, found: Sequence[LeftoverFile], requested: str) -> dict[str, int]:
    """Delete the requested leftovers of downloads and return the freed bytes of each. A file being downloaded is kept.
    Raises `download.unknown`, `file.unwritable`.
    """
    freed = {}
    for file in found:
        if requested not in ("all", file.id, file.name):
            continue
        try:
            freed[file.id] = services.call.downloads.discard(file.id)
        except KnownError as err:
            if requested != "all" or err.code != "download.unknown":
                raise
    if not freed and requested != "all":
        raise KnownError("download.unknown", id=requested[:80])
    return freed


def _left_shape(file: LeftoverFile) -> dict[str, Json]:
    return {
        "id": file.id, "repo": file.repo or None, "name": file.name, "bytes": file.bytes,
        "bytes_total": file.expected, "damaged": file.is_bad,
    }  # fmt: skip


def _left_row(file: LeftoverFile) -> tuple[str, str, str]:
    size = bytes_for_people(file.bytes) + ("" if file.is_bad else f" of {bytes_for_people(file.expected)}")
    way = f"slmdesk models download {file.repo}/{file.name}" if file.repo else "nobody knows where it came from"
    return clean_label(file.name, 60), size, "damaged, not used" if file.is_bad else clean_label(way, 200)


# ---- `slmdesk models find`


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
    models = [changed(model, known=known.get(str(model.path), model.known)) for model in found.models]
    found = changed(found, models=tuple(models))
    problems = {end.path: end.problem for end in ends if end.problem}
    if console.as_json:
        rows: list[Json] = [_shape(model, linked, problems) for model in found.models]
        skipped: list[Json] = [{"path": str(skipped.path), "reason": skipped.reason} for skipped in found.skipped]
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
    for model in found.models:
        path, problem = str(model.path), model.problem or problems.get(str(model.path))
        state = f"here as {model.known}" if model.known else "new"
        state = f"linked as {linked[path]}" if path in linked else state
        name, size = clean_label(model.name, 60), bytes_for_people(model.bytes)
        rows.append((model.program, name, size, "not usable" if problem else state, clean_label(path, 300)))
    table(console, rows)
    for model in found.models:
        if problem := model.problem or problems.get(str(model.path)):
            console.notify(f"note: {clean_label(str(model.path), 200)}: {problem.sentence}")
    if not linked and any(model.known is None and model.problem is None for model in found.models):
        console.notify("note: use them where they are with: slmdesk models find --link")


def _shape(model: FoundModel, linked: dict[str, str], problems: dict[str, Problem]) -> dict[str, Json]:
    problem = model.problem or problems.get(str(model.path))
    return {
        "program": model.program,
        "path": str(model.path),
        **picked(model, "name", "bytes", "architecture", "quantization", "license"),
        "id": linked.get(str(model.path), model.known),
        "linked": str(model.path) in linked,
        "reason": problem.sentence if problem else None,
    }
