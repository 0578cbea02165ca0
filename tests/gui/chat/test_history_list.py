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


def choose(desk, at: int) -> None:
    view = desk.page.chat_list.view
    place = view.visualRect(view.model().index(at)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(place))


def titles(desk) -> list[str]:
    return [row.title for row in desk.page.chat_list.view.model().rows]


def make_chats(desk, *words: str) -> None:
    for one in words:
        desk.click("new_chat_button")
        desk.send(one)
        desk.wait_idle()
        desk.wait(lambda one=one: titles(desk)[:1] == [one])


def test_newest_first_and_a_chat_moves_up_when_it_is_used(desk):
    make_chats(desk, "alpha", "beta", "gamma")
    assert titles(desk) == ["gamma", "beta", "alpha"]
    choose(desk, 2)
    desk.wait(lambda: desk.page._title.full_text == "alpha")
    desk.send("more")
    desk.wait_idle()
    desk.wait(lambda: titles(desk) == ["alpha", "gamma", "beta"])
    assert desk.page.chat_list.view.currentIndex().row() == 0


def test_rename_in_place(desk):
    make_chats(desk, "alpha", "beta")
    choose(desk, 1)
    view = desk.page.chat_list.view
    QTest.keyClick(view, Qt.Key.Key_F2)
    desk.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "A better name")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: titles(desk) == ["beta", "A better name"])
    desk.wait(lambda: desk.page._title.full_text == "A better name")


def test_the_chat_on_show_is_renamed_wherever_the_keyboard_is(desk):
    make_chats(desk, "alpha")
    desk.page.composer.setFocus()
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_F2)
    dialog = desk.find("rename_chat")
    line = dialog.findChild(QLineEdit)
    assert line.text() == "alpha"
    line.selectAll()
    QTest.keyClicks(line, "A better name")
    QTest.keyClick(line, Qt.Key.Key_Return)
    desk.wait(lambda: titles(desk) == ["A better name"])
    desk.wait(lambda: desk.page._title.full_text == "A better name")


def test_a_long_question_is_kept_as_title_and_cut_where_it_is_shown(desk):
    words = "Compare Python and Rust for a small program that reads documents, and say which of the two is faster"
    make_chats(desk, words)
    assert desk.page._title.full_text == words
    desk.window.resize(1920, 800)
    desk.wait(lambda: desk.page._title.text() == words)


def test_delete_can_be_undone(desk):
    make_chats(desk, "alpha", "beta")
    choose(desk, 0)
    desk.page.chat_list.view.setFocus()
    QTest.keyClick(desk.page.chat_list.view, Qt.Key.Key_Delete)
    desk.wait(lambda: titles(desk) == ["alpha"])
    desk.wait(lambda: any("trash" in text for text in desk.notices()))
    assert desk.chat.chat == ""
    desk.click("notice_action")
    desk.wait(lambda: titles(desk) == ["beta", "alpha"])
    assert desk.notices() == []


def test_search_finds_words_in_all_chats_and_opens_the_place(desk):
    make_chats(desk, "the quick brown fox", "a lazy dog", "fox again")
    QTest.keyClicks(desk.page.chat_list.search_box, "fox")
    desk.wait(lambda: desk.page.chat_list.view.model().is_search)
    desk.wait(lambda: "matches" in desk.find("chat_list_hint").text())
    found = desk.page.chat_list.view.model().rows
    assert {row.title for row in found} == {"the quick brown fox", "fox again"}
    assert all("fox" in row.snippet for row in found)
    choose(desk, len(found) - 1)
    desk.wait(lambda: desk.page._title.full_text == "the quick brown fox")
    desk.page.chat_list.search_box.clear()
    desk.wait(lambda: titles(desk) == ["fox again", "a lazy dog", "the quick brown fox"])


def test_escape_and_a_new_chat_end_the_search(desk):
    make_chats(desk, "alpha", "beta")
    box = desk.page.chat_list.search_box
    QTest.keyClicks(box, "alpha")
    desk.wait(lambda: set(titles(desk)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == ""
    desk.wait(lambda: titles(desk) == ["beta", "alpha"])
    assert desk.find("chat_list_hint").isHidden()
    QTest.keyClicks(box, "alpha")
    QTest.keyClick(box, Qt.Key.Key_Return)
    desk.wait(lambda: set(titles(desk)) == {"alpha"} and desk.page.chat_list.view.hasFocus())
    QTest.keyClick(desk.page.chat_list.view, Qt.Key.Key_Escape)
    desk.wait(lambda: titles(desk) == ["beta", "alpha"])
    QTest.keyClicks(box, "alpha")
    desk.wait(lambda: set(titles(desk)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: titles(desk) == ["beta", "alpha"] and box.text() == "")
    assert desk.page.composer.input_box.hasFocus()


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


def test_search_finds_a_title_and_opens_its_chat(desk):
    make_chats(desk, "alpha", "beta")
    chat = desk.page.chat_list.view.model().rows[1].id
    desk.ask(lambda services: services.chats.rename(chat, "Quarterly numbers"))
    QTest.keyClicks(desk.page.chat_list.search_box, "quart")
    desk.wait(lambda: desk.find("chat_list_hint").text() == "1 match")
    assert desk.page.chat_list.view.model().rows[0].snippet == "alpha"
    choose(desk, 0)
    desk.wait(lambda: desk.page._title.full_text == "Quarterly numbers")


def test_nothing_found_is_said(desk):
    QTest.keyClicks(desk.page.chat_list.search_box, "zebra")
    desk.wait(lambda: desk.find("chat_list_hint").text() == "Nothing found")


def test_long_lists_come_page_by_page(desk):
    def many(services):
        for number in range(250):
            services.chats.new_chat(f"chat {number}")

    desk.ask(many)
    rows = desk.page.chat_list.view.model()
    desk.wait(lambda: rows.rowCount() == 250)  # all were told of while the list was whole
    rows.start()
    desk.wait(lambda: rows.rowCount() == 100)
    assert rows.canFetchMore(rows.index(-1))
    rows.fetchMore(rows.index(-1))
    desk.wait(lambda: rows.rowCount() == 200)
    rows.fetchMore(rows.index(-1))
    desk.wait(lambda: rows.rowCount() == 250)
    assert not rows.canFetchMore(rows.index(-1))
    assert titles(desk) == [f"chat {number}" for number in reversed(range(250))]


def test_foreign_titles_are_never_markup(desk):
    make_chats(desk, "<b>bold</b> <img src='file:///etc/hostname'>")
    index = desk.page.chat_list.view.model().index(0)
    assert "<b>" not in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in index.data(Qt.ItemDataRole.ToolTipRole)


def open_title(desk) -> str:
    """The title of the row that is marked as the open chat."""
    rows = desk.page.chat_list.view.model()
    marked = [rows.index(at).data() for at in range(rows.rowCount()) if rows.index(at).data(OPEN_ROLE)]
    assert len(marked) <= 1
    return marked[0] if marked else ""


def test_the_mark_is_at_the_open_chat_wherever_the_focus_of_the_list_is(desk):
    make_chats(desk, "alpha", "beta", "gamma")
    view = desk.page.chat_list.view
    choose(desk, 0)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().data() == "beta"
    assert open_title(desk) == desk.page._title.full_text == "gamma"
    assert "open" in view.model().index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    QTest.keyClick(view, Qt.Key.Key_Return)
    desk.wait(lambda: desk.page._title.full_text == "beta")
    assert open_title(desk) == "beta"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_and_its_keys_act_on_the_chat_that_was_clicked(desk):
    make_chats(desk, "alpha", "beta", "gamma")
    view = desk.page.chat_list.view
    place = view.visualRect(view.model().index(2)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, place)
    view.customContextMenuRequested.emit(place)
    menu = QApplication.activePopupWidget()
    rename = next(action for action in menu.actions() if action.text().startswith("Rename"))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(rename).center())
    desk.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    assert editor.text() == "alpha"
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert open_title(desk) == desk.page._title.full_text == "gamma"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Delete)
    desk.wait(lambda: titles(desk) == ["gamma", "beta"])
    assert desk.page._title.full_text == "gamma"


def test_a_click_keeps_the_keyboard_in_the_list_and_letters_go_to_the_composer(desk):
    make_chats(desk, "alpha", "beta")
    view = desk.page.chat_list.view
    choose(desk, 1)
    desk.wait(lambda: desk.page._title.full_text == "alpha")
    assert view.hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    desk.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    QTest.keyClicks(editor, "Another")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: titles(desk) == ["beta", "Another"])
    assert not desk.chat.is_busy
    choose(desk, 1)
    QTest.keyClicks(QApplication.focusWidget(), "b")
    assert desk.page.composer.input_box.hasFocus()
    assert desk.page.composer.text == "b"
    assert view.currentIndex().data() == "Another"


def test_a_chat_in_which_an_answer_is_written_has_a_mark(desk):
    desk.send("hello", slow=0.1, answer=" ".join(f"word{number}" for number in range(150)))
    rows = desk.page.chat_list.view.model()
    desk.wait(lambda: rows.rowCount() and rows.index(0).data(WRITING_ROLE))
    assert "being written" in rows.index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    choose(desk, 0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    desk.wait_idle()
    desk.wait(lambda: not rows.index(0).data(WRITING_ROLE))


def test_the_trash_restores_a_chat_or_deletes_it_for_good(desk):
    for words in ("one", "two"):
        desk.click("new_chat_button")
        desk.send(words)
        desk.wait_idle()
        desk.frame.chats.delete(desk.chat.chat)
        desk.wait(lambda: desk.chat.chat == "")
    desk.window.show_page("Settings")
    desk.click("setting_deleted_chats")
    dialog = desk.find("deleted_chats")
    rows = desk.find("deleted_list", dialog)
    desk.wait(lambda: rows.count() == 2)
    desk.click(desk.find("restore_button", dialog))
    desk.wait(lambda: rows.count() == 1)
    assert len(desk.ask(lambda services: services.history.items())) == 1
    desk.click(desk.find("delete_for_good_button", dialog))
    desk.click(desk.find("delete_sure_button", dialog))
    desk.wait(lambda: rows.count() == 0)
    assert desk.ask(lambda services: services.history.items(deleted=True)) == []
    assert not desk.find("restore_button", dialog).isEnabled()
    dialog.close()


def test_before_a_translation_is_deleted_for_good_it_is_said_that_the_memory_forgets(desk):
    item = desk.ask(lambda services: services.store.add_item("translation", "Lease → German"))
    desk.ask(lambda services: services.history.trash(item.id))
    desk.window.show_page("Settings")
    desk.click("setting_deleted_chats")
    dialog = desk.find("deleted_chats")
    desk.wait(lambda: desk.find("deleted_list", dialog).count() == 1)
    desk.click(desk.find("delete_for_good_button", dialog))
    assert "memory of translations" in desk.find("delete_for_good_dialog").informativeText()
    desk.click(desk.find("delete_sure_button", dialog))
    desk.wait(lambda: desk.find("deleted_list", dialog).count() == 0)
    dialog.close()


@pytest.mark.parametrize("is_wanted", [False, True])
def test_before_an_item_is_deleted_for_good_its_document_is_offered(desk, tmp_path, is_wanted):
    paper = tmp_path / "lease & more.txt"
    paper.write_text("The pump stops at 12 bar.")
    opened: list = []
    desk.ask(lambda services: services.documents.open(paper, opened.append))
    desk.wait(lambda: opened)
    item = desk.ask(lambda services: services.store.add_item("summary", "Lease"))
    desk.ask(lambda services: services.store.link_documents(item.id, [opened[0].id]))
    desk.ask(lambda services: services.history.trash(item.id))
    desk.window.show_page("Settings")
    desk.click("setting_deleted_chats")
    dialog = desk.find("deleted_chats")
    desk.wait(lambda: desk.find("deleted_list", dialog).count() == 1)
    desk.click(desk.find("delete_for_good_button", dialog))
    box = desk.find("delete_documents_too", dialog)
    assert "lease && more.txt" in box.text()
    assert not box.isChecked()
    if is_wanted:
        desk.click(box)
    desk.click(desk.find("delete_sure_button", dialog))
    desk.wait(lambda: desk.find("deleted_list", dialog).count() == 0)
    desk.wait(lambda: len(desk.ask(lambda services: services.documents.recent())) == (0 if is_wanted else 1))
    dialog.close()
