"""Asks before the window closes while jobs run, which go on at the next start, or private chats would be lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from slmdesk.window.widgets.named import named


def quit_or_stay(parent: QWidget, count: int, private: int, leave: Callable[[], None]) -> None:
    """Call `leave` at once if nothing runs or is lost, or the session ends, else after the person agrees.

    `count`: of jobs, `private`: of private chats in which something was said.  Does not block.
    """
    if any(one.isVisible() for one in parent.findChildren(QMessageBox, "quit_dialog")):
        return  # closed once more while it is asked: the answer is awaited
    app = QGuiApplication.instance()
    is_session_ending = isinstance(app, QGuiApplication) and app.isSavingSession()
    if not (count or private) or is_session_ending:
        leave()
        return
    box = named(QMessageBox(parent), "quit_dialog")
    box.finished.connect(box.deleteLater)
    box.setWindowTitle("Quit slmdesk")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(" ".join(words for words in (lost_words(private), quit_words(count)) if words))
    leaving = named(box.addButton("Quit", QMessageBox.ButtonRole.AcceptRole), "quit_button")
    staying = named(box.addButton("Stay", QMessageBox.ButtonRole.RejectRole), "stay_button")
    box.setDefaultButton(staying if private else leaving)
    box.setEscapeButton(staying)
    leaving.clicked.connect(leave)
    box.open()


def lost_words(private: int) -> str:
    if not private:
        return ""
    return "A private chat is lost then." if private == 1 else f"{private:,} private chats are lost then."


def quit_words(count: int) -> str:
    if not count:
        return ""
    return "1 job is running. It goes on at the next start." if count == 1 else (
        f"{count:,} jobs are running. They go on at the next start."
    )  # fmt: skip
