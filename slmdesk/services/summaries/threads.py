"""The mails of a thread: what of a text are their headers, and when each was sent.  Pure functions."""

from __future__ import annotations

import re

from slmdesk.core.chunking import Piece
from slmdesk.services.summaries.paper_words import pattern
from slmdesk.services.summaries.selection import MARKS
from slmdesk.text.checks.dates import find_dates


class Thread:
    def __init__(self) -> None:
        self._begins: list[int] = []
        self._dates: list[tuple[int, ...]] = []

    @property
    def has_several(self) -> bool:
        """Whether there are several mails, all of them dated."""
        return len(self._begins) > 1 and all(self._dates)

    def is_header(self, piece: Piece, at: int, language: str) -> bool:
        """Return whether a piece is of a mail's header, and keep its date."""
        text = piece.text.strip(MARKS)
        is_sender = _is_field("sender", text, "")
        if not is_sender and not (self._begins and _is_field("header", text, language)):
            return False
        if is_sender:
            self._begins.append(at)
            self._dates.append(())
        for one in find_dates(text, language):
            if not self._dates[-1] and one.readings and all(one.readings[0]):
                self._dates[-1] = tuple(part or 0 for part in one.readings[0])
            elif len(self._dates[-1]) == 3 and one.minutes:
                self._dates[-1] += one.minutes[:1]
        return True

    def date_of(self, piece: int) -> tuple[int, ...]:
        """Return when the mail was sent in which a piece stands: year, month, day, minutes."""
        return next(
            (date for begin, date in zip(self._begins[::-1], self._dates[::-1], strict=True) if begin < piece), ()
        )


def _is_field(name: str, text: str, language: str) -> bool:
    return re.match(rf"{pattern(name, language).pattern}\W*:", text, re.IGNORECASE) is not None
