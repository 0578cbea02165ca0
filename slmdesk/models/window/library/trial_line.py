"""One trial of a model (exam, measurement or checksum): result, button, progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from slmdesk.models.window.library.trials import Trial
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, row
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, plain_tip


class TrialLine(QWidget):
    """Text on the left, the button on the right; a bar below while it runs."""

    start_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget, *, kind: str, title: str, button: str, tip: str, stops: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName(f"{kind}_line")
        self._start_words, self._stops, self._is_running = button, stops, False
        self._words = plain_label("", self, name=f"{kind}_words")
        self._button = named(QPushButton(button, self), f"{kind}_button", tip=plain_tip(tip))
        self._button.clicked.connect(self._on_clicked)
        self._state = plain_label("", self, name=f"{kind}_state", kind="small")
        self._bar = thin_bar(f"{kind}_bar", self, title, most=1000)
        head = plain_label(title, self, name=f"{kind}_title", kind="strong")
        line = row((self._words, 1), (self._button, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_12)
        column(head, line, self._state, self._bar, into=self, gap=theme.SPACE_4)
        self.show_trial(None)

    def show_words(self, text: str) -> None:
        self._words.setText(text)

    def set_button(self, text: str) -> None:
        self._start_words = text
        if not self._is_running:
            self._button.setText(text)

    def show_trial(self, trial: Trial | None) -> None:
        """Show the progress; None: it is not running."""
        self._is_running = trial is not None and self._stops
        self._button.setText("Stop" if self._is_running else self._start_words)
        self._state.setVisible(trial is not None)
        self._bar.setVisible(trial is not None)
        if trial:
            self._state.setText(trial.words)
            self._bar.setValue(round(trial.fraction * 1000))

    def _on_clicked(self) -> None:
        (self.stop_requested if self._is_running else self.start_requested).emit()
