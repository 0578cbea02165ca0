"""Pages of a document as they are painted: a picture where the format has one, else the words laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QImage,
    QPainter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from slmdesk.core.documents import Block, BlockKind, Page, PageStatus
from slmdesk.gui.theme import Fonts, Theme

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
    boxes: tuple[Box, ...] = ()
    """The same on its picture."""
    asked_text: bool = False
    asked_boxes: bool = False

    @property
    def is_pictured(self) -> bool:
        """Whether it is shown as a picture."""
        return self.page.has_image

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
    cursor.endEditBlock()
    return document


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
            lines.setIndent(max(1, min(block.level, 6)))
        case BlockKind.TABLE_ROW:
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
        selection.format.setBackground(theme.colour("mark"))
        selections.append(selection)
    context.selections = selections
    sheet.words.documentLayout().draw(painter, context)
    painter.restore()


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
    painter.restore()


def rectangle_of(box: Box, place: QRectF) -> QRectF:
    """A box of a page where the page is painted."""
    left, top, right, bottom = box
    size = QSizeF((right - left) * place.width(), (bottom - top) * place.height())
    return QRectF(QPointF(place.x() + left * place.width(), place.y() + top * place.height()), size)


def first_place(sheet: Sheet, width: float) -> float:
    """Where on the page the first mark stands: pixels below its top; 0 where nothing is marked or known."""
    if sheet.is_pictured and sheet.boxes and sheet.ratio:
        return min(box[1] for box in sheet.boxes) * sheet.ratio * width
    if sheet.words is not None and sheet.spans:
        cursor = QTextCursor(sheet.words)
        cursor.setPosition(utf16_at(sheet.page.text, min(start for start, _ in sheet.spans)))
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
