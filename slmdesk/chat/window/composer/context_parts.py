"""A small list above the meter: how much of the context each part takes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from slmdesk.chat.attachments.budget import SOME, ContextPart
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import ElidedLabel, plain_label

WIDTH, MOST_HEIGHT = 66, 16
"""In letters x, and in lines."""
WORDS = {
    "instructions": "Instructions",
    "notes": "Notes on the earlier part",
    "pinned": "Pinned messages",
    "conversation": "Conversation so far",
    "question": "What you are writing",
    "answer": "Kept free for the answer",
}


class ContextParts(QFrame):
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        named(self, "context_parts", label="What takes how much of the context")
        self._inner = named(QWidget(self), "context_parts_inner")
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        self._grid.setHorizontalSpacing(theme.SPACE_16)
        self._grid.setVerticalSpacing(theme.SPACE_4)
        self._grid.setColumnStretch(0, 1)
        self._scroll = named(QScrollArea(self), "context_parts_scroll")
        show_column(self._scroll, self._inner)
        column(self._scroll, into=self)
        self._shown: tuple[ContextPart, ...] = ()

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(f"{words_of(one)} {one.note}".strip(), number_of(one)) for one in self._shown]

    def show_parts(self, parts: Sequence[ContextPart]) -> None:
        if tuple(parts) == self._shown:
            return
        self._shown = tuple(parts)
        while self._grid.count():
            item = self._grid.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, part in enumerate(self._shown):
            words = ElidedLabel(self._inner, name="context_part", cut=Qt.TextElideMode.ElideMiddle, text=words_of(part))
            note = plain_label(part.note, self._inner, name="context_part_note", kind="small", wraps=False)
            number = plain_label(number_of(part), self._inner, name="context_part_tokens", wraps=False)
            number.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(words, row, 0)
            self._grid.addWidget(note, row, 1)
            self._grid.addWidget(number, row, 2)

    def open_over(self, anchor: QWidget) -> None:
        for label in self._inner.findChildren(QLabel):
            label.ensurePolished()
        metrics, window = self.fontMetrics(), anchor.window()
        height = min(self._inner.sizeHint().height() + 4, MOST_HEIGHT * metrics.lineSpacing())
        width = min(WIDTH * metrics.horizontalAdvance("x"), window.width() - 2 * theme.SPACE_16)
        self.resize(width, height)
        corner = anchor.mapToGlobal(QPoint(0, -height - theme.SPACE_4))
        left = window.mapToGlobal(QPoint(theme.SPACE_16, 0)).x()
        right = window.mapToGlobal(QPoint(window.width() - theme.SPACE_16, 0)).x() - width
        self.move(max(left, min(corner.x(), right)), corner.y())
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()


def words_of(part: ContextPart) -> str:
    return part.name if part.kind == "attachment" else WORDS.get(part.kind, part.kind)


def number_of(part: ContextPart) -> str:
    most = "up to " if part.kind == "attachment" and part.note == SOME else ""
    return f"{most}{QLocale().toString(part.tokens)} tokens"
