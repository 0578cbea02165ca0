"""Advice before a model translates a pair of languages, and a better model if one is known.

Three sources, the best first: the exam for the pair, the publisher's list of languages, the size. Service thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.protocol import picked
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, NO_BLANKS
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import Skill, result_of
from slmdesk.evaluation.recommendation import RecommendationService, entry_of, languages_of
from slmdesk.hub.search import Skill as Made
from slmdesk.models.service import is_starter, translator_family
from slmdesk.store import Store
from slmdesk.translation.pair_exam import PairResult, PairSkill
from slmdesk.translation.pairs import PairExamService

FEWEST_PARAMETERS = 600_000_000
"""Fewest parameters a model needs. Smaller models wrote word salad for every pair of languages that was tried."""
MOST_NAMED = 8
_RANK = {"weak": 0, "fair": 1, "good": 2}


class BetterModel(Record):
    id: str
    name: str
    words: str


class PairAdvice(Record):
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
        return PairAdvice(target, said, level, better, offer)

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
        results = [(model, self._exams.result(model, source, target)) for model in others]
        examined = [(_RANK[result.level], model) for model, result in results if result is not None]
        best = max(examined, key=lambda trial: trial[0], default=None)
        if best is not None and best[0] > _RANK.get(level, 0):
            rank = next(name for name, at in _RANK.items() if at == best[0])
            words = _("{name}, on this PC, is {level} at it.").format(name=best[1].name, level=LEVELS[rank])
            return BetterModel(best[1].id, best[1].name, words)
        if level == "fair":
            return None
        for model, result in results:
            if result is None and _is_translator_of(model, source, target):
                words = _("{name}, on this PC, was made for translation.").format(name=model.name)
                return BetterModel(model.id, model.name, words)
        return None

    def _offer(self, source: str, target: str) -> str:
        here = {entry.repo for model in self._store.models.all() if (entry := entry_of(model)) is not None}
        languages = [code for code in (source, target) if code]
        recommended = self._recommending.recommend((Made.TRANSLATION,), languages).by_job[Made.TRANSLATION]
        return recommended.offer if recommended and recommended.entry.repo not in here else ""


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
    lines = []
    for pair, reason in sorted(notes.items()):
        source, __, target = pair.partition("-")
        if source in LANGUAGES and target in LANGUAGES and reason in why:
            names = f"{LANGUAGES[source].shown} → {LANGUAGES[target].shown}"
            lines.append(_("{names}: no automatic test, {why}.").format(names=names, why=why[str(reason)]))
    return tuple(lines)


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
    skills = [{"skill": skill.skill.value, **picked(skill, "level", "passed", "total")} for skill in result.skills]
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
    score = result.of(skill)
    return _("{passed} of {total}").format(passed=score.passed, total=score.total)
