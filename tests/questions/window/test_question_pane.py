"""The pane of questions: answers with passages that open, questions that are suggested or follow."""

from __future__ import annotations

import pytest
from fakes.dropping import LEASE, drop, listed, open_read
from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from slmdesk.claims.types import Mark
from slmdesk.library.search import Citation
from slmdesk.questions.prompt import Answered
from slmdesk.questions.service import QuestionService
from slmdesk.questions.window import CitationRow

pytestmark = pytest.mark.gui

CHIP = QRegularExpression("^suggested_")


@pytest.fixture
def program(start):
    """The window on its page of documents."""
    return start().open_documents()


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LEASE)
    return path


def test_a_question_is_answered_with_passages_that_open(program, letter, model_file):
    """The tiny model is too weak to quote: the passages that fit best are the answer, and that is said."""
    program.with_model(model_file)
    open_read(program, letter)
    program.choose_tab("questions")
    pane, line, asked = program.find("question_pane"), program.find("question_line"), []

    def type_the_next(question: str) -> None:
        asked.append(question)
        QTest.keyClicks(line, "And when?")
        QTest.keyClick(line, Qt.Key.Key_Return)

    program.frame.documents_area.questions.asked.connect(type_the_next)
    program.type_into(line, "How much does the tenant pay?")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: pane.findChildren(CitationRow) and program.find("ask_button").isEnabled())
    assert line.text() == "And when?", "what is typed meanwhile stays"
    assert asked == ["How much does the tenant pay?"]
    words = [label.text() for label in pane.findChildren(QLabel, "question_part")]
    assert words[0].replace("\u200b", "") == "How much does the tenant pay?"
    assert "No model here can answer" in words[1]
    program.wait(lambda: program.documents.findChild(QWidget, "better_card").isVisible())
    row = pane.findChildren(CitationRow)[0]
    assert "1,200 EUR" in row.citation.quote
    program.wait(row.isVisible)
    program.click(row)
    page = row.citation.page
    program.wait(lambda: program.documents.view.sheets[page - 1].spans == ((row.citation.start, row.citation.end),))
    program.frame.documents.remove(program.frame.documents.current)
    program.wait(lambda: not [row for row in pane.findChildren(CitationRow) if row.isVisible()])


def test_an_answer_that_the_text_does_not_carry_stands_below_the_text(program, letter, model_file):
    """A plain Yes where the letter says no, with its quotation: the words of the letter come first."""
    program.with_model(model_file)
    open_read(program, letter)
    program.choose_tab("questions")
    pane, document = program.find("question_pane"), program.frame.documents.current
    citation = Citation(document, 1, 0, 20, "The rent is not reduced.")
    pane.show_asked("May I pay less?")
    pane.show_answer(Answered("Yes, you may pay less.", True, (citation,), marks=(Mark("words", "less", 9, 12),)))
    row = pane.findChildren(CitationRow)[0]
    parts = {label.text().replace("\u200b", ""): label for label in pane.findChildren(QLabel, "question_part")}
    answer = parts["Yes, you may pay less."]
    (mark,) = [part for words, part in parts.items() if words.startswith("⚠ Check this:")]
    program.wait(lambda: row.isVisible() and row.y() < mark.y() < answer.y())
    asked = parts["May I pay less?"]
    foot, line = program.find("question_foot"), program.find("question_line")
    program.wait(lambda: asked.y() < 40)
    assert foot.y() - answer.geometry().bottom() < line.y() - foot.geometry().bottom()
    assert not program.find("answers_copied").isVisible()
    program.click("copy_answers_button")
    assert program.find("answers_copied").isVisible()
    assert QApplication.clipboard().text().endswith("Yes, you may pay less.")
    pane.show_answer(Answered(citation.quote, True, (citation,), marks=(Mark("elsewhere", "", 0, 0),)))
    told = [part.text() for part in pane.findChildren(QLabel, "question_part")]
    assert citation.quote not in told, "what its quotation says is not said twice"


def test_questions_stay_with_their_document_over_a_restart(program, letter, model_file, start):
    program.with_model(model_file)
    open_read(program, letter)
    program.choose_tab("questions")
    for words in ("How much does the tenant pay?", "When does it begin?"):
        program.type_into("question_line", words)
        QTest.keyClick(program.find("question_line"), Qt.Key.Key_Return)
        program.wait(lambda: program.find("question_foot").isVisible())
    item = program.frame.documents_area.questions.item
    program.close()
    again = start().open_documents()
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: again.documents.side.current == "questions")
    pane = again.find("question_pane")
    asked = lambda: [label.text() for label in pane.findChildren(QLabel, "question_part")]  # noqa: E731
    again.wait(lambda: "When does it begin?" in asked() and pane.rows)
    assert again.frame.documents_area.questions.item == item
    again.wait(lambda: again.find("new_questions_button").isVisible())
    again.click("new_questions_button")
    again.wait(lambda: not asked() and again.find("earlier_questions").isVisible())


def test_the_shown_document_is_read_ahead_and_on_questions_the_model_is_loaded_for_it(program, letter, monkeypatch):
    expected = []
    monkeypatch.setattr(
        QuestionService, "expect_question", lambda _self, document, *, loads=False: expected.append((document, loads))
    )
    open_read(program, letter)
    document = program.frame.documents.current
    program.wait(lambda: (document, False) in expected)
    program.choose_tab("questions")
    program.wait(lambda: (document, True) in expected)


def shown_chips(program):
    return [chip for chip in program.find("question_pane").findChildren(QPushButton, CHIP) if chip.isVisible()]


def test_a_suggested_question_is_asked_with_a_click(program, tmp_path):
    letter = tmp_path / "lease.txt"
    letter.write_text("The tenant must pay the rent of €1,200 by 3 March 2026. It goes to the account of the landlord.")
    drop(program.documents, letter)
    program.choose_tab("questions")
    program.wait(lambda: program.window.findChildren(QPushButton, "suggested_1"))
    program.wait(lambda: shown_chips(program))
    count = len(shown_chips(program))
    program.click("suggested_1")
    asked = "What is to be done by 3 March 2026?"
    program.wait(lambda: asked in [part.text() for part in program.window.findChildren(QLabel, "question_part")])
    assert not shown_chips(program)
    program.wait(lambda: program.find("new_questions_button").isVisible())
    program.click("new_questions_button")
    program.wait(lambda: len(shown_chips(program)) == count)
    other = tmp_path / "poem.txt"
    other.write_text("Roses are red and violets are blue, and the sky is over the garden.")
    drop(program.documents, other)
    program.wait(lambda: program.find("document_title").full_text == "poem.txt")
    program.wait(lambda: not shown_chips(program))
    program.wait(lambda: len(listed(program)) == 2)
    program.find("document_view").selectAll()
    program.click("several_ask")
    program.wait(lambda: program.find("document_title").full_text == "2 documents")
    assert not shown_chips(program), "they are on one document"
