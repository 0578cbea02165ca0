"""Smaller copies of a model in the window: made, switched and removed by clicks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.models_page import action, local
from fakes.recorder import add_model
from fakes.tiny_families import make
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QToolButton

from slmdesk.base.record import to_json
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.models.loader.model_loader import hardware_key
from slmdesk.models.service import CopyOrigin, DefaultUse

pytestmark = pytest.mark.gui


@pytest.fixture
def library(start, paths):
    """The window on its page of models; makes a model with copies."""

    class Library:
        def __init__(self) -> None:
            self.program = start()
            self.program.window.show_page("Models")

        def add(self, quantization: str = "Q8_0"):
            program = self.program
            # a name that the look for new files in the folder, some time after the start, passes over
            tiny_gguf.write(paths.models / "published.bin", tiny_gguf.tiny_llama())
            record = add_model(program.services, paths.models / "published.bin", "Published")
            header = {**record.header, "quantization": quantization, "parameters": 135_000_000}
            program.ask(lambda services: services.store.models.change(record.id, header=header))
            program.frame.library.refresh()
            program.wait(lambda: len(self.cards()) == 1)
            return program.ask(lambda services: services.store.models.get(record.id))

        def copy(self, record, name: str, *, hardware: str = "", left_out: tuple[int, ...] = ()):
            program = self.program
            copy = add_model(program.services, paths.models / f"{name}.bin", f"Published {name}")
            origin = CopyOrigin(record.id, record.sha256, name, "0.3.36", hardware or hardware_key(), left_out)
            copy = program.ask(lambda services: services.store.models.set_info(copy.id, copy=to_json(origin)))
            program.frame.library.refresh()
            program.wait(lambda: self.program.find(f"copy_{copy.id}").isVisible())
            return copy

        def cards(self):
            return local(self.program)

        def details(self):
            card = self.cards()[0]
            self.program.click(card.findChild(QToolButton, "details_button"))
            self.program.wait(lambda: card.details.findChild(QLabel, "value_sha256"))
            card.details.unfold()
            return card.details

        def dialog(self):
            self.program.find("formats_button", self.details())
            self.press("formats_button", lambda: self.cards()[0].details)
            return self.program.find("copy_dialog")

        def press(self, name: str, within) -> None:
            def button() -> QPushButton:  # `within` is asked again: lines are made anew while they are looked at
                return within().findChild(QPushButton, name)

            def is_in_sight() -> bool:
                self.program.frame.models_page.ensureWidgetVisible(button())
                return button().isVisible()

            self.program.wait(is_in_sight)
            self.program.click(button())

        def used(self, record):
            return self.program.ask(lambda services: services.formats.used(record.id)).id

    return Library()


def words(within, name: str) -> str:
    return within.findChild(QLabel, name).text().replace("\u200b", "")


def test_the_dialog_offers_what_is_smaller_and_layers_with_a_warning(library) -> None:
    record = library.add()
    dialog, program = library.dialog(), library.program
    formats, layers = (dialog.findChild(QComboBox, f"copy_{name}") for name in ("format", "layers"))
    names = [formats.itemData(at) for at in range(formats.count())]
    assert names == ["", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0", "Q3_K_M"]
    assert formats.currentData() == "Q6_K"
    assert "hardly to be told from the original" in formats.currentText()
    note, make = program.find("copy_layers_note", dialog), program.find("copy_make", dialog)
    assert not note.isVisible()

    def choose(box: QComboBox, at: int) -> None:
        box.setCurrentIndex(at)
        box.activated.emit(at)

    choose(formats, 0)
    assert not make.isEnabled(), "nothing would be smaller"
    choose(layers, 2)
    assert note.isVisible()
    asked = []
    program.services.formats.make = lambda *asked_for: asked.append(asked_for) or Pending()
    program.click(make)
    program.wait(lambda: asked)
    assert asked == [(record.id, "", 2)]


def test_a_copy_belongs_to_its_model_and_one_switch_goes_back_and_forth(library) -> None:
    record, program = library.add(), library.program
    program.ask(lambda services: services.uses.set_default(DefaultUse.CHAT, record.id))
    copy = library.copy(record, "Q8_0")
    assert len(library.cards()) == 1, "no stranger"
    line = program.find(f"copy_{copy.id}")
    program.wait(lambda: words(line, "copy_words").endswith("not in use"))
    assert words(line, "copy_words").startswith("Q8_0, made on this PC")
    library.press("copy_switch", lambda: program.find(f"copy_{copy.id}"))
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("·  in use"))
    assert library.used(record) == copy.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.CHAT)).id == copy.id
    assert words(library.cards()[0], "default_badge") == "Default for chat"
    details = library.details()
    program.wait(lambda: words(details, "formats_words") == "A copy made on this PC is in use: Q8_0.")
    box = program.find("use_translate", details)
    program.frame.models_page.ensureWidgetVisible(box)
    QTest.keyClick(box, Qt.Key.Key_Space)
    program.wait(lambda: words(library.cards()[0], "default_badge") == "Default for chat, translation")
    assert program.ask(lambda services: services.uses.default(DefaultUse.TRANSLATE)).id == copy.id
    program.wait(lambda: library.cards()[0].findChild(QLabel, "row_state").text() == "In use"), "the default is loaded"
    assert program.page.picker.button.text().strip() == copy.name
    library.press("copy_switch", lambda: program.find(f"copy_{copy.id}"))
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("not in use"))
    assert library.used(record) == record.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.CHAT)).id == record.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.TRANSLATE)).id == record.id
    other = library.copy(record, "Q4_0", hardware="another one", left_out=(3, 7))
    line = program.find(f"copy_{other.id}")
    assert words(line, "copy_words").startswith("Q4_0, 2 layers less, made on another PC")
    assert not line.findChild(QPushButton, "copy_switch").isVisible()
    assert line.findChild(QPushButton, "copy_remove").isVisible()


def test_removing_a_model_says_before_that_its_copy_goes_too_and_how_much(library) -> None:
    record, program = library.add(), library.program
    copy = library.copy(record, "Q8_0")
    action(library.cards()[0], "remove")
    program.wait(lambda: not library.cards())
    freed = program.ask(lambda services: services.models.freed_by_removing(record.id))
    (said,) = [notice for notice in program.notices() if "is removed" in notice]
    assert said.startswith("Published is removed, and the copy Published Q8_0 too: ")
    assert said.endswith(f": {bytes_for_people(freed)} are deleted in a moment.")
    bar = next(bar for bar in program.window.notices.bars if "is removed" in bar.notice.text)
    program.click(bar.findChild(QPushButton, "notice_action"))
    program.wait(lambda: len(library.cards()) == 1 and program.find(f"copy_{copy.id}").isVisible())
    program.frame.library.removals.undo_ms = 50
    program.frame.library.remove(record.id)
    program.wait(lambda: any("are free again" in notice for notice in program.notices()))
    assert program.ask(lambda services: services.models.list()) == []
    assert not [model for model in (record, copy) if Path(os.fsdecode(model.path)).exists()]
    assert not library.cards()


def test_the_organisation_may_hide_formats(start, paths, library) -> None:
    library.program.close()
    paths.policy_file.write_text('[features]\nhidden = ["models.formats"]\n')
    program = library.program = start()
    program.window.show_page("Models")
    record = library.add()
    copy = library.copy(record, "Q8_0")
    details = library.details()
    assert not program.find("formats_line", details).isVisible()
    assert not program.find("copy_switch", program.find(f"copy_{copy.id}")).isVisible()


@pytest.mark.model
def test_a_copy_is_made_by_clicks(library, start_real, tmp_path) -> None:
    library.program.close()
    program = library.program = start_real()
    program.window.show_page("Models")
    program.frame.library.add_files((make("llama2", tmp_path),), False)
    program.wait(lambda: len(library.cards()) == 1)
    dialog = library.dialog()
    program.click(program.find("copy_make", dialog))
    program.wait(lambda: any("is made, and used from now on" in notice for notice in program.notices()))
    model = library.cards()[0].card.record
    copy = program.ask(lambda services: services.formats.copies(model.id)[-1])
    assert library.used(model) == copy.id
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("·  in use"))
    assert len(library.cards()) == 1
