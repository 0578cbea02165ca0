"""Finds numbers with units, dates, times, amounts, accounts and periods in a text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Set
from contextlib import suppress
from functools import cache
from typing import Literal

from slmdesk.base.record import Record, changed
from slmdesk.base.text.words import WORD, folded, listed, tables, values

_SPACE = "\u00a0\u202f\u2009 "
_FIGURES = re.compile(
    rf"(?<![\d])(?<!\d[.,])\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,'’]\d+)*|[½¼¾⅓⅔]"
)
_ROMAN = re.compile(r"\b(?=[IVX]{2})(X{0,3})(IX|IV|(V?)(I{0,3}))(?=e?\b)")
"""Matches Roman numerals up to 39 of two or more letters: the XIXe siècle, chapter IV."""
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_AFTER = re.compile(
    rf"(?:[{_SPACE}](?:business|working|calendar)(?=[{_SPACE}]))?[{_SPACE}]?-?[{_SPACE}]?"
    r"(?P<w>[%‰€$£¥]|°[CF]?|km/h|m/s|[µ]?[^\W\d_]+[²³23]?)(?:\.(?=\s|$|,))?"
)
_CURRENCY_BEFORE = re.compile(
    rf"(?:(?<![^\W\d_])(?P<w>US\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK)|(?P<s>[€$£¥]))[{_SPACE}]?[-–−]?[{_SPACE}]?$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\s*-?(?:percentage points?|points de pourcentage|puntos porcentuales|punti percentuali|punkt\w* procentow\w*)",
    re.I,
)
_PER_CENT = re.compile(rf"[{_SPACE}]?(?:per cent|pour cent|por ciento|per cento)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?<![^\W_])(?=[^\W\d_])(?!Q[1-4]\b|H[12]\b)[^\W_]*?[^\W\d_][-/]?\d[^\W_]*(?:[-/.][^\W_]*\d[^\W_]*)*|\d+(?:\.\d+){2,}(?![\d,])"
)
"""Matches codes of letters and digits (B12, INV-2024-001) and of several numbers (4.2.1, 10.0.0.1)."""
_OF = re.compile(r"\s(?:de|di|d['’])(?=\s?[^\W\d_€$£])")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
"""Matches letters of writing without spaces, in which a figure is part of no code: 36脚."""
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}")
CURRENCIES = frozenset(("EUR", "USD", "GBP", "CHF", "PLN", "JPY", "SEK", "CZK"))
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "US$": "USD"}
Unit = tuple[str, float]
Sign = Literal["", "-", "?", "debit", "credit"]
"""Sign of a number. "?" is a dash or a bracket that may be one; whether a debit is less or more, its account says."""


class Number(Record):
    """Number in a text.

    `values` has several items if the notation is ambiguous ("1.234"), and no sign: see `sign`. `soft` means that it may
    be an article or a filler (one, first).
    """

    start: int
    end: int
    values: tuple[float, ...]
    unit: Unit | None = None
    soft: bool = False
    sign: Sign = ""
    whole: tuple[int, int] = (0, 0)
    """Where it stands with its sign and its currency."""

    @property
    def kind(self) -> Literal["amount", "percent", "number"]:
        name = self.unit[0] if self.unit else ""
        if name in CURRENCIES:
            return "amount"
        if name in ("percent", "points"):
            return "percent"
        return "number"


@cache
def _units() -> dict[str, Unit]:
    return {
        word: (dimension, float(factor))
        for dimension, factor, words in tables()["units"]["table"]
        for word in words.split()
    }


def currencies_in(text: str) -> frozenset[str]:
    """Return the currencies whose sign or name is anywhere in a text: "between 20 and 30 US-Dollar"."""
    words = re.findall(r"[^\W\d_]+|[€$£¥]", text)
    units = (_units().get(word.casefold()) or _units().get(folded(word)) for word in words)
    return frozenset(unit[0] for unit in units if unit is not None and unit[0] in CURRENCIES)


def find_identifiers(text: str) -> list[tuple[int, int]]:
    return [
        match.span()
        for match in _NAMED.finditer(text)
        if not _UNSPACED.search(match[0])
        and not _GROUPED.fullmatch(match[0])
        and not _CURRENCY_BEFORE.fullmatch(re.split(r"\d", match[0])[0])
    ]


_DASH = "[-−–—‒]"
_CASH = "(?:US\\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥]|zł|[Ee]uros?)"
_MINUS = re.compile(
    rf"(?:(?P<dash>{_DASH})|(?<![^\W_])(?P<word>minus|negative?|moins|menos|meno)(?=\s)"
    rf"|(?<![^\W_])(?P<less>abz(?:ü|ue)glich|abzgl\.?|less)(?=\s))"
    rf"(?P<gap>[{_SPACE}]?)(?:{_CASH}[{_SPACE}]?)?\Z|{_CASH}[{_SPACE}]?(?P<late>{_DASH})[{_SPACE}]?\Z",
    re.IGNORECASE,
)
_HINT = re.compile(rf"(?:[-−–—‒(][{_SPACE}]?|[svole.hSVOLEH][{_SPACE}])(?:[A-Z]{{2,3}}\$?|[€$£¥])?[{_SPACE}]?\Z")
_HINT_AFTER = re.compile(rf"[{_SPACE}]?(?:{_CASH}[{_SPACE}]?)?[-−–—‒)SHDCWM]")
_FREE = re.compile(r"(?:^|[\s(\[:=|>\"„“«])\Z")
_FIELD = re.compile(rf"(?:[:=|\t]|{_CASH})[{_SPACE}]*\Z")
_RANGE = re.compile(rf"\d[.,]?[{_SPACE}]*(?:%|{_CASH}|[^\W\d_]{{1,7}}\.?)?[{_SPACE}]*\Z", re.IGNORECASE)
_NO_SIGN = re.compile(r"(?:plus\W{0,3}|\b(?:au|du|al|lo|pelo|ao)\s)\Z", re.IGNORECASE)
"""Before a word for minus: plus/minus 5, au moins 5, al menos 5."""
_ENDS = rf"(?=[{_SPACE}]*(?:$|[\t|;)]|\n(?![{_SPACE}]*[a-zäöüß\d])))"
_MINUS_AFTER = re.compile(
    rf"(?P<cash>[{_SPACE}]?{_CASH})?(?P<gap>[{_SPACE}]?)(?P<dash>{_DASH})(?![\w\-−–—‒]|\s(?:und|oder|bis|and|or|to|et|ou|o|lub|en)\b)"
    rf"(?:(?P<ends>{_ENDS})|(?P<sum>(?=[{_SPACE}]?{_CASH})))?"
)
_BOOKED = re.compile(
    rf"[{_SPACE}]?(?:{_CASH}[{_SPACE}]?)?(?:(?P<debit>S|Soll|D[Rr]|Debe|Wn)|H|Haben|C[Rr]|Haber|Ma)(?![\w.'’])"
)
_OPENS = re.compile(rf"(?P<field>(?:^|[\n\t|:=]|{_CASH})[{_SPACE}]*)?\((?P<cash>{_CASH}[{_SPACE}]?)?\Z")
_CLOSES = re.compile(rf"(?P<cash>[{_SPACE}]?{_CASH})?\)(?P<ends>{_ENDS}|(?=[{_SPACE}]?{_CASH}))?")
_CENTS = re.compile(rf"[.,]\d\d$|\d[.'’{_SPACE}]\d{{3}}$|\d,\d{{3}}$")


def _signed(text: str, start: int, end: int) -> tuple[Sign, int, int]:
    """Return the sign of the figure from `start` to `end`, and where it stands with its sign."""
    hints = _HINT.search(text, max(0, start - 6), start)
    if hints is None and not _HINT_AFTER.match(text, end):
        return "", start, end
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    minus = _MINUS.search(before) if hints else None
    late = _MINUS_AFTER.match(after)
    has_cash = bool(_CURRENCY_BEFORE.search(before) or _CURRENCY_AFTER.match(after))
    is_sum = has_cash or _CENTS.search(text, start, end) is not None
    if (minus and late and not is_sum) or re.match(r"0\d", text[start:end]):
        return "", start, end  # - 5 -, a number of a page; SN-014 to -018
    if minus:
        at = start - len(before) + minus.start()
        sign = _sign_before(minus, before[: minus.start()], is_sum=is_sum)
        return sign, at if sign else start, end
    is_last = late is not None and (late["ends"] is not None or late["sum"] is not None)
    if late and not late["gap"] and (is_sum or (is_last and not _YEARS.fullmatch(text, start, end))):
        return "-", start, end + late.end("dash")
    if late and is_sum and late["ends"] is not None:
        return "?", start, end + late.end("dash")
    if is_sum and (booked := _BOOKED.match(after)):
        return "debit" if booked["debit"] else "credit", start, end + booked.end()
    if is_sum and (opens := _OPENS.search(before)) and (closes := _CLOSES.match(after)):
        is_field = opens["field"] is not None and closes["ends"] is not None
        at = start - len(before) + opens.start() + len(opens["field"] or "")
        if is_field or not (opens["cash"] or closes["cash"]):  # else it is an aside: the rent (900 EUR)
            is_sure = is_field and not closes["cash"] and opens["field"][:1] != "\n"
            return "-" if is_sure else "?", at, end + closes.end()
    return "", start, end


def _sign_before(minus: re.Match[str], before: str, *, is_sum: bool) -> Sign:
    """Return the sign that a dash or a word before a figure is; `before` is what stands before it."""
    is_range = _RANGE.search(before) is not None
    if minus["word"] or minus["less"]:
        if is_range or _NO_SIGN.search(before):
            return ""
        if minus["word"]:
            return "-"
        return "?"
    if minus["late"]:
        return "" if is_range or minus["late"] == "—" else "-"
    if not _FREE.search(before):
        return ""
    if not minus["gap"]:
        return "" if is_range and not is_sum else "-"
    if is_range or minus["dash"] == "—":
        return ""
    if minus["dash"] == "−" or _FIELD.search(before):
        return "-"
    return "?" if is_sum else ""


_YEARS = re.compile(r"(?:1[6-9]|2[01])\d\d")
_YEAR_BEFORE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/–]$")


def find_numbers(text: str, language: str = "") -> list[Number]:
    """Return all numbers in order. `language` selects the number words ("": digits only)."""
    numbers: list[Number] = []
    if any(sign.isnumeric() for sign in text):
        numbers += [_figure(text, match) for match in _FIGURES.finditer(text)]
    numbers += [_roman(match) for match in _ROMAN.finditer(text)]
    if language in ("en", "de", "fr", "es", "it", "pl"):
        numbers += _words(text, language, [(number.start, number.end) for number in numbers])
    numbers.sort(key=lambda number: number.start)
    return numbers


def _figure(text: str, match: re.Match[str]) -> Number:
    raw, end = match.group(), match.end()
    options = (_FRACTIONS[raw],) if raw in _FRACTIONS else readings(raw)
    year = _YEAR_BEFORE.search(text, max(0, match.start() - 5), match.start())
    if year is not None and raw == f"{int(year[1]) + 1}"[2:]:
        options += (float(year[1]) + 1,)  # 2027/28 may be 2027/2028
    unit: Unit | None = None
    sign, begin, until = _signed(text, match.start(), match.end())
    before = _CURRENCY_BEFORE.search(text, max(0, match.start() - 6), match.start())
    if begin < match.start() and before is None:
        before = _CURRENCY_BEFORE.search(text, max(0, begin - 6), begin)
    if before and (sign == "-" or before[0].rstrip(_SPACE)[-1] not in "-–−"):  # not of 5 EUR – 10 EUR
        begin = min(begin, before.start())
        name = (before["w"] or before["s"]).upper()
        unit = (_SYMBOLS.get(name, name), 1.0)
    while (after := _AFTER.match(text, end)) is not None:
        word = folded(after["w"])
        times = values("multipliers").get(word)
        if times is None and unit is not None:
            times = {"k": 1000, "m": 1_000_000, "b": 1_000_000_000}.get(word)
        if times is None or (after["w"] in ("mil", "mille") and text[end : after.start("w")].strip(_SPACE) != ""):
            break
        options = tuple(round(value * times, 9) for value in options)
        end = after.end()
        if of := _OF.match(text, end):
            end = of.end()
    if unit is None:
        unit, end = _unit_at(text, end)
        if unit is None and until > end:
            unit, until = _unit_at(text, until)
    sign = sign if any(options) else ""
    return Number(match.start(), end, options, unit, sign=sign, whole=(begin, max(end, until)))


def _roman(match: re.Match[str]) -> Number:
    """Return a soft number, since the letters may mean something else: "Fichte IV", but also "IV drip"."""
    rest = {"IX": 9, "IV": 4}.get(match[2], 5 * len(match[3] or "") + len(match[4] or ""))
    return Number(*match.span(), (float(10 * len(match[1]) + rest),), soft=True, whole=match.span())


def has_unit(text: str, end: int) -> bool:
    """Return whether a unit stands behind the number that ends there."""
    unit, __ = _unit_at(text, end)
    return unit is not None


def _unit_at(text: str, end: int) -> tuple[Unit | None, int]:
    for pattern, name in ((_POINTS, "points"), (_PER_CENT, "percent")):
        if match := pattern.match(text, end):
            return (name, 1.0), match.end()
    after = _AFTER.match(text, end)
    if after is None:
        return None, end
    word = after["w"]
    is_letter = len(word) == 1 and word.isalpha() and word not in "hsgtmlVW"
    is_article = word in ("an", "ton") and text[end : end + 1] == " "  # more often than years and tons
    if is_letter or is_article:
        return None, end
    unit = _units().get(word.casefold() if word.isascii() else folded(word)) or _units().get(folded(word))
    return (unit, after.end("w")) if unit else (None, end)


def readings(raw: str) -> tuple[float, ...]:
    """Return the possible values of a number in digits: "1.234" is 1234 or 1.234, "1,234.50" has only one value."""
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
            if len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups):
                return (float(plain.replace(sign, "")),)
            return tuple(float(part) for part in (head, *groups))
        point_value = float(f"{head}.{groups[0]}")
        if len(groups[0]) == 3 and 1 <= len(head) <= 3 and head != "0" and len(plain) == len(raw):
            return (float(head + groups[0]), point_value)
        return (point_value,)
    except (ValueError, OverflowError):
        return ()


def _words(text: str, language: str, taken: list[tuple[int, int]]) -> list[Number]:
    ones, tens = values("ones", language), values("tens", language)
    scales, soft = values("scales", language), values("soft", language)
    known = ones.keys() | tens.keys() | soft.keys()
    numbers: list[Number] = []
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
            elif end >= 0 and word in listed("numbers", "joins") and last >= 20 and _goes_on(free, at, known, text):
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
        sign, begin, _until = _signed(text, start, end)
        number = Number(start, unit_end, (float(total + current),), unit, is_soft)
        numbers.append(changed(number, sign=sign if sign == "-" else "", whole=(begin, unit_end)))
    return [number for number in numbers if not _is_no_number(text, number, language)]


def _follows(value: int, last: int, language: str) -> bool:
    if language == "fr" and last in (10, 60, 80):
        return value >= 7 if last == 10 else True
    return last >= 20 and value < min(last, 10 if last < 100 else 100)


def _goes_on(free: list[re.Match[str]], at: int, known: set[str], text: str) -> bool:
    if at + 1 >= len(free) or text[free[at].end() : free[at + 1].start()].strip(_SPACE + "-"):
        return False
    return folded(free[at + 1].group()) in known


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
        for rest in (word.removeprefix(ten), word.removeprefix(ten[:-1])):
            if rest != word and rest in ones and ones[rest] < 10:
                return value + ones[rest]
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
    unit, sign, ten = rest.partition("und")
    if sign and unit in names and ten in names and names[ten] >= 20:
        return total + names[unit] + names[ten]
    return None


Day = tuple[int | None, int | None, int | None]
"""Year, month and day, each None if the text does not say it."""


class DateMention(Record):
    """Date, weekday or time of day in a text. `readings` has several items if the notation is ambiguous (03/04)."""

    start: int
    end: int
    readings: tuple[Day, ...] = ()
    weekday: int | None = None
    minutes: tuple[int, ...] = ()


_YEAR = r"(?P<y>(?:1[6-9]|2[01])\d\d)(?!\d)"
_DAY = r"(?<![\d.,])(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª|°)?"
_OF_YEAR = r"(?:\s*,)?\s*(?:de |del |of |roku )?\s*"
_ISO = re.compile(r"(?<!\d)(?P<y>(?:1[6-9]|2[01])\d\d)([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)")
_PLAIN = re.compile(
    r"(?<![\d./-])(?P<a>\d{1,2})\s?([./-])\s?(?P<b>\d{1,2})\s?\2\s?(?P<y>(?:1[6-9]|2[01])\d ?\d|\d\d)(?!\d|\2\d)"
)
"""The space is one that reading a PDF has put into a year: "07.06.202 6"."""
_SHORT = re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?![\d])")
_CJK = re.compile(
    r"(?:(?P<y>\d{4})年)(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日)?)?|(?P<m2>\d{1,2})月(?:(?P<d2>\d{1,2})日)"
)
_CLOCK = re.compile(
    r"(?<![\d.,:])(?P<h>[01]?\d|2[0-4])(?:(?P<sep>[:.]|\s?h\s?)(?P<min>[0-5]\d))?(?::\d\d(?:[.,]\d+)?)?\s?"
    r"(?P<half>[ap]\.?\s?m\b\.?|Uhr\b|uur\b|o'clock|[AP]M\b|(?<=\d )heures?\b|(?<=[\d ])h\b)?(?![\d:]|[.,]\d)"
)
_CLOCK_BEHIND = re.compile(
    r"\s?(?:bis|und|to|and|à|et|a|y|e|do|i|tot|en|[-–])\s?(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?\s?"
    r"(?:Uhr|uur|horas|h|[ap]\.?\s?m)\b",
    re.IGNORECASE,
)
"""Matches the end of a span of time, which tells that its beginning is a time too: 7.30 bis 18 Uhr."""
_CLOCK_BEFORE = re.compile(r"\b(?:godz(?:\.|inie|ina)|at|um|alle|las|à)\s*$", re.IGNORECASE)
_MEASURED = re.compile(r"[ \u00a0\u202f]?(?:[€$£°µμ]|[^\W\d_]{1,3}/[^\W\d_]|mil[hlij]\w|mio\b|mrd\b|billion)", re.I)
"""Matches what tells that a number is measured, and no time: "at 0.52 µg/mL". Other units are in the table."""
_HOUR_BEFORE = re.compile(r"(?:\b(?:à|vers|dès|de|entre|et|avant|après|depuis)\s+|jusqu['’]à\s+)$", re.IGNORECASE)
"""Matches words before a French time of day. Without them "8 h 45" and "13 heures" may also be durations."""
_MONTH_BEFORE = re.compile(
    r"\b(?:in|of|by|since|until|till|from|to|early|late|mid|this|last|next|during|im|en|de|w|do|od|à|fin|ende|anfang|mitte|bis|seit|nel|del|a)[\s-]+$",
    re.IGNORECASE,
)


@cache
def _months() -> dict[str, int]:
    return {word: at + 1 for at, line in enumerate(tables()["months"]["names"]) for word in line.split()}


@cache
def _weekdays() -> dict[str, int]:
    return {word: at for at, line in enumerate(tables()["weekdays"]["names"]) for word in line.split()}


_GERMAN_DAY = re.compile(r"(?:mon(?=tag(?!e\w))|diens|donners|frei|sams|sonn)tag|mittwoch")
"""Matches the day at the beginning of a German word: Samstagsschicht."""
_BEFORE_MONTH = re.compile(_DAY + r"\s*(?:of |de |d['’]|-)?\s*$")
_AFTER_DAY = re.compile(r"\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?(?!\d)(?![.,]\d)(?:,?\s+" + _YEAR + ")?", re.IGNORECASE)
_VERBS = frozenset(("may", "march"))
"""Names of months that, in lower case, are other English words."""
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)\b|\d{1,2} of\b|\w+ \d{1,2}(?:st|nd|rd|th)\b")
_AFTER_YEAR = re.compile(r"\.?" + _OF_YEAR + _YEAR)


def find_dates(text: str, language: str = "") -> list[DateMention]:
    """Return all dates, months, weekdays and times of day in order. A year alone is left to `find_numbers`."""
    mentions: list[DateMention] = []
    if any(sign.isdigit() for sign in text):
        mentions += _in_figures(text, language)
    for match in WORD.finditer(text):
        word = re.sub(r"['’]s$", "", folded(match.group()))
        begin = match.start()
        if word[:2] in ("d'", "d’"):
            word, begin = word[2:], begin + 2
        # segunda is a second, segunda-feira Monday
        if text.startswith("-feira", match.end()):
            word += "-feira"
        if language == "de" and (day := _GERMAN_DAY.match(word)):
            word = day[0]
        if word in _months():
            when = _around_month(text, begin, match.end(), word)
            is_verb = match[0] in _VERBS and language != "es"
            if when and not (is_verb and not _is_surely_date(text, when)):
                mentions.append(when)
        elif word in _weekdays() and not (word == "martes" and language != "es"):
            mentions.append(DateMention(match.start(), match.end(), weekday=_weekdays()[word]))
    mentions.sort(key=lambda when: (when.start, -when.end))
    kept: list[DateMention] = []
    for when in mentions:
        if not kept or when.start >= kept[-1].end:
            kept.append(when)
    return kept


def _is_surely_date(text: str, when: DateMention) -> bool:
    """Return whether a lower-case "may" or "march" is a month: "the 2nd of may", "2 may 2025", not "store 2 may"."""
    return any(year for year, _, _ in when.readings) or _ORDINAL.match(text, when.start) is not None


def _around_month(text: str, start: int, end: int, word: str) -> DateMention | None:
    month, is_large = _months()[word], text[start].isupper()
    before = _BEFORE_MONTH.search(text, max(0, start - 12), start)
    year = _AFTER_YEAR.match(text, end)
    if before and 1 <= int(before["d"]) <= 31:  # 3 March 2024
        day = (_int(year, "y"), month, int(before["d"]))
        return DateMention(before.start("d"), year.end() if year else end, (day,))
    after = _AFTER_DAY.match(text, end)
    if after and 1 <= int(after["d"]) <= 31:  # March 3, 2024
        return DateMention(start, after.end(), ((_int(after, "y"), month, int(after["d"])),))
    if year:
        return DateMention(start, year.end(), ((int(year["y"]), month, None),))
    is_month = word in listed("months", "alone") and (
        is_large or word not in ("march", "august", "avril", "marca", "marche")
    )
    if not is_month and word in ("may", "mai", "mars", "maj", "maja", "maju") and (is_large or word != "may"):
        is_month = _MONTH_BEFORE.search(text, max(0, start - 12), start) is not None
    return DateMention(start, end, ((None, month, None),)) if is_month else None


def _int(match: re.Match[str] | None, name: str) -> int | None:
    return int(match[name]) if match is not None and match[name] else None


def _in_figures(text: str, language: str) -> list[DateMention]:
    mentions: list[DateMention] = []
    for match in _ISO.finditer(text):
        _add(mentions, match, [(int(match["y"]), int(match["m"]), int(match["d"]))])
    for match in _PLAIN.finditer(text):
        a, b, year = int(match["a"]), int(match["b"]), int(match["y"].replace(" ", ""))
        if year < 70:
            year += 2000
        elif year < 100:
            year += 1900
        _add(mentions, match, [(year, b, a), (year, a, b)] if "/" in match[0] or "-" in match[0] else [(year, b, a)])
    if language in ("de", "pl"):
        for match in _SHORT.finditer(text):
            _add(mentions, match, [(None, int(match["m"]), int(match["d"]))])
    for match in _CJK.finditer(text):
        month, day = _int(match, "m") or _int(match, "m2"), _int(match, "d") or _int(match, "d2")
        _add(mentions, match, [(_int(match, "y"), month, day)])
    for match in _CLOCK.finditer(text):
        if minutes := _minutes(text, match):
            mentions.append(DateMention(match.start(), match.start() + len(match.group().rstrip()), minutes=minutes))
    return mentions


def _add(mentions: list[DateMention], match: re.Match[str], readings: list[Day]) -> None:
    good = tuple(day for day in readings if 0 not in day and 1 <= (day[1] or 1) <= 12 and 1 <= (day[2] or 1) <= 31)
    if good:
        mentions.append(DateMention(match.start(), match.end(), good))


def _minutes(text: str, match: re.Match[str]) -> tuple[int, ...]:
    """Return the minutes since midnight that a time may mean, or nothing if it is not a time."""
    half = (match["half"] or "").casefold().replace(".", "").replace(" ", "")
    is_spaced = (match["sep"] or "").strip() == "h" != match["sep"]
    hour, minute = int(match["h"]), int(match["min"] or 0)
    both = (hour * 60 + minute, (hour + 12) * 60 + minute) if 1 <= hour < 12 else (hour * 60 + minute,)
    if half in ("h", "heure", "heures") or is_spaced:
        return both if _HOUR_BEFORE.search(text, max(0, match.start() - 12), match.start()) else ()
    said = bool(half) or _CLOCK_BEFORE.search(text, max(0, match.start() - 10), match.start()) is not None
    said = said or _CLOCK_BEHIND.match(text, match.end()) is not None
    is_bare = match["sep"] is None and not half
    if is_bare and not re.search(r"godz\S*\s*$", text[max(0, match.start() - 10) : match.start()]):
        return ()
    end = match.start() + len(match.group().rstrip())
    is_measured = not half and (_unit_at(text, end)[0] is not None or _MEASURED.match(text, end) is not None)
    if match["sep"] == "." and (not said or is_measured):
        return ()
    if half == "pm":
        return ((hour % 12 + 12) * 60 + minute,)
    if half == "am":
        return (hour % 12 * 60 + minute,)
    return both[:1] if half else both


def dates_agree(said: DateMention, known: list[DateMention], years: Set[int]) -> bool:
    if said.minutes:
        return any(set(said.minutes) & set(other.minutes) for other in known)
    if said.weekday is not None:
        return any(other.weekday == said.weekday or said.weekday in _weekdays_of(other) for other in known)
    return any(
        _agrees(day, day_there, years) for day in said.readings for other in known for day_there in other.readings
    )


def _agrees(said: Day, known: Day, years: Set[int]) -> bool:
    if any(said[at] is not None and said[at] != known[at] for at in (1, 2)):
        return False
    return said[0] is None or said[0] == known[0] or (known[0] is None and said[0] in years)


def _weekdays_of(when: DateMention) -> set[int]:
    days: set[int] = set()
    for year, month, day in when.readings:
        if year and month and day:
            with suppress(ValueError):
                days.add(datetime.date(year, month, day).weekday())
    return days


# Finds values that may fill a cell of a table, by their kind. Days, amounts, percentages, bank accounts, codes and
# periods. Pure functions. Each returns the positions of its values in the text, in order.

Span = tuple[int, int]

_CURRENCY_WORDS = r"(?:euros?|pounds?|dollars?|francs?|Pfund|Franken|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥])"
_BEFORE = re.compile(
    r"(?:(?<![^\W\d_])(?:US\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥]))[ \u00a0\u202f]?[-\u2212]?[ \u00a0\u202f]?$"
)
_CURRENCY_AFTER = re.compile(rf"(?:,-{{1,2}}|\.-{{1,2}})?[ \u00a0\u202f]?{_CURRENCY_WORDS}(?![^\W\d_])", re.IGNORECASE)
_MONEY = re.compile(
    r"(?<![\w.,/])(?<![\w.,/]-)(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+)[.,]\d\d(?![\d/])(?![.,]\d)(?!-\d)"
)  # fmt: skip
"""Matches numbers with two decimals: 1.007,50 or 389.67."""
_WHOLE = re.compile(
    r"(?<![\w.,/])(?<![\w.,/]-)(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?(?![\d/])(?![.,]\d)"
)
_OF_HUNDRED = re.compile(r"[ \u00a0\u202f]?(?:%|‰|per ?cent|v\. ?H\.|pour ?cent|por ?ciento|per ?cento|Prozent)", re.I)
_OTHER_UNIT = re.compile(
    r"[ \u00a0\u202f]?(?:hours?|hrs?|Stunden|Std|heures?|horas?|ore|m²|m2|km|kg|g|cm|mm|l|Stück|Stk|pcs|x|°C?|h|uhr)\b",
    re.IGNORECASE,
)
GAP = r"(?>[ \u00a0]{0,8}(?:\t|\||(?:\r?\n[ \t\u00a0>]{0,16}){1,2})[ \u00a0]{0,8}|[ \u00a0\u202f]{1,2}|-)"
"""Matches what may be between the groups of a number: spaces, a hyphen, the edge of a cell, the end of a line or
paragraph.

A gap can be matched in only one way. Otherwise thirty gaps that can each be split in several ways would be tried in all
combinations.
"""
_IBAN = re.compile(rf"(?<![^\W_])([A-Z]{{2}}(?={GAP}?\d)|[a-z]{{2}}(?=\d))")
_CODE = re.compile(r"(?<![^\W_])[^\W_](?:[^\W_]|[-/._](?=[^\W_]))*")
_COUNT = (
    r"\d{1,3}(?:[.,]\d)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|thirty|sixty|ninety|"
    r"ein(?:em|en|er|es|e)?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|vierzehn|dreißig|une?|deux|trois|"
    r"quatre|cinq|sept|huit|neuf|dix|douze|quinze|trente|soixante|quatre-vingt-dix|una?|dos|tres|cuatro|cinco|seis|"
    r"siete|ocho|nueve|diez|doce|treinta|sesenta|noventa|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|dodici|"
    r"quindici|trenta|sessanta|novanta"
)
_SPAN = (
    r"(?:calendar |business |working |full |Kalender|Werk)?(?:days?|weeks?|months?|years?|Tagen?|Tage|Wochen?|"
    r"Monat(?:en|e|s)?|Jahr(?:en|e|s)?|jours?|semaines?|mois|an(?:s|nées?|née)?|días?|semanas?|mes(?:es)?|años?|"
    r"giorn[io]|settiman[ae]|mes[ei]|ann[io])"
)
_PERIOD = re.compile(
    rf"(?<![\w.,])(?:{_COUNT})(?: \([^()]{{1,15}}\))?[ \u00a0-](?:(?:full|whole|clear|volle[nr]?|"
    rf"ganze[nr]?) )?{_SPAN}\b['’]?"
    r"(?:[ ](?:francs|ouvrables|ouvrés|calendaires|naturales|hábiles|lavorativi|solari))?"
    r"(?: zum (?:Ende (?:eines|des) \w+|[A-ZÄÖÜ]\w*ende|Schluss \w+ \w+|Monatsletzten))?",
    re.IGNORECASE,
)


def find_days(text: str, language: str) -> list[Span]:
    """Return the positions of dates with day, month and year."""
    return [
        (date.start, date.end)
        for date in find_dates(text, language)
        if any(year and month and day for year, month, day in date.readings)
    ]


def find_amounts(text: str, language: str) -> list[Span]:
    """Return the positions of amounts of money: numbers with a currency, or with two decimals and no other unit."""
    taken = find_days(text, language) + find_ibans(text)
    amounts = []
    for match in _WHOLE.finditer(text):
        start, end = match.span()
        is_taken = any(start < other_end and other_start < end for other_start, other_end in taken)
        if is_taken or _OF_HUNDRED.match(text, end):
            continue
        sign, begin, until = _signed(text, start, end)
        before = _BEFORE.search(text, max(0, start - 6), start)
        after = _CURRENCY_AFTER.match(text, until)
        if before and sign != "-" and before[0].rstrip()[-1] in "-\u2212":  # a dash between both
            before = None
        has_decimals = _MONEY.fullmatch(match.group()) is not None
        is_money = has_decimals and (sign or not _OTHER_UNIT.match(text, end))
        if before or after or is_money:
            if before:
                begin = min(begin, before.start())
            if after:
                until = after.end()
            amounts.append((begin, until))
    return amounts


def find_percentages(text: str, language: str = "") -> list[tuple[Span, float]]:
    return [
        ((number.start, number.end), number.values[0])
        for number in find_numbers(text, language)
        if number.unit and number.unit[0] == "percent" and len(number.values) == 1
    ]


def find_ibans(text: str, *, checked: bool = True) -> list[Span]:
    """Return the positions of IBANs of the length their country has, in any case and also across lines. `checked`
    requires right check digits.
    """
    ibans: list[Span] = []
    for start in _IBAN.finditer(text):
        country = _account_of(start[0].upper())
        if country is None or (ibans and start.start() < ibans[-1][1]):
            continue
        match = country.match(text, start.end())
        if match and (not checked or is_iban(text[start.start() : match.end()])):
            ibans.append((start.start(), match.end()))
    return ibans


@cache
def _account_of(country: str) -> re.Pattern[str] | None:
    """Return a pattern for what follows the country letters in an IBAN, or None if the country has no IBANs."""
    from stdnum import numdb

    shape = numdb.get("iban").info(f"{country}00")[0][1].get("bban")
    if not shape:
        return None
    signs = {"n": r"\d", "a": "[A-Z]", "c": "[A-Z0-9]"}
    parts = [f"(?:{GAP}?{signs[kind]}){{{size}}}" for size, kind in re.findall(r"(\d+)!([nac])", f"2!n{shape}")]
    return re.compile("".join(parts) + r"(?![^\W_])", re.IGNORECASE)


def is_iban(words: str) -> bool:
    plain = re.sub(r"[\W_]", "", words).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def find_codes(text: str, language: str = "") -> list[Span]:
    """Return the positions of words that may be a reference number: with a digit, but neither a date nor an amount."""
    taken = find_days(text, language) + find_ibans(text)
    codes = [match.span() for match in _CODE.finditer(text) if any(map(str.isdigit, match.group()))]
    return [
        (start, end)
        for start, end in codes
        if not any(start < other[1] and other[0] < end for other in taken) and not _CURRENCY_AFTER.match(text, end)
    ]


def find_periods(text: str) -> list[Span]:
    """Return the positions of periods: "14 days", "sechs Monaten zum Quartalsende", "quinze jours"."""
    return [match.span() for match in _PERIOD.finditer(text)]
