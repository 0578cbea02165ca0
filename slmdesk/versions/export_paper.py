"""Exports a comparison of two versions of a document, as a document or a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.paper import Paper, Piece, Run, heading, item, paragraph, small, table
from slmdesk.base.record import Record
from slmdesk.exports.xlsx import Cell


class ChangeLine(Record):
    kind: str
    clause: str
    where: str
    old_pages: str
    new_pages: str
    what: str
    old: Sequence[tuple[str, bool]]
    """Words, and whether they are the ones that changed."""
    new: Sequence[tuple[str, bool]]


class VersionsReport(Record):
    old_name: str
    new_name: str
    headline: str
    note: str
    reported: Sequence[tuple[str, str, bool]]
    """Sentences of a model, where, and whether the text bears them out."""
    first: Sequence[int]
    """The numbers of the changes from 0, the most important first."""
    changes: Sequence[ChangeLine]
    coverage: str
    language: str = ""


def versions_paper(report: VersionsReport) -> Paper:
    """The summary, every change with both wordings, and the coverage.

    Removed words stand between [- and -], added words between {+ and +}: colour alone would not print.
    """
    pieces: list[Piece] = [paragraph(Run(report.headline, bold=True))]
    if report.note:
        pieces.append(small(report.note))
    if report.reported:
        pieces.append(heading("In the model's words"))
    for text, where, is_supported in report.reported:
        runs = [Run(text), Run(f" [{where}]", cite=True)]
        pieces.append(item(*runs, *([] if is_supported else [Run(" (not supported by the text)", italic=True)])))
    if report.changes:
        has_clauses = any(one.clause for one in report.changes)  # a text without headings has none
        heads = ("No.", *(["Clause"] if has_clauses else []), "Where", "What changed")
        rows = tuple(
            (str(at + 1), *([report.changes[at].clause] if has_clauses else []), report.changes[at].where,
             report.changes[at].what)
            for at in report.first
        )  # fmt: skip
        pieces += [heading("The most important first"), table(heads, rows)]
        pieces.append(heading("All changes"))
    clause = ""
    for at, change in enumerate(report.changes):
        if change.clause and change.clause != clause:
            pieces.append(heading(change.clause, 3))
        clause = change.clause
        pieces.append(heading(f"{at + 1}. {change.kind.capitalize()}, {change.where}", 4 if clause else 3))
        if change.old:
            pieces.append(paragraph(Run("Old: ", bold=True), *_marked(change.old, "[-", "-]")))
        if change.new:
            pieces.append(paragraph(Run("New: ", bold=True), *_marked(change.new, "{+", "+}")))
    pieces += [heading("What was read"), paragraph(report.coverage)]
    title = f"{report.old_name} and {report.new_name}"
    subtitle = f"What changed from {report.old_name} (old) to {report.new_name} (new)"
    return Paper(f"Compare: {title}", tuple(pieces), subtitle, report.language)


def versions_sheets(report: VersionsReport) -> Mapping[str, Sequence[Sequence[Cell]]]:
    """A row per change, the most important first, numbered as they stand in the text; and the summary."""
    rows: list[Sequence[Cell]] = [("No.", "Kind", "Clause", "Old page", "New page", "What changed", "Old", "New")]
    for at in report.first:
        one = report.changes[at]
        rows.append((
            at + 1, one.kind, one.clause, one.old_pages, one.new_pages, one.what, _text(one.old), _text(one.new),
        ))  # fmt: skip
    about: list[Sequence[Cell]] = [("", ""), ("Old version", report.old_name), ("New version", report.new_name)]
    about += [("Summary", report.headline), ("Note", report.note), ("What was read", report.coverage)]
    about += [("In the model's words", text if is_supported else f"{text} (not supported by the text)")
              for text, _, is_supported in report.reported]  # fmt: skip
    return {"Changes": rows, "Summary": about}


def _marked(runs: Sequence[tuple[str, bool]], begin: str, end: str) -> list[Run]:
    return [Run(f"{begin}{text}{end}" if is_marked else text, bold=is_marked) for text, is_marked in runs]


def _text(runs: Sequence[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in runs)
