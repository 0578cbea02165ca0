"""What is due, in the calendar of the person: words beside the title of what has to be done."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
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
        program.wait(lambda: pane.report is not None and pane.view.statements)
        return program

    return show


def links(pane) -> list[tuple[int, object]]:
    """What can be pressed beside titles, each with the number of its row."""
    shown = pane.view.lists[0]
    rows = enumerate(shown.rows.rows)
    return [(at, link) for at, row in rows if row.text == "To do" for link in shown.painter.drawn(row).links]


def test_what_is_due_goes_into_the_calendar_by_the_words_beside_it(shown, tmp_path):
    program = shown(DUE)
    pane = program.find("summary_pane")
    program.wait(lambda: links(pane))
    ((row, link),) = links(pane)
    listed = pane.view.lists[0]
    place = listed.visualRect(listed.model().index(row, 0))
    at = place.topLeft() + link.place.center().toPoint()
    assert place.contains(at), "they stand in one line"
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=at)
    dialog = program.window.findChild(QFileDialog, "export_dialog")
    target = tmp_path / "due.ics"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: target.exists() and any(str(target) in notice for notice in program.notices()))
    read = target.read_bytes().decode().replace("\r\n ", "")
    assert read.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20261231" in read
    assert read.count("TRIGGER:-P") == 2


def test_there_are_none_where_nothing_is_due_by_a_day(shown):
    program = shown("Bitte rufen Sie uns an und senden Sie uns den Zählerstand.")
    assert not links(program.find("summary_pane"))
