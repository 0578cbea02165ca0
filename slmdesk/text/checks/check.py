"""Finds what a sentence says that its source does not: numbers, dates, amounts, units, names, reversed statements, and
conditional statements repeated without their condition.

Rules over words and figures, without a model: they find what is altered in a copy or a paraphrase, in English, German,
French, Spanish, Italian and Polish; in other languages figures, dates in figures and names.  They cannot detect
a true name or number put in another's place, or a statement made up of words of the source.  Measured on
`tests/golden/checks.toml`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from slmdesk.base.record import Record
from slmdesk.text.checks import conditions, dates, negation
from slmdesk.text.checks import names as check_names
from slmdesk.text.checks import numbers as check_numbers
from slmdesk.text.checks.words import tongue
from slmdesk.text.words.sentences import sentence_spans

Kind = Literal["number", "date", "amount", "name", "negation", "unit", "percent", "condition"]


class Flag(Record):
    """A part of a sentence that its source does not support.

    `text` stands in the sentence from `start` to `end` (characters); `detail` is what the source has instead, where
    that can be determined, else "".
    """

    kind: Kind
    text: str
    start: int
    end: int
    detail: str = ""


class _Reading(Record):
    language: str
    whens: tuple[dates.DateMention, ...]
    numbers: tuple[check_numbers.Number, ...]
    identifiers: tuple[tuple[int, int], ...]
    tokens: tuple[check_names.Token, ...]
    lines: tuple[negation.Line, ...]
    words: frozenset[str]
    years: frozenset[int]
    packed: str
    """Letters and figures alone, small."""


def check(sentence: str, source: str, language: str = "", source_language: str = "") -> tuple[Flag, ...]:
    """What of a sentence its source does not support, in order; empty when nothing was found.

    `language` is a code of ISO 639-1 for the sentence; the source may be in another, which is detected where
    `source_language` is not given.  Any thread; well under a millisecond, and a source is analysed once for all
    sentences about it.
    """
    if " ".join(sentence.split()) in " ".join(source.split()):
        return ()  # copied from the source
    known = _read(source, tongue(source, source_language) if source_language else "")
    said = _read(sentence, tongue(sentence, language, known.language))
    flags = [*_dates(sentence, source, said, known), *_identifiers(sentence, said, known)]
    flags += _numbers(sentence, source, said, known)
    names = check_names.foreign_names(sentence, list(said.tokens), list(known.tokens), known.words, said.language)
    flags += [Flag("name", sentence[start:end], start, end) for start, end in names]
    if said.language == known.language or not said.language:
        forms = frozenset(form for line in known.lines for form in line.forms)
        for line, (start, _) in zip(said.lines, _places(sentence, said), strict=False):
            for at, end, instead in negation.turned_round(line, list(known.lines), forms):
                flags.append(Flag("negation", sentence[start + at : start + end], start + at, start + end, instead))
        flags += [] if flags else _conditions(sentence, source, said)
    return _without_overlaps(flags)


def _places(sentence: str, said: _Reading) -> list[tuple[int, int]]:
    return sentence_spans(sentence, said.language)


def _conditions(sentence: str, source: str, said: _Reading) -> list[Flag]:
    flags = []
    for start, end in _places(sentence, said):
        if condition := conditions.left_away(sentence[start:end], source, said.language):
            flags.append(Flag("condition", sentence[start:end], start, end, condition))
    return flags


@lru_cache(maxsize=64)
def _read(text: str, language: str) -> _Reading:
    language = language or tongue(text)
    whens = dates.find_dates(text, language)
    left = _blanked(text, [(when.start, when.end) for when in whens])
    identifiers = check_numbers.find_identifiers(left)
    numbers = check_numbers.find_numbers(_blanked(left, identifiers), language)
    tokens = check_names.tokens(text)
    years = {year for when in whens for year, _, _ in when.readings if year}
    years |= {int(value) for number in numbers for value in number.values if 1600 <= value < 2200 and not number.unit}
    return _Reading(
        language,
        tuple(whens),
        tuple(numbers),
        tuple(identifiers),
        tuple(tokens),
        tuple(negation.lines(text, language)),
        frozenset(token.word for token in tokens),
        frozenset(years),
        "".join(sign for sign in text.casefold() if sign.isalnum()),
    )


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _dates(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    for when in said.whens:
        if dates.dates_agree(when, list(known.whens), set(known.years)) or _as_number(when, known):
            continue
        words = re.escape(sentence[when.start : when.end])
        if not re.search(rf"(?<![\w.,:/-]){words}(?![\w:]|[.,/-]\d)", source):
            instead = next((other for other in known.whens if bool(other.minutes) == bool(when.minutes)), None)
            flags.append(Flag("date", sentence[when.start : when.end], when.start, when.end, _shown(instead)))
    return flags


def _as_number(when: dates.DateMention, known: _Reading) -> bool:
    hours = {minutes / 60 % 12 for minutes in when.minutes if minutes % 60 == 0}
    return any(
        value % 12 in hours for number in known.numbers if number.unit is None for value in number.values
    ) and bool(hours)


def _shown(when: dates.DateMention | None) -> str:
    if when is None:
        return ""
    if when.minutes:
        return f"{when.minutes[0] // 60}:{when.minutes[0] % 60:02}"
    if when.readings:
        return "-".join(f"{part:02}" for part in when.readings[0] if part is not None)
    return ""


def _identifiers(sentence: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    for start, end in said.identifiers:
        packed = "".join(sign for sign in sentence[start:end].casefold() if sign.isalnum())
        if packed not in known.packed:
            flags.append(Flag("name", sentence[start:end], start, end))
    return flags


def _numbers(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    pool = _pool(source, known)
    has_percent = any(number.unit and number.unit[0] == "percent" for number in known.numbers) or "%" in source
    flags = []
    for number in said.numbers:
        verdict = _verdict(number, pool, has_percent)
        if number.soft and not (verdict and _soft_conflict(sentence, source, number, known)):
            continue
        if verdict is None:
            continue
        kind, instead = verdict
        if kind == "number" and any(value == int(value) and 1600 <= value < 2100 for value in number.values):
            kind = "date" if number.unit is None and len(sentence[number.start : number.end]) == 4 else kind
        flags.append(Flag(kind, sentence[number.start : number.end], number.start, number.end, instead))
    return flags


def _pool(source: str, known: _Reading) -> list[tuple[check_numbers.Number, str]]:
    pool = [(number, source[number.start : number.end]) for number in known.numbers]
    for when in known.whens:
        parts = {part for reading in when.readings for part in reading if part} | {m // 60 for m in when.minutes}
        for part in parts:
            pool.append((check_numbers.Number(when.start, when.end, (float(part),), of_date=True), str(part)))
    for start, end in known.identifiers:
        for number in check_numbers.find_numbers("".join(s if s.isdigit() else " " for s in source[start:end])):
            pool.append((check_numbers.Number(start, end, number.values), source[start:end]))
    return pool


def _verdict(
    number: check_numbers.Number, pool: list[tuple[check_numbers.Number, str]], has_percent: bool
) -> tuple[Kind, str] | None:
    """None when the source has the number; else the kind of flag, and what the source has instead."""
    other_unit = ""
    for known, text in pool:
        if set(number.values) & set(known.values):
            if _fit(number, known):
                return None
            other_unit = other_unit or text
        elif number.unit and known.unit and number.unit[0] == known.unit[0] and _equal(number, known):
            return None
        if number.about and _near(number, known) and _fit(number, known):
            return None
    if other_unit:
        kind: Kind = "unit" if number.kind == "number" and number.unit else _kind(number)
        return kind, other_unit
    nearest = [text for known, text in pool if (known.unit and known.unit[0]) == (number.unit and number.unit[0])]
    return _kind(number), nearest[0] if len(nearest) == 1 else ""


def _kind(number: check_numbers.Number) -> Kind:
    kind = number.kind
    return "amount" if kind == "amount" else "percent" if kind == "percent" else "number"


def _fit(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    if number.unit is None:
        return True
    if known.of_date:
        return False
    if known.unit is None:
        return True
    return number.unit[0] == known.unit[0] and abs(number.unit[1] - known.unit[1]) < 1e-12


def _equal(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    if number.unit is None or known.unit is None:
        return False
    return any(
        abs(one * number.unit[1] - other * known.unit[1]) <= 1e-9 * max(1.0, abs(one * number.unit[1]))
        for one in number.values
        for other in known.values
    )


def _near(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    return any(abs(one - other) <= 0.05 * abs(other) for one in number.values for other in known.values)


def _soft_conflict(sentence: str, source: str, number: check_numbers.Number, known: _Reading) -> bool:
    """Whether the source has another number before the word that follows "one" or "first" in the sentence."""
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
