"""The exam service: tests once on this PC which jobs a model can be trusted with.

An exam is a job of kind `exam`; its result is stored by the model's checksum and the version of the questions.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.records import JobRecord, JobStatus, JobStep, ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.evaluation.exam_items import WRITTEN, Question, Skill, items, separation
from slmdesk.jobs.kinds import EXAM
from slmdesk.jobs.plan import AskedQuestion, Batch, StepValue
from slmdesk.jobs.service import JobService
from slmdesk.jobs.steps import step_key
from slmdesk.models.service import ModelService
from slmdesk.store import Store

KIND = EXAM
INFO_KEY = "exam"
THINKING_KEY = "exam_thinking"
SKILLS = "exam_skills"
"""The fact that keeps single skills, found out by a job that needs them, of a model that sat no exam."""
GOOD, FAIR = 0.75, 0.5
"""Shares of items passed from which a skill is good, or fair."""
GOOD_AUC, FAIR_AUC = 0.85, 0.7

NOTE = "exam_note"


class SkillResult(Record):
    skill: Skill
    level: str
    """good, fair or weak."""
    passed: int
    """For statements: how many are told right, each with the threshold the others give."""
    total: int
    auc: Number | None = None
    threshold: Number | None = None


class ExamResult(Record):
    version: str
    taken: Number
    """Seconds since the epoch."""
    skills: tuple[SkillResult, ...]
    thoughts: int = 0

    def of(self, skill: Skill) -> SkillResult | None:
        return next((one for one in self.skills if one.skill is skill), None)


class ExamService:
    """Starts exams and reads their results.  Service thread."""

    def __init__(self, store: Store, models: ModelService, jobs: JobService) -> None:
        self._store, self._models, self._jobs = store, models, jobs
        jobs.when_done(KIND, self._keep)

    def take(self, model: str | None = None, *, by_itself: bool = False, thinking: bool = False) -> JobRecord:
        """Start the exam of a model in the background.  Questions answered under this version are not asked again.

        `by_itself`: started automatically, so it gives way to everything (see auto_exams).  `thinking`: only what is
        written is asked, with a thought before each answer; its result stands beside that of the exam.  Raises
        KnownError `model.…`, `store.…`.
        """
        record = self._models.choose(model)
        version, questions = items()[0], _questions(thinking=thinking)
        if not by_itself:
            self.note(record, None)
        self._end_older(record)
        if job := self.unfinished(record, thinking=thinking):
            return self._jobs.resume(job.id)
        return self._jobs.add(
            KIND,
            record.name,
            record,
            [question.step(thinking=thinking) for question in questions],
            prompt_version=_prompt_version(version),
            settings={"version": version, "by_itself": by_itself, **({"thinking": True} if thinking else {})},
        )

    def unfinished(self, record: ModelRecord, *, thinking: bool = False) -> JobRecord | None:
        version = items()[0]
        for job in self._jobs.list():
            same = (job.kind, job.model_sha256, job.settings.get("version")) == (KIND, record.sha256, version)
            same = same and _is_thinking(job) == thinking
            if same and job.status not in (JobStatus.DONE, JobStatus.CANCELLED):
                return job
        return None

    def _end_older(self, record: ModelRecord) -> None:
        for job in self._jobs.list():
            is_open = job.status not in (JobStatus.DONE, JobStatus.CANCELLED)
            of_older = job.settings.get("version") != items()[0]
            if (job.kind, job.model_sha256) == (KIND, record.sha256) and is_open and of_older:
                with suppress(KnownError):  # another instance may have ended it
                    self._jobs.cancel(job.id)

    def stop(self, model: str) -> None:
        """Cancel an exam because a person asked; it is not started automatically again.  Answers so far are kept.

        Raises KnownError `model.unknown`, `job.…`.
        """
        record = self._store.models.get(model)
        self.note(record, "stopped")
        for thinking in (False, True):
            if job := self.unfinished(record, thinking=thinking):
                self._jobs.cancel(job.id)

    def models_of(self, job: str) -> tuple[str, ...]:
        """Return the ids of the models a job examines.  Raises KnownError `job.unknown`."""
        sha256 = self._store.jobs.get(job).model_sha256
        return tuple(one.id for one in self._store.models.all() if one.sha256 == sha256)

    def note(self, record: ModelRecord, reason: str | None, **more: Json) -> None:
        """Store why a model is not examined automatically (slow, stopped, failed); None removes the reason."""
        if reason is None and NOTE not in record.info:
            return
        shape: Json = None if reason is None else {"version": items()[0], "reason": reason, **more}
        self._store.models.set_info(record.id, **{NOTE: shape})

    @staticmethod
    def prompt_version() -> str:
        return _prompt_version(items()[0])

    def examined(
        self, record: ModelRecord, skills: Sequence[Skill], batch: Batch
    ) -> Generator[AskedQuestion, Any, Mapping[Skill, SkillResult]]:
        """Ask, in a plan, what is not known yet of these skills of a model; return all known skills.

        `batch`: what the plan says of the questions' batch, which has no steps yet.
        """
        version, questions = items()
        known = self.skills(record)
        open_ones = [one for one in questions if one.skill in skills and one.skill not in known]
        if not open_ones:
            return known
        steps = [one.step() for one in open_ones]
        values: list[StepValue] = yield changed(batch, steps=steps, prompt_version=_prompt_version(version))
        return self._keep_skills(record, [(one, value or {}) for one, value in zip(open_ones, values, strict=True)])

    def _keep_skills(
        self, record: ModelRecord, asked: Sequence[tuple[Question, Mapping[str, Json]]]
    ) -> dict[Skill, SkillResult]:
        known = self.skills(record)
        for skill in {question.skill for question, _value in asked}:
            known[skill] = judge_skill(skill, [one for one in asked if one[0].skill is skill])
        shape: dict[str, Json] = {"version": items()[0], "skills": [shape_of_skill(one) for one in known.values()]}
        for one in self._store.models.all():
            if one.sha256 == record.sha256:
                self._store.models.set_info(one.id, **{SKILLS: shape})
        return known

    def skills(self, record: ModelRecord) -> dict[Skill, SkillResult]:
        return skills_of(record)

    def result(self, record: ModelRecord) -> ExamResult | None:
        return result_of(record)

    def thinking_result(self, record: ModelRecord) -> ExamResult | None:
        return result_of(record, THINKING_KEY)

    def _keep(self, job: JobRecord) -> None:
        """All answers are there: judge them, and note it of each record of this file.

        Answers to other items, of an exam that an older program began, say nothing of these.
        """
        if job.settings.get("version") != items()[0]:
            return
        thinking = _is_thinking(job)
        result = judge(self._store.jobs.steps(job.id), job.model_sha256, now=time.time(), thinking=thinking)
        for record in self._store.models.all():
            if record.sha256 == job.model_sha256:
                key = THINKING_KEY if thinking else INFO_KEY
                self._store.models.set_info(record.id, **{key: _json_of(result)})


def judge(steps: Sequence[JobStep], model_sha256: str, *, now: float, thinking: bool = False) -> ExamResult:
    """Return the result of an exam from its steps; a step without an answer counts as not passed."""
    version, questions = items()[0], _questions(thinking=thinking)
    values = {step.key: step.value for step in steps}
    asked = [
        (one, values.get(step_key(model_sha256, _prompt_version(version), one.step(thinking=thinking)), {}))
        for one in questions
    ]
    results = [
        judge_skill(skill, [one for one in asked if one[0].skill is skill])
        for skill in (WRITTEN if thinking else Skill)
    ]
    return ExamResult(version, now, tuple(results), sum(bool(value.get("thought")) for _one, value in asked))


def _questions(*, thinking: bool) -> Sequence[Question]:
    return [one for one in items()[1] if one.skill in WRITTEN] if thinking else items()[1]


def _is_thinking(job: JobRecord) -> bool:
    return bool(job.settings.get("thinking"))


def judge_skill(skill: Skill, asked: Sequence[tuple[Question, Mapping[str, Json]]]) -> SkillResult:
    return _judge_truth(asked) if skill is Skill.TRUTH else _judge_words(skill, asked)


def _judge_words(skill: Skill, asked: Sequence[tuple[Question, Mapping[str, Json]]]) -> SkillResult:
    passed = sum(question.is_passed(str(value.get("text", ""))) for question, value in asked)
    return SkillResult(skill, _level(passed / len(asked), GOOD, FAIR), passed, len(asked))


def _judge_truth(asked: Sequence[tuple[Question, Mapping[str, Json]]]) -> SkillResult:
    scores: dict[bool, list[float]] = {True: [], False: []}
    for question, value in asked:
        match value.get("scores"):
            case [int() | float() as yes, int() | float() as no]:
                scores[question.is_true].append(yes - no)
    if not (scores[True] and scores[False]):
        return SkillResult(Skill.TRUTH, "weak", 0, len(asked))
    found = separation(scores[True], scores[False])
    level = _level(found.auc, GOOD_AUC, FAIR_AUC)
    return SkillResult(Skill.TRUTH, level, found.right, len(asked), round(found.auc, 3), round(found.threshold, 3))


def _level(value: float, good: float, fair: float) -> str:
    return "good" if value >= good else "fair" if value >= fair else "weak"


def _prompt_version(version: str) -> str:
    return f"exam {version}"


def _json_of(result: ExamResult) -> dict[str, Json]:
    skills: list[Json] = [shape_of_skill(one) for one in result.skills]
    thoughts: dict[str, Json] = {"thoughts": result.thoughts} if result.thoughts else {}
    return {"version": result.version, "taken": result.taken, "skills": skills, **thoughts}


def shape_of_skill(result: SkillResult) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "skill": result.skill.value,
        "level": result.level,
        "passed": result.passed,
        "total": result.total,
    }
    return shape if result.auc is None else shape | {"auc": result.auc, "threshold": result.threshold}


def result_of(record: ModelRecord, key: str = INFO_KEY) -> ExamResult | None:
    """Return the stored exam result of a model; None for one with other questions, or of a newer program."""
    result = stored_from(ExamResult, record.info.get(key))
    return result if result is not None and result.version == items()[0] else None


def skills_of(record: ModelRecord) -> dict[Skill, SkillResult]:
    """Return the known skills of a model: from its exam, else from the questions another job asked, else from our own
    exam of a file with its checksum.
    """
    result = result_of(record)
    if result is not None:
        return {one.skill: one for one in result.skills}
    noted = stored_from(dict, record.info.get(SKILLS)) or {}
    if noted.get("version") != items()[0]:
        return dict(known_skills().get(record.sha256, {}))
    return {one.skill: one for one in stored_list(SkillResult, noted.get("skills"))}


@cache
def known_skills() -> Mapping[str, Mapping[Skill, SkillResult]]:
    file = resources.files("slmdesk.evaluation").joinpath("known_models.toml")
    known = tomllib.loads(file.read_text("utf-8"))
    if known["version"] != items()[0]:
        return {}
    return {
        one["sha256"]: {result.skill: result for result in stored_list(SkillResult, one["skill"])}
        for one in known["model"]
    }


def note_of(record: ModelRecord) -> Mapping[str, Json]:
    note = stored_from(dict, record.info.get(NOTE)) or {}
    return note if note.get("version") == items()[0] else {}


FEWEST_PARAMETERS = 300_000_000
"""A model without an exam and with fewer is taken for too weak to quote."""


def is_weak(record: ModelRecord, needed: Collection[Skill] = (Skill.FORMAT,), fewest: int = FEWEST_PARAMETERS) -> bool:
    """Return whether a model is too weak: by what its exam says of the needed skills, else by its size."""
    skills = skills_of(record)
    levels = [skills[one].level for one in needed if one in skills]
    if levels:
        return "weak" in levels
    parameters = record.header.get("parameters")
    return isinstance(parameters, int) and 0 < parameters < fewest
