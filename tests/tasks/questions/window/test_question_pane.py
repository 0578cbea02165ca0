"""Questions in the pane of reports: answers with passages that open, questions that are suggested or follow."""

from __future__ import annotations

import pytest
from fakes.asking import ask, is_answered, press, questions_in, quotations_in, words_in
from fakes.dropping import LEASE, drop, listed, open_read
from PySide6.QtCore import QPointF, QRegularExpression, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.tasks.questions.service import QuestionService

pytestmark = pytest.mark.gui

CHIP = QRegularExpression("^suggested_")
RENT = "How much does the tenant pay?"


@pytest.fixture
def program(start):
    """The window on its page of documents."""
    return start().open_documents()


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LEASE)
    return path


@pytest.fixture
def asking(program, letter):
    """A letter, and the pane in which it is asked."""
    open_read(program, letter)
    program.choose_tab("questions")
    return program


def choose(program, action: str) -> None:
    """Choose from the menu of the pane."""
    menu = program.find("question_menu", program.find("question_pane"))
    menu.aboutToShow.emit()
    next(one for one in menu.actions() if one.objectName() == action).trigger()


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
    ask(program, RENT)
    program.wait(lambda: is_answered(pane, RENT) and program.find("question_ask").isEnabled())
    assert line.text() == "And when?", "what is typed meanwhile stays"
    assert asked == [RENT]
    assert "No model here can answer" in words_in(pane)[1]
    program.wait(lambda: program.documents.findChild(QWidget, "better_card").isVisible())
    quotation = quotations_in(pane)[0]
    assert "1,200 EUR" in quotation.text
    (span,) = quotation.sources
    press(pane, quotation)
    program.wait(lambda: program.documents.view.sheets[span.page - 1].spans == ((span.start, span.end),))
    assert pane.view.lists[0].lit == [quotation]
    program.frame.documents.remove(program.frame.documents.current)
    program.wait(lambda: pane.report is None and not pane.view.isVisible())


def test_a_passage_is_marked_while_the_mouse_is_over_it_and_lit_from_the_page(asking):
    ask(asking, RENT)
    pane = asking.find("question_pane")
    asking.wait(lambda: is_answered(pane, RENT))
    shown, quotation = pane.view.lists[0], quotations_in(pane)[0]
    (span,) = quotation.sources
    shown.entered.emit(shown.rows.index_of(quotation))
    asking.wait(lambda: asking.documents.view.sheets[span.page - 1].spans == ((span.start, span.end),))
    shown.entered.emit(shown.rows.index_of(quotation).siblingAtRow(0))
    asking.wait(lambda: not asking.documents.view.sheets[span.page - 1].spans)
    asking.documents.view.place_clicked.emit(span.page, span.start, QPointF())
    assert quotation in shown.lit


def test_questions_stay_with_their_document_over_a_restart(program, letter, model_file, start):
    program.with_model(model_file)
    open_read(program, letter)
    program.choose_tab("questions")
    pane = program.find("question_pane")
    for words in (RENT, "When does it begin?"):
        ask(program, words)
        program.wait(lambda words=words: is_answered(pane, words) and program.find("question_ask").isEnabled())
    assert questions_in(pane) == [RENT, "When does it begin?"], "the second follows the first"
    item = program.frame.documents_area.questions.item
    program.close()
    again = start().open_documents()
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: again.documents.side.current == "questions")
    shown = again.find("question_pane")
    again.wait(lambda: questions_in(shown) == [RENT, "When does it begin?"] and quotations_in(shown))
    assert again.frame.documents_area.questions.item == item
    again.wait(lambda: again.find("question_anew").isVisible())
    again.click("question_anew")
    again.wait(lambda: shown.report is None and shown.earlier.has_entries)
    ask(again, "And the deposit?")
    again.wait(lambda: is_answered(shown, "And the deposit?"))
    assert questions_in(shown) == ["And the deposit?"], "it follows nothing"
    assert again.frame.documents_area.questions.item != item
    shown.earlier.chosen.emit(item)
    again.wait(lambda: questions_in(shown) == [RENT, "When does it begin?"])


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


def test_a_suggested_question_is_asked_with_a_click_and_several_documents_together(program, tmp_path):
    letter = tmp_path / "lease.txt"
    letter.write_text("The tenant must pay the rent of €1,200 by 3 March 2026. It goes to the account of the landlord.")
    drop(program.documents, letter)
    program.choose_tab("questions")
    program.wait(lambda: shown_chips(program))
    count, pane = len(shown_chips(program)), program.find("question_pane")
    program.click("suggested_1")
    asked = "What is to be done by 3 March 2026?"
    program.wait(lambda: is_answered(pane, asked))
    assert not shown_chips(program)
    program.wait(lambda: program.find("question_anew").isVisible())
    program.click("question_anew")
    program.wait(lambda: len(shown_chips(program)) == count)
    other = tmp_path / "poem.txt"
    other.write_text("Roses are red and violets are blue, and the sky is over the garden.")
    drop(program.documents, other)
    program.says("document_title", "poem.txt")
    program.wait(lambda: not shown_chips(program))
    program.wait(lambda: len(listed(program)) == 2)
    program.wait(pane.isEnabled)
    program.find("document_view").selectAll()
    program.click("several_ask")
    program.says("document_title", "2 documents")
    assert not shown_chips(program), "they are on one document"
    program.wait(lambda: program.window.focusWidget() is program.find("question_line"))
    ask(program, "What colour is the garden?")
    program.wait(lambda: is_answered(pane, "What colour is the garden?"))
    assert {name for __, name in pane.report.documents} == {"lease.txt", "poem.txt"}
    assert quotations_in(pane)[0].place == "poem.txt, p. 1", "which of them says it"


def test_questions_and_answers_are_copied_with_their_sources_exported_and_translated(asking):
    ask(asking, RENT)
    pane = asking.find("question_pane")
    asking.wait(lambda: is_answered(pane, RENT))
    asking.click(asking.find("question_copy", pane))
    copied = QApplication.clipboard().text()
    assert copied.startswith(f"**{RENT}**")
    quotation = quotations_in(pane)[0]
    assert f"{quotation.text} [" in copied
    assert quotation.place in copied
    got = []
    pane.export_requested.disconnect()
    pane.export_requested.connect(got.append)
    forms = pane.export.menu().actions()
    next(form for form in forms if form.objectName() == "export_docx").trigger()
    assert got == ["docx"]
    shown = pane.view.lists[0]
    menu = shown.menu_of(quotation, shown.rows.index_of(quotation))
    assert [action.text() for action in menu.actions()][:4] == [  # where a voice is, it can be read aloud, too
        "Show source",
        "Copy with source",
        "Translate",
        "Copy without names…",
    ]


def test_the_last_question_is_asked_again_from_the_menu(asking):
    """Another model may be in use by then."""
    ask(asking, RENT)
    pane = asking.find("question_pane")
    asking.wait(lambda: is_answered(pane, RENT) and asking.find("question_ask").isEnabled())
    choose(asking, "question_again")
    asking.wait(lambda: questions_in(pane) == [RENT, RENT])


def test_words_can_be_spoken_into_the_line(asking):
    assert asking.find("question_dictate_button").isVisible()
    assert "Dictate" in asking.find("question_dictate_button").toolTip()


def test_a_question_that_is_refused_says_why_and_can_be_asked_again(asking, monkeypatch):
    services = asking.services

    def refuse(*_given):
        raise KnownError("model.unknown", wanted="x", known="none")

    with monkeypatch.context() as patch:
        patch.setattr(services.models, "choose", refuse)
        ask(asking, RENT)
        pane = asking.find("question_pane")
        asking.wait(lambda: asking.find("question_note", pane).text())
    assert asking.find("question_ask").isEnabled()
    assert asking.find("question_line").text() == RENT
