"""The pane of tables: the columns to look for, the rows, and the quotation that proves a cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QFrame, QHeaderView, QSizePolicy, QWidget

from slmdesk.base.paper import Form
from slmdesk.base.records import JobStatus
from slmdesk.jobs.events import JobChanged
from slmdesk.library.citations import Span
from slmdesk.tables.types import (
    DOUBTFUL,
    FLAG_WORDS,
    Column,
    Table,
    TableCell,
    TableRow,
    cell_words,
    place_words,
)
from slmdesk.tables.window.cells_view import CellsView
from slmdesk.tables.window.column_chooser import ColumnChooser
from slmdesk.tables.window.controller import TableController
from slmdesk.tables.window.model import TableModel
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.panes.earlier import EarlierBox
from slmdesk.window.panes.making_bar import MakingBar
from slmdesk.window.panes.redaction_dialog import show_before
from slmdesk.window.widgets.build import button, column, flow, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.export_menu import ask_where, give_export_menu
from slmdesk.window.widgets.exporting import ExportController
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.shares import admit
from slmdesk.window.widgets.shield import Shield
from slmdesk.window.widgets.text import breakable, plain_label

FORMS = (
    Form("xlsx", "Spreadsheet"),
    Form("csv", "CSV"),
    Form("docx", "Word document"),
    Form("pdf", "PDF"),
    Form("json", "JSON, for programs"),
)
HINT = "Each document becomes a row. Only words that stand in a document come into its cells, each with its page."
SCOPES: list[tuple[object, str]] = [
    ("document", "This document"),
    ("all", "All in the list"),
    ("folder", "A folder…"),
]
COLUMN_LETTERS, MOST_QUOTE = 17, 300


class TablePane(QFrame):
    place_chosen = Signal(object)
    width_requested = Signal(bool)

    def __init__(
        self, controller: TableController, exports: ExportController, keeper: ThemeKeeper, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("table_pane")
        self.folder: Path | None = None
        self._controller, self._exports, self._keeper = controller, exports, keeper
        self.model = TableModel(lambda: keeper.theme, self)
        self._is_running = self._has_table = self._is_wide = self._is_choosing = False
        self._build_ui()
        self._connect()
        self.show_nothing()

    def _build_ui(self) -> None:
        self._setup = named(QFrame(self), "table_setup")
        self._chooser = ColumnChooser(self._setup)
        self._scope = named(Choice(SCOPES, self._setup), "table_scope", label="Which documents become rows")
        self._shield = Shield("redact_table_button", self._setup)
        self._begin = button("Make the table", "make_table_button", self._setup, kind="primary", on=self._on_begin)
        self._back = button("Back to the table", "back_to_table_button", self._setup, kind="quiet", on=self._on_back)
        self.earlier = EarlierBox(self, name="earlier_tables")
        self._making = MakingBar(self._controller, self, kind="table", prefix="making_table", resume="Resume")
        self._making.lay_out(has_own_line=False)
        self._note = plain_label("", self, name="table_note", kind="muted")
        self._warning = plain_label("", self, name="table_warning", kind="warn")
        self.table = self._make_table()
        self._detail = self._make_detail()
        start = flow(self._scope, self._shield, self._begin, gap=theme.SPACE_8)
        back = (self._back, Qt.AlignmentFlag.AlignLeft)
        column(self._chooser, start, back, into=self._setup, gap=theme.SPACE_8)
        self._foot = self._make_foot()
        self._filler = QWidget(self)
        column(
            self._setup, self.earlier, self._making, self._note, self._warning, (self.table, 1), self._detail,
            self._foot, (self._filler, 1),
            into=self, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12),
        )  # fmt: skip

    def _make_table(self) -> CellsView:
        table = named(CellsView(self), "cells_table", label="The table; Enter changes a cell, Space goes to its page")
        table.setModel(self.model)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setMinimumHeight(6 * table.fontMetrics().height())
        rows, header = table.verticalHeader(), table.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # a height asked of each row would read them all
        rows.setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        header.setHighlightSections(False)
        header.setDefaultSectionSize(COLUMN_LETTERS * table.fontMetrics().averageCharWidth())
        return table

    def _make_detail(self) -> QFrame:
        detail = named(QFrame(self), "cell_detail")
        self._quote = plain_label("", detail, name="cell_quote")
        self._place = plain_label("", detail, name="cell_place", kind="small")
        self._doubt = plain_label("", detail, name="cell_doubt", kind="warn")
        self._show_page = button("Show the page", "show_cell_page_button", detail, kind="quiet", on=self._on_show_page)
        column(self._quote, self._doubt, row((self._place, 1), self._show_page), into=detail, gap=theme.SPACE_4)
        return detail

    def _make_foot(self) -> QFrame:
        foot = named(QFrame(self), "table_foot")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        foot.setSizePolicy(policy)
        make, tables = partial(button, parent=foot, kind="quiet"), self._controller
        tip = "Choose columns and documents for another table"
        self._new = make("New table", "new_table_button", tip=tip, on=self._on_new)
        self._save = make("Save as", "save_table_button")
        give_export_menu(self._save, self._on_form, "Save the table as", FORMS)
        tip = "Read the documents as they are now; what you changed in the table stays"
        self._again = make("Make again", "again_table_button", tip=tip, on=tables.again)
        tip = "Take the last change of a cell back (Ctrl+Z)"
        self._undo = make("Undo", "undo_cell_button", tip=tip, on=tables.undo)
        tip = "Give the table the place of the pages"
        self._wide = make("Wide", "wide_table_button", tip=tip, on=lambda: self.width_requested.emit(True))
        flow(self._save, self._again, self._undo, self._wide, self._new, gap=theme.SPACE_8, into=foot)
        return foot

    def _connect(self) -> None:
        tables, model, view = self._controller, self.model, self.table
        self._chooser.columns_changed.connect(self._settle)
        self.earlier.follow(tables.items, tables.choose, tables.delete)
        tables.begun.connect(self.show_begun)
        tables.read_reported.connect(self.show_read)
        tables.row_received.connect(model.add)
        tables.job_reported.connect(self.show_job)
        tables.made.connect(self.show_table)
        tables.stopped.connect(self.show_stopped)
        tables.emptied.connect(self.show_nothing)
        tables.undo_changed.connect(self._undo.setEnabled)
        show_before(tables.redaction, self, "Make the table")
        model.cell_edited.connect(tables.edit)
        model.dataChanged.connect(lambda *_: self._notify(view.currentIndex()))
        model.modelReset.connect(lambda: self._notify(QModelIndex()))
        model.modelReset.connect(view.fit)
        view.clicked.connect(self._go_to)
        view.page_requested.connect(lambda index: self._go_to(index, with_space=True))
        view.selectionModel().currentChanged.connect(lambda index, _before: self._notify(index))
        self._keeper.theme_changed.connect(lambda _theme: model.repaint())
        undo = QShortcut(QKeySequence.StandardKey.Undo, self, tables.undo)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # ---- what is shown

    def show_nothing(self) -> None:
        self._is_running = self._has_table = self._is_choosing = False
        self.model.begin(())
        self._say(HINT)
        self._settle()

    def show_begun(self, columns: Sequence[Column]) -> None:
        self._is_running, self._has_table, self._is_choosing = True, True, False
        self.model.begin(columns)
        self._say("")
        self._warning.setText("")
        self._making.show_waiting()
        self._settle()

    def show_read(self, done: int, total: int) -> None:
        self._making.show_amount(f"Reading documents: {done} of {total}", done, total)

    def show_job(self, event: JobChanged) -> None:
        self._is_running = not event.status.is_end
        self._making.show_job(event)
        if event.status is JobStatus.FAILED and event.problem is not None:
            self._say(event.problem.sentence)
        elif event.status is JobStatus.CANCELLED:
            there = "the rows that were done are here" if self.model.rows else "no row of it was done"
            self._say(f"The table was cancelled; {there}.")
        elif self._is_running and event.status is not JobStatus.PAUSED:
            self._say("")
        self._settle()

    def show_table(self, table: Table) -> None:
        self._has_table = True
        self._is_running = self._is_running and not table.is_done
        self.model.show_table(table)
        report = table.redaction.words if table.redaction else ""
        self._say("\n".join(filter(None, (_said_of(table), report))))
        self._warning.setText(f"⚠ {table.note}" if table.note else "")
        self._settle()

    def show_stopped(self, words: str) -> None:
        self._is_running = self._is_choosing = False
        self._has_table = bool(self.model.rows)
        self._say(words)
        self._settle()

    def show_wide(self, is_wide: bool) -> None:
        self._is_wide = is_wide
        self._wide.setVisible(not is_wide and self._has_table)
        self._notify(self.table.currentIndex())

    # ---- events

    def _on_new(self) -> None:
        """Choose columns for another table, beginning with those of this one."""
        self._is_choosing = True
        self._chooser.show_columns(self.model.columns)
        self._settle()
        self._begin.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_back(self) -> None:
        self._is_choosing = False
        self._settle()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_begin(self) -> None:
        columns = self._chooser.columns
        self._begin.setEnabled(False)  # until it is begun, or refused: a second press is no second table
        scope = str(self._scope.currentData())
        if scope == "folder":
            dialog = passing(QFileDialog(self, "A folder of documents", str(Path.home())), "table_folder_dialog")
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
            dialog.fileSelected.connect(lambda path: self._on_folder(columns, Path(path)))
            dialog.rejected.connect(self._settle)
            dialog.open()
        elif scope == "all":
            self._controller.begin_all(columns, redact=self._shield.isChecked())
        else:
            self._controller.begin(columns, redact=self._shield.isChecked())

    def _on_folder(self, columns: Sequence[Column], folder: Path) -> None:
        allowed: list[Path] = []
        admit(self, [folder], allowed.extend, is_chosen=True)
        if allowed:
            self._controller.begin_folder(columns, folder, redact=self._shield.isChecked())
        else:
            self._settle()

    def _on_show_page(self) -> None:
        self._go_to(self.table.currentIndex(), with_space=True)

    def _on_form(self, form: str) -> None:
        tables = self._controller

        def save(target: Path) -> None:
            self._exports.export(tables.item, form, target)

        ask_where(self, tables.title, form, save, FORMS, folder=self.folder)

    def _go_to(self, index: QModelIndex, *, with_space: bool = False) -> None:
        row, cell = self.model.row_at(index), self.model.cell_at(index)
        if row is None or (self._is_wide and not with_space):
            return
        if self._is_wide:
            self.width_requested.emit(False)
        page = cell.page if cell else 1
        if page:
            start, end = (cell.start, cell.end) if cell else (0, 0)
            self.place_chosen.emit(Span(row.document, page, start, end))

    def _notify(self, index: QModelIndex) -> None:
        """Show the quotation that proves the cell, and what is doubtful about it."""
        row, cell = self.model.row_at(index), self.model.cell_at(index)
        self._detail.setVisible(cell is not None and self._has_table and not self._is_choosing)
        if row is None or cell is None:
            return
        quote = cell.quote if len(cell.quote) <= MOST_QUOTE else cell.quote[: MOST_QUOTE - 1] + "…"
        self._quote.setText(breakable(f"“{quote}”") if quote else "")
        self._quote.setVisible(bool(quote))
        words = cell_words(cell, row.page_kind)
        is_doubtful = cell.flag in DOUBTFUL
        self._doubt.setText(f"⚠ {FLAG_WORDS[cell.flag]}")
        self._doubt.setVisible(is_doubtful)
        self._place.setText(_place_words(row, cell) if is_doubtful else f"{row.name}, {words}" if words else row.name)
        self._show_page.setVisible(bool(cell.page) and self._is_wide)

    # ---- private

    def _settle(self) -> None:
        has_rows = bool(self.model.rows)
        is_choosing = self._is_choosing or not self._has_table
        self._setup.setVisible(is_choosing)
        self._filler.setVisible(is_choosing)
        self._back.setVisible(self._has_table)
        self._note.setVisible(bool(self._note.text()) and not self._is_choosing)
        self._warning.setVisible(bool(self._warning.text()) and not is_choosing)
        self._making.setVisible(self._is_running)
        self._begin.setEnabled(not self._is_running and bool(self._chooser.columns))
        self.table.setVisible(not is_choosing)
        self._foot.setVisible(not is_choosing)
        self._detail.setVisible(not is_choosing and self.model.cell_at(self.table.currentIndex()) is not None)
        self._new.setEnabled(not self._is_running)
        self._wide.setVisible(self._has_table and not self._is_wide)
        self._save.setEnabled(has_rows and not self._is_running)
        self._again.setEnabled(not self._is_running)

    def _say(self, words: str) -> None:
        self._note.setText(words)
        self._note.setVisible(bool(words) and not self._is_choosing)


def _place_words(row: TableRow, cell: TableCell) -> str:
    return ", ".join(one for one in (row.name, place_words(cell, row.page_kind)) if one)


def _said_of(table: Table) -> str:
    cells = [cell for row in table.rows for cell in row.cells]
    filled, doubtful = sum(bool(one.value) for one in cells), sum(one.flag in DOUBTFUL for one in cells)
    look = f", {doubtful} of them to review" if doubtful else ""
    unfinished = "" if table.is_done else " The table is not finished."
    return f"{filled} of {len(cells)} cells have words of the documents{look}.{unfinished}" if cells else ""
