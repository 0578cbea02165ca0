"""Columns that come with the program, and cells: where a value stands in a document, and whether it is of its kind."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.text.folding import fold
from slmdesk.base.text.relevance import folded_quote
from slmdesk.base.texts import _
from slmdesk.claims.finders.names import name_span
from slmdesk.claims.finders.numbers import (
    DateMention,
    Number,
    find_codes,
    find_dates,
    find_ibans,
    find_numbers,
    find_periods,
    is_iban,
)
from slmdesk.claims.values import Value, is_same, packed, values_of
from slmdesk.tasks.tables.layout import PageTexts, Place
from slmdesk.tasks.tables.types import Column, ColumnKind, Flag, TableCell

MOST_VALUE = 400
MOST_PLACES = 60
"""Most places of a value that are looked at."""
LEAST_PART = 4
"""Fewest letters and digits of a part of a list. Shorter ones occur everywhere."""
NOTHING = frozenset(
    (
        "n/a", "na", "none", "null", "nil", "unknown", "unspecified", "missing", "empty", "not mentioned",
        "not specified", "not stated", "not given", "not found", "not available", "not provided", "not applicable",
        "no value", "not in the document", "not said",
    )
)  # fmt: skip
CURRENCIES = frozenset(("EUR", "USD", "GBP", "CHF", "PLN", "JPY", "SEK", "CZK"))
_LABEL = re.compile(r"\s[^\W\d_]+\s?:")
_ACCOUNT = re.compile(r"[a-z]{2}\d{2}[a-z\d]{11,30}")
"""What looks like an account, if it has not the length that its country has."""
_DAYS = re.compile(r"(?<![\d./-])(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d\d)(?![\d/-])")
MONTHS = 12
LISTED = re.compile(r"\s*(?:;|\n|\u2022|\|)\s*|\s*,\s+(?:and\s+)?")
LEAST_NUMBER = 4
"""Fewest digits of a number of a customer, a year, an amount."""


class Preset(Record):
    id: str
    name: str
    columns: tuple[Column, ...]


@cache
def _papers() -> Sequence[Mapping[str, Any]]:
    papers: Sequence[Mapping[str, Any]] = tomllib.loads(
        resources.files("slmdesk.tasks.tables").joinpath("presets.toml").read_text("utf-8")
    )["preset"]
    return papers


@cache
def presets() -> tuple[Preset, ...]:
    return tuple(
        Preset(table["id"], _(table["name"]), tuple(_column_of(column) for column in table["column"]))
        for table in _papers()
    )


def preset(id: str) -> Preset | None:
    return next((known for known in presets() if known.id == id), None)


def column_named(words: str) -> Column:
    """Return the column a person named: "Rent", or with its kind "Rent:amount".

    If a preset has a column of this name, its kind and its labels are used as well.
    """
    name, __, kind = words.rpartition(":")
    if name.strip() and kind.strip() in tuple(ColumnKind):
        return Column(name.strip(), ColumnKind(kind.strip()))
    name = " ".join(words.split())
    columns = (column for some in presets() for column in some.columns)
    known = next((column for column in columns if fold(name) in (fold(column.name), fold(_(column.name)))), None)
    return Column(name, known.kind, "", known.labels) if known else Column(name)


def only_known(label: str) -> Column | None:
    """Return the presets' column in words that has a label, if it is a single one."""
    known = [column for some in presets() for column in some.columns if label in names_of(column)]
    return known[0] if len(known) == 1 and known[0].kind is ColumnKind.TEXT else None


def _column_of(shape: Mapping[str, str | list[str]]) -> Column:
    labels = shape.get("labels", [])
    return Column(
        str(shape["name"]), ColumnKind(str(shape["kind"])), str(shape["meaning"]), tuple(map(str, labels))
    )  # fmt: skip


def others_of(column: Column) -> Collection[str]:
    """Return the labels behind which a value of a preset's column never stands."""
    return _others().get(label_of(column.name), ())


@cache
def _others() -> Mapping[str, Collection[str]]:
    tables = [table for paper in _papers() for table in paper["column"] if "others" in table]
    return {label_of(name): set(table["others"]) for table in tables for name in (table["name"], _(table["name"]))}


def names_of(column: Column) -> set[str]:
    return {label_of(label) for label in (column.name, *column.labels)} - {""}


def label_of(words: str) -> str:
    """Return a label without punctuation, in small letters without accents."""
    return " ".join(fold(words).strip(" :.*_-\u2022").split())


def says_nothing(words: str) -> bool:
    bare = " ".join(words.casefold().strip(" .\"'()[]").split())
    return bare in NOTHING or not any(letter.isalnum() for letter in bare)


def verified(column: Column, value: str, pages: PageTexts) -> TableCell:
    """Return the cell of a value that a model named. It is empty if the value is not in the document, or not of its
    column's kind.
    """
    value = " ".join(value.split())[:MOST_VALUE]
    if says_nothing(value):
        return TableCell(flag=Flag.NOT_FOUND)
    if column.kind is ColumnKind.LIST:
        return _list_cell(value, pages)
    places = [*islice(_places_of(column.kind, value, pages), MOST_PLACES)]
    if not places:
        return TableCell(flag=Flag.NOT_THERE)
    names, others = names_of(column), others_of(column)
    places = [place for place in places if not _is_others(names, others, place, pages)]
    said = packed(value)
    places.sort(key=lambda place: (not _is_named(names, place, pages), packed(pages.words(place)) != said))
    cell = next((cell for place in places if (cell := cell_at(column.kind, place, pages))), None)
    return cell if cell and label_of(cell.value) not in names else TableCell(flag=Flag.KIND)


def _is_others(names: set[str], others: Collection[str], place: Place, pages: PageTexts) -> bool:
    """Return whether the last label before a value is another column's, such as that of an order or a customer."""
    before = f" {label_of(pages.before(place))} "
    last = max((before.rfind(f" {label} ") for label in others), default=-1)
    return last > max((before.rfind(f" {name} ") for name in names), default=-1)


def _is_named(names: set[str], place: Place, pages: PageTexts) -> bool:
    before = f" {label_of(pages.before(place))} "
    return any(f" {name} " in before for name in names)


def _places_of(kind: ColumnKind, value: str, pages: PageTexts) -> Iterator[Place]:
    """Yield where a value occurs: word for word, or else as the same date or number in another spelling."""
    literal = [*pages.find(value)]
    yield from literal
    said = [] if literal else [*_values(kind, value, pages.language)]
    for number, text in pages.texts.items() if len(said) == 1 else ():
        for other in _values(kind, text, pages.language):
            if is_same(said[0], other):
                yield Place(number, other.start, other.end)


def _values(kind: ColumnKind, text: str, language: str) -> Iterator[Value]:
    """Yield the whole days, the numbers or the accounts of a text. Signs are not compared: the one of the paper is
    taken.
    """
    for start, end in find_ibans(text, checked=False) if kind is ColumnKind.IBAN else ():
        yield Value("", "", packed(text[start:end]), start, end)
    for value in values_of(text, language):
        if kind is ColumnKind.DATE and value.when and any(map(all, value.when.readings)):
            yield value
        elif kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT) and value.number:
            yield changed(value, number=changed(value.number, sign="?"))


def cell_at(kind: ColumnKind, place: Place, pages: PageTexts, *, origin: str = "model") -> TableCell | None:
    """Return the cell of the value of a kind at a place: a code without the word before it, an amount with its
    currency. None if there is no such value.
    """
    found = _VALUE_AT[kind](place, pages) if kind in _VALUE_AT else place
    words = pages.words(found) if found else ""
    if found is None or (kind is ColumnKind.PERSON and not _is_name(found, pages)):
        return None
    quote = pages.words(pages.around(found))
    cell = TableCell(words, quote, found.page, found.start, found.end, Flag.NONE, origin)
    if kind is ColumnKind.DATE:
        days = [when for when in find_dates(words, pages.language) if when.readings]
        day = _iso(days[0], pages) if len(days) == 1 else ""
        return changed(cell, date=day, flag=Flag.NONE if day else Flag.MONTH) if len(days) == 1 else None
    if kind is ColumnKind.IBAN and not is_iban(words):
        return changed(cell, flag=Flag.DIGITS)
    return _with_number(kind, cell, found, pages) if kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT) else cell


def _is_name(place: Place, pages: PageTexts) -> bool:
    """Return whether words may be a name: no label before a colon, no number alone or with the one word that says what
    it is.
    """
    tokens = pages.words(place).split()
    is_label = pages.texts[place.page].startswith(":", place.end)
    plain = [token for token in tokens if not any(map(str.isdigit, token)) and sum(map(str.isalpha, token)) > 1]
    has_number = any(sum(map(str.isdigit, token)) >= LEAST_NUMBER for token in tokens)
    return len(plain) > has_number and not is_label


def _with_number(kind: ColumnKind, cell: TableCell, place: Place, pages: PageTexts) -> TableCell | None:
    number = numbers_in(cell.value, pages.language)[0]
    unit = number.unit[0] if number.unit and number.unit[0] in (*CURRENCIES, "percent") else ""
    if unit == "percent" and kind is ColumnKind.AMOUNT:
        return None
    signs = [other.sign for other in _numbers_around(place, pages) if other.values == number.values]
    sign = signs[0] if signs else number.sign
    figure = _figure(kind, cell.value, number, pages.language)
    flag = Flag.SIGN if sign not in ("", "-") else Flag.NONE
    return changed(cell, number=-figure if figure and sign == "-" else figure, unit=unit, flag=flag)


def _day_at(place: Place, pages: PageTexts) -> Place | None:
    """Return the whole date at a place, with its year."""
    first, around = pages.near(place)
    days = (when for when in find_dates(around, pages.language) if when.readings)
    return _touching(place, ((first + when.start, first + when.end) for when in days))


def _number_at(place: Place, pages: PageTexts) -> Place | None:
    """Return the whole number at a place, with its currency and sign."""
    return _touching(place, (number.whole for number in _numbers_around(place, pages)))


def _numbers_around(place: Place, pages: PageTexts) -> Iterator[Number]:
    """Yield the numbers of a place as what stands beside it shows them: with their sign."""
    first, around = pages.near(place)
    for number in find_numbers(around, pages.language):
        is_there = first + number.start < place.end and place.start < first + number.end
        if is_there and number.values and not number.soft:
            start, end = number.whole
            yield changed(number, whole=(first + start, first + end))


def _code_at(place: Place, pages: PageTexts) -> Place | None:
    """Return the code at a place, of which several parts may follow each other: "2025 / 17", "GB 318 5527"."""
    text = pages.texts[place.page][place.start : place.end]
    spans = find_codes(text, pages.language)
    if not spans:
        return None
    (start, end), *rest = spans
    for first, last in rest:
        if any(sign.isalpha() for sign in text[end:first]):
            break
        end = last
    return place.part(start, end)


def _account_at(place: Place, pages: PageTexts) -> Place | None:
    first, around = pages.near(place)
    whole = _touching(place, ((first + start, first + end) for start, end in find_ibans(around, checked=False)))
    return whole or (place if _ACCOUNT.fullmatch(packed(pages.words(place))) else None)


def _name_at(place: Place, pages: PageTexts) -> Place:
    """Return the name at a place, without another label or the address behind it on its line."""
    text = pages.texts[place.page]
    label = _LABEL.search(text, place.start + 1, place.end)
    end = label.start() if label else place.end
    is_more = any(map(str.isdigit, text[place.start : end])) and "\n" not in text[place.start : end]
    span = name_span(text, place.start, end) if is_more else None
    return Place(place.page, *(span or (place.start, end)))


def _period_at(place: Place, pages: PageTexts) -> Place | None:
    return place if find_periods(pages.texts[place.page][place.start : place.end]) else None


_VALUE_AT: Mapping[ColumnKind, Callable[[Place, PageTexts], Place | None]] = {
    ColumnKind.DATE: _day_at,
    ColumnKind.NUMBER: _number_at,
    ColumnKind.AMOUNT: _number_at,
    ColumnKind.CODE: _code_at,
    ColumnKind.IBAN: _account_at,
    ColumnKind.PERSON: _name_at,
    ColumnKind.PERIOD: _period_at,
}


def _touching(place: Place, spans: Iterator[tuple[int, int]]) -> Place | None:
    return next(
        (Place(place.page, start, end) for start, end in spans if start < place.end and place.start < end), None
    )


def numbers_in(words: str, language: str) -> list[Number]:
    return [number for number in find_numbers(words, language) if number.values and not number.soft]


def _iso(when: DateMention, pages: PageTexts) -> str:
    """Return a day in ISO 8601. "" if it may be two: 03/04/2024 in an English text without another day that tells."""
    readings = list(dict.fromkeys(reading for reading in when.readings if all(reading)))
    if len(readings) > 1:
        if _is_first(0, pages):
            readings = readings[:1]
        elif _is_first(1, pages):
            readings = readings[1:]
    if len(readings) != 1:
        return ""
    ((year, month, day),) = readings
    return f"{year:04}-{month:02}-{day:02}"


def _is_first(number: int, pages: PageTexts) -> bool:
    """Return whether the first (0) or the second (1) figure is the day: in English as the other days of the document
    show it, in other languages the first.
    """
    if pages.language not in ("en", ""):
        return number == 0
    pairs = [pair for text in pages.texts.values() for pair in _DAYS.findall(text)]
    return any(int(pair[number]) > MONTHS for pair in pairs) and all(int(pair[1 - number]) <= MONTHS for pair in pairs)


def _figure(kind: ColumnKind, words: str, number: Number, language: str) -> float | None:
    """Return the number without its sign if it is unambiguous: 1.234 is another number in German than in English."""
    values = number.values
    if len(values) == 2 and values[0] >= 1000:  # grouped, or with three decimals
        has_comma = "," in words[number.start : number.end]
        is_english = language in ("en", "")
        if language or kind is ColumnKind.AMOUNT:
            is_grouped = kind is ColumnKind.AMOUNT or (has_comma if is_english else not has_comma)
            values = values[:1] if is_grouped else values[1:]
    return values[0] if len(values) == 1 else None


def _list_cell(value: str, pages: PageTexts) -> TableCell:
    """Return a cell with a list. Each part is searched by itself, and parts that occur nowhere are left out."""
    parts = [part for part in dict.fromkeys(LISTED.split(value)) if part and not says_nothing(part)]
    found = [next(pages.find(part), None) for part in parts if len(folded_quote(part)) >= LEAST_PART]
    places = [place for place in dict.fromkeys(found) if place is not None]
    if not places:
        return TableCell(flag=Flag.NOT_THERE)
    flag = Flag.PARTLY if len(places) < len(parts) else Flag.NONE
    first = places[0]
    here = [place for place in places if place.page == first.page]
    span = Place(first.page, min(place.start for place in here), max(place.end for place in here))
    if span.end - span.start > 2 * MOST_VALUE:  # the values are scattered, so mark only the first
        span = first
    words = "; ".join(dict.fromkeys(map(pages.words, places)))
    return TableCell(words, pages.words(pages.around(first)), first.page, span.start, span.end, flag, "model")


def key_of(cell: TableCell) -> str:
    """Return a key that is equal for the same day or amount in different spellings."""
    if cell.date:
        return cell.date
    if cell.number is not None:
        return f"{cell.number:.4f}"
    return "".join(sign for sign in label_of(cell.value) if sign.isalnum())
