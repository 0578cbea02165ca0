"""What was made on a day, in words.  Pure functions."""

from __future__ import annotations

from datetime import date

from slmdesk.base.retention import DOCUMENT, counted
from slmdesk.history.days import DayContent


def day_words(day: date) -> str:
    return f"{day.day} {day.strftime('%B')} {day.year}"


def day_lines(found: DayContent) -> list[str]:
    if found.is_empty:
        lines = [f"Nothing that was made on {day_words(found.day)} is here."]
    else:
        parts = [counted(kind, count) for kind, count in sorted(found.counts.items())]
        if found.documents:
            parts.append(counted(DOCUMENT, len(found.documents)).replace("uses", "else uses"))
        lines = [f"Made on {day_words(found.day)}, and deleted for good: {', '.join(parts)}."]
    if found.held:
        lines.append(f"On hold, so it stays: {counted('', found.held)}.")
    if found.older:
        lines.append(f"Older, only changed on that day, so it stays: {counted('', found.older)}.")
    return lines
