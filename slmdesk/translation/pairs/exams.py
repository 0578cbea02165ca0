"""Exams for pairs of languages: tests on this PC whether a model can translate from one into the other.

A job of kind `pair_exam` translates sentences, then back-translates them.  The result is stored by the model's
checksum, the version of items and prompts, and the pair.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES, language_of
from slmdesk.base.record import Number, Record, to_json
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_dict, stored_from
from slmdesk.jobs.plan import Batch, JobPlanner, Plan, StepValue
from slmdesk.jobs.service import JobService
from slmdesk.jobs.time_left import ExpectedBatch
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.service import ModelService
from slmdesk.runtime.messages import plain_args
from slmdesk.runtime.service import Runtime, Service
from slmdesk.translation.pairs.items import (
    ItemKind,
    PairSkill,
    back_step,
    examined_pair,
    judge_pair,
    pair_items,
    pair_version,
    said,
)

KIND = "pair_exam"
INFO_KEY = "pair_exams"
GOOD, FAIR = 0.9, 0.6
"""Shares of answers that show a skill from which it is good, or fair: usable with a look at the flags.

Weak is where more than two of five fail: then a person would mend more than read (figures: docs/performance.md).
"""


class PairSkillResult(Record):
    skill: PairSkill
    level: str
    """good, fair or weak."""
    passed: int
    total: int


class PairResult(Record):
    source: str
    target: str
    level: str
    taken: Number
    """Seconds since the epoch."""
    skills: tuple[PairSkillResult, ...]
    version: str = ""

    def of(self, skill: PairSkill) -> PairSkillResult:
        """Return one skill's result.  Raises StopIteration where there is none, which `result_from` does not let
        through.
        """
        return next(one for one in self.skills if one.skill is skill)

    def is_weak(self, skill: PairSkill) -> bool:
        return self.of(skill).level == "weak"


class PairExamService(Service, JobPlanner):
    """Service thread."""

    def __init__(self, runtime: Runtime, models: ModelService, jobs: JobService) -> None:
        super().__init__(runtime)
        self._models, self._jobs = models, jobs
        jobs.plan_by(KIND, self)

    def take(self, model: str | None, source: str, target: str, *, by_itself: bool = False) -> JobRecord:
        """Start the exam of a model for a pair in the background, or resume an unfinished one.

        A source without items is examined from English instead.  Raises KnownError `language.…`, `model.…`, `store.…`,
        and `exam.pair` for a pair that cannot be examined.
        """
        pair = _pair(source, target)
        record = self._models.choose(model)
        self.note(record, pair, None)
        if job := self.unfinished(record, *pair):
            return job if job.status is JobStatus.RUNNING else self._jobs.resume(job.id)
        self._end_older(record)
        names = " → ".join(LANGUAGES[one].name for one in pair)
        settings: dict[str, Json] = {"version": pair_version(), "source": pair[0], "target": pair[1]}
        return self._jobs.add(
            KIND,
            f"{record.name}: {names}",
            record,
            (),
            prompt_version=_prompt_version(),
            settings=settings | {"by_itself": by_itself},
        )

    def unfinished(self, record: ModelRecord, source: str, target: str) -> JobRecord | None:
        requested = (KIND, record.sha256, pair_version(), source, target)
        for job in self._jobs.list():
            found = job.settings
            is_it = (
                job.kind,
                job.model_sha256,
                *(found.get(key) for key in ("version", "source", "target")),
            ) == requested
            if is_it and not job.status.is_end:
                return job
        return None

    def _end_older(self, record: ModelRecord) -> None:
        for job in self._jobs.list():
            is_older = job.settings.get("version") != pair_version() and not job.status.is_end
            if (job.kind, job.model_sha256) == (KIND, record.sha256) and is_older:
                with suppress(KnownError):  # another instance may have ended it
                    self._jobs.cancel(job.id)

    def note(self, record: ModelRecord, pair: tuple[str, str], reason: str | None) -> None:
        """Store why a pair is not examined automatically (slow, failed, stopped); None removes the reason."""
        notes = dict(notes_of(record))
        name = "-".join(pair)
        if notes.get(name) == reason:
            return
        notes = {**notes, name: reason} if reason else {key: one for key, one in notes.items() if key != name}
        self._keep_info(record.sha256, notes=notes)

    def result(self, record: ModelRecord, source: str, target: str) -> PairResult | None:
        """Return the result for a pair, or for the pair examined in its place; None when there is none.

        With an empty source: for any pair into `target`, from English where that is known.
        """
        found = [one for one in results_of(record) if one.target == target]
        requested = examined_pair(source, target) if source else None
        if requested is not None:
            return next((one for one in found if one.source == requested[0]), None)
        if source:
            return None
        return min(found, key=lambda one: one.source != "en", default=None)

    # ---- making (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        """Translate, back-translate, then judge.  Answers stored under these items are not asked again."""
        source, target = str(job.settings.get("source")), str(job.settings.get("target"))
        if job.settings.get("version") != pair_version():
            return  # an older program's: its answers say nothing of these items
        items = pair_items(source)
        plain_ones = sum(one.kind is ItemKind.PLAIN for one in items)
        ahead = (ExpectedBatch("back", plain_ones, 1.0),)
        there = yield Batch([one.step(source, target) for one in items], _prompt_version(), name="there", ahead=ahead)
        self._need_some(job, there)
        answers = [_words_of(one) for one in there or ()]
        plain = [said(item, answer) for item, answer in zip(items, answers, strict=True) if item.kind is ItemKind.PLAIN]
        steps = {at: back_step(words, source, target) for at, words in enumerate(plain) if words}
        backs = [""] * len(plain)
        if steps:
            back = yield Batch(list(steps.values()), _prompt_version(), name="back")
            self._need_some(job, back)
            for at, value in zip(steps, back or (), strict=True):
                backs[at] = said(items[at], _words_of(value))  # the plain ones come first
        self._keep(job.model_sha256, judged(source, target, answers, backs, now=time.time()))

    def _need_some(self, job: JobRecord, values: Sequence[StepValue] | None) -> None:
        """Fail the exam with the first step's error when the model answered nothing: that does not make it weak.

        Raises KnownError.
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
        """Store it in each record of this file and remove results of other versions."""
        for record in self._store.models.all():
            if record.sha256 != sha256:
                continue
            pairs: dict[str, Json] = {f"{one.source}-{one.target}": to_json(one) for one in results_of(record)}
            if result is not None:
                pairs[f"{result.source}-{result.target}"] = to_json(result)
            kept: dict[str, Json] = dict(notes_of(record) if notes is None else notes)
            shape: dict[str, Json] = {"version": pair_version(), "pairs": pairs, "notes": kept}
            self._store.models.set_info(record.id, **{INFO_KEY: shape})


def judged(source: str, target: str, answers: Sequence[str], backs: Sequence[str], *, now: float) -> PairResult:
    scores = judge_pair(source, target, answers, backs)
    skills = tuple(
        PairSkillResult(skill, level_of(score.passed / max(score.total, 1)), score.passed, score.total)
        for skill, score in scores.items()
    )
    return PairResult(source, target, level_in_all(skills), now, skills, pair_version())


def level_of(share: float) -> str:
    return "good" if share >= GOOD else "fair" if share >= FAIR else "weak"


def level_in_all(skills: Sequence[PairSkillResult]) -> str:
    """Return the level over all skills: language and meaning decide, the rest is checked in each translation."""
    levels = {one.skill: one.level for one in skills}
    main = {levels[PairSkill.LANGUAGE], levels[PairSkill.SENSE]}
    if "weak" in main:
        return "weak"
    rest = {levels[PairSkill.NUMBERS], levels[PairSkill.NO_CHATTER]}
    return "good" if main == {"good"} and "weak" not in rest else "fair"


def results_of(record: ModelRecord) -> list[PairResult]:
    results = stored_dict(PairResult, _info(record).get("pairs")).values()
    known = [one for one in results if {each.skill for each in one.skills} == set(PairSkill)]
    return sorted(known, key=lambda one: (one.source, one.target))


def notes_of(record: ModelRecord) -> Mapping[str, Json]:
    return stored_from(dict, _info(record).get("notes")) or {}


def _info(record: ModelRecord) -> Mapping[str, Json]:
    found = stored_from(dict, record.info.get(INFO_KEY)) or {}
    return found if found.get("version") == pair_version() else {}


def _pair(source: str, target: str) -> tuple[str, str]:
    requested = language_of(source).code, language_of(target).code
    if requested[0] == requested[1]:
        raise KnownError("language.same", language=LANGUAGES[requested[0]].name)
    pair = examined_pair(*requested)
    if pair is None:
        raise KnownError("exam.pair", language=LANGUAGES[requested[0]].name)
    return pair


def _prompt_version() -> str:
    return f"pair exam {pair_version()}"


def _words_of(value: object) -> str:
    return stored_from(str, (stored_from(dict, value) or {}).get("text")) or ""
