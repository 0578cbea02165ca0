"""What is due, in the calendar of the person: a button beside what has to be done."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from PySide6.QtWidgets import QFileDialog

pytestmark = pytest.mark.gui

LETTER = """Stadtwerke Augsburg
86150 Augsburg

Augsburg, 3. November 2026

Sehr geehrte Frau Adler,

Ihre Abrechnung liegt bei. {step}

Mit freundlichen Grüßen
"""
DUE = "Bitte überweisen Sie 120 Euro bis zum 31. Dezember 2026 auf unser Konto."


@pytest.fixture
def shown(start, tmp_path):
    program = start().open_documents()

    def show(step: str):
        path = tmp_path / "brief.txt"
        path.write_text(LETTER.format(step=step), encoding="utf-8")
        drop(program.documents, path)
        pane = program.find("summary_pane")
        program.wait(lambda: pane.summary is not None)
        return program

    return show


def test_what_is_due_goes_into_the_calendar_by_the_button_beside_it(shown, tmp_path):
    program = shown(DUE)
    program.wait(lambda: program.find("to_calendar_button").isVisible())
    button, group = program.find("to_calendar_button"), program.find("summary_group")
    assert button.text() == "To the calendar"
    assert group.text() == "To do"
    assert button.geometry().bottom() == group.geometry().bottom(), "they stand in one line"
    program.click("to_calendar_button")
    dialog = program.window.findChild(QFileDialog, "export_dialog")
    target = tmp_path / "due.ics"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: target.exists() and any(str(target) in notice for notice in program.notices()))
    read = target.read_bytes().decode().replace("\r\n ", "")
    assert read.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20261231" in read
    assert read.count("TRIGGER:-P") == 2


def test_there_is_no_button_where_nothing_is_due_by_a_day(shown):
    program = shown("Bitte rufen Sie uns an und senden Sie uns den Zählerstand.")
    pane = program.find("summary_pane")
    program.wait(lambda: bool(pane.rows) and pane.rows[0].isVisible())
    assert not any(
        button.isVisible()
        for button in pane.findChildren(type(program.find("export_summary_button")), "to_calendar_button")
    )
