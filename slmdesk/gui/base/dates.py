"""Days and times as they stand in the window: the same in every country, and short for today."""

from __future__ import annotations

from datetime import datetime


def day_words(seconds: float, now: datetime | None = None) -> str:
    """Of seconds since the epoch, local time: "today", else "2026-11-21"."""
    day = datetime.fromtimestamp(seconds).astimezone().date()
    today = (now or datetime.now().astimezone()).date()
    return "today" if day == today else day.isoformat()


def moment_words(seconds: float, now: datetime | None = None) -> str:
    """The same with the time: "today, 02:41"."""
    return f"{day_words(seconds, now)}, {datetime.fromtimestamp(seconds).astimezone():%H:%M}"
