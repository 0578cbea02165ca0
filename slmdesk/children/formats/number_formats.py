"""Shows numbers as Excel does by their format codes (ECMA-376 part 1, 18.8.30-31), dates as in ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from lxml import etree

from slmdesk.base.record import Record, changed
from slmdesk.children.formats.office_xml import child, children

BUILT_IN: Mapping[int, str] = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "#,##0",
    43: "#,##0.00", 44: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
}  # fmt: skip
MAX_CODE_CHARACTERS = 1_000
_SECTIONS = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', re.DOTALL)
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[(h+|m+|s+)\]|\[[^\]]*\]|(.)', re.IGNORECASE | re.DOTALL
)
_PLACEHOLDERS = frozenset("0#?.,%e+-/ymdhsap")
_CONDITION = re.compile(r"\[\s*(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*\]")
_FRACTION = re.compile(r"(?:([0#?,]+) +)?[0#?]+ */ *([1-9]\d{0,4}|[0#?]+)")
_WORD = re.compile(r"[^\W\d_]{2}")
_UNITS = frozenset("ymdhs")
_MOST_SECOND_PLACES = 6
_SECONDS_OF = {"h": 3600, "m": 60, "s": 1}
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_MOST_SHOWN = 1e200
"""Largest number that a format is used for. With a larger one no unit could be reckoned."""
_LAST_DAY = 2_958_466
"""Excel's number of the day after 31 December 9999."""
_FALSE_LEAP_DAY = 60
"""Excel's number of 29 February 1900, a day that never existed. Excel counts it for compatibility with Lotus."""


class _Token(Record):
    """A letter of a format code: words that are shown, or a mark such as 0, [h] or yy."""

    words: str
    mark: str

    @property
    def unit(self) -> str:
        """The letter of a unit of time, or ""."""
        letter = self.mark.strip("[]").lower()[:1]
        return letter if letter in _UNITS else ""


class _Section(Record):
    """How a part of a format code shows the numbers it is for."""

    condition: tuple[str, float] | None = None
    before: str = ""
    after: str = ""
    sign: str = ""
    """A minus or a bracket that is shown with each number."""
    is_digits: bool = True
    """Whether the number is shown. Otherwise only the words are."""
    places: int | None = None
    """Number of decimals shown. None means as many as the value has."""
    least_places: int = 0
    least_digits: int = 0
    thousands: int = 0
    """How often the number is divided by a thousand."""
    denominator: int = 0
    """Of a fraction. Below 0 it is the largest one. 0 means that the number is no fraction."""
    has_whole: bool = False
    """Whether a whole number stands before the fraction."""
    is_percent: bool = False
    has_date: bool = False
    has_time: bool = False
    has_seconds: bool = False
    second_places: int = 0
    elapsed: tuple[_Token, ...] = ()
    """The letters of a span of time."""

    @property
    def letters(self) -> str:
        return "".join(filter(str.isalnum, self.before + self.after))


_PLAIN = _Section()


class NumberFormat(Record):
    sections: tuple[_Section, ...] = (_PLAIN,)
    """At least one. Unless they have conditions, they are for numbers above, below and at zero."""
    around_text: tuple[str, str] = ("", "")
    """The words before and behind a text."""

    @property
    def has_date(self) -> bool:
        return any(section.has_date for section in self.sections)


GENERAL = NumberFormat()


def formats_of(root: etree._Element | None) -> list[NumberFormat]:
    """Return the formats of the cells of a workbook, by the numbers of their styles."""
    own: dict[str, str] = {}
    for element in children(child(root, "numFmts")):
        own[element.get("numFmtId", "")] = element.get("formatCode", "")
    formats = []
    for style in children(child(root, "cellXfs")):
        number = style.get("numFmtId", "0")
        known = BUILT_IN.get(int(number) if number.isdecimal() else 0, "")
        formats.append(format_of_code(own.get(number, known)))
    return formats


# Reads format codes


@lru_cache(maxsize=500)
def format_of_code(code: str) -> NumberFormat:
    codes = _SECTIONS.split(code[:MAX_CODE_CHARACTERS].replace("\\;", '";"'))
    of_text = [section for section in codes if "@" in _QUOTED.sub("", section)]
    sections = tuple(_section(section) for section in codes[:3] if section not in of_text)
    words = "".join(token.words or token.mark for token in _tokens(of_text[0])) if of_text else ""
    before, __, after = words.partition("@")
    return NumberFormat(sections or GENERAL.sections, (before, after))


def _tokens(code: str) -> list[_Token]:
    tokens = list[_Token]()
    for quoted, escaped, unit, span, plain in _TOKEN.findall(code):
        is_mark = bool(plain) and plain.lower() in _PLACEHOLDERS
        words = quoted or escaped or unit or ("" if is_mark else plain)
        if span:
            mark = f"[{span}]"
        elif is_mark:
            mark = plain
        else:
            mark = ""
        if words or mark:
            tokens.append(_Token(words, mark))
    return tokens


def _section(code: str) -> _Section:
    condition = _CONDITION.search(code)
    section = _unconditional(_CONDITION.sub("", code))
    if condition is None:
        return section
    return changed(section, condition=(condition[1], float(condition[2])))


def _unconditional(code: str) -> _Section:
    bare = _QUOTED.sub("", code)
    if "general" in bare.lower():
        number = _of_digits(_tokens(re.sub("general", "0", code, count=1, flags=re.IGNORECASE)))
        return changed(number, places=None)
    tokens = _tokens(code)
    if any(token.unit for token in tokens):
        return _of_time(tokens)
    fraction = _FRACTION.search(code) if "/" in bare else None
    if fraction is None:
        return _of_digits(tokens)
    section = _of_digits(_tokens(f"{code[: fraction.start()]}0{code[fraction.end() :]}"))
    below = fraction[2]
    denominator = int(below) if below.isdecimal() and below[0] != "0" else 1 - 10 ** min(len(below), 3)
    return changed(section, denominator=denominator, has_whole=fraction[1] is not None)


def _of_time(tokens: Sequence[_Token]) -> _Section:
    units = [token.unit for token in tokens]
    has_clock = not {"h", "s"}.isdisjoint(units) or any(token.mark.startswith("[") for token in tokens)
    has_date = not {"y", "d"}.isdisjoint(units) or ("m" in units and not has_clock)
    marks = "".join(token.mark[:1] if token.unit else token.mark for token in tokens).lower()
    decimals = re.search(r"[s\[]\.(0+)", marks)
    if not has_date and "[" in marks:
        return _Section(elapsed=tuple(tokens), second_places=len(decimals[1][:_MOST_SECOND_PLACES]) if decimals else 0)
    numbers = [number for number, unit in enumerate(units) if unit]
    before = "".join(token.words for token in tokens[: numbers[0]])
    after = "".join(token.words for token in tokens[numbers[-1] + 1 :])
    return _Section(
        before=before.lstrip() if _WORD.search(before) else "", after=after.rstrip() if _WORD.search(after) else "",
        has_date=has_date, has_time=has_clock, has_seconds="s" in units,
        second_places=len(decimals[1][:_MOST_SECOND_PLACES]) if decimals else 0,
    )  # fmt: skip


def _of_digits(tokens: Sequence[_Token]) -> _Section:
    placeholders, literals = "", ["", ""]
    for token in tokens:
        placeholders += token.mark
        has_begun = any(mark in placeholders for mark in "0#?")
        literals[has_begun] += token.words
    before, after = literals[0].lstrip("(-+ "), literals[1].rstrip(") ")
    if "e" in placeholders.lower():
        return _PLAIN
    if not re.search("[0#]", placeholders):
        return _Section(is_digits=False, before=before.rstrip(), after=after)
    ends = placeholders.replace("%", "")
    digits = ends.strip("+-")
    edges = [*(text.strip() for text in literals), ends[:1], ends[-1:]]
    sign = next((mark for mark in ("-", "−", "(") if mark in edges), "")
    whole, __, decimals = digits.partition(".")
    thousands = len(digits) - len(digits.rstrip(",")) or len(whole) - len(whole.rstrip(","))
    if thousands and not _WORD.search(before + after):
        return _PLAIN  # nothing says that they are thousands
    return _Section(
        before=before, after=after, sign=sign, places=len(decimals.rstrip(",")), least_places=decimals.count("0"),
        least_digits=whole.count("0"), thousands=thousands, is_percent="%" in placeholders,
    )  # fmt: skip


# Shows numbers

_HOLDS = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "=": float.__eq__, "<>": float.__ne__
}  # fmt: skip
_BELOW_ZERO = ("<", 0.0)


def shown(value: float, form: NumberFormat, *, from_1904: bool = False) -> str:
    """Return a number as text in the given format. Dates are written as in ISO 8601."""
    value = float(value)
    if abs(value) > _MOST_SHOWN:
        return plain(value)
    section, is_below_zero = _section_for(value, form.sections)
    if not section.is_digits and _says_more(section, form.sections[0]):
        return f"{section.before}{section.after}".strip()
    if not section.is_digits:
        section, is_below_zero = form.sections[0] if form.sections[0].is_digits else _PLAIN, False
    if section.elapsed:
        return _elapsed(value, section)
    if (section.has_date or section.has_time) and 0 <= value < _LAST_DAY:
        return f"{section.before}{_moment(value, section, from_1904)}{section.after}"
    text = _digits(abs(value), section)
    is_signed = not (is_below_zero and _says_more(section, form.sections[0])) or bool(section.sign)
    has_sign = is_signed if value < 0 else section.sign in ("-", "−")
    sign = "-" if has_sign and text.strip("0.") else ""
    return f"{section.before}{sign}{text}{'%' if section.is_percent else ''}{section.after}"


def _says_more(section: _Section, first: _Section) -> bool:
    """Return whether a section has words, and if it is not the first one, other words than numbers above zero have."""
    return section.letters != "" and (section is first or section.letters != first.letters)


def _section_for(value: float, sections: Sequence[_Section]) -> tuple[_Section, bool]:
    """Return the section that shows a number, and whether it is the one for all numbers below zero."""
    usual = (">=" if len(sections) == 2 else ">", 0.0), _BELOW_ZERO
    for number, section in enumerate(sections):
        is_last = number == len(sections) - 1
        condition = section.condition or (None if is_last else usual[number])
        if condition is None or _HOLDS[condition[0]](value, condition[1]):
            is_usual = section.condition is None and number == 1
            return section, value < 0 and (is_usual or condition == _BELOW_ZERO)
    return _PLAIN, False


def _digits(value: float, section: _Section) -> str:
    value = value / 1000**section.thousands * (100 if section.is_percent else 1)
    if section.denominator:
        return _fraction(value, section)
    return plain(value) if section.places is None else _rounded(value, section)


def plain(value: float) -> str:
    """Return a number as text with at most 15 significant digits, like Excel, so that binary rounding errors vanish."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text or abs(value) >= 1e15 or abs(value) < 1e-9 else f"{value:.15f}".rstrip("0")


def _rounded(value: float, section: _Section) -> str:
    step = Decimal(1).scaleb(-min(section.places or 0, 15))
    try:
        text = str(Decimal(f"{value:.15g}").quantize(step, ROUND_HALF_UP))  # rounds half up, as Excel does
    except InvalidOperation:
        return plain(value)
    whole, dot, decimals = text.partition(".")
    kept = decimals[: section.least_places] + decimals[section.least_places :].rstrip("0")
    whole = whole.zfill(section.least_digits)
    return f"{whole}{dot}{kept}" if kept else whole


def _fraction(value: float, section: _Section) -> str:
    below, exact = section.denominator, Fraction(value)
    nearest = exact.limit_denominator(-below) if below < 0 else Fraction(round(exact * below), below)
    whole = int(nearest) if section.has_whole else 0
    rest = nearest - whole
    if not rest:
        return str(whole)
    size = rest.denominator if below < 0 else below
    return f"{whole or ''} {int(rest * size)}/{size}".strip()


def _elapsed(value: float, section: _Section) -> str:
    places = section.second_places
    parts = round(abs(value) * 86_400 * 10**places)
    seconds, rest = divmod(parts, 10**places)
    said, last = ["-" if value < 0 and parts else ""], ""
    for token in section.elapsed:
        mark = token.mark.lower()
        if token.words:
            said.append(token.words)
        elif token.unit in _SECONDS_OF and mark != last:
            size = _SECONDS_OF[token.unit]
            is_all = mark.startswith("[")
            said.append(str(seconds // size) if is_all else f"{seconds // size % (24 if token.unit == 'h' else 60):02}")
        elif mark == "." and places:
            said.append(f".{rest:0{places}}")
        last = mark
    return "".join(said).strip()


def _moment(value: float, section: _Section, from_1904: bool) -> str:
    days = value + 1 if value < _FALSE_LEAP_DAY and not from_1904 else value
    first, places = _FIRST_DAY_1904 if from_1904 else _FIRST_DAY, section.second_places
    try:
        moment = first + timedelta(seconds=round(days * 86_400, places))
    except OverflowError:
        return plain(value)
    said = moment_text(
        moment, has_date=section.has_date, has_time=section.has_time, has_seconds=section.has_seconds
    )  # fmt: skip
    return f"{said}.{moment.microsecond:06}"[: len(said) + 1 + places] if places else said


def moment_text(moment: datetime, *, has_date: bool, has_time: bool, has_seconds: bool) -> str:
    clock = moment.strftime("%H:%M:%S" if has_seconds else "%H:%M")
    if not has_time:
        return moment.date().isoformat()
    return f"{moment.date().isoformat()} {clock}" if has_date else clock
