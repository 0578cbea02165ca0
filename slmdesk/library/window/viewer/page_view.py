"""The pages of a document, one below the other; only visible ones are loaded and painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
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
from slmdesk.library.window.viewer.page_table import PageTable
from slmdesk.library.window.viewer.sheet_column import GAP, SheetColumn
from slmdesk.library.window.viewer.sheets import Box, Sheet, first_mark, first_place, paint_sheet
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.theme import Theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named

WIDEST = 1000
ZOOMS = (50, 70, 85, 100, 125, 150, 200, 300)
LINE_STEP = 40
WHEEL_STEP = 80
KEPT = 12
"""Pages whose pictures are kept when they are out of sight."""
ASK_AFTER_MS = 60
"""Delay after scrolling, so that pages flying past are not requested."""


class PageView(QAbstractScrollArea):
    """Requests what comes into view by `picture_requested` (page number, width in device pixels; 0: only the boxes of
    its marks) and `text_requested` (page number), answered by `show_picture`, `show_boxes` and `show_text`.  Emits
    `page_reached` with the number of the page at the top, `place_clicked` with a page's number, the character clicked
    (-1 where only the place is known) and the place as shares of the page, `menu_requested` with a page's number and a
    place on the screen.
    """

    picture_requested = Signal(int, int)
    text_requested = Signal(int)
    page_reached = Signal(int)
    place_clicked = Signal(int, int, QPointF)
    menu_requested = Signal(int, QPoint)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page_view", label="Pages of the document")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(240, 160)
        self._keeper = keeper
        self.sheets = SheetColumn()
        self.zoom = 100
        self.reached = 0
        """The number of the page at the top; 0 while there is none."""
        self._towards: tuple[int, bool] | None = None
        self._dragged: tuple[PageTable, float] | None = None
        self._ask_timer = Delay(self, ASK_AFTER_MS, self._ask)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        keeper.theme_changed.connect(self._on_theme_changed)

    # ---- what is shown

    @property
    def count(self) -> int:
        return len(self.sheets)

    @property
    def page_width(self) -> float:
        """The width of a page, in device-independent pixels."""
        space = self.viewport().width() - 2 * GAP
        return max(160.0, min(space, WIDEST) * self.zoom / 100)

    def line_at(self, number: int, character: int) -> str:
        """The list item that holds a character of a page; empty for anything else."""
        sheet = self.sheets.find(number)
        for block in sheet.page.blocks if sheet is not None else ():
            if sheet is not None and block.start <= character < block.end:
                return sheet.page.text[block.start : block.end] if block.kind is BlockKind.LIST_ITEM else ""
        return ""

    def show_pages(self, pages: Sequence[Page], *, reset: bool = True) -> None:
        """Show these pages (text may be missing); `reset` scrolls to the first one."""
        known = len(self.sheets)
        if not reset and 1 < known <= len(pages):  # more of the same, while it is read: what is known stays as it is
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
        self._ask()  # the first page is waited for

    def show_text(self, page: Page) -> None:
        sheet = self.sheets.find(page.number)
        if sheet is None:
            return
        sheet.page, sheet.has_text = page, True
        self._lay_out(sheet)
        self._measure(keep=True)

    def show_picture(self, number: int, picture: QImage, boxes: Sequence[Sequence[Box]] | None = ()) -> None:
        """Show the picture of a page, with the boxes of each of its marks; None: those that are here stay."""
        sheet = self.sheets.find(number)
        if sheet is None or picture.isNull():
            return
        sheet.picture = picture
        if boxes is not None:
            sheet.place_marks(boxes)
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

    def mark(self, spans: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """Mark these characters, by page number, instead of the earlier ones.  Then see `show_boxes`."""
        for sheet in self.sheets:
            sheet.spans = tuple(spans.get(sheet.page.number, ()))
            sheet.place_marks(())
            sheet.asked_boxes, sheet.current = False, None
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
            sheet.place_marks(boxes)
            self._go_on()
            self.viewport().update()

    def go_to(self, number: int, *, to_mark: bool = False) -> None:
        """Scroll to a page; `to_mark`: to its first mark, as soon as its place is known."""
        self._towards = (number, to_mark)
        self._go_on()

    def set_zoom(self, percent: int) -> None:
        percent = min(max(percent, ZOOMS[0]), ZOOMS[-1])
        if percent != self.zoom:
            self.zoom = percent
            self._resize_sheets()

    def zoom_in(self) -> None:
        self.set_zoom(next((one for one in ZOOMS if one > self.zoom), ZOOMS[-1]))

    def zoom_out(self) -> None:
        self.set_zoom(next((one for one in reversed(ZOOMS) if one < self.zoom), ZOOMS[0]))

    # ---- events

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

    # ---- Qt's own

    def sizeHint(self) -> QSize:
        return QSize(520, 640)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resize_sheets()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._towards = None
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.zoom_in if event.angleDelta().y() > 0 else self.zoom_out)()
            event.accept()
            return
        turned = event.angleDelta()
        across = turned.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else turned.x()
        found = self._table_at(event.position()) if across else None
        if found is not None and self._scroll_table(found[0], -across / 120 * WHEEL_STEP):
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
        found = self._table_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or found is None or not found[0].bar.contains(found[1]):
            super().mousePressEvent(event)
            return
        table, inside = found
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
        if found := self.sheets.place_at(event.position() + self._scrolled()):
            self.place_clicked.emit(*found)

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
        painter.fillRect(event.rect(), colours.colour("window"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in self.sheets.between(*self._in_sight()):
            place = self.sheets.place(index).translated(-self._scrolled())
            paint_sheet(painter, self.sheets[index], place, self._keeper, QRectF(self.viewport().rect()))
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    # ---- private

    def _scrolled(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _table_at(self, position: QPointF) -> tuple[PageTable, QPointF] | None:
        """The table at a position of the view, and the position in the table."""
        return self.sheets.table_at(position + self._scrolled())

    def _scroll_table(self, table: PageTable, by: float) -> bool:
        """Scroll a wide table; returns whether it scrolls at all."""
        if table.scroll_to(table.offset + by):
            self.viewport().update()
        return table.is_wide

    def _in_sight(self) -> tuple[int, int]:
        top = self.verticalScrollBar().value()
        return top, top + self.viewport().height()

    def _measure(self, *, keep: bool = False, begin: int = 0) -> None:
        """Compute the place of every page, or of those from `begin` on; `keep`: what is in view stays in place."""
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
        """Request what is in view and just below; drop what is far away."""
        sight = self.sheets.between(*self._in_sight())
        near = range(max(0, sight.start - 1), min(len(self.sheets), sight.stop + 1))
        width = round(self.page_width * self.devicePixelRatioF())
        changed = False
        for index in near:
            sheet = self.sheets[index]
            if sheet.is_pictured and sheet.picture_width != width:
                sheet.picture_width, sheet.asked_boxes = width, True
                self.picture_requested.emit(sheet.page.number, width)
            elif sheet.is_pictured and sheet.spans and not sheet.asked_boxes:
                sheet.asked_boxes = True
                self.picture_requested.emit(sheet.page.number, 0)
            elif not sheet.is_pictured and sheet.words is None:
                if sheet.has_text:
                    self._lay_out(sheet)
                    changed = True
                elif not sheet.asked_text:
                    sheet.asked_text = True
                    self.text_requested.emit(sheet.page.number)
        self.sheets.forget_but(range(near.start - KEPT, near.stop + KEPT))
        if changed:
            self._measure(keep=True)

    def _go_on(self) -> None:
        if self._towards is None:
            return
        number, to_mark = self._towards
        sheet = self.sheets.find(number)
        index = self.sheets.index(sheet) if sheet is not None else 0
        if sheet is None or index >= len(self.sheets.tops):
            return
        if to_mark and sheet.spans and sheet.words is not None and sheet.words.reveal(first_mark(sheet)):
            self.viewport().update()
        within = first_place(sheet, self.page_width) if to_mark else 0.0
        lead = self.viewport().height() / 4 if within else GAP / 2
        self.verticalScrollBar().setValue(round(self.sheets.tops[index] + within - lead))
        is_known = bool(sheet.boxes) if sheet.is_pictured else sheet.words is not None
        if not to_mark or is_known:
            self._towards = None
