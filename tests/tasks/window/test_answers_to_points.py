"""Statements that answer the words of a letter: how each is answered is chosen below these words."""

from __future__ import annotations

import pytest
from fakes.reports import Sample, pane_of, press_statement, span
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QStyle, QStyleOptionButton

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.ui.tasks.painting import NUMBER

pytestmark = pytest.mark.gui

STANCES = {"agree": "Agree", "refuse": "Refuse", "ask": "Ask"}
ASKED = Statement(
    "We do not pay.", (span(1),), "p. 1", id="p1", rank=1, other="Do you pay?", actions=tuple(STANCES),
    chosen="refuse",
)  # fmt: skip
OPEN = Statement("", (span(2),), "p. 2", id="p2", rank=2, other="When?", actions=tuple(STANCES), chosen="")
STRUCK = Statement("", id="p3", other="Kind regards", menu_actions=("add",), is_left_out=True)
ADDS = Statement("", id="more", actions=("add",))


@pytest.fixture(autouse=True)
def _stances(monkeypatch):
    monkeypatch.setattr(Sample, "actions", {**Sample.actions, **STANCES})


def answers(*statements: Statement) -> Report:
    greeting = Section((Statement("Dear Sir,", id="a"), Statement("Thank you.", id="b")), is_prose=True)
    return Report("sample", "A reply", (greeting, Section(statements, is_cited=True)), is_editable=True)


def shown_for(qtbot, *statements: Statement):
    pane, heard = pane_of(qtbot, answers(*statements))
    return pane, heard, pane.view.lists[0]


def drawn_of(shown, statement):
    return shown.painter.drawn(shown.rows.row_at(shown.rows.index_of(statement)))


def words_of(shown, statement) -> list[str]:
    return [text.layout.text().partition("\u2060")[0] for text, __, __ in drawn_of(shown, statement).parts]


def assert_words_fit(button: QPushButton) -> None:
    option = QStyleOptionButton()
    button.initStyleOption(option)
    inside = button.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, button)
    assert inside.height() >= button.fontMetrics().height()


def test_the_words_stand_above_how_they_are_answered_and_the_answer(qtbot):
    __, __, shown = shown_for(qtbot, ASKED, OPEN, ADDS)
    assert words_of(shown, ASKED) == ["1.", "“Do you pay?”", "Agree", "Refuse", "Ask", "We do not pay."]
    assert words_of(shown, OPEN) == ["2.", "“When?”", "Agree", "Refuse", "Ask"]
    assert words_of(shown, ADDS) == ["Add"]
    assert [link.is_held for link in drawn_of(shown, ASKED).links] == [False, True, False]
    spoken = shown.rows.index_of(ASKED).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Do you pay?. p. 1. Refuse. We do not pay"


def test_what_a_statement_tells_of_stands_before_it_and_is_not_changed_with_it(qtbot):
    to = Statement("Mrs Adler", id="to", heading="To")
    __, __, shown = shown_for(qtbot, to, ASKED)
    assert words_of(shown, to)[-1] == "To: Mrs Adler"
    index = shown.rows.index_of(to)
    assert index.data(Qt.ItemDataRole.EditRole) == "Mrs Adler"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).startswith("To: Mrs Adler")


def test_a_press_chooses_and_one_on_what_holds_does_nothing(qtbot):
    pane, heard, __ = shown_for(qtbot, ASKED, OPEN)
    press_statement(pane, ASKED, "refuse")
    assert heard.asked == []
    press_statement(pane, OPEN, "ask")
    assert heard.asked == [("edit", Edit("p2", action="ask"))]


def test_a_digit_chooses_where_the_keys_are(qtbot):
    __, heard, shown = shown_for(qtbot, ASKED, OPEN)
    shown.setFocus()
    shown.setCurrentIndex(shown.rows.index_of(OPEN))
    for key in (Qt.Key.Key_9, Qt.Key.Key_1):
        QTest.keyClick(shown, key)
    assert heard.asked == [("edit", Edit("p2", action="agree"))]


def test_the_keys_stay_while_the_answer_is_written(qtbot):
    _pane, heard, shown = shown_for(qtbot, OPEN, ASKED)
    shown.setFocus()
    shown.setCurrentIndex(shown.rows.index_of(OPEN))
    written = changed(OPEN, text="On Monday", chosen="agree", is_open=True)
    heard.made.emit(answers(written, ASKED))
    assert shown.current == written
    assert words_of(shown, written)[-1] == "On Monday …"


def test_an_answer_grows_in_its_place_and_what_is_finished_is_not_held_back(qtbot, monkeypatch):
    monkeypatch.setattr(Sample, "grows_in_place", True)
    monkeypatch.setattr(Sample, "has_preview", True)
    pane, heard, shown = shown_for(qtbot, OPEN, ASKED)
    shown.setFocus()
    shown.setCurrentIndex(shown.rows.index_of(OPEN))
    heard.grew.emit(answers(changed(OPEN, text="On Mon", chosen="agree", is_open=True), ASKED), "")
    assert words_of(shown, shown.rows.statements[2])[-1] == "On Mon …"
    heard.job_reported.emit(JobChanged("j", "sample", JobStatus.RUNNING, 0, 1))
    assert pane.findChild(QLabel, "sample_writer").text() == "The model adds its words: 0 of 1 step"
    assert not pane.is_running, "a bar would take the place of points"
    assert_words_fit(pane.findChild(QPushButton, "sample_stop"))
    done = answers(changed(OPEN, text="On Monday.", chosen="agree"), ASKED)
    heard.made.emit(done)
    assert pane.report == done
    assert not pane.findChild(QPushButton, "sample_written").isVisible()


def test_no_model_is_said_to_write_where_none_was_asked(qtbot, monkeypatch):
    monkeypatch.setattr(Sample, "grows_in_place", True)
    monkeypatch.setattr(Sample, "has_preview", True)
    pane, heard, _shown = shown_for(qtbot, OPEN, ASKED)
    heard.report = changed(answers(OPEN, ASKED), wanting="A model would word the answers.")
    heard.grew.emit(heard.report, "")
    heard.job_reported.emit(JobChanged("j", "sample", JobStatus.RUNNING, 0, 1))
    assert not pane.findChild(QLabel, "sample_writer").isVisible()
    assert not pane.findChild(QPushButton, "sample_stop").isVisible()


def test_what_comes_late_changes_no_finished_report_that_had_no_preview(qtbot, monkeypatch):
    monkeypatch.setattr(Sample, "grows_in_place", True)
    pane, heard, shown = shown_for(qtbot, OPEN, ASKED)
    finished = pane.report
    heard.grew.emit(answers(changed(OPEN, text="On Mon", chosen="agree", is_open=True), ASKED), "")
    assert (pane.report, shown.rows.statements[2]) == (finished, OPEN)


def test_the_answer_alone_is_changed_in_its_place(qtbot):
    __, heard, shown = shown_for(qtbot, OPEN, ASKED)
    shown.setFocus()
    for statement in (OPEN, ASKED):
        shown.setCurrentIndex(shown.rows.index_of(statement))
        QTest.keyClick(shown, Qt.Key.Key_F2)
        editor = shown.findChildren(QPlainTextEdit, "statement_editor")[-1]
        assert editor.toPlainText() == statement.text
        row = shown.visualRect(shown.rows.index_of(statement))
        assert editor.y() >= row.top() + drawn_of(shown, statement).links[0].place.bottom()
        assert editor.x() >= NUMBER
        editor.setPlainText(f"{statement.text} Not yet.")
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert heard.asked == [("edit", Edit("p2", " Not yet.".strip())), ("edit", Edit("p1", "We do not pay. Not yet."))]


def test_what_is_struck_is_muted_and_its_menu_takes_it_back(qtbot):
    __, __, shown = shown_for(qtbot, ASKED, STRUCK)
    quote = drawn_of(shown, STRUCK).parts[-1]
    assert quote[0].layout.font().strikeOut()
    assert quote[2] == "ink3"
    index = shown.rows.index_of(STRUCK)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).startswith("left out. Kind regards")
    assert [action.text() for action in shown.menu_of(STRUCK, index).actions()][-2] == "Add"


def test_what_the_letter_says_is_not_changed_and_nothing_is_approved(qtbot):
    fact = Statement("Day: 3 May", id="fact 0", is_quotation=True)
    __, heard, shown = shown_for(qtbot, ASKED, fact)
    words = [action.text() for action in shown.menu_of(ASKED, shown.rows.index_of(ASKED)).actions()]
    assert "Edit" in words
    assert "Approve" not in words
    assert "Edit" not in [action.text() for action in shown.menu_of(fact, shown.rows.index_of(fact)).actions()]
    shown.setFocus()
    shown.setCurrentIndex(shown.rows.index_of(ASKED))
    QTest.keyClick(shown, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert heard.asked == []


def test_the_form_of_an_action_takes_what_is_typed_at_once(qtbot):
    pane, heard, __ = shown_for(qtbot, changed(ASKED, actions=("receive",)))
    press_statement(pane, pane.view.lists[0].rows.statements[2], "receive")
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    QTest.keyClicks(QApplication.focusWidget(), "3.11.2026")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert heard.asked == [("edit", Edit("p1", action="receive", value={"day": "2026-11-03"}))]


def test_the_menu_shows_which_holds(qtbot):
    __, __, shown = shown_for(qtbot, ASKED)
    menu = shown.menu_of(ASKED, shown.rows.index_of(ASKED))
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Refuse"]
