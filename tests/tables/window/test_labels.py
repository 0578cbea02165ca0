"""Labels of a table of texts in the window: told, counted, opened, checked by hand, and joined by the next month."""

from __future__ import annotations

import csv

import pytest
from fakes.recorder import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from tables.window.test_document_table import cells, click_cell, columns, documents, marked, more

from slmdesk.base.documents import Chart
from slmdesk.base.records import DocumentStatus
from slmdesk.tables.labels import label_presets
from slmdesk.tables.texts import given
from slmdesk.tables.types import DAY, FOLDER, LANGUAGE, Column, ColumnKind, TableRow
from slmdesk.tables.window.cells import EMPTY, TableModel

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
ROWS = [
    ["Day", "Shop", "Review"],
    ["2026-01-03", "Leeds", "The staff was friendly and quick. I came at noon."],
    ["2026-01-09", "York", "The kettle broke after two days. It was a present."],
    ["2026-02-02", "York", "I would be glad to know when you open."],
]
MORE = [ROWS[0], ["2026-03-02", "Leeds", "All went well on the whole. Many thanks."]]


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
    program.wait(lambda: program.find("new_column_button").isEnabled())
    program.click("new_column_button")
    program.click("label_sentiment")
    program.wait(lambda: "Sentiment" in columns(program) and len(cells(program)) == len(ROWS) - 1)
    program.wait(lambda: not program.find("making_table").isVisible())


def chart(program) -> Chart:
    diagram = program.find("counts_chart").chart
    assert diagram is not None
    return diagram


def test_labels_are_told_counted_and_each_figure_opens_its_texts(program) -> None:
    labelled(program)
    assert columns(program) == ["Review", "Sentiment", "Day", "Shop", "Language"]
    assert [row[2] for row in cells(program)] == ["negative 75%"] * 3
    assert {row[5] for row in cells(program)} == {"English"}
    program.click("table_segments", lambda: program.find("table_segments").tabRect(1).center())
    by = program.find("counts_by")
    program.wait(lambda: by.isVisible() and by.count() > 1)
    by.setCurrentIndex(by.findText("Shop"))
    by.value_chosen.emit(by.currentData())
    assert chart(program).categories == ("York", "Leeds")
    figures = program.find("counts_figures")
    assert [figures.item(at, 0).text() for at in range(figures.rowCount())] == ["York", "Leeds", "Total"]
    assert figures.item(0, 2).text() == "2"
    program.click_item(figures, figures.model().index(0, 2))
    program.wait(lambda: len(cells(program)) == 2)
    assert program.find("table_only_button").text() == "negative, York: 2"
    assert program.find("cells_table").isVisible()
    program.click("table_only_button")
    assert len(cells(program)) == 3
    click_cell(program, 1, 2)
    assert program.find("cell_quote").text().replace("\u200b", "") == "“It was a present.”"
    assert program.find("cell_check").text() == "75% certain"
    program.click("show_cell_page_button")
    program.wait(lambda: marked(program) == "1: It was a present.")


def test_only_what_is_ours_is_said_in_the_language_of_the_window(monkeypatch) -> None:
    """A folder called Documents stays so, and a language that nothing tells is no text of the catalogue."""
    monkeypatch.setattr("slmdesk.tables.types._", lambda text: text and f"<{text}>")
    texts = [given("English"), given("2026-03-02"), given("Documents")], [given(""), given(""), given("Models")]
    columns = tuple(Column(name, ColumnKind.GIVEN) for name in (LANGUAGE, DAY, FOLDER))
    model = TableModel(None)
    model.begin(columns, [TableRow(f"{at}", f"{at}.txt", "page", tuple(cells), None) for at, cells in enumerate(texts)])
    said = [[model.index(down, across).data() for across in (1, 2, 3)] for down in (0, 1)]
    assert said == [["<English>", "2026-03-02", "Documents"], [EMPTY, EMPTY, "Models"]]


def test_a_label_is_typed_in_the_words_of_the_window(monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.tables.window.cells._", lambda text: {"mixed": "gemischt"}.get(text, text))
    model = TableModel(None)
    model.begin([label_presets()[0][1]], [TableRow("1", "1.txt", "page", (given("mixed"),), None)])
    said = []
    model.cell_edited.connect(lambda *edit: said.append(edit[2]))
    assert model.index(0, 1).data(Qt.ItemDataRole.EditRole) == "gemischt"
    for words in ("Gemischt", "neutral", "my own"):
        model.setData(model.index(0, 1), words)
    assert said == ["neutral", "my own"]


def test_a_sample_is_checked_with_the_keys_and_the_next_file_joins_the_table(program, tmp_path) -> None:
    labelled(program)
    program.click("table_segments", lambda: program.find("table_segments").tabRect(1).center())
    program.wait(lambda: program.find("check_sample_button").isVisible())
    assert "No sample was checked" in program.find("counts_trust").text()
    program.click("check_sample_button")
    sheet = program.find("check_dialog")
    for key, place in ((Qt.Key.Key_Return, "2 of 3"), (Qt.Key.Key_1, "3 of 3"), (Qt.Key.Key_Return, "")):
        QTest.keyClick(program.find("check_agree"), key)
        program.wait(lambda place=place: place in program.find("check_progress").text())
        program.wait(
            lambda: program.find("check_agree").isEnabled() or "of 3 labels" in program.find("check_progress").text()
        )
    assert program.find("check_progress").text().startswith("1 of 3 labels checked by hand were wrong: 33%")
    sheet.close()
    program.wait(lambda: "1 of 3 labels" in program.find("counts_trust").text())
    assert sorted(row[2] for row in cells(program)) == ["negative 75%", "negative 75%", "positive"]
    assert more(program, "join_table_button").isEnabled()
    program.frame.documents_area.tables.join(write(tmp_path / "march.csv", MORE))
    program.wait(lambda: len(cells(program)) == 4)
    program.wait(lambda: not program.find("making_table").isVisible())
    assert [row[0] for row in cells(program)][-1] == "march.csv, 2"


def test_themes_are_proposed_as_labels_a_person_may_change(program, tmp_path) -> None:
    bills = [["2026-03-02", "Leeds", f"The bill of month {at} charged a fee for the meter."] for at in range(6)]
    noise = [["2026-03-02", "York", f"Loud music and noise at night, neighbour {at} never sleeps."] for at in range(4)]
    program.frame.documents.open_paths([write(tmp_path / "themes.csv", [ROWS[0], *bills, *noise])])
    program.wait(lambda: len(documents(program)) == 2)
    program.wait(lambda: all(record.status is DocumentStatus.READ for record in documents(program)))
    program.choose_tab("table")
    program.wait(lambda: program.find("new_column_button").isEnabled())
    program.click("new_column_button")
    labels = program.find("column_labels")
    program.click("label_own")
    program.click("find_themes_button")
    program.wait(lambda: labels.toPlainText().count("\n") == 1)
    assert program.find("column_line").text() == "Theme"
    proposed = labels.toPlainText()
    labels.selectAll()
    QTest.keyClicks(labels, "Costs")  # one line of the two
    for before in (proposed, ""):
        while labels.toPlainText() != before and labels.document().isUndoAvailable():
            QTest.keyClick(labels, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert labels.toPlainText() == before
    labels.setPlainText(f"Costs: {proposed.replace(chr(10), ', ')}\nOthers")
    program.click("add_column_button")
    program.wait(lambda: "Theme" in columns(program) and len(cells(program)) == 10)
    program.wait(lambda: not program.find("making_table").isVisible())
    program.click("table_segments", lambda: program.find("table_segments").tabRect(1).center())
    program.wait(lambda: program.find("counts_chart").isVisible())
    assert chart(program).categories == ("Costs", "Others")
    assert sum(chart(program).series[0].values) == 10
    program.click("table_segments", lambda: program.find("table_segments").tabRect(0).center())
    for at in range(3):
        model = program.find("cells_table").model()
        model.setData(model.index(at, 2), "Costs")
        program.wait(lambda at=at: cells(program)[at][2] == "Costs")
    program.find("table_segments").setCurrentIndex(1)
    assert chart(program).series[0].values == (3, 7), "what a person merges by hand is counted at once"
    program.wait(lambda: any("You have corrected 3 labels." in words for words in program.notices()))
    bar = next(bar for bar in program.window.notices.bars if "corrected" in bar.notice.text)
    tables = program.frame.documents_area.tables
    program.click(program.find("notice_action", bar))
    program.wait(lambda: len(tables.table.columns[1].examples) == 3)
    program.wait(lambda: [row[2] for row in cells(program)] == ["Costs"] * 3 + ["Others 75%"] * 7)
    more(program, "undo_cell_button").trigger()
    program.wait(lambda: not tables.table.columns[1].examples)
    for _edit in range(3):
        more(program, "undo_cell_button").trigger()
    program.wait(lambda: chart(program).series[0].values == (0, 10))
