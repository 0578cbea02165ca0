"""Writes days as a calendar that other programs read (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

MOST_BYTES = 75
"""Bytes of a line; the rest goes on in the next, after a space."""
REMINDERS = ("-P6DT15H", "-PT15H")
"""How long before a whole day its reminders come.

At 9 in the morning a week before, and the day before.
"""


def event(
    day: date,
    title: str,
    details: str,
    key: str,
    *,
    is_sure: bool,
    has_reminder: bool = True,
) -> list[str]:
    """Return the lines of a whole day.

    `key` tells it from others, so that a calendar read again replaces it.
    """
    status = "TENTATIVE"
    if is_sure:
        status = "CONFIRMED"
    lines = [
        "BEGIN:VEVENT",
        *_head(title, details, key),
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"STATUS:{status}",
        "TRANSP:TRANSPARENT",
    ]
    if has_reminder:
        for before in REMINDERS:
            lines += _reminder(title, before)
    return [*lines, "END:VEVENT"]


def _reminder(title: str, before: str) -> list[str]:
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        f"TRIGGER:{before}",
        "END:VALARM",
    ]


def task(title: str, details: str, key: str) -> list[str]:
    """Return the lines of what has to be done on no day that is known."""
    head = _head(title, details, key)
    return ["BEGIN:VTODO", *head, "STATUS:NEEDS-ACTION", "END:VTODO"]


def _head(title: str, details: str, key: str) -> list[str]:
    uid = sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return [
        f"UID:{uid}@slmdesk",
        f"SUMMARY:{_text(title)}",
        f"DESCRIPTION:{_text(details)}",
    ]


def to_calendar(entries: Iterable[Sequence[str]], now: datetime | None = None) -> bytes:
    """Return a calendar of events and tasks. `now`: when it is written."""
    now = now or datetime.now(UTC)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//slmdesk//deadlines//EN",
        "CALSCALE:GREGORIAN",
    ]
    for begin, *rest in entries:
        lines += [begin, f"DTSTAMP:{stamp}", *rest]
    lines.append("END:VCALENDAR")
    text = "".join(f"{part}\r\n" for line in lines for part in _folded(line))
    return text.encode("utf-8", "replace")


def _text(untrusted: str) -> str:
    words = "\n".join(" ".join(line.split()) for line in untrusted.splitlines())
    words = "".join(
        letter for letter in words if letter == "\n" or letter.isprintable()
    )
    words = re.sub(r"([\\;,])", r"\\\1", words)
    return words.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    part = ""
    size = 0
    for letter in line:
        length = len(letter.encode("utf-8", "replace"))
        if size + length > MOST_BYTES:
            yield part
            part = " "
            size = 1
        part += letter
        size += length
    yield part
