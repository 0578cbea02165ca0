"""The one exporter: writes any report.

As a document, a spreadsheet, a calendar or a picture, or for programs.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import compress, groupby
from operator import attrgetter
from typing import TypeAlias

from slmdesk.base.documents import (
    UNSENT,
    Paper,
    Piece,
    PieceKind,
    Run,
    heading,
    item,
    paragraph,
    small,
    table,
)
from slmdesk.base.errors import KnownError
from slmdesk.base.letters import Letter
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.service import Make, Slices, json_bytes
from slmdesk.base.text.cells import csv_text
from slmdesk.base.texts import _, in_quotes, retold
from slmdesk.base.types import Json, page_sign, page_word
from slmdesk.claims.types import FLAG_WORDS, Mark, doubts_of
from slmdesk.documents.letters import letter_file
from slmdesk.documents.types import Coverage, Span, page_ranges, unread_reason
from slmdesk.exports import phrases
from slmdesk.exports.calendar import event, task, to_calendar
from slmdesk.exports.charts import svg_of
from slmdesk.exports.letters import paper_of as paper_of_letter
from slmdesk.exports.letters import to_eml
from slmdesk.exports.spreadsheets import Book, Cell, Noted, page_cell
from slmdesk.tasks.report import (
    Column,
    Due,
    Layout,
    Report,
    Section,
    Statement,
    Value,
    ValueKind,
)
from slmdesk.tasks.service import TaskService
from slmdesk.tasks.shape import TaskContext
from slmdesk.tasks.words import folded_words

MOST_ROWS = 200
"""Most texts that a document lists behind its counts."""
MOST_PASSAGE, MOST_SENTENCE = 600, 160
MOST_UNREAD = 200
"""Most pages that were not read which a cell names."""
DAY_FORMAT = "mm-dd-yy"
"""The short day of a spreadsheet.

Each program shows it as its reader writes days.
"""


def export_report(
    tasks: TaskService, context: TaskContext, item: Item, form: str
) -> Make | Slices[Make] | None:
    """Return the function that makes an export of a report, or slices that end with it.
    Service thread.

    None while there is nothing to say. The function makes a document in any other form
    than those of the task, which then is refused.
    """
    view = tasks.open(item.id)
    task = tasks.task(item.kind)
    if view.newest is None:
        return None
    report = task.report(view, context, is_exported=True)
    if form not in task.forms:
        form = ""
    letter = task.letter(view, context)
    if letter is not None and form in ("docx", *OUR_LETTERS):
        return _letter(letter, view.request, context, form)
    return maker(form, lambda: report, lambda: task.exported(view))


OUR_LETTERS: Mapping[str, Callable[[Letter], Paper | bytes]] = {
    "pdf": paper_of_letter,
    UNSENT.id: to_eml,
}
"""What makes a letter in a form of ours, which says nothing of the report around it."""


def _letter(
    letter: Letter, request: object, context: TaskContext, form: str
) -> Slices[Make]:
    """Return the function that gives the letter, with what the settings say of who
    writes and in what form.
    """
    settings = context.runtime.settings.current
    sender = tuple(settings.letter_sender.split("\n"))
    letter = changed(letter, sender=sender, signature=sender[0])
    if form in OUR_LETTERS:
        return partial(OUR_LETTERS[form], letter)
    template = getattr(request, "template", "") or settings.letter_template
    is_bare = getattr(request, "no_sources", False) or not settings.letter_sources
    data = yield from letter_file(
        context.runtime.service_thread,
        context.reader,
        letter,
        template,
        has_sources=not is_bare,
    )
    return lambda: data


def maker(
    form: str, report: Callable[[], Report], shape: Callable[[], Mapping[str, Json]]
) -> Make:
    """Return the function that makes a report in a form, or its result for programs."""
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
    """Return a report as a document.

    What it says, what is to be checked, its passages, and what was read.
    """
    pieces = [paragraph(Run(line, bold=True)) for line in report.lead.splitlines()]
    for part in PARTS[report.layout]:
        pieces += part(report)
    pieces += _what_was_read(report)
    return Paper(
        report.title, tuple(pieces), report.subtitle, report.language, report.model
    )


def _statements(report: Report) -> Iterator[Piece]:
    for section in report.sections:
        if not section.is_folded:
            yield from _section(section)
    folded = folded_words(report)
    if folded:
        yield small(folded)


def _section(section: Section) -> Iterator[Piece]:
    if section.title:
        yield heading(section.title, section.level + 1)
    yield from map(small, section.notes)
    if section.is_prose and section.statements:
        yield _prose(section)
    for statement in section.statements:
        if not section.is_prose:
            yield item(*_runs(statement))
        yield from map(small, statement.notes)


def _prose(section: Section) -> Piece:
    runs = list[Run]()
    for statement in section.statements:
        runs += [*_runs(statement), Run(" ")]
    return paragraph(*runs[:-1])


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
    rows = list[tuple[str, str, str]]()
    for statement in report.statements:
        for mark in statement.marks:
            sentence = _short(statement.text)
            rows.append((sentence, _mark_words(mark), statement.place))
    if rows:
        yield heading(_(phrases.TO_CHECK))
        yield table(phrases.told(phrases.MARK_HEAD), tuple(rows))


def _mark_words(mark: Mark) -> str:
    words = f"{_(FLAG_WORDS.get(mark.kind, mark.kind))}: {mark.text}".strip(": ")
    if mark.detail:
        return _(phrases.THERE).format(words=words, detail=mark.detail)
    return words


def _passages(report: Report) -> Iterator[Piece]:
    """Yield the passages that each statement rests on.

    One that it quotes whole was already shown.
    """
    if any(statement.quotes for statement in report.statements):
        yield heading(_(phrases.PASSAGES))
        yield small(_(phrases.WHOLE_PASSAGE))
    for statement in report.statements:
        pairs = zip(statement.sources, statement.quotes, strict=False)
        quotes = [(span, words) for span, words in pairs if words]
        if quotes and not statement.is_quotation:
            yield small(_short(statement.text))
        for span, words in quotes:
            place = Run(f" [{_place(report, span)}]", cite=True)
            passage = Run(_short(words, MOST_PASSAGE))
            yield Piece(PieceKind.QUOTE, (passage, place))


def _place(report: Report, span: Span) -> str:
    kinds = {section.document: section.page_kind for section in report.sections}
    sign = page_sign(kinds.get(span.document, report.page_kind))
    name = _names(report).get(span.document, "")
    return ", ".join(filter(None, (name, f"{sign} {span.page}")))


def _names(report: Report) -> Mapping[str, str]:
    """Return the names of the documents, by their ids, where there are several."""
    if len(report.documents) < 2:
        return {}
    return dict(report.documents)


def _rows(report: Report) -> Iterator[Piece]:
    """Yield a grid: a table for each row, or its charts and one table of all rows."""
    names = [column.name for column in report.columns]
    if report.charts:
        yield from _charts(report)
        yield from _listed_rows(report, names)
        return
    for row in report.sections:
        page = page_word(row.page_kind, 1)
        page = page[:1].upper() + page[1:]
        head = ("", _(phrases.VALUE), page, _(phrases.NEEDS_REVIEW))
        lines = list[tuple[str, str, str, str]]()
        for name, cell in zip(names, row.statements, strict=True):
            lines.append((name, _shown(cell), str(_page(cell) or ""), _doubts(cell)))
        yield heading(row.title)
        yield table(head, tuple(lines))


def _charts(report: Report) -> Iterator[Piece]:
    for chart in report.charts:
        yield heading(chart.title)
        yield Piece(PieceKind.CHART, (Run(chart.title),), chart=chart)
        yield table(chart.rows[0], chart.rows[1:])


def _listed_rows(report: Report, names: Sequence[str]) -> Iterator[Piece]:
    """Yield one table of all rows, as far as anybody reads it."""
    rows = list[tuple[str, ...]]()
    for row in report.sections[:MOST_ROWS]:
        rows.append((row.title, *map(_shown, row.statements)))
    yield heading(_(phrases.TEXTS))
    yield table((_(phrases.DOCUMENT), *names), tuple(rows))
    count = len(report.sections)
    if count > MOST_ROWS:
        yield small(_(phrases.LISTED_OF).format(shown=MOST_ROWS, count=count))


def _shown(cell: Statement) -> str:
    return cell.text or "–"


def _page(cell: Statement) -> int | None:
    if not cell.sources or not cell.text:
        return None
    return cell.sources[0].page


def _doubts(cell: Statement) -> str:
    if cell.is_edited:
        return _(phrases.CHANGED_BY_HAND)
    doubts = [mark.detail or doubts_of([mark]) for mark in cell.marks]
    return "; ".join(doubts) or cell.missing


class _Change(Record):
    number: int
    """In the order of the text, from 1."""
    clause: str
    statement: Statement

    @property
    def rank(self) -> int:
        return self.statement.rank


def _numbered(report: Report) -> list[_Change]:
    """Return the changes.

    What has no heading is between them, and is the same on both sides.
    """
    changes = list[_Change]()
    for section in report.sections:
        for statement in section.statements:
            if statement.heading:
                change = _Change(len(changes) + 1, section.title, statement)
                changes.append(change)
    return changes


def _changes(report: Report) -> Iterator[Piece]:
    """Yield a comparison.

    First what is most important as a table, then each change in the order of the text.
    """
    changes = _numbered(report)
    if changes:
        yield heading(_(phrases.MOST_IMPORTANT))
        yield _table_of_changes(changes)
        yield heading(_(phrases.ALL_CHANGES))
    for clause, group in groupby(changes, key=attrgetter("clause")):
        level = 3
        if clause:
            yield heading(clause, 3)
            level = 4
        for change in group:
            yield from _change(change, level, report.model)


def _table_of_changes(changes: Sequence[_Change]) -> Piece:
    """Return a table without the columns that are empty."""
    is_shown = (
        True,
        any(change.clause for change in changes),
        any(change.statement.place for change in changes),
        True,
    )
    heads = (phrases.NUMBER, phrases.CLAUSE, phrases.WHERE, phrases.CHANGED)
    rows = list[tuple[str, ...]]()
    for change in sorted(changes, key=attrgetter("rank")):
        place, gist = change.statement.place, change.statement.gist
        cells = (str(change.number), change.clause, place, gist)
        rows.append(tuple(compress(cells, is_shown)))
    head = tuple(compress(phrases.told(heads), is_shown))
    return table(head, tuple(rows))


def _change(change: _Change, level: int, model: str) -> Iterator[Piece]:
    statement = change.statement
    title = statement.heading[:1].upper() + statement.heading[1:]
    words = ", ".join(filter(None, (title, statement.place)))
    yield heading(f"{change.number}. {words}", level)
    for note in statement.notes:
        yield paragraph(Run(statement.gist, bold=True))
        yield small(f"{model}: {note}")
    yield paragraph(*statement.runs)


PARTS: Mapping[Layout, Sequence[Callable[[Report], Iterator[Piece]]]] = {
    Layout.LIST: (_statements, _notes, _marks, _passages),
    Layout.GRID: (_rows, _notes),
    Layout.PAGES: (_notes, _changes),
}
"""What the document of a report in each layout says, in this order."""


def _what_was_read(report: Report) -> Iterator[Piece]:
    head, *rows = (tuple(map(str, row)) for row in _read_rows(report))
    pieces = list[Piece]()
    if report.coverage_words:
        pieces.append(paragraph(report.coverage_words))
    if rows:
        pieces.append(table(head, tuple(rows)))
    if pieces:
        yield heading(_(phrases.READ))
    yield from pieces


def _short(text: str, most: int = MOST_SENTENCE) -> str:
    line = _line(text)
    if len(line) <= most:
        return line
    return line[: most - 1].rstrip() + "…"


# ---- spreadsheets

Rows: TypeAlias = list[Sequence[Cell]]


def book_of(report: Report) -> Book:
    return Book(BOOKS[report.layout](report), report.charts, report.model)


def _list_sheets(report: Report) -> Mapping[str, Rows]:
    """Return the statements and the coverage.

    Of several documents those that are about all of them together.
    """
    joint = [section for section in report.sections if not section.document]
    shown = changed(report, sections=tuple(joint) or report.sections)
    names = _names(report)
    rows: Rows = [phrases.told(phrases.SUMMARY_HEAD)]
    rows += [_list_row(statement, names) for statement in shown.statements]
    sheet = report.sheet or _(phrases.SUMMARY_SHEET)
    return {sheet: rows, **_coverage_sheet(report)}


def _list_row(statement: Statement, names: Mapping[str, str]) -> Sequence[Cell]:
    file = statement.place
    pages = dict[str, None]()
    if statement.sources:
        spans = statement.sources
        file = ", ".join(dict.fromkeys(names.get(span.document, "") for span in spans))
        pages = dict.fromkeys(str(span.page) for span in spans)
    found = FOUND[statement.is_supported]
    quoted = QUOTED[statement.is_quotation]
    return (
        statement.text,
        file,
        page_cell(", ".join(pages)),
        *phrases.told((found, quoted)),
        "; ".join(map(_mark_words, statement.marks)),
    )


FOUND, QUOTED = (phrases.NO, phrases.YES), ("", phrases.YES)
"""What a sheet says where something does not hold, and where it does."""


def _coverage_sheet(report: Report) -> Mapping[str, Rows]:
    total = report.coverage
    if total is None:
        return {_(phrases.READ): _read_rows(report)}
    counts = (
        total.pages_total,
        total.pages_read,
        total.blocks_total,
        total.blocks_read,
    )
    rows: Rows = [("", ""), *zip(phrases.told(phrases.COUNTED), counts, strict=True)]
    for page in total.unreadable:
        name = _(phrases.NOT_READ_NAMED).format(name=page.page)
        rows.append((name, unread_reason(page.reason)))
    for other in report.not_read:
        name = _(phrases.NOT_READ_NAMED).format(name=_line(other.name))
        rows.append((name, retold(other.reason)))
    return {_(phrases.COVERAGE_SHEET): rows}


def _line(text: str) -> str:
    return " ".join(text.split())


def _grid_sheets(report: Report) -> Mapping[str, Rows]:
    """Return the table and the coverage of each document.

    A page is beside each cell, and its quotation a comment. Numbers, amounts and dates
    are stored as such where the words say them beyond doubt.
    """
    sheets = {
        _(phrases.TABLE_SHEET): _grid(report, _noted, phrases.PAGE),
        _(phrases.READ): _read_rows(report),
    }
    if report.lead:
        lines = [_(phrases.ABOUT_LABELS), *report.lead.splitlines()]
        sheets[_(phrases.LABELS_SHEET)] = [(line,) for line in lines]
    return sheets


def _grid(report: Report, written: Callable[[Statement], Cell], page: str) -> Rows:
    """Return the rows of a grid.

    `written` returns the value of a cell; `page` names the column beside it.
    """
    head: list[Cell] = [_(phrases.DOCUMENT)]
    for column in report.columns:
        head.append(column.name)
        for words in _names_beside(column, page):
            head.append(_(words).format(name=column.name))
    rows: Rows = [(*head, _(phrases.NEEDS_REVIEW))]
    for section in report.sections:
        row: list[Cell] = [section.title]
        all_doubts = list[str]()
        for column, cell in zip(report.columns, section.statements, strict=True):
            row += _with_beside(column, cell, written)
            doubts = _doubts(cell)
            if doubts:
                all_doubts.append(f"{column.name}: {doubts}")
        rows.append((*row, "; ".join(all_doubts)))
    return rows


def _names_beside(column: Column, page: str) -> Sequence[str]:
    """Return the names of what is beside the values of a column."""
    if column.kind is ValueKind.LABEL:
        return (phrases.CERTAIN_OF, phrases.WORDS_OF)
    if column.is_given:
        return ()
    return (page,)


def _with_beside(
    column: Column, cell: Statement, written: Callable[[Statement], Cell]
) -> Sequence[Cell]:
    """Return a value and what is beside it.

    Its page, or of a label how certain it is and the words behind it.
    """
    if column.kind is ValueKind.LABEL:
        certainty: Cell = None
        if cell.value is not None:
            certainty = Noted(cell.value.certainty, "", "0%")
        return (cell.text, certainty, "".join(cell.quotes))
    if column.is_given:
        return (written(cell),)
    return (written(cell), _page(cell))


def _noted(cell: Statement) -> Noted:
    """Return a cell as a spreadsheet has it.

    With what proves it and what is doubtful about it as its comment.
    """
    page = _page(cell)
    known = cell.value or Value()
    value: str | float | datetime.date = cell.text or cell.missing
    form = ""
    if known.number is not None:
        value = known.number
        form = FORMATS.get(known.unit, f"#,##0.00 [${known.unit}]")
    elif known.date:
        value = datetime.date.fromisoformat(known.date)
        form = DAY_FORMAT
    if not cell.text and not cell.marks:
        return Noted(value, "", form)
    notes = list[str]()
    if page:
        place = f"{page_sign('page')} {page}"
        notes += [f"{place}: {in_quotes(quote)}" for quote in cell.quotes]
    if form:
        notes.append(_(phrases.IN_DOCUMENT_SO).format(value=cell.text))
    notes += [*cell.notes, _doubts(cell)]
    return Noted(value, "\n".join(filter(None, notes)), form)


FORMATS: Mapping[str, str] = {"": "General", "percent": 'General "%"'}
"""How a spreadsheet shows numbers of a unit. All others are currencies."""


def _read_rows(report: Report) -> Rows:
    """Return what was read of each document.

    For a grid also how much of it a model was given.
    """
    rows: Rows = [phrases.told(phrases.READ_HEAD)]
    names = dict(report.documents)
    for section in report.sections:
        read = section.coverage
        if read is None:
            continue
        rows.append(
            (
                names.get(section.document, section.title),
                read.pages_total,
                read.pages_read,
                _unread(read),
                "; ".join(section.notes) or _(phrases.WHOLE),
            )
        )
    for other in report.not_read:
        rows.append((_line(other.name), "", "", retold(other.reason), ""))
    if report.layout is not Layout.GRID:
        rows = [row[:-1] for row in rows]
    return rows


def _unread(read: Coverage) -> str:
    """Return the pages and the parts of a document that were not read."""
    words = list[str]()
    for page in read.unreadable[:MOST_UNREAD]:
        words.append(f"{page.page} ({unread_reason(page.reason)})")
    return ", ".join((*words, *map(_, read.parts)))


def _page_sheets(report: Report) -> Mapping[str, Rows]:
    """Return a row for each change, the most important first, and the summary.

    Numbers are in the order of the text.
    """
    changes = sorted(_numbered(report), key=attrgetter("rank"))
    rows: Rows = [(*phrases.told(phrases.CHANGES_HEAD), report.model)]
    rows += map(_change_row, changes)
    if not any(change.statement.notes for change in changes):
        rows = [row[:-1] for row in rows]
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


def _change_row(change: _Change) -> Sequence[Cell]:
    statement = change.statement
    return (
        change.number,
        statement.heading,
        change.clause,
        _pages(statement.other_sources),
        _pages(statement.sources),
        statement.gist,
        statement.other,
        statement.text,
        "; ".join(statement.notes),
    )


def _pages(spans: Sequence[Span]) -> Cell:
    return page_cell(page_ranges([span.page for span in spans]))


BOOKS: Mapping[Layout, Callable[[Report], Mapping[str, Rows]]] = {
    Layout.LIST: _list_sheets,
    Layout.GRID: _grid_sheets,
    Layout.PAGES: _page_sheets,
}


def csv_of(report: Report) -> bytes:
    """Return a grid as CSV (RFC 4180, UTF-8 with a BOM).

    It has the document's own text and no formulas.
    """
    rows = _grid(report, lambda cell: cell.text, phrases.PAGE_OF)
    text = csv_text(map(_csv_cell, row) for row in rows)
    return ("\ufeff" + text).encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, Noted):
        return f"{cell.value:.2f}"
    return str(cell or "")


# ---- calendars


def calendar_of(report: Report, today: datetime.date | None = None) -> bytes:
    """Return a calendar with what is due by a day.

    What has a deadline without one is a task in it. Raises KnownError `request.invalid`
    where nothing is due by a day.
    """
    if not any(due.day for due in report.due):
        raise KnownError("request.invalid", what=_("nothing in it is due by a day"))
    now = today or datetime.date.today()
    return to_calendar(_entry(due, now) for due in report.due)


def _entry(due: Due, today: datetime.date) -> Sequence[str]:
    if not due.day:
        return task(due.title, due.details, due.key)
    day = datetime.date.fromisoformat(due.day)
    return event(
        day,
        due.title,
        due.details,
        due.key,
        is_sure=due.is_sure,
        has_reminder=day >= today,
    )
