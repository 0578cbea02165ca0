"""The shield on the page Write: what is asked about is shown first, hidden from the model, and put back; by clicks."""

from __future__ import annotations

import pytest
from fakes.asked import recorded
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.replacing import redacted
from slmdesk.writing.window.page import ON

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support|OpenType support missing", extend=True),
]
TEXT = "Dear Ms Ashworth, we recieved your letter."
HIDDEN = redacted(TEXT, find_private(TEXT, language="en")).text


@pytest.fixture
def asked(monkeypatch):
    return recorded(monkeypatch)


@pytest.fixture
def program(asked, start, model_file):
    program = start(known={HIDDEN: HIDDEN.replace("recieved", "received")}, turned=True)
    program.with_model(model_file)
    QTest.keyClick(program.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    program.writing, program.edit = program.frame.writing_page, program.find("writing_editor")
    program.wait(lambda: program.edit.isVisible())
    choice = program.find("writing_language")
    choice.setCurrentIndex(choice.findData("en"))
    choice.activated.emit(choice.currentIndex())
    program.edit.setPlainText(TEXT)
    program.wait(lambda: program.writing.text == TEXT)
    return program


def switch(program):
    program.click("writing_options")
    program.click("writing_redact")
    program.click("writing_options")


def look(program, press):
    press() if callable(press) else program.click(press)
    program.wait(lambda: program.find("redaction_preview") and program.find("redaction_preview").isVisible())


def test_a_correction_is_shown_first_and_changes_the_original_words(program, asked):
    switch(program)
    assert program.find("writing_said").text() == ON
    look(program, "writing_correct")
    QTest.keyClick(program.find("redaction_preview"), Qt.Key.Key_Escape)
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is None)
    assert asked() == ""
    assert not program.writing.corrections.is_busy
    look(program, "writing_correct")
    program.click("redaction_send")
    program.wait(lambda: program.writing.corrections.changes)
    (change,) = program.writing.corrections.changes
    assert (change.old, change.new) == ("recieved", "received")
    assert "ashworth" not in asked()
    assert "recieved" in asked()
    program.writing.corrections.accept(change.number)
    assert program.writing.text == TEXT.replace("recieved", "received")


def test_another_wording_has_the_originals(program, asked):
    switch(program)
    look(program, program.find("writing_rewrite").menu().findChild(QAction, "expand").trigger)
    program.click("redaction_send")
    program.wait(lambda: program.writing.suggestions.now and program.writing.suggestions.now.found)
    assert "Ashworth" in program.writing.suggestions.now.found.versions[0].text
    assert "ashworth" not in asked()
