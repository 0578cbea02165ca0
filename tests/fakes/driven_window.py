"""The real program, driven from inside by clicks and keys: `python -m fakes.driven_window`.

Lines on its standard input are chapters of a day and what they need, a tab between (`document PATH`); it answers each
with a line of JSON: {"done": …}, or {"failed": …} with what was waited for and what the window shows; {"page": …} is
the lock page, true after a lock.  A process that has taken this one's place goes on the same way.  When the input ends,
it ends.

A chapter is a generator of what it waits for, made of what hands do (`fakes.hands`).
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

from fakes.asking import is_answered
from fakes.commands import SLMDESK
from fakes.dropping import drop
from fakes.echo.program import take_echo
from fakes.hands import (
    CTRL,
    SHIFT,
    Chapter,
    Wait,
    choose_export,
    choose_row,
    choose_tab,
    click,
    find,
    frames,
    give_file,
    in_front,
    lock_page,
    notices,
    press,
    shown,
    turn_to,
    type_into,
    window,
)
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QListView

from slmdesk.__main__ import main
from slmdesk.ui.shell import composition

PATIENCE_S = 900
"""What has not come by then never will: said with what the window shows."""
MARKER = os.environ["MARKER"]


class Seen(composition.Frame):
    """The window's parts, kept for those who look at it."""

    def __init__(self, *given, **named) -> None:
        super().__init__(*given, **named)
        frames.append(self)


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def begin() -> Chapter:
    """The history is open, and the window is as large as people have it."""
    yield lambda: frames and frames[-1].chat.attached.bridge.is_open
    window().resize(1300, 860)
    yield from in_front()


def model(path: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_6, "Models")
    yield from click("library_add_button")
    yield from give_file(path)
    yield from click("add_copy")
    yield from click("use_button")
    yield from turn_to(Qt.Key.Key_2, "Chat")
    yield is_ready


def is_ready() -> bool:
    """Whether a model is loaded."""
    return "ready" in frames[-1].chat_page.picker.button.accessibleName()


def chat(words: str) -> Chapter:
    """Say it; the answer is there when it ends."""
    yield from turn_to(Qt.Key.Key_2, "Chat")
    yield is_ready
    frame = frames[-1]
    before = len(frame.chat.message_ids)
    yield frame.chat_page.composer.input_box.isEnabled
    QTest.keyClicks(frame.chat_page.composer.input_box, words)
    press(frame.chat_page.composer.input_box, Qt.Key.Key_Return)
    yield lambda: len(frame.chat.message_ids) == before + 2 and not frame.chat.is_busy
    yield lambda: frame.chat.shown.by_id[frame.chat.message_ids[-1]].words


def has_said(words: str) -> Chapter:
    """The chat that is open shows these words."""
    yield from turn_to(Qt.Key.Key_2, "Chat")
    frame = frames[-1]
    yield lambda: any(words in message.words for message in frame.chat.shown.by_id.values())


def chat_exports(folder: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_2, "Chat")
    for form in ("docx", "pdf"):
        yield from choose_export("export_button", form, f"{folder}/chat.{form}")


def document(path: str) -> Chapter:
    """Open it by the dialog, and read it."""
    yield from turn_to(Qt.Key.Key_3, "Documents")
    press(frames[-1].documents_page, Qt.Key.Key_O, CTRL)
    yield from give_file(path)
    yield from is_read(Path(path).name)


def dropped_document(path: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_3, "Documents")
    drop(frames[-1].documents_page, Path(path))
    yield from is_read(Path(path).name)


def is_read(name: str) -> Chapter:
    def holds() -> bool:
        title = find("document_title")
        read = frames[-1].documents_page.document.coverage.split(" of ")
        return title is not None and title.full_text == name and len(read) > 1 and read[1].startswith(f"{read[0]} ")

    yield holds


def summary(folder: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_3, "Documents")
    yield lambda: (pane := find("summary_pane")) is not None and pane.report is not None
    for form in ("docx", "pdf"):
        yield from choose_export("summary_export", form, f"{folder}/summary.{form}")


def question(words: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_3, "Documents")
    yield from choose_tab("questions")
    yield from type_into("question_line", words)
    press(shown("question_line"), Qt.Key.Key_Return)
    yield lambda: is_answered(find("question_pane"), words)
    yield lambda: (button := find("question_ask")) is not None and button.isEnabled()


def table(folder: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_3, "Documents")
    yield from choose_tab("table")
    yield lambda: (pane := find("extraction_pane")) is not None and pane.isEnabled()
    yield lambda: (cells := find("extraction_cells")) is not None and cells.model().rowCount() == 1
    yield lambda: find("making_extraction") is None
    yield from choose_export("extraction_export", "xlsx", f"{folder}/table.xlsx")


def translation(words: str) -> Chapter:
    yield from turn_to(Qt.Key.Key_4, "Translate")
    yield from type_into("source_text", words)
    last = lambda: frames[-1].translate.last  # noqa: E731 - it is another one each time
    yield lambda: last().is_done and last().source == words and shown("target_text").toPlainText()


def watched_folder(path: str, count: str) -> Chapter:
    """Have a folder watched, and its documents read."""
    yield from turn_to(Qt.Key.Key_3, "Documents")
    frames[-1].documents_page.watch_folder()
    yield from give_file(path)
    yield from folder_has(count)


def folder_has(count: str) -> Chapter:
    """So many documents of the folder have been read, the new ones by themselves."""
    yield from turn_to(Qt.Key.Key_3, "Documents")
    words = f"{count} documents"

    def line() -> str:
        view = find("folder_list")
        model = view.model() if isinstance(view, QListView) else None
        return model.index(0).data(int(Qt.ItemDataRole.UserRole) + 1) if model is not None and model.rowCount() else ""

    yield lambda: (line() or "").startswith(words)


def folder_question(words: str) -> Chapter:
    yield from choose_row("folder_list", "matter")
    yield from type_into("folder_question_line", words)
    press(shown("folder_question_line"), Qt.Key.Key_Return)
    yield lambda: is_answered(find("folder_question_pane"), words)


def second_start() -> Chapter:
    """Another start of the program hands over to this window, and ends."""
    window().showMinimized()
    yield window().isMinimized
    other = subprocess.Popen(SLMDESK, stdin=subprocess.DEVNULL)
    yield lambda: other.poll() is not None
    assert other.returncode == 0, other.returncode
    yield lambda: not window().isMinimized() and window().isActiveWindow()


def encrypt(passphrase: str) -> Chapter:
    """Settings, Privacy: a passphrase, and the recovery key typed back."""
    window().show_page("Settings")
    yield from click("settings_privacy")
    yield from click("encrypt_button")
    for name in ("passphrase_field", "passphrase_again_field"):
        yield from type_into(name, passphrase)
    yield from click("encrypt_dialog_next")
    yield lambda: find("recovery_key") is not None and shown("recovery_key").text()
    key = shown("recovery_key").text()
    yield from click("encrypt_dialog_next")
    yield from type_into("recovery_field", key)
    press(shown("recovery_field"), Qt.Key.Key_Return)
    yield lambda: find("encrypt_dialog") is None and shown("encryption_sentence").text().startswith("Encrypted.")
    yield lambda: frames[-1].locking.ways is not None


def is_held() -> Chapter:
    """Sleep waits for this window."""
    yield lambda: frames[-1].locking.watch.handle is not None and frames[-1].locking.watch.session


def lock_key() -> Chapter:
    """The panic key; the next thing that is told is the lock page."""
    yield from in_front()
    press(window(), Qt.Key.Key_L, CTRL | SHIFT)
    yield lambda: False


def useless_lock_key() -> Chapter:
    """The panic key where the history is not encrypted."""
    yield from in_front()
    press(window(), Qt.Key.Key_L, CTRL | SHIFT)
    yield lambda: any("protect nothing here" in notice for notice in notices())


def unlock(passphrase: str) -> Chapter:
    page = lock_page()
    assert page is not None
    for words in ("not these words", passphrase):
        yield from type_into("lock_field", words, page)
        press(find("lock_field", page), Qt.Key.Key_Return)
        if words != passphrase:
            yield lambda: (label := find("lock_problem", page)) is not None and "Wrong passphrase" in label.text()
    yield from begin()


def leave() -> Chapter:
    """Quit, by the keys; a job that runs is no reason to stay."""
    yield from in_front()
    press(window(), Qt.Key.Key_Q, CTRL)
    yield lambda: find("quit_dialog") is not None
    yield from click("quit_button", find("quit_dialog"))


def open_socket() -> Chapter:
    socket.socket(socket.AF_INET).close()
    yield lambda: True


def write_elsewhere(path: str) -> Chapter:
    Path(path).write_text(MARKER)
    yield lambda: True


class Day:
    """Plays the chapters one after the other, on the window's thread."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._words = ""
        self._chapter: Chapter | None = None
        self._wait: Wait | None = None
        self._since = 0.0
        self._is_page_told = False
        threading.Thread(target=self._read, daemon=True).start()
        self._timer = QTimer(QApplication.instance(), interval=20)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line.rstrip("\n"))
        os._exit(9)  # whoever drives has gone

    def look(self) -> None:
        if not self._is_page_told and lock_page() is not None:
            self._is_page_told = True
            tell(page="--locked" in sys.argv)
        if self._chapter is None:
            if self._lines.empty():
                return
            self._words = self._lines.get()
            name, *given = self._words.split("\t")
            self._chapter, self._wait = globals()[name](*given), None
        try:
            self._go_on()
        except Exception:  # noqa: BLE001 - said to whoever drives
            self._fail(traceback.format_exc())

    def _go_on(self) -> None:
        if self._wait is not None and not self._holds():
            if time.monotonic() - self._since > PATIENCE_S:
                self._fail(f"waited in vain at line {self._line()}")
            return
        try:
            self._wait, self._since = next(self._chapter), time.monotonic()
        except StopIteration:
            self._chapter = None
            tell(done=self._words)

    def _holds(self) -> object:
        try:
            return self._wait()
        except (LookupError, AttributeError, OSError, RuntimeError):  # what is looked at has not come yet, or is gone
            return None

    def _line(self) -> int:
        inner = self._chapter
        while getattr(inner, "gi_yieldfrom", None) is not None:
            inner = inner.gi_yieldfrom
        return inner.gi_frame.f_lineno

    def _fail(self, why: str) -> None:
        self._chapter = None
        seen = [
            f"{widget.objectName()}: {widget.text()}"
            for top in QApplication.topLevelWidgets()
            for kind in (QLabel, QAbstractButton)
            for widget in top.findChildren(kind)
            if widget.isVisible() and widget.text()
        ]
        tell(failed=self._words, why=why, shown=seen[:200])


def drive() -> int:
    """Run the program with a Day in it."""
    take_echo()
    composition.Frame = Seen
    real = QApplication.__init__

    def started(self: QApplication, *given: object) -> None:
        real(self, *given)
        self.day = Day()

    QApplication.__init__ = started
    return main(["--window", *(argument for argument in sys.argv[1:] if argument != "--window")])


if __name__ == "__main__":
    sys.exit(drive())
