"""What goes before the first question to the model: a text or document is cut into segments, the memory fills some.

Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from slmdesk.base.record import changed
from slmdesk.base.translation import NewSegment, SegmentFlag, SegmentRecord, SegmentState, Term
from slmdesk.base.translation import Origin as Made
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.jobs.plan import AskedQuestion, Plan, Question, Yield
from slmdesk.library.reader_jobs import ask_reader
from slmdesk.library.rewriting import units_in
from slmdesk.redaction.service import Veil
from slmdesk.runtime.events import Event, TranslationRead
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.store import Store
from slmdesk.text.translation.subtitles import KIND as SUBTITLE
from slmdesk.text.translation.tagged import Tags, problems, without_tags
from slmdesk.translation.asking.units import CutState, language_of_units, segments_from, units_of_text
from slmdesk.translation.events import SegmentChanged
from slmdesk.translation.readout import gathered
from slmdesk.translation.terms.index import TermLists
from slmdesk.translation.types import TranslationRequest, memory_domain
from slmdesk.translation.writer import payload_of

T = TypeVar("T")
UNITS_AT_ONCE = 100
SEGMENTS_AT_ONCE = 500


class Preparation:
    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        reader: ChildClient,
        terms: TermLists,
        publish: Callable[[Event], None],
    ) -> None:
        self._service_thread, self._store, self._reader = service_thread, store, reader
        self._terms, self._publish = terms, publish

    def cut(self, item: str, request: TranslationRequest, password: str) -> Plan:
        """Cut the text or document into stored segments; after a crash this is repeated."""
        self._store.segments.forget(item)
        taken = CutState(request.source, request.target, self._terms.of_request(request))
        left: list[Json] = []
        if request.path:
            found = yield Question(lambda answered: self._ask_units(item, request, password).then(answered))
        else:
            found = units_of_text(request.text)
        taken.language = language_of_units(found)
        for at in range(0, len(found), UNITS_AT_ONCE):
            segments: list[NewSegment] = []
            for one in found[at : at + UNITS_AT_ONCE]:
                if "left" in one:
                    left.append([str(one["left"].get(key, "")) for key in ("kind", "place", "text")])
                else:
                    segments += segments_from(one["unit"], taken)
            self._store.segments.add(item, segments)
            self._publish(TranslationRead(item, min(at + UNITS_AT_ONCE, len(found)), len(found)))
            yield Yield()
        self._store.results.save(item, {"taken": True, "done": False, "left": left, "language": taken.language})

    def _ask_units(self, item: str, request: TranslationRequest, password: str) -> Pending[list[Mapping[str, Any]]]:
        def reading() -> Slices[list[Mapping[str, Any]]]:
            found: list[Mapping[str, Any]] = []

            def on_partial(value: Mapping[str, Any]) -> None:
                found.extend(units_in(value.get("found")))
                count = len(found)
                self._service_thread.post(lambda: self._publish(TranslationRead(item, count, 0)))

            payload = payload_of(changed(request, password=password))
            yield ask_reader(self._service_thread, self._reader, "units", payload, on_partial)
            return found

        return in_slices(self._service_thread, reading())

    def learn(self, item: str, request: TranslationRequest, veil: Veil) -> Plan:
        """Find what is private in the whole text, before the model is asked about any of it."""
        segments = yield from _in_turns(gathered(self._store, item))
        yield from _in_turns(veil.learn(whole_text(segments, is_text=not request.path)))
        kept = self._store.results.get(item) or {}
        self._store.results.save(item, {**kept, "redacted": True})

    def recall(self, item: str, request: TranslationRequest) -> Plan:
        begin, terms = 0, self._terms.of_request(request)
        while found := self._store.segments.of_item(item, begin=begin, limit=SEGMENTS_AT_ONCE):
            begin = found[-1].number + 1
            for one in found:
                if one.state is SegmentState.OPEN:
                    self._recall_one(item, one, request, terms)
            yield Yield()

    def _recall_one(
        self, item: str, segment: SegmentRecord, request: TranslationRequest, terms: Sequence[Term]
    ) -> None:
        source = segment.language or request.source
        tags = Tags(segment.paired, segment.lone)
        for pair in self._store.memory.recall(source, request.target, segment.source):
            if (
                pair.origin is Made.MODEL
                or problems(pair.target, tags)
                or pair.domain not in ("", memory_domain(request))
            ):
                continue
            flags = segment_flags(segment, pair.target, request, terms)
            changed = self._store.segments.change(
                item, segment.number, target=pair.target, state=SegmentState.TRANSLATED, origin=Made.MEMORY, flags=flags
            )
            self._publish(SegmentChanged(item, changed))
            return


def whole_text(segments: Sequence[SegmentRecord], *, is_text: bool) -> str:
    """Return the text that was cut into these segments, without tags; of a document with a line for each unit."""
    units = (
        "".join(one.lead + without_tags(one.source, Tags(one.paired, one.lone)) + one.trail for one in parts)
        for _, parts in groupby(segments, key=lambda one: one.unit)
    )
    return ("" if is_text else "\n").join(units)


def _in_turns(work: Generator[Any, Any, T]) -> Generator[AskedQuestion, Any, T]:
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Yield()


def segment_flags(
    segment: SegmentRecord, target: str, request: TranslationRequest, terms: Sequence[Term]
) -> tuple[SegmentFlag, ...]:
    from slmdesk.text.translation.checks import flags_of

    return flags_of(
        segment.source,
        target,
        source_language=segment.language or request.source,
        target_language=request.target,
        tags=Tags(segment.paired, segment.lone),
        terms=terms,
        cue=segment.place if segment.kind == SUBTITLE else "",
    )
