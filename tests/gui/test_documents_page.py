"""Documents in the window: opened, looked at page by page, searched, taken off the list with a way back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from slmdesk.gui.documents.coverage_strip import Cell, CoverageStrip
from slmdesk.gui.documents.question_pane import CitationRow

pytestmark = pytest.mark.gui

LETTER = "# The lease\n\nThe tenant pays 1,200 EUR.\n\n" + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3


@pytest.fixture
def desk(start, tmp_path):
    desk = start()
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(lambda: desk.documents.isVisible())
    return desk


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LETTER)
    return path


def drop(page, *paths) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), action, data, buttons, keys))


def opened(desk, *paths):
    drop(desk.documents, *paths)
    desk.wait(lambda: desk.find("coverage_strip").sentence.startswith("4 of 4"))


def rows(desk):
    model = desk.find("document_view").model()
    return [model.index(row).data() for row in range(model.rowCount())]


def test_an_empty_page_says_what_to_do(desk):
    assert desk.find("documents_empty").isVisible()
    assert desk.find("document_list_note").text() == "No document was opened yet."
    assert desk.find("empty_open_button").hasFocus() or desk.find("empty_open_button").isEnabled()


def test_a_dropped_document_is_read_and_its_pages_are_shown(desk, letter):
    opened(desk, letter)
    assert rows(desk) == ["lease.md"]
    assert desk.documents.view.count == 4
    assert desk.find("document_title").full_text == "lease.md"
    assert desk.find("coverage_words").text() == "4 of 4 sections read"
    words = [label.text() for label in desk.find("about_document").findChildren(type(desk.find("coverage_words")))]
    assert "4 of 4 sections have words that were read." in words
    desk.wait(lambda: desk.documents.view._sheets[0].words is not None)
    assert "The tenant pays" in desk.documents.view._sheets[0].words.toPlainText()


def test_words_are_found_marked_and_gone_to(desk, letter):
    opened(desk, letter)
    QTest.keyClick(desk.documents, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = desk.find("find_line")
    QTest.keyClicks(line, "march")
    desk.wait(lambda: desk.find("find_count").text() == "1 of 3")
    assert [sheet.page.number for sheet in desk.documents.view._sheets if sheet.spans] == [2, 3, 4]
    start, end = desk.documents.view._sheets[1].spans[0]
    desk.wait(lambda: desk.documents.view._sheets[1].page.text[start:end] == "March")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert desk.find("find_count").text() == "2 of 3"
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert desk.find("find_count").text() == "3 of 3"
    QTest.keyClick(line, Qt.Key.Key_Escape)
    desk.wait(lambda: not any(sheet.spans for sheet in desk.documents.view._sheets))
    QTest.keyClicks(line, "absent")
    desk.wait(lambda: desk.find("find_count").text() == "not found")


def test_a_document_is_taken_off_the_list_and_comes_back(desk, letter):
    opened(desk, letter)
    desk.find("document_view").setFocus()
    QTest.keyClick(desk.find("document_view"), Qt.Key.Key_Delete)
    desk.wait(lambda: desk.find("documents_empty").isVisible())
    assert rows(desk) == []
    (bar,) = desk.window.notices.bars
    assert "Its file stays" in bar.notice.text
    bar.notice.on_action()
    desk.wait(lambda: rows(desk) == ["lease.md"] and desk.documents.view.count == 4)
    assert letter.read_text() == LETTER


def test_what_is_off_the_list_is_forgotten_when_the_time_is_over(desk, letter):
    opened(desk, letter)
    desk.frame.documents.undo_ms = 1
    document = desk.frame.documents.current
    desk.frame.documents.remove(document)
    desk.wait(lambda: not desk.ask(lambda services: services.store.documents()))


def test_a_folder_is_read_and_what_cannot_be_read_is_said(desk, letter, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.txt").write_text("one\n\ntwo")
    (tmp_path / "odd.xyz").write_bytes(b"\0\1\2")
    drop(desk.documents, letter, tmp_path / "more")
    desk.wait(lambda: sorted(rows(desk)) == ["a.txt", "lease.md"])
    assert desk.find("document_title").full_text == "lease.md"
    drop(desk.documents, tmp_path / "odd.xyz")
    desk.wait(lambda: any("cannot be read" in bar.notice.text for bar in desk.window.notices.bars))


def test_the_next_start_still_has_it(desk, letter, start):
    opened(desk, letter)
    desk.close()
    again = start()
    again.documents = again.frame.documents_page
    QTest.keyClick(again.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    again.wait(lambda: rows(again) == ["lease.md"])
    letter.write_text(LETTER + "\nMore.")
    view = again.find("document_view")
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(0)).center())
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: any("has changed" in bar.notice.text for bar in again.window.notices.bars))


def test_5000_pages_scroll_and_only_those_in_sight_are_asked_for(desk, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("\f".join(f"Page {number}\n\nwords" for number in range(1, 5001)))
    drop(desk.documents, path)
    desk.wait(lambda: desk.find("coverage_strip").sentence == "5,000 of 5,000 pages read")
    view = desk.documents.view
    QTest.keyClick(view, Qt.Key.Key_End)
    desk.wait(lambda: view._sheets[-1].words is not None)
    assert "Page 5000" in view._sheets[-1].words.toPlainText()
    assert sum(sheet.words is not None for sheet in view._sheets) < 60


def test_the_strip_shows_the_worst_of_pages_that_share_a_cell(qtbot, desk):
    strip = CoverageStrip(desk.frame._keeper)
    qtbot.addWidget(strip)
    strip.resize(300, 22)
    strip.show_cells([Cell(number, "unreadable" if number == 777 else "read") for number in range(1, 1001)])
    assert len(strip.groups()) <= 100
    assert strip.sentence == "999 of 1,000 pages read, 1 could not be read"
    chosen = []
    strip.page_chosen.connect(chosen.append)
    index = next(n for n, group in enumerate(strip.groups()) if any(cell.number == 777 for cell in group))
    width = strip.width() / len(strip.groups())
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round((index + 0.5) * width), 10))
    assert chosen == [777]
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert chosen == [777, 778]


def test_a_summary_leads_to_its_passages(desk, letter, model_file):
    """With a model that cannot keep to the form the sentences are the document's own, each with its place."""
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    opened(desk, letter)
    desk.click("summarize_button")
    pane = desk.documents._pane
    desk.wait(lambda: pane._summary is not None)
    assert "4 of 4 sections read." in desk.find("summary_coverage").text()
    assert pane.rows
    row = next(one for one in pane.rows if one.sentence.pages)
    desk.click(row)
    page = row.sentence.blocks[0].page
    desk.wait(lambda: [sheet.page.number for sheet in desk.documents.view._sheets if sheet.spans][:1] == [page])
    start, end = desk.documents.view._sheets[page - 1].spans[0]
    desk.wait(lambda: desk.documents.view._sheets[page - 1].has_text)
    words = desk.documents.view._sheets[page - 1].page.text[start:end]
    assert row.sentence.text.split()[0] in words
    desk.click("copy_summary_button")
    assert "4 of 4 sections read." in QApplication.clipboard().text()
    desk.documents.view.place_clicked.emit(page, start, QPointF())
    assert row.property("lit")
    desk.click("about_chip")
    assert desk.find("about_document").isVisible()


def test_a_question_is_answered_with_passages_that_open(desk, letter, model_file):
    """The tiny model is too weak to quote: the passages that fit best are the answer, and that is said."""
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    opened(desk, letter)
    desk.click("questions_chip")
    QTest.keyClicks(desk.find("question_line"), "How much does the tenant pay?")
    QTest.keyClick(desk.find("question_line"), Qt.Key.Key_Return)
    pane = desk.find("question_pane")
    desk.wait(lambda: pane.findChildren(CitationRow) and desk.find("ask_button").isEnabled())
    words = [one.text() for one in pane.findChildren(QLabel, "question_part")]
    assert words[0].replace("\u200b", "") == "How much does the tenant pay?"
    assert "too weak" in words[1]
    row = pane.findChildren(CitationRow)[0]
    assert "1,200 EUR" in row.citation.quote
    desk.click(row)
    page = row.citation.page
    desk.wait(lambda: desk.documents.view._sheets[page - 1].spans == ((row.citation.start, row.citation.end),))
    desk.documents._controller.remove(desk.documents._controller.current)
    desk.wait(lambda: not [one for one in pane.findChildren(CitationRow) if one.isVisible()])
