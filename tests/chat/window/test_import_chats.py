"""The menu over the list of chats: chats of ChatGPT come in, and what is listed goes into one file."""

from __future__ import annotations

import json

import pytest
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.fakes.chat_exports import chatgpt, node, rent
from tests.fakes.dropping import drop
from tests.fakes.office import packed

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]


def titles(program) -> list[str]:
    model = program.page.chat_list.view.model()
    return [model.index(at).data() for at in range(model.rowCount())]


def pick(program, name: str) -> None:
    """Choose an entry of the menu over the list."""
    menu = program.find("list_menu_button").menu()
    action = next(action for action in menu.actions() if action.objectName() == name)
    menu.setActiveAction(action)
    action.trigger()


def choose(program, name: str, *files) -> None:
    dialog = program.find(name)
    assert isinstance(dialog, QFileDialog)
    if name == "import_chats_dialog":
        dialog.filesSelected.emit([str(file) for file in files])
    else:
        dialog.fileSelected.emit(str(files[0]))
    dialog.close()


def noted(program, beginning: str) -> str:
    program.wait(lambda: any(text.startswith(beginning) for text in program.notices()))
    return next(text for text in program.notices() if text.startswith(beginning))


def test_chats_of_another_program_come_in_and_the_first_is_shown(program, tmp_path):
    picture = {"content_type": "multimodal_text", "parts": ["Look", {"content_type": "image_asset_pointer"}]}
    chats = [rent(), chatgpt(node("q", None, "user", content=picture), id="c2", title="Picture")]
    file = tmp_path / "export.zip"
    file.write_bytes(packed({"conversations.json": json.dumps(chats)}))
    pick(program, "import_chats_action")
    choose(program, "import_chats_dialog", file)
    text = noted(program, "2 chats imported.")
    assert "1 picture" in text
    program.wait(lambda: sorted(titles(program)) == ["Picture", "Rent"])
    program.click(program.window.notices.bars[-1].findChild(QPushButton, "notice_action"))
    program.wait(lambda: program.frame.chat.chat and program.find("chat_title").text() in ("Rent", "Picture"))


def test_what_came_of_an_import_stays_while_files_dropped_on_the_list_are_imported(program, tmp_path):
    broken, good = tmp_path / "broken.json", tmp_path / "conversations.json"
    broken.write_text('{"a": nothing}')
    good.write_text(json.dumps([rent()]))
    program.frame.chats.imports.import_files([broken])
    drop(program.page.chat_list, good)
    noted(program, "1 chat imported.")
    assert "broken.json" in noted(program, "No chats were imported.")


def test_an_import_can_be_stopped(program, tmp_path):
    for at in range(30):
        chat = chatgpt(node("q", None, "user", f"Question {at}"), node("a", "q", "assistant", "Answer"), id=f"c{at}")
        (tmp_path / f"conversations-{at}.json").write_text(json.dumps([chat]))
    pick(program, "import_folder_action")
    choose(program, "folder_dialog", tmp_path)
    noted(program, "Importing")
    stop = program.window.notices.bars[-1].notice
    assert stop.action == "Stop"
    stop.on_action()
    program.wait(lambda: any("The import was stopped" in text for text in program.notices()))
    assert len(titles(program)) < 30


def test_all_that_is_listed_goes_into_one_file(program, tmp_path):
    for name in ("one", "two", "three"):
        program.ask(lambda services, name=name: services.chats.new_chat(name))
    program.wait(lambda: len(titles(program)) == 3)
    menu = program.find("export_shown_menu")
    menu.form_chosen.emit("md")
    choose(program, "export_dialog", tmp_path / "all.md")
    noted(program, "Written to")
    text = (tmp_path / "all.md").read_text()
    assert all(f"# {name}" in text for name in ("one", "two", "three"))
