"""Lists and changes the segments of a translation. Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import SequenceMatcher

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.translation import MemoryPair, SegmentRecord, SegmentState, Term, lasting
from slmdesk.base.translation import Origin as Made
from slmdesk.jobs.runner import Batch, Plan, Question
from slmdesk.loader.model_loader import ModelLoader, ask_once
from slmdesk.runtime.events import Pending
from slmdesk.runtime.service import Runtime, Service, Slices, sliced
from slmdesk.store import Store
from slmdesk.store.translations import LOOK
from slmdesk.text.tagged import Tags, plain, problems
from slmdesk.text.terms import find_terms
from slmdesk.translation.documents import recall, segment_flags
from slmdesk.translation.memory import MemoryService
from slmdesk.translation.prompts import TranslationStyle, styled
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import SegmentChanged, TranslationRequest, formality_of, memory_domain, request_of

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
    segments = store.segments.numbered(item, [number])
    if not segments:
        raise KnownError("request.invalid", what="segment")
    return segments[0]


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
        numbers = [at for at in self._store.segments.numbers(item, state=state) if at in look]
        if not numbers:
            return -1
        if step < 0:
            return next((at for at in reversed(numbers) if at < number), numbers[-1])
        return next((at for at in numbers if at > number), numbers[0])

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
    from slmdesk.text.terms import term_flags

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


MOST_HINT, MOST_ATTEMPTS = 300, 1000


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
        """Translate one segment again as a new one is: from the memory if that has other words for it, else by the
        model. A person's hint is for the model.

        Ends with a Problem `translation.no_better` if the model gave nothing usable; the segment then stays unchanged.
        Raises KnownError `item.unknown`, `request.invalid`, `model.…`.
        """
        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        terms, hint = self._translations.terms_of(request), hint.strip()[:MOST_HINT]
        known = None if hint else recall(self._store, segment, request, terms, other_than=segment.target)
        if known is None:
            return (yield from self._ask_again(segment, request, terms, hint))
        self._publish(SegmentChanged(item, known))
        return known

    def _ask_again(
        self, segment: SegmentRecord, request: TranslationRequest, terms: Sequence[Term], hint: str
    ) -> Slices[SegmentRecord]:
        from slmdesk.translation.plan import TranslationPlan  # loads all text checks

        record, item, number = self._translations.record(request.model), segment.item, segment.number
        style = TranslationStyle(request.target, request.source, request.domain, formality_of(request), hint)
        opened, made = changed(segment, target="", state=SegmentState.OPEN, origin=None), list[SegmentRecord]()
        plan = TranslationPlan(
            styled(style, record), terms, model_sha256=record.sha256, keep=made.append,
            segments=lambda begin, _limit: [opened] if begin <= number else [],
            attempt=0 if hint or segment.origin is not Made.MODEL else 1 + segment.revision % MOST_ATTEMPTS,
        )  # fmt: skip
        yield from self._carried_out(record, plan.run())
        (answer,) = made
        if answer.state is SegmentState.FAILED:
            raise KnownError("translation.no_better")
        kept = self._store.segments.change(
            item, number, target=answer.target, state=answer.state, origin=answer.origin, flags=answer.flags,
            reason="", doubts=answer.doubts,
        )  # fmt: skip
        self._publish(SegmentChanged(item, kept))
        yield from self._carried_out(record, self._translations.look_up(item, request, [kept]))
        return segment_at(self._store, item, number)

    def _carried_out(self, record: ModelRecord, plan: Plan) -> Slices[None]:
        """Carry out a plan at once and without a job: nothing of it is kept for another time."""
        value: object = None
        with suppress(StopIteration):
            while True:
                asked, value = plan.send(value), None
                if isinstance(asked, Batch):
                    answers = yield ask_once(self._loader, record, asked.steps)
                    value = [{"text": answer.text, "probabilities": answer.probabilities} for answer in answers]
                elif isinstance(asked, Question):
                    reply: Pending[object] = Pending()
                    asked.ask(reply.end)
                    value = yield reply

    @sliced
    def recheck(self, item: str) -> Slices[int]:
        """Check all translations again after a glossary changed, and return the number of segments whose flags changed.

        Segments that a person approved stay unchanged.
        """
        request, changed, begin = self._translations.open(item).request, 0, 0
        terms = self._translations.terms_of(request)
        while segments := self._store.segments.of_item(item, begin=begin, limit=1):  # a person may change the next one
            segment, begin = segments[0], segments[0].number + 1
            if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED) and segment.target:
                flags = (*segment_flags(segment, segment.target, request, terms), *lasting(segment.flags))
                if flags != segment.flags:
                    changed += 1
                    self._publish(SegmentChanged(item, self._store.segments.change(item, segment.number, flags=flags)))
            yield
        return changed
