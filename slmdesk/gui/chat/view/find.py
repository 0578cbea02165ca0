"""Finds words in a conversation: counts them in the messages' source texts, marks them in the shown ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QTextEdit

from slmdesk.gui.chat.view.message import MessageView
from slmdesk.gui.markdown.style import ViewStyle
from slmdesk.gui.markdown.text import MessageText

MOST_MARKS = 2000
"""In one message."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that holds the words, and how often."""

    id: str
    count: int


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
