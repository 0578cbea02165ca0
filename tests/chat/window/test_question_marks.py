"""What an answer's passages do not bear out is said beside it, in words."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.library.search import Citation
from slmdesk.questions.prompt import Answered
from slmdesk.questions.window import QuestionController, QuestionPane
from slmdesk.window.base.bridge import Bridge

pytestmark = pytest.mark.gui

CITED = (Citation("d", 2, 0, 30, "The rent is 1,200 euros <b>a</b> month"),)


def test_an_answer_without_a_passage_is_not_left_alone(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    pane = QuestionPane(QuestionController(Bridge(), parent), parent)
    pane.show_asked("What is the rent?")
    pane.show_answer(Answered("700 euros.", True))
    warned = [
        label.text().replace("\u200b", "") for label in pane.findChildren(QLabel) if label.property("kind") == "warn"
    ]
    assert warned == ["⚠ Check this: no passage to compare with"]


def test_a_follow_up_stands_below_what_was_asked_before(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(320, 300)
    pane = QuestionPane(QuestionController(Bridge(), parent), parent)
    pane.resize(320, 300)
    parent.show()
    answered = Answered("The rent is 1,200 euros.", True, CITED * 6)
    for question in ("What is the rent?", "And the deposit?"):
        pane.show_asked(question)
        pane.show_answer(answered)
        qtbot.waitUntil(lambda: pane.verticalScrollBar().maximum() > 0)
        pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum())
    pane.show_asked("Why?")
    pane.show_progress("The model reads")
    asked = [label for label in pane.findChildren(QLabel) if label.property("kind") == "strong"]
    words = {label.text().replace("\u200b", ""): label for label in asked}
    qtbot.waitUntil(lambda: words["Why?"].y() > words["And the deposit?"].y() > words["What is the rent?"].y())
    qtbot.waitUntil(lambda: not words["Why?"].visibleRegion().isEmpty())
    assert pane.title == "What is the rent?", "copied and exported in the order it was asked"
    assert [row.y() for row in pane.rows] == sorted(row.y() for row in pane.rows)


def test_a_citation_is_in_a_section_where_its_document_has_sections(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    pane = QuestionPane(QuestionController(Bridge(), parent), parent, about="folder")
    pane.name_documents({"d": "lease.docx", "e": "lease.pdf"}, {"d": "section", "e": "page"})
    pane.show_asked("What is the rent?")
    pane.show_answer(Answered("1,200", True, (*CITED, Citation("e", 3, 0, 4, "Rent"))))
    shown = [row.accessibleDescription() for row in pane.rows]
    assert any("lease.docx, section 2" in words for words in shown)
    assert any("lease.pdf, p. 3" in words for words in shown)
