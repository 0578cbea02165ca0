"""Grey words behind the cursor, by which the loaded model continues a text; Tab takes them.

They are painted over the field and are no part of the document: copying, undoing, saving and screen readers know
nothing of them until they are taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPalette, QTextLayout
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.named import named

PAUSE_MS = 600
"""Without a key, before the model is asked."""
TEXT_READ = 8000
"""Characters before the cursor that go to the service."""
_WORD = re.compile(r"\s*\S+")


def _always() -> bool:
    return True


class GhostText(QObject):
    """The continuation in one text field.  `is_open`: whether the text may be continued now."""

    def __init__(
        self, bridge: Bridge, editor: QTextEdit | QPlainTextEdit, is_open: Callable[[], bool] = _always
    ) -> None:
        super().__init__(editor, objectName="ghost_text")
        self._bridge, self._editor, self._is_open = bridge, editor, is_open
        self.text = ""
        """The grey words on show; "" for none."""
        self._place = (0, "")
        """Number of the line in which they stand, and its words before them."""
        self._asked: Call | None = None
        self._layer = _Layer(editor)
        self._timer = Delay(self, PAUSE_MS, self._ask)
        self._layer.resized.connect(self._follow)
        editor.textChanged.connect(self._on_text_changed)
        editor.cursorPositionChanged.connect(self._on_cursor_moved)
        editor.selectionChanged.connect(self._on_cursor_moved)
        editor.installEventFilter(self)

    def drop(self) -> None:
        """Take the grey words off, and ask for none until the next change."""
        self._timer.stop()
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.cancel()
        self._show("")

    # ---- asking

    def _on_text_changed(self) -> None:
        if not self._follow():
            self.drop()
            if self._editor.hasFocus() and not self._editor.isReadOnly():
                self._timer.start()

    def _on_cursor_moved(self) -> None:
        if not self._follow() and self._here() != self._place:
            is_waiting = self._timer.isActive()  # each letter moves the cursor too
            self.drop()
            if is_waiting:
                self._timer.start()

    def _ask(self) -> None:
        here = self._here()
        if here is None or not self._is_open():
            return
        self._place = here
        text = self._text_before(here[1])
        self._asked = self._bridge.follow(
            self._bridge.services.continuations.after(text), partial(self._on_found, here), self._on_refused
        )

    def _text_before(self, line: str) -> str:
        lines, block = [line], self._editor.textCursor().block().previous()
        while block.isValid() and sum(map(len, lines)) < TEXT_READ:
            lines.append(block.text())
            block = block.previous()
        return "\n".join(reversed(lines))

    def _on_found(self, asked: tuple[int, str], text: str) -> None:
        if self._asked is not None and asked == self._place == self._here():
            self._asked = None
            self._show(self._layer.fitting(text))

    def _on_refused(self, _problem: Problem) -> None:
        self._asked = None

    def _here(self) -> tuple[int, str] | None:
        """The number of the line with the cursor and its words; None where no words can follow."""
        cursor = self._editor.textCursor()
        block = cursor.block()
        line, at = block.text(), cursor.positionInBlock()
        can_follow = (
            self._editor.hasFocus()
            and not self._editor.isReadOnly()
            and not cursor.hasSelection()
            and not line[at:].strip()
            and len(line) == at  # blanks behind the cursor would stand between
            and not block.layout().preeditAreaText()
            and block.textDirection() == Qt.LayoutDirection.LeftToRight
        )
        return (block.blockNumber(), line) if can_follow else None

    def _follow(self) -> bool:
        """Whether the grey words still hold: nothing was typed, or what they begin with."""
        here = self._here()
        if not self.text or here is None or here[0] != self._place[0]:
            return False
        typed = here[1].removeprefix(self._place[1])
        if not here[1].startswith(self._place[1]) or not self.text.startswith(typed) or typed == self.text:
            return False
        self._place = here
        self._show(self._layer.fitting(self.text[len(typed) :]))
        return True

    def _show(self, text: str) -> None:
        self.text = text
        self._layer.show_text(text)

    # ---- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.drop()
        if self.text and isinstance(event, QKeyEvent):
            taken = self._taken_by(event)
            if taken is None:
                return False
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(taken)
                return True
        return False

    def _taken_by(self, event: QKeyEvent) -> str | None:
        """The words that a key takes: "" drops them; None for other keys."""
        if event.key() == Qt.Key.Key_Escape:
            return ""
        if event.key() == Qt.Key.Key_Tab and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            return self.text
        if event.matches(QKeySequence.StandardKey.MoveToNextWord):
            found = _WORD.match(self.text)
            return found.group() if found else self.text
        return None

    def _take(self, words: str) -> None:
        if not words:
            self.drop()
            return
        cursor = self._editor.textCursor()
        cursor.beginEditBlock()  # undone by itself, without what was typed before
        cursor.insertText(words)
        cursor.endEditBlock()
        self._editor.setTextCursor(cursor)
        self._editor.ensureCursorVisible()


class _Layer(QWidget):
    """Lies over the field and paints; keys and clicks go through it."""

    resized = Signal()

    def __init__(self, editor: QTextEdit | QPlainTextEdit) -> None:
        super().__init__(editor)
        named(self, "ghost_layer")
        self._editor, self._text = editor, ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        editor.viewport().installEventFilter(self)
        for bar in (editor.verticalScrollBar(), editor.horizontalScrollBar()):
            bar.valueChanged.connect(self.update)

    def show_text(self, text: str) -> None:
        self._text = text
        if text:
            self.setGeometry(self._editor.viewport().geometry())
            self.raise_()
            self.update()
        self.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._editor.viewport().geometry())
            self.resized.emit()
        return False

    def fitting(self, text: str) -> str:
        """As much of a text as there is room for behind the caret and in empty lines below: no words are covered."""
        layout, skipped = self._laid_out(text)
        free, block = 1 - skipped, self._editor.textCursor().block().next()
        while block.isValid() and not block.text().strip():
            free, block = free + 1, block.next()
        if not block.isValid() or layout.lineCount() <= free:
            return text
        last = layout.lineAt(free - 1) if free > 0 else None
        return text[: last.textStart() + last.textLength()].rstrip() if last else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        layout, _ = self._laid_out(self._text)
        painter = QPainter(self)
        painter.setPen(self._editor.palette().color(QPalette.ColorRole.PlaceholderText))
        layout.draw(painter, QPointF(0, 0))
        painter.end()

    def _laid_out(self, text: str) -> tuple[QTextLayout, int]:
        """A text in its lines; and 1 where not one word fits behind the caret, so that all stand below, else 0."""
        caret, font = self._editor.cursorRect(), self._editor.document().defaultFont()
        margin = self._editor.document().documentMargin()
        right = self._editor.viewport().width() - margin
        first = QFontMetricsF(font).horizontalAdvance(text.split(maxsplit=1)[0]) if text.strip() else 0.0
        skipped = int(caret.left() + first >= right)
        layout = QTextLayout(text, font)
        layout.beginLayout()
        number = skipped
        while (line := layout.createLine()).isValid():
            left = margin if number else caret.left()
            line.setLineWidth(max(right - left, 1.0))
            line.setPosition(QPointF(left, caret.top() + number * caret.height()))
            number += 1
        layout.endLayout()
        return layout, skipped
