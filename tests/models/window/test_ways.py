"""Other programs' models and the folder, by clicks on the real window."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.tiny_gguf import tiny_llama, tiny_projector, tiny_qwen2, write
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QLabel, QPlainTextEdit, QPushButton

from slmdesk.ui.models.found import FoundDialog

pytestmark = pytest.mark.gui


@pytest.fixture
def models(start, user):
    """The window on its page of models."""
    return start().open_models()


def add(program, path: Path, name: str = "", link: bool = False):
    got = []
    program.bridge.ask(lambda services: services.models.import_file(path, name=name, link=link).then(got.append))
    program.wait(lambda: got)
    return got[0].model


def library(program):
    return program.ask(lambda services: services.models.list())


def find(program) -> FoundDialog:
    button = program.find("find_models_button")
    program.frame.models_page.ensureWidgetVisible(button)
    program.click(button)
    return dialog(program, FoundDialog)


def dialog(program, kind: type[QDialog]) -> QDialog:
    program.wait(lambda: [child for child in program.window.findChildren(kind) if child.isVisible()])
    return next(child for child in program.window.findChildren(kind) if child.isVisible())


def tick(within: QDialog, name: str) -> None:
    box = next(check for check in within.findChildren(QCheckBox) if check.accessibleName() == name)
    assert box.isEnabled()
    QTest.keyClick(box, Qt.Key.Key_Space)


def words(within: QDialog) -> str:
    return "\n".join(label.text().replace("\u200b", "") for label in within.findChildren(QLabel) if label.isVisible())


def press(program, within: QDialog, name: str) -> None:
    button = within.findChild(QPushButton, name)
    program.wait(button.isEnabled)
    program.click(button)


def test_models_of_other_programs_are_listed_and_linked(models, user):
    program = models
    sheet = find(program)
    program.wait(lambda: "No model files of other programs" in words(sheet))
    sheet.close()
    folder = user / ".lmstudio/models/who/repo"
    folder.mkdir(parents=True)
    here = write(folder / "here.gguf", tiny_llama(seed=8))
    new = write(folder / "new.gguf", tiny_qwen2())
    write(folder / "mmproj.gguf", tiny_projector())
    (folder / "loop.gguf").symlink_to(folder / "loop.gguf")
    add(program, here, link=True)
    sheet = find(program)
    program.wait(lambda: sheet.findChildren(QCheckBox))
    assert "LM Studio" in words(sheet)
    assert "in the library already" in words(sheet)
    assert "by which a model sees or hears" in words(sheet)
    assert "16-bit" in words(sheet)
    enabled = [box.accessibleName() for box in sheet.findChildren(QCheckBox) if box.isEnabled()]
    assert enabled == ["Tiny qwen"]
    press(program, sheet, "found_skipped")
    program.wait(lambda: program.window.findChild(QPlainTextEdit, "text_dialog_text"))
    assert "loop.gguf" in program.window.findChild(QPlainTextEdit, "text_dialog_text").toPlainText()
    assert not sheet.findChild(QPushButton, "found_link").isEnabled()
    tick(sheet, "Tiny qwen")
    press(program, sheet, "found_link")
    program.wait(lambda: program.is_said("1 model is linked"))
    assert {os.fsdecode(model.path) for model in library(program) if model.linked} == {str(here), str(new)}


def ask_folder(program, target: Path) -> None:
    """Press *Choose…* in the settings and choose a folder."""
    program.window.show_page("Settings")
    program.click(program.find("models_folder_button"))
    chooser = program.window.findChild(QFileDialog, "folder_dialog")
    program.wait(chooser.isVisible)
    chooser.fileSelected.emit(str(target))
    chooser.reject()


def test_a_folder_is_chosen_for_new_models(models, tmp_path, home):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    ask_folder(program, tmp_path / "full")
    program.wait(lambda: program.is_said("is not empty"))
    ask_folder(program, tmp_path / "second")
    program.wait(lambda: program.is_said("New models are kept in"))
    add(program, write(tmp_path / "b.gguf", tiny_qwen2()))
    folders = {Path(os.fsdecode(model.path)).parent for model in library(program)}
    assert folders == {home / "models", tmp_path / "second"}
    program.wait(
        lambda: program.find("models_folder_sentence").text().replace("\u200b", "") == str(tmp_path / "second")
    )


def test_a_shared_folder_of_the_organisation_is_used_and_never_written(start, home, tmp_path, user):
    shared = tmp_path / "shared"
    shared.mkdir()
    write(shared / "ours.gguf", tiny_gguf.tiny_llama())
    policy = home / "config" / "policy.toml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text(f'[models]\nfolder = "{shared}"\n')
    program = start()
    program.wait(lambda: library(program))
    record = library(program)[0]
    assert record.linked
    program.window.show_page("Models")
    program.frame.library.removals.undo_ms = 50
    program.wait(lambda: program.window.findChild(QLabel, "card_title"))
    program.frame.library.remove(record.id)
    program.wait(lambda: program.is_said("is there for everybody"))
    assert [model.id for model in library(program)] == [record.id]
    ask_folder(program, shared / "mine")
    program.wait(lambda: program.is_said("set by your organisation"))
    assert [path.name for path in shared.iterdir()] == ["ours.gguf"]
