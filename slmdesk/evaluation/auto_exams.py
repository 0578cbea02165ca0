"""Offers the exam of a model after its first answer, and starts it automatically only when this PC is idle.

It starts when nobody works at this PC, the model has been idle for a little while and is still loaded, and the exam
does not take long; never on battery.  An exam started automatically gives way to everything: it is paused when somebody
is back, ends when the person loads another model, and is resumed when this one answers again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord, Status
from slmdesk.evaluation.exam_items import Skill, items
from slmdesk.evaluation.exams import KIND, ExamService, note_of, result_of
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.service import JobService
from slmdesk.loader.energy import OtherPrograms
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.models.speed import LEAST_TOKENS
from slmdesk.runtime.event_bus import EventBus
from slmdesk.runtime.events import ExamOffered, MessageEnded
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later

IDLE_S = 20.0
AGAIN_S = 300.0
"""Until the next look while the PC runs on battery."""
LOOK_S = 60.0
OFFERED = "offered"
LONGEST_S = 300.0
"""An exam that would take longer, or does, is left to the person."""
ANSWER_TOKENS, PROMPT_TOKENS = 40, 90


def on_battery() -> bool:
    """Return whether this PC runs on battery; False where unknown."""
    import psutil  # 17 ms

    try:
        found = psutil.sensors_battery()
    except (AttributeError, OSError, NotImplementedError):  # systems without such a thing say so in many ways
        return False
    return found is not None and found.power_plugged is False


def seconds_for_all(read_per_s: float, written_per_s: float) -> float:
    questions = items()[1]
    words = sum(one.skill not in (Skill.TRUTH, Skill.BLOCK) for one in questions)
    return words * ANSWER_TOKENS / max(written_per_s, 0.01) + len(questions) * PROMPT_TOKENS / max(read_per_s, 0.01)


def seconds_told(event: MessageEnded) -> float | None:
    usage, timing = event.usage, event.timing
    if usage is None or timing is None or not event.was_quiet or usage.output_tokens < LEAST_TOKENS:
        return None
    read_per_s = (usage.prompt_tokens - usage.cached_tokens) / max(timing.first_token_s, 1e-3)
    # an answer that waited, or had little to read, looks slow at it; but reading is never slower than writing
    return seconds_for_all(max(read_per_s, timing.tokens_per_s), timing.tokens_per_s)


class AutoExams(Service):
    def __init__(
        self, runtime: Runtime, models: ModelService, exams: ExamService, jobs: JobService, loader: ModelLoader
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._exams, self._jobs = models, loader, exams, jobs
        self._is_on = False
        self._later: Later | None = None
        self._seconds: dict[str, float] = {}
        self._job, self._model, self._began, self._done = "", "", 0.0, 0
        self._tried_again: set[str] = set()
        self._others: OtherPrograms | None = None
        self.idle_s = IDLE_S
        self.is_on_battery: Callable[[], bool] = on_battery
        self.look_s = LOOK_S
        self.is_away: Callable[[], bool] = lambda: False
        """Whether nobody works at this PC; where that cannot be found out somebody does."""
        self._listen(runtime.events)

    def begin(self, is_away: Callable[[], bool] | None = None) -> None:
        """Start offering exams after a first answer; those started automatically in an earlier run wait too.

        `is_away`: whether nobody works at this PC; called on the service thread.
        """
        self._is_on = True
        self.is_away = is_away or self.is_away
        for job in self._jobs.list():
            is_open = job.status in (JobStatus.OPEN, JobStatus.RUNNING)
            if job.kind == KIND and job.settings.get("by_itself") is True and is_open:
                self._pause(job.id)

    def close(self) -> None:
        self._is_on = False
        self._rest()

    # ---- inside

    def _listen(self, events: EventBus) -> None:
        events.on(MessageEnded, self._on_message_ended)
        events.on(ModelStateChanged, self._on_model_state)
        events.on(JobChanged, self._on_job)

    def _on_model_state(self, event: ModelStateChanged) -> None:
        if self._is_on and self._job and event.state is ModelState.READY and event.model != self._model:
            self._leave()

    def _on_message_ended(self, event: MessageEnded) -> None:
        if not self._is_on:
            return
        record = self._models.by_sha256(event.message.model_sha256)
        if record is None or event.message.status is not Status.COMPLETE or not self._is_requested(record):
            return
        if (seconds := seconds_told(event)) is not None:
            self._seconds[record.id] = seconds
        self._wait(record.id, self.idle_s)

    def _is_requested(self, record: ModelRecord) -> bool:
        is_noted = note_of(record).get("reason", OFFERED) != OFFERED
        is_known = result_of(record) is not None or is_noted or record.behaves is False
        return self._settings.current.exams_at_first_use and not is_known and not self._job

    def _wait(self, model: str, seconds: float) -> None:
        self._rest()
        self._later = self._service_thread.call_later(seconds, lambda: self._try(model))

    def _rest(self) -> None:
        if self._later:
            self._later.cancel()
            self._later = None

    def _try(self, model: str) -> None:
        self._later = None
        held = self._loader.loaded()
        if not self._is_on or held is None or held[0].id != model:
            return  # its next answer asks again
        record = next((one for one in self._models.list() if one.id == model), None)
        if record is None or not self._is_requested(record) or self._loader.times_crashed(record):
            return
        seconds = self._seconds.get(model)
        if self._loader.is_busy:
            self._wait(model, self.idle_s)
        elif seconds is not None and seconds > LONGEST_S:
            self._say_slow(record, seconds)
        elif not self.is_away():
            self._offer(record, seconds)
            self._wait(model, self.look_s)
        elif self.is_on_battery():
            self._wait(model, AGAIN_S)
        else:
            self._model, self._began, self._others = model, time.monotonic(), OtherPrograms()
            job = self._take(record)
            self._job, self._done = job.id, job.done

    def _take(self, record: ModelRecord) -> JobRecord:
        return self._exams.take(record.id, by_itself=True)

    def _on_job(self, event: JobChanged) -> None:
        if not self._is_on or not self._job or event.id != self._job:
            return
        if event.status is JobStatus.RUNNING:
            passed = time.monotonic() - self._began
            if passed > LONGEST_S and event.done < event.total:
                model = self._leave()
                record = next((one for one in self._models.list() if one.id == model), None)
                if event.id not in self._tried_again and self._others is not None and not self._others.are_quiet():
                    self._tried_again.add(event.id)
                    self._wait(model, AGAIN_S)
                elif record:
                    self._say_slow(record, passed * event.total / max(event.done - self._done, 1))
            elif self.is_on_battery():
                self._wait(self._leave(), AGAIN_S)
            elif not self.is_away():
                self._wait(self._leave(), self.look_s)
        elif event.status is not JobStatus.OPEN:
            model, self._job, self._model = self._model, "", ""
            record = next((one for one in self._models.list() if one.id == model), None)
            if record and event.status is JobStatus.FAILED:
                self._note_failed(record)

    def _leave(self) -> str:
        job, model = self._job, self._model
        self._job = self._model = ""
        self._service_thread.post(lambda: self._pause(job))
        return model

    def _pause(self, job: str) -> None:
        try:
            self._jobs.pause(job)
        except KnownError:
            return  # it has ended by now, or another instance runs it

    def _note_failed(self, record: ModelRecord) -> None:
        self._exams.note(record, "failed")

    def _offer(self, record: ModelRecord, seconds: float | None) -> None:
        if note_of(record):
            return
        minutes = None if seconds is None else max(1, round(seconds / 60))
        self._exams.note(record, OFFERED, minutes=minutes)
        self._publish(ExamOffered(record.id, record.name, minutes))
        self._publish(ModelsChanged())

    def _say_slow(self, record: ModelRecord, seconds: float) -> None:
        self._exams.note(record, "slow", minutes=max(1, round(seconds / 60)))
        self._publish(ModelsChanged())
