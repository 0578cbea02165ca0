"""A text pane that knows the positions of its segments: marks them, scrolls with another pane, explains findings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from slmdesk.base.prefix import common_prefix
from slmdesk.base.record import Record
from slmdesk.window.base import theme
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

FEW_LINES = 6
Span = tuple[int, int]
"""Begin and end in a document, as Qt counts: in UTF-16."""


def size16(text: str) -> int:
    """The length of a text in UTF-16 units, as Qt counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class Mark(Record):
    span: Span
    colour: QColor
    is_shaded: bool
    tip: str


class SegmentEdit(QPlainTextEdit):
    pointed = Signal(int)

    def __init__(self, parent: QWidget, *, name: str, words: str, hint: str = "") -> None:
        super().__init__(parent)
        named(self, name)
        self.setAccessibleName(words)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAcceptDrops(False)
        self.viewport().setMouseTracking(True)
        self._shown = ""
        self._spans: Sequence[Span] = ()
        self._marks: Sequence[Mark] = ()
        self._mark_colour = QColor()
        self._percent = 100
        self._lit = -1

    def sizeHint(self) -> QSize:
        """A few lines: in less room the page is scrolled, extra room is used."""
        return QSize(256, FEW_LINES * self.fontMetrics().lineSpacing() + 2 * theme.SPACE_12)

    # ---- what is shown

    def show_text(self, text: str) -> None:
        """Set the text; what is unchanged at its beginning and end stays untouched, with selection and scrolling."""
        old = self._shown
        if text == old:
            return
        self._shown = text
        begin = common_prefix(old, text)
        rest = min(len(old), len(text)) - begin
        end = common_prefix(old[::-1][:rest], text[::-1][:rest])
        cursor = QTextCursor(self.document())
        cursor.setPosition(size16(old[:begin]))
        cursor.setPosition(size16(old[: len(old) - end]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[begin : len(text) - end])

    def show_spans(self, spans: Sequence[Span], marks: Sequence[Mark], colour: QColor) -> None:
        self._spans, self._marks, self._mark_colour = spans, marks, colour
        self._draw()

    def light(self, index: int) -> None:
        if index != self._lit:
            self._lit = index
            self._draw()

    def set_letters(self, percent: int) -> None:
        self._percent = percent
        self._size_letters()

    # ---- segments

    def segment_at(self, position: int) -> int:
        """The segment at a position, or the last one before it; -1 before the first."""
        return bisect_right(self._spans, position, key=lambda span: span[0]) - 1

    @property
    def current_segment(self) -> int:
        return self.segment_at(self.textCursor().selectionStart())

    def words_within(self, index: int) -> str:
        """The selected part of a segment; empty: nothing, or more than the segment."""
        cursor = self.textCursor()
        begin, end = self._spans[index]
        if not cursor.hasSelection() or cursor.selectionStart() < begin or cursor.selectionEnd() > end:
            return ""
        words = cursor.selectedText().strip()
        return "" if cursor.selectionStart() == begin and cursor.selectionEnd() == end else words

    def go_to(self, index: int) -> None:
        if 0 <= index < len(self._spans):
            cursor = self.textCursor()
            cursor.setPosition(self._spans[index][0])
            self.setTextCursor(cursor)
            self.centerCursor()

    def top(self) -> tuple[int, float] | None:
        """The segment at the top edge, and how much of it is above; None: no segments, or the end of the text is
        visible.
        """
        bar = self.verticalScrollBar()
        if not self._spans or (bar.value() == bar.maximum() and bar.maximum() > 0):
            return None
        position = self.cursorForPosition(QPoint(0, 2)).position()
        index = max(0, self.segment_at(position))
        begin, end = self._spans[index]
        return index, min(1.0, max(0.0, (position - begin) / max(1, end - begin)))

    def scroll_into_view(self, top: tuple[int, float] | None) -> None:
        """Scroll to the `top` of another pane; None: to the end."""
        bar = self.verticalScrollBar()
        if top is None:
            bar.setValue(bar.maximum())
        elif top[0] < len(self._spans):
            begin, end = self._spans[top[0]]
            position = begin + round(top[1] * (end - begin))
            block = self.document().findBlock(position)
            self.document().documentLayout().blockBoundingRect(block)  # lays it out: its lines are known then
            line = block.layout().lineForTextPosition(position - block.position())
            bar.setValue(block.firstLineNumber() + (line.lineNumber() if line.isValid() else 0))

    def place_of(self, index: int) -> QPoint:
        """The point below the first line of a segment, in the pane's own coordinates."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._spans[index][0])
        return self.viewport().mapTo(self, self.cursorRect(cursor).bottomLeft())

    # ---- Qt

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self.cursorForPosition(self.viewport().mapFrom(self, event.pos())).position()
            tips = [one.tip for one in self._marks if one.tip and one.span[0] <= at < one.span[1]]
            QToolTip.showText(event.globalPos(), plain_tip("\n".join(tips)), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        at = self.cursorForPosition(event.position().toPoint()).position()
        index = self.segment_at(at)
        self.pointed.emit(index if index >= 0 and at < self._spans[index][1] else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(-1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._size_letters()

    # ---- private

    def _size_letters(self) -> None:
        font = self.font()
        font.setPointSizeF(max(4.0, font.pointSizeF() * self._percent / 100))
        if self.document().defaultFont() != font:
            self.document().setDefaultFont(font)

    def _draw(self) -> None:
        drawn = [self._drawn(one) for one in self._marks]
        if 0 <= self._lit < len(self._spans):
            selection = self._selection(self._spans[self._lit])
            selection.format.setBackground(self._mark_colour)
            selection.format.setForeground(self.palette().color(QPalette.ColorRole.Text))
            drawn.append(selection)
        self.setExtraSelections(drawn)

    def _drawn(self, mark: Mark) -> QTextEdit.ExtraSelection:
        selection = self._selection(mark.span)
        style = QTextCharFormat.UnderlineStyle
        selection.format.setUnderlineStyle(style.DotLine if mark.is_shaded else style.WaveUnderline)
        selection.format.setUnderlineColor(mark.colour)
        if mark.is_shaded:
            ground = QColor(mark.colour)
            ground.setAlpha(60)
            selection.format.setBackground(ground)
        return selection

    def _selection(self, span: Span) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        document = self.document()
        cursor, last = QTextCursor(document), max(0, document.characterCount() - 1)
        cursor.setPosition(min(span[0], last))
        cursor.setPosition(min(span[1], last), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor = cursor
        selection.format = QTextCharFormat()
        return selection
