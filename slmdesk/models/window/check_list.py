"""A list of models to choose from: a check box with the name, facts below, a problem in red."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.window.base import theme
from slmdesk.window.base.icons import pixmap
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import breakable, plain_label, plain_tip

INDENT = 30
"""Facts stand under the name, not under its box."""
BOX_WIDTH = 40


class CheckRow(Record):
    """All text is shown as it is."""

    key: str
    title: str
    info: str
    bytes: int
    words: str = ""
    trouble: str = ""
    is_here: bool = False


class NameBox(QCheckBox):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "check_box", label=text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full = text
        self.setText(_literal(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width() - BOX_WIDTH)
        if _literal(shown) != self.text():
            self.setText(_literal(shown))
        self.setToolTip(plain_tip(self._full) if shown != self._full else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box in the theme's colours: the style's own can hardly be seen on a dark background."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        found = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        side = max(found.width(), found.height())
        box = QRectF(found.center().x() - side / 2 + 0.5, found.center().y() - side / 2 + 0.5, side, side)
        role = QPalette.ColorRole
        ground, line, tick = (self.palette().color(one) for one in (role.Window, role.PlaceholderText, role.WindowText))
        if self.isChecked() and self.isEnabled():
            ground = line = self.palette().color(role.Accent)
            tick = self.palette().color(role.HighlightedText)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line, 1.5))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            mark = pixmap("check", tick, size=int(side) - 2, scale=self.devicePixelRatioF())
            painter.drawPixmap(QPointF(box.left() + 1, box.top() + 1), mark)
        painter.end()


class CheckList(QScrollArea):
    """The rows; those already in the library or unusable are shown but cannot be chosen."""

    chosen_changed = Signal()

    def __init__(self, parent: QWidget, *, name: str, height: int = 260) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its boxes are stops; it scrolls along with them
        self.setMinimumHeight(height)
        self._boxes: dict[str, NameBox] = {}  # those that can be chosen
        self._rows: tuple[CheckRow, ...] = ()

    @Slot(object)
    def show_rows(self, rows: Sequence[CheckRow], chosen: bool = True) -> None:
        self._rows, self._boxes = tuple(rows), {}
        inner = named(QFrame(self), "check_list_inner")
        boxes = [self._row(row, inner, chosen=chosen) for row in rows]
        column(*boxes, 1, into=inner, gap=theme.SPACE_8, margins=(0, 0, theme.SPACE_8, 0))
        show_column(self, inner)
        self.chosen_changed.emit()

    @property
    def chosen(self) -> list[CheckRow]:
        return [one for one in self._rows if (box := self._boxes.get(one.key)) and box.isChecked()]

    @property
    def is_empty(self) -> bool:
        return not self._boxes

    def focus_first(self) -> None:
        first = next(iter(self._boxes.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, row: CheckRow, parent: QWidget, *, chosen: bool) -> QWidget:
        holder = named(QFrame(parent), "check_row")
        can_be = not row.trouble and not row.is_here
        box = NameBox(row.title, holder)
        box.setAccessibleDescription(" ".join(one for one in (row.info, row.words, row.trouble) if one))
        box.setChecked(chosen and can_be)
        box.setEnabled(can_be)
        box.toggled.connect(self.chosen_changed)
        if can_be:
            self._boxes[row.key] = box
        lines = (("facts", row.info, "small"), ("words", row.words, "small"), ("trouble", row.trouble, "danger"))
        labels = [
            plain_label(breakable(text), holder, name=f"check_{name}", kind=kind) for name, text, kind in lines if text
        ]
        under = column(*labels, gap=theme.SPACE_4, margins=(INDENT, 0, 0, 0))
        column(box, under, into=holder, gap=0, margins=(0, 0, 0, theme.SPACE_4))
        return holder


def _literal(text: str) -> str:
    """Escape ampersands, which Qt would take for a shortcut."""
    return text.replace("&", "&&")
