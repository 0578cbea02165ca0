"""Private chats: all that a chat can do, said by a badge, and not a word of it in any byte of the home."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.contents import contents
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton

from slmdesk.chat.conversation import is_private

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

MARKER = "zqquokka"


def holding(home: Path) -> list[str]:
    return [path.name for path, held in contents(home) if MARKER.encode() in held.lower()]


def begin(program) -> None:
    QTest.keyClick(
        program.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    program.wait(lambda: is_private(program.chat.chat))


def close_it(program) -> None:
    program.click("private_close")
    box = program.window.findChild(QDialog, "private_close_dialog")
    program.click(box.findChild(QPushButton, "private_close_button"))
    program.wait(lambda: program.chat.chat == "")


def listed(program) -> list[str]:
    return [chat.title for chat in program.ask(lambda services: services.history.items(None))]


def test_nothing_of_it_is_in_any_file_while_it_is_open_and_afterwards(program, home):
    program.say(f"A usual chat about the {MARKER}.")
    assert holding(home), "the control: a usual chat is found"
    chat = program.chat.chat
    program.ask(lambda services: services.history.delete_for_good(chat))
    program.wait(lambda: program.chat.chat == "")
    program.wait(lambda: not holding(home))
    begin(program)
    assert program.find("private_bar").isVisible()
    program.put(f"An unsent draft about the {MARKER}")
    program.chat.drafts.save()
    program.ask(lambda services: services.store.revision())
    program.frame.keep_layout()
    assert holding(home) == []
    program.enter()
    program.wait_idle()
    assert MARKER in program.words()
    assert holding(home) == []
    assert listed(program) == []
    assert not list((home / "data" / "states").iterdir())
    assert "unsaved" not in (home / "config" / "window.json").read_text()
    close_it(program)
    assert not program.find("private_bar").isVisible()
    program.close()
    assert holding(home) == []


def test_everything_works_in_it(program, home, tmp_path):
    begin(program)
    program.say(f"First {MARKER}")
    program.act("try_again")
    program.wait(lambda: len(program.messages()) == 2)
    program.wait_idle()
    first = program.chat.message_ids[0]
    program.chat.edits.save(first, f"Another first {MARKER}")
    program.wait(lambda: program.page.view.rows[0].view.text.startswith("Another"))
    program.wait_idle()
    assert len(program.ask(lambda services: services.chats.messages(program.chat.chat))) == 5, (
        "versions are kept in memory"
    )
    old, last = program.chat.chat, program.chat.message_ids[-1]
    program.chat.edits.choose(last, "fork")
    program.wait(lambda: program.chat.chat not in ("", old))
    assert is_private(program.chat.chat)
    program.chat.edits.choose(program.chat.message_ids[-1], "delete")
    program.wait(lambda: len(program.chat.message_ids) == 1)
    target = tmp_path / "out.md"
    chat = program.chat.chat
    program.bridge.follow(lambda services: services.exports.write(chat, "md", target), lambda _size: None)
    program.wait(target.exists)
    assert MARKER in target.read_text(), "it was asked for"
    assert holding(home) == []


def test_a_document_attached_to_it_is_read_and_not_kept(program, home, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text(f"The {MARKER} stops at 12 bar.")
    begin(program)
    program.chat.attached.add_paths([letter])
    program.wait(lambda: [draft.state for draft in program.chat.attached.now] == ["ready"])
    program.wait(lambda: program.chat.attached.now[0].pages)
    program.say("When does it stop?")
    part = program.messages()[0].attachments[0]
    assert (part.attached.name, part.attached.is_whole) == ("letter.txt", True)
    assert program.ask(lambda services: services.documents.recent()) == []
    assert holding(home) == []


def test_it_is_left_and_come_back_to_and_lost_only_after_a_question_unless_it_is_empty(program, home):
    menu = program.find("list_menu_button").menu()
    next(action for action in menu.actions() if action.objectName() == "new_private_action").trigger()
    program.wait(lambda: is_private(program.chat.chat))
    program.click("private_close")
    program.wait(lambda: program.chat.chat == "")
    assert program.window.findChild(QDialog, "private_close_dialog") is None
    begin(program)
    program.say(f"Where is the {MARKER}?")
    private = program.chat.chat
    program.click("new_chat_button")
    program.wait(lambda: program.chat.chat == "")
    assert not program.find("private_bar").isVisible()
    program.click("private_chat")
    program.wait(lambda: program.chat.chat == private)
    assert len(program.chat.message_ids) == 2
    program.window.close()
    box = program.window.findChild(QDialog, "quit_dialog")
    program.says("question_text", "A private chat is lost then.", box)
    program.click(box.findChild(QPushButton, "stay_button"))
    assert not program.closed
    assert program.chat.chat == private
    program.close()
    assert holding(home) == []


def test_it_can_be_saved_with_all_versions(program, home):
    begin(program)
    program.say(f"Keep the {MARKER}")
    program.act("try_again")
    program.wait(lambda: len(program.ask(lambda services: services.chats.messages(program.chat.chat))) == 3)
    program.wait_idle()
    private = program.chat.chat
    program.click("private_save")
    program.wait(lambda: program.chat.chat not in ("", private) and len(program.chat.message_ids) == 2)
    assert not is_private(program.chat.chat)
    assert not program.find("private_bar").isVisible()
    assert len(program.ask(lambda services: services.chats.messages(program.chat.chat))) == 3
    assert listed(program) == [f"Keep the {MARKER}"]
    assert holding(home), "now it is kept"
    assert not program.find("private_list").isVisible()
    program.say("And on it goes")
    assert len(program.messages()) == 4
