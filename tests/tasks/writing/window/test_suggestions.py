"""Suggestions on the page Write: beside the text they would replace, used, copied, asked for again, thrown away."""

from __future__ import annotations

import pytest
from fakes.recorder import LARGE, sized
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from tasks.writing.window.conftest import looks, select

pytestmark = pytest.mark.gui
CTRL = Qt.KeyboardModifier.ControlModifier
TEXT = "Dear Ms Nowak,\nMr Petrov pays 1,450 euros on Friday in Leeds.\nYours"
PART = "Mr Petrov pays 1,450 euros on Friday in Leeds."
ANSWER = "On Friday Mr Petrov pays 1,540 euros."


@pytest.fixture
def begin(begin):
    def with_text(**echo):
        program = begin(**echo)
        sized(program.services, LARGE)
        program.edit.setPlainText(TEXT)
        program.wait(lambda: program.find("writing_rewrite").isEnabled())
        return program

    return with_text


def rewrite_all(program, name):
    menu = program.find("writing_rewrite").menu()
    next(action for action in menu.actions() if action.objectName() == name).trigger()


def is_shown(program):
    return program.find("versions_of_text").isVisible()


def come(program):
    program.wait(lambda: (now := program.writing.suggestions.now) is not None and not now.is_busy)


def test_a_selection_is_rephrased_beside_what_it_would_replace(begin):
    program = begin(answer=ANSWER)
    select(program, PART)
    program.click("bar_rephrase")
    come(program)
    assert program.edit.extraSelections()[-1].cursor.selectedText() == PART, "it is lit up in the text"
    view = program.find("suggestion_text_1")
    assert view.toPlainText() == ANSWER
    assert program.find("suggestion_words").text() == "The model gave 1 of 3; the others were the same."
    assert ("1,540 euros", "DotLine") in [(words, form.underlineStyle().name) for words, form in looks(view)]
    remarks = program.find("suggestion_remarks_1").text()
    assert "Not in your text: “1,540" in remarks
    assert "Missing: “1,450" in remarks
    assert program.writing.text == TEXT
    program.click("suggestion_copy_1")
    assert QApplication.clipboard().text() == ANSWER
    program.click("suggestion_use_1")
    assert program.writing.text == TEXT.replace(PART, ANSWER)
    assert not is_shown(program)
    assert program.find("writing_said").text() == "Replaced. Undo (Ctrl+Z) takes it back."
    QTest.keyClick(program.edit, Qt.Key.Key_Z, CTRL)
    assert program.writing.text == TEXT


def test_the_lines_of_a_suggestion_come_in_their_order(begin):
    answer = "Dear Ms Nowak,\n\nplease note that Mr Petrov pays 1,450 euros on Friday in Leeds.\n\nYours"
    program = begin(answer=answer)
    rewrite_all(program, "tone_friendlier")
    come(program)
    program.click("suggestion_use_1")
    assert program.writing.text == answer
    QTest.keyClick(program.edit, Qt.Key.Key_Z, CTRL)
    assert program.writing.text == TEXT


@pytest.mark.parametrize(
    ("entry", "title"),
    [("shorten_half", "13 → 6 words"), ("tone_friendlier", "Friendlier"), ("expand", "13 → 17 words")],
)
def test_the_whole_text_is_said_in_another_way(begin, entry, title):
    program = begin(answer=f"{TEXT}, who is in Leeds." if entry == "expand" else "Petrov pays 1,450 euros on Friday.")
    select(program, PART)
    rewrite_all(program, entry)
    come(program)
    frame = program.find("suggestion_1")
    assert program.find("suggestion_title", frame).text() == title
    assert program.edit.extraSelections()[-1].cursor.selection().toPlainText() == TEXT
    program.click("suggestion_discard")
    assert not is_shown(program)
    assert program.writing.text == TEXT


def test_what_was_not_shortened_is_said_and_another_try_is_offered(begin):
    program = begin(answer=TEXT.replace("Yours", "Bye"))
    rewrite_all(program, "shorten_half")
    come(program)
    words = program.find("suggestion_words")
    assert words.text().startswith("The model could not shorten this.")
    assert program.find("suggestion_again").isVisible()
    assert program.find("suggestion_area").findChild(QPlainTextEdit) is None


def test_the_bar_is_below_the_selection_and_keys_reach_and_leave_it(begin):
    program = begin(answer=ANSWER)
    bar = program.find("writing_selection_bar")
    assert not bar.isVisible()
    select(program, PART)
    program.wait(bar.isVisible)
    edit = program.edit
    last = edit.viewport().mapTo(bar.parentWidget(), edit.cursorRect().bottomLeft())
    assert last.y() < bar.y() < last.y() + 40
    QTest.keyClick(edit, Qt.Key.Key_Tab)
    assert program.find("bar_rephrase").hasFocus()
    QTest.keyClick(program.find("bar_rephrase"), Qt.Key.Key_Escape)
    assert edit.hasFocus()
    assert not bar.isVisible()
    select(program, "Dear")
    program.wait(bar.isVisible)
    QTest.keyClick(edit, Qt.Key.Key_Right)
    assert not bar.isVisible()


def test_what_is_typed_elsewhere_hinders_no_suggestion_and_a_part_that_was_edited_is_not_replaced(begin, tmp_path):
    program = begin(answer=ANSWER, until=str(tmp_path / "go on"))

    def write(at: int, words: str) -> None:
        cursor = program.edit.textCursor()
        cursor.setPosition(at)
        program.edit.setTextCursor(cursor)
        QTest.keyClicks(program.edit, words)

    select(program, PART)
    QTest.keyClick(program.edit, Qt.Key.Key_R, CTRL)
    program.wait(lambda: program.find("suggestion_stop").isVisible())
    write(TEXT.index(PART), "So: ")
    write(program.edit.toPlainText().index(PART) + len(PART), " Good.")
    (tmp_path / "go on").touch()
    come(program)
    write(program.edit.toPlainText().index("Friday"), "next ")
    program.click("suggestion_use_1")
    assert "nothing was replaced" in program.find("writing_said").text()
    written = TEXT.replace(PART, f"So: {PART} Good.")
    assert program.writing.text == written.replace("Friday", "next Friday")
    assert program.find("suggestion_text_1").toPlainText() == ANSWER
    for _letter in "next ":
        QTest.keyClick(program.edit, Qt.Key.Key_Backspace)
    program.click("suggestion_use_1")
    assert program.writing.text == written.replace(PART, ANSWER)
    select(program, ANSWER)
    program.click("bar_translate")
    program.wait(lambda: program.find("source_text").toPlainText() == ANSWER)
    assert program.find("source_text").isVisible()


def test_it_is_stopped_and_asked_again(begin, tmp_path):
    program = begin(until=str(tmp_path / "go on"), answer=ANSWER)
    rewrite_all(program, "rephrase")
    program.wait(lambda: program.find("suggestion_stop").isVisible())
    assert not program.find("writing_accept_all").isVisible(), "it is of the corrections, which are out of sight"
    program.click("suggestion_stop")
    assert program.find("writing_accept_all").isVisible()
    assert program.writing.suggestions.now is None
    assert not is_shown(program)
    (tmp_path / "go on").touch()
    rewrite_all(program, "rephrase")
    come(program)
    program.click("suggestion_again")
    assert program.writing.suggestions.now.request.again == 1
    come(program)
    assert program.find("suggestion_text_1").toPlainText() == ANSWER
