"""Pairs of an input and the output it should have, read from pasted or stored text: two columns, or JSON. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.types import Json

INPUTS = ("input", "question", "prompt", "instruction", "eingabe", "frage")
OUTPUTS = ("output", "answer", "completion", "response", "ausgabe", "antwort")
"""Names of columns and keys, in small letters, in files of other programs."""
MOST_NAMED = 10
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


class ReadPairs(Record):
    pairs: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[int, str], ...] = ()
    """Number of each row that was left out, or of its line of JSON, from 1, and the reason."""

    @property
    def sentence(self) -> str:
        """Say which rows were left out; empty if none was."""
        rows = "; ".join(f"{number}: {reason}" for number, reason in self.wrong[:MOST_NAMED])
        count = len(self.wrong) - MOST_NAMED
        more = _(" and {count} more").format(count=count) if count > 0 else ""
        return _("Left out, by row: {rows}{more}.").format(rows=rows, more=more) if rows else ""


def text_of(data: bytes) -> str:
    """Decode a file as spreadsheets write it: UTF-8, UTF-16 with its mark, or else Western European."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def pairs_in(text: str, most: int) -> ReadPairs:
    """Read pairs from JSON (an object or a list in each line, or a list of them), or else from two columns.

    Columns are parted by tabs, semicolons or commas. A first row of names is left out. `most`: characters of a side.
    """
    clean = text.lstrip("\ufeff")
    pairs: list[tuple[str, str]] = []
    wrong: list[tuple[int, str]] = []
    for number, cells in _json_rows(clean) if clean.lstrip()[:1] in ("{", "[") else _table_rows(clean):
        sides = [_UNFIT.sub("\N{REPLACEMENT CHARACTER}", cell).strip() for cell in cells]
        while len(sides) > 2 and not sides[-1]:
            sides.pop()
        if len(sides) != 2:
            wrong.append((number, _("not two columns") if sides else _("it is no pair")))
        elif max(map(len, sides)) > most:
            wrong.append((number, _("longer than {most:,} characters").format(most=most)))
        elif not all(sides):
            wrong.append((number, _("one side is empty")))
        elif number > 1 or sides[0].casefold() not in INPUTS or sides[1].casefold() not in OUTPUTS:
            pairs.append((sides[0], sides[1]))
    return ReadPairs(tuple(pairs), tuple(wrong))


def _table_rows(text: str) -> list[tuple[int, list[str]]]:
    readings = [list(_rows_by(text, sign)) for sign in ("\t", ";", ",")]
    return max(readings, key=lambda rows: sum(len(cells) == 2 for __, cells in rows))  # of several, the first


def _rows_by(text: str, sign: str) -> Iterator[tuple[int, list[str]]]:
    rows, number = csv.reader(io.StringIO(text, newline=""), delimiter=sign), 0
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:  # a cell longer than any example
            yield number, []
        else:
            if any(cell.strip() for cell in cells):
                yield number, cells


def _json_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    whole = _parsed(text)
    if isinstance(whole, list) and not all(isinstance(side, str) for side in whole):
        yield from ((number, _sides(row)) for number, row in enumerate(whole, 1))
    else:
        lines = enumerate(text.split("\n"), 1)
        yield from ((number, _sides(_parsed(line))) for number, line in lines if line.strip())


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
    elif isinstance(row, dict):
        named = {str(key).casefold(): value for key, value in row.items()}
        row = [next((named[name] for name in names if name in named), None) for names in (INPUTS, OUTPUTS)]
    sides = [side for side in row if isinstance(side, str)] if isinstance(row, list) else []
    return sides if isinstance(row, list) and len(sides) == len(row) == 2 else []
