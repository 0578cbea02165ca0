"""Shields of the page Documents: what is private is shown before a model reads it, and put back into what it writes."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QListWidget, QPlainTextEdit
from summaries.test_summaries import trust

from slmdesk.summaries.types import Kind

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
LETTER = """Dear Ms Ashworth,

the deposit of 1,450 euros goes to the account GB33 BUKB 2020 1555 5555 55. Ashworth hands over four keys.
"""


@pytest.fixture
def program(start, tmp_path, model_file):
    program = start()
    program.with_model(model_file)
    trust(program)
    program.open_documents()
    file = tmp_path / "letter.txt"
    file.write_text(LETTER, "utf-8")
    drop(program.documents, file)
    program.wait(lambda: program.find("document_view").model().rowCount() == 1)
    return program


def looked(program) -> list[tuple[str, bool]]:
    """What the preview lists, once it is there."""
    program.wait(
        lambda: program.find("redaction_preview") is not None and program.find("redaction_preview").isVisible()
    )
    shown = program.find("redaction_list")
    assert isinstance(shown, QListWidget)
    return [
        (shown.item(at).text().splitlines()[0], shown.item(at).checkState() is Qt.CheckState.Checked)
        for at in range(shown.count())
    ]


def text_looked_at(program) -> str:
    shown = program.find("redaction_text")
    assert isinstance(shown, QPlainTextEdit)
    return shown.toPlainText()


def parts(program) -> str:
    return "\n".join(one.text() for one in program.find("question_pane").findChildren(QLabel, "question_part"))


def ask(program, question: str) -> None:
    program.type_into("question_line", question)
    QTest.keyClick(program.find("question_line"), Qt.Key.Key_Return)


def test_a_text_is_shown_before_it_is_summarized_and_a_preview_that_is_cancelled_begins_nothing(program):
    pane = program.find("summary_pane")
    program.choose_tab("summary")
    program.click("summary_other_button")
    assert not program.find("redact_summary_button").isChecked()
    program.click("redact_summary_button")
    program.find("summary_kind").setCurrentIndex(program.find("summary_kind").findData(Kind.SIMPLE))
    program.click("summarize_button")
    looked(program)
    QTest.keyClick(program.find("redaction_preview"), Qt.Key.Key_Escape)
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is None)
    assert program.ask(lambda services: services.history.titles()) == []
    program.click("summarize_button")
    assert ("Ashworth (2 times)", True) in looked(program)
    assert LETTER.strip() in text_looked_at(program)
    assert pane.summary is None
    program.click("redaction_send")
    program.wait(lambda: pane.summary is not None)
    assert program.frame.documents_area.summaries.request.redact


def test_a_summary_that_asks_no_model_is_made_without_a_preview(program):
    program.choose_tab("summary")
    program.click("summary_other_button")
    program.click("redact_summary_button")
    program.click("summarize_button")
    program.wait(lambda: program.find("summary_pane").summary is not None)
    assert program.window.findChild(QDialog, "redaction_preview") is None


def test_a_folder_is_not_summarized_with_the_shield(program):
    program.choose_tab("summary")
    program.click("summary_other_button")
    program.click("redact_summary_button")
    program.find("document_list").folder_summary_requested.emit()
    program.wait(lambda: "whole folder" in program.find("summary_note").text())


def test_a_question_is_shown_with_the_document_and_a_second_one_alone(program):
    program.choose_tab("questions")
    program.click("redact_questions_button")
    ask(program, "What does Ashworth hand over?")
    assert ("Ashworth (3 times)", True) in looked(program)
    program.click("redaction_send")
    program.wait(lambda: "Replaced before the model saw it" in parts(program))
    program.wait(lambda: program.find("ask_button").isEnabled())
    assert "People: 1" in parts(program)
    ask(program, "And the deposit of Ashworth?")
    assert looked(program) == [("Ashworth", True)]
    assert text_looked_at(program) == "And the deposit of Ashworth?"
    program.click("redaction_send")
    program.wait(lambda: parts(program).count("Replaced before the model saw it") == 2)


def test_a_table_is_shown_first_and_one_that_is_cancelled_can_be_begun(program):
    program.choose_tab("table")
    chooser = program.find("table_pane")._chooser
    from slmdesk.tables.types import Column

    chooser.show_columns((Column("Keys"), Column("Deposit")))
    program.click("redact_table_button")
    program.click("make_table_button")
    assert ("Ashworth (2 times)", True) in looked(program)
    QTest.keyClick(program.find("redaction_preview"), Qt.Key.Key_Escape)
    program.wait(lambda: program.find("make_table_button").isEnabled())
    program.click("make_table_button")
    looked(program)
    program.click("redaction_send")
    program.wait(lambda: "the model saw" in program.find("table_note").text())
