"""Messages edited, written once more, deleted and brought back, answered by another model: by real clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.base.types import Role
from slmdesk.chat.types import Rewrite, request_for

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


def talk(program, *words: str) -> None:
    for word in words:
        program.say(word)


def widget_of(program, at: int):
    return program.page.view.rows[at].widget


def menu_of(program, at: int) -> dict:
    """The entries of a message's menu, by their words, opened by its button."""
    program.act_at(at, "more")
    return {action.text(): action for action in program.message_menus()[-1].actions()}


def choose(program, at: int, *words: str, button: str = "more") -> None:
    program.act_at(at, button)
    program.choose(*words)


def write(program, text: str, *, save: bool = True) -> None:
    """Replace the words in the dialog, and save."""
    box = program.find("edit_text")
    assert isinstance(box, QPlainTextEdit)
    box.selectAll()
    program.type_into(box, text)
    if save:
        program.click("edit_save")


def words(program) -> list[str]:
    return [row.view.text for row in program.page.view.rows]


def label(program, at: int) -> str:
    return program.page.view.rows[at].view.version_words


def test_a_question_is_edited_in_its_place_and_asked_again_only_if_it_is_changed(program):
    talk(program, "one", "two")
    before = [program.page.view.top_of(at) for at in range(4)]
    program.act_at(2, "edit")
    box = program.find("edit_text")
    assert box.hasFocus()
    assert widget_of(program, 2).isAncestorOf(box)
    assert [program.page.view.top_of(at) for at in range(3)] == before[:3], "what is above keeps its place"
    assert not program.find("edit_save").isEnabled()
    write(program, " ", save=False)
    assert not program.find("edit_save").isEnabled()
    write(program, "other", save=False)
    QTest.keyClick(box, Qt.Key.Key_Escape)
    program.wait(program.page.composer.input_box.hasFocus)
    assert widget_of(program, 2).text.isVisible()
    assert words(program) == ["one", "You said: one", "two", "You said: two"]
    program.wait(lambda: widget_of(program, 2).findChild(QPlainTextEdit, "edit_text") is None)
    program.act_at(2, "edit")
    write(program, "three", save=False)
    QTest.keyClick(program.find("edit_text"), Qt.Key.Key_Return)
    program.wait(lambda: words(program) == ["one", "You said: one", "three", "You said: three"])
    program.wait_idle()
    assert label(program, 2) == "2 of 2"
    program.act_at(2, "previous_version")
    program.wait(lambda: words(program) == ["one", "You said: one", "two", "You said: two"])
    assert [message.words for message in program.messages()] == words(program)


def test_an_answer_is_edited_and_restored_from_a_menu_of_at_most_nine(program):
    talk(program, "one", "two")
    program.page.view.setFocus()
    program.page.view.set_current(1)
    shown = [button.objectName() for button in widget_of(program, 1).buttons]
    assert shown == ["action_copy", "action_try_again", "action_more"]
    choose(program, 1, "Edit answer")
    write(program, "I said so.")
    program.wait(lambda: words(program)[1] == "I said so.")
    assert widget_of(program, 1).text.accessibleName() == "Answer, edited by you"
    assert words(program)[2:] == ["two", "You said: two"]
    entries = [words for words in menu_of(program, 1) if words]
    assert (len(entries), entries[0], entries[-1]) == (9, "Edit answer", "Delete")
    program.choose("Restore the original answer")
    program.wait(lambda: words(program)[1] == "You said: one")
    assert "Restore the original answer" not in menu_of(program, 1)


def test_what_is_deleted_can_be_brought_back(program):
    talk(program, "one", "two", "three")
    before = words(program)
    for entry, left in (("This message", before[:2] + before[3:]), ("This and all that follows", before[:2])):
        choose(program, 2, "Delete", entry)
        program.wait(lambda left=left: words(program) == left)
        assert [message.words for message in program.messages()] == left
        program.click("notice_action")
        program.wait(lambda: words(program) == before)


def test_an_answer_is_written_once_more(program):
    entry = "Shorter"
    talk(program, "one")
    choose(program, 1, entry, button="try_again")
    wanted = f"You said: {request_for(Rewrite(entry.lower()), '')}"
    program.wait(lambda: words(program) == ["one", wanted])
    program.wait_idle()
    assert label(program, 1) == "2 of 2"
    assert entry.lower() in program.page.view.rows[1].view.details


def test_another_model_answers_this_once(start, model_file, tmp_path):
    program = start().with_model(model_file)
    other = tmp_path / "other.gguf"
    other.write_bytes(model_file.read_bytes() + b"\0" * 32)
    program.frame.models.import_file(other)
    program.wait(lambda: len(program.page.view.models) == 2)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    talk(program, "one")
    used = program.last().model_name
    name = next(name for _id, name in program.page.view.models if name != used)
    choose(program, 1, "Other model", name, button="try_again")
    program.wait(lambda: label(program, 1) == "2 of 2")
    program.wait_idle()
    answers = program.ask(lambda services: services.chats.messages(program.chat.chat))
    assert [answer.model_name for answer in answers if answer.role is Role.ASSISTANT] == [used, name]
    talk_on = program.chat.chat
    assert program.ask(lambda services: services.chats.options(talk_on)).model != name
