"""Base of the windows of glossaries and memory: a table edited in place, problems and messages."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QWidget,
)

from slmdesk.translation.window.terms.table_controller import TableController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import CLEAR, button, text_line
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.notice_bar import NoticeArea
from slmdesk.window.widgets.text import breakable, plain_label, show_words
from slmdesk.window.widgets.tick_delegate import TickDelegate

WIDEST = 1080


class TableWindow(Dialog):
    """Not modal.  Takes ownership of the controller."""

    def __init__(self, controller: TableController, parent: QWidget, *, name: str, title: str, height: int) -> None:
        """`name` begins the object names of its parts, such as `memory_window`."""
        super().__init__(parent)
        passing(self, f"{name}_window", title)
        self.resize(WIDEST, height)
        controller.setParent(self)
        self._trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        self._said = plain_label("", self, name=f"{name}_said", kind="muted")
        self.finished.connect(controller.close)
        controller.refused.connect(self._on_refused)
        controller.said.connect(self._on_said)
        self._noticed = controller.noticed

    def _build_end(self, name: str) -> None:
        """Build the bottom of the window.  Call it last: Tab follows the order in which widgets are created."""
        self._close = self._button("Close", name, "")
        self._close.clicked.connect(self.reject)
        self._notices = NoticeArea(self)
        self._noticed.connect(self._notices.show_notice)

    def _button(self, text: str, name: str, tip: str) -> QPushButton:
        made = button(text, name, self, tip=tip)
        made.setAutoDefault(False)
        return made

    def _search_line(self, name: str, words: str, *, most: int) -> QLineEdit:
        line = text_line(name, self, words, most=most, clears=CLEAR)
        QShortcut(QKeySequence("Ctrl+F"), self, line.setFocus)
        return line

    def _make_table(self, model: QAbstractItemModel, *, name: str, words: str, widths: Mapping[int, int]) -> QTableView:
        table = named(QTableView(self), name, label=words)
        table.setModel(model)
        table.setItemDelegate(TickDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, header = table.verticalHeader(), table.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_12)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        letter = table.fontMetrics().averageCharWidth()
        for at, width in widths.items():
            table.setColumnWidth(at, width * letter)
        return table

    def _on_refused(self, words: str) -> None:
        show_words(self._trouble, breakable(words))

    def _on_said(self, words: str) -> None:
        self._said.setText(breakable(words))
