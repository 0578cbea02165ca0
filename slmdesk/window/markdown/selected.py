"""What is selected in a message, as text, as HTML and as the cells of tables; without what the program added."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import escape
from typing import cast

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument, QTextListFormat, QTextTable

from slmdesk.base.record import Record
from slmdesk.text.words.spreadsheet_cells import harmless_cell
from slmdesk.window.markdown import html
from slmdesk.window.markdown.style import CHROME, CODE, FORMULA_SOURCE, GLUED, QUOTE, RULE

BOLD = 600


class Cells(Record):
    """The selected cells of a table, row by row, as cursors that select a cell each."""

    rows: list[list[QTextCursor]]
    has_head: bool

    def words(self) -> list[list[str]]:
        return [[" ".join(text_of_selection(cell).split()) for cell in row] for row in self.rows]


def text_of_selection(cursor: QTextCursor) -> str:
    """The selected text in reading order; the cells of a row are separated by tabs."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    pieces: list[str] = []
    for part in _parts(cursor):
        if isinstance(part, Cells):
            rows = "\n".join("\t".join(row) for row in part.words())
            pieces += ["\n", rows] if pieces else [rows]
            continue
        words = "".join(words for words, _ in _fragments(part, start, end))
        if words or not _is_only_chrome(part):
            if pieces and not part.blockFormat().hasProperty(GLUED):
                pieces.append("\n")
            marks = part.textList()
            if marks is not None and start <= part.position():
                is_numbered = marks.format().style() == QTextListFormat.Style.ListDecimal
                mark = marks.itemText(part) if is_numbered else "-"
                pieces.append("    " * (marks.format().indent() - 1) + mark + " ")
            pieces.append(words)
    return "".join(pieces)


def html_of_selection(cursor: QTextCursor) -> str:
    writer = _Writer(cursor.selectionStart(), cursor.selectionEnd())
    for part in _parts(cursor):
        writer.write(part)
    return html.page(writer.finished())


def mime_of_selection(cursor: QTextCursor) -> QMimeData:
    """The selection for the clipboard or a drag: text, HTML, and CSV where it is of one table alone."""
    made = QMimeData()
    made.setText(text_of_selection(cursor))
    made.setHtml(html_of_selection(cursor))
    parts = [part for part in _parts(cursor) if isinstance(part, Cells) or not _is_only_chrome(part)]
    if len(parts) == 1 and isinstance(parts[0], Cells):
        made.setData("text/csv", _csv(parts[0].words()))
    return made


def table_at(cursor: QTextCursor) -> QTextCursor | None:
    """A cursor that selects the whole table a cursor is in; None outside tables."""
    table = cursor.currentTable()
    if table is None:
        return None
    made = QTextCursor(cursor)
    made.setPosition(table.firstPosition())
    made.setPosition(table.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    return made


def mime_of_table(cursor: QTextCursor) -> QMimeData:
    """A table, selected by `table_at`, for spreadsheets and texts; no cell becomes a formula there."""
    made = QMimeData()
    cells = next((part for part in _parts(cursor) if isinstance(part, Cells)), Cells([], False))
    words = cells.words()
    made.setText("\n".join("\t".join(harmless_cell(cell) for cell in row) for row in words))
    made.setHtml(html.page(_table_html(cells)))
    made.setData("text/csv", _csv(words))
    return made


def code_at(cursor: QTextCursor) -> int:
    """The number of the code block a cursor is in; 0 outside."""
    return int(cursor.blockFormat().intProperty(CODE))


# parts of a selection -------------------------------------------------------------------------------------------------


def _parts(cursor: QTextCursor) -> Iterator[QTextBlock | Cells]:
    """The blocks of a selection, tables as their cells; within one cell, its blocks."""
    start, end, document = cursor.selectionStart(), cursor.selectionEnd(), cursor.document()
    block = document.findBlock(start)
    while block.isValid() and block.position() <= end:
        table = QTextCursor(block).currentTable()
        if table is None or _is_in_one_cell(table, start, end):
            yield block
            block = block.next()
            continue
        rows = _rows(table, cursor)
        if rows:
            yield Cells(rows, has_head=rows[0][0].selectionStart() == table.firstPosition())
        block = document.findBlock(table.lastPosition() + 1)


def _is_in_one_cell(table: QTextTable, start: int, end: int) -> bool:
    first, last = table.cellAt(start), table.cellAt(end)
    return first.isValid() and last.isValid() and (first.row(), first.column()) == (last.row(), last.column())


def _rows(table: QTextTable, cursor: QTextCursor) -> list[list[QTextCursor]]:
    """The selected cells: those that were marked within the table, else all rows a part of which is selected."""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    if cursor.hasComplexSelection() and cursor.currentTable() == table:
        row, rows, column, columns = cast("tuple[int, int, int, int]", cursor.selectedTableCells())
        return [[_cell(table, r, c) for c in range(column, column + columns)] for r in range(row, row + rows)]
    found = []
    for row in range(table.rows()):
        cells = [_cell(table, row, column) for column in range(table.columns())]
        if cells[0].selectionStart() < end and cells[-1].selectionEnd() >= start:
            found.append(cells)
    return found


def _cell(table: QTextTable, row: int, column: int) -> QTextCursor:
    cell = table.cellAt(row, column)
    made = cell.firstCursorPosition()
    made.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    return made


def _fragments(block: QTextBlock, start: int, end: int) -> Iterator[tuple[str, QTextCharFormat]]:
    """The selected words of a block with their format; a formula is its source."""
    fragments = block.begin()
    while not fragments.atEnd():
        fragment = fragments.fragment()
        char = fragment.charFormat()
        if not char.hasProperty(CHROME):
            source = char.property(FORMULA_SOURCE)
            units = fragment.text().encode("utf-16-le", "surrogatepass")  # Qt counts in UTF-16
            low, high = max(start - fragment.position(), 0), max(end - fragment.position(), 0)
            words = units[2 * low : 2 * high].decode("utf-16-le", "replace")
            yield source * len(words) if source else words.replace("\u2028", "\n").replace("\xa0", " "), char
        fragments += 1


def _is_only_chrome(block: QTextBlock) -> bool:
    fragments = block.begin()
    if fragments.atEnd():  # an empty line is the message's, an empty block at a table is Qt's
        return bool(block.blockFormat().lineHeight() == 1)
    return bool(fragments.fragment().charFormat().hasProperty(CHROME))


# as HTML and CSV ------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes blocks and tables as HTML; open lists, quotations and code are closed when something else comes."""

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self._made: list[str] = []
        self._lists: list[str] = []
        self._quotes = 0
        self._code = 0

    def write(self, part: QTextBlock | Cells) -> None:
        if isinstance(part, Cells):
            self._close(0, 0)
            self._made.append(_table_html(part))
            return
        form = part.blockFormat()
        inner = "".join(_styled(words, char) for words, char in _fragments(part, self._start, self._end) if words)
        if form.intProperty(CODE):
            self._write_code(form.intProperty(CODE), part)
        elif form.hasProperty(RULE):
            self._close(0, 0)
            self._made.append("<hr>")
        elif inner:
            self._write_text(part, inner)

    def finished(self) -> str:
        self._close(0, 0)
        return "\n".join(self._made)

    def _write_code(self, number: int, block: QTextBlock) -> None:
        if _is_only_chrome(block) and block.text():
            return
        words = "".join(words for words, _ in _fragments(block, self._start, self._end))
        if number == self._code:
            glue = "" if block.blockFormat().hasProperty(GLUED) else "\n"
            self._made[-1] += glue + escape(words, quote=False)
            return
        self._close(0, 0)
        self._code = number
        self._made.append("<pre><code>" + escape(words, quote=False))

    def _write_text(self, block: QTextBlock, inner: str) -> None:
        form, marks = block.blockFormat(), block.textList()
        level = marks.format().indent() if marks is not None else min(form.indent(), len(self._lists))
        if form.hasProperty(GLUED) and self._made and self._made[-1].endswith("</p>"):
            self._made[-1] = self._made[-1].removesuffix("</p>") + inner + "</p>"
            return
        self._close(level, form.intProperty(QUOTE))
        while self._quotes < form.intProperty(QUOTE):
            self._made.append("<blockquote>")
            self._quotes += 1
        if marks is not None:
            self._open_lists(marks.format(), marks.itemNumber(block))
            self._made.append(f"<li>{inner}</li>")
            return
        tag = f"h{form.headingLevel()}" if 1 <= form.headingLevel() <= 6 else "p"
        self._made.append(f"<{tag}>{inner}</{tag}>")

    def _open_lists(self, form: QTextListFormat, number: int) -> None:
        kind = "ol" if form.style() == QTextListFormat.Style.ListDecimal else "ul"
        if len(self._lists) == form.indent() and self._lists[-1] != kind:
            self._made.append(f"</{self._lists.pop()}>")
        while len(self._lists) < form.indent():
            first = form.start() + number
            self._made.append(f'<ol start="{first}">' if kind == "ol" and first != 1 else f"<{kind}>")
            self._lists.append(kind)

    def _close(self, level: int, quotes: int) -> None:
        if self._code:
            self._made[-1] += "</code></pre>"
            self._code = 0
        while len(self._lists) > (level if quotes >= self._quotes else 0):
            self._made.append(f"</{self._lists.pop()}>")
        while self._quotes > quotes:
            self._made.append("</blockquote>")
            self._quotes -= 1


def _styled(words: str, char: QTextCharFormat) -> str:
    inner = html.lines(words)
    if char.background().style() != Qt.BrushStyle.NoBrush:
        inner = f"<code>{inner}</code>"
    if char.fontWeight() >= BOLD:
        inner = f"<b>{inner}</b>"
    if char.fontItalic():
        inner = f"<i>{inner}</i>"
    if char.fontStrikeOut():
        inner = f"<s>{inner}</s>"
    return html.link(char.anchorHref(), inner) if char.isAnchor() else inner


def _table_html(cells: Cells) -> str:
    rows = []
    for words, row in zip(cells.words(), cells.rows, strict=True):
        rows.append([(text, _inline_html(cell)) for text, cell in zip(words, row, strict=True)])
    return html.table(rows, has_head=cells.has_head)


def _inline_html(cell: QTextCursor) -> str:
    block = cell.document().findBlock(cell.selectionStart())
    found = _fragments(block, cell.selectionStart(), cell.selectionEnd())
    return "".join(_styled(words, char) for words, char in found if words)


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([harmless_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def whole(document: QTextDocument) -> QTextCursor:
    made = QTextCursor(document)
    made.select(QTextCursor.SelectionType.Document)
    return made
