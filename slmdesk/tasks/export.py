"""The one exporter: writes any report as a document, a spreadsheet, a calendar or a picture, or for programs."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import TypeAlias

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, item, paragraph, small, table
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.texts import _, in_quotes, ngettext, retold
from slmdesk.base.types import Json, page_sign, page_word
from slmdesk.claims.types import FLAG_WORDS, Mark, doubts_of
from slmdesk.exports import phrases
from slmdesk.exports.calendar import event, task, to_calendar
from slmdesk.exports.charts import svg_of
from slmdesk.exports.spreadsheets import Book, Cell, Noted, page_cell
from slmdesk.library.types import Span, page_ranges, unread_reason
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.tasks.report import Column, Due, Layout, Report, Section, Statement, Value, ValueKind
from slmdesk.tasks.service import TaskService
from slmdesk.tasks.shape import TaskContext
from slmdesk.text.markup import harmless_cell

MOST_ROWS = 200
"""Most texts that a document lists behind its counts."""
MOST_PASSAGE, MOST_SENTENCE = 600, 160
MOST_UNREAD = 200
"""Most pages that were not read which a cell names."""
DAY_FORMAT = "mm-dd-yy"
"""The short day of a spreadsheet, which each program shows as its reader writes days."""


def export_report(tasks: TaskService, context: TaskContext, item: Item, form: str) -> Make | None:
    """Return the function that makes an export of a report; None while there is nothing to say. Service thread.

    The function makes a document in any other form than those of the task, which then is refused.
    """
    view, task = tasks.open(item.id), tasks.task(item.kind)
    if view.newest is None:
        return None
    report = task.report(view, context, is_exported=True)
    return maker(form if form in task.forms else "", lambda: report, lambda: task.exported(view))


def maker(form: str, report: Callable[[], Report], shape: Callable[[], Mapping[str, Json]]) -> Make:
    """Return the function that makes a report, or its result for programs, in a form."""
    makers: dict[str, Make] = {
        "json": lambda: json_bytes(shape()),
        "xlsx": lambda: book_of(report()),
        "csv": lambda: csv_of(report()),
        "ics": lambda: calendar_of(report()),
        "svg": lambda: svg_of(report().charts),
    }
    return makers.get(form, lambda: paper_of(report()))


# ---- documents


def paper_of(report: Report) -> Paper:
    """Return a report as a document: what it says, what is to be checked, its passages, and what was read."""
    pieces = [paragraph(Run(line, bold=True)) for line in report.lead.splitlines()]
    for part in PARTS[report.layout]:
        pieces += part(report)
    pieces += _what_was_read(report)
    return Paper(report.title, tuple(pieces), report.subtitle, report.language, report.model)


def _statements(report: Report) -> Iterator[Piece]:
    folded = 0
    for section in report.sections:
        if section.is_folded:
            folded += len(section.statements)
        else:
            yield from _section(section)
    if folded:
        yield small(ngettext("{n:,} more passage.", "{n:,} more passages.", folded))


def _section(section: Section) -> Iterator[Piece]:
    if section.title:
        yield heading(section.title, section.level + 1)
    yield from map(small, section.notes)
    if section.is_prose and section.statements:
        *runs, _space = chain.from_iterable((*_runs(statement), Run(" ")) for statement in section.statements)
        yield paragraph(*runs)
    for statement in section.statements:
        if not section.is_prose:
            yield item(*_runs(statement))
        yield from map(small, statement.notes)


def _runs(statement: Statement) -> Iterator[Run]:
    yield from statement.runs or [Run(statement.text)]
    if statement.place:
        yield Run(f" [{statement.place}]", cite=True)
    if not statement.is_supported:
        yield Run(_(phrases.CHECK_THIS), italic=True)


def _notes(report: Report) -> Iterator[Piece]:
    lines = [due.line for due in report.due if due.line]
    if lines:
        yield heading(_(phrases.DEADLINES), 3)
    yield from map(item, lines)
    yield from map(small, report.notes)


def _marks(report: Report) -> Iterator[Piece]:
    rows = [
        (_short(statement.text), _mark_words(mark), statement.place)
        for statement in report.statements
        for mark in statement.marks
    ]
    if rows:
        yield heading(_(phrases.TO_CHECK))
        yield table(phrases.told(phrases.MARK_HEAD), tuple(rows))


def _mark_words(mark: Mark) -> str:
    words = f"{_(FLAG_WORDS.get(mark.kind, mark.kind))}: {mark.text}".strip(": ")
    return _(phrases.THERE).format(words=words, detail=mark.detail) if mark.detail else words


def _passages(report: Report) -> Iterator[Piece]:
    """Yield the passages that each statement rests on. One that it quotes whole was already shown."""
    pieces = list[Piece]()
    for statement in report.statements:
        quotes = [(span, words) for span, words in zip(statement.sources, statement.quotes, strict=False) if words]
        if quotes and not statement.is_quotation:
            pieces.append(small(_short(statement.text)))
        for span, words in quotes:
            place = Run(f" [{_place(report, span)}]", cite=True)
            pieces.append(Piece(PieceKind.QUOTE, (Run(_short(words, MOST_PASSAGE)), place)))
    if any(statement.quotes for statement in report.statements):
        yield heading(_(phrases.PASSAGES))
        yield small(_(phrases.WHOLE_PASSAGE))
    yield from pieces


def _place(report: Report, span: Span) -> str:
    kinds = {section.document: section.page_kind for section in report.sections}
    page = f"{page_sign(kinds.get(span.document, report.page_kind))} {span.page}"
    return ", ".join(filter(None, (_names(report).get(span.document, ""), page)))


def _names(report: Report) -> Mapping[str, str]:
    """Return the names of the documents, by their ids, where there are several."""
    return {} if len(report.documents) < 2 else dict(report.documents)


def _rows(report: Report) -> Iterator[Piece]:
    """Yield a grid: a table for each row, or behind its charts one table of all, as far as anybody reads it."""
    names = [column.name for column in report.columns]
    for chart in report.charts:
        yield heading(chart.title)
        yield Piece(PieceKind.CHART, (Run(chart.title),), chart=chart)
        yield table(chart.rows[0], chart.rows[1:])
    if report.charts:
        rows = [(row.title, *map(_shown, row.statements)) for row in report.sections[:MOST_ROWS]]
        yield heading(_(phrases.TEXTS))
        yield table((_(phrases.DOCUMENT), *names), tuple(rows))
        if len(report.sections) > MOST_ROWS:
            yield small(_(phrases.LISTED_OF).format(shown=MOST_ROWS, count=len(report.sections)))
        return
    for row in report.sections:
        page = page_word(row.page_kind, 1)
        head = ("", _(phrases.VALUE), page[:1].upper() + page[1:], _(phrases.NEEDS_REVIEW))
        cells = zip(names, row.statements, strict=True)
        lines = [(name, _shown(cell), str(_page(cell) or ""), _doubts(cell)) for name, cell in cells]
        yield heading(row.title)
        yield table(head, tuple(lines))


def _shown(cell: Statement) -> str:
    return cell.text or "–"


def _page(cell: Statement) -> int | None:
    return cell.sources[0].page if cell.sources and cell.text else None


def _doubts(cell: Statement) -> str:
    if cell.is_edited:
        return _(phrases.CHANGED_BY_HAND)
    return "; ".join(mark.detail or doubts_of([mark]) for mark in cell.marks) or cell.missing


class _Change(Record):
    number: int
    """In the order of the text, from 1."""
    clause: str
    said: Statement

    @property
    def rank(self) -> int:
        return self.said.rank


def _numbered(report: Report) -> list[_Change]:
    """Return the changes. What has no heading stands between them, and is the same on both sides."""
    pairs = ((section.title, each) for section in report.sections for each in section.statements if each.heading)
    return [_Change(number, clause, said) for number, (clause, said) in enumerate(pairs, 1)]


def _changes(report: Report) -> Iterator[Piece]:
    """Yield a comparison: first what is most important as a table, then each change in the order of the text."""
    changes = _numbered(report)
    has_clauses = any(change.clause for change in changes)
    has_pages = any(change.said.place for change in changes)
    heads = [phrases.NUMBER, *[phrases.CLAUSE] * has_clauses, *[phrases.WHERE] * has_pages, phrases.CHANGED]
    rows = [
        (str(change.number), *[change.clause] * has_clauses, *[change.said.place] * has_pages, change.said.gist)
        for change in sorted(changes, key=attrgetter("rank"))
    ]
    if rows:
        yield heading(_(phrases.MOST_IMPORTANT))
        yield table(phrases.told(heads), tuple(rows))
        yield heading(_(phrases.ALL_CHANGES))
    for clause, some in groupby(changes, key=attrgetter("clause")):
        if clause:
            yield heading(clause, 3)
        for change in some:
            said = change.said
            words = ", ".join(filter(None, (said.heading[:1].upper() + said.heading[1:], said.place)))
            yield heading(f"{change.number}. {words}", 4 if clause else 3)
            for note in said.notes:
                yield paragraph(Run(said.gist, bold=True))
                yield small(f"{report.model}: {note}")
            yield paragraph(*said.runs)


PARTS: Mapping[Layout, Sequence[Callable[[Report], Iterator[Piece]]]] = {
    Layout.LIST: (_statements, _notes, _marks, _passages),
    Layout.GRID: (_rows, _notes),
    Layout.PAGES: (_notes, _changes),
}
"""What the document of a report in each layout says, in this order."""


def _what_was_read(report: Report) -> Iterator[Piece]:
    head, *rows = (tuple(map(str, row)) for row in _read_rows(report))
    if report.coverage_words or rows:
        yield heading(_(phrases.READ))
    if report.coverage_words:
        yield paragraph(report.coverage_words)
    if rows:
        yield table(head, tuple(rows))


def _short(text: str, most: int = MOST_SENTENCE) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


# ---- spreadsheets

Rows: TypeAlias = list[Sequence[Cell]]


def book_of(report: Report) -> Book:
    return Book(BOOKS[report.layout](report), report.charts, report.model)


def _list_sheets(report: Report) -> Mapping[str, Rows]:
    """Return the statements and the coverage. Of several documents those that are about all of them together."""
    names = _names(report)
    joint = [section for section in report.sections if not section.document] or report.sections
    rows: Rows = [phrases.told(phrases.SUMMARY_HEAD)]
    for statement in changed(report, sections=tuple(joint)).statements:
        files = dict.fromkeys(names.get(span.document, "") for span in statement.sources)
        pages = dict.fromkeys(str(span.page) for span in statement.sources)
        file = ", ".join(files) if statement.sources else statement.place
        answers = phrases.told((FOUND[statement.is_supported], QUOTED[statement.is_quotation]))
        marks = "; ".join(map(_mark_words, statement.marks))
        rows.append((statement.text, file, page_cell(", ".join(pages)), *answers, marks))
    return {_(phrases.SUMMARY_SHEET): rows, **_coverage_sheet(report)}


FOUND, QUOTED = (phrases.NO, phrases.YES), ("", phrases.YES)
"""What a sheet says where something does not hold, and where it does."""


def _coverage_sheet(report: Report) -> Mapping[str, Rows]:
    total = report.coverage
    if total is None:
        return {_(phrases.READ): _read_rows(report)}
    counts = total.pages_total, total.pages_read, total.blocks_total, total.blocks_read
    not_read = [(str(page.page), unread_reason(page.reason)) for page in total.unreadable]
    not_read += [(" ".join(other.name.split()), retold(other.reason)) for other in report.not_read]
    lines: Rows = [("", ""), *zip(phrases.told(phrases.COUNTED), counts, strict=True)]
    lines += [(_(phrases.NOT_READ_NAMED).format(name=name), reason) for name, reason in not_read]
    return {_(phrases.COVERAGE_SHEET): lines}


def _grid_sheets(report: Report) -> Mapping[str, Rows]:
    """Return the table, with a page beside each cell and its quotation as a comment, and the coverage of each document.

    Numbers, amounts and dates are stored as such where the words say them beyond doubt.
    """
    sheets = {
        _(phrases.TABLE_SHEET): _grid(report, _noted, phrases.PAGE),
        _(phrases.READ): _read_rows(report),
    }
    if report.lead:
        sheets[_(phrases.LABELS_SHEET)] = [(line,) for line in (_(phrases.ABOUT_LABELS), *report.lead.splitlines())]
    return sheets


def _grid(report: Report, written: Callable[[Statement], Cell], page: str) -> Rows:
    """Return the lines of a grid. `written` returns the value of a cell; `page` names the column beside it."""
    head: list[Cell] = [_(phrases.DOCUMENT)]
    for column in report.columns:
        beside: tuple[str, ...] = () if column.is_given else (page,)
        if column.kind is ValueKind.LABEL:
            beside = phrases.CERTAIN_OF, phrases.WORDS_OF
        head += [column.name, *(_(words).format(name=column.name) for words in beside)]
    rows: Rows = [(*head, _(phrases.NEEDS_REVIEW))]
    for row in report.sections:
        line, doubts = list[Cell]([row.title]), list[str]()
        for column, cell in zip(report.columns, row.statements, strict=True):
            line += _beside(column, cell, written)
            said = _doubts(cell)
            doubts += [f"{column.name}: {said}"] if said else []
        rows.append((*line, "; ".join(doubts)))
    return rows


def _beside(column: Column, cell: Statement, written: Callable[[Statement], Cell]) -> list[Cell]:
    """Return a value and what stands beside it: its page, or of a label how certain it is and the words behind it."""
    if column.kind is ValueKind.LABEL:
        return [cell.text, Noted(cell.value.certainty, "", "0%") if cell.value else None, "".join(cell.quotes)]
    return [written(cell)] if column.is_given else [written(cell), _page(cell)]


def _noted(cell: Statement) -> Noted:
    """Return a cell as a spreadsheet has it, with what proves it and what is doubtful about it as its comment."""
    page, known = _page(cell), cell.value or Value()
    value: str | float | datetime.date = cell.text or cell.missing
    form = ""
    notes = [f"{page_sign('page')} {page}: {in_quotes(quote)}" for quote in cell.quotes if page]
    if known.number is not None:
        value, form = known.number, FORMATS.get(known.unit, f"#,##0.00 [${known.unit}]")
    elif known.date:
        value, form = datetime.date.fromisoformat(known.date), DAY_FORMAT
    if form:
        notes.append(_(phrases.IN_DOCUMENT_SO).format(value=cell.text))
    notes += [*cell.notes, _doubts(cell)]
    return Noted(value, "\n".join(filter(None, notes)) if cell.text or cell.marks else "", form)


FORMATS: Mapping[str, str] = {"": "General", "percent": 'General "%"'}
"""How a spreadsheet shows numbers of a unit. All others are currencies."""


def _read_rows(report: Report) -> Rows:
    """Return what was read of each document, and for a grid how much of it a model was given."""
    rows: Rows = [phrases.told(phrases.READ_HEAD)]
    names = dict(report.documents)
    for section in report.sections:
        if read := section.coverage:
            pages = (f"{page.page} ({unread_reason(page.reason)})" for page in read.unreadable[:MOST_UNREAD])
            missing = ", ".join((*pages, *map(_, read.parts)))
            given = "; ".join(section.notes) or _(phrases.WHOLE)
            name = names.get(section.document, section.title)
            rows.append((name, read.pages_total, read.pages_read, missing, given))
    rows += [(" ".join(other.name.split()), "", "", retold(other.reason), "") for other in report.not_read]
    columns = len(phrases.READ_HEAD) - (report.layout is not Layout.GRID)
    return [row[:columns] for row in rows]


def _page_sheets(report: Report) -> Mapping[str, Rows]:
    """Return a row for each change, the most important first, and the summary. Numbers are in the order of the text."""
    changes = sorted(_numbered(report), key=attrgetter("rank"))
    has_notes = any(change.said.notes for change in changes)
    rows: Rows = [(*phrases.told(phrases.CHANGES_HEAD), *[report.model] * has_notes)]
    for change in changes:
        said, pages = change.said, (_pages(change.said.other_sources), _pages(change.said.sources))
        notes = ["; ".join(said.notes)] * has_notes
        rows.append((change.number, said.heading, change.clause, *pages, said.gist, said.other, said.text, *notes))
    (__, old), (__, new) = report.documents
    about: Rows = [
        ("", ""),
        (_(phrases.OLD_VERSION), old),
        (_(phrases.NEW_VERSION), new),
        (_(phrases.SUMMARY_SHEET), report.lead),
        (_(phrases.NOTE), "; ".join(report.notes)),
        (_(phrases.READ), report.coverage_words),
    ]
    return {_(phrases.CHANGES_SHEET): rows, _(phrases.SUMMARY_SHEET): about}


def _pages(spans: Sequence[Span]) -> Cell:
    return page_cell(page_ranges([span.page for span in spans]))


BOOKS: Mapping[Layout, Callable[[Report], Mapping[str, Rows]]] = {
    Layout.LIST: _list_sheets,
    Layout.GRID: _grid_sheets,
    Layout.PAGES: _page_sheets,
}


def csv_of(report: Report) -> bytes:
    """Return a grid as CSV (RFC 4180, UTF-8 with a BOM). It has the document's own text and no formulas."""
    out = io.StringIO()
    for line in _grid(report, lambda cell: cell.text, phrases.PAGE_OF):
        words = (f"{cell.value:.2f}" if isinstance(cell, Noted) else str(cell or "") for cell in line)
        csv.writer(out).writerow(map(harmless_cell, words))
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


# ---- calendars


def calendar_of(report: Report, today: datetime.date | None = None) -> bytes:
    """Return a calendar with what is due by a day, and as tasks what has a deadline without one.

    Raises KnownError `request.invalid` where nothing is due by a day.
    """
    if not any(due.day for due in report.due):
        raise KnownError("request.invalid", what=_("nothing in it is due by a day"))
    now = today or datetime.date.today()
    return to_calendar(_entry(due, now) for due in report.due)


def _entry(due: Due, today: datetime.date) -> Sequence[str]:
    if not due.day:
        return task(due.title, due.details, due.key)
    day = datetime.date.fromisoformat(due.day)
    return event(day, due.title, due.details, due.key, is_sure=due.is_sure, has_reminder=day >= today)
