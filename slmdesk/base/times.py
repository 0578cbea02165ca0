"""Times of a recording: as people read them, and as the places of its passages."""

from __future__ import annotations

import re

from slmdesk.base.record import Record

PAUSE_S = 2.0
"""Silence after which a new passage begins, even within a sentence."""
_TIME = r"(?:(\d+):)?(\d+):(\d\d(?:\.\d)?)"
_PLACE = re.compile(rf"{_TIME}–{_TIME}")


class Segment(Record):
    """A stretch of speech that was understood. Times in seconds from the beginning of the sound."""

    start: float
    end: float
    text: str


def shown_time(seconds: float) -> str:
    """Return "3:07" or "1:02:45"."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def place_of(start: float, end: float) -> str:
    """Return the place of a passage, "3:07.2–3:11.9"."""
    return "–".join(f"{shown_time(tenths / 10)}.{tenths % 10}" for tenths in (round(start * 10), round(end * 10)))


def times_of(place: str) -> tuple[float, float] | None:
    """Return the seconds at which a passage begins and ends, or None for the place of anything else."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return None
    hours, minutes, seconds, *last = match.groups()
    return _seconds(hours, minutes, seconds), _seconds(*last)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
