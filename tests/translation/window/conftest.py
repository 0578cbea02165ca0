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
