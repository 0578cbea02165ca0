"""Tells which changes of a sentence are only suggested: those of a value, a name, a negation or a word of meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slmdesk.base.text.words import WORD, capitalised, folded, function_words, listed
from slmdesk.claims.differences import CONDITION, DUTY, NEGATION, differences
from slmdesk.claims.finders.names import opens
from slmdesk.claims.finders.negation import denials
from slmdesk.claims.judge import missing
from slmdesk.tasks.translation.preserved import changed_placeholders
from slmdesk.tasks.writing.edits import Edit, applied, is_same, letters_of, words_in

_FIGURES = re.compile(r"\d(?:[\d.,:/'’ ]*\d)?|[-−–+±<>≤≥](?=\s?\d)|[%‰€$£¥§°]")
_RUN_TOGETHER = re.compile(
    r"\b(do|does|did|is|are|was|were|have|has|had|ca|wo|would|should|could|must|need)nt\b", re.IGNORECASE
)
"""Matches English negations without an apostrophe, such as "dont" for "don't"."""


MOST_ADDED = 3
"""Most words that a correction adds or takes away. A small model goes on with what follows in a text that it knows."""


def doubts_of(sentence: str, edits: Sequence[Edit], language: str) -> list[str]:
    """Return for each change of a sentence why it must not be made without asking, or "" if it may.

    The reasons are `line break`, `address` (text that must stay letter for letter), `number`, `meaning` (who must, or
    may), `negation`, `name` and `words` (a word of meaning for another one). `language` is an ISO 639-1 code.
    """
    gone = [word for edit in edits for word in words_in(edit.old(sentence))]
    come = [word for edit in edits for word in words_in(edit.new)]
    return [_doubt(sentence, edit, language, gone, come) for edit in edits]


def _doubt(sentence: str, edit: Edit, language: str, gone: Sequence[str], come: Sequence[str]) -> str:
    old, new, after = edit.old(sentence), edit.new, applied(sentence, [edit])
    if old.count("\n") != new.count("\n"):
        return "line break"
    if any(changed_placeholders(sentence, after)):
        return "address"
    if _FIGURES.findall(sentence) != _FIGURES.findall(after):
        return "number"
    if letters_of(old) == letters_of(new):
        return ""
    found = differences(sentence, after, (language, language))
    kinds = {each.kind for each in found if each.old or each.kind != "date"}  # a misspelled day is none yet
    kinds -= {NEGATION}  # counted, not only there or not
    if kinds:
        return "meaning" if kinds <= {CONDITION, DUTY} else "number"
    if denied(sentence, language) != denied(after, language):
        return "negation"
    is_respelled = any(name.casefold() not in new.casefold() for name in _names_at(sentence, edit, language))
    if is_respelled and any(word[0].isupper() and folded(word) not in capitalised() for word in words_in(new)):
        return "name"
    if abs(len(words_in(new)) - len(words_in(old))) > MOST_ADDED:
        return "words"
    is_lost = not all(_is_said(word, come, language) for word in words_in(old))
    is_swapped = is_lost and not all(_is_said(word, gone, language) for word in words_in(new))
    return "words" if is_swapped else ""


def facts_beside(old: str, new: str, language: str) -> tuple[list[str], list[str]]:
    """Return the values and names of a new wording that the old one lacks, and those that it has lost."""
    return _facts_only_in(new, old, language), _facts_only_in(old, new, language)


def _facts_only_in(text: str, other: str, language: str) -> list[str]:
    marked = [mark.text for mark in missing(text, [other], language)]
    there = _FIGURES.findall(other)
    return marked + [
        figure for figure in _FIGURES.findall(text) if not any(figure in known for known in (*marked, *there))
    ]


def denied(text: str, language: str) -> int:
    """Return how many negations a text has."""
    if language == "en":
        text = _RUN_TOGETHER.sub(r"\1n't", text)
    return len(denials(text, language) or ())


def _names_at(sentence: str, edit: Edit, language: str) -> Iterator[str]:
    """Yield the names that a change touches: capitalised inside a sentence, in German only after a title."""
    titles, before = listed("names", "titles"), ""
    for match in WORD.finditer(sentence):
        word, plain = match[0], folded(match[0])
        is_title, before = before in titles, plain
        is_touched = edit.start < match.end() and match.start() < edit.end
        if not is_touched or not word[0].isupper():
            continue
        if is_title or (language != "de" and not opens(sentence, match.start())):
            yield word


def _is_said(word: str, others: Sequence[str], language: str) -> bool:
    """Return whether a word is small or has its counterpart among the others: a form of it, or its right spelling."""
    return folded(word) in function_words(language) or any(is_same(word, other) for other in others)
