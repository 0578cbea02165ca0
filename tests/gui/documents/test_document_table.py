"""Tables of documents in the window: columns chosen, rows that come, cells that lead to their pages and are changed."""

from __future__ import annotations

import json
import time

import openpyxl
import pytest
from fakes.recorder import add_model
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
def service_thread(start, tmp_path):
    service_thread = start(answer=ANSWER)
    add_model(service_thread.bridge._services, tmp_path / "echo.gguf")
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.documents = service_thread.frame.documents_page
    service_thread.wait(service_thread.documents.isVisible)
    service_thread.window.resize(1300, 860)
    return service_thread


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "leases"
    folder.mkdir()
    (folder / "a.md").write_text(LEASE)
    (folder / "b.md").write_text(OTHER)
    return folder


def opened(service_thread, *paths) -> None:
    service_thread.frame.documents.open_paths(list(paths))
    service_thread.wait(lambda: "read" in service_thread.find("coverage_words").text())
    service_thread.click("table_chip")
    service_thread.wait(lambda: pane(service_thread).isVisible() and pane(service_thread).isEnabled())


def pane(service_thread):
    return service_thread.find("table_pane")


def chips(service_thread) -> list[str]:
    found = service_thread.find("column_chips").findChildren(QPushButton, "column_chip")
    return [one.text().removesuffix("  ×") for one in found if not one.isHidden()]


def begin_new(service_thread) -> None:
    service_thread.click("new_table_button")
    service_thread.wait(service_thread.find("make_table_button").isVisible)


def choose(service_thread, name: str, value: object) -> None:
    choice = service_thread.find(name)
    at = choice.findData(value)
    assert at >= 0
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def own_columns(service_thread, *names: str) -> None:
    choose(service_thread, "table_preset", "")
    for name in names:
        QTest.keyClicks(service_thread.find("column_line"), name)
        QTest.keyClick(service_thread.find("column_line"), Qt.Key.Key_Return)
    assert chips(service_thread) == [one.partition(":")[0] for one in names]


def cells(service_thread) -> list[list[str]]:
    model = service_thread.find("cells_table").model()
    return [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]


def made(service_thread, button: str = "make_table_button") -> None:
    """Press the button; the table is made to its end and on show.  Rows come before it, the verdict last."""
    controller, tables = service_thread.frame.documents_area.tables.controller, []
    controller.made.connect(tables.append)
    service_thread.click(button)
    service_thread.wait(
        lambda: any(one.is_done for one in tables) and not service_thread.find("making_table").isVisible()
    )
    controller.made.disconnect(tables.append)


def click_cell(service_thread, row: int, column: int) -> None:
    table = service_thread.find("cells_table")
    at = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def marked(service_thread) -> str:
    for sheet in service_thread.documents.view._sheets:
        if sheet.spans:
            start, end = sheet.spans[0]
            return f"{sheet.page.number}: {sheet.page.text[start:end]}"
    return ""


def test_columns_are_chosen_as_chips(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    assert chips(service_thread)[:3] == ["Invoice number", "Invoice date", "Seller"]
    choose(service_thread, "table_preset", "cv")
    assert "Languages" in chips(service_thread)
    own_columns(service_thread, "Rent:amount", "Tenant")
    QTest.keyClicks(service_thread.find("column_line"), "tenant")
    service_thread.click("add_column_button")
    assert chips(service_thread) == ["Rent", "Tenant"]
    (chip, _) = [one for one in service_thread.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    service_thread.click(chip)
    assert chips(service_thread) == ["Tenant"]
    (chip,) = [one for one in service_thread.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    service_thread.click(chip)
    assert not service_thread.find("make_table_button").isEnabled()


def test_a_cell_leads_to_its_page_and_says_what_proves_it(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    assert not service_thread.find("cells_table").isVisible()
    own_columns(service_thread, "Rent:amount", "Tenant", "Begins:date")
    made(service_thread)
    assert cells(service_thread) == [["a.md", "900 EUR", "Ada Byron", "–"]]
    assert "2 of 3 cells" in service_thread.find("table_note").text()
    click_cell(service_thread, 0, 1)
    service_thread.wait(lambda: marked(service_thread) == "2: 900 EUR")
    assert service_thread.find("cell_quote").text().replace("\u200b", "") == "“Rent: 900 EUR”"
    assert "section 2" in service_thread.find("cell_place").text()
    click_cell(service_thread, 0, 2)
    service_thread.wait(lambda: marked(service_thread) == "1: Ada Byron")
    click_cell(service_thread, 0, 3)
    assert "the model found nothing" in service_thread.find("cell_place").text()


def test_a_weak_model_is_named_with_the_table(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Tenant")
    made(service_thread)
    assert not service_thread.find("table_warning").isVisible()
    services = service_thread.bridge._services
    model = services.service_thread.call(lambda: services.models.choose(None))
    services.service_thread.call(lambda: services.store.set_model_info(model.id, **{FACT: WEAK}))
    begin_new(service_thread)
    assert not service_thread.find("table_warning").isVisible()
    made(service_thread)
    assert service_thread.find("table_warning").isVisible()
    assert "too weak for tables" in service_thread.find("table_warning").text()


def test_a_table_that_is_made_before_the_window_hears_of_it_is_on_show(service_thread, folder) -> None:
    """With all answers at hand it was made behind the form, which stayed."""
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Tenant")
    made(service_thread)
    controller = service_thread.frame.documents_area.tables.controller
    first, services = controller.item, service_thread.bridge._services
    begin_new(service_thread)
    service_thread.click("make_table_button")
    end, statuses = time.monotonic() + 20, []
    while time.monotonic() < end and statuses != [JobStatus.DONE] * 2:  # the window hears of nothing meanwhile
        time.sleep(0.01)
        statuses = [one.status for one in services.service_thread.call(services.jobs.list)]
    service_thread.wait(lambda: controller.item not in ("", first))
    service_thread.wait(
        lambda: cells(service_thread) == [["a.md", "Ada Byron"]] and service_thread.find("cells_table").isVisible()
    )
    assert not service_thread.find("making_table").isVisible()


def test_columns_share_the_width_until_one_is_drawn(service_thread, folder) -> None:
    service_thread.window.resize(1200, 820)
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount", "Tenant")
    made(service_thread)
    table = service_thread.find("cells_table")
    header = table.horizontalHeader()
    service_thread.wait(lambda: header.length() == table.viewport().width())
    assert table.horizontalScrollBar().maximum() == 0
    before = header.sectionSize(1)
    header.resizeSection(1, before + 80)  # as a person does
    service_thread.window.resize(1280, 820)
    service_thread.wait(lambda: service_thread.window.width() == 1280)
    assert header.sectionSize(1) == before + 80


def test_a_folder_becomes_rows_and_a_cell_shows_its_own_document(service_thread, folder) -> None:
    (folder / "bad.txt").write_bytes(b"\x7fELF" + bytes(range(256)) * 20)
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount")
    choose(service_thread, "table_scope", "folder")
    service_thread.click("make_table_button")
    dialog = service_thread.find("table_folder_dialog")
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    service_thread.wait(lambda: len(cells(service_thread)) == 2 and not service_thread.find("making_table").isVisible())
    assert [row[:2] for row in cells(service_thread)] == [["a.md", "900 EUR"], ["b.md", "1,250 EUR"]]
    assert any("could not be read: 1 of 3" in words for words in service_thread.notices())
    click_cell(service_thread, 1, 1)
    service_thread.wait(lambda: service_thread.find("document_title").full_text == "b.md")
    service_thread.wait(lambda: marked(service_thread) == "1: 1,250 EUR")
    assert len(cells(service_thread)) == 2  # the table stays, whichever of its documents is on show
    begin_new(service_thread)
    assert chips(service_thread) == ["Rent"]
    choose(service_thread, "table_scope", "all")
    made(service_thread)
    assert sorted(row[0] for row in cells(service_thread)) == ["a.md", "b.md"]


def test_a_cell_is_changed_by_the_keyboard_and_taken_back(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount", "Tenant")
    made(service_thread)
    table = service_thread.find("cells_table")
    click_cell(service_thread, 0, 1)
    QTest.keyClick(table, Qt.Key.Key_Return)
    line = table.findChild(QLineEdit)
    service_thread.wait(lambda: line is not None and line.isVisible())
    line.selectAll()
    QTest.keyClicks(line, "950 EUR")
    QTest.keyClick(line, Qt.Key.Key_Return)
    service_thread.wait(lambda: cells(service_thread)[0][1] == "950 EUR")
    assert "changed by you" in service_thread.find("cell_place").text()
    item = service_thread.frame.documents_area.tables.controller.item
    assert service_thread.ask(lambda services: services.extraction.open(item)).table.rows[0].cells[0].origin == "person"
    made(service_thread, "again_table_button")
    assert cells(service_thread)[0][1] == "950 EUR"
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: cells(service_thread)[0][1] == "900 EUR")
    assert not service_thread.find("undo_cell_button").isEnabled()


def test_it_is_saved_and_comes_back_with_its_document(service_thread, folder, tmp_path, start) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount")
    made(service_thread)
    menu = service_thread.find("save_table_button").menu()
    next(one for one in menu.actions() if one.objectName() == "export_xlsx").trigger()
    dialog = pane(service_thread).findChild(QFileDialog, "export_dialog")
    target = tmp_path / "rents.xlsx"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    service_thread.wait(target.exists)
    assert openpyxl.load_workbook(target)["Table"]["B2"].value == 900
    service_thread.close()
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


def test_it_can_have_the_place_of_the_pages(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount")
    made(service_thread)
    service_thread.click("wide_table_button")
    service_thread.wait(lambda: not service_thread.documents.view.isVisible())
    click_cell(service_thread, 0, 1)
    assert not service_thread.documents.view.isVisible()
    service_thread.wait(service_thread.find("show_cell_page_button").isVisible)
    service_thread.click("show_cell_page_button")
    service_thread.wait(lambda: service_thread.documents.view.isVisible() and marked(service_thread) == "2: 900 EUR")


def test_a_table_is_deleted_with_a_way_back(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount")
    made(service_thread)
    item = service_thread.frame.documents_area.tables.controller.item
    begin_new(service_thread)
    own_columns(service_thread, "Tenant")
    made(service_thread)
    assert cells(service_thread) == [["a.md", "Ada Byron"]]
    controller = service_thread.frame.documents_area.tables.controller
    newest = controller.item
    pane(service_thread).earlier.delete_requested.emit(newest)
    service_thread.wait(lambda: cells(service_thread) == [["a.md", "900 EUR"]])
    assert controller.item == item
    (bar,) = [one for one in service_thread.window.notices.bars if "trash" in one.notice.text]
    bar.notice.on_action()
    service_thread.wait(lambda: cells(service_thread) == [["a.md", "Ada Byron"]])


def test_from_choosing_one_comes_back_to_the_table(service_thread, folder) -> None:
    opened(service_thread, folder / "a.md")
    own_columns(service_thread, "Rent:amount")
    made(service_thread)
    begin_new(service_thread)
    assert not service_thread.find("cells_table").isVisible()
    service_thread.click("back_to_table_button")
    assert service_thread.find("cells_table").isVisible()
    assert cells(service_thread) == [["a.md", "900 EUR"]]


def test_without_a_model_it_says_so(start, folder) -> None:
    service_thread = start()
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.documents = service_thread.frame.documents_page
    service_thread.wait(service_thread.documents.isVisible)
    service_thread.window.resize(1300, 860)
    opened(service_thread, folder / "a.md")
    service_thread.click("make_table_button")
    service_thread.wait(lambda: "model" in service_thread.find("table_note").text())
    assert service_thread.find("make_table_button").isEnabled()
    assert not service_thread.find("back_to_table_button").isVisible()
