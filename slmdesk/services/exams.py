"""Exams: what a model can be trusted with, found out once on this PC and said in a plain sentence.

An exam is a job of kind `exam`; its result is a fact of the model, kept by its checksum and the items' version.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobRecord, JobStatus, JobStep, ModelRecord
from slmdesk.core.types import Json
from slmdesk.core.wire import dataclass_from
from slmdesk.services.exam_items import Question, Skill, items, separation
from slmdesk.services.jobs import JobService, step_key
from slmdesk.services.models import ModelService
from slmdesk.store import Store

KIND = "exam"
FACT = "exam"
GOOD, FAIR = 0.75, 0.5
"""Shares of items passed from which a skill is good, or fair."""
GOOD_AUC, FAIR_AUC = 0.85, 0.7

_GOOD: Mapping[Skill, str] = {
    Skill.FORMAT: "keeping to a form",
    Skill.TRUTH: "checking statements against a text",
    Skill.LANGUAGE: "answering in the language asked",
    Skill.CORRECT: "correcting without rewriting",
}
_WEAK: Mapping[Skill, str] = {
    Skill.FORMAT: "does not keep to a form",
    Skill.TRUTH: "cannot check statements against a text",
    Skill.LANGUAGE: "often answers in another language than asked, or nothing new",
    Skill.CORRECT: "misses mistakes or rewrites when it should correct",
}


@dataclass(frozen=True, slots=True)
class SkillResult:
    """How one skill went."""

    skill: Skill
    level: str
    """good, fair or weak."""
    passed: int
    """For statements: how many are told right, each with the threshold the others give."""
    total: int
    auc: float | None = None
    threshold: float | None = None
    """log P(Yes) - log P(No) from which a statement is taken for true."""


@dataclass(frozen=True, slots=True)
class ExamResult:
    """What a model can be trusted with."""

    version: str
    """Of the items."""
    taken: float
    """Seconds since the epoch."""
    skills: tuple[SkillResult, ...]

    def of(self, skill: Skill) -> SkillResult | None:
        """One skill's result."""
        return next((one for one in self.skills if one.skill is skill), None)


class ExamService:
    """Begins exams and reads their results.  Desk thread."""

    def __init__(self, store: Store, models: ModelService, jobs: JobService) -> None:
        self._store, self._models, self._jobs = store, models, jobs
        jobs.when_done(KIND, self._keep)

    def take(self, model: str | None = None) -> JobRecord:
        """Begin the exam of a model, in the background.  Items answered before under this version are not asked again.

        Raises KnownError `model.…`, `store.…`.
        """
        record = self._models.choose(model)
        version, questions = items()
        for job in self._jobs.list():
            is_open = job.status not in (JobStatus.DONE, JobStatus.CANCELLED)
            if (job.kind, job.model_sha256) == (KIND, record.sha256) and is_open:
                if job.settings.get("version") == version:
                    return self._jobs.resume(job.id)
                with suppress(KnownError):  # another desk may have ended it
                    self._jobs.cancel(job.id)  # of older items: nobody wants its answers
        return self._jobs.add(
            KIND,
            record.name,
            record,
            [question.step() for question in questions],
            prompt_version=_prompt_version(version),
            settings={"version": version},
        )

    def result(self, record: ModelRecord) -> ExamResult | None:
        """What is known of a model; None: it has sat no exam with these items."""
        return _result_from(record.facts.get(FACT))

    def _keep(self, job: JobRecord) -> None:
        """All answers are there: judge them, and note it of each record of this file.

        Answers to other items, of an exam that an older program began, say nothing of these.
        """
        if job.settings.get("version") != items()[0]:
            return
        result = judge(self._store.steps(job.id), job.model_sha256, now=time.time())
        for record in self._store.models():
            if record.sha256 == job.model_sha256:
                self._store.set_model_facts(record.id, **{FACT: _shape_of(result)})


def judge(steps: Sequence[JobStep], model_sha256: str, *, now: float) -> ExamResult:
    """The result of an exam from its steps.  A step without an answer counts as not passed."""
    version, questions = items()
    values = {step.key: step.value for step in steps}
    answers = {
        number: values.get(step_key(model_sha256, _prompt_version(version), question.step()), {})
        for number, question in enumerate(questions)
    }
    results = []
    for skill in Skill:
        asked = [(one, answers[number]) for number, one in enumerate(questions) if one.skill is skill]
        results.append(_judge_truth(asked) if skill is Skill.TRUTH else _judge_words(skill, asked))
    return ExamResult(version, now, tuple(results))


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


def sentence_of(name: str, result: ExamResult) -> str:
    """What a person should know, in one sentence."""
    good = [_GOOD[one.skill] for one in result.skills if one.level == "good"]
    fair = [_GOOD[one.skill] for one in result.skills if one.level == "fair"]
    weak = [_WEAK[one.skill] for one in result.skills if one.level == "weak"]
    parts = [f"good for {_and(['short chats', *good])}"]
    if fair:
        parts.append(f"fair at {_and(fair)}")
    if weak:
        parts.append(f"it {_and(weak)}")
    return f"{name}: {'; '.join(parts)}."


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _prompt_version(version: str) -> str:
    return f"exam {version}"


def _shape_of(result: ExamResult) -> dict[str, Json]:
    return {"version": result.version, "taken": result.taken, "skills": [shape_of_skill(one) for one in result.skills]}


def shape_of_skill(result: SkillResult) -> dict[str, Json]:
    """One skill's result as JSON."""
    shape: dict[str, Json] = {
        "skill": result.skill.value,
        "level": result.level,
        "passed": result.passed,
        "total": result.total,
    }
    return shape if result.auc is None else shape | {"auc": result.auc, "threshold": result.threshold}


def _result_from(untrusted: Json) -> ExamResult | None:
    """A fact of the store; one of other items, or of a newer program, is none."""
    if untrusted is None:
        return None
    try:
        result = dataclass_from(ExamResult, untrusted)
    except KnownError:
        return None
    return result if result.version == items()[0] else None
