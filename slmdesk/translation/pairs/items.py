"""The test sentences of exams for pairs of languages, and how answers are judged.  Pure functions.

Each sentence uses the same prompt as a translation (asking/prompts), so that the exam tests what is used.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record, field
from slmdesk.base.translation import Term
from slmdesk.base.types import Json
from slmdesk.text.terms.matching import spans_of
from slmdesk.text.translation.tagged import Tags, mended, plain, problems
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import detect
from slmdesk.translation.asking.prompts import TranslationStyle, prompt_version, translation_step

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
    LANGUAGE = "language"
    SENSE = "sense"
    """What is translated there and back says the same, or what our own translation says."""
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

    def step(self, source: str, target: str) -> dict[str, Json]:
        return translation_step(self.text, self.tags, TranslationStyle(target, source), terms=self.terms)


class Score(Record):
    passed: int
    total: int


def pair_version() -> str:
    return f"{_shape()['version']} {prompt_version()}"


def examined_languages() -> tuple[str, ...]:
    return tuple(code for code in _shape() if code in LANGUAGES)


def examined_pair(source: str, target: str) -> tuple[str, str] | None:
    """Return the pair examined for a requested one: itself, or from English where the source has no items.

    None where that would be English into English: such a pair is not examined.
    """
    start = source if source in examined_languages() else PIVOT
    return (start, target) if start != target and target in LANGUAGES else None


@cache
def pair_items(source: str) -> tuple[PairItem, ...]:
    """Return the test sentences of a language.  Raises KeyError for one without items."""
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
    return translation_step(answer, Tags(), TranslationStyle(source, target))


def said(item: PairItem, answer: str, source: str = "", target: str = "") -> str:
    """Return an answer as a translation would use it: repaired, without the model's comments.

    `source`, `target`: codes of the languages; they matter for an item with terms.
    """
    from slmdesk.text.translation.chatter import without_chatter  # with all checks of text
    from slmdesk.text.translation.masks import masked, unmasked

    words, _ = unmasked(answer, masked(item.text, item.terms, source, target).terms)
    return mended(without_chatter(item.text, words).strip(), item.tags)


def judge_pair(source: str, target: str, answers: Sequence[str], backs: Sequence[str]) -> Mapping[PairSkill, Score]:
    """Judge the answers to all items of `source`; `backs`: the plain ones' back-translations.

    An empty answer does not count.  Takes less than a second; any thread.
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
    shown = (in_target, sense, tags, figures, terms, quiet)
    return {skill: Score(sum(one), len(one)) for skill, one in zip(PairSkill, shown, strict=True)}


def is_in(target: str, source_words: str, words: str) -> bool:
    """Return whether words are in a language and not merely a copy of the source.

    Of the 144 items in 12 languages 142 are detected correctly among all languages that are translated.
    """
    if not words.strip() or words.strip() == source_words.strip():
        return False
    alike = {code for group in _ALIKE if target in group for code in group} - {target}
    return detect(words, [code for code in LANGUAGES if code not in alike])[0] == target


def keeps_sense(source: str, given: str, back: str, ours: str) -> bool:
    """Return whether a translation has the same meaning, judged by its back-translation or by our reference
    translation.

    Either is enough: a model may be worse at translating back, and there are many right translations.
    """
    return chrf(back, source) >= SAME_SENSE or (bool(ours) and chrf(given, ours) >= LIKE_OURS)


def chrf(text: str, requested: str) -> float:
    """Return the similarity of two texts, 0..1: chrF (Popović 2015), n = 1..6, beta = 2, without spaces."""
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
    """Return whether a translation has all numbers of the sentence and no others."""
    from slmdesk.text.translation.checks import flags_of

    if not words:
        return False
    flags = flags_of(source_words, words, source_language=source, target_language=target, tags=Tags())
    return not any(one.kind in ("number", "date") for one in flags)


def uses(term: Term, words: str, target: str) -> bool:
    """Return whether a translation contains the glossary's word, possibly with an ending."""
    requested = term.source if term.keeps else term.target
    return fold(requested) in fold(words) or bool(spans_of(words, requested, target))


def is_quiet(item: PairItem, words: str) -> bool:
    """Return whether the answer is only a translation: no introduction, no note, no repetition."""
    from slmdesk.text.translation.chatter import is_chatter
    from slmdesk.text.translation.checks import LONGEST

    given = plain(words, item.tags)
    if not given or is_chatter(item.words, given) or "\n" in given:
        return False
    return len(given) <= LONGEST * len(item.words) * _stretch(item.words, given)


def _stretch(source: str, target: str) -> float:
    """Return how much longer the translation may be: a Chinese or Japanese character says as much as several
    letters.
    """
    widths = [sum(1 if ord(sign) < 0x2E80 else 3 for sign in text) / max(len(text), 1) for text in (source, target)]
    return widths[0] / widths[1]


@cache
def _shape() -> Mapping[str, Any]:
    source = resources.files("slmdesk.translation.pairs") / "items.toml"
    return tomllib.loads(source.read_text("utf-8"))
