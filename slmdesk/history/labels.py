"""Texts for people about days, kinds of items and what was recovered from a damaged history. Pure functions."""

from __future__ import annotations

from datetime import date

from slmdesk.base.records import Rescued
from slmdesk.base.texts import MONTHS, N_, _, ngettext

KINDS = {
    "chat": (N_("Chat"), "message-square"),
    "space": (N_("Space"), "folder-open"),
    "translation": (N_("Translation"), "languages"),
    "summary": (N_("Summary"), "list-checks"),
    "question": (N_("Question"), "search"),
    "extraction": (N_("Table"), "sliders"),
    "versions": (N_("Comparison of versions"), "arrow-left-right"),
    "comparison": (N_("Comparison of models"), "package"),
    "writing": (N_("Text"), "pencil"),
}
OTHER_KIND = (N_("Result"), "file-text")
"""Kinds of items as people read them, each with its icon."""


def day_words(when: float) -> str:
    try:
        day = date.fromtimestamp(when)
    except (ValueError, OverflowError, OSError):
        return f"{when:.0f}"
    return date_words(day)


def date_words(day: date) -> str:
    # strftime would take the words of the system's language
    return _("{day} {month} {year}").format(day=day.day, month=_(MONTHS[day.month - 1]), year=day.year)


def rescued_words(rescued: Rescued) -> str:
    chats = rescued.items - rescued.translations
    received = [
        _("{chats} with {messages}").format(
            chats=ngettext("{n:,} chat", "{n:,} chats", chats),
            messages=ngettext("{n:,} message", "{n:,} messages", rescued.messages),
        )
    ]
    if rescued.translations or rescued.segments:
        received.append(
            _("{translations} with {segments}").format(
                translations=ngettext("{n:,} translation", "{n:,} translations", rescued.translations),
                segments=ngettext("{n:,} segment", "{n:,} segments", rescued.segments),
            )
        )
    if rescued.memory:
        received.append(
            _("{sentences} of the translation memory").format(
                sentences=ngettext("{n:,} sentence", "{n:,} sentences", rescued.memory)
            )
        )
    if rescued.glossaries or rescued.terms:
        received.append(
            _("{glossaries} with {terms}").format(
                glossaries=ngettext("{n:,} glossary", "{n:,} glossaries", rescued.glossaries),
                terms=ngettext("{n:,} term", "{n:,} terms", rescued.terms),
            )
        )
    lost = []
    if rescued.unreadable:
        lost.append(
            _("{entries} could not be read").format(
                entries=ngettext("{n:,} entry", "{n:,} entries", rescued.unreadable)
            )
        )
    if rescued.lost_segments:
        lost.append(
            _("{segments} of translations {what} missing").format(
                segments=ngettext("{n:,} segment", "{n:,} segments", rescued.lost_segments),
                what=_is(rescued.lost_segments),
            )
        )
    if rescued.lost_pages:
        lost.append(
            _("{pages} of the file {what} lost").format(
                pages=ngettext("{n:,} page", "{n:,} pages", rescued.lost_pages), what=_is(rescued.lost_pages)
            )
        )
    more = "".join(f" {loss[0].upper()}{loss[1:]}." for loss in lost)
    return _("Rescued: {received}.{more} The damaged file is kept.").format(received=", ".join(received), more=more)


def _is(number: int) -> str:
    return ngettext("is", "are", number)
