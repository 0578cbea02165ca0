"""Days that a letter counts from its receipt: shown, confirmed and exported in the window."""

from __future__ import annotations

from datetime import date

import pytest
from fakes.dropping import drop
from fakes.reports import days_in, press_statement
from PySide6.QtWidgets import QFileDialog, QLabel

from slmdesk.base.errors import KnownError
from slmdesk.ui.tasks.form import read_day

pytestmark = pytest.mark.gui

LETTER = """Amtsgericht Dresden
01069 Dresden

Dresden, 3. November 2026

Beschluss

Sehr geehrte Frau Adler,

Die Erinnerung gegen die Kosten vom 5. Oktober 2026 über 120 Euro wird zurückgewiesen.

Gegen diesen Beschluss kann binnen zwei Wochen ab Zustellung Beschwerde eingelegt werden.

Mit freundlichen Grüßen
"""


@pytest.fixture
def shown(start, tmp_path):
    """The window with the summary of the letter."""
    program = start().open_documents()
    path = tmp_path / "beschluss.txt"
    path.write_text(LETTER, encoding="utf-8")
    drop(program.documents, path)
    pane = program.find("summary_pane")
    program.wait(lambda: pane.report is not None and reckonings(pane))
    return program


def reckonings(pane) -> list[str]:
    """How days were reckoned, as it stands below what is due."""
    return [note for statement in pane.view.statements for note in statement.notes]


def reckoning(program) -> str:
    return reckonings(program.find("summary_pane"))[0]


def ask(program) -> None:
    """Press what stands below the first that is due."""
    pane = program.find("summary_pane")
    due = next(statement for statement in pane.view.statements if statement.actions)
    press_statement(pane, due, "receive")


def test_the_day_and_its_reckoning_follow_the_day_of_receipt_that_is_confirmed(shown, tmp_path):
    assert reckoning(shown).startswith("received 3 November (confirm) + 2 weeks = 17 November 2026; § 222 ZPO")
    pane = shown.find("summary_pane")
    assert [day[:11] for day in days_in(pane)] == ["17 Nov 2026"]
    ask(shown)
    line = shown.find("receive_day")
    assert line.text() == "2026-11-03"
    line.selectAll()
    shown.type_into(line, "gestern")
    shown.click("confirm_receive")
    assert line.isVisible(), "it is no day"
    line.selectAll()
    shown.type_into(line, "4.11.2026")
    shown.click("confirm_receive")
    shown.wait(lambda: "received 4 November + 2 weeks = 18 November 2026 (Buß- und Bettag), so 19" in reckoning(shown))
    assert [day[:11] for day in days_in(pane)] == ["19 Nov 2026"]
    ask(shown)
    box = shown.find("receive_place")
    box.setCurrentIndex(box.findData("DE-BE"))
    box.activated.emit(box.currentIndex())
    shown.click("confirm_receive")
    shown.wait(lambda: "= 18 November 2026; " in reckoning(shown))
    target = tmp_path / "due.ics"
    menu = shown.find("summary_export").menu()
    next(action for action in menu.actions() if action.objectName() == "export_ics").trigger()
    dialog = shown.documents.findChild(QFileDialog, "export_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    shown.wait(lambda: any("Written to" in notice for notice in shown.notices()))
    assert b"DTSTART;VALUE=DATE:20261118" in target.read_bytes()


def test_a_day_is_read_as_people_write_it():
    assert {read_day(words) for words in ("3.11.2026", "3. November 2026", "2026-11-03")} == {"2026-11-03"}
    assert read_day(" ") == ""
    with pytest.raises(ValueError, match="no such day"):
        read_day("31.2.2027")
    for words in ("03/04/2026", "November", "3.11."):
        with pytest.raises(ValueError, match="year"):
            read_day(words)


COUNCIL = """Leeds City Council
Leeds, 14 December 2026

This letter is about your hearing. Office hours: Monday, 9 am to 12 pm.

You must pay the fee of 90 pounds by 5 February 2027.

Please return the form, signed by you and by a person who has known you for two years or more and is not one of \
your family, with a copy of your passport and a letter of your employer, no later than 3 working days before the \
hearing on 22 January 2027 in Leeds.
"""


class January(date):
    @classmethod
    def today(cls) -> date:
        return date(2027, 1, 25)


def steps_of(pane) -> list[str]:
    sections = pane.report.sections if pane.report else ()
    return [statement.text[:20] for section in sections if section.title == "To do" for statement in section.statements]


def test_steps_stand_by_their_days_the_reckoned_ones_too_whole_and_marked_where_they_are_over(
    start, tmp_path, monkeypatch
):
    monkeypatch.setattr("slmdesk.ui.tasks.painting.date", January)
    program = start().open_documents()
    path = tmp_path / "council.txt"
    path.write_text(COUNCIL, encoding="utf-8")
    drop(program.documents, path)
    pane = program.find("summary_pane")
    program.wait(lambda: pane.report is not None and reckonings(pane))
    document = pane.report.documents[0][0]
    program.ask(lambda services: services.documents.receive(document, "", "GB-ENG"))
    program.wait(lambda: steps_of(pane) == ["Please return the fo", "You must pay the fee"])
    assert days_in(pane) == ["19 Jan 2027 over", "5 Feb 2027"]
    assert "22 January 2027 in Leeds" in next(one for one in pane.view.statements if one.value).text


def test_why_no_deadline_can_be_told_is_said(start, tmp_path, monkeypatch):
    program = start().open_documents()

    def refuse(_self, _view, _context) -> None:
        raise KnownError("store.busy")

    monkeypatch.setattr("slmdesk.tasks.summarize.Summarize.deadlines", refuse)
    path = tmp_path / "beschluss.txt"
    path.write_text(LETTER, encoding="utf-8")
    drop(program.documents, path)
    note = program.find("summary_pane").findChild(QLabel, "summary_notes")
    program.wait(lambda: note.text().startswith("Deadlines not reckoned: "))
    assert note.isVisible()


def test_a_time_of_day_in_the_letter_takes_no_day_away(start, tmp_path):
    program = start().open_documents()
    path = tmp_path / "beschluss.txt"
    path.write_text(LETTER.replace("Beschluss\n", "Beschluss\n\nSprechzeit Montag 8 bis 12 Uhr\n", 1), encoding="utf-8")
    drop(program.documents, path)
    pane = program.find("summary_pane")
    program.wait(lambda: reckonings(pane))
    assert reckoning(program).startswith("received 3 November (confirm) + 2 weeks = 17 November 2026")
