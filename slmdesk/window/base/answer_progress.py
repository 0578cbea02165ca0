"""Progress of an answer while it is written: prompt read, time waited, tokens per second."""

from __future__ import annotations

from slmdesk.base.record import Record, changed

SAID_AFTER_S = 2
TICK_MS = 1000


class Live(Record):
    """One answer in progress; all times come from the same clock."""

    read: int = 0
    total: int = 0
    """Tokens of the prompt."""
    is_loading: bool = False
    began: float = 0.0
    now: float = 0.0
    pieces: int = 0
    """Pieces of text that came, each a token or a few that make one letter."""
    first_at: float = 0.0
    thinks_since: float = 0.0
    """When the first piece of a thought came; 0: none."""

    def reading(self, read: int, total: int, now: float) -> Live:
        """With the prompt read up to `read` tokens; the time of reading counts from the first call."""
        return changed(self, read=read, total=total, is_loading=False, began=self.began if self.total else now, now=now)

    def thinking(self, now: float) -> Live:
        return changed(self, thinks_since=self.thinks_since or now, now=now)

    @property
    def thought_seconds(self) -> float:
        return (self.first_at if self.pieces else self.now) - self.thinks_since

    def grown(self, now: float) -> Live:
        return changed(self, pieces=self.pieces + 1, first_at=self.first_at if self.pieces else now, now=now)

    @property
    def reading_words(self) -> str:
        return f"Reading {self.total:,} tokens… {self.read * 100 // self.total} %{self._seconds}" if self.total else ""

    @property
    def waiting_words(self) -> str:
        return f"Waiting for the model{self._seconds}" if self._seconds else ""

    @property
    def writing_words(self) -> str:
        """How fast it is written; empty in the first second, when the speed is only a guess."""
        seconds = self.now - self.first_at
        if self.pieces < 2 or seconds < 1:
            return ""
        return f"Writing… {self.pieces:,} tokens, {(self.pieces - 1) / seconds:.1f} tokens/s"

    @property
    def _seconds(self) -> str:
        seconds = int(self.now - self.began)
        return f", {seconds} s" if seconds >= SAID_AFTER_S else ""
