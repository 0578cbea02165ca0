"""Finds numbers in a text with their units: figures in the notations of six languages, and number words."""

from __future__ import annotations

import re
from functools import cache

from slmdesk.base.record import Record
from slmdesk.text.checks.words import WORD, folded, tables, values

_SPACE = "\u00a0\u202f\u2009 "
_FIGURES = re.compile(
    rf"(?<![\d])(?<!\d[.,])\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,'’]\d+)*|[½¼¾⅓⅔]"
)
_ROMAN = re.compile(r"\b(?=[IVX]{2})(X{0,3})(IX|IV|(V?)(I{0,3}))(?=e?\b)")
"""Up to 39, of two letters and more: the XIXe siècle, chapter IV."""
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_AFTER = re.compile(rf"[{_SPACE}]?-?[{_SPACE}]?(?P<w>[%‰€$£¥]|°[CF]?|km/h|m/s|[µ]?[^\W\d_]+[²³23]?)(?:\.(?=\s|$|,))?")
_CURRENCY_BEFORE = re.compile(
    rf"(?:(?<![^\W\d_])(?P<w>US\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK)|(?P<s>[€$£¥]))[{_SPACE}]?[-–−]?$", re.IGNORECASE
)
_POINTS = re.compile(
    r"\s*-?(?:percentage points?|points de pourcentage|puntos porcentuales|punti percentuali|punkt\w* procentow\w*)",
    re.I,
)
_PER_CENT = re.compile(rf"[{_SPACE}]?(?:per cent|pour cent|por ciento|per cento)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?<![^\W_])(?=[^\W\d_])(?!Q[1-4]\b|H[12]\b)[^\W_]*?[^\W\d_][-/]?\d[^\W_]*(?:[-/.][^\W_]*\d[^\W_]*)*|\d+(?:\.\d+){2,}(?![\d,])"
)
"""Letters and figures as one: B12, INV-2024-001; and 4.2.1, 10.0.0.1."""
_OF = re.compile(r"\s(?:de|di|d['’])(?=\s?[^\W\d_€$£])")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
_CURRENCIES = frozenset(("EUR", "USD", "GBP", "CHF", "PLN", "JPY", "SEK", "CZK"))
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "US$": "USD"}
Unit = tuple[str, float]


class Number(Record):
    """A number in a text.

    `values` has more than one where "1.234" may be both; `soft` when it may be an article or a filler (one, first);
    `of_date` when it is part of a date.
    """

    start: int
    end: int
    values: tuple[float, ...]
    unit: Unit | None = None
    about: bool = False
    soft: bool = False
    of_date: bool = False

    @property
    def kind(self) -> str:
        if self.unit is None:
            return "number"
        name = self.unit[0]
        return "amount" if name in _CURRENCIES else "percent" if name in ("percent", "points") else "number"


@cache
def _units() -> dict[str, Unit]:
    return {
        word: (dimension, float(factor))
        for dimension, factor, words in tables()["units"]["table"]
        for word in words.split()
    }


@cache
def _about() -> frozenset[str]:
    return frozenset(tables()["numbers"]["about"].split())


@cache
def _joins() -> frozenset[str]:
    return frozenset(tables()["numbers"]["joins"].split())


def find_identifiers(text: str) -> list[tuple[int, int]]:
    found = []
    for match in _NAMED.finditer(text):
        if not _GROUPED.fullmatch(match.group()) and not _CURRENCY_BEFORE.fullmatch(re.split(r"\d", match.group())[0]):
            found.append(match.span())
    return found


def find_numbers(text: str, language: str = "") -> list[Number]:
    """All numbers, in order; `language` selects the number words ("": figures only)."""
    found: list[Number] = []
    if any(sign.isnumeric() for sign in text):
        found += [_figure(text, match) for match in _FIGURES.finditer(text)]
    found += [_roman(match) for match in _ROMAN.finditer(text)]
    if language in ("en", "de", "fr", "es", "it", "pl"):
        found += _words(text, language, [(number.start, number.end) for number in found])
    found.sort(key=lambda number: number.start)
    return found


def _figure(text: str, match: re.Match[str]) -> Number:
    raw, end = match.group(), match.end()
    options = (_FRACTIONS[raw],) if raw in _FRACTIONS else readings(raw)
    unit: Unit | None = None
    before = _CURRENCY_BEFORE.search(text, max(0, match.start() - 5), match.start())
    if before is not None:
        sign = (before["w"] or before["s"]).upper()
        unit = (_SYMBOLS.get(sign, sign), 1.0)
    while (after := _AFTER.match(text, end)) is not None:
        word = folded(after["w"])
        times = values("multipliers").get(word)
        if times is None and unit is not None:
            times = {"k": 1000, "m": 1_000_000, "b": 1_000_000_000}.get(word)
        if times is None or (after["w"] in ("mil", "mille") and text[end : after.start("w")].strip(_SPACE) != ""):
            break
        options, end = tuple(round(value * times, 9) for value in options), after.end()
        of = _OF.match(text, end)
        end = of.end() if of is not None else end
    if unit is None:
        unit, end = _unit_at(text, end)
    return Number(match.start(), end, options, unit, _is_about(text, match.start()))


def _roman(match: re.Match[str]) -> Number:
    """A soft number, as it may be letters: "Fichte IV", but also "IV drip"."""
    rest = {"IX": 9, "IV": 4}.get(match[2], 5 * len(match[3] or "") + len(match[4] or ""))
    return Number(*match.span(), (float(10 * len(match[1]) + rest),), soft=True)


def _unit_at(text: str, end: int) -> tuple[Unit | None, int]:
    points = _POINTS.match(text, end)
    if points is not None:
        return ("points", 1.0), points.end()
    of_hundred = _PER_CENT.match(text, end)
    if of_hundred is not None:
        return ("percent", 1.0), of_hundred.end()
    after = _AFTER.match(text, end)
    if after is None:
        return None, end
    word = after["w"]
    if len(word) == 1 and word.isalpha() and word not in ("h", "s", "g", "t", "m", "l", "V", "W"):
        return None, end
    if word in ("an", "ton", "bar", "sec") and text[end : end + 1] == " " and word in ("an", "ton"):
        return None, end  # articles more often than years and tons
    unit = _units().get(word.casefold() if word.isascii() else folded(word)) or _units().get(folded(word))
    return (unit, after.end("w")) if unit else (None, end)


def readings(raw: str) -> tuple[float, ...]:
    """The possible values of figures: "1.234" is 1234 or 1.234, "1,234.50" has only one value."""
    plain = re.sub(rf"[{_SPACE}'’]", "", raw)
    comma, dot = plain.rfind(","), plain.rfind(".")
    try:
        if comma < 0 and dot < 0:
            return (float(plain),)
        if comma >= 0 and dot >= 0:
            group, point = (",", ".") if dot > comma else (".", ",")
            return (float(plain.replace(group, "").replace(point, ".")),)
        sign = "," if comma >= 0 else "."
        head, *groups = plain.split(sign)
        if len(groups) > 1:
            if all(len(group) == 3 for group in groups[-1:]) and all(len(group) in (2, 3) for group in groups):
                return (float(plain.replace(sign, "")),)
            return tuple(float(part) for part in (head, *groups))
        point_value = float(f"{head}.{groups[0]}")
        if len(groups[0]) == 3 and 1 <= len(head) <= 3 and head != "0" and len(plain) == len(raw):
            return (float(head + groups[0]), point_value)
        return (point_value,)
    except (ValueError, OverflowError):
        return ()


def _is_about(text: str, start: int) -> bool:
    before = text[max(0, start - 14) : start].rstrip(_SPACE + "€$£¥")
    if before.endswith(("~", "≈", "≃", "±")):
        return True
    words = WORD.findall(before)[-2:]
    return any(folded(word) in _about() for word in words)


def _words(text: str, language: str, taken: list[tuple[int, int]]) -> list[Number]:
    ones, tens = values("ones", language), values("tens", language)
    scales, soft = values("scales", language), values("soft", language)
    found: list[Number] = []
    used = {place for start, end in taken for place in range(start, end)}
    free = [match for match in WORD.finditer(text) if match.start() not in used]
    at = 0
    while at < len(free):
        total, current, end, is_soft, last = 0, 0, -1, False, 0
        first = at
        while at < len(free):
            word = folded(free[at].group())
            gap = text[free[at - 1].end() : free[at].start()] if at > first else ""
            if at > first and gap.strip(_SPACE + "-‐–\n"):
                break
            if word in scales and (current or scales[word] < 1000 or language in ("fr", "es", "it", "pl", "de")):
                value = scales[word]
                if value < 1000:
                    current = (current or 1) * value if value in (12, 100) else current + value
                else:
                    total, current = total + (current or 1) * value, 0
                last, is_soft = value, False
            elif word in ones and (end < 0 or _follows(ones[word], last, language)):
                current, last, is_soft = current + ones[word], ones[word], False
            elif language == "fr" and word in ("vingt", "vingts") and current == last == 4:
                current = last = 80
            elif word in tens and (end < 0 or last >= 100):
                current, last, is_soft = current + tens[word], tens[word], False
            elif (
                language == "fr" and word in ("un", "une") and 20 <= last <= 60 and folded(free[at - 1].group()) == "et"
            ):
                current, last, is_soft = current + 1, 1, False
            elif word in soft and (end < 0 or last >= 20) and not (end >= 0 and word in ("un", "una", "ein", "eine")):
                current, last, is_soft = current + soft[word], soft[word], end < 0
            elif end >= 0 and word in _joins() and last >= 20 and _goes_on(free, at, ones, tens, soft, text):
                at += 1
                continue
            else:
                compound = _compound(word, language) if end < 0 else None
                if compound is None:
                    break
                current, last, is_soft = compound, compound, False
            end = free[at].end()
            at += 1
        if end < 0:
            at = first + 1
            continue
        start = free[first].start()
        unit, unit_end = _unit_at(text, end)
        found.append(Number(start, unit_end, (float(total + current),), unit, _is_about(text, start), is_soft))
    return [number for number in found if not _is_no_number(text, number, language)]


def _follows(value: int, last: int, language: str) -> bool:
    if language == "fr" and last in (10, 60, 80):
        return value >= 7 if last == 10 else True
    return last >= 20 and value < min(last, 10 if last < 100 else 100)


def _goes_on(
    free: list[re.Match[str]], at: int, ones: dict[str, int], tens: dict[str, int], soft: dict[str, int], text: str
) -> bool:
    if at + 1 >= len(free) or text[free[at].end() : free[at + 1].start()].strip(_SPACE + "-"):
        return False
    following = folded(free[at + 1].group())
    return following in ones or following in tens or following in soft


def _is_no_number(text: str, number: Number, language: str) -> bool:
    word = folded(text[number.start : number.end].split()[0]) if number.end > number.start else ""
    if language == "it" and word == "sei" and number.unit is None:
        return True  # also "you are"
    if (language == "it" and word in ("prima", "secondo")) or (language == "es" and word in ("segundo", "once")):
        return number.unit is None and word != "once"
    if language == "en" and word == "second" and number.soft:
        before = text[max(0, number.start - 6) : number.start]
        return re.search(r"\b(?:the|a|per|each|every|\d)\s*$", before, re.IGNORECASE) is None
    return language == "fr" and word == "sept" and text[number.end : number.end + 1] == "."


def _compound(word: str, language: str) -> int | None:
    if language == "de":
        return _german(word)
    ones = {**values("ones", language), "uno": 1, "un": 1} if language in ("es", "it") else {}
    if language == "es" and word.startswith("veinti"):
        return 20 + ones[word[6:]] if word[6:] in ones and ones[word[6:]] < 10 else None
    for ten, value in values("tens", language).items() if language == "it" else ():
        for one in (word.removeprefix(ten), word.removeprefix(ten[:-1])):
            if one != word and one in ones and ones[one] < 10:
                return value + ones[one]
    return None


def _german(word: str) -> int | None:
    if len(word) < 7 or not any(part in word for part in ("und", "hundert", "tausend", "zig", "zehn")):
        return None
    total, rest = 0, word
    names = {**values("ones", "de"), **values("tens", "de"), "ein": 1}
    for scale, value in (("tausend", 1000), ("hundert", 100)):
        head, sign, tail = rest.partition(scale)
        if sign:
            amount = _german(head) or names.get(head) or (1 if not head else None)
            if amount is None:
                return None
            total, rest = total + amount * value, tail.removeprefix("und") if tail in ("und",) else tail
    if not rest:
        return total or None
    if rest in names:
        return total + names[rest]
    one, sign, ten = rest.partition("und")
    if sign and one in names and ten in names and names[ten] >= 20:
        return total + names[one] + names[ten]
    return None
