"""Formats numbers as a spreadsheet shows them: dates, percentages, decimals, units (ECMA-376 part 1, 18.8.30)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from slmdesk.base.record import Record

_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "#,##0",
    43: "#,##0.00", 44: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "0.0E+0",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
}  # fmt: skip
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[(h+|m+|s+)\]|\[[^\]]*\]|(.)', re.IGNORECASE | re.DOTALL
)
_PLACEHOLDERS = frozenset("0#?.,%e+-/ymdhsap")
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LAST_DAY = 2_958_466
"""One after 31 December 9999."""
_FALSE_LEAP_DAY = 60
"""Excel counts a 29 February 1900 that never existed, as Lotus did."""


class NumberFormat(Record):
    has_date: bool = False
    has_time: bool = False
    has_seconds: bool = False
    is_elapsed: bool = False
    places: int | None = None
    """Decimals shown; None: as many as there are."""
    least_places: int = 0
    least_digits: int = 0
    is_percent: bool = False
    before: str = ""
    after: str = ""


GENERAL = NumberFormat()


def built_in(number: int) -> NumberFormat:
    return format_of_code(_BUILT_IN.get(number, ""))


@lru_cache(maxsize=500)
def format_of_code(code: str) -> NumberFormat:
    """The section of a format code for positive numbers; conditions and fractions give the plain number."""
    section = code.partition(";")[0]
    if not section or section.lower() == "general" or re.search(r"\[[<>=]|\?\s*/|@", section):
        return GENERAL
    placeholders, literals, elapsed = "", ["", ""], False
    for quoted, escaped, unit, span, plain in _TOKEN.findall(section):
        elapsed = elapsed or bool(span)
        is_placeholder = bool(plain) and plain.lower() in _PLACEHOLDERS
        placeholders += span or (plain if is_placeholder else "")
        has_digits = any(mark in placeholders for mark in "0#?")
        literals[has_digits] += quoted or escaped or unit or ("" if is_placeholder else plain)
    letters = set(placeholders.lower())
    if letters & set("ymdhs"):
        has_clock = bool(letters & set("hs")) or elapsed
        has_date = bool(letters & set("yd")) or ("m" in letters and not has_clock)
        return NumberFormat(has_date, has_clock, "s" in letters, elapsed and not has_date)
    return _of_digits(placeholders, literals)


def _of_digits(placeholders: str, literals: list[str]) -> NumberFormat:
    if "e" in placeholders.lower():
        return GENERAL
    digits = placeholders.replace("%", "").strip("+-")
    whole, _, decimals = digits.partition(".")
    if not re.search("[0#?]", digits) or whole.endswith(",") or decimals.endswith(","):
        return GENERAL
    return NumberFormat(
        places=len(decimals), least_places=decimals.count("0"), least_digits=whole.count("0"),
        is_percent="%" in placeholders, before=literals[0].lstrip("(-+ "), after=literals[1].rstrip(") "),
    )  # fmt: skip


def shown(value: float, form: NumberFormat, *, from_1904: bool = False) -> str:
    """A number as words; dates as ISO 8601."""
    if form.is_elapsed:
        return _elapsed(value, form)
    if (form.has_date or form.has_time) and 0 <= value < _LAST_DAY:
        return _moment(value, form, from_1904)
    if form.is_percent:
        value *= 100
    text = plain(value) if form.places is None else _rounded(abs(value), form)
    if form.places is not None and value < 0 and text.strip("0."):
        text = f"-{text}"
    return f"{form.before}{text}{'%' if form.is_percent else ''}{form.after}"


def plain(value: float) -> str:
    """A number without binary rounding noise: Excel keeps 15 digits."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return text if "e" not in text or abs(value) >= 1e15 or abs(value) < 1e-9 else f"{value:.15f}".rstrip("0")


def _rounded(value: float, form: NumberFormat) -> str:
    step = Decimal(1).scaleb(-min(form.places or 0, 15))
    try:
        text = str(Decimal(f"{value:.15g}").quantize(step, ROUND_HALF_UP))  # rounds half up, as Excel does
    except InvalidOperation:
        return plain(value)
    whole, dot, decimals = text.partition(".")
    kept = decimals[: form.least_places] + decimals[form.least_places :].rstrip("0")
    whole = whole.zfill(form.least_digits)
    return f"{whole}{dot}{kept}" if kept else whole


def _elapsed(value: float, form: NumberFormat) -> str:
    seconds = round(abs(value) * 86_400)
    text = f"{'-' if value < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if form.has_seconds else text


def _moment(value: float, form: NumberFormat, from_1904: bool) -> str:
    days = value + 1 if value < _FALSE_LEAP_DAY and not from_1904 else value
    first = _FIRST_DAY_1904 if from_1904 else _FIRST_DAY
    try:
        moment = first + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return plain(value)
    return moment_text(moment, has_date=form.has_date, has_time=form.has_time, has_seconds=form.has_seconds)


def moment_text(moment: datetime, *, has_date: bool, has_time: bool, has_seconds: bool) -> str:
    clock = moment.strftime("%H:%M:%S" if has_seconds else "%H:%M")
    if not has_time:
        return moment.date().isoformat()
    return f"{moment.date().isoformat()} {clock}" if has_date else clock
