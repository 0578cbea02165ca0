"""Finds what weighs in an agreement: duties, conditions and definitions, by word lists of six languages.  Pure.

A duty is laid by a verb ("must", "is obliged to"), by a permission denied ("may not"), or told of a party in the
present ("The Supplier keeps a sample").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.text.checks.conditions import openers
from slmdesk.text.checks.denials import denial
from slmdesk.text.checks.words import folded
from slmdesk.text.words.folding import fold
from slmdesk.text.words.sentences import sentence_spans

LANGUAGES = ("en", "de", "fr", "es", "it", "pl")
LEAST_WORDS = 3
"""Of a condition, or of words that lay a duty."""
_STOP = re.compile(r"[,;:]\s|[.!?](?:\s|$)|\s[–—]\s")
_TERM = re.compile(r"[\"“„«]\s*([^\"“”„«»]{2,60}?)\s*[\"”“»]\s+(?=(?P<verb>[^\W\d_]+(?:['’ ][^\W\d_]+)?))")
_WORD = re.compile(r"[^\W\d_]+")
_SUBJECT = 8
"""Words before a party that it may have and still be what the sentence is about."""


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.files("slmdesk.text.difference").joinpath("duties.toml").read_text("utf-8"))


@cache
def _words(table: str, language: str) -> frozenset[str]:
    return frozenset(_tables()[table].get(language, "").split("|"))


@cache
def _pattern(table: str, language: str) -> re.Pattern[str] | None:
    phrases = _tables()[table].get(language, "")
    return re.compile(rf"(?<![\w’'-])(?:{phrases})(?![\w-])") if phrases else None


def duty_in(text: str, language: str) -> str:
    """The first sentence of a text that lays a duty upon somebody or forbids something; "" where there is none."""
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
    flat = [folded(one) for one in _WORD.findall(words)]
    if len(flat) < LEAST_WORDS or flat[0] not in _words("joins", language):
        return False
    is_verb = flat[1] not in _words("no_duty", language) and flat[2] in _words("behind", language)
    return is_verb and _inflected(flat[1], language) and is_duty(sentence, language)


def is_party(word: str, language: str) -> bool:
    return folded(word) in _words("party", language)


def conditions_in(text: str, language: str) -> Iterator[tuple[int, int]]:
    found = _openers(language)
    end = 0
    for match in found.finditer(text) if found else ():
        is_inside = text[: match.start()].rstrip()[-1:].isalnum()
        if match.start() < end or (is_inside and fold(match.group()) in _clause_openers(language)):
            continue
        stop = _STOP.search(text, match.end())
        end = stop.start() if stop else len(text.rstrip(" ."))
        if len(_WORD.findall(text[match.start() : end])) >= LEAST_WORDS:
            yield match.start(), end


def term_defined(sentence: str, language: str) -> str:
    """The term that a sentence defines; "" where it defines none."""
    match = _TERM.search(sentence)
    if match is None:
        return ""
    verb = fold(match["verb"]).replace("’", "'")
    words = _words("defines", language)
    return match[1] if verb in words or verb.split(" ")[0] in words else ""


@cache
def _clause_openers(language: str) -> tuple[str, ...]:
    return tuple(_tables()["clause_conditions"].get(language, ()))


@cache
def _openers(language: str) -> re.Pattern[str] | None:
    tables = _tables()
    known = [*openers(language), *tables["conditions"].get(language, ()), *_clause_openers(language)]
    known.sort(key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, known))})(?![\w'’-])", re.I) if known else None


@cache
def _not_before(language: str) -> frozenset[str]:
    return frozenset(_tables()["not_before"].get(language, "").split())


def _has(table: str, flat: str, language: str) -> bool:
    pattern = _pattern(table, language)
    return pattern is not None and pattern.search(flat) is not None


def _forbids(flat: str, language: str) -> bool:
    pattern = _pattern("may", language)
    for match in pattern.finditer(flat) if pattern else ():
        clause = re.split(r"[,;:.]", flat[match.end() :], maxsplit=1)[0]
        near = _WORD.findall(flat[: match.start()])[-2:] + _WORD.findall(clause)[: 12 if language == "de" else 3]
        if not _words("denies", language).isdisjoint(near):
            return True
    return False


def _tells_duty(sentence: str, language: str) -> bool:
    for start, end in conditions_in(sentence, language):
        sentence = sentence[:start] + " " * (end - start) + sentence[end:]
    words = list(_WORD.finditer(sentence))
    flat = [folded(one.group()) for one in words]
    parties, pronouns, no_duty = (_words(one, language) for one in ("party", "pronoun", "no_duty"))
    first = 0
    for at, word in enumerate(flat[:-1]):
        if at and re.search(r"[,;:]|\.\s", sentence[words[at - 1].end() : words[at].start()]):
            first = at
        is_subject = word in parties or (word in pronouns and at == first)
        if not is_subject or at - first > _SUBJECT or not words[at + 1].group().islower():
            continue
        if any(one in _not_before(language) for one in flat[max(first, at - 2) : at]):
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
