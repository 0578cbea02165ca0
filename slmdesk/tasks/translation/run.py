"""The run of a translation: cuts a document into segments, and asks the model for them. Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.base.translation import NO_BLANKS, SETTLED, SegmentRecord, SegmentState
from slmdesk.base.types import Json
from slmdesk.models.service import translator_family
from slmdesk.tasks.jobs.runner import Plan
from slmdesk.tasks.shape import Growth, TaskRun, Work
from slmdesk.tasks.translation.documents import Preparation, keep_segment
from slmdesk.tasks.translation.glossaries import TermLists
from slmdesk.tasks.translation.plan import UNSETTLED, TranslationPlan
from slmdesk.tasks.translation.prompts import TranslationStyle, styled
from slmdesk.tasks.translation.report import sections_of
from slmdesk.tasks.translation.segments import misspelt, with_flags
from slmdesk.tasks.translation.types import Translation, TranslationRequest, formality_of


class Translating(TaskRun[Translation]):
    """Cuts a document into segments, takes from the memory what it has, and asks the model for the rest."""

    def __init__(self, work: Work[TranslationRequest]) -> None:
        self._work = work
        self._item = work.job.item or ""
        self._context = work.context
        self._store = work.context.runtime.store
        self._terms = TermLists(self._store)
        self._plan: TranslationPlan | None = None
        self._units: dict[int, list[int]] = {}
        """Numbers of the segments of each unit."""

    def run(self) -> Plan:
        work = self._work
        reader = self._context.reader
        prepared = Preparation(self._context.runtime, reader, self._terms)
        kept = self._store.results.get(self._item) or {}
        if not kept.get("taken"):
            password = self._context.passwords.get(self._item, "")
            yield from prepared.cut(self._item, work.request, password)
        yield from prepared.recall(self._item, work.request)
        self._tell_all()
        self._plan = self._planned()
        yield from self._plan.run()
        yield from self._look_up()
        self.result = Translation(is_ended=True)

    def _planned(self) -> TranslationPlan:
        """Return the plan that asks the model.

        The first job of a translation asks for all that no person has settled. A later
        one asks for what is open, and samples otherwise than those that were done.
        """
        store, request, record = self._store, self._work.request, self._work.model
        assert record is not None  # it cannot do without
        others = [job for job in store.jobs.of_item(self._item) if job.id != self._work.job.id]
        asked: Sequence[SegmentState] = UNSETTLED
        attempt: int | None = None
        if others:
            asked = (SegmentState.OPEN,)
            attempt = sum(job.status is JobStatus.DONE and job.model_sha256 == record.sha256 for job in others)
        counts = store.segments.count(self._item)
        style = TranslationStyle(request.target, request.source, request.domain, formality_of(request))
        return TranslationPlan(
            styled(style, record),
            self._terms.of_request(request),
            model_sha256=record.sha256,
            attempt=attempt,
            todo=sum(counts.get(state, 0) for state in asked),
            segments=lambda begin, limit: store.segments.of_item(self._item, begin=begin, limit=limit),
            keep=self._keep,
            is_tagged_first=_is_tagged_first(record, request.target),
        )

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        if self._plan is not None:
            self._plan.received(key, value)

    def _keep(self, segment: SegmentRecord) -> None:
        """Store what the model said, unless a person has translated it meanwhile."""
        for now in self._store.segments.numbered(self._item, [segment.number]):
            if now.state in SETTLED or changed(segment, revision=now.revision) == now:
                return
        keep_segment(self._store, segment)
        numbers = self._units.get(segment.unit, [])
        self._tell(self._store.segments.numbered(self._item, numbers))

    def _look_up(self) -> Plan:
        """Flag the words that are in no dictionary of their language."""
        segments = self._store.segments.whole(self._item)
        targets = {segment.number: segment.target for segment in segments}
        unknown = self._context.unknown_words
        found = yield from misspelt(unknown, segments, self._work.request.target)
        for number, flags in found.items():
            for now in self._store.segments.numbered(self._item, [number]):
                if now.target == targets[number]:  # else a person has changed it meanwhile
                    keep_segment(self._store, with_flags(now, flags))

    def _tell_all(self) -> None:
        segments = self._store.segments.whole(self._item)
        for segment in segments:
            self._units.setdefault(segment.unit, []).append(segment.number)
        self._tell(segments)

    def _tell(self, segments: Sequence[SegmentRecord]) -> None:
        sections = tuple(sections_of(segments, is_ranked=False))
        self._work.grew(Growth(sections))


def _is_tagged_first(record: ModelRecord, target: str) -> bool:
    """Return whether to ask this model for translations with formatting tags. If not, the tags are placed afterwards.

    Placing tags takes two steps a segment. Asking for tags takes one step, and two more for each segment that lost its
    tags, so it is slower if more than half lose them. Languages without spaces have no word groups to place tags on. A
    translator not trained on tags is not asked for them.
    """
    if target in NO_BLANKS:
        return True
    family = translator_family(record)
    return family is None or family.translation is None or bool(family.translation.tags)
