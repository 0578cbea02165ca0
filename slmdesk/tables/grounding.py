"""Grounds table cells in the document: only words that stand on a page become a cell, with their place.

A model proposes a value and a quotation that proves it; both are searched for.  Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from slmdesk.base.record import changed
from slmdesk.tables.places import MOST_QUOTE, PageTexts, Place
from slmdesk.tables.types import Column, ColumnKind, Flag, TableCell
from slmdesk.text.checks.dates import DateMention, find_dates
from slmdesk.text.checks.numbers import Number, find_numbers
from slmdesk.text.checks.words import WORD, function_words
from slmdesk.text.passages.quotes import folded_quote
from slmdesk.text.words.folding import fold, fold_for_search

MOST_VALUE = 400
LEAST_ELSEWHERE = 4
"""Letters and digits of words that are looked for outside their quotation; fewer stand everywhere."""
LEAST_QUOTE = 3
MOST_OTHER_KIND = 40
"""Characters of what may stand in place of a date or a number, such as "30 days net"."""
MOST_SMALL = 1
"""Words of a name that begin small and are no "of" or "the"; with more it is none, and is marked."""
LEAST_PROOF = 3
"""Words of a quotation by which its line is known though it was not copied to the letter."""
ECHO = 0.7
"""Of the words of a quotation that are those of the question."""
NOTHING = frozenset(
    (
        "n/a", "na", "none", "null", "nil", "unknown", "unspecified", "missing", "empty", "not mentioned",
        "not specified", "not stated", "not given", "not found", "not available", "not provided", "not applicable",
        "no value", "not in the document", "not said",
    )
)  # fmt: skip
_CURRENCIES = frozenset(("EUR", "USD", "GBP", "CHF", "PLN", "JPY", "SEK", "CZK"))
_CURRENCY = re.compile(rf"\b(?:{'|'.join(sorted(_CURRENCIES))})\b")
_BEFORE_NUMBER = re.compile(
    r"(?P<minus>(?<![\w.,])[-\u2212])?(?P<sign>(?<![^\W\d_])(?:US\$|EUR|USD|GBP|CHF|PLN|JPY|SEK|CZK|[€$£¥])\s?)?"
    r"(?P<late>(?<![\w.,])[-\u2212])?$"
)
LISTED = re.compile(r"\s*(?:;|\n|\u2022|\|)\s*|\s*,\s+(?:and\s+)?")


# ---- what a model proposed


def verified(column: Column, quote: str, value: str, pages: PageTexts) -> TableCell:
    value, quote = _plain(value)[:MOST_VALUE], _plain(quote)[:MOST_QUOTE]
    value = value or quote
    if says_nothing(value):
        return TableCell(flag=Flag.NOT_FOUND)
    proofs = list(pages.find(quote)) if _letters(quote) >= LEAST_QUOTE else []
    if column.kind is ColumnKind.LIST:
        return _list_cell(value, proofs, pages)
    cell = _found(column, quote, value, proofs, pages)
    is_sentence = cell.flag is Flag.KIND and column.kind is not ColumnKind.PERSON and len(cell.value) > MOST_OTHER_KIND
    return TableCell(flag=Flag.NOT_FOUND) if is_sentence else cell


def _found(column: Column, quote: str, value: str, proofs: Sequence[Place], pages: PageTexts) -> TableCell:
    place = _place_of(column.kind, value, proofs, pages) if proofs else None
    if place is not None:
        # it may begin before its proof: "1,020.50" proves "EUR 1,020.50"
        proof = next(
            one for one in proofs if one.page == place.page and one.start < place.end and place.start < one.end
        )
        return cell_at(column.kind, place, pages, quote=pages.words(proof))
    if not proofs and _is_echo(quote, column):
        return TableCell(flag=Flag.NOT_FOUND)  # asked for what is not there, small models copy the question
    lines = [pages.around(one) for one in proofs]
    place = _place_of(column.kind, value, lines, pages) if lines else None
    if place is not None:  # "Total to pay", and the sum behind it on the same line
        return cell_at(column.kind, place, pages)
    lines = list(_lines_about(column, quote, pages))
    place = _place_of(column.kind, value, lines, pages) if lines else None
    if place is not None:  # the proof is another line's; this one names the column, or has the proof's words
        return cell_at(column.kind, place, pages)
    if column.kind is ColumnKind.TEXT and not _is_distinct(value):
        return TableCell(flag=Flag.NOT_THERE)
    if column.kind in (ColumnKind.NUMBER,) and _letters(value) < LEAST_ELSEWHERE:
        return TableCell(flag=Flag.NOT_THERE)
    place = _place_of(column.kind, value, (), pages) if _letters(value) >= LEAST_QUOTE else None
    if place is None:
        return TableCell(flag=Flag.NOT_THERE)
    cell = cell_at(column.kind, place, pages)
    return cell if cell.flag is not Flag.NONE else changed(cell, flag=Flag.ELSEWHERE)


def _lines_about(column: Column, quote: str, pages: PageTexts) -> Iterator[Place]:
    """The lines that name a column, or have most of the words of a quotation that stands nowhere as it was given."""
    names = [set(fold_for_search(one).split()) for one in names_of(column)]
    proof = set(fold_for_search(quote).split())
    for number, text in pages.texts.items():
        at = 0
        for line in text.split("\n"):
            words = set(fold_for_search(line).split())
            is_named = any(name and name <= words for name in names)
            if is_named or (len(proof) >= LEAST_PROOF and len(proof & words) >= ECHO * len(proof)):
                yield Place(number, at, at + len(line))
            at += len(line) + 1


def _place_of(kind: ColumnKind, value: str, among: Sequence[Place], pages: PageTexts) -> Place | None:
    """Where a value stands: word for word, else as the same date or number written in another way."""
    literal = next(pages.find(value, among), None)
    if literal is not None:
        return widened(kind, literal, pages)
    if kind is ColumnKind.DATE:
        requested = {day for when in find_dates(value, pages.language) for day in when.readings if all(day)}
        for place in among or pages.whole():
            for when in find_dates(pages.texts[place.page][place.start : place.end], pages.language):
                if requested & set(when.readings):
                    return Place(place.page, place.start + when.start, place.start + when.end)
    if kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT):
        said = [one for one in find_numbers(value, pages.language) if one.values]
        for place in among or pages.whole():
            text = pages.texts[place.page]
            for number in find_numbers(text[place.start : place.end], pages.language):
                if len(said) == 1 and _same_number(said[0], number):
                    found = Place(place.page, place.start + number.start, place.start + number.end)
                    return widened(kind, found, pages)
    return None


def _same_number(one: Number, other: Number) -> bool:
    units = {one.unit[0] if one.unit else "", other.unit[0] if other.unit else ""} - {""}
    return bool(set(one.values) & set(other.values)) and len(units) < 2


def widened(kind: ColumnKind, place: Place, pages: PageTexts) -> Place:
    """A date with its year, an amount with its currency and its sign, where a part of it was named."""
    text = pages.texts[place.page]
    near = max(0, place.start - 40), min(len(text), place.end + 40)
    around = text[near[0] : near[1]]
    if kind is ColumnKind.DATE:
        for when in find_dates(around, pages.language):
            if near[0] + when.start <= place.start < near[0] + when.end:
                return Place(place.page, near[0] + when.start, max(place.end, near[0] + when.end))
    if kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT):
        for number in find_numbers(around, pages.language):
            if near[0] + number.start < place.end and place.start < near[0] + number.end:
                begin = near[0] + number.start
                before = _BEFORE_NUMBER.search(text, max(0, begin - 8), begin)
                start = before.start() if before else begin
                return Place(place.page, min(place.start, start), max(place.end, near[0] + number.end))
    return place


def cell_at(kind: ColumnKind, place: Place, pages: PageTexts, *, quote: str = "", origin: str = "model") -> TableCell:
    words = pages.words(place)
    cell = TableCell(
        value=words,
        quote=quote if len(quote) > len(words) else pages.words(pages.around(place)),
        page=place.page,
        start=place.start,
        end=place.end,
        flag=Flag.NONE,
        origin=origin,
    )
    return _normalised(kind, cell, pages)


def _normalised(kind: ColumnKind, cell: TableCell, pages: PageTexts) -> TableCell:
    if kind is ColumnKind.DATE:
        days = [when for when in find_dates(cell.value, pages.language) if when.readings]
        if not days:
            return changed(cell, flag=Flag.KIND)
        return changed(cell, date=_iso(days[0]) if len(days) == 1 else "")
    if kind is ColumnKind.PERSON and not _is_name(cell.value, pages.language):
        return changed(cell, flag=Flag.KIND)
    if kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT):
        numbers = numbers_in(cell.value, pages.language)
        if not numbers:
            return changed(cell, flag=Flag.KIND)
        if len(numbers) == 1:
            number = numbers[0]
            unit = number.unit[0] if number.unit and number.unit[0] in (*_CURRENCIES, "percent") else ""
            return changed(cell, number=_figure(kind, cell.value, number, pages.language), unit=unit)
    return cell


def numbers_in(words: str, language: str) -> list[Number]:
    return [one for one in find_numbers(words, language) if one.values and not one.soft]


def _iso(when: DateMention) -> str:
    """A day that is certain: 03/04/2024 may be two."""
    days = {(year, month, day) for year, month, day in when.readings if year and month and day}
    if len(days) != 1 or len(when.readings) != 1:
        return ""
    ((year, month, day),) = days
    return f"{year:04}-{month:02}-{day:02}"


def _figure(kind: ColumnKind, words: str, number: Number, language: str) -> float | None:
    """The number, where figures can be read in one way: 1.234 is another one in German than in English."""
    values = number.values
    if len(values) == 2 and values[0] >= 1000:  # grouped, or with three decimals
        has_comma = "," in words[number.start : number.end]
        is_english = language in ("en", "")
        if language or kind is ColumnKind.AMOUNT:
            is_grouped = kind is ColumnKind.AMOUNT or (has_comma if is_english else not has_comma)
            values = values[:1] if is_grouped else values[1:]
    if len(values) != 1:
        return None
    before = _BEFORE_NUMBER.search(words, 0, number.start)
    is_minus = bool(before and (before["minus"] or before["late"]))
    return -values[0] if is_minus else values[0]


def _list_cell(value: str, proofs: Sequence[Place], pages: PageTexts) -> TableCell:
    """Each part is looked for by itself; what stands nowhere is left out."""
    parts = [one for one in dict.fromkeys(LISTED.split(value)) if one and not says_nothing(one)]
    found: list[Place] = []
    is_proved = True
    for part in parts:
        place = next(pages.find(part, proofs), None) if proofs else None
        if place is None and _letters(part) >= LEAST_ELSEWHERE:
            is_proved = False
            place = next(pages.find(part), None)
        if place is not None and place not in found:
            found.append(place)
    if not found:
        return TableCell(flag=Flag.NOT_THERE if parts else Flag.NOT_FOUND)
    flag = Flag.PARTLY if len(found) < len(parts) else Flag.NONE if is_proved else Flag.ELSEWHERE
    first = found[0]
    end = max(one.end for one in found if one.page == first.page)
    start = min(one.start for one in found if one.page == first.page)
    if end - start > 2 * MOST_VALUE:  # all over the page: the first is marked
        start, end = first.start, first.end
    quote = next((pages.words(one) for one in proofs if one.page == first.page), pages.words(pages.around(first)))
    words = "; ".join(dict.fromkeys(pages.words(one) for one in found))
    return TableCell(words, quote, first.page, start, end, flag, "model")


def without_doubles(cells: Mapping[int, TableCell]) -> dict[int, TableCell]:
    """The cells of a row where the same words stand for one column only.

    What a label says is certain, so a model's cell of the same place goes; two of the model's are both doubtful.
    """
    places: dict[tuple[int, int, int], list[int]] = {}
    for at, cell in cells.items():
        if cell.page:
            places.setdefault((cell.page, cell.start, cell.end), []).append(at)
    result = dict(cells)
    for some in places.values():
        models = [at for at in some if cells[at].origin == "model"] if len(some) > 1 else []
        for at in models:
            is_certain_elsewhere = len(models) < len(some)
            flag = cells[at].flag if cells[at].flag is not Flag.NONE else Flag.TWICE
            result[at] = TableCell(flag=Flag.NOT_FOUND) if is_certain_elsewhere else changed(cells[at], flag=flag)
    return result


# ---- small things


def names_of(column: Column) -> set[str]:
    return {label_of(one) for one in (column.name, *column.labels)} - {""}


def label_of(words: str) -> str:
    """Return a label without its signs, folded."""
    return " ".join(fold(words).strip(" :.*_-\u2022").split())


def _plain(words: str) -> str:
    return " ".join(words.split()).strip()


def _letters(words: str) -> int:
    return sum(one.isalnum() for one in folded_quote(words))


def _is_echo(quote: str, column: Column) -> bool:
    said, asked = set(fold(quote).split()), set(fold(f"{column.name} {column.meaning}").split())
    return len(said) > 1 and len(said & asked) >= ECHO * len(said)


def _is_name(words: str, language: str) -> bool:
    """Whether it may be a name: hardly a word begins small, and it is more than an amount or a date."""
    small = sum(one[0].islower() and fold(one) not in function_words() for one in WORD.findall(words))
    rest = words
    spans = [(one.start, one.end) for one in find_dates(words, language)]
    spans += [(one.start, one.end) for one in find_numbers(words, language)]
    for start, end in spans:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    rest = _CURRENCY.sub(" ", rest)
    return small <= MOST_SMALL and any(one.isalpha() for one in rest)


def _is_distinct(words: str) -> bool:
    return _letters(words) >= LEAST_ELSEWHERE


def says_nothing(words: str) -> bool:
    bare = " ".join(words.casefold().strip(" .\"'()[]").split())
    return bare in NOTHING or not any(one.isalnum() for one in bare)
