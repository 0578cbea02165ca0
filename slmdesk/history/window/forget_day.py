"""Forget a day: what was made on it is counted, then deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from PySide6.QtWidgets import QWidget

from slmdesk.history.day_labels import day_lines, day_words
from slmdesk.history.days import DayContent
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice
from slmdesk.window.widgets.text import plain_label

INTRO = (
    "Chats, questions, summaries, translations and everything else made on the day are deleted for good, with "
    "documents that nothing else uses. This cannot be undone."
)


class ForgetDay(Dialog):
    """A day is chosen, what it holds is said, and one press deletes it."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "forget_day", "Forget a day")
        self.resize(520, 220)
        self._bridge = bridge
        self._content: DayContent | None = None
        self._build_ui()
        self._bridge.ask(self._bridge.services.days.days(), self._on_days)

    def _build_ui(self) -> None:
        intro = plain_label(INTRO, self, name="forget_day_intro", kind="muted")
        self._days = named(Choice([], self), "forget_day_choice", label="The day")
        self._days.value_chosen.connect(self._look)
        self._words = plain_label("", self, name="forget_day_words")
        self._forget = button("Forget this day", "forget_day_button", self, on=self._on_forget)
        close = button("Close", "forget_day_close", self, on=self.reject)
        foot = row(1, self._forget, close, gap=theme.SPACE_8)
        column(intro, self._days, self._words, 1, foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show(None)

    def _on_days(self, days: Sequence[date]) -> None:
        self._days.clear()
        for one in days:
            self._days.addItem(day_words(one), one)
        self._days.setEnabled(bool(days))
        if days:
            self._look(days[0])
        else:
            self._words.setText("There is nothing in the history.")

    def _look(self, day: date) -> None:
        self._show(None)
        self._bridge.ask(self._bridge.services.days.look(day), self._show)

    def _show(self, content: DayContent | None) -> None:
        self._content = content
        self._words.setText("\n".join(day_lines(content)) if content else "")
        self._forget.setEnabled(content is not None and not content.is_empty)

    def _on_forget(self) -> None:
        if self._content is None:
            return
        day = self._content.day
        self._forget.setEnabled(False)
        self._bridge.follow(self._bridge.services.days.forget(day), partial(self._on_forgotten, day))

    def _on_forgotten(self, day: date, _content: DayContent) -> None:
        self._bridge.notice_raised.emit(Notice(f"{day_words(day)} is forgotten.", life_ms=UNDO_MS, key="forgotten day"))
        self._bridge.ask(self._bridge.services.days.days(), self._on_days)
