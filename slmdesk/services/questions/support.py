"""Finds the places of documents that support an answer, where the model's own quotations do not.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from slmdesk.core.documents import BlockKind
from slmdesk.core.record import Record, changed
from slmdesk.core.records import Passage
from slmdesk.services.documents.citations import Mark
from slmdesk.services.documents.nearest import Citation, PageOf, share_of, stretches_of
from slmdesk.services.questions.checks import marks_of
from slmdesk.services.questions.prompt import Source, cited_passages, supporting
from slmdesk.text.checks.check import Flag, Kind
from slmdesk.text.checks.evidence import VALUES, holds, may_hold, values_in
from slmdesk.text.words.folding import fold_for_search
from slmdesk.text.words.sentences import sentence_spans
from slmdesk.text.words.stop_words import ASKING_WORDS, search_words

ELSEWHERE = "elsewhere"
"""Kind of mark: the value stands in the documents, but whether that place is about the same is not certain."""
LEAST_RELATED = 0.4
"""Of the question's and the answer's other words that the passage around a value must have to be about the same."""
LEAST_WORDED = 0.6
"""Of the words of an answer without values that a sentence must have to be cited for it."""


_LARGE_BEFORE = re.compile(r"(?:[^\W\d_a-z][\w'’-]*[ -])+$")
_LARGE_BEHIND = re.compile(r"(?:[ -][^\W\d_a-z][\w'’-]*)+")


class Support(Record):
    citations: tuple[Citation, ...]
    marks: tuple[Mark, ...]


class _Found(Record):
    citation: Citation
    passage: Passage
    related: float


Everything = Callable[[Sequence[str]], Iterable[Passage]]
"""The passages of all documents that were asked, given the values that are looked for."""


def supported(
    answer: str,
    question: str,
    citations: Sequence[Citation],
    sources: Sequence[Source],
    *,
    everything: Everything,
    page_of: PageOf,
) -> Support:
    """The quotations that hold what an answer says, those of the model first of all, and what none of them does.

    A value that stands beside other words than those of the question is cited too, and marked: it may be invented.
    """
    marks = marks_of(answer, question, cited_passages(citations, sources))
    requested = [one for one in marks if one.kind in VALUES] if citations else _marks(values_in(answer))
    if citations and not requested:
        return Support(tuple(citations), marks)
    read = [one.passage for one in sources]
    if not requested:
        found = _worded(answer, read, page_of)
        return Support((found.citation,) if found else (), ())
    places = _places(requested, answer, question, read, everything, page_of)
    if not citations:
        is_certain = len(places) == len(requested) and all(one.related >= LEAST_RELATED for one in places.values())
        if not is_certain:
            return Support((), ())
    if not places:
        return Support(tuple(citations), marks)
    fresh = tuple(dict.fromkeys(one.citation for one in places.values()))
    values = _marks(values_in(answer))
    kept = [
        one
        for one in supporting([*citations, *fresh], answer)
        if one not in fresh and any(holds(*_in_its_sentence(value, answer), one.quote) for value in values)
    ]
    texts = [*cited_passages(kept, sources), *(one.passage.text for one in places.values())]
    left = marks_of(answer, question, list(dict.fromkeys(texts)))
    doubtful = [changed(mark, kind=ELSEWHERE, detail="") for mark, one in places.items() if one.related < LEAST_RELATED]
    return Support((*fresh, *kept), tuple(sorted([*left, *doubtful], key=lambda one: one.start)))


def _marks(flags: Sequence[Flag]) -> list[Mark]:
    return [Mark(one.kind, one.text, one.start, one.end) for one in flags]


def _places(
    requested: Sequence[Mark],
    answer: str,
    question: str,
    read: Sequence[Passage],
    everything: Everything,
    page_of: PageOf,
) -> dict[Mark, _Found]:
    """The best place of each value: in what the model read, and only then in the rest."""
    places = _best_places(requested, answer, question, read, page_of)
    missing = [one for one in requested if one not in places or places[one].related < LEAST_RELATED]
    if missing:
        known = {one.n for one in read}
        rest = [one for one in everything([one.text for one in missing]) if one.n not in known]
        for mark, found in _best_places(missing, answer, question, rest, page_of).items():
            if mark not in places or found.related > places[mark].related:
                places[mark] = found
    return places


def _best_places(
    requested: Sequence[Mark], answer: str, question: str, passages: Sequence[Passage], page_of: PageOf
) -> dict[Mark, _Found]:
    best: dict[Mark, _Found] = {}
    for mark in requested:
        flag, sentence = _in_its_sentence(mark, answer)
        words = _other_words(question, answer, requested)
        for found in _with_value(flag, sentence, words, passages, page_of):
            if mark not in best or found.related > best[mark].related:
                best[mark] = found
    return best


def _in_its_sentence(mark: Mark, answer: str) -> tuple[Flag, str]:
    spans = ((start, end) for start, end in sentence_spans(answer) if start <= mark.start < end)
    start, end = next(spans, (0, len(answer)))
    return Flag(cast(Kind, mark.kind), mark.text, mark.start - start, mark.end - start), answer[start:end]


def _other_words(question: str, answer: str, requested: Sequence[Mark]) -> list[str]:
    """What it is about, apart from the values themselves and from words that only ask for one."""
    values = {piece for one in requested for piece in search_words(_whole_name(one, answer))} | ASKING_WORDS
    return [one for one in search_words(f"{question} {answer}") if one not in values and not one.isdigit()]


def _whole_name(mark: Mark, answer: str) -> str:
    """With the large words right beside it: of a name often only a part is marked."""
    if mark.kind != "name":
        return mark.text
    before, behind = _LARGE_BEFORE.search(answer, 0, mark.start), _LARGE_BEHIND.match(answer, mark.end)
    return answer[before.start() if before else mark.start : behind.end() if behind else mark.end]


def _with_value(
    flag: Flag, sentence: str, words: Sequence[str], passages: Sequence[Passage], page_of: PageOf
) -> Iterator[_Found]:
    is_likely = may_hold(flag)
    for passage in passages:
        if is_likely(passage.text) and holds(flag, sentence, passage.text):
            for kind, one in stretches_of(passage, page_of):
                if kind is not BlockKind.HEADING and holds(flag, sentence, one.quote):
                    yield _Found(one, passage, _relation(words, one.quote, passage.text))


def _relation(words: Sequence[str], quote: str, passage: str) -> float:
    return _share(words, passage) + 0.01 * _share(words, quote)


def _share(words: Sequence[str], text: str) -> float:
    """How much of the words stands in a text, long ones counting more: they say what something is about."""
    there = fold_for_search(text)
    return sum(len(one) * share_of([one], there) for one in words) / max(1, sum(map(len, words)))


def _worded(answer: str, passages: Sequence[Passage], page_of: PageOf) -> _Found | None:
    """For an answer without a value, and without a quotation that stands anywhere: the sentence it repeats."""
    words = search_words(answer)
    best: _Found | None = None
    for passage in passages:
        for kind, one in stretches_of(passage, page_of):
            share = share_of(words, one.quote)
            if kind is not BlockKind.HEADING and share >= LEAST_WORDED and (best is None or share > best.related):
                best = _Found(one, passage, share)
    if best is None or len(words) < 3 or marks_of(answer, "", [best.passage.text]):
        return None
    return best
