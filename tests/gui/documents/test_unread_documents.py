"""Documents that cannot be read, in the window: nothing of another one is shown, and the reason stands in its place."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog

pytestmark = pytest.mark.gui


@pytest.fixture
def desk(start, tmp_path):
    desk = start()
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(lambda: desk.documents.isVisible())
    desk.window.resize(1200, 800)
    return desk


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text("# The lease\n\nThe tenant pays.\n\n## Dates\n\nIt begins in March.\n")
    return path


def shown(desk) -> str:
    return desk.find("document_title").full_text


def is_empty(desk) -> bool:
    return not desk.documents.view.count and not desk.find("coverage_words").text()


def test_an_unreadable_pdf_shows_nothing_of_the_document_before(desk, letter, tmp_path):
    """Its first page is expected and never comes: the pages before it went on standing there, under its name."""
    drop(desk.documents, letter)
    desk.wait(lambda: desk.documents.view.count == 2)
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing more")
    drop(desk.documents, tmp_path / "bad.pdf")
    desk.wait(lambda: shown(desk) == "bad.pdf" and desk.find("document_unread").isVisible())
    assert is_empty(desk)
    assert desk.documents._thumbs.count == 0
    assert not desk.documents.view.isVisible()


def test_the_reason_stands_where_the_pages_would(desk, letter, tmp_path):
    bad = tmp_path / "bad.docx"
    bad.write_bytes(b"PK\x03\x04 and nothing more")
    drop(desk.documents, bad)
    desk.wait(lambda: desk.find("document_unread").isVisible())
    assert desk.find("unread_title").text() == "bad.docx could not be read"
    assert desk.find("unread_reason").text().endswith(".")
    for name in ("summarize_button", "ask_button"):
        assert not desk.find(name).isEnabled()
    drop(desk.documents, letter)
    desk.wait(lambda: desk.documents.view.count == 2 and desk.documents.view.isVisible())
    assert not desk.find("document_unread").isVisible()
    assert desk.find("summarize_button").isEnabled()


def test_a_document_that_was_mended_is_read_from_there(desk, tmp_path):
    bad = tmp_path / "report.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing more")
    drop(desk.documents, bad)
    desk.wait(lambda: desk.find("document_unread").isVisible())
    bad.write_bytes(bytes(TinyPdf().page(Text(72, 700, "All is well."))))
    desk.click("read_again_button")
    desk.wait(lambda: desk.documents.view.count == 1 and desk.documents.view.isVisible())
    assert not desk.find("document_unread").isVisible()


def test_after_the_right_password_the_document_is_on_show(desk, letter, tmp_path):
    """It was dropped with another one, which was shown: whoever gives a password wants to see what it opens."""
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(desk.documents, letter, locked)
    for word in ("wrong", "sesame"):
        desk.wait(lambda: desk.documents.findChild(QInputDialog, "password_dialog"))
        dialog = desk.documents.findChild(QInputDialog, "password_dialog")
        dialog.setTextValue(word)
        dialog.accept()
        desk.wait(lambda gone=dialog: gone not in desk.documents.findChildren(QInputDialog))
    desk.wait(lambda: shown(desk) == "locked.pdf" and desk.documents.view.count == 1)
    assert desk.documents.view.isVisible()


def test_a_locked_document_asks_for_its_password_again(desk, tmp_path):
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(desk.documents, locked)
    desk.wait(lambda: desk.documents.findChild(QInputDialog, "password_dialog"))
    dialog = desk.documents.findChild(QInputDialog, "password_dialog")
    dialog.reject()
    desk.wait(lambda: dialog not in desk.documents.findChildren(QInputDialog))
    assert desk.find("read_again_button").text() == "Enter the password…"
    desk.click("read_again_button")
    desk.wait(lambda: desk.documents.findChild(QInputDialog, "password_dialog"))
