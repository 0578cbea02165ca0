"""The message field, and the list above it with names that can be mentioned."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QPainter,
    QPalette,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTextEdit,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.base.runtime.events import DocumentChanged, DocumentGone, DocumentsChanged
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _
from slmdesk.documents.types import CollectionChanged, CollectionGone
from slmdesk.ui.chat.attachment_chips import AttachmentBar
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import icon, scaled
from slmdesk.ui.kit.widgets.build import (
    column,
    dictate_button,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    settle,
    show_words,
    tool_button,
)
from slmdesk.ui.kit.widgets.files import admit

if TYPE_CHECKING:
    from slmdesk.documents.service import LibraryName
    from slmdesk.ui.chat.attachments import AttachController

MOST_LINES = 8
MOST_PASTED, MOST_PASTED_LINES = 4000, 60
"""Most characters and lines of pasted text. Longer text becomes an attachment."""
MOST_SHARE = 0.3
"""Most of the page's height that the field may take, as a share."""
ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _picture_in(source: QMimeData) -> str:
    return next((kind for kind in ("image/png", "image/jpeg", "image/tiff") if source.hasFormat(kind)), "")


class InputBox(QTextEdit):
    focus_changed = Signal(bool)
    files_pasted = Signal(object)
    long_pasted = Signal(str)
    picture_pasted = Signal(object)
    enter_pressed = Signal()
    escape_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("input_box")
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(theme.SPACE_4)
        self.is_composing = False
        self._space = 1000
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether an input method is composing a word, because Enter then belongs to the input method."""
        self.is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.is_composing or event.key() not in (*ENTER_KEYS, Qt.Key.Key_Escape):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.escape_pressed.emit()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.write("\n")
        else:
            self.enter_pressed.emit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Insert plain text only: no formatting, no pictures, and no files that Qt would read.

        Files, long texts and pictures, which Qt does not read either, become attachments.
        """
        files = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        text = _text_of(source)
        if files:
            admit(self, files, self.files_pasted.emit)
        elif is_long(text):
            self.long_pasted.emit(text)
        elif text:
            self.write(text)
        elif kind := _picture_in(source):
            self.picture_pasted.emit(source.data(kind).data())

    def paste_as_text(self) -> None:
        text = _text_of(QGuiApplication.clipboard().mimeData())
        if text:  # nothing would take the place of what is selected
            self.write(text)

    def write(self, text: str) -> None:
        self.textCursor().insertText(text)
        self.ensureCursorVisible()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Return whether the data is text or a picture. Dropped files are handled by the page instead."""
        return (source.hasText() or bool(_picture_in(source))) and not source.hasUrls()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.height())

    def set_space(self, height: int) -> None:
        """Limit the field to a share of a page of this height in pixels, so that the conversation keeps its space."""
        self._space = height
        self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().lineSpacing()
        lines = min(MOST_LINES, max(2, int(self._space * MOST_SHARE / line)))
        margins = ceil(self.document().documentMargin() * 2) + 2
        requested = ceil(self.document().size().height()) + 2
        self.setFixedHeight(min(max(requested, line + margins), line * lines + margins))


def is_long(text: str) -> bool:
    return len(text) > MOST_PASTED or len(text.rstrip().splitlines()) > MOST_PASTED_LINES


def _text_of(source: QMimeData) -> str:
    return source.text().replace("\r\n", "\n").replace("\0", "") if source.hasText() else ""


class Composer(QFrame):
    attach_requested = Signal()

    edited = Signal()
    send_requested = Signal(str)
    stop_requested = Signal()

    def __init__(self, attached: AttachController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._is_busy = False
        self._can_send = True
        self.attachments = AttachmentBar(self, attached)
        self._build_ui(attached)
        self._connect()
        self._show_button()

    def _build_ui(self, attached: AttachController) -> None:
        self.input_box = InputBox(self)
        self.input_box.setPlaceholderText(_("Write a message, or type @ for a document"))
        self.input_box.setAccessibleName(_("Message"))
        self.input_box.setAccessibleDescription(
            _(
                "Enter sends, Shift+Enter starts a new line, Escape stops an answer, @ lists documents to attach, / at "
                "the start lists presets"
            )
        )
        self._waiting = plain_label("", self, name="attachment_waiting", kind="small", is_hidden=True)
        self._attach = tool_button(
            "attach_button", self, tip=_("Attach documents"), shortcut="chat.attach", label=_("Attach documents"),
            icon="paperclip", colour="ink2", on=self.attach_requested,
        )  # fmt: skip
        self.dictate = dictate_button(attached.bridge, self.input_box, self)
        self.button = tool_button("send_button", self, kind="round", on=self._on_clicked)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._meter: QWidget | None = None
        self._icons = row(self._attach, self.dictate, 1, self.button, gap=theme.SPACE_4)
        text = row(self.input_box, margins=(0, 0, theme.SPACE_4, 0))
        margins = (theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_8)
        column(
            self.attachments, self._waiting, text, self._icons, into=self, gap=theme.SPACE_4, margins=margins,
        )  # fmt: skip

    def _connect(self) -> None:
        self.input_box.enter_pressed.connect(self._on_enter)
        self.input_box.escape_pressed.connect(self._on_escape)
        self.input_box.textChanged.connect(self._on_text_changed)
        self.input_box.focus_changed.connect(self._on_focus_changed)
        bind(self.input_box, "chat.paste", self.input_box.paste_as_text, within=True)
        bind(self, "chat.write", self.setFocus)  # not the page's, as the composer stands on Start too
        bind(self, "chat.attach", self.attach_requested.emit)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Give the focus to the field. With a proxy, the composer would be a stop of Tab, which leads back there."""
        self.input_box.setFocus(reason)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        meter = () if self._meter is None else (self._meter,)
        return (*self.attachments.in_order, self.input_box, self._attach, self.dictate, *meter, self.button)

    def add_meter(self, meter: QWidget) -> None:
        self._meter = meter
        self._icons.insertWidget(self._icons.count() - 1, meter)

    @property
    def text(self) -> str:
        return self.input_box.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace the text and put the cursor at its end. Can be undone."""
        cursor = self.input_box.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        self.input_box.setTextCursor(cursor)

    def set_space(self, height: int) -> None:
        self.input_box.set_space(height)
        self.attachments.set_space(height)

    def show_waiting(self, words: str) -> None:
        show_words(self._waiting, words)

    def write(self, text: str) -> None:
        self.input_box.write(text)
        self.input_box.setFocus()

    def set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        self._show_button()

    def set_can_send(self, can_send: bool) -> None:
        self._can_send = can_send
        self._show_button()

    def _on_enter(self) -> None:
        if self._is_busy or not self._can_send:
            return
        settle(self.dictate)
        if self.text.strip():
            self.send_requested.emit(self.text)

    def _on_escape(self) -> None:
        if self._is_busy:
            self.stop_requested.emit()

    def _on_clicked(self) -> None:
        if self._is_busy:
            self.stop_requested.emit()
        else:
            self._on_enter()

    def _on_text_changed(self) -> None:
        self._show_button()
        self.edited.emit()

    def _on_focus_changed(self, has_focus: bool) -> None:
        theme.set_look(self, "focused", has_focus)

    def _show_button(self) -> None:
        name, words = ("square", _("Stop (Esc)")) if self._is_busy else ("arrow-up", _("Send (Enter)"))
        is_enabled = self._is_busy or (self._can_send and bool(self.text.strip()))
        set_icon(self.button, name, "on_accent" if is_enabled else "ink2")
        self.button.setToolTip(words)
        self.button.setAccessibleName(words)
        self.button.setEnabled(is_enabled)


MOST_TYPED = 80
"""Most characters after the sign (such as "@") that are searched for."""
_IN_ADDRESS = "._%+-@"
"""Characters besides letters and digits that may stand before the sign in an e-mail address."""
_NEW_LINE = "\u2029"
"""Qt's character for a line break."""
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class Mentions(QObject):
    """Watches what is typed into a message field, and opens the list of names over `page`."""

    chosen = Signal(object)

    def __init__(
        self, box: InputBox, names: Suggestions, page: QWidget, *, sign: str, name: str, label: str, is_first: bool
    ) -> None:
        """Create the watcher. `name` and `label` are the list's. `is_first`: the sign only counts at message start."""
        super().__init__(box, objectName=f"{name}_opener")
        self._box, self._names, self._page = box, names, page
        self._sign, self._is_first = sign, is_first
        self.list = MentionList(page, name=name, label=label, empty=names.empty)
        self._at = -1
        """Position of the sign before the word that is being typed; -1 if there is none."""
        above: QWidget | None = box
        while above is not None and above is not page:  # the message moves with each of these widgets
            above.installEventFilter(self)
            above = above.parentWidget()
        page.installEventFilter(self)
        box.textChanged.connect(self._on_text_changed)
        box.cursorPositionChanged.connect(self._on_cursor_moved)
        self.list.chosen.connect(self._choose)

    def close(self) -> None:
        self._at = -1
        self.list.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the keys of the list while it is open. The focus stays in the message field."""
        kind = event.type()
        if kind in (QEvent.Type.Move, QEvent.Type.Resize):
            if self.list.isVisible():
                self._place()
        elif watched is not self._box:
            return False
        elif kind == QEvent.Type.FocusIn:
            self._names.refresh()
        elif kind == QEvent.Type.FocusOut:
            self.close()
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress and self.list.isVisible():
            return self._has_used(event)
        return False

    def _has_used(self, event: QKeyEvent) -> bool:
        key, suggestion = event.key(), self.list.current
        if key == Qt.Key.Key_Escape:
            self.close()
        elif suggestion is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or self._box.is_composing:
            return False
        elif key in (*ENTER_KEYS, Qt.Key.Key_Tab):
            self._choose(suggestion)
        elif key in _STEPS:
            self.list.step(_STEPS[Qt.Key(key)])
        else:
            return False
        return True

    def _on_text_changed(self) -> None:
        end = self._box.textCursor().position()
        letter = self._box.document().characterAt
        is_sign = bool(end) and letter(end - 1) == self._sign and self._box.hasFocus()
        if is_sign and (end == 1 or (not self._is_first and _is_free(letter(end - 2)))):
            self._at = end - 1
            self._names.refresh()
        if self._at >= 0:
            self._show()

    def _on_cursor_moved(self) -> None:
        if self._at >= 0 and self._typed() is None:
            self.close()

    def names_changed(self) -> None:
        if self._at >= 0:
            self._show()

    def _typed(self) -> str | None:
        """Return the text between the sign and the cursor; None if it can no longer be a name."""
        cursor = self._box.textCursor()
        end = cursor.position()
        if not (self._at < end <= self._at + 1 + MOST_TYPED and self._starts_with_sign):
            return None
        cursor.setPosition(self._at + 1)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        typed = cursor.selectedText()
        return None if typed[:1].isspace() or _NEW_LINE in typed else typed

    @property
    def _starts_with_sign(self) -> bool:
        return self._box.document().characterAt(self._at) == self._sign

    def _show(self) -> None:
        typed = self._typed()
        if typed is None:
            self.close()
            return
        names, count = self._names.suggest(typed, MOST_SHOWN)
        is_empty = self._names.is_empty and not typed
        if not names and not is_empty:
            self.list.hide()  # opens again when a letter is deleted
            return
        self.list.show_names(names, count)
        self._place()

    def _place(self) -> None:
        cursor = QTextCursor(self._box.document())
        cursor.setPosition(self._at)
        place = self._box.cursorRect(cursor)
        place.setTop(0)  # above the whole message, so that no line is covered
        corner = self._box.viewport().mapTo(self._page, place.topLeft())
        self.list.open_over(QRect(corner, place.size()))

    def _choose(self, suggestion: Suggestion) -> None:
        cursor = self._box.textCursor()
        end, start = cursor.position(), self._at
        self.close()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("" if self._is_first else f"{suggestion.name} ")
        self._box.setTextCursor(cursor)
        self.chosen.emit(suggestion.value)


def _is_free(before: str) -> bool:
    """Return whether a word can begin after this letter. Inside an e-mail address, none can."""
    return not (before.isalnum() or before in _IN_ADDRESS)


MOST_SHOWN = 50
MOST_MENTIONS = 8
"""Most rows that are visible without scrolling."""
WIDTH = 52
"""Width of the list, in widths of the letter x."""
NAME_ROLE = int(Qt.ItemDataRole.UserRole)


class Suggestion(Record):
    name: str
    value: object
    """Value that the signal `chosen` carries."""
    detail: str = ""
    """Muted text at the end of the line."""
    icon: str = ""
    """Name of a Lucide icon; empty for no icon."""


class Suggestions(Protocol):
    empty: str
    """Text of the list when there is nothing to choose from."""

    @property
    def is_empty(self) -> bool:
        """Return whether it is certain that there is nothing to choose from."""

    def refresh(self) -> None: ...

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]: ...


class MentionPainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette: QPalette = option.palette
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        untrusted = index.data(NAME_ROLE)
        muted = palette.color(QPalette.ColorRole.PlaceholderText)
        inner = area.adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        suggestion = untrusted if isinstance(untrusted, Suggestion) else None
        if suggestion and suggestion.icon:
            size = scaled()
            drawn = icon(suggestion.icon, muted)
            place = QRect(inner.left(), area.top() + (area.height() - size) // 2, size, size)
            drawn.paint(painter, QStyle.visualRect(option.direction, area, place))
            inner.setLeft(inner.left() + size + theme.SPACE_8)
        metrics, ends = option.fontMetrics, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing
        detail = suggestion.detail if suggestion else ""
        if detail:
            shown = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, inner.width() // 2)
            painter.setPen(muted)
            painter.drawText(QStyle.visualRect(option.direction, area, inner), int(ends), shown)
            inner.setRight(inner.right() - metrics.horizontalAdvance(shown) - theme.SPACE_16)
        painter.setPen(palette.color(QPalette.ColorRole.Text) if suggestion is not None else muted)
        words = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, inner.width())
        leads = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        painter.drawText(QStyle.visualRect(option.direction, area, inner), int(leads), words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, max(option.fontMetrics.height(), scaled()) + theme.SPACE_8)


class MentionList(QListWidget):
    """List of names that lies over the page and never takes the focus. Emits `chosen` with the clicked Suggestion."""

    chosen = Signal(object)

    def __init__(self, page: QWidget, *, name: str, label: str, empty: str) -> None:
        super().__init__(page)
        self._page, self._empty = page, empty
        named(self, name, label=label)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setItemDelegate(MentionPainter(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemEntered.connect(self._on_entered)
        self.itemClicked.connect(self._on_clicked)
        self.hide()

    @property
    def current(self) -> Suggestion | None:
        item = self.currentItem()
        suggestion = item.data(NAME_ROLE) if item else None
        return suggestion if isinstance(suggestion, Suggestion) else None

    def show_names(self, names: Sequence[Suggestion], count: int) -> None:
        self.clear()
        for name in names[:MOST_SHOWN]:
            item = QListWidgetItem(name.name, self)
            item.setData(NAME_ROLE, name)
            item.setToolTip(plain_tip(f"{name.name}: {name.detail}" if name.detail else name.name))
        more = count - MOST_SHOWN
        if more > 0:
            self._say(_("{more:,} more: go on typing").format(more=more))
        elif not names:
            self._say(self._empty)
        self.setCurrentRow(0 if names else -1)
        self._announce()

    def open_over(self, cursor: QRect) -> None:
        """Show the list above `cursor`, a rectangle in the page's coordinates, or below if there is no room above."""
        page = self._page
        frame = 2 * self.frameWidth()
        requested = self.sizeHintForRow(0) * min(self.count(), MOST_MENTIONS) + frame
        above, below = cursor.top() - theme.SPACE_16, page.height() - cursor.bottom() - theme.SPACE_16
        width = min(WIDTH * self.fontMetrics().horizontalAdvance("x"), page.width() - 2 * theme.SPACE_8)
        height = min(requested, max(above, below))
        is_over = above >= min(requested, below)
        top = cursor.top() - theme.SPACE_16 - height if is_over else cursor.bottom() + theme.SPACE_16
        left = max(theme.SPACE_8, min(cursor.left(), page.width() - width - theme.SPACE_8))
        self.setGeometry(QRect(QPoint(left, top), QSize(width, height)))
        self.raise_()
        self.show()

    def step(self, by: int) -> None:
        """Select the next name (1) or the previous name (-1). After the last name comes the first."""
        count = min(self.count(), MOST_SHOWN)
        if self.current is not None:
            self.setCurrentRow((self.currentRow() + by) % count)
            self._announce()

    def _on_entered(self, item: QListWidgetItem) -> None:
        if item.data(NAME_ROLE) is not None:
            self.setCurrentItem(item)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        if item.data(NAME_ROLE) is not None:
            self.chosen.emit(item.data(NAME_ROLE))

    def _say(self, words: str) -> None:
        QListWidgetItem(words, self).setFlags(Qt.ItemFlag.NoItemFlags)

    def _announce(self) -> None:
        if QAccessible.isActive():
            suggestion = self.current
            words = (
                _("{name}, {currentRow} of {count}").format(
                    name=suggestion.name, currentRow=self.currentRow() + 1, count=self.count()
                )
                if suggestion
                else self._empty
            )
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))


CHANGES = (DocumentChanged, DocumentGone, DocumentsChanged, CollectionChanged, CollectionGone)


class LibraryNames(QObject):
    """Names in the library, found without waiting: they are loaded before they are needed, and again after changes."""

    empty = _("No documents yet")

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="library_names")
        self._names: Live[Sequence[LibraryName] | None] = Live(
            bridge, self, lambda: bridge.services.documents.names(), None, on=CHANGES, refused=ignored, is_watched=False
        )
        self.changed, self.refresh = self._names.changed, self._names.refresh

    @property
    def is_known(self) -> bool:
        return self._names.value is not None

    @property
    def is_empty(self) -> bool:
        return self._names.value is not None and not self._names.value

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]:
        """Return the first `most` names that contain these words, as lines of the list, and the number of them all."""
        names = self.find(words)
        icons = {True: "folder-open", False: "file-text"}
        return [Suggestion(name.name, name, name.folder, icons[name.is_folder]) for name in names[:most]], len(names)

    def find(self, words: str) -> list[LibraryName]:
        """Return the names that contain these words: first those that begin so, then those with a word that does."""
        wanted = fold(words)
        ranked = [(_rank(name.folded, wanted), name) for name in self._names.value or () if wanted in name.folded]
        ranked.sort(key=lambda pair: pair[0])
        return [name for __, name in ranked]


def _rank(name: str, wanted: str) -> int:
    if name.startswith(wanted):
        return 0
    at = name.find(wanted)
    return 1 if not name[at - 1].isalnum() else 2
