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
def service_thread(start, tmp_path):
    service_thread = start()
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.documents = service_thread.frame.documents_page
    service_thread.wait(lambda: service_thread.documents.isVisible())
    service_thread.window.resize(1200, 800)
    return service_thread


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text("# The lease\n\nThe tenant pays.\n\n## Dates\n\nIt begins in March.\n")
    return path


def shown(service_thread) -> str:
    return service_thread.find("document_title").full_text


def is_empty(service_thread) -> bool:
    return not service_thread.documents.view.count and not service_thread.find("coverage_words").text()


def test_an_unreadable_pdf_shows_nothing_of_the_document_before(service_thread, letter, tmp_path):
    """Its first page is expected and never comes: the pages before it went on standing there, under its name."""
    drop(service_thread.documents, letter)
    service_thread.wait(lambda: service_thread.documents.view.count == 2)
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing more")
    drop(service_thread.documents, tmp_path / "bad.pdf")
    service_thread.wait(
        lambda: shown(service_thread) == "bad.pdf" and service_thread.find("document_unread").isVisible()
    )
    assert is_empty(service_thread)
    assert service_thread.documents._thumbs.count == 0
    assert not service_thread.documents.view.isVisible()


def test_the_reason_stands_where_the_pages_would(service_thread, letter, tmp_path):
    bad = tmp_path / "bad.docx"
    bad.write_bytes(b"PK\x03\x04 and nothing more")
    drop(service_thread.documents, bad)
    service_thread.wait(lambda: service_thread.find("document_unread").isVisible())
    assert service_thread.find("unread_title").text() == "bad.docx could not be read"
    assert service_thread.find("unread_reason").text().endswith(".")
    for name in ("summarize_button", "ask_button"):
        assert not service_thread.find(name).isEnabled()
    drop(service_thread.documents, letter)
    service_thread.wait(lambda: service_thread.documents.view.count == 2 and service_thread.documents.view.isVisible())
    assert not service_thread.find("document_unread").isVisible()
    assert service_thread.find("summarize_button").isEnabled()


def test_a_document_that_was_mended_is_read_from_there(service_thread, tmp_path):
    bad = tmp_path / "report.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing more")
    drop(service_thread.documents, bad)
    service_thread.wait(lambda: service_thread.find("document_unread").isVisible())
    bad.write_bytes(bytes(TinyPdf().page(Text(72, 700, "All is well."))))
    service_thread.click("read_again_button")
    service_thread.wait(lambda: service_thread.documents.view.count == 1 and service_thread.documents.view.isVisible())
    assert not service_thread.find("document_unread").isVisible()


def test_after_the_right_password_the_document_is_on_show(service_thread, letter, tmp_path):
    """It was dropped with another one, which was shown: whoever gives a password wants to see what it opens."""
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(service_thread.documents, letter, locked)
    for word in ("wrong", "sesame"):
        service_thread.wait(lambda: service_thread.documents.findChild(QInputDialog, "password_dialog"))
        dialog = service_thread.documents.findChild(QInputDialog, "password_dialog")
        dialog.setTextValue(word)
        dialog.accept()
        service_thread.wait(lambda gone=dialog: gone not in service_thread.documents.findChildren(QInputDialog))
    service_thread.wait(lambda: shown(service_thread) == "locked.pdf" and service_thread.documents.view.count == 1)
    assert service_thread.documents.view.isVisible()


def test_a_locked_document_asks_for_its_password_again(service_thread, tmp_path):
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(service_thread.documents, locked)
    service_thread.wait(lambda: service_thread.documents.findChild(QInputDialog, "password_dialog"))
    dialog = service_thread.documents.findChild(QInputDialog, "password_dialog")
    dialog.reject()
    service_thread.wait(lambda: dialog not in service_thread.documents.findChildren(QInputDialog))
    assert service_thread.find("read_again_button").text() == "Enter the password…"
    service_thread.click("read_again_button")
    service_thread.wait(lambda: service_thread.documents.findChild(QInputDialog, "password_dialog"))
