"""How far an item is that is being made, with buttons to pause and cancel its job."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.records import JobStatus
from slmdesk.jobs.events import JobChanged
from slmdesk.runtime.messages import time_for_people
from slmdesk.window.panes.job_follower import JobFollower
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.job_bar import show_share, thin_bar
from slmdesk.window.widgets.text import plain_label


class MakingBar(QFrame):
    """`kind` stands in the names of its widgets, `prefix` in those of words and bar; `resume` is on its button."""

    def __init__(self, controller: JobFollower, parent: QWidget, *, kind: str, prefix: str, resume: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"making_{kind}")
        self._controller, self._resume = controller, resume
        self.is_paused = False
        self.words = plain_label("", self, name=f"{prefix}_words", kind="muted")
        self.pause = button("Pause", f"pause_{kind}_button", self, on=self._on_pause)
        self.cancel = button("Cancel", f"cancel_{kind}_button", self, on=controller.cancel)
        self.bar = thin_bar(f"{prefix}_bar", self, f"Making the {kind}")

    def lay_out(self, *, has_own_line: bool) -> None:
        if has_own_line:  # beside buttons they broke, and pushed the bar about
            column(self.words, self.bar, row(self.pause, self.cancel, 1), into=self)
        else:
            column(row((self.words, 1), self.pause, self.cancel), self.bar, into=self)

    def show_waiting(self) -> None:
        self.show_amount("Waiting for the model…", 0, 0)

    def show_amount(self, words: str, done: int, total: int) -> None:
        """Show how much of something else is done; total 0: a busy bar."""
        self.words.setText(words)
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def show_job(self, event: JobChanged) -> None:
        self.is_paused = event.status is JobStatus.PAUSED
        self.pause.setText(self._resume if self.is_paused else "Pause")
        if event.status.is_end:
            return
        if self.is_paused:
            self.words.setText(f"Paused. {event.problem.sentence if event.problem else ''}".strip())
        elif event.total:
            left = f", {time_for_people(event.eta_s)} left" if event.eta_s else ""
            self.words.setText(f"Step {event.done} of {event.total}{left}")
        show_share(self.bar, event)

    def _on_pause(self) -> None:
        (self._controller.resume if self.is_paused else self._controller.pause)()
