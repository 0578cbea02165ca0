"""Writes days as a calendar that other programs read (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from slmdesk.base.record import Record

MOST_BYTES = 75
"""Bytes of a line; the rest goes on in the next, after a space."""


class Entry(Record):
    day: date
    words: str
    details: str
    key: str
    """Tells it from others, so that a calendar that is read again replaces it."""
    is_sure: bool = True


def to_calendar(entries: Sequence[Entry], now: datetime | None = None) -> bytes:
    """Return the entries as whole days. `now`: when it is written."""
    stamp = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//slmdesk//deadlines//EN", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT", f"UID:{sha256(entry.key.encode('utf-8', 'replace')).hexdigest()[:32]}@slmdesk",
            f"DTSTAMP:{stamp}", f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}", f"SUMMARY:{_text(entry.words)}",
            f"DESCRIPTION:{_text(entry.details)}", f"STATUS:{'CONFIRMED' if entry.is_sure else 'TENTATIVE'}",
            "TRANSP:TRANSPARENT", "END:VEVENT",
        ]  # fmt: skip
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
