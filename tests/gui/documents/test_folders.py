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
def service_thread(start):
    service_thread = start()
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.documents = service_thread.frame.documents_page
    service_thread.wait(lambda: service_thread.documents.isVisible())
    service_thread.window.resize(1200, 800)
    return service_thread


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


def rows(service_thread, name):
    model = service_thread.find(name).model()
    return [model.index(row).data() for row in range(model.rowCount())]


def line(service_thread, name, row=0):
    model = service_thread.find(name).model()
    return model.index(row).data(int(Qt.ItemDataRole.UserRole) + 1)


def click_row(service_thread, name, row=0):
    view = service_thread.find(name)
    assert isinstance(view, QListView)
    place = view.visualRect(view.model().index(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def watched(service_thread, folder):
    drop(service_thread.documents, folder)
    service_thread.wait(lambda: any("holds 3 documents" in one for one in service_thread.notices()))
    (bar,) = [one for one in service_thread.window.notices.bars if "holds" in one.notice.text]
    service_thread.click(service_thread.find("notice_action", bar))
    service_thread.wait(lambda: rows(service_thread, "folder_list") == ["papers"])
    service_thread.wait(lambda: line(service_thread, "folder_list") == "2 documents, 1 not read")


def test_a_dropped_folder_is_watched_and_shown(service_thread, papers):
    assert not service_thread.find("folder_list").isVisible()
    watched(service_thread, papers)
    view = service_thread.find("folder_view")
    assert view.isVisible()
    assert service_thread.find("folder_words").text().replace("\u200b", "") == "2 documents with 3 pages can be asked."
    service_thread.wait(lambda: rows(service_thread, "folder_documents") == ["broken.pdf", "lease.md", "pump.txt"])
    assert "broken.pdf" in service_thread.find("folder_unread").text().replace("\u200b", "")
    assert rows(service_thread, "document_view") == [], "nobody opened one by itself"
    QTest.keyClicks(service_thread.find("folder_filter"), "pu")
    assert rows(service_thread, "folder_documents") == ["pump.txt"]
    click_row(service_thread, "folder_documents")
    service_thread.wait(lambda: service_thread.find("document_title").isVisible())
    service_thread.wait(lambda: service_thread.documents.view.count == 2)
    assert not view.isVisible()
    click_row(service_thread, "folder_list")
    service_thread.wait(view.isVisible)


def test_the_documents_of_a_dropped_folder_can_be_added_one_by_one(service_thread, papers):
    drop(service_thread.documents, papers)
    service_thread.wait(lambda: any("holds 3 documents" in one for one in service_thread.notices()))
    (bar,) = [one for one in service_thread.window.notices.bars if "holds" in one.notice.text]
    button = service_thread.find("notice_other_action", bar)
    assert button.text() == "Add these 3 documents"
    service_thread.click(button)
    service_thread.wait(lambda: sorted(rows(service_thread, "document_view")) == ["broken.pdf", "lease.md", "pump.txt"])
    assert rows(service_thread, "folder_list") == []


def test_a_folder_is_asked_and_a_quotation_opens_its_document(service_thread, papers):
    watched(service_thread, papers)
    pane = service_thread.find("folder_question_pane")
    line_edit = service_thread.find("folder_question_line")
    QTest.keyClicks(line_edit, "When does the pump stop?")
    QTest.keyClick(line_edit, Qt.Key.Key_Return)
    service_thread.wait(lambda: [one for one in pane.findChildren(CitationRow) if "12 bar" in one.citation.quote])
    (row,) = [one for one in pane.findChildren(CitationRow) if "12 bar" in one.citation.quote]
    assert any("pump.txt" in one.text() for one in row.findChildren(QLabel))
    service_thread.wait(row.isVisible)
    service_thread.click(row)
    service_thread.wait(lambda: service_thread.find("document_title").isVisible())
    service_thread.wait(lambda: service_thread.documents.view.count == 2)
    service_thread.wait(
        lambda: service_thread.documents.view._sheets[1].spans == ((row.citation.start, row.citation.end),)
    )


def test_enter_searches_the_text_of_everything(service_thread, papers):
    watched(service_thread, papers)
    search = service_thread.find("document_filter")
    QTest.keyClicks(search, "tenant")
    QTest.keyClick(search, Qt.Key.Key_Return)
    service_thread.wait(lambda: service_thread.find("hit_view").isVisible() and rows(service_thread, "hit_view"))
    assert rows(service_thread, "hit_view") == ["p. 1  \u00b7  lease.md"]
    assert "tenant pays" in line(service_thread, "hit_view")
    click_row(service_thread, "hit_view")
    service_thread.wait(
        lambda: (
            service_thread.find("document_title").isVisible()
            and service_thread.find("document_title").full_text == "lease.md"
        )
    )
    search.clear()
    assert not service_thread.find("hit_view").isVisible()
    QTest.keyClicks(search, "zzz")
    QTest.keyClick(search, Qt.Key.Key_Return)
    service_thread.wait(lambda: service_thread.find("document_list_note").text() == "These words stand in no document.")


def test_taking_a_folder_off_the_list_can_be_undone(service_thread, papers):
    watched(service_thread, papers)
    QTest.keyClick(service_thread.find("folder_list"), Qt.Key.Key_Delete)
    service_thread.wait(lambda: rows(service_thread, "folder_list") == [])
    assert not service_thread.find("folder_view").isVisible()
    (bar,) = [one for one in service_thread.window.notices.bars if "off the list" in one.notice.text]
    service_thread.click(service_thread.find("notice_action", bar))
    service_thread.wait(lambda: rows(service_thread, "folder_list") == ["papers"])
    service_thread.frame.documents_area.folders.undo_ms = 1
    QTest.keyClick(service_thread.find("folder_list"), Qt.Key.Key_Delete)
    service_thread.wait(lambda: service_thread.ask(lambda services: services.store.collections()) == [])
    assert (papers / "lease.md").exists()


def test_a_folder_is_chosen_in_a_dialog_and_a_missing_one_is_said(service_thread, papers, tmp_path):
    service_thread.click("watch_folder_button")
    dialog = service_thread.documents.findChild(QFileDialog, "folder_dialog")
    dialog.fileSelected.emit(str(tmp_path / "none"))
    service_thread.wait(lambda: any("There is no folder" in one for one in service_thread.notices()))
    dialog.fileSelected.emit(str(papers))
    dialog.close()
    service_thread.wait(lambda: rows(service_thread, "folder_list") == ["papers"])
    service_thread.wait(lambda: line(service_thread, "folder_list") == "2 documents, 1 not read")
    papers.rename(tmp_path / "gone")
    service_thread.click("folder_look_button")
    service_thread.wait(lambda: "not reachable" in line(service_thread, "folder_list"))
    assert service_thread.find("folder_question_pane").isEnabled(), "what was read can be asked"
