"""A reply in the window: from the open letter to the Word file, and the ways to it."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.reports import press_statement
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.replies.edits import POINT
from slmdesk.tasks.report import Edit
from slmdesk.ui.tasks.rows import RowKind

pytestmark = pytest.mark.gui

LETTER = """Hausverwaltung Linde
Lindenweg 4
04109 Leipzig

Leipzig, 3. November 2026

Nebenkosten 2025

Sehr geehrte Frau Adler,

die Heizung wurde erneuert. Bitte zahlen Sie den Betrag von 120,50 € bis zum 30. November 2026.

Wann können wir die Zähler in Ihrer Wohnung ablesen?

Mit freundlichen Grüßen
Jana Brandt
"""


@pytest.fixture
def program(start, tmp_path):
    made = start().open_documents()
    made.letter = tmp_path / "nebenkosten.txt"
    made.letter.write_text(LETTER, encoding="utf-8")
    drop(made.documents, made.letter)
    made.wait(lambda: made.find("summary_pane").report is not None)
    return made


def choose_tab(program, name: str) -> None:
    tabs = program.find("document_tabs")
    at = next(at for at in range(tabs.count()) if tabs.tabData(at) == name)
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(at).center())


def points_in(pane):
    return [statement for statement in pane.view.statements if statement.other]


def stances_in(pane) -> list[str | None]:
    return [point.chosen for point in points_in(pane)]


def test_four_presses_lead_from_the_letter_to_the_word_file(program, tmp_path):
    choose_tab(program, "reply")  # it begins by itself
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    assert stances_in(pane) == ["", ""]
    press_statement(pane, points_in(pane)[0], "refuse")
    program.wait(lambda: stances_in(pane)[0] == "refuse")
    press_statement(pane, points_in(pane)[1], "time")
    program.wait(lambda: stances_in(pane) == ["refuse", "time"])
    program.click("reply_save")
    dialog = next(known for known in program.window.findChildren(QFileDialog) if known.isVisible())
    target = tmp_path / "antwort.docx"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(target.is_file)
    pane.controller.undo()
    program.wait(lambda: stances_in(pane) == ["refuse", ""])


def say(program, words: str) -> None:
    """Type in the form that asks what is to be said, over what stands there."""
    line = program.find("say_form").findChild(QLineEdit)
    program.wait(line.hasFocus)
    line.selectAll()
    QTest.keyClicks(line, words)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_own_words_are_asked_for_again_where_they_hold_alone(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    for words in ("Nein.", "Doch."):
        press_statement(pane, points_in(pane)[0], "say")
        say(program, words)
        program.wait(lambda words=words: points_in(pane)[0].text.endswith(words))
    assert stances_in(pane)[0] == "say"


def test_another_tone_leaves_the_stances_and_is_taken_back(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    press_statement(pane, points_in(pane)[0], "refuse")
    program.wait(lambda: stances_in(pane) == ["refuse", ""])
    item = pane.controller.item
    program.click("reply_options")
    pane.form.show_values({"tone": "friendlier"})
    program.click("reply_begin_so")
    program.wait(lambda: pane.controller.request.tone == "friendlier" and pane.report is not None)
    assert pane.controller.item == item
    assert stances_in(pane) == ["refuse", ""]
    pane.controller.undo()
    program.wait(lambda: pane.controller.request.tone == "formal")
    assert stances_in(pane) == ["refuse", ""]


def test_words_that_were_begun_are_there_after_a_look_at_the_letter(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    press_statement(pane, points_in(pane)[0], "say")
    line = program.find("say_form").findChild(QLineEdit)
    program.wait(line.hasFocus)
    QTest.keyClicks(line, "Wir haben am")
    press_statement(pane, points_in(pane)[1])  # it shows its passage
    assert not line.isVisible()
    press_statement(pane, points_in(pane)[1], "say")
    assert line.text() == ""
    press_statement(pane, points_in(pane)[1])
    press_statement(pane, points_in(pane)[0], "say")
    assert line.text() == ""
    QTest.keyClicks(line, "Wir haben am")
    press_statement(pane, points_in(pane)[1])
    press_statement(pane, points_in(pane)[0], "say")
    assert line.text() == "Wir haben am"
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: points_in(pane)[0].text.endswith("Wir haben am."))


def test_a_stance_that_holds_leaves_a_text_of_ones_own(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    press_statement(pane, points_in(pane)[0], "refuse")
    program.wait(lambda: stances_in(pane)[0] == "refuse")
    pane.controller.edit(Edit(points_in(pane)[0].id, text="Wir zahlen nicht."))
    program.wait(lambda: points_in(pane)[0].text == "Wir zahlen nicht.")
    QTest.keyClick(pane.view.lists[0], Qt.Key.Key_2)
    press_statement(pane, points_in(pane)[1], "time")
    program.wait(lambda: stances_in(pane) == ["refuse", "time"])
    assert points_in(pane)[0].text == "Wir zahlen nicht."


def fold_of(pane):
    """The line that stands for the sentences that are no points."""
    rows = pane.view.lists[0].rows
    return next(rows.index(at) for at, row in enumerate(rows.rows) if row.kind is RowKind.FOLD)


def test_another_sentence_is_unfolded_and_becomes_a_point(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    assert fold_of(pane).data() == "Other sentences of the letter: 1"
    pane.view.lists[0].choose(fold_of(pane))
    (other,) = (each for each in pane.view.statements if POINT in each.actions)
    press_statement(pane, other, POINT)
    program.wait(lambda: stances_in(pane) == ["", "", ""])
    assert points_in(pane)[0].other == "die Heizung wurde erneuert."
    pane.controller.undo()
    program.wait(lambda: stances_in(pane) == ["", ""])
    assert fold_of(pane).data() == "Other sentences of the letter: 1"


def test_no_point_moves_while_a_model_adds_its_words(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    begun = pane.view.mapTo(pane, QPoint())
    report = pane.controller.report = changed(pane.report, wanting="")
    pane.show_growing(report, "")
    pane.show_job(JobChanged("j", "reply", JobStatus.RUNNING, 0, 2))
    program.wait(program.find("reply_writer").isVisible)
    assert pane.view.mapTo(pane, QPoint()) == begun
    pane.show_report(report)
    pane.show_job(JobChanged("j", "reply", JobStatus.DONE, 2, 2))
    assert pane.view.mapTo(pane, QPoint()) == begun


def test_it_is_not_begun_where_another_letter_is_looked_at(program, tmp_path):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    other = tmp_path / "andere.txt"
    other.write_text(LETTER.replace("120,50", "130,50"), encoding="utf-8")
    program.frame.documents.open_paths([other])
    program.wait(lambda: program.frame.documents.current and pane.report is None)
    assert pane.controller.item == ""
    assert not pane.is_running


def test_the_next_letter_is_shown_whole_after_a_press_on_a_point_of_the_last(program, tmp_path):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    press_statement(pane, points_in(pane)[0])
    assert pane.view.lists[0].lit == points_in(pane)[:1]
    other = tmp_path / "andere.txt"
    other.write_text(LETTER.replace("120,50", "130,50"), encoding="utf-8")
    program.frame.documents.open_paths([other])
    program.wait(lambda: program.frame.documents.current and pane.report is None)
    choose_tab(program, "reply")
    program.wait(lambda: pane.report is not None)
    assert pane.view.lists[0].lit == []


def test_the_menu_of_a_document_leads_there(program):
    document = program.frame.documents.current
    assert ("reply", "Reply") in program.frame.documents.actions(document, ())
    program.find("documents_page").document.action_chosen.emit(document, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    assert pane.isVisible()


def test_several_papers_are_answered_together(program, tmp_path):
    second = tmp_path / "vertrag.txt"
    second.write_text("Mietvertrag\n\nDie Nebenkosten werden jährlich abgerechnet.\n", encoding="utf-8")
    program.frame.documents.open_paths([second])
    listed = program.find("document_list")
    program.wait(lambda: len(listed.shown) == 2 and all(record.pages for record in listed.shown))
    listed.mark([record.id for record in listed.shown])
    program.click("several_reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    assert len(pane.report.documents) == 2


def test_the_recipient_is_edited_line_by_line(program):
    choose_tab(program, "reply")
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)
    shown = pane.view.lists[0]

    def recipient():
        return next(each for each in pane.view.statements if each.id == "recipient")

    lines = ["Hausverwaltung Linde", "Lindenweg 4", "04109 Leipzig"]
    assert recipient().text.splitlines() == lines
    shown.setCurrentIndex(shown.rows.index_of(recipient()))
    QTest.keyClick(shown, Qt.Key.Key_F2)
    editor = program.find("statement_editor")
    lines[0] = "Müller, Meier & Partner"
    editor.setPlainText("\n".join(lines))
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: recipient().text.splitlines() == lines)
    pane.controller.undo()
    program.wait(lambda: recipient().text.startswith("Hausverwaltung"))
