"""Lists the segments of a translation by filter, in pages, with help for editing one.

Service thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.translation import SegmentRecord, SegmentState, Term
from slmdesk.store import Store
from slmdesk.store.segments import LOOK
from slmdesk.text.terms.matching import find_terms
from slmdesk.text.translation.tagged import Tags, plain
from slmdesk.translation.service import TranslationService
from slmdesk.translation.terms.memory import Match, MemoryService
from slmdesk.translation.types import memory_domain, request_of

MOST_MATCHES = 5
LOOK_AT = LOOK


class SegmentFilter(Record):
    state: str = ""
    """Of SegmentState, or LOOK; empty: any."""
    flag: str = ""
    words: str = ""


class SegmentNumbers(Record):
    numbers: Sequence[int]
    states: Mapping[SegmentState, int]
    flags: Mapping[str, int]
    """By kind, the most frequent first."""
    look: int

    @property
    def total(self) -> int:
        return sum(self.states.values())


class TermUse(Record):
    term: Term
    is_used: bool
    forbidden: tuple[str, ...] = ()


class SimilarPair(Record):
    match: Match
    runs: tuple[tuple[str, str], ...]
    """The segment's source against the remembered one: ("same" | "gone" | "new", words); gone: remembered alone."""
    is_penalised: bool
    """It is of another domain."""


class SegmentHelp(Record):
    number: int
    terms: tuple[TermUse, ...]
    likenesses: tuple[SimilarPair, ...]


class SegmentLists:
    def __init__(self, store: Store, translations: TranslationService, memory: MemoryService) -> None:
        self._store, self._translations, self._memory = store, translations, memory

    def listed(self, item: str, requested: SegmentFilter) -> SegmentNumbers:
        states = self._store.segments.count(item)
        numbers = self._store.segments.numbers(item, state=requested.state, flag=requested.flag, words=requested.words)
        return SegmentNumbers(
            numbers, states, self._store.segments.count_flags(item), self._store.segments.count_look(item)
        )

    def flagged(self, item: str, requested: SegmentFilter, number: int, step: int) -> int:
        """Return the next matching segment with a flag, after `number` (`step` 1) or before it (-1).

        Wraps round at the ends; -1 where there is none.
        """
        look = set(self._store.segments.numbers(item, state=LOOK))
        listed = self._store.segments.numbers(item, state=requested.state, flag=requested.flag, words=requested.words)
        numbers = [one for one in listed if one in look]
        if step < 0:
            return next((one for one in reversed(numbers) if one < number), numbers[-1] if numbers else -1)
        return next((one for one in numbers if one > number), numbers[0] if numbers else -1)

    def rows(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        return self._store.segments.numbered(item, numbers)

    def help(self, item: str, number: int) -> SegmentHelp:
        """Raises KnownError `request.invalid`."""
        found = self._store.segments.numbered(item, [number])
        if not found:
            raise KnownError("request.invalid", what="segment")
        segment, request = found[0], request_of(self._store.items.get(item))
        source, domain = segment.language or request.source, memory_domain(request)
        terms = _uses(segment, source, request.target, self._translations.terms_of(request))
        matches = self._memory.matches(source, request.target, segment.source, domain)
        other = [one for one in matches if one.pair.target != segment.target or one.likeness < 1.0]
        likenesses = [
            SimilarPair(one, word_runs(one.pair.source, segment.source), one.pair.domain not in ("", domain))
            for one in other[:MOST_MATCHES]
        ]
        return SegmentHelp(number, terms, tuple(likenesses))


def _uses(segment: SegmentRecord, source: str, target: str, terms: Sequence[Term]) -> tuple[TermUse, ...]:
    from slmdesk.text.translation.checks import term_flags

    tags = Tags(segment.paired, segment.lone)
    before, after = plain(segment.source, tags), plain(segment.target, tags)
    uses = []
    for term in dict.fromkeys(one.term for one in find_terms(before, terms, source)):
        flags = term_flags(before, after, source, target, [term])
        is_missing = any(one.kind == "glossary" for one in flags) or not after
        uses.append(TermUse(term, not is_missing, tuple(one.text for one in flags if one.kind == "forbidden")))
    return tuple(uses)


def word_runs(old: str, new: str) -> tuple[tuple[str, str], ...]:
    before, after = old.split(), new.split()
    runs: list[tuple[str, str]] = []
    for _, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[a:b] == after[c:d]:
            runs.append(("same", " ".join(after[c:d])))
            continue
        runs += [("gone", " ".join(before[a:b]))] if b > a else []
        runs += [("new", " ".join(after[c:d]))] if d > c else []
    return tuple(runs)
