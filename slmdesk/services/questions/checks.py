"""Checks by rule whether the cited passages support an answer: numbers, dates, names, negations, conditions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.services.documents.citations import Mark
from slmdesk.services.documents.nearest import share_of
from slmdesk.text.checks.check import Flag, check
from slmdesk.text.words.sentences import sentence_spans
from slmdesk.text.words.stop_words import search_words

_NUMBERS = re.compile(r"\[\d{1,4}(?:, ?\d{1,4})*\]")
"""Of passages, which an answer may name."""
_DENIES = re.compile(
    r"\b(?:no|not|never|none|cannot|\w+n['’]t|nein|nicht|kein\w*|nie|non|pas|ne|nunca|mai|nie)\b", re.IGNORECASE
)
_SHARE_ASKED = 0.6
"""Of a condition's words that a question must have to ask about it."""
_TURNS = frozenset({"negation", "condition"})


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
            if not is_asked and not (flag.kind == "condition" and _is_in(flag.detail, question)):
                marks.append(_mark(flag, start))
    return tuple(marks)


def _is_in(condition: str, question: str) -> bool:
    """Whether a condition was named in the question: "What happens if the inspection fails?"."""
    words = search_words(condition)
    return bool(words) and share_of(words, question) >= _SHARE_ASKED


def _mark(flag: Flag, begin: int) -> Mark:
    return Mark(flag.kind, flag.text, begin + flag.start, begin + flag.end, flag.detail)
