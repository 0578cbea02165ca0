"""Presets in the window: taken by a chat, saved from one, changed, ordered, handed on; by real clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QListWidget, QPlainTextEdit, QTableWidget

from slmdesk.chat.types import ChatOptions, Example

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


def open_panel(program):
    if not program.page.is_panel_shown:
        program.click("panel_button")
    program.wait(lambda: program.find("option_preset").count() > 5)
    return program.page.panel


def pick(program, words: str) -> None:
    """Choose a preset by the keyboard, as a person does who types the first letters."""
    choice = program.find("option_preset")
    at = choice.findText(words)
    assert at >= 0, [choice.itemText(index) for index in range(choice.count())]
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def said(program, name: str) -> str:
    return program.find(name).text()


def presets(program):
    return program.ask(lambda services: services.chats.presets.list())


def test_a_chat_takes_a_preset_says_what_is_changed_and_own_settings_come_back(program):
    open_panel(program)
    program.type_into("option_system", "Always rhyme.")
    pick(program, "Code")
    program.wait(lambda: program.find("option_system").toPlainText().startswith("You are an experienced"))
    program.click("notice_action")
    program.says("option_system", "Always rhyme.")
    assert program.find("option_preset").currentData() == ""
    program.find("option_system").clear()
    pick(program, "Letter writer")
    program.wait(lambda: program.find("option_system").toPlainText().startswith("Write a complete letter"))
    assert program.find("option_temperature").currentData() == 0.4
    assert said(program, "preset_words") == "A whole letter from a few notes"
    program.say("hello")
    assert program.last().preset == "Letter writer"
    temperature = program.find("option_temperature")
    temperature.setCurrentIndex(1)
    temperature.activated.emit(1)
    program.wait(lambda: said(program, "preset_words") == "Changed since: temperature.")
    language = program.find("option_answer_language")
    assert language.currentText() == "That of each message"
    language.setCurrentIndex(0)
    language.activated.emit(0)
    program.wait(lambda: "language of answers" in said(program, "preset_words"))
    pick(program, "None")
    program.says("option_system", "")


def test_the_settings_of_a_chat_are_saved_as_a_preset_with_examples(program):
    open_panel(program)
    program.type_into("option_system", "Shorten.")
    program.click("preset_save_as")
    editor = program.find("preset_editor")
    assert not program.find("preset_save", editor).isEnabled()
    program.type_into(program.find("preset_name", editor), "Mine")
    program.click(program.find("preset_example_add", editor))
    table = program.find("preset_examples", editor)
    assert isinstance(table, QTableWidget)
    table.item(0, 0).setText("It is raining.")
    program.mentions("preset_problem", "needs a question", editor)
    assert not program.find("preset_save", editor).isEnabled()
    table.item(0, 1).setText("Rain.")
    program.click(program.find("preset_save", editor))
    program.says("option_preset", "Mine")
    assert presets(program)[0].options == ChatOptions(system="Shorten.", examples=(Example("It is raining.", "Rain."),))
    program.say("It is hot.")
    chat = program.chat.chat
    kept = program.ask(lambda services: services.chats.options(chat))
    assert kept.examples == (Example("It is raining.", "Rain."),)


def open_window(program):
    open_panel(program)
    program.click("preset_manage")
    return program.find("presets_window")


def rows(window) -> list[str]:
    box = window.findChild(QListWidget, "presets_list")
    return [box.item(at).text() for at in range(box.count())]


def test_presets_are_made_changed_moved_and_deleted_and_deleting_is_undone(program):
    window = open_window(program)
    assert all(row.endswith("(comes with slmdesk)") for row in rows(window))
    assert not program.find("presets_edit", window).isEnabled()
    program.click(program.find("presets_duplicate", window))
    program.wait(lambda: rows(window)[0] == "Assistant (copy)")
    program.click(program.find("presets_new", window))
    editor = program.find("preset_editor")
    program.type_into(program.find("preset_name", editor), "Second")
    program.type_into(program.find("preset_system", editor), "Be brief.")
    program.click(program.find("preset_save", editor))
    program.wait(lambda: rows(window)[:2] == ["Assistant (copy)", "Second"])
    program.wait(lambda: window.current.name == "Second")
    program.click(program.find("presets_up", window))
    program.wait(lambda: rows(window)[:2] == ["Second", "Assistant (copy)"])
    program.click(program.find("presets_edit", window))
    program.wait(lambda: program.window.findChildren(QPlainTextEdit, "preset_system")[-1].isVisible())
    editor = program.window.findChildren(type(editor), "preset_editor")[-1]
    name = editor.findChild(type(program.find("preset_name", editor)), "preset_name")
    name.selectAll()
    program.type_into(name, "First")
    QTest.keyClick(name, Qt.Key.Key_Return)
    program.wait(lambda: rows(window)[0] == "First")
    program.click(program.find("presets_delete", window))
    program.wait(lambda: rows(window)[0] == "Assistant (copy)")
    program.click("notice_action")
    program.wait(lambda: rows(window)[0] == "First")


def test_a_preset_comes_from_a_file_and_new_chats_begin_with_the_default(program, tmp_path):
    window = open_window(program)
    program.click(program.find("presets_export", window))
    dialog = program.find("preset_export_dialog", window)
    assert isinstance(dialog, QFileDialog)
    file = tmp_path / "assistant.json"
    dialog.fileSelected.emit(str(file))
    dialog.close()
    program.wait(file.is_file)
    program.click(program.find("presets_import", window))
    dialog = program.find("preset_import_dialog", window)
    dialog.fileSelected.emit(str(file))
    dialog.close()
    program.wait(lambda: rows(window)[0] == "Assistant")
    program.wait(lambda: window.current is not None and not window.current.is_shipped)
    at = next(at for at, words in enumerate(rows(window)) if words.startswith("Brainstorm"))
    program.find("presets_list", window).setCurrentRow(at)
    program.click("presets_default")
    program.wait(lambda: "for new chats" in rows(window)[at])
    program.says("option_preset", "Brainstorm")
    program.say("hello")
    assert program.last().preset == "Brainstorm"
    program.chat.new_chat()
    program.wait(lambda: program.find("option_temperature").currentData() == 1.0)


def test_a_slash_at_the_start_of_a_message_takes_a_preset(program):
    program.wait(lambda: program.frame.options.presets.presets)
    program.wait(program.is_in_front)
    program.page.composer.setFocus()
    program.type("/lett")
    shown = program.find("preset_list")
    assert [shown.item(at).text() for at in range(shown.count())] == ["Letter writer"]
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Return)
    assert not shown.isVisible()
    assert program.page.composer.text == ""
    assert program.frame.options.options.preset == "letter-writer"
    program.type("either/or")
    assert not shown.isVisible()
    program.enter()
    program.wait_idle()
    assert program.last().preset == "Letter writer"
    program.type("/nothing of the kind")
    assert not shown.isVisible()
    program.enter()  # it is a message like any other
    program.wait(lambda: len(program.chat.message_ids) == 4)
    program.wait_idle()
