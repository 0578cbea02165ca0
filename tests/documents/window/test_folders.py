"""Folders in the window: offered when dropped, read, asked, searched, taken off the list with a way back."""

from __future__ import annotations

import time

import pytest
from fakes.asking import ask, press, quotations_in
from fakes.contents import write
from fakes.dropping import drop, listed
from fakes.recorder import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QListView

from slmdesk.tasks.tables.request import TableRequest
from slmdesk.tasks.tables.types import Column
from slmdesk.ui.chat.attachments import NOTHING_YET

pytestmark = pytest.mark.gui


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


def rows(program, name):
    model = program.find(name).model()
    return [model.index(row).data() for row in range(model.rowCount())]


def line(program, name, row=0):
    model = program.find(name).model()
    return model.index(row).data(int(Qt.ItemDataRole.UserRole) + 1)


def click_row(program, name, row=0):
    view = program.find(name)
    assert isinstance(view, QListView)
    program.click_item(view, row)


def watched(program, folder):
    drop(program.documents, folder)
    program.wait(lambda: program.is_said("holds 3"))
    broken = "broken.pdf"  # said by a notice, or by the page where that is on show
    program.wait(lambda: program.is_said(broken) or any(broken in name for name in listed(program)))
    bar = next(bar for bar in program.window.notices.bars if "holds" in bar.notice.text)
    program.click(program.find("notice_action", bar))
    program.wait(lambda: rows(program, "folder_list") == ["papers"])
    program.wait(lambda: line(program, "folder_list") == "2 documents, 1 not read")


def test_a_dropped_folder_is_watched_and_shown(program, papers):
    assert not program.find("folder_list").isVisible()
    watched(program, papers)
    view = program.find("folder_view")
    assert view.isVisible()
    program.says("folder_words", "2 documents with 3 pages can be asked.")
    program.wait(lambda: rows(program, "folder_documents") == ["broken.pdf", "lease.md", "pump.txt"])
    program.mentions("folder_unread", "broken.pdf")
    program.type_into("folder_filter", "pu")
    assert rows(program, "folder_documents") == ["pump.txt"]
    click_row(program, "folder_documents")
    program.wait(lambda: program.find("document_title").isVisible())
    program.wait(lambda: program.documents.view.count == 2)
    assert not view.isVisible()
    click_row(program, "folder_list")
    program.wait(view.isVisible)
    (papers / "sub/pump.txt").unlink()
    program.click("folder_look_button")
    program.wait(lambda: "1 document with 1 page can" in program.find("folder_words").text().replace("\u200b", ""))
    drop(program.documents, papers)
    program.wait(lambda: any("holds 2 documents" in notice for notice in program.notices()))
    (bar,) = [bar for bar in program.window.notices.bars if "holds 2" in bar.notice.text]
    assert not bar.notice.action, "it is watched"


def test_a_watched_folder_shows_its_table(program, papers, tmp_path):
    add_model(program.services, tmp_path / "echo.gguf")
    write(papers / "lease.md", "Rent: 900 EUR\n")
    write(papers / "sub/pump.txt", "Rent: 70 EUR\n")
    watched(program, papers)
    listed = lambda row: "1 " in (line(program, "folder_documents", row) or "")  # noqa: E731 - and read
    program.wait(lambda: listed(1) and listed(2))
    program.click("folder_table_button")
    model = program.find("extraction_cells").model()
    read = [["lease.md", "900 EUR"], ["pump.txt", "70 EUR"]]
    program.wait(lambda: [[model.index(row, at).data() for at in (0, 1)] for row in (0, 1)] == read)
    program.wait(lambda: not program.find("making_extraction").isVisible())


def test_a_table_that_was_begun_before_leaves_a_watched_folder_on_show(program, papers, tmp_path):
    add_model(program.services, tmp_path / "echo.gguf")
    watched(program, papers)
    known = program.ask(lambda services: services.documents.recent())
    (lease,) = (record.id for record in known if record.name == "lease.md")
    request = TableRequest((lease,), (Column("Rent"),))
    begun = program.ask(lambda services: services.tasks.begin("extraction", request))
    program.frame.documents_area.tables.folder_begun.emit(begun)
    program.ask(lambda _services: None)
    assert program.find("folder_view").isVisible()


def test_the_documents_of_a_dropped_folder_are_opened_for_a_table_and_nothing_else(program, papers, tmp_path):
    add_model(program.services, tmp_path / "echo.gguf")
    write(papers / "sub/pump.txt", "Rent: 70 EUR\n")
    drop(program.documents, papers)
    program.wait(lambda: program.documents.side.current == "table")
    assert sorted(rows(program, "document_view")) == ["broken.pdf", "lease.md", "pump.txt"]
    program.says("document_title", "2 documents")
    program.says("document_state", "")  # no pages of the shown one beside the number of all
    assert rows(program, "folder_list") == []
    program.wait(lambda: program.find("extraction_cells").model().rowCount())
    documents = program.frame.documents_area.tables.chosen
    made = [program.ask(lambda services, id=id: services.history.about(id, "summary")) for id in documents]
    assert made == [[], []]


def test_very_many_documents_of_a_folder_are_opened_if_asked_for(program, papers, monkeypatch):
    monkeypatch.setattr("slmdesk.ui.documents.controller.MOST_OPENED", 2)
    drop(program.documents, papers)
    program.wait(lambda: any("holds 3 documents" in notice for notice in program.notices()))
    assert rows(program, "document_view") == []
    (bar,) = [bar for bar in program.window.notices.bars if "holds" in bar.notice.text]
    button = program.find("notice_other_action", bar)
    assert button.text() == "Add these 3 documents"
    program.click(button)
    program.wait(lambda: sorted(rows(program, "document_view")) == ["broken.pdf", "lease.md", "pump.txt"])


def test_a_folder_is_asked_and_searched_and_a_quotation_and_a_hit_open_their_document(program, papers):
    watched(program, papers)
    pane = program.find("folder_question_pane")
    ask(program, "When does the pump stop?", "folder_question_pane")
    program.wait(lambda: [quotation for quotation in quotations_in(pane) if "12 bar" in quotation.text])
    (quotation,) = [quotation for quotation in quotations_in(pane) if "12 bar" in quotation.text]
    (span,) = quotation.sources
    assert "pump.txt" in quotation.place
    press(pane, quotation)
    program.wait(lambda: program.find("document_title").isVisible())
    program.wait(lambda: program.documents.view.count == 2)
    program.wait(lambda: program.documents.view.sheets[1].spans == ((span.start, span.end),))
    search = program.find("document_filter")
    QTest.keyClicks(search, "tenant")
    QTest.keyClick(search, Qt.Key.Key_Return)
    program.wait(lambda: program.find("hit_view").isVisible() and rows(program, "hit_view"))
    assert rows(program, "hit_view") == ["p. 1  \u00b7  lease.md"]
    assert "tenant pays" in line(program, "hit_view")
    click_row(program, "hit_view")
    program.wait(
        lambda: program.find("document_title").isVisible() and program.find("document_title").full_text == "lease.md"
    )
    search.clear()
    assert not program.find("hit_view").isVisible()
    QTest.keyClicks(search, "zzz")
    QTest.keyClick(search, Qt.Key.Key_Return)
    program.says("document_list_note", "These words stand in no document.")


def test_taking_a_folder_off_the_list_can_be_undone(program, papers):
    watched(program, papers)
    QTest.keyClick(program.find("folder_list"), Qt.Key.Key_Delete)
    program.wait(lambda: rows(program, "folder_list") == [])
    assert not program.find("folder_view").isVisible()
    (bar,) = [bar for bar in program.window.notices.bars if "from the list" in bar.notice.text]
    program.click(program.find("notice_action", bar))
    program.wait(lambda: rows(program, "folder_list") == ["papers"])
    program.frame.documents_area.folders.removals.undo_ms = 1
    QTest.keyClick(program.find("folder_list"), Qt.Key.Key_Delete)
    program.wait(lambda: program.ask(lambda services: services.store.collections.all()) == [])
    assert (papers / "lease.md").exists()


def test_a_folder_is_chosen_in_a_dialog_and_a_missing_one_is_said(program, papers, tmp_path):
    program.documents.watch_folder()
    dialog = program.documents.findChild(QFileDialog, "folder_dialog")
    dialog.fileSelected.emit(str(tmp_path / "none"))
    program.wait(lambda: any("There is no folder" in notice for notice in program.notices()))
    dialog.fileSelected.emit(str(papers))
    dialog.close()
    program.wait(lambda: rows(program, "folder_list") == ["papers"])
    program.wait(lambda: line(program, "folder_list") == "2 documents, 1 not read")
    papers.rename(tmp_path / "gone")
    program.click("folder_look_button")
    program.wait(lambda: "not reachable" in line(program, "folder_list"))
    assert program.find("folder_question_pane").isEnabled(), "what was read can be asked"


def test_a_folder_whose_papers_are_open_elsewhere_does_not_say_that_it_has_none(program, tmp_path):
    folder = tmp_path / "open"
    write(folder / "Report.docx", "open in Word")
    write(folder / "~$port.docx", "its owner", at=time.time())
    program.frame.documents_area.folders.add(folder)
    program.wait(lambda: line(program, "folder_list") == "0 documents, 1 being written or open elsewhere")
    click_row(program, "folder_list")
    program.wait(program.find("folder_view").isVisible)
    program.says("folder_words", "None of its documents has been read yet.")
    (named,) = program.ask(lambda services: services.documents.names())
    program.chat.attached.add_known(named)
    program.wait(lambda: [draft.words for draft in program.chat.attached.now] == [NOTHING_YET])
