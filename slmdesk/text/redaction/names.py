"""Finds names of people and firms by the words around them: titles, greetings, signatures, headers, labels.  Pure.

By no list of names: whoever is not on it would be missed.  A context found once is enough: `text.redaction.finding`
looks for the name and its forms everywhere else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.text.candidates.names import LEGAL_FORM
from slmdesk.text.checks.words import function_words, tables
from slmdesk.text.redaction.types import Certainty, Find, Kind
from slmdesk.text.words.folding import fold

_UP = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ]"
_LETTER = r"[^\W\d_]"
_SMALL = r"(?:von|vom|van|der|den|de|del|della|dello|di|da|do|dos|du|la|le|zu|zum|ter|ten|y|af|bin|ibn|el|al)"
NAME_WORD = rf"(?:(?:[dDlL]['’]|O['’])?{_UP}{_LETTER}{{1,40}}(?:['’-]{_LETTER}{{1,40}}){{0,4}}|{_UP}\.(?!\w))"
_NAME_WORD = re.compile(NAME_WORD)
_PARTICLE = re.compile(rf"{_SMALL}(?!\w)")
_GAP = re.compile(r"[ \u00a0]+")
_POSSESSIVE = re.compile(r"['’]s?$")
MOST_WORDS = 4
Span = tuple[int, int]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("slmdesk.text.redaction").joinpath("names.toml").read_text("utf-8"))


@cache
def _jobs() -> frozenset[str]:
    return frozenset(_words()["jobs"].split())


@cache
def _no_names() -> frozenset[str]:
    found = tables()["names"]
    days = " ".join(" ".join(tables()[kind]["names"]) for kind in ("months", "weekdays"))
    return frozenset(f"{_words()['not_names']} {found['common']} {found['titles']} {days}".split())


def is_no_name(word: str) -> bool:
    plain = fold(word)
    return plain in _no_names() or plain in _jobs()


@cache
def _pattern(name: str, shape: str, flags: int = 0) -> re.Pattern[str]:
    value = _words()[name]
    joined = value if isinstance(value, str) else "|".join(f"(?:{one})" for one in value)
    return re.compile(shape.replace("WORDS", joined), flags)


def find_names(text: str, language: str = "") -> Iterator[Find]:
    """Names of people and firms; they may overlap.  `language`: code of ISO 639-1 where it is known."""
    yield from _firms(text)
    for start, end, reason in _people(text, language):
        if not LEGAL_FORM.search(text, start, end):
            yield Find(Kind.PERSON, start, end, text[start:end], Certainty.LIKELY, reason)


def _people(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    yield from _after(text, _pattern("titles", r"(?<![\w.])(?:WORDS)[ \u00a0]+"), "title")
    yield from _greeted(text)
    yield from _signed(text)
    yield from _in_headers(text)
    yield from _labelled(text)
    yield from _with_roles(text, language)
    yield from _born(text)
    yield from _above_addresses(text)
    yield from _bare(text, language)


def _may_begin(text: str, word: re.Match[str], plain: str, *, said: bool) -> bool:
    """Whether a name may begin with it: with "Le" or "De" only before another word, and where it was `said`."""
    if plain not in function_words():
        return True
    return said and re.compile(rf"[ \u00a0]{_UP}").match(text, word.end()) is not None


def name_at(text: str, at: int, *, least: int = 1, said: bool = True) -> Span | None:
    """Where the name stands that begins at `at`: at most four words written large, with "von", "de la" between them.

    Titles and professions before it are skipped; it ends before a word that is part of no name.
    `said`: the words before it say that it is a name.
    """
    start, end, count, here = -1, at, 0, at
    for _ in range(2 * MOST_WORDS):
        word = _NAME_WORD.match(text, here)
        if word and not (word.start() and text[word.start() - 1].isalnum()):
            plain = fold(_POSSESSIVE.sub("", word[0]).rstrip("."))
            if plain in _jobs() or plain in tables()["names"]["titles"].split():
                if start >= 0:
                    break
            elif plain in _no_names() or (start < 0 and not _may_begin(text, word, plain, said=said)):
                break
            else:
                start = word.start() if start < 0 else start
                end, count = word.end(), count + 1
                if count == MOST_WORDS:
                    break
            here = word.end()
        elif (small := _PARTICLE.match(text, here)) and (start >= 0 or here == at):
            here = small.end()
            if start < 0:
                start = small.start()
        else:
            break
        gap = _GAP.match(text, here)
        if gap is None:
            break
        here = gap.end()
    if count < least or (count == 1 and text[end - 1] == "."):
        return None
    possessive = re.search(r"['’]s?$", text[start:end])
    return start, end - len(possessive[0]) if possessive else end


def _after(text: str, before: re.Pattern[str], reason: str, *, least: int = 1) -> Iterator[tuple[int, int, str]]:
    for one in before.finditer(text):
        if found := name_at(text, one.end(), least=least):
            yield *found, reason


def _greeted(text: str) -> Iterator[tuple[int, int, str]]:
    for one in _pattern("greetings", r"(?m)^[ \t]*(?:WORDS),?[ \u00a0]+").finditer(text):
        found = name_at(text, one.end())
        if found and re.compile(r"[ \t]*(?:[,:!.]|$)", re.M).match(text, found[1]):
            yield *found, "greeting"


def _signed(text: str) -> Iterator[tuple[int, int, str]]:
    closing = _pattern("closings", r"(?im)^[ \t]*(?:WORDS)(?!\w)([^\n]{0,120})$")
    for one in closing.finditer(text):
        tail = re.search(r"[,.!][ \t]+([^,.!\n]+)$", one[1])
        if tail and (found := _whole(text, one.start(1) + tail.start(1), one.start(1) + tail.end(1))):
            yield *found, "signature"
            continue
        if len(one[1]) > 60 and "," not in one[1]:
            continue
        lines = 0
        for line in re.compile(r"[^\n]+").finditer(text, one.end()):
            if not line[0].strip():
                continue
            lines += 1
            if found := _whole(text, *_without_mark(text, line.start(), line.end())):
                yield *found, "signature"
                break
            if lines == 2:
                break


def _without_mark(text: str, start: int, end: int) -> Span:
    mark = _pattern("before_signature", r"\s*(?:WORDS)\s*").match(text, start, end)
    return (mark.end() if mark else start), end


def _whole(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start] in " \t\"'“”„*_":
        start += 1
    while end > start and text[end - 1] in " \t\"'“”.,;*_":
        end -= 1
    found = name_at(text, start)
    if _pattern("closings", r"(?i)(?:WORDS)(?!\w)").match(text, start):
        return None
    return found if found and found[1] == end else None


def _in_headers(text: str) -> Iterator[tuple[int, int, str]]:
    for one in re.finditer(r"[<(\[](?:mailto:)?[^\s<>()@]{1,64}@", text):
        before = max(text.rfind(sign, max(0, one.start() - 80), one.start()) for sign in "\n<>;:@")
        yield from _listed(text, max(before + 1, one.start() - 80), one.start())
    for one in _pattern("headers", r"(?m)^(?:WORDS)[ \t\u00a0]?:[ \t\u00a0]*([^\n]+)$").finditer(text):
        at = one.start(1)
        for part in re.compile(r"[^;<>]+").finditer(text, at, one.end(1)):
            if "@" not in part[0]:
                yield from _listed(text, *part.span())


def _listed(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    for part in re.compile(r"[^,]+").finditer(text, start, end):
        if found := _whole(text, *part.span()):
            yield *found, "header"


def _labelled(text: str) -> Iterator[tuple[int, int, str]]:
    labels = _pattern("labels", r"(?i)(?<![\w-])(?:WORDS)[ \t\u00a0]?[:：][ \t\u00a0]*")
    for one in labels.finditer(text):
        end = re.compile(r"[^\n,;(]*").match(text, one.end())
        if found := name_at(text, one.end()):
            yield *found, "label"
            follow = re.compile(r",[ \t]+").match(text, found[1])  # Berg, Anna
            second = name_at(text, follow.end()) if follow and end and found[1] == end.end() else None
            if second and re.compile(r"[ \t]*(?:\n|$|[;(])").match(text, second[1]):
                yield *second, "label"
    yield from _after(text, _pattern("before_signature", r"(?<!\w)(?:WORDS)[ \t\u00a0]*"), "label")


def _with_roles(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    roles = _pattern("roles", r"(?<![\w-])(?:WORDS),?[ \u00a0]+")
    yield from _after(text, roles, "role", least=2 if language in ("de", "") else 1)


def _born(text: str) -> Iterator[tuple[int, int, str]]:
    born = (
        r"[,(]? ?\(?(?:born|geb(?:\.|oren)|née?\b|nacid[oa]|nat[oa] (?:il|a)|ur(?:\.|odz)|\*\s?\d|DOB|wohnhaft|"
        r"residing|demeurant)"
    )
    for one in re.compile(rf"(?<![\w'’-]){NAME_WORD}(?=[ ]?{born})").finditer(text):
        before = text.rfind("\n", 0, one.start()) + 1
        start = one.start()
        while (
            word := re.compile(rf"(?:{NAME_WORD}|{_SMALL})[ ]$").search(text, max(before, start - 40), start)
        ) and word[0]:
            if fold(word[0].strip()) in _no_names() | _jobs() or (
                fold(word[0].strip()) in function_words() and not _PARTICLE.match(word[0])
            ):
                break
            start = word.start()
        if (found := name_at(text, start, least=2)) and found[1] >= one.end():
            yield *found, "born"


def _above_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    from slmdesk.text.redaction.addresses import find_addresses

    for one in find_addresses(text):
        line = text.rfind("\n", 0, one.start) + 1
        if text[line : one.start].strip():
            continue
        for _ in range(3):
            before = text.rfind("\n", 0, max(0, line - 1)) + 1
            if before >= line or not text[before : line - 1].strip():
                break
            if found := _whole(text, before, line - 1):
                if found[1] - found[0] > 5 and " " in text[slice(*found)]:
                    yield *found, "address"
                break
            line = before


def _bare(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Two words or more that are written large where the language writes only names so.

    German writes all nouns so: there a verb must follow, or a word such as "von" stand before them.
    """
    between = "" if language in ("de", "") else f"(?:{_SMALL} )*"  # "Aussage von Anna Berg"
    word = re.compile(rf"(?<![\w'’-]){NAME_WORD}(?=[ \u00a0]{between}{_UP})")
    at = 0
    while one := word.search(text, at):
        at = one.end()
        found = name_at(text, one.start(), least=2, said=False)
        if found is None or found[0] != one.start() or _is_heading(text, *found):
            continue
        at = found[1]
        before = re.search(r"([^\W\d_]+)[ \u00a0]+$", text[max(0, found[0] - 20) : found[0]])
        follows = re.compile(r"[ \u00a0]+([^\W\d_]+)").match(text, found[1])
        if language in ("de", ""):
            said = before and _pattern("before_bare", "WORDS").fullmatch(before[1])
            does = follows and _pattern("after_bare", "WORDS").fullmatch(follows[1])
            if not (said or does) or any(_is_german_noun(one) for one in text[slice(*found)].split()):
                continue
        elif before and fold(before[1]) in ("the", "in", "at", "a", "na", "w", "en", "au", "aux", "al", "del", "the"):
            continue
        yield *found, "large"


def _is_german_noun(word: str) -> bool:
    endings = tuple(tables()["names"]["german_common"].split())
    return fold(word).endswith(
        (*endings, "gericht", "amt", "bank", "verein", "stadt", "kasse", "versicherung", "vertrag")
    )


def _is_heading(text: str, start: int, end: int) -> bool:
    line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    rest = text[line:start] + text[end : after if after >= 0 else len(text)]
    return not re.search(r"(?<!\w)[^\W\d_A-Z]{2,}", rest)


_FIRM_WORD = re.compile(rf"(?:{_UP}[\w'’.-]*|\d{{1,4}}|&|\+)$")
_FIRM_JOINS = "und and et y e i of de du des del della di da la le für for von zu & +"
_FIRM_JOIN = frozenset(_FIRM_JOINS.split())
_WORKS_FOR = "of|from|at|bei|vom"


def _firms(text: str) -> Iterator[Find]:
    for form in LEGAL_FORM.finditer(text):
        line = text.rfind("\n", 0, form.start()) + 1
        start, words = form.start(), 0
        for word in reversed(list(re.compile(r"[^\s,;:()„“\"«»]+").finditer(text, line, form.start()))):
            between = text[word.end() : start]
            if re.search(r"[,;:()„“\"«»]", between) and (words or not re.fullmatch(r", ?", between)):
                break
            joins = words and word[0] in _FIRM_JOIN and _has_large_before(text, line, word.start())
            if not (_FIRM_WORD.match(word[0]) or joins) or words == 7 or word[0].endswith("."):
                break
            start, words = word.start(), words + 1
        start = _without_article(text, _behind_person(text, line, start, form.start()), form.start())
        if text[start : form.start()].strip(" ,&"):
            certainty = (
                Certainty.UNSURE if form[0] in ("PC", "LP", "AB", "SE", "SCP", "P.C.", "CIC") else Certainty.LIKELY
            )
            yield Find(Kind.FIRM, start, form.end(), text[start : form.end()], certainty, "legal_form")


def _behind_person(text: str, line: int, start: int, end: int) -> int:
    """Where the firm begins in "Ms Edith Ashworth of Hollowell Ltd": she is found by her title, and elsewhere too."""
    shape = rf"(?<![\w.])(?:WORDS)[ \u00a0]+(?:{_UP}[\w'’.-]*[ \u00a0]+){{1,4}}(?:{_WORKS_FOR})[ \u00a0]+"
    for found in _pattern("titles", shape).finditer(text, line, end):
        start = max(start, found.end())
    return start


def _has_large_before(text: str, line: int, at: int) -> bool:
    return re.search(rf"(?:^|\s){_UP}[\w'’-]*[ \u00a0]+$", text[line:at]) is not None


def _without_article(text: str, start: int, end: int) -> int:
    while word := re.compile(r"[^\W\d_]+[ \u00a0]+").match(text, start, end):
        plain = fold(word[0].strip())
        if plain not in function_words() and plain not in (
            "firma",
            "company",
            "societe",
            "sociedad",
            "societa",
            "spolka",
        ):
            break
        start = word.end()
    return start
