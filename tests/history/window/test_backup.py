"""A backup is made and restored in the settings, with the window open."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from slmdesk.chat.types import ChatOptions

pytestmark = pytest.mark.gui


def backed_up(program, target) -> str:
    """The history has one chat and is backed up; then the chat is deleted for good, and another one is there."""
    program.say("hello")
    chat = program.chat.chat
    program.window.show_page("Settings")
    program.click("setting_backup")
    program.find("backup_dialog").fileSelected.emit(str(target))
    program.wait(lambda: program.is_said(f"Written to {target}."))
    program.ask(lambda services: services.history.delete_for_good(chat))
    return chat


def chosen(program, target) -> None:
    program.window.show_page("Settings")
    program.click("setting_restore")
    program.find("restore_dialog").fileSelected.emit(str(target))


def titles(program) -> set[str]:
    return {item.title for item in program.ask(lambda services: services.history.items())}


def test_what_was_backed_up_comes_back_and_goes_again(program, tmp_path):
    chat = backed_up(program, target := tmp_path / "my backup.slmbackup")
    chosen(program, target)
    program.wait(lambda: program.window.findChild(QWidget, "restore_question"))
    words = program.find("question_text").text() + program.find("question_more").text()
    assert "The backup holds 1 chat of " in words
    assert "what is here: nothing." in words
    program.click("question_cancel")
    assert titles(program) == set()
    chosen(program, target)
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.click("restore_sure_button")
    program.wait(lambda: program.is_said("The backup is restored."))
    assert program.ask(lambda services: services.store.items.get(chat)).id == chat
    bar = next(bar for bar in program.window.notices.bars if bar.notice.key == "restored")
    program.click(bar.findChild(QAbstractButton, "notice_action"))
    program.wait(lambda: program.is_said("What was there before is back."))
    assert titles(program) == set()


def test_the_lists_of_the_pages_are_read_again(program, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("The pump stops at 12 bar.\n")
    program.window.show_page("Documents")
    controller = program.frame.documents
    controller.open_paths([letter])
    program.wait(lambda: [record.name for record in controller._recent.value] == ["letter.txt"])
    program.ask(lambda services: services.chats.presets.add("Plain", ChatOptions(system="Be plain.")))
    chat = backed_up(program, target := tmp_path / "copy.slmbackup")
    document = controller._recent.value[0].id
    program.bridge.follow(lambda services: services.documents.forget(document))
    program.wait(lambda: not controller._recent.value)
    chosen(program, target)
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.click("restore_sure_button")
    program.wait(lambda: [record.name for record in controller._recent.value] == ["letter.txt"])
    assert program.ask(lambda services: services.store.items.get(chat)).id == chat


def test_a_file_that_is_no_backup_leaves_the_history_as_it_is(program, tmp_path):
    wrong = tmp_path / "letter.txt"
    wrong.write_text("Dear Ms Roe")
    program.say("hello")
    chat = program.chat.chat
    program.window.show_page("Settings")
    program.click("setting_restore")
    program.find("restore_dialog").fileSelected.emit(str(wrong))
    program.wait(lambda: program.is_said("it is no backup of slmdesk"))
    assert program.ask(lambda services: services.store.items.get(chat)).id == chat
