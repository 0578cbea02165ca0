"""An editor for one sentence of a translation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel

HEIGHT, LEAST_WIDTH = 150, 300


class SentenceEditor(QFrame):
    kept = Signal(int, str, str)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "sentence_frame", kind="floating")
        self._place, self._index, self._source = parent, -1, ""
        self._words = named(QPlainTextEdit(self), "sentence_editor", label="The translation of this sentence")
        self._words.setTabChangesFocus(True)
        self._words.installEventFilter(self)
        self._about = ElidedLabel(self, name="sentence_source", kind="small")
        self._keep = button(
            "Keep", "keep_sentence_button", self, kind="primary",
            tip="Keep these words, and remember them for this sentence (Enter)",
        )  # fmt: skip
        self._leave = button("Cancel", "leave_sentence_button", self, tip="Leave the translation as it was (Esc)")
        foot = row(1, self._leave, self._keep)
        column(self._about, (self._words, 1), foot, into=self, gap=theme.SPACE_4, margins=theme.SPACE_8)
        self._keep.clicked.connect(self._on_keep)
        self._leave.clicked.connect(self.close_editor)
        self.hide()

    def open(self, index: int, source: str, target: str, below: QPoint) -> None:
        """Edit a sentence; `below`: its place, in the parent's coordinates."""
        self._index, self._source = index, source
        self._about.set_full_text(source)
        self._words.setPlainText(target)
        self._words.selectAll()
        space = self._place.rect()
        width = min(space.width(), max(LEAST_WIDTH, space.width() // 2 - theme.SPACE_16))
        height = min(space.height(), max(HEIGHT, self.sizeHint().height() // 2))
        self.setGeometry(
            max(0, min(below.x(), space.width() - width)),
            max(0, min(below.y(), space.height() - height)),
            width,
            height,
        )
        self.show()
        self.raise_()
        self._words.setFocus()

    def close_editor(self) -> None:
        """Close without saving."""
        if self.isVisible():
            self.hide()
            self.left.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.close_editor()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_keep()
                return True
        return False

    def _on_keep(self) -> None:
        words = " ".join(self._words.toPlainText().split())
        if words:
            self.kept.emit(self._index, self._source, words)
            self.close_editor()
