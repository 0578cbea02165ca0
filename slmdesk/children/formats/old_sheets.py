"""Reads old and binary Excel files (.xls, .xlsb) with calamine, after checking how much memory that will take.

calamine builds a full table from the first to the last used cell of a sheet. If memory does not suffice, it ends the
process (tried with version 0.9.1 and two cells in opposite corners).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any

import olefile
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from slmdesk.base.documents import Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.containers import Archive
from slmdesk.children.formats.number_formats import (
    BUILT_IN,
    GENERAL,
    NumberFormat,
    format_of_code,
    moment_text,
    plain,
    shown,
)
from slmdesk.children.formats.reading import Reading, locked
from slmdesk.children.formats.sheets import Row, SheetPager

MAX_BYTES = 96 << 20
MAX_CELLS = 3_000_000
"""Most cells, filled or empty, in the used ranges of all sheets together. This many take about 200 MB in calamine."""
_CELLS = frozenset((0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00BD, 0x00BE, 0x00D6, 0x00FD))
_LISTS = frozenset((0x00BD, 0x00BE))
"""Records that hold several adjacent cells. The last two bytes of such a record are the number of its last column."""
_BOF, _PASSWORD, _SHEET, _FORMAT, _STYLE, _NUMBER_LIST = 0x0809, 0x002F, 0x0085, 0x041E, 0x00E0, 0x00BD
_ABOUT = frozenset((_SHEET, _FORMAT, _STYLE))
_NUMBERS = frozenset((0x0006, 0x0203, 0x027E, _NUMBER_LIST))
_SHEET_PART = re.compile(r"xl/(?:worksheets|macrosheets)/[^/]+\.bin$", re.IGNORECASE)
_ROW_HEADER, _LAST_CELL_KIND, _RICH_CELL = 0, 11, 62


def read_xls(reading: Reading) -> Iterator[Page]:
    data = _all_bytes(reading)
    if not data.startswith(olefile.MAGIC):
        raise KnownError("document.damaged", path=reading.path, reason=_("it is no Excel file"))
    try:
        with olefile.OleFileIO(BytesIO(data)) as ole:
            name = next((name for name in ("Workbook", "Book") if ole.exists(name)), "")
            book = ole.openstream(name).read() if name else b""
            if ole.exists("_VBA_PROJECT_CUR"):
                reading.note(Note.MACROS_IGNORED)
    except (OSError, ValueError, IndexError, TypeError, struct.error) as err:
        raise KnownError("document.damaged", path=reading.path, reason=_("its container is broken")) from err
    records = _Records(reading, book)
    _refuse_wide(reading, records.cells)
    return _sheets(reading, data, records.formats)


def read_xlsb(reading: Reading) -> Iterator[Page]:
    with Archive.opened(reading) as archive:
        size = cells = 0
        for name in archive.names:
            part = archive.read(name)
            size += len(part)
            if name.lower().endswith("vbaproject.bin"):
                reading.note(Note.MACROS_IGNORED)
            if _SHEET_PART.match(name):
                cells += _xlsb_cells(part)
            if size > 2 * MAX_BYTES:
                raise KnownError("document.too_large", path=reading.path, bytes=size, limit=2 * MAX_BYTES)
    _refuse_wide(reading, cells)
    return _sheets(reading, _all_bytes(reading))


def _all_bytes(reading: Reading) -> bytes:
    with closing(reading.open()) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise KnownError("document.too_large", path=reading.path, bytes=len(data), limit=MAX_BYTES)
    return data


def _refuse_wide(reading: Reading, cells: int) -> None:
    if cells > MAX_CELLS:
        reason = N_("its cells lie too far apart for this old format; saved as .xlsx it can be read")
        raise KnownError("document.unreadable", path=reading.path, reason=reason)


class _Range:
    def __init__(self) -> None:
        self._rows, self._columns = [1 << 31, -1], [1 << 31, -1]

    def add(self, row: int, first: int, last: int) -> None:
        self._rows = [min(self._rows[0], row), max(self._rows[1], row)]
        self._columns = [min(self._columns[0], first), max(self._columns[1], last)]

    @property
    def cells(self) -> int:
        return max(0, self._rows[1] - self._rows[0] + 1) * max(0, self._columns[1] - self._columns[0] + 1)


class _Records:
    """The records of an old Excel file, each of a type, a length and its data ([MS-XLS], 2.1.4)."""

    def __init__(self, reading: Reading, book: bytes) -> None:
        self.cells = 0
        """Number of cells in the used ranges of all sheets."""
        self.formats: dict[int, dict[tuple[int, int], NumberFormat]] = {}
        """By the number of a sheet, how its cells show their numbers. Plain ones, days and times are left out."""
        self._codes: dict[int, str] = {}
        self._styles: list[NumberFormat | None] = []
        self._begins: dict[int, int] = {}
        """The numbers of the sheets by where they begin."""
        self._sheet: dict[tuple[int, int], NumberFormat] = {}
        self._is_wide = False
        at, table = 0, _Range()
        while at + 4 <= len(book):
            kind, length = struct.unpack_from("<HH", book, at)
            at += 4
            if kind == _PASSWORD:
                raise locked(reading)
            if kind == _BOF:
                self.cells, table = self.cells + table.cells, _Range()
                self._begin(book, at)
            elif kind in _CELLS and length >= 4 and at + length <= len(book):
                row, first = struct.unpack_from("<HH", book, at)
                last = struct.unpack_from("<H", book, at + length - 2)[0] if kind in _LISTS else first
                table.add(row, first, max(first, last))
                if kind in _NUMBERS and length >= 6:
                    self._note_formats(book, at, at + length, kind)
            elif kind in _ABOUT and at + length <= len(book):
                self._note(kind, book[at : at + length])
            at += length
        self.cells += table.cells

    def _begin(self, book: bytes, at: int) -> None:
        self._is_wide |= book[at : at + 2] == b"\0\6"
        number = self._begins.get(at - 4)
        self._sheet = {} if number is None else self.formats.setdefault(number, {})

    def _note(self, kind: int, data: bytes) -> None:
        if kind == _SHEET and len(data) >= 4:
            self._begins[struct.unpack_from("<I", data)[0]] = len(self._begins)
        elif kind == _FORMAT and len(data) >= 5:
            number, count = struct.unpack_from("<HH" if self._is_wide else "<HB", data)
            begin = 5 if self._is_wide else 3
            is_two = self._is_wide and data[4] & 1
            letters = data[begin : begin + count * (2 if is_two else 1)]
            self._codes[number] = letters.decode("utf-16-le" if is_two else "cp1252", "replace")
        elif kind == _STYLE and len(data) >= 4:
            number = struct.unpack_from("<H", data, 2)[0]
            form = format_of_code(self._codes.get(number, BUILT_IN.get(number, "")))
            is_time = any(part.has_date or part.has_time or part.elapsed for part in form.sections)
            self._styles.append(None if form == GENERAL or is_time else form)

    def _note_formats(self, book: bytes, at: int, end: int, kind: int) -> None:
        row, column = struct.unpack_from("<HH", book, at)
        places = range(at + 4, end - 6, 6) if kind == _NUMBER_LIST else (at + 4,)
        for beside, place in enumerate(places):
            style = struct.unpack_from("<H", book, place)[0]
            form = self._styles[style] if style < len(self._styles) else None
            if form is not None:
                self._sheet[row, column + beside] = form


def _xlsb_cells(part: bytes) -> int:
    """Return the number of cells in the used range of a sheet. The records are those of .xls, but type and length have
    a variable number of bytes ([MS-XLSB], 2.1.4).
    """
    at, row, used = 0, 0, _Range()
    while at < len(part):
        kind, at = _number(part, at, 2)
        length, at = _number(part, at, 4)
        if at + 4 <= len(part) and length >= 4:
            value = int.from_bytes(part[at : at + 4], "little")
            if kind == _ROW_HEADER:
                row = value
            elif 0 < kind <= _LAST_CELL_KIND or kind == _RICH_CELL:
                used.add(row, value, value)
        at += length
    return used.cells


def _number(part: bytes, at: int, most: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 7 * most, 7):
        if at >= len(part):
            break
        byte = part[at]
        at += 1
        value |= (byte & 127) << shift
        if not byte & 128:
            break
    return value, at


def _sheets(
    reading: Reading, data: bytes, formats: Mapping[int, Mapping[tuple[int, int], NumberFormat]] = MappingProxyType({})
) -> Iterator[Page]:
    """`formats`: by the number of a sheet, how its cells show their numbers, by row and column from 0."""
    pager = SheetPager(reading)
    with _as_verdicts(reading):
        book = CalamineWorkbook.from_filelike(BytesIO(data))
    for number, about in enumerate(book.sheets_metadata):
        reading.check()
        hidden = about.visible != SheetVisibleEnum.Visible
        try:
            with _as_verdicts(reading):
                sheet = book.get_sheet_by_name(about.name)
        except KnownError as err:
            if err.code != "document.damaged":
                raise
            yield pager.broken(about.name)
            continue
        yield from pager.pages(about.name, _rows(sheet, formats.get(number, {})), hidden=hidden)


@contextmanager
def _as_verdicts(reading: Reading) -> Iterator[None]:
    """Convert errors of calamine to KnownError. Its panics derive from BaseException, not from Exception."""
    try:
        yield
    except PasswordError as err:
        raise locked(reading) from err
    except BaseException as err:
        if type(err).__name__ != "PanicException" and not isinstance(err, CalamineError | OSError | ValueError):
            raise
        raise KnownError("document.damaged", path=reading.path, reason=_("its sheets cannot be read")) from err


def _rows(sheet: Any, formats: Mapping[tuple[int, int], NumberFormat]) -> Iterator[Row]:
    if sheet.start is None:
        return
    first_row, first_column = sheet.start
    for number, values in enumerate(sheet.to_python(skip_empty_area=True), first_row + 1):
        texts = enumerate(map(cell_text, values), first_column + 1)
        if formats:
            texts = enumerate(_formatted(values, formats, number - 1, first_column), first_column + 1)
        if cells := [(column, words) for column, words in texts if words]:
            yield Row(number, cells)


def _formatted(
    values: Sequence[object], formats: Mapping[tuple[int, int], NumberFormat], row: int, first_column: int
) -> Iterator[str]:
    for column, value in enumerate(values, first_column):
        form = formats.get((row, column)) if isinstance(value, int | float) else None
        yield cell_text(value) if form is None or isinstance(value, bool) else shown(float(value), form)  # type: ignore[arg-type]


def cell_text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return plain(value)
    if isinstance(value, datetime):
        has_time = value.time() != time()
        return moment_text(value, has_date=True, has_time=has_time, has_seconds=value.second > 0)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return value if isinstance(value, str) else ""
