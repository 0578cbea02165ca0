"""A bar to find words in what is on show: a document, a chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.build import CLEAR, row, text_line, tool_button
from slmdesk.window.widgets.text import plain_label

SEARCH_AFTER_MS = 250


class FindBar(QFrame):
    words_changed = Signal(str)
    place_chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget, *, what: str = "document", prefix: str = "") -> None:
        """`what` is searched; `prefix` begins the object names of its parts."""
        super().__init__(parent)
        self.setObjectName(f"{prefix}find_bar")
        self._what, self._prefix = what, prefix
        self._places: tuple[object, ...] = ()
        self._at = -1
        self._is_all = True
        self._timer = Delay(self, SEARCH_AFTER_MS, lambda: self.words_changed.emit(self._line.text()))
        self._build_ui()
        self._line.textChanged.connect(lambda _words: self._timer.start())

    def _build_ui(self) -> None:
        hint, label = f"Find in the {self._what}", f"Find words in the {self._what}"
        shortcut = f"{self._prefix.rstrip('_') or 'documents'}.find"
        self._line = text_line(f"{self._prefix}find_line", self, hint, label=label, clears=CLEAR, shortcut=shortcut)
        self._count = plain_label("", self, name=f"{self._prefix}find_count", kind="small", wraps=False)
        self._previous = self._step("find_previous", "chevron-up", "The place before (Shift+Enter)", self.previous)
        self._next = self._step("find_next", "chevron-down", "The next place (Enter)", self.next)
        parts = ((self._line, 1), self._count, self._previous, self._next)
        row(*parts, into=self, gap=theme.SPACE_8, margins=theme.SPACE_8)

    def _step(self, name: str, icon: str, words: str, on: Callable[[], None]) -> QToolButton:
        made = tool_button(f"{self._prefix}{name}", self, icon=icon, label=words, tip=words, on=on)
        made.setEnabled(False)
        return made

    def begin(self) -> None:
        self._line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._line.selectAll()

    def reset(self) -> None:
        self._line.clear()  # with its signals: Qt's own button for clearing goes by them
        self._timer.stop()
        self.show_found(())

    def leave(self) -> None:
        """Forget the places found: something else is marked.  Enter searches again."""
        self._timer.stop()
        if self._places:
            self.show_found(())
            self._count.setText("")

    def show_found(self, places: Sequence[object], *, is_all: bool = True) -> None:
        """Show how many places were found and go to the first.  `is_all`: there are no more."""
        self._places, self._at = tuple(places), -1
        for button in (self._previous, self._next):
            button.setEnabled(bool(places))
        self._is_all = is_all
        self._notify()
        if places:
            self.next()

    def renew(self, places: Sequence[object]) -> None:
        """Show how many places there are now; the one gone to stays, and nothing moves."""
        now = self._places[self._at] if self._at >= 0 else None
        self._places = tuple(places)
        self._at = self._places.index(now) if now in self._places else -1
        for button in (self._previous, self._next):
            button.setEnabled(bool(places))
        self._notify()

    def next(self) -> None:
        self._go(1)

    def previous(self) -> None:
        self._go(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            (self.previous if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else self.next)()
        elif event.key() == Qt.Key.Key_Escape and self._line.text():
            self._line.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _go(self, step: int) -> None:
        if not self._places:
            if self._line.text().strip() and not self._count.text():
                self.words_changed.emit(self._line.text())
            return
        if self._at < 0:  # nothing was gone to yet
            self._at = 0 if step > 0 else len(self._places) - 1
        else:
            self._at = (self._at + step) % len(self._places)
        self._notify()
        self.place_chosen.emit(self._places[self._at])

    def _notify(self) -> None:
        if not self._line.text().strip():
            self._count.setText("")
        elif not self._places:
            self._count.setText("not found")
        else:
            more = "" if self._is_all else "+"
            self._count.setText(f"{self._at + 1} of {len(self._places)}{more}")
