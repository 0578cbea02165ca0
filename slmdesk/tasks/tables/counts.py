"""What a table of many texts amounts to: counts that open their rows, their chart, and the error of a sample. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from slmdesk.base.documents import Chart, ChartKind, Series
from slmdesk.base.record import Record, values_of
from slmdesk.base.texts import N_, _
from slmdesk.tasks.tables.types import LANGUAGE, Column, ColumnKind, Table, TableCell, TableRow

MOST_VALUES = 12
"""Most values of a column by which is counted. The others are counted together."""
MOST_DIFFERENT = 60
NOTHING, OTHERS = N_("(none)"), N_("(others)")
CONFIDENCE = 1.96
MOST_MONTHS = 240
_MONTH = re.compile(r"\d{4}-\d\d")


class Counts(Record):
    """How many rows have each label, by the values of another column. Every row is counted once."""

    label: int
    by: int | None
    """None: the labels alone."""
    labels: tuple[str, ...]
    values: tuple[str, ...]
    figures: tuple[tuple[int, ...], ...]
    """A line for each value, a figure for each label."""
    is_time: bool = False


def bucket(cell: TableCell) -> str:
    """Return what a cell is counted as: of a day its month."""
    return cell.date[:7] or cell.value or NOTHING


def bucket_words(column: Column, value: str) -> str:
    """Return what a cell is counted as, in words for people. Those of a person, such as a folder, stay as they are."""
    is_ours = column.kind is ColumnKind.LABEL or column.name == LANGUAGE or value in (NOTHING, OTHERS)
    return _(value) if is_ours else value


def labels_of(table: Table) -> list[int]:
    return [at for at, column in enumerate(table.columns) if column.kind is ColumnKind.LABEL]


def countable(table: Table) -> list[int]:
    """Return the columns by whose values can be counted."""
    positions = []
    for at in range(len(table.columns)):
        values = {bucket(row.cells[at]) for row in table.rows} - {NOTHING}
        most = max(2, min(MOST_DIFFERENT, len(table.rows) // 2))
        if values and (_is_time(table, at) or len(values) <= most or table.columns[at].kind is ColumnKind.LABEL):
            positions.append(at)
    return positions


def counted(table: Table, label: int, by: int | None = None) -> Counts:
    labels = _values(table, label)
    values = ("",) if by is None else _values(table, by)
    pairs = Counter((_value(row, by, values), _value(row, label, labels)) for row in table.rows)
    figures = tuple(tuple(pairs[value, name] for name in labels) for value in values)
    return Counts(label, by, labels, values, figures, by is not None and _is_time(table, by))


def _value(row: TableRow, at: int | None, values: Sequence[str]) -> str:
    return "" if at is None else _in(bucket(row.cells[at]), values)


def _is_time(table: Table, at: int) -> bool:
    return any(row.cells[at].date for row in table.rows)


def _values(table: Table, at: int) -> tuple[str, ...]:
    known = [choice.name for choice in table.columns[at].choices]
    return _ordered([bucket(row.cells[at]) for row in table.rows], known, is_time=_is_time(table, at))


def _ordered(values: Sequence[str], known: Sequence[str], *, is_time: bool = False) -> tuple[str, ...]:
    counts = Counter(values)
    if is_time:
        months = sorted(name for name in counts if _MONTH.fullmatch(name))
        others = sorted(counts.keys() - set(months), key=lambda name: (name == NOTHING, name))
        return (*_between(months), *others)
    others = sorted(counts.keys() - set(known) - {NOTHING}, key=lambda name: (-counts[name], name))
    most = max(0, MOST_VALUES - len(known))
    names = [*known, *others[:most], *([OTHERS] if len(others) > most else ())]
    return (*names, *((NOTHING,) if counts[NOTHING] else ()))


def _between(months: Sequence[str]) -> Sequence[str]:
    """Return months with those between them, of which there is nothing: a line must not pass over them."""
    numbers = [12 * int(month[:4]) + int(month[5:]) - 1 for month in months]
    if not numbers or numbers[-1] - numbers[0] > MOST_MONTHS:
        return months
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(numbers[0], numbers[-1] + 1)]


def _in(value: str, names: Sequence[str]) -> str:
    return value if value in names else OTHERS


def chart_of(table: Table, counts: Counts) -> Chart:
    name, labels = _(table.columns[counts.label].name), tuple(map(_, counts.labels))
    if counts.by is None:
        return Chart(name, ChartKind.BARS, labels, (Series(_("Texts"), counts.figures[0]),), name)
    by = _("Month") if counts.is_time else _(table.columns[counts.by].name)
    kind = ChartKind.LINES if counts.is_time and len(counts.values) > 1 else ChartKind.BARS
    title = _("{label} by {column}").format(label=name, column=by)
    values = tuple(bucket_words(table.columns[counts.by], value) for value in counts.values)
    series = (Series(label, tuple(line[at] for line in counts.figures)) for at, label in enumerate(labels))
    return Chart(title, kind, values, tuple(series), by)


def charts_of(table: Table) -> list[Chart]:
    """Return the charts of an export: each column of labels alone, by month, and by what else can be counted."""
    return [chart_of(table, counted(table, label, None if by < 0 else by)) for label, by in counted_by(table)]


def counted_by(table: Table) -> list[tuple[int, int]]:
    """Return of each of these charts the column of labels, and the other one; -1: none."""
    pairs = []
    for label in labels_of(table):
        others = [
            at for at in countable(table) if at != label and len({bucket(row.cells[at]) for row in table.rows}) > 1
        ]
        pairs += [(label, by) for by in (-1, *others)]
    return pairs


class Error(Record):
    """How often a person found another label right in a sample, with the interval that holds it in 19 of 20 cases."""

    wrong: int
    checked: int
    low: float
    high: float

    @property
    def words(self) -> str:
        told = _("{wrong} of {checked} labels checked by hand were wrong: {share:.0%} (95 %: {low:.0%} to {high:.0%})")
        return told.format(**values_of(self), share=self.wrong / max(1, self.checked))


def error_of(table: Table, column: int) -> Error | None:
    """Return the error that the checks of a column show. None: nothing was checked. `table`: with a person's values."""
    rows = {row.document: row for row in table.rows}
    checks = [check for check in table.checks if check.column == column and check.document in rows]
    wrong = sum(rows[check.document].cells[column].edited for check in checks)
    return Error(wrong, len(checks), *interval(wrong, len(checks))) if checks else None


def interval(wrong: int, count: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, at 95 %."""
    share, part = wrong / count, CONFIDENCE * CONFIDENCE / count
    middle, width = share + part / 2, math.sqrt(share * (1 - share) * part + part * part / 4)
    return max(0.0, (middle - width) / (1 + part)), min(1.0, (middle + width) / (1 + part))
