"""The test sentences of exams for pairs of languages, and how answers are judged.

Pure functions. Each sentence uses the same prompt as a translation, so that the exam tests what is used.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Number, Record, field
from slmdesk.base.records import ModelRecord
from slmdesk.base.translation import LANGUAGES, Term
from slmdesk.base.types import Json
from slmdesk.models.service import translator_family
from slmdesk.text.folding import fold
from slmdesk.text.sentences import detect
from slmdesk.text.tagged import Tags, mended, plain, problems
from slmdesk.text.terms import spans_of
from slmdesk.translation.prompts import TranslationStyle, prompt_version, translation_step

GOOD, FAIR = 0.9, 0.6
"""Least shares of passed answers at which a skill is called good or fair (usable if the flags are reviewed).

A skill is weak if more than two of five answers fail, because a person would then correct more than read (figures:
docs/performance.md).
"""
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
    texts = _shape()[source]
    items = [PairItem(ItemKind.PLAIN, text) for text in texts["plain"]]
    for entry in texts["tagged"]:
        tags = Tags(tuple(entry.get("paired", ())), tuple(entry.get("lone", ())))
        items.append(PairItem(ItemKind.TAGGED, entry["text"], tags))
    for entry in texts["terms"]:
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
    scores = []
    for size in range(1, LONGEST_GRAM + 1):
        here, there = (Counter(some[at : at + size] for at in range(len(some) - size + 1)) for some in (given, other))
        if not (here and there):
            continue
        shared = (here & there).total()
        precision, recall = shared / here.total(), shared / there.total()
        scores.append((1 + BETA**2) * precision * recall / max(BETA**2 * precision + recall, 1e-9))
    return sum(scores) / len(scores) if scores else 0.0


def keeps_figures(source_words: str, words: str, source: str, target: str) -> bool:
    """Return whether a translation has all numbers of the sentence and no others."""
    from slmdesk.translation.checks import flags_of

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
    from slmdesk.translation.checks import LONGEST

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
