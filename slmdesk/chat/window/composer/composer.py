"""The message field: grows with the text, sends on Enter, stops on Esc."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QInputMethodEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from slmdesk.chat.window.attachments.bar import AttachmentBar
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.widgets.build import column, row, tool_button
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.shares import admit
from slmdesk.window.widgets.text import plain_label, show_words

MOST_LINES = 10
MOST_PASTED, MOST_PASTED_LINES = 4000, 60
"""Characters and lines: a text that is pasted and longer is attached, not written into the message."""
MOST_SHARE = 0.3
"""Of the page's height."""
ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class InputBox(QTextEdit):
    """Plain text that grows up to MOST_LINES."""

    focus_changed = Signal(bool)
    files_pasted = Signal(object)
    long_pasted = Signal(str)
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
        """Remember whether a word is being composed: Enter then belongs to the input method."""
        self.is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter breaks the line, Esc stops."""
        if event.key() in ENTER_KEYS and not self.is_composing:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.textCursor().insertText("\n")
                self.ensureCursorVisible()
            else:
                self.enter_pressed.emit()
            return
        if event.key() == Qt.Key.Key_Escape and not self.is_composing:
            self.escape_pressed.emit()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Insert plain text only: no formatting, no pictures, and no file addresses read by Qt.

        Files and long texts are attached.
        """
        files = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        text = _text_of(source)
        if files:
            admit(self, files, self.files_pasted.emit)
        elif is_long(text):
            self.long_pasted.emit(text)
        elif text:
            self.write(text)

    def paste_as_text(self) -> None:
        text = _text_of(QGuiApplication.clipboard().mimeData())
        if text:
            self.write(text)

    def write(self, text: str) -> None:
        self.textCursor().insertText(text)
        self.ensureCursorVisible()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Accept text; a dropped file belongs to the page."""
        return source.hasText() and not source.hasUrls()

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
        """Take at most a share of a page this high, in pixels: the conversation needs its own."""
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
    redact_switched = Signal(bool)

    edited = Signal()
    send_requested = Signal(str)
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._is_busy = False
        self._can_send = True
        self._build_ui()
        self._connect()
        self._show_button()
        self.set_redacting(False)

    def _build_ui(self) -> None:
        self.input_box = InputBox(self)
        self.input_box.setPlaceholderText("Write a message (@ document, / preset)")
        self.input_box.setAccessibleName("Message")
        self.input_box.setAccessibleDescription(
            "Enter sends, Shift+Enter starts a new line, Escape stops an answer, @ lists documents to attach, / at "
            "the start lists presets"
        )
        self.attachments = AttachmentBar(self)
        self._waiting = plain_label("", self, name="attachment_waiting", kind="small", is_hidden=True)
        self._attach = tool_button(
            "attach_button", self, tip="Attach documents", shortcut="chat.attach", label="Attach documents",
            icon="file-plus", colour="muted", on=self.attach_requested,
        )  # fmt: skip
        self._redact = tool_button("redact_button", self, label="Redact", icon="shield", colour="muted")
        self._redact.setCheckable(True)
        self._redact.clicked.connect(self._on_redact_clicked)
        self.button = tool_button("send_button", self, kind="primary", on=self._on_clicked)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for one in (self._attach, self._redact, self.button):
            one.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        bottom = Qt.AlignmentFlag.AlignBottom
        writing = row(
            (self._attach, bottom),
            (self._redact, bottom),
            (self.input_box, 1),
            (self.button, bottom),
            gap=theme.SPACE_8,
        )
        column(self.attachments, self._waiting, writing, into=self, gap=theme.SPACE_8, margins=theme.SPACE_8)
        self.setFocusProxy(self.input_box)

    def _connect(self) -> None:
        self.input_box.enter_pressed.connect(self._on_enter)
        self.input_box.escape_pressed.connect(self._on_escape)
        self.input_box.textChanged.connect(self._on_text_changed)
        self.input_box.focus_changed.connect(self._on_focus_changed)
        bind(self.input_box, "chat.paste", self.input_box.paste_as_text, within=True)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (*self.attachments.in_order, self._attach, self._redact, self.input_box, self.button)

    @property
    def text(self) -> str:
        return self.input_box.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace the text, with the cursor at its end; can be undone."""
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

    def set_redacting(self, is_on: bool) -> None:
        self._redact.setChecked(is_on)
        set_icon(self._redact, "shield", "accent" if is_on else "muted")
        state = "on" if is_on else "off"
        self._redact.setToolTip(f"Redact names and numbers before the model sees them: {state} in this chat")
        self._redact.setAccessibleDescription(f"Is {state} in this chat")

    def _on_redact_clicked(self, is_on: bool) -> None:
        self.set_redacting(is_on)
        self.redact_switched.emit(is_on)

    def set_can_send(self, can_send: bool) -> None:
        self._can_send = can_send
        self._show_button()

    def _on_enter(self) -> None:
        if not self._is_busy and self._can_send and self.text.strip():
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
        self.setProperty("focused", has_focus)
        self.style().unpolish(self)
        self.style().polish(self)

    def _show_button(self) -> None:
        name, words = ("square", "Stop (Esc)") if self._is_busy else ("send-horizontal", "Send (Enter)")
        is_enabled = self._is_busy or (self._can_send and bool(self.text.strip()))
        set_icon(self.button, name, "on_accent" if is_enabled else "muted")
        self.button.setToolTip(words)
        self.button.setAccessibleName(words)
        self.button.setEnabled(is_enabled)
