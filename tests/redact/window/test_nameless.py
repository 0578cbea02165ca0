"""The sheets for a cloud that is not told who."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from slmdesk.base.records import DocumentStatus
from slmdesk.ui.redaction.nameless import NamelessSheet, NamesBackSheet

pytestmark = pytest.mark.gui
TEXT = "Frau Sabine Müller schuldet Herrn Hannes Tannenkamp Geld."


def copied(program) -> str:
    return QGuiApplication.clipboard().text()


def shown(program, name: str) -> str:
    return program.find(name).toPlainText()


@pytest.fixture
def program(start):
    program = start()
    QGuiApplication.clipboard().setText(TEXT)
    program.window.show_page("Start")
    program.frame.nameless.copy()
    program.wait(lambda: shown(program, "nameless_text"))
    return program


def test_names_are_looked_at_then_copied_and_put_back(program):
    assert "Müller" not in shown(program, "nameless_text")
    program.click("nameless_copy")
    program.wait(lambda: copied(program) != TEXT)
    assert all(bar.notice.life_ms for bar in program.window.notices.bars)
    assert "Tannenkamp" not in copied(program)
    program.frame.nameless.put_back()
    program.wait(lambda: shown(program, "names_back_text") == TEXT)
    program.click("names_back_copy")
    program.wait(lambda: copied(program) == TEXT)


def test_the_menu_of_a_document_copies_it_without_names(start, tmp_path):
    program = start().open_documents()
    letter = tmp_path / "letter.txt"
    letter.write_text(TEXT, encoding="utf-8")
    program.frame.documents.open_paths([letter])
    program.wait(lambda: program.frame.documents.current)
    document = program.frame.documents.current
    program.wait(lambda: program.frame.documents.records([document])[document].status is DocumentStatus.READ)
    program.find("documents_page").document.action_chosen.emit(document, "nameless")
    program.wait(lambda: "schuldet" in shown(program, "nameless_text"))
    assert "Müller" not in shown(program, "nameless_text")


def test_one_press_takes_a_find_out_and_words_are_added(program):
    sheet = program.window.findChild(NamelessSheet)
    finds = sheet._finds
    find = next(find for find in finds.report.statements if "Tannenkamp" in find.text)
    finds.list.approve_requested.emit(find)
    program.wait(lambda: "Tannenkamp" in shown(program, "nameless_text"))
    program.find("nameless_word").setText("Geld")
    program.click("nameless_add")
    program.wait(lambda: "Geld" not in shown(program, "nameless_text"))


def test_enter_in_the_line_for_words_copies_nothing(program):
    line, pressed = program.find("nameless_word"), []
    program.find("nameless_copy").clicked.connect(lambda: pressed.append(1))
    QTest.keyClicks(line, "G")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert "two letters" in program.find("nameless_said").text()
    assert pressed == []


def test_without_a_key_it_says_so_below_what_was_on_the_clipboard(start):
    program = start()
    QGuiApplication.clipboard().setText(TEXT)
    program.frame.nameless.put_back()
    program.wait(lambda: "key" in program.find("names_back_said").text())
    assert shown(program, "names_back_text") == TEXT
    assert program.find("names_back_notes").isHidden()
    assert not program.find("names_back_key").isEnabled()


def test_an_empty_clipboard_is_said(start):
    program = start()
    QGuiApplication.clipboard().clear()
    program.frame.nameless.put_back()
    program.wait(lambda: any("no text on the clipboard" in bar.notice.text for bar in program.window.notices.bars))
    assert program.window.findChild(NamesBackSheet) is None
    assert all(bar.notice.life_ms for bar in program.window.notices.bars), "it goes by itself"


def test_of_a_chat_all_that_was_said_is_copied(start, model_file):
    program = start().with_model(model_file)
    program.say(TEXT)
    QGuiApplication.clipboard().clear()
    program.frame.nameless.copy()
    program.wait(lambda: shown(program, "nameless_text"))
    assert shown(program, "nameless_text").startswith("Frau"), "what the person said, before the answer"
    assert "Müller" not in shown(program, "nameless_text")
