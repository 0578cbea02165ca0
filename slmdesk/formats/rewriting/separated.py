"""Translates selected columns of delimited tables; everything else is kept verbatim.

Each row has its own language: one table may contain reviews from many countries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES
from slmdesk.formats.rewriting.base import MOST_SAID, LeftAsIs, Rewriting, Unit, Units
from slmdesk.formats.rewriting.markup import TextFile
from slmdesk.formats.separated import REPORTED, Cell, cells_of, delimiter_of
from slmdesk.text.words.language import detect
from slmdesk.text.words.spreadsheet_cells import harmless_cell

SAMPLE_ROWS = 200
"""By which the columns with sentences are found."""
SENTENCE_SHARE = 0.3
"""A column holds sentences if at least this share of its texts has three words or more."""
_SENTENCE = re.compile(r"[^\W\d_]+\S*\s+\S*[^\W\d_]+\S*\s+\S*[^\W\d_]+|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{6}")
_REPORTED_APART = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""As in services.translation_units."""


def rewrite(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    text = file.text.replace("\r\n", " \n").replace("\r", "\n")  # as long as it was, so that places stay
    reported = REPORTED.match(text)
    delimiter, begin = (reported[1], reported.end()) if reported else (delimiter_of(text), 0)
    sample = [[cell.value.strip() for cell in row] for row in islice(_rows(text, delimiter, begin), SAMPLE_ROWS)]
    requested = _requested(rewriting, sample)
    passed: dict[int, str] = {}
    line_end = "\r\n" if "\r\n" in file.text else "\n"
    for number, row in enumerate(_rows(text, delimiter, begin), start=1):
        rewriting.reading.check()
        cells = [(column, cell, cell.value.strip()) for column, cell in enumerate(row)]
        worded = [one for one in cells if any(letter.isalpha() for letter in one[2])]
        chosen = [one for one in worded if not requested or one[0] in requested]
        for column, _, words in worded:
            if requested and column not in requested:
                passed.setdefault(column, words)
        if not chosen:
            continue
        rewriting.reading.worked()
        language = None if rewriting.is_written else _language(words for _, _, words in chosen)
        for column, cell, words in chosen:
            place = f"row {number}, column {column + 1}"
            answer = yield Unit(words.replace(" \n", "\n"), kind="table_row", place=place, language=language)
            if answer is not None:
                _put(file, cell, answer, delimiter=delimiter, line_end=line_end)
    for column, words in sorted(passed.items()):
        yield LeftAsIs("column", f"column {column + 1}", words[:MOST_SAID])
    file.close()


def _rows(text: str, delimiter: str, begin: int) -> Iterator[list[Cell]]:
    row: list[Cell] = []
    for cell in cells_of(text, delimiter, begin):
        row.append(cell)
        if cell.ends_row:
            yield row
            row = []
    if row:
        yield row


def _requested(rewriting: Rewriting, sample: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns that are translated, from 0; empty: all.  Raises KnownError `document.no_column`."""
    head = [name.casefold() for name in sample[0]] if sample else []
    found: set[int] = set()
    for one in rewriting.options.columns:
        at = (
            one
            if isinstance(one, int)
            else head.index(one.strip().casefold())
            if one.strip().casefold() in head
            else -1
        )
        if not 0 <= at < max(map(len, sample), default=0):
            reported = str(one + 1) if isinstance(one, int) else one
            known = ", ".join(name for name in sample[0] if name)[:200] if sample else ""
            raise KnownError("document.no_column", path=rewriting.reading.path, column=reported[:80], known=known)
        found.add(at)
    return frozenset(found or columns_with_sentences(sample))


def columns_with_sentences(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns, from 0, whose texts are sentences, not names, codes or numbers.  The first row may name them."""
    found = set()
    for column in range(max(map(len, rows), default=0)):
        values = [row[column] for row in rows[1:] if len(row) > column and any(map(str.isalpha, row[column]))]
        sentences = sum(_SENTENCE.search(value) is not None for value in values)
        if values and sentences >= SENTENCE_SHARE * len(values):
            found.add(column)
    return found


def _language(texts: Iterator[str]) -> str:
    """The language of a row, by all its texts; empty if they have too few words to detect it."""
    return detect(" ".join(texts), _REPORTED_APART)[0] or ""


def _put(file: TextFile, cell: Cell, answer: str, *, delimiter: str, line_end: str) -> None:
    """Replace a cell with an answer: surrounding spaces, quotation marks and line ends are kept."""
    end = cell.end - (file.text[cell.end - 1 : cell.end] == "\r")
    value = cell.value[:-1] if end < cell.end and not cell.is_quoted else cell.value
    before, after = value[: len(value) - len(value.lstrip())], value[len(value.rstrip()) :]
    if harmless_cell(value.strip()) == value.strip():  # else it was a formula before, and is the document's own
        answer = harmless_cell(answer)
    words = before.replace(" \n", "\n") + answer + after.replace(" \n", "\n")
    words = words.replace("\r\n", "\n").replace("\n", line_end)
    if cell.is_quoted or any(sign in words for sign in (delimiter, '"', "\n", "\r")):  # RFC 4180
        words = '"' + words.replace('"', '""') + '"'
    file.put(cell.start, end, words)
