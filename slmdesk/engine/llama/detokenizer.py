"""Turns tokens into text as they arrive: never half a character, never the beginning of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence


class Detokenizer:
    """Turns the bytes of tokens into complete characters.  One for each answer; not shared between threads."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """`pieces` holds the bytes of each token (Vocabulary.pieces)."""
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int) -> str:
        """The characters that are complete with `token`, perhaps none.  Bytes that are not UTF-8 become U+FFFD."""
        return self._decoder.decode(self._pieces[token])

    def feed_marked(self, token: int, marks: Mapping[int, bytes]) -> str:
        """As `feed`, with the bytes of control tokens that are shown to nobody but are marks here."""
        return self._decoder.decode(marks.get(token, self._pieces[token]))

    @property
    def is_within(self) -> bool:
        return bool(self._decoder.getstate()[0])

    def flush(self) -> str:
        """The rest at the end: U+FFFD for a character that was never completed, else nothing."""
        return self._decoder.decode(b"", final=True)


class StopFilter:
    """Passes text on up to the first stop string, holding back what may become one.

    The first is the one that is complete first; of two complete at the same character, the one that began first.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """Empty stop strings are ignored."""
        self._stops = tuple(stop for stop in stops if stop)
        self._longest = max(map(len, self._stops), default=0)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return (text to emit, whether a stop string was found).  After a hit nothing more may be fed."""
        text = self._held + text
        self._held = ""
        hits = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if hits:
            return text[: min(hits)[1]], True
        keep = self._length_to_hold(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def flush(self) -> str:
        held, self._held = self._held, ""
        return held

    def _length_to_hold(self, text: str) -> int:
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            end = text[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0
