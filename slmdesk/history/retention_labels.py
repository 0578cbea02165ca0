"""Rules and holds in words.  Pure functions."""

from __future__ import annotations

import time
from datetime import date

from slmdesk.base.labels import clean_label
from slmdesk.base.retention import DOCUMENT, KINDS, Hold, Rule, SetBy, Then, What, counted

MOST_NAME = 60
ALL_ITEMS = "everything but documents"
WHO = {SetBy.PERSON: "you", SetBy.POLICY: "your organisation"}


def kinds_words(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS and kind else ALL_ITEMS


def rule_words(rule: Rule, space: str) -> str:
    what = kinds_words(rule.kind)
    where = f" in the space “{clean_label(space, MOST_NAME)}”" if rule.folder else ""
    if rule.kind == DOCUMENT:
        return f"{what}, not opened for {rule.days:,} days: forgotten"
    then = f"to the trash for {rule.trash_days:,} days, then deleted for good"
    return f"{what}{where}, not changed for {rule.days:,} days: " + (
        then if rule.then is Then.TRASH else "deleted for good"
    )


def due_words(rule: Rule, count: int) -> str:
    what = counted(rule.kind, count) if count else "nothing"
    if rule.kind == DOCUMENT:
        return f"would forget {what}"
    return f"would move {what} to the trash" if rule.then is Then.TRASH else f"would delete {what} for good"


def hold_words(hold: Hold, name: str) -> str:
    what = "everything" if hold.what is What.ALL else f"{hold.what} {hold.target} “{clean_label(name, MOST_NAME)}”"
    return f"{what}{_why(hold)}{_until(hold)}"


def held_words(hold: Hold | None) -> str:
    if hold is None:
        return ""
    who = "You have" if hold.set_by is SetBy.PERSON else "Your organisation has"
    what = {What.ALL: "everything", What.FOLDER: "this space"}.get(hold.what, "this chat")
    return f"{who} put {what} on hold{_why(hold)}{_until(hold)}: nothing deletes it until the hold is released."


def day_words(when: float) -> str:
    try:
        day = date.fromtimestamp(when)
    except (ValueError, OverflowError, OSError):
        return f"{when:.0f}"
    return f"{day.day} {time.strftime('%B', day.timetuple())} {day.year}"


def _why(hold: Hold) -> str:
    return f" ({clean_label(hold.reason, 80)})" if hold.reason else ""


def _until(hold: Hold) -> str:
    """It ends at midnight: the day before is the last one."""
    return "" if hold.until is None else f" until {day_words(hold.until - 1)}"
