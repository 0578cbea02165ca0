"""Checks by rule whether the cited passages support an answer: numbers, dates, names, negations, conditions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.services.documents.citations import Mark
from slmdesk.services.documents.nearest import share_of
from slmdesk.text.checks.check import Flag, check
from slmdesk.text.checks.evidence import VALUES
from slmdesk.text.words.sentences import sentence_spans
from slmdesk.text.words.stop_words import search_words

_NUMBERS = re.compile(r"\[\d{1,4}(?:, ?\d{1,4})*\]")
_DENIES = re.compile(
    r"\b(?:no|not|never|none|cannot|\w+n['’]t|nein|nicht|kein\w*|nie|non|pas|ne|nunca|mai|nie)\b", re.IGNORECASE
)
_SHARE_ASKED = 0.6
"""Of a condition's words that a question must have to ask about it."""
_TURNS = frozenset({"negation", "condition"})
FIGURES = VALUES - {"name"}
_WORD = re.compile(r"\w+")
_YES_OR_NO = re.compile(
    r"^[¿\s]*(?:is|are|was|were|do|does|did|has|have|had|can|could|may|must|shall|should|will|would|am|ist|sind|war"
    r"|waren|hat|haben|darf|dürfen|kann|können|muss|müssen|soll|sollen|wird|werden|gibt|gilt|gehört|gehören"
    r"|est-ce|est-il|est-elle|peut-on|doit-on|y a-t-il|es|son|puede|debe|hay|è|sono|può|deve|czy)\b",
    re.IGNORECASE,
)


def marks_of(answer: str, question: str, passages: Sequence[str], language: str = "") -> tuple[Mark, ...]:
    """Return marks for what the passages do not support, by places in the answer; none without passages.

    A "No, it is not 1,400" may name what was asked about, even if the text does not; a condition of the
    question need not be repeated.
    """
    source = "\n".join(passages)
    if not source.strip():
        return ()
    text = _NUMBERS.sub(lambda found: " " * len(found[0]), answer)
    marks: list[Mark] = []
    for start, end in sentence_spans(text, language):
        sentence = text[start:end]
        denies = _DENIES.search(sentence) is not None
        for flag in check(sentence, source, language):
            is_asked = denies and flag.kind not in _TURNS and flag.text.casefold() in question.casefold()
            is_asked = is_asked or (flag.kind in FIGURES and _is_echo(sentence, flag, question))
            if not is_asked and not (flag.kind == "condition" and _is_in(flag.detail, question)):
                marks.append(_mark(flag, start))
    return tuple(marks)


def _is_echo(sentence: str, flag: Flag, question: str) -> bool:
    """Whether a figure stands in an answer among words of the question: what was asked is not what is said.

    A question that yes or no answers is said again by its answer.
    """
    words = [one for one in _WORD.finditer(sentence) if one.start() < flag.end and flag.start < one.end()]
    if not words or asks_yes_or_no(question):
        return False
    before = _WORD.findall(sentence[: words[0].start()].casefold())[-2:]
    behind = _WORD.findall(sentence[words[-1].end() :].casefold())[:2]
    said = [*before, *(one[0].casefold() for one in words), *behind]
    size, asked = len(words) + 2, f" {' '.join(_WORD.findall(question.casefold()))} "
    return any(f" {' '.join(said[at : at + size])} " in asked for at in range(len(said) - size + 1))


def asks_yes_or_no(question: str) -> bool:
    return _YES_OR_NO.match(question) is not None


def _is_in(condition: str, question: str) -> bool:
    words = search_words(condition)
    return bool(words) and share_of(words, question) >= _SHARE_ASKED


def _mark(flag: Flag, begin: int) -> Mark:
    return Mark(flag.kind, flag.text, begin + flag.start, begin + flag.end, flag.detail)
