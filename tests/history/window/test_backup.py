"""A backup is made and restored in the settings, with the window open."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from fakes.dropping import listed
from fakes.encrypted import PASSPHRASE, encrypt
from PySide6.QtWidgets import QAbstractButton, QDialog, QWidget

from slmdesk.base.paths import find_paths
from slmdesk.chat.types import ChatOptions
from slmdesk.history.store import DataKey, backup, open_store

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
    program.wait(lambda: listed(program) == ["letter.txt"])
    program.ask(lambda services: services.chats.presets.add("Plain", ChatOptions(system="Be plain.")))
    chat = backed_up(program, target := tmp_path / "copy.slmbackup")
    controller.remove(program.ask(lambda services: services.documents.recent())[0].id)
    assert program.ask(lambda services: services.documents.recent()), "the removal can still be undone"
    chosen(program, target)
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.mentions("question_more", "what is here: nothing.")
    program.click("restore_sure_button")
    program.wait(lambda: program.is_said("The backup is restored."))
    program.wait(lambda: listed(program) == ["letter.txt"])
    assert program.ask(lambda services: services.store.items.get(chat)).id == chat


def test_what_was_removed_a_moment_ago_comes_back_and_stays(program, tmp_path):
    (letter := tmp_path / "letter.txt").write_text("The pump stops at 12 bar.\n")
    program.window.show_page("Documents")
    controller = program.frame.documents
    listed: list[list[str]] = []
    controller.listed.connect(lambda records: listed.append([record.name for record in records]))
    controller.open_paths([letter])
    program.wait(lambda: listed and listed[-1] == ["letter.txt"] and controller.current)
    document = controller.current
    backed_up(program, target := tmp_path / "copy.slmbackup")
    controller.remove(document)
    assert listed[-1] == []
    chosen(program, target)
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.click("restore_sure_button")
    program.wait(lambda: listed[-1] == ["letter.txt"])
    program.wait(lambda: not any(bar.notice.key == f"forget {document}" for bar in program.window.notices.bars))
    program.window.notices.end()
    assert [record.id for record in program.ask(lambda services: services.documents.recent(9))] == [document]


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


def of_another(home: Path, target: Path, key: DataKey | None = None) -> Path:
    """A backup of somebody else's: a chat, a model, a watched folder and a preset."""
    paths = find_paths(home)
    with closing(open_store(paths, instance_id="other", key=key).store) as store:
        store.items.add("chat", "theirs")
        store.presets.add("Rude", {"system": "Answer rudely."})
        store.collections.add(home / "papers", "papers", watched=True)
        store.models.add(
            name="Theirs", path=home / "model.gguf", linked=False, bytes=1, sha256="a", mtime_ns=1, inode=1, header={},
            source="file",
        )  # fmt: skip
    backup(paths, target, key=key)
    return target


@pytest.mark.parametrize("answer", ["use", "leave", "later"])
def test_one_question_for_all_that_a_backup_brings(program, tmp_path, answer):
    chosen(program, of_another(tmp_path / "other", tmp_path / "theirs.slmbackup"))
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.click("restore_sure_button")
    program.wait(lambda: program.window.findChild(QWidget, "brought_question"))
    said = program.find("question_more").text().replace("\u200b", "")
    assert f"Model Theirs: {tmp_path}/other/model.gguf" in said
    assert f"Folder to watch: {tmp_path}/other/papers" in said
    assert "Preset: Rude" in said
    assert program.find("brought_later_button").isDefault(), "Enter decides nothing"
    program.click(f"brought_{answer}_button")
    if answer == "use":
        program.wait(lambda: program.is_said("model.gguf"))  # is missing
    program.wait(lambda: program.ask(lambda services: services.backups.brought().is_empty) == (answer != "later"))
    presets = program.ask(lambda services: [preset.name for preset in services.chats.presets.list()])
    assert ("Rude" in presets) == (answer == "use")
    assert [state.record.watched for state in program.ask(lambda services: services.collections.all())] == [
        answer == "use"
    ]


def words_asked(program) -> list[QDialog]:
    """The dialogs on show that ask for the words of a backup."""
    return [each for each in program.window.findChildren(QDialog, "backup_words_dialog") if each.isVisible()]


def test_an_encrypted_backup_asks_for_its_words_and_is_undone_to_a_plain_history(program, tmp_path):
    other = tmp_path / "other"
    key = encrypt(find_paths(other))
    chosen(program, of_another(other, tmp_path / "theirs.slmbackup", key))
    for words in ("wrong words", PASSPHRASE):
        program.wait(lambda: words_asked(program))
        (dialog,) = words_asked(program)
        program.type_into(dialog.line, words)
        program.click(program.find("question_accept", dialog))
        program.wait(lambda dialog=dialog: not dialog.isVisible())
    program.wait(lambda: program.window.findChild(QWidget, "restore_sure_button"))
    program.mentions("question_more", "encrypted from then on")
    program.click("restore_sure_button")
    program.wait(lambda: program.window.findChild(QWidget, "brought_question"))
    program.click("brought_later_button")
    assert program.ask(lambda services: services.store.key is not None)
    program.wait(lambda: program.frame.privacy.state.is_encrypted)
    bar = next(bar for bar in program.window.notices.bars if bar.notice.key == "restored")
    program.click(bar.findChild(QAbstractButton, "notice_action"))
    program.wait(lambda: program.is_said("What was there before is back."))
    assert program.ask(lambda services: services.store.key is None)
    program.wait(lambda: not program.frame.privacy.state.is_encrypted)
