"""Finds glossary terms in a text, also with other endings (`text.terms.forms`).

In the source a term counts as a word, or as the last element of a compound ("Mietvertrag"
has "Vertrag"); in the translation also as any other element, since that is how terms are used there ("Vertragsstrafe").
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import overload

from slmdesk.base.record import Record
from slmdesk.base.translation import Forms, Term
from slmdesk.text.terms.forms import COMPOUNDING, LEAST_STEM, fits, is_within
from slmdesk.text.words.folding import fold

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff]")
_BETWEEN = " \u00a0\u202f-\u2010\u2011'’\n"
KEY = 3
"""Letters by which terms are looked up: forms of a word begin with the same three."""


class Occurrence(Record):
    term: Term
    start: int
    end: int


class TermIndex(Sequence[Term]):
    """An index of terms that finds those which may occur in a text without checking all of them.

    Building it takes two seconds for 200,000 terms, and a look-up some milliseconds per sentence.
    """

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self._terms = tuple(terms)
        self._by_beginning: dict[str, list[tuple[int, str]]] = {}
        """By the first letters of their first word, with those of their last: those of which forms are looked for."""
        self._by_letters: dict[str, list[int]] = {}
        """By their first letters: those that are looked for letter by letter."""
        self._by_core: dict[str, list[int]] = {}
        """By the first three letters: those that may stand inside longer words."""
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
        """Terms that may occur in a text, the longer ones first, equals as in the list."""
        folded = fold(text)
        found: set[int] = set()
        words = _WORD.findall(folded)
        beginnings = {word[:size] for word in words for size in range(1, KEY + 1)}
        for beginning in beginnings:
            found.update(at for at, last in self._by_beginning.get(beginning, ()) if last in beginnings)
        if self._by_letters:
            for letters in {folded[at : at + size] for size in range(1, KEY + 1) for at in range(len(folded))}:
                found.update(self._by_letters.get(letters, ()))
        if language in COMPOUNDING and self._by_core:
            for core in {word[at : at + LEAST_STEM] for word in words for at in range(LEAST_STEM, len(word))}:
                found.update(self._by_core.get(core, ()))
        return [self._terms[at] for at in sorted(found, key=lambda at: (-len(self._terms[at].source), at))]

    def same_as(self, term: Term) -> list[Term]:
        """All terms with the same source words, including this one: any of their translations will do."""
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
    """Occurrences of terms in a text of the source language; longer terms win over those inside them.

    Of equal terms with several translations the first one is returned.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    found: list[Occurrence] = []
    taken: list[tuple[int, int]] = []
    for term in index.candidates(text, language):
        for start, end in spans_of(text, term.source, language, forms=term.forms, minds_case=term.minds_case):
            if all(end <= one or other <= start for one, other in taken):
                taken.append((start, end))
                found.append(Occurrence(term, start, end))
    return sorted(found, key=lambda one: one.start)


def terms_in(text: str, terms: Sequence[Term], language: str = "") -> tuple[Term, ...]:
    """The terms that occur in a text, each once; of those with several translations all, in the list's order."""
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    found = (one.term for one in find_terms(text, index, language))
    return tuple(dict.fromkeys(same for term in found for same in index.same_as(term)))


def spans_of(
    text: str,
    requested: str,
    language: str = "",
    *,
    forms: Forms = Forms.STEM,
    minds_case: bool = False,
    anywhere: bool = False,
) -> list[tuple[int, int]]:
    """Where words occur in a text, in order.  `anywhere`: also as any element of a compound."""
    requested = requested.strip()
    parts = _words(requested)
    if not requested:
        return []
    if forms is Forms.EXACT or _has_no_forms(requested) or not parts:
        return _as_written(text, requested, minds_case=minds_case)
    words = _words(text)
    size = len(parts)
    found = []
    for at in range(len(words) - size + 1):
        run = words[at : at + size]
        if not all(_is_there(word, part, language, forms) for word, part in zip(run[:-1], parts[:-1], strict=True)):
            continue
        if not _is_there(run[-1], parts[-1], language, forms, is_last=size == 1, anywhere=anywhere):
            continue
        if _is_one_phrase(text, run, requested, parts) and not (minds_case and _is_cased(run, parts)):
            found.append((run[0].start, run[-1].end))
    return found


class _Word(Record):
    text: str
    folded: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[_Word, ...]:
    return tuple(_Word(one[0], fold(one[0]), one.start(), one.end()) for one in _WORD.finditer(text))


def _is_there(
    word: _Word, part: _Word, language: str, forms: Forms, *, is_last: bool = False, anywhere: bool = False
) -> bool:
    if _is_acronym(part.text) and not _keeps_capitals(word.text, part.text):
        return False
    if fits(word.folded, part.folded, language):
        return True
    if forms is Forms.PREFIX:
        return word.folded.startswith(part.folded)
    is_name = part.text[:1].isupper() and word.text[:1].islower()  # "gerecht" has no "Recht"
    return is_last and not is_name and is_within(word.folded, part.folded, language, anywhere=anywhere)


def _is_acronym(part: str) -> bool:
    return len(part) >= 2 and part.isalpha() and part.isupper()


def _keeps_capitals(word: str, acronym: str) -> bool:
    return word.startswith(acronym)


def _is_cased(run: Sequence[_Word], parts: Sequence[_Word]) -> bool:
    return any(word.text[:LEAST_STEM] != part.text[:LEAST_STEM] for word, part in zip(run, parts, strict=True))


def _is_one_phrase(text: str, run: Sequence[_Word], requested: str, parts: Sequence[_Word]) -> bool:
    for (one, other), (first, second) in zip(itertools.pairwise(run), itertools.pairwise(parts), strict=True):
        between = text[one.end : other.start]
        if between.strip(_BETWEEN) and between != requested[first.end : second.start]:
            return False
    return True


def _as_written(text: str, requested: str, *, minds_case: bool) -> list[tuple[int, int]]:
    pattern = re.escape(requested)
    if not _UNSPACED.search(requested):
        before, after = _edge(requested[0], "<"), _edge(requested[-1], "=")
        pattern = before + pattern + after
    return [(one.start(), one.end()) for one in re.finditer(pattern, text, 0 if minds_case else re.IGNORECASE)]


def _has_no_forms(requested: str) -> bool:
    return _UNSPACED.search(requested) is not None or not (requested[:1].isalnum() and requested[-1:].isalnum())


def _edge(letter: str, side: str) -> str:
    """A pattern for no letter or digit beside a word's end; beside a sign ("C++", "§") anything may stand."""
    if not (letter.isalnum()):
        return ""
    return r"(?<![^\W_])" if side == "<" else r"(?![^\W_])"
