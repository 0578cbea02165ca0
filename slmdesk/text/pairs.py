"""Pairs of an input and the output it should have, read from pasted or stored text: two columns, or JSON. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.types import Json

INPUTS = ("input", "question", "prompt", "instruction", "eingabe", "frage")
OUTPUTS = ("output", "answer", "completion", "response", "ausgabe", "antwort")
"""Names of columns and keys, in small letters, in files of other programs."""
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


class WrongRow(Record):
    number: int
    """Of the row, or of the line of JSON, from 1."""
    reason: str


class ReadPairs(Record):
    pairs: tuple[tuple[str, str], ...]
    wrong: tuple[WrongRow, ...] = ()

    @property
    def sentence(self) -> str:
        """Say which rows were left out; empty if none was."""
        rows = "; ".join(f"{row.number}: {row.reason}" for row in self.wrong[:10])
        more = _(" and {count} more").format(count=len(self.wrong) - 10) if len(self.wrong) > 10 else ""
        return _("Left out, by row: {rows}{more}.").format(rows=rows, more=more) if rows else ""


def text_of(data: bytes) -> str:
    """Decode a file as spreadsheets write it: UTF-8, UTF-16 with its mark, or else Western European."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def pairs_in(text: str, most: int) -> ReadPairs:
    """Read pairs from JSON (an object or a list in each line, or a list of them), or else from two columns.

    Columns are parted by tabs, semicolons or commas. A first row of names is left out. `most`: characters of a side.
    """
    clean = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text.lstrip("\ufeff"))
    pairs: list[tuple[str, str]] = []
    wrong: list[WrongRow] = []
    for number, cells in _json_rows(clean) if clean.lstrip()[:1] in ("{", "[") else _table_rows(clean):
        if reason := _reason(cells, most):
            wrong.append(WrongRow(number, reason))
        elif not (number == 1 and cells[0].casefold() in INPUTS and cells[1].casefold() in OUTPUTS):
            pairs.append((cells[0], cells[1]))
    return ReadPairs(tuple(pairs), tuple(wrong))


def _reason(cells: Sequence[str], most: int) -> str:
    if not cells:
        return _("it is no pair")
    if len(cells) != 2:
        return _("not two columns")
    if not all(cells):
        return _("one side is empty")
    return _("longer than {most:,} characters").format(most=most) if max(map(len, cells)) > most else ""


def _table_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    readings = [list(_rows_by(text, sign)) for sign in ("\t", ";", ",")]
    best = max(readings, key=lambda rows: sum(len(cells) == 2 for __, cells in rows))  # of several, the first
    yield from best


def _rows_by(text: str, sign: str) -> Iterator[tuple[int, list[str]]]:
    rows, number = csv.reader(io.StringIO(text, newline=""), delimiter=sign), 0
    while True:
        number += 1
        try:
            cells = [cell.strip() for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error:  # a cell longer than any example
            yield number, []
            continue
        while len(cells) > 2 and not cells[-1]:
            cells.pop()
        if any(cells):
            yield number, cells


def _json_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    whole = _parsed(text)
    if isinstance(whole, list) and not all(isinstance(side, str) for side in whole):
        yield from ((number, _sides(row)) for number, row in enumerate(whole, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _sides(_parsed(line))


def _parsed(text: str) -> Json:
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _sides(row: Json) -> list[str]:
    """Return the two sides of a row of JSON; none if it is no pair."""
    if isinstance(row, dict) and isinstance(talk := row.get("messages"), list):  # as chats for training are written
        said = {turn.get("role"): turn.get("content") for turn in talk if isinstance(turn, dict)}
        row = [said.get("user"), said.get("assistant")]
    if isinstance(row, dict):
        named = {str(key).casefold(): value for key, value in row.items()}
        row = [next((named[name] for name in names if name in named), None) for names in (INPUTS, OUTPUTS)]
    if not isinstance(row, list) or len(row) != 2 or not all(isinstance(side, str) for side in row):
        return []
    return [_UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(side)).strip() for side in row]
