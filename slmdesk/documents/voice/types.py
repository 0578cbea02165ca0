"""What speech is turned into."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.base.documents import Page
from slmdesk.base.record import Record
from slmdesk.base.times import Segment, shown_time, times_of


class Transcript(Record):
    segments: tuple[Segment, ...]
    language: str = ""

    def as_text(self) -> str:
        """Return a line for each passage, with the time at which it begins."""
        return "".join(f"{shown_time(each.start)}  {each.text}\n" for each in self.segments)

    def as_srt(self) -> str:
        cues = (f"{_srt(each.start)} --> {_srt(each.end)}\n{each.text}\n" for each in self.segments)
        return "\n".join(f"{number}\n{cue}" for number, cue in enumerate(cues, 1))


def transcript_of(pages: Iterable[Page], language: str = "") -> Transcript:
    """Return what the pages of a recording, or of subtitles, say and when."""
    cues = ((times_of(block.place), page.text[block.start : block.end]) for page in pages for block in page.blocks)
    return Transcript(tuple(Segment(*times, text) for times, text in cues if times and text), language)


def _srt(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"
