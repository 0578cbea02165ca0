"""The list of chats: order, paging, rename, delete with undo, search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from slmdesk.gui.chat.list.list import fit_snippet
from slmdesk.gui.chat.list.rows import OPEN_ROLE, WRITING_ROLE

pytestmark = pytest.mark.gui


def choose(service_thread, at: int) -> None:
    view = service_thread.page.chat_list.view
    place = view.visualRect(view.model().index(at)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(place))


def titles(service_thread) -> list[str]:
    return [row.title for row in service_thread.page.chat_list.view.model().rows]


def make_chats(service_thread, *words: str) -> None:
    for one in words:
        service_thread.click("new_chat_button")
        service_thread.send(one)
        service_thread.wait_idle()
        service_thread.wait(lambda one=one: titles(service_thread)[:1] == [one])


def test_newest_first_and_a_chat_moves_up_when_it_is_used(service_thread):
    make_chats(service_thread, "alpha", "beta", "gamma")
    assert titles(service_thread) == ["gamma", "beta", "alpha"]
    choose(service_thread, 2)
    service_thread.wait(lambda: service_thread.page._title.full_text == "alpha")
    service_thread.send("more")
    service_thread.wait_idle()
    service_thread.wait(lambda: titles(service_thread) == ["alpha", "gamma", "beta"])
    assert service_thread.page.chat_list.view.currentIndex().row() == 0


def test_rename_in_place(service_thread):
    make_chats(service_thread, "alpha", "beta")
    choose(service_thread, 1)
    view = service_thread.page.chat_list.view
    QTest.keyClick(view, Qt.Key.Key_F2)
    service_thread.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "A better name")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    service_thread.wait(lambda: titles(service_thread) == ["beta", "A better name"])
    service_thread.wait(lambda: service_thread.page._title.full_text == "A better name")


def test_the_chat_on_show_is_renamed_wherever_the_keyboard_is(service_thread):
    make_chats(service_thread, "alpha")
    service_thread.page.composer.setFocus()
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_F2)
    dialog = service_thread.find("rename_chat")
    line = dialog.findChild(QLineEdit)
    assert line.text() == "alpha"
    line.selectAll()
    QTest.keyClicks(line, "A better name")
    QTest.keyClick(line, Qt.Key.Key_Return)
    service_thread.wait(lambda: titles(service_thread) == ["A better name"])
    service_thread.wait(lambda: service_thread.page._title.full_text == "A better name")


def test_a_long_question_is_kept_as_title_and_cut_where_it_is_shown(service_thread):
    words = "Compare Python and Rust for a small program that reads documents, and say which of the two is faster"
    make_chats(service_thread, words)
    assert service_thread.page._title.full_text == words
    service_thread.window.resize(1920, 800)
    service_thread.wait(lambda: service_thread.page._title.text() == words)


def test_delete_can_be_undone(service_thread):
    make_chats(service_thread, "alpha", "beta")
    choose(service_thread, 0)
    service_thread.page.chat_list.view.setFocus()
    QTest.keyClick(service_thread.page.chat_list.view, Qt.Key.Key_Delete)
    service_thread.wait(lambda: titles(service_thread) == ["alpha"])
    service_thread.wait(lambda: any("trash" in text for text in service_thread.notices()))
    assert service_thread.chat.chat == ""
    service_thread.click("notice_action")
    service_thread.wait(lambda: titles(service_thread) == ["beta", "alpha"])
    assert service_thread.notices() == []


def test_search_finds_words_in_all_chats_and_opens_the_place(service_thread):
    make_chats(service_thread, "the quick brown fox", "a lazy dog", "fox again")
    QTest.keyClicks(service_thread.page.chat_list.search_box, "fox")
    service_thread.wait(lambda: service_thread.page.chat_list.view.model().is_search)
    service_thread.wait(lambda: "matches" in service_thread.find("chat_list_hint").text())
    found = service_thread.page.chat_list.view.model().rows
    assert {row.title for row in found} == {"the quick brown fox", "fox again"}
    assert all("fox" in row.snippet for row in found)
    choose(service_thread, len(found) - 1)
    service_thread.wait(lambda: service_thread.page._title.full_text == "the quick brown fox")
    service_thread.page.chat_list.search_box.clear()
    service_thread.wait(lambda: titles(service_thread) == ["fox again", "a lazy dog", "the quick brown fox"])


def test_escape_and_a_new_chat_end_the_search(service_thread):
    make_chats(service_thread, "alpha", "beta")
    box = service_thread.page.chat_list.search_box
    QTest.keyClicks(box, "alpha")
    service_thread.wait(lambda: set(titles(service_thread)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == ""
    service_thread.wait(lambda: titles(service_thread) == ["beta", "alpha"])
    assert service_thread.find("chat_list_hint").isHidden()
    QTest.keyClicks(box, "alpha")
    QTest.keyClick(box, Qt.Key.Key_Return)
    service_thread.wait(
        lambda: set(titles(service_thread)) == {"alpha"} and service_thread.page.chat_list.view.hasFocus()
    )
    QTest.keyClick(service_thread.page.chat_list.view, Qt.Key.Key_Escape)
    service_thread.wait(lambda: titles(service_thread) == ["beta", "alpha"])
    QTest.keyClicks(box, "alpha")
    service_thread.wait(lambda: set(titles(service_thread)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: titles(service_thread) == ["beta", "alpha"] and box.text() == "")
    assert service_thread.page.composer.input_box.hasFocus()


@pytest.mark.parametrize("room", [90, 140, 220, 400])
def test_the_word_that_was_found_is_shown_whole(qapp, room):
    plain, font = QFontMetrics(qapp.font()), qapp.font()
    font.setBold(True)
    bold = QFontMetrics(font)
    words = "Faust is a tragic play by Johann Wolfgang von \ue000Goethe\ue001, written over sixty years"
    shown = fit_snippet(words, room, plain, bold)
    assert ("Goethe", True) in shown
    assert sum((bold if is_bold else plain).horizontalAdvance(text) for text, is_bold in shown) <= room
    before, after = shown[0][0], shown[-1][0]
    assert room < 200 or (before.endswith("von ") and after.startswith(", "))
    assert fit_snippet("found by its title", 1000, plain, bold) == [("found by its title", False)]


def test_search_finds_a_title_and_opens_its_chat(service_thread):
    make_chats(service_thread, "alpha", "beta")
    chat = service_thread.page.chat_list.view.model().rows[1].id
    service_thread.ask(lambda services: services.chats.rename(chat, "Quarterly numbers"))
    QTest.keyClicks(service_thread.page.chat_list.search_box, "quart")
    service_thread.wait(lambda: service_thread.find("chat_list_hint").text() == "1 match")
    assert service_thread.page.chat_list.view.model().rows[0].snippet == "alpha"
    choose(service_thread, 0)
    service_thread.wait(lambda: service_thread.page._title.full_text == "Quarterly numbers")


def test_nothing_found_is_said(service_thread):
    QTest.keyClicks(service_thread.page.chat_list.search_box, "zebra")
    service_thread.wait(lambda: service_thread.find("chat_list_hint").text() == "Nothing found")


def test_long_lists_come_page_by_page(service_thread):
    def many(services):
        for number in range(250):
            services.chats.new_chat(f"chat {number}")

    service_thread.ask(many)
    rows = service_thread.page.chat_list.view.model()
    service_thread.wait(lambda: rows.rowCount() == 250)  # all were told of while the list was whole
    rows.start()
    service_thread.wait(lambda: rows.rowCount() == 100)
    assert rows.canFetchMore(rows.index(-1))
    rows.fetchMore(rows.index(-1))
    service_thread.wait(lambda: rows.rowCount() == 200)
    rows.fetchMore(rows.index(-1))
    service_thread.wait(lambda: rows.rowCount() == 250)
    assert not rows.canFetchMore(rows.index(-1))
    assert titles(service_thread) == [f"chat {number}" for number in reversed(range(250))]


def test_foreign_titles_are_never_markup(service_thread):
    make_chats(service_thread, "<b>bold</b> <img src='file:///etc/hostname'>")
    index = service_thread.page.chat_list.view.model().index(0)
    assert "<b>" not in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in index.data(Qt.ItemDataRole.ToolTipRole)


def open_title(service_thread) -> str:
    """The title of the row that is marked as the open chat."""
    rows = service_thread.page.chat_list.view.model()
    marked = [rows.index(at).data() for at in range(rows.rowCount()) if rows.index(at).data(OPEN_ROLE)]
    assert len(marked) <= 1
    return marked[0] if marked else ""


def test_the_mark_is_at_the_open_chat_wherever_the_focus_of_the_list_is(service_thread):
    make_chats(service_thread, "alpha", "beta", "gamma")
    view = service_thread.page.chat_list.view
    choose(service_thread, 0)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().data() == "beta"
    assert open_title(service_thread) == service_thread.page._title.full_text == "gamma"
    assert "open" in view.model().index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    QTest.keyClick(view, Qt.Key.Key_Return)
    service_thread.wait(lambda: service_thread.page._title.full_text == "beta")
    assert open_title(service_thread) == "beta"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_and_its_keys_act_on_the_chat_that_was_clicked(service_thread):
    make_chats(service_thread, "alpha", "beta", "gamma")
    view = service_thread.page.chat_list.view
    place = view.visualRect(view.model().index(2)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, place)
    view.customContextMenuRequested.emit(place)
    menu = QApplication.activePopupWidget()
    rename = next(action for action in menu.actions() if action.text().startswith("Rename"))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(rename).center())
    service_thread.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    assert editor.text() == "alpha"
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert open_title(service_thread) == service_thread.page._title.full_text == "gamma"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Delete)
    service_thread.wait(lambda: titles(service_thread) == ["gamma", "beta"])
    assert service_thread.page._title.full_text == "gamma"


def test_a_click_keeps_the_keyboard_in_the_list_and_letters_go_to_the_composer(service_thread):
    make_chats(service_thread, "alpha", "beta")
    view = service_thread.page.chat_list.view
    choose(service_thread, 1)
    service_thread.wait(lambda: service_thread.page._title.full_text == "alpha")
    assert view.hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    service_thread.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    QTest.keyClicks(editor, "Another")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    service_thread.wait(lambda: titles(service_thread) == ["beta", "Another"])
    assert not service_thread.chat.is_busy
    choose(service_thread, 1)
    QTest.keyClicks(QApplication.focusWidget(), "b")
    assert service_thread.page.composer.input_box.hasFocus()
    assert service_thread.page.composer.text == "b"
    assert view.currentIndex().data() == "Another"


def test_a_chat_in_which_an_answer_is_written_has_a_mark(service_thread):
    service_thread.send("hello", slow=0.1, answer=" ".join(f"word{number}" for number in range(150)))
    rows = service_thread.page.chat_list.view.model()
    service_thread.wait(lambda: rows.rowCount() and rows.index(0).data(WRITING_ROLE))
    assert "being written" in rows.index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    choose(service_thread, 0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    service_thread.wait_idle()
    service_thread.wait(lambda: not rows.index(0).data(WRITING_ROLE))


def test_the_trash_restores_a_chat_or_deletes_it_for_good(service_thread):
    for words in ("one", "two"):
        service_thread.click("new_chat_button")
        service_thread.send(words)
        service_thread.wait_idle()
        service_thread.frame.chats.delete(service_thread.chat.chat)
        service_thread.wait(lambda: service_thread.chat.chat == "")
    service_thread.window.show_page("Settings")
    service_thread.click("setting_deleted_chats")
    dialog = service_thread.find("deleted_chats")
    rows = service_thread.find("deleted_list", dialog)
    service_thread.wait(lambda: rows.count() == 2)
    service_thread.click(service_thread.find("restore_button", dialog))
    service_thread.wait(lambda: rows.count() == 1)
    assert len(service_thread.ask(lambda services: services.history.items())) == 1
    service_thread.click(service_thread.find("delete_for_good_button", dialog))
    service_thread.click(service_thread.find("delete_sure_button", dialog))
    service_thread.wait(lambda: rows.count() == 0)
    assert service_thread.ask(lambda services: services.history.items(deleted=True)) == []
    assert not service_thread.find("restore_button", dialog).isEnabled()
    dialog.close()


def test_before_a_translation_is_deleted_for_good_it_is_said_that_the_memory_forgets(service_thread):
    item = service_thread.ask(lambda services: services.store.add_item("translation", "Lease → German"))
    service_thread.ask(lambda services: services.history.trash(item.id))
    service_thread.window.show_page("Settings")
    service_thread.click("setting_deleted_chats")
    dialog = service_thread.find("deleted_chats")
    service_thread.wait(lambda: service_thread.find("deleted_list", dialog).count() == 1)
    service_thread.click(service_thread.find("delete_for_good_button", dialog))
    assert "memory of translations" in service_thread.find("delete_for_good_dialog").informativeText()
    service_thread.click(service_thread.find("delete_sure_button", dialog))
    service_thread.wait(lambda: service_thread.find("deleted_list", dialog).count() == 0)
    dialog.close()


@pytest.mark.parametrize("is_requested", [False, True])
def test_before_an_item_is_deleted_for_good_its_document_is_offered(service_thread, tmp_path, is_requested):
    paper = tmp_path / "lease & more.txt"
    paper.write_text("The pump stops at 12 bar.")
    opened: list = []
    service_thread.ask(lambda services: services.documents.open(paper, opened.append))
    service_thread.wait(lambda: opened)
    item = service_thread.ask(lambda services: services.store.add_item("summary", "Lease"))
    service_thread.ask(lambda services: services.store.link_documents(item.id, [opened[0].id]))
    service_thread.ask(lambda services: services.history.trash(item.id))
    service_thread.window.show_page("Settings")
    service_thread.click("setting_deleted_chats")
    dialog = service_thread.find("deleted_chats")
    service_thread.wait(lambda: service_thread.find("deleted_list", dialog).count() == 1)
    service_thread.click(service_thread.find("delete_for_good_button", dialog))
    box = service_thread.find("delete_documents_too", dialog)
    assert "lease && more.txt" in box.text()
    assert not box.isChecked()
    if is_requested:
        service_thread.click(box)
    service_thread.click(service_thread.find("delete_sure_button", dialog))
    service_thread.wait(lambda: service_thread.find("deleted_list", dialog).count() == 0)
    service_thread.wait(
        lambda: len(service_thread.ask(lambda services: services.documents.recent())) == (0 if is_requested else 1)
    )
    dialog.close()
