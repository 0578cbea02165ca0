"""Writes the summaries of several documents as files: one each, one for all together, and a table.  File threads."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.summaries.types import (
    Summary,
    coverage_words,
    more_words,
    omitted_words,
    text_of,
    whole_coverage_words,
)
from slmdesk.text.words.spreadsheet_cells import harmless_cell

TABLE = "summaries.csv"
MOST_NAME = 100


def write_summaries(output: Path, summary: Summary, *, has_omitted: bool = False) -> list[Path]:
    """Write the summaries into a folder, which is created, and return the files.

    Raises KnownError `file.unwritable`, `disk.full`.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise KnownError("file.unwritable", path=str(output), reason=err.strerror or type(err).__name__) from err
    used: set[str] = {TABLE}
    written: list[Path] = []

    def write(name: str, data: bytes) -> None:
        write_atomically(output / name, data)
        written.append(output / name)

    for one in summary.documents:
        words = text_of(summary.kind, one.sentences, one.page_kind)
        coverage = coverage_words(one.coverage, one.page_kind)
        rest = omitted_words(one) if has_omitted else more_words([one])
        write(_free_name(one.name, used), _file_of((f"# {one.name}", words, summary.note, rest, coverage)))
    if len(summary.documents) > 1:
        together = text_of(summary.kind, summary.sentences, summary.page_kinds)
        parts = ("# Together", together, summary.note, whole_coverage_words(summary))
        write(_free_name("together", used), _file_of(parts))
    write(TABLE, _table(summary).encode("utf-8-sig", "replace"))
    return written


def _file_of(parts: Sequence[str]) -> bytes:
    return ("\n\n".join(one for one in parts if one) + "\n").encode("utf-8", "replace")


def _free_name(name: str, used: set[str]) -> str:
    """Return an unused file name made by the program: the document's name is a label, never a path."""
    kept = "".join(one if one.isalnum() or one in " ._-" else "_" for one in name).strip(" .")
    stem = kept[:MOST_NAME] or "document"
    found, number = f"{stem}.md", 2
    while found.casefold() in used:
        found, number = f"{stem}-{number}.md", number + 1
    used.add(found.casefold())
    return found


def _table(summary: Summary) -> str:
    """Return a CSV table with a row for each document; no cell can be taken for a formula."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["file", "pages_total", "pages_read", "summary", "pages", "marked", "coverage"])
    for one in summary.documents:
        pages = sorted({page for each in one.sentences for page in each.pages})
        marked = sum(not each.supported for each in one.sentences)
        coverage = one.coverage
        cells: list[str | int] = [
            one.name,
            coverage.pages_total,
            coverage.pages_read,
            " ".join(each.text for each in one.sentences),
        ]
        cells += [", ".join(map(str, pages)), marked, coverage_words(coverage, one.page_kind)]
        rows.writerow([harmless_cell(str(each)) for each in cells])
    for missing in summary.not_read:
        words = (missing.name, "", "", "", "", "", f"Not read: {missing.reason}")
        rows.writerow([harmless_cell(each) for each in words])
    return out.getvalue()
