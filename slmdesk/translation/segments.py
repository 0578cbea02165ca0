"""Lists and changes the segments of a translation. Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.translation import MemoryPair, SegmentRecord, SegmentState, Term, lasting
from slmdesk.base.translation import Origin as Made
from slmdesk.loader.model_loader import ModelLoader, ask_once
from slmdesk.runtime.service import Runtime, Service, Slices, sliced
from slmdesk.store import Store
from slmdesk.store.translations import LOOK
from slmdesk.text.tagged import Tags, plain, problems
from slmdesk.text.terms import find_terms, terms_in
from slmdesk.translation.documents import segment_flags
from slmdesk.translation.memory import MemoryService
from slmdesk.translation.prompts import TranslationStyle, styled, translation_step
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import SegmentChanged, memory_domain, request_of

MOST_MATCHES = 5
LOOK_AT = LOOK


class SegmentNumbers(Record):
    numbers: Sequence[int]
    states: Mapping[SegmentState, int]
    look: int

    @property
    def total(self) -> int:
        return sum(self.states.values())


class TermUse(Record):
    term: Term
    is_used: bool
    forbidden: tuple[str, ...] = ()


class SimilarPair(Record):
    pair: MemoryPair
    likeness: float
    """Similarity from 0 to 1."""
    runs: tuple[tuple[str, str], ...]
    """Comparison of the segment's source with the remembered source: ("same" | "gone" | "new", words). "gone" words are
    only in the remembered source.
    """
    is_penalised: bool
    """Whether the remembered pair is of another domain."""


class SegmentHelp(Record):
    number: int
    terms: tuple[TermUse, ...]
    likenesses: tuple[SimilarPair, ...]


def segment_at(store: Store, item: str, number: int) -> SegmentRecord:
    """Return a segment by its number. Raises KnownError `request.invalid`."""
    found = store.segments.numbered(item, [number])
    if not found:
        raise KnownError("request.invalid", what="segment")
    return found[0]


class SegmentLists:
    def __init__(self, store: Store, translations: TranslationService, memory: MemoryService) -> None:
        self._store, self._translations, self._memory = store, translations, memory

    def listed(self, item: str, state: str = "") -> SegmentNumbers:
        """List the segments of a state, or those to review (LOOK). Without a state, all."""
        kept = self._store.segments
        return SegmentNumbers(kept.numbers(item, state=state), kept.count(item), kept.count_look(item).get(item, 0))

    def flagged(self, item: str, state: str, number: int, step: int) -> int:
        """Return the number of the next matching segment with a flag, after `number` (`step` 1) or before it (-1).

        The search wraps round at the ends. -1 if there is none.
        """
        look = set(self._store.segments.numbers(item, state=LOOK))
        numbers = [one for one in self._store.segments.numbers(item, state=state) if one in look]
        if not numbers:
            return -1
        if step < 0:
            return next((one for one in reversed(numbers) if one < number), numbers[-1])
        return next((one for one in numbers if one > number), numbers[0])

    def rows(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        return self._store.segments.numbered(item, numbers)

    def help(self, item: str, number: int) -> SegmentHelp:
        """Return the glossary terms and similar remembered pairs for a segment. Raises KnownError `request.invalid`."""
        segment, request = segment_at(self._store, item, number), request_of(self._store.items.get(item))
        source, domain = segment.language or request.source, memory_domain(request)
        terms = _uses(segment, source, request.target, self._translations.terms_of(request))
        alike = self._memory.alike(source, request.target, segment.source, domain)
        likenesses = [
            SimilarPair(pair, likeness, word_runs(pair.source, segment.source), pair.domain not in ("", domain))
            for pair, likeness in alike
            if pair.target != segment.target or likeness < 1.0
        ]
        return SegmentHelp(number, terms, tuple(likenesses[:MOST_MATCHES]))


def _uses(segment: SegmentRecord, source: str, target: str, terms: Sequence[Term]) -> tuple[TermUse, ...]:
    from slmdesk.text.translation_checks import term_flags

    tags = Tags(segment.paired, segment.lone)
    before, after = plain(segment.source, tags), plain(segment.target, tags)
    uses = []
    for term in dict.fromkeys(term.term for term in find_terms(before, terms, source)):
        flags = term_flags(before, after, source, target, [term])
        is_missing = any(flag.kind == "glossary" for flag in flags) or not after
        uses.append(TermUse(term, not is_missing, tuple(flag.text for flag in flags if flag.kind == "forbidden")))
    return tuple(uses)


def word_runs(old: str, new: str) -> tuple[tuple[str, str], ...]:
    before, after = old.split(), new.split()
    runs: list[tuple[str, str]] = []
    for __, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[a:b] == after[c:d]:
            runs.append(("same", " ".join(after[c:d])))
            continue
        runs += [("gone", " ".join(before[a:b]))] if b > a else []
        runs += [("new", " ".join(after[c:d]))] if d > c else []
    return tuple(runs)


MOST_HINT = 300


class SegmentEdits(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._loader, self._translations = loader, translations

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Set a person's translation of a segment, and store it in the translation memory.

        Raises KnownError `item.unknown`, `request.invalid`, `translation.tags` if tags of the source are missing.
        """
        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        wrong = problems(target, Tags(segment.paired, segment.lone))
        if wrong:
            raise KnownError("translation.tags", tag=wrong[0].number, kind=wrong[0].kind)
        flags = segment_flags(segment, target, request, self._translations.terms_of(request))
        changed = self._store.segments.change(
            item, number, target=target, state=SegmentState.EDITED, origin=Made.PERSON, flags=flags, reason=""
        )
        self._store.memory.remember(
            segment.language or request.source, request.target, [(segment.source, target)],
            domain=memory_domain(request), origin=Made.PERSON, item=item,
        )  # fmt: skip
        self._publish(SegmentChanged(item, changed))
        return changed

    def approve(self, item: str, numbers: Sequence[int]) -> None:
        """Approve those of the segments that have a translation of their own."""
        with self._store.together():
            for segment in self._store.segments.numbered(item, numbers):
                if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED):
                    changed = self._store.segments.change(item, segment.number, state=SegmentState.APPROVED)
                    self._publish(SegmentChanged(item, changed))

    @sliced
    def retry(self, item: str, number: int, hint: str) -> Slices[SegmentRecord]:
        """Translate one segment again with a person's hint. The result is stored and checked as usual.

        Ends with a Problem `translation.no_better` if the model gave nothing usable; the segment then stays unchanged.
        Raises KnownError `item.unknown`, `request.invalid`, `model.…`.
        """
        from slmdesk.text.translation_checks import cleaned  # loads all text checks

        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        tags = Tags(segment.paired, segment.lone)
        source = segment.language or request.source
        known = self._translations.terms_of(request)
        terms = terms_in(plain(segment.source, tags), known, source)
        hint = hint.strip()[:MOST_HINT]
        manner = TranslationStyle(request.target, source, request.domain, request.formality, hint)
        record = self._translations.record(request.model)
        step = translation_step(segment.source, tags, styled(manner, record), terms=terms, with_probabilities=True)
        (answer,) = yield ask_once(self._loader, record, [step])
        languages = source, request.target
        found = cleaned(segment.source, answer.text, tags, answer.probabilities, languages=languages, terms=terms)
        if not found.target or problems(found.target, tags):
            raise KnownError("translation.no_better")
        changed = self._store.segments.change(
            item, number, target=found.target, state=SegmentState.TRANSLATED, origin=Made.MODEL,
            flags=(*segment_flags(segment, found.target, request, known), *found.flags), reason="", doubts=found.doubts,
        )  # fmt: skip
        self._publish(SegmentChanged(item, changed))
        return changed

    @sliced
    def recheck(self, item: str) -> Slices[int]:
        """Check all translations again after a glossary changed, and return the number of segments whose flags changed.

        Segments that a person approved stay unchanged.
        """
        request, changed, begin = self._translations.open(item).request, 0, 0
        terms = self._translations.terms_of(request)
        while found := self._store.segments.of_item(item, begin=begin, limit=1):  # a person may change the next one
            segment, begin = found[0], found[0].number + 1
            if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED) and segment.target:
                flags = (*segment_flags(segment, segment.target, request, terms), *lasting(segment.flags))
                if flags != segment.flags:
                    changed += 1
                    self._publish(SegmentChanged(item, self._store.segments.change(item, segment.number, flags=flags)))
            yield
        return changed
