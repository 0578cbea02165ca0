"""The view of a document's pages, from top to bottom. Only visible pages are loaded and painted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.base.types import told_place
from slmdesk.ui.documents.controller import PagesController
from slmdesk.ui.documents.page_text import STATUS_WORDS, Marks, PageTable, PageWords
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.theme import LIGHT, Fonts, Theme, ThemeKeeper
from slmdesk.ui.kit.widgets.build import named

WIDEST = 1000
ZOOMS = (50, 70, 85, 100, 125, 150, 200, 300)
LINE_STEP = 40
WHEEL_STEP = 80
KEPT = 12
"""Number of pages whose pictures are kept when they are out of sight."""
ASK_AFTER_MS = 60
"""Milliseconds to wait after scrolling, so that pages that only fly past are not requested."""


class PageView(QAbstractScrollArea):
    page_reached = Signal(int)
    place_clicked = Signal(int, int, QPointF)
    """A page's number, the character (-1 if only the place is known) and the place as shares of the page."""
    menu_requested = Signal(int, QPoint)

    def __init__(self, keeper: ThemeKeeper, pages: PagesController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "page_view", label=_("Pages of the document"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(240, 160)
        self._keeper, self._pages = keeper, pages
        self.sheets = SheetColumn()
        self.zoom = 100
        self.reached = 0
        """The number of the page at the top. 0 while there is none."""
        self._towards: tuple[int, bool, bool] | None = None
        self._dragged: tuple[PageTable, float] | None = None
        self._ask_timer = Delay(self, ASK_AFTER_MS, self._ask)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        keeper.theme_changed.connect(self._on_theme_changed)
        pages.text_received.connect(self.show_text)
        pages.picture_received.connect(self.show_picture)
        pages.boxes_received.connect(self.show_boxes)
        pages.picture_failed.connect(self.show_without_picture)

    @property
    def count(self) -> int:
        return len(self.sheets)

    @property
    def page_width(self) -> float:
        space = self.viewport().width() - 2 * GAP
        return max(160.0, min(space, WIDEST) * self.zoom / 100)

    def line_at(self, number: int, character: int) -> str:
        """Return the list item that contains a character of a page. Empty for any other text."""
        sheet = self.sheets.find(number)
        for block in sheet.page.blocks if sheet is not None else ():
            if sheet is not None and block.start <= character < block.end:
                return sheet.page.text[block.start : block.end] if block.kind is BlockKind.LIST_ITEM else ""
        return ""

    def show_pages(self, pages: Sequence[Page], *, reset: bool = True) -> None:
        """Show these pages, whose text may be missing. `reset` scrolls to the first page."""
        known = len(self.sheets)
        if not reset and 1 < known <= len(pages):  # more pages while the document is read: keep the known ones
            self.sheets += [Sheet(page) for page in pages[known:]]
            self._measure(begin=known)
            self._ask_timer.start()
            return
        self.sheets.take(pages, reset=reset)
        if not reset:
            self._measure()
            self._ask_timer.start()
            return
        self._towards = None
        self.verticalScrollBar().setValue(0)
        self._measure()
        self._ask()  # a person is waiting for the first page

    def show_text(self, page: Page) -> None:
        sheet = self.sheets.find(page.number)
        if sheet is None:
            return
        sheet.page, sheet.has_text = page, True
        self._lay_out(sheet)
        self._measure(keep=True)

    def show_picture(self, number: int, picture: QImage, boxes: Sequence[Sequence[Box]] | None = ()) -> None:
        """Show the picture of a page, with the boxes of each of its marks. None keeps the current boxes."""
        sheet = self.sheets.find(number)
        if sheet is None or picture.isNull():
            return
        sheet.picture = picture
        if boxes is not None:
            sheet.span_boxes = boxes
        if self.sheets.note_ratio(sheet, picture.height() / max(1, picture.width())):
            self._measure(keep=True)
        self._go_on()
        self.viewport().update()

    def show_without_picture(self, number: int) -> None:
        sheet = self.sheets.find(number)
        if sheet is not None:
            sheet.page = changed(sheet.page, has_image=False)
            sheet.height = 0.0
            self._measure(keep=True)
            self._ask_timer.start()

    def mark(
        self,
        spans: Mapping[int, Sequence[tuple[int, int]]],
        black: Mapping[int, Collection[tuple[int, int]]] = MappingProxyType({}),
    ) -> None:
        """Mark these characters, by page number, instead of the earlier ones. Of them those in `black` are covered.

        A page that is a picture has no characters: the boxes of its spans are asked for, and come by `show_boxes`.
        """
        self._pages.marks = spans
        for sheet in self.sheets:
            sheet.spans = tuple(spans.get(sheet.page.number, ()))
            sheet.black = frozenset(black.get(sheet.page.number, ()))
            sheet.span_boxes = ()
            sheet.asked_boxes = False
            sheet.current = None
        self._ask_timer.start()
        self.viewport().update()

    def point_at(self, number: int, span: tuple[int, int]) -> None:
        for sheet in self.sheets:
            sheet.current = span if sheet.page.number == number else None
        self.go_to(number, to_mark=True)
        self.viewport().update()

    def show_boxes(self, number: int, boxes: Sequence[Sequence[Box]]) -> None:
        sheet = self.sheets.find(number)
        if sheet is not None:
            sheet.span_boxes = boxes
            self._go_on()
            self.viewport().update()

    def go_to(self, number: int, *, to_mark: bool = False, is_gentle: bool = False) -> None:
        """Scroll to a page. `to_mark` scrolls to its first mark, as soon as the mark's position is known; with
        `is_gentle` only if that is out of sight.
        """
        self._towards = (number, to_mark, is_gentle)
        self._go_on()

    def set_zoom(self, percent: int) -> None:
        percent = min(max(percent, ZOOMS[0]), ZOOMS[-1])
        if percent != self.zoom:
            self.zoom = percent
            self._resize_sheets()

    def zoom_in(self) -> None:
        self.set_zoom(next((zoom for zoom in ZOOMS if zoom > self.zoom), ZOOMS[-1]))

    def zoom_out(self) -> None:
        self.set_zoom(next((zoom for zoom in reversed(ZOOMS) if zoom < self.zoom), ZOOMS[0]))

    def _on_scrolled(self) -> None:
        self._ask_timer.start()
        bar = self.verticalScrollBar()
        top = self.sheets.index_at(bar.value() + self.viewport().height() / 3)
        if bar.value() == bar.minimum():  # the first page may be shorter than a third of the view
            top = 0
        number = self.sheets[top].page.number if self.sheets else 0
        if number != self.reached:
            self.reached = number
            self.page_reached.emit(number)
        self.viewport().update()

    def _on_theme_changed(self, _theme: Theme) -> None:
        for sheet in self.sheets:
            sheet.forget_words()
        self._resize_sheets()

    def sizeHint(self) -> QSize:
        return QSize(520, 640)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resize_sheets()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._towards = None
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y() > 0:
                self.zoom_in()
            else:
                self.zoom_out()
            event.accept()
            return
        turned = event.angleDelta()
        across = turned.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else turned.x()
        hit = self._table_at(event.position()) if across else None
        if hit is not None and self._scroll_table(hit[0], -across / 120 * WHEEL_STEP):
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._towards = None
        bar = self.verticalScrollBar()
        page = round(self.viewport().height() * 0.9)
        steps = {
            Qt.Key.Key_PageDown: page, Qt.Key.Key_Space: page, Qt.Key.Key_PageUp: -page, Qt.Key.Key_Down: LINE_STEP,
            Qt.Key.Key_Up: -LINE_STEP, Qt.Key.Key_Home: -bar.maximum(), Qt.Key.Key_End: bar.maximum(),
        }  # fmt: skip
        match event.key():
            case key if key in steps:
                bar.setValue(bar.value() + steps[Qt.Key(key)])
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_in()
            case Qt.Key.Key_Minus:
                self.zoom_out()
            case Qt.Key.Key_Left | Qt.Key.Key_Right if table := self.sheets.wide_table(*self._in_sight()):
                self._scroll_table(table, WHEEL_STEP if event.key() == Qt.Key.Key_Right else -WHEEL_STEP)
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self._table_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or hit is None or not hit[0].bar.contains(hit[1]):
            super().mousePressEvent(event)
            return
        table, inside = hit
        if not table.handle.contains(inside):
            table.scroll_bar_to(inside.x())
            self.viewport().update()
        self._dragged = table, event.position().x() - table.handle.left()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            super().mouseMoveEvent(event)
            return
        table, grip = self._dragged
        table.scroll_bar_to(event.position().x() - grip + table.handle.width() / 2)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._dragged is not None:
            self._dragged = None
            return
        if place := self.sheets.place_at(event.position() + self.scrolled):
            self.place_clicked.emit(*place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.sheets:
            return
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.reached, self.viewport().mapToGlobal(self.viewport().rect().center()))
            return
        index = self.sheets.index_at(event.pos().y() + self.verticalScrollBar().value())
        self.menu_requested.emit(self.sheets[index].page.number, event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colours = self._keeper.theme
        painter.fillRect(event.rect(), colours.colour("sheet"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("desk"))
        painter.drawRoundedRect(self.viewport().rect(), theme.RADIUS, theme.RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in self.sheets.between(*self._in_sight()):
            place = self.sheets.place(index).translated(-self.scrolled)
            paint_sheet(painter, self.sheets[index], place, self._keeper, QRectF(self.viewport().rect()))
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    @property
    def scrolled(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _table_at(self, position: QPointF) -> tuple[PageTable, QPointF] | None:
        return self.sheets.table_at(position + self.scrolled)

    def _scroll_table(self, table: PageTable, by: float) -> bool:
        """Scroll a wide table, and return whether the table can scroll at all."""
        if table.scroll_to(table.offset + by):
            self.viewport().update()
        return table.is_wide

    def _in_sight(self) -> tuple[int, int]:
        top = self.verticalScrollBar().value()
        return top, top + self.viewport().height()

    def _measure(self, *, keep: bool = False, begin: int = 0) -> None:
        """Compute the positions of all pages, or of those from `begin` on. `keep` keeps the visible part in place."""
        bar = self.verticalScrollBar()
        anchor, offset = 0, 0.0
        if keep and self.sheets.tops:
            anchor = self.sheets.index_at(bar.value())
            offset = bar.value() - self.sheets.tops[anchor]
        width = self.sheets.width = self.page_width
        self.sheets.left = max(float(GAP), (self.viewport().width() - width) / 2)
        top = self.sheets.measure(begin, float(self._keeper.fonts.points()) * 1.9)
        bar.setRange(0, max(0, round(top + GAP - self.viewport().height())))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(LINE_STEP)
        wide = round(width + 2 * GAP - self.viewport().width())
        self.horizontalScrollBar().setRange(0, max(0, wide))
        self.horizontalScrollBar().setPageStep(self.viewport().width())
        if keep and anchor < len(self.sheets.tops):
            bar.setValue(round(self.sheets.tops[anchor] + offset))
        self._go_on()
        self.viewport().update()

    def _resize_sheets(self) -> None:
        for sheet in self.sheets:
            sheet.picture_width = 0
            if not sheet.is_pictured and sheet.words is not None:
                sheet.forget_words()
                sheet.asked_text = False
        self._measure(keep=True)
        self._ask_timer.start()

    def _lay_out(self, sheet: Sheet) -> None:
        sheet.lay_out(self.page_width, self._keeper.fonts, self._keeper.theme)

    def _ask(self) -> None:
        """Request what is visible and just below it. Drop what is far away."""
        sight = self.sheets.between(*self._in_sight())
        near = range(max(0, sight.start - 1), min(len(self.sheets), sight.stop + 1))
        width = round(self.page_width * self.devicePixelRatioF())
        changed = False
        for index in near:
            sheet = self.sheets[index]
            if sheet.is_pictured and sheet.picture_width != width:
                sheet.picture_width, sheet.asked_boxes = width, True
                self._pages.ask_picture(sheet.page.number, width)
            elif sheet.is_pictured and sheet.spans and not sheet.asked_boxes:
                sheet.asked_boxes = True
                self._pages.ask_picture(sheet.page.number, 0)
            elif not sheet.is_pictured and sheet.words is None:
                if sheet.has_text:
                    self._lay_out(sheet)
                    changed = True
                elif not sheet.asked_text:
                    sheet.asked_text = True
                    self._pages.ask_text(sheet.page.number)
        self.sheets.forget_but(range(near.start - KEPT, near.stop + KEPT))
        if changed:
            self._measure(keep=True)

    def _go_on(self) -> None:
        if self._towards is None:
            return
        number, to_mark, is_gentle = self._towards
        sheet = self.sheets.find(number)
        index = self.sheets.index(sheet) if sheet is not None else 0
        if sheet is None or index >= len(self.sheets.tops):
            return
        if to_mark and sheet.spans and sheet.words is not None and sheet.words.reveal(first_mark(sheet)):
            self.viewport().update()
        within = first_place(sheet, self.page_width) if to_mark else 0.0
        lead = self.viewport().height() / 4 if within else GAP / 2
        is_known = bool(sheet.boxes) if sheet.is_pictured else sheet.words is not None
        bar, place = self.verticalScrollBar(), self.sheets.tops[index] + within
        end = place if is_known else place + sheet.height  # any part of the page, until the place is known
        is_seen = end >= bar.value() and place <= bar.value() + self.viewport().height() - lead
        if not (is_gentle and is_seen):
            bar.setValue(round(place - lead))
        if not to_mark or is_known:
            self._towards = None


Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the page, 0..1."""
A4 = 1.414
FOOT = 26
CURRENT_LINE = 2


@dataclass(slots=True, eq=False)
class Sheet:
    page: Page
    """The page. Its text is empty until `has_text`."""
    has_text: bool = False
    picture: QImage | None = None
    picture_width: int = 0
    """Width in pixels of the requested picture. 0 if no picture was requested."""
    ratio: float = 0.0
    """Height divided by width of the picture. 0 if not known."""
    words: PageWords | None = None
    offsets: tuple[float, ...] = ()
    """How far its tables were scrolled when its laid-out text was last dropped."""
    height: float = 0.0
    spans: tuple[tuple[int, int], ...] = ()
    black: frozenset[tuple[int, int]] = frozenset()
    """Those of its `spans` that are covered."""
    current: tuple[int, int] | None = None
    span_boxes: Sequence[Sequence[Box]] = ()
    """The boxes of each of its `spans` on its picture."""
    asked_text: bool = False
    asked_boxes: bool = False

    @property
    def is_pictured(self) -> bool:
        return self.page.has_image

    @property
    def boxes(self) -> list[Box]:
        return [box for each in self.span_boxes for box in each]

    @property
    def current_boxes(self) -> Sequence[Box]:
        at = self.spans.index(self.current) if self.current in self.spans else -1
        return self.span_boxes[at] if 0 <= at < len(self.span_boxes) else ()

    def forget(self) -> None:
        """Drop what can be loaded again, since the page is far out of view."""
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
    painter.fillRect(place, colours.colour("sheet"))
    if sheet.is_pictured:
        _paint_picture(painter, sheet, place, colours)
    elif sheet.words is not None:
        painter.save()
        painter.translate(place.topLeft())
        seen = place.intersected(view).translated(-place.topLeft())
        sheet.words.paint(painter, Marks(sheet.spans, sheet.current, sheet.black), seen, colours)
        painter.restore()
    painter.setPen(QPen(colours.colour("line"), colours.line_width))
    painter.drawRect(place)
    painter.setFont(keeper.fonts.text(0.8))
    painter.setPen(colours.colour("ink2"))
    foot = QRectF(place.left(), place.bottom() + 2, place.width(), FOOT - 4)
    painter.drawText(foot, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), _foot_of(sheet))
    if sheet.is_pictured and sheet.picture is None:
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), "…")


def _foot_of(sheet: Sheet) -> str:
    page = sheet.page
    words = (
        str(page.number) if page.label in ("", str(page.number)) else f"{page.number}  ·  {told_place(page.label)[:60]}"
    )
    status = STATUS_WORDS.get(page.status, "")
    return f"{words}  ·  {status}" if status and sheet.is_pictured else words


def _paint_picture(painter: QPainter, sheet: Sheet, place: QRectF, theme: Theme) -> None:
    if sheet.picture is None:
        return
    painter.drawImage(place, sheet.picture)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    colour = theme.colour("mark") if not theme.is_dark else theme.colour("warn")
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)  # pages are white in dark themes too
    painter.setBrush(colour)
    for span, boxes in zip(sheet.spans, sheet.span_boxes, strict=False):
        if span not in sheet.black:
            for box in boxes:
                painter.drawRect(rectangle_of(box, place))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setBrush(Qt.GlobalColor.black)  # as in the copy
    for span, boxes in zip(sheet.spans, sheet.span_boxes, strict=False):
        if span in sheet.black:
            for box in boxes:
                painter.drawRect(rectangle_of(box, place))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(LIGHT.colour("accent"), CURRENT_LINE))
    for box in sheet.current_boxes:  # a frame; pages are white in dark themes too
        painter.drawRect(rectangle_of(box, place).adjusted(-1, -1, 1, 1))
    painter.restore()


def rectangle_of(box: Box, place: QRectF) -> QRectF:
    left, top, right, bottom = box
    size = QSizeF((right - left) * place.width(), (bottom - top) * place.height())
    return QRectF(QPointF(place.x() + left * place.width(), place.y() + top * place.height()), size)


def first_place(sheet: Sheet, width: float) -> float:
    """Return the position of the highlighted mark, or the first mark, in pixels below the page's top. 0 if unknown."""
    if sheet.is_pictured and sheet.boxes and sheet.ratio:
        return min(box[1] for box in sheet.current_boxes or sheet.boxes) * sheet.ratio * width
    if sheet.words is not None and sheet.spans:
        return sheet.words.top_of(first_mark(sheet))
    return 0.0


def first_mark(sheet: Sheet) -> int:
    return min(start for start, __ in sheet.spans) if sheet.current is None else sheet.current[0]


def heights_of(sheets: Sequence[Sheet], width: float, usual_ratio: float, line: float) -> None:
    for sheet in sheets:
        if sheet.is_pictured:
            sheet.height = width * (sheet.ratio or usual_ratio)
        elif sheet.words is not None:
            sheet.height = max(sheet.words.height, 6 * line)
        elif not sheet.height:
            sheet.height = 30 * line


GAP = theme.SPACE_16


class SheetColumn(list[Sheet]):
    """All sheets from top to bottom. Positions are pixels from the first page's top, and from the left of the view."""

    def __init__(self) -> None:
        super().__init__()
        self.tops: list[float] = []
        self.width = 0.0
        self.left = 0.0
        self.ratio = A4
        """Height divided by width, for pages whose pictures have not arrived yet."""

    def take(self, pages: Sequence[Page], *, reset: bool) -> None:
        """Replace the sheets by sheets of these pages. Existing sheets are kept, unless `reset`."""
        old = {} if reset else {sheet.page.number: sheet for sheet in self}
        for sheet, page in ((old[page.number], page) for page in pages if page.number in old):
            if not sheet.has_text:
                sheet.page = page
        self[:] = [old.get(page.number) or Sheet(page) for page in pages]
        if reset:
            self.ratio = A4

    def note_ratio(self, sheet: Sheet, ratio: float) -> bool:
        """Set the ratio of a page's picture, and return whether the ratio has changed."""
        if abs(ratio - sheet.ratio) <= 0.001:
            return False
        if all(not sheet.ratio for sheet in self):
            self.ratio = ratio
        sheet.ratio = ratio
        return True

    def forget_but(self, near: range) -> None:
        for index, sheet in enumerate(self):
            if (sheet.picture or sheet.words) and index not in near:
                sheet.forget()

    def find(self, number: int) -> Sheet | None:
        index = number - 1
        if 0 <= index < len(self) and self[index].page.number == number:
            return self[index]
        return next((sheet for sheet in self if sheet.page.number == number), None)

    def index_at(self, y: float) -> int:
        return max(0, bisect_right(self.tops, y) - 1)

    def place(self, index: int) -> QRectF:
        return QRectF(self.left, self.tops[index], self.width, self[index].height)

    def between(self, top: float, bottom: float) -> range:
        return range(self.index_at(top - FOOT), self.index_at(bottom) + 1) if self else range(0)

    def measure(self, begin: int, line: float) -> float:
        """Compute the sheets' positions from `begin` on; return where the last ends. `line` is a text line's height."""
        begin = min(begin, len(self.tops))
        heights_of(self[begin:], self.width, self.ratio, line)
        top = self.tops[begin - 1] + self[begin - 1].height + FOOT if begin else float(GAP)
        del self.tops[begin:]
        for sheet in self[begin:]:
            self.tops.append(top)
            top += sheet.height + FOOT
        return top

    def place_at(self, at: QPointF) -> tuple[int, int, QPointF] | None:
        """Return a position's page number, its character (-1 if unknown), and the position as shares of the page."""
        index = self.index_at(at.y())
        if not self or not (place := self.place(index)).contains(at):
            return None
        inside, sheet = at - place.topLeft(), self[index]
        character = sheet.words.character_at(inside) if sheet.words and not sheet.is_pictured else None
        share = QPointF(inside.x() / place.width(), inside.y() / place.height())
        return sheet.page.number, -1 if character is None else character, share

    def table_at(self, at: QPointF) -> tuple[PageTable, QPointF] | None:
        if not self:
            return None
        index = self.index_at(at.y())
        words = self[index].words
        return words.table_at(at - self.place(index).topLeft()) if words is not None else None

    def wide_table(self, top: float, bottom: float) -> PageTable | None:
        for index in self.between(top, bottom):
            words, first = self[index].words, self.tops[index]
            for at, table in words.tables if words is not None else ():
                if table.is_wide and first + at + table.height > top and first + at < bottom:
                    return table
        return None
