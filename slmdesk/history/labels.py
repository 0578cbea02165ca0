"""Texts for people about rules, holds and what was recovered from a damaged history. Pure functions."""

from __future__ import annotations

from datetime import date

from slmdesk.base.records import DOCUMENT, KINDS, Hold, Rescued, Rule, SetBy, Then, What, counted
from slmdesk.base.texts import MONTHS, _, ngettext
from slmdesk.base.untrusted import clean_label

MOST_NAME = 60
ALL_ITEMS = _("everything but documents")
WHO = {SetBy.PERSON: _("you"), SetBy.POLICY: _("your organisation")}


def kinds_words(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS and kind else ALL_ITEMS


def rule_words(rule: Rule, space: str) -> str:
    what = kinds_words(rule.kind)
    where = _(" in the space “{space}”").format(space=clean_label(space, MOST_NAME)) if rule.folder else ""
    if rule.kind == DOCUMENT:
        return _("{what}, not opened for {days:,} days: forgotten").format(what=what, days=rule.days)
    then = _("to the trash for {trash_days:,} days, then deleted for good").format(trash_days=rule.trash_days)
    return _("{what}{where}, not changed for {days:,} days: ").format(what=what, where=where, days=rule.days) + (
        then if rule.then is Then.TRASH else _("deleted for good")
    )


def due_words(rule: Rule, count: int) -> str:
    what = counted(rule.kind, count) if count else _("nothing")
    if rule.kind == DOCUMENT:
        return _("would forget {what}").format(what=what)
    return (
        _("would move {what} to the trash").format(what=what)
        if rule.then is Then.TRASH
        else _("would delete {what} for good").format(what=what)
    )


def hold_words(hold: Hold, name: str) -> str:
    what = _("everything") if hold.what is What.ALL else f"{hold.what} {hold.target} “{clean_label(name, MOST_NAME)}”"
    return f"{what}{_why(hold)}{_until(hold)}"


def held_words(hold: Hold | None) -> str:
    if hold is None:
        return ""
    who = _("You have") if hold.set_by is SetBy.PERSON else _("Your organisation has")
    what = {What.ALL: _("everything"), What.FOLDER: _("this space")}.get(hold.what, _("this chat"))
    return _("{who} put {what} on hold{why}{until}: nothing deletes it until the hold is released.").format(
        who=who, what=what, why=_why(hold), until=_until(hold)
    )


def day_words(when: float) -> str:
    try:
        day = date.fromtimestamp(when)
    except (ValueError, OverflowError, OSError):
        return f"{when:.0f}"
    return date_words(day)


def date_words(day: date) -> str:
    # strftime would take the words of the system's language
    return _("{day} {month} {year}").format(day=day.day, month=_(MONTHS[day.month - 1]), year=day.year)


def _why(hold: Hold) -> str:
    return f" ({clean_label(hold.reason, 80)})" if hold.reason else ""


def _until(hold: Hold) -> str:
    """Return " until" and the last day of a hold, or "" for no end. A hold ends at midnight after its last day."""
    return "" if hold.until is None else _(" until {day}").format(day=day_words(hold.until - 1))


# ---- labels for what was recovered from a damaged history


def rescued_words(found: Rescued) -> str:
    chats = found.items - found.translations
    received = [
        _("{chats} with {messages}").format(
            chats=ngettext("{n:,} chat", "{n:,} chats", chats),
            messages=ngettext("{n:,} message", "{n:,} messages", found.messages),
        )
    ]
    if found.translations or found.segments:
        received.append(
            _("{translations} with {segments}").format(
                translations=ngettext("{n:,} translation", "{n:,} translations", found.translations),
                segments=ngettext("{n:,} segment", "{n:,} segments", found.segments),
            )
        )
    if found.memory:
        received.append(
            _("{sentences} of the translation memory").format(
                sentences=ngettext("{n:,} sentence", "{n:,} sentences", found.memory)
            )
        )
    if found.glossaries or found.terms:
        received.append(
            _("{glossaries} with {terms}").format(
                glossaries=ngettext("{n:,} glossary", "{n:,} glossaries", found.glossaries),
                terms=ngettext("{n:,} term", "{n:,} terms", found.terms),
            )
        )
    lost = []
    if found.unreadable:
        lost.append(
            _("{entries} could not be read").format(entries=ngettext("{n:,} entry", "{n:,} entries", found.unreadable))
        )
    if found.lost_segments:
        lost.append(
            _("{segments} of translations {what} missing").format(
                segments=ngettext("{n:,} segment", "{n:,} segments", found.lost_segments), what=_is(found.lost_segments)
            )
        )
    if found.lost_pages:
        lost.append(
            _("{pages} of the file {what} lost").format(
                pages=ngettext("{n:,} page", "{n:,} pages", found.lost_pages), what=_is(found.lost_pages)
            )
        )
    more = "".join(f" {loss[0].upper()}{loss[1:]}." for loss in lost)
    return _("Rescued: {received}.{more} The damaged file is kept.").format(received=", ".join(received), more=more)


def _is(number: int) -> str:
    return ngettext("is", "are", number)
