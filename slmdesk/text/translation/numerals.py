"""Writes the numbers of a translation the way of its language: "1 386,50 €" is "1,386.50 €" in English.

Small models copy a number as it stands in the source, where "98,400" is read as 98.4 in German, or mix both ways
("1,386,50").  The value is certain from the source, so that it is written anew.
"""

from __future__ import annotations

import re

from slmdesk.base.record import Record
from slmdesk.text.translation.placeholders import protected_in

_POINT = frozenset(["en", "zh", "ja", "ko", "th", "he", "hi", "bn", "ta", "te", "ur", "ms", "cy", "ga", "mt", "sw"])
"""Languages with a decimal point and commas between thousands."""
_COMMA = frozenset(
    ["de", "nl", "es", "it", "pt", "da", "tr", "id", "el", "ro", "hr", "sr", "sl", "ca", "gl", "eu", "is", "mk"]
)
"""With a decimal comma and points between thousands."""
_BLANK = frozenset(
    ["fr", "pl", "cs", "sk", "sv", "nb", "no", "nn", "fi", "et", "lv", "lt", "uk", "ru", "be", "bg", "hu"]
)
"""With a decimal comma and blanks between thousands."""
_BLANKS = " \u00a0\u202f"
_SEPARATOR = r"(?:, |[.,'’ \u00a0\u202f])"
_MEASURE = (
    r"(?:[€$£¥%‰°]|(?:EUR|USD|GBP|CHF|PLN|Euros?|Dollars?|Pfund|pounds?|livres?|libras?|dollari|sterline|dólares"
    r"|Prozent|percent|per cent|pour cent|por ciento|per cento|procent|mg|kg|g|ml|l|cl|mm|cm|m|km|m²|m³|kWh|Mio|Mrd"
    r"|million\w*|Million\w*|billion\w*|Milliard\w*|milliard\w*|millon\w*|milion\w*|hours?|Stunden|heures|horas|ore)\b)"
)
"""What makes a decimal number of one without thousands: "3.12" alone may be a room or a clause."""


class Numeral(Record):
    start: int
    end: int
    written: str


def misspelt(source: str, target: str, source_language: str, target_language: str) -> list[Numeral]:
    """The numbers of `target` that stand in `source` and are not written the way of their language, in order.

    Empty for languages whose way is not known.  Only numbers with thousands that are parted, and decimals beside a
    currency, a unit or a per cent sign.
    """
    before, after = _marks(source_language), _marks(target_language)
    if before is None or after is None:
        return []
    taken: dict[int, Numeral] = {}
    for whole, decimals, is_parted in _numbers(source, *before):
        right = _written(whole, decimals, after, is_parted=is_parted)
        fine = _ways(whole, decimals, after)
        for one in _like(whole, decimals).finditer(_masked(target)):
            if one[0] not in fine:
                taken.setdefault(one.start(), Numeral(one.start(), one.end(), right))
    return [taken[start] for start in sorted(taken)]


def _marks(language: str) -> tuple[str, str] | None:
    if language in _POINT:
        return ".", ","
    if language in _COMMA:
        return ",", "."
    return (",", "\u00a0") if language in _BLANK else None


def _numbers(text: str, point: str, part: str) -> list[tuple[str, str, bool]]:
    """The numbers of a text whose value is certain: the digits before and after the decimal sign, and whether their
    thousands are parted.
    """
    between = f"[{_BLANKS}]" if part in _BLANKS else f"[{re.escape(part)}{_BLANKS}]"
    decimal = re.escape(point)
    form = re.compile(
        rf"(?<![\w.,/§-])(?P<parted>\d{{1,3}}(?:{between}\d{{3}})+)(?:{decimal}(?P<cents>\d{{1,2}}))?(?!\w|[.,/:-]\d)"
        rf"|(?<![\w.,/§-])(?P<whole>\d+){decimal}(?P<decimals>\d+)(?!\w|[.,/:-]\d)"
    )
    found = []
    text = _masked(text)
    for one in form.finditer(text):
        if one["parted"]:
            is_only_blank = all(sign in _BLANKS for sign in one["parted"] if not sign.isdigit())
            if is_only_blank and part not in _BLANKS and not _is_measured(text, one):
                continue  # two numbers side by side
            found.append((re.sub(r"\D", "", one["parted"]), one["cents"] or "", True))
        elif _is_measured(text, one):
            found.append((one["whole"], one["decimals"], False))
    return list(dict.fromkeys(found))


def _is_measured(text: str, number: re.Match[str]) -> bool:
    after = re.match(rf"[{_BLANKS}-]?{_MEASURE}", text[number.end() :])
    return bool(after) or bool(re.search(rf"(?:[€$£¥]|\b(?:EUR|USD|GBP|CHF))[{_BLANKS}]?$", text[: number.start()]))


def _like(whole: str, decimals: str) -> re.Pattern[str]:
    first = len(whole) % 3 or 3
    parts = [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]
    tail = rf"{_SEPARATOR}{decimals}" if decimals else ""
    return re.compile(rf"(?<![\w.,]){f'{_SEPARATOR}?'.join(parts)}{tail}(?!\d|[.,]\d)")


def _written(whole: str, decimals: str, marks: tuple[str, str], *, is_parted: bool) -> str:
    point, part = marks
    if is_parted:
        whole = f"{int(whole):,}".replace(",", part)
    return f"{whole}{point}{decimals}" if decimals else whole


def _ways(whole: str, decimals: str, marks: tuple[str, str]) -> set[str]:
    point, part = marks
    return {
        _written(whole, decimals, (point, one), is_parted=is_parted)
        for one in (part, *_BLANKS)
        for is_parted in (True, False)
    }


def _masked(text: str) -> str:
    for one in protected_in(text):
        text = text[: one.start] + "_" * (one.end - one.start) + text[one.end :]
    return text
