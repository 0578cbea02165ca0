"""Finds statements that the source limits ("if", "unless", "only") and the sentence does not.

Clauses are compared by their words: a condition of the source counts as left out when the sentence repeats the clause
beside it, has no condition of its own, and hardly a word of it; an "only", when the sentence has what it limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from slmdesk.text.checks.words import WORD, folded, function_words, stem, tables
from slmdesk.text.words.sentences import sentence_spans

LEAST_REPORTED = 0.6
"""Of the sentence's words that stand beside the condition, for it to speak of that."""
MOST_NAMED = 0.34
"""Of the condition's own words that a sentence may have and still have left it away."""
LEAST_WORDS = 2
"""Of a condition; "if any" and the like are none."""
LIMITED = 4
"""Words behind an "only" that it may limit."""
MOST_DETAIL = 160
_STOP = re.compile(r"[,;:]\s|[.!?](?:\s|$)|\s[–—]\s")


def openers(language: str) -> tuple[str, ...]:
    """What begins a clause without which a sentence does not hold: "if", "provided that"."""
    return tuple(tables()["conditions"]["openers"].get(language, ()))


@cache
def _openers(language: str) -> re.Pattern[str] | None:
    found = openers(language)
    return (
        re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, found))})(?![\w'’-])", re.IGNORECASE) if found else None
    )


@cache
def _signs(language: str) -> frozenset[str]:
    return frozenset(tables()["conditions"]["signs"].get(language, "").split())


@cache
def _limits(language: str) -> frozenset[str]:
    return frozenset(tables()["conditions"]["limits"].get(language, "").split())


@cache
def _not_before() -> frozenset[str]:
    return frozenset(tables()["conditions"]["not_before_limit"].split())


@cache
def _not_behind() -> frozenset[str]:
    return frozenset(tables()["conditions"]["not_behind"].split())


def left_away(sentence: str, source: str, language: str) -> str:
    """The condition of the source that the sentence leaves out, as the source has it; "" where there is none."""
    if _openers(language) is None or _has_sign(sentence, language):
        return ""
    said = _stems(sentence, language)
    found, least = "", LEAST_REPORTED
    for start, end in sentence_spans(source, language):
        line = source[start:end]
        reported = len(said & _stems(line, language)) / max(1, len(said))
        if reported < least or (found and reported == least):
            continue
        condition = next((one for one in _conditions(line, language) if _is_left(said, line, one, language)), "")
        condition = condition or _limit(said, line, language)
        if condition or reported > least or not found:
            found, least = condition, reported
    return found[:MOST_DETAIL]


def _has_sign(sentence: str, language: str) -> bool:
    opener = _openers(language)
    words = {folded(one) for one in WORD.findall(sentence)}
    return bool(words & (_signs(language) | _limits(language))) or bool(opener and opener.search(sentence))


def _conditions(line: str, language: str) -> Iterator[str]:
    opener = _openers(language)
    for match in opener.finditer(line) if opener else ():
        before = [folded(one) for one in WORD.findall(line[: match.start()])[-1:]]
        if before and before[0] in _not_behind():
            continue  # "even if", "see if"
        stop = _STOP.search(line, match.end())
        yield line[match.start() : stop.start() if stop else len(line)].rstrip(" .")


def _is_left(said: frozenset[str], line: str, condition: str, language: str) -> bool:
    beside = _stems(line.replace(condition, " ", 1), language)
    own = _stems(condition, language) - beside
    return (
        len(own) >= LEAST_WORDS
        and len(said & beside) >= max(2, LEAST_REPORTED * len(said))
        and len(own & said) <= MOST_NAMED * len(own)
    )


def _limit(said: frozenset[str], line: str, language: str) -> str:
    """An "only" of the source with what it limits, where the sentence repeats that."""
    words = list(WORD.finditer(line))
    limits, small = _limits(language), function_words(language)
    for at, word in enumerate(words):
        before = folded(words[at - 1][0]) if at else ""
        if folded(word[0]) not in limits or before in _not_before():
            continue
        behind = [one for one in words[at + 1 :] if folded(one[0]) not in small][:LIMITED]
        reported = sum(stem(folded(one[0])) in said for one in behind)
        if behind and reported >= min(2, len(behind)):
            return line[word.start() : behind[-1].end()]
    return ""


def _stems(text: str, language: str) -> frozenset[str]:
    small = function_words(language)
    words = (folded(one) for one in WORD.findall(text))
    return frozenset(stem(word) for word in words if len(word) > 1 and word not in small)
