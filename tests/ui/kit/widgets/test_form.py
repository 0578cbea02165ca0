"""Forms of declared fields: what is chosen and typed, what cannot be read, what depends on what they are shown for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton, QWidget

from slmdesk.ui.kit.widgets.build import column
from slmdesk.ui.kit.widgets.form import Field, Form, Listed, Parted, Stepped, TextLine, TextLines

pytestmark = pytest.mark.gui


def number(words: str) -> int | None:
    if words and not words.strip().isdigit():
        raise ValueError("A number, please.")
    return int(words) if words else None


FIELDS = (
    Field(name="size", title="Size", control=TextLine, read=number, write=lambda n: "" if n is None else str(n),
          resets=True, tip="How large it is", hint=lambda env: f"{env} usually"),
    Field(name="notes", title="Notes", control=TextLines, read=str.strip),
    Field(name="colour", title="Colour", control=Listed, values=lambda env: [("", "None"), ("red", env)],
          is_there=lambda env: env != "hidden", note=lambda env: "Too red" if env == "reddest" else ""),
    Field(name="part", title="Part", control=Parted, values=((1, "One"), (2, "Two"))),
    Field(name="step", of="part", title="Step", control=Stepped, values=((1, "Low"), (2, "High")),
          write=lambda value: value - 1),
)  # fmt: skip
VALUES = {"size": 7, "notes": "some", "colour": "red", "part": 2, "of others": 5}


@pytest.fixture
def form(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    made = Form(holder, FIELDS, prefix="test")
    column(*made.parts, into=holder)
    made.told = []
    made.changed.connect(made.told.append)
    made.show_values(VALUES, "dark red")
    holder.show()
    made.holder = holder  # qtbot alone does not keep it alive
    return made


def find(form: Form, name: str, kind: type = QLineEdit):
    return form.parent().findChild(kind, name)


def type_into(form: Form, name: str, words: str) -> None:
    line = form.part(name).widget
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, words)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_values_are_shown_named_and_explained_without_telling(form):
    assert form.told == []
    size = find(form, "test_size")
    assert (size.text(), size.placeholderText(), size.accessibleName()) == ("7", "dark red usually", "Size")
    assert (size.accessibleDescription(), size.toolTip()) == ("How large it is", "<p>How large it is</p>")
    assert find(form, "test_size_heading", QLabel).buddy() is size
    colour = form.part("colour").widget
    assert [colour.itemText(at) for at in range(colour.count())] == ["None", "dark red"]
    assert colour.currentText() == "dark red"
    assert form.part("step").widget.value() == 1
    form.show_values(VALUES | {"colour": "blue"}, "red")
    assert colour.currentText() == "None", "it cannot be chosen here"


def test_what_a_person_chooses_and_types_is_told_once(form):
    type_into(form, "size", "12")
    type_into(form, "size", "12")
    colour = form.part("colour").widget
    colour.setCurrentIndex(0)
    colour.activated.emit(0)
    form.part("part").widget.setCurrentIndex(0)
    form.part("notes").widget.setPlainText(" more ")
    assert form.keep()
    assert form.told == [{"size": 12}, {"colour": ""}, {"part": 1}, {"notes": "more"}]
    assert form.values == {"size": 12, "notes": "more", "colour": "", "part": 1}


def test_a_text_of_several_lines_is_read_after_a_pause(form, qtbot):
    form.part("notes").widget.setPlainText("later")
    qtbot.waitUntil(lambda: form.told == [{"notes": "later"}])


def test_what_cannot_be_read_stays_with_its_reason_until_there_is_another_value(form):
    type_into(form, "size", "big")
    problem = find(form, "test_size_problem", QLabel)
    assert (problem.isVisible(), problem.text(), form.keep(), form.told) == (True, "A number, please.", False, [])
    form.show_values(VALUES, "red")
    assert find(form, "test_size").text() == "big"
    form.show_values(VALUES | {"size": 8}, "red")
    assert (find(form, "test_size").text(), problem.isVisible(), form.keep()) == ("8", False, True)
    type_into(form, "size", "big")
    form.show_values(VALUES | {"size": 8}, "red", is_other=True)
    assert (find(form, "test_size").text(), form.keep()) == ("8", True)


def test_what_is_refused_later_stays_with_the_reason_and_the_value_before_holds(form):
    type_into(form, "size", "9")
    form.refuse("size", "Too large.", 7)
    form.show_values(VALUES, "dark red")
    assert find(form, "test_size").text() == "9", "to be mended"
    assert find(form, "test_size_problem", QLabel).text() == "Too large."
    type_into(form, "size", "7")
    assert find(form, "test_size_problem", QLabel).text() == ""
    assert form.told == [{"size": 9}], "7 holds already"


def test_fields_are_reset_alone_and_together(form):
    reset = find(form, "test_size_reset", QToolButton)
    assert (reset.isVisible(), reset.accessibleName()) == (True, "Size: back to the default")
    type_into(form, "size", "big")
    reset.click()
    assert (form.told, find(form, "test_size").text(), reset.isVisible()) == ([{"size": None}], "", False)
    type_into(form, "size", "big")
    form.part("notes").widget.setPlainText("typed")
    form.set_values({"colour": "", "size": None})
    assert form.told[1:] == [{"notes": "typed"}, {"colour": "", "size": None}]
    assert (find(form, "test_size").text(), form.part("notes").widget.toPlainText()) == ("", "typed")


def test_fields_come_and_go_and_say_what_is_wrong(form):
    form.show_values(VALUES, "reddest")
    assert find(form, "test_colour_problem", QLabel).text() == "Too red"
    form.show_values(VALUES, "hidden")
    assert not form.part("colour").isVisible()
