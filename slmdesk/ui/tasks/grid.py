"""A report as a table: a row for each section, a column for each of its columns, the
proof of each cell, its counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QMenu, QSizePolicy, QWidget

from slmdesk.base.texts import _, in_quotes
from slmdesk.base.types import page_word
from slmdesk.documents.types import Span
from slmdesk.tasks.report import (
    REMOVE_COLUMN,
    RENAME_COLUMN,
    USE_COLUMNS,
    Column,
    Edit,
    Report,
    Section,
    Statement,
    Value,
    ValueKind,
)
from slmdesk.tasks.shape import Task
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import day_in_figures
from slmdesk.ui.kit.base.theme import pixmap
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
)
from slmdesk.ui.kit.widgets.cells import ICON_SIZE, CellsView, Index
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.kit.widgets.parts import Popover, Segments
from slmdesk.ui.tasks.columns import ColumnPopover
from slmdesk.ui.tasks.pages import ReportView
from slmdesk.ui.tasks.rows import details_of, warning_of

if TYPE_CHECKING:
    from slmdesk.ui.tasks.counts import CountsView, SampleDialog

RIGHT = (ValueKind.NUMBER, ValueKind.AMOUNT)
EMPTY = "–"
MOST_QUOTE = 300
NARROW = 84
"""Width in letters below which the buttons above the table have no words."""


class GridModel(QAbstractTableModel):
    """The cells of a report. Column 0 has the titles of its sections."""

    edited = Signal(object, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.rows: list[Section] = []
        self.only: Callable[[Section], bool] | None = None
        """Which rows are on show, of which a figure of the counts was opened. None:
        all.
        """
        self._every: tuple[Section, ...] = ()
        self._sorted: tuple[int, bool] = (-1, False)
        """Number of the column by which the rows are sorted, and whether downwards."""

    def show_report(self, report: Report) -> None:
        """Show a report. If only cells change, or rows come at the end, the selection
        stays, and what is in sight.
        """
        before, now = (
            [section.id for section in sections]
            for sections in (self._every, report.sections)
        )
        is_as_told = self._sorted[0] < 0 and self.only is None
        count = len(before)
        is_longer = (
            report.columns == self.columns and before == now[:count] and is_as_told
        )
        if is_longer and count < len(now):
            self.beginInsertRows(QModelIndex(), count, len(now) - 1)
            self._every = report.sections
            self._place()
            self.endInsertRows()
            self._changed()
            return
        is_same = report.columns == self.columns and before == now
        self._every = report.sections
        if is_same:
            self._place()
            self._changed()
            return
        self.beginResetModel()
        if report.columns != self.columns:
            self._sorted = (-1, False)
        self.columns = report.columns
        self._place()
        self.endResetModel()

    def show_only(self, only: Callable[[Section], bool] | None) -> None:
        self.beginResetModel()
        self.only = only
        self._place()
        self.endResetModel()

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort the rows by a column; -1: as the report has them."""
        self.beginResetModel()
        self._sorted = (column, order == Qt.SortOrder.DescendingOrder)
        self._place()
        self.endResetModel()

    def _place(self) -> None:
        only, (at, is_down) = self.only, self._sorted
        self.rows = [
            section for section in self._every if only is None or only(section)
        ]
        if at >= 0:
            self.rows.sort(key=lambda section: _sort_key(section, at), reverse=is_down)
            self.rows.sort(
                key=lambda section: _is_empty(section, at)
            )  # what is empty stays at the end

    def section_at(self, index: Index) -> Section | None:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        return self.rows[index.row()]

    def statement_at(self, index: Index) -> Statement | None:
        """Return the statement of a cell, or None in the column of titles."""
        section, at = self.section_at(index), index.column() - 1
        if section is None or not 0 <= at < len(section.statements):
            return None
        return section.statements[at]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        if parent.isValid() or not self.columns:
            return 0
        return len(self.columns) + 1

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section <= len(
            self.columns
        ):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return [_("Document"), *(known.name for known in self.columns)][section]
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return plain_tip(
                self.columns[section - 1].meaning or self.columns[section - 1].name
            )
        return None

    def _side(self, at: int) -> int:
        side = Qt.AlignmentFlag.AlignLeft
        if at > 0 and self.columns[at - 1].kind in RIGHT:
            side = Qt.AlignmentFlag.AlignRight
        return int(side | Qt.AlignmentFlag.AlignVCenter)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        section, statement = self.section_at(index), self.statement_at(index)
        if section is None:
            return None
        if statement is None:
            return _title_data(section, role)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            name = self.columns[index.column() - 1].name
            parts = (
                f"{name}: {statement.text or _('empty')}",
                statement.place,
                warning_of(statement),
            )
            return ". ".join(part for part in (*parts, *statement.notes) if part)
        if (
            role == Qt.ItemDataRole.DisplayRole
            and self.columns[index.column() - 1].is_given
        ):
            return _given_words(statement)
        tell = TOLD.get(role)
        if tell is None:
            return None
        return tell(statement)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags, statement = super().flags(index), self.statement_at(index)
        if statement is not None and statement.id:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(
        self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        statement, words = self.statement_at(index), " ".join(str(value).split())
        if (
            role != Qt.ItemDataRole.EditRole
            or statement is None
            or words == statement.text
        ):
            return False
        self.edited.emit(statement, words)
        return True

    def _changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns))
            )


def _statement(section: Section, at: int) -> Statement:
    return (Statement(section.title), *section.statements)[at]


def _is_empty(section: Section, at: int) -> bool:
    return not _statement(section, at).text


def _sort_key(section: Section, at: int) -> tuple[float, str, str]:
    statement = _statement(section, at)
    value = statement.value or Value()
    return value.number or 0.0, value.date, statement.text.casefold()


def _words(statement: Statement) -> str:
    value = statement.value or Value()
    if statement.text and value.certainty:
        return _("{words} {share:.0%}").format(
            words=statement.text, share=value.certainty
        )
    if statement.is_open:
        return "…"
    return statement.text or statement.missing or EMPTY


def _given_words(statement: Statement) -> str:
    """Return what came with a document: its day in the figures of the window, other
    words as they are.
    """
    value = statement.value
    if value is not None and value.date and not statement.sources:
        return day_in_figures(date.fromisoformat(value.date))
    return statement.text or EMPTY


def _sign(statement: Statement) -> QIcon | None:
    colours = theme.current()
    if statement.is_wrong:
        return QIcon(pixmap("triangle-alert", QColor(colours.danger), size=ICON_SIZE))
    if statement.is_to_check:
        return QIcon(pixmap("triangle-alert", QColor(colours.warn), size=ICON_SIZE))
    if statement.is_edited:
        return QIcon(pixmap("pencil", QColor(colours.ink2), size=ICON_SIZE))
    return None


def _ink(statement: Statement) -> QColor | None:
    if statement.text:
        return None
    return QColor(theme.current().ink2)


def _tip(statement: Statement) -> str:
    parts = (
        statement.text,
        statement.place,
        warning_of(statement),
        details_of(statement.marks),
        *statement.notes,
    )
    return plain_tip("\n".join(part for part in parts if part))


TOLD: Mapping[int, Callable[[Statement], object]] = {
    Qt.ItemDataRole.DisplayRole: _words,
    Qt.ItemDataRole.EditRole: lambda statement: statement.text,
    Qt.ItemDataRole.ForegroundRole: _ink,
    Qt.ItemDataRole.DecorationRole: _sign,
    Qt.ItemDataRole.ToolTipRole: _tip,
}
"""What is told of a cell, by Qt's roles."""


def _title_data(section: Section, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return section.title
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setWeight(QFont.Weight.DemiBold)
        return font
    if role == Qt.ItemDataRole.ToolTipRole:
        return plain_tip(
            "\n".join((section.title, *_read_words(section), *section.notes))
        )
    return None


def _read_words(section: Section) -> Iterator[str]:
    read = section.coverage
    if read is not None:
        yield _("{pages_read} of {pages_total} {pages} have words.").format(
            pages_read=read.pages_read,
            pages_total=read.pages_total,
            pages=page_word(section.page_kind),
        )


class GridView(ReportView):
    """The table of a report. Enter changes a cell, Space shows its source, a press on a
    head sorts by it.
    """

    labels_requested = Signal(object)
    """Emitted with the function that takes labels found in the documents, a line for
    each.
    """
    picture_requested = Signal(object, object)
    """Emitted with the data of a chart and the file it goes to."""

    def __init__(self, task: Task[Any, Any], parent: QWidget, name: str) -> None:
        super().__init__(task, parent, name)
        self.model = GridModel(self)
        self.room: Callable[[], int] = lambda: 0
        """The width of the pane beside the pages. A wider table takes their place."""
        self.has_pages: Callable[[], bool] = lambda: False
        """Whether the pages are on show beside the table, where a click on a cell goes
        to its page too.
        """
        self._counts: CountsView | None = None
        self._sample: SampleDialog | None = None
        self._is_held = False
        """Whether the report is newer than what is on show."""
        self._build_ui()
        self.model.edited.connect(
            lambda statement, text: self.edit_requested.emit(Edit(statement.id, text))
        )
        self.model.dataChanged.connect(
            lambda *__: self._fill_proof(self.table.currentIndex())
        )
        self.model.modelReset.connect(self._proof.dismiss)
        self.table.clicked.connect(self._on_clicked)
        self.table.source_requested.connect(self.show_proof)
        self.table.itemDelegate().closeEditor.connect(self._show_held)

    def _build_ui(self) -> None:
        kind = self.task.kind
        bar = named(QFrame(self), f"{kind}_bar")
        bar.setMinimumWidth(1)  # in a narrow pane its button has no words
        self._figure = plain_label(
            "", bar, name=f"{kind}_figure", kind="strong", wraps=False
        )
        tip = _("Go to the next cell to check")
        self._doubts = button(
            "",
            f"{kind}_doubts",
            bar,
            kind="flag",
            icon="triangle-alert",
            colour="warn",
            tip=tip,
            on=self.go_to_doubt,
        )
        self._add = button(
            "",
            f"{kind}_new_column",
            bar,
            kind="quiet",
            icon="plus",
            label=_("Add a column"),
        )
        self._adding = ColumnPopover(self, self.task.grid, f"{kind}_column")
        self._adding.added.connect(self._on_added)
        self._adding.labels_requested.connect(self.labels_requested)
        self._add.clicked.connect(lambda: self._adding.toggle(self._add))
        row(self._figure, self._doubts, 1, self._add, into=bar, gap=theme.SPACE_8)
        self._views = self._build_views()
        self.table = named(
            CellsView(self),
            f"{kind}_cells",
            label=_("The table; Enter changes a cell, Space shows its source"),
        )
        self.table.setModel(self.model)
        triggers = QAbstractItemView.EditTrigger
        self.table.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(6 * self.table.fontMetrics().height())
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self.model.sort)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda place: self._column_menu(header.logicalIndexAt(place)).popup(
                header.mapToGlobal(place)
            )
        )
        self._proof = self._build_proof()
        self._column = column(
            bar, self._views, (self.table, 1), into=self, gap=theme.SPACE_8
        )

    def _build_views(self) -> QFrame:
        """What a table with counts has above it: its rows or their counts, and the
        figure whose rows are on show.
        """
        views = named(QFrame(self), f"{self.task.kind}_views")
        self._segments = Segments(
            views, f"{self.task.kind}_segments", label=_("Rows or counts")
        )
        self._segments.addTab(_("Rows"))
        self._segments.addTab(_("Counts"))
        self._segments.currentChanged.connect(lambda _at: self._settle())
        tip = _("Show all rows")
        name = f"{self.task.kind}_only"
        self._only = button(
            "",
            name,
            views,
            kind="quiet",
            icon="x",
            tip=tip,
            label=tip,
            on=self.show_all,
        )
        row(self._segments, 1, self._only, into=views, gap=theme.SPACE_8)
        return views

    def _build_proof(self) -> Popover:
        kind = self.task.kind
        proof = Popover(
            self, f"{kind}_proof", label=_("The source of the value"), width=420
        )
        cut = Qt.TextElideMode.ElideMiddle
        self._document = ElidedLabel(
            proof, name=f"{kind}_cell_document", kind="small", cut=cut
        )
        self._place = plain_label(
            "", proof, name=f"{kind}_cell_place", kind="small", wraps=False
        )
        self._passage = named(QFrame(proof), f"{kind}_cell_passage", kind="band")
        self._quote = plain_label("", self._passage, name=f"{kind}_cell_quote")
        column(self._quote, into=self._passage, margins=theme.SPACE_12)
        self._doubt = plain_label("", proof, name=f"{kind}_cell_doubt", kind="warn")
        self._check = plain_label("", proof, name=f"{kind}_cell_check", kind="small")
        edit = button(
            _("Edit"), f"{kind}_edit_cell", proof, kind="quiet", on=self._on_edit
        )
        self._show = button(
            _("Open page"), f"{kind}_show_cell", proof, kind="text", on=self._on_show
        )
        head, foot = (
            row((self._document, 1), self._place),
            row((self._check, 1), edit, self._show),
        )
        column(
            head,
            self._passage,
            self._doubt,
            foot,
            into=proof,
            gap=theme.SPACE_8,
            margins=theme.SPACE_16,
        )
        return proof

    def fill_menu(self, menu: QMenu) -> None:
        """Add the columns, to be left out or to have another name."""
        columns = named(menu.addMenu(_("Columns")), f"{self.task.kind}_columns_menu")
        for at, known in enumerate(self.report.columns, 1):
            columns.addMenu(self._column_menu(at, columns)).setText(known.name)
        columns.addSeparator()
        for id, name in self.task.grid.sets:
            use = partial(
                self.edit_requested.emit, Edit("", action=USE_COLUMNS, value=id)
            )
            action = columns.addAction(_("Those of: {kind}").format(kind=name), use)
            named(action, f"{self.task.kind}_set_{id}")

    def _column_menu(self, at: int, parent: QWidget | None = None) -> QMenu:
        menu = named(QMenu(parent or self), f"{self.task.kind}_column_menu")
        if not 0 < at <= len(self.report.columns):
            return menu
        menu.addAction(
            _("Sort by it"),
            lambda: self.table.sortByColumn(at, Qt.SortOrder.AscendingOrder),
        )
        leave_out = partial(
            self.edit_requested.emit, Edit("", action=REMOVE_COLUMN, value=at - 1)
        )
        known = self.report.columns[at - 1]
        if known.is_own and not known.is_given:
            menu.addAction(_("Rename…"), lambda: self._ask_name(at - 1))
        if known.is_own and len(self.report.columns) > 1:
            menu.addAction(_("Leave out"), leave_out)
        return menu

    def _ask_name(self, at: int) -> None:
        def named_so(name: str) -> None:
            self.edit_requested.emit(Edit("", action=RENAME_COLUMN, value=[at, name]))

        known = self.report.columns[at].name
        LineQuestion(
            self, "rename_dialog", _("Rename"), _("New name:"), named_so, text=known
        ).open()

    @property
    def statements(self) -> Sequence[Statement]:
        return [
            statement for section in self.model.rows for statement in section.statements
        ]

    def show_report(self, report: Report, *, is_other: bool = True) -> None:
        """Show a report. While a person writes into a cell, its next state waits."""
        self.report = report
        self._is_held = self.table.is_editing and not is_other
        if self._is_held:
            return
        if is_other:
            self.model.only = None
            self._segments.setCurrentIndex(0)
        self._adding.offer(report.offers)
        self.model.show_report(report)
        if self._sample is not None:
            self._sample.show_report(report)
        self.table.share()
        self._settle()

    def _show_held(self) -> None:
        if self._is_held:
            self.show_report(self.report, is_other=False)

    def _settle(self) -> None:
        report = self.report
        cells = [
            statement for section in report.sections for statement in section.statements
        ]
        filled = sum(bool(statement.text) for statement in cells)
        doubtful = sum(statement.is_to_check for statement in cells)
        self._figure.setText(
            _("{filled} of {count} filled").format(filled=filled, count=len(cells))
        )
        self._figure.setVisible(bool(cells))
        self._doubts.setText(_("{doubtful} to check").format(doubtful=doubtful))
        self._doubts.setVisible(bool(doubtful))
        self._add.setVisible(report.is_editable)
        self._views.setVisible(bool(report.charts))
        is_counted = bool(report.charts) and self._segments.currentIndex() == 1
        if is_counted:
            self._show_counts()
        if self._counts is not None:
            self._counts.setVisible(is_counted)
        self._only.setVisible(self.model.only is not None and not is_counted)
        self.table.setVisible(bool(report.columns) and not is_counted)
        height = QSizePolicy.Policy.Preferred
        if not report.columns:  # it is the line above them
            height = QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, height)
        self._fit()
        width = self.table.horizontalHeader().length() + 2 * theme.SPACE_24
        self.width_requested.emit(bool(report.columns) and width > self.room())

    def _show_counts(self) -> None:
        from slmdesk.ui.tasks.counts import CountsView  # late: few tables have counts

        if self._counts is None:
            self._counts = CountsView(self, f"{self.task.kind}_counts")
            self._counts.rows_chosen.connect(self.show_rows)
            self._counts.check_requested.connect(self._on_check)
            self._counts.picture_requested.connect(self.picture_requested)
            self._column.addWidget(self._counts, 1)
        self._counts.show_report(self.report)

    def show_rows(self, only: Callable[[Section], bool], words: str) -> None:
        """Show the rows that a figure counts."""
        self.model.show_only(only)
        self._only.setText(words)
        self._segments.setCurrentIndex(0)
        self._settle()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_all(self) -> None:
        self.model.show_only(None)
        self._settle()

    def _on_check(self, at: int) -> None:
        from slmdesk.ui.tasks.counts import SampleDialog  # late, as above

        self._sample = SampleDialog(self, self.report, at)
        self._sample.edit_requested.connect(self.edit_requested)
        self._sample.open()

    def let_find(self) -> None:
        self._adding.let_find()

    def _on_added(self, edit: Edit, added: Column) -> None:
        """Add a column, unless it is there."""
        known = {
            key.casefold()
            for column in self.report.columns
            for key in (column.name, column.id)
            if key
        }
        if (added.id or added.name).casefold() not in known:
            self.edit_requested.emit(edit)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def go_to_doubt(self) -> None:
        """Go to the next cell to check, and from the last to the first."""
        here, width = self.table.currentIndex(), len(self.report.columns)
        after = max(0, here.row() * width + here.column())
        cells = [
            statement for section in self.model.rows for statement in section.statements
        ]
        doubts = [at for at, statement in enumerate(cells) if statement.is_to_check]
        if doubts:
            at, across = divmod(
                next((place for place in doubts if place >= after), doubts[0]), width
            )
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.show_proof(self.model.index(at, across + 1))

    def _on_clicked(self, index: QModelIndex) -> None:
        if self.has_pages() and self.model.statement_at(index) is not None:
            self._go_to(index)
        if not self.table.is_editing:  # it is after a double click
            self.show_proof(index)

    def show_proof(self, index: QModelIndex) -> None:
        """Show what proves a cell. A title leads to the pages of its document."""
        if self.model.statement_at(index) is None:
            self._go_to(index)
            return
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)
        self._fill_proof(index)
        self._proof.toggle(self.table.viewport(), self.table.visualRect(index))

    def _fill_proof(self, index: Index) -> None:
        section, statement = (
            self.model.section_at(index),
            self.model.statement_at(index),
        )
        if section is None or statement is None:
            return
        quote = ""
        if statement.quotes:
            quote = statement.quotes[0][:MOST_QUOTE]
        self._document.set_full_text(section.title)
        self._place.setText(statement.place)
        self._quote.setText(breakable(in_quotes(quote)))
        self._passage.setVisible(bool(quote))
        warning = warning_of(statement)
        self._doubt.setText(f"⚠ {warning}")
        self._doubt.setVisible(bool(warning))
        self._check.setText(" · ".join(statement.notes))
        self._show.setVisible(bool(statement.sources))

    def _on_edit(self) -> None:
        self._proof.dismiss()
        self.table.edit(self.table.currentIndex())

    def _on_show(self) -> None:
        self._proof.dismiss()
        self._go_to(self.table.currentIndex())

    def _go_to(self, index: Index) -> None:
        """Go to where a cell stands, or else to the document of its row."""
        section, statement = (
            self.model.section_at(index),
            self.model.statement_at(index),
        )
        if section is None:
            return
        known = next((one for one in section.statements if one.sources), None)
        chosen = statement or known
        if chosen is None and section.document:
            chosen = Statement(section.title, (Span(section.document, 1, 0, 0),))
        if chosen is not None and chosen.sources:
            self.width_requested.emit(False)
            self.statement_chosen.emit(chosen)

    def _fit(self) -> None:
        self._add.setText(_("Column"))
        if self.width() < NARROW * self.fontMetrics().averageCharWidth():
            self._add.setText("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
