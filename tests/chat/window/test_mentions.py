"""`@` in the message: names of documents and folders while typing, by keys and by mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from slmdesk.base.runtime.events import DocumentsChanged
from slmdesk.documents.service import LibraryName

pytestmark = pytest.mark.gui

TEXTS = {
    "lease.txt": "The rent is 900 euros.",
    "annual lease report.txt": "The pump stops at 12 bar.",
    "minutes.txt": "The meeting began at nine.",
}


@pytest.fixture
def library(program, tmp_path):
    """A window with three documents, and the focus in the message."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
        got = []
        program.bridge.follow(lambda services, path=tmp_path / name: services.documents.open(path), got.append)
        program.wait(lambda got=got: got)
    program.wait(program.is_in_front)
    program.page.composer.setFocus()
    program.chat.attached.names.refresh()
    program.wait(lambda: len(program.chat.attached.names.find("")) == len(TEXTS))
    return program


def names(program):
    """The names on show; None where there is no list."""
    shown = program.find("mention_list")
    return [shown.item(at).text() for at in range(shown.count())] if shown.isVisible() else None


def press(program, *keys):
    for key in keys:
        QTest.keyClick(program.page.composer.input_box, key)


def drafts(program):
    return [draft.name for draft in program.chat.attached.now]


def text(program):
    return program.page.composer.text


def test_the_list_opens_at_once_is_filtered_and_enter_attaches(library):
    library.type("What does @")
    assert len(names(library)) == 3
    library.type("lea")
    assert names(library) == ["lease.txt", "annual lease report.txt"]
    press(library, Qt.Key.Key_Return)
    assert names(library) is None
    assert text(library) == "What does lease.txt "
    assert drafts(library) == ["lease.txt"]
    library.type("say?")
    library.wait(lambda: library.chat.attached.now[0].pages)
    press(library, Qt.Key.Key_Return)
    library.wait(lambda: len(library.chat.message_ids) == 2)
    library.wait_idle()
    question = library.messages()[0]
    assert question.words == "What does lease.txt say?"
    assert "900 euros" in question.attachments[0].text
    below = [line.accessibleName() for line in library.page.view.findChildren(QToolButton, "message_extra")]
    assert not [line for line in below if line.startswith("lease.txt \u00b7")], "the text names it already"


def test_arrows_tab_and_the_mouse_choose(library):
    library.type("@lease")
    press(library, Qt.Key.Key_Down, Qt.Key.Key_Tab)
    assert drafts(library) == ["annual lease report.txt"]
    assert library.page.composer.input_box.hasFocus()
    library.type("and @lease")
    press(library, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return)
    assert drafts(library) == ["annual lease report.txt", "lease.txt"]
    library.type("@")
    shown = library.find("mention_list", library.page)
    row = next(at for at in range(shown.count()) if shown.item(at).text() == "minutes.txt")
    library.click_item(shown, row)
    assert drafts(library)[-1] == "minutes.txt"
    assert text(library) == "annual lease report.txt and lease.txt minutes.txt "
    library.type("@minutes")
    press(library, Qt.Key.Key_Return)
    assert len(drafts(library)) == 3, "it is attached already"


def test_nothing_opens_after_esc_in_an_address_or_where_no_name_fits(library):
    library.type("@lea")
    press(library, Qt.Key.Key_Escape)
    assert names(library) is None
    library.type("se")
    assert names(library) is None
    assert (text(library), drafts(library)) == ("@lease", [])
    library.page.composer.input_box.clear()
    for words in ("write to a@b.de", " or to anna.lee@", " or me@lease", "x_@lease"):
        library.type(words)
        assert names(library) is None
    library.page.composer.input_box.clear()
    library.type("Dear @nobody")
    assert names(library) is None
    press(library, *[Qt.Key.Key_Backspace] * 6)
    assert len(names(library)) == 3
    library.type(" and")
    assert names(library) is None
    press(library, Qt.Key.Key_Return)
    library.wait(lambda: len(library.chat.message_ids) == 2)
    assert library.messages()[0].words == "Dear @ and"


def test_the_cursor_the_focus_and_another_chat_close_it(library):
    library.type("see @lea")
    press(library, Qt.Key.Key_Home)
    assert names(library) is None
    press(library, Qt.Key.Key_End)
    assert names(library) is None
    library.type(" (@lea")
    assert names(library) is not None
    library.page.chat_list.search_box.setFocus()
    assert names(library) is None
    library.page.composer.setFocus()
    library.put(" \U0001f600 ")
    library.type("@min")
    assert names(library) == ["minutes.txt"]
    press(library, Qt.Key.Key_Return)
    assert text(library) == "see @lea (@lea \U0001f600 minutes.txt "
    library.page.composer.input_box.undo()
    assert text(library).endswith("\U0001f600 @min")


def test_without_documents_it_says_so_and_enter_still_sends(program):
    program.wait(program.is_in_front)
    program.page.composer.setFocus()
    program.wait(lambda: program.chat.attached.names.is_known)
    program.type("@")
    assert names(program) == ["No documents yet"]
    press(program, Qt.Key.Key_Down, Qt.Key.Key_Return)
    program.wait(lambda: len(program.chat.message_ids) == 2)
    assert program.messages()[0].words == "@"
    program.type("@x")
    assert names(program) is None


def test_of_thousands_fifty_are_shown_and_the_rest_is_counted(program, monkeypatch):
    many = [LibraryName(str(at), f"Letter {at}.txt", f"letter {at}.txt", "Letters") for at in range(5000)]
    monkeypatch.setattr("slmdesk.documents.service.DocumentService.names", lambda _self: many)
    program.bridge.deliver(DocumentsChanged())
    program.wait(program.is_in_front)
    program.page.composer.setFocus()
    program.type("@")
    program.wait(lambda: len(names(program)) == 51)
    assert names(program)[-1] == "4,950 more: go on typing"
    program.type("letter 4999")
    assert names(program) == ["Letter 4999.txt"]
    assert QApplication.focusWidget() is program.page.composer.input_box
