"""Lock: everything hidden, the children gone, the words kept, and the process replaced by a fresh one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from fakes.commands import told_in
from fakes.echo.program import TAKE_ECHO
from fakes.encrypted import PASSPHRASE, encrypt
from fakes.recorder import add_model, open_echo
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget
from shiboken6 import delete, isValid

from slmdesk.base.records import JobStatus, Status
from slmdesk.base.runtime.window_channel import ask_window
from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.chat.types import SendRequest
from slmdesk.history.store import open_store
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.ui.shell.session import NOT_ENCRYPTED

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
MARKER = "Zebrafishxq dismissal"
WAIT_S = 120


def press_lock(window: QWidget) -> None:
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)


def shown_windows() -> list[QWidget]:
    return [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


@pytest.fixture
def encrypted(start, paths, model_file):
    """A window on an encrypted history, with a model that answers."""

    def begin(**echo):
        program = start(key=encrypt(paths), **echo).with_model(model_file)
        program.wait(lambda: program.frame.locking.ways is not None)
        return program

    return begin


# ---- a history that is not encrypted


def test_a_plain_history_is_not_locked_and_what_would_be_needed_is_said(program):
    press_lock(program.window)
    program.wait(lambda: NOT_ENCRYPTED in program.notices())
    assert program.window.isVisible()
    assert not program.find("lock_button").isVisible()
    assert program.replaced == []


def test_something_that_ends_with_the_focus_in_it_ends_nothing_else(program):
    main = program.frame.window
    program.wait(program.is_in_front)
    for at in range(6):
        folder = QWidget(main.centralWidget())
        lines = [QLineEdit(folder) for _ in range(6)]
        folder.show()
        lines[at].setFocus()
        program.wait(lambda line=lines[at]: QApplication.focusWidget() is line)
        program.qtbot.wait(1)
        del lines
        main.findChild(QShortcut, "lock").setObjectName("")  # as of a window that has none yet
        folder.deleteLater()
        program.wait(lambda folder=folder: not isValid(folder) and main.findChild(QShortcut, "lock"))


# ---- the keys in dialogs


def test_the_keys_are_looked_for_in_no_dialog_that_is_half_deleted(start, qapp):
    """A part of it loses the focus then, and to ask the dialog for its children took the whole program down."""
    program = start()
    dialog = QDialog(program.window)
    field = QLineEdit(dialog)
    lost = []
    qapp.focusChanged.connect(lambda old, new: lost.append(new))
    dialog.open()
    dialog.hide()  # closed before the system has said that it is in front
    program.wait(lambda: dialog.isActiveWindow() and field.hasFocus())
    lost.clear()
    delete(dialog)
    assert lost == [None]
    program.wait(program.is_in_front)


# ---- lock


@pytest.mark.real_child
def test_a_lock_hides_all_at_once_keeps_the_words_and_ends_the_children(encrypted, paths):
    program = encrypted(slow=0.2)
    dialog = QDialog(program.window)
    program.send("tell me", answer=" ".join(["grows"] * 200))
    program.wait(lambda: "grows" in program.words())
    item = program.chat.chat
    program.type("not yet sent")
    QGuiApplication.clipboard().setText(MARKER)
    services = program.services
    pid = services.engine.pid
    assert pid is not None
    dialog.open()
    dialog.activateWindow()
    program.wait(lambda: dialog.isActiveWindow() and dialog.findChild(QObject, "lock") is not None)
    press_lock(dialog)
    assert shown_windows() == []  # before anything is waited for
    assert QGuiApplication.clipboard().text() == ""
    program.wait(lambda: program.replaced)
    assert program.replaced == [["--window", "--locked"]]
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    key = services.store.key
    store = open_store(paths, instance_id="after", key=key).store
    try:
        answer = store.messages.of_item(item)[-1]
        # a PC too busy to end the answer in time leaves it as a crash does, for the next start to end
        assert answer.status in (Status.INTERRUPTED, Status.STREAMING)
        assert "grows" in answer.text
        assert store.items.get(item).settings["draft"] == "not yet sent"
    finally:
        store.close()


def test_whatever_fails_it_is_replaced(encrypted, monkeypatch):
    """The way out of a panic: what could not be kept or closed must not leave the history open."""
    program = encrypted()
    services = program.services
    closed = services.lock

    def failing() -> None:
        closed()
        raise RuntimeError("closing")

    def unable(_chat: str) -> None:
        raise RuntimeError("keeping")

    replace = program.run.replace

    def replace_for_good(arguments) -> NoReturn:
        replace(arguments)
        sys.exit()  # of the thread: nothing comes after it

    monkeypatch.setattr(program.run, "replace", replace_for_good)
    monkeypatch.setattr(services, "lock", failing)
    monkeypatch.setattr(program.frame.chat.drafts, "save_all", unable)
    with pytest.raises(RuntimeError, match="keeping"):
        program.run.lock()
    assert shown_windows() == []
    program.wait(lambda: program.replaced)
    program.wait(lambda: all(thread.name != "lock-services" for thread in threading.enumerate()))  # it ends by an error
    assert program.replaced == [["--window", "--locked"]]


def test_a_job_keeps_its_steps_and_goes_on_after_unlocking(encrypted, start):
    program = encrypted()
    head = f"#echo {json.dumps({'slow': 0.05})}\n"
    steps = [
        step_of([ChatMessage(Role.USER, (TextPart(f"{head}step {number}"),))], Sampling(temperature=0.0))
        for number in range(40)
    ]
    job = program.ask(
        lambda services: services.jobs.add("summary", "Report", services.models.choose(None), steps, prompt_version="1")
    ).id

    def now(program):
        return program.ask(lambda services: services.store.jobs.get(job))

    program.wait(lambda: now(program).done >= 3)
    services, thread = program.services, program.ask(lambda _services: threading.current_thread())
    press_lock(program.window)
    program.wait(lambda: program.replaced)
    program.wait(lambda: not thread.is_alive())  # else the process, and with it the owner, lives on
    again = start(key=services.store.key)
    kept = now(again)
    assert kept.done >= 3
    assert kept.status is not JobStatus.FAILED
    again.wait(lambda: now(again).done > kept.done)


def test_by_itself_it_warns_and_then_locks(encrypted):
    program = encrypted()
    locking, idle = program.frame.locking, [0.0]
    locking.idle_s = lambda: idle[0]
    limit = 60.0 * program.frame.settings.current.lock_minutes
    assert limit == 900
    locking.look()
    assert program.notices() == []
    idle[0] = limit - 30
    locking.look()
    program.wait(lambda: any("half a minute" in text for text in program.notices()))
    idle[0] = 1.0  # somebody came
    locking.look()
    program.wait(lambda: not program.notices())
    assert program.replaced == []
    idle[0] = limit
    locking.look()
    program.wait(lambda: program.replaced)


def test_with_the_screen_as_chosen_and_before_sleep_always(encrypted):
    program = encrypted()
    locking = program.frame.locking
    program.frame.settings.change("lock_with_screen", False)
    program.wait(lambda: not program.frame.settings.current.lock_with_screen)
    locking.watch.screen_locked.emit()
    assert program.replaced == []
    locking.watch.sleep_announced.emit()
    program.wait(lambda: program.replaced)


# ---- the real process


DRIVER = """
import json, sys, threading
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from slmdesk import app
import slmdesk.ui.shell.composition as composition

def tell(**what):
    print(json.dumps(what), flush=True)

asked, frames = [], []
threading.Thread(target=lambda: [asked.append(line.strip()) for line in sys.stdin], daemon=True).start()

class Seen(composition.Frame):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        frames.append(self)
        self._bridge.opened.connect(lambda: tell(is_open=True))
        self.jobs.status_reported.connect(lambda words: tell(jobs=words))
composition.Frame = Seen

told = []
def look():
    page = next((one for one in QApplication.topLevelWidgets()
                 if one.objectName() == "lock_window" and one.isVisible()), None)
    if page is not None and not told:
        told.append(True)
        tell(page="--locked" in sys.argv)
    while asked:
        word, _, rest = asked.pop(0).partition(" ")
        if word == "type":
            field = page.findChild(QWidget, "lock_field")
            QTest.keyClicks(field, rest)
            QTest.keyClick(field, Qt.Key.Key_Return)
        elif word == "press":
            QTest.keyClick(frames[0].window, Qt.Key.Key_L,
                           Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        elif word == "ready":
            tell(ready=frames[0].locking.ways is not None, jobs_begun=frames[0].jobs.begun,
                 text=[one.words for one in frames[0].chat.shown.by_id.values()])
        elif word == "quit":
            frames[0].window.close() if frames else page.close()

def begin():
    timer = QTimer(QApplication.instance(), interval=20)
    timer.timeout.connect(look)
    timer.start()

real = QApplication.__init__
def started(self, *given):
    real(self, *given)
    begin()
QApplication.__init__ = started
sys.exit(app.run_window(sys.argv[1:]))
"""


class Window:
    """A real window in a process of its own, which goes on being driven when it has been replaced."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_ECHO + DRIVER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        self.told: list[dict] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._news:
                self.told.append(told_in(line))
                self._news.notify_all()
        with self._news:
            self.told.append({"ended": True})
            self._news.notify_all()

    def ask(self, words: str) -> None:
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def wait(self, name: str, *, after: int = 0) -> dict:
        """The first that was told of this since."""
        with self._news:
            message = self._news.wait_for(
                lambda: next((line for line in self.told[after:] if name in line or "ended" in line), None),
                timeout=WAIT_S,
            )
        assert name in (message or {}), (name, self.told)
        return message

    def state(self) -> dict:
        after = len(self.told)
        self.ask("ready")
        return self.wait("ready", after=after)

    def until(self, holds) -> dict:
        while not holds(state := self.state()):
            assert self.process.poll() is None
        return state

    def holds_in_memory(self, marker: str) -> bool:
        """Whether the marker is anywhere in the memory of the process."""
        places = [marker.encode(), marker.encode("utf-16-le")]
        own = Path(f"/proc/{self.process.pid}")
        with (own / "maps").open() as maps, (own / "mem").open("rb", 0) as memory:
            for line in maps:
                span, rights, *_ = line.split()
                if not rights.startswith("rw"):
                    continue
                first, last = (int(bound, 16) for bound in span.split("-"))
                try:
                    memory.seek(first)
                    held = memory.read(last - first)
                except OSError:
                    continue
                if any(place in held for place in places):
                    return True
        return False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(10)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def window():
    made: list[Window] = []

    def begin() -> Window:
        made.append(Window())
        return made[-1]

    yield begin
    for desk in made:
        desk.close()


@pytest.fixture
def with_words(paths, tmp_path, monkeypatch) -> str:
    """An encrypted history with a chat that holds the marker, which the window opens at its start."""
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"answer": "It does."}))
    services = open_echo()
    add_model(services, paths.models / "echo.gguf")
    item = services.service_thread.call(lambda: services.chats.send(SendRequest(MARKER))).item.id
    while services.service_thread.call(lambda: services.store.messages.of_item(item)[-1].status) is Status.STREAMING:
        pass
    services.close()
    paths.window_file.write_text(json.dumps({"last_chat": item}))
    encrypt(paths)
    return item


@pytest.mark.skipif(sys.platform != "linux", reason="looks into the memory of a process")
def test_after_a_lock_no_child_is_left_and_no_word_in_memory(window, with_words, paths, tmp_path):
    desk = window()
    assert desk.wait("page") == {"page": False}
    assert not desk.holds_in_memory(MARKER)
    desk.ask(f"type {PASSPHRASE}")
    desk.wait("is_open")
    desk.until(lambda state: state["ready"] and MARKER in " ".join(state["text"]))
    assert desk.holds_in_memory(MARKER)  # the control
    pid = desk.process.pid
    before = psutil.Process(pid).children(recursive=True)

    after = len(desk.told)
    assert ask_window(paths.data, b"lock") == b"locking\n"  # as `slmdesk lock` does
    assert desk.wait("page", after=after) == {"page": True}
    assert desk.process.poll() is None
    assert "--locked" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    assert not psutil.wait_procs(before, timeout=60)[1]
    left = psutil.Process(pid).children(recursive=True)
    assert all(child.status() == psutil.STATUS_ZOMBIE for child in left)  # ended, without memory, not waited for
    assert not desk.holds_in_memory(MARKER)
    assert MARKER.encode() not in b"".join(path.read_bytes() for path in paths.data.parent.rglob("*") if path.is_file())

    assert ask_window(paths.data, b"raise") == b"raised\n"  # a second start meets the lock page, and nothing more
    assert ask_window(paths.data, b"lock") == b"locking\n"

    after = len(desk.told)
    desk.ask(f"type {PASSPHRASE}")
    desk.wait("is_open", after=after)
    desk.until(lambda state: MARKER in " ".join(state["text"]))
    after = len(desk.told)
    desk.ask("press")
    assert desk.wait("page", after=after) == {"page": True}
    desk.ask("quit")
    assert desk.process.wait(WAIT_S) == 0
