"""Two chats at once: each is answered while the other is open, its dot, and the system's notification."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slmdesk.base.records import Status
from slmdesk.ui.chat.list_rows import UNREAD_ROLE, WRITING_ROLE

pytestmark = pytest.mark.gui

LONG = " ".join(f"word{number}" for number in range(60))


class Recording:
    """A way to notify that keeps what it was given."""

    def __init__(self) -> None:
        self.shown = []

    def is_there(self) -> bool:
        return True

    def show(self, title: str, words: str) -> None:
        self.shown.append((title, words))


def index(program, title):
    rows = program.page.chat_list.view.model()
    return next(place for at in range(rows.rowCount()) if (place := rows.index(at)).data() == title)


def marks(program, title):
    """Whether a chat has the mark of being written, and that of a new answer."""
    row = index(program, title)
    return row.data(WRITING_ROLE), row.data(UNREAD_ROLE)


def open_chat(program, title):
    program.click_item(program.page.chat_list.view, index(program, title))
    program.wait(lambda: program.page.title.full_text == title)


def ask(program, words, **echo):
    """Ask in a new chat with this title."""
    program.click("new_chat_button")
    got = []
    program.bridge.ask(lambda services: services.chats.new_chat(words).id, got.append)
    program.wait(lambda: got and index(program, words))
    open_chat(program, words)
    program.send(words, **echo)
    program.wait(lambda: len(program.chat.message_ids) == 2)
    return got[0]


def status(program, chat):
    return program.ask(lambda services: services.chats.open(chat).messages[-1].status)


def leave(program, monkeypatch):
    """The person works in another program."""
    monkeypatch.setattr(program.window, "isActiveWindow", lambda: False)
    monkeypatch.setattr(QApplication, "activeWindow", lambda: None)


def test_a_second_chat_is_asked_while_the_first_is_answered(program, tmp_path):
    first = ask(program, "first", until=str(tmp_path / "go on"), answer=LONG)
    second = ask(program, "second", answer="in the second chat")
    assert marks(program, "first")[0]
    assert "being written" in index(program, "first").data(Qt.ItemDataRole.AccessibleDescriptionRole)
    program.wait(lambda: status(program, second) is Status.COMPLETE)
    assert status(program, first) is Status.STREAMING
    assert program.words().endswith("in the second chat")
    assert marks(program, "second") == (False, False), "it is open"
    open_chat(program, "first")
    (tmp_path / "go on").touch()
    program.wait(lambda: "word3" in program.words())
    program.wait_idle()
    assert program.words().split()[-60:] == LONG.split()
    program.send("again", slow=0.1, answer=LONG)
    program.wait(lambda: program.chat.is_busy)
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    program.wait_idle()
    program.click("new_chat_button")
    assert marks(program, "first") == (False, False), "a stopped answer is no news"


def test_an_answer_that_ended_elsewhere_has_a_dot_until_it_is_opened_also_after_a_restart(start, model_file):
    program = start().with_model(model_file)
    ask(program, "first", slow=0.05, answer="one two three four five")
    ask(program, "second", answer="at once")
    program.wait(lambda: marks(program, "first") == (False, True))
    assert "new answer" in index(program, "first").data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert "new answer" in index(program, "first").data(Qt.ItemDataRole.ToolTipRole)
    program.wait_idle()
    program.close()
    again = start()
    again.wait(lambda: again.page.title.full_text == "second")
    assert marks(again, "first") == (False, True)
    open_chat(again, "first")
    again.close()
    third = start()
    third.wait(lambda: third.page.title.full_text == "first")
    assert marks(third, "first") == (False, False)


def test_the_system_tells_the_title_of_an_answered_chat_and_nothing_else(program, monkeypatch):
    way = Recording()
    program.frame.notifier.ways = [way]
    ask(program, "seen", answer="in front")
    program.wait_idle()
    assert way.shown == []
    leave(program, monkeypatch)
    ask(program, "The <b>lease</b>", slow=0.02, answer="The rent is 900 euros.")
    program.wait(lambda: way.shown)
    assert way.shown == [("slmdesk", "\u201cThe \u2039b\u203alease\u2039/b\u203a\u201d is answered.")]
    program.frame.settings.change("notify", False)
    program.wait(lambda: not program.frame.settings.current.notify)
    ask(program, "third", answer="silent")
    program.wait_idle()
    assert len(way.shown) == 1


def test_no_title_is_told_while_the_history_is_encrypted(program, monkeypatch):
    monkeypatch.setattr("slmdesk.history.service.HistoryService.is_confidential", lambda _self: True)
    way = Recording()
    program.frame.notifier.ways = [way]
    leave(program, monkeypatch)
    ask(program, "Dismissal of Ms Marker", answer="Yes.")
    program.wait(lambda: way.shown)
    assert way.shown == [("slmdesk", "A chat is answered.")]
    program.frame.settings.change("notify_names", "always")
    program.wait(lambda: program.frame.settings.current.notify_names == "always")
    ask(program, "second", answer="Yes.")
    program.wait(lambda: len(way.shown) == 2)
    assert way.shown[1] == ("slmdesk", "\u201csecond\u201d is answered.")
