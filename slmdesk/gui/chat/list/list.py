"""The list of chats with its search: newest first, renamed in place, deleted with undo."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.gui.base import theme
from slmdesk.gui.chat.list.controller import ListController
from slmdesk.gui.chat.list.rows import (
    ID_ROLE,
    MESSAGE_ROLE,
    OPEN_ROLE,
    SNIPPET_ROLE,
    UNREAD_ROLE,
    WRITING_ROLE,
)
from slmdesk.gui.widgets.build import CLEAR, button, column, row, text_line
from slmdesk.gui.widgets.export_menu import ExportMenu, ask_where
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.row_frame import paint_ground
from slmdesk.gui.widgets.snippet import draw_snippet
from slmdesk.gui.widgets.text import plain_label, show_words

SEARCH_AFTER_MS = 200
DOT = 7
"""Pixels across the mark of a chat with an answer that is being written or was not seen yet."""


class RowPainter(QStyledItemDelegate):
    """A title on one line, and below it, in search results, the text around the hit."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row; untrusted text is drawn as plain text."""
        painter.save()
        area = paint_ground(painter, option, is_chosen=bool(index.data(OPEN_ROLE)))
        self._draw_words(painter, option, area, index)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One line, or two with a snippet."""
        line = option.fontMetrics.height()
        lines = 2 if index.data(SNIPPET_ROLE) else 1
        return QSize(80, lines * line + theme.SPACE_16 + (theme.SPACE_4 if lines == 2 else 0))

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        editor.setGeometry(option.rect.adjusted(theme.SPACE_4, 1, -theme.SPACE_4, -1))

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Set the text only once: typing is not overwritten when something else about the row changes."""
        if not isinstance(editor, QLineEdit) or not (editor.isModified() or editor.text()):
            super().setEditorData(editor, index)

    def _draw_words(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        area: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        palette: QPalette = option.palette
        metrics = option.fontMetrics
        inner = area.adjusted(theme.SPACE_12, theme.SPACE_8 - 1, -theme.SPACE_8, -theme.SPACE_8 + 1)
        is_writing = bool(index.data(WRITING_ROLE))
        if is_writing or index.data(UNREAD_ROLE):
            self._draw_dot(painter, option, inner, is_filled=not is_writing)
            cut = DOT + theme.SPACE_8
            inner.adjust(*((cut, 0, 0, 0) if option.direction == Qt.LayoutDirection.RightToLeft else (0, 0, -cut, 0)))
        title = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.setFont(option.font)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        line = QRect(inner.left(), inner.top(), inner.width(), metrics.height())
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        painter.drawText(line, flags, title)
        snippet = str(index.data(SNIPPET_ROLE) or "")
        if snippet:
            line.translate(0, metrics.height() + theme.SPACE_4)
            draw_snippet(painter, line, snippet, palette)

    def _draw_dot(self, painter: QPainter, option: QStyleOptionViewItem, inner: QRect, *, is_filled: bool) -> None:
        """Draw the dot of a chat at the end of its line: filled for a new answer, a ring while one is written."""
        is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        x = inner.left() if is_mirrored else inner.right() - DOT
        accent = option.palette.color(QPalette.ColorRole.Accent)
        painter.setPen(QPen(accent, 1.5))
        painter.setBrush(accent if is_filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRect(x, inner.top() + (option.fontMetrics.height() - DOT) // 2, DOT, DOT))


class ChatView(QListView):
    """The list: arrow keys move the current row, Enter opens it; letters are left to the page."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave letters and Esc to the page."""
        with_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.text() and event.text().isprintable() and not with_command:
            event.ignore()
        else:
            super().keyPressEvent(event)


class ChatList(QFrame):
    """Search box, list, and the button for a new chat.

    Emits `chat_chosen` with a chat's id and the id of the message to go to (may be empty), `new_chat_requested`.
    """

    chat_chosen = Signal(str, str)
    new_chat_requested = Signal()

    def __init__(self, controller: ListController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_list")
        self._controller, self._rows = controller, controller.rows
        self._chat = self._marked = ""
        self._timer = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._build_ui()
        self._build_actions()
        self._connect()

    def _build_ui(self) -> None:
        hint, tip = "Search all chats", "Search all chats (Ctrl+Shift+F)"
        self.search_box = text_line("search_box", self, hint, tip=tip, most=400, clears=CLEAR)
        self._new = button(
            "New chat", "new_chat_button", self, tip="Start a new chat (Ctrl+N)", icon="plus",
            on=self.new_chat_requested,
        )  # fmt: skip
        self.view = named(ChatView(self), "chat_view", label="Chats")
        self.view.setModel(self._rows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)  # what is marked is what is open
        self.view.setItemDelegate(RowPainter(self.view))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(False)
        self.view.setLayoutMode(QListView.LayoutMode.Batched)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._hint = plain_label("", self, name="chat_list_hint", kind="small")
        self._hint.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_12, 0)
        self._hint.setVisible(False)
        new, search = (row(one, margins=(theme.SPACE_8, 0)) for one in (self._new, self.search_box))
        column(new, search, self._hint, (self.view, 1), into=self, gap=theme.SPACE_8, margins=(0, theme.SPACE_8))

    def _build_actions(self) -> None:
        self._rename = named(QAction("Rename", self), "rename_action")
        self._rename.setShortcut(QKeySequence(Qt.Key.Key_F2))  # the page has the key, see `rename_current`
        self._delete = named(QAction("Delete", self), "delete_action")
        self._delete.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        self._export = ExportMenu(self)
        for action in (self._rename, self._delete):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.view.addAction(self._delete)

    def _connect(self) -> None:
        self._controller.hint_changed.connect(self.show_hint)
        self._controller.rows_changed.connect(lambda: self.show_current(self._chat))
        self.search_box.textChanged.connect(lambda: self._timer.start())
        self.search_box.returnPressed.connect(self._on_search_entered)
        self._timer.timeout.connect(self._on_search_due)
        self.view.clicked.connect(self._on_chosen)
        self.view.activated.connect(self._on_chosen)
        self.view.customContextMenuRequested.connect(self._on_menu_requested)
        self._rename.triggered.connect(self.rename_current)
        self._delete.triggered.connect(self._on_delete)
        self._export.form_chosen.connect(self._on_export)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._new, self.search_box, self.view)

    @Slot(str)
    def show_current(self, chat: str) -> None:
        """Mark the open chat ('' for none); it becomes the current row when another was opened."""
        self._chat = chat
        self._controller.mark_open(chat)
        at = self._rows.index_of(chat) if chat else None
        self._rows.set_open(chat)
        if at is not None and (chat != self._marked or not self.view.currentIndex().isValid()):
            self._marked = chat
            if self.view.currentIndex().data(ID_ROLE) != chat:  # of several hits in it, the one that was chosen
                self.view.setCurrentIndex(self._rows.index(at))
        elif not chat:
            self._marked = ""

    def show_hint(self, text: str) -> None:
        """Show a line above the list, such as how many were found; '' hides it."""
        show_words(self._hint, text)

    def end_search(self) -> bool:
        """Show all chats again.  Returns whether there was a search."""
        was_searched = bool(self.search_box.text())
        self.search_box.clear()
        self._timer.stop()
        self._on_search_due()
        return was_searched

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc ends the search, from its box and from the list."""
        if event.key() != Qt.Key.Key_Escape or not self.end_search():
            super().keyPressEvent(event)

    @Slot()
    def _on_search_due(self) -> None:
        self._controller.search(self.search_box.text().strip())

    @Slot()
    def _on_search_entered(self) -> None:
        self._timer.stop()
        self._on_search_due()
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        self.chat_chosen.emit(str(index.data(ID_ROLE)), str(index.data(MESSAGE_ROLE) or ""))

    @Slot(QPoint)
    def _on_menu_requested(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        self.view.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._rename)
        menu.addMenu(self._export)
        menu.addAction(self._delete)
        menu.popup(self.view.viewport().mapToGlobal(at))

    @Slot()
    def rename_current(self) -> None:
        """Edit the title of the current row in place."""
        if self.view.currentIndex().isValid():
            self.view.edit(self.view.currentIndex())

    @Slot()
    def _on_delete(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self._controller.delete(str(index.data(ID_ROLE)))

    @Slot(str)
    def _on_export(self, form: str) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            chat, title = str(index.data(ID_ROLE)), str(index.data())
            ask_where(self, title, form, partial(self._controller.exports.export, chat, form))
