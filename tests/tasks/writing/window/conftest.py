"""What tests of the page Write share."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


@pytest.fixture
def begin(start, model_file):
    """Starts the program with a model, on the page Write; the options are the echo engine's."""
    return lambda **echo: on_page(start(**echo).with_model(model_file))


def on_page(program):
    QTest.keyClick(program.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    program.writing = program.frame.writing_page
    program.edit = program.find("writing_editor")
    program.wait(lambda: program.edit.isVisible())
    program.edit.setFocus()
    choice = program.find("writing_language")
    choice.setCurrentIndex(choice.findData("en"))
    choice.activated.emit(choice.currentIndex())
    return program


def select(program, words):
    cursor = program.edit.textCursor()
    begins = program.edit.toPlainText().index(words)
    cursor.setPosition(begins)
    cursor.setPosition(begins + len(words), cursor.MoveMode.KeepAnchor)
    program.edit.setTextCursor(cursor)


def looks(edit):
    """The words in an editor that are struck through or underlined, each with its format."""
    block = edit.document().begin()
    while block.isValid():
        for span in block.textFormats():
            if span.format.fontStrikeOut() or span.format.underlineStyle() != span.format.UnderlineStyle.NoUnderline:
                yield block.text()[span.start : span.start + span.length], span.format
        block = block.next()
