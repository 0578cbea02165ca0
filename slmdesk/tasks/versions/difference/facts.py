"""Names what changed between two wordings of a passage: values, names, negations, duties, conditions, definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from slmdesk.base.text.sentences import sentence_spans
from slmdesk.base.text.words import tongue
from slmdesk.claims.differences import DUTY, Difference, differences, is_duty
from slmdesk.claims.finders.names import beginnings, foreign_names
from slmdesk.tasks.versions.difference.alignment import Hunk, Span
from slmdesk.tasks.versions.difference.types import Named

DUTY_ADDED, DUTY_REMOVED, DEFINITION = "duty added", "duty removed", "definition"
LINK = "link"
MOST_NAMED_CHARACTERS = 4000
"""Most characters of a passage in which anything but numbers is searched."""
_SHORT = 4
"""Most words of a change in which a name that only one version has is the change. In a longer one it is wording."""
_TERM = re.compile(r"[\W\d]*[\"“„«]\s*([^\"“”„«»]{2,60}?)\s*[\"”“»]\s+[^\W\d_]")
"""Matches the term that a sentence begins with and defines: “Fault” means …"""
_BOX = re.compile(r"([☐☑☒✓✔✗✘])[^☐☑☒✓✔✗✘|\n]{0,40}")
_SAME = str.maketrans("☑✔✘", "☒✓✗")


def facts_of(old: str, new: str, hunks: Sequence[Hunk], language: str = "") -> tuple[Named, ...]:
    """Return the facts that changed, each once. For a passage that was added or removed, return only its duty.

    `language` is an ISO 639-1 code. If it is unknown, the language is detected by the words.
    """
    language = tongue(f"{old} {new}", language)
    if len(old) > MOST_NAMED_CHARACTERS or len(new) > MOST_NAMED_CHARACTERS:
        return ()
    if not old or not new:
        duty = _duty_in(old or new, language)
        if not duty:
            return ()
        return (Named(DUTY_ADDED, "", duty),) if new else (Named(DUTY_REMOVED, duty, ""),)
    changed = [(hunk.old, hunk.new) for hunk in hunks]
    facts = [_named(each, language) for each in differences(old, new, (language, language), changed=changed)]
    facts += _names(old, new, hunks, language)
    facts += _ticks(old, new, hunks)
    if (term := _TERM.match(new)) and _TERM.match(old):
        facts.append(Named(DEFINITION, term[1], term[1]))
    return tuple(dict.fromkeys(facts))


def _duty_in(text: str, language: str) -> str:
    """Return the first sentence of a text that imposes a duty or forbids something, or ""."""
    for start, end in sentence_spans(text, language):
        if is_duty(text[start:end], language):
            return text[start:end]
    return ""


def _named(difference: Difference, language: str) -> Named:
    kind = difference.kind
    if kind == DUTY:
        kind = DUTY_ADDED if is_duty(difference.new, language) else DUTY_REMOVED
    return Named(kind, difference.old, difference.new)


def _names(old: str, new: str, hunks: Sequence[Hunk], language: str) -> Iterator[Named]:
    """Yield the names that only one version has, of those that stand in what changed."""
    gone, come = foreign_names(old, beginnings(new), language), foreign_names(new, beginnings(old), language)
    for hunk in hunks:
        mine = [old[slice(*span)] for span in gone if _meets(span, hunk.old)]
        theirs = [new[slice(*span)] for span in come if _meets(span, hunk.new)]
        size = max(len(old[slice(*hunk.old)].split()), len(new[slice(*hunk.new)].split()))
        for name, other in zip_longest(mine, theirs, fillvalue=""):
            if size <= _SHORT or (name and other):
                yield Named("name", name, other)


def _ticks(old: str, new: str, hunks: Sequence[Hunk]) -> Iterator[Named]:
    """Yield the boxes that were ticked or emptied, with their words. Not those that came or went."""
    for hunk in hunks:
        for box, other in zip(_BOX.finditer(old, *hunk.old), _BOX.finditer(new, *hunk.new), strict=False):
            before, after = _BOX.match(old, box.start()), _BOX.match(new, other.start())
            if before and after and box[1].translate(_SAME) != other[1].translate(_SAME):
                yield Named("negation", before[0].strip(), after[0].strip())


def _meets(span: Span, other: Span) -> bool:
    return span[0] < other[1] and span[1] > other[0]


def blanked(text: str, spans: Sequence[Span], sign: str = "\x00") -> str:
    for start, end in spans:
        text = text[:start] + sign * (end - start) + text[end:]
    return text
