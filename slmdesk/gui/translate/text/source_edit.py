"""Where the text to be translated is typed: files that are pasted there are documents."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from slmdesk.gui.translate.text.entry import files_among
from slmdesk.gui.translate.text.segment_edit import SegmentEdit
from slmdesk.gui.widgets.shares import admit


class SourceEdit(SegmentEdit):
    """Emits `files_pasted` with paths instead of writing their names into the text, `too_long` with a text that was
    not pasted: a pane that is given megabytes would stand still.
    """

    files_pasted = Signal(object)
    too_long = Signal(str)

    def __init__(self, parent: QWidget, *, name: str, words: str, hint: str, most: int) -> None:
        """`most`: characters that fit."""
        super().__init__(parent, name=name, words=words, hint=hint)
        self._most = most

    def replace_text(self, text: str) -> None:
        """Put another text there; undo brings the old one back, as after typing."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Words, and files."""
        return bool(files_among(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Of what is pasted, files go their own way; of formatted text only the words are taken, as Qt does."""
        if paths := files_among(source):
            admit(self, paths, self.files_pasted.emit)
            return
        text = source.text()
        if self.document().characterCount() - len(self.textCursor().selectedText()) + len(text) > self._most:
            self.too_long.emit(text)
        else:
            super().insertFromMimeData(source)
