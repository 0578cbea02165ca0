"""The report of a comparison: a statement for each change, and folded sections for what stayed as it was."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from slmdesk.base.documents import Run
from slmdesk.base.texts import N_, _, ngettext, retold
from slmdesk.documents.types import Span
from slmdesk.exports import phrases
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.tasks.versions.difference.types import ChangeKind, Place, Row
from slmdesk.tasks.versions.types import (
    Comparison,
    Side,
    by_importance,
    change_words,
    clause_words,
    counted_kind,
    coverage_line,
    headline,
    kind_words,
    merged,
    page_words,
    unread_words,
)

KIND_TITLES: Mapping[str, str] = {
    **dict.fromkeys(("duty shifted", "duty added", "duty removed"), N_("Duties")),
    "negation": N_("Negations"), "amount": N_("Amounts"), "link": N_("Links"), "percent": N_("Percentages"),
    "period": N_("Periods"), "number": N_("Numbers"), "date": N_("Dates"), "name": N_("Names"),
    "condition": N_("Conditions"), "definition": N_("Definitions"), ChangeKind.CHANGED: N_("Wording"),
    ChangeKind.ADDED: N_("Added"), ChangeKind.REMOVED: N_("Removed"), ChangeKind.MOVED: N_("Moved"),
}  # fmt: skip
"""What changes of a kind are called where they are counted. Each change is of one kind."""


SIGNS: Mapping[str, str] = {
    "duty shifted": "arrow-left-right", "negation": "ban", "amount": "banknote", "percent": "percent",
    "period": "clock", "date": "calendar", "name": "user", "link": "globe",
    ChangeKind.ADDED: "plus", ChangeKind.REMOVED: "minus", ChangeKind.CHANGED: "type",
    ChangeKind.MOVED: "arrow-up-down",
}  # fmt: skip


def report_of(title: str, comparison: Comparison) -> Report:
    """Return a comparison as a report. Ids of its changes are their numbers in the order of the text, from 0."""
    has_remarks = any(map(comparison.remark, range(len(comparison.changes))))
    old, new = comparison.old, comparison.new
    return Report(
        "versions",
        title,
        tuple(_sections(comparison)),
        Layout.PAGES,
        headline(comparison),
        subtitle=_(phrases.CHANGED_FROM_TO).format(old=old.name, new=new.name),
        notes=(retold(comparison.note),) if comparison.note else (), coverage_words=coverage_line(comparison),
        page_kind=new.page_kind, documents=((old.document, old.name), (new.document, new.name)),
        language=comparison.language, model=comparison.model if has_remarks else "",
        writer=_("The sentence below a change is by {model}.").format(model=comparison.model) if has_remarks else "",
        seconds=comparison.seconds, is_all_read=not (unread_words(old, "") or unread_words(new, "")),
    )  # fmt: skip


def _sections(comparison: Comparison) -> Iterator[Section]:
    """Yield a section for the changes of each clause, and a folded one wherever text between them is the same."""
    ranks = {number: rank for rank, number in enumerate(by_importance(comparison.changes), 1)}
    for is_same, rows in groupby(enumerate(comparison.rows), key=lambda numbered: bool(numbered[1].same)):
        if is_same:
            yield from (_folded(comparison, row, number) for number, row in rows)
            continue
        statements = [each for __, row in rows for each in _statements(comparison, row, ranks)]
        for clause, some in groupby(statements, key=lambda each: each[0]):
            shown = tuple(statement for __, statement in some)
            yield Section(shown, clause, id=shown[0].id)


def _folded(comparison: Comparison, row: Row, number: int) -> Section:
    """Return a section for paragraphs that are the same, of which only the first and the last place are known."""
    words = ngettext("1 unchanged paragraph – show it", "{n:,} unchanged paragraphs – show them", row.same)
    sources, others = _spans(comparison.new, row.new_places), _spans(comparison.old, row.old_places)
    statement = Statement("", sources, id=f"same {number}", other_sources=others)
    return Section((statement,), words, id=statement.id, is_folded=True, fold=words)


def _statements(comparison: Comparison, row: Row, ranks: dict[int, int]) -> Iterator[tuple[str, Statement]]:
    """Yield the changes of a row, each with its clause, and the words between them, which belong to the same clause.

    `ranks` are of the changes that were not told yet: a passage that was moved stands in two rows.
    """
    clause = ""
    for number, text in _stretches(row):
        if number < 0:
            yield clause, Statement(text, other=text)
        elif rank := ranks.pop(number, 0):
            clause = clause_words(comparison.changes[number])
            yield clause, _change(comparison, number, rank)


def _stretches(row: Row) -> Iterator[tuple[int, str]]:
    """Yield the numbers of the changes in a row, in the order of the text, and -1 with words that are the same."""
    old, new = (
        deque((number, "".join(run.text for run in runs)) for number, runs in groupby(side, key=lambda run: run.change))
        for side in (row.old, row.new)
    )
    for number, text in new:
        while old and 0 <= old[0][0] < (number if number >= 0 else sys.maxsize):
            yield old.popleft()
        if old and old[0][0] == number:
            old.popleft()
        yield number, text
    yield from old


def _change(comparison: Comparison, number: int, rank: int) -> Statement:
    change, remark = comparison.changes[number], comparison.remark(number)
    runs = merged(change.old_runs, change.new_runs)
    return Statement(
        change.new, _spans(comparison.new, change.new_places), page_words(change, comparison), id=str(number),
        kind=_(KIND_TITLES[counted_kind(change)]), heading=_(kind_words(change)), gist=change_words(change),
        rank=rank, sign=SIGNS.get(counted_kind(change), SIGNS[change.kind]), notes=(remark,) if remark else (),
        other=change.old, runs=tuple(Run(text, change=what) for text, what in runs),
        other_sources=_spans(comparison.old, change.old_places),
    )  # fmt: skip


def _spans(side: Side, places: Sequence[Place]) -> tuple[Span, ...]:
    return tuple(Span(side.document, place.page, place.start, place.end) for place in places)
