"""Judges how well a model translates a pair of languages: exams, test sentences, results and advice. Service thread."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import picked, stored_dict, stored_from
from slmdesk.base.record import Number, Record, changed, field, to_json
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, NO_BLANKS, Term, language_of
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import AutoExams, ExamService, Skill, result_of
from slmdesk.evaluation.recommendation import RecommendationService, entry_of, languages_of
from slmdesk.hub.search import Skill as Made
from slmdesk.jobs.runner import Batch, JobPlanner, Plan, StepValue
from slmdesk.jobs.service import JobService
from slmdesk.jobs.types import ExpectedBatch
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService, is_starter, translator_family
from slmdesk.runtime.events import EventBus, MessageEnded, ModelsChanged
from slmdesk.runtime.messages import plain_args
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import Store
from slmdesk.text.folding import fold
from slmdesk.text.sentences import detect
from slmdesk.text.tagged import Tags, mended, plain, problems
from slmdesk.text.terms import spans_of
from slmdesk.translation.prompts import TranslationStyle, prompt_version, styled, translation_step
from slmdesk.translation.types import PairUsed

KIND = "pair_exam"
INFO_KEY = "pair_exams"
GOOD, FAIR = 0.9, 0.6
"""Least shares of passed answers at which a skill is called good or fair (usable if the flags are reviewed).

A skill is weak if more than two of five answers fail, because a person would then correct more than read (figures:
docs/performance.md).
"""


class PairSkillResult(Record):
    skill: PairSkill
    level: str
    """One of good, fair or weak."""
    passed: int
    total: int


class PairResult(Record):
    source: str
    target: str
    level: str
    taken: Number
    """Time of the exam in seconds since the epoch."""
    skills: tuple[PairSkillResult, ...]
    version: str = ""

    def of(self, skill: PairSkill) -> PairSkillResult:
        """Return a skill's result. Raises StopIteration if missing, which `results_of` rules out for stored results."""
        return next(result for result in self.skills if result.skill is skill)

    def is_weak(self, skill: PairSkill) -> bool:
        return self.of(skill).level == "weak"


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
        found = [result for result in results_of(record) if result.target == target]
        requested = examined_pair(source, target) if source else None
        if requested is not None:
            return next((result for result in found if result.source == requested[0]), None)
        if source:
            return None
        return min(found, key=lambda result: result.source != "en", default=None)

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
            pairs: dict[str, Json] = {f"{one.source}-{one.target}": to_json(one) for one in results}
            kept: dict[str, Json] = dict(notes_of(record) if notes is None else notes)
            shape: dict[str, Json] = {"version": pair_version(record), "pairs": pairs, "notes": kept}
            self._store.models.set_info(record.id, **{INFO_KEY: shape})


def level_of(share: float) -> str:
    return "good" if share >= GOOD else "fair" if share >= FAIR else "weak"


def level_in_all(skills: Sequence[PairSkillResult]) -> str:
    """Return the level over all skills. Language and meaning decide, as the others are checked in each translation."""
    levels = {skill.skill: skill.level for skill in skills}
    main = {levels[PairSkill.LANGUAGE], levels[PairSkill.SENSE]}
    if "weak" in main:
        return "weak"
    rest = {levels[PairSkill.NUMBERS], levels[PairSkill.NO_CHATTER]}
    return "good" if main == {"good"} and "weak" not in rest else "fair"


def results_of(record: ModelRecord) -> list[PairResult]:
    results = stored_dict(PairResult, _info(record).get("pairs")).values()
    known = [result for result in results if {each.skill for each in result.skills} == set(PairSkill)]
    return sorted(known, key=lambda result: (result.source, result.target))


def notes_of(record: ModelRecord) -> Mapping[str, Json]:
    return stored_from(dict, _info(record).get("notes")) or {}


def _info(record: ModelRecord) -> Mapping[str, Json]:
    found = stored_from(dict, record.info.get(INFO_KEY)) or {}
    return found if found.get("version") == pair_version(record) else {}


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


# ---- the test sentences of exams for pairs of languages, and how answers are judged
#
# Pure functions. Each sentence uses the same prompt as a translation (asking/prompts), so that the exam tests what is
# used.


LONGEST_GRAM = 6
"""Length in letters of the longest letter sequences that are compared, as in chrF."""
BETA = 2.0
"""Weight of missing text relative to added text, as in chrF."""
SAME_SENSE, LIKE_OURS = 0.45, 0.7
"""Least chrF at which a back-translation means the same as the source, and at which a translation means the same as our
reference translation.

Of 24 sentences of a model of 1.5 billion weights 22 were judged as a person judged them (docs/performance.md).
"""
PIVOT = "en"
"""Language from which a pair is examined if its own source language has no test sentences."""
_ALIKE = ({"no", "da"}, {"hr", "sr", "sl"}, {"cs", "sk"}, {"bg", "ru", "uk"})
"""Groups of languages that cannot always be told apart by a single sentence. Confusing two of a group is no mistake."""


class PairSkill(StrEnum):
    LANGUAGE = "language"
    SENSE = "sense"
    """The back-translation means the same as the source, or the translation means the same as our reference."""
    TAGS = "tags"
    NUMBERS = "numbers"
    GLOSSARY = "glossary"
    NO_CHATTER = "no_chatter"


class ItemKind(StrEnum):
    PLAIN = "plain"
    TAGGED = "tagged"
    TERM = "terms"


class PairItem(Record):
    kind: ItemKind
    text: str
    tags: Tags = field(default_factory=Tags)
    terms: tuple[Term, ...] = ()

    @property
    def words(self) -> str:
        return plain(self.text, self.tags)

    @property
    def has_figures(self) -> bool:
        return any(sign.isdigit() for sign in self.words)

    def step(self, style: TranslationStyle) -> dict[str, Json]:
        return translation_step(self.text, self.tags, style, terms=self.terms)


def pair_version(record: ModelRecord) -> str:
    """Return the version of a model's exams: the test sentences, and the prompts it is asked with."""
    return f"{_shape()['version']} {prompt_version(translator_family(record))}"


def examined_languages() -> tuple[str, ...]:
    return tuple(code for code in _shape() if code in LANGUAGES)


def examined_pair(source: str, target: str) -> tuple[str, str] | None:
    """Return the pair to examine for a requested pair: itself, or from English if the source has no test sentences.

    None if that would be English into English, which is not examined.
    """
    start = source if source in examined_languages() else PIVOT
    return (start, target) if start != target and target in LANGUAGES else None


@cache
def pair_items(source: str) -> tuple[PairItem, ...]:
    """Return the test sentences of a language. Raises KeyError for a language that has none."""
    found = _shape()[source]
    items = [PairItem(ItemKind.PLAIN, text) for text in found["plain"]]
    for entry in found["tagged"]:
        tags = Tags(tuple(entry.get("paired", ())), tuple(entry.get("lone", ())))
        items.append(PairItem(ItemKind.TAGGED, entry["text"], tags))
    for entry in found["terms"]:
        term = Term(entry["source"], entry.get("target", ""), keeps="target" not in entry)
        items.append(PairItem(ItemKind.TERM, entry["text"], terms=(term,)))
    return tuple(items)


def said(item: PairItem, answer: str, source: str = "", target: str = "") -> str:
    """Return an answer as a translation would use it: repaired, and without the model's comments.

    `source` and `target` are the language codes. They matter for an item with terms.
    """
    from slmdesk.text.preserved import masked, unmasked, without_chatter  # loads all text checks

    words, __ = unmasked(answer, masked(item.text, item.terms, source, target).terms)
    return mended(without_chatter(item.text, words).strip(), item.tags)


def judged(source: str, target: str, answers: Sequence[str], backs: Sequence[str], *, now: float) -> PairResult:
    """Judge the answers to all test sentences of `source`. `backs` are the back-translations of the plain sentences.

    An empty answer does not count. Takes less than a second; any thread.
    """
    items = pair_items(source)
    given = [said(item, answer, source, target) for item, answer in zip(items, answers, strict=True)]
    in_target = [is_in(target, item.words, plain(words, item.tags)) for item, words in zip(items, given, strict=True)]
    ours = pair_items(target) if target in examined_languages() else ()
    sense = [
        in_target[at] and keeps_sense(items[at].words, given[at], back, ours[at].words if ours else "")
        for at, back in enumerate(backs)  # the plain ones come first
    ]
    of = {kind: [(i, g) for i, g in zip(items, given, strict=True) if i.kind is kind] for kind in ItemKind}
    tags = [bool(words) and not problems(words, item.tags) for item, words in of[ItemKind.TAGGED]]
    figures = [keeps_figures(item.words, words, source, target) for item, words in of[ItemKind.PLAIN]
               if item.has_figures]  # fmt: skip
    terms = [uses(item.terms[0], words, target) for item, words in of[ItemKind.TERM]]
    quiet = [is_quiet(item, words) for item, words in zip(items, given, strict=True)]
    skills = tuple(
        PairSkillResult(skill, level_of(sum(passed) / max(len(passed), 1)), sum(passed), len(passed))
        for skill, passed in zip(PairSkill, (in_target, sense, tags, figures, terms, quiet), strict=True)
    )
    return PairResult(source, target, level_in_all(skills), now, skills)


def is_in(target: str, source_words: str, words: str) -> bool:
    """Return whether words are in the target language and not merely a copy of the source.

    Of the 144 items in 12 languages 142 are detected correctly among all languages that are translated.
    """
    if not words.strip() or words.strip() == source_words.strip():
        return False
    alike = {code for group in _ALIKE if target in group for code in group} - {target}
    return detect(words, [code for code in LANGUAGES if code not in alike])[0] == target


def keeps_sense(source: str, given: str, back: str, ours: str) -> bool:
    """Return whether a translation has the same meaning, judged by its back-translation or by our reference
    translation.

    One of the two is enough: a model may be worse at translating back, and there are many right translations.
    """
    return chrf(back, source) >= SAME_SENSE or (bool(ours) and chrf(given, ours) >= LIKE_OURS)


def chrf(text: str, requested: str) -> float:
    """Return the similarity of two texts, 0..1: chrF (Popović 2015), n = 1..6, beta = 2, without spaces."""
    given, other = ("".join(some.casefold().split()) for some in (text, requested))
    found = []
    for size in range(1, LONGEST_GRAM + 1):
        here, there = (Counter(some[at : at + size] for at in range(len(some) - size + 1)) for some in (given, other))
        if not (here and there):
            continue
        shared = (here & there).total()
        precision, recall = shared / here.total(), shared / there.total()
        found.append((1 + BETA**2) * precision * recall / max(BETA**2 * precision + recall, 1e-9))
    return sum(found) / len(found) if found else 0.0


def keeps_figures(source_words: str, words: str, source: str, target: str) -> bool:
    """Return whether a translation has all numbers of the sentence and no others."""
    from slmdesk.text.translation_checks import flags_of

    if not words:
        return False
    flags = flags_of(source_words, words, source_language=source, target_language=target, tags=Tags())
    return not any(flag.kind in ("number", "date") for flag in flags)


def uses(term: Term, words: str, target: str) -> bool:
    """Return whether a translation contains the glossary's word, possibly with an ending."""
    requested = term.source if term.keeps else term.target
    return fold(requested) in fold(words) or bool(spans_of(words, requested, target))


def is_quiet(item: PairItem, words: str) -> bool:
    """Return whether the answer is only a translation: no introduction, no note, no repetition."""
    from slmdesk.text.preserved import is_chatter
    from slmdesk.text.translation_checks import LONGEST

    given = plain(words, item.tags)
    if not given or is_chatter(item.words, given) or "\n" in given:
        return False
    return len(given) <= LONGEST * len(item.words) * _stretch(item.words, given)


def _stretch(source: str, target: str) -> float:
    """Return how many times longer the translation may be: a Chinese or Japanese character is worth several letters."""
    widths = [sum(1 if ord(sign) < 0x2E80 else 3 for sign in text) / max(len(text), 1) for text in (source, target)]
    return widths[0] / widths[1]


@cache
def _shape() -> Mapping[str, Any]:
    source = resources.files("slmdesk.translation") / "pairs.toml"
    return tomllib.loads(source.read_text("utf-8"))


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


# ---- advice before a model translates a pair of languages, and a better model if known
#
# Three sources, the best first: the exam for the pair, the publisher's list of languages, the size. Service thread.


FEWEST_PARAMETERS = 600_000_000
"""Fewest parameters a model needs. Smaller models wrote word salad for every pair of languages that was tried."""
MOST_NAMED = 8
_RANK = {"weak": 0, "fair": 1, "good": 2}


class BetterModel(Record):
    id: str
    name: str
    words: str


class PairAdvice(Record):
    model: str
    source: str
    target: str
    words: str
    """The advice. Empty means that nothing speaks against the model."""
    level: str
    """Level of the model's exam: good, fair or weak. Empty if it has not been examined for this pair."""
    better: BetterModel | None = None
    offer: str = ""
    """Which model to get for it, in a sentence. Empty if there is none, or one on this PC is better."""


class PairAdviceService:
    def __init__(self, store: Store, exams: PairExamService, recommending: RecommendationService) -> None:
        self._store, self._exams, self._recommending = store, exams, recommending

    def advise(
        self, record: ModelRecord, source: str, target: str, *, has_terms: bool = False, for_document: bool = False
    ) -> PairAdvice:
        """Return the advice on a model for a pair of language codes.

        An empty source means any language. With an empty target, the advice is about the model in general.
        """
        result = self._exams.result(record, source, target) if target else None
        words = self._words(record, result, target)
        parts = [words, _format_words(record)]
        if has_terms and not _is_told_terms(record):
            parts.append(_("It cannot be told a glossary: look at the terms flagged."))
        elif result is not None and has_terms:
            parts.append(terms_words(result))
        if result is not None and for_document and target not in NO_BLANKS:
            parts.append(tags_words(result))
        level = result.level if result is not None else ""
        is_doubted = bool(words) and level != "good"
        better = self._better(record, level, source, target) if is_doubted and target else None
        offer = ""
        if is_doubted and level != "fair" and target and better is None and not is_starter(record):  # it has one offer
            offer = self._offer(source, target)
        said = " ".join(part for part in parts if part)
        return PairAdvice(record.id, source, target, said, level, better, offer)

    def is_tagged_first(self, record: ModelRecord, source: str, target: str) -> bool:
        """Return whether to ask this model for translations with formatting tags. If not, the tags are placed
        afterwards.

        Placing tags takes two steps a segment. Asking for tags takes one step, and two more for each segment that lost
        its tags, so it is slower if more than half lose them. Languages without spaces have no word groups to place
        tags on. A translator not trained on tags is not asked for them until its exam shows that it keeps them.
        """
        result = self._exams.result(record, source, target)
        if target in NO_BLANKS or result is not None:
            return target in NO_BLANKS or not (result and result.is_weak(PairSkill.TAGS))
        family = translator_family(record)
        return family is None or family.translation is None or bool(family.translation.tags)

    def _words(self, record: ModelRecord, result: PairResult | None, target: str) -> str:
        if result is not None:
            return warning_words(record.name, result)
        exam = result_of(record)
        language = exam.of(Skill.LANGUAGE) if exam is not None else None
        if language is not None and language.level == "weak":
            words = _("{name} often answers in another language than it is asked in: expect poor translations.")
            return words.format(name=record.name)
        languages = _languages_of(record)
        if languages and target and target not in languages:
            words = _("{name} was not made for {name2}; its publisher names {named}.")
            return words.format(name=record.name, name2=LANGUAGES[target].shown, named=_named(languages))
        parameters = record.header.get("parameters")
        if language is None and isinstance(parameters, int) and 0 < parameters < FEWEST_PARAMETERS:
            return _("{name} is very small: expect poor translations.").format(name=record.name)
        return ""

    def _better(self, record: ModelRecord, level: str, source: str, target: str) -> BetterModel | None:
        others = [model for model in self._store.models.all() if model.can_chat and model.sha256 != record.sha256]
        found = [(model, self._exams.result(model, source, target)) for model in others]
        examined = [(_RANK[result.level], model) for model, result in found if result is not None]
        best = max(examined, key=lambda trial: trial[0], default=None)
        if best is not None and best[0] > _RANK.get(level, 0):
            rank = next(name for name, at in _RANK.items() if at == best[0])
            words = _("{name}, on this PC, is {level} at it.").format(name=best[1].name, level=LEVELS[rank])
            return BetterModel(best[1].id, best[1].name, words)
        if level == "fair":
            return None
        for model, result in found:
            if result is None and _is_translator_of(model, source, target):
                words = _("{name}, on this PC, was made for translation.").format(name=model.name)
                return BetterModel(model.id, model.name, words)
        return None

    def _offer(self, source: str, target: str) -> str:
        here = {entry.repo for model in self._store.models.all() if (entry := entry_of(model)) is not None}
        languages = [code for code in (source, target) if code]
        found = self._recommending.recommend((Made.TRANSLATION,), languages).by_job[Made.TRANSLATION]
        return found.offer if found and found.entry.repo not in here else ""


def _languages_of(record: ModelRecord) -> Sequence[str]:
    """Return the languages that a model was made for, by code. Empty if its publisher does not list them."""
    family = translator_family(record) if entry_of(record) is None else None
    return family.languages if family else languages_of(record)


def _is_told_terms(record: ModelRecord) -> bool:
    family = translator_family(record)
    return family is None or family.translation is None or bool(family.translation.terms)


def _is_translator_of(record: ModelRecord, source: str, target: str) -> bool:
    entry = entry_of(record)
    if entry is None:
        languages = _languages_of(record) or tuple(LANGUAGES)
        return translator_family(record) is not None and target in languages and (not source or source in languages)
    return Made.TRANSLATION in entry.skills and all(entry.speaks(code) for code in (source, target) if code)


def _named(languages: Sequence[str]) -> str:
    names = [LANGUAGES[language].shown for language in languages if language in LANGUAGES]
    if len(names) == 1:
        return names[0]
    if 0 < len(names) <= MOST_NAMED:
        return _("{names} and {name}").format(names=", ".join(names[:-1]), name=names[-1])
    return _("{count} others").format(count=len(names))


def _format_words(record: ModelRecord) -> str:
    """Return a warning for a model without instruction training, which continues a text instead of translating it."""
    if record.header.get("has_chat_template") is not False or translator_family(record):
        return ""
    return _(
        "{name} brings no chat format; a plain one is used, and it may go on writing instead of translating."
    ).format(name=record.name)


LEVELS = {"good": _("good"), "fair": _("usable"), "weak": _("weak")}
_SHORT = {
    PairSkill.LANGUAGE: _("right language"),
    PairSkill.SENSE: _("sense kept"),
    PairSkill.TAGS: _("formatting kept"),
    PairSkill.NUMBERS: _("numbers kept"),
    PairSkill.GLOSSARY: _("terms used"),
    PairSkill.NO_CHATTER: _("nothing added"),
}


def pair_line(result: PairResult) -> str:
    counts = ", ".join(
        _("{short} {passed} of {total}").format(short=_SHORT[skill.skill], passed=skill.passed, total=skill.total)
        for skill in result.skills
    )
    return f"{LANGUAGES[result.source].shown} → {LANGUAGES[result.target].shown}: {LEVELS[result.level]} ({counts})."


def note_lines(notes: Mapping[str, Json]) -> tuple[str, ...]:
    why = {"slow": _("it would take long on this PC"), "failed": _("the last one could not be done")}
    found = []
    for pair, reason in sorted(notes.items()):
        source, __, target = pair.partition("-")
        if source in LANGUAGES and target in LANGUAGES and reason in why:
            names = f"{LANGUAGES[source].shown} → {LANGUAGES[target].shown}"
            found.append(_("{names}: no automatic test, {why}.").format(names=names, why=why[str(reason)]))
    return tuple(found)


def result_sentence(name: str, result: PairResult) -> str:
    if words := warning_words(name, result):
        return words
    words = _("{name} is good from {name2} to {name3}: in its exam {counted} sentences kept their sense.")
    source, target, counted = LANGUAGES[result.source], LANGUAGES[result.target], _counted(result, PairSkill.SENSE)
    return words.format(name=name, name2=source.shown, name3=target.shown, counted=counted)


def warning_words(name: str, result: PairResult) -> str:
    """Return the warning to show before translating this pair. Empty if the model is good at it."""
    source, target = LANGUAGES[result.source].shown, LANGUAGES[result.target].shown
    if result.is_weak(PairSkill.LANGUAGE):
        words = _("{name} is no translator into {target}: in its exam {found} answers were in {target}.")
        return words.format(name=name, target=target, found=_counted(result, PairSkill.LANGUAGE))
    if result.is_weak(PairSkill.SENSE):
        words = _("{name} is no translator from {source} to {target}: in its exam {found} sentences kept their sense.")
        return words.format(name=name, source=source, target=target, found=_counted(result, PairSkill.SENSE))
    if result.level == "good":
        return ""
    words = _("{name} is usable from {source} to {target}, but read what it writes: {doubt}.")
    return words.format(name=name, source=source, target=target, doubt=_doubt(result))


def terms_words(result: PairResult) -> str:
    """Return the warning for use with a glossary. Empty if the model uses its terms."""
    if not result.is_weak(PairSkill.GLOSSARY):
        return ""
    used = _counted(result, PairSkill.GLOSSARY)
    return _("It often passes over a glossary ({used} terms used): look at the terms flagged.").format(used=used)


def tags_words(result: PairResult) -> str:
    """Return the warning for documents. Empty if the model keeps the formatting."""
    if not result.is_weak(PairSkill.TAGS):
        return ""
    return _("It loses the marks of formatting, so they are placed afterwards: look at the segments flagged for it.")


def shape_of_pair(result: PairResult) -> dict[str, Json]:
    skills = [{"skill": one.skill.value, **picked(one, "level", "passed", "total")} for one in result.skills]
    return {"from": result.source, "to": result.target, **picked(result, "level", "taken"), "skills": skills}


def _doubt(result: PairResult) -> str:
    target = LANGUAGES[result.target].shown
    if result.of(PairSkill.LANGUAGE).level != "good":
        counted = _counted(result, PairSkill.LANGUAGE)
        return _("in its exam {counted} answers were in {target}").format(counted=counted, target=target)
    if result.of(PairSkill.SENSE).level != "good":
        return _("in its exam {counted} sentences kept their sense").format(counted=_counted(result, PairSkill.SENSE))
    if result.is_weak(PairSkill.NUMBERS):
        counted = _counted(result, PairSkill.NUMBERS)
        return _("in its exam {counted} sentences kept their numbers").format(counted=counted)
    return _("in its exam it added words of its own")


def _counted(result: PairResult, skill: PairSkill) -> str:
    found = result.of(skill)
    return _("{passed} of {total}").format(passed=found.passed, total=found.total)
