"""A table as text, by which a search finds it, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable

from slmdesk.base.protocol import picked
from slmdesk.base.record import to_json
from slmdesk.base.types import Json, unlike_marks
from slmdesk.tasks.tables.counts import charts_of
from slmdesk.tasks.tables.types import DOUBTFUL, Table, TableCell, TableRow, doubts_of, note_words, place_words

MOST_IN_WORDS = 500
"""Most rows of a table that its message has."""


def markdown_of(table: Table) -> str:
    def words(text: str) -> str:
        return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")

    lines = ["| " + " | ".join(["Document", *(words(column.name) for column in table.columns)]) + " |"]
    lines.append("|" + " --- |" * (len(table.columns) + 1))
    for row in table.rows[:MOST_IN_WORDS]:
        lines.append("| " + " | ".join([words(row.name), *(_cell_text(cell, row, words) for cell in row.cells)]) + " |")
    doubts = [f"- ⚠ {words(name)}, {words(column)}: {why}" for name, column, why in doubts_of(table)[:MOST_IN_WORDS]]
    if (more := len(table.rows) - MOST_IN_WORDS) > 0:
        doubts.insert(0, f"And {more:,} more rows.\n")
    below = [*doubts, *(["", words(table.note)] if table.note else [])]
    return "\n".join([*lines, "", *below] if below else lines)


def _cell_text(cell: TableCell, row: TableRow, words: Callable[[str], str]) -> str:
    place = place_words(cell, row.page_kind)
    parts = words(unlike_marks(cell.value)) or "–", place and f"[{place}]", "⚠" if cell.flag in DOUBTFUL else ""
    return " ".join(filter(None, parts))


def json_of(table: Table) -> dict[str, Json]:
    """Return the table as JSON for programs. This format is the contract of `slmdesk extract --json`."""
    shape: dict[str, Json] = {
        "columns": [{"name": column.name, "kind": column.kind.value} for column in table.columns],
        "rows": [_row_shape(table, row) for row in table.rows],
        "model": table.model,
        "timing": {"table_s": table.seconds},
        "coverage": [{"file": row.name, **to_json(row.coverage)} for row in table.rows],
    }
    if charts := charts_of(table):
        shape["counts"] = [[list(line) for line in chart.rows] for chart in charts]
    return shape


def _row_shape(table: Table, row: TableRow) -> dict[str, Json]:
    values = {column.name: _cell_shape(cell) for column, cell in zip(table.columns, row.cells, strict=True)}
    return {"file": row.name, "document": row.document, "whole": row.is_whole, "cells": values}


def _cell_shape(cell: TableCell) -> dict[str, Json]:
    rest = picked(cell, "value", "quote", "edited", "number", "unit", "date", "origin", "certainty")
    return {**rest, "note": note_words(cell), "page": cell.page or None, "flag": cell.flag.value}
