"""All settings of sampling in the window: folded, typed, refused with a sentence, reset; by real clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.chat.types import ChatOptions
from slmdesk.ui.chat.messages import all_details_of

pytestmark = pytest.mark.gui


def open_more(program):
    if not program.page.is_panel_shown:
        program.click("panel_button")
    button = program.find("option_more_button")
    if not button.isChecked():
        program.click(button)
    program.wait(lambda: program.find("option_min_p").isVisible())


def put(program, name: str, text: str) -> None:
    field = program.find(name)
    field.setFocus()
    field.selectAll()
    program.type_into(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def options_of(program) -> ChatOptions:
    chat = program.chat.chat
    return program.ask(lambda services: services.chats.options(chat))


def test_numbers_are_typed_kept_used_listed_with_the_answer_and_reset(program):
    open_more(program)
    put(program, "option_min_p", "0,1")
    put(program, "option_top_k", "7")
    program.says("option_more_button", "Advanced (2 set)")
    stops = program.find("option_stop")
    program.type_into(stops, "three")
    program.say("one two three four")
    assert options_of(program) == ChatOptions(min_p=0.1, top_k=7, stop=("three",))
    assert program.words().rstrip() == "You said: one two"
    said = program.last().sampling
    assert (said["min_p"], said["top_k"], said["stop"]) == (0.1, 7, ["three"])
    details = all_details_of(program.last())
    assert "Least likelihood (min-p): 0.1" in details
    assert "Stop texts: “three”" in details
    assert "Ended by: a stop text" in details
    program.click("option_more_reset")
    program.wait(lambda: options_of(program) == ChatOptions())
    assert program.find("option_top_k").text() == stops.toPlainText() == ""


def test_another_chat_shows_its_own_and_what_was_typed_is_kept_for_the_first(program):
    program.say("one")
    first = program.chat.chat
    open_more(program)
    field = program.find("option_top_k")
    field.setFocus()
    program.type_into(field, "9")
    program.chat.new_chat()
    program.wait(lambda: field.text() == "")
    program.wait(lambda: program.ask(lambda services: services.chats.options(first)).top_k == 9)
    program.chat.open_chat(first)
    program.wait(lambda: field.text() == "9")


def test_a_preset_holds_them_and_says_what_differs(program):
    open_more(program)
    put(program, "option_top_k", "7")
    program.click("preset_save_as")
    editor = program.find("preset_editor")
    program.type_into(program.find("preset_name", editor), "Careful")
    program.click(program.find("preset_more_button", editor))
    program.says("preset_top_k", "7", editor)
    field = program.find("preset_min_p", editor)
    program.type_into(field, "9")
    program.click(program.find("preset_save", editor))
    program.mentions("preset_problem", "cannot be used", editor)
    field.clear()
    program.type_into(field, "0.2")
    program.click(program.find("preset_save", editor))
    program.says("option_preset", "Careful")
    made = program.ask(lambda services: services.chats.presets.list())[0]
    assert made.options == ChatOptions(top_k=7, min_p=0.2)
    program.says("option_min_p", "0.2")
    put(program, "option_min_p", "0.3")
    program.says("preset_words", "Changed since: least likelihood.")
