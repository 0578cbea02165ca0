"""A sign in the message field that opens a list: `@` at the start of a word, `/` at the start of the message."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QWidget

from slmdesk.chat.window.composer.composer import ENTER_KEYS, InputBox
from slmdesk.chat.window.composer.mention_list import MOST_SHOWN, MentionList, Suggestion, Suggestions

MOST_TYPED = 80
"""Characters behind the sign."""
_IN_ADDRESS = "._%+-@"
"""Before the sign, beside letters and digits, in an e-mail address."""
_NEW_LINE = "\u2029"
"""As Qt writes it."""
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class Mentions(QObject):
    """Watches what is typed into a message field, and opens the list over `page`."""

    chosen = Signal(object)

    def __init__(
        self, box: InputBox, names: Suggestions, page: QWidget, *, sign: str, name: str, label: str, is_first: bool
    ) -> None:
        """`name` and `label`: of the list.  `is_first`: the sign counts at the start of the message alone."""
        super().__init__(box, objectName=f"{name}_opener")
        self._box, self._names, self._page = box, names, page
        self._sign, self._is_first = sign, is_first
        self.list = MentionList(page, name=name, label=label, empty=names.empty)
        self._at = -1
        """Where the sign stands of the word that is being typed; -1: there is none."""
        above: QWidget | None = box
        while above is not None and above is not page:  # with any of them the message moves
            above.installEventFilter(self)
            above = above.parentWidget()
        page.installEventFilter(self)
        box.textChanged.connect(self._on_text_changed)
        box.cursorPositionChanged.connect(self._on_cursor_moved)
        self.list.chosen.connect(self._choose)

    def close(self) -> None:
        self._at = -1
        self.list.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the list while it is open; the focus stays in the message."""
        kind = event.type()
        if kind in (QEvent.Type.Move, QEvent.Type.Resize):
            if self.list.isVisible():
                self._place()
        elif watched is not self._box:
            return False
        elif kind == QEvent.Type.FocusIn:
            self._names.refresh()
        elif kind == QEvent.Type.FocusOut:
            self.close()
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress and self.list.isVisible():
            return self._has_used(event)
        return False

    def _has_used(self, event: QKeyEvent) -> bool:
        key, one = event.key(), self.list.current
        if key == Qt.Key.Key_Escape:
            self.close()
        elif one is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or self._box.is_composing:
            return False
        elif key in (*ENTER_KEYS, Qt.Key.Key_Tab):
            self._choose(one)
        elif key in _STEPS:
            self.list.step(_STEPS[Qt.Key(key)])
        else:
            return False
        return True

    def _on_text_changed(self) -> None:
        end, letter = self._box.textCursor().position(), self._box.document().characterAt
        is_sign = bool(end) and letter(end - 1) == self._sign and self._box.hasFocus()
        if is_sign and (end == 1 or (not self._is_first and _is_free(letter(end - 2)))):
            self._at = end - 1
            self._names.refresh()
        if self._at >= 0:
            self._show()

    def _on_cursor_moved(self) -> None:
        if self._at >= 0 and self._typed() is None:
            self.close()

    def names_changed(self) -> None:
        """Show others in the open list."""
        if self._at >= 0:
            self._show()

    def _typed(self) -> str | None:
        """What stands between the sign and the cursor; None where that is no name any more."""
        cursor = self._box.textCursor()
        end = cursor.position()
        if not (self._at < end <= self._at + 1 + MOST_TYPED and self._starts_with_sign):
            return None
        cursor.setPosition(self._at + 1)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        typed = cursor.selectedText()
        return None if typed[:1].isspace() or _NEW_LINE in typed else typed

    @property
    def _starts_with_sign(self) -> bool:
        return self._box.document().characterAt(self._at) == self._sign

    def _show(self) -> None:
        typed = self._typed()
        if typed is None:
            self.close()
            return
        found, count = self._names.suggest(typed, MOST_SHOWN)
        is_empty = self._names.is_empty and not typed
        if not found and not is_empty:
            self.list.hide()  # opens again where a letter is taken back
            return
        self.list.show_names(found, count)
        self._place()

    def _place(self) -> None:
        cursor = QTextCursor(self._box.document())
        cursor.setPosition(self._at)
        place = self._box.cursorRect(cursor)
        place.setTop(0)  # over the whole message: no line of it is covered
        corner = self._box.viewport().mapTo(self._page, place.topLeft())
        self.list.open_over(QRect(corner, place.size()))

    def _choose(self, one: Suggestion) -> None:
        cursor = self._box.textCursor()
        end, start = cursor.position(), self._at
        self.close()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("" if self._is_first else f"{one.name} ")
        self._box.setTextCursor(cursor)
        self.chosen.emit(one.value)


def _is_free(before: str) -> bool:
    """Whether a word can begin behind this letter; in an address, none does."""
    return not (before.isalnum() or before in _IN_ADDRESS)
