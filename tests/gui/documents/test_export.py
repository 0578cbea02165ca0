"""Chats handed out from the window."""

from __future__ import annotations

import docx
import pypdfium2
import pytest
from PySide6.QtWidgets import QFileDialog, QMenu

pytestmark = pytest.mark.gui


def chosen(service_thread, menu: QMenu, form: str, target) -> None:
    """Choose a form in the menu and a file in the dialog that follows."""
    action = next(one for one in menu.actions() if one.objectName() == f"export_{form}")
    action.trigger()
    dialog = service_thread.page.findChild(QFileDialog, "export_dialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(target))
    dialog.close()
    service_thread.wait(lambda: any(str(target) in one for one in service_thread.notices()))
    service_thread.wait(lambda: service_thread.page.findChild(QFileDialog, "export_dialog") is None)


def test_the_open_chat_is_exported_as_word_and_pdf(service_thread, tmp_path):
    button = service_thread.find("export_button")
    assert not button.isEnabled(), "nothing was said yet"
    service_thread.send("alpha beta")
    service_thread.wait_idle()
    service_thread.wait(button.isEnabled)
    assert [one.text() for one in button.menu().actions()][:2] == ["Word document…", "PDF…"]
    chosen(service_thread, button.menu(), "docx", tmp_path / "chat.docx")
    words = "\n".join(one.text for one in docx.Document(tmp_path / "chat.docx").paragraphs)
    assert "You said: alpha beta" in words
    chosen(service_thread, button.menu(), "pdf", tmp_path / "chat.pdf")
    assert "You said: alpha beta" in pypdfium2.PdfDocument(tmp_path / "chat.pdf")[0].get_textpage().get_text_range()


def test_a_chat_of_the_list_is_exported_and_what_fails_is_said(service_thread, tmp_path):
    service_thread.send("gamma")
    service_thread.wait_idle()
    view = service_thread.page.chat_list.view
    service_thread.wait(lambda: view.model().rowCount() == 1)
    view.setCurrentIndex(view.model().index(0))
    menu = service_thread.page.chat_list.findChild(QMenu, "export_menu")
    chosen(service_thread, menu, "html", tmp_path / "chat.html")
    assert "You said: gamma" in (tmp_path / "chat.html").read_text()
    action = next(one for one in menu.actions() if one.objectName() == "export_md")
    action.trigger()
    service_thread.page.findChild(QFileDialog, "export_dialog").fileSelected.emit(str(tmp_path / "none" / "chat.md"))
    service_thread.wait(lambda: any("none" in one for one in service_thread.notices()))
