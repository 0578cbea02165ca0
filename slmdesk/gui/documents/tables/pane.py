"""The pane of tables: the columns to look for, the rows, and the quotation that proves a cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.paper import Form
from slmdesk.core.records import Item, JobStatus
from slmdesk.gui.base import theme
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.documents.common.earlier import EarlierBox, Entry
from slmdesk.gui.documents.tables.column_chooser import ColumnChooser
from slmdesk.gui.documents.tables.model import TableModel
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.export_menu import ExportMenu, ask_where
from slmdesk.gui.widgets.flow import FlowLayout
from slmdesk.gui.widgets.job_bar import show_share
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.shares import admit
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.base.messages import time_for_people
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.tables.types import (
    DOUBTFUL,
    FLAG_WORDS,
    Column,
    Table,
    TableCell,
    TableRow,
    cell_words,
    place_words,
)

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
COLUMN_LETTERS, LEAST_LETTERS, MOST_QUOTE = 17, 11, 300
"""Of a column as it is, and of one that shares the width with the others; of a quotation."""


class CellsView(QTableView):
    """Enter edits a cell, Space goes to its page.

    Emits `page_requested` with an index.  Columns share the width where each has room for some words, until a person
    resizes one.
    """

    page_requested = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_fitting = self._is_drawn = False
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)

    def fit(self) -> None:
        """Share the width again: the columns have changed."""
        self._is_drawn = False
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        header, width = self.horizontalHeader(), self.viewport().width()
        count = header.count()
        if not count or self._is_drawn:
            return
        has_room = width >= count * LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        each = width // count if has_room else header.defaultSectionSize()
        self._is_fitting = True
        for at in range(count):
            header.resizeSection(at, each)
        if has_room:
            header.resizeSection(count - 1, width - each * (count - 1))
        self._is_fitting = False

    @Slot(int, int, int)
    def _on_section_resized(self, _at: int, _before: int, _now: int) -> None:
        self._is_drawn = self._is_drawn or (not self._is_fitting and self.isVisible())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if self.state() == QAbstractItemView.State.EditingState:  # the Enter that ended it comes here, too
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.page_requested.emit(index)
        else:
            super().keyPressEvent(event)


class TablePane(QFrame):
    """Emits `table_requested` and `all_requested` with Columns, `folder_requested` with Columns and a Path,
    `again_requested`, `pause_requested`, `resume_requested`, `cancel_requested`, `cell_edited` with a document, a
    column and a text, `undo_requested`, `save_requested` with a form and a Path, `place_chosen` with a document, a page
    and the characters of a cell, `room_requested` with whether it needs the place of the pages.
    """

    table_requested = Signal(object)
    all_requested = Signal(object)
    folder_requested = Signal(object, object)
    again_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()
    cell_edited = Signal(str, int, str)
    undo_requested = Signal()
    save_requested = Signal(str, object)
    place_chosen = Signal(str, int, int, int)
    room_requested = Signal(bool)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("table_pane")
        self.folder: Path | None = None
        """The folder proposed for saving tables."""
        self._keeper = keeper
        self._model = TableModel(lambda: keeper.theme, self)
        self._is_paused = self._is_running = self._has_table = self._is_wide = self._is_choosing = False
        self._title = "Table"
        self._build_ui()
        self._connect()
        self.show_nothing()

    def _build_ui(self) -> None:
        self._setup = named(QFrame(self), "table_setup")
        self._chooser = ColumnChooser(self._setup)
        self._scope = named(Choice(SCOPES, self._setup), "table_scope")
        self._scope.setAccessibleName("Which documents become rows")
        self._begin = named(QPushButton("Make the table", self._setup), "make_table_button")
        self._begin.setProperty("kind", "primary")
        self._back = named(QPushButton("Back to the table", self._setup), "back_to_table_button")
        self._back.setProperty("kind", "quiet")
        self.earlier = EarlierBox(self, name="earlier_tables")
        self._making = self._making_bar()
        self._note = plain_label("", self, name="table_note", kind="muted")
        self._warning = plain_label("", self, name="table_warning", kind="warn")
        self._table = self._make_table()
        self._detail = self._make_detail()
        start = FlowLayout(gap=theme.SPACE_8)
        for part in (self._scope, self._begin):
            start.addWidget(part)
        setup = QVBoxLayout(self._setup)
        setup.setContentsMargins(0, 0, 0, 0)
        setup.setSpacing(theme.SPACE_8)
        setup.addWidget(self._chooser)
        setup.addLayout(start)
        setup.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12)
        column.setSpacing(theme.SPACE_8)
        column.addWidget(self._setup)
        for widget in (self.earlier, self._making, self._note, self._warning):
            column.addWidget(widget)
        column.addWidget(self._table, 1)
        column.addWidget(self._detail)
        column.addWidget(self._make_foot())
        self._filler = QWidget(self)
        column.addWidget(self._filler, 1)

    def _making_bar(self) -> QFrame:
        bar = named(QFrame(self), "making_table")
        self._making_words = plain_label("", bar, name="making_table_words", kind="muted")
        self._pause = named(QPushButton("Pause", bar), "pause_table_button")
        self._cancel = named(QPushButton("Cancel", bar), "cancel_table_button")
        self._bar = named(QProgressBar(bar), "making_table_bar")
        self._bar.setAccessibleName("Making the table")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self._making_words, 1)
        row.addWidget(self._pause)
        row.addWidget(self._cancel)
        column = QVBoxLayout(bar)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._bar)
        return bar

    def _make_table(self) -> CellsView:
        table = named(CellsView(self), "cells_table")
        table.setAccessibleName("The table; Enter changes a cell, Space goes to its page")
        table.setModel(self._model)
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
        self._show_page = named(QPushButton("Show the page", detail), "show_cell_page_button")
        self._show_page.setProperty("kind", "quiet")
        foot = QHBoxLayout()
        foot.addWidget(self._place, 1)
        foot.addWidget(self._show_page)
        column = QVBoxLayout(detail)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        column.addWidget(self._quote)
        column.addWidget(self._doubt)
        column.addLayout(foot)
        return detail

    def _make_foot(self) -> QFrame:
        foot = self._foot = named(QFrame(self), "table_foot")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        foot.setSizePolicy(policy)
        self._new = named(QPushButton("New table", foot), "new_table_button")
        self._new.setToolTip("Choose columns and documents for another table")
        self._save = named(QPushButton("Save as", foot), "save_table_button")
        self._menu = ExportMenu(self._save, "Save the table as", FORMS)
        self._save.setMenu(self._menu)
        self._again = named(QPushButton("Make again", foot), "again_table_button")
        self._again.setToolTip("Read the documents as they are now; what you changed in the table stays")
        self._undo = named(QPushButton("Undo", foot), "undo_cell_button")
        self._undo.setToolTip("Take the last change of a cell back (Ctrl+Z)")
        self._wide = named(QPushButton("Wide", foot), "wide_table_button")
        self._wide.setToolTip("Give the table the place of the pages")
        row = FlowLayout(foot, gap=theme.SPACE_8)
        for button in (self._save, self._again, self._undo, self._wide, self._new):
            button.setProperty("kind", "quiet")
            row.addWidget(button)
        return foot

    def _connect(self) -> None:
        self._begin.clicked.connect(self._on_begin)
        self._chooser.columns_changed.connect(self._settle)
        self._pause.clicked.connect(self._on_pause)
        self._cancel.clicked.connect(self.cancel_requested)
        self._again.clicked.connect(self.again_requested)
        self._new.clicked.connect(self._on_new)
        self._back.clicked.connect(self._on_back)
        self._undo.clicked.connect(self.undo_requested)
        self._wide.clicked.connect(lambda: self.room_requested.emit(True))
        self._menu.form_chosen.connect(self._on_form)
        self._show_page.clicked.connect(lambda: self._go_to(self._table.currentIndex(), with_room=True))
        self._model.cell_edited.connect(self.cell_edited)
        self._table.clicked.connect(self._go_to)
        self._table.page_requested.connect(lambda index: self._go_to(index, with_room=True))
        self._table.selectionModel().currentChanged.connect(lambda index, _before: self._notify(index))
        self._model.dataChanged.connect(lambda *_: self._notify(self._table.currentIndex()))
        self._model.modelReset.connect(lambda: self._notify(QModelIndex()))
        self._model.modelReset.connect(self._table.fit)
        self._keeper.theme_changed.connect(lambda _theme: self._model.repaint())
        undo = QShortcut(QKeySequence.StandardKey.Undo, self, self.undo_requested.emit)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # ---- what is shown

    @property
    def table(self) -> CellsView:
        return self._table

    @property
    def model(self) -> TableModel:
        return self._model

    @Slot()
    def show_nothing(self) -> None:
        self._is_running = self._has_table = self._is_choosing = False
        self._model.begin(())
        self._say(HINT)
        self._settle()

    @Slot(object, str)
    def show_earlier(self, items: Sequence[Item], current: str) -> None:
        """List the document's tables, newest first; `current` is the one on show."""
        self.earlier.show_entries([Entry(one.id, one.title, one.created, one.title) for one in items], current)

    @Slot(object)
    def show_begun(self, columns: Sequence[Column]) -> None:
        self._is_running, self._has_table, self._is_choosing = True, True, False
        self._model.begin(columns)
        self._say("")
        self._warning.setText("")
        self._making_words.setText("Waiting for the model…")
        self._bar.setRange(0, 0)
        self._settle()

    @Slot(int, int)
    def show_read(self, done: int, total: int) -> None:
        self._making_words.setText(f"Reading documents: {done} of {total}")
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @Slot(object)
    def show_row(self, row: TableRow) -> None:
        self._model.add(row)

    @Slot(object)
    def show_job(self, event: JobChanged) -> None:
        self._is_paused = event.status is JobStatus.PAUSED
        self._is_running = not event.status.is_end
        self._pause.setText("Resume" if self._is_paused else "Pause")
        if event.status is JobStatus.FAILED and event.problem is not None:
            self._say(event.problem.sentence)
        elif event.status is JobStatus.CANCELLED:
            there = "the rows that were done are here" if self._model.rows else "no row of it was done"
            self._say(f"The table was cancelled; {there}.")
        elif self._is_paused:
            self._making_words.setText(f"Paused. {event.problem.sentence if event.problem else ''}".strip())
        elif self._is_running:
            self._say("")
            left = f", {time_for_people(event.eta_s)} left" if event.eta_s else ""
            if event.total:
                self._making_words.setText(f"Step {event.done} of {event.total}{left}")
            show_share(self._bar, event)
        self._settle()

    def show_table(self, table: Table, title: str) -> None:
        """Show a table that was made or changed; `title` is the file name for exports."""
        self._has_table, self._title = True, title
        self._is_running = self._is_running and not table.is_done
        self._model.show_table(table)
        self._say(_said_of(table))
        self._warning.setText(f"⚠ {table.note}" if table.note else "")
        self._settle()

    @Slot(str)
    def show_stopped(self, words: str) -> None:
        self._is_running = self._is_choosing = False
        self._has_table = bool(self._model.rows)
        self._say(words)
        self._settle()

    @Slot(bool)
    def show_undo(self, can_undo: bool) -> None:
        self._undo.setEnabled(can_undo)

    def show_wide(self, is_wide: bool) -> None:
        """Whether it has the place of the pages."""
        self._is_wide = is_wide
        self._wide.setVisible(not is_wide and self._has_table)
        self._notify(self._table.currentIndex())

    # ---- events

    @Slot()
    def _on_new(self) -> None:
        """Choose columns for another table, beginning with those of this one."""
        self._is_choosing = True
        self._chooser.show_columns(self._model.columns)
        self._settle()
        self._begin.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_back(self) -> None:
        self._is_choosing = False
        self._settle()
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_begin(self) -> None:
        columns = self._chooser.columns
        self._begin.setEnabled(False)  # until it is begun, or refused: a second press is no second table
        scope = str(self._scope.currentData())
        if scope == "folder":
            dialog = QFileDialog(self, "A folder of documents", str(Path.home()))
            dialog.setObjectName("table_folder_dialog")
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
            dialog.fileSelected.connect(lambda path: self._on_folder(columns, Path(path)))
            dialog.rejected.connect(self._settle)
            dialog.open()
        elif scope == "all":
            self.all_requested.emit(columns)
        else:
            self.table_requested.emit(columns)

    def _on_folder(self, columns: object, folder: Path) -> None:
        allowed: list[Path] = []
        admit(self, [folder], allowed.extend, is_chosen=True)
        if allowed:
            self.folder_requested.emit(columns, folder)
        else:
            self._settle()

    @Slot()
    def _on_pause(self) -> None:
        (self.resume_requested if self._is_paused else self.pause_requested).emit()

    @Slot(str)
    def _on_form(self, form: str) -> None:
        save = partial(self.save_requested.emit, form)
        ask_where(self, self._title, form, save, FORMS, folder=self.folder)

    def _go_to(self, index: QModelIndex, *, with_room: bool = False) -> None:
        """Go to the page of a cell; while the pages are hidden, only `with_room`."""
        row, cell = self._model.row_at(index), self._model.cell_at(index)
        if row is None or (self._is_wide and not with_room):
            return
        if self._is_wide:
            self.room_requested.emit(False)
        page = cell.page if cell else 1
        if page:
            start, end = (cell.start, cell.end) if cell else (0, 0)
            self.place_chosen.emit(row.document, page, start, end)

    def _notify(self, index: QModelIndex) -> None:
        """Show the quotation that proves the cell, and what is doubtful about it."""
        row, cell = self._model.row_at(index), self._model.cell_at(index)
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
        """Show and enable what is possible now."""
        has_rows = bool(self._model.rows)
        is_choosing = self._is_choosing or not self._has_table
        self._setup.setVisible(is_choosing)
        self._filler.setVisible(is_choosing)
        self._back.setVisible(self._has_table)
        self._note.setVisible(bool(self._note.text()) and not self._is_choosing)
        self._warning.setVisible(bool(self._warning.text()) and not is_choosing)
        self._making.setVisible(self._is_running)
        self._begin.setEnabled(not self._is_running and bool(self._chooser.columns))
        self._table.setVisible(not is_choosing)
        self._foot.setVisible(not is_choosing)
        self._detail.setVisible(not is_choosing and self._model.cell_at(self._table.currentIndex()) is not None)
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
    """How many cells have a value, in a sentence."""
    cells = [cell for row in table.rows for cell in row.cells]
    filled, doubtful = sum(bool(one.value) for one in cells), sum(one.flag in DOUBTFUL for one in cells)
    look = f", {doubtful} of them to review" if doubtful else ""
    unfinished = "" if table.is_done else " The table is not finished."
    return f"{filled} of {len(cells)} cells have words of the documents{look}.{unfinished}" if cells else ""
