"""What tests of the translator's page share."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


@pytest.fixture
def with_model(start, model_file):
    """Starts the program with a model; further options are the echo engine's."""
    return lambda **echo: start(turned=True, **echo).with_model(model_file)


@pytest.fixture
def program(with_model):
    """The program with a model, on the page Translate."""
    return on_page(with_model())


def on_page(program):
    QTest.keyClick(program.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    program.translate = program.frame.translate_page
    program.wait(lambda: program.translate.isVisible())
    return program


def output(program):
    return program.find("target_text").toPlainText()


def choose_value(listed, value):
    """Choose a value of a drop-down list, as a person does."""
    listed.show_value(value)
    listed.activated.emit(listed.currentIndex())


def tab(program, number):
    """Turn to the tab Text (0) or Document (1)."""
    tabs = program.find("translate_tabs")
    program.click(tabs, lambda: tabs.tabRect(number).center())


def with_options(program, name, of="translate_options_button"):
    """Click something among the options, which close again."""
    program.click(of)
    program.click(name)
    popover = program.find(name).parentWidget()
    if popover.isVisible():
        QTest.keyClick(popover, Qt.Key.Key_Escape)
