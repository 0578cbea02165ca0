"""A folder in a chat: chosen by `@`, its chip, and an answer with the pages that were read."""

from __future__ import annotations

import os

import pytest
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QToolButton

pytestmark = pytest.mark.gui

OLD = 1_700_000_000
"""When the files were changed last: those changed just now may still be written, and are read later."""


def pdf(*pages):
    made = TinyPdf()
    for text in pages:
        made.page(*lines(50, 700, *text))
    return bytes(made)


@pytest.fixture
def manuals(tmp_path):
    path = tmp_path / "Manuals"
    path.mkdir()
    files = {
        "pump.pdf": pdf(["About roses and tulips."], ["The pump stops", "at 12 bar."]),
        "valve.txt": b"About the garden.\fAbout rain.\fThe valve of the pump closes at 3 bar.",
    }
    for name, data in files.items():
        (path / name).write_bytes(data)
        os.utime(path / name, (OLD, OLD))
    return path


@pytest.fixture
def begin(start, model_file, manuals):
    """Starts a window that knows the folder, with the focus in the message."""

    def begin(**echo):
        program = start(**echo).with_model(model_file)
        program.bridge.follow(lambda services: services.collections.add(manuals))
        program.wait(
            lambda: [state.documents for state in program.ask(lambda services: services.collections.all())] == [2]
        )
        program.wait(program.is_in_front)
        program.page.composer.setFocus()
        program.chat.attached.names.refresh()
        program.wait(lambda: any(name.is_folder for name in program.chat.attached.names.find("man")))
        return program

    return begin


def draft(program):
    (attachment,) = program.chat.attached.now
    return attachment


def extras(program):
    return [button for button in program.page.view.findChildren(QToolButton, "message_extra") if button.isVisible()]


def mention(program):
    program.type("@man")
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Return)
    program.wait(lambda: draft(program).is_settled)


def test_a_folder_is_chosen_by_its_name_and_its_answer_says_what_was_looked_through(begin):
    program = begin(answer="It stops early.")  # no sentence is nearest: all pages are shown
    mention(program)
    assert program.page.composer.text == "Manuals "
    program.type("When does the pump stop?")
    program.wait(lambda: draft(program).words == "by passages \u00b7 2 documents")
    (chip,) = program.page.composer.attachments.chips
    program.wait(lambda: "2 documents" in chip.accessibleName())
    program.click(chip)
    program.wait(lambda: program.window.findChild(QDialog, "text_dialog"))
    assert set(program.find("text_dialog_text").toPlainText().splitlines()) == {"pump.pdf", "valve.txt"}
    program.window.findChild(QDialog, "text_dialog").close()
    program.wait(lambda: program.window.findChild(QDialog, "text_dialog") is None)
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Return)
    program.wait(lambda: len(program.chat.message_ids) == 2)
    program.wait_idle()
    program.wait(lambda: [extra for extra in extras(program) if extra.accessibleName() == "pump.pdf, page 2"])
    said = [extra.accessibleName() for extra in extras(program)]
    assert "Manuals: 2 documents looked through, passages of 2 read" in said
    assert "Manuals \u00b7 2 documents" in said
    assert "valve.txt, page 3" in said
    program.click(next(extra for extra in extras(program) if "looked through" in extra.accessibleName()))
    shown = program.find("text_dialog_text").toPlainText()
    assert "12 bar" in shown
    assert "valve.txt" in shown
    program.window.findChild(QDialog, "text_dialog").close()
    program.wait(program.is_in_front)
    program.click(next(extra for extra in extras(program) if extra.accessibleName() == "pump.pdf, page 2"))
    program.says("source_title", "pump.pdf")


def test_a_quoted_page_has_one_line(begin):
    program = begin(answer='The manual says "The pump stops" there.')
    mention(program)
    program.type("When does the pump stop?")
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Return)
    program.wait(
        lambda: [extra for extra in extras(program) if extra.accessibleName().startswith("\u201cThe pump stops")]
    )
    assert len([extra for extra in extras(program) if "pump.pdf, page 2" in extra.accessibleName()]) == 1


def test_a_folder_stays_in_the_draft_over_a_restart_and_says_when_it_is_gone(begin, start):
    program = begin()
    mention(program)
    program.close()
    again = start()
    again.wait(lambda: again.chat.attached.now and draft(again).is_settled)
    assert (draft(again).name, draft(again).documents) == ("Manuals", 2)
    folder = draft(again).folder
    again.bridge.follow(lambda services: services.collections.forget(folder))
    again.wait(lambda: "taken off the list" in draft(again).words)
    again.type("Why?")
    QTest.keyClick(again.page.composer.input_box, Qt.Key.Key_Return)
    again.wait(lambda: any("nothing was sent" in notice for notice in again.notices()))
