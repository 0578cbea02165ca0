"""Progress of some work: a text and a thin bar.  Takes no room while nothing runs."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from slmdesk.runtime.messages import bytes_for_people, time_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.text import breakable, plain_label


class WorkLine(QWidget):
    def __init__(self, parent: QWidget, *, name: str, spoken: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._words = plain_label("", self, name=f"{name}_words", kind="muted")
        self._bar = thin_bar(f"{name}_bar", self, spoken)
        column(self._words, self._bar, into=self, gap=theme.SPACE_4)
        self.setVisible(False)

    @property
    def words(self) -> str:
        return self._words.text().replace("\u200b", "")

    def show_work(self, words: str, fraction: float | None) -> None:
        """Show this; `fraction` 0..1, None if unknown."""
        self._words.setText(breakable(words))
        self._bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(fraction * 1000))
        self.setVisible(True)

    def end(self) -> None:
        self.setVisible(False)


def amount_words(what: str, done: int, total: int, eta_s: float | None) -> str:
    """What is done, how much of it, and the time left: Checking · 3 GB of 8 GB · 2 min left."""
    parts = [what, f"{bytes_for_people(done)} of {bytes_for_people(total)}" if total else ""]
    if eta_s is not None:
        parts.append(f"{time_for_people(eta_s)} left")
    return DOT.join(one for one in parts if one)
