"""Finds duties, conditions and definitions in an agreement.

By word lists of six languages. Pure functions. A duty is imposed by a verb ("must", "is obliged to"), by denying a
permission ("may not"), or by the present tense with a party as subject ("The Supplier keeps a sample").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.text.checks.negation import denial, openers
from slmdesk.text.checks.words import folded
from slmdesk.text.folding import fold
from slmdesk.text.sentences import sentence_spans

LEAST_WORDS = 3
"""Fewest words of a condition, or of words that impose a duty."""
STOP = re.compile(r"[,;:]\s|[.!?](?:\s|$)|\s[–—]\s")
_TERM = re.compile(r"[\"“„«]\s*([^\"“”„«»]{2,60}?)\s*[\"”“»]\s+(?=(?P<verb>[^\W\d_]+(?:['’ ][^\W\d_]+)?))")
_WORD = re.compile(r"[^\W\d_]+")
OWNER = re.compile(r"[^\W\d_]+(?:['’]s)?")
_SUBJECT = 8
"""Most words before a party that may still be the subject of the sentence."""


@cache
def duty_tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.files("slmdesk.text.difference").joinpath("duties.toml").read_text("utf-8"))


@cache
def duty_words(table: str, language: str) -> frozenset[str]:
    return frozenset(duty_tables()[table].get(language, "").split("|"))


@cache
def _pattern(table: str, language: str) -> re.Pattern[str] | None:
    phrases = duty_tables()[table].get(language, "")
    return re.compile(rf"(?<![\w’'-])(?:{phrases})(?![\w-])") if phrases else None


def duty_in(text: str, language: str) -> str:
    """Return the first sentence of a text that imposes a duty or forbids something, or "" if there is none."""
    for start, end in sentence_spans(text, language):
        if is_duty(text[start:end], language):
            return text[start:end]
    return ""


def is_duty(sentence: str, language: str) -> bool:
    return commands(sentence, language) or _tells_duty(sentence, language)


def commands(words: str, language: str) -> bool:
    flat = fold(words).replace("’", "'")
    if _has("must", flat, language):
        return True
    return (_has("bound", flat, language) and not denial(words, language)) or _forbids(flat, language)


def allows(words: str, language: str) -> bool:
    flat = fold(words)
    return _has("may", flat, language) and not _forbids(flat, language)


def goes_on(words: str, sentence: str, language: str) -> bool:
    flat = [folded(word) for word in _WORD.findall(words)]
    if len(flat) < LEAST_WORDS or flat[0] not in duty_words("joins", language):
        return False
    is_verb = flat[1] not in duty_words("no_duty", language) and flat[2] in duty_words("behind", language)
    return is_verb and _inflected(flat[1], language) and is_duty(sentence, language)


def is_party(word: str, language: str) -> bool:
    return folded(word) in duty_words("party", language)


def conditions_in(text: str, language: str) -> Iterator[tuple[int, int]]:
    pattern = _openers(language)
    end = 0
    for match in pattern.finditer(text) if pattern else ():
        is_inside = text[: match.start()].rstrip()[-1:].isalnum()
        if match.start() < end or (is_inside and fold(match.group()) in _clause_openers(language)):
            continue
        stop = STOP.search(text, match.end())
        end = stop.start() if stop else len(text.rstrip(" ."))
        if len(_WORD.findall(text[match.start() : end])) >= LEAST_WORDS:
            yield match.start(), end


def term_defined(sentence: str, language: str) -> str:
    """Return the term that a sentence defines, or "" if it defines none."""
    match = _TERM.search(sentence)
    if match is None:
        return ""
    verb = fold(match["verb"]).replace("’", "'")
    words = duty_words("defines", language)
    return match[1] if verb in words or verb.split(" ")[0] in words else ""


@cache
def _clause_openers(language: str) -> tuple[str, ...]:
    return tuple(duty_tables()["clause_conditions"].get(language, ()))


@cache
def _openers(language: str) -> re.Pattern[str] | None:
    tables = duty_tables()
    known = [*openers(language), *tables["conditions"].get(language, ()), *_clause_openers(language)]
    known.sort(key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, known))})(?![\w'’-])", re.I) if known else None


@cache
def _not_before(language: str) -> frozenset[str]:
    return frozenset(duty_tables()["not_before"].get(language, "").split())


def _has(table: str, flat: str, language: str) -> bool:
    pattern = _pattern(table, language)
    return pattern is not None and pattern.search(flat) is not None


def _forbids(flat: str, language: str) -> bool:
    pattern = _pattern("may", language)
    for match in pattern.finditer(flat) if pattern else ():
        clause = re.split(r"[,;:.]", flat[match.end() :], maxsplit=1)[0]
        near = _WORD.findall(flat[: match.start()])[-2:] + _WORD.findall(clause)[: 12 if language == "de" else 3]
        if not duty_words("denies", language).isdisjoint(near):
            return True
    return False


def _tells_duty(sentence: str, language: str) -> bool:
    for start, end in conditions_in(sentence, language):
        sentence = sentence[:start] + " " * (end - start) + sentence[end:]
    words = list(_WORD.finditer(sentence))
    flat = [folded(word.group()) for word in words]
    parties, pronouns, no_duty = (duty_words(kind, language) for kind in ("party", "pronoun", "no_duty"))
    first = 0
    for at, word in enumerate(flat[:-1]):
        if at and re.search(r"[,;:]|\.\s", sentence[words[at - 1].end() : words[at].start()]):
            first = at
        is_subject = word in parties or (word in pronouns and at == first)
        if not is_subject or at - first > _SUBJECT or not words[at + 1].group().islower():
            continue
        if any(word in _not_before(language) for word in flat[max(first, at - 2) : at]):
            continue
        if flat[at + 1 : at + 3] in (["does", "not"], ["do", "not"]) and word in parties:
            return True
        if _is_doing(flat[at + 1 :], no_duty, language):
            return True
        if language == "de" and at >= 2 and _is_doing(flat[at - 2 : at - 1], no_duty, language):
            return True  # "Am Ende zahlt der Mieter"
    return False


def _is_doing(words: list[str], no_duty: frozenset[str], language: str) -> bool:
    if len(words) > 1 and (words[0] in ("also", "then", "auch", "aussi") or words[0].endswith(("ly", "ment"))):
        words = words[1:]
    return words[0] not in no_duty and _inflected(words[0], language)


def _inflected(word: str, language: str) -> bool:
    match language:
        case "en":
            return len(word) > 2
        case "de":
            return len(word) > 3 and word.endswith(("t", "en", "rn", "ln"))
        case "fr":
            return len(word) > 3 and word.endswith(("e", "t", "nt", "d", "ent"))
        case _:
            return len(word) > 3
