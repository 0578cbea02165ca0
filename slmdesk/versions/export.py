"""Exports the comparison of two versions, passage by passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.documents import Paper, Piece, Run, heading, paragraph, small, table
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.records import Item
from slmdesk.base.texts import _, retold
from slmdesk.exports import phrases
from slmdesk.exports.writers import Book, Cell, page_cell
from slmdesk.library.types import page_ranges
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.store import Store
from slmdesk.versions.types import (
    Comparison,
    by_importance,
    change_words,
    clause_words,
    coverage_line,
    headline,
    kind_words,
    merged,
    page_words,
)
from slmdesk.versions.words import json_of

FORMAT = "slmdesk-versions"


def export_versions(store: Store, item: Item, form: str) -> Make | None:
    kept = store.results.get(item.id)
    if kept is None:
        return None

    def make() -> bytes | Paper | Book:
        comparison = stored_from(Comparison, kept)
        if comparison is None:
            raise KnownError("item.unknown", id=item.id)
        if form == "json":
            return json_bytes({"format": FORMAT, "version": 1, "id": item.id, **json_of(comparison)})
        if form == "xlsx":
            return Book(versions_sheets(comparison), model=model_of(comparison))
        return versions_paper(comparison)

    return make


def model_of(comparison: Comparison) -> str:
    """Return the model that wrote a remark, or ""."""
    has_remarks = any(map(comparison.remark, range(len(comparison.changes))))
    return comparison.model if has_remarks else ""


def versions_paper(comparison: Comparison) -> Paper:
    """Return a document with the summary, every change in one text, with what went and what came, and the coverage."""
    pieces: list[Piece] = [paragraph(Run(headline(comparison), bold=True))]
    if comparison.note:
        pieces.append(small(retold(comparison.note)))
    clauses = [clause_words(change) for change in comparison.changes]
    where = [page_words(change, comparison) for change in comparison.changes]
    if comparison.changes:
        has_clauses, has_pages = any(clauses), any(where)  # a text without headings has no clauses
        heads = (
            phrases.NUMBER, *([phrases.CLAUSE] * has_clauses), *([phrases.WHERE] * has_pages), phrases.CHANGED
        )  # fmt: skip
        rows = tuple(
            (
                str(at + 1),
                *([clauses[at]] * has_clauses),
                *([where[at]] * has_pages),
                change_words(comparison.changes[at]),
            )
            for at in by_importance(comparison.changes)
        )
        pieces += [heading(_(phrases.MOST_IMPORTANT)), table(phrases.told(heads), rows)]
        pieces.append(heading(_(phrases.ALL_CHANGES)))
    last = ""
    for at, (change, clause) in enumerate(zip(comparison.changes, clauses, strict=True)):
        if clause and clause != last:
            pieces.append(heading(clause, 3))
        last = clause
        kind = _(kind_words(change))
        words = ", ".join(filter(None, (kind[:1].upper() + kind[1:], where[at])))
        pieces.append(heading(f"{at + 1}. {words}", 4 if clause else 3))
        if remark := comparison.remark(at):
            pieces += [paragraph(Run(change_words(change), bold=True)), small(f"{comparison.model}: {remark}")]
        pieces.append(paragraph(*(Run(text, change=what) for text, what in merged(change.old_runs, change.new_runs))))
    pieces += [heading(_(phrases.READ)), paragraph(coverage_line(comparison))]
    old, new = comparison.old.name, comparison.new.name
    title = _(phrases.COMPARED).format(first=old, last=new)
    subtitle = _(phrases.CHANGED_FROM_TO).format(old=old, new=new)
    return Paper(title, tuple(pieces), subtitle, comparison.language, model_of(comparison))


def versions_sheets(comparison: Comparison) -> Mapping[str, Sequence[Sequence[Cell]]]:
    """Return the sheets of a spreadsheet: a row per change, the most important first, and the summary.

    Changes are numbered in the order of the text.
    """
    remarks = [comparison.remark(at) for at in range(len(comparison.changes))]
    heads = phrases.told(phrases.CHANGES_HEAD)
    rows: list[Sequence[Cell]] = [(*heads, comparison.model) if any(remarks) else heads]
    for at in by_importance(comparison.changes):
        change = comparison.changes[at]
        pages = (page_ranges([place.page for place in places]) for places in (change.old_places, change.new_places))
        kind, what = _(kind_words(change)), change_words(change)
        said = (remarks[at],) if any(remarks) else ()
        rows.append((at + 1, kind, clause_words(change), *map(page_cell, pages), what, change.old, change.new, *said))
    about: list[Sequence[Cell]] = [
        ("", ""),
        (_(phrases.OLD_VERSION), comparison.old.name),
        (_(phrases.NEW_VERSION), comparison.new.name),
        (_(phrases.SUMMARY_SHEET), headline(comparison)),
        (_(phrases.NOTE), retold(comparison.note)),
        (_(phrases.READ), coverage_line(comparison)),
    ]
    return {_(phrases.CHANGES_SHEET): rows, _(phrases.SUMMARY_SHEET): about}
