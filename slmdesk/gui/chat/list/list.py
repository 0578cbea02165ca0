"""The list of chats with its search: newest first, renamed in place, deleted with undo."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from slmdesk.gui.base import theme
from slmdesk.gui.chat.list.rows import (
    HIT_BEGIN,
    HIT_END,
    ID_ROLE,
    MESSAGE_ROLE,
    OPEN_ROLE,
    SNIPPET_ROLE,
    WRITING_ROLE,
    ChatRows,
)
from slmdesk.gui.widgets.export_menu import ExportMenu
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import name_clear_button, named
from slmdesk.gui.widgets.text import plain_label

SEARCH_AFTER_MS = 200
DOT = 6
"""Pixels across the mark of a chat in which an answer is being written."""


class RowPainter(QStyledItemDelegate):
    """A title on one line, and below it, in search results, the text around the hit."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row; untrusted text is drawn as plain text."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette: QPalette = option.palette
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        area = rect.adjusted(theme.SPACE_4, 1, -theme.SPACE_4, -1)
        is_chosen = bool(index.data(OPEN_ROLE))
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        if is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Accent))
            bar_x = area.left() if option.direction != Qt.LayoutDirection.RightToLeft else area.right() - 2
            painter.drawRoundedRect(QRect(bar_x, area.top() + 6, 3, area.height() - 12), 1.5, 1.5)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
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
        if index.data(WRITING_ROLE):
            self._draw_dot(painter, option, inner)
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
            self._draw_snippet(painter, line, snippet, palette)

    def _draw_dot(self, painter: QPainter, option: QStyleOptionViewItem, inner: QRect) -> None:
        """Draw the dot of a chat whose answer is being written, at the end of the title's line."""
        is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        x = inner.left() if is_mirrored else inner.right() - DOT
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(option.palette.color(QPalette.ColorRole.Accent))
        painter.drawEllipse(QRect(x, inner.top() + (option.fontMetrics.height() - DOT) // 2, DOT, DOT))

    def _draw_snippet(self, painter: QPainter, line: QRect, snippet: str, palette: QPalette) -> None:
        """Draw the text around a hit, the hit itself in bold."""
        plain, bold = QFont(painter.font()), QFont(painter.font())
        bold.setBold(True)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        x = line.left()
        for text, is_bold in fit_snippet(snippet, line.width(), QFontMetrics(plain), QFontMetrics(bold)):
            painter.setFont(bold if is_bold else plain)
            place = QRect(x, line.top(), line.right() + 1 - x, line.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)
            x += painter.fontMetrics().horizontalAdvance(text)


def fit_snippet(snippet: str, room: int, plain: QFontMetrics, bold: QFontMetrics) -> list[tuple[str, bool]]:
    """The parts of a snippet that fit into `room` pixels, each with whether it is the hit: the hit whole, text on both
    sides.
    """
    before, _, rest = " ".join(snippet.split()).partition(HIT_BEGIN)
    hit, _, after = rest.partition(HIT_END)
    if not hit:  # found by its title
        return [(plain.elidedText(before, Qt.TextElideMode.ElideRight, room), False)]
    after = after.replace(HIT_BEGIN, "").replace(HIT_END, "")
    hit = bold.elidedText(hit, Qt.TextElideMode.ElideRight, room)
    left = room - bold.horizontalAdvance(hit)
    behind = plain.horizontalAdvance(after)
    shown = plain.elidedText(before, Qt.TextElideMode.ElideLeft, max(left // 2, left - behind))
    after = plain.elidedText(after, Qt.TextElideMode.ElideRight, left - plain.horizontalAdvance(shown))
    return [(text, is_bold) for text, is_bold in ((shown, False), (hit, True), (after, False)) if text]


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

    Emits `chat_chosen` with a chat's id and the id of the message to go to (may be empty), `new_chat_requested`,
    `delete_requested` with the chat's id, `export_requested` with its id, its title and the form, `search_requested`
    with the words ('' ends the search).
    """

    chat_chosen = Signal(str, str)
    new_chat_requested = Signal()
    delete_requested = Signal(str)
    export_requested = Signal(str, str, str)
    search_requested = Signal(str)

    def __init__(self, rows: ChatRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_list")
        self._rows = rows
        self._open = ""
        self._timer = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._build_ui()
        self._build_actions()
        self._connect()

    def _build_ui(self) -> None:
        self._search = named(QLineEdit(self), "search_box")
        self._search.setPlaceholderText("Search all chats")
        self._search.setAccessibleName("Search all chats")
        self._search.setToolTip("Search all chats (Ctrl+Shift+F)")
        self._search.setClearButtonEnabled(True)
        self._search.setMaxLength(400)
        name_clear_button(self._search)
        self._new = named(QPushButton("New chat", self), "new_chat_button")
        self._new.setToolTip("Start a new chat (Ctrl+N)")
        set_icon(self._new, "plus")
        self._view = named(ChatView(self), "chat_view")
        self._view.setAccessibleName("Chats")
        self._view.setModel(self._rows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)  # what is marked is what is open
        self._view.setItemDelegate(RowPainter(self._view))
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setMouseTracking(True)
        self._view.setUniformItemSizes(False)
        self._view.setLayoutMode(QListView.LayoutMode.Batched)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._hint = plain_label("", self, name="chat_list_hint", kind="small")
        self._hint.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_12, 0)
        self._hint.setVisible(False)
        top = QHBoxLayout()
        top.setContentsMargins(theme.SPACE_8, 0, theme.SPACE_8, 0)
        top.addWidget(self._search)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.SPACE_8, 0, theme.SPACE_8, 0)
        foot.addWidget(self._new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE_8, 0, theme.SPACE_8)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(foot)
        layout.addLayout(top)
        layout.addWidget(self._hint)
        layout.addWidget(self._view, 1)

    def _build_actions(self) -> None:
        self._rename = named(QAction("Rename", self), "rename_action")
        self._rename.setShortcut(QKeySequence(Qt.Key.Key_F2))  # the page has the key, see `rename_current`
        self._delete = named(QAction("Delete", self), "delete_action")
        self._delete.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        self._export = ExportMenu(self)
        for action in (self._rename, self._delete):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._view.addAction(self._delete)

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_chat_requested)
        self._search.textChanged.connect(lambda: self._timer.start())
        self._search.returnPressed.connect(self._on_search_entered)
        self._timer.timeout.connect(self._on_search_due)
        self._view.clicked.connect(self._on_chosen)
        self._view.activated.connect(self._on_chosen)
        self._view.customContextMenuRequested.connect(self._on_menu_requested)
        self._rename.triggered.connect(self.rename_current)
        self._delete.triggered.connect(self._on_delete)
        self._export.form_chosen.connect(self._on_export)

    @property
    def view(self) -> QListView:
        return self._view

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._new, self._search, self._view)

    @property
    def search_box(self) -> QLineEdit:
        return self._search

    @Slot(str)
    def show_current(self, chat: str) -> None:
        """Mark the open chat ('' for none); it becomes the current row when another was opened."""
        at = self._rows.index_of(chat) if chat else None
        self._rows.set_open(chat)
        if at is not None and (chat != self._open or not self._view.currentIndex().isValid()):
            self._open = chat
            if self._view.currentIndex().data(ID_ROLE) != chat:  # of several hits in it, the one that was chosen
                self._view.setCurrentIndex(self._rows.index(at))
        elif not chat:
            self._open = ""

    def show_hint(self, text: str) -> None:
        """Show a line above the list, such as how many were found; '' hides it."""
        self._hint.setText(text)
        self._hint.setVisible(bool(text))

    def end_search(self) -> bool:
        """Show all chats again.  Returns whether there was a search."""
        was_searched = bool(self._search.text())
        self._search.clear()
        self._timer.stop()
        self._on_search_due()
        return was_searched

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc ends the search, from its box and from the list."""
        if event.key() != Qt.Key.Key_Escape or not self.end_search():
            super().keyPressEvent(event)

    @Slot()
    def _on_search_due(self) -> None:
        self.search_requested.emit(self._search.text().strip())

    @Slot()
    def _on_search_entered(self) -> None:
        self._timer.stop()
        self._on_search_due()
        self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        self.chat_chosen.emit(str(index.data(ID_ROLE)), str(index.data(MESSAGE_ROLE) or ""))

    @Slot(QPoint)
    def _on_menu_requested(self, at: QPoint) -> None:
        index = self._view.indexAt(at)
        if not index.isValid():
            return
        self._view.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._rename)
        menu.addMenu(self._export)
        menu.addAction(self._delete)
        menu.popup(self._view.viewport().mapToGlobal(at))

    @Slot()
    def rename_current(self) -> None:
        """Edit the title of the current row in place."""
        if self._view.currentIndex().isValid():
            self._view.edit(self._view.currentIndex())

    @Slot()
    def _on_delete(self) -> None:
        index = self._view.currentIndex()
        if index.isValid():
            self.delete_requested.emit(str(index.data(ID_ROLE)))

    @Slot(str)
    def _on_export(self, form: str) -> None:
        index = self._view.currentIndex()
        if index.isValid():
            self.export_requested.emit(str(index.data(ID_ROLE)), str(index.data()), form)
