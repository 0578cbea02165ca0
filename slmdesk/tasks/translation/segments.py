"""Lists and changes the segments of a translation. Service thread."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, Slices, sliced
from slmdesk.base.text.tagged import Tags, problems
from slmdesk.base.translation import MemoryPair, SegmentRecord, SegmentState, Term, lasting, weighty
from slmdesk.base.translation import Origin as Made
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader, ask_once
from slmdesk.tasks.jobs.runner import Batch, Plan, Question
from slmdesk.tasks.translation.documents import recall, segment_flags
from slmdesk.tasks.translation.export import gathered
from slmdesk.tasks.translation.memory import MemoryService
from slmdesk.tasks.translation.prompts import TranslationStyle, styled
from slmdesk.tasks.translation.service import TranslationService
from slmdesk.tasks.translation.types import SegmentChanged, TranslationRequest, formality_of, memory_domain, request_of

MOST_MATCHES = 3
MOST_UNDONE = 100
"""Most changes of a translation that can be taken back."""


def is_to_check(segment: SegmentRecord) -> bool:
    """Return whether a person should look at a segment. The store counts the same ones (`Segments.count_look`)."""
    if segment.state is SegmentState.FAILED:
        return True
    return segment.state is not SegmentState.APPROVED and bool(weighty(segment.flags))


def in_order(segments: Iterable[SegmentRecord]) -> list[SegmentRecord]:
    """Return what is to check first, then the rest, both as in the document."""
    return sorted(segments, key=lambda segment: (not is_to_check(segment), segment.number))


def segment_at(store: Store, item: str, number: int) -> SegmentRecord:
    """Return a segment by its number. Raises KnownError `request.invalid`."""
    segments = store.segments.numbered(item, [number])
    if not segments:
        raise KnownError("request.invalid", what="segment")
    return segments[0]


class _Undo(Record):
    segment: SegmentRecord
    """The segment as it was before."""
    pair: MemoryPair | None = None
    """What the memory had for its source."""
    is_remembered: bool = False
    """Whether the memory has had a person's words for it since."""


MOST_HINT, MOST_ATTEMPTS = 300, 1000


class SegmentEdits(Service):
    def __init__(
        self, runtime: Runtime, loader: ModelLoader, translations: TranslationService, memory: MemoryService
    ) -> None:
        super().__init__(runtime)
        self._loader, self._translations, self._memory = loader, translations, memory
        self._undo: dict[str, deque[list[_Undo]]] = defaultdict(lambda: deque(maxlen=MOST_UNDONE))
        """What was changed since the program started, by item."""

    @sliced
    def all(self, item: str) -> Slices[list[SegmentRecord]]:
        return (yield from gathered(self._store, item))

    def similar(self, item: str, number: int) -> list[tuple[MemoryPair, float]]:
        """Return what the memory has for similar sentences, and how similar they are (0 to 1), best first.

        Raises KnownError `item.unknown`, `request.invalid`.
        """
        segment, request = segment_at(self._store, item, number), request_of(self._store.items.get(item))
        source, domain = segment.language or request.source, memory_domain(request)
        pairs = self._memory.alike(source, request.target, segment.source, domain)
        other = [(pair, likeness) for pair, likeness in pairs if pair.target != segment.target]
        return other[:MOST_MATCHES]

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Set a person's translation of a segment, and store it in the translation memory.

        Raises KnownError `item.unknown`, `request.invalid`, `translation.tags` if tags of the source are missing.
        """
        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        wrong = problems(target, Tags(segment.paired, segment.lone))
        if wrong:
            raise KnownError("translation.tags", tag=wrong[0].number, kind=wrong[0].kind)
        flags = segment_flags(segment, target, request, self._translations.terms_of(request))
        languages, domain = (segment.language or request.source, request.target), memory_domain(request)
        pair = self._remembered(languages, domain, segment.source)
        changed = self._store.segments.change(
            item, number, target=target, state=SegmentState.EDITED, origin=Made.PERSON, flags=flags, reason=""
        )
        self._store.memory.remember(
            *languages, [(segment.source, target)], domain=domain, origin=Made.PERSON, item=item
        )
        self._undo[item].append([_Undo(segment, pair, is_remembered=True)])
        self._publish(SegmentChanged(item, changed))
        return changed

    def approve(self, item: str, numbers: Sequence[int]) -> None:
        """Approve those of the segments that have a translation of their own."""
        before = []
        with self._store.together():
            for segment in self._store.segments.numbered(item, numbers):
                if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED):
                    before.append(_Undo(segment))
                    changed = self._store.segments.change(item, segment.number, state=SegmentState.APPROVED)
                    self._publish(SegmentChanged(item, changed))
        if before:
            self._undo[item].append(before)

    def undo(self, item: str) -> int:
        """Take back the last change that a person made to a translation since the program started: what they wrote,
        approved or had translated again. The memory forgets it too.

        Returns the number of the segment, or -1 if there is nothing to take back. Raises KnownError `item.unknown`.
        """
        request = self._translations.open(item).request
        if not self._undo[item]:
            return -1
        changes = self._undo[item].pop()
        with self._store.together():
            for change in changes:
                self._restore(item, request, change)
        return changes[0].segment.number

    def _restore(self, item: str, request: TranslationRequest, change: _Undo) -> None:
        old = change.segment
        if change.is_remembered:
            languages, domain = (old.language or request.source, request.target), memory_domain(request)
            self._store.memory.forget(*languages, domain, old.source)
            if (pair := change.pair) is not None:
                words = [(pair.source, pair.target)]
                self._store.memory.remember(*languages, words, domain=domain, origin=pair.origin, item=pair.item)
        restored = self._store.segments.change(
            item, old.number, target=old.target, state=old.state, origin=old.origin, flags=old.flags,
            reason=old.reason, doubts=old.doubts,
        )  # fmt: skip
        self._publish(SegmentChanged(item, restored))

    def _remembered(self, languages: tuple[str, str], domain: str, source: str) -> MemoryPair | None:
        for pair in self._store.memory.recall(*languages, source):
            if pair.domain == domain:
                return pair
        return None

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
            again: SegmentRecord = yield from self._ask_again(segment, request, terms, hint)
        else:
            again = known
            self._publish(SegmentChanged(item, known))
        self._undo[item].append([_Undo(segment)])
        return again

    def _ask_again(
        self, segment: SegmentRecord, request: TranslationRequest, terms: Sequence[Term], hint: str
    ) -> Slices[SegmentRecord]:
        from slmdesk.tasks.translation.plan import TranslationPlan  # loads all text checks

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
