"""Labels for the results of exams for pairs of languages.  Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.types import Json
from slmdesk.translation.pairs.exams import PairResult
from slmdesk.translation.pairs.items import PairSkill

LEVELS = {"good": "good", "fair": "usable", "weak": "weak"}
_SHORT = {
    PairSkill.LANGUAGE: "right language",
    PairSkill.SENSE: "sense kept",
    PairSkill.TAGS: "formatting kept",
    PairSkill.NUMBERS: "numbers kept",
    PairSkill.GLOSSARY: "terms used",
    PairSkill.NO_CHATTER: "nothing added",
}


def pair_words(result: PairResult) -> str:
    return f"{LANGUAGES[result.source].name} → {LANGUAGES[result.target].name}"


def pair_line(result: PairResult) -> str:
    counts = ", ".join(f"{_SHORT[one.skill]} {one.passed} of {one.total}" for one in result.skills)
    return f"{pair_words(result)}: {LEVELS[result.level]} ({counts})."


def note_lines(notes: Mapping[str, Json]) -> tuple[str, ...]:
    why = {"slow": "it would take long on this PC", "failed": "the last one could not be done"}
    found = []
    for pair, reason in sorted(notes.items()):
        source, _, target = pair.partition("-")
        if source in LANGUAGES and target in LANGUAGES and reason in why:
            names = f"{LANGUAGES[source].name} → {LANGUAGES[target].name}"
            found.append(f"{names}: no automatic test, {why[str(reason)]}.")
    return tuple(found)


def result_sentence(name: str, result: PairResult) -> str:
    return warning_words(name, result) or (
        f"{name} is good from {LANGUAGES[result.source].name} to {LANGUAGES[result.target].name}: in its exam "
        f"{_counted(result, PairSkill.SENSE)} sentences kept their sense."
    )


def warning_words(name: str, result: PairResult) -> str:
    """Return the warning before translating this pair; empty when the model is good at it."""
    source, target = LANGUAGES[result.source].name, LANGUAGES[result.target].name
    if result.is_weak(PairSkill.LANGUAGE):
        found = _counted(result, PairSkill.LANGUAGE)
        return f"{name} was not made for {target}: in its exam {found} answers were in {target}."
    if result.is_weak(PairSkill.SENSE):
        found = _counted(result, PairSkill.SENSE)
        return f"{name} loses the sense from {source} to {target}: in its exam {found} sentences kept it."
    if result.level == "good":
        return ""
    return f"{name} is usable from {source} to {target}, but read what it writes: {_doubt(result)}."


def terms_words(result: PairResult) -> str:
    """Return the warning for use with a glossary; empty when its terms are used."""
    if not result.is_weak(PairSkill.GLOSSARY):
        return ""
    used = _counted(result, PairSkill.GLOSSARY)
    return f"It often passes over a glossary ({used} terms used): look at the terms flagged."


def tags_words(result: PairResult) -> str:
    """Return the warning for documents; empty when formatting is kept."""
    if not result.is_weak(PairSkill.TAGS):
        return ""
    return "It loses the marks of formatting, so they are placed afterwards: look at the segments flagged for it."


def shape_of_pair(result: PairResult) -> dict[str, Json]:
    return {
        "from": result.source,
        "to": result.target,
        "level": result.level,
        "taken": result.taken,
        "skills": [
            {"skill": one.skill.value, "level": one.level, "passed": one.passed, "total": one.total}
            for one in result.skills
        ],
    }


def _doubt(result: PairResult) -> str:
    target = LANGUAGES[result.target].name
    if result.of(PairSkill.LANGUAGE).level != "good":
        return f"in its exam {_counted(result, PairSkill.LANGUAGE)} answers were in {target}"
    if result.of(PairSkill.SENSE).level != "good":
        return f"in its exam {_counted(result, PairSkill.SENSE)} sentences kept their sense"
    if result.is_weak(PairSkill.NUMBERS):
        return f"in its exam {_counted(result, PairSkill.NUMBERS)} sentences kept their numbers"
    return "in its exam it added words of its own"


def _counted(result: PairResult, skill: PairSkill) -> str:
    one = result.of(skill)
    return f"{one.passed} of {one.total}"
