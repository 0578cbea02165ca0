"""What speech is turned into, and the models that do it."""

from __future__ import annotations

from slmdesk.base.record import Record


class Segment(Record):
    """A stretch of speech.  Times in seconds from the beginning of the sound."""

    start: float
    end: float
    text: str
    speaker: int | None = None
    """Counts from 1, as far as silence tells.  None: not known."""


class Transcript(Record):
    segments: tuple[Segment, ...]
    language: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


class SpeechModel(Record):
    id: str
    name: str
    path: str
    bytes: int
    languages: tuple[str, ...]
    """Codes such as "de"; "mul" for many."""
