"""The comparison of models, by clicks and keys, over the real services and the echo engine in a real child."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.recorder import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from slmdesk.base.records import Status

pytestmark = pytest.mark.gui

QUESTION = "Which **word** is the shortest?"


class Comparing:
    """The page, as a person meets it."""

    def __init__(self, program) -> None:
        self.program, self.page, self.form = (
            program,
            program.frame.compare_page,
            program.frame.compare_page.form,
        )

    def enter(self) -> None:
        """From the page of models."""
        QTest.keyClick(self.program.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
        self.program.wait(lambda: self.program.find("compare_button").isVisible())
        self.program.click("compare_button")
        self.program.wait(self.form.isVisible)

    def ask(self, text: str = QUESTION, *, count: int = 2, **echo) -> None:
        """Fill the form and begin."""
        begin = "#echo " + json.dumps(echo) + "\n" if echo else ""
        self.form.question.setPlainText(begin + text)
        for at in range(4):
            choice = self.program.find(f"compare_model_{at + 1}")
            choice.setCurrentIndex(at + 1 if 2 <= at < count else at if at < 2 else 0)
            choice.activated.emit(choice.currentIndex())
        self.program.click("compare_start")
        self.program.wait(lambda: self.page.columns and self.program.find("compare_result").isVisible())

    def wait_done(self) -> None:
        held = self.page
        self.program.wait(lambda: held.held is not None and not held.held.is_running)

    def row(self, item: str) -> QWidget | None:
        """The row of an earlier comparison, while it is on show."""
        rows = self.form.findChildren(QWidget, f"earlier_{item}")
        return next((row for row in rows if row.isVisible()), None)

    def figures(self, column) -> list[str]:
        labels = [one for one in column.findChildren(QLabel) if one.objectName().startswith("figure_")]
        return [label.text() for label in labels if label.isVisible()]


def add_models(program, tmp_path: Path, count: int, names: str = "Model") -> None:
    for at in range(count):
        add_model(program.services, tmp_path / f"m{at}.gguf", f"{names} {at + 1}")
    program.frame.compare_page.refresh()
    program.wait(lambda: program.find("compare_model_1").count() == count)


@pytest.fixture
def comparing(start, tmp_path):
    """The form, with so many models on this PC."""

    def begin(count: int = 4, names: str = "Model", **echo) -> Comparing:
        found = Comparing(start(**echo))
        add_models(found.program, tmp_path, count, names)
        found.enter()
        return found

    return begin


def test_three_models_answer_side_by_side_and_are_exported(comparing, tmp_path) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    comparing.ask(count=3)
    comparing.wait_done()
    columns = page.columns
    assert len(columns) == 3
    assert all("shortest" in column.text.words for column in columns)
    assert len({column.name for column in columns}) == 3
    program.wait(lambda: all(len(comparing.figures(column)) == 10 for column in columns))
    assert not program.find("vote_words").isVisible()
    assert program.ask(lambda services: services.history.items()) == []  # no chat came of it
    export = program.find("compare_export")
    assert export.isEnabled()
    next(action for action in export.menu().actions() if action.objectName() == "export_html").trigger()
    dialog = page.findChild(QFileDialog, "export_dialog")
    dialog.fileSelected.emit(str(tmp_path / "compared.html"))
    dialog.close()
    program.wait(lambda: any("Written to" in notice and "compared.html" in notice for notice in program.notices()))
    assert "Vote" not in (tmp_path / "compared.html").read_text()


def test_words_stream_and_stop_keeps_them(comparing) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    comparing.ask("a b c d e f g h i j k l m n o p", slow=0.2)
    program.wait(lambda: page.columns[0].text.words)
    assert page.columns[0].state.text() == "Is written…"
    assert page.columns[1].state.text() == "Waits for its turn"
    program.click("compare_stop")
    comparing.wait_done()
    words = page.columns[0].text.words
    assert words
    assert "Stopped" in page.columns[0].state.text()
    assert "Stopped" in page.columns[1].state.text()
    assert not program.find("compare_stop").isVisible()


def test_one_that_fails_says_why_and_raises_no_bar(comparing, tmp_path) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    gone = program.find("compare_model_1").itemText(0)[-1]
    (tmp_path / f"m{int(gone) - 1}.gguf").unlink()
    comparing.ask()
    comparing.wait_done()
    assert "is not there" in page.columns[0].state.text()
    assert "shortest" in page.columns[1].text.words
    assert program.notices() == []


def test_earlier_ones_are_listed_opened_deleted_and_come_back(comparing) -> None:
    comparing = comparing()
    program, page, form = comparing.program, comparing.page, comparing.form
    comparing.ask()
    comparing.wait_done()
    item = program.frame.compare_page.held.item.id
    program.click("result_back")
    program.wait(lambda: comparing.row(item))
    assert "Model 4, Model 3" in program.find("earlier_about", comparing.row(item)).full_text
    program.click(program.find("earlier_open", comparing.row(item)))
    program.wait(lambda: program.find("compare_result").isVisible())
    assert all("shortest" in column.text.words for column in page.columns)
    QTest.keyClick(page, Qt.Key.Key_Escape)
    program.wait(lambda: comparing.row(item))
    program.click(program.find("earlier_delete", comparing.row(item)))
    program.wait(lambda: comparing.row(item) is None)
    bar = program.window.notices.bars[-1]
    program.click(program.find("notice_action", bar))
    program.wait(lambda: comparing.row(item))
    QTest.keyClick(form, Qt.Key.Key_Escape)
    program.wait(lambda: program.frame.models_page.isVisible())


def test_what_is_found_in_a_comparison_opens_it(comparing) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    comparing.ask()
    comparing.wait_done()
    item = program.frame.compare_page.held.item.id
    program.frame.compare_page.restart()
    QTest.keyClick(program.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    program.wait(program.frame.chat_page.isVisible)  # a button by its key is pressed for a while
    program.frame.chat.open_chat(item)  # what the list of hits does
    program.wait(lambda: program.find("compare_result").isVisible())
    assert len(page.columns) == 2
    assert program.frame.chat.chat == ""


def test_the_form_says_what_is_missing(comparing) -> None:
    comparing = comparing(1)
    program = comparing.program
    assert "two models, and one is" in program.find("compare_hint").text()
    assert not program.find("compare_start").isEnabled()
    comparing.form.question.setPlainText("hello")
    assert not program.find("compare_start").isEnabled()


def test_the_same_model_twice_and_no_question_are_not_begun(comparing) -> None:
    comparing = comparing(2)
    program = comparing.program
    assert program.find("compare_hint").text() == "Write a question."
    comparing.form.question.setPlainText("hello")
    assert program.find("compare_start").isEnabled()
    second = program.find("compare_model_2")
    second.setCurrentIndex(program.find("compare_model_1").currentIndex())
    second.activated.emit(second.currentIndex())
    assert program.find("compare_hint").text() == "Choose each model once."
    assert not program.find("compare_start").isEnabled()


def test_tab_goes_from_the_buttons_to_the_answers(comparing) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    comparing.ask()
    comparing.wait_done()
    program.find("result_back").setFocus()
    names = []
    for _ in range(4):
        QTest.keyClick(program.window.focusWidget(), Qt.Key.Key_Tab)
        names.append(program.window.focusWidget().objectName())
    assert names == ["compare_export", "compare_new", "compared_text", "compared_text"]
    assert page.columns[0].text is not page.columns[1].text


def test_a_comparison_goes_on_while_another_page_is_looked_at(comparing) -> None:
    comparing = comparing()
    program, page = comparing.program, comparing.page
    comparing.ask("a b c d e f", slow=0.1)
    item = program.frame.compare_page.held.item.id
    program.click("result_back")
    program.wait(lambda: comparing.row(item))
    program.click(program.find("earlier_open", comparing.row(item)))
    program.wait(lambda: page.columns[0].text.words)
    comparing.wait_done()
    assert [answer.message.status for answer in program.frame.compare_page.held.answers] == [Status.COMPLETE] * 2
    held = program.frame.compare_page.held
    assert [column.text.words for column in page.columns] == [answer.message.text for answer in held.answers]


def test_a_model_whose_file_is_gone_is_not_offered(start, tmp_path) -> None:
    program = start()
    add_models(program, tmp_path, 3)
    newest = program.find("compare_model_1").itemText(0)
    (tmp_path / f"m{int(newest.split()[-1]) - 1}.gguf").unlink()
    program.frame.compare_page.refresh()
    choice = program.find("compare_model_1")
    program.wait(lambda: choice.count() == 2)
    assert newest not in [choice.itemText(at) for at in range(choice.count())]
    assert choice.currentText() != newest
