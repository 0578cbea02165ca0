"""Reads texts aloud by a voice of the system, sentence by sentence. A text is never an argument of a program."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from pathlib import Path
from shutil import which

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from slmdesk.base.record import Record
from slmdesk.base.runtime.events import NoticeOver
from slmdesk.base.text.sentences import detect, sentence_spans
from slmdesk.base.texts import _
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.text import utf16_at
from slmdesk.ui.kit.widgets.notices import Notice

TOPIC = "reading"
Mark = Callable[[int, int], object]
"""Marks the characters of the text from the first up to the second; none where both are the same."""
_WORD = re.compile(r"\S+")


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


class Program(QObject):
    """Speaks a sentence at a time by a program."""

    word_begun = Signal(int)
    """The number of the word that is said now. Few voices tell it."""
    ended = Signal(bool)
    """Whether the words were spoken."""

    def __init__(self, voice: Voice, parent: QObject) -> None:
        super().__init__(parent)
        self._voice = voice
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(lambda _error: self.ended.emit(False))

    def speak(self, words: Sequence[str]) -> None:
        self._process.start(self._voice.command[0], list(self._voice.command[1:]))
        self._process.write(f"{' '.join(words)}\n".encode())
        self._process.closeWriteChannel()

    def stop(self) -> None:
        """Say no more, and be no more."""
        self.blockSignals(True)
        if self._process.state() == QProcess.ProcessState.NotRunning:
            self.deleteLater()
        else:
            self._process.finished.connect(self.deleteLater)
            self._process.kill()

    def _on_finished(self, code: int) -> None:
        self.ended.emit(not code)


class Dispatcher(Program):
    """Speaks by speech-dispatcher in its protocol (SSIP), which tells each word. It is started if it does not run."""

    def __init__(self, voice: Voice, parent: QObject) -> None:
        super().__init__(voice, parent)
        self._is_started, self._told = False, ""
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_told)
        self._socket.errorOccurred.connect(self._on_error)

    def speak(self, words: Sequence[str]) -> None:
        shown = (escape("".join(filter(str.isprintable, word)), quote=False) for word in words)
        marked = " ".join(f'<mark name="{number}"/>{word}' for number, word in enumerate(shown))
        self._message = f"SPEAK\r\n<speak>{marked}</speak>\r\n.\r\n"
        if self._socket.isOpen():
            self._socket.write(self._message.encode())
        else:
            self._connect()

    def stop(self) -> None:
        if self._socket.isOpen():
            self._socket.write(b"CANCEL SELF\r\n")
            self._socket.flush()
        super().stop()

    def _on_finished(self, _code: int) -> None:
        if not self.signalsBlocked():  # else it was stopped meanwhile
            self._connect()

    def _connect(self) -> None:
        chosen = os.environ.get("SPEECHD_ADDRESS", "").partition("unix_socket:")[2]
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or Path.home() / ".cache")
        self._socket.connectToServer(chosen or str(folder / "speech-dispatcher" / "speechd.sock"))

    def _on_connected(self) -> None:
        language = f"SET SELF LANGUAGE {self._voice.dispatches}\r\n" if self._voice.dispatches else ""
        settings = f"{language}SET SELF SSML_MODE on\r\nSET SELF NOTIFICATION ALL on\r\n"
        self._socket.write(f"SET SELF CLIENT_NAME user:slmdesk:aloud\r\n{settings}{self._message}".encode())

    def _on_error(self, _error: object) -> None:
        if self._is_started:
            self.ended.emit(False)
        else:
            self._is_started = True
            self._process.start(self._voice.command[0], ["--spawn"])

    def _on_told(self) -> None:
        while self._socket.canReadLine():
            line = bytes(self._socket.readLine().data()).decode(errors="replace").strip()
            if line[3:4] == "-":
                self._told = line[4:]
            elif line.startswith("700") and self._told.isdecimal():
                self.word_begun.emit(int(self._told))
            elif line.startswith(("702", "703", "3", "4", "5")):  # 703: another program spoke in between; 3: an error
                self.ended.emit(line.startswith("7"))


class Reader(QObject):
    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="reader")
        self._bridge = bridge
        self.now: Aloud | None = None
        self._spans: Sequence[tuple[int, int]] = ()
        self._words: Sequence[tuple[int, int]] = ()
        """Of the sentence that is said."""
        self._at = 0
        self._voice: Program | None = None

    def read(self, aloud: Aloud) -> None:
        """Read a text from its beginning on, in place of the one before."""
        self.stop()
        self.now = aloud
        self._bridge.ask(lambda _services: spoken(aloud.text), partial(self._on_cut, aloud))

    def stop(self) -> None:
        if self.now is None:
            return
        self.now.mark(0, 0)
        self.now = None
        voice, self._voice = self._voice, None
        if voice is not None:
            voice.stop()
        self._bridge.deliver(NoticeOver(TOPIC))

    def _on_cut(self, aloud: Aloud, cut: tuple[str, Sequence[tuple[int, int]]]) -> None:
        if aloud is not self.now:
            return
        language, self._spans = cut
        self._at = 0
        if (voice := voice_for(language)) is not None:
            self._voice = (Program if voice.dispatches is None else Dispatcher)(voice, self)
            self._voice.word_begun.connect(self._on_word)
            self._voice.ended.connect(self._on_ended)
        self._go_on()

    def _go_on(self) -> None:
        if self.now is None or self._voice is None or self._at == len(self._spans):
            self.stop()
            return
        start, end = self._spans[self._at]
        self._words = [word.span() for word in _WORD.finditer(self.now.text, start, end)]
        words = [self.now.text[first:last] for first, last in self._words]
        self.now.mark(start, end)
        notice = Notice(" ".join(words), action=_("Stop"), on_action=self.stop, key=TOPIC, topic=TOPIC)
        self._bridge.notice_raised.emit(notice)
        self._voice.speak(words)

    def _on_word(self, number: int) -> None:
        if self.now is not None and self.now.by_words and number < len(self._words):
            self.now.mark(*self._words[number])

    def _on_ended(self, was_spoken: bool) -> None:
        if was_spoken:
            self._at += 1
            self._go_on()
        else:
            self.stop()
            words = _("The system's voice said nothing. Look whether its speech output is switched on.")
            self._bridge.notice_raised.emit(Notice(words, key=TOPIC, is_error=True))


def spoken(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """Return the language of a text, "" if it is not clear, and its sentences. Takes a moment the first time."""
    language = detect(text)[0] or ""
    return language, [(start, end) for start, end in sentence_spans(text, language) if text[start:end].strip()]
