"""Checks whether a text supports a sentence: finds numbers, dates, names and statements that are not in the text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Literal

from slmdesk.base.record import Record, changed
from slmdesk.text.checks.names import Token, foreign_names, tokens
from slmdesk.text.checks.numbers import (
    DateMention,
    Number,
    dates_agree,
    find_dates,
    find_identifiers,
    find_numbers,
)
from slmdesk.text.checks.words import tongue, values
from slmdesk.text.folding import fold, fold_for_search
from slmdesk.text.stems import has_form

Kind = Literal["number", "date", "amount", "name", "unit", "percent"]


class Flag(Record):
    """Part of a sentence that its source does not support.

    `text` is at characters `start` to `end` of the sentence. `detail` is what the source says instead, or "" if that is
    unclear.
    """

    kind: Kind
    text: str
    start: int
    end: int
    detail: str = ""


class _Reading(Record):
    language: str
    whens: tuple[DateMention, ...]
    numbers: tuple[Number, ...]
    identifiers: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...]
    words: frozenset[str]
    years: frozenset[int]
    packed: str
    """Only the letters and digits of the text, in lower case."""


def missing_values(sentence: str, source: str, language: str = "", source_language: str = "") -> tuple[Flag, ...]:
    """Return the numbers, dates, amounts, names and codes of a sentence that its source does not have, in order."""
    if " ".join(sentence.split()) in " ".join(source.split()):
        return ()  # copied from the source
    known, said = _both(sentence, source, language, source_language)
    return _without_overlaps(_values(sentence, source, said, known))


def _both(sentence: str, source: str, language: str, source_language: str) -> tuple[_Reading, _Reading]:
    known = _read(source, tongue(source, source_language) if source_language else "")
    return known, _read(sentence, tongue(sentence, language, known.language))


def _values(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = [*_dates(sentence, source, said, known), *_identifiers(sentence, said, known)]
    flags += _numbers(sentence, source, said, known)
    names = foreign_names(sentence, list(said.tokens), list(known.tokens), known.words, said.language)
    flags += [Flag("name", sentence[start:end], start, end) for start, end in names]
    return flags


@lru_cache(maxsize=64)
def _read(text: str, language: str) -> _Reading:
    language = language or tongue(text)
    whens = find_dates(text, language)
    left = _blanked(text, [(when.start, when.end) for when in whens])
    identifiers = find_identifiers(left)
    numbers = find_numbers(_blanked(left, identifiers), language)
    found_tokens = tokens(text)
    years = {year for when in whens for year, _, _ in when.readings if year}
    years |= {int(value) for number in numbers for value in number.values if 1600 <= value < 2200 and not number.unit}
    return _Reading(
        language,
        tuple(whens),
        tuple(numbers),
        tuple(identifiers),
        tuple(found_tokens),
        frozenset(token.word for token in found_tokens),
        frozenset(years),
        _packed(text),
    )


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _dates(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    lost = [when for when in known.whens if not _is_said(when, said)]
    for when in said.whens:
        if _is_said(when, known):
            continue
        words = re.escape(sentence[when.start : when.end].rstrip("."))  # "1.3." may be a version that ends a sentence
        if not re.search(rf"(?<![\w.,:/-]){words}(?![\w:]|[.,/-]\d)", source):
            instead = next((other for other in lost if bool(other.minutes) == bool(when.minutes)), None)
            if instead:
                lost.remove(instead)
            said_there = source[instead.start : instead.end] if instead else ""
            flags.append(Flag("date", sentence[when.start : when.end], when.start, when.end, said_there))
    return flags


_HOURS = ("time", 3600.0)
_TWELVE = {
    0: frozenset(["midnight", "mitternacht", "minuit", "medianoche", "mezzanotte"]),
    720: frozenset(["noon", "midday", "mittag", "mittags", "midi", "mediodía", "mezzogiorno"]),
}
"""Words for twelve o'clock, by the minutes since midnight."""


def _is_said(when: DateMention, reading: _Reading) -> bool:
    if dates_agree(when, list(reading.whens), set(reading.years)) or _as_number(when, reading):
        return True
    return any(_TWELVE.get(minutes % 1440, frozenset()) & reading.words for minutes in when.minutes)


def _as_number(when: DateMention, known: _Reading) -> bool:
    hours = {minutes / 60 % 12 for minutes in when.minutes if minutes % 60 == 0}
    return any(
        value % 12 in hours for number in known.numbers if number.unit in (None, _HOURS) for value in number.values
    ) and bool(hours)


def _identifiers(sentence: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    for start, end in said.identifiers:
        if _packed(sentence[start:end]) not in known.packed:
            flags.append(Flag("name", sentence[start:end], start, end))
    return flags


def _numbers(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    pool = _pool(source, known)
    is_same = said.language == known.language or not (said.language and known.language)
    is_less = is_same and _LESS.search(sentence) is not None
    flags = []
    for number in said.numbers:
        number = changed(number, sign="?") if is_less else number
        verdict = _verdict(number, pool)
        if number.soft and not (verdict and _soft_conflict(sentence, source, number, known)):
            continue
        if verdict is None:
            continue
        kind, instead = verdict
        if kind == "number" and any(value == int(value) and 1600 <= value < 2100 for value in number.values):
            kind = "date" if number.unit is None and len(sentence[number.start : number.end]) == 4 else kind
        flags.append(Flag(kind, sentence[number.start : number.end], number.start, number.end, instead))
    return flags


def _pool(source: str, known: _Reading) -> list[tuple[Number, str]]:
    pool = [
        (unsigned(number, source), source[slice(*number.whole)] if number.sign else source[number.start : number.end])
        for number in known.numbers
    ]
    for when in known.whens:
        parts = {part for reading in when.readings for part in reading if part} | {m // 60 for m in when.minutes}
        for part in parts:
            pool.append((Number(when.start, when.end, (float(part),), of_date=True), str(part)))
        for minutes in when.minutes:  # "a las 15 horas" is 3 p.m.
            pool.append((Number(when.start, when.end, (minutes / 60,), _HOURS), f"{minutes // 60}"))
    for start, end in known.identifiers:
        for number in find_numbers("".join(s if s.isdigit() else " " for s in source[start:end])):
            pool.append((Number(start, end, number.values), source[start:end]))
    return pool


def _verdict(number: Number, pool: list[tuple[Number, str]]) -> tuple[Kind, str] | None:
    """Return None if the source has the number, else the kind of flag and what the source has instead."""
    with_unit = ""
    for known, text in pool:
        if set(number.values) & set(known.values):
            if _fit(number, known) and not _is_opposed(number, known):
                return None
            with_unit = with_unit or text
        elif number.unit and known.unit and number.unit[0] == known.unit[0] and _equal(number, known):
            if not _is_opposed(number, known):
                return None
            with_unit = with_unit or text
        if number.about and _near(number, known) and _fit(number, known) and not _is_opposed(number, known):
            return None
    if with_unit:
        kind: Kind = "unit" if number.kind == "number" and number.unit else _kind(number)
        return kind, with_unit
    nearest = [text for known, text in pool if (known.unit and known.unit[0]) == (number.unit and number.unit[0])]
    return _kind(number), nearest[0] if len(nearest) == 1 else ""


def same_number(number: Number, known: Number) -> bool:
    """Return whether a number is one of the text, in whatever form and unit."""
    return _verdict(number, [(known, "")]) is None


def _kind(number: Number) -> Kind:
    kind = number.kind
    return "amount" if kind == "amount" else "percent" if kind == "percent" else "number"


def _fit(number: Number, known: Number) -> bool:
    if number.unit is None:
        return True
    if known.of_date:
        return False
    if known.unit is None:
        return True
    return number.unit[0] == known.unit[0] and abs(number.unit[1] - known.unit[1]) < 1e-12


_LESS = re.compile(
    r"gutschrift|erstatt|r[üu]ckzahl|rabatt|skonto|nachla|abz[uü]g|minder|verlust|fehlbetrag|credit|refund|discount|"
    r"deduct|reduc|less\b|loss|deficit|remise|avoir|rembours|perte|descuent|abon[oa]|reembols|p[eé]rdida|sconto|rimbors|"
    r"perdit|storn|rabat|zwrot|strat[ay]|korting|tegoed|verlies|desconto|estorno|perda|negativ",
    re.IGNORECASE,
)
"""Words that say in the language of a sentence what a minus says: a discount of 45 EUR is -45."""


def unsigned(number: Number, text: str) -> Number:
    """Return a number of a text without its minus where a word of its line says the same: "less a credit of -45"."""
    line = text[text.rfind("\n", 0, number.start) + 1 : number.start] if number.sign == "-" else ""
    return changed(number, sign="?") if _LESS.search(line) else number


def _is_opposed(number: Number, known: Number) -> bool:
    """Return whether one number is surely less than nothing and the other is surely not, or one debit, one credit."""
    return {number.sign, known.sign} in ({"", "-"}, {"debit", "credit"}) and not known.of_date


def _equal(number: Number, known: Number) -> bool:
    if number.unit is None or known.unit is None:
        return False
    return any(
        abs(value * number.unit[1] - other * known.unit[1]) <= 1e-9 * max(1.0, abs(value * number.unit[1]))
        for value in number.values
        for other in known.values
    )


def _near(number: Number, known: Number) -> bool:
    return any(abs(value - other) <= 0.05 * abs(other) for value in number.values for other in known.values)


def _soft_conflict(sentence: str, source: str, number: Number, known: _Reading) -> bool:
    """Return whether the source has another number before the word that follows "one" or "first" in the sentence."""
    following = sentence[number.end :].split(None, 1)[0:1] if number.unit is None else []
    word = "".join(sign for sign in (following[0] if following else "").casefold() if sign.isalpha())
    for other in known.numbers:
        if other.soft and other.values == number.values:
            return False
    for other in known.numbers:
        if other.soft or set(other.values) & set(number.values):
            continue
        if number.unit and other.unit and number.unit[0] == other.unit[0]:
            return True
        after = "".join(
            sign for sign in source[other.end :].lstrip(" -")[:24].casefold().split(" ")[0] if sign.isalpha()
        )
        if len(word) > 3 and after[:4] == word[:4]:
            return True
    return False


def _without_overlaps(flags: list[Flag]) -> tuple[Flag, ...]:
    kept: list[Flag] = []
    for flag in sorted(flags, key=lambda flag: (flag.start, -flag.end)):
        if not kept or flag.start >= kept[-1].end:
            kept.append(flag)
    return tuple(kept)


_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,'’\s](?=\d)")
_DIGITS = re.compile(r"\d+")
_LONGEST_ALONE = 5
_LEAST_DIGITS = 3
"""Fewest digits of a number that is searched for as digits only. Shorter numbers may be written as words: "twelve"."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "pl")


def values_in(sentence: str, language: str = "") -> tuple[Flag, ...]:
    return missing_values(sentence, "-", language)


def holds(flag: Flag, sentence: str, text: str, language: str = "", text_language: str = "") -> bool:
    if flag.kind == "name":
        return _has_name(flag.text, text, language)
    others = missing_values(sentence, text, language, text_language)
    return not any(other.start < flag.end and flag.start < other.end for other in others)


def may_hold(flag: Flag) -> Callable[[str], bool]:
    """Return a fast filter that rejects texts that cannot contain the flagged part. Check the rest with `holds`."""
    if flag.kind == "name" and (first := next(iter(tokens(flag.text)), None)) is not None:
        start = "" if first.acronym else first.word[:3]
        return lambda text: start in fold(text)
    runs = _DIGITS.findall(_BETWEEN_DIGITS.sub("", flag.text))
    long = [run.strip("0") for run in runs if len(run) >= _LEAST_DIGITS]
    if long:
        return lambda text: (
            any(number in _BETWEEN_DIGITS.sub("", text) for number in long) or _scales().search(fold(text)) is not None
        )
    if len(runs) != 1 or not int(runs[0]):
        return lambda _: True
    alone = re.compile(rf"(?<!\d)0*{int(runs[0])}(?!\d)")
    words = _words_for(int(runs[0]))
    return lambda text: alone.search(text) is not None or words.search(fold(text)) is not None


@cache
def _words_for(number: int) -> re.Pattern[str]:
    """Return a pattern for words of all languages that may write (part of) the number: "seven", "twenty-", "-seven"."""
    tables = [values(name, language) for language in _LANGUAGES for name in ("ones", "tens")]
    parts = {number, number % 10, number // 10 * 10} - {0}
    words = sorted({word for table in tables for word, value in table.items() if value in parts})
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


@cache
def _scales() -> re.Pattern[str]:
    """Return a pattern for words such as "hundred", which a long number in words has, and German ones inside."""
    tables = (values("scales", language) for language in _LANGUAGES)
    words = sorted({word for table in tables for word, value in table.items() if value >= 100})
    return re.compile("|".join(word if len(word) > _LONGEST_ALONE else rf"\b{word}\b" for word in words))


def _has_name(name: str, text: str, language: str) -> bool:
    said = tokens(name)
    if not said:  # a code of letters and figures
        return _packed(name) in _packed(text)
    known = tokens(text)
    words = {token.word for token in known}
    letters = "".join(token.word[0] for token in known if token.large)
    return all(has_form(token.word, words, language) or (token.acronym and token.word in letters) for token in said)


def _packed(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)  # CO₂
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


# Measures how much of a sentence is in a text. Counts content words, and rare words count more. Weights as in tf-idf
# (Spärck Jones 1972, "A statistical interpretation of term specificity").

STEM = 6
"""Number of first letters by which words are compared, since their endings may differ between texts."""


class Rarity:
    """Knows how rare words are among some texts. It replaces lists of stop words."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._words: list[frozenset[str]] = []
        self._spread: Counter[str] = Counter()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts. They are numbered from 0 in the order in which they are added."""
        for text in texts:
            words = stems(text)
            self._words.append(words)
            self._spread.update(words)

    def weight(self, word: str) -> float:
        """Return the weight of a word: about 0 if it is in every text, and the maximum if it is in none."""
        count = len(self._words)
        return math.log((count + 1.0) / (self._spread[word] + 0.5)) if count > 1 else 1.0

    def share(self, sentence: str, text: str) -> float:
        """Return how much of the sentence's words is in the text, 0..1. For a sentence without words return 1."""
        return self._share(stems(sentence), stems(text))

    def best(self, sentence: str, among: Sequence[int], *, beside: str = "") -> tuple[int, float]:
        """Return the number of the text among `among` with the largest share of the sentence, and that share, 0..1. Of
        equal texts the first is taken.

        Words that are in the text `beside` do not count.
        """
        requested = stems(sentence) - stems(beside)
        shares = [(self._share(requested, self._words[at]), -at) for at in among]
        share, at = max(shares)
        return -at, share

    def _share(self, requested: frozenset[str], there: frozenset[str]) -> float:
        weights = {word: max(0.1, self.weight(word)) for word in requested}
        whole = sum(weights.values())
        return sum(weights[word] for word in requested if word in there) / whole if whole else 1.0


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    words = fold_for_search(text).split()
    return frozenset(word[:STEM] for word in words if len(word) > 2 or not word.isascii() or word.isdigit())
