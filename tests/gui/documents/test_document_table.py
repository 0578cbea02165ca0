"""Tables of documents in the window: columns chosen, rows that come, cells that lead to their pages and are changed."""

from __future__ import annotations

import json
import time

import openpyxl
import pytest
from fakes.told import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from slmdesk.core.records import JobStatus
from slmdesk.services.evaluation.exam_items import Skill, items
from slmdesk.services.evaluation.exams import FACT

pytestmark = pytest.mark.gui

LEASE = "# The lease\n\nThe flat is let to Ada Byron.\n\n## Rent\n\nRent: 900 EUR\n\nIt begins on 3 March 2024.\n"
OTHER = "# Another lease\n\nRent: 1,250 EUR\n"
ANSWER = json.dumps({"Tenant": {"quote": "let to Ada Byron", "value": "Ada Byron"}, "Begins": None})
WEAK = {
    "version": items()[0],
    "taken": 1.0,
    "skills": [
        {"skill": one.value, "level": "weak", "passed": 1, "total": 12, "auc": 0.5, "threshold": 0.0}
        for one in (Skill.FORMAT, Skill.BLOCK, Skill.TRUTH)
    ],
}


@pytest.fixture
def desk(start, tmp_path):
    desk = start(answer=ANSWER)
    add_model(desk.bridge._services, tmp_path / "echo.gguf")
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(desk.documents.isVisible)
    desk.window.resize(1300, 860)
    return desk


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "leases"
    folder.mkdir()
    (folder / "a.md").write_text(LEASE)
    (folder / "b.md").write_text(OTHER)
    return folder


def opened(desk, *paths) -> None:
    desk.frame.documents.open_paths(list(paths))
    desk.wait(lambda: "read" in desk.find("coverage_words").text())
    desk.click("table_chip")
    desk.wait(lambda: pane(desk).isVisible() and pane(desk).isEnabled())


def pane(desk):
    return desk.find("table_pane")


def chips(desk) -> list[str]:
    found = desk.find("column_chips").findChildren(QPushButton, "column_chip")
    return [one.text().removesuffix("  ×") for one in found if not one.isHidden()]


def begin_new(desk) -> None:
    desk.click("new_table_button")
    desk.wait(desk.find("make_table_button").isVisible)


def choose(desk, name: str, value: object) -> None:
    choice = desk.find(name)
    at = choice.findData(value)
    assert at >= 0
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def own_columns(desk, *names: str) -> None:
    choose(desk, "table_preset", "")
    for name in names:
        QTest.keyClicks(desk.find("column_line"), name)
        QTest.keyClick(desk.find("column_line"), Qt.Key.Key_Return)
    assert chips(desk) == [one.partition(":")[0] for one in names]


def cells(desk) -> list[list[str]]:
    model = desk.find("cells_table").model()
    return [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]


def made(desk, button: str = "make_table_button") -> None:
    """Press the button; the table is made to its end and on show.  Rows come before it, the verdict last."""
    controller, tables = desk.frame.documents_area.tables.controller, []
    controller.made.connect(tables.append)
    desk.click(button)
    desk.wait(lambda: any(one.is_done for one in tables) and not desk.find("making_table").isVisible())
    controller.made.disconnect(tables.append)


def click_cell(desk, row: int, column: int) -> None:
    table = desk.find("cells_table")
    at = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def marked(desk) -> str:
    for sheet in desk.documents.view._sheets:
        if sheet.spans:
            start, end = sheet.spans[0]
            return f"{sheet.page.number}: {sheet.page.text[start:end]}"
    return ""


def test_columns_are_chosen_as_chips(desk, folder) -> None:
    opened(desk, folder / "a.md")
    assert chips(desk)[:3] == ["Invoice number", "Invoice date", "Seller"]
    choose(desk, "table_preset", "cv")
    assert "Languages" in chips(desk)
    own_columns(desk, "Rent:amount", "Tenant")
    QTest.keyClicks(desk.find("column_line"), "tenant")
    desk.click("add_column_button")
    assert chips(desk) == ["Rent", "Tenant"]
    (chip, _) = [one for one in desk.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    desk.click(chip)
    assert chips(desk) == ["Tenant"]
    (chip,) = [one for one in desk.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    desk.click(chip)
    assert not desk.find("make_table_button").isEnabled()


def test_a_cell_leads_to_its_page_and_says_what_proves_it(desk, folder) -> None:
    opened(desk, folder / "a.md")
    assert not desk.find("cells_table").isVisible()
    own_columns(desk, "Rent:amount", "Tenant", "Begins:date")
    made(desk)
    assert cells(desk) == [["a.md", "900 EUR", "Ada Byron", "–"]]
    assert "2 of 3 cells" in desk.find("table_note").text()
    click_cell(desk, 0, 1)
    desk.wait(lambda: marked(desk) == "2: 900 EUR")
    assert desk.find("cell_quote").text().replace("\u200b", "") == "“Rent: 900 EUR”"
    assert "section 2" in desk.find("cell_place").text()
    click_cell(desk, 0, 2)
    desk.wait(lambda: marked(desk) == "1: Ada Byron")
    click_cell(desk, 0, 3)
    assert "the model found nothing" in desk.find("cell_place").text()


def test_a_weak_model_is_named_with_the_table(desk, folder) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Tenant")
    made(desk)
    assert not desk.find("table_warning").isVisible()
    services = desk.bridge._services
    model = services.desk.call(lambda: services.models.choose(None))
    services.desk.call(lambda: services.store.set_model_facts(model.id, **{FACT: WEAK}))
    begin_new(desk)
    assert not desk.find("table_warning").isVisible()
    made(desk)
    assert desk.find("table_warning").isVisible()
    assert "too weak for tables" in desk.find("table_warning").text()


def test_a_table_that_is_made_before_the_window_hears_of_it_is_on_show(desk, folder) -> None:
    """With all answers at hand it was made behind the form, which stayed."""
    opened(desk, folder / "a.md")
    own_columns(desk, "Tenant")
    made(desk)
    controller = desk.frame.documents_area.tables.controller
    first, services = controller.item, desk.bridge._services
    begin_new(desk)
    desk.click("make_table_button")
    end, statuses = time.monotonic() + 20, []
    while time.monotonic() < end and statuses != [JobStatus.DONE] * 2:  # the window hears of nothing meanwhile
        time.sleep(0.01)
        statuses = [one.status for one in services.desk.call(services.jobs.list)]
    desk.wait(lambda: controller.item not in ("", first))
    desk.wait(lambda: cells(desk) == [["a.md", "Ada Byron"]] and desk.find("cells_table").isVisible())
    assert not desk.find("making_table").isVisible()


def test_columns_share_the_width_until_one_is_drawn(desk, folder) -> None:
    desk.window.resize(1200, 820)
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount", "Tenant")
    made(desk)
    table = desk.find("cells_table")
    header = table.horizontalHeader()
    desk.wait(lambda: header.length() == table.viewport().width())
    assert table.horizontalScrollBar().maximum() == 0
    before = header.sectionSize(1)
    header.resizeSection(1, before + 80)  # as a person does
    desk.window.resize(1280, 820)
    desk.wait(lambda: desk.window.width() == 1280)
    assert header.sectionSize(1) == before + 80


def test_a_folder_becomes_rows_and_a_cell_shows_its_own_document(desk, folder) -> None:
    (folder / "bad.txt").write_bytes(b"\x7fELF" + bytes(range(256)) * 20)
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount")
    choose(desk, "table_scope", "folder")
    desk.click("make_table_button")
    dialog = desk.find("table_folder_dialog")
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    desk.wait(lambda: len(cells(desk)) == 2 and not desk.find("making_table").isVisible())
    assert [row[:2] for row in cells(desk)] == [["a.md", "900 EUR"], ["b.md", "1,250 EUR"]]
    assert any("could not be read: 1 of 3" in words for words in desk.notices())
    click_cell(desk, 1, 1)
    desk.wait(lambda: desk.find("document_title").full_text == "b.md")
    desk.wait(lambda: marked(desk) == "1: 1,250 EUR")
    assert len(cells(desk)) == 2  # the table stays, whichever of its documents is on show
    begin_new(desk)
    assert chips(desk) == ["Rent"]
    choose(desk, "table_scope", "all")
    made(desk)
    assert sorted(row[0] for row in cells(desk)) == ["a.md", "b.md"]


def test_a_cell_is_changed_by_the_keyboard_and_taken_back(desk, folder) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount", "Tenant")
    made(desk)
    table = desk.find("cells_table")
    click_cell(desk, 0, 1)
    QTest.keyClick(table, Qt.Key.Key_Return)
    line = table.findChild(QLineEdit)
    desk.wait(lambda: line is not None and line.isVisible())
    line.selectAll()
    QTest.keyClicks(line, "950 EUR")
    QTest.keyClick(line, Qt.Key.Key_Return)
    desk.wait(lambda: cells(desk)[0][1] == "950 EUR")
    assert "changed by you" in desk.find("cell_place").text()
    item = desk.frame.documents_area.tables.controller.item
    assert desk.ask(lambda services: services.extraction.open(item)).table.rows[0].cells[0].origin == "person"
    made(desk, "again_table_button")
    assert cells(desk)[0][1] == "950 EUR"
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: cells(desk)[0][1] == "900 EUR")
    assert not desk.find("undo_cell_button").isEnabled()


def test_it_is_saved_and_comes_back_with_its_document(desk, folder, tmp_path, start) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount")
    made(desk)
    menu = desk.find("save_table_button").menu()
    next(one for one in menu.actions() if one.objectName() == "export_xlsx").trigger()
    dialog = pane(desk).findChild(QFileDialog, "export_dialog")
    target = tmp_path / "rents.xlsx"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    desk.wait(target.exists)
    assert openpyxl.load_workbook(target)["Table"]["B2"].value == 900
    desk.close()
    again = start(answer=ANSWER)
    again.documents = again.frame.documents_page
    QTest.keyClick(again.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    document = again.ask(lambda services: services.documents.recent())[0].id
    again.window.resize(1300, 860)
    again.wait(lambda: again.find("document_view").model().rowCount())
    again.frame.documents.choose(document)
    again.wait(again.find("table_chip").isVisible)  # there is no panel before a document is on show
    again.click("table_chip")
    again.wait(lambda: cells(again) == [["a.md", "900 EUR"]])


def test_it_can_have_the_place_of_the_pages(desk, folder) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount")
    made(desk)
    desk.click("wide_table_button")
    desk.wait(lambda: not desk.documents.view.isVisible())
    click_cell(desk, 0, 1)
    assert not desk.documents.view.isVisible()
    desk.wait(desk.find("show_cell_page_button").isVisible)
    desk.click("show_cell_page_button")
    desk.wait(lambda: desk.documents.view.isVisible() and marked(desk) == "2: 900 EUR")


def test_a_table_is_deleted_with_a_way_back(desk, folder) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount")
    made(desk)
    item = desk.frame.documents_area.tables.controller.item
    begin_new(desk)
    own_columns(desk, "Tenant")
    made(desk)
    assert cells(desk) == [["a.md", "Ada Byron"]]
    controller = desk.frame.documents_area.tables.controller
    newest = controller.item
    pane(desk).earlier.delete_requested.emit(newest)
    desk.wait(lambda: cells(desk) == [["a.md", "900 EUR"]])
    assert controller.item == item
    (bar,) = [one for one in desk.window.notices.bars if "trash" in one.notice.text]
    bar.notice.on_action()
    desk.wait(lambda: cells(desk) == [["a.md", "Ada Byron"]])


def test_from_choosing_one_comes_back_to_the_table(desk, folder) -> None:
    opened(desk, folder / "a.md")
    own_columns(desk, "Rent:amount")
    made(desk)
    begin_new(desk)
    assert not desk.find("cells_table").isVisible()
    desk.click("back_to_table_button")
    assert desk.find("cells_table").isVisible()
    assert cells(desk) == [["a.md", "900 EUR"]]


def test_without_a_model_it_says_so(start, folder) -> None:
    desk = start()
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(desk.documents.isVisible)
    desk.window.resize(1300, 860)
    opened(desk, folder / "a.md")
    desk.click("make_table_button")
    desk.wait(lambda: "model" in desk.find("table_note").text())
    assert desk.find("make_table_button").isEnabled()
    assert not desk.find("back_to_table_button").isVisible()
