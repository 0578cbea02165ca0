"""Underlines misspelled words of a text field and suggests corrections in its context menu.

The underlines are drawn over the text and are no part of it, so undo, copy and save are not affected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QContextMenuEvent, QPalette, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QTextEdit

from slmdesk.base.runtime.messages import Problem
from slmdesk.base.text.markup import code_lines, word_at
from slmdesk.base.texts import _
from slmdesk.tasks.writing.spelling.types import Misspelled, SpellingChanged, SpellingRequest, Suggestions
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay
from slmdesk.ui.kit.base.text import character_at, utf16_at
from slmdesk.ui.kit.widgets.build import named, passing

PAUSE_MS = 350
"""Milliseconds without a change before words are checked."""
LINES_AT_ONCE = 100
MOST_REMEMBERED = 5000
AROUND = 5000
"""Most characters of the surrounding text from which the language of a short line is detected."""
SCROLLING_MS = 60
BEYOND_SIGHT = 2000
"""Number of characters above and below the visible part that are checked too."""
OURS = QTextFormat.Property.UserProperty + 71
"""Property that marks the formats of this class among other formats drawn over the same text."""

NO_SUGGESTIONS = _("No suggestions")
Spans = tuple[tuple[int, int], ...]


class SpellMarks(QObject):
    """Underlines of one text field.

    `names` returns names of attachments, which are not checked. `is_left_out` returns whether the part of the document
    between two positions is not to be marked. Nothing is marked if there is no dictionary or the check is off.
    """

    def __init__(
        self,
        bridge: Bridge,
        editor: QTextEdit | QPlainTextEdit,
        names: Callable[[], Sequence[str]] = tuple,
        is_left_out: Callable[[int, int], bool] = lambda _start, _end: False,
    ) -> None:
        super().__init__(editor, objectName="spell_marks")
        self._bridge, self._editor, self._names, self._is_left_out = bridge, editor, names, is_left_out
        self._found: dict[str, Spans] = {}
        """Positions of the misspelled words of each line, in characters."""
        self._marks: list[QTextEdit.ExtraSelection] = []
        self._asked: Call | None = None
        self._is_typing = False
        self._revision = editor.document().revision()
        self._timer = Delay(self, PAUSE_MS, self._check, "spelling_timer")
        self._scrolling = Delay(self, SCROLLING_MS, self._show)
        self._connect()
        if not editor.document().isEmpty():
            self._timer.start()

    def _connect(self) -> None:
        self._editor.textChanged.connect(self._on_text_changed)
        self._editor.cursorPositionChanged.connect(self._on_cursor_moved)
        self._bridge.on(SpellingChanged, self._on_spelling_changed)
        self._editor.verticalScrollBar().valueChanged.connect(self._scrolling.start)
        self._editor.installEventFilter(self)
        self._editor.viewport().installEventFilter(self)

    @property
    def words(self) -> list[str]:
        """Return the underlined words in order. Of a long text, only the visible part counts."""
        return [mark.cursor.selectedText() for mark in self._marks]

    # ---- checking

    def _on_text_changed(self) -> None:
        self._is_typing = True
        self._timer.start()
        place = self._editor.textCursor().position()
        kept = [mark for mark in self._marks if not mark.cursor.selectionStart() <= place <= mark.cursor.selectionEnd()]
        if len(kept) < len(self._marks):
            self._draw(kept)

    def _on_cursor_moved(self) -> None:
        revision = self._editor.document().revision()
        if revision == self._revision and self._is_typing:  # the cursor moved without a change, so the word is complete
            self._is_typing = False
            if not self._timer.isActive():
                self._show()
        self._revision = revision

    def _on_spelling_changed(self) -> None:
        self._found.clear()
        self._timer.start()

    def _check(self) -> None:
        if self._asked is not None or self._editor.isReadOnly():
            return  # the pending answer will check again
        unknown = [line for line, is_code in self._lines() if line.strip() and not is_code and line not in self._found]
        self._show()
        if unknown:
            some = tuple(dict.fromkeys(unknown))[:LINES_AT_ONCE]
            request = self._request(some)
            self._asked = self._bridge.follow(
                self._bridge.services.spelling.check(request), partial(self._on_checked, some), self._on_refused
            )

    def _request(self, lines: Sequence[str]) -> SpellingRequest:
        return SpellingRequest(lines, self._editor.toPlainText()[:AROUND], tuple(self._names()))

    def _on_checked(self, lines: Sequence[str], misspelled: Misspelled) -> None:
        self._asked = None
        if len(self._found) > MOST_REMEMBERED:
            present = {line for line, __ in self._lines()}
            self._found = {line: spans for line, spans in self._found.items() if line in present}
        self._found.update(zip(lines, misspelled, strict=True))
        if not self._timer.isActive():  # else the timer will check
            self._check()

    def _on_refused(self, _problem: Problem) -> None:
        """Do nothing more: a notice has told what is wrong, and the next change tries again."""
        self._asked = None

    def _lines(self) -> list[tuple[str, bool]]:
        lines = []
        block = self._editor.document().begin()
        while block.isValid():
            lines.append(block.text())
            block = block.next()
        return list(zip(lines, code_lines(lines), strict=True))

    # ---- drawing

    def _show(self) -> None:
        """Underline the misspelled words in the visible part. A line that is being checked keeps its underlines."""
        before: dict[int, list[QTextEdit.ExtraSelection]] = {}
        for mark in self._marks:
            if mark.cursor.hasSelection():
                before.setdefault(mark.cursor.blockNumber(), []).append(mark)
        typed, (first, last) = self._typed_word(), self._in_sight()
        lines = self._lines()
        marks: list[QTextEdit.ExtraSelection] = []
        block = self._editor.document().findBlock(first)
        while block.isValid() and block.position() <= last:
            number, (line, is_code) = block.blockNumber(), lines[block.blockNumber()]
            if line not in self._found and not is_code:
                marks += before.get(number, [])
            for span in () if is_code else self._found.get(line, ()):
                start, end = (block.position() + place for place in _utf16(line, span, block.length() - 1))
                is_in_sight = start <= last and first <= end
                if is_in_sight and (number, *span) != typed and not self._is_left_out(start, end):
                    marks.append(self._mark(start, end))
            block = block.next()
        self._draw(marks)

    def _in_sight(self) -> tuple[int, int]:
        view = self._editor.viewport().rect()
        first, last = (
            self._editor.cursorForPosition(point).position() for point in (view.topLeft(), view.bottomRight())
        )
        return max(0, first - BEYOND_SIGHT), last + BEYOND_SIGHT

    def _typed_word(self) -> tuple[int, int, int] | None:
        if not self._is_typing or not self._editor.hasFocus():
            return None
        cursor = self._editor.textCursor()
        line = cursor.block().text()
        word = word_at(line, character_at(line, cursor.positionInBlock()))
        return (cursor.blockNumber(), *word) if word else None

    def _mark(self, start: int, end: int) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self._editor.document())
        mark.cursor.setPosition(start)
        mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark.format = QTextCharFormat()
        mark.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SpellCheckUnderline)
        mark.format.setUnderlineColor(self._editor.palette().color(QPalette.ColorRole.BrightText))
        mark.format.setProperty(OURS, True)
        return mark

    def _draw(self, marks: list[QTextEdit.ExtraSelection]) -> None:
        if marks or self._marks:
            others = [mark for mark in self._editor.extraSelections() if not mark.format.hasProperty(OURS)]
            self._marks = marks
            self._editor.setExtraSelections(others + marks)

    # ---- the menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange and watched is self._editor:
            self._timer.start()
        if event.type() == QEvent.Type.Resize:
            self._scrolling.start()
        if isinstance(event, QContextMenuEvent) and not self._editor.isReadOnly():
            return self._open_menu(event)
        return False

    def _open_menu(self, event: QContextMenuEvent) -> bool:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            cursor = self._editor.textCursor()
            place = self._editor.viewport().mapToGlobal(self._editor.cursorRect(cursor).bottomLeft())
        else:
            place = event.globalPos()
            cursor = self._editor.cursorForPosition(self._editor.viewport().mapFromGlobal(place))
        at = cursor.position()
        mark = next(
            (mark for mark in self._marks if mark.cursor.selectionStart() <= at <= mark.cursor.selectionEnd()), None
        )
        if mark is None:
            return False
        self._menu_for(QTextCursor(mark.cursor)).popup(place)
        return True

    def _menu_for(self, marked: QTextCursor) -> QMenu:
        word, line = marked.selectedText(), marked.block().text()
        menu = passing(self._editor.createStandardContextMenu(), "spelling_menu")
        first = menu.actions()[0]
        waiting = named(QAction(_("Looking for suggestions…"), menu), "spelling_waiting")
        waiting.setEnabled(False)
        add = named(QAction(_("Add to my words"), menu), "spelling_add")
        add.triggered.connect(lambda: self._bridge.services.spelling.add_words([word]))
        for action in (waiting, menu.addSeparator(), add, menu.addSeparator()):
            menu.insertAction(first, action)
        suggesting = self._bridge.services.spelling.suggest(self._request((line,)), word)
        self._bridge.follow(  # neither is called once the menu is gone
            suggesting,
            lambda suggestions: self._show_suggestions(menu, waiting, marked, suggestions),
            lambda _problem: waiting.setText(NO_SUGGESTIONS),
        )
        return menu

    def _show_suggestions(self, menu: QMenu, waiting: QAction, marked: QTextCursor, suggestions: Suggestions) -> None:
        for word in suggestions.words:
            action = named(QAction(word.replace("&", "&&"), menu), "spelling_suggestion")
            font = action.font()
            font.setBold(True)
            action.setFont(font)
            action.triggered.connect(partial(self._replace, marked, suggestions.word, word))
            menu.insertAction(waiting, action)
        if suggestions.words:
            menu.removeAction(waiting)
        else:
            waiting.setText(NO_SUGGESTIONS)

    def _replace(self, marked: QTextCursor, wrong: str, right: str) -> None:
        if marked.selectedText() == wrong:  # else the text was changed meanwhile
            marked.insertText(right)


def _utf16(line: str, span: tuple[int, int], length: int) -> tuple[int, int]:
    """Convert a span to UTF-16 units as Qt counts. `length` is the length of the line in these units."""
    return span if length == len(line) else (utf16_at(line, span[0]), utf16_at(line, span[1]))
