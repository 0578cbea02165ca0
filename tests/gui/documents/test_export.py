"""Chats handed out from the window."""

from __future__ import annotations

import docx
import pypdfium2
import pytest
from PySide6.QtWidgets import QFileDialog, QMenu

pytestmark = pytest.mark.gui


def chosen(desk, menu: QMenu, form: str, target) -> None:
    """Choose a form in the menu and a file in the dialog that follows."""
    action = next(one for one in menu.actions() if one.objectName() == f"export_{form}")
    action.trigger()
    dialog = desk.page.findChild(QFileDialog, "export_dialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(target))
    dialog.close()
    desk.wait(lambda: any(str(target) in one for one in desk.notices()))
    desk.wait(lambda: desk.page.findChild(QFileDialog, "export_dialog") is None)


def test_the_open_chat_is_exported_as_word_and_pdf(desk, tmp_path):
    button = desk.find("export_button")
    assert not button.isEnabled(), "nothing was said yet"
    desk.send("alpha beta")
    desk.wait_idle()
    desk.wait(button.isEnabled)
    assert [one.text() for one in button.menu().actions()][:2] == ["Word document…", "PDF…"]
    chosen(desk, button.menu(), "docx", tmp_path / "chat.docx")
    words = "\n".join(one.text for one in docx.Document(tmp_path / "chat.docx").paragraphs)
    assert "You said: alpha beta" in words
    chosen(desk, button.menu(), "pdf", tmp_path / "chat.pdf")
    assert "You said: alpha beta" in pypdfium2.PdfDocument(tmp_path / "chat.pdf")[0].get_textpage().get_text_range()


def test_a_chat_of_the_list_is_exported_and_what_fails_is_said(desk, tmp_path):
    desk.send("gamma")
    desk.wait_idle()
    view = desk.page.chat_list.view
    desk.wait(lambda: view.model().rowCount() == 1)
    view.setCurrentIndex(view.model().index(0))
    menu = desk.page.chat_list.findChild(QMenu, "export_menu")
    chosen(desk, menu, "html", tmp_path / "chat.html")
    assert "You said: gamma" in (tmp_path / "chat.html").read_text()
    action = next(one for one in menu.actions() if one.objectName() == "export_md")
    action.trigger()
    desk.page.findChild(QFileDialog, "export_dialog").fileSelected.emit(str(tmp_path / "none" / "chat.md"))
    desk.wait(lambda: any("none" in one for one in desk.notices()))
