"""The window of the network log."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QWidget,
)

from slmdesk.online.network_log import Exported
from slmdesk.online.window.network_log import COLUMNS, NetworkLogController, NetworkLogModel, cells_of, summary_of
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.widgets.build import CLEAR, button, column, row, set_kind, text_line
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import breakable, plain_label

TITLE = "Requests over the network"
EMPTY = "Nothing has left this PC."
NOTHING = "No request holds these words."
MOST_LETTERS = {"Host": 32, "Path": 56}
"""As wide as these columns grow by themselves; the last takes the rest."""
KINDS = "CSV, for spreadsheets (*.csv);;JSON (*.json)"


class NetworkLogWindow(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "ledger_window", TITLE)
        self.resize(1040, 600)
        self._controller = NetworkLogController(bridge, self)
        self._model = NetworkLogModel(self)
        self._build_ui()
        self._connect()
        self._controller.refresh()
        self._field.setFocus()

    def _build_ui(self) -> None:
        self._summary = plain_label("", self, name="ledger_summary")
        hint, label = "Search host, path and purpose", "Search the ledger"
        self._field = text_line("ledger_search", self, hint, label=label, most=200, clears=CLEAR)
        self._table = self._make_table()
        self._nothing = plain_label("", self, name="ledger_nothing", kind="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = named(QStackedWidget(self), "ledger_stack")
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._nothing)
        self._note = plain_label("", self, name="ledger_note", kind="muted")
        tip = "Write the rows to a CSV or JSON file; while you search, those that were found"
        self._export = button("Export…", "ledger_export", self, tip=tip, on=self._on_export)
        close = button("Close", "ledger_close", self, on=self.reject)
        self._export.setAutoDefault(False)
        close.setAutoDefault(False)
        foot = row((self._note, 1), self._export, close, gap=theme.SPACE_8)
        parts = (self._summary, self._field, (self._stack, 1), foot)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def _make_table(self) -> QTableView:
        table = named(QTableView(self), "ledger_table", label=TITLE)
        table.setModel(self._model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        rows, header = table.verticalHeader(), table.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # a height asked of each row would read them all
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(table.fontMetrics().averageCharWidth() * 4)
        header.setDefaultSectionSize(table.fontMetrics().averageCharWidth() * 8)
        rows.setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_8)
        return table

    def _connect(self) -> None:
        controller, model = self._controller, self._model
        self._field.textChanged.connect(controller.search)
        self._field.returnPressed.connect(controller.refresh)
        controller.rows_replaced.connect(model.replace)
        controller.rows_added.connect(model.add)
        controller.rows_renewed.connect(model.renew)
        controller.counted.connect(self._on_counted)
        controller.exported.connect(self._on_exported)
        controller.failed.connect(self._on_failed)
        model.page_requested.connect(controller.more)
        for changed in (model.modelReset, model.rowsInserted, model.dataChanged):
            changed.connect(self._widen)
        QShortcut(QKeySequence.StandardKey.Find, self, self._field.setFocus)
        QShortcut(QKeySequence.StandardKey.Refresh, self, controller.refresh)
        QShortcut(QKeySequence.StandardKey.Copy, self._table, self._on_copy, context=_WITHIN)

    def _on_counted(self, count: int, found: int, today: int) -> None:
        self._summary.setText(summary_of(count, today))
        self._nothing.setText(NOTHING if count else EMPTY)
        self._stack.setCurrentWidget(self._table if found else self._nothing)
        self._export.setEnabled(found > 0)
        self._field.setEnabled(count > 0)

    def _widen(self) -> None:
        """Widen columns to show their text, as far as there is room; none gets narrower than a person left it."""
        table, letter = self._table, self._table.fontMetrics().averageCharWidth()
        for at, name in enumerate(COLUMNS[:-1]):
            requested = max(table.sizeHintForColumn(at), table.horizontalHeader().sectionSizeHint(at)) + theme.SPACE_8
            most = MOST_LETTERS.get(name, 0) * letter or requested
            table.setColumnWidth(at, max(table.columnWidth(at), min(requested, most)))

    def _on_export(self) -> None:
        dialog = passing(QFileDialog(self, "Export the ledger", str(Path.home()), KINDS), "ledger_file_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda words: dialog.setDefaultSuffix("json" if "json" in words else "csv"))
        dialog.selectFile("slmdesk requests.csv")
        dialog.fileSelected.connect(lambda name: self._controller.export(Path(name)))
        dialog.open()

    def _on_exported(self, done: Exported) -> None:
        noun = "row" if done.rows == 1 else "rows"
        self._say(f"{done.rows:,} {noun} written to {done.path}", "muted")

    def _on_failed(self, problem: Problem) -> None:
        self._say(problem.sentence, "danger")

    def _on_copy(self) -> None:
        chosen = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        lines = ["\t".join(cells_of(self._model.rows[at])) for at in chosen]
        if lines:
            copy_text("\n".join(lines))

    def _say(self, words: str, kind: str) -> None:
        self._note.setText(breakable(words))
        set_kind(self._note, kind)


_WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut
