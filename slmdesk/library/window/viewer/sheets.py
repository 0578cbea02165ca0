"""A page as it is painted: a picture where the format has one, else its text laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from slmdesk.base.documents import Page
from slmdesk.library.window.viewer.page_words import STATUS_WORDS, PageWords
from slmdesk.window.base.theme import LIGHT, Fonts, Theme
from slmdesk.window.base.theme_keeper import ThemeKeeper

Box = tuple[float, float, float, float]
"""Left, top, right, bottom; 0..1 of the page."""
A4 = 1.414
FOOT = 26
CURRENT_LINE = 2


@dataclass(slots=True, eq=False)
class Sheet:
    page: Page
    """Its text is empty until `has_text`."""
    has_text: bool = False
    picture: QImage | None = None
    picture_width: int = 0
    """Pixels it was asked for; 0: not asked."""
    ratio: float = 0.0
    """Height by width of its picture; 0: not known."""
    words: PageWords | None = None
    offsets: tuple[float, ...] = ()
    """How far its tables were scrolled when its words were last let go of."""
    height: float = 0.0
    spans: tuple[tuple[int, int], ...] = ()
    current: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()
    """All marks on its picture; see `place_marks`."""
    marks: tuple[tuple[Box, ...], ...] = ()
    """The same, for each mark by itself."""
    asked_text: bool = False
    asked_boxes: bool = False

    @property
    def is_pictured(self) -> bool:
        return self.page.has_image

    def place_marks(self, boxes: Sequence[Sequence[Box]]) -> None:
        """Set the boxes of each mark on the picture, in the order of `spans`."""
        self.marks = tuple(tuple(each) for each in boxes)
        self.boxes = tuple(box for each in self.marks for box in each)

    @property
    def current_boxes(self) -> tuple[Box, ...]:
        at = self.spans.index(self.current) if self.current in self.spans else -1
        return self.marks[at] if 0 <= at < len(self.marks) else ()

    def forget(self) -> None:
        """Drop what can be loaded again: the page is far out of view."""
        self.picture, self.picture_width = None, 0
        self.forget_words()

    def forget_words(self) -> None:
        if self.words is not None:
            self.offsets = self.words.offsets
        self.words = None

    def lay_out(self, width: float, fonts: Fonts, theme: Theme) -> None:
        self.forget_words()
        self.words = PageWords(self.page, width=width, fonts=fonts, theme=theme)
        self.words.scroll_to(self.offsets)
        if self.current is not None:
            self.words.reveal(self.current[0])
        self.height = 0.0


def paint_sheet(painter: QPainter, sheet: Sheet, place: QRectF, keeper: ThemeKeeper, view: QRectF) -> None:
    colours = keeper.theme
    painter.fillRect(place, colours.colour("surface"))
    if sheet.is_pictured:
        _paint_picture(painter, sheet, place, colours)
    elif sheet.words is not None:
        painter.save()
        painter.translate(place.topLeft())
        seen = place.intersected(view).translated(-place.topLeft())
        sheet.words.paint(painter, sheet.spans, sheet.current, seen, colours)
        painter.restore()
    painter.setPen(QPen(colours.colour("line"), colours.line_width))
    painter.drawRect(place)
    painter.setFont(keeper.fonts.text(0.8))
    painter.setPen(colours.colour("muted"))
    foot = QRectF(place.left(), place.bottom() + 2, place.width(), FOOT - 4)
    painter.drawText(foot, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), _foot_of(sheet))
    if sheet.is_pictured and sheet.picture is None:
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), "…")


def _foot_of(sheet: Sheet) -> str:
    page = sheet.page
    words = str(page.number) if page.label in ("", str(page.number)) else f"{page.number}  ·  {page.label[:60]}"
    status = STATUS_WORDS.get(page.status, "")
    return f"{words}  ·  {status}" if status and sheet.is_pictured else words


def _paint_picture(painter: QPainter, sheet: Sheet, place: QRectF, theme: Theme) -> None:
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
    left, top, right, bottom = box
    size = QSizeF((right - left) * place.width(), (bottom - top) * place.height())
    return QRectF(QPointF(place.x() + left * place.width(), place.y() + top * place.height()), size)


def first_place(sheet: Sheet, width: float) -> float:
    """The place of the highlighted mark, else of the first: pixels below the page's top; 0: unknown."""
    if sheet.is_pictured and sheet.boxes and sheet.ratio:
        return min(box[1] for box in sheet.current_boxes or sheet.boxes) * sheet.ratio * width
    if sheet.words is not None and sheet.spans:
        return sheet.words.top_of(first_mark(sheet))
    return 0.0


def first_mark(sheet: Sheet) -> int:
    return min(start for start, _ in sheet.spans) if sheet.current is None else sheet.current[0]


def heights_of(sheets: Sequence[Sheet], width: float, usual_ratio: float, line: float) -> None:
    for sheet in sheets:
        if sheet.is_pictured:
            sheet.height = width * (sheet.ratio or usual_ratio)
        elif sheet.words is not None:
            sheet.height = max(sheet.words.height, 6 * line)
        elif not sheet.height:
            sheet.height = 30 * line
