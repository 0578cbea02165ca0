"""Follows the answers of a summary while they are written: whole lines become points, the rest is shown as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable

from slmdesk.services.summaries.prompts import AnswerPoint, Style, points_in

SHOWN_EVERY_S = 0.15


class Writing:
    """One thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[int, str] = {}
        self._told: dict[int, int] = {}
        self._shown = 0.0
        self.line = ""

    @property
    def is_due(self) -> bool:
        if self._clock() - self._shown < SHOWN_EVERY_S:
            return False
        self._shown = self._clock()
        return True

    def add(self, part: int, words: str, style: Style) -> list[AnswerPoint]:
        """Return the points of the lines that these words end."""
        answer = self._answers[part] = self._answers.get(part, "") + words
        done, _, rest = answer.rpartition("\n")
        self.line = " ".join(rest.split()).lstrip("-*• ")
        if "\n" not in words:
            return []
        known = self._told.get(part, 0)
        found = points_in(done, style)[known:]
        self._told[part] = known + len(found)
        return found

    def restart(self) -> None:
        """Forget what was written of answers without an end: they are written again, and the same points come first."""
        self._answers.clear()
        self.line = ""

    def end(self, part: int) -> int:
        """A part's answer is whole: return how many of its points were returned already."""
        self._answers.pop(part, None)
        self.line = ""
        return self._told.pop(part, 0)
