"""A list of models to choose from, with check boxes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import (
    CheckBox,
    breakable,
    column,
    named,
    plain_label,
    plain_tip,
    show_column,
)

INDENT = 30
"""Pixels by which the facts are indented, so that they stand under the name and not under its check box."""


class CheckRow(Record):
    key: str
    title: str
    info: str
    bytes: int
    words: str = ""
    trouble: str = ""
    is_here: bool = False


class NameBox(CheckBox):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "check_box", label=text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full = text
        self._show(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        advance = self.fontMetrics().horizontalAdvance
        box = self.sizeHint().width() - advance(self.text().replace("&&", "&"))  # wider with large letters
        self._show(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width() - box))

    def _show(self, text: str) -> None:
        self.setText(text.replace("&", "&&"))  # Qt would take an ampersand as the mark of a shortcut
        self.setToolTip(plain_tip(self._full) if text != self._full else "")


class CheckList(QScrollArea):
    """List of models with check boxes. Models that are unusable or already in the library cannot be chosen."""

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
        return [other_row for other_row in self._rows if (box := self._boxes.get(other_row.key)) and box.isChecked()]

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
        box.setAccessibleDescription(" ".join(words for words in (row.info, row.words, row.trouble) if words))
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
