"""Dates and times as the window shows them: the same format in every country, short for today."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
PREVIOUS_DAYS = 7


def day_words(seconds: float, now: datetime | None = None) -> str:
    """The local day of a time in seconds since the epoch: "today", else "2026-11-21"."""
    day = datetime.fromtimestamp(seconds).astimezone().date()
    today = (now or datetime.now().astimezone()).date()
    return "today" if day == today else day.isoformat()


def moment_words(seconds: float, now: datetime | None = None) -> str:
    """The same with the time of day: "today, 02:41"."""
    return f"{day_words(seconds, now)}, {datetime.fromtimestamp(seconds).astimezone():%H:%M}"


@lru_cache(maxsize=8192)
def group_words(seconds: float, today: date) -> str:
    """The heading of a list under which a time stands: "Today", "Previous 7 days", "May", "December 2025"."""
    day = date.fromtimestamp(seconds)
    age = (today - day).days
    if age <= 1:  # a clock that was wrong may have been ahead
        return "Yesterday" if age == 1 else "Today"
    if age <= PREVIOUS_DAYS:
        return f"Previous {PREVIOUS_DAYS} days"
    month = MONTHS[day.month - 1]
    return month if day.year == today.year else f"{month} {day.year}"
