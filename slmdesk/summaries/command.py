"""The command `slmdesk summarize`: prints short summaries whose sentences name their pages, and the pages read."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.language import in_language
from slmdesk.base.protocol import picked
from slmdesk.base.record import to_json
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, headings_option, json_option, no_save_option
from slmdesk.command.opening import named_model
from slmdesk.command.output import (
    OutputFile,
    check_file,
    check_folder,
    form_of,
    make,
    naming,
    output_file,
    write_json,
    writing,
)
from slmdesk.command.reading import open_all
from slmdesk.exports import phrases
from slmdesk.exports.writers import harmless_markdown
from slmdesk.library.types import Coverage
from slmdesk.runtime.headings import spoken
from slmdesk.services import Services
from slmdesk.summaries.files import TABLE, write_summaries
from slmdesk.summaries.order import by_days, with_marks
from slmdesk.summaries.types import (
    Deadline,
    Kind,
    Length,
    Paper,
    PartialSummary,
    Summary,
    SummaryRequest,
    UnreadableDocument,
    coverage_words,
    more_words,
    note_words,
    omitted_words,
    pages_read_words,
    sentence_words,
    text_of,
    whole_coverage_words,
    writer_words,
)
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.summarize import LEAST_WORDS, MOST_WORDS, TASK

KINDS = ("paragraph", "bullets", "executive", "sections", "simple", "own")
LENGTHS = ("short", "medium", "long")
WORKED_OUT = ("docx", "pdf", "html", "xlsx", "ics")
"""File formats that are exports: with passages and coverage as an appendix, or, as a calendar, of what is due."""
FORMS = ("md", "txt", "json", *WORKED_OUT)


class LengthType(click.ParamType[str | int]):
    """Type of a command line parameter that accepts short, medium, long, or a number of words."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        if value in LENGTHS:
            return str(value)
        if str(value).isascii() and str(value).isdigit() and len(str(value)) < 8:
            if not LEAST_WORDS <= int(value) <= MOST_WORDS:
                self.fail(f"a summary has {LEAST_WORDS} to {MOST_WORDS} words.", param, ctx)
            return int(value)
        return self.fail(f"“{value}” is neither one of {', '.join(LENGTHS)} nor a number of words.", param, ctx)


@click.command()
@click.argument("files", type=NamedFile(), nargs=-1, required=True, metavar="FILE…")
@click.option("--length", type=LengthType(), default="medium", help="short, medium, long, or a number of words.")
@click.option("--kind", type=click.Choice(KINDS), default="bullets", help="What the summary is like.")
@click.option(
    "--paper",
    type=click.Choice([paper.value for paper in Paper]),
    default="auto",
    help="What sort of document it is, for the result.",
)
@click.option("--language", default="", help="Of the summary, such as de; else the document's.")
@click.option("--focus", default="", help="Words whose matter comes first.")
@click.option("--instruction", default="", help="An instruction of your own, in words; needed with --kind own.")
@click.option("--own-words", is_flag=True, help="Sentences of the document only; no model writes.")
@click.option("-m", "--model", help="Id or name, or its beginning.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file (.md, .json, .docx, .pdf, .html, .xlsx; .ics: what is due, as a calendar); for several documents or a "
    "folder: a folder, or an .ics file.",
)
@click.option(
    "--received",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="When the documents were received, as 2026-11-03; remembered for them.",
)
@click.option("--place", help="Whose law and holidays reckon deadlines, such as DE-BY, GB-ENG, FR, ES; remembered too.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--omitted", is_flag=True, help="Give the passages that are left out, too.")
@headings_option
@no_save_option
@json_option
@click.pass_obj
def summarize(
    console: Console,
    files: Sequence[Path],
    length: str | int,
    kind: str,
    paper: str,
    language: str,
    focus: str,
    instruction: str,
    own_words: bool,
    model: str | None,
    output: Path | None,
    received: datetime | None,
    place: str | None,
    force: bool,
    omitted: bool,
    no_save: bool,
) -> int | None:
    """Summarize each FILE, and several also together; a folder stands for the documents in it.

    First what it is, then what has to be done, then what else matters; each sentence names its page.
    """
    began = time.monotonic()
    requested_kind = Kind.OWN if instruction and kind == "bullets" else Kind(kind)
    requested_length = Length(length) if isinstance(length, str) else length
    is_many = len(files) > 1 or files[0].is_dir()
    if requested_kind is Kind.OWN and not instruction.strip():
        raise click.UsageError("--kind own needs an --instruction.")
    if own_words and (
        model or SummaryRequest((), requested_kind, Length.MEDIUM, language, "", instruction).may_need_model
    ):
        raise click.UsageError(
            "--own-words is for what needs no model: no --model, --language, --instruction or --kind simple."
        )
    is_folder = is_many and (output is None or output.suffix.lower() != ".ics")
    _check_output(output, is_folder, force, has_omitted=omitted)
    with console.services(lambda _settings: not no_save) as services:
        services.store.require_writable()
        named_model(services, model)
        documents, failed = open_all(console, services, files)
        read_s = time.monotonic() - began
        if not documents:
            return 1
        missing = tuple(UnreadableDocument(str(file["file"]), str(file["message"])) for file in failed)
        ids = tuple(document.id for document in documents)
        for id in ids if received is not None or place is not None else ():
            services.call.documents.receive(id, received.date().isoformat() if received else None, place)
        request = SummaryRequest(
            ids, requested_kind, requested_length, language, focus.strip(), instruction.strip(), model, missing,
            Paper(paper), own_words,
        )  # fmt: skip
        goal = output_file(console, output, force=force, is_folder=is_folder, has_omitted=omitted)
        if sys.stderr.isatty():
            services.on(ReportGrew, lambda event: _show_points(console, event.growth.own))
        view = make(console, services, services.tasks.of(TASK.kind), request, goal)
        item, summary = view.item.id, view.result
        assert summary is not None  # it is done
        with naming(console, output):
            deadlines = services.service_thread.call(lambda: _deadlines(services, item))
        summary = by_days(summary, deadlines)
        timing = {"reading_s": round(read_s, 1), "total_s": round(time.monotonic() - began, 1)}
        shape = _as_json(None if no_save else item, summary, timing, failed, deadlines)
        if goal is not None:
            with writing(console, services, view, goal):
                _write(console, services, item, summary, shape, goal)
            undated = sum(not deadline.day for deadline in deadlines)
            if undated and goal.path.suffix.lower() == ".ics":
                console.notify(f"note: deadlines without a day, which are tasks in the calendar: {undated}.")
            console.notify(f"Written to {output}.")
    if console.as_json:
        console.give(shape)
    elif output is None:
        console.say(_page_of(summary, deadlines, has_omitted=omitted))
    return 1 if failed else None


def _deadlines(services: Services, item: str) -> tuple[Deadline, ...]:
    """Service thread."""
    return TASK.deadlines(services.tasks.open(item), services.task_context)


def _show_points(console: Console, event: PartialSummary) -> None:
    if not event.points:
        return
    console.end_progress()
    for point in event.points:
        console.notify(f"  · {sentence_words(point, event.page_kind)}")
    ended = (
        "the model is writing"
        if event.own_words
        else pages_read_words(event.pages_read, event.pages_total, event.page_kind)
    )
    console.notify(f"  ({ended})")


def _as_json(
    item: str | None, summary: Summary, timing: Mapping[str, float], failed: Sequence[Mapping[str, Json]],
    deadlines: Sequence[Deadline],
) -> dict[str, Json]:  # fmt: skip
    names = {document.document: document.name for document in summary.documents}
    shape: dict[str, Json] = {
        "sentences": [to_json(sentence) for sentence in summary.sentences],
        "coverage": _coverage(summary.coverage, names),
        "timing": dict(timing) | {"summary_s": summary.seconds},
        "item": item,
        **picked(summary, "kind", "language", "method", "model", "note", "left_out"),
        "deadlines": [to_json(deadline) for deadline in deadlines],
        "documents": [
            {
                "file": document.name,
                "document": document.document,
                "sentences": [to_json(each) for each in document.sentences],
                "coverage": _coverage(document.coverage, names),
                "omitted": [to_json(each) for each in document.omitted],
                "paper": document.paper,
                "own_words": [to_json(each) for each in document.own_words],
            }
            for document in summary.documents
        ],
    }
    return shape | {"failed": list(failed)} if failed else shape


def _coverage(coverage: Coverage, names: Mapping[str, str]) -> dict[str, Json]:
    return {
        **picked(coverage, "pages_total", "pages_read", "blocks_total", "blocks_read"),
        "unreadable": [
            {"page": at.page, "reason": at.reason, "file": names.get(at.document, "")} for at in coverage.unreadable
        ],
        "parts_unread": list(coverage.parts),
    }


def _page_of(
    summary: Summary, deadlines: Sequence[Deadline], *, has_omitted: bool = False, has_line: bool = True
) -> str:
    """Return the summary as text. With several documents, the summary of each comes first, then the joint summary."""
    summary, parts = with_marks(summary, deadlines), list[str]()
    several = len(summary.documents) > 1
    for document in summary.documents if several else ():
        parts += [f"# {' '.join(document.name.split())}", text_of(summary.kind, document.sentences, document.page_kind)]
        parts += [omitted_words(document) if has_omitted else more_words([document])]
        parts.append(coverage_words(document.coverage, document.page_kind))
    parts += [f"# {_(phrases.TOGETHER)}"] if several else []
    parts.append(text_of(summary.kind, summary.sentences, summary.page_kinds))
    if deadlines:
        from slmdesk.summaries.deadlines import shown_days_words

        parts.append(shown_days_words(deadlines))
    parts += [writer_words(summary) if has_line else "", note_words(summary.note)]
    if not several:
        parts += map(omitted_words, summary.documents) if has_omitted else [more_words(summary.documents)]
    if summary.left_out:
        parts.append(phrases.left_out_words(summary.left_out))
    parts.append(whole_coverage_words(summary))
    return "\n\n".join(part for part in parts if part)


def write_output(console: Console, services: Services, item: str, request: OutputFile) -> None:
    """Write the file that the command asked for, after its job was resumed later (see command.output)."""
    summary = services.call.tasks.open(item).result
    deadlines = services.service_thread.call(lambda: _deadlines(services, item))
    assert summary is not None  # its job is done
    summary = by_days(summary, deadlines)
    _check_output(request.path, request.is_folder, request.force)
    _write(console, services, item, summary, _as_json(item, summary, {}, (), deadlines), request)


def _check_output(output: Path | None, is_many: bool, force: bool, *, has_omitted: bool = False) -> None:
    if output is None:
        return
    if not is_many:
        if form_of(output, FORMS) in WORKED_OUT and has_omitted:
            raise click.UsageError("--omitted is for .md, .txt and .json; other forms have no place for it.")
        check_file(output, replace=force)
        return
    if output.is_file():
        raise KnownError("file.exists", path=str(output))
    if output.suffix.lower().removeprefix(".") in FORMS and not output.is_dir():
        raise click.UsageError(f"Several documents become several files, so “{output.name}” must name a folder.")
    check_folder(output)
    if output.is_dir():
        check_file(output / TABLE, replace=force)


def _write(
    console: Console, services: Services, item: str, summary: Summary, shape: Mapping[str, Json], request: OutputFile
) -> None:
    """Write the output file; for several documents a folder with a table, a file per document and a joint file."""
    language, has_line = spoken(request.headings, summary.language), services.settings.current.model_line
    if request.is_folder:
        told = services.service_thread.call(lambda: in_language(language, _deadlines, services, item))
        write = partial(write_summaries, deadlines=told, has_omitted=request.has_omitted, has_line=has_line)
        in_language(language, write, request.path, summary)
        return
    form = form_of(request.path, FORMS)
    if form in WORKED_OUT:
        export = partial(services.exports.write, item, form, request.path)
        console.result_of(services, lambda: export(replace=request.force, headings=request.headings))
        return
    if form == "json":
        write_json(request.path, shape)
        return
    told = services.service_thread.call(lambda: in_language(language, _deadlines, services, item))
    page = partial(_page_of, has_omitted=request.has_omitted, has_line=has_line)
    text = in_language(language, page, summary, told)
    if form == "md":
        text = harmless_markdown(text)
    write_out(request.path, f"{text}\n".encode("utf-8", "replace"))
