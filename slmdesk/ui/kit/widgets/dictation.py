"""Dictation into a text field: words are provisional while one speaks, and fixed at the pause.

Made by the first press of a field's button, see `dictate_button` in `build`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QTextBlock, QTextCharFormat, QTextCursor, QTextLayout
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QToolButton

from slmdesk.base.language import VARIABLE
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.documents.voice.events import DictationEnded, DictationGrew
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.shortcuts import keys_of
from slmdesk.ui.kit.base.sound import Microphone
from slmdesk.ui.kit.base.text import size16
from slmdesk.ui.kit.widgets.build import DICTATE, set_icon
from slmdesk.ui.kit.widgets.notices import LONG_MS, Notice, notice_of

if TYPE_CHECKING:
    from slmdesk.base.runtime.events import Pending
    from slmdesk.services import Services

HOLD_MS = 400
"""Milliseconds after which a pressed button or key is held: it listens until it is released."""
NO_MICROPHONE = _("No microphone gives sound: none is plugged in, or the system keeps slmdesk from using it.")
GONE = _("The microphone gives no more sound. What was heard stays.")
_OPENS, _CLOSES = "([{«‹„‚¿¡/-", ",.;:!?)]}»›…\n"
Field = QTextEdit | QPlainTextEdit | QLineEdit


class Dictation(QObject):
    """Dictation into one field, of which a press of `button` or of its key begins and ends it."""

    def __init__(self, bridge: Bridge, field: Field, button: QToolButton) -> None:
        super().__init__(button, objectName=DICTATE)
        self._bridge, self._field, self._button = bridge, field, button
        self.words = _Line(field) if isinstance(field, QLineEdit) else _Text(field)
        self._id = self._last = ""
        """Of the dictation that goes on, and of the one before, whose last stretch is still heard."""
        self._is_on = False
        """Whether it listens, or will as soon as the dictation before has ended."""
        self._was_on = self._has_heard = False
        self._hold = Delay(self, HOLD_MS, lambda: None, "hold_timer")
        self._is_down = False
        self._microphone = Microphone(self)
        self._microphone.heard.connect(self._on_heard)
        self._microphone.failed.connect(self._on_failed)
        field.installEventFilter(self)
        bridge.listening_changed.connect(self._on_listening_changed)
        bridge.on(DictationGrew, self._on_grew)
        bridge.on(DictationEnded, self._on_ended)

    # ---- what a person does

    def press(self) -> None:
        if self._is_down:  # a held key repeats
            return
        self._is_down, self._was_on = True, self._is_on
        self._hold.start()
        self._start()

    def release(self) -> None:
        """End it if it was held, or was on before. After a short press it stays on until the next."""
        if self._is_down and (self._was_on or not self._hold.isActive()):
            self.finish()
        self._is_down = False

    def finish(self, *, tells: bool = True) -> None:
        """Listen no more. What was said until now is still written."""
        if self._turn_off(tells=tells) and self._id:
            self._bridge.services.voice.finish(self._id)
            self._last, self._id = self._id, ""

    def settle(self) -> None:
        """Fix the words that are shown, and listen no more, because the text is sent."""
        self.words.fix(self.words.shown)
        self._cancel()

    def _cancel(self) -> None:
        self.words.drop()
        self._turn_off()
        for id in filter(None, (self._id, self._last)):
            self._bridge.services.voice.cancel(id)
        self._id = self._last = ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Hide:
            self.finish()
        elif not isinstance(event, QKeyEvent):
            return False
        elif event.key() == Qt.Key.Key_Escape and self._is_on:
            if kind == QEvent.Type.ShortcutOverride:
                event.accept()
            elif kind == QEvent.Type.KeyPress:
                self._cancel()
            return True
        elif kind == QEvent.Type.KeyRelease and self._is_down and not event.isAutoRepeat():
            keys = keys_of(DICTATE).first
            if keys.count() and keys[0].key() == event.key():  # type: ignore[index]  # missing in the stubs
                self.release()
        return False

    # ---- listening

    def _start(self) -> None:
        if self._is_on:
            return
        self._is_on, self._has_heard = True, False
        set_icon(self._button, "mic", "accent")
        self._button.setAccessibleName(_("Stop dictating"))
        self._field.setFocus()
        self._bridge.listening_changed.emit(self)
        self._begin()

    def _begin(self) -> None:
        self._bridge.follow(_begun, self._on_begun, self._on_refused)

    def _turn_off(self, *, tells: bool = True) -> bool:
        """Close the microphone, and return whether it listened."""
        if not self._is_on:
            return False
        self._is_on = False
        self._microphone.stop()
        set_icon(self._button, "mic", "ink2")
        self._button.setAccessibleName(_("Dictate"))
        if tells:
            self._bridge.listening_changed.emit(None)
        return True

    def _on_listening_changed(self, by: Dictation | None) -> None:
        if by is not None and by is not self:
            self.finish(tells=False)

    def _on_begun(self, id: str) -> None:
        self._id = id
        if self._is_on:
            self._microphone.start()
        else:
            self._bridge.services.voice.finish(id)

    def _on_refused(self, problem: Problem) -> None:
        if problem.code == "speech.busy" or self._id:
            return  # the stretch before is still heard: it begins at its end
        self._turn_off()
        if problem.code == "speech.no_model":  # nothing failed: it is not there yet
            action, on_action = _("Get a speech model"), self._bridge.speech_model_wanted.emit
            notice = Notice(problem.short, action=action, on_action=on_action, life_ms=LONG_MS, key=problem.code)
            self._bridge.notice_raised.emit(notice)
        else:
            self._bridge.notice_raised.emit(notice_of(problem))

    def _on_heard(self, sound: bytes) -> None:
        if self._is_on and self._id:
            self._has_heard = True
            self._bridge.services.voice.feed(self._id, sound)

    def _on_failed(self) -> None:
        if self._is_on:
            self._bridge.notice_raised.emit(Notice(GONE if self._has_heard else NO_MICROPHONE, key="microphone"))
            self.finish()

    def _on_grew(self, event: DictationGrew) -> None:
        if event.dictation in (self._id, self._last):
            if event.is_final:
                self.words.fix(event.text)
            else:
                self.words.show(event.text)

    def _on_ended(self, event: DictationEnded) -> None:
        if event.dictation in (self._id, self._last):
            self.words.fix(self.words.shown)
            if event.dictation == self._id:
                self._id = ""
                self._turn_off()
            self._last = ""
            if event.problem is not None:
                self._bridge.problem_met.emit(event.problem)
        if self._is_on and not self._id:
            self._begin()


def _begun(services: Services) -> Pending[str]:
    language = services.settings.current.speech_language or os.environ.get(VARIABLE, "en")
    return services.voice.dictate(language)


def spaced(words: str, before: str, after: str) -> str:
    """Return the words with the spaces that they need between these characters, of which there may be none."""
    words = words.strip(" ")
    if not words:
        return ""
    is_apart = not before or before.isspace() or before in _OPENS or words[0] in _CLOSES
    needs_end = after.isalnum() and not words[-1].isspace()
    return f"{'' if is_apart else ' '}{words}{' ' if needs_end else ''}"


class _Text:
    """The stretch that is being spoken, in a text of several lines. A person may write elsewhere in it meanwhile.

    Until it is fixed, it is no part of the document: it is shown as Qt shows what an input method composes.
    """

    def __init__(self, field: QTextEdit | QPlainTextEdit) -> None:
        self._field = field
        self._at: QTextCursor | None = None
        self._block: QTextBlock | None = None
        """In which it is drawn."""
        self.shown = ""
        field.document().contentsChange.connect(self._on_contents_change)

    def show(self, words: str) -> None:
        if self._at is None:
            self._at = QTextCursor(self._field.textCursor())
        self.shown = words
        self._draw()

    def fix(self, words: str) -> None:
        at = self._at or QTextCursor(self._field.textCursor())
        self.drop()
        start = at.selectionStart()
        end = at.selectionEnd()
        letter = at.document().characterAt
        words = spaced(words, letter(start - 1) if start else "", letter(end))
        if words:
            at.beginEditBlock()  # a step of undo of its own
            at.insertText(words, QTextCharFormat())
            at.endEditBlock()
            self._field.ensureCursorVisible()

    def drop(self) -> None:
        self._erase()
        self._at, self.shown = None, ""

    def _on_contents_change(self) -> None:
        if self.shown:
            self._draw()

    def _draw(self) -> None:
        """Show the stretch at its place, which moves with what is written before it."""
        if self._at is None:
            return
        self._erase()
        self._block = block = self._field.document().findBlock(self._at.selectionEnd())
        start = self._at.selectionEnd() - block.position()
        before = self._field.document().characterAt(block.position() + start - 1) if start else ""
        words = spaced(self.shown.replace("\n", " "), before, "")
        look = QTextLayout.FormatRange()
        look.start, look.length = start, size16(words)
        look.format = provisional()
        block.layout().setPreeditArea(start, words)
        block.layout().setFormats([look])
        self._field.document().markContentsDirty(block.position(), block.length())

    def _erase(self) -> None:
        block, self._block = self._block, None
        if block is not None and block.isValid():
            block.layout().setPreeditArea(-1, "")
            block.layout().clearFormats()
            self._field.document().markContentsDirty(block.position(), block.length())


class _Line:
    """The stretch that is being spoken, at the cursor of a line."""

    def __init__(self, field: QLineEdit) -> None:
        self._field = field
        self.shown = ""

    def show(self, words: str) -> None:
        before, self.shown = self._around()[0], words
        words = spaced(words.replace("\n", " "), before, "")
        look = QInputMethodEvent.Attribute(QInputMethodEvent.AttributeType.TextFormat, 0, size16(words), provisional())
        QApplication.sendEvent(self._field, QInputMethodEvent(words, [look] if words else []))

    def fix(self, words: str) -> None:
        self.drop()
        words = spaced(" ".join(words.split()), *self._around())
        if words:
            at = self._field.cursorPosition()
            if not self._field.hasSelectedText():  # moved once, so that what follows is a step of undo of its own
                self._field.setCursorPosition(0 if at else len(self._field.text()))
                self._field.setCursorPosition(at)
            self._field.insert(words)

    def drop(self) -> None:
        if self.shown:
            self.show("")

    def _around(self) -> tuple[str, str]:
        line = self._field
        start = line.selectionStart() if line.hasSelectedText() else line.cursorPosition()
        end = start + len(line.selectedText())
        return line.text()[max(0, start - 1) : start], line.text()[end : end + 1]


def provisional() -> QTextCharFormat:
    look = QTextCharFormat()
    look.setForeground(theme.current().colour("ink3"))
    look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
    return look
