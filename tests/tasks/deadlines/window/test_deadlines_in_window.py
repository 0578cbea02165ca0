"""What is due in the window: the line on Start, the list, and what is said of a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fakes.dropping import drop
from fakes.reports import press_statement
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.tasks.deadlines.report import OTHERS
from slmdesk.ui.tasks.rows import RowKind

pytestmark = pytest.mark.gui

PAST, COMING, OTHER = (date.today() + timedelta(days=days) for days in (-3, 3, 30))
LETTER = f"""Stadtwerke Linde GmbH
Lindenweg 4
04109 Leipzig

Leipzig, {date.today() - timedelta(days=20):%d.%m.%Y}

Sehr geehrte Frau Adler,

bitte zahlen Sie den Betrag von 120,50 € bis zum {PAST:%d.%m.%Y}.

Bitte senden Sie uns den Zählerstand bis zum {COMING:%d.%m.%Y}.

Der neue Tarif gilt ab dem {OTHER:%d.%m.%Y}.

Mit freundlichen Grüßen
Jana Brandt
"""


@pytest.fixture
def program(start, tmp_path):
    made = start().open_documents()
    letter = tmp_path / "stadtwerke.txt"
    letter.write_text(LETTER, encoding="utf-8")
    drop(made.documents, letter)
    made.wait(lambda: made.find("summary_pane").report is not None)
    return made


@pytest.fixture
def pane(program):
    program.click("deadlines_button")
    pane = program.find("due_pane")
    program.wait(lambda: days_in(pane) == [PAST.isoformat(), COMING.isoformat()])
    return pane


def days_in(pane) -> list[str]:
    return [one.value.date for one in pane.view.statements if one.value]


def test_start_says_what_is_overdue_and_leads_to_the_list(program):
    program.window.show_page("Start")
    program.wait(lambda: program.find("start_due").text() == "Deadlines: 1 overdue")
    program.click("start_due")
    assert program.window.current_page == "Documents"
    program.wait(lambda: program.find("due_pane").isVisible())


def test_the_list_says_of_what_it_is_and_that_nothing_is_due(start):
    program = start().open_documents()
    program.click("deadlines_button")
    program.wait(lambda: program.find("due_words").text().startswith("Nothing is due"))
    assert program.find("due_title").text() == "Deadlines"


def test_the_side_bar_marks_the_list_while_it_is_on_show(program):
    way = program.find("deadlines_button")
    assert not way.isChecked()
    for _press in range(2):  # a second one leaves it marked
        program.click("deadlines_button")
        program.wait(lambda: program.find("due_page").isVisible() and way.isChecked())
    rows = program.find("document_view")
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(rows.model().index(0, 0)).center())
    program.wait(lambda: program.find("summary_pane").isVisible())
    assert not way.isChecked()


def test_what_is_due_is_in_sight_on_start_in_a_small_window(program):
    program.window.resize(1024, 768)
    program.window.show_page("Start")
    line, page = program.find("start_due"), program.find("start_page")
    for scale in (100, 150):
        program.frame.settings.change("font_scale", scale)
        program.wait(lambda scale=scale: program.frame.keeper.fonts.scale == scale)
        program.wait(lambda: line.isVisible())
        program.wait(lambda: line.mapTo(page, line.rect().bottomLeft()).y() < page.viewport().height())


@pytest.mark.parametrize("count", [1, 2])
def test_papers_that_are_still_being_read_leave_the_list_on_show(start, tmp_path, count):
    program = start().open_documents()
    letters = [tmp_path / f"{number}.txt" for number in range(count)]
    for number, letter in enumerate(letters):
        letter.write_text(f"{LETTER}{number}", encoding="utf-8")
    drop(program.documents, *letters)
    program.click("deadlines_button")
    pane = program.find("due_pane")
    program.wait(lambda: len(days_in(pane)) == 2 * count)
    program.wait(lambda: program.find("document_view").model().rowCount() == count)
    assert program.find("due_page").isVisible()
    assert program.find("deadlines_button").isChecked()


def test_the_palette_leads_to_the_list(program):
    program.window.show_page("Start")
    program.frame.palette.open()
    line = program.frame.palette.panel.line
    program.wait(line.hasFocus)
    QTest.keyClicks(line, "overdue")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: program.find("due_title").text() == "Deadlines")
    assert program.find("due_words").text() == "1 overdue"


def test_the_way_to_the_calendar_takes_all_days_and_stands_once(program, pane):
    shown = pane.view.lists[0]
    drawn = [shown.painter.drawn(row) for row in shown.rows.rows if row.kind is RowKind.TITLE]
    assert [len(title.links) for title in drawn] == [1, 0]


def test_a_done_day_goes_below_and_comes_back_by_undo(program, pane):
    first = next(iter(pane.view.statements))
    press_statement(pane, first, "done")
    program.wait(lambda: days_in(pane) == [COMING.isoformat()])
    pane.controller.undo()
    program.wait(lambda: days_in(pane) == [PAST.isoformat(), COMING.isoformat()])


def test_another_day_is_asked_for_where_the_words_were_pressed(program, pane):
    program.window.resize(1600, 900)
    first = next(iter(pane.view.statements))
    press_statement(pane, first, "move")
    form, shown = program.find("move_form"), pane.view.lists[0]
    program.wait(form.isVisible)
    pressed = shown.viewport().mapTo(program.window, shown.place_of(first, "move").center()).x()
    assert form.geometry().left() <= pressed <= form.geometry().right()


MANY = LETTER + "".join(
    f"\n\nBitte senden Sie uns Unterlage {number} bis zum {COMING + timedelta(days=number):%d.%m.%Y}."
    for number in range(1, 60)
)


def test_a_done_day_leaves_the_others_in_sight(start, tmp_path):
    program = start().open_documents()
    letter = tmp_path / "unterlagen.txt"
    letter.write_text(MANY, encoding="utf-8")
    drop(program.documents, letter)
    program.wait(lambda: program.find("summary_pane").report is not None)
    program.click("deadlines_button")
    pane = program.find("due_pane")
    program.wait(lambda: len(days_in(pane)) > 50)
    shown = pane.view.lists[0]
    first, second = list(pane.view.statements)[:2]
    press_statement(pane, first, "done")
    program.wait(lambda: days_in(pane)[0] == COMING.isoformat())
    assert shown.verticalScrollBar().value() == 0
    assert shown.current.id == second.id
    pane.controller.undo()
    program.wait(lambda: days_in(pane)[0] == PAST.isoformat())
    assert shown.verticalScrollBar().value() == 0


def fold_of(pane):
    """The line that stands for the other days."""
    rows = pane.view.lists[0].rows
    return next(rows.index(at) for at, row in enumerate(rows.rows) if row.section.id == OTHERS)


def test_the_other_days_are_unfolded_and_one_is_taken_up(program, pane):
    shown = pane.view.lists[0]
    assert fold_of(pane).data() == "Other days named in these papers: 1"
    shown.choose(fold_of(pane))
    program.wait(lambda: days_in(pane)[2:] == [OTHER.isoformat()])
    press_statement(pane, list(pane.view.statements)[-1], "mine")
    program.wait(lambda: not [row for row in shown.rows.rows if row.section.id == OTHERS])
    assert days_in(pane) == [PAST.isoformat(), COMING.isoformat(), OTHER.isoformat()]
    pane.controller.undo()
    program.wait(lambda: fold_of(pane).data() == "Other days named in these papers: 1")


def test_a_press_on_a_day_shows_its_paper(program, pane):
    pane.statement_chosen.emit(next(iter(pane.view.statements)))
    program.wait(lambda: not program.find("due_pane").isVisible())
    assert program.find("summary_pane").isVisible()
