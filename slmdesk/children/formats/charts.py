"""Reads the charts of Office files as tables: the values that the file holds of each series (ECMA-376 part 1, 21.2; for
the newer kinds [MS-ODRAWXML] 2.24.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from slmdesk.base.documents import BlockKind, Note
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.children.formats.number_formats import format_of_code, shown
from slmdesk.children.formats.office_xml import attribute, child, children, local, text_of, texts
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import Piece

UNREAD = N_("values of a chart")
_MOST_POINTS = 5_000
"""Most points of a series that are read."""
_REFERENCES = ("numRef", "strRef", "multiLvlStrRef")
_CACHES = ("numCache", "strCache", "numLit", "strLit")
_VALUES = ("val", "yVal", "bubbleSize")

Points = Mapping[int, str]
"""What the points of a series show, by their numbers from 0."""


class _Series(Record):
    name: str
    categories: Points
    columns: tuple[Points, ...]


def pieces_of(root: etree._Element, reading: Reading, *, repeats_cells: bool) -> Iterator[Piece]:
    """Yield the titles of a chart, and a row for each category. `repeats_cells`: it stands beside the cells of its own
    workbook, whose values are not read twice.
    """
    for title in root.iter("{*}title"):
        yield Piece(BlockKind.CAPTION, _one_line((*texts(title), *texts(title, "v"))))
    for label in root.iter("{*}dLbl"):
        yield Piece(BlockKind.CAPTION, _one_line(texts(label)))
    reader = _Reader(reading, _is_1904(root), repeats_cells=repeats_cells)
    tables: dict[tuple[tuple[int, str], ...], list[_Series]] = {}
    for series in reader.series_of_newer(root) if child(root, "chartData") is not None else reader.series_of(root):
        tables.setdefault(tuple(series.categories.items()), []).append(series)
    if not (tables or repeats_cells):
        reading.note(Note.PARTS_UNREAD, name=UNREAD)
    for some in tables.values():
        yield from _table(some)


def _table(series: list[_Series]) -> Iterator[Piece]:
    categories = series[0].categories
    names = [name for each in series for name in (each.name, *("" for __ in each.columns[1:]))]
    columns = [column for each in series for column in each.columns]
    if not columns:
        yield Piece(BlockKind.CAPTION, "\t".join((*names, *categories.values())))
        return
    if any(names):
        yield Piece(BlockKind.TABLE_ROW, "\t".join(("", *names)), 1)
    numbers = sorted({number for column in (categories, *columns) for number in column})
    for number in numbers:
        cells = [column.get(number, "") for column in columns]
        name = categories.get(number, "")
        if name or any(cells):
            yield Piece(BlockKind.TABLE_ROW, "\t".join((name or str(number + 1), *cells)))


class _Reader:
    def __init__(self, reading: Reading, from_1904: bool, *, repeats_cells: bool) -> None:
        self._reading, self._from_1904, self._repeats_cells = reading, from_1904, repeats_cells

    def series_of(self, root: etree._Element) -> Iterator[_Series]:
        for kind in children(child(root, "chart", "plotArea")):
            for series in children(kind, "ser"):
                name = self._points(child(series, "tx")) or {0: text_of(child(series, "tx", "v"))}
                categories = self._points(child(series, "cat")) or self._points(child(series, "xVal"))
                values = (self._values(child(series, column)) for column in _VALUES)
                yield _Series(_one_line(name.values()), categories, tuple(column for column in values if column))

    def series_of_newer(self, root: etree._Element) -> Iterator[_Series]:
        data = {attribute(element, "id"): element for element in children(child(root, "chartData"), "data")}
        for series in root.iter("{*}series"):
            about = data.get(attribute(child(series, "dataId"), "val"))
            name = "".join(_one_line(texts(title, "v")) for title in children(series, "tx"))
            words = [self._levels(element) for element in children(about, "strDim")]
            values = [self._levels(element) for element in children(about, "numDim")]
            if not any(values):
                self._reading.note(Note.PARTS_UNREAD, name=UNREAD)
            yield _Series(name, words[0] if words else {}, tuple(filter(None, values)))

    def _values(self, element: etree._Element | None) -> Points:
        """Return the values of a series. Values that the file does not hold are noted."""
        source = text_of(child(next(children(element, *_REFERENCES), None), "f"))
        if self._repeats_cells and source and "[" not in source:
            return {}
        points = self._points(element)
        if element is not None and not points:
            self._reading.note(Note.PARTS_UNREAD, name=UNREAD)
        return points

    def _points(self, element: etree._Element | None) -> Points:
        held = next(children(element, *_REFERENCES), element)
        cache = next(children(held, *_CACHES), None)
        if cache is None:
            return _joined([_texts_of(level) for level in children(child(held, "multiLvlStrCache"), "lvl")])
        return self._cached(cache, text_of(child(cache, "formatCode")))

    def _cached(self, cache: etree._Element, code: str) -> Points:
        points = _texts_of(cache)
        if local(cache) not in ("numCache", "numLit"):
            return points
        own = {attribute(point, "idx"): point.get("formatCode", "") for point in children(cache, "pt")}
        return {number: self._number(value, own.get(str(number)) or code) for number, value in points.items()}

    def _levels(self, dimension: etree._Element) -> Points:
        levels = []
        for level in children(dimension, "lvl"):
            points = _texts_of(level)
            if local(dimension) == "numDim":
                code = level.get("formatCode", "")
                points = {number: self._number(value, code) for number, value in points.items()}
            levels.append(points)
        return _joined(levels)

    def _number(self, value: str, code: str) -> str:
        try:
            number = float(value)
        except ValueError:
            return value
        return shown(number, format_of_code(code), from_1904=self._from_1904) if number - number == 0 else value


def _texts_of(cache: etree._Element) -> Points:
    points = dict[int, str]()
    for point in children(cache, "pt"):
        number = point.get("idx", "")
        value = child(point, "v")
        words = " ".join((text_of(point if value is None else value)).split())
        if number.isdecimal() and words and len(points) < _MOST_POINTS:
            points[int(number[:9])] = words  # int() refuses thousands of digits
    return points


def _joined(levels: list[Points]) -> Points:
    """Return the names of categories that have several levels, the innermost first. An outer name holds up to the next
    one.
    """
    points = dict(levels[0]) if levels else {}
    for level in levels[1:]:
        outer = ""
        for number in sorted({*points, *level}):
            outer = level.get(number, outer)
            points[number] = f"{outer} {points.get(number, '')}".strip()
    return points


def _is_1904(root: etree._Element) -> bool:
    switch = child(root, "date1904")
    return switch is not None and attribute(switch, "val") in ("1", "true", "")


def _one_line(words: Iterable[str]) -> str:
    return " ".join("".join(words).split())
