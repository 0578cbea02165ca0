"""Folders in the window: offered when dropped, read, asked, searched, taken off the list with a way back."""

from __future__ import annotations

import os

import pytest
from fakes.dropping import drop
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QListView

from slmdesk.gui.documents.questions.pane import CitationRow

pytestmark = pytest.mark.gui

OLD = 1_000_000_000


@pytest.fixture
def desk(start):
    desk = start()
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(lambda: desk.documents.isVisible())
    desk.window.resize(1200, 800)
    return desk


@pytest.fixture
def papers(tmp_path):
    folder = tmp_path / "papers"
    for name, words in {
        "lease.md": "# The lease\n\nThe tenant pays 1,200 EUR.\n",
        "sub/pump.txt": "Nothing here. " * 40 + "\fThe pump stops at 12 bar.",
        "broken.pdf": "no pdf\0\0",
    }.items():
        write(folder / name, words)
    return folder


def write(path, words):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)
    os.utime(path, (OLD, OLD))


def rows(desk, name):
    model = desk.find(name).model()
    return [model.index(row).data() for row in range(model.rowCount())]


def line(desk, name, row=0):
    model = desk.find(name).model()
    return model.index(row).data(int(Qt.ItemDataRole.UserRole) + 1)


def click_row(desk, name, row=0):
    view = desk.find(name)
    assert isinstance(view, QListView)
    place = view.visualRect(view.model().index(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def watched(desk, folder):
    drop(desk.documents, folder)
    desk.wait(lambda: any("holds 3 documents" in one for one in desk.notices()))
    (bar,) = [one for one in desk.window.notices.bars if "holds" in one.notice.text]
    desk.click(desk.find("notice_action", bar))
    desk.wait(lambda: rows(desk, "folder_list") == ["papers"])
    desk.wait(lambda: line(desk, "folder_list") == "2 documents, 1 not read")


def test_a_dropped_folder_is_watched_and_shown(desk, papers):
    assert not desk.find("folder_list").isVisible()
    watched(desk, papers)
    view = desk.find("folder_view")
    assert view.isVisible()
    assert desk.find("folder_words").text().replace("\u200b", "") == "2 documents with 3 pages can be asked."
    desk.wait(lambda: rows(desk, "folder_documents") == ["broken.pdf", "lease.md", "pump.txt"])
    assert "broken.pdf" in desk.find("folder_unread").text().replace("\u200b", "")
    assert rows(desk, "document_view") == [], "nobody opened one by itself"
    QTest.keyClicks(desk.find("folder_filter"), "pu")
    assert rows(desk, "folder_documents") == ["pump.txt"]
    click_row(desk, "folder_documents")
    desk.wait(lambda: desk.find("document_title").isVisible())
    desk.wait(lambda: desk.documents.view.count == 2)
    assert not view.isVisible()
    click_row(desk, "folder_list")
    desk.wait(view.isVisible)


def test_the_documents_of_a_dropped_folder_can_be_added_one_by_one(desk, papers):
    drop(desk.documents, papers)
    desk.wait(lambda: any("holds 3 documents" in one for one in desk.notices()))
    (bar,) = [one for one in desk.window.notices.bars if "holds" in one.notice.text]
    button = desk.find("notice_other_action", bar)
    assert button.text() == "Add these 3 documents"
    desk.click(button)
    desk.wait(lambda: sorted(rows(desk, "document_view")) == ["broken.pdf", "lease.md", "pump.txt"])
    assert rows(desk, "folder_list") == []


def test_a_folder_is_asked_and_a_quotation_opens_its_document(desk, papers):
    watched(desk, papers)
    pane = desk.find("folder_question_pane")
    line_edit = desk.find("folder_question_line")
    QTest.keyClicks(line_edit, "When does the pump stop?")
    QTest.keyClick(line_edit, Qt.Key.Key_Return)
    desk.wait(lambda: [one for one in pane.findChildren(CitationRow) if "12 bar" in one.citation.quote])
    (row,) = [one for one in pane.findChildren(CitationRow) if "12 bar" in one.citation.quote]
    assert any("pump.txt" in one.text() for one in row.findChildren(QLabel))
    desk.wait(row.isVisible)
    desk.click(row)
    desk.wait(lambda: desk.find("document_title").isVisible())
    desk.wait(lambda: desk.documents.view.count == 2)
    desk.wait(lambda: desk.documents.view._sheets[1].spans == ((row.citation.start, row.citation.end),))


def test_enter_searches_the_text_of_everything(desk, papers):
    watched(desk, papers)
    search = desk.find("document_filter")
    QTest.keyClicks(search, "tenant")
    QTest.keyClick(search, Qt.Key.Key_Return)
    desk.wait(lambda: desk.find("hit_view").isVisible() and rows(desk, "hit_view"))
    assert rows(desk, "hit_view") == ["p. 1  \u00b7  lease.md"]
    assert "tenant pays" in line(desk, "hit_view")
    click_row(desk, "hit_view")
    desk.wait(lambda: desk.find("document_title").isVisible() and desk.find("document_title").full_text == "lease.md")
    search.clear()
    assert not desk.find("hit_view").isVisible()
    QTest.keyClicks(search, "zzz")
    QTest.keyClick(search, Qt.Key.Key_Return)
    desk.wait(lambda: desk.find("document_list_note").text() == "These words stand in no document.")


def test_taking_a_folder_off_the_list_can_be_undone(desk, papers):
    watched(desk, papers)
    QTest.keyClick(desk.find("folder_list"), Qt.Key.Key_Delete)
    desk.wait(lambda: rows(desk, "folder_list") == [])
    assert not desk.find("folder_view").isVisible()
    (bar,) = [one for one in desk.window.notices.bars if "off the list" in one.notice.text]
    desk.click(desk.find("notice_action", bar))
    desk.wait(lambda: rows(desk, "folder_list") == ["papers"])
    desk.frame.documents_area.folders.undo_ms = 1
    QTest.keyClick(desk.find("folder_list"), Qt.Key.Key_Delete)
    desk.wait(lambda: desk.ask(lambda services: services.store.collections()) == [])
    assert (papers / "lease.md").exists()


def test_a_folder_is_chosen_in_a_dialog_and_a_missing_one_is_said(desk, papers, tmp_path):
    desk.click("watch_folder_button")
    dialog = desk.documents.findChild(QFileDialog, "folder_dialog")
    dialog.fileSelected.emit(str(tmp_path / "none"))
    desk.wait(lambda: any("There is no folder" in one for one in desk.notices()))
    dialog.fileSelected.emit(str(papers))
    dialog.close()
    desk.wait(lambda: rows(desk, "folder_list") == ["papers"])
    desk.wait(lambda: line(desk, "folder_list") == "2 documents, 1 not read")
    papers.rename(tmp_path / "gone")
    desk.click("folder_look_button")
    desk.wait(lambda: "not reachable" in line(desk, "folder_list"))
    assert desk.find("folder_question_pane").isEnabled(), "what was read can be asked"
