"""Documents in the window: opened, looked at page by page, searched, taken off the list with a way back."""

from __future__ import annotations

import os

import pytest
from fakes.commands import run_here
from fakes.dropping import LEASE, drop, listed, open_read
from fakes.einvoices import cii
from fakes.tiny_pdf import Text, TinyPdf, cut, lines
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QToolButton

from slmdesk.ui.documents.document_rows import LINE_ROLE, SUBJECT_ROLE, TALL_ROW_HEIGHT

pytestmark = pytest.mark.gui


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LEASE)
    return path


def test_what_a_command_reads_meanwhile_and_what_is_opened_during_a_search_come_into_the_list(program, letter):
    open_read(program, letter)
    other = letter.with_name("annex.md")
    other.write_text(LEASE + "\nAnnex.\n")
    status, _, err = run_here(["documents", "add", str(other)], dict(os.environ))
    assert status == 0, err
    program.wait(lambda: listed(program) == ["annex.md", "lease.md"])
    program.says("document_title", "lease.md")
    assert program.documents.view.count == 4
    view = program.find("document_view")
    program.type_into("document_filter", "lease")
    assert view.currentIndex().data() == "lease.md", "the shown one keeps its mark"
    other = letter.with_name("bill.md")
    other.write_text(LEASE + "Bill.")
    drop(program.documents, other)
    program.wait(lambda: sorted(listed(program)) == ["annex.md", "bill.md", "lease.md"])
    assert [index.data() for index in view.selectionModel().selectedRows()] == ["bill.md"]


def test_a_dropped_document_is_read_listed_once_and_taken_off_the_list_with_a_way_back(program, letter):
    open_read(program, letter)
    assert listed(program) == ["lease.md"]
    assert program.documents.view.count == 4
    program.says("document_title", "lease.md")
    assert program.coverage == "4 of 4 sections read"
    program.says("document_state", "4 sections")
    assert not program.find("document_unread_button").isVisible(), "loud only where something is missing"
    program.documents.document.show_about()
    assert program.find("about_popover").isVisible()
    words = [label.text() for label in program.find("about_document").findChildren(QLabel)]
    assert "4 of 4 sections have words that were read." in words
    program.wait(lambda: program.documents.view.sheets[0].words is not None)
    assert "The tenant pays" in program.documents.view.sheets[0].page.text
    program.find("document_view").setFocus()
    QTest.keyClick(program.find("document_view"), Qt.Key.Key_Delete)
    program.wait(lambda: program.find("documents_empty").isVisible())
    assert listed(program) == []
    (bar,) = program.window.notices.bars
    assert "The file stays" in bar.notice.text
    bar.notice.on_action()
    program.wait(lambda: listed(program) == ["lease.md"] and program.documents.view.count == 4)
    assert letter.read_text() == LEASE
    drop(program.documents, letter)
    program.wait(lambda: program.is_said("lease.md is in the list already."))
    copy = letter.with_name("copy.md")
    copy.write_text(LEASE)
    drop(program.documents, copy)
    program.wait(lambda: program.is_said("copy.md is the same as lease.md, which is in the list."))
    assert listed(program) == ["lease.md"]
    copy.write_text(LEASE + "\nAnnex.\n")
    drop(program.documents, copy)
    program.wait(lambda: listed(program) == ["copy.md", "lease.md"])


def test_words_are_found_marked_and_gone_to_until_others_are_marked(program, letter):
    open_read(program, letter)
    QTest.keyClick(program.documents, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = program.find("find_line")
    QTest.keyClicks(line, "march")
    program.says("find_count", "1 of 3")
    assert [sheet.page.number for sheet in program.documents.view.sheets if sheet.spans] == [2, 3, 4]
    start, end = program.documents.view.sheets[1].spans[0]
    program.wait(lambda: program.documents.view.sheets[1].page.text[start:end] == "March")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.says("find_count", "2 of 3")
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    program.says("find_count", "3 of 3")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    program.wait(lambda: not any(sheet.spans for sheet in program.documents.view.sheets))
    QTest.keyClicks(line, "absent")
    program.says("find_count", "not found")
    count = program.find("find_count")
    line.clear()
    QTest.keyClicks(line, "e")
    program.wait(lambda: count.text().startswith("1 of "))
    first = program.documents.view.sheets[0]
    assert first.current == first.spans[0]
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert first.current == first.spans[1]
    program.documents.document.go_to_spans({2: [(0, 4)]})
    assert count.text() == ""
    assert not program.find("find_next").isEnabled()
    assert all(sheet.current is None for sheet in program.documents.view.sheets)
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: count.text().startswith("1 of "))
    other = letter.with_name("other.md")
    other.write_text("# Another")
    drop(program.documents, other)
    program.says("document_title", "other.md")
    assert line.text() == ""
    (clear,) = line.findChildren(QToolButton)
    program.wait(lambda: not clear.isVisible() or not clear.property("opacity"))


def test_on_a_picture_the_place_gone_to_is_framed(program, tmp_path):
    path = tmp_path / "rent.pdf"
    path.write_bytes(bytes(TinyPdf().page(Text(72, 700, "The rent is due."), Text(72, 300, "The rent is paid."))))
    drop(program.documents, path)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.click("find_in_document_button")
    program.type_into("find_line", "rent")
    program.says("find_count", "1 of 2")
    sheet = program.documents.view.sheets[0]
    program.wait(lambda: sheet.picture is not None and len(sheet.span_boxes) == 2)
    upper = sheet.current_boxes
    QTest.keyClick(program.find("find_line"), Qt.Key.Key_Return)
    assert sheet.current_boxes
    assert sheet.current_boxes[0][1] > upper[0][1]


def test_a_damaged_document_has_no_tick_and_is_called_so(program, tmp_path):
    path = tmp_path / "rent.pdf"
    made = TinyPdf().page(Text(72, 700, "The rent is due.")).page(Text(72, 700, "It is paid."))
    path.write_bytes(cut(made, 2))
    drop(program.documents, path)
    program.wait(lambda: program.coverage == "1 of 2 pages read, 1 could not be read")
    program.says("document_unread_button", "damaged, 1 of 2 pages read")
    assert not program.find("document_state_sign").isVisible()
    program.says("document_state", "")
    shown = program.find("document_view").model().index(0, 0)
    program.wait(lambda: shown.data(LINE_ROLE) == "damaged, not read: 1 page")
    program.click("document_unread_button")
    program.click("unread_page_button")
    assert not program.find("unread_popover").isVisible()


@pytest.fixture
def three(program, letter):
    others = [letter.with_name(name) for name in ("invoice a.md", "invoice b.md")]
    for other in others:
        other.write_text(LEASE + other.name)
    drop(program.documents, letter, *others)
    program.wait(lambda: len(listed(program)) == 3 and program.coverage.startswith("4 of 4"))
    services = lambda: program.ask(lambda services: services.documents.recent(9))  # noqa: E731
    program.wait(lambda: all(record.status.value == "read" for record in services()))
    assert listed(program) == ["lease.md", "invoice a.md", "invoice b.md"], "in the order in which they were dropped"
    return program


def test_several_documents_are_chosen_and_only_those_that_are_listed(three):
    program, view = three, three.find("document_view")
    names = lambda: sorted(index.data() for index in view.selectionModel().selectedRows())  # noqa: E731
    program.type_into("document_filter", "invoice")
    program.wait(lambda: len(listed(program)) == 2)
    assert not program.find("several_card").isVisible()
    program.click_item(view, 0)
    program.wait(lambda: program.find("document_title").full_text == listed(program)[0])
    rect = view.visualRect(view.model().index(1, 0))
    program.click(view.viewport(), rect.center, keys=Qt.KeyboardModifier.ControlModifier)
    program.says("several_count", "2 selected")
    assert names() == ["invoice a.md", "invoice b.md"]
    assert not program.find("several_all").isVisible()
    program.click(view.viewport(), lambda: QPoint(12, rect.center().y()))  # the box of the second takes it away
    assert len(names()) == 1
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.click("several_ask")
    program.says("document_title", "2 documents")
    area = program.frame.documents_area
    assert len(area.questions.scope[1]) == 2
    program.click("several_none")
    program.wait(lambda: program.find("document_title").full_text in listed(program))
    program.click_item(view, 0)
    program.wait(lambda: program.find("document_title").full_text == listed(program)[0])
    assert len(area.questions.scope[1]) == 1


def test_the_tabs_work_on_the_documents_that_are_chosen_together(three):
    program, view, area = three, three.find("document_view"), three.frame.documents_area
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.says("several_count", "3 selected")
    program.choose_tab("questions")
    program.says("document_title", "3 documents")
    assert len(area.questions.scope[1]) == 3
    QTest.keyClick(program.find("document_tabs"), Qt.Key.Key_Right)
    assert area.page.side.current == "table"
    assert len(area.tables.chosen) == 3
    program.choose_tab("redact")
    assert program.find("document_title").full_text in listed(program), "it redacts one"
    program.choose_tab("summary")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.report is not None and len(pane.report.documents) == 3)
    made = lambda: len(program.ask(lambda services: services.history.items("summary")))  # noqa: E731
    count = made()
    program.choose_tab("questions")
    program.choose_tab("summary")
    assert made() == count, "it is made already"
    assert program.find("several_card").height() <= 5 * program.find("several_count").fontMetrics().height() * 1.7
    program.click("several_none")  # the summary of the shown document comes back
    program.wait(lambda: program.find("document_title").full_text in listed(program))
    program.wait(lambda: pane.report is not None and len(pane.report.documents) == 1)
    assert pane.report.documents[0][1] == program.find("document_title").full_text


def recent(program):
    return [row for row in program.find("start_page").findChildren(QPushButton, "recent_item") if row.isVisible()]


def summary_of_all(program):
    """The item of a summary of all listed documents, whose notices are gone."""
    view = program.find("document_view")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.click("several_summarize")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.report is not None and len(pane.report.documents) == 3)
    made = next(
        entry for entry in program.ask(lambda services: services.history.items("summary")) if "and" in entry.title
    )
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    return made


def test_several_are_removed_and_come_back_as_one_act(three):
    program, view, before = three, three.find("document_view"), listed(three)
    made = summary_of_all(program)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    (words,) = [words for words in program.notices() if "removed" in words]
    assert words.startswith("3 documents were removed")
    assert listed(program) == []
    program.window.show_page("Start")
    program.wait(lambda: program.find("start_page").isVisible() and not recent(program))
    program.frame.opener.any(made.id)
    program.wait(lambda: program.is_said("was removed"))
    assert program.window.current_page == "Start"
    program.window.notices.drop_text(program.window.notices.bars[-1].notice.text)
    program.window.show_page("Documents")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: listed(program) == before)
    program.window.show_page("Start")
    program.wait(lambda: recent(program))
    program.click(recent(program)[0])
    program.wait(lambda: program.window.current_page == "Documents" and program.find("summary_pane").report)


def test_focus_goes_to_what_comes_back_and_never_to_the_foot_of_the_window(three):
    program, view = three, three.find("document_view")
    program.window.activateWindow()

    def press_undo():
        QTest.keyClick(program.window.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def press_button():
        program.click(program.window.notices.bars[-1].findChild(QPushButton, "notice_action"))

    def press_button_by_key():
        undo = program.window.notices.bars[-1].findChild(QPushButton, "notice_action")
        undo.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(undo, Qt.Key.Key_Space)

    def remove_by_key():
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Delete)

    def remove_all():
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        program.click("several_remove")

    def remove_by_menu():
        program.find("document_more_button").setFocus()
        program.frame.documents_page.document.action_chosen.emit(program.frame.documents.current, "remove")

    ways = (remove_by_key, press_undo), (remove_all, press_button), (remove_by_menu, press_button_by_key)
    for remove, undo in ways:
        remove()
        program.wait(lambda: len(listed(program)) < 3 and program.window.notices.isVisible())
        undo()
        program.wait(lambda: len(listed(program)) == 3)
        program.wait(lambda: program.find("document_title").isVisible())
        assert program.window.focusWidget() is view, (remove.__name__, undo.__name__)


def test_a_removal_waits_long_and_is_done_at_the_end_but_not_if_the_file_is_opened_again(three, start, letter):
    program = three
    program.frame.documents.remove(program.frame.documents.current)
    (bar,) = program.window.notices.bars
    assert bar.notice.life_ms >= 60_000
    drop(program.documents, letter)
    program.wait(lambda: len(listed(program)) == 3)
    program.find("notice_close").click()
    program.frame.documents.remove(program.frame.documents.current)
    program.close()
    again = start().open_documents()
    again.wait(lambda: sorted(listed(again)) == ["invoice a.md", "invoice b.md"])
    left = again.ask(lambda services: services.store.documents.page())
    assert sorted(record.name for record in left) == ["invoice a.md", "invoice b.md"]


def test_what_was_made_of_removed_documents_goes_into_the_trash_with_a_way_back(three):
    program = three
    made = summary_of_all(program)
    program.frame.documents.removals.undo_ms = 1
    program.click("several_remove")
    program.wait(lambda: not program.ask(lambda services: services.store.documents.page()))
    program.window.show_page("Start")
    program.wait(lambda: program.find("start_page").isVisible() and not recent(program))
    for words, action in (("is in the trash", "Restore"), ("that this was made of was removed", "")):
        program.frame.opener.any(made.id)
        program.wait(lambda words=words: program.is_said(words))
        bar = program.window.notices.bars[-1]
        assert (bar.notice.action, program.window.current_page) == (action, "Start")
        if action:
            bar.notice.on_action()
    program.ask(lambda services: services.history.delete_for_good(made.id))
    program.frame.opener.any(made.id)
    program.wait(lambda: program.is_said("no longer here"))
    assert program.window.current_page == "Start"


def test_the_next_start_still_has_it(program, letter, start):
    open_read(program, letter)
    program.close()
    again = start().open_documents()
    again.wait(lambda: listed(again) == ["lease.md"])
    letter.write_text(LEASE + "\nMore.")
    view = again.find("document_view")
    again.click_item(view, 0)
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: any("has changed" in bar.notice.text for bar in again.window.notices.bars))


def test_a_thousand_pages_scroll_and_only_those_in_sight_are_asked_for(program, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("\f".join(f"Page {number}\n\nwords" for number in range(1, 1001)))
    drop(program.documents, path)
    is_read = lambda: program.coverage == "1,000 of 1,000 pages read"  # noqa: E731
    program.qtbot.waitUntil(is_read, timeout=90_000)
    view = program.documents.view
    QTest.keyClick(view, Qt.Key.Key_End)
    program.wait(lambda: view.sheets[-1].words is not None)
    assert "Page 1000" in view.sheets[-1].page.text
    assert sum(sheet.words is not None for sheet in view.sheets) < 60


def test_the_number_of_a_page_is_typed(program, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("\f".join(f"Page {number}\n" + "\nmany words\n" * 60 for number in range(1, 6)))
    drop(program.documents, path)
    program.wait(lambda: program.coverage == "5 of 5 pages read")
    view, line = program.documents.view, program.find("page_number")
    for typed, reached in (("4", 4), ("none", 4), ("99", 5), ("0", 1)):
        line.setFocus()
        line.selectAll()
        program.type_into(line, typed)
        QTest.keyClick(line, Qt.Key.Key_Return)
        program.wait(lambda reached=reached: (view.reached, line.text()) == (reached, str(reached)))
    program.says("page_count", " / 5 ")


MAIL = """From: Marianne Albers <m.albers@example.org>
To: Stefan Kessler <s.kessler@example.org>
Date: Fri, 12 Apr 2024 14:23:08 +0200
Subject: The hedge at the border
Content-Type: text/plain; charset=utf-8

Please cut the hedge by 30 June 2024.
"""


def test_a_mail_is_listed_and_found_by_its_subject_and_its_sender(program, tmp_path):
    path = tmp_path / "2024-04-12_albers-an-kessler_thujahecke.eml"
    path.write_text(MAIL)
    drop(program.documents, path)
    program.wait(lambda: listed(program) and program.coverage.startswith("1 of 1"))
    view = program.find("document_view")
    program.wait(lambda: view.model().index(0, 0).data(SUBJECT_ROLE) == "The hedge at the border")
    index = view.model().index(0, 0)
    assert index.data(LINE_ROLE) == "Marianne Albers"
    assert view.sizeHintForRow(0) == TALL_ROW_HEIGHT
    assert path.name in index.data(Qt.ItemDataRole.ToolTipRole)
    program.type_into("document_filter", "hedge")
    program.wait(lambda: listed(program) == [path.name])
    program.type_into("document_filter", " thuja")
    program.wait(lambda: listed(program) == [path.name])
    program.type_into("document_filter", " rose")
    program.wait(lambda: not listed(program))


def test_while_the_list_is_out_of_sight_the_page_opens_documents_itself(program, letter):
    open_read(program, letter)
    other = letter.with_name("second.md")
    other.write_text("# Second\n\nA letter.")
    drop(program.documents, other)
    program.wait(lambda: len(listed(program)) == 2 and program.find("document_title").full_text == "second.md")
    opening = program.find("document_open_button")
    assert not opening.isVisible(), "the list stands beside it"
    QTest.keyClick(program.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert opening.isVisible()
    menu = opening.menu()
    menu.aboutToShow.emit()
    listed_there = [action for action in menu.actions() if action.objectName() == "listed_document_action"]
    assert [action.text() for action in listed_there] == listed(program)
    listed_there[1].trigger()
    program.says("document_title", letter.name)
    next(action for action in menu.actions() if action.objectName() == "open_document_action").trigger()
    program.wait(lambda: program.window.findChild(QFileDialog, "documents_dialog"))
    program.window.findChild(QFileDialog, "documents_dialog").reject()
    next(action for action in menu.actions() if action.objectName() == "show_list_action").trigger()
    program.wait(program.find("document_view").isVisible)
    assert not opening.isVisible()


def test_in_a_narrow_window_the_pages_are_a_drawer_over_the_result(program, letter):
    open_read(program, letter)
    program.window.resize(800, 600)
    view, side = program.documents.view, program.documents.side
    program.wait(lambda: not view.isVisible())
    program.click("page_button")
    assert view.isVisible()
    place = side.geometry()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.isVisible()
    assert side.geometry() == place
    assert program.documents.isAncestorOf(QApplication.focusWidget())
    program.documents.document.go_to_spans({2: [(0, 3)]})
    assert view.isVisible()
    program.window.resize(1300, 800)
    program.wait(lambda: side.isVisible() and view.isVisible() and not view.visibleRegion().isEmpty())
    keeps_away_from_the_tabs(program)


def keeps_away_from_the_tabs(program) -> None:
    """The button of the pages, in each width and size of text."""
    page, tabs = program.find("page_button"), program.find("document_tabs")
    for width, scale in ((1366, 100), (1024, 150), (1024, 200), (1366, 100)):
        program.frame.keeper.set_font_scale(scale)
        program.window.resize(width, 768)
        for _turn in range(4):
            QApplication.processEvents()
        end = tabs.mapTo(program.window, tabs.tabRect(tabs.count() - 1).topRight()).x()
        assert page.mapTo(program.window, QPoint()).x() - end >= 8 or page.text() == ""
        assert page.accessibleName() == "Page"
    assert page.text() == "Page"
    program.frame.keeper.set_font_scale(100)


def test_what_is_wrong_with_an_e_invoice_stands_in_red_above_its_summary_and_what_is_about_it(program, tmp_path):
    path = tmp_path / "invoice.pdf"
    words = "Amsel GmbH to Drossel AG.", "Invoice R-18, 357.00 EUR."
    path.write_bytes(bytes(TinyPdf(attachments=[("factur-x.xml", cii())]).page(*lines(50, 700, *words))))
    drop(program.documents, path)
    pane, said = program.find("summary_pane"), "Invoice number: R-18 on the page, R-17 in the e-invoice."
    program.wait(lambda: pane.report)
    row = pane.view.list.rows.rows[0]
    assert row.text == said
    assert "danger" in [colour for __, __, colour in pane.view.list.painter.drawn(row).parts]
    about = program.find("about_document")
    for _time in range(2):
        program.documents.document.show_about()
    program.wait(lambda: said in [label.text() for label in about.findChildren(QLabel)])
    assert [label.property("kind") for label in about.findChildren(QLabel) if label.text() == said] == ["danger"]
