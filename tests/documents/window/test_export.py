"""Chats handed out from the window."""

from __future__ import annotations

import docx
import pypdfium2
import pytest
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

pytestmark = pytest.mark.gui


def chosen(program, menu: QMenu, form: str, target) -> None:
    """Choose a form in the menu and a file in the dialog that follows."""
    action = next(action for action in menu.actions() if action.objectName() == f"export_{form}")
    action.trigger()
    dialog = program.window.findChild(QFileDialog, "export_dialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: any(str(target) in notice for notice in program.notices()))
    program.wait(lambda: program.window.findChild(QFileDialog, "export_dialog") is None)


@pytest.fixture
def program(start, model_file):
    return start().with_model(model_file)


def test_a_chat_is_exported_where_it_is_open_and_from_the_list_and_what_fails_is_said(program, tmp_path):
    button = program.find("export_button")
    assert not button.isEnabled(), "nothing was said yet"
    program.send("alpha beta")
    program.wait_idle()
    program.wait(button.isEnabled)
    assert [action.text() for action in button.menu().actions()][:2] == ["Word document…", "PDF…"]
    chosen(program, button.menu(), "docx", tmp_path / "chat.docx")
    words = "\n".join(paragraph.text for paragraph in docx.Document(tmp_path / "chat.docx").paragraphs)
    assert "You said: alpha beta" in words
    chosen(program, button.menu(), "pdf", tmp_path / "chat.pdf")
    assert "You said: alpha beta" in pypdfium2.PdfDocument(tmp_path / "chat.pdf")[0].get_textpage().get_text_range()
    view = program.page.chat_list.view
    program.wait(lambda: view.model().rowCount() == 1)
    view.setCurrentIndex(view.model().index(0))
    menu = program.page.chat_list.findChild(QMenu, "export_menu")
    chosen(program, menu, "html", tmp_path / "chat.html")
    assert "You said: alpha beta" in (tmp_path / "chat.html").read_text()
    action = next(action for action in menu.actions() if action.objectName() == "export_md")
    action.trigger()
    program.window.findChild(QFileDialog, "export_dialog").fileSelected.emit(str(tmp_path / "none" / "chat.md"))
    program.wait(lambda: any("none" in notice for notice in program.notices()))


def test_an_export_that_breaks_ends_its_card_and_names_the_file(program, tmp_path, monkeypatch):
    """A bug opened its dialog, and the card said for ever that the file was being written."""
    program.send("alpha beta")
    program.wait_idle()
    program.wait(program.find("export_button").isEnabled)

    def broken(*_given: object, **_named: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("slmdesk.history.service.chat_paper", broken)
    monkeypatch.setattr("slmdesk.history.service.to_markdown", broken)
    exports, item = program.frame.chats.exports, program.chat.chat
    for form in ("docx", "pdf", "md"):
        target = tmp_path / f"chat.{form}"
        exports.export(item, form, target)
        program.wait(lambda target=target: program.is_said(f"{target.name} was not written."))
        assert not target.exists()
        program.wait(lambda: program.window.findChild(QMessageBox) is not None)
        program.window.findChild(QMessageBox).close()
    assert not [notice for notice in program.notices() if notice.startswith("Writing")]
    exports.export_all([(item, "One of two")], "docx", tmp_path)
    program.wait(lambda: program.is_said(f"0 of 1 chats were written to {tmp_path}, One of two.docx was not."))


def test_a_folder_that_cannot_be_written_is_named_with_the_file(program, tmp_path):
    program.send("alpha beta")
    program.wait_idle()
    program.frame.chats.exports.export(program.chat.chat, "docx", tmp_path / "none" / "chat.docx")
    program.wait(lambda: program.is_said("chat.docx was not written."))
    assert not [notice for notice in program.notices() if notice.startswith("Writing")]
