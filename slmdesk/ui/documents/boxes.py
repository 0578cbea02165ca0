"""What a person takes out of a copy by hand: boxes drawn on the pages, and pictures inside a document."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from slmdesk.base.documents import PageBox
from slmdesk.base.texts import _
from slmdesk.base.types import told_place
from slmdesk.documents.finds import InnerPicture, counted_by_hand
from slmdesk.documents.types import page_ranges
from slmdesk.ui.documents.page_view import PageView, rectangle_of
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import LIGHT, scaled
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, plain_tip, row, tool_button
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import TickDelegate

Edges = tuple[int, int, int, int]
"""Which of left, top, right and bottom follow the mouse or the keys, as 0 or 1."""
ALL: Edges = (1, 1, 1, 1)
LOWER_RIGHT: Edges = (0, 0, 1, 1)
CORNERS: tuple[Edges, ...] = ((1, 1, 0, 0), (0, 1, 1, 0), (1, 0, 0, 1), LOWER_RIGHT)
REACH = 7
"""Pixels around a corner that count as the corner, and by which a press that draws must move."""
STEP = 0.005
"""Share of the page by which a key moves a box."""
ADDED = (0.3, 0.08)
"""Width and height of a box that is added by a key, as shares of the page."""
MOST_BACK = 200
"""Most changes that can be taken back."""
SHOWN_THROUGH = 150
"""Opacity, of 255, of the selected box: what is under it can still be seen."""
CURSORS = {
    ALL: Qt.CursorShape.SizeAllCursor,
    CORNERS[0]: Qt.CursorShape.SizeFDiagCursor, CORNERS[1]: Qt.CursorShape.SizeBDiagCursor,
    CORNERS[2]: Qt.CursorShape.SizeBDiagCursor, LOWER_RIGHT: Qt.CursorShape.SizeFDiagCursor,
}  # fmt: skip


def moved(box: PageBox, edges: Edges, by: QPointF) -> PageBox:
    """Return the box with these edges moved, but none of them over the edges of the page."""
    left, right = _line_moved(box.left, box.right, edges[0], edges[2], by.x())
    top, bottom = _line_moved(box.top, box.bottom, edges[1], edges[3], by.y())
    return PageBox(box.page, left, top, right, bottom)


def _line_moved(begin: float, end: float, moves_begin: int, moves_end: int, by: float) -> tuple[float, float]:
    lowest = min(begin + 1 - moves_begin, end + 1 - moves_end)  # of those that move: the other is farther away
    highest = max(begin - 1 + moves_begin, end - 1 + moves_end)
    by = min(max(by, -lowest), 1 - highest)
    first, last = sorted((begin + moves_begin * by, end + moves_end * by))
    return max(0.0, first), min(1.0, last)


NOWHERE = PageBox(0, 0.0, 0.0, 0.0, 0.0)
"""A box of no page, where none is selected or dragged."""


class BoxLayer(QWidget):
    """Lies over pages that are drawn, while they are redacted. The mouse draws, moves and sizes boxes. By the keyboard,
    Enter selects the next box, arrows move it, with Shift they size it, Delete removes it.
    """

    changed = Signal()
    shown = Signal()
    """Emitted also if only another box is selected."""

    def __init__(self, view: PageView) -> None:
        super().__init__(view.viewport())
        named(self, "redaction_boxes", label=_("Boxes on the pages"))
        self._view = view
        self.boxes: tuple[PageBox, ...] = ()
        self.selected = NOWHERE
        self._number = 0
        """Which of the boxes is selected, from 1. 0 if none is."""
        self._back: list[tuple[PageBox, ...]] = []
        self._drag = NOWHERE, ALL
        """The box as it was pressed, and its edges that follow."""
        self._begin = self._at = QPointF()
        self._keys: dict[str, Callable[[], object]] = {
            "Return": self.select_next, "Enter": self.select_next, "Num+Enter": self.select_next,
            "Del": self.remove, "Backspace": self.remove, "Ctrl+Z": self.undo, "Esc": self._leave,
        }  # fmt: skip
        for key, x, y in (("Left", -STEP, 0), ("Right", STEP, 0), ("Up", 0, -STEP), ("Down", 0, STEP)):
            self._keys[key] = partial(self._step, ALL, QPointF(x, y))
            self._keys[f"Shift+{key}"] = partial(self._step, LOWER_RIGHT, QPointF(x, y))
        column((self, 1), into=view.viewport())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.hide()

    @property
    def has_selected(self) -> bool:
        return self._number > 0

    @property
    def can_undo(self) -> bool:
        return bool(self._back)

    def clear(self) -> None:
        self._back, self._drag = [], (NOWHERE, ALL)
        self._show(())

    def add(self) -> None:
        """Put a box on the page in sight, and select it."""
        if not self._view.sheets:
            return
        at = self._view.scrolled + QPointF(self.rect().center())
        index = self._view.sheets.index_at(at.y())
        place = self._view.sheets.place(index)
        middle = QPointF((at.x() - place.left()) / place.width(), (at.y() - place.top()) / place.height())
        width, height = ADDED
        box = PageBox(self._view.sheets[index].page.number, 0.0, 0.0, width, height)
        self._take(NOWHERE, moved(box, ALL, middle - QPointF(width / 2, height / 2)))
        self.setFocus()

    def remove(self) -> None:
        self._take(self.selected)

    def undo(self) -> None:
        if self._back:
            self._show(self._back.pop())
            self.changed.emit()

    def select_next(self) -> None:
        if self.boxes:
            self._show(self.boxes, self.boxes[self._number % len(self.boxes)])
            self._reveal(self._place_of(self.selected))

    def _reveal(self, place: QRectF) -> None:
        bar = self._view.verticalScrollBar()
        lowest, highest = place.bottom() + theme.SPACE_24 - self.height(), place.top() - theme.SPACE_24
        bar.setValue(bar.value() + round(min(max(0.0, lowest), highest)))

    def _leave(self) -> None:
        self._show(self.boxes)

    def _step(self, edges: Edges, by: QPointF) -> None:
        if self.has_selected:
            self._take(self.selected, moved(self.selected, edges, by))

    def _take(self, old: PageBox, *new: PageBox) -> None:
        """Put a box in the place of another, or in addition if that is none. It can be taken back."""
        self._back = [*self._back[-MOST_BACK:], self.boxes]
        self._show((*(box for box in self.boxes if box != old), *new), *new)
        self.changed.emit()

    def _show(self, boxes: tuple[PageBox, ...], selected: PageBox = NOWHERE) -> None:
        self.boxes, self.selected = tuple(sorted(boxes, key=lambda box: (box.page, box.top, box.left))), selected
        self._number = (NOWHERE, *self.boxes).index(selected)
        words = _("Box {at} of {count}, page {page}") if self.has_selected else ""
        self.setAccessibleDescription(words.format(at=self._number, count=len(self.boxes), page=selected.page))
        self.update()
        self.shown.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._keys.get(QKeySequence(event.keyCombination()).toString())
        if act is None:
            super().keyPressEvent(event)  # the pages scroll
        else:
            act()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._begin = self._at = event.position()
        self._drag = next(self._under(self._at), (NOWHERE, ALL))
        self._show(self.boxes, *({self._drag[0]} & {*self.boxes}))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._at = event.position()
        box, edges = next(self._under(self._at), (NOWHERE, ALL))
        self.setCursor(CURSORS[edges] if box in self.boxes else Qt.CursorShape.CrossCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._at = event.position()
        old, new = self._drag[0], self._dragged
        self._drag = NOWHERE, ALL
        if new is not NOWHERE:
            self._take(old, new)
        self.update()

    @property
    def _dragged(self) -> PageBox:
        """The box that is being dragged as it is now. `NOWHERE` if it did not move, or is too small to be meant."""
        box, edges = self._drag
        page, by = self._page_place(box.page), self._at - self._begin
        new = moved(box, edges, QPointF(by.x() / page.width(), by.y() / page.height()))
        size = self._place_of(new).size()
        return new if new != box and min(size.width(), size.height()) >= REACH else NOWHERE

    def _under(self, at: QPointF) -> Iterator[tuple[PageBox, Edges]]:
        """Yield the boxes at a position with the edges that a press there takes, two at a corner; then a new box."""
        around = QRectF(at - QPointF(REACH, REACH), at + QPointF(REACH, REACH))
        for box in reversed(self.boxes):
            place = self._place_of(box)
            corners = (place.topLeft(), place.topRight(), place.bottomLeft(), place.bottomRight())
            yield from ((box, edges) for edges, corner in zip(CORNERS, corners, strict=True) if around.contains(corner))
            if place.contains(at):
                yield box, ALL
        if drawn := self._view.sheets.place_at(at + self._view.scrolled):
            number, __, share = drawn
            yield PageBox(number, share.x(), share.y(), share.x(), share.y()), LOWER_RIGHT

    def _page_place(self, number: int) -> QRectF:
        """Return where a page lies in the view: out of sight if it is not listed, as while it is read again."""
        sheet = self._view.sheets.find(number)
        if sheet is None:
            return QRectF(-9, -9, 1, 1)
        return self._view.sheets.place(self._view.sheets.index(sheet)).translated(-self._view.scrolled)

    def _place_of(self, box: PageBox) -> QRectF:
        return rectangle_of((box.left, box.top, box.right, box.bottom), self._page_place(box.page))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for box in {*self.boxes} - {self.selected}:
            painter.fillRect(self._place_of(box), Qt.GlobalColor.black)  # as in the copy
        painter.setPen(QPen(LIGHT.colour("accent"), 2))  # pages are white in dark themes too
        if self.hasFocus():
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.setBrush(QColor(0, 0, 0, SHOWN_THROUGH))
        for box in (self.selected, self._dragged):
            painter.drawRect(self._place_of(box))


DIGEST = Qt.ItemDataRole.UserRole
SMALL = 64
"""Side in pixels, at the usual text size, of the place of a picture in the list."""
MOST_SEEN = 4
"""Pictures that are seen at the same time; more of them scroll."""


class PictureList(QListWidget):
    """The pictures inside a document. Ticked ones become black in the copy."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "redaction_pictures", label=_("Pictures in the document; ticked ones become black"))
        self.setItemDelegate(TickDelegate(self))
        self.setFrameShape(self.Shape.NoFrame)

    def show_pictures(self, pictures: Sequence[InnerPicture]) -> None:
        self.clear()
        side = scaled(SMALL)
        self.setIconSize(QSize(side, side))
        self.setFixedHeight(MOST_SEEN * side)
        for picture in pictures:
            small = QPixmap()
            small.loadFromData(base64.b64decode(picture.small))
            name = PurePosixPath(picture.place).name
            words = _("{name}, {width} × {height} dots").format(name=name, width=picture.width, height=picture.height)
            item = QListWidgetItem(QIcon(small), words, self)
            item.setToolTip(plain_tip(told_place(picture.place)))
            item.setData(DIGEST, picture.digest)
            item.setCheckState(Qt.CheckState.Unchecked)

    @property
    def chosen(self) -> tuple[str, ...]:
        items = map(self.item, range(self.count()))
        return tuple(item.data(DIGEST) for item in items if item.checkState() == Qt.CheckState.Checked)


DRAW = _("Draw a box on the page over a stamp, a signature or a photo.")
CHOOSE = _("Photos and signatures in the file can become black.")


class ByHand(QFrame):
    """The row for what no words take out: boxes on pages that are drawn, or pictures inside another document."""

    changed = Signal()
    page_requested = Signal()

    def __init__(self, layer: BoxLayer, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "redaction_by_hand", kind="plain")
        self._layer = layer
        self._is_drawn = False
        self._drawn = plain_label("", self, name="redaction_drawn", kind="muted")
        words = _("Put a box on the page in sight; the arrow keys move it, with Shift they size it")
        self._add = self._tool("redaction_add_box", "square", words, self._on_add)
        words = _("Take back the last change of a box")
        self._undo = self._tool("redaction_undo_box", "undo-2", words, layer.undo)
        words = _("Remove the selected box")
        self._drop = self._tool("redaction_remove_box", "trash-2", words, layer.remove)
        self._choice = Popover(self, "redaction_choice", label=_("Pictures in the document"), width=420)
        self._list = PictureList(self._choice)
        column(self._list, into=self._choice, margins=theme.SPACE_8)
        self._choose = button(_("Pictures…"), "redaction_choose", self, kind="quiet")
        self._choose.clicked.connect(lambda: self._choice.toggle(self._choose))
        parts = (self._add, self._undo, self._drop, self._choose)
        row((self._drawn, 1), *parts, into=self, gap=theme.SPACE_4)
        self._list.itemChanged.connect(lambda _item: self.changed.emit())
        layer.shown.connect(self._show)
        layer.changed.connect(self.changed)
        self.changed.connect(self._show)
        self.show_document(is_drawn=False)

    def _tool(self, name: str, icon: str, words: str, on: Callable[[], object]) -> QWidget:
        return tool_button(name, self, icon=icon, label=words, tip=words, on=on)

    @property
    def boxes(self) -> tuple[PageBox, ...]:
        return self._layer.boxes

    @property
    def pictures(self) -> tuple[str, ...]:
        """Digests of those that are to become black."""
        return self._list.chosen

    @property
    def has_any(self) -> bool:
        return bool(self.boxes or self.pictures)

    def show_document(self, *, is_drawn: bool) -> None:
        """Begin with another document. `is_drawn`: its pages are, with bars and boxes."""
        self._is_drawn = is_drawn
        for part in (self._add, self._undo, self._drop):
            part.setVisible(is_drawn)
        self._layer.clear()
        self.show_pictures(())

    def show_pictures(self, pictures: Sequence[InnerPicture]) -> None:
        self._list.show_pictures(pictures)
        self._choose.setVisible(bool(pictures))
        self._show()

    def lay_over(self, *, is_on: bool) -> None:
        """Let boxes be drawn on the pages beside, if this document has such pages."""
        self._layer.setVisible(is_on and self._is_drawn)

    def allow(self, is_allowed: bool) -> None:
        for part in (self._choose, self._layer, self._add):
            part.setEnabled(is_allowed)

    def _on_add(self) -> None:
        self.page_requested.emit()
        self._layer.add()

    def _show(self) -> None:
        counted = ", ".join(counted_by_hand(len(self.boxes), len(self.pictures)))
        pages = page_ranges([box.page for box in self.boxes])
        if pages:
            words = _("Black in the copy: {counted}, page {pages}").format(counted=counted, pages=pages)
        elif counted:
            words = _("Black in the copy: {counted}").format(counted=counted)
        elif self._is_drawn:
            words = DRAW
        else:
            words = CHOOSE
        self._drawn.setText(words)
        self._drawn.setVisible(self._is_drawn or self._list.count() > 0)
        self._drop.setEnabled(self._layer.has_selected)
        self._undo.setEnabled(self._layer.can_undo)
