"""Dates and times as the window shows them: the same format in every country, short for today."""

from __future__ import annotations

from datetime import datetime


def day_words(seconds: float, now: datetime | None = None) -> str:
    """The local day of a time in seconds since the epoch: "today", else "2026-11-21"."""
    day = datetime.fromtimestamp(seconds).astimezone().date()
    today = (now or datetime.now().astimezone()).date()
    return "today" if day == today else day.isoformat()


def moment_words(seconds: float, now: datetime | None = None) -> str:
    """The same with the time of day: "today, 02:41"."""
    return f"{day_words(seconds, now)}, {datetime.fromtimestamp(seconds).astimezone():%H:%M}"
