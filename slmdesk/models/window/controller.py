"""The models on this PC and the actions on them.  No widgets here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.base.record import Record
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.evaluation import exams
from slmdesk.evaluation.model_cards import BenchProgress, ModelCard
from slmdesk.jobs.types import JobChanged
from slmdesk.models.importer import ImportEnded, VerifyResult
from slmdesk.models.service import SETTING, DefaultUse, PaceChanged, copies_of, lost_words, origin_of
from slmdesk.models.window.formats import FormatController
from slmdesk.runtime.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.translation import pairs
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.notices import UNDO_MS, Notice, notice_of
from slmdesk.window.widgets.opening import ModelImports
from slmdesk.window.widgets.rows import Removals

if TYPE_CHECKING:
    from slmdesk.runtime.events import Pending
    from slmdesk.services import Services

_ENDS = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.PAUSED)


class LibraryController(QObject):
    models_listed = Signal(object)
    models_judged = Signal(object)
    state_changed = Signal(object)
    policy_shown = Signal(object)
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="library_controller")
        self._bridge = bridge
        self.removals = Removals(bridge, self)
        self.trials = TrialController(bridge, self)
        self.formats = FormatController(bridge, self)
        self._known: dict[str, ModelCard] = {}
        self._defaults: tuple[str, ...] = ()
        self.imports = ModelImports(bridge, self)
        self.imports.ended.connect(self._on_imports_ended)
        bridge.when_open(self.refresh)
        bridge.ask(lambda services: services.settings.policy, self.policy_shown.emit)
        bridge.on(ModelsChanged, self.refresh)
        bridge.on(PaceChanged, self.refresh)
        bridge.settings_changed.connect(self._on_settings_changed)
        bridge.on(JobChanged, self._on_job_changed)
        bridge.on(ModelStateChanged, self.show_state)

    def refresh(self) -> None:
        self._bridge.ask(self._bridge.services.cards.list(), self._on_listed)

    def use(self, model: str) -> None:
        self.chat_requested.emit(model)

    def rename(self, model: str, name: str) -> None:
        self._bridge.services.names.rename(model, name)

    def set_default(self, model: str, use: DefaultUse, chosen: str) -> None:
        """Make a model, or the copy of it that is in use, the default for a job; chosen '': no longer."""
        self._bridge.ask(
            self._bridge.services.uses.set_default(use, chosen or None), None, partial(self._default_refused, model)
        )

    def _default_refused(self, model: str, problem: Problem) -> None:
        self.trials.read_details(model)  # the box shows what holds
        self._bridge.problem_met.emit(problem)

    def folder_of(self, model: str) -> Path:
        return Path(os.fsdecode(self._known[model].record.path)).parent

    def remove(self, model: str) -> None:
        """Take a model off the page now, with its copies, and off the disk when the time for *Undo* is over."""
        record = self._known[model].record
        copies = copies_of(record, [card.record for card in self._known.values()])
        if not copies:
            fate = "Its file stays where it is." if record.linked else "Its file is deleted in a moment."
            self._begin_removal(model, f"{record.name} is removed. {fate}")
            return
        also = f"the copy {copies[0].name}" if len(copies) == 1 else f"its {len(copies)} copies"

        def begin(freed: int) -> None:
            kept = " Its own file stays where it is." if record.linked else ""
            words = f"{record.name} is removed, and {also} too: {bytes_for_people(freed)} are deleted in a moment."
            self._begin_removal(model, f"{words}{kept}")

        self._bridge.ask(self._bridge.services.models.freed_by_removing(model), begin)

    def _begin_removal(self, model: str, words: str) -> None:
        self.removals.begin(model, words, partial(self._remove_now, model), self._list, key=f"remove {model}")
        self._list()

    @Slot(object, bool)
    def add_files(self, paths: Sequence[Path], link: bool = False) -> None:
        self.imports.add(paths, link=link)

    def _on_imports_ended(self, ended: Sequence[ImportEnded]) -> None:
        reported = [event for event in ended if event.model or event.problem]
        if len(reported) == 1:
            self._say_one(reported[0])
        elif reported:
            is_whole = all(event.model is not None and not event.was_here for event in reported)
            details = "" if is_whole else "\n".join(_added_words(event) for event in reported)
            life = UNDO_MS if is_whole else 0
            self._bridge.notice_raised.emit(Notice(_summary_of(reported), details, life_ms=life, key="import"))

    def _say_one(self, event: ImportEnded) -> None:
        if event.problem is not None:
            self._bridge.problem_met.emit(event.problem)
        elif event.model is not None:
            use = partial(self.use, event.model.id) if event.model.can_chat else None
            action = "Use it now" if use else ""
            self._bridge.notice_raised.emit(Notice(_added_words(event), action=action, on_action=use, key="import"))

    # ---- events

    def show_state(self, event: ModelStateChanged) -> None:
        self.state_changed.emit(event)
        if event.state is ModelState.READY:
            self.refresh()  # it was used just now

    def _on_settings_changed(self, settings: Settings) -> None:
        defaults = tuple(getattr(settings, key) for key in SETTING.values())
        if defaults != self._defaults:
            self._defaults = defaults
            self.refresh()

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == exams.KIND and event.status in _ENDS:
            self.refresh()  # what it found stands on the card

    def _on_listed(self, cards: Sequence[ModelCard]) -> None:
        self._known = {card.record.id: card for card in cards}
        self._list()
        models = [card.record for card in cards]
        self._bridge.follow(self._bridge.services.judge.judge(models), self.models_judged.emit)

    # ---- private

    def _list(self) -> None:
        def is_kept(record: ModelRecord) -> bool:
            origin = origin_of(record)
            return record.id not in self.removals and not (origin and origin.model in self.removals)

        self.models_listed.emit(tuple(card for card in self._known.values() if is_kept(card.record)))

    def _remove_now(self, model: str) -> None:
        card = self._known.pop(model, None)  # not listed while its file is deleted, nor are its copies
        for copy in copies_of(card.record, [card.record for card in self._known.values()]) if card else ():
            del self._known[copy.id]
        name = card.record.name if card else model

        def remove(services: Services) -> tuple[int, str]:
            lost = lost_words(services.uses.uses_of(model))
            return services.models.remove(model), lost

        def removed(answer: tuple[int, str]) -> None:
            freed, lost = answer
            words = f"{name} is removed; {bytes_for_people(freed)} are free again." if freed else f"{name} is removed."
            life = 0 if lost else UNDO_MS
            self._bridge.notice_raised.emit(Notice(f"{words} {lost}".strip(), life_ms=life, key=f"remove {model}"))

        def refused(problem: Problem) -> None:
            self.refresh()
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(remove, removed, refused)


def _added_words(event: ImportEnded) -> str:
    if event.model is None:
        return f"{Path(event.path).name}: {event.problem.sentence if event.problem else 'not added'}"
    if event.was_here:
        return f"{Path(event.path).name} is already here as {event.model.name}."
    return f"{event.model.name} is in the library."


def _summary_of(ended: Sequence[ImportEnded]) -> str:
    here = [event.model.name for event in ended if event.model and event.was_here]
    new = sum(event.model is not None and not event.was_here for event in ended)
    failed = [event for event in ended if event.model is None]
    parts = [f"{_counted(new)} added." if new else ""]
    if here:
        parts.append(f"Already here: {', '.join(here)}.")
    if failed:
        parts.append(f"{_counted(len(failed))} not added: {', '.join(Path(ended.path).name for ended in failed)}.")
    return " ".join(part for part in parts if part)


def _counted(count: int) -> str:
    return "1 model was" if count == 1 else f"{count} models were"


# ---- trials of a model on this PC


EXAM, BENCH, VERIFY = "exam", "bench", "verify"
_OPEN = (JobStatus.OPEN, JobStatus.RUNNING)


class Trial(Record):
    words: str
    fraction: float


def _measured(now: BenchProgress) -> Trial:
    return Trial(now.what, now.fraction)


def _read(bytes_done: tuple[int, int]) -> Trial:
    done, total = bytes_done
    return Trial(f"{bytes_for_people(done)} of {bytes_for_people(total)} are read", done / max(total, 1))


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
        services = self._bridge.services
        if kind == EXAM:
            self._set(model, kind, Trial("The exam begins…", 0.0))
            self._bridge.ask(services.exams.take(model), None, partial(self._refused, model, kind))
        elif kind == BENCH:
            self._set(model, kind, Trial("The model is loaded anew…", 0.0))
            self._follow(model, kind, services.bench.run(model), lambda _result: self._end(model, kind), _measured)
        elif (model, kind) not in self._running:
            self._set(model, kind, Trial("The whole file is read…", 0.0))
            self._follow(model, kind, services.models.verify([model]), partial(self._on_verified, model), _read)

    def stop(self, model: str, kind: str) -> None:
        if kind == EXAM:
            self._bridge.services.exams.stop(model)
            self._set(model, kind, None)
        elif (model, kind) in self._running:
            self._running[model, kind].cancel()

    def _follow(
        self, model: str, kind: str, work: Pending[Any], ended: Callable[[Any], object], trial: Callable[[Any], Trial]
    ) -> None:
        def on_progress(now: object) -> None:
            self._set(model, kind, trial(now))

        self._running[model, kind] = self._bridge.follow(work, ended, partial(self._refused, model, kind), on_progress)

    def _on_verified(self, model: str, found: Sequence[VerifyResult]) -> None:
        self._end(model, VERIFY)
        problem = next((result.problem for result in found if result.problem), None)
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
        if event.kind == pairs.KIND and event.status is JobStatus.DONE:
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
