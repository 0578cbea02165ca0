"""Reads texts aloud by a voice of the system, sentence by sentence. A text is never an argument of a program."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from shutil import which

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.runtime.events import NoticeOver
from slmdesk.text.sentences import detect, sentence_spans
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.text import utf16_at
from slmdesk.window.widgets.notices import Notice
from slmdesk.window.widgets.speech_dispatcher import Dispatcher

TOPIC = "reading"
Mark = Callable[[int, int], object]
"""Marks the characters of the text from the first up to the second; none where both are the same."""


class Voice(Record):
    """A program that speaks what it is given on its standard input, and then ends."""

    command: tuple[str, ...]
    dispatches: str | None = None
    """The language, of speech-dispatcher: the program only starts it, and the text goes through its socket."""


_WINDOWS = (
    "Add-Type -AssemblyName System.Speech; [Console]::InputEncoding = [Text.Encoding]::UTF8; "
    "(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak([Console]::In.ReadToEnd())"
)


def voice_for(language: str, platform: str = sys.platform, find: Callable[[str], str | None] = which) -> Voice | None:
    """Return the voice of this system for a language, "" for its own. None: there is no voice."""
    if platform == "win32":
        shell = find("powershell")
        return Voice((shell, "-NoProfile", "-NonInteractive", "-Command", _WINDOWS)) if shell else None
    if platform == "darwin":
        say = find("say")
        return Voice((say,)) if say else None
    if speech := find("speech-dispatcher"):
        return Voice((speech,), language)
    espeak = find("espeak-ng")
    return Voice((espeak, "--stdin", *(("-v", language) if language else ()))) if espeak else None


class Aloud:
    """A request: the text, where it is shown, and how what is said is marked there."""

    def __init__(self, text: str, source: QWidget, mark: Mark | None = None, *, by_words: bool = True) -> None:
        if mark is None and isinstance(source, QTextEdit | QPlainTextEdit):
            mark = partial(_select, source, text, source.textCursor().selectionStart())
        self.text, self.by_words, self._source, self._mark = text, by_words, source, mark

    def mark(self, start: int, end: int) -> None:
        if self._mark is not None and isValid(self._source):
            self._mark(start, end)


def _select(field: QTextEdit | QPlainTextEdit, text: str, first: int, start: int, end: int) -> None:
    """Select characters of a text that begins at `first` in a field, or at its beginning if it is all of it."""
    first = 0 if field.toPlainText() == text else first
    cursor = field.textCursor()
    cursor.setPosition(first + utf16_at(text, start))
    cursor.setPosition(first + utf16_at(text, end), cursor.MoveMode.KeepAnchor)
    field.setTextCursor(cursor)


class Reader(QObject):
    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="reader")
        self._bridge = bridge
        self._now: Aloud | None = None
        self._spans: Sequence[tuple[int, int]] = ()
        self._at = 0
        self._words: Sequence[tuple[int, int]] = ()
        self._voice: Voice | None = None
        self._process: QProcess | None = None
        self._dispatcher: Dispatcher | None = None

    def read(self, aloud: Aloud) -> None:
        """Read a text from its beginning on, in place of the one before."""
        self.stop()
        self._now = aloud
        self._bridge.ask(lambda _services: spoken(aloud.text), partial(self._on_cut, aloud))

    def stop(self) -> None:
        if self._now is None:
            return
        self._now.mark(0, 0)
        self._now = None
        process, self._process = self._process, None
        if process is not None:
            process.kill()
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is not None:
            dispatcher.stop()
        self._bridge.deliver(NoticeOver(TOPIC))

    def _on_cut(self, aloud: Aloud, found: tuple[str, Sequence[tuple[int, int]]]) -> None:
        if aloud is self._now:
            language, self._spans = found
            self._at, self._voice = 0, voice_for(language)
            self._go_on()

    def _go_on(self) -> None:
        if self._now is None or self._voice is None or self._at == len(self._spans):
            self.stop()
            return
        start, end = self._spans[self._at]
        sentence = " ".join(self._now.text[start:end].split())
        self._now.mark(start, end)
        notice = Notice(sentence, action=_("Stop"), on_action=self.stop, key=TOPIC, topic=TOPIC)
        self._bridge.notice_raised.emit(notice)
        if self._voice.dispatches is not None:
            self._dispatch(self._voice.command[0], self._voice.dispatches, self._now.text, start, end)
            return
        process = self._process = QProcess(self)
        process.finished.connect(partial(self._on_spoken, process))
        process.errorOccurred.connect(partial(self._on_failed, process))
        process.start(self._voice.command[0], list(self._voice.command[1:]))
        process.write(f"{sentence}\n".encode())
        process.closeWriteChannel()

    def _dispatch(self, program: str, language: str, text: str, start: int, end: int) -> None:
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(program, language, self)
            self._dispatcher.word_begun.connect(self._on_word)
            self._dispatcher.ended.connect(self._on_ended)
        self._words = [word.span() for word in re.compile(r"\S+").finditer(text, start, end)]
        self._dispatcher.speak([text[first:last] for first, last in self._words])

    def _on_word(self, number: int) -> None:
        if self._now is not None and self._now.by_words and number < len(self._words):
            self._now.mark(*self._words[number])

    def _on_ended(self, was_spoken: bool) -> None:
        if was_spoken:
            self._at += 1
            self._go_on()
        else:
            self._fail()

    def _on_spoken(self, process: QProcess, code: int, _status: object) -> None:
        process.deleteLater()
        if process is self._process:
            if code:
                self._on_failed(process)
            else:
                self._process, self._at = None, self._at + 1
                self._go_on()

    def _on_failed(self, process: QProcess, _error: object = None) -> None:
        if process is self._process:
            self._fail()

    def _fail(self) -> None:
        self.stop()
        words = _("The system's voice said nothing. Look whether its speech output is switched on.")
        self._bridge.notice_raised.emit(Notice(words, key=TOPIC, is_error=True))


def spoken(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """Return the language of a text, "" if it is not clear, and its sentences. Takes a moment the first time."""
    language = detect(text)[0] or ""
    return language, [(start, end) for start, end in sentence_spans(text, language) if text[start:end].strip()]
