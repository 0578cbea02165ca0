"""Writes summaries into a folder: a file for each document, one for all together, and a table of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.text.cells import csv_text
from slmdesk.base.texts import _, retold
from slmdesk.documents.types import coverage_words
from slmdesk.exports import phrases
from slmdesk.exports.markdown import harmless_markdown
from slmdesk.tasks.summaries.order import by_days, with_marks
from slmdesk.tasks.summaries.types import (
    Deadline,
    Summary,
    more_words,
    note_words,
    omitted_words,
    text_of,
    whole_coverage_words,
    writer_words,
)

TABLE = "summaries.csv"
MOST_NAME = 100


def write_summaries(
    output: Path, summary: Summary, deadlines: Sequence[Deadline] = (), *, has_omitted: bool = False,
    has_line: bool = True,
) -> list[Path]:  # fmt: skip
    """Create a folder, write the summaries into it in order of the deadlines, and return the written files.

    Raises KnownError `file.unwritable`, `disk.full`.
    """
    from slmdesk.tasks.summaries.deadlines import shown_days_words  # imported late: it brings all text checks

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise KnownError("file.unwritable", path=str(output), reason=err.strerror or type(err).__name__) from err
    used: set[str] = {TABLE}
    written: list[Path] = []

    def write(name: str, data: bytes) -> None:
        write_out(output / name, data)
        written.append(output / name)

    table = _table(by_days(summary, deadlines))
    summary = with_marks(by_days(summary, deadlines), deadlines)
    for document in summary.documents:
        own = [deadline for deadline in deadlines if deadline.document == document.document]
        words = text_of(summary.kind, document.sentences, document.page_kind)
        writer = writer_words(summary, [document]) if has_line else ""
        coverage = coverage_words(document.coverage, document.page_kind)
        rest = omitted_words(document) if has_omitted else more_words([document])
        title = f"# {' '.join(document.name.split())}"
        write(
            _free_name(document.name, used),
            _file_of((title, words, shown_days_words(own), writer, note_words(summary.note), rest, coverage)),
        )
    if len(summary.documents) > 1:
        together = text_of(summary.kind, summary.sentences, summary.page_kinds)
        writer = writer_words(summary) if has_line else ""
        title, coverage = f"# {_(phrases.TOGETHER)}", whole_coverage_words(summary)
        parts = (title, together, shown_days_words(deadlines), writer, note_words(summary.note), coverage)
        write(_free_name("together", used), _file_of(parts))
    write(TABLE, table.encode("utf-8-sig", "replace"))
    return written


def _file_of(parts: Sequence[str]) -> bytes:
    words = harmless_markdown("\n\n".join(part for part in parts if part))
    return f"{words}\n".encode("utf-8", "replace")


def _free_name(name: str, used: set[str]) -> str:
    """Return an unused file name based on the document's name, which is treated as a label and never as a path."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in name).strip(" .")
    stem = kept[:MOST_NAME] or "document"
    free, number = f"{stem}.md", 2
    while free.casefold() in used:
        free, number = f"{stem}-{number}.md", number + 1
    used.add(free.casefold())
    return free


def _table(summary: Summary) -> str:
    """Return a CSV table with a row for each document. No cell can be mistaken for a formula."""
    rows: list[Sequence[str]] = [("file", "pages_total", "pages_read", "summary", "pages", "marked", "coverage")]
    for document in summary.documents:
        pages = sorted({page for each in document.sentences for page in each.pages})
        marked = sum(not each.supported for each in document.sentences)
        coverage = document.coverage
        cells: list[str | int] = [
            document.name,
            coverage.pages_total,
            coverage.pages_read,
            " ".join(each.text for each in document.sentences),
        ]
        cells += [", ".join(map(str, pages)), marked, coverage_words(coverage, document.page_kind)]
        rows.append(tuple(map(str, cells)))
    for missing in summary.not_read:
        reason = _(phrases.NOT_READ_NAMED).format(name=retold(missing.reason))
        rows.append((missing.name, "", "", "", "", "", reason))
    return csv_text(rows)
