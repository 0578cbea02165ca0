"""Starts the exam of a model for a pair of languages automatically, after it has translated that pair."""

from __future__ import annotations

from slmdesk.base.records import JobRecord, ModelRecord
from slmdesk.evaluation.auto_exams import AutoExams
from slmdesk.evaluation.exams import ExamService
from slmdesk.jobs.service import JobService
from slmdesk.loader.events import ModelsChanged
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.runtime.event_bus import EventBus
from slmdesk.runtime.events import MessageEnded
from slmdesk.runtime.service import Runtime
from slmdesk.translation.events import PairUsed
from slmdesk.translation.pairs.exams import PairExamService, notes_of
from slmdesk.translation.pairs.items import examined_pair


class AutoPairExams(AutoExams):
    """Like AutoExams, but after a translation: examines the pair translated last.  Service thread."""

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        exams: ExamService,
        pairs: PairExamService,
        jobs: JobService,
        loader: ModelLoader,
    ) -> None:
        super().__init__(runtime, models, exams, jobs, loader)
        self._pairs = pairs
        self._last: dict[str, tuple[str, str]] = {}
        """The pair a model translated last, or what is examined in its place."""

    # ---- inside

    def _listen(self, events: EventBus) -> None:
        super()._listen(events)
        events.on(PairUsed, self._on_pair_used)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """Do nothing: a translation is what counts here."""

    def _on_pair_used(self, event: PairUsed) -> None:
        if not self._is_on:
            return
        pair = examined_pair(event.source, event.target)
        record = next((one for one in self._models.list() if one.id == event.model), None)
        if record is None or pair is None or self._job:
            return
        self._last[record.id] = pair
        if self._is_requested(record):
            self._wait(record.id, self.idle_s)

    def _is_requested(self, record: ModelRecord) -> bool:
        pair = self._last.get(record.id)
        if pair is None or self._job or not self._settings.current.exams_at_first_use:
            return False
        return self._pairs.result(record, *pair) is None and "-".join(pair) not in notes_of(record)

    def _take(self, record: ModelRecord) -> JobRecord:
        return self._pairs.take(record.id, *self._last[record.id], by_itself=True)

    def _offer(self, record: ModelRecord, seconds: float | None) -> None:
        """Do nothing: the translation pages show what is known of a pair, with a button for its exam."""

    def _note_failed(self, record: ModelRecord) -> None:
        self._pairs.note(record, self._last[record.id], "failed")

    def _say_slow(self, record: ModelRecord, seconds: float) -> None:
        self._pairs.note(record, self._last[record.id], "slow")
        self._publish(ModelsChanged())
