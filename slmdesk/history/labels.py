"""Texts for people about days, kinds of items and what was recovered from a damaged history. Pure functions."""

from __future__ import annotations

import os

from slmdesk.base.records import KINDS as COUNTED_KINDS
from slmdesk.base.records import Brought, HistoryContents, Rescued, counted
from slmdesk.base.texts import N_, _, day_words, ngettext
from slmdesk.base.untrusted import clean_label

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
    "reply": (N_("Reply"), "pencil"),
    "due": (N_("Deadlines"), "calendar"),
    "stand_ins": (N_("Copy without names"), "eye-off"),
}
OTHER_KIND = (N_("Result"), "file-text")
"""Kinds of items as people read them, each with its icon."""


MOST_NAMED, MOST_LENGTH = 8, 160
"""Most things of a kind that are named in a question, and most characters of each."""


def contents_words(contents: HistoryContents) -> str:
    """Say what a history holds: “3 chats, 1 summary, 15 documents”."""
    kinds = [kind for kind in COUNTED_KINDS if kind and contents.kinds.get(kind)]
    words = [counted(kind, contents.kinds[kind]) for kind in kinds]
    if contents.documents:
        words.append(ngettext("{n:,} document", "{n:,} documents", contents.documents))
    return ", ".join(words) or _("nothing")


def replacing_words(theirs: HistoryContents, mine: HistoryContents) -> tuple[str, str]:
    """Return what a backup holds, and what it would take the place of."""
    held = contents_words(theirs)
    if theirs.time:
        held = _("{contents} of {day}").format(contents=held, day=day_words(theirs.time))
    return (
        _("The backup holds {contents}.").format(contents=held),
        _("It takes the place of what is here: {contents}. That is kept, and can be brought back.").format(
            contents=contents_words(mine)
        ),
    )


def brought_lines(brought: Brought) -> list[str]:
    """Name what a backup brought, each with its place. The names are somebody else's."""
    models = [_("Model {name}: {path}").format(name=_named(model.name), path=_named(model.path))
              for model in brought.models]  # fmt: skip
    folders = [_("Folder to watch: {path}").format(path=_named(folder.path)) for folder in brought.folders]
    presets = [_("Preset: {name}").format(name=_named(preset.name)) for preset in brought.presets]
    lines = [line for named in (models, folders, presets) for line in _shortened(named)]
    if brought.jobs:
        lines.append(ngettext("{n:,} job, which stays paused", "{n:,} jobs, which stay paused", len(brought.jobs)))
    return lines


def _named(name: str | bytes) -> str:
    return clean_label(name if isinstance(name, str) else os.fsdecode(name), MOST_LENGTH)


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_NAMED
    return [*lines[:MOST_NAMED], _("and {n:,} more").format(n=more)] if more > 0 else lines


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
    if rescued.uncounted:
        lost.append(_("how much more is missing cannot be told"))
    more = "".join(f" {loss[0].upper()}{loss[1:]}." for loss in lost)
    return _("Rescued: {received}.{more} The damaged file is kept.").format(received=", ".join(received), more=more)


def _is(number: int) -> str:
    return ngettext("is", "are", number)
