"""Documents that cannot be read, in the window: nothing of another one is shown, and the reason stands in its place."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtWidgets import QDialog, QFileDialog

pytestmark = pytest.mark.gui


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text("# The lease\n\nThe tenant pays.\n\n## Dates\n\nIt begins in March.\n")
    return path


def shown(program) -> str:
    return program.find("document_title").full_text


def test_the_reason_stands_where_the_pages_would_until_the_document_is_mended(program, letter, tmp_path):
    """Its first page is expected and never comes: the pages before it went on standing there, under its name."""
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing more")
    drop(program.documents, bad)
    program.wait(lambda: program.find("document_unread").isVisible())
    program.says("unread_title", "bad.pdf could not be read")
    assert program.find("unread_reason").text().endswith(".")
    for name in ("summary_begin", "question_ask"):
        assert not program.find(name).isEnabled()
    drop(program.documents, letter)
    program.wait(lambda: program.documents.view.count == 2 and program.documents.view.isVisible())
    assert not program.find("document_unread").isVisible()
    program.wait(lambda: program.find("summary_pane").report)
    drop(program.documents, bad)
    program.wait(lambda: shown(program) == "bad.pdf" and program.find("document_unread").isVisible())
    assert (program.documents.view.count, program.coverage, program.documents.view.isVisible()) == (0, "", False)
    rows = program.find("document_view").model()
    names = lambda: [rows.index(at).data() for at in range(rows.rowCount())]  # noqa: E731
    program.wait(lambda: names() == [letter.name, "bad.pdf"])
    program.click("unread_other_button")
    program.wait(lambda: program.documents.findChild(QFileDialog, "documents_dialog"))
    program.documents.findChild(QFileDialog, "documents_dialog").reject()
    bad.write_bytes(bytes(TinyPdf().page(Text(72, 700, "All is well."))))
    program.click("read_again_button")
    program.wait(lambda: program.documents.view.count == 1 and program.documents.view.isVisible())
    assert not program.find("document_unread").isVisible()


def test_after_the_right_password_the_document_is_on_show(program, letter, tmp_path):
    """It was dropped with another one, which was shown: whoever gives a password wants to see what it opens."""
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(program.documents, letter, locked)
    for word in ("wrong", "sesame"):
        program.wait(lambda: program.window.findChild(QDialog, "password_dialog"))
        dialog = program.window.findChild(QDialog, "password_dialog")
        dialog.line.setText(word)
        dialog.accept()
        program.wait(lambda gone=dialog: gone not in program.window.findChildren(QDialog))
    program.wait(lambda: shown(program) == "locked.pdf" and program.documents.view.count == 1)
    assert program.documents.view.isVisible()


def test_a_locked_document_asks_for_its_password_again(program, tmp_path):
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="sesame").page(Text(72, 700, "The secret rent."))))
    drop(program.documents, locked)
    program.wait(lambda: program.window.findChild(QDialog, "password_dialog"))
    dialog = program.window.findChild(QDialog, "password_dialog")
    dialog.reject()
    program.wait(lambda: dialog not in program.window.findChildren(QDialog))
    program.says("read_again_button", "Enter the password…")
    program.click("read_again_button")
    program.wait(lambda: program.window.findChild(QDialog, "password_dialog"))


@pytest.mark.qt_log_ignore("This plugin does not support")  # menus
def test_what_cannot_be_read_is_not_offered_redacted(program, letter, tmp_path):
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing more")
    view = program.find("document_view")

    def offered(name: str) -> set[str]:
        program.wait(lambda: shown(program) == name)
        menu = program.documents.document.menu
        menu.aboutToShow.emit()
        row = next(at for at in range(view.model().rowCount()) if view.model().index(at).data() == name)
        view.customContextMenuRequested.emit(view.visualRect(view.model().index(row)).center())
        popup = program.find("document_menu")
        names = {action.objectName() for shown_menu in (menu, popup) for action in shown_menu.actions()}
        popup.close()
        return names & {"document_redact", "document_remove"}

    drop(program.documents, letter)
    program.wait(lambda: program.documents.view.count == 2)
    assert offered(letter.name) == {"document_redact", "document_remove"}
    drop(program.documents, tmp_path / "bad.pdf")
    program.wait(lambda: program.find("document_unread").isVisible())
    assert offered("bad.pdf") == {"document_remove"}
    program.click("unread_remove_button")
    program.wait(lambda: view.model().rowCount() == 1)
