"""python -m benchmarks.quality.differences [--open | --aside] [FILE.xx.json …]: marks on right and wrong translations.

No model is asked. Right ones: tests/golden, the references of benchmarks/quality/translation, and, of two or more files
of XQuAD (named by their language, as xquad.de.json), the first sentences of paragraphs and the questions, which people
have translated. Wrong ones: the altered pairs of tests/golden, the wrong examples of the documents, and sentences of
XQuAD with another number or with a negation added; of all with another unit.

Halves: open are every other pair of a file, from the first, and every other paragraph, from the second; of documents
see benchmarks.quality.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.quality.segments import documents
from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.checks import flags_of

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"
LEAST, MOST = 40, 400
"""Letters of a sentence of XQuAD."""
_NUMBER = re.compile(r"(?<![\w.,])(\d{2,3})(?![\w.,]\d|\w)")
_VERB = {
    "de": re.compile(r"\b(?:ist|sind|war|wurde|waren|wurden)\b()"),
    "en": re.compile(r"\b(?:is|are|was|were)\b()"),
    "es": re.compile(r"()(?= (?:es|son|fue|fueron|era)\b)"),
}
_NOT = {"de": " nicht", "en": " not", "es": " no"}
_UNITS = {
    "€": "$", "£": "€", "$": "£", "EUR": "USD", "USD": "EUR", "Euro": "Pfennig", "euros": "pence", "euro": "penny",
    "pounds": "dollars", "Pfund": "Pfennig", "livres": "euros", "dollars": "euros", "Dollar": "Euro",
    "dólares": "euros", "%": "‰", "Prozent": "Prozentpunkte", "percent": "percentage points",
    "km": "m", "kg": "g", "mg": "g",
    "days": "weeks", "Tage": "Wochen", "Tagen": "Wochen", "jours": "semaines", "días": "semanas",
    "giorni": "settimane",
    "months": "years", "Monate": "Jahre", "mois": "ans", "meses": "años", "hours": "minutes", "Stunden": "Minuten",
}  # fmt: skip
"""Units, and another for each."""
_UNIT = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, _UNITS))})(?![^\W\d_])")
_DENIES = re.compile(r"\b(?:nicht|kein\w*|not|no|n't|ni|sin|ohne|without)\b")
_ENDS = re.compile(r"(?<=[a-zäöüßáéíóú)]{2}[.!?]) +(?=[A-ZÄÖÜÁÉÍÓÚ])")


class Pair(NamedTuple):
    """A sentence and its translation, of one set."""

    name: str
    is_right: bool
    source: str
    target: str
    languages: tuple[str, str]


def pairs(half: str, files: Sequence[str]) -> Iterator[Pair]:
    """All pairs of a half."""
    first = 0 if half == "open" else 1
    for name in ("translations", "translations_held_out"):
        for pair in tomllib.loads((GOLDEN / f"{name}.toml").read_text("utf-8"))["pair"][first::2]:
            languages = pair["from"], pair["to"]
            yield Pair(name, True, pair["source"], pair["target"], languages)
            yield from _exchanged(name, pair["source"], pair["target"], languages)
            for kind, old, new in pair["wrong"]:
                yield Pair(f"{name}: {kind}", False, pair["source"], pair["target"].replace(old, new), languages)
    for document in documents(aside=half == "aside"):
        languages = document.source, document.target
        for segment in document.segments:
            for right in segment.versions:
                yield Pair("documents", True, segment.text, right, languages)
                yield from _exchanged("documents", segment.text, right, languages)
            for wrong in segment.wrong:
                yield Pair("documents", False, segment.text, wrong, languages)
    yield from _people(first, files)


def _people(first: int, files: Sequence[str]) -> Iterator[Pair]:
    """Translations by people, and the same with a fault."""
    texts = {Path(file).suffixes[0][1:]: json.loads(Path(file).read_text("utf-8"))["data"] for file in files}
    every: list[tuple[dict[str, Any], ...]] = []
    for parts in zip(*texts.values(), strict=True):
        every += zip(*(part["paragraphs"] for part in parts), strict=True)
    every = every[1 - first :: 2]
    for paragraph in every:
        by_language: dict[str, Any] = dict(zip(texts, paragraph, strict=True))
        for pair in permutations(texts, 2):
            before, after = (by_language[language] for language in pair)
            for question, other in zip(before["qas"], after["qas"], strict=True):
                yield Pair("questions by people", True, question["question"], other["question"], pair)
            cut, others = _ENDS.split(before["context"]), _ENDS.split(after["context"])
            if len(cut) == len(others) and LEAST < len(cut[0]) < MOST:
                yield Pair("sentences by people", True, cut[0], others[0], pair)
                yield from _altered(cut[0], others[0], pair)
                yield from _exchanged("sentences by people", cut[0], others[0], pair)


def _altered(source: str, target: str, languages: tuple[str, str]) -> Iterator[Pair]:
    if number := _NUMBER.search(target):
        other = target[: number.start()] + str(int(number[1]) + 7) + target[number.end() :]
        yield Pair("sentences by people: number", False, source, other, languages)
    verb = _VERB[languages[1]].search(target) if languages[1] in _VERB else None
    if verb and not _DENIES.search(target):
        other = target[: verb.start(1)] + _NOT[languages[1]] + target[verb.start(1) :]
        yield Pair("sentences by people: negation added", False, source, other, languages)


def _exchanged(name: str, source: str, target: str, languages: tuple[str, str]) -> Iterator[Pair]:
    """The same with another unit or currency at its first figure that has one."""
    for unit in _UNIT.finditer(target):
        beside = target[max(0, unit.start() - 2) : unit.start()] + target[unit.end() : unit.end() + 2]
        if re.search(r"\d", beside):
            other = target[: unit.start()] + _UNITS[unit[0]] + target[unit.end() :]
            yield Pair(f"{name}: unit", False, source, other, languages)
            return


def main(arguments: Sequence[str]) -> None:
    """Print how many of each set are marked, and by what."""
    halves = [option[2:] for option in arguments if option.startswith("--")] or ["open", "aside"]
    files = [argument for argument in arguments if not argument.startswith("--")]
    for half in halves:
        marked, count = Counter[tuple[bool, str]](), Counter[tuple[bool, str]]()
        kinds: dict[tuple[bool, str], Counter[str]] = {}
        for name, is_right, source, target, (before, after) in pairs(half, files):
            flags = flags_of(source, target, source_language=before, target_language=after, tags=Tags())
            at = not is_right, name
            count[at] += 1
            marked[at] += bool(flags)
            kinds.setdefault(at, Counter()).update({flag.kind for flag in flags})
        print(f"\n{half}\n\n| set | marked | by |\n|---|---|---|")
        for at in sorted(count):
            words = ", ".join(f"{kind} {many}" for kind, many in kinds[at].most_common())
            print(f"| {'wrong' if at[0] else 'right'}: {at[1]} | {marked[at]} of {count[at]} | {words} |")


if __name__ == "__main__":
    main(sys.argv[1:])
