"""Finds glossary terms in a text in all their inflected forms."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import overload

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.base.translation import Forms, SegmentFlag, Term

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff]")
_BETWEEN = " \u00a0\u202f-\u2010\u2011'’\n"
KEY = 3
"""Number of first letters by which terms are looked up. All forms of a word have the same first three letters."""


class Occurrence(Record):
    term: Term
    start: int
    end: int


class TermIndex(Sequence[Term]):
    """Index that finds the terms that may occur in a text without checking each of them.

    Building it takes two seconds for 200,000 terms, and a look-up some milliseconds per sentence.
    """

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self._terms = tuple(terms)
        self._by_beginning: dict[str, list[tuple[int, str]]] = {}
        """Inflected terms by the first letters of their first word, with the first letters of their last word."""
        self._by_letters: dict[str, list[int]] = {}
        """Terms that are matched letter by letter, by their first letters."""
        self._by_core: dict[str, list[int]] = {}
        """Terms that may be part of a compound word, by their first three letters."""
        self._by_source: dict[str, list[int]] = {}
        for at, term in enumerate(self._terms):
            self._put(at, term)

    def __len__(self) -> int:
        return len(self._terms)

    @overload
    def __getitem__(self, index: int) -> Term: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Term]: ...
    def __getitem__(self, index: int | slice) -> Term | Sequence[Term]:
        return self._terms[index]

    def candidates(self, text: str, language: str) -> list[Term]:
        """Return the terms that may occur in a text, longer terms first, equally long ones in the list's order."""
        folded = fold(text)
        places: set[int] = set()
        words = _WORD.findall(folded)
        beginnings = {word[:size] for word in words for size in range(1, KEY + 1)}
        for beginning in beginnings:
            places.update(at for at, last in self._by_beginning.get(beginning, ()) if last in beginnings)
        if self._by_letters:
            for letters in {folded[at : at + size] for size in range(1, KEY + 1) for at in range(len(folded))}:
                places.update(self._by_letters.get(letters, ()))
        if language in COMPOUNDING and self._by_core:
            for core in {word[at : at + LEAST_STEM] for word in words for at in range(LEAST_STEM, len(word))}:
                places.update(self._by_core.get(core, ()))
        return [self._terms[at] for at in sorted(places, key=lambda at: (-len(self._terms[at].source), at))]

    def same_as(self, term: Term) -> list[Term]:
        """Return all terms with the same source words, including this term. Any of their translations is right."""
        return [self._terms[at] for at in self._by_source.get(fold(term.source.strip()), ())]

    def _put(self, at: int, term: Term) -> None:
        folded = fold(term.source.strip())
        self._by_source.setdefault(folded, []).append(at)
        first = _WORD.search(folded)
        if first is None or term.forms is Forms.EXACT or _has_no_forms(folded):
            self._by_letters.setdefault(folded[:KEY], []).append(at)
            return
        last = _WORD.findall(folded)[-1]
        self._by_beginning.setdefault(first[0][:KEY], []).append((at, last[:KEY]))
        if first[0] == last and len(last) > LEAST_STEM:
            self._by_core.setdefault(last[:LEAST_STEM], []).append(at)


def find_terms(text: str, terms: Sequence[Term], language: str = "") -> list[Occurrence]:
    """Return the occurrences of terms in a text of the source language. Longer terms win over terms inside them.

    If a term has several translations, the first entry is returned.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    occurrences: list[Occurrence] = []
    taken: list[tuple[int, int]] = []
    for term in index.candidates(text, language):
        for start, end in spans_of(text, term.source, language, forms=term.forms, minds_case=term.minds_case):
            if all(end <= begun or ended <= start for begun, ended in taken):
                taken.append((start, end))
                occurrences.append(Occurrence(term, start, end))
    return sorted(occurrences, key=lambda occurrence: occurrence.start)


def terms_in(text: str, terms: Sequence[Term], language: str = "") -> tuple[Term, ...]:
    """Return each term in a text once. If it has several translations, return all its entries in the list's order."""
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    matched = (term.term for term in find_terms(text, index, language))
    return tuple(dict.fromkeys(same for term in matched for same in index.same_as(term)))


def spans_of(
    text: str,
    requested: str,
    language: str = "",
    *,
    forms: Forms = Forms.STEM,
    minds_case: bool = False,
    anywhere: bool = False,
) -> list[tuple[int, int]]:
    """Return where words occur in a text, in order. `anywhere` also finds them as any element of a compound."""
    requested = requested.strip()
    parts = _words(requested)
    if not requested:
        return []
    if forms is Forms.EXACT or _has_no_forms(requested) or not parts:
        return _as_written(text, requested, minds_case=minds_case)
    words = _words(text)
    size = len(parts)
    spans = []
    for at in range(len(words) - size + 1):
        run = words[at : at + size]
        if not all(_is_there(word, part, language, forms) for word, part in zip(run[:-1], parts[:-1], strict=True)):
            continue
        if not _is_there(run[-1], parts[-1], language, forms, is_last=size == 1, anywhere=anywhere):
            continue
        if _is_one_phrase(text, run, requested, parts) and not (minds_case and _is_cased(run, parts)):
            spans.append((run[0].start, run[-1].end))
    return spans


class _Word(Record):
    text: str
    folded: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[_Word, ...]:
    return tuple(_Word(match[0], fold(match[0]), match.start(), match.end()) for match in _WORD.finditer(text))


def _is_there(
    word: _Word, part: _Word, language: str, forms: Forms, *, is_last: bool = False, anywhere: bool = False
) -> bool:
    if _is_acronym(part.text) and not word.text.startswith(part.text):
        return False
    if fits(word.folded, part.folded, language):
        return True
    if forms is Forms.PREFIX:
        return word.folded.startswith(part.folded)
    is_name = part.text[:1].isupper() and word.text[:1].islower()  # "gerecht" has no "Recht"
    return is_last and not is_name and is_within(word.folded, part.folded, language, anywhere=anywhere)


def _is_acronym(part: str) -> bool:
    return len(part) >= 2 and part.isalpha() and part.isupper()


def _is_cased(run: Sequence[_Word], parts: Sequence[_Word]) -> bool:
    return any(word.text[:LEAST_STEM] != part.text[:LEAST_STEM] for word, part in zip(run, parts, strict=True))


def _is_one_phrase(text: str, run: Sequence[_Word], requested: str, parts: Sequence[_Word]) -> bool:
    for (word, other), (first, second) in zip(itertools.pairwise(run), itertools.pairwise(parts), strict=True):
        between = text[word.end : other.start]
        if between.strip(_BETWEEN) and between != requested[first.end : second.start]:
            return False
    return True


def _as_written(text: str, requested: str, *, minds_case: bool) -> list[tuple[int, int]]:
    pattern = re.escape(requested)
    if not _UNSPACED.search(requested):
        before, after = _edge(requested[0], "<"), _edge(requested[-1], "=")
        pattern = before + pattern + after
    return [(match.start(), match.end()) for match in re.finditer(pattern, text, 0 if minds_case else re.IGNORECASE)]


def _has_no_forms(requested: str) -> bool:
    return _UNSPACED.search(requested) is not None or not (requested[:1].isalnum() and requested[-1:].isalnum())


def _edge(letter: str, side: str) -> str:
    """Return a pattern for a word's end: no letter or digit may follow. Beside a sign ("C++", "§") anything may."""
    if not (letter.isalnum()):
        return ""
    return r"(?<![^\W_])" if side == "<" else r"(?![^\W_])"


# Decides whether a word of a text is a form of a glossary word. Uses the inflectional endings of each language, not a
# dictionary. A form is the glossary word, with its last letters changed or dropped as the language does, plus one of
# the language's endings. Endings that make another word ("contract-or", "Arbeit-er") do not count. In languages
# without a table of endings, words fit by a common beginning (`same_stem`). All words here are folded as in
# text.folding: without accents, ł as l, ß as ss. Measured on tests/golden/terms.toml.

LEAST_STEM = 3
MOST_ENDING = 4
"""Most letters of an ending in languages without a table of endings."""
LEAST_PART = 5
"""Fewest letters of a term that is found inside a longer word."""
COMPOUNDING = frozenset(("de", "nl", "sv", "da", "no", "fi", "hu", "et"))


def _words_in(said: str) -> list[str]:
    return [
        word for part in said.split() for word in (_TABLES["shared"][part[1:]].split() if part[0] == "@" else [part])
    ]


_TABLES = tomllib.loads(resources.files("slmdesk.base.text").joinpath("terms.toml").read_text("utf-8"))
ENDINGS: Mapping[str, frozenset[str]] = {code: frozenset(_words_in(said)) for code, said in _TABLES["endings"].items()}
CHANGES: Mapping[str, list[tuple[str, str]]] = {
    code: [(old, new) for old, _, new in (pair.partition(":") for pair in _words_in(said))]
    for code, said in _TABLES["changes"].items()
}
_PLURALS_IN_ER = ("glied", "schild", "gesicht", "geschlecht", "gespenst", "gehalt", "gut", "recht")
"""German words whose plural ends in "-er" although they are long. For other long words "-er" makes a person."""


@lru_cache(maxsize=50_000)
def fits(word: str, part: str, language: str) -> bool:
    if word == part:
        return True
    if not part.isalpha() or len(part) < 2:
        return False
    if language not in ENDINGS:
        return same_stem(word, part)
    if _is_form(word, part, language):
        return True
    # the glossary may have the plural, which is then a form of the word in the text
    return language != "en" and min(len(word), len(part)) >= LEAST_PART and _is_form(part, word, language)


@lru_cache(maxsize=50_000)
def is_within(word: str, part: str, language: str, *, anywhere: bool) -> bool:
    """Return whether a compound has `part` as its last element, or as any element with `anywhere`."""
    if language not in COMPOUNDING or len(word) < len(part) + LEAST_STEM:
        return False
    if len(part) >= LEAST_PART:
        longest = min(len(word) - LEAST_STEM, len(part) + MOST_ENDING)
        if any(fits(word[-size:], part, language) for size in range(max(1, len(part) - 1), longest + 1)):
            return True
    if not anywhere or len(part) < LEAST_PART - 1:
        return False
    shorter = part[:-1] if part.endswith("e") and len(part) >= LEAST_PART else part  # Miete: Mietzahlung
    return part in word or word.startswith(shorter)


def _is_form(word: str, part: str, language: str) -> bool:
    endings = ENDINGS[language]
    for stem in _stems(part, language):
        if not word.startswith(stem):
            continue
        ending = word[len(stem) :]
        if stem == part and ending == "er" and language == "de" and not _has_plural_in_er(part):
            continue
        if ending in endings or (not ending and stem != part and len(stem) >= LEAST_STEM):
            return True
    return language == "en" and _is_doubled(word, part)


def _stems(part: str, language: str) -> Iterator[str]:
    yield part
    for old, new in CHANGES[language]:
        if part.endswith(old) and len(part) - len(old) + len(new) >= LEAST_STEM:
            yield part[: len(part) - len(old)] + new


def _has_plural_in_er(part: str) -> bool:
    return len(part) <= LEAST_PART or part.endswith(_PLURALS_IN_ER)


def _is_doubled(word: str, part: str) -> bool:
    return len(part) >= LEAST_STEM and word in (f"{part}{part[-1]}ing", f"{part}{part[-1]}ed")


def same_stem(word: str, other: str) -> bool:
    """Return whether two folded words, in a language without a table of endings, differ only in their endings.

    They must share at least two thirds of the shorter word, and at most MOST_ENDING letters of each may differ at the
    end. One letter may change inside a long stem.
    """
    short, long = sorted((word, other), key=len)
    if len(short) < LEAST_STEM or len(long) - len(short) > MOST_ENDING:
        return False
    shared = 0
    while shared < len(short) and short[shared] == long[shared]:
        shared += 1
    least = max(LEAST_STEM, -(-len(short) * 2 // 3))
    is_close = len(long) - shared <= 2 or shared * 5 >= len(long) * 3
    if shared >= least and is_close and len(short) - shared <= 2 and len(long) - shared <= MOST_ENDING:
        return True
    from rapidfuzz.distance import Levenshtein

    return len(short) >= 6 and Levenshtein.distance(short, long[: len(short)]) <= 1 and short[:2] == long[:2]


def term_flags(
    source: str, target: str, source_language: str, target_language: str, terms: Sequence[Term]
) -> list[SegmentFlag]:
    """Return flags for terms of the source that are not translated as in the glossary, and for forbidden words in the
    target.

    If a term has several translations, any of them is right, and the flag names the first.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    by_source: dict[str, list[Term]] = {}
    for term in find_terms(source, index, source_language):
        by_source.setdefault(fold(term.term.source), []).append(term.term)
    return [
        flag
        for same in by_source.values()
        for flag in _flags_of_term(target, len(same), index.same_as(same[0]), target_language)
    ]


def _flags_of_term(target: str, count: int, choices: Sequence[Term], language: str) -> list[SegmentFlag]:
    flags = []
    requested = {term.source if term.keeps else term.target: term for term in choices if term.keeps or term.target}
    first = next(iter(requested), "")
    there = sum(len(_spans_of_requested(target, words, term, language)) for words, term in requested.items())
    if requested and there < count:
        flags.append(SegmentFlag("glossary", choices[0].source, first))
    for word in dict.fromkeys(word for term in choices for word in term.forbidden):
        if spans_of(target, word, language, anywhere=True):
            flags.append(SegmentFlag("forbidden", word, first))
    return flags


def _spans_of_requested(target: str, words: str, term: Term, language: str) -> list[tuple[int, int]]:
    if term.keeps:
        return spans_of(target, words, language, forms=Forms.EXACT, minds_case=True)
    spans = spans_of(target, words, language, forms=term.forms, minds_case=term.minds_case, anywhere=True)
    return [(start, end) for start, end in spans if not _is_other_person(words, target[start:end], language)]


_FEMALE = re.compile(r"[^\W\d_]{3,}in")


def _is_other_person(requested: str, word: str, language: str) -> bool:
    """Return whether a German word means another person than requested: "Vermieter" for "Vermieterin" or "Mieter"."""
    if language != "de":
        return False
    wanted, there = fold(requested), fold(word)
    if there.startswith(f"ver{wanted}"):
        return True
    if _FEMALE.fullmatch(wanted) and not there.startswith(wanted):
        return wanted.removesuffix("in") in there and wanted not in there
    return there in (f"{wanted}in", f"{wanted}innen")
