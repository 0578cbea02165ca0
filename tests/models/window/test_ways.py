"""Packs, other programs' models and the folder, by clicks on the real window."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.dropping import drop
from fakes.tiny_gguf import tiny_llama, tiny_projector, tiny_qwen2, write
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QLabel, QPlainTextEdit, QPushButton

from slmdesk.models import packs
from slmdesk.models.window.adding import FoundDialog, MakePackDialog, MoveDialog, OpenPackDialog

pytestmark = pytest.mark.gui


@pytest.fixture
def user(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in list(os.environ):
        if name.startswith(("XDG_DATA", "XDG_CONFIG", "XDG_CACHE", "HF_H", "HUGGINGFACE", "OLLAMA", "JAN_")):
            monkeypatch.delenv(name)
    return folder


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


def choose(program, way: str) -> None:
    """A way of the menu."""
    button = program.find("more_ways_button")
    program.frame.models_page.ensureWidgetVisible(button)
    assert button.isVisible()
    button.menu().findChild(QAction, f"way_{way}").trigger()


def dialog(program, kind: type[QDialog]) -> QDialog:
    program.wait(lambda: [one for one in program.window.findChildren(kind) if one.isVisible()])
    return next(one for one in program.window.findChildren(kind) if one.isVisible())


def tick(within: QDialog, name: str) -> None:
    box = next(one for one in within.findChildren(QCheckBox) if one.accessibleName() == name)
    assert box.isEnabled()
    QTest.keyClick(box, Qt.Key.Key_Space)


def words(within: QDialog) -> str:
    return "\n".join(one.text().replace("\u200b", "") for one in within.findChildren(QLabel) if one.isVisible())


def press(program, within: QDialog, name: str) -> None:
    button = within.findChild(QPushButton, name)
    program.wait(button.isEnabled)
    program.click(button)


@pytest.fixture
def pack(models, tmp_path) -> Path:
    """A pack of two models; the first of them is not here any more."""
    program = models
    first = add(program, write(tmp_path / "a.gguf", tiny_llama()), "For letters")
    second = add(program, write(tmp_path / "b.gguf", tiny_qwen2()), "For tables")
    choose(program, "make_pack")
    made = dialog(program, MakePackDialog)
    program.wait(lambda: made.findChildren(QCheckBox))
    made.findChild(QCheckBox)
    tick(made, first.name)
    tick(made, second.name)
    assert "2 models" in words(made)
    made.set_target(tmp_path / "two.tar")
    press(program, made, "make_pack_make")
    program.wait(lambda: "The pack is written" in words(made))
    press(program, made, "make_pack_copy")
    checksum = QGuiApplication.clipboard().text()
    assert len(checksum) == 64
    assert checksum in "".join(words(made).split())
    press(program, made, "make_pack_close")
    program.ask(lambda services: services.models.remove(first.id))
    return tmp_path / "two.tar"


def test_a_pack_is_made_looked_into_and_taken_in_part(models, pack):
    program = models
    choose(program, "open_pack")
    chooser = program.window.findChild(QFileDialog, "open_pack_file_dialog")
    program.wait(chooser.isVisible)
    chooser.fileSelected.emit(str(pack))
    chooser.reject()
    opened = dialog(program, OpenPackDialog)
    assert "licence: apache-2.0" in words(opened)
    assert "on this PC already" in words(opened)
    boxes = {one.accessibleName(): one for one in opened.findChildren(QCheckBox)}
    assert [(boxes[one].isEnabled(), boxes[one].isChecked()) for one in ("For letters", "For tables")] == [
        (True, True), (False, False),
    ]  # fmt: skip
    tick(opened, "For letters")
    assert not opened.findChild(QPushButton, "open_pack_take").isEnabled()
    tick(opened, "For letters")
    reported = program.find("open_pack_told", opened)
    QTest.keyClicks(reported, "abc")
    assert "another one" in words(opened)
    assert not opened.findChild(QPushButton, "open_pack_take").isEnabled()
    reported.setText(QGuiApplication.clipboard().text().upper())
    assert "It is the same" in words(opened)
    press(program, opened, "open_pack_take")
    program.wait(lambda: program.is_said("For letters came out of the pack"))
    assert sorted(one.name for one in library(program)) == ["For letters", "For tables"]


def test_a_pack_dropped_on_the_page_is_shown_and_a_hostile_one_is_a_sentence(models, pack, tmp_path):
    program, page = models, models.frame.models_page.viewport()
    hostile = tmp_path / "hostile.tar"
    hostile.write_bytes(b"hello" * 500)
    drop(page, hostile)
    program.wait(lambda: program.is_said("is no pack of models"))
    data = bytearray(pack.read_bytes())
    data[data.index(b"GGUF") + 5000] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)
    drop(page, tmp_path / "bad.tar")
    opened = dialog(program, OpenPackDialog)
    press(program, opened, "open_pack_take")
    program.wait(lambda: "is damaged" in words(opened))
    assert "Nothing of it was kept" in words(opened)
    assert len(library(program)) == 1
    press(program, opened, "open_pack_close")
    drop(page, pack)
    program.wait(lambda: "two.tar" in words(dialog(program, OpenPackDialog)))


def test_a_pack_that_cannot_be_written_there_is_said_before(models, tmp_path):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    (tmp_path / "there.tar").write_text("mine")
    choose(program, "make_pack")
    made = dialog(program, MakePackDialog)
    program.wait(lambda: made.findChildren(QCheckBox))
    made.set_target(tmp_path / "there.tar")
    program.wait(lambda: "is already there" in words(made))
    assert not made.findChild(QPushButton, "make_pack_make").isEnabled()
    made.set_target(tmp_path / "free.tar")
    press(program, made, "make_pack_make")
    program.wait(lambda: "The pack is written" in words(made))


def test_a_pack_is_cancelled_and_made_again(models, tmp_path, monkeypatch):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    choose(program, "make_pack")
    made = dialog(program, MakePackDialog)
    program.wait(lambda: made.findChildren(QCheckBox))
    made.set_target(tmp_path / "p.tar")
    monkeypatch.setattr("slmdesk.runtime.file_io.CHUNK_BYTES", 16)
    open_now = packs.opened

    class SlowFile:
        def __init__(self, file) -> None:
            self.file = file

        def read(self, size: int) -> bytes:
            time.sleep(0.002)  # it must last until the window has heard of it and stopped it
            return self.file.read(size)

    @contextmanager
    def opened_slowly(path: Path):
        with open_now(path) as (file, info):
            yield SlowFile(file), info

    monkeypatch.setattr(packs, "opened", opened_slowly)
    program.frame.models_area.ways.packs.progressed.connect(
        lambda _event: program.frame.models_area.ways.packs.cancel()
    )
    program.wait(made.findChild(QPushButton, "make_pack_make").isEnabled)
    made.findChild(QPushButton, "make_pack_make").click()
    made.findChild(QPushButton, "make_pack_close").click()
    program.wait(lambda: "nothing was kept" in words(made))
    assert not list(tmp_path.glob("*.tar"))
    assert not list(tmp_path.glob(".*.part"))
    monkeypatch.undo()
    program.frame.models_area.ways.packs.progressed.disconnect()
    press(program, made, "make_pack_make")
    program.wait(lambda: (tmp_path / "p.tar").exists())


def test_models_of_other_programs_are_listed_and_linked(models, user):
    program = models
    folder = user / ".lmstudio/models/who/repo"
    folder.mkdir(parents=True)
    here = write(folder / "here.gguf", tiny_llama(seed=8))
    new = write(folder / "new.gguf", tiny_qwen2())
    write(folder / "mmproj.gguf", tiny_projector())
    (folder / "loop.gguf").symlink_to(folder / "loop.gguf")
    add(program, here, link=True)
    choose(program, "find")
    found = dialog(program, FoundDialog)
    program.wait(lambda: found.findChildren(QCheckBox))
    assert "LM Studio" in words(found)
    assert "in the library already" in words(found)
    assert "the image part of a model" in words(found)
    assert "16-bit" in words(found)
    enabled = [one.accessibleName() for one in found.findChildren(QCheckBox) if one.isEnabled()]
    assert enabled == ["Tiny qwen"]
    press(program, found, "found_skipped")
    program.wait(lambda: program.window.findChild(QPlainTextEdit, "text_dialog_text"))
    assert "loop.gguf" in program.window.findChild(QPlainTextEdit, "text_dialog_text").toPlainText()
    assert not found.findChild(QPushButton, "found_link").isEnabled()
    tick(found, "Tiny qwen")
    press(program, found, "found_link")
    program.wait(lambda: program.is_said("1 model is linked"))
    assert {os.fsdecode(one.path) for one in library(program) if one.linked} == {str(here), str(new)}


def test_nothing_found_is_said(models):
    choose(models, "find")
    found = dialog(models, FoundDialog)
    models.wait(lambda: "No model files of other programs" in words(found))


def ask_folder(program, target: Path) -> None:
    """Press *Move…* in the settings and choose a folder."""
    program.window.show_page("Settings")
    program.click(program.find("models_folder_button"))
    chooser = program.window.findChild(QFileDialog, "folder_dialog")
    program.wait(chooser.isVisible)
    chooser.fileSelected.emit(str(target))
    chooser.reject()


def test_the_folder_moves_from_the_settings(models, tmp_path, other_disk):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    ask_folder(program, other_disk)
    moving = dialog(program, MoveDialog)
    assert "1 model" in words(moving)
    assert "another disk" in words(moving)
    assert str(other_disk) in words(moving)
    press(program, moving, "move_start")
    program.wait(lambda: program.is_said("1 model is now in"))
    assert {Path(os.fsdecode(one.path)).parent for one in library(program)} == {other_disk}
    program.wait(lambda: program.find("models_folder_sentence").text().replace("\u200b", "") == str(other_disk))


def test_a_move_is_cancelled(models, tmp_path, other_disk, monkeypatch, home):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    monkeypatch.setattr("slmdesk.runtime.file_io.CHUNK_BYTES", 64)
    ask_folder(program, other_disk)
    moving = dialog(program, MoveDialog)
    moving.findChild(QPushButton, "move_start").click()
    moving.findChild(QPushButton, "move_close").click()
    program.wait(lambda: program.is_said("The move was stopped"))
    assert {Path(os.fsdecode(one.path)).parent for one in library(program)} == {home / "models"}
    assert list(other_disk.iterdir()) == []


def test_a_folder_can_be_for_new_models_alone(models, tmp_path, home):
    program = models
    add(program, write(tmp_path / "a.gguf", tiny_llama()))
    ask_folder(program, tmp_path / "second")
    press(program, dialog(program, MoveDialog), "move_only_new")
    program.wait(lambda: program.is_said("New models are kept in"))
    add(program, write(tmp_path / "b.gguf", tiny_qwen2()))
    found = {Path(os.fsdecode(one.path)).parent for one in library(program)}
    assert found == {home / "models", tmp_path / "second"}


def test_a_folder_that_cannot_be_is_a_sentence(models, tmp_path):
    program = models
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    ask_folder(program, tmp_path / "full")
    program.wait(lambda: program.is_said("is not empty"))


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
    assert [one.id for one in library(program)] == [record.id]
    ask_folder(program, shared / "mine")
    program.wait(lambda: program.is_said("set by your organisation"))
    assert [path.name for path in shared.iterdir()] == ["ours.gguf"]


def test_every_control_of_the_dialogs_has_a_name(models, pack, tmp_path):
    program = models
    for way, kind in (("find", FoundDialog), ("make_pack", MakePackDialog)):
        choose(program, way)
        shown = dialog(program, kind)
        for button in (*shown.findChildren(QPushButton), *shown.findChildren(QCheckBox)):
            assert button.objectName()
            assert button.accessibleName() or button.text()
        for label in shown.findChildren(QLabel):
            assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()
        shown.reject()
