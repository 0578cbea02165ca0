"""A text as it was when its correction began, and where its sentences stand while it is edited on.  No widgets here."""

from __future__ import annotations

from bisect import bisect_right

from PySide6.QtGui import QTextCursor

from slmdesk.writing.window.tracked_text import TrackedText

REACH = 2_000
"""Characters around its old place in which a sentence is looked for that is no longer there."""


class Snapshot:
    """Part of a text; each of its lines is followed by a cursor of the document."""

    def __init__(self, text: TrackedText, start: int, end: int) -> None:
        self._text, self.start = text, start
        self.words = text.plain[start:end]
        self._starts: list[int] = []
        self._cursors: list[QTextCursor] = []
        at, block = 0, text.document.findBlock(text.position_of(start))
        for line in self.words.split("\n"):
            cursor = QTextCursor(block)
            cursor.setPosition(text.position_of(start + at))
            self._starts.append(at)
            self._cursors.append(cursor)
            at += len(line) + 1
            block = block.next()

    @property
    def line(self) -> int:
        """The line of the whole text that it begins in, from 0."""
        return self._text.plain.count("\n", 0, self.start)

    def now(self, start: int, end: int) -> int | None:
        """Where a sentence of it (characters of `words`) begins in the text now; None where it was changed or is gone,
        or stands there twice.
        """
        sentence, plain = self.words[start:end], self._text.plain
        line = bisect_right(self._starts, start) - 1
        likely = self._text.at(self._cursors[line].position()) + start - self._starts[line]
        if plain.startswith(sentence, likely):
            return likely
        first, last = max(0, likely - REACH), likely + len(sentence) + REACH
        found = plain.find(sentence, first, last)
        return found if found >= 0 and plain.find(sentence, found + 1, last) < 0 else None
