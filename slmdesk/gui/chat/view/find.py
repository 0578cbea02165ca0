"""Finds words in a conversation: counts them in the messages' source texts, marks them in the shown ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QTextEdit

from slmdesk.gui.chat.view.message import MessageView
from slmdesk.gui.chat.view.rows import Row
from slmdesk.gui.chat.view.virtual_scroll import EDGE, MessageArea
from slmdesk.gui.markdown.style import ViewStyle
from slmdesk.gui.markdown.text import MessageText

MOST_MARKS = 2000
"""In one message."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that holds the words, and how often."""

    id: str
    count: int


class Finder:
    """The words that are looked for in a view of messages, and the hit last gone to."""

    def __init__(self, area: MessageArea) -> None:
        self._area = area
        self._words = ""
        self._gone_to = ("", 0)

    def find(self, words: str, style: ViewStyle) -> tuple[Hit, ...]:
        """Mark the words and return the messages that hold them.  Empty words remove the marks."""
        self._words, self._gone_to = words, ("", 0)
        self._mark_all(style)
        return find_in((row.view for row in self._area.rows), words)

    def show_hit(self, row: Row, number: int, style: ViewStyle) -> None:
        """Scroll to hit number `number` of a message and mark it as the current one."""
        area = self._area
        area.scroll_to(row.view.id)
        self._gone_to = (row.view.id, number)
        self._mark_all(style)
        marks = row.widget.text.extraSelections() if row.widget is not None else []
        if row.widget is None or not marks:
            return
        text = row.widget.text
        rect = text.cursorRect(marks[min(number, len(marks) - 1)].cursor)
        y = text.viewport().mapTo(area.viewport(), rect.center()).y()
        if not EDGE <= y <= area.viewport().height() - EDGE:
            area.scroll_by(y - area.viewport().height() // 2)

    def mark(self, row: Row, style: ViewStyle) -> None:
        """Mark the words in a message that is on the screen."""
        if row.widget is not None:
            message, number = self._gone_to
            mark(row.widget.text, self._words, style, number if message == row.view.id else -1)

    def _mark_all(self, style: ViewStyle) -> None:
        for index in self._area.live:
            self.mark(self._area.rows[index], style)


def find_in(messages: Iterable[MessageView], words: str) -> tuple[Hit, ...]:
    """The messages that hold the words, in order; case does not count."""
    if not words.strip():
        return ()
    pattern = _pattern(words)
    counted = ((view.id, sum(1 for _ in pattern.finditer(view.text))) for view in messages)
    return tuple(Hit(message_id, count) for message_id, count in counted if count)


def mark(text: MessageText, words: str, style: ViewStyle, current: int = -1) -> None:
    """Mark the words in a shown message, occurrence `current` in another colour; empty words remove the marks."""
    marks: list[QTextEdit.ExtraSelection] = []
    if words.strip():
        shown = text.toPlainText()
        wide = not shown.isascii() and max(shown) > "\uffff"
        for hit in _pattern(words).finditer(shown):
            start, end = hit.span()
            if wide:  # Qt counts letters beyond the first plane twice
                start, end = (_units(shown[:place]) for place in (start, end))
            marks.append(_mark(text, start, end, style))
            if len(marks) == MOST_MARKS:
                break
    if marks and current >= 0:
        form = marks[min(current, len(marks) - 1)].format
        form.setBackground(style.theme.colour("accent"))
        form.setForeground(style.theme.colour("on_accent"))
    if marks or text.extraSelections():
        text.setExtraSelections(marks)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in words.split()), re.IGNORECASE)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _mark(text: MessageText, start: int, end: int, style: ViewStyle) -> QTextEdit.ExtraSelection:
    made = QTextEdit.ExtraSelection()
    cursor = QTextCursor(text.document())
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    made.cursor = cursor
    form = made.format
    form.setBackground(style.theme.colour("mark"))
    form.setForeground(style.theme.colour("text"))
    made.format = form
    return made
