"""A table as text, by which a search finds it."""

from __future__ import annotations

from collections.abc import Callable

from slmdesk.base.types import unlike_marks
from slmdesk.tables.types import DOUBTFUL, Table, TableCell, TableRow, doubts_of, place_words

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
