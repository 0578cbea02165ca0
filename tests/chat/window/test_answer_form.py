"""Answers bound to a JSON schema or a grammar, in the window: typed, opened, marked where wrong; by real clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from slmdesk.chat.types import MOST_FORM, ChatOptions
from slmdesk.chat.window.messages import all_details_of

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
GOOD = '{"type": "object", "properties": {"age": {"type": "integer"}}}'


def choose(program, kind: str):
    if not program.page.is_panel_shown:
        program.click("panel_button")
    if not program.find("option_more_button").isChecked():
        program.click("option_more_button")
    box = program.find("option_form_kind")
    at = box.findData(kind)
    box.setCurrentIndex(at)
    box.activated.emit(at)
    return program.find("option_form_text")


def put(program, field, text: str) -> None:
    field.setFocus()
    field.setPlainText(text)
    program.find("option_temperature").setFocus()


def problem(program):
    label = program.find("option_form_problem")
    return "" if label.isHidden() else label.text().replace("\u200b", "")


def options_of(program) -> ChatOptions:
    chat = program.chat.chat
    return program.ask(lambda services: services.chats.options(chat))


def test_a_schema_is_typed_checked_at_once_and_used(program):
    field = choose(program, "json_schema")
    assert '"type": "object"' in field.placeholderText()
    program.type_into(field, '{"type": "strin"}')
    program.wait(lambda: problem(program).startswith("Line 1, column 10: the type is none of"))
    (mark,) = field.extraSelections()
    assert (mark.cursor.selectionStart(), mark.cursor.selectedText()) == (9, '"')
    program.send("hello")
    program.wait(lambda: any("line 1, column 10" in notice for notice in program.notices()))
    assert program.page.composer.text == "hello"
    put(program, field, GOOD)
    program.wait(lambda: problem(program) == "")
    assert field.extraSelections() == []
    program.enter()
    program.wait_idle()
    assert options_of(program) == ChatOptions(json_schema=GOOD)
    assert program.last().sampling["json_schema"] == GOOD
    assert "Form of the answer: JSON schema" in all_details_of(program.last())


def test_what_answers_are_not_held_to_is_said(program):
    field = choose(program, "json_schema")
    put(program, field, '{"type": "integer", "minimum": 3}')
    program.wait(lambda: program.find("option_form_note").isVisible())
    assert program.find("option_form_note").text() == "Answers are not held to: minimum."


def test_free_text_takes_it_back_and_what_was_written_is_there_again(program):
    program.say("hello")
    field = choose(program, "grammar")
    put(program, field, 'root ::= "a" | "b')
    program.wait(lambda: problem(program).startswith("Line 1, column 16: a literal expected"))
    program.wait(lambda: options_of(program).grammar == 'root ::= "a" | "b')  # kept, lest it be lost
    choose(program, "")
    program.wait(lambda: options_of(program) == ChatOptions())
    assert not field.isVisible()
    assert problem(program) == ""
    choose(program, "grammar")
    assert field.toPlainText() == 'root ::= "a" | "b'
    first = program.chat.chat
    program.chat.new_chat()
    program.wait(lambda: not field.isVisible())
    program.chat.open_chat(first)
    program.wait(lambda: field.isVisible() and field.toPlainText() == 'root ::= "a" | "b')


def test_one_that_is_too_long_stays_to_be_shortened_and_changes_nothing(program):
    program.say("hello")
    field = choose(program, "grammar")
    put(program, field, 'root ::= "a"')
    program.wait(lambda: options_of(program).grammar == 'root ::= "a"')
    put(program, field, "x" * (MOST_FORM + 1))
    program.wait(lambda: "longer than 32,768" in problem(program))
    box = program.find("option_temperature")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    program.wait(lambda: options_of(program) == ChatOptions(grammar='root ::= "a"', temperature=0.0))
    assert len(field.toPlainText()) == MOST_FORM + 1


def test_a_file_is_opened(program, tmp_path):
    field = choose(program, "json_schema")
    file = tmp_path / "schema.json"
    for data, wanted in ((GOOD.encode(), ""), (b"\xff\xfe", "UTF-8"), (b"x" * (MOST_FORM + 1), "longer than")):
        file.write_bytes(data)
        program.click("option_form_open")
        dialog = program.find("form_file_dialog")
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(file))
        dialog.close()
        program.wait(lambda wanted=wanted: wanted in problem(program) and field.toPlainText() == GOOD)
        program.qtbot.waitUntil(lambda: program.window.findChild(QFileDialog, "form_file_dialog") is None)


def test_a_preset_holds_a_form_and_refuses_a_wrong_one(program):
    field = choose(program, "json_schema")
    put(program, field, GOOD)
    program.click("preset_save_as")
    editor = program.find("preset_editor")
    program.type_into(program.find("preset_name", editor), "As JSON")
    inner = program.find("preset_form_text", editor)
    assert inner.toPlainText() == GOOD
    inner.setPlainText("{")
    program.click(program.find("preset_save", editor))
    assert "cannot be used" in program.find("preset_problem", editor).text()
    inner.setPlainText(GOOD)
    program.click(program.find("preset_save", editor))
    program.wait(lambda: program.find("option_preset").currentText() == "As JSON")
    assert program.ask(lambda services: services.chats.presets.list())[0].options == ChatOptions(json_schema=GOOD)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    program.type_into(field, " ")
    program.wait(lambda: program.find("preset_words").text() == "Changed since: JSON schema.")
