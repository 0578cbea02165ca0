"""The editor of the page Write: plain text, with changes shown in it that nobody has decided on yet."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.window.base.clipboard import marked
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.shares import admit
from slmdesk.writing.window.tracked_text import TrackedText

HINT = (
    "Write here, paste a text, or drop a document: Word, OpenDocument, Markdown or plain text.\n\n"
    "Correct shows mistakes in the text, and you decide on each. The other buttons say the text, or the part of it "
    "that you have selected, in another way. Everything stays on this PC."
)
LEAST_LINES = 6
_MOST_OUTLINED = 2_000
"""Characters of a change around which a line is drawn."""


class WritingEdit(QPlainTextEdit):
    """What is typed or pasted belongs to no change, and what is copied is the text as it stands."""

    files_given = Signal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_editor", label="Your text")
        self.setPlaceholderText(HINT)
        self.setTabChangesFocus(True)
        self._keeper = keeper
        self.tracked = TrackedText(self.document(), keeper.theme, self)
        self._current = 0
        self.cursorPositionChanged.connect(self._on_cursor_moved)
        keeper.theme_changed.connect(self.tracked.set_theme)

    @property
    def selected(self) -> tuple[int, int]:
        """What is selected, in the text as it stands, without white space at its ends; twice the caret for nothing."""
        cursor = self.textCursor()
        start, end = self.tracked.at(cursor.selectionStart()), self.tracked.at(cursor.selectionEnd())
        words = self.tracked.plain[start:end]
        if not words.strip():
            return start, start
        return start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())

    def replace_all(self, text: str) -> None:
        """Replace the text; undo brings the old one back."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text, QTextCharFormat())
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def outline(self, number: int) -> None:
        """Draw a line around a change and bring it into sight; 0: around none."""
        self.mark(number)
        place = next((one for one in self.tracked.pending if one.number == number), None)
        if place is not None:
            cursor = self.textCursor()
            cursor.setPosition(place.position)
            self.setTextCursor(cursor)
            self.ensureCursorVisible()

    def mark(self, number: int) -> None:
        self._current = number
        self.viewport().update()

    def is_undecided(self, start: int, end: int) -> bool:
        return any(one.position < end and start < one.last for one in self.tracked.pending)

    # ---- Qt's own

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), LEAST_LINES * self.fontMetrics().lineSpacing())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What takes the place of a selection would look, and count, like what stands before it."""
        cursor, words = self.textCursor(), event.text()
        is_typed = bool(words) and words.isprintable() and not _is_command(event)
        if is_typed and cursor.hasSelection() and self.tracked.pending:
            cursor.insertText(words, QTextCharFormat())
            self.setTextCursor(cursor)
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def createMimeDataFromSelection(self) -> QMimeData:
        cursor, data = self.textCursor(), QMimeData()
        data.setText(self.tracked.plain_between(cursor.selectionStart(), cursor.selectionEnd()))
        return marked(data)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(_files_in(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if paths := _files_in(source):
            admit(self, paths, self.files_given.emit)
            return
        cursor = self.textCursor()
        cursor.insertText(source.text(), QTextCharFormat())
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        places = [one for one in self.tracked.pending if one.number == self._current]
        if not places or places[-1].last - places[0].position > _MOST_OUTLINED:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QPen(self._keeper.theme.colour("accent"), 2))
        for line in self._lines_of(places[0].position, places[-1].last):
            painter.drawRoundedRect(line.adjusted(-2, 0, 2, 0), 3, 3)
        painter.end()

    # ---- private

    def _on_cursor_moved(self) -> None:
        if not self.textCursor().hasSelection() and self.tracked.pending:
            self.setCurrentCharFormat(QTextCharFormat())  # what is typed next belongs to no change

    def _lines_of(self, first: int, last: int) -> list[QRect]:
        cursor = QTextCursor(self.document())
        lines: dict[int, QRect] = {}
        for position in range(first, last + 1):
            cursor.setPosition(position)
            rect = self.cursorRect(cursor)
            lines[rect.top()] = lines[rect.top()].united(rect) if rect.top() in lines else rect
        return list(lines.values())


def _is_command(event: QKeyEvent) -> bool:
    """Whether keys are no letter: with Ctrl, but not with AltGr, which some systems say as Ctrl and Alt."""
    held, keys = event.modifiers(), Qt.KeyboardModifier
    return bool(held & (keys.ControlModifier | keys.MetaModifier)) and not held & keys.AltModifier


def _files_in(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
