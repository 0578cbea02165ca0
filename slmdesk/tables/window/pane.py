"""The pane of tables: the columns to extract, the rows, and the quotation that proves a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.base.documents import Form
from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.base.texts import _, cut, in_quotes, ngettext, retold
from slmdesk.jobs.types import JobChanged, left_words
from slmdesk.library.types import Span
from slmdesk.tables.cells import column_named, presets
from slmdesk.tables.labels import label_presets, own_labels
from slmdesk.tables.request import MOST_COLUMNS, MOST_NAME
from slmdesk.tables.types import (
    ADDS_UP,
    CHOSEN,
    DOUBTFUL,
    Column,
    ColumnKind,
    Flag,
    Label,
    Table,
    TableRow,
    certainty_words,
    flag_words,
    origin_words,
    place_words,
    unasked_words,
)
from slmdesk.tables.window.cells import TableModel
from slmdesk.tables.window.controller import LOOKING, NOTHING_NAMED, TableController
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.panes import EarlierBox, MakingBar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.cells import CellsView
from slmdesk.window.widgets.files import admit, ask_file
from slmdesk.window.widgets.notices import ExportController, ask_folder, ask_where
from slmdesk.window.widgets.parts import Popover, Segments
from slmdesk.window.widgets.rows import Choice

if TYPE_CHECKING:
    from slmdesk.tables.window.counts import CountsView

FORMS = (
    Form("xlsx", _("Spreadsheet")),
    Form("csv", "CSV"),
    Form("docx", _("Word document")),
    Form("pdf", "PDF"),
    Form("json", _("JSON, for programs")),
)
MOST_QUOTE = 300
MANY, COUNT_MS = 500, 300
"""Rows from which on cells are counted now and then, and how often."""
NARROW = 84
"""Width in letters below which the buttons above the table have no words."""


class TablePane(QFrame):
    model_requested = Signal()
    place_chosen = Signal(object)
    width_requested = Signal(bool)

    def __init__(
        self, controller: TableController, exports: ExportController, keeper: ThemeKeeper, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("table_pane")
        self.folder: Path | None = None
        self._controller, self._exports = controller, exports
        self.model = TableModel(self)
        self.room: Callable[[], int] = lambda: 0
        """The width of the pane beside the pages. A wider table takes their place."""
        self.has_pages: Callable[[], bool] = lambda: False
        """Whether the pages are on show beside the table, where a click on a cell goes to its page too."""
        self._is_running = False
        self._total = 0
        self._counting = Delay(self, COUNT_MS, self._show_figure, "table_counting")
        self._build_ui()
        self._connect()
        keeper.theme_changed.connect(lambda _theme: self.model.repaint())
        self.show_nothing()

    def _build_ui(self) -> None:
        self._adding = ColumnPopover(self)
        self._tables = Popover(self, "tables_popover", label=_("Earlier tables"), width=400)
        self.earlier = EarlierBox(self._tables, name="earlier_tables")
        column(self.earlier, into=self._tables, margins=theme.SPACE_16)
        self._making = MakingBar(self._controller, self, kind="table", prefix="making_table", resume=_("Resume"))
        self._making.lay_out(has_own_line=False)
        self._note = plain_label("", self, name="table_note", kind="muted")
        self._say = partial(show_words, self._note)
        self._warning = plain_label("", self, name="table_warning", kind="warn")
        self._unasked = plain_label("", self, name="table_unasked", kind="muted")
        self._get = button(_("Get a model"), "table_model_button", self, on=self._on_get)
        self.table = self._make_table()
        self._counts: CountsView | None = None
        self._views = self._make_views()
        self._proof = self._make_proof()
        self._bar = self._make_bar()
        self._offer = button(_("Make a table"), "make_table_button", self, on=lambda: self._controller.begin(()))
        self._filler = QWidget(self)
        column(
            self._bar, row((self._unasked, 1), self._get), self._views, (self.table, 1), self._making, self._note,
            row(self._offer, 1), self._warning, (self._filler, 1),
            into=self, gap=theme.SPACE_8, margins=(theme.SPACE_24, theme.SPACE_4, theme.SPACE_24, theme.SPACE_12),
        )  # fmt: skip

    def _make_table(self) -> CellsView:
        table = named(
            CellsView(self), "cells_table", label=_("The table; Enter changes a cell, Space shows its source")
        )
        table.setModel(self.model)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setMinimumHeight(6 * table.fontMetrics().height())
        header = table.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda place: self._columns.popup(header.mapToGlobal(place)))
        return table

    def _make_views(self) -> QFrame:
        """What a table of labels has above it: its rows or their counts, and the figure whose rows are on show."""
        views = named(QFrame(self), "table_views")
        self._segments = Segments(views, "table_segments", label=_("Rows or counts"))
        self._segments.addTab(_("Rows"))
        self._segments.addTab(_("Counts"))
        self._segments.currentChanged.connect(lambda _at: self._settle())
        tip = _("Show all rows")
        self._only = button("", "table_only_button", views, kind="quiet", icon="x", tip=tip, on=self._show_all)
        self._only.setAccessibleName(tip)
        row(self._segments, 1, self._only, into=views, gap=theme.SPACE_8)
        return views

    def _make_proof(self) -> Popover:
        proof = Popover(self, "cell_popover", label=_("The source of the value"), width=420)
        self._document = ElidedLabel(proof, name="cell_document", kind="small", cut=Qt.TextElideMode.ElideMiddle)
        self._place = plain_label("", proof, name="cell_place", kind="small", wraps=False)
        self._passage = named(QFrame(proof), "cell_passage", kind="band")
        self._quote = plain_label("", self._passage, name="cell_quote")
        column(self._quote, into=self._passage, margins=theme.SPACE_12)
        self._doubt = plain_label("", proof, name="cell_doubt", kind="warn")
        self._check = plain_label("", proof, name="cell_check", kind="small")
        edit = button(_("Edit"), "edit_cell_button", proof, kind="quiet", on=self._on_edit)
        self._show_page = button(_("Open page"), "show_cell_page_button", proof, kind="text", on=self._on_show_page)
        head = row((self._document, 1), self._place)
        foot = row((self._check, 1), edit, self._show_page)
        column(head, self._passage, self._doubt, foot, into=proof, gap=theme.SPACE_8, margins=theme.SPACE_16)
        return proof

    def _make_bar(self) -> QFrame:
        bar, tables = named(QFrame(self), "table_bar"), self._controller
        bar.setMinimumWidth(1)  # in a narrow pane its buttons have no words
        self._figure = plain_label("", bar, name="table_figure", kind="strong", wraps=False)
        self._doubts = button(
            "", "table_doubts", bar, kind="flag", icon="triangle-alert", colour="warn", on=self._on_doubts,
            tip=_("Go to the next cell to check"),
        )  # fmt: skip
        label = _("Add a column")
        self._add = button("", "new_column_button", bar, kind="quiet", icon="plus", label=label)
        self._add.clicked.connect(lambda: self._adding.toggle(self._add))
        self.export = self._save = button(
            "", "save_table_button", bar, kind="primary", on=partial(self._on_form, "xlsx")
        )
        self._save.setAccessibleName(_("Save as Excel"))
        label = _("More about the table")
        self._more = tool_button("table_more_button", bar, icon="ellipsis", label=label, tip=label)
        menu = named(QMenu(self._more), "table_menu")
        self._again = self._action(menu, _("Refresh"), "again_table_button", tables.again)
        self._undo = self._action(menu, _("Undo"), "undo_cell_button", tables.undo)
        self._undo.setEnabled(False)
        self._scope = named(menu.addMenu(_("Documents")), "table_scope_menu")
        self._action(self._scope, _("This document"), "table_of_document", lambda: tables.begin(self.model.columns))
        self._all = self._action(self._scope, "", "table_of_all", lambda: tables.begin_all(self.model.columns))
        self._action(self._scope, _("A folder…"), "table_of_folder", self._ask_folder)
        self._fresh = self._action(menu, _("New table"), "new_table_button", lambda: tables.begin(()))
        self._join = self._action(menu, _("Add rows of a file…"), "join_table_button", self._ask_file)
        self._columns = named(menu.addMenu(_("Columns")), "table_columns_menu")
        self._columns.aboutToShow.connect(self._fill_columns)
        self._older = self._action(menu, _("Earlier tables"), "earlier_tables_action", self._on_earlier)
        menu.addSeparator()
        save = _("Save as {form}…")
        self._forms = [
            self._action(menu, save.format(form=form.name), f"export_{form.id}", partial(self._on_form, form.id))
            for form in FORMS
        ]
        menu.aboutToShow.connect(lambda: self._older.setEnabled(self.earlier.has_entries))
        self._more.setMenu(menu)
        parts = (self._figure, self._doubts, 1, self._add, self._save, self._more)
        row(*parts, into=bar, gap=theme.SPACE_8)
        return bar

    @staticmethod
    def _action(menu: QMenu, words: str, name: str, on: Callable[[], object]) -> QAction:
        action = named(menu.addAction(words), name)
        action.triggered.connect(lambda _checked=False: on())
        return action

    def _connect(self) -> None:
        tables, model, view = self._controller, self.model, self.table
        self._adding.added.connect(self._on_added)
        self._adding.themes_requested.connect(lambda: tables.find_themes(self._adding.show_themes))
        self.earlier.follow(tables.items, tables.choose, tables.delete)
        self.earlier.chosen.connect(self._tables.dismiss)
        tables.begun.connect(self.show_begun)
        tables.read_reported.connect(self.show_read)
        tables.rows_received.connect(model.add)
        tables.job_reported.connect(self.show_job)
        tables.made.connect(self.show_table)
        tables.stopped.connect(self.show_stopped)
        tables.emptied.connect(self.show_nothing)
        tables.offered.connect(lambda: self._settle(is_offered=True))
        tables.undo_changed.connect(self._undo.setEnabled)
        tables.has_model.changed.connect(self._show_figure)
        model.cell_edited.connect(tables.edit)
        model.dataChanged.connect(lambda *__: self._fill_proof(view.currentIndex()))
        for signal in (model.dataChanged, model.modelReset, model.rowsInserted):
            signal.connect(lambda *__: self._on_cells())
        model.modelReset.connect(self._proof.dismiss)
        model.modelReset.connect(view.fit)
        view.clicked.connect(self._on_clicked)
        view.source_requested.connect(self._on_source)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence.StandardKey.Undo, self, tables.undo).setContext(context)

    def show_nothing(self) -> None:
        self._is_running, self._total = False, 0
        self.model.begin(())
        self._say("")
        self._settle()

    def show_count(self, count: int) -> None:
        """Show how many documents the search leaves in the list, which all can become rows."""
        self._all.setText(_("All {count} shown").format(count=count))

    def show_begun(self, columns: Sequence[Column], documents: int) -> None:
        self._is_running = True
        self._total = documents
        self.model.begin(columns)
        self._say("")
        self._warning.setText("")
        self._making.show_waiting()
        self._settle()

    def show_read(self, done: int, total: int) -> None:
        self._making.show_amount(_("Reading documents: {done} of {total}").format(done=done, total=total), done, total)

    def show_job(self, event: JobChanged) -> None:
        self._is_running = not event.status.is_end
        self._making.show_job(event)
        if event.status is not JobStatus.PAUSED:  # of which the bar says why
            self._making.words.setText(", ".join(filter(None, (self._done_words(), left_words(event.left)))))
            is_cancelled = event.status is JobStatus.CANCELLED
            cancelled = _("The table was cancelled: what was not reached says “not read”.") if is_cancelled else ""
            self._say(event.problem.sentence if event.problem else cancelled)
        self._settle()

    def _done_words(self) -> str:
        """Say how far the table is, of texts of which nobody knows yet how many there are how many were found."""
        count = len(self.model.rows)
        if self._total < count:
            return ngettext("1 text", "{n:,} texts", count)
        done = sum(Flag.OPEN not in [cell.flag for cell in row.cells] for row in self.model.rows)
        return _("{done} of {total} documents").format(done=done, total=self._total)

    def show_table(self, table: Table) -> None:
        self._is_running = self._is_running and not table.is_done
        self._total = self._total if self._is_running else len(table.rows)
        self.model.show_table(table)
        self._say("")
        self._warning.setText("\n".join(f"⚠ {retold(line)}" for line in table.note.split("\n")) if table.note else "")
        if self._counts is not None and self._has_labels:
            self._counts.show_table(table)
        self._settle()

    def show_stopped(self, words: str) -> None:
        self._is_running = False
        self._adding.themes.setEnabled(True)  # it may be they that were refused
        if not self.model.rows:
            self.model.begin(())
        self._say(words)
        self._settle(is_offered=words not in (LOOKING, NOTHING_NAMED) and not self.model.columns)

    @property
    def is_unfilled(self) -> bool:
        """Whether there are cells for which no model was asked."""
        return bool(self._unasked.text())

    @property
    def _has_labels(self) -> bool:
        return any(column.kind is ColumnKind.LABEL for column in self.model.columns)

    def _show_counts(self) -> CountsView:
        if self._counts is None:
            from slmdesk.tables.window.counts import CountsView  # late: few tables have labels

            self._counts = CountsView(self, self._exports.write_bytes)
            self._counts.rows_chosen.connect(self._on_rows_chosen)
            self._counts.check_requested.connect(self._on_check)
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(layout.indexOf(self.table), self._counts, 1)
            if self._controller.table is not None:
                self._counts.show_table(self._controller.table)
        return self._counts

    def _on_rows_chosen(self, rows: frozenset[str], words: str) -> None:
        self.model.show_only(rows)
        self._only.setText(words)
        self._segments.setCurrentIndex(0)
        self._settle()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_all(self) -> None:
        self.model.show_only(None)
        self._settle()

    def _on_check(self, column: int) -> None:
        from slmdesk.tables.window.checking import CheckDialog  # late, as above

        tables = self._controller
        if tables.table is not None:
            CheckDialog(self, tables.table, tables.table.columns[column], tables.item, tables.check).open()

    def _ask_file(self) -> None:
        title = _("A file with more texts")
        ask_file(self, title, self._controller.join, name="join_table_dialog")

    def _on_added(self, column: Column) -> None:
        if column.kind is ColumnKind.LABEL and not self._has_labels:
            self._controller.begin_labels([column])
            return
        names = {known.name.casefold() for known in self.model.columns}
        if column.name.casefold() not in names and len(names) < MOST_COLUMNS:
            self._show_columns([*self.model.columns, column])
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)  # the button cannot be pressed while it is filled

    def _show_columns(self, columns: Sequence[Column]) -> None:
        if self._controller.item and columns:
            self._controller.reshape(columns)
        elif columns:
            self._controller.begin(columns)

    def _fill_columns(self) -> None:
        """List the columns, to be left out, and the kinds of paper, whose columns take their place."""
        self._columns.clear()
        for at, known in enumerate(self.model.columns):
            action = self._action(self._columns, _(known.name), f"table_column_{at}", partial(self._leave_out, at))
            action.setCheckable(True)
            action.setChecked(True)
        self._columns.addSeparator()
        for some in presets():
            words = _("Those of: {kind}").format(kind=some.name)
            self._action(self._columns, words, f"table_preset_{some.id}", partial(self._show_columns, some.columns))

    def _leave_out(self, at: int) -> None:
        self._show_columns([known for place, known in enumerate(self.model.columns) if place != at])

    def _on_get(self) -> None:
        """Let the model fill what none was asked for, or lead to one."""
        (self._controller.again if self._controller.has_model.value else self.model_requested.emit)()

    def _on_earlier(self) -> None:
        self.earlier.unfold()
        self._tables.toggle(self._more)

    def _on_doubts(self) -> None:
        """Go to the next cell to check, and from the last to the first."""
        here, width = self.table.currentIndex(), len(self.model.columns)
        after = here.row() * width + here.column() if here.isValid() else 0
        doubts = [
            at * width + column
            for at, row in enumerate(self.model.rows)
            for column, cell in enumerate(row.cells)
            if cell.flag in DOUBTFUL
        ]
        if doubts:
            at, column = divmod(next((place for place in doubts if place >= after), doubts[0]), width)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self._on_source(self.model.index(at, column + 1))

    def _ask_folder(self) -> None:
        title, place, name = _("A folder of documents"), str(Path.home()), "table_folder_dialog"
        ask_folder(self, title, self._on_folder, place=place, name=name)

    def _on_folder(self, folder: Path) -> None:
        read = partial(self._controller.begin_folder, self.model.columns)
        admit(self, [folder], lambda allowed: read(allowed[0]), is_chosen=True)

    def _on_clicked(self, index: QModelIndex) -> None:
        if self.has_pages() and self.model.cell_at(index) is not None:
            self._go_to(index)
        if not self.table.is_editing:  # it is after a double click
            self._on_source(index)

    def _on_source(self, index: QModelIndex) -> None:
        """Show what proves a cell. A document's name leads to its pages."""
        if self.model.cell_at(index) is None:
            self._go_to(index)
            return
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)
        self._fill_proof(index)
        self._proof.toggle(self.table.viewport(), self.table.visualRect(index))

    def _on_edit(self) -> None:
        self._proof.dismiss()
        self.table.edit(self.table.currentIndex())

    def _on_show_page(self) -> None:
        self._proof.dismiss()
        self._go_to(self.table.currentIndex())

    def _on_form(self, form: str) -> None:
        tables = self._controller
        save = partial(self._exports.export, tables.item, form)
        ask_where(self, tables.title, form, save, FORMS, folder=self.folder)

    def _go_to(self, index: QModelIndex) -> None:
        row, cell = self.model.row_at(index), self.model.cell_at(index)
        if cell is None and row is not None and row.source != row.document:  # a text of a table
            cell = max(row.cells, key=lambda known: len(known.value))
        if row is not None and (page := cell.page if cell else 1):
            self.width_requested.emit(False)
            start, end = (cell.start, cell.end) if cell else (0, 0)
            self.place_chosen.emit(Span(row.source, page, start, end))

    def _fill_proof(self, index: QModelIndex) -> None:
        row, cell = self.model.row_at(index), self.model.cell_at(index)
        if row is None or cell is None:
            return
        self._document.set_full_text(row.name)
        self._place.setText(place_words(cell, row.page_kind))
        self._quote.setText(breakable(in_quotes(cut(cell.quote, MOST_QUOTE))))
        self._passage.setVisible(bool(cell.quote))
        self._doubt.setText(f"⚠ {flag_words(cell.flag)}")
        self._doubt.setVisible(cell.flag in DOUBTFUL)
        words = flag_words(cell.flag) if cell.flag not in DOUBTFUL else ""
        note = cell.note if cell.note != ADDS_UP else self._sum_words(row)
        said = origin_words(cell), certainty_words(cell) or words or _(note)
        self._check.setText(" · ".join(filter(None, said)))
        self._show_page.setVisible(bool(cell.page))

    def _sum_words(self, row: TableRow) -> str:
        """Return "Net + Tax = Total ✓" if a check found so and no cell was changed since."""
        cells = zip(self.model.columns, row.cells, strict=True)
        amounts = [(cell.number or 0, _(column.name)) for column, cell in cells if cell.note in (ADDS_UP, CHOSEN)]
        if len(amounts) != 3:
            return ""
        tax, net, total = sorted(amounts, key=lambda amount: abs(amount[0]))
        return f"{net[1]} + {tax[1]} = {total[1]} ✓"

    def _settle(self, *, is_offered: bool = False) -> None:
        has_rows, has_table = bool(self.model.rows), bool(self.model.columns)
        width = self.table.horizontalHeader().length() + 2 * theme.SPACE_24
        self.width_requested.emit(has_table and width > self.room())
        self._offer.setVisible(is_offered)
        self._filler.setVisible(not has_table)
        self._warning.setVisible(bool(self._warning.text()) and has_table)
        self._making.setVisible(self._is_running)
        self._views.setVisible(self._has_labels)
        is_counted = self._has_labels and self._segments.currentIndex() == 1
        if is_counted or self._counts is not None:
            self._show_counts().setVisible(is_counted)
        self._only.setVisible(self.model.only is not None and not is_counted)
        self.table.setVisible(has_table and not is_counted)
        self._join.setEnabled(self._has_labels and not self._is_running)
        for entry in (self._scope, self._fresh, self._again):
            entry.setEnabled(not self._is_running)
        self._add.setEnabled(not self._is_running or bool(self._controller.item))
        self._columns.setEnabled(not self._is_running)
        saves: list[QPushButton | QAction] = [self._save, *self._forms]
        for action in saves:
            action.setEnabled(has_rows)
        self._show_figure()
        self._fit_bar()

    def _on_cells(self) -> None:
        """Count the cells, now and then while thousands come."""
        if len(self.model.rows) < MANY:
            self._show_figure()
        elif not self._counting.isActive():
            self._counting.start()

    def _show_figure(self) -> None:
        cells = [cell for row in self.model.rows for cell in row.cells]
        filled, doubtful = sum(bool(cell.value) for cell in cells), sum(cell.flag in DOUBTFUL for cell in cells)
        self._figure.setText(_("{filled} of {count} filled").format(filled=filled, count=len(cells)) if cells else "")
        self._doubts.setText(_("{doubtful} to check").format(doubtful=doubtful))
        self._doubts.setVisible(bool(doubtful))
        words = unasked_words(Table(self.model.columns, tuple(self.model.rows)))
        table = self._controller.table
        is_cut_off = table is not None and not table.is_done
        show_words(self._unasked, words)
        self._get.setVisible((is_cut_off or bool(words)) and not self._is_running)
        self._get.setText(_("Fill now") if self._controller.has_model.value else _("Get a model"))
        self.table.share()

    def _fit_bar(self) -> None:
        is_narrow = self.width() < NARROW * self.fontMetrics().averageCharWidth()
        self._add.setText("" if is_narrow else _("Column"))
        self._save.setText(_("Excel") if is_narrow else _("Save as Excel"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bar()


KIND_WORDS = {
    ColumnKind.TEXT: _("Text"),
    ColumnKind.NUMBER: _("Number"),
    ColumnKind.DATE: _("Date"),
    ColumnKind.AMOUNT: _("Amount of money"),
    ColumnKind.PERSON: _("Person or company"),
    ColumnKind.LIST: _("List"),
    ColumnKind.CODE: _("Number of a paper"),
    ColumnKind.IBAN: _("Bank account (IBAN)"),
    ColumnKind.PERIOD: _("Length of time"),
}


class ColumnPopover(Popover):
    """Asks for a column: its name, and what stands in it; or for labels that come with the program, or one's own."""

    added = Signal(object)
    themes_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "column_popover", label=_("Add a column"))
        hint, label = _("Name of the column, such as Rent"), _("Name of a column to add")
        self._line = text_line("column_line", self, hint, label=label, most=MOST_NAME)
        self._kind = named(Choice([*KIND_WORDS.items()], self), "column_kind")
        self._kind.setAccessibleName(_("What stands in the column to add"))
        self._labels = named(QPlainTextEdit(self), "column_labels", label=_("Labels, one in each line"))
        self._labels.setPlaceholderText(_("A label in each line, with a sentence:\nprice: it costs too much"))
        self._labels.setTabChangesFocus(True)
        self._labels.setFixedHeight(6 * self.fontMetrics().height())
        add = button(_("Add"), "add_column_button", self, kind="primary", on=self._on_add)
        self._line.returnPressed.connect(self._on_add)
        self.themes = button(_("Find themes"), "find_themes_button", self, kind="quiet", on=self._on_themes)
        told = plain_label(_("Sort texts by:"), self, name="column_told", kind="small", wraps=False)
        known = dict(label_presets())
        mood = button(_("Mood"), "label_sentiment", self, kind="chip", on=partial(self._give, known["sentiment"]))
        topics = button(_("Topics"), "label_topic", self, kind="chip", on=partial(self._give, known["topic"]))
        self._own = button(_("Own labels"), "label_own", self, kind="chip")
        self._own.setCheckable(True)
        self._own.toggled.connect(self._on_own)
        kind, sorts = row((self._kind, 1), add), row(mood, topics, self._own, 1, gap=theme.SPACE_8)
        parts = (self._line, kind, told, sorts, self._labels, self.themes)
        column(*parts, into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)
        self._on_own(False)

    def _on_own(self, is_own: bool) -> None:
        self._kind.setEnabled(not is_own)
        for part in (self._labels, self.themes):
            part.setVisible(is_own)
        self.adjustSize()

    def _on_themes(self) -> None:
        self.themes.setEnabled(False)
        self.themes_requested.emit()

    def show_themes(self, themes: Sequence[Label]) -> None:
        """Propose themes, a line for each: a person renames them, or makes one of several."""
        self.themes.setEnabled(True)
        self._labels.selectAll()  # what stood there comes back with Ctrl+Z
        self._labels.insertPlainText("\n".join(f"{theme.name}: {theme.meaning}" for theme in themes))
        if not self._line.text():
            self._line.setText(_("Theme"))

    def _on_add(self) -> None:
        name, kind = self._line.text(), self._kind.currentData()
        known = column_named(name)
        made: Column | None = known if kind == ColumnKind.TEXT else changed(known, kind=kind)
        if self._own.isChecked():
            made = own_labels(name, self._labels.toPlainText().splitlines())
        if made is not None and any(letter.isalnum() for letter in made.name):
            self._give(made)

    def _give(self, made: Column) -> None:
        self._line.clear()
        self._labels.clear()
        self._own.setChecked(False)
        self._kind.show_value(ColumnKind.TEXT)
        self.dismiss()
        self.added.emit(made)
