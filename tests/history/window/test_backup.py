"""A backup is made and restored in the settings, with the window open."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui


def test_what_was_backed_up_comes_back(program, tmp_path):
    target = tmp_path / "my backup.slmbackup"
    program.say("hello")
    chat = program.chat.chat
    program.window.show_page("Settings")
    program.click("setting_backup")
    program.find("backup_dialog").fileSelected.emit(str(target))
    program.wait(lambda: program.is_said(f"Written to {target}."))
    program.ask(lambda services: services.history.delete_for_good(chat))
    program.click("setting_restore")
    program.find("restore_dialog").fileSelected.emit(str(target))
    program.wait(lambda: program.is_said("The backup is restored."))
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
