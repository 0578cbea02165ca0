"""The editor of the page Write: plain text, and undecided changes in it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.clipboard import marked
from slmdesk.ui.kit.base.theme import Theme, ThemeKeeper
from slmdesk.ui.kit.widgets.build import named, passing
from slmdesk.ui.kit.widgets.files import admit
from slmdesk.ui.kit.widgets.requests import add_ways_to
from slmdesk.ui.writing.tracked import IS_LIT, TrackedText

HINT = _(
    "Write here, paste a text, or drop a document: Word, OpenDocument, Markdown or plain text. Select text to rewrite "
    "only that part."
)
PADDING = 56
LINE_PERCENT = 131
"""Height of a line of text as a share of the font's own, which makes 1.65 of its size."""
_MOST_OUTLINED = 2_000
"""Most characters of a change that is outlined."""


class WritingEdit(QTextEdit):
    """The sheet: a text editor that shows undecided changes. It holds plain text, but a QPlainTextEdit has no distance
    between lines.

    Typed or pasted text belongs to no change. Copying gives the current text, without words that changes would insert.
    """

    files_given = Signal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_editor", label=_("Your text"))
        self.setAccessibleDescription(HINT)
        self.setTabChangesFocus(True)
        self.setAcceptRichText(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # it must not move the text
        self.setFrameShape(self.Shape.NoFrame)
        self._keeper = keeper
        self.tracked = TrackedText(self.document(), keeper.theme, self)
        self._current = 0
        self._lit: QTextCursor | None = None
        self.cursorPositionChanged.connect(self._on_cursor_moved)
        keeper.theme_changed.connect(self._on_theme_changed)
        self.setPlainText("")

    @property
    def selected(self) -> tuple[int, int]:
        """Return the start and end of the selection in the current text, without spaces at its ends.

        If nothing is selected, both are the position of the caret.
        """
        cursor = self.textCursor()
        start, end = self.tracked.at(cursor.selectionStart()), self.tracked.at(cursor.selectionEnd())
        words = self.tracked.plain[start:end]
        if not words.strip():
            return start, start
        return start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())

    def setPlainText(self, text: str) -> None:
        super().setPlainText(text)
        document = self.document()
        document.setUndoRedoEnabled(False)
        cursor, lines = QTextCursor(document), QTextBlockFormat()
        cursor.select(QTextCursor.SelectionType.Document)
        lines.setLineHeight(LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(lines)
        document.setDocumentMargin(theme.scaled(PADDING))
        document.setUndoRedoEnabled(True)

    def replace_all(self, text: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text, QTextCharFormat())
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def outline(self, number: int) -> None:
        """Outline the change with this number and scroll to it. 0 outlines none."""
        self.mark(number)
        place = next((pending for pending in self.tracked.pending if pending.number == number), None)
        if place is not None:
            cursor = self.textCursor()
            cursor.setPosition(place.position)
            self.setTextCursor(cursor)
            self.ensureCursorVisible()

    def mark(self, number: int) -> None:
        self._current = number
        self.viewport().update()

    def light(self, place: QTextCursor | None) -> None:
        """Light up a part of the text, such as one that suggestions would replace. None: no part."""
        self._lit = place
        marks = [mark for mark in self.extraSelections() if not mark.format.hasProperty(IS_LIT)]
        if place is not None:
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = QTextCursor(place), QTextCharFormat()
            mark.format.setBackground(self._keeper.theme.colour("soft"))
            mark.format.setProperty(IS_LIT, True)
            marks.append(mark)
        self.setExtraSelections(marks)

    def is_undecided(self, start: int, end: int) -> bool:
        return any(pending.position < end and start < pending.last for pending in self.tracked.pending)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Insert text typed over a selection without formatting. Qt would give it the format of the text before it, so
        that it would belong to a change.
        """
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

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing(self.createStandardContextMenu(), "writing_menu")
        add_ways_to(menu, self, self.textCursor().selectedText() or self.toPlainText())
        menu.popup(event.globalPos())

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
        """Light up the words of the current change, behind the text."""
        places = [pending for pending in self.tracked.pending if pending.number == self._current]
        if places and places[-1].last - places[0].position <= _MOST_OUTLINED:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._keeper.theme.colour("edge"), self._keeper.theme.line_width))
            painter.setBrush(self._keeper.theme.colour("soft"))
            for line in self._lines_of(places[0].position, places[-1].last):
                painter.drawRoundedRect(line.adjusted(-3, -1, 3, 1), 4, 4)
            painter.end()
        super().paintEvent(event)
        if self.document().isEmpty() and not self.document().firstBlock().layout().preeditAreaText():
            self._paint_hint()

    def _paint_hint(self) -> None:  # Qt's own is cut to one line where the margin is wide
        painter, padding = QPainter(self.viewport()), theme.scaled(PADDING)
        painter.setPen(self._keeper.theme.colour("ink3"))
        words = self.viewport().rect().adjusted(padding, padding, -padding, -padding)
        painter.drawText(words, int(Qt.TextFlag.TextWordWrap), HINT)
        painter.end()

    def _on_theme_changed(self, colours: Theme) -> None:
        self.tracked.set_theme(colours)
        self.light(self._lit)
        document, padding = self.document(), theme.scaled(PADDING)
        if document.documentMargin() != padding:
            cursor = QTextCursor(document)
            cursor.joinPreviousEditBlock()  # no undo step of its own
            document.setDocumentMargin(padding)
            cursor.endEditBlock()

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
    """Return whether the keys are a shortcut: with Ctrl, but not with AltGr, which may be reported as Ctrl and Alt."""
    held, keys = event.modifiers(), Qt.KeyboardModifier
    return bool(held & (keys.ControlModifier | keys.MetaModifier)) and not held & keys.AltModifier


def _files_in(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
