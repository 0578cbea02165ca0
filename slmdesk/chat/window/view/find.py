"""Finds words in a conversation: counts them in the messages' source texts, marks them in the shown ones.

Words that resemble a substitute are underlined in the same way.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextEdit

from slmdesk.base.record import Record
from slmdesk.chat.window.view.message import MessageView
from slmdesk.chat.window.view.rows import Row
from slmdesk.chat.window.view.virtual_scroll import EDGE, MessageArea
from slmdesk.window.markdown.style import FORMULA_SOURCE, RESEMBLING, ViewStyle
from slmdesk.window.markdown.text import MessageText
from slmdesk.window.widgets.text import plain_tip

MOST_MARKS = 2000
"""In one message."""
NOT_RECOGNISED = "Resembles a name or number that stood for another. It was left as the model wrote it."


class Hit(Record):
    id: str
    count: int


class Finder:
    def __init__(self, area: MessageArea) -> None:
        self._area = area
        self._words = ""
        self._gone_to = ("", 0)

    def find(self, words: str, style: ViewStyle) -> tuple[Hit, ...]:
        """Mark the words and return the messages that hold them.  Empty words remove the marks."""
        self._words, self._gone_to = words, ("", 0)
        self._mark_all(style)
        return find_in((row.view for row in self._area.rows), words)

    def renew(self, style: ViewStyle) -> tuple[Hit, ...]:
        self._mark_all(style)
        return find_in((row.view for row in self._area.rows), self._words)

    def show_hit(self, row: Row, number: int, style: ViewStyle) -> None:
        area = self._area
        area.scroll_to(row.view.id)
        self._gone_to = (row.view.id, number)
        self._mark_all(style)
        shown = row.widget.text.extraSelections() if row.widget is not None else []
        marks = [one for one in shown if not one.format.hasProperty(RESEMBLING)]
        if row.widget is None or not marks:
            return
        text = row.widget.text
        rect = text.cursorRect(marks[min(number, len(marks) - 1)].cursor)
        y = text.viewport().mapTo(area.viewport(), rect.center()).y()
        if not EDGE <= y <= area.viewport().height() - EDGE:
            area.scroll_by(y - area.viewport().height() // 2)

    def mark(self, row: Row, style: ViewStyle) -> None:
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
        shown = ShownWords(text.document())
        for hit in _pattern(words).finditer(shown.words):
            marks.append(_mark(text, *shown.places(*hit.span()), style))
            if len(marks) == MOST_MARKS:
                break
    if marks and current >= 0:
        form = marks[min(current, len(marks) - 1)].format
        form.setBackground(style.theme.colour("accent"))
        form.setForeground(style.theme.colour("on_accent"))
    others = [one for one in text.extraSelections() if one.format.hasProperty(RESEMBLING)]
    if marks or text.extraSelections():
        text.setExtraSelections([*marks, *others])


def underline(text: MessageText, words: Iterable[str], style: ViewStyle) -> None:
    """Underline words that resemble a substitute, wherever they stand; the marks of words looked for stay."""
    others = [one for one in text.extraSelections() if not one.format.hasProperty(RESEMBLING)]
    marks: list[QTextEdit.ExtraSelection] = []
    for one in words:
        shown = ShownWords(text.document())
        for hit in re.finditer(rf"(?<!\w){re.escape(one)}(?!\w)", shown.words):
            made = QTextEdit.ExtraSelection()
            made.cursor = _cursor(text, *shown.places(*hit.span()))
            form = made.format
            form.setProperty(RESEMBLING, True)
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            form.setUnderlineColor(style.theme.colour("accent"))
            form.setToolTip(plain_tip(NOT_RECOGNISED))
            made.format = form
            marks.append(made)
    if marks or len(others) != len(text.extraSelections()):
        text.setExtraSelections([*others, *marks[:MOST_MARKS]])


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in words.split()), re.IGNORECASE)


class ShownWords:
    """The words of a document with the sources of its formulas, and where in the document they stand."""

    def __init__(self, document: QTextDocument) -> None:
        self._shown = document.toPlainText()
        self._wide = not self._shown.isascii() and max(self._shown) > "\uffff"
        self._starts, self._formulas = [0], [(0, 0)]
        pieces, done = [], 0
        cursor = QTextCursor(document)
        for found in re.finditer("\ufffc", self._shown):
            cursor.setPosition(self._units(found.start()) + 1)
            source = str(cursor.charFormat().property(FORMULA_SOURCE) or "\ufffc")
            pieces += [self._shown[done : found.start()], source]
            done = found.end()
            start = self._starts[-1] + self._formulas[-1][1] + len(pieces[-2])
            self._starts.append(start)
            self._formulas.append((found.start(), len(source)))
        self.words = "".join([*pieces, self._shown[done:]])

    def places(self, start: int, end: int) -> tuple[int, int]:
        """Document positions of a part of `words`; a formula is one character."""
        return self._place(start, end=False), self._place(end, end=True)

    def _place(self, at: int, *, end: bool) -> int:
        number = (bisect_left if end else bisect_right)(self._starts, at) - 1
        place, length = self._formulas[max(number, 0)]
        within = at - self._starts[max(number, 0)]
        if number <= 0:
            return self._units(at)
        return self._units(place + (int(end) if within < length else 1 + within - length))

    def _units(self, place: int) -> int:
        """Qt counts letters beyond the first plane twice."""
        return len(self._shown[:place].encode("utf-16-le", "surrogatepass")) // 2 if self._wide else place


def _mark(text: MessageText, start: int, end: int, style: ViewStyle) -> QTextEdit.ExtraSelection:
    made = QTextEdit.ExtraSelection()
    made.cursor = _cursor(text, start, end)
    form = made.format
    form.setBackground(style.theme.colour("mark"))
    form.setForeground(style.theme.colour("text"))
    made.format = form
    return made


def _cursor(text: MessageText, start: int, end: int) -> QTextCursor:
    cursor = QTextCursor(text.document())
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor
