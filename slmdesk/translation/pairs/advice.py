"""Advice before a model translates a pair of languages, with a better model if there is one.

Three sources, the best first: the exam for the pair, the publisher's list of languages, the size.  Service thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from slmdesk.base.languages import LANGUAGES, NO_BLANKS
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.evaluation.exam_items import Skill
from slmdesk.evaluation.exams import result_of
from slmdesk.hub.catalogue import CatalogueEntry, find_entry, load_catalogue
from slmdesk.hub.catalogue import Skill as Made
from slmdesk.store import Store
from slmdesk.translation.pairs.exams import PairExamService, PairResult
from slmdesk.translation.pairs.items import PairSkill, examined_pair
from slmdesk.translation.pairs.labels import LEVELS, tags_words, terms_words, warning_words

FEWEST_PARAMETERS = 600_000_000
"""Smaller models gave word salad for every pair of languages that was tried."""
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
    """Empty: nothing speaks against it."""
    level: str
    """Of its exam: good, fair, weak; empty: it sat none for this pair."""
    better: BetterModel | None = None
    has_offers: bool = False
    can_examine: bool = False


class PairAdviceService:
    def __init__(self, store: Store, exams: PairExamService) -> None:
        self._store, self._exams = store, exams

    def advise(
        self, record: ModelRecord, source: str, target: str, *, has_terms: bool = False, for_document: bool = False
    ) -> PairAdvice:
        """Return the advice for a pair of codes; an empty source is any, an empty target asks about the model in
        general.
        """
        result = self._exams.result(record, source, target) if target else None
        words = self._words(record, result, target)
        parts = [words, _format_words(record)]
        if result is not None and has_terms:
            parts.append(terms_words(result))
        if result is not None and for_document and target not in NO_BLANKS:
            parts.append(tags_words(result))
        level = result.level if result is not None else ""
        is_doubted = bool(words) and level != "good"
        better = self._better(record, level, source, target) if is_doubted and target else None
        has_offers = is_doubted and level != "fair" and bool(target) and bool(self._offers(source, target))
        said = " ".join(one for one in parts if one)
        can_examine = result is None and bool(target) and examined_pair(source, target) is not None
        return PairAdvice(record.id, source, target, said, level, better, has_offers, can_examine)

    def is_tagged_first(self, record: ModelRecord, source: str, target: str) -> bool:
        """Return whether to ask this model for translations with tags; else the tags are placed afterwards.

        Placing takes two steps a segment; asking first takes one, and two more for each that lost its tags: dearer
        where more than half do.  Without blanks between words there are no runs of words to place them on.
        """
        result = self._exams.result(record, source, target)
        return target in NO_BLANKS or result is None or not result.is_weak(PairSkill.TAGS)

    # ---- inside

    def _words(self, record: ModelRecord, result: PairResult | None, target: str) -> str:
        if result is not None:
            return warning_words(record.name, result)
        exam = result_of(record)
        language = exam.of(Skill.LANGUAGE) if exam is not None else None
        if language is not None and language.level == "weak":
            return f"{record.name} often answers in another language than it is asked in: expect poor translations."
        entry = entry_of(record)
        if entry is not None and target and not entry.speaks(target):
            return f"{record.name} was not made for {LANGUAGES[target].name}; its publisher names {_named(entry)}."
        parameters = record.header.get("parameters")
        is_small = isinstance(parameters, int) and 0 < parameters < FEWEST_PARAMETERS
        return f"{record.name} is very small: expect poor translations." if is_small and language is None else ""

    def _better(self, record: ModelRecord, level: str, source: str, target: str) -> BetterModel | None:
        others = [one for one in self._store.models.all() if one.can_chat and one.sha256 != record.sha256]
        found = [(one, self._exams.result(one, source, target)) for one in others]
        examined = [(_RANK[result.level], one) for one, result in found if result is not None]
        best = max(examined, key=lambda one: one[0], default=None)
        if best is not None and best[0] > _RANK.get(level, 0):
            rank = next(name for name, at in _RANK.items() if at == best[0])
            return BetterModel(best[1].id, best[1].name, f"{best[1].name}, on this PC, is {LEVELS[rank]} at it.")
        if level == "fair":
            return None
        for one, result in found:
            entry = entry_of(one)
            if result is None and entry is not None and _is_made_for(entry, source, target):
                return BetterModel(one.id, one.name, f"{one.name}, on this PC, was made for translation.")
        return None

    def _offers(self, source: str, target: str) -> Sequence[CatalogueEntry]:
        here = {entry.repo for one in self._store.models.all() if (entry := entry_of(one)) is not None}
        return [one for one in made_for(source, target) if one.repo not in here]


def made_for(source: str, target: str) -> tuple[CatalogueEntry, ...]:
    return tuple(one for one in _catalogue() if _is_made_for(one, source, target))


def entry_of(record: ModelRecord) -> CatalogueEntry | None:
    place, _, rest = record.source.partition(":")
    if place != "huggingface":
        return None
    return find_entry(_catalogue(), "/".join(rest.removeprefix("huggingface:").split("/")[:2]))


def _is_made_for(entry: CatalogueEntry, source: str, target: str) -> bool:
    return Made.TRANSLATION in entry.good_at and entry.speaks(target) and (not source or entry.speaks(source))


def _named(entry: CatalogueEntry) -> str:
    names = [LANGUAGES[one].name for one in entry.languages if one in LANGUAGES]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}" if 0 < len(names) <= MOST_NAMED else f"{len(names)} others"


def _format_words(record: ModelRecord) -> str:
    """Return a warning for a model without instruction training, which continues a text instead."""
    if record.header.get("has_chat_template") is not False:
        return ""
    return f"{record.name} brings no chat format; a plain one is used, and it may go on writing instead of translating."


@cache
def _catalogue() -> tuple[CatalogueEntry, ...]:
    return load_catalogue()
