"""The exam service: tests on this PC, once per model, for which work the model can be trusted.

An exam is a job of kind `exam`. Its result is stored by the model's checksum and the version of the questions.
"""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Protocol

from rapidfuzz.distance import Levenshtein

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import picked, stored_from, stored_list
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.records import JobRecord, JobStatus, JobStep, ModelRecord, Status
from slmdesk.base.types import THINKING_ON, ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.jobs.runner import step_key, step_of
from slmdesk.jobs.service import JobService
from slmdesk.jobs.types import EXAM, JobChanged
from slmdesk.loader.energy import OtherPrograms
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.running import LEAST_TOKENS
from slmdesk.models.service import WORDS, DefaultUse, ModelService, can_do
from slmdesk.runtime.events import EventBus, MessageEnded, ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime.service import Later, Runtime, Service
from slmdesk.store import Store
from slmdesk.text.sentences import LANGUAGES, detect

ANSWER_TOKENS = 96
THOUGHT_TOKENS, END_TOKENS = 1024, 16
LEAST_NEW_WORDS = 5
YES_NO = ("Yes", "No")
_CORRECT = "Correct the mistakes in this text. Change nothing else. Write only the corrected text.\n\n"


class Skill(StrEnum):
    FORMAT = "format"
    BLOCK = "block"
    TRUTH = "truth"
    LANGUAGE = "language"
    CORRECT = "correct"
    SUMMARY = "summary"
    """Its papers come from the feature of summaries (see `Papers`)."""


WRITTEN = (Skill.FORMAT, Skill.LANGUAGE, Skill.CORRECT)
"""Skills tested by short written answers, before which the model may think."""


SHORT = (Skill.FORMAT, Skill.TRUTH, Skill.SUMMARY)
"""Skills on which summaries, questions and tables depend: all that is tested automatically of a slow model."""


class Question(Record):
    skill: Skill
    item: Mapping[str, Any]
    is_true: bool = True

    def step(self, *, thinking: bool = False) -> dict[str, Json]:
        """Return the question as a step of a job, with a short, greedy, repeatable answer.

        With `thinking`, the model thinks first.
        """
        if self.skill is Skill.TRUTH:
            return truth_step(self.item["text"], self.item["true" if self.is_true else "altered"])
        if self.skill is Skill.BLOCK:
            return block_step(self.item["blocks"], self.item["said"])
        asked = _CORRECT + self.item["wrong"] if self.skill is Skill.CORRECT else self.item["ask"]
        sampling = Sampling(temperature=0.0, max_tokens=ANSWER_TOKENS)
        if thinking:
            most = THOUGHT_TOKENS + END_TOKENS + ANSWER_TOKENS
            sampling = changed(sampling, max_tokens=most, thinking=THINKING_ON, thought_tokens=THOUGHT_TOKENS)
        return step_of([ChatMessage(Role.USER, (TextPart(asked),))], sampling)

    def is_passed(self, answer: str) -> bool:
        answer = answer.strip()
        match self.skill:
            case Skill.FORMAT:
                return keeps_format(answer, self.item)
            case Skill.BLOCK:
                return answer == str(self.item["right"])
            case Skill.LANGUAGE:
                return is_answer(self.item["ask"], answer) and detect(answer, LANGUAGES)[0] == self.item["language"]
            case Skill.CORRECT:
                return corrects(self.item["wrong"], self.item["right"], answer)
            case Skill.TRUTH | Skill.SUMMARY:
                raise ValueError("judged all together")


class Separation(Record):
    """How well scores tell true statements from altered ones."""

    auc: float
    """Probability that a true statement scores higher than an altered one. 0.5 is guessing."""
    threshold: float
    """Least log P(Yes) - log P(No) at which a statement counts as true."""
    right: int
    """Number of statements judged correctly, each with the threshold computed from all the others."""


@cache
def items() -> tuple[str, tuple[Question, ...]]:
    shape = tomllib.loads(resources.files("slmdesk.evaluation").joinpath("exam_items.toml").read_text("utf-8"))
    questions: list[Question] = []
    for skill in Skill:
        for item in shape.get(skill.value, ()):
            questions.append(Question(skill, item))
            if skill is Skill.TRUTH:
                questions.append(Question(skill, item, is_true=False))
    return str(shape["version"]), tuple(questions)


def truth_step(text: str, statement: str) -> dict[str, Json]:
    """Build the step that asks whether a text says this."""
    ask = "\n\nDoes the text say this? Answer Yes or No."
    parts = (*_document("Text: ", text), TextPart(f"\n\nStatement: {statement}{ask}"))
    return step_of([ChatMessage(Role.USER, parts)], Sampling(temperature=0.0), choices=YES_NO)


def block_step(blocks: Sequence[str], statement: str) -> dict[str, Json]:
    listed = "\n".join(f"[{number}] {text}" for number, text in enumerate(blocks, 1))
    ask = "\n\nWhich block says this? Answer with its number only."
    parts = (*_document("Blocks:\n", listed), TextPart(f"\n\nStatement: {statement}{ask}"))
    numbers = [str(number) for number in range(1, len(blocks) + 1)]
    return step_of([ChatMessage(Role.USER, parts)], Sampling(temperature=0.0), choices=numbers)


def keeps_format(answer: str, item: Mapping[str, Any]) -> bool:
    """Return whether the whole answer matches the pattern of an item, or is JSON with the item's keys."""
    if "pattern" in item:
        return re.fullmatch(item["pattern"], answer) is not None
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and set(parsed) == set(item["json"])


def is_answer(asked: str, answer: str) -> bool:
    words = re.findall(r"\w+", answer.lower())
    new = set(words) - set(re.findall(r"\w+", asked.lower()))
    return len(new) >= LEAST_NEW_WORDS and len(set(words)) >= len(words) / 2


def corrects(wrong: str, right: str, answer: str) -> bool:
    """Return whether an answer corrects the given text: it is nearer to the right text, and not a different text.

    At most half of the mistakes, in characters, may remain, and at most twice the necessary changes may be made.
    """
    needed = Levenshtein.distance(wrong, right)
    return Levenshtein.distance(answer, right) <= needed / 2 and Levenshtein.distance(answer, wrong) <= 2 * needed


def separation(true: Sequence[float], altered: Sequence[float]) -> Separation:
    """Return the AUC by counting pairs (Mann and Whitney 1947), the best threshold, and how reliable it is.

    A threshold looks too good on the statements it was chosen from, so each statement is judged with a threshold chosen
    without it (Stone 1974, cross-validation).
    """
    wins = sum((a > b) + 0.5 * (a == b) for a in true for b in altered)
    right = sum(value > _threshold(_but(true, at), altered) for at, value in enumerate(true))
    right += sum(value <= _threshold(true, _but(altered, at)) for at, value in enumerate(altered))
    return Separation(wins / (len(true) * len(altered)), _threshold(true, altered), right)


def _threshold(true: Sequence[float], altered: Sequence[float]) -> float:
    """Return the threshold with the largest share of right judgements on both kinds, in the middle of its gap."""
    every = sorted({*true, *altered})
    cuts = [every[0] - 1.0, *((a + b) / 2 for a, b in pairwise(every))]

    def right(cut: float) -> float:
        hits = sum(value > cut for value in true) / max(1, len(true))
        return hits + sum(value <= cut for value in altered) / max(1, len(altered))

    return max(cuts, key=right)


def _but(values: Sequence[float], at: int) -> list[float]:
    return [*values[:at], *values[at + 1 :]]


def _document(lead: str, text: str) -> tuple[TextPart, TextPart]:
    return TextPart(lead), TextPart(text, Origin.DOCUMENT)


KIND = EXAM
INFO_KEY = "exam"
THINKING_KEY = "exam_thinking"
SKILLS = "exam_skills"
"""Key in a model's info for single skills that another job has tested, if the model has had no exam."""
GOOD, FAIR = 0.75, 0.5
"""Least shares of passed items at which a skill is called good or fair."""
GOOD_AUC, FAIR_AUC = 0.85, 0.7

NOTE = "exam_note"


class SkillResult(Record):
    skill: Skill
    level: str
    """One of good, fair or weak."""
    passed: int
    """Number of passed items. For statements, those judged correctly with the threshold computed from the others."""
    total: int
    auc: Number | None = None
    threshold: Number | None = None


class ExamResult(Record):
    version: str
    taken: Number
    """Time of the exam in seconds since the epoch."""
    skills: tuple[SkillResult, ...]
    thoughts: int = 0

    def of(self, skill: Skill) -> SkillResult | None:
        return next((result for result in self.skills if result.skill is skill), None)


class Part(StrEnum):
    """Which questions an exam has. The value is the key by which the settings of its job say so."""

    WHOLE = ""
    THINKING = "thinking"
    """Those with written answers, and the model may think before each. This result is stored in addition."""
    SHORT = "short"
    """What summaries, questions and tables depend on."""

    @property
    def skills(self) -> Sequence[Skill]:
        return {Part.WHOLE: tuple(Skill), Part.THINKING: WRITTEN, Part.SHORT: SHORT}[self]

    @property
    def questions(self) -> Sequence[Question]:
        return [question for question in items()[1] if question.skill in self.skills]


class Papers(Protocol):
    """Papers whose summaries a model writes in its exam, just as it would write them for a person."""

    def steps(self) -> Sequence[Mapping[str, Json]]: ...

    def judged(self, answers: Sequence[str]) -> SkillResult: ...


class ExamService:
    """Service that starts exams and reads their results. Service thread."""

    def __init__(self, store: Store, models: ModelService, jobs: JobService, papers: Callable[[], Papers]) -> None:
        self._store, self._models, self._jobs, self._papers = store, models, jobs, papers
        jobs.when_done(KIND, self._keep)

    def take(self, model: str | None = None, part: Part = Part.WHOLE, *, by_itself: bool = False) -> JobRecord:
        """Start the exam of a model in the background. Questions answered in this version are not asked again.

        `by_itself`: the exam starts automatically, so it gives way to everything else (see `AutoExams`). Raises
        KnownError `model.…` (`model.wrong_job` for one made for translation), `store.…`.
        """
        record = self._models.choose(model)
        if not can_do(record, DefaultUse.CHAT):
            raise KnownError("model.wrong_job", name=record.name, job=WORDS[DefaultUse.CHAT])
        version = items()[0]
        if not by_itself:
            self.note(record, None)
        for job in self._open_jobs(record):
            if job.settings.get("version") != version:
                with suppress(KnownError):  # another instance may have ended it
                    self._jobs.cancel(job.id)
        if unfinished := self.unfinished(record, part):
            return self._jobs.resume(unfinished.id)
        steps = [question.step(thinking=part is Part.THINKING) for question in part.questions]
        steps += map(dict, self._papers().steps()) if Skill.SUMMARY in part.skills else ()
        settings: dict[str, Json] = {"version": version, "by_itself": by_itself, **({part.value: True} if part else {})}
        prompt_version = _prompt_version(version)
        return self._jobs.add(KIND, record.name, record, steps, prompt_version=prompt_version, settings=settings)

    def unfinished(self, record: ModelRecord, part: Part = Part.WHOLE) -> JobRecord | None:
        jobs = (job for job in self._open_jobs(record) if job.settings.get("version") == items()[0])
        return next((job for job in jobs if _part_of(job) is part), None)

    def _open_jobs(self, record: ModelRecord) -> list[JobRecord]:
        ended = (JobStatus.DONE, JobStatus.CANCELLED)
        jobs = (job for job in self._jobs.list() if (job.kind, job.model_sha256) == (KIND, record.sha256))
        return [job for job in jobs if job.status not in ended]

    def stop(self, model: str) -> None:
        """Cancel an exam for a person. It is not started automatically again. Its answers so far are kept.

        Raises KnownError `model.unknown`, `job.…`.
        """
        record = self._store.models.get(model)
        self.note(record, "stopped")
        for part in Part:
            if job := self.unfinished(record, part):
                self._jobs.cancel(job.id)

    def models_of(self, job: str) -> tuple[str, ...]:
        """Return the ids of the models a job examines.  Raises KnownError `job.unknown`."""
        sha256 = self._store.jobs.get(job).model_sha256
        return tuple(model.id for model in self._store.models.all() if model.sha256 == sha256)

    def note(self, record: ModelRecord, reason: str | None, **more: Json) -> None:
        """Store why a model is not examined automatically (slow, stopped, failed). None as `reason` removes it."""
        if reason is None and NOTE not in record.info:
            return
        shape: Json = None if reason is None else {"version": items()[0], "reason": reason, **more}
        self._store.models.set_info(record.id, **{NOTE: shape})

    def _keep_skills(self, record: ModelRecord, results: Sequence[SkillResult]) -> None:
        known = skills_of(record) | {result.skill: result for result in results}
        shape: dict[str, Json] = {
            "version": items()[0],
            "skills": [shape_of_skill(result) for result in known.values()],
        }
        for model in self._store.models.all():
            if model.sha256 == record.sha256:
                self._store.models.set_info(model.id, **{SKILLS: shape})

    def _keep(self, job: JobRecord) -> None:
        """Judge the answers of a finished exam, and store the result in each record of this model file.

        Answers to questions of an older program version are ignored.
        """
        if job.settings.get("version") != items()[0]:
            return
        part, steps = _part_of(job), self._store.jobs.steps(job.id)
        result = judge(steps, job.model_sha256, part, self._papers(), now=time.time())
        if part is Part.SHORT:
            if record := self._models.by_sha256(job.model_sha256):
                self._keep_skills(record, result.skills)
            return
        for record in self._store.models.all():
            if record.sha256 == job.model_sha256:
                key = THINKING_KEY if part is Part.THINKING else INFO_KEY
                self._store.models.set_info(record.id, **{key: _json_of(result)})


def judge(
    steps: Sequence[JobStep], model_sha256: str, part: Part = Part.WHOLE, papers: Papers | None = None, *, now: float
) -> ExamResult:
    """Return the result of an exam from its steps. A step without an answer counts as failed.

    Papers are judged only if the steps are today's: they change with the prompts of summaries.
    """
    version, values = _prompt_version(items()[0]), {step.key: step.value for step in steps}

    def value_of(step: Mapping[str, Json]) -> Mapping[str, Json] | None:
        return values.get(step_key(model_sha256, version, step))

    is_thinking = part is Part.THINKING
    asked = [(question, value_of(question.step(thinking=is_thinking)) or {}) for question in part.questions]
    results = _judged(asked)
    if papers is not None and Skill.SUMMARY in part.skills:
        written = list(map(value_of, papers.steps()))
        if None not in written:
            results.append(papers.judged([str((value or {}).get("text", "")) for value in written]))
    return ExamResult(items()[0], now, tuple(results), sum(bool(value.get("thought")) for _one, value in asked))


def _judged(asked: Sequence[tuple[Question, Mapping[str, Json]]]) -> list[SkillResult]:
    skills = dict.fromkeys(question.skill for question, _value in asked)
    return [judge_skill(skill, [pair for pair in asked if pair[0].skill is skill]) for skill in skills]


def _part_of(job: JobRecord) -> Part:
    return next((part for part in (Part.THINKING, Part.SHORT) if job.settings.get(part)), Part.WHOLE)


def judge_skill(skill: Skill, asked: Sequence[tuple[Question, Mapping[str, Json]]]) -> SkillResult:
    if skill is Skill.TRUTH:
        return _judge_truth(asked)
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
    split = separation(scores[True], scores[False])
    level = _level(split.auc, GOOD_AUC, FAIR_AUC)
    return SkillResult(Skill.TRUTH, level, split.right, len(asked), round(split.auc, 3), round(split.threshold, 3))


def _level(value: float, good: float, fair: float) -> str:
    return "good" if value >= good else "fair" if value >= fair else "weak"


def _prompt_version(version: str) -> str:
    return f"exam {version}"


def _json_of(result: ExamResult) -> dict[str, Json]:
    skills: list[Json] = [shape_of_skill(skill) for skill in result.skills]
    thoughts: dict[str, Json] = {"thoughts": result.thoughts} if result.thoughts else {}
    return {"version": result.version, "taken": result.taken, "skills": skills, **thoughts}


def shape_of_skill(result: SkillResult) -> dict[str, Json]:
    shape: dict[str, Json] = {"skill": result.skill.value, **picked(result, "level", "passed", "total")}
    return shape if result.auc is None else shape | {"auc": result.auc, "threshold": result.threshold}


def result_of(record: ModelRecord, key: str = INFO_KEY) -> ExamResult | None:
    """Return the stored exam result of a model. None if it is for other questions, or from a newer program."""
    result = stored_from(ExamResult, record.info.get(key))
    return result if result is not None and result.version == items()[0] else None


def skills_of(record: ModelRecord) -> dict[Skill, SkillResult]:
    """Return the known skills of a model: from its exam, or else from questions that another job asked, or else from
    the exam of the same file that ships with the program.
    """
    noted = stored_from(dict, record.info.get(SKILLS)) or {}
    is_noted = noted.get("version") == items()[0]
    results = stored_list(SkillResult, noted.get("skills")) if is_noted else []
    if exam := result_of(record):
        results = [*results, *exam.skills]
    elif not is_noted:
        return dict(known_skills().get(record.sha256, {}))
    return {result.skill: result for result in results}


@cache
def _known_models() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.evaluation").joinpath("known_models.toml").read_text("utf-8"))


@cache
def known_skills() -> Mapping[str, Mapping[Skill, SkillResult]]:
    known = _known_models()
    if known["version"] != items()[0]:
        return {}
    return {
        table["sha256"]: {result.skill: result for result in stored_list(SkillResult, table["skill"])}
        for table in known["model"]
    }


def may_write(record: ModelRecord) -> bool:
    """Return whether a model may write summaries: by its exam, or if it had none, by what others measured."""
    result = skills_of(record).get(Skill.SUMMARY)
    return result.level == "good" if result else is_faithful(record)


def is_faithful(record: ModelRecord) -> bool:
    """Return whether others measured that models of this family keep to the text they are given."""
    names = re.sub(r"[\W_]+", "", str(record.header.get("names") or record.name)).casefold()
    parameters = record.header.get("parameters")
    return isinstance(parameters, int) and any(
        abs(parameters / family["parameters"] - 1) < NEAR and re.fullmatch(f"(?:{family['names']})+", names)
        for family in _known_models()["faithful"]
    )


def note_of(record: ModelRecord) -> Mapping[str, Json]:
    note = stored_from(dict, record.info.get(NOTE)) or {}
    return note if note.get("version") == items()[0] else {}


NEAR = 0.1
"""Largest share by which the parameters of a file may differ from those of its family."""
FEWEST_PARAMETERS = 300_000_000
"""Fewest parameters at which a model without an exam counts as able to quote."""


def is_weak(record: ModelRecord, needed: Collection[Skill] = (Skill.FORMAT,), fewest: int = FEWEST_PARAMETERS) -> bool:
    """Return whether a model is too weak, by its exam in the needed skills, or by its size if it had none."""
    skills = skills_of(record)
    levels = [skills[skill].level for skill in needed if skill in skills]
    if levels:
        return "weak" in levels
    parameters = record.header.get("parameters")
    return isinstance(parameters, int) and 0 < parameters < fewest


# Offers the exam of a model after its first work, and starts it automatically only when this PC is idle. It starts
# when nobody works at this PC, the model has been idle for a little while and is still loaded, and the exam does not
# take long; never on battery. An exam started automatically gives way to everything: it is paused when somebody is
# back, ends when the person loads another model, and is resumed when the examined model works again.


IDLE_S = 20.0
AGAIN_S = 300.0
"""Seconds until the next check while the PC runs on battery."""
LOOK_S = 60.0
OFFERED, SLOW = "offered", "slow"
LONGEST_S = 480.0
"""Most seconds of an automatic exam at a time. Of a longer one the short part is taken, which takes two thirds of the
time; if that is too long too, the exam is left to the person.
"""
USUAL_ANSWER_TOKENS, PROMPT_TOKENS = 40, 90
PAPERS_READ, PAPERS_WRITTEN = 3400, 1300
"""Tokens of all papers with their prompts, and of their summaries."""


def on_battery() -> bool:
    """Return whether this PC runs on battery. False if that is unknown."""
    import psutil  # 17 ms

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, NotImplementedError):  # systems without a battery report this in different ways
        return False
    return battery is not None and battery.power_plugged is False


def seconds_for_all(read_per_s: float, written_per_s: float) -> float:
    questions = items()[1]
    answers = sum(question.skill not in (Skill.TRUTH, Skill.BLOCK) for question in questions)
    written, read = answers * USUAL_ANSWER_TOKENS + PAPERS_WRITTEN, len(questions) * PROMPT_TOKENS + PAPERS_READ
    return written / max(written_per_s, 0.01) + read / max(read_per_s, 0.01)


LEAST_STEPS = 8
"""Fewest steps from which the length of an exam is told: the first of them waits for the model to load."""


def seconds_of_all(passed_s: float, done: int, total: int) -> float | None:
    """Return how long an exam takes, from its first steps. None if they are too few to tell."""
    return passed_s * total / done if done >= LEAST_STEPS else None


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
        """Returns whether nobody is working at this PC. False if that cannot be found out."""
        self._listen(runtime.events)

    def begin(self, is_away: Callable[[], bool] | None = None) -> None:
        """Start to offer exams after a model's first answer. Automatic exams left from an earlier run are paused.

        `is_away`: whether nobody is working at this PC; called on the service thread.
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
        if record is not None and event.message.status is Status.COMPLETE and self._is_requested(record):
            if (seconds := seconds_told(event)) is not None:
                self._seconds[record.id] = seconds
            self._wait(record.id, self.idle_s)

    def _is_requested(self, record: ModelRecord) -> bool:
        reason = note_of(record).get("reason", OFFERED)
        skills = skills_of(record).keys()
        is_noted = reason not in (OFFERED, SLOW) or (reason == SLOW and not set(SHORT) - skills)
        is_examined = result_of(record) is not None and not set(Skill) - skills
        is_known = is_examined or is_noted or record.behaves is False
        is_known = is_known or not can_do(record, DefaultUse.CHAT)
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
            return  # try again after its next answer
        record = self._record(model)
        if record is None or not self._is_requested(record) or self._loader.times_crashed(record):
            return
        seconds = self._seconds.get(model)
        if self._loader.is_busy:
            self._wait(model, self.idle_s)
            return
        is_long = seconds is not None and seconds > LONGEST_S
        if is_long:
            self._say_slow(record, seconds)
        if seconds is not None and seconds > 2 * LONGEST_S:
            return
        if not self.is_away():
            if not is_long:
                self._offer(record, seconds)
            self._wait(model, self.look_s)
        elif self.is_on_battery():
            self._wait(model, AGAIN_S)
        else:
            self._model, self._began, self._others = model, time.monotonic(), OtherPrograms()
            job = self._take(record)
            self._job, self._done = job.id, job.done

    def _take(self, record: ModelRecord) -> JobRecord:
        is_slow = note_of(record).get("reason") == SLOW or self._seconds.get(record.id, 0.0) > LONGEST_S
        return self._exams.take(record.id, Part.SHORT if is_slow else Part.WHOLE, by_itself=True)

    def _on_job(self, event: JobChanged) -> None:
        if not self._is_on:
            return
        if event.id != self._job:
            if event.status is JobStatus.DONE and event.kind != KIND:
                record = self._models.by_sha256(self._store.jobs.get(event.id).model_sha256)
                if record is not None and self._is_requested(record):
                    self._wait(record.id, self.idle_s)
        elif event.status is JobStatus.RUNNING:
            passed = time.monotonic() - self._began
            if passed > LONGEST_S and event.done < event.total:
                model = self._leave()
                record = self._record(model)
                if event.id not in self._tried_again and self._others is not None and not self._others.are_quiet():
                    self._tried_again.add(event.id)
                    self._wait(model, AGAIN_S)
                elif record:
                    self._say_slow(record, seconds_of_all(passed, event.done - self._done, event.total))
            elif self.is_on_battery():
                self._wait(self._leave(), AGAIN_S)
            elif not self.is_away():
                self._wait(self._leave(), self.look_s)
        elif event.status is not JobStatus.OPEN:
            model, self._job, self._model = self._model, "", ""
            record = self._record(model)
            if record and event.status is JobStatus.FAILED:
                self._note_failed(record)

    def _leave(self) -> str:
        job, model = self._job, self._model
        self._job = self._model = ""
        self._service_thread.post(lambda: self._pause(job))
        return model

    def _pause(self, job: str) -> None:
        with suppress(KnownError):  # it has ended by now, or another instance runs it
            self._jobs.pause(job)

    def _record(self, model: str) -> ModelRecord | None:
        return next((record for record in self._models.list() if record.id == model), None)

    def _note_failed(self, record: ModelRecord) -> None:
        self._exams.note(record, "failed")

    def _offer(self, record: ModelRecord, seconds: float | None) -> None:
        if note_of(record):
            return
        minutes = None if seconds is None else max(1, round(seconds / 60))
        self._exams.note(record, OFFERED, minutes=minutes)
        self._publish(ModelsChanged())

    def _say_slow(self, record: ModelRecord, seconds: float | None) -> None:
        if note_of(record).get("reason") == SLOW:
            return
        self._exams.note(record, SLOW, minutes=None if seconds is None else max(1, round(seconds / 60)))
        self._publish(ModelsChanged())
