"""Checks that subtitles are readable: at most two lines of 42 characters, and no faster than people read.

Netflix, Timed Text Style Guide (General Requirements, English): 42 characters a line, two lines, 20 characters a second
for adults; European broadcasters ask for 37 to 42 and 15 to 17.
"""

from __future__ import annotations

import re

from slmdesk.base.translation import SegmentFlag

LINE_CHARACTERS = 42
MOST_LINES = 2
READING_SPEED = 20.0
"""Characters a second."""
KIND = "subtitle"
"""Of the units of subtitles; their place is their time, as the file has it."""
_TIME = r"((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})"
_TIMES = re.compile(rf"{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"<[^<>\n]*>|\{[^{}\n]*\}")
_BLANK = re.compile(r" +(?![^<> ]*(?: [^<>]*)?>)(?![^{}]*\})")


def lines_of(words: str, count: int) -> list[str]:
    """Split the words of a cue into lines of about equal length: one where they fit, else as few as keep each within 42
    characters, at most two or as many as there were (`count`).
    """
    if len(shown(words)) <= LINE_CHARACTERS:
        return [words]
    most = max(count, MOST_LINES)
    for number in range(2, most + 1):
        lines = _balanced(words, number)
        if all(len(shown(line)) <= LINE_CHARACTERS for line in lines):
            return lines
    return _balanced(words, most)


def shown(words: str) -> str:
    return _MARKUP.sub("", words)


def _balanced(words: str, count: int) -> list[str]:
    parts = _BLANK.split(words)
    lines: list[str] = []
    for left in range(count, 1, -1):
        goal, best, size = len(shown(" ".join(parts))) / left, 1, 0
        for index, part in enumerate(parts[:-1], start=1):
            size += len(shown(part)) + (index > 1)
            best = index
            if size + (len(shown(parts[index])) + 1) / 2 > goal:
                break
        lines.append(" ".join(parts[:best]))
        parts = parts[best:]
        if not parts:
            return lines
    return [*lines, " ".join(parts)]


def seconds_of(place: str) -> float | None:
    """How long a cue is shown, from its times; None where they are not times."""
    found = _TIMES.search(place)
    return None if found is None else _seconds(found[2]) - _seconds(found[1])


def _seconds(time: str) -> float:
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def reading_flags(source: str, target: str, place: str) -> tuple[SegmentFlag, ...]:
    """Flags of an unreadable cue: `line_length` with the longest line, `reading_speed` with characters per second.

    Not flagged where the source is as fast or as long.
    """
    flags = []
    longest = max((len(shown(line)) for line in lines_of(target, MOST_LINES)), default=0)
    if longest > max(LINE_CHARACTERS, max(len(shown(line)) for line in lines_of(source, MOST_LINES))):
        flags.append(SegmentFlag("line_length", str(longest), str(LINE_CHARACTERS)))
    seconds = seconds_of(place)
    if seconds is not None and len(shown(target)) > max(READING_SPEED * seconds, len(shown(source))):
        speed = f"{len(shown(target)) / seconds:.0f}" if seconds > 0 else "∞"
        flags.append(SegmentFlag("reading_speed", speed, f"{READING_SPEED:.0f}"))
    return tuple(flags)
