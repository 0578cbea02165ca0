"""Tables of documents in the window: columns chosen, rows that come, cells that lead to their pages and are changed."""

from __future__ import annotations

import json

import pytest
from fakes.edges import controls_before
from fakes.recorder import add_model, wait_until
from fakes.tiny_gguf import tiny_llama, write
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu

from slmdesk.base.records import DocumentStatus, JobStatus
from slmdesk.tasks.report import Edit
from slmdesk.tasks.tables.cells import column_named
from slmdesk.tasks.tables.request import TableRequest
from slmdesk.ui.kit.widgets.build import cut_in_middle

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
LEASE = "# The lease\n\nThe flat is let to Ada Byron.\n\n## Rent\n\nRent: 900 EUR\n\nStart: 3 March 2024\n"
OTHER = "# Another lease\n\nRent: 1,250 EUR\n"
ANSWER = json.dumps({"Tenant": "Ada Byron", "Begins": "", "Net amount": "1,100.00 EUR", "Tax": "190.00 EUR"})


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
    """The document and the table that it begins with are on show."""
    program.frame.documents.open_paths(list(paths))
    program.wait(lambda: "read" in program.coverage and len(documents(program)) == len(paths))
    made(program, lambda: program.choose_tab("table"))
    program.wait(lambda: all(record.status is not DocumentStatus.READING for record in documents(program)))


def documents(program):
    return program.ask(lambda services: services.store.documents.page())


def columns(program) -> list[str]:
    model = program.find("extraction_cells").model()
    return [model.headerData(at, Qt.Orientation.Horizontal) for at in range(1, model.columnCount())]


def more(program, name: str):
    menu = program.find("extraction_more_button").menu()
    menu.aboutToShow.emit()
    return next(action for action in actions_of(menu) if action.objectName() == name)


def actions_of(menu):
    for action in menu.actions():
        yield action
        if action.menu() is not None:
            yield from actions_of(action.menu())


def cells(program) -> list[list[str]]:
    model = program.find("extraction_cells").model()
    return [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]


def made(program, begin, *, is_again: bool = False) -> None:
    """Begin a table; it is made to its end and on show.  Rows come before it, the verdict last.

    The one before may be told once more meanwhile: of what it says nothing counts.
    """
    controller, tables = program.frame.documents_area.tables, []
    before, keep = controller.item, lambda report: tables.append((controller.item, report.is_draft))
    controller.made.connect(keep)
    begin()
    program.wait(lambda: any((is_again or item != before) and not is_draft for item, is_draft in tables))
    program.wait(lambda: not program.find("making_extraction").isVisible())
    controller.made.disconnect(keep)


def table_of(program, *names: str) -> None:
    """Make another table, with these columns."""
    made(program, lambda: program.frame.documents_area.tables.begin(asking(*names)))


def asking(*names: str) -> TableRequest:
    return TableRequest((), tuple(column_named(name) for name in names))


def table_of_all(program, *names: str) -> None:
    """Make another table of all documents, with these columns."""
    area = program.frame.documents_area
    listed = [record.id for record in area.table_scope.listed()]
    made(program, lambda: area.tables.begin(asking(*names), listed))


def scope(program, name: str) -> None:
    """Choose which documents become rows."""
    action = more(program, name)
    menu = next(menu for menu in action.associatedObjects() if isinstance(menu, QMenu))
    menu.popup(program.find("extraction_more_button").mapToGlobal(QPoint()))
    program.click(menu, lambda: menu.actionGeometry(action).center())


def click_cell(program, row: int, column: int) -> None:
    table = program.find("extraction_cells")
    program.click_item(table, table.model().index(row, column))


def marked(program) -> str:
    for sheet in program.documents.view.sheets:
        if sheet.spans:
            start, end = sheet.spans[0]
            return f"{sheet.page.number}: {sheet.page.text[start:end]}"
    return ""


def test_a_table_begins_with_what_the_document_names_and_takes_other_columns(program, folder) -> None:
    opened(program, folder / "a.md")
    program.wait(lambda: cells(program) == [["a.md", "900 EUR", "3 March 2024"]])
    program.wait(lambda: columns(program) == ["Rent", "Start"])
    bar = program.find("extraction_bar")
    assert len([button for button in bar.findChildren(QAbstractButton) if button.isVisible()]) <= 4
    for name in ("Tenant", "tenant"):  # a name that is there changes nothing
        program.click("extraction_new_column")
        program.type_into("extraction_column_line", name)
        QTest.keyClick(program.find("extraction_column_line"), Qt.Key.Key_Return)
        program.wait(lambda: cells(program) == [["a.md", "900 EUR", "3 March 2024", "Ada Byron"]])
    table = program.find("extraction_cells")
    assert table.hasFocus()
    program.wait(lambda: not program.find("making_extraction").isVisible())
    click_cell(program, 0, 3)
    program.click("extraction_edit_cell")
    line = table.findChild(QLineEdit)
    QTest.keyClicks(line, "Ada King")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: cells(program)[0][3] == "Ada King")
    header = table.horizontalHeader()
    header.customContextMenuRequested.emit(QPoint(header.sectionViewportPosition(1) + 4, 4))
    menu = program.find("extraction_column_menu")
    leave_out = next(action for action in menu.actions() if action.text() == "Leave out")
    program.click(menu, lambda: menu.actionGeometry(leave_out).center())
    program.wait(lambda: cells(program) == [["a.md", "3 March 2024", "Ada King"]])  # what was edited stays
    for expected in (
        ["900 EUR", "3 March 2024", "Ada King"],
        ["900 EUR", "3 March 2024", "Ada Byron"],
    ):
        QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        program.wait(lambda expected=expected: cells(program) == [["a.md", *expected]])


def test_what_is_written_into_a_cell_stays_when_the_table_is_shown_anew(program, folder) -> None:
    opened(program, folder / "a.md")
    program.wait(lambda: cells(program) == [["a.md", "900 EUR", "3 March 2024"]])
    program.wait(lambda: not program.find("making_extraction").isVisible())
    tables, table = program.frame.documents_area.tables, program.find("extraction_cells")
    table.edit(table.model().index(0, 2))
    line = table.findChild(QLineEdit)
    QTest.keyClicks(line, "4 April")
    rent = next(iter(tables.report.statements)).id
    program.ask(lambda services: services.tasks.edit(tables.item, Edit(rent, "950 EUR")))
    program.wait(lambda: next(iter(tables.report.statements)).text == "950 EUR")
    assert line.text() == "4 April"
    QTest.keyClicks(line, " 2024")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: cells(program) == [["a.md", "950 EUR", "4 April 2024"]])


def test_a_click_on_a_document_shows_its_table_and_begins_none(program, folder) -> None:
    opened(program, folder / "a.md", folder / "b.md")
    of = {record.name: record.id for record in documents(program)}
    model = program.find("document_view").model()
    listed = [model.index(row, 0).data() for row in range(2)]
    shown = cells(program)[0][0]
    other = listed[1 - listed.index(shown)]
    rows = [listed.index(shown), listed.index(other)]
    program.click_item(program.find("document_view"), rows[1])
    program.wait(program.find("extraction_begin").isVisible)
    assert not program.find("extraction_cells").isVisible()
    program.ask(lambda _services: None)  # what was asked for by then has begun
    assert program.ask(lambda services: services.history.about(of[other], "extraction")) == []
    made(program, lambda: program.click("extraction_begin"))
    program.wait(lambda: cells(program)[0][0] == other)
    program.click_item(program.find("document_view"), rows[0])
    program.wait(lambda: cells(program)[0][0] == shown and program.find("extraction_cells").isVisible())
    assert not program.find("extraction_begin").isVisible()


def test_a_document_that_names_nothing_says_so_and_takes_columns(program, folder) -> None:
    (folder / "a.md").write_text("So be it.\n")
    program.frame.documents.open_paths([folder / "a.md"])
    program.wait(lambda: program.frame.documents.current)
    program.choose_tab("table")
    program.mentions("extraction_note", "names no values")
    program.click("extraction_new_column")
    program.type_into("extraction_column_line", "Tenant")
    program.click("extraction_column_add")
    program.wait(lambda: columns(program) == ["Tenant"])


def test_a_cell_leads_to_its_page_and_is_changed_by_the_keyboard_and_taken_back(program, folder) -> None:
    opened(program, folder / "a.md")
    table_of(program, "Rent:amount", "Tenant", "Begins:date")
    program.wait(lambda: cells(program) == [["a.md", "900 EUR", "Ada Byron", "–"]])
    program.says("extraction_figure", "2 of 3 filled")
    assert program.documents.view.isVisible()  # so narrow a table leaves the pages their place
    click_cell(program, 0, 1)
    popover = program.find("extraction_proof")
    assert popover.isVisible()
    program.says("extraction_cell_quote", "“Rent: 900 EUR”")
    program.mentions("extraction_cell_place", "section 2")
    program.wait(lambda: marked(program) == "2: 900 EUR")
    click_cell(program, 0, 2)
    program.wait(lambda: marked(program) == "1: Ada Byron")
    program.click("page_button")
    program.wait(lambda: not program.documents.view.isVisible())
    click_cell(program, 0, 3)
    program.says("extraction_cell_check", "nothing was found")
    assert not program.find("extraction_show_cell").isVisible()
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()
    table = program.find("extraction_cells")
    assert table.hasFocus()
    click_cell(program, 0, 1)
    QTest.keyClick(program.find("extraction_proof"), Qt.Key.Key_Escape)
    QTest.keyClick(table, Qt.Key.Key_Return)
    line = table.findChild(QLineEdit)
    program.wait(lambda: line is not None and line.isVisible())
    line.selectAll()
    QTest.keyClicks(line, "950 EUR")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: cells(program)[0][1] == "950 EUR")
    QTest.keyClick(table, Qt.Key.Key_Space)
    program.says("extraction_cell_check", "changed by you")
    QTest.keyClick(program.find("extraction_proof"), Qt.Key.Key_Escape)
    made(program, more(program, "extraction_again").trigger, is_again=True)
    program.wait(lambda: cells(program)[0][1] == "950 EUR")
    QTest.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: cells(program)[0][1] == "900 EUR")
    assert not more(program, "extraction_undo").isEnabled()


INVOICE = "# Invoice\n\nInvoice no: 7\n\nNet: {net} EUR\n\nVAT: 190.00 EUR\n\nTotal: 1,190.00 EUR\n"


def test_a_column_is_added_while_the_table_is_made(start, folder, tmp_path) -> None:
    gate = tmp_path / "go on"
    gate.touch()
    program = start(answer=ANSWER, until=str(gate))
    add_model(program.services, tmp_path / "echo.gguf")
    program.open_documents(1300, 860)
    opened(program, folder / "a.md", folder / "b.md")
    controller = program.frame.documents_area.tables
    scope(program, "extraction_of_all")
    program.wait(lambda: len(cells(program)) == 2 and not program.find("making_extraction").isVisible())
    gate.unlink()
    for name in ("Landlord", "Tenant"):
        program.click("extraction_new_column")
        program.type_into("extraction_column_line", name)
        QTest.keyClick(program.find("extraction_column_line"), Qt.Key.Key_Return)
        program.wait(lambda name=name: columns(program)[-1] == name and program.find("making_extraction").isVisible())
        assert len(cells(program)) == 2
        assert program.find("extraction_save").isEnabled()
    gate.touch()
    program.wait(lambda: not program.find("making_extraction").isVisible())
    program.wait(lambda: columns(program)[-2:] == ["Landlord", "Tenant"])
    program.wait(lambda: [row[-1] for row in sorted(cells(program))] == ["Ada Byron", "–"])
    gate.unlink()
    assert not program.find("extraction_note").isVisible()
    for name in ("Broker", "Witness"):
        program.click("extraction_new_column")
        program.type_into("extraction_column_line", name)
        QTest.keyClick(program.find("extraction_column_line"), Qt.Key.Key_Return)
        program.wait(lambda name=name: columns(program)[-1] == name and program.find("making_extraction").isVisible())
        controller.cancel()
        program.mentions("extraction_note", "cancelled")
        assert len(cells(program)) == 2
    gate.touch()
    program.wait(lambda: [row[-4:-2] for row in sorted(cells(program))] == [["–", "Ada Byron"], ["–", "–"]])


def test_without_a_model_a_line_says_what_one_would_fill_and_leads_to_it(start, folder, tmp_path) -> None:
    program = start(answer=ANSWER)
    program.open_documents(1300, 860)
    opened(program, folder / "a.md")
    controller = program.frame.documents_area.tables
    table_of(program, "Tenant")
    earlier = controller.item
    table_of(program, "Rent:amount", "Tenant")
    program.wait(lambda: cells(program) == [["a.md", "900 EUR", "not looked for"]])
    program.says("extraction_wanting", "A model of about 1B or more would fill: Tenant.")
    program.click("extraction_fill")
    program.wait(program.frame.models_page.isVisible)
    program.with_model(write(tmp_path / "tiny.gguf", tiny_llama()))
    program.window.show_page("Documents")
    program.says("extraction_fill", "Fill now")
    program.click("extraction_fill")
    program.wait(lambda: cells(program) == [["a.md", "900 EUR", "Ada Byron"]])
    controller.choose(earlier)
    program.wait(lambda: cells(program) == [["a.md", "not looked for"]])
    program.frame.documents_area.ask_again()  # by the card that leads to a model below each page
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]])
    program.wait(lambda: not program.find("extraction_wanting").isVisible())
    program.wait(lambda: not program.find("extraction_fill").isVisible())


def test_a_value_written_into_a_column_is_an_example_for_the_other_rows(program, folder) -> None:
    opened(program, folder / "a.md", folder / "b.md")
    table_of_all(program, "Place")
    model = program.find("extraction_cells").model()
    model.setData(model.index(0, 1), "Leeds")
    program.wait(lambda: any("“Leeds” as an example" in words for words in program.notices()))
    bar = next(bar for bar in program.window.notices.bars if "example" in bar.notice.text)
    made(program, lambda: program.click(program.find("notice_action", bar)), is_again=True)
    assert program.frame.documents_area.tables.request.columns[0].example == "Leeds"
    program.wait(lambda: cells(program)[0][1] == "Leeds")


def test_a_sum_is_said_to_be_right_only_where_it_is(program, folder) -> None:
    (folder / "a.md").write_text(INVOICE.format(net="1,000.00"))
    (folder / "b.md").write_text(INVOICE.format(net="1,100.00"))
    opened(program, folder / "a.md", folder / "b.md")
    made(program, lambda: scope(program, "extraction_of_all"))
    above = controls_before(program.window.stack.currentWidget(), program.find("extraction_cells"))
    assert len(above) <= 6, above
    rows = [row[0] for row in cells(program)]
    program.click("extraction_doubts")
    program.says("extraction_cell_document", "b.md")
    program.mentions("extraction_cell_doubt", "does not agree")
    program.says("extraction_cell_check", "")
    click_cell(program, rows.index("a.md"), 7)
    assert not program.find("extraction_cell_doubt").isVisible()
    program.says("extraction_cell_check", "Net amount + Tax = Total ✓")


def test_what_is_listed_is_in_the_table_or_it_is_said_why_not(program, folder) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    opened(program, folder / "a.md", folder / "b.md", folder / "broken.pdf")
    late = next(record.id for record in documents(program) if record.name == "b.md")
    program.ask(lambda services: services.store.documents.change(late, status=DocumentStatus.READING))
    scope(program, "extraction_of_all")
    program.mentions("extraction_note", "b.md is still being read")
    program.ask(lambda services: services.store.documents.change(late, status=DocumentStatus.READ))
    made(program, lambda: scope(program, "extraction_of_all"))
    program.wait(lambda: [row[0] for row in cells(program)] == ["a.md", "b.md"])
    notice = next(bar.notice for bar in program.window.notices.bars if "Not in the table" in bar.notice.text)
    assert "1 of 3" in notice.text
    assert notice.details.startswith("broken.pdf: ")


def test_the_names_stay_where_the_columns_are_scrolled(program, folder) -> None:
    program.window.resize(900, 700)
    opened(program, folder / "a.md")
    table_of(program, "Rent:amount", *(f"A column, the number {at}" for at in range(8)))
    table, names = program.find("extraction_cells"), program.find("frozen_names")
    assert not names.isVisible()
    click_cell(program, 0, 8)
    program.wait(names.isVisible)
    assert names.indexAt(names.viewport().rect().topLeft()).data() == "a.md"
    assert [at for at in range(9) if not names.isColumnHidden(at)] == [0]
    QTest.keyClick(program.find("extraction_proof"), Qt.Key.Key_Escape)
    for _column in range(7):
        QTest.keyClick(table, Qt.Key.Key_Left)
        assert table.visualRect(table.currentIndex()).left() >= names.width() * names.isVisible() - 1
    names.clicked.emit(names.model().index(0, 0))
    program.wait(program.documents.view.isVisible)


def test_a_table_that_is_made_before_the_window_hears_of_it_is_on_show(program, folder) -> None:
    """With all answers at hand it was made behind the form, which stayed."""
    opened(program, folder / "a.md")
    table_of(program, "Tenant")
    controller = program.frame.documents_area.tables
    first, services = controller.item, program.services
    controller.begin(asking("Tenant"))
    ended = lambda job: job.kind != "extraction" or job.status is JobStatus.DONE  # noqa: E731
    jobs = services.jobs.list  # the window hears of nothing meanwhile
    wait_until(lambda: all(map(ended, services.service_thread.call(jobs))))
    program.wait(lambda: controller.item not in ("", first))
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]] and program.find("extraction_cells").isVisible())
    assert not program.find("making_extraction").isVisible()


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
    table_of(program, "Rent:amount")
    scope(program, "extraction_of_folder")
    dialog = program.find("extraction_folder_dialog")
    dialog.fileSelected.emit(str(folder))
    dialog.close()
    program.wait(lambda: [row[:2] for row in cells(program)] == [["a.md", "900 EUR"], ["b.md", "1,250 EUR"]])
    program.wait(lambda: not program.find("making_extraction").isVisible())
    assert any("could not be read: 1 of 3" in words for words in program.notices())
    click_cell(program, 1, 1)
    program.click("extraction_show_cell")
    program.says("document_title", "b.md")
    program.wait(lambda: marked(program) == "1: 1,250 EUR")
    program.wait(lambda: len(cells(program)) == 2)  # the table stays, whichever of its documents is on show
    made(program, lambda: scope(program, "extraction_of_all"))
    program.wait(lambda: columns(program) == ["Rent"])
    program.wait(lambda: sorted(row[0] for row in cells(program)) == ["a.md", "b.md"])
    program.type_into("document_filter", "b.m")
    program.wait(lambda: len(program.frame.documents_page.documents.shown) == 1)
    made(program, lambda: scope(program, "extraction_of_all"))
    program.wait(lambda: [row[0] for row in cells(program)] == ["b.md"])  # what the search hides is not taken


def test_it_comes_back_with_its_document(program, folder, start) -> None:
    opened(program, folder / "a.md")
    table_of(program, "Rent:amount")
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


def test_a_deleted_table_is_not_made_anew_and_there_is_a_way_back(program, folder) -> None:
    opened(program, folder / "a.md")
    controller = program.frame.documents_area.tables
    controller.delete(controller.item)
    program.wait(lambda: not controller.item and not program.find("extraction_cells").isVisible())
    program.choose_tab("summary")
    program.choose_tab("table")
    program.ask(lambda _services: None)
    assert not controller.item
    made(program, more(program, "extraction_fresh").trigger)
    program.wait(lambda: columns(program) == ["Rent", "Start"])
    more(program, "extraction_set_cv").trigger()
    program.wait(lambda: "Languages" in columns(program))  # those of a kind of paper take the place of others
    program.wait(lambda: not program.find("making_extraction").isVisible())
    for bar in program.window.notices.bars:
        program.window.notices.drop_text(bar.notice.text)

    table_of(program, "Rent:amount")
    item = controller.item
    table_of(program, "Tenant")
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]])
    newest = controller.item
    program.find("extraction_pane").earlier.delete_requested.emit(newest)
    program.wait(lambda: cells(program) == [["a.md", "900 EUR"]])
    assert controller.item == item
    (bar,) = [bar for bar in program.window.notices.bars if "trash" in bar.notice.text]
    bar.notice.on_action()
    program.wait(lambda: cells(program) == [["a.md", "Ada Byron"]])


def test_a_column_gets_another_name_and_rows_are_sorted_by_one(program, folder, monkeypatch) -> None:
    opened(program, folder / "a.md", folder / "b.md")
    table_of_all(program, "Rent:amount", "Tenant")
    header = program.find("extraction_cells").horizontalHeader()
    at = QPoint(header.sectionViewportPosition(1) + 20, header.height() // 2)
    rents = []
    for _press in range(2):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        rents.append([row[1] for row in cells(program)])
    assert rents == [["900 EUR", "1,250 EUR"], ["1,250 EUR", "900 EUR"]]
    rename = next(action for action in more_of_column(program, 1) if action.text() == "Rename…")
    rename.trigger()
    dialog = program.find("rename_dialog")
    dialog.findChild(QLineEdit).setText("Monthly rent")
    QTest.keyClick(dialog.findChild(QLineEdit), Qt.Key.Key_Return)
    program.wait(lambda: columns(program) == ["Monthly rent", "Tenant"])
    program.wait(lambda: not program.find("making_extraction").isVisible())
    program.wait(lambda: sorted(row[1] for row in cells(program)) == ["1,250 EUR", "900 EUR"])  # they are still found
    more(program, "extraction_undo").trigger()
    program.wait(lambda: columns(program) == ["Rent", "Tenant"])


def more_of_column(program, at: int):
    """What can be done with a column, once the menu that is filled when it opens has it."""

    def menus() -> list[QMenu]:
        more(program, "extraction_again")
        return program.find("extraction_more_button").menu().findChildren(QMenu, "extraction_columns_menu")

    program.wait(menus)
    return menus()[0].actions()[at - 1].menu().actions()


def test_it_is_saved_by_one_press_also_while_it_is_made(start, folder, tmp_path) -> None:
    program = start(answer=ANSWER, slow=0.05)
    add_model(program.services, tmp_path / "echo.gguf")
    program.open_documents(1300, 860)
    opened(program, folder / "a.md")
    program.frame.documents_area.tables.begin(asking("Tenant", "Landlord"))
    program.wait(program.find("making_extraction").isVisible)
    program.wait(lambda: columns(program) == ["Tenant", "Landlord"])
    program.click("extraction_save")
    dialog = program.find("export_dialog")
    dialog.fileSelected.emit(str(tmp_path / "table.xlsx"))
    dialog.close()
    program.wait((tmp_path / "table.xlsx").exists)
    program.wait(lambda: not program.find("making_extraction").isVisible())
