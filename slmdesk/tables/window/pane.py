"""The pane of tables: the columns to extract, the rows, and the quotation that proves a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QFrame, QHeaderView, QSizePolicy, QTableView, QWidget

from slmdesk.base.documents import Form
from slmdesk.base.records import JobStatus
from slmdesk.base.texts import _
from slmdesk.base.types import page_word
from slmdesk.jobs.types import JobChanged
from slmdesk.library.types import Span
from slmdesk.tables.cells import column_named, preset, presets
from slmdesk.tables.service import MOST_COLUMNS, MOST_NAME
from slmdesk.tables.types import (
    DOUBTFUL,
    FLAG_WORDS,
    Column,
    ColumnKind,
    Flag,
    Table,
    TableCell,
    TableRow,
    cell_words,
    place_words,
)
from slmdesk.tables.window.controller import TableController
from slmdesk.window.base import theme
from slmdesk.window.base.theme import Theme, ThemeKeeper, pixmap
from slmdesk.window.panes import EarlierBox, MakingBar, reading_words
from slmdesk.window.widgets.build import (
    FlowLayout,
    breakable,
    button,
    column,
    flow,
    named,
    passing,
    plain_label,
    plain_tip,
    row,
    text_line,
)
from slmdesk.window.widgets.notices import ExportController, ask_where, give_export_menu
from slmdesk.window.widgets.opening import admit
from slmdesk.window.widgets.redaction_preview import Shield
from slmdesk.window.widgets.rows import Choice

FORMS = (
    Form("xlsx", _("Spreadsheet")),
    Form("csv", "CSV"),
    Form("docx", _("Word document")),
    Form("pdf", "PDF"),
    Form("json", _("JSON, for programs")),
)
HINT = _("Each document becomes a row. Every value is copied from the document and linked to its page.")
SCOPES: list[tuple[object, str]] = [
    ("document", _("This document")),
    ("all", _("All in the list")),
    ("folder", _("A folder…")),
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
        self._scope = named(Choice(SCOPES, self._setup), "table_scope", label=_("Which documents become rows"))
        self._shield = Shield("redact_table_button", self._setup)
        self._begin = button(_("Create table"), "make_table_button", self._setup, kind="primary", on=self._on_begin)
        self._back = button(_("Back to the table"), "back_to_table_button", self._setup, kind="quiet", on=self._on_back)
        self.earlier = EarlierBox(self, name="earlier_tables")
        self._making = MakingBar(self._controller, self, kind="table", prefix="making_table", resume=_("Resume"))
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
        table = named(
            CellsView(self), "cells_table", label=_("The table; Enter changes a cell, Space goes to its page")
        )
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
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # automatic heights would read all rows
        rows.setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        header.setHighlightSections(False)
        header.setDefaultSectionSize(COLUMN_LETTERS * table.fontMetrics().averageCharWidth())
        return table

    def _make_detail(self) -> QFrame:
        detail = named(QFrame(self), "cell_detail")
        self._quote = plain_label("", detail, name="cell_quote")
        self._place = plain_label("", detail, name="cell_place", kind="small")
        self._doubt = plain_label("", detail, name="cell_doubt", kind="warn")
        self._show_page = button(
            _("Show the page"), "show_cell_page_button", detail, kind="quiet", on=self._on_show_page
        )
        column(self._quote, self._doubt, row((self._place, 1), self._show_page), into=detail, gap=theme.SPACE_4)
        return detail

    def _make_foot(self) -> QFrame:
        foot = named(QFrame(self), "table_foot")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        foot.setSizePolicy(policy)
        make, tables = partial(button, parent=foot, kind="quiet"), self._controller
        tip = _("Choose columns and documents for another table")
        self._new = make(_("New table"), "new_table_button", tip=tip, on=self._on_new)
        self._save = make(_("Save as"), "save_table_button")
        give_export_menu(self._save, self._on_form, _("Save the table as"), FORMS)
        tip = _("Read the documents as they are now; what you changed in the table stays")
        self._again = make(_("Refresh"), "again_table_button", tip=tip, on=tables.again)
        tip = _("Take the last change of a cell back (Ctrl+Z)")
        self._undo = make(_("Undo"), "undo_cell_button", tip=tip, on=tables.undo)
        tip = _("Give the table the place of the pages")
        self._wide = make(_("Full width"), "wide_table_button", tip=tip, on=lambda: self.width_requested.emit(True))
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
        tables.redaction.show_over(self, reading_words(_("Create table")))
        model.cell_edited.connect(tables.edit)
        model.dataChanged.connect(lambda *__: self._notify(view.currentIndex()))
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
        self._making.show_amount(_("Reading documents: {done} of {total}").format(done=done, total=total), done, total)

    def show_job(self, event: JobChanged) -> None:
        self._is_running = not event.status.is_end
        self._making.show_job(event)
        if event.status is JobStatus.FAILED and event.problem is not None:
            self._say(event.problem.sentence)
        elif event.status is JobStatus.CANCELLED:
            there = _("the rows that were done are here") if self.model.rows else _("no row of it was done")
            self._say(_("The table was cancelled; {there}.").format(there=there))
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
        """Choose the columns of another table, starting with those of this table."""
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
        self._begin.setEnabled(False)  # until it has started, so that a second click starts no second table
        scope = str(self._scope.currentData())
        if scope == "folder":
            dialog = passing(QFileDialog(self, _("A folder of documents"), str(Path.home())), "table_folder_dialog")
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
        """Show the quotation that proves the cell, and the cell's doubts."""
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
    return ", ".join(words for words in (row.name, place_words(cell, row.page_kind)) if words)


def _said_of(table: Table) -> str:
    cells = [cell for row in table.rows for cell in row.cells]
    filled, doubtful = sum(bool(cell.value) for cell in cells), sum(cell.flag in DOUBTFUL for cell in cells)
    look = _(" · {doubtful} to check").format(doubtful=doubtful) if doubtful else ""
    unfinished = "" if table.is_done else _(" · not finished")
    return (
        _("{filled} of {count} cells filled{look}{unfinished}").format(
            filled=filled, count=len(cells), look=look, unfinished=unfinished
        )
        if cells
        else ""
    )


# ---- the table model of a table taken from documents


ICON_SIZE = 14
EMPTY, OPEN = "–", "…"
Index = QModelIndex | QPersistentModelIndex


class TableModel(QAbstractTableModel):
    """Table model of a table made from documents. Column 0 has the name of the document."""

    cell_edited = Signal(str, int, str)

    def __init__(self, theme: Callable[[], Theme], parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columns: tuple[Column, ...] = ()
        """The extracted columns, without the column of the document names."""
        self.rows: list[TableRow] = []

    # ---- what is shown

    def begin(self, columns: Sequence[Column]) -> None:
        self.beginResetModel()
        self.columns, self.rows = tuple(columns), []
        self.endResetModel()

    def add(self, row: TableRow) -> None:
        """Add a row. It replaces a row of the same document."""
        at = next((at for at, other_row in enumerate(self.rows) if other_row.document == row.document), len(self.rows))
        if at < len(self.rows):
            self.rows[at] = row
            self._changed(at, at)
            return
        self.beginInsertRows(QModelIndex(), at, at)
        self.rows.append(row)
        self.endInsertRows()

    def show_table(self, table: Table) -> None:
        """Show a table. If rows and columns are the same, only cells change and the selection stays."""
        is_same = table.columns == self.columns and [other_row.document for other_row in table.rows] == [
            other_row.document for other_row in self.rows
        ]
        if is_same:
            self.rows = list(table.rows)
            self._changed(0, len(self.rows) - 1)
            return
        self.beginResetModel()
        self.columns, self.rows = table.columns, list(table.rows)
        self.endResetModel()

    def row_at(self, index: Index) -> TableRow | None:
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def cell_at(self, index: Index) -> TableCell | None:
        """Return the cell of an index, or None in the column of document names."""
        row = self.row_at(index)
        at = index.column() - 1
        return row.cells[at] if row and 0 <= at < len(row.cells) else None

    def repaint(self) -> None:
        self._changed(0, len(self.rows) - 1)

    # ---- Qt's own

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() or not self.columns else len(self.columns) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section - 1].name if section else _("Document")
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return plain_tip(self.columns[section - 1].meaning or self.columns[section - 1].name)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row_at(index)
        if row is None:
            return None
        cell = self.cell_at(index)
        if cell is None:
            return _name_data(row, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.value or (OPEN if cell.flag is Flag.OPEN else EMPTY)
            case Qt.ItemDataRole.EditRole:
                return cell.value
            case Qt.ItemDataRole.ForegroundRole if not cell.value:
                return QColor(self._theme().ink2)
            case Qt.ItemDataRole.DecorationRole if cell.flag in DOUBTFUL:
                return QIcon(pixmap("triangle-alert", QColor(self._theme().warn), size=ICON_SIZE))
            case Qt.ItemDataRole.DecorationRole if cell.edited:
                return QIcon(pixmap("pencil", QColor(self._theme().ink2), size=ICON_SIZE))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip("\n".join(words for words in (cell.value, cell_words(cell, row.page_kind)) if words))
            case Qt.ItemDataRole.AccessibleTextRole:
                name = self.columns[index.column() - 1].name
                return f"{name}: {cell.value or 'empty'}. {cell_words(cell, row.page_kind)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if self.cell_at(index) is not None else found

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, cell = self.row_at(index), self.cell_at(index)
        words = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or row is None or cell is None or words == cell.value:
            return False
        self.cell_edited.emit(row.document, index.column() - 1, words)
        return True

    def _changed(self, first: int, last: int) -> None:
        if 0 <= first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns)))


def _name_data(row: TableRow, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return row.name
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setWeight(QFont.Weight.DemiBold)
        return font
    if role == Qt.ItemDataRole.ToolTipRole:
        given = "" if row.is_whole else _("\nThe model was given the passages that fit each column best.")
        read = _("{pages_read} of {pages_total} {pages} have words.").format(
            pages_read=row.coverage.pages_read, pages_total=row.coverage.pages_total, pages=page_word(row.page_kind)
        )
        return plain_tip(f"{row.name}\n{read}{given}")
    return None


# ---- chooses the columns of a table


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
MOST_LETTERS = 24


class ColumnChooser(QFrame):
    columns_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("column_chooser")
        self._columns: list[Column] = []
        self._build_ui()
        self._preset.value_chosen.connect(self._on_preset)
        self._line.returnPressed.connect(self._on_add)
        self.show_columns(presets()[0].columns)

    def _build_ui(self) -> None:
        values: list[tuple[object, str]] = [(other_preset.id, other_preset.name) for other_preset in presets()]
        self._preset = named(Choice([*values, ("", _("Columns of my own"))], self), "table_preset")
        self._preset.setAccessibleName(_("What kind of documents these are"))
        self._chips = QFrame(self)
        self._chips.setObjectName("column_chips")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._chips.setSizePolicy(policy)
        self._flow = FlowLayout(self._chips, gap=theme.SPACE_4)
        hint, label = _("Add a column, such as Rent"), _("Name of a column to add")
        self._line = text_line("column_line", self, hint, label=label, most=MOST_NAME)
        self._kind = named(Choice(list(KIND_WORDS.items()), self), "column_kind")
        self._kind.setAccessibleName(_("What stands in the column to add"))
        self._kind.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._kind.setMinimumContentsLength(6)
        add = button(_("Add"), "add_column_button", self, on=self._on_add)
        column(self._preset, self._chips, self._line, row((self._kind, 1), add), into=self, gap=theme.SPACE_8)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(self._columns)

    def show_columns(self, columns: Sequence[Column]) -> None:
        self._columns = list(columns)
        known = next((other_preset.id for other_preset in presets() if other_preset.columns == tuple(columns)), "")
        self._preset.show_value(known)
        while self._flow.count():
            item = self._flow.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for other_column in self._columns:
            name = (
                other_column.name
                if len(other_column.name) <= MOST_LETTERS
                else other_column.name[: MOST_LETTERS - 1] + "…"
            )
            about = f"{other_column.name} ({KIND_WORDS[other_column.kind].lower()}). {other_column.meaning}".strip()
            chip = button(
                f"{name.replace('&', '&&')}  ×",
                "column_chip",
                self._chips,
                kind="quiet",
                label=_("Remove the column {name}").format(name=other_column.name),
                tip=plain_tip(_("{about}\nClick to remove.").format(about=about)),
                on=lambda _checked=False, removed=other_column: self._on_taken_out(removed),
            )
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setVisible(bool(self._columns))
        self._chips.updateGeometry()
        self.columns_changed.emit()

    # ---- events

    def _on_preset(self, id: object) -> None:
        known = preset(str(id))
        self.show_columns(known.columns if known else ())
        if known is None:
            self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_add(self) -> None:
        """Add a column. A name that exists already changes nothing."""
        column = column_named(self._line.text())
        kind = ColumnKind(self._kind.currentData())
        if kind is not ColumnKind.TEXT:
            column = Column(column.name, kind, "", column.labels)
        names = {other_column.name.casefold() for other_column in self._columns}
        is_name = any(letter.isalnum() for letter in column.name)
        if is_name and column.name.casefold() not in names and len(self._columns) < MOST_COLUMNS:
            self.show_columns([*self._columns, column])
        self._line.clear()
        self._kind.show_value(ColumnKind.TEXT)
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_taken_out(self, column: Column) -> None:
        self.show_columns([other_column for other_column in self._columns if other_column is not column])
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)


# ---- the cells of a table of documents


LEAST_LETTERS = 11


class CellsView(QTableView):
    """Table view in which Enter edits a cell and Space goes to its page.

    Columns share the width if each has space for some words, until a person resizes a column.
    """

    page_requested = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_fitting = self._is_drawn = False
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)

    def fit(self) -> None:
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
        has_space = width >= count * LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        each = width // count if has_space else header.defaultSectionSize()
        self._is_fitting = True
        for at in range(count):
            header.resizeSection(at, each)
        if has_space:
            header.resizeSection(count - 1, width - each * (count - 1))
        self._is_fitting = False

    def _on_section_resized(self, _at: int, _before: int, _now: int) -> None:
        self._is_drawn = self._is_drawn or (not self._is_fitting and self.isVisible())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if self.state() == QAbstractItemView.State.EditingState:  # the Enter that ended the editing arrives here too
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.page_requested.emit(index)
        else:
            super().keyPressEvent(event)
