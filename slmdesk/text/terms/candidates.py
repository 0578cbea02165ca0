"""Finds likely terms in a text: frequent phrases of one to four words, and names.

Phrases are the words between function words (articles, prepositions, common verbs) and signs; their score is the
C-value (Frantzi, Ananiadou and Mima 2000, doi 10.1007/s007999900023): their frequency times the logarithm
of their length, less the occurrences inside longer phrases.  In languages with a stop word list (text.stop_words); in
others every word may be part of a phrase, and more false ones are proposed.  Pure; a document of 100,000 words takes
about two seconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from slmdesk.base.record import Record
from slmdesk.text.checks.words import function_words
from slmdesk.text.terms.forms import fits
from slmdesk.text.words.folding import fold
from slmdesk.text.words.stop_words import STOP_WORDS

MOST_WORDS = 4
LEAST_TIMES = 2
"""A phrase that stands in a text once is hardly one of its terms."""
LEAST_LETTERS = 3
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_EVERYDAY = re.compile(r"[^\W\d_]+ly$")
LEAST_DICE = 0.5
"""Of a translation that is proposed: how far a phrase and its translation stand in the same segments."""


class Candidate(Record):
    words: str
    """As it is written most often."""
    times: int
    worth: float
    example: str
    is_name: bool
    translation: str = ""


def propose(sentences: Sequence[str], language: str, *, most: int = 100) -> list[Candidate]:
    small = STOP_WORDS.get(language, frozenset()) | function_words(language)
    counts: Counter[tuple[str, ...]] = Counter()
    written: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    examples: dict[tuple[str, ...], int] = {}
    large: Counter[tuple[str, ...]] = Counter()
    inside: Counter[tuple[str, ...]] = Counter()
    for number, sentence in enumerate(sentences):
        for run in _runs(sentence, small):
            for begin in range(len(run)):
                for end in range(begin + 1, min(len(run), begin + MOST_WORDS) + 1):
                    part = run[begin:end]
                    key = tuple(fold(one[0]) for one in part)
                    text = sentence[part[0].start() : part[-1].end()]
                    counts[key] += 1
                    written[key][text] += 1
                    examples.setdefault(key, number)
                    if part[0].start() > _first_letter(sentence):
                        inside[key] += 1
                        large[key] += all(one[0][0].isupper() for one in part)
    merged = _with_forms(counts, language)
    names = {key for key in merged if inside[key] and large[key] * 2 > inside[key] and language != "de"}
    names |= {key for key in merged if any(text.isupper() and len(text) > 1 for text in written[key])}
    values = _c_values({key: merged[key] for key in merged if merged[key] >= LEAST_TIMES})
    found = [
        Candidate(written[key].most_common(1)[0][0], merged[key], worth, sentences[examples[key]], key in names)
        for key, worth in values.items()
        if worth > 0 and sum(map(len, key)) >= LEAST_LETTERS
    ]
    return sorted(found, key=lambda one: (-one.worth, -one.times, one.words))[:most]


def likely_translations(
    candidates: Sequence[Candidate], pairs: Sequence[tuple[str, str]], source: str, target: str
) -> Mapping[str, str]:
    """For each candidate the phrase of the translation that most often occurs with it (Dice's coefficient, 1945).

    `pairs`: segments with their translations.  Only those that occur in at least LEAST_TIMES segments and reach
    LEAST_DICE.
    """
    small = STOP_WORDS.get(target, frozenset()) | function_words(target)
    where: dict[tuple[str, ...], set[int]] = defaultdict(set)
    written: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for number, (_, translated) in enumerate(pairs):
        for run in _runs(translated, small):
            for begin in range(len(run)):
                for end in range(begin + 1, min(len(run), begin + MOST_WORDS) + 1):
                    key = tuple(fold(one[0]) for one in run[begin:end])
                    where[key].add(number)
                    written[key][translated[run[begin].start() : run[end - 1].end()]] += 1
    often = {key: places for key, places in where.items() if len(places) >= LEAST_TIMES}
    folded = [f" {' '.join(fold(one[0]) for one in _WORD.finditer(words))} " for words, _ in pairs]
    found = {}
    for candidate in candidates:
        looked_for = f" {' '.join(fold(one[0]) for one in _WORD.finditer(candidate.words))} "
        places = {number for number, words in enumerate(folded) if looked_for in words}
        if len(places) < LEAST_TIMES:
            continue
        key, dice = _best(places, often, len(looked_for.split()))
        if dice >= LEAST_DICE:
            found[candidate.words] = written[key].most_common(1)[0][0]
    return found


def _best(places: set[int], where: Mapping[tuple[str, ...], set[int]], size: int) -> tuple[tuple[str, ...], float]:
    best: tuple[float, float, tuple[str, ...]] = (0.0, 0.0, ())
    for key, others in where.items():
        both = len(places & others)
        if both >= LEAST_TIMES:
            dice = 2 * both / (len(places) + len(others))
            best = max(best, (dice, -abs(len(key) - size) + len(key) / 100, key))
    return best[2], best[0]


def _runs(sentence: str, small: frozenset[str]) -> list[list[re.Match[str]]]:
    runs: list[list[re.Match[str]]] = [[]]
    end = 0
    for one in _WORD.finditer(sentence):
        is_apart = bool(sentence[end : one.start()].strip())
        is_small = fold(one[0]) in small or len(one[0]) < 2 or _EVERYDAY.match(one[0]) is not None
        if is_apart and runs[-1]:
            runs.append([])
        if is_small:
            runs.append([])
        else:
            runs[-1].append(one)
        end = one.end()
    return [run for run in runs if run]


def _first_letter(sentence: str) -> int:
    found = _WORD.search(sentence)
    return found.start() if found else 0


def _with_forms(counts: Counter[tuple[str, ...]], language: str) -> dict[tuple[str, ...], int]:
    by_beginning: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    merged: dict[tuple[str, ...], int] = {}
    for key, count in sorted(counts.items(), key=lambda one: (-one[1], len(" ".join(one[0])), one[0])):
        beginning = f"{key[0][:4]}{len(key)}"
        same = next(
            (
                other
                for other in by_beginning[beginning]
                if len(other) == len(key)
                and all(fits(a, b, language) or fits(b, a, language) for a, b in zip(key, other, strict=True))
            ),
            None,
        )
        if same is None:
            by_beginning[beginning].append(key)
            merged[key] = count
        else:
            merged[same] += count
    return merged


def _c_values(counts: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], float]:
    """Each phrase's C-value; single words by the logarithm of one and a half, so that they count for something."""
    longer: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for key, count in counts.items():
        for begin in range(len(key)):
            for end in range(begin + 1, len(key) + 1):
                if end - begin < len(key):
                    longer[key[begin:end]].append(count)
    values = {}
    for key, count in counts.items():
        within = longer.get(key, ())
        own = count - (sum(within) / len(within) if within else 0.0)
        values[key] = math.log2(max(len(key), 1.5)) * own
    return values
