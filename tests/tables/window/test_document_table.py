"""Tables of documents in the window: columns chosen, rows that come, cells that lead to their pages and are changed."""

from __future__ import annotations

import json

import openpyxl
import pytest
from fakes.contracts import OLD
from fakes.recorder import add_model, examine, wait_until
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from slmdesk.base.records import DocumentStatus, JobStatus
from slmdesk.tables.service import KIND
from slmdesk.window.widgets.build import cut_in_middle

pytestmark = pytest.mark.gui
LEASE = "# The lease\n\nThe flat is let to Ada Byron.\n\n## Rent\n\nRent: 900 EUR\n\nIt begins on 3 March 2024.\n"
OTHER = "# Another lease\n\nRent: 1,250 EUR\n"
ANSWER = json.dumps({"Tenant": {"quote": "let to Ada Byron", "value": "Ada Byron"}, "Begins": None})


@pytest.fixture
def program(start, tmp_path):
    program = start(answer=ANSWER)
    add_model(program.services, tmp_path / "echo.gguf")
    program.open_documents(1300, 860)
    return program


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "leases"
    folder.mkdir()
    (folder / "a.md").write_text(LEASE)
    (folder / "b.md").write_text(OTHER)
    return folder


def opened(program, *paths) -> None:
    program.frame.documents.open_paths(list(paths))
    program.wait(lambda: "read" in program.coverage and len(documents(program)) == len(paths))
    program.wait(lambda: all(record.status is not DocumentStatus.READING for record in documents(program)))
    program.choose_tab("table")
    program.wait(lambda: pane(program).isVisible() and pane(program).isEnabled())


def documents(program):
    return program.ask(lambda services: services.store.documents.page())


def pane(program):
    return program.find("table_pane")


def chips(program) -> list[str]:
    found = program.find("column_chips").findChildren(QPushButton, "column_chip")
    return [one.text().removesuffix("  ×") for one in found if not one.isHidden()]


def more(program, name: str):
    return next(one for one in program.find("table_more_button").menu().actions() if one.objectName() == name)


def begin_new(program) -> None:
    more(program, "new_table_button").trigger()
    program.wait(program.find("make_table_button").isVisible)


def choose(program, name: str, value: object) -> None:
    choice = program.find(name)
    at = choice.findData(value)
    assert at >= 0
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def own_columns(program, *names: str) -> None:
    choose(program, "table_preset", "")
    for name in names:
        program.type_into("column_line", name)
        QTest.keyClick(program.find("column_line"), Qt.Key.Key_Return)
    assert chips(program) == [name.partition(":")[0] for name in names]


def cells(program) -> list[list[str]]:
    model = program.find("cells_table").model()
    return [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]


def made(program, button: str = "make_table_button") -> None:
    """Press the button; the table is made to its end and on show.  Rows come before it, the verdict last."""
    controller, tables = program.frame.documents_area.tables, []
    controller.made.connect(tables.append)
    if button == "make_table_button":
        program.click(button)
    else:
        more(program, button).trigger()
    program.wait(lambda: any(table.is_done for table in tables) and not program.find("making_table").isVisible())
    controller.made.disconnect(tables.append)


def rents_made(program, folder) -> None:
    opened(program, folder / "a.md")
    own_columns(program, "Rent:amount")
    made(program)


def click_cell(program, row: int, column: int) -> None:
    table = program.find("cells_table")
    program.click_item(table, table.model().index(row, column))


def marked(program) -> str:
    for sheet in program.documents.view.sheets:
        if sheet.spans:
            start, end = sheet.spans[0]
            return f"{sheet.page.number}: {sheet.page.text[start:end]}"
    return ""


def test_columns_are_chosen_as_chips(program, folder) -> None:
    opened(program, folder / "a.md")
    assert chips(program)[:3] == ["Invoice number", "Invoice date", "Seller"]
    choose(program, "table_preset", "cv")
    assert "Languages" in chips(program)
    own_columns(program, "Rent:amount", "Tenant")
    program.type_into("column_line", "tenant")
    program.click("add_column_button")
    assert chips(program) == ["Rent", "Tenant"]
    (chip, _) = [one for one in program.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    program.click(chip)
    assert chips(program) == ["Tenant"]
    (chip,) = [one for one in program.find("column_chips").findChildren(QPushButton) if not one.isHidden()]
    program.click(chip)
    assert not program.find("make_table_button").isEnabled()


def test_a_cell_leads_to_its_page_and_says_what_proves_it(program, folder) -> None:
    opened(program, folder / "a.md")
    assert not program.find("cells_table").isVisible()
    own_columns(program, "Rent:amount", "Tenant", "Begins:date")
    made(program)
    assert cells(program) == [["a.md", "900 EUR", "Ada Byron", "–"]]
    assert program.find("table_figure").text() == "2 of 3 filled"
    assert not program.documents.view.isVisible()
    click_cell(program, 0, 1)
    popover = program.find("cell_popover")
    assert popover.isVisible()
    assert program.find("cell_quote").text().replace("\u200b", "") == "“Rent: 900 EUR”"
    assert "section 2" in program.find("cell_place").text()
    program.click("show_cell_page_button")
    program.wait(lambda: program.documents.view.isVisible() and marked(program) == "2: 900 EUR")
    assert not popover.isVisible()
    click_cell(program, 0, 2)  # beside the pages a click goes to the page too
    program.wait(lambda: marked(program) == "1: Ada Byron")
    program.click("page_button")
    program.wait(lambda: not program.documents.view.isVisible())
    program.click("empty_columns_button")
    click_cell(program, 0, 3)
    assert program.find("cell_check").text() == "nothing was found"
    assert not program.find("show_cell_page_button").isVisible()
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()
    assert program.find("cells_table").hasFocus()


INVOICE = "# Invoice\n\nInvoice no: 7\n\nNet: {net} EUR\n\nVAT: 190.00 EUR\n\nTotal: 1,190.00 EUR\n"


def test_a_sum_is_said_to_be_right_only_where_it_is(program, folder) -> None:
    (folder / "a.md").write_text(INVOICE.format(net="1,000.00"))
    (folder / "b.md").write_text(INVOICE.format(net="1,100.00"))
    opened(program, folder / "a.md", folder / "b.md")
    choose(program, "table_scope", "all")
    assert program.find("table_scope").currentText() == "All 2 shown"
    made(program)
    rows = [row[0] for row in cells(program)]
    program.click("table_doubts")
    assert program.find("cell_document").full_text == "b.md"
    assert "does not agree" in program.find("cell_doubt").text()
    assert not program.find("cell_check").text()
    click_cell(program, rows.index("a.md"), 7)
    assert not program.find("cell_doubt").isVisible()
    assert program.find("cell_check").text() == "Net amount + Tax = Total ✓"
    program.click("edit_cell_button")
    line = program.find("cells_table").findChild(QLineEdit)
    program.wait(lambda: line is not None and line.isVisible() and not program.find("cell_popover").isVisible())
    line.selectAll()
    QTest.keyClicks(line, "1,200.00 EUR")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: cells(program)[rows.index("a.md")][7] == "1,200.00 EUR")
    click_cell(program, rows.index("a.md"), 5)
    assert not program.find("cell_check").text()  # it was right before


def test_what_is_listed_is_in_the_table_or_it_is_said_why_not(program, folder) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    opened(program, folder / "a.md", folder / "b.md", folder / "broken.pdf")
    choose(program, "table_scope", "all")
    late = next(record.id for record in documents(program) if record.name == "b.md")
    program.ask(lambda services: services.store.documents.change(late, status=DocumentStatus.READING))
    program.click("make_table_button")
    program.wait(lambda: "b.md is still being read" in program.find("table_note").text())
    program.ask(lambda services: services.store.documents.change(late, status=DocumentStatus.READ))
    made(program)
    assert [row[0] for row in cells(program)] == ["a.md", "b.md"]
    notice = next(bar.notice for bar in program.window.notices.bars if "Not in the table" in bar.notice.text)
    assert "1 of 3" in notice.text
    assert notice.details.startswith("broken.pdf: ")


def test_the_preset_is_that_of_the_document(program, folder) -> None:
    (folder / "a.md").write_text(OLD)
    opened(program, folder / "a.md")
    program.wait(lambda: program.find("table_preset").currentData() == "contract")
    assert chips(program)[0] == "Subject"


def test_the_names_stay_where_the_columns_are_scrolled(program, folder) -> None:
    program.window.resize(900, 700)
    opened(program, folder / "a.md")
    own_columns(program, "Rent:amount", *(f"A column, the number {at}" for at in range(8)))
    made(program)
    program.click("empty_columns_button")
    table, names = program.find("cells_table"), program.find("frozen_names")
    assert not names.isVisible()
    click_cell(program, 0, 8)
    assert names.isVisible()
    assert names.indexAt(names.viewport().rect().topLeft()).data() == "a.md"
    assert [at for at in range(9) if not names.isColumnHidden(at)] == [0]
    QTest.keyClick(program.find("cell_popover"), Qt.Key.Key_Escape)
    for _column in range(7):
        QTest.keyClick(table, Qt.Key.Key_Left)
        assert table.visualRect(table.currentIndex()).left() >= names.width() * names.isVisible() - 1
    names.clicked.emit(names.model().index(0, 0))
    program.wait(program.documents.view.isVisible)


def test_a_weak_model_is_named_with_the_table(program, folder) -> None:
    opened(program, folder / "a.md")
    own_columns(program, "Tenant")
    made(program)
    assert not program.find("table_warning").isVisible()
    examine(program.services, "weak")
    begin_new(program)
    assert not program.find("table_warning").isVisible()
    made(program)
    assert program.find("table_warning").isVisible()
    assert "too weak for tables" in program.find("table_warning").text()


def test_a_table_that_is_made_before_the_window_hears_of_it_is_on_show(program, folder) -> None:
    """With all answers at hand it was made behind the form, which stayed."""
    opened(program, folder / "a.md")
    own_columns(program, "Tenant")
    made(program)
    controller = program.frame.documents_area.tables
    first, services = controller.item, program.services
    begin_new(program)
    program.click("make_table_button")
    jobs = services.jobs.list  # the window hears of nothing meanwhile
    tables = lambda: [one.status for one in services.service_thread.call(jobs) if one.kind == KIND]  # noqa: E731
    wait_until(lambda: tables() == [JobStatus.DONE] * 2)
    program.wait(lambda: controller.item not in ("", first))
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]] and program.find("cells_table").isVisible())
    assert not program.find("making_table").isVisible()


def test_columns_are_as_wide_as_their_words_until_one_is_drawn(program, folder) -> None:
    program.window.resize(1200, 820)
    long = folder / "A lease of which the name is far too long for a column lease_v2.md"
    long.write_text(LEASE)
    opened(program, long)
    own_columns(program, "Rent:amount", "Tenant", "Begins:date")
    made(program)
    table = program.find("cells_table")
    header = table.horizontalHeader()
    assert header.sectionSize(0) == 240
    assert 60 <= header.sectionSize(1) < 160
    assert table.rowHeight(0) == 40
    assert table.isColumnHidden(3)  # nothing was found in it
    program.click("empty_columns_button")
    assert not table.isColumnHidden(3)
    before = header.sectionSize(1)
    header.resizeSection(1, before + 80)  # as a person does
    program.window.resize(1280, 820)
    program.wait(lambda: program.window.width() == 1280)
    assert header.sectionSize(1) == before + 80


def test_names_are_cut_in_the_middle(qapp) -> None:
    metrics = QFontMetrics(qapp.font())
    for name in ("invoice of the glazier from Pellworth.docx", "invoice of the glazier from Pellworth_v2.docx"):
        cut = cut_in_middle(name, metrics, 160)
        assert "…" in cut
        assert cut.endswith(name[-8:])
        assert metrics.horizontalAdvance(cut) <= 160
    assert cut_in_middle("lease.md", metrics, 160) == "lease.md"


def test_a_folder_becomes_rows_and_a_cell_shows_its_own_document(program, folder) -> None:
    (folder / "bad.txt").write_bytes(b"\x7fELF" + bytes(range(256)) * 20)
    opened(program, folder / "a.md")
    own_columns(program, "Rent:amount")
    choose(program, "table_scope", "folder")
    program.click("make_table_button")
    dialog = program.find("table_folder_dialog")
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    program.wait(lambda: len(cells(program)) == 2 and not program.find("making_table").isVisible())
    assert [row[:2] for row in cells(program)] == [["a.md", "900 EUR"], ["b.md", "1,250 EUR"]]
    assert any("could not be read: 1 of 3" in words for words in program.notices())
    click_cell(program, 1, 1)
    program.click("show_cell_page_button")
    program.wait(lambda: program.find("document_title").full_text == "b.md")
    program.wait(lambda: marked(program) == "1: 1,250 EUR")
    assert len(cells(program)) == 2  # the table stays, whichever of its documents is on show
    begin_new(program)
    assert chips(program) == ["Rent"]
    choose(program, "table_scope", "all")
    made(program)
    assert sorted(row[0] for row in cells(program)) == ["a.md", "b.md"]
    program.type_into("document_filter", "b.m")
    program.wait(lambda: len(program.frame.documents_page.documents.shown) == 1)
    begin_new(program)
    choose(program, "table_scope", "all")
    made(program)
    assert [row[0] for row in cells(program)] == ["b.md"]  # what the search hides is not taken


def test_a_cell_is_changed_by_the_keyboard_and_taken_back(program, folder) -> None:
    opened(program, folder / "a.md")
    own_columns(program, "Rent:amount", "Tenant")
    made(program)
    table = program.find("cells_table")
    click_cell(program, 0, 1)
    QTest.keyClick(program.find("cell_popover"), Qt.Key.Key_Escape)
    QTest.keyClick(table, Qt.Key.Key_Return)
    line = table.findChild(QLineEdit)
    program.wait(lambda: line is not None and line.isVisible())
    line.selectAll()
    QTest.keyClicks(line, "950 EUR")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: cells(program)[0][1] == "950 EUR")
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert program.find("cell_check").text() == "changed by you"
    QTest.keyClick(program.find("cell_popover"), Qt.Key.Key_Escape)
    item = program.frame.documents_area.tables.item
    assert program.ask(lambda services: services.extraction.open(item)).table.rows[0].cells[0].origin == "person"
    made(program, "again_table_button")
    assert cells(program)[0][1] == "950 EUR"
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: cells(program)[0][1] == "900 EUR")
    assert not more(program, "undo_cell_button").isEnabled()


def test_it_is_saved_and_comes_back_with_its_document(program, folder, tmp_path, start) -> None:
    rents_made(program, folder)
    program.click("save_table_button")
    dialog = pane(program).findChild(QFileDialog, "export_dialog")
    assert [path.rpartition("/")[2] for path in dialog.selectedFiles()] == ["a.xlsx"]
    target = tmp_path / "rents.xlsx"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(target.exists)
    assert openpyxl.load_workbook(target)["Table"]["B2"].value == 900
    program.close()
    again = start(answer=ANSWER)
    again.documents = again.frame.documents_page
    QTest.keyClick(again.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    document = again.ask(lambda services: services.documents.recent())[0].id
    again.window.resize(1300, 860)
    again.wait(lambda: again.find("document_view").model().rowCount())
    again.frame.documents.choose(document)
    again.wait(again.find("document_tabs").isVisible)  # there are no tabs before a document is on show
    again.choose_tab("table")
    again.wait(lambda: cells(again) == [["a.md", "900 EUR"]])


def test_a_table_is_deleted_with_a_way_back(program, folder) -> None:
    rents_made(program, folder)
    item = program.frame.documents_area.tables.item
    begin_new(program)
    own_columns(program, "Tenant")
    made(program)
    assert cells(program) == [["a.md", "Ada Byron"]]
    controller = program.frame.documents_area.tables
    newest = controller.item
    pane(program).earlier.delete_requested.emit(newest)
    program.wait(lambda: cells(program) == [["a.md", "900 EUR"]])
    assert controller.item == item
    (bar,) = [bar for bar in program.window.notices.bars if "trash" in bar.notice.text]
    bar.notice.on_action()
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]])


def test_from_choosing_one_comes_back_to_the_table(program, folder) -> None:
    rents_made(program, folder)
    begin_new(program)
    assert program.find("cells_table").isVisible()
    QTest.keyClick(program.find("column_line"), Qt.Key.Key_Escape)
    program.wait(lambda: not program.find("make_table_button").isVisible())
    assert cells(program) == [["a.md", "900 EUR"]]


def test_without_a_model_it_says_so(start, folder) -> None:
    program = start()
    program.open_documents(1300, 860)
    opened(program, folder / "a.md")
    program.click("make_table_button")
    program.wait(lambda: "model" in program.find("table_note").text())
    assert program.find("make_table_button").isEnabled()
    assert not program.find("table_bar").isVisible()
