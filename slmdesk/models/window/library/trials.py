"""Trials of a model on this PC: exam, speed measurement, checksum.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record
from slmdesk.base.records import JobStatus
from slmdesk.evaluation import exams
from slmdesk.evaluation.benchmark import BenchProgress
from slmdesk.jobs.events import JobChanged
from slmdesk.models.verify import VerifyResult
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.translation.pairs import exams as pair_exams
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice, notice_of

EXAM, BENCH, VERIFY = "exam", "bench", "verify"
_OPEN = (JobStatus.OPEN, JobStatus.RUNNING)


class Trial(Record):
    """Progress of a trial: a text, and a share of the whole, 0..1."""

    words: str
    fraction: float


class TrialController(QObject):
    trial_changed = Signal(str, str, object)
    details_read = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="trial_controller")
        self._bridge = bridge
        self._now: dict[tuple[str, str], Trial] = {}
        self._running: dict[tuple[str, str], Call] = {}
        self._jobs: dict[str, tuple[str, ...]] = {}
        bridge.on(JobChanged, self._on_job_changed)

    def running(self, model: str) -> dict[str, Trial]:
        return {kind: trial for (one, kind), trial in self._now.items() if one == model}

    def read_details(self, model: str) -> None:
        self._bridge.follow(self._bridge.services.cards.details(model), self.details_read.emit)

    def start(self, model: str, kind: str) -> None:
        if kind == EXAM:
            self._set(model, kind, Trial("The exam begins…", 0.0))
            self._bridge.ask(self._bridge.services.exams.take(model), None, partial(self._refused, model, kind))
        elif kind == BENCH:
            self._bench(model)
        else:
            self._verify(model)

    def stop(self, model: str, kind: str) -> None:
        if kind == EXAM:
            self._bridge.services.exams.stop(model)
            self._set(model, kind, None)
        elif (model, kind) in self._running:
            self._running[model, kind].cancel()

    # ---- the measurement

    def _bench(self, model: str) -> None:
        self._set(model, BENCH, Trial("The model is loaded anew…", 0.0))

        def on_progress(now: BenchProgress) -> None:
            self._set(model, BENCH, Trial(now.what, now.fraction))

        self._running[model, BENCH] = self._bridge.follow(
            self._bridge.services.bench.run(model),
            lambda _result: self._end(model, BENCH),
            partial(self._refused, model, BENCH),
            on_progress,
        )

    # ---- the checksum

    def _verify(self, model: str) -> None:
        if (model, VERIFY) in self._running:
            return
        self._set(model, VERIFY, Trial("The whole file is read…", 0.0))

        def on_progress(bytes_done: tuple[int, int]) -> None:
            done, total = bytes_done
            words = f"{bytes_for_people(done)} of {bytes_for_people(total)} are read"
            self._set(model, VERIFY, Trial(words, done / max(total, 1)))

        self._running[model, VERIFY] = self._bridge.follow(
            self._bridge.services.models.verify([model]),
            partial(self._on_verified, model),
            partial(self._refused, model, VERIFY),
            on_progress,
        )

    def _on_verified(self, model: str, found: Sequence[VerifyResult]) -> None:
        self._end(model, VERIFY)
        problem = next((one.problem for one in found if one.problem), None)
        key = f"verify {model}"
        if problem is not None:
            reported = notice_of(problem)
            self._bridge.notice_raised.emit(
                Notice(reported.text, reported.details, key=key, is_error=True, report=reported.report)
            )
        elif found:
            words = "The file is, to the last bit, what it was when it came in."
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key=key))

    # ---- the exam

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == pair_exams.KIND and event.status is JobStatus.DONE:
            self._bridge.ask(self._bridge.services.exams.models_of(event.id), self._read_all, lambda _problem: None)
        if event.kind != exams.KIND:
            return
        if event.id in self._jobs:
            self._show_exam(event, self._jobs[event.id])
        else:
            answered = partial(self._show_exam, event)
            self._bridge.ask(self._bridge.services.exams.models_of(event.id), answered, lambda _problem: None)

    def _read_all(self, models: tuple[str, ...]) -> None:
        for model in models:
            self.read_details(model)

    def _show_exam(self, event: JobChanged, models: tuple[str, ...]) -> None:
        self._jobs[event.id] = models
        trial = None
        if event.status in _OPEN:
            trial = Trial(f"{event.done} of {event.total} tasks are done", event.done / max(event.total, 1))
        for model in models:
            self._set(model, EXAM, trial)
            if trial is None:
                self.read_details(model)

    # ---- small things

    def _set(self, model: str, kind: str, trial: Trial | None) -> None:
        if trial is None:
            self._now.pop((model, kind), None)
        else:
            self._now[model, kind] = trial
        self.trial_changed.emit(model, kind, trial)

    def _end(self, model: str, kind: str) -> None:
        self._running.pop((model, kind), None)
        self._set(model, kind, None)
        self.read_details(model)

    def _refused(self, model: str, kind: str, problem: Problem) -> None:
        self._end(model, kind)
        self._bridge.problem_met.emit(problem)
