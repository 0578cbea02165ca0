"""How much of the context a chat takes: measured now and then, and guessed while an answer grows."""

from __future__ import annotations


class ContextUse:
    """The newest measure, and the pieces that came since: an engine tells its words about a token at a time."""

    def __init__(self) -> None:
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def forget(self) -> None:
        """Another chat: nothing is known of it."""
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def measured(self, tokens: int, size: int) -> None:
        """What was counted, in tokens, of a context of this size."""
        self._measured, self._size, self._since = tokens, size, 0
        self._reported = (tokens, size)

    def read(self, tokens: int) -> None:
        """So long is the prompt of the answer that is beginning."""
        self._measured = max(self._measured, tokens)

    def grew(self) -> tuple[int, int] | None:
        """A piece has come.  Tokens and size where the meter would show another percent, else None."""
        self._since += 1
        now = (min(self._measured + self._since, self._size), self._size)
        if not self._size or now[0] * 100 // self._size == self._reported[0] * 100 // self._size:
            return None
        self._reported = now
        return now
