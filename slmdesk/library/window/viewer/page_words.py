"""The text of a page laid out to the page's width: prose by Qt, tables by `PageTable`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextListFormat,
)

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.library.window.viewer.page_table import PageTable, Span, tables_of
from slmdesk.window.base.theme import Fonts, Theme
from slmdesk.window.base.utf16 import character_at, utf16_at

MARGIN = 0.07
"""Margin of a text page, as a share of its width."""
STATUS_WORDS: Mapping[PageStatus, str] = {
    PageStatus.EMPTY: "This page is empty.",
    PageStatus.SCANNED: "This page is a picture: it has no words that could be read.",
    PageStatus.LOCKED: "This page is locked.",
    PageStatus.BROKEN: "This page is damaged and could not be read.",
}
TABLE_GAP = 0.5
"""Above and below a table, in line heights of the text."""
_MARKED = re.compile(r"\s*(?:[•▪◦‣●○■*–—-]|\(?\w{1,4}[.)])\s")
_SIZES = {1: 1.5, 2: 1.3, 3: 1.15}


class Prose:
    """The text between two tables: characters `start` up to `end` of the page's text."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start, self.end, self._text = start, end, text[start:end]
        self.document = QTextDocument()

    @property
    def height(self) -> float:
        return float(self.document.size().height())

    def lay_out(self, blocks: Sequence[Block], *, width: float, fonts: Fonts, theme: Theme, status: str = "") -> None:
        """Format its blocks; `status` is shown where there is no text."""
        document = self.document
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(fonts.text())
        document.setTextWidth(width)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.insertText(self._text or status, _plain(theme, fonts))
        for block in blocks:
            if self.start <= block.start and block.end <= self.end:
                moved = Block(block.kind, block.start - self.start, block.end - self.start, block.level)
                _dress(cursor, self._text, moved, fonts, theme)
        cursor.endEditBlock()

    def top_of(self, character: int) -> float:
        cursor = QTextCursor(self.document)
        cursor.setPosition(self._place(character))
        return float(self.document.documentLayout().blockBoundingRect(cursor.block()).top())

    def character_at(self, point: QPointF) -> int | None:
        if not self._text:
            return None
        place = self.document.documentLayout().hitTest(point, Qt.HitTestAccuracy.ExactHit)
        return None if place < 0 else self.start + character_at(self._text, place)

    def paint(self, painter: QPainter, spans: Sequence[Span], current: Span | None, clip: QRectF, theme: Theme) -> None:
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        context.palette.setColor(context.palette.ColorRole.Text, theme.colour("text"))
        selections = []
        for start, end in spans:
            if start >= self.end or end <= self.start:
                continue
            selection = QAbstractTextDocumentLayout.Selection()
            selection.cursor = QTextCursor(self.document)
            selection.cursor.setPosition(self._place(start))
            selection.cursor.setPosition(self._place(end), QTextCursor.MoveMode.KeepAnchor)
            is_current = (start, end) == current
            selection.format.setBackground(theme.colour("accent" if is_current else "mark"))
            if is_current:
                selection.format.setForeground(theme.colour("on_accent"))
            selections.append(selection)
        context.selections = selections
        self.document.documentLayout().draw(painter, context)

    def _place(self, character: int) -> int:
        return utf16_at(self._text, min(max(character - self.start, 0), len(self._text)))


Part = Prose | PageTable


class PageWords:
    """Places are pixels from the page's top left corner."""

    def __init__(self, page: Page, *, width: float, fonts: Fonts, theme: Theme) -> None:
        self._margin, space = width * MARGIN, width * (1 - 2 * MARGIN)
        self._parts: list[tuple[float, Part]] = []
        gap = TABLE_GAP * fonts.points() * 1.9
        top = self._margin
        for part in [*_parts_of(page, space, fonts)] or [Prose("", 0, 0)]:
            if isinstance(part, Prose):
                status = STATUS_WORDS.get(page.status, page.reason)
                part.lay_out(page.blocks, width=space, fonts=fonts, theme=theme, status=status)
            elif self._parts:
                top += gap
            self._parts.append((top, part))
            top += part.height + (gap if isinstance(part, PageTable) else 0)
        self.height = top + self._margin

    @property
    def tables(self) -> list[tuple[float, PageTable]]:
        return [(top, part) for top, part in self._parts if isinstance(part, PageTable)]

    @property
    def offsets(self) -> tuple[float, ...]:
        """How far each table is scrolled, in pixels."""
        return tuple(table.offset for _, table in self.tables)

    def scroll_to(self, offsets: Sequence[float]) -> None:
        for (_, table), offset in zip(self.tables, offsets, strict=False):
            table.scroll_to(offset)

    def top_of(self, character: int) -> float:
        top, part = self._part_of(character)
        return top + part.top_of(character)

    def reveal(self, character: int) -> bool:
        """Scroll the table that holds a character so that it is visible; returns whether that changed anything."""
        _, part = self._part_of(character)
        return isinstance(part, PageTable) and part.reveal(character)

    def character_at(self, point: QPointF) -> int | None:
        for top, part in self._parts:
            if top <= point.y() < top + part.height:
                return part.character_at(point - QPointF(self._margin, top))
        return None

    def table_at(self, point: QPointF) -> tuple[PageTable, QPointF] | None:
        for top, part in self._parts:
            if isinstance(part, PageTable) and top <= point.y() < top + part.height:
                return part, point - QPointF(self._margin, top)
        return None

    def paint(self, painter: QPainter, spans: Sequence[Span], current: Span | None, clip: QRectF, theme: Theme) -> None:
        for top, part in self._parts:
            if top + part.height < clip.top() or top > clip.bottom():
                continue
            painter.save()
            painter.translate(self._margin, top)
            part.paint(painter, spans, current, clip.translated(-self._margin, -top), theme)
            painter.restore()

    def _part_of(self, character: int) -> tuple[float, Part]:
        found = self._parts[0]
        for one in self._parts:
            if one[1].start <= character:
                found = one
        return found


def _parts_of(page: Page, width: float, fonts: Fonts) -> Iterator[Part]:
    at = 0
    for rows in tables_of(page.blocks):
        yield from _prose(page.text, at, rows[0].start)
        table = PageTable(page.text, rows, width=width, fonts=fonts)
        yield table
        at = table.end
    yield from _prose(page.text, at, len(page.text))


def _prose(text: str, start: int, end: int) -> Iterator[Prose]:
    inside = text[start:end]
    begin = start + len(inside) - len(inside.lstrip("\n"))
    if inside.strip():
        yield Prose(text, begin, start + len(inside.rstrip("\n")))


def _plain(theme: Theme, fonts: Fonts) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(fonts.text())
    form.setForeground(theme.colour("text"))
    return form


def _dress(cursor: QTextCursor, text: str, block: Block, fonts: Fonts, theme: Theme) -> None:
    cursor.setPosition(utf16_at(text, block.start))
    cursor.setPosition(utf16_at(text, block.end), QTextCursor.MoveMode.KeepAnchor)
    letters, lines = QTextCharFormat(), QTextBlockFormat()
    lines.setBottomMargin(fonts.base_points * 0.5)
    lines.setLineHeight(130, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    match block.kind:
        case BlockKind.HEADING:
            letters.setFont(fonts.text(_SIZES.get(block.level, 1.1), bold=True))
        case BlockKind.CODE:
            letters.setFont(fonts.mono())
        case BlockKind.LIST_ITEM:
            _mark_item(cursor, text, block, lines)
        case BlockKind.HEADER | BlockKind.FOOTER | BlockKind.FOOTNOTE | BlockKind.CAPTION:
            letters.setFont(fonts.text(0.87))
            letters.setForeground(theme.colour("muted"))
        case BlockKind.COMMENT | BlockKind.NOTE | BlockKind.QUOTE:
            font = QFont(fonts.text())
            font.setItalic(True)
            letters.setFont(font)
            letters.setForeground(theme.colour("muted"))
            lines.setIndent(1)
    cursor.mergeCharFormat(letters)
    cursor.mergeBlockFormat(lines)
    if "\n" in text[block.start : block.end]:  # lines of one block stand close together
        cursor.setPosition(utf16_at(text, block.start))
        cursor.setPosition(utf16_at(text, text.rfind("\n", block.start, block.end)), QTextCursor.MoveMode.KeepAnchor)
        lines.setBottomMargin(0)
        cursor.mergeBlockFormat(lines)


def _mark_item(cursor: QTextCursor, text: str, block: Block, lines: QTextBlockFormat) -> None:
    """A bullet before a list item, unless its text begins with a marker or a number of its own."""
    depth = max(1, min(block.level, 6))
    if _MARKED.match(text, block.start, block.end):
        lines.setIndent(depth)
        return
    form = QTextListFormat()
    form.setStyle(QTextListFormat.Style.ListDisc)
    form.setIndent(depth)
    cursor.createList(form)
    lines.setIndent(0)  # the list's own is enough
