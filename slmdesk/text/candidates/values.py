"""Finds what may fill a cell, by its kind: days, amounts, percentages, bank accounts, codes and periods.  Pure.

All of them give the places of their words in the text, in order.
"""

from __future__ import annotations

import re
from functools import cache

from slmdesk.text.checks.dates import find_dates
from slmdesk.text.checks.numbers import find_numbers

Span = tuple[int, int]

_CURRENCY_WORDS = r"(?:euros?|pounds?|dollars?|francs?|Pfund|Franken|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥])"
_BEFORE = re.compile(r"(?:(?<![^\W\d_])(?:US\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥]))[ \u00a0\u202f]?[-\u2212]?$")
_AFTER = re.compile(rf"(?:,-{{1,2}}|\.-{{1,2}})?[ \u00a0\u202f]?{_CURRENCY_WORDS}(?![^\W\d_])", re.IGNORECASE)
_MONEY = re.compile(
    r"(?<![\w.,/-])(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+)[.,]\d\d(?![\d/])(?![.,]\d)(?!-\d)"
)  # fmt: skip
"""1.007,50 or 389.67: figures with two decimals."""
_WHOLE = re.compile(r"(?<![\w.,/-])(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?(?![\d/])(?![.,]\d)")
_OF_HUNDRED = re.compile(r"[ \u00a0\u202f]?(?:%|‰|per ?cent|v\. ?H\.|pour ?cent|por ?ciento|per ?cento|Prozent)", re.I)
_OTHER_UNIT = re.compile(
    r"[ \u00a0\u202f]?(?:hours?|hrs?|Stunden|Std|heures?|horas?|ore|m²|m2|km|kg|g|cm|mm|l|Stück|Stk|pcs|x|°C?|h|"
    r"uhr)\b",
    re.IGNORECASE,
)
GAP = r"(?>[ \u00a0]{0,8}(?:\t|\||(?:\r?\n[ \t\u00a0>]{0,16}){1,2})[ \u00a0]{0,8}|[ \u00a0\u202f]{1,2}|-)"
"""What may stand between groups of a number: blanks, a hyphen, the edge of a cell, the end of a line or paragraph.

Taken in one way only: thirty gaps that could each be split in several would be tried in all of them.
"""
_IBAN = re.compile(rf"(?<![^\W_])([A-Z]{{2}}(?={GAP}?\d)|[a-z]{{2}}(?=\d))")
_CODE = re.compile(r"(?<![^\W_])[^\W_](?:[^\W_]|[-/._](?=[^\W_]))*")
_COUNT = (
    r"\d{1,3}(?:[.,]\d)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|thirty|sixty|"
    r"ninety|"
    r"ein(?:em|en|er|es|e)?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|vierzehn|dreißig|"
    r"une?|deux|trois|quatre|cinq|sept|huit|neuf|dix|douze|quinze|trente|soixante|quatre-vingt-dix|"
    r"una?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|treinta|sesenta|noventa|"
    r"due|tre|quattro|cinque|sei|sette|otto|nove|dieci|dodici|quindici|trenta|sessanta|novanta"
)
_SPAN = (
    r"(?:calendar |business |working |full |Kalender|Werk)?"
    r"(?:days?|weeks?|months?|years?|Tagen?|Tage|Wochen?|Monat(?:en|e|s)?|Jahr(?:en|e|s)?|"
    r"jours?|semaines?|mois|an(?:s|nées?|née)?|días?|semanas?|mes(?:es)?|años?|giorn[io]|settiman[ae]|mes[ei]|"
    r"ann[io])"
)
_PERIOD = re.compile(
    rf"(?<![\w.,])(?:{_COUNT})(?: \([^()]{{1,15}}\))?[ \u00a0-](?:(?:full|whole|clear|volle[nr]?|"
    rf"ganze[nr]?) )?{_SPAN}\b['’]?"
    r"(?:[ ](?:francs|ouvrables|ouvrés|calendaires|naturales|hábiles|lavorativi|solari))?"
    r"(?: zum (?:Ende (?:eines|des) \w+|[A-ZÄÖÜ]\w*ende|Schluss \w+ \w+|Monatsletzten))?",
    re.IGNORECASE,
)


def find_days(text: str, language: str = "") -> list[Span]:
    """Days with their year."""
    return [
        (one.start, one.end)
        for one in find_dates(text, language)
        if any(year and month and day for year, month, day in one.readings)
    ]


def find_amounts(text: str, language: str = "") -> list[Span]:
    """Amounts of money: figures with a currency, or with two decimals and no other unit."""
    taken = find_days(text, language) + find_ibans(text)
    found = []
    for match in _WHOLE.finditer(text):
        start, end = match.span()
        if any(start < other[1] and other[0] < end for other in taken) or _OF_HUNDRED.match(text, end):
            continue
        before, after = _BEFORE.search(text, max(0, start - 6), start), _AFTER.match(text, end)
        is_money = _MONEY.fullmatch(match.group()) is not None and not _OTHER_UNIT.match(text, end)
        if before or after or is_money:
            found.append((before.start() if before else start, after.end() if after else end))
    return found


def find_percentages(text: str, language: str = "") -> list[tuple[Span, float]]:
    return [
        ((one.start, one.end), one.values[0])
        for one in find_numbers(text, language)
        if one.unit and one.unit[0] == "percent" and len(one.values) == 1
    ]


def find_ibans(text: str, *, checked: bool = True) -> list[Span]:
    """Bank accounts as long as those of their country, in any case, also over lines and cells.

    `checked`: only those whose check digits are right.
    """
    found: list[Span] = []
    for start in _IBAN.finditer(text):
        country = _account_of(start[0].upper())
        if country is None or (found and start.start() < found[-1][1]):
            continue
        match = country.match(text, start.end())
        if match and (not checked or is_iban(text[start.start() : match.end()])):
            found.append((start.start(), match.end()))
    return found


@cache
def _account_of(country: str) -> re.Pattern[str] | None:
    """What follows the letters of a country in its accounts; None for letters of no country that has any."""
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
    """What may be the number of a paper: a word with a digit that is no day and no amount."""
    taken = find_days(text, language) + find_ibans(text)
    found = []
    for match in _CODE.finditer(text):
        start, end = match.span()
        if not any(sign.isdigit() for sign in match.group()):
            continue
        if any(start < other[1] and other[0] < end for other in taken) or _AFTER.match(text, end):
            continue
        found.append((start, end))
    return found


def find_periods(text: str) -> list[Span]:
    """Periods: "14 days", "sechs Monaten zum Quartalsende", "quinze jours"."""
    return [one.span() for one in _PERIOD.finditer(text)]
