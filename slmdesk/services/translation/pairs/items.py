"""The items of exams for pairs of languages, and how answers are judged: pure functions, no model, no store.

Each sentence is asked in the very words a translation is asked in (translation_prompts), so that what is examined is
what is used.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.core.languages import LANGUAGES
from slmdesk.core.translation import Term
from slmdesk.core.types import Json
from slmdesk.services.translation.asking.prompts import Manner, prompt_version, translation_step
from slmdesk.text.translation.tagged import Tags, mended, plain, problems

LONGEST_GRAM = 6
"""Of the runs of letters that are compared: as chrF has it."""
BETA = 2.0
"""How much more what is missing counts than what was added: as chrF has it."""
SAME_SENSE, LIKE_OURS = 0.45, 0.7
"""Overlaps from which a sentence that was translated there and back says the same, and from which a translation says
what ours does.  Of 24 sentences of a model of 1.5 billion weights 22 were judged as by a person (docs/performance.md).
"""
PIVOT = "en"
"""The language a pair is examined from where its own source has no items."""
_ALIKE = ({"no", "da"}, {"hr", "sr", "sl"}, {"cs", "sk"}, {"bg", "ru", "uk"})
"""Languages a single sentence cannot always be told apart in: one of them is never held against another."""


class PairSkill(StrEnum):
    """What is examined of a pair of languages."""

    LANGUAGE = "language"
    """Answers in the language asked for."""
    SENSE = "sense"
    """What is translated there and back says the same, or what our own translation says."""
    TAGS = "tags"
    NUMBERS = "numbers"
    GLOSSARY = "glossary"
    NO_CHATTER = "no_chatter"


class ItemKind(StrEnum):
    """The sorts of items."""

    PLAIN = "plain"
    TAGGED = "tagged"
    TERM = "terms"


@dataclass(frozen=True, slots=True)
class PairItem:
    """A sentence that is translated in an exam."""

    kind: ItemKind
    text: str
    tags: Tags = field(default_factory=Tags)
    terms: tuple[Term, ...] = ()

    @property
    def words(self) -> str:
        """Without tags."""
        return plain(self.text, self.tags)

    @property
    def has_figures(self) -> bool:
        """Whether there are numbers to keep."""
        return any(sign.isdigit() for sign in self.words)

    def step(self, source: str, target: str) -> dict[str, Json]:
        """As a step of a job."""
        return translation_step(self.text, self.tags, Manner(target, source), terms=self.terms)


@dataclass(frozen=True, slots=True)
class Score:
    """How many of the answers that show a skill did."""

    passed: int
    total: int


def pair_version() -> str:
    """Under which results are kept: of the items, and of the words they are asked in."""
    return f"{_shape()['version']} {prompt_version()}"


def examined_languages() -> tuple[str, ...]:
    """The languages there are items in."""
    return tuple(code for code in _shape() if code in LANGUAGES)


def examined_pair(source: str, target: str) -> tuple[str, str] | None:
    """The pair that is examined for a wished one: itself, or from English where the source has no items.

    None where that would be English into English: such a pair is not examined.
    """
    start = source if source in examined_languages() else PIVOT
    return (start, target) if start != target and target in LANGUAGES else None


@cache
def pair_items(source: str) -> tuple[PairItem, ...]:
    """The sentences in a language.  Raises KeyError for one without items."""
    found = _shape()[source]
    items = [PairItem(ItemKind.PLAIN, text) for text in found["plain"]]
    for one in found["tagged"]:
        tags = Tags(tuple(one.get("paired", ())), tuple(one.get("lone", ())))
        items.append(PairItem(ItemKind.TAGGED, one["text"], tags))
    for one in found["terms"]:
        term = Term(one["source"], one.get("target", ""), keeps="target" not in one)
        items.append(PairItem(ItemKind.TERM, one["text"], terms=(term,)))
    return tuple(items)


def back_step(answer: str, source: str, target: str) -> dict[str, Json]:
    """The step that translates an answer back."""
    return translation_step(answer, Tags(), Manner(source, target))


def said(item: PairItem, answer: str) -> str:
    """An answer as a translation would use it: mended, and without what is certainly chatter."""
    from slmdesk.text.translation.checks import without_chatter  # with all checks of text

    return mended(without_chatter(item.text, answer).strip(), item.tags)


def judge_pair(source: str, target: str, answers: Sequence[str], backs: Sequence[str]) -> Mapping[PairSkill, Score]:
    """What the answers to all items of `source` show; `backs`: those to the plain ones, translated back.

    An empty answer shows nothing.  Under a second; any thread.
    """
    items = pair_items(source)
    given = [said(item, answer) for item, answer in zip(items, answers, strict=True)]
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
    shown = (in_target, sense, tags, figures, terms, quiet)
    return {skill: Score(sum(one), len(one)) for skill, one in zip(PairSkill, shown, strict=True)}


def is_in(target: str, source_words: str, words: str) -> bool:
    """Whether words are in a language, and not just those that were to be translated.

    Of the 144 items in 12 languages 142 are told right among all languages that are translated.
    """
    from slmdesk.text.words.language import detect  # loads its model

    if not words.strip() or words.strip() == source_words.strip():
        return False
    alike = {code for group in _ALIKE if target in group for code in group} - {target}
    return detect(words, [code for code in LANGUAGES if code not in alike])[0] == target


def keeps_sense(source: str, given: str, back: str, ours: str) -> bool:
    """Whether a translation says the same, as far as letters tell: by the way back, or by our own where there is one.

    Either is enough: a model may be worse on the way back than on the way there, and there are many right translations.
    """
    return chrf(back, source) >= SAME_SENSE or (bool(ours) and chrf(given, ours) >= LIKE_OURS)


def chrf(text: str, requested: str) -> float:
    """How far a text has the runs of letters of another, 0..1: chrF (Popović 2015), n = 1..6, beta = 2, no blanks."""
    one, other = ("".join(some.casefold().split()) for some in (text, requested))
    found = []
    for size in range(1, LONGEST_GRAM + 1):
        here, there = (Counter(some[at : at + size] for at in range(len(some) - size + 1)) for some in (one, other))
        if not (here and there):
            continue
        shared = (here & there).total()
        precision, recall = shared / here.total(), shared / there.total()
        found.append((1 + BETA**2) * precision * recall / max(BETA**2 * precision + recall, 1e-9))
    return sum(found) / len(found) if found else 0.0


def keeps_figures(source_words: str, words: str, source: str, target: str) -> bool:
    """Whether all numbers of a sentence are there, and no others."""
    from slmdesk.text.translation.checks import flags_of

    if not words:
        return False
    flags = flags_of(source_words, words, source_language=source, target_language=target, tags=Tags())
    return not any(one.kind in ("number", "date") for one in flags)


def uses(term: Term, words: str, target: str) -> bool:
    """Whether a translation has the word of the glossary; an ending may be added to it."""
    from slmdesk.text.terms.matching import spans_of
    from slmdesk.text.words.folding import fold

    requested = term.source if term.keeps else term.target
    return fold(requested) in fold(words) or bool(spans_of(words, requested, target))


def is_quiet(item: PairItem, words: str) -> bool:
    """Whether there is nothing but a translation: no announcement, no note, not the same thing over and over."""
    from slmdesk.text.translation.checks import LONGEST, is_chatter

    given = plain(words, item.tags)
    if not given or is_chatter(item.words, given) or "\n" in given:
        return False
    return len(given) <= LONGEST * len(item.words) * _stretch(item.words, given)


def _stretch(source: str, target: str) -> float:
    """How much longer the same may be: a sign of Chinese or Japanese says as much as several letters."""
    widths = [sum(1 if ord(sign) < 0x2E80 else 3 for sign in text) / max(len(text), 1) for text in (source, target)]
    return widths[0] / widths[1]


@cache
def _shape() -> Mapping[str, Any]:
    source = resources.files("slmdesk.services.translation.pairs") / "items.toml"
    return tomllib.loads(source.read_text("utf-8"))
