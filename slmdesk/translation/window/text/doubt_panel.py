"""The panel with a back-translation or other translations of a sentence, to use or to dismiss."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QWidget,
)

from slmdesk.translation.window.text.doubts import Doubt, DoubtController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel, plain_label, show_words

LIST_HEIGHT = 120


class DoubtPanel(QFrame):
    used = Signal(int, str, str)
    left = Signal()
    shown_changed = Signal()

    def __init__(self, controller: DoubtController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "doubt_panel", kind="band")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._controller = controller
        self._doubt: Doubt | None = None
        self._build_ui()
        self._connect()
        self.hide()

    def _build_ui(self) -> None:
        self._title = plain_label("", self, name="doubt_title", kind="strong", wraps=False)
        self._about = ElidedLabel(self, name="doubt_about")
        self._close = button("Close", "close_doubt_button", self, tip="Close, and stop asking (Esc)")
        self._bar = thin_bar("doubt_progress", self, "The model is asked", most=0)
        self._words = plain_label("", self, name="doubt_words")
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._list = named(QListWidget(self), "wording_list", label="Other wordings")
        self._list.setWordWrap(True)
        self._list.setMaximumHeight(LIST_HEIGHT)
        self._use = button("Use this", "use_wording_button", self, tip="Put this sentence into the translation (Enter)")
        top = row(self._title, (self._about, 1), self._use, self._close, gap=theme.SPACE_8)
        column(
            top, self._bar, self._words, self._list, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8),
        )  # fmt: skip

    def _connect(self) -> None:
        self._controller.asked.connect(self._on_asked)
        self._controller.answered.connect(self._on_answered)
        self._controller.refused.connect(self._on_refused)
        self._controller.ended.connect(self._on_ended)
        self._close.clicked.connect(self._controller.cancel)
        self._use.clicked.connect(self._on_use)
        self._list.itemActivated.connect(self._on_use)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._controller.cancel()
        else:
            super().keyPressEvent(event)

    def _on_asked(self, doubt: Doubt) -> None:
        self._doubt = doubt
        about = doubt.words or doubt.segment.target
        self._title.setText("Put back" if doubt.is_back else "Other wordings")
        self._about.set_full_text(f"“{about}”")
        self._show([], "", is_asking=True)
        self.show()
        self.shown_changed.emit()

    def _on_answered(self, doubt: Doubt, words: Sequence[str]) -> None:
        said = [one for one in words if one]
        if doubt.is_back:
            source = "" if doubt.words else f"\nThe text says: {doubt.segment.source}"
            self._show([], f"{said[0]}{source}" if said else "The model gave no words.")
        elif said:
            self._show(said, "")
        else:
            otherwise = f" without “{doubt.words}”" if doubt.words else ""
            self._show([], f"The model found no other wording{otherwise}.")

    def _on_refused(self, words: str) -> None:
        self._show([], words)

    def _on_ended(self) -> None:
        focus = QApplication.focusWidget()
        had_keys = focus is not None and self.isAncestorOf(focus)
        self.hide()
        if had_keys:
            self.left.emit()
        self.shown_changed.emit()

    def _on_use(self) -> None:
        item, doubt = self._list.currentItem(), self._doubt
        if item is not None and doubt is not None:
            self.used.emit(doubt.index, doubt.segment.source, item.text())
            self._controller.cancel()

    def _show(self, sentences: Sequence[str], words: str, *, is_asking: bool = False) -> None:
        self._bar.setVisible(is_asking)
        show_words(self._words, words)
        self._list.clear()
        for one in sentences:
            QListWidgetItem(one, self._list)
        self._list.setVisible(bool(sentences))
        self._use.setVisible(bool(sentences))
        if sentences:
            rows = sum(self._list.sizeHintForRow(row) for row in range(self._list.count()))
            self._list.setFixedHeight(min(LIST_HEIGHT, rows + theme.SPACE_8))
            self._list.setCurrentRow(0)
            self._list.setFocus()
        elif not is_asking:
            self._close.setFocus()
