"""The rows that a report has in a list or on two pages: titles, statements, and lines
that unfold what is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from slmdesk.base.record import changed
from slmdesk.base.texts import _, ngettext
from slmdesk.claims.types import Mark
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.ui.kit.widgets.build import plain_tip

Index = QModelIndex | QPersistentModelIndex
Passes = Callable[[Statement], bool]
MOST_WORDS = 30
"""Sentences with more words than this are cut until they are chosen, but for what is
due by a day.
"""
LEAD_LINES = 2
ANSWERED_LINES = 3
"""Lines of the words that are answered, until they are chosen."""
TICKS = {
    frozenset((True,)): Qt.CheckState.Checked,
    frozenset((False,)): Qt.CheckState.Unchecked,
}
"""Tick of statements together, by whether they are approved."""

NONE = Statement("")
"""Of a row that says something else."""


class RowKind(IntEnum):
    TITLE = 0
    STATEMENT = 1
    FOLD = 2
    """Says how many statements are left out, and shows them when it is pressed."""
    NOTE = 3


@dataclass(slots=True, eq=False)
class Row:
    """A line of the list, and how it was drawn last."""

    kind: RowKind
    section: Section
    key: str
    """Which section of the report it belongs to."""
    statement: Statement = NONE
    text: str = ""
    sign: str = ""
    """What stands behind a statement with sources: its number, or where it is cited its
    place.
    """
    is_lead: bool = False
    has_bullet: bool = False
    has_days: bool = False
    """Whether a column for days stands before the statements of its section. Of a
    title: whether it is the first such, where the way to the calendar stands.
    """
    has_tick: bool = False
    is_answer: bool = False
    """Whether it stands below the words that it answers."""
    most_words: int = 0
    most_lines: int = 0
    drawn: object = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same row in a report that was made anew."""
        looks = (
            self.text,
            self.sign,
            self.is_lead,
            self.has_bullet,
            self.has_days,
            self.tick,
        )
        return (self.kind, self.key, self.statement, *looks)

    @property
    def place(self) -> tuple[object, ...]:
        """What makes it the same row, though it says something else by now."""
        return (self.kind, self.key, self.statement.id)

    @property
    def tick(self) -> Qt.CheckState | None:
        """Whether it is chosen: of a title, whether its statements are. None: it has no
        tick.
        """
        if not self.has_tick:
            return None
        statements: Sequence[Statement] = (self.statement,)
        if self.kind is RowKind.TITLE:
            statements = self.section.statements
        approved = frozenset(statement.is_approved for statement in statements)
        return TICKS.get(approved, Qt.CheckState.PartiallyChecked)


def key_of(section: Section, at: int) -> str:
    return section.id or f"{at} {section.title}"


def fold_words(section: Section) -> str:
    """Return the line that stands for the statements of a folded section."""
    if section.fold:
        return section.fold
    count = len(section.statements)
    words = ngettext("{n:,} more passage", "{n:,} more passages", count)
    if section.title:
        words = f"{section.title}: {words}"
    return words


def rows_of(
    report: Report, unfolded: Collection[str] = (), passes: Passes | None = None
) -> Iterator[Row]:
    """Yield the rows of a report. `passes`: which statements are shown, without what is
    folded.
    """
    has_titles = any(
        section.title and not section.is_folded for section in report.sections
    )
    has_numbers = report.layout is Layout.LIST and not report.has_ticks
    number = 0
    is_dated = False
    for at, section in enumerate(report.sections):
        key = key_of(section, at)
        if section.is_folded and passes:
            continue
        if section.is_folded and section.statements:
            yield Row(RowKind.FOLD, section, key, text=fold_words(section))
        if section.is_folded and key not in unfolded:
            continue
        has_days = any(
            statement.value is not None and statement.value.date
            for statement in section.statements
        )
        shown = [
            statement
            for statement in section.statements
            if not passes or passes(statement)
        ]
        if section.title and not section.is_folded and (shown or not passes):
            yield Row(
                RowKind.TITLE,
                section,
                key,
                text=section.title,
                has_days=has_days and not is_dated,
                has_tick=report.has_ticks,
            )
            is_dated |= has_days
        is_alone = at == 0 and not section.title and len(section.statements) == 1
        is_lead = (
            is_alone
            and report.layout is Layout.LIST
            and (has_titles or not report.is_draft)
        )
        for statement in shown:
            words = statement.text or statement.missing
            if statement.heading and report.layout is Layout.LIST:
                words = f"{statement.heading}: {words}"
            row = Row(RowKind.STATEMENT, section, key, statement, words)
            if statement.sources and has_numbers:
                number += 1
                row.sign = statement.place if section.is_cited else str(number)
            row.is_lead, row.has_days, row.has_tick = (
                is_lead,
                has_days,
                report.has_ticks,
            )
            row.has_bullet = not (section.is_prose or is_lead or section.is_folded)
            if is_lead and has_titles:
                row.most_lines = LEAD_LINES
            if not (has_days or is_lead or section.is_cited):
                row.most_words = MOST_WORDS
            if statement.other and report.layout is Layout.LIST:
                row.is_answer = True
                row.most_words, row.most_lines = 0, ANSWERED_LINES
            yield row
        if not passes:
            for note in section.notes:
                yield Row(RowKind.NOTE, section, key, text=note)


def details_of(marks: Sequence[Mark]) -> str:
    return "\n".join(mark.detail for mark in marks if mark.detail)


def warning_of(statement: Statement) -> str:
    """Return the line that says what is doubtful, or ""."""
    doubts = statement.doubts
    if not doubts and not statement.is_supported:
        doubts = _("not found in the document")
    if not doubts:
        return ""
    return _("Check this: {doubts}").format(doubts=doubts)


def spoken(row: Row, action_words: Mapping[str, str]) -> str:
    """Return what a screen reader says of a row."""
    statement = row.statement
    parts = [statement.gist, row.text, statement.place, warning_of(statement)]
    if row.is_answer:
        held = action_words.get(statement.chosen or "", "")
        parts = [statement.other, statement.place, held, row.text, parts[-1]]
        if statement.is_left_out:
            parts.insert(0, _("left out"))
    else:
        has_place = statement.place or statement.sources or statement.runs
        if statement.text and not has_place:
            parts.append(_("no place found"))
        if statement.other:
            parts.append(_("Before: {text}").format(text=statement.other))
    return ". ".join(part.rstrip(".") for part in (*parts, *statement.notes) if part)


class ReportRows(QAbstractListModel):
    """The rows of a report. A row that stays the same keeps its place, its focus and
    what was drawn of it.
    """

    edited = Signal(object, str)
    """Emitted with a statement and the text that a person gave it."""
    ticked = Signal(str, bool)
    """Emitted with the id of a statement, or of a section, and whether it is to have a
    tick.
    """
    outdated = Signal(object)
    """Emitted with a section that is unfolded and was changed since it was read."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.report = Report("", "")
        self.rows: list[Row] = []
        self.passes: Passes | None = None
        """Which statements are on show. None: all."""
        self.order: Callable[[Statement], object] | None = None
        """By what statements are sorted, without titles and what is folded. None: in
        the order of the report.
        """
        self.action_words: dict[str, str] = {}
        self._unfolded: set[str] = set()
        self._read: dict[str, Section] = {}
        """Folded sections whose statements were read when they were asked for."""

    def show_report(self, report: Report, *, is_other: bool = True) -> None:
        """Show a report. `is_other`: it is not what the one before has become."""
        before, self.report = self.report, report
        if is_other:
            self._unfolded, self._read = set(), {}
            self.passes = None
        self._settle()
        for at, section in enumerate(report.sections):
            is_read = key_of(section, at) in self._unfolded & self._read.keys()
            if is_read and section not in before.sections:
                self.outdated.emit(section)

    def choose(self, passes: Passes | None) -> None:
        self.passes = passes
        self._settle()

    def order_by(self, order: Callable[[Statement], object] | None) -> None:
        self.order = order
        self._settle()

    def fold(self, key: str, *, is_open: bool) -> None:
        self._unfolded.discard(key)
        if is_open:
            self._unfolded.add(key)
        self._settle()

    def is_unread(self, row: Row) -> bool:
        """Whether the statements of a folded section are not known yet."""
        return row.key not in self._read and not any(
            statement.text for statement in row.section.statements
        )

    def unfold(self, section: Section, statements: Sequence[Statement]) -> None:
        """Show the statements of a folded section, which were read for it."""
        if section in self.report.sections:
            key = key_of(section, self.report.sections.index(section))
            self._read[key] = changed(section, statements=tuple(statements))
            self.fold(key, is_open=True)

    def is_unfolded(self, key: str) -> bool:
        return key in self._unfolded

    def _settle(self) -> None:
        """Replace only the rows between the first and the last that differ."""
        sections = tuple(
            self._read.get(key_of(one, at), one)
            for at, one in enumerate(self.report.sections)
        )
        rows = list(
            rows_of(
                changed(self.report, sections=sections), self._unfolded, self.passes
            )
        )
        order = self.order
        if order is not None:
            rows = [
                row
                for row in rows
                if row.kind is RowKind.STATEMENT and not row.section.is_folded
            ]
            rows.sort(key=lambda row: order(row.statement))  # type: ignore[arg-type, return-value]
        before, after = (
            [row.identity for row in self.rows],
            [row.identity for row in rows],
        )
        start = _alike(before, after)
        most = min(len(before), len(after)) - start
        end = min(_alike(before[::-1], after[::-1]), most)
        gone, come = len(before) - end, len(after) - end
        if gone == come > start and _are_the_same(
            self.rows[start:gone], rows[start:come]
        ):
            self.rows[start:come] = rows[start:come]
            self.dataChanged.emit(self.index(start), self.index(come - 1))
            return
        if gone > start:
            self.beginRemoveRows(QModelIndex(), start, gone - 1)
            del self.rows[start:gone]
            self.endRemoveRows()
        if come > start:
            self.beginInsertRows(QModelIndex(), start, come - 1)
            self.rows[start:start] = rows[start:come]
            self.endInsertRows()

    def row_at(self, index: Index) -> Row | None:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        return self.rows[index.row()]

    def statement_at(self, index: Index) -> Statement | None:
        row = self.row_at(index)
        if row is None or row.kind is not RowKind.STATEMENT:
            return None
        return row.statement

    @property
    def statements(self) -> list[Statement]:
        return [row.statement for row in self.rows if row.kind is RowKind.STATEMENT]

    def index_of(self, statement: Statement) -> QModelIndex:
        return self._first(lambda known: known == statement)

    def index_of_id(self, id: str) -> QModelIndex:
        return self._first(lambda known: known.id == id)

    def _first(self, is_meant: Passes) -> QModelIndex:
        for at, row in enumerate(self.rows):
            if row.kind is RowKind.STATEMENT and is_meant(row.statement):
                return self.index(at)
        return QModelIndex()

    def redraw(self) -> None:
        """Forget how the rows were drawn: the letters have another size."""
        for row in self.rows:
            row.drawn = None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row_at(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(row, self.action_words)
        return TOLD.get(role, _nothing)(row)

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.row_at(index)
        if row is None or (
            row.kind in (RowKind.TITLE, RowKind.NOTE) and row.tick is None
        ):
            return Qt.ItemFlag.NoItemFlags  # no arrow key stops at it
        flags = super().flags(index)
        if row.tick is not None:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        is_own = row.statement.id and not row.statement.is_quotation
        if is_own and self.report.is_editable:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(
        self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        row, statement = self.row_at(index), self.statement_at(index)
        if role == Qt.ItemDataRole.CheckStateRole and row is not None:
            self.ticked.emit(
                row.statement.id or row.section.id, value == Qt.CheckState.Checked
            )
            return True
        words = str(value).strip()
        if (
            role != Qt.ItemDataRole.EditRole
            or statement is None
            or words == statement.text
        ):
            return False
        self.edited.emit(statement, words)
        return True


def _tip(row: Row) -> str:
    words = details_of(row.statement.marks)
    if row.has_tick:
        words = "\n".join(row.statement.quotes)
    return plain_tip(words)


def _begun_with(row: Row) -> str:
    """Return what a person begins with who edits a row."""
    if row.is_answer:
        return row.statement.text
    return row.statement.text or row.statement.other


def _nothing(_row: Row) -> None:
    return None


TOLD: Mapping[int, Callable[[Row], object]] = {
    Qt.ItemDataRole.DisplayRole: lambda row: row.text,
    Qt.ItemDataRole.EditRole: _begun_with,
    Qt.ItemDataRole.ToolTipRole: _tip,
    Qt.ItemDataRole.AccessibleDescriptionRole: lambda row: details_of(
        row.statement.marks
    ),
    Qt.ItemDataRole.CheckStateRole: lambda row: row.tick,
}
"""What is told of a row, by Qt's roles."""


def _are_the_same(before: Sequence[Row], after: Sequence[Row]) -> bool:
    """Return whether rows stay where they are, and only say something else."""
    return [row.place for row in before] == [row.place for row in after]


def _alike(some: Sequence[object], others: Sequence[object]) -> int:
    """Return how many values at the beginning of both are the same."""
    count = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        count += 1
    return count
