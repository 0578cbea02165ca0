"""Rules, holds and what was recovered from a damaged history, in words.  Pure functions."""

from __future__ import annotations

import time
from datetime import date

from slmdesk.base.records import DOCUMENT, KINDS, Hold, Rescued, Rule, SetBy, Then, What, counted
from slmdesk.base.untrusted import clean_label

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


# ---- labels for what was recovered from a damaged history


def rescued_words(found: Rescued) -> str:
    chats = found.items - found.translations
    received = [f"{_counted(chats, 'chat')} with {_counted(found.messages, 'message')}"]
    if found.translations or found.segments:
        received.append(f"{_counted(found.translations, 'translation')} with {_counted(found.segments, 'segment')}")
    if found.memory:
        received.append(f"{_counted(found.memory, 'sentence')} of the translation memory")
    if found.glossaries or found.terms:
        received.append(f"{_counted(found.glossaries, 'glossary', 'glossaries')} with {_counted(found.terms, 'term')}")
    lost = []
    if found.unreadable:
        lost.append(f"{_counted(found.unreadable, 'entry', 'entries')} could not be read")
    if found.lost_segments:
        lost.append(f"{_counted(found.lost_segments, 'segment')} of translations {_is(found.lost_segments)} missing")
    if found.lost_pages:
        lost.append(f"{_counted(found.lost_pages, 'page')} of the file {_is(found.lost_pages)} lost")
    more = "".join(f" {one[0].upper()}{one[1:]}." for one in lost)
    return f"Rescued: {', '.join(received)}.{more} The damaged file is kept."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
