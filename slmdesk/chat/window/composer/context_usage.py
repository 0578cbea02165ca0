"""How much of the context a chat takes: measured now and then, estimated while an answer grows."""

from __future__ import annotations


class ContextUse:
    """The latest measure, and the pieces since: an engine sends about one token at a time."""

    def __init__(self) -> None:
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def forget(self) -> None:
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def measured(self, tokens: int, size: int) -> None:
        self._measured, self._size, self._since = tokens, size, 0
        self._reported = (tokens, size)

    def read(self, tokens: int) -> None:
        self._measured = max(self._measured, tokens)

    def grew(self) -> tuple[int, int] | None:
        """Count one more piece.  Returns tokens and size when the meter would show another percentage, else None."""
        self._since += 1
        now = (min(self._measured + self._since, self._size), self._size)
        if not self._size or now[0] * 100 // self._size == self._reported[0] * 100 // self._size:
            return None
        self._reported = now
        return now
