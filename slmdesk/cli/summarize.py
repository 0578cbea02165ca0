"""`slmdesk summarize`: documents in few sentences, each with its page, and what was read of them."""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slmdesk.cli.documents import open_document
from slmdesk.cli.face import Face, NamedFile, ToldError, json_option
from slmdesk.cli.jobs import follow
from slmdesk.core.errors import KnownError
from slmdesk.core.types import Json

if TYPE_CHECKING:
    from slmdesk.core.records import DocumentRecord
    from slmdesk.services.services import Services
    from slmdesk.services.summaries import SummaryWish
    from slmdesk.services.summary_shapes import Coverage, Sentence, Summary

KINDS = ("paragraph", "bullets", "executive", "sections", "simple", "own")
LENGTHS = ("short", "medium", "long")
TABLE = "summaries.csv"
WORKED_OUT = ("docx", "pdf", "html", "xlsx")
"""With the passages and the ledger as an appendix; other suffixes are Markdown, or JSON."""


class LengthType(click.ParamType[str | int]):
    """short, medium, long, or a number of words."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        """The word or the number.  Raises click.BadParameter."""
        if value in LENGTHS:
            return str(value)
        if str(value).isascii() and str(value).isdigit() and len(str(value)) < 8:
            return int(value)
        return self.fail(f"“{value}” is neither one of {', '.join(LENGTHS)} nor a number of words.", param, ctx)


@click.command()
@click.argument("files", type=NamedFile(), nargs=-1, required=True, metavar="FILE…")
@click.option("--length", type=LengthType(), default="medium", help="short, medium, long, or a number of words.")
@click.option("--kind", type=click.Choice(KINDS), default="bullets", help="What the summary is like.")
@click.option("--language", default="", help="Of the summary, such as de; else the document's.")
@click.option("--focus", default="", help="Words whose matter comes first.")
@click.option("--instruction", default="", help="A wish of your own, in words; needed with --kind own.")
@click.option("-m", "--model", help="Id, or the beginning of one, or name.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file (.md, .json, .docx, .pdf, .html, .xlsx); for several documents or a folder: a folder.",
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@json_option
@click.pass_obj
def summarize(
    face: Face,
    files: Sequence[Path],
    length: str | int,
    kind: str,
    language: str,
    focus: str,
    instruction: str,
    model: str | None,
    output: Path | None,
    force: bool,
) -> int | None:
    """Summarize each FILE, and several also together; a folder stands for the documents in it.

    Each sentence names its page; what the text does not bear out is marked; the last line says what was read.
    """
    from slmdesk.services.summaries import SummaryWish
    from slmdesk.services.summary_prompts import Kind, Length

    began = time.monotonic()
    wished = Kind.OWN if instruction and kind == "bullets" else Kind(kind)
    wanted = Length(length) if isinstance(length, str) else length
    is_many = len(files) > 1 or files[0].is_dir()
    _check_output(output, is_many, force)
    with face.services() as services:
        if services.read_only:
            raise KnownError("store.read_only", path=str(services.paths.database))
        documents, failed = _open_all(face, services, files)
        read_s = time.monotonic() - began
        if not documents:
            return 1
        wish = SummaryWish(
            tuple(one.id for one in documents), wished, wanted, language, focus.strip(), instruction.strip(), model
        )
        item, summary = _make(face, services, wish)
        form = "" if output is None or is_many else output.suffix.lower().removeprefix(".")
        if output is not None and form in WORKED_OUT:
            target = output.absolute()
            face.wait_for(services, lambda ended: services.exports.write(item, form, target, ended, replace=force))
    timing = {"reading_s": round(read_s, 1), "total_s": round(time.monotonic() - began, 1)}
    shape = _as_json(item, summary, timing, failed)
    if output is not None:
        if form not in WORKED_OUT:
            _write_out(output, summary, shape, is_many)
        face.tell(f"Written to {output}.")
    if face.as_json:
        face.give(shape)
    elif output is None:
        face.say(_page_of(summary))
    return 1 if failed else None


def _make(face: Face, services: Services, wish: SummaryWish) -> tuple[str, Summary]:
    """Begin the summary and follow it to its end; Ctrl-C pauses it."""
    from slmdesk.services.facts import Fact, SummaryGrew

    told: queue.SimpleQueue[SummaryGrew] = queue.SimpleQueue()

    def on_fact(fact: Fact) -> None:
        if isinstance(fact, SummaryGrew):
            told.put(fact)
            _show_points(face, fact.points, fact.pages_read, fact.pages_total)

    services.add_listener(on_fact)
    item = services.desk.call(lambda: services.summaries.begin(wish))
    job = services.desk.call(lambda: services.summaries.open(item.id)).job
    if job is not None:
        follow(face, services, job)
    view = services.desk.call(lambda: services.summaries.open(item.id))
    if view.summary is None:
        raise click.ClickException("The summary was not finished. “slmdesk jobs list” shows how it stands.")
    return item.id, view.summary


def _show_points(face: Face, points: Sequence[Sentence], read: int, total: int) -> None:
    """The first words of it, on a terminal alone, as they come."""
    from slmdesk.services.summary_shapes import sentence_words

    if sys.stderr.isatty():
        face.end_progress()
        for one in points:
            face.tell(f"  · {sentence_words(one)}")
        face.tell(f"  ({read} of {total} pages read)")


def _open_all(
    face: Face, services: Services, files: Sequence[Path]
) -> tuple[list[DocumentRecord], list[dict[str, Json]]]:
    """Every document among the files and in the folders; one that cannot be read keeps no other from it."""
    paths: list[Path] = face.wait_for(services, lambda told: services.documents.expand(files, told))
    if not paths:
        raise click.ClickException("There is no document in it that could be read.")
    documents: list[DocumentRecord] = []
    failed: list[dict[str, Json]] = []
    for path in paths:
        try:
            found = open_document(face, services, path)
        except KnownError as err:
            if len(paths) == 1:
                raise
            sentence = err.problem.sentence if isinstance(err, ToldError) else str(err)
            face.tell(f"error: {path.name}: {sentence}")
            failed.append({"file": path.name, "code": err.code, "message": sentence})
        else:
            if all(one.id != found.id for one in documents):
                documents.append(found)
    return documents, failed


# ---- what comes out


def _as_json(
    item: str, summary: Summary, timing: Mapping[str, float], failed: Sequence[Mapping[str, Json]]
) -> dict[str, Json]:
    from slmdesk.core.wire import to_json

    names = {one.document: one.name for one in summary.documents}
    shape: dict[str, Json] = {
        "sentences": [to_json(one) for one in summary.sentences],
        "coverage": _coverage(summary.coverage, names),
        "timing": dict(timing) | {"summary_s": summary.seconds},
        "item": item,
        "kind": summary.kind,
        "language": summary.language,
        "method": summary.method,
        "model": summary.model,
        "note": summary.note,
        "left_out": summary.left_out,
        "documents": [
            {
                "file": one.name,
                "document": one.document,
                "sentences": [to_json(each) for each in one.sentences],
                "coverage": _coverage(one.coverage, names),
            }
            for one in summary.documents
        ],
    }
    return shape | {"failed": list(failed)} if failed else shape


def _coverage(coverage: Coverage, names: Mapping[str, str]) -> dict[str, Json]:
    return {
        "pages_total": coverage.pages_total,
        "pages_read": coverage.pages_read,
        "blocks_total": coverage.blocks_total,
        "blocks_read": coverage.blocks_read,
        "unreadable": [
            {"page": one.page, "reason": one.reason, "file": names.get(one.document, "")} for one in coverage.unreadable
        ],
    }


def _page_of(summary: Summary) -> str:
    """For people: one document's summary; of several each one's, then all together."""
    from slmdesk.services.summary_shapes import coverage_words, text_of

    parts: list[str] = []
    if len(summary.documents) > 1:
        for one in summary.documents:
            parts += [f"# {one.name}", text_of(summary.kind, one.sentences, one.page_kind)]
            parts.append(coverage_words(one.coverage, one.page_kind))
        parts.append("# Together")
    page_kind = summary.documents[0].page_kind if len(summary.documents) == 1 else "page"
    parts += [text_of(summary.kind, summary.sentences, page_kind), summary.note]
    if summary.left_out:
        parts.append(f"Left out, since the text does not bear them out: {summary.left_out} points.")
    parts.append(coverage_words(summary.coverage, page_kind))
    return "\n\n".join(one for one in parts if one)


def _check_output(output: Path | None, is_many: bool, force: bool) -> None:
    """Before an hour is spent on it: may it be written there?"""
    from slmdesk.core.files import is_there

    if output is None or force:
        return
    if is_many and output.is_file():
        raise KnownError("file.exists", path=str(output))
    target = output / TABLE if is_many else output
    if is_there(target):
        raise KnownError("file.exists", path=str(target))


def _write_out(output: Path, summary: Summary, shape: Mapping[str, Json], is_many: bool) -> None:
    """A file; for several documents a folder with a table, one file each, and one of all together."""
    from slmdesk.core.files import write_atomically

    if not is_many:
        is_json = output.suffix.lower() == ".json"
        text = json.dumps(shape, ensure_ascii=False, indent=2) if is_json else _page_of(summary)
        write_atomically(output.absolute(), (text + "\n").encode("utf-8", "replace"))
        return
    from slmdesk.services.summary_shapes import coverage_words, text_of

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise KnownError("file.unwritable", path=str(output), reason=err.strerror or type(err).__name__) from err
    used: set[str] = {TABLE}
    for one in summary.documents:
        name = _free_name(one.name, used)
        words = text_of(summary.kind, one.sentences, one.page_kind)
        parts = (f"# {one.name}", words, summary.note, coverage_words(one.coverage, one.page_kind))
        write_atomically((output / name).absolute(), _file_of(parts))
    parts = ("# Together", text_of(summary.kind, summary.sentences), summary.note, coverage_words(summary.coverage))
    write_atomically((output / _free_name("together", used)).absolute(), _file_of(parts))
    write_atomically((output / TABLE).absolute(), _table(summary).encode("utf-8-sig", "replace"))


def _file_of(parts: Sequence[str]) -> bytes:
    return ("\n\n".join(one for one in parts if one) + "\n").encode("utf-8", "replace")


def _free_name(name: str, used: set[str]) -> str:
    """A name of our own making: the document's is a label, never a path."""
    stem = "".join(one if one.isalnum() or one in " ._-" else "_" for one in name).strip(" .")[:100] or "document"
    found, number = f"{stem}.md", 2
    while found.casefold() in used:
        found, number = f"{stem}-{number}.md", number + 1
    used.add(found.casefold())
    return found


def _table(summary: Summary) -> str:
    """A row for each document; cells that a spreadsheet would take for formulas begin with an apostrophe."""
    import csv
    import io

    from slmdesk.services.summary_shapes import coverage_words

    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["file", "pages_total", "pages_read", "summary", "pages", "marked", "coverage"])
    for one in summary.documents:
        pages = sorted({page for each in one.sentences for page in each.pages})
        marked = sum(not each.supported for each in one.sentences)
        ledger = one.coverage
        cells: list[str | int] = [
            one.name,
            ledger.pages_total,
            ledger.pages_read,
            " ".join(each.text for each in one.sentences),
        ]
        cells += [", ".join(map(str, pages)), marked, coverage_words(ledger, one.page_kind)]
        rows.writerow([_harmless_cell(each) for each in cells])
    return out.getvalue()


def _harmless_cell(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
