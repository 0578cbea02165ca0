"""Labels of a table of texts in the window: told, counted, opened, checked by hand, and joined by the next month."""

from __future__ import annotations

import csv

import pytest
from fakes.recorder import add_model
from fakes.reports import pane_of
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from tasks.tables.test_labels import TABLE
from tasks.tables.window.test_document_table import cells, click_cell, columns, documents, marked, more

from slmdesk.base.documents import Chart
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentStatus
from slmdesk.tasks.report import Column as ReportColumn
from slmdesk.tasks.report import Layout, Report, Section, Statement, Value
from slmdesk.tasks.tables.report import report_of
from slmdesk.tasks.tables.types import Edit
from slmdesk.ui.tasks.counts import SampleDialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
ROWS = [
    ["Day", "Shop", "Review"],
    ["2026-01-03", "Leeds", "The staff was friendly and quick. I came at noon."],
    ["2026-01-09", "York", "The kettle broke after two days. It was a present."],
    ["2026-02-02", "York", "I would be glad to know when you open."],
]
MORE = [ROWS[0], ["2026-03-02", "Leeds", "All went well on the whole. Many thanks."]]


def find(pane, name: str):
    return pane.window().findChild(QWidget, name)


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def program(start, tmp_path):
    program = start(choice="2")
    add_model(program.services, tmp_path / "echo.gguf")
    program.open_documents(1300, 860)
    program.frame.documents.open_paths([write(tmp_path / "reviews.csv", ROWS)])
    program.wait(lambda: any(record.status is DocumentStatus.READ for record in documents(program)))
    program.choose_tab("table")
    return program


def labelled(program) -> None:
    """The table gets a column of labels, as a person adds one."""
    program.wait(lambda: program.find("extraction_new_column").isEnabled())
    program.click("extraction_new_column")
    program.click("extraction_column_offer_sentiment")
    program.wait(lambda: "Sentiment" in columns(program) and len(cells(program)) == len(ROWS) - 1)
    program.wait(lambda: not program.find("making_extraction").isVisible())


def chart(program) -> Chart:
    diagram = program.find("extraction_counts_chart").chart
    assert diagram is not None
    return diagram


def test_labels_are_told_counted_and_each_figure_opens_its_texts(program) -> None:
    labelled(program)
    program.wait(lambda: columns(program) == ["Review", "Sentiment", "Day", "Shop", "Language"])
    item = program.frame.documents_area.tables.item
    program.click("extraction_new_column")
    program.click("extraction_column_offer_sentiment")  # which is there
    assert (program.frame.documents_area.tables.item, program.notices()) == (item, [])
    program.wait(lambda: [row[2] for row in cells(program)] == ["negative 75%"] * 3)
    program.wait(lambda: {row[5] for row in cells(program)} == {"English"})
    program.click("extraction_segments", lambda: program.find("extraction_segments").tabRect(1).center())
    by = program.find("extraction_counts_which")
    program.wait(lambda: by.isVisible() and by.count() > 1)
    by.setCurrentIndex(by.findText("Sentiment by Shop"))
    by.value_chosen.emit(by.currentData())
    assert chart(program).categories == ("York", "Leeds")
    figures = program.find("extraction_counts_figures")
    assert [figures.item(at, 0).text() for at in range(figures.rowCount())] == ["York", "Leeds", "Total"]
    assert figures.item(0, 2).text() == "2"
    program.click_item(figures, figures.model().index(0, 2))
    program.wait(lambda: len(cells(program)) == 2)
    program.says("extraction_only", "negative, York: 2")
    assert program.find("extraction_cells").isVisible()
    program.click("extraction_only")
    program.wait(lambda: len(cells(program)) == 3)
    click_cell(program, 1, 2)
    program.says("extraction_cell_quote", "“It was a present.”")
    program.says("extraction_cell_check", "75% certain")
    program.click("extraction_show_cell")
    program.wait(lambda: marked(program) == "1: It was a present.")


def test_each_figure_opens_the_rows_that_it_counts(qtbot) -> None:
    report = report_of("Letters", TABLE, is_exported=False)
    pane, __ = pane_of(qtbot, report)
    view = pane.view
    for at, counted in enumerate(report.charts):
        find(pane, "sample_segments").setCurrentIndex(1)
        which, figures = find(pane, "sample_counts_which"), find(pane, "sample_counts_figures")
        which.setCurrentIndex(at)
        which.value_chosen.emit(at)
        for down in range(len(counted.categories) + 1):
            for across in range(1, figures.columnCount()):
                figure = int(figures.item(down, across).text())
                figures.cellActivated.emit(down, across)
                assert view.model.rowCount() == figure, (counted.title, down, across)
                find(pane, "sample_segments").setCurrentIndex(1)


def test_a_sample_is_the_same_whichever_of_it_was_checked(qtbot) -> None:
    table = report_of("Letters", TABLE, is_exported=False)
    checks = tuple(Edit(line.document, 0, line.cells[0].value) for line in TABLE.rows[:9])
    checked = report_of("Letters", changed(TABLE, checks=checks), is_exported=False)
    pane, __ = pane_of(qtbot, table)
    dialogs = [SampleDialog(pane, report, 0) for report in (table, checked)]
    first, second = ([section.id for section in dialog.sample] for dialog in dialogs)
    assert first == second
    assert len(set(first)) == 30


def test_a_day_that_came_with_a_text_is_in_the_figures_of_the_window(qtbot, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.ui.tasks.grid.day_in_figures", lambda day: f"{day:%d.%m.%Y}")
    cells = (Statement("2026-03-02", value=Value(date="2026-03-02")), Statement(""))
    report = Report("sample", "", (Section(cells, "1.txt"),), Layout.GRID,
                    columns=(ReportColumn("Date", is_given=True), ReportColumn("Folder", is_given=True)))  # fmt: skip
    pane, __ = pane_of(qtbot, report)
    assert [pane.view.model.index(0, at).data() for at in (1, 2)] == ["02.03.2026", "–"]


def test_a_sample_is_checked_with_the_keys_and_the_next_file_joins_the_table(program, tmp_path) -> None:
    labelled(program)
    program.click("extraction_segments", lambda: program.find("extraction_segments").tabRect(1).center())
    program.wait(lambda: program.find("extraction_counts_check").isVisible())
    program.mentions("extraction_counts_trust", "No sample was checked")
    program.click("extraction_counts_check")
    sheet = program.find("check_dialog")
    for key, place in ((Qt.Key.Key_Return, "2 of 3"), (Qt.Key.Key_1, "3 of 3"), (Qt.Key.Key_Return, "")):
        QTest.keyClick(program.find("check_agree"), key)
        program.wait(lambda place=place: place in program.find("check_progress").text())
    words = "1 of 3 labels checked by hand were wrong: 33%"
    program.wait(lambda: program.find("check_progress").text().startswith(words))
    sheet.close()
    program.mentions("extraction_counts_trust", "1 of 3 labels")
    program.wait(lambda: sorted(row[2] for row in cells(program)) == ["negative 75%", "negative 75%", "positive"])
    assert more(program, "extraction_join").isEnabled()
    program.frame.documents_area.table_scope.join(write(tmp_path / "march.csv", MORE))
    program.wait(lambda: len(cells(program)) == 4)
    program.wait(lambda: not program.find("making_extraction").isVisible())
    program.wait(lambda: [row[0] for row in cells(program)][-1] == "march.csv, 2")


def test_themes_are_proposed_as_labels_a_person_may_change(program, tmp_path) -> None:
    bills = [["2026-03-02", "Leeds", f"The bill of month {at} charged a fee for the meter."] for at in range(6)]
    noise = [["2026-03-02", "York", f"Loud music and noise at night, neighbour {at} never sleeps."] for at in range(4)]
    program.frame.documents.open_paths([write(tmp_path / "themes.csv", [ROWS[0], *bills, *noise])])
    program.wait(lambda: len(documents(program)) == 2)
    program.wait(lambda: all(record.status is DocumentStatus.READ for record in documents(program)))
    program.choose_tab("table")
    program.wait(lambda: program.find("extraction_new_column").isEnabled())
    program.click("extraction_new_column")
    labels = program.find("extraction_column_labels")
    program.click("extraction_column_own")
    program.click("extraction_column_themes")
    program.wait(lambda: labels.toPlainText().count("\n") == 1)
    program.says("extraction_column_line", "Theme")
    proposed = labels.toPlainText()
    labels.selectAll()
    QTest.keyClicks(labels, "Costs")  # one line of the two
    for before in (proposed, ""):
        while labels.toPlainText() != before and labels.document().isUndoAvailable():
            QTest.keyClick(labels, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert labels.toPlainText() == before
    labels.setPlainText(f"Costs: {proposed.replace(chr(10), ', ')}\nOthers")
    program.click("extraction_column_add")
    program.wait(lambda: "Theme" in columns(program) and len(cells(program)) == 10)
    program.wait(lambda: not program.find("making_extraction").isVisible())
    program.click("extraction_segments", lambda: program.find("extraction_segments").tabRect(1).center())
    program.wait(lambda: program.find("extraction_counts_chart").isVisible())
    program.wait(lambda: chart(program).categories == ("Costs", "Others"))
    assert sum(chart(program).series[0].values) == 10
    program.click("extraction_segments", lambda: program.find("extraction_segments").tabRect(0).center())
    for at in range(3):
        model = program.find("extraction_cells").model()
        model.setData(model.index(at, 2), "Costs")
        program.wait(lambda at=at: cells(program)[at][2] == "Costs")
    program.find("extraction_segments").setCurrentIndex(1)
    assert chart(program).series[0].values == (3, 7), "what a person merges by hand is counted at once"
    program.wait(lambda: any("You have corrected 3 labels." in words for words in program.notices()))
    bar = next(bar for bar in program.window.notices.bars if "corrected" in bar.notice.text)
    tables = program.frame.documents_area.tables
    program.click(program.find("notice_action", bar))
    program.wait(lambda: len(tables.request.columns[1].examples) == 3)
    program.wait(lambda: [row[2] for row in cells(program)] == ["Costs"] * 3 + ["Others 75%"] * 7)
    more(program, "extraction_undo").trigger()
    program.wait(lambda: not tables.request.columns[1].examples)
    for _edit in range(3):
        more(program, "extraction_undo").trigger()
    program.wait(lambda: chart(program).series[0].values == (0, 10))
