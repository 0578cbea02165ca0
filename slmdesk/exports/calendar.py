"""Writes days as a calendar that other programs read (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

MOST_BYTES = 75
"""Bytes of a line; the rest goes on in the next, after a space."""


def event(day: date, words: str, details: str, key: str, *, is_sure: bool) -> list[str]:
    """Return the lines of a whole day. `key` tells it from others, so that a calendar read again replaces it."""
    return [
        f"UID:{sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}@slmdesk",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(words)}", f"DESCRIPTION:{_text(details)}",
        f"STATUS:{'CONFIRMED' if is_sure else 'TENTATIVE'}", "TRANSP:TRANSPARENT",
    ]  # fmt: skip


def to_calendar(events: Iterable[Sequence[str]], now: datetime | None = None) -> bytes:
    """Return a calendar of events. `now`: when it is written."""
    stamp = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//slmdesk//deadlines//EN", "CALSCALE:GREGORIAN"]
    for about in events:
        lines += ["BEGIN:VEVENT", f"DTSTAMP:{stamp}", *about, "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode("utf-8", "replace")


def _text(untrusted: str) -> str:
    words = "\n".join(" ".join(line.split()) for line in untrusted.splitlines())
    words = "".join(letter for letter in words if letter == "\n" or letter.isprintable())
    return words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    part, size = "", 0
    for letter in line:
        length = len(letter.encode("utf-8", "replace"))
        if size + length > MOST_BYTES:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + length
    yield part
