"""The list of earlier translations, texts and documents: searched, opened, renamed, deleted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from slmdesk.translation.window.text.history import EarlierController, EarlierRow
from slmdesk.window.base import theme
from slmdesk.window.base.dates import moment_words
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.icons import icon
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import CLEAR, button, column, row, text_line
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, plain_tip, show_words

SEARCH_AFTER_MS = 200
ROW = Qt.ItemDataRole.UserRole


class EarlierWindow(Dialog):
    chosen = Signal(str)

    def __init__(self, controller: EarlierController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("earlier_window")
        self.setWindowTitle("History of translations")
        self.resize(760, 460)
        self._controller, self._keeper = controller, keeper
        self._timer = Delay(self, SEARCH_AFTER_MS, self._on_search)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        hint, label = "Search texts, translations and titles", "Search earlier translations"
        self._search = text_line("earlier_search", self, hint, label=label, most=400, clears=CLEAR)
        self._hint = plain_label("", self, name="earlier_hint", kind="small")
        self._list = named(QListWidget(self), "earlier_list", label="Earlier translations")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._title = named(QLineEdit(self), "earlier_title", label="The new title")
        self._title.setMaxLength(200)
        self._title.hide()
        self._open = button("Open", "open_earlier_button", self, kind="primary", on=self._on_open)
        self._rename = button("Rename", "rename_earlier_button", self, tip="Give it another title (F2)")
        self._forget = button("Forget", "forget_earlier_button", self, tip="Move it to the trash (Del)")
        self._more = button("Show more", "more_earlier_button", self, on=self._controller.show_more)
        foot = row(self._rename, self._forget, self._more, 1, self._open, gap=theme.SPACE_8)
        for one in (self._open, self._rename, self._forget, self._more):
            one.setAutoDefault(False)
        column(
            self._search, self._hint, (self._list, 1), self._title, foot, into=self, gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )  # fmt: skip

    def _connect(self) -> None:
        self._search.textChanged.connect(lambda _text: self._timer.start())
        self._search.installEventFilter(self)
        self._list.itemActivated.connect(self._on_open)
        self._list.currentRowChanged.connect(self._on_row)
        self._list.installEventFilter(self)
        self._title.installEventFilter(self)
        self._rename.clicked.connect(self._on_rename)
        self._forget.clicked.connect(self._on_forget)
        self._controller.listed.connect(self._on_listed)
        for keys, widget, work in (("F2", self._list, self._on_rename), ("Del", self._list, self._on_forget)):
            shortcut = QShortcut(QKeySequence(keys), widget, work)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._search.clear()
        self._controller.start()
        self._search.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop listing; Esc hides the window without closing it."""
        super().hideEvent(event)
        self._controller.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down goes from the search to the list; while a title is edited, Enter saves it and Esc discards it."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched is self._search and (event.key() == Qt.Key.Key_Down or is_enter):
            self._timer.stop()
            self._on_search()
            self._list.setFocus()
            return True
        if watched is self._list and is_enter:
            self._on_open()
            return True
        if watched is self._title and (is_enter or event.key() == Qt.Key.Key_Escape):
            self._end_rename(keep=is_enter)
            return True
        return False

    def _on_search(self) -> None:
        self._controller.search(self._search.text())

    def _on_listed(self, rows: Sequence[EarlierRow], has_more: bool) -> None:
        now = self._row()
        self._list.clear()
        for one in rows:
            day = moment_words(one.updated)
            words = f"{one.title}\n{one.snippet or day}"
            item = QListWidgetItem(words, self._list)
            name = "file-text" if one.is_document else "languages"
            item.setIcon(icon(name, self._keeper.theme.colour("muted")))
            item.setData(ROW, one)
            item.setToolTip(plain_tip(f"{one.title}\n{day}"))
        ids = [one.id for one in rows]
        self._list.setCurrentRow(ids.index(now.id) if now and now.id in ids else 0)
        words = self._search.text().strip()
        found = f"{len(rows)} found" if rows else "Nothing found"
        found += "; the oldest documents were not looked through" if has_more else ""
        show_words(self._hint, found if words else "" if rows else "There is no earlier translation.")
        self._more.setVisible(has_more and not words)
        self._on_row(self._list.currentRow())

    def _on_row(self, row: int) -> None:
        for one in (self._open, self._rename, self._forget):
            one.setEnabled(row >= 0)

    def _on_open(self) -> None:
        row = self._row()
        if row is not None:
            self.close()
            self.chosen.emit(row.id)

    def _on_forget(self) -> None:
        row = self._row()
        if row is not None:
            self._controller.forget(row.id)

    def _on_rename(self) -> None:
        row = self._row()
        if row is not None:
            self._title.setText(row.title)
            self._title.show()
            self._title.selectAll()
            self._title.setFocus()

    def _end_rename(self, *, keep: bool) -> None:
        row = self._row()
        if keep and row is not None:
            self._controller.rename(row.id, self._title.text())
        self._title.hide()
        self._list.setFocus()

    def _row(self) -> EarlierRow | None:
        item = self._list.currentItem()
        row = item.data(ROW) if item is not None else None
        return row if isinstance(row, EarlierRow) else None
