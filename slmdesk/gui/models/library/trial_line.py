"""One trial of a model (exam, measurement or checksum): result, button, progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.models.library.trials import Trial
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label, plain_tip


class TrialLine(QWidget):
    """Text on the left, the button on the right; a bar below while it runs.

    Emits `start_requested` and `stop_requested`.
    """

    start_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget, *, kind: str, title: str, button: str, tip: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{kind}_line")
        self._start_words, self._is_running = button, False
        self._words = plain_label("", self, name=f"{kind}_words")
        self._button = named(QPushButton(button, self), f"{kind}_button", tip=plain_tip(tip))
        self._button.clicked.connect(self._on_clicked)
        self._state = plain_label("", self, name=f"{kind}_state", kind="small")
        self._bar = named(QProgressBar(self), f"{kind}_bar", label=title)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setRange(0, 1000)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_12)
        row.addWidget(self._words, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        layout.addWidget(plain_label(title, self, name=f"{kind}_title", kind="strong"))
        layout.addLayout(row)
        layout.addWidget(self._state)
        layout.addWidget(self._bar)
        self.show_trial(None)

    def show_words(self, text: str) -> None:
        self._words.setText(text)

    def show_trial(self, trial: Trial | None) -> None:
        """Show the progress; None: it is not running."""
        self._is_running = trial is not None
        self._button.setText("Stop" if trial else self._start_words)
        self._state.setVisible(trial is not None)
        self._bar.setVisible(trial is not None)
        if trial:
            self._state.setText(trial.words)
            self._bar.setValue(round(trial.fraction * 1000))

    @Slot()
    def _on_clicked(self) -> None:
        (self.stop_requested if self._is_running else self.start_requested).emit()
