"""Pages of a document as they are painted: a picture where the format has one, else the words laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextListFormat,
    QTextOption,
)

from slmdesk.core.documents import Block, BlockKind, Page, PageStatus
from slmdesk.gui.theme import LIGHT, Fonts, Theme

Box = tuple[float, float, float, float]
"""Left, top, right, bottom; 0..1 of the page."""
A4 = 1.414
"""Height of a page whose picture has not come yet, as a share of its width."""
MARGIN = 0.07
"""Of a page of words, as a share of its width."""
STATUS_WORDS: Mapping[PageStatus, str] = {
    PageStatus.EMPTY: "This page is empty.",
    PageStatus.SCANNED: "This page is a picture: it has no words that could be read.",
    PageStatus.LOCKED: "This page is locked.",
    PageStatus.BROKEN: "This page is damaged and could not be read.",
}
TABLE_SIZE = 0.9
"""Of the letters in a table, as a share of those around it."""
LEAST_SIZE = 0.8
"""Of that, where a table is wider than the page."""
CELL_GAP = 16.0
MOST_CELL = 60
"""Characters of a cell that count for the width of its column."""
MOST_ROWS_MEASURED = 500
CURRENT_LINE = 2
"""Pixels of the frame around the mark that stands out."""
RULED = QTextFormat.Property.UserProperty.value + 1
"""Property of a row of a table: a line stands below it."""
_MARKED = re.compile(r"\s*(?:[•▪◦‣●○■*–—-]|\(?\w{1,4}[.)])\s")
_SIZES = {1: 1.5, 2: 1.3, 3: 1.15}


@dataclass(slots=True, eq=False)
class Sheet:
    """One page in the view: what is known of it so far."""

    page: Page
    """Its text is empty until `has_text`."""
    has_text: bool = False
    picture: QImage | None = None
    picture_width: int = 0
    """Pixels it was asked for; 0: not asked."""
    ratio: float = 0.0
    """Height by width of its picture; 0: not known."""
    words: QTextDocument | None = None
    height: float = 0.0
    spans: tuple[tuple[int, int], ...] = ()
    """Marked characters of its text."""
    current: tuple[int, int] | None = None
    """The one of them that stands out."""
    boxes: tuple[Box, ...] = ()
    """All marks on its picture; see `place_marks`."""
    marks: tuple[tuple[Box, ...], ...] = ()
    """The same, for each mark by itself."""
    asked_text: bool = False
    asked_boxes: bool = False

    @property
    def is_pictured(self) -> bool:
        """Whether it is shown as a picture."""
        return self.page.has_image

    def place_marks(self, boxes: Sequence[Sequence[Box]]) -> None:
        """Where each mark stands on the picture, in the order of `spans`."""
        self.marks = tuple(tuple(each) for each in boxes)
        self.boxes = tuple(box for each in self.marks for box in each)

    @property
    def current_boxes(self) -> tuple[Box, ...]:
        """On its picture, the mark that stands out."""
        at = self.spans.index(self.current) if self.current in self.spans else -1
        return self.marks[at] if 0 <= at < len(self.marks) else ()

    def forget(self) -> None:
        """Drop what can be had again: it is far out of sight."""
        self.picture, self.picture_width = None, 0
        self.words = None


def utf16_at(text: str, index: int) -> int:
    """Qt counts in UTF-16: the place there of a character of ours."""
    return index + sum(character > "\uffff" for character in text[:index])


def character_at(text: str, utf16: int) -> int:
    """The other way round."""
    place = 0
    for index, character in enumerate(text):
        if place >= utf16:
            return index
        place += 2 if character > "\uffff" else 1
    return len(text)


def laid_out(page: Page, *, width: float, fonts: Fonts, theme: Theme) -> QTextDocument:
    """The words of a page as wide as the page.  Places in it are those of the page's text, in UTF-16."""
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(width * MARGIN)
    document.setDefaultFont(fonts.text())
    document.setTextWidth(width)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    cursor.insertText(page.text or STATUS_WORDS.get(page.status, page.reason), _plain(theme, fonts))
    for block in page.blocks:
        _dress(cursor, page.text, block, fonts, theme)
    for rows in _tables_of(page.blocks):
        _align(cursor, page.text, rows, width=width * (1 - 2 * MARGIN), fonts=fonts)
    cursor.endEditBlock()
    return document


def _tables_of(blocks: Sequence[Block]) -> list[list[Block]]:
    """The rows that stand together."""
    found: list[list[Block]] = []
    is_row = False
    for block in blocks:
        if block.kind is BlockKind.TABLE_ROW and is_row:
            found[-1].append(block)
        elif block.kind is BlockKind.TABLE_ROW:
            found.append([block])
        is_row = block.kind is BlockKind.TABLE_ROW
    return found


def _align(cursor: QTextCursor, text: str, rows: Sequence[Block], *, width: float, fonts: Fonts) -> None:
    """Let the cells of a table stand below each other: tabs part them, and the widest of a column gives its width."""
    letters = QFontMetricsF(fonts.text(TABLE_SIZE))
    columns: list[float] = []
    for row in rows[:MOST_ROWS_MEASURED]:
        for at, cell in enumerate(text[row.start : row.end].split("\t")):
            wanted = letters.horizontalAdvance(cell[:MOST_CELL]) + CELL_GAP
            if at < len(columns):
                columns[at] = max(columns[at], wanted)
            else:
                columns.append(wanted)
    if len(columns) < 2:
        return
    smaller = max(LEAST_SIZE, min(1.0, width / sum(columns)))
    stops, place = [], 0.0
    for column in _narrowed([column * smaller for column in columns], width)[:-1]:
        place += column
        stops.append(QTextOption.Tab(place, QTextOption.TabType.LeftTab))
    lines = QTextBlockFormat()
    lines.setTabPositions(stops)
    lines.setProperty(RULED, True)
    lines.setBottomMargin(fonts.base_points * 0.25)
    cursor.setPosition(utf16_at(text, rows[0].start))
    cursor.setPosition(utf16_at(text, rows[-1].end), QTextCursor.MoveMode.KeepAnchor)
    cursor.mergeBlockFormat(lines)
    if smaller < 1.0:
        form = QTextCharFormat()
        form.setFont(fonts.text(TABLE_SIZE * smaller))
        cursor.mergeCharFormat(form)


def _narrowed(columns: Sequence[float], width: float) -> list[float]:
    """Columns that fit into the width, the widest made narrower first."""
    left, open_columns, most = width, len(columns), width
    for column in sorted(columns):
        most = left / open_columns
        if column > most:
            break
        left, open_columns = left - column, open_columns - 1
    else:
        return list(columns)
    return [min(column, most) for column in columns]


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
        case BlockKind.TABLE_ROW:
            letters.setFont(fonts.text(TABLE_SIZE))
            lines.setBottomMargin(fonts.base_points * 0.15)
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
    """A dot before an item of a list, unless its words begin with a mark or a number of their own."""
    depth = max(1, min(block.level, 6))
    if _MARKED.match(text, block.start, block.end):
        lines.setIndent(depth)
        return
    form = QTextListFormat()
    form.setStyle(QTextListFormat.Style.ListDisc)
    form.setIndent(depth)
    cursor.createList(form)
    lines.setIndent(0)  # the list's own is enough


def paint_words(painter: QPainter, sheet: Sheet, place: QRectF, theme: Theme) -> None:
    """The words of a page with its marked characters."""
    if sheet.words is None:
        return
    painter.save()
    painter.translate(place.topLeft())
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = QRectF(QPointF(), place.size())
    context.palette.setColor(context.palette.ColorRole.Text, theme.colour("text"))
    selections = []
    for start, end in sheet.spans:
        selection = QAbstractTextDocumentLayout.Selection()
        selection.cursor = QTextCursor(sheet.words)
        selection.cursor.setPosition(utf16_at(sheet.page.text, start))
        selection.cursor.setPosition(utf16_at(sheet.page.text, end), QTextCursor.MoveMode.KeepAnchor)
        is_current = (start, end) == sheet.current
        selection.format.setBackground(theme.colour("accent" if is_current else "mark"))
        if is_current:
            selection.format.setForeground(theme.colour("on_accent"))
        selections.append(selection)
    context.selections = selections
    sheet.words.documentLayout().draw(painter, context)
    _rule(painter, sheet.words, place, theme)
    painter.restore()


def _rule(painter: QPainter, words: QTextDocument, place: QRectF, theme: Theme) -> None:
    """A line below each row of a table."""
    painter.setPen(QPen(theme.colour("line"), theme.line_width))
    layout, margin = words.documentLayout(), words.documentMargin()
    block = words.begin()
    while block.isValid():
        if block.blockFormat().property(RULED):
            foot = layout.blockBoundingRect(block).bottom() + block.blockFormat().bottomMargin() / 2
            painter.drawLine(QPointF(margin, foot), QPointF(place.width() - margin, foot))
        block = block.next()


def paint_picture(painter: QPainter, sheet: Sheet, place: QRectF, theme: Theme) -> None:
    """The picture of a page, and over it what is marked."""
    if sheet.picture is None:
        return
    painter.drawImage(place, sheet.picture)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    colour = theme.colour("mark") if not theme.is_dark else theme.colour("warn")
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)  # paper is white in the dark, too
    painter.setBrush(colour)
    for box in sheet.boxes:
        painter.drawRect(rectangle_of(box, place))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(LIGHT.colour("accent"), CURRENT_LINE))
    for box in sheet.current_boxes:  # a frame; paper is white in the dark, too
        painter.drawRect(rectangle_of(box, place).adjusted(-1, -1, 1, 1))
    painter.restore()


def rectangle_of(box: Box, place: QRectF) -> QRectF:
    """A box of a page where the page is painted."""
    left, top, right, bottom = box
    size = QSizeF((right - left) * place.width(), (bottom - top) * place.height())
    return QRectF(QPointF(place.x() + left * place.width(), place.y() + top * place.height()), size)


def first_place(sheet: Sheet, width: float) -> float:
    """Where on the page the mark that stands out is, else the first one: pixels below its top; 0: not known."""
    if sheet.is_pictured and sheet.boxes and sheet.ratio:
        return min(box[1] for box in sheet.current_boxes or sheet.boxes) * sheet.ratio * width
    if sheet.words is not None and sheet.spans:
        cursor = QTextCursor(sheet.words)
        first = min(start for start, _ in sheet.spans) if sheet.current is None else sheet.current[0]
        cursor.setPosition(utf16_at(sheet.page.text, first))
        return float(sheet.words.documentLayout().blockBoundingRect(cursor.block()).top())
    return 0.0


def character_near(sheet: Sheet, point: QPointF) -> int | None:
    """The character of a page of words at a point of it."""
    if sheet.words is None or not sheet.page.text:
        return None
    place = sheet.words.documentLayout().hitTest(point, Qt.HitTestAccuracy.ExactHit)
    return None if place < 0 else character_at(sheet.page.text, place)


def heights_of(sheets: Sequence[Sheet], width: float, usual_ratio: float, line: float) -> None:
    """Give every page its height at this width: as measured, else as is usual."""
    for sheet in sheets:
        if sheet.is_pictured:
            sheet.height = width * (sheet.ratio or usual_ratio)
        elif sheet.words is not None:
            sheet.height = max(sheet.words.size().height(), 6 * line)
        elif not sheet.height:
            sheet.height = 30 * line
