"""Judges how well a model translates a pair of languages: exams and their results. Service thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord
from slmdesk.base.translation import LANGUAGES, language_of
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import AutoExams, ExamService
from slmdesk.jobs.runner import Batch, JobPlanner, Plan, StepValue
from slmdesk.jobs.service import JobService
from slmdesk.jobs.types import ExpectedBatch
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import EventBus, MessageEnded, ModelsChanged
from slmdesk.runtime.messages import plain_args
from slmdesk.runtime.service import Runtime, Service
from slmdesk.text.tagged import Tags
from slmdesk.translation.pair_exam import (
    ItemKind,
    PairResult,
    PairSkill,
    examined_pair,
    judged,
    pair_items,
    pair_version,
    said,
)
from slmdesk.translation.prompts import TranslationStyle, styled, translation_step
from slmdesk.translation.types import PairUsed

KIND = "pair_exam"
INFO_KEY = "pair_exams"


class PairExamService(Service, JobPlanner):
    """Service that examines how well models translate pairs of languages. Service thread."""

    def __init__(self, runtime: Runtime, models: ModelService, jobs: JobService) -> None:
        super().__init__(runtime)
        self._models, self._jobs = models, jobs
        jobs.plan_by(KIND, self)

    def take(self, model: str | None, source: str, target: str, *, by_itself: bool = False) -> JobRecord:
        """Start the exam of a model for a pair of languages in the background, or resume an unfinished exam.

        If there are no test sentences in the source language, the model is examined from English instead. Raises
        KnownError `language.…`, `model.…`, `store.…`, and `exam.pair` for a pair that cannot be examined.
        """
        pair = _pair(source, target)
        record = self._models.choose(model)
        self.note(record, pair, None)
        if job := self.unfinished(record, *pair):
            return job if job.status is JobStatus.RUNNING else self._jobs.resume(job.id)
        self._end_older(record)
        title = f"{record.name}: {' → '.join(LANGUAGES[code].name for code in pair)}"
        version = pair_version(record)
        settings: dict[str, Json] = {"version": version, "source": pair[0], "target": pair[1], "by_itself": by_itself}
        return self._jobs.add(KIND, title, record, (), prompt_version=_prompt_version(version), settings=settings)

    def unfinished(self, record: ModelRecord, source: str, target: str) -> JobRecord | None:
        requested = (KIND, record.sha256, pair_version(record), source, target)
        for job in self._jobs.list():
            settings = (job.settings.get(key) for key in ("version", "source", "target"))
            if (job.kind, job.model_sha256, *settings) == requested and not job.status.is_end:
                return job
        return None

    def _end_older(self, record: ModelRecord) -> None:
        for job in self._jobs.list():
            is_older = job.settings.get("version") != pair_version(record) and not job.status.is_end
            if (job.kind, job.model_sha256) == (KIND, record.sha256) and is_older:
                with suppress(KnownError):  # another instance may have ended it
                    self._jobs.cancel(job.id)

    def note(self, record: ModelRecord, pair: tuple[str, str], reason: str | None) -> None:
        """Store why a pair is not examined automatically (slow, failed, stopped). None as `reason` removes the note."""
        notes = dict(notes_of(record))
        name = "-".join(pair)
        if notes.get(name) == reason:
            return
        notes = {**notes, name: reason} if reason else {key: note for key, note in notes.items() if key != name}
        self._keep_info(record.sha256, notes=notes)

    def result(self, record: ModelRecord, source: str, target: str) -> PairResult | None:
        """Return the result for a pair, or for the pair that was examined in its place. None if there is no result.

        For an empty source, return the result of any pair into `target`, preferably from English.
        """
        results = [result for result in results_of(record) if result.target == target]
        requested = examined_pair(source, target) if source else None
        if requested is not None:
            return next((result for result in results if result.source == requested[0]), None)
        if source:
            return None
        return min(results, key=lambda result: result.source != "en", default=None)

    # ---- making (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        """Yield the steps of an exam: translate, translate back, then judge. Stored answers are not asked for again."""
        source, target = str(job.settings.get("source")), str(job.settings.get("target"))
        record = self._models.by_sha256(job.model_sha256)
        if record is None or job.settings.get("version") != pair_version(record):
            return  # from an older program, with other test sentences or prompts
        version, items = _prompt_version(pair_version(record)), pair_items(source)
        plain_ones = sum(item.kind is ItemKind.PLAIN for item in items)
        ahead = (ExpectedBatch("back", plain_ones, 1.0),)
        style = styled(TranslationStyle(target, source), record)
        there = yield Batch([item.step(style) for item in items], version, name="there", ahead=ahead)
        self._need_some(job, there)
        answers = [_words_of(answer) for answer in there or ()]
        plain = [said(item, answer) for item, answer in zip(items, answers, strict=True) if item.kind is ItemKind.PLAIN]
        style = changed(style, source=target, target=source)
        steps = {at: translation_step(words, Tags(), style) for at, words in enumerate(plain) if words}
        backs = [""] * len(plain)
        if steps:
            back = yield Batch(list(steps.values()), version, name="back")
            self._need_some(job, back)
            for at, value in zip(steps, back or (), strict=True):
                backs[at] = said(items[at], _words_of(value))  # the plain ones come first
        result = judged(source, target, answers, backs, now=time.time())
        self._keep(job.model_sha256, changed(result, version=pair_version(record)))

    def _need_some(self, job: JobRecord, values: Sequence[StepValue] | None) -> None:
        """Raise the error of the first failed step, a KnownError, if the model answered nothing.

        Otherwise the model would be called weak although it was not examined.
        """
        if values and not any(value is not None for value in values):
            first = self._jobs.failed_steps(job.id)[0]
            raise KnownError(str(first.error_code), **plain_args(first.error_args))

    def _keep(self, sha256: str, result: PairResult) -> None:
        self._keep_info(sha256, result=result)
        self._publish(ModelsChanged())

    def _keep_info(
        self, sha256: str, *, result: PairResult | None = None, notes: Mapping[str, Json] | None = None
    ) -> None:
        """Store the result or notes in each record of this model file, and remove results of other exam versions."""
        for record in self._store.models.all():
            if record.sha256 != sha256:
                continue
            results = (*results_of(record), *([result] if result is not None else ()))
            pairs: dict[str, Json] = {f"{exam.source}-{exam.target}": to_json(exam) for exam in results}
            kept: dict[str, Json] = dict(notes_of(record) if notes is None else notes)
            shape: dict[str, Json] = {"version": pair_version(record), "pairs": pairs, "notes": kept}
            self._store.models.set_info(record.id, **{INFO_KEY: shape})


def results_of(record: ModelRecord) -> list[PairResult]:
    results = stored_dict(PairResult, _info(record).get("pairs")).values()
    known = [result for result in results if {each.skill for each in result.skills} == set(PairSkill)]
    return sorted(known, key=lambda result: (result.source, result.target))


def notes_of(record: ModelRecord) -> Mapping[str, Json]:
    return stored_from(dict, _info(record).get("notes")) or {}


def _info(record: ModelRecord) -> Mapping[str, Json]:
    info = stored_from(dict, record.info.get(INFO_KEY)) or {}
    return info if info.get("version") == pair_version(record) else {}


def _pair(source: str, target: str) -> tuple[str, str]:
    requested = language_of(source).code, language_of(target).code
    if requested[0] == requested[1]:
        raise KnownError("language.same", language=LANGUAGES[requested[0]].shown)
    pair = examined_pair(*requested)
    if pair is None:
        raise KnownError("exam.pair", language=LANGUAGES[requested[0]].shown)
    return pair


def _prompt_version(version: str) -> str:
    return f"pair exam {version}"


def _words_of(value: object) -> str:
    return stored_from(str, (stored_from(dict, value) or {}).get("text")) or ""


class AutoPairExams(AutoExams):
    """Automatic exams that start after a translation and examine the pair that was translated last. Service thread."""

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
        """The pair each model translated last, or the pair that is examined in its place."""

    def _listen(self, events: EventBus) -> None:
        super()._listen(events)
        events.on(PairUsed, self._on_pair_used)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """Do nothing, because only translations start these exams."""

    def _on_pair_used(self, event: PairUsed) -> None:
        if not self._is_on:
            return
        pair = examined_pair(event.source, event.target)
        record = next((model for model in self._models.list() if model.id == event.model), None)
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
        """Do nothing, because the translation pages show the result of a pair with a button for its exam."""

    def _note_failed(self, record: ModelRecord) -> None:
        self._pairs.note(record, self._last[record.id], "failed")

    def _say_slow(self, record: ModelRecord, seconds: float | None) -> None:
        self._pairs.note(record, self._last[record.id], "slow")
        self._publish(ModelsChanged())
