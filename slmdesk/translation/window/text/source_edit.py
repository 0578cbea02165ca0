"""The pane for the source text; files pasted there are translated as documents."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from slmdesk.translation.window.text.entry import files_among
from slmdesk.translation.window.text.segment_edit import SegmentEdit
from slmdesk.window.widgets.shares import admit


class SourceEdit(SegmentEdit):
    """Emits `files_pasted` with paths instead of inserting their names, `too_long` with a text that was not pasted: a
    pane with megabytes of text would freeze.
    """

    files_pasted = Signal(object)
    too_long = Signal(str)

    def __init__(self, parent: QWidget, *, name: str, words: str, hint: str, most: int) -> None:
        super().__init__(parent, name=name, words=words, hint=hint)
        self._most = most

    def replace_text(self, text: str) -> None:
        """Replace the text; undo brings the old one back, as after typing."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(files_among(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files are emitted as paths; of formatted text only the plain text is inserted, as by Qt."""
        if paths := files_among(source):
            admit(self, paths, self.files_pasted.emit)
            return
        text = source.text()
        if self.document().characterCount() - len(self.textCursor().selectedText()) + len(text) > self._most:
            self.too_long.emit(text)
        else:
            super().insertFromMimeData(source)
