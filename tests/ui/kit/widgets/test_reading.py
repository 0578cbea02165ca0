"""Reading aloud, by a program or a socket that stands for the voice of the system."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtNetwork import QLocalServer
from PySide6.QtWidgets import QMenu, QPlainTextEdit

from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets import reading
from slmdesk.ui.kit.widgets.requests import add_ways_to

pytestmark = [pytest.mark.gui, pytest.mark.quick]
TEXT = "The rent rises by €40.80 from 1 July. Write by 31 December if that is a hardship."
SPEAKS = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"
FAILS = "import sys; sys.exit(1)"
WAITS = "import sys, time; sys.stdin.read(); time.sleep(60)"


@pytest.fixture
def reader(qtbot, tmp_path, monkeypatch):
    bridge = Bridge()
    bridge.attach(SimpleNamespace(service_thread=SimpleNamespace(post=lambda work: work())))
    made = reading.Reader(bridge, bridge)
    made.said, made.notices, made.heard = tmp_path / "said", [], []
    bridge.notice_raised.connect(made.notices.append)
    field = QPlainTextEdit(TEXT)
    qtbot.addWidget(field)
    made.field = field
    field.selectionChanged.connect(lambda: made.heard.append(field.textCursor().selectedText()))
    made.use = lambda code: monkeypatch.setattr(
        reading, "voice_for", lambda _language: reading.Voice((sys.executable, "-c", code, str(made.said)))
    )
    return made


def test_each_sentence_is_spoken_and_marked_where_it_stands(reader, qtbot):
    reader.use(SPEAKS)
    reader.read(reading.Aloud(TEXT, reader.field))
    qtbot.waitUntil(lambda: reader.now is None, timeout=20_000)
    first, second = TEXT[:37], TEXT[38:]
    assert reader.said.read_text().split("\n") == [first, second, ""]
    assert [words for words in reader.heard if words] == [first, second]
    assert [notice.text for notice in reader.notices] == [first, second]
    assert not reader.field.textCursor().hasSelection()


def test_stop_ends_it_at_once(reader, qtbot):
    reader.use(WAITS)
    reader.read(reading.Aloud(TEXT, reader.field))
    qtbot.waitUntil(lambda: bool(reader.notices))
    process = reader.findChild(QProcess)
    with qtbot.waitSignal(process.finished):
        reader.notices[0].on_action()
    assert len(reader.notices) == 1
    assert not reader.field.textCursor().hasSelection()


class Dispatcher:
    """Stands for speech-dispatcher: says what it is asked for, or leaves it unsaid."""

    def __init__(self, address, *, ends):
        self.server, self.heard, self.ends = QLocalServer(), "", ends
        assert self.server.listen(address)
        self.server.newConnection.connect(self._on_connection)

    def _on_connection(self):
        self.socket = self.server.nextPendingConnection()
        self.socket.readyRead.connect(self._on_heard)

    def _on_heard(self):
        said = bytes(self.socket.readAll().data()).decode()
        self.heard += said
        marks = re.findall('<mark name="([0-9]+)"/>', said)
        if marks:
            events = [("701", "BEGIN"), *((f"700-{mark}\r\n700", "INDEX MARK") for mark in marks)]
            events += [("702", "END")] if self.ends else []
            told = "".join(f"{code[:3]}-7\r\n{code[:3]}-1\r\n{code} {words}\r\n" for code, words in events)
            self.socket.write(f"208 OK CLIENT NAME SET\r\n225-7\r\n225 OK MESSAGE QUEUED\r\n{told}".encode())


def test_each_word_is_marked_where_the_voice_tells_it(reader, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'voice'}")
    monkeypatch.setattr(reading, "voice_for", lambda _language: reading.Voice(("/nowhere",), "en"))
    voice = Dispatcher(str(tmp_path / "voice"), ends=True)
    text = "Fees  & costs\nare due. Pay <now>."
    reader.field.setPlainText(text)
    reader.read(reading.Aloud(text, reader.field))
    qtbot.waitUntil(lambda: reader.now is None)
    assert [words for words in reader.heard if words] == [
        "Fees  & costs\u2029are due.", "Fees", "&", "costs", "are", "due.", "Pay <now>.", "Pay", "<now>.",
    ]  # fmt: skip
    assert "SET SELF LANGUAGE en\r\nSET SELF SSML_MODE on\r\n" in voice.heard
    assert '<mark name="1"/>&amp; <mark name="2"/>costs' in voice.heard
    assert [notice.is_error for notice in reader.notices] == [False, False]


def test_stop_silences_the_voice(reader, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'voice'}")
    monkeypatch.setattr(reading, "voice_for", lambda _language: reading.Voice(("/nowhere",), ""))
    voice = Dispatcher(str(tmp_path / "voice"), ends=False)
    reader.read(reading.Aloud(TEXT, reader.field))
    qtbot.waitUntil(lambda: reader.heard[-1:] == ["July."])
    reader.notices[0].on_action()
    qtbot.waitUntil(lambda: voice.heard.endswith("CANCEL SELF\r\n"))
    assert len(reader.notices) == 1
    assert not reader.field.textCursor().hasSelection()


@pytest.mark.parametrize("voice", [None, ("/nowhere/voice",), ("/nowhere/voice", ""), (sys.executable, "")])
def test_a_voice_that_fails_is_said_once(reader, qtbot, voice, monkeypatch, tmp_path):
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'none'}")
    reader.use(FAILS)
    if voice is not None:
        monkeypatch.setattr(reading, "voice_for", lambda _language: reading.Voice(voice[:1], *voice[1:]))
    reader.read(reading.Aloud(TEXT, reader.field))
    qtbot.waitUntil(lambda: reader.now is None and bool(reader.notices), timeout=20_000)
    assert [notice.is_error for notice in reader.notices] == [False, True]


def test_without_a_voice_there_is_no_entry(reader, qtbot, monkeypatch):
    menu = QMenu(reader.field)
    monkeypatch.setattr(reading, "voice_for", lambda _language: None)
    add_ways_to(menu, reader.field, TEXT)
    assert [action.text() for action in menu.actions()] == ["Copy without names…"]
    reader.use(SPEAKS)
    add_ways_to(menu, reader.field, TEXT)
    assert [action.text() for action in menu.actions()][1:] == ["Copy without names…", "Read aloud"]


@pytest.mark.parametrize(
    ("platform", "there", "command"),
    [
        ("linux", {"speech-dispatcher", "espeak-ng"}, ("speech-dispatcher",)),
        ("linux", {"espeak-ng"}, ("espeak-ng", "--stdin", "-v", "de")),
        ("darwin", {"say"}, ("say",)),
    ],
)  # fmt: skip
def test_the_voice_of_each_system(platform, there, command):
    voice = reading.voice_for("de", platform, lambda name: name if name in there else None)
    assert voice is not None
    assert voice.command == command


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_system_without_a_voice(platform):
    assert reading.voice_for("", platform, lambda _name: None) is None
