"""Labels for jobs: what they do, how much is done, how long they still take.  Pure functions."""

from __future__ import annotations

from slmdesk.jobs.kinds import DOWNLOAD, KINDS
from slmdesk.jobs.time_left import Remaining
from slmdesk.runtime.messages import bytes_for_people, time_for_people

_STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60)


def kind_words(kind: str) -> str:
    return KINDS.get(kind) or kind.replace("_", " ").replace("-", " ").strip()[:40].capitalize() or "Work"


def name_words(kind: str, title: str) -> str:
    if kind == "exam":
        return f"Examining {title} for what it can be trusted with"
    if kind == "pair_exam":
        return f"Examining how well it translates: {title}"
    if kind == "index":
        return f"Reading the folder {title}"
    return f"{kind_words(kind)}: {title}"


def left_words(left: Remaining | None) -> str:
    if left is None:
        return ""
    if left.is_sure:
        return f"{time_for_people(left.best)} left"
    low, high = _rounded(left.low), _rounded(left.high)
    if high <= 1:
        return "about a minute left"
    if low >= high:
        return f"about {_minutes(high)} left"
    return f"{low} to {_minutes(high)} left" if high < 60 else f"{_minutes(low)} to {_minutes(high)} left"


def done_words(kind: str, done: int, total: int, *, is_about: bool = False) -> str:
    if not total:
        return ""
    if kind == DOWNLOAD:
        return f"{bytes_for_people(done)} of {bytes_for_people(total)}"
    return f"{done:,} of {'about ' if is_about else ''}{total:,} {'step' if total == 1 else 'steps'}"


def share_words(share: float | None) -> str:
    """Format a share as a percentage, rounded down, so that only finished work shows 100 %."""
    return "" if share is None else f"{int(share * 100)} %"


def _rounded(seconds: float) -> int:
    minutes = max(1.0, seconds / 60)
    if minutes > _STEPS[-1]:
        return round(minutes / 30) * 30
    return min(_STEPS, key=lambda one: abs(one - minutes))


def _minutes(minutes: int) -> str:
    return time_for_people(minutes * 60)
