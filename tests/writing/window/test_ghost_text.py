"""Grey words behind the cursor: they come in a pause, are taken by keys, and are no part of the text."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from slmdesk.writing.window.editor import GhostText

pytestmark = pytest.mark.gui

ANSWER = "The letter was sent on Monday to the court. It is there."


class Place(QWidget):
    """A window with a text field that is continued, and a field beside it."""

    def __init__(self, bridge) -> None:
        super().__init__()
        self.edit, self.other = QPlainTextEdit(self), QLineEdit(self)
        self.edit.setTabChangesFocus(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.edit)
        layout.addWidget(self.other)
        self.is_open = True
        self.ghost = GhostText(bridge, self.edit, lambda: self.is_open)

    @property
    def shown(self) -> str:
        """The grey words on show."""
        layer = self.edit.findChild(QWidget, "ghost_layer")
        assert layer.isVisible() == bool(self.ghost.text)
        return self.ghost.text

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.edit, key, modifier)


@pytest.fixture
def place(start, model_file, qtbot):
    program = start(answer=ANSWER)
    program.with_model(model_file)
    made = Place(program.bridge)
    made.program = program
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    made.activateWindow()
    program.wait(made.isActiveWindow)
    made.edit.setFocus()
    QTest.keyClicks(made.edit, "The letter was se")
    program.wait(lambda: made.shown)
    return made


def test_tab_takes_the_words_and_undo_gives_them_back(place):
    assert place.shown == "nt on Monday to the court."
    assert place.edit.toPlainText() == "The letter was se"
    place.press(Qt.Key.Key_Tab)
    assert place.edit.toPlainText() == "The letter was sent on Monday to the court."
    assert place.shown == ""
    assert place.edit.hasFocus()
    place.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert place.edit.toPlainText() == "The letter was se"
    place.ghost.drop()
    place.press(Qt.Key.Key_Tab)  # without grey words it is the usual key
    assert place.other.hasFocus()


def test_ctrl_right_takes_word_by_word(place):
    place.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert (place.edit.toPlainText(), place.shown) == ("The letter was sent", " on Monday to the court.")
    place.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert (place.edit.toPlainText(), place.shown) == ("The letter was sent on", " Monday to the court.")


def test_esc_drops_them_until_the_next_key(place):
    place.press(Qt.Key.Key_Escape)
    assert place.shown == ""
    assert place.edit.toPlainText() == "The letter was se"
    assert not place.ghost._timer.isActive()
    QTest.keyClicks(place.edit, "n")
    place.program.wait(lambda: place.shown == "t on Monday to the court.")


def test_typing_what_they_say_goes_on_and_anything_else_drops_them(place):
    QTest.keyClicks(place.edit, "nt o")
    assert place.shown == "n Monday to the court."
    QTest.keyClicks(place.edit, "x")
    assert place.shown == ""
    place.press(Qt.Key.Key_Backspace)
    place.program.wait(lambda: place.shown == "n Monday to the court.")
    place.press(Qt.Key.Key_Backspace)
    assert place.shown == ""


def test_moving_away_clicking_and_leaving_drop_them(place):
    place.press(Qt.Key.Key_Left)
    assert place.shown == ""
    place.press(Qt.Key.Key_End)
    QTest.keyClicks(place.edit, "n")
    place.program.wait(lambda: place.shown)
    QTest.mouseClick(place.edit.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    assert place.shown == ""
    place.press(Qt.Key.Key_End)
    QTest.keyClicks(place.edit, "t")
    place.program.wait(lambda: place.shown)
    place.other.setFocus()
    assert place.shown == ""


def test_they_are_in_no_copy_and_in_no_text_for_assistive_tools(place):
    place.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    place.press(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "The letter was se"
    assert place.shown == ""


def test_within_a_line_and_where_the_field_is_not_open_none_come(place):
    place.ghost.drop()
    place.press(Qt.Key.Key_Home)
    QTest.keyClicks(place.edit, "x")
    place.program.wait(lambda: not place.ghost._timer.isActive())
    place.program.ask(lambda services: None)
    assert place.shown == ""
    place.press(Qt.Key.Key_Backspace)
    place.press(Qt.Key.Key_End)
    place.is_open = False
    QTest.keyClicks(place.edit, "n")
    place.program.wait(lambda: not place.ghost._timer.isActive())
    place.program.ask(lambda services: None)
    assert place.shown == ""


def test_they_are_painted_behind_the_cursor_and_wrapped(place):
    def drawn():
        return place.edit.grab().toImage()

    with_words = drawn()
    place.press(Qt.Key.Key_Escape)
    assert with_words != drawn()
    place.edit.setPlainText("")
    place.edit.insertPlainText("word " * 30)
    place.press(Qt.Key.Key_Return)
    QTest.keyClicks(place.edit, "The letter was se")
    place.resize(160, 300)
    place.program.wait(lambda: place.shown)
    drawn()


def test_switched_off_in_settings_none_come(place):
    program = place.program
    place.press(Qt.Key.Key_Escape)
    program.frame.settings.change("continue_typing", False)
    program.wait(lambda: not program.frame.settings.current.continue_typing)
    QTest.keyClicks(place.edit, "n")
    program.wait(lambda: not place.ghost._timer.isActive())
    program.ask(lambda services: None)
    program.ask(lambda services: None)
    assert place.shown == ""


def test_no_words_below_are_covered(place):
    place.press(Qt.Key.Key_Escape)
    place.resize(220, 300)
    place.edit.insertPlainText("\n\nKind regards")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_End):
        place.press(key)
    QTest.keyClicks(place.edit, "n")
    place.program.wait(lambda: place.shown)
    with_a_free_line = place.shown
    place.press(Qt.Key.Key_Delete)  # the empty line
    QTest.keyClicks(place.edit, "t")
    place.program.wait(lambda: place.shown)
    assert with_a_free_line.startswith("t on Monday")
    assert "t on Monday to the court.".startswith(with_a_free_line)
    assert 0 < len(place.shown) < len(with_a_free_line) - 1
    assert place.edit.toPlainText() == "The letter was sent\nKind regards"
