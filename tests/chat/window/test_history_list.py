"""The list of chats: order, paging, rename, delete, search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from slmdesk.chat.window.list_rows import OPEN_ROLE
from slmdesk.window.widgets.build import fit_snippet

pytestmark = pytest.mark.gui


def choose(program, at: int) -> None:
    program.click_item(program.page.chat_list.view, at)


def titles(program) -> list[str]:
    return [row.title for row in program.page.chat_list.view.model().rows]


def make_chats(program, *words: str) -> None:
    for word in words:
        program.click("new_chat_button")
        program.say(word)
        program.wait(lambda one=word: titles(program)[:1] == [one])


def test_newest_first_and_a_chat_moves_up_when_it_is_used(program):
    make_chats(program, "alpha", "beta", "gamma")
    assert titles(program) == ["gamma", "beta", "alpha"]
    choose(program, 2)
    program.wait(lambda: program.page.title.full_text == "alpha")
    program.say("more")
    program.wait(lambda: titles(program) == ["alpha", "gamma", "beta"])
    assert program.page.chat_list.view.currentIndex().row() == 0


def test_the_chat_on_show_is_renamed_wherever_the_keyboard_is(program):
    make_chats(program, "alpha")
    program.page.composer.setFocus()
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_F2)
    line = program.find("title_line")
    assert line.text() == "alpha"
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert program.page.title.full_text == "alpha"
    program.wait(lambda: program.page.title.findChild(QLineEdit) is None)
    program.click(program.page.title)
    line = program.find("title_line")
    QTest.keyClicks(line, "A better name")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: titles(program) == ["A better name"])
    program.wait(lambda: program.page.title.full_text == "A better name")


def test_search_finds_words_in_all_chats_and_opens_the_place(program):
    make_chats(program, "the quick brown fox", "a lazy dog", "fox again")
    QTest.keyClicks(program.page.chat_list.search_box, "fox")
    program.wait(lambda: program.page.chat_list.view.model().is_search)
    program.wait(lambda: "matches" in program.find("chat_list_hint").text())
    found = program.page.chat_list.view.model().rows
    assert {row.title for row in found} == {"the quick brown fox", "fox again"}
    assert all("fox" in row.snippet for row in found)
    choose(program, len(found) - 1)
    program.wait(lambda: program.page.title.full_text == "the quick brown fox")
    program.page.chat_list.search_box.clear()
    program.wait(lambda: titles(program) == ["fox again", "a lazy dog", "the quick brown fox"])


def test_escape_and_a_new_chat_end_the_search(program):
    make_chats(program, "alpha", "beta")
    box = program.page.chat_list.search_box
    QTest.keyClicks(box, "alpha")
    program.wait(lambda: set(titles(program)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == ""
    program.wait(lambda: titles(program) == ["beta", "alpha"])
    assert program.find("chat_list_hint").isHidden()
    QTest.keyClicks(box, "alpha")
    QTest.keyClick(box, Qt.Key.Key_Return)
    program.wait(lambda: set(titles(program)) == {"alpha"} and program.page.chat_list.view.hasFocus())
    QTest.keyClick(program.page.chat_list.view, Qt.Key.Key_Escape)
    program.wait(lambda: titles(program) == ["beta", "alpha"])
    QTest.keyClicks(box, "alpha")
    program.wait(lambda: set(titles(program)) == {"alpha"})
    QTest.keyClick(box, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: titles(program) == ["beta", "alpha"] and box.text() == "")
    assert program.page.composer.input_box.hasFocus()


@pytest.mark.parametrize("space", [90, 140, 220, 400])
def test_the_word_that_was_found_is_shown_whole(qapp, space):
    plain, font = QFontMetrics(qapp.font()), qapp.font()
    font.setBold(True)
    bold = QFontMetrics(font)
    words = "Faust is a tragic play by Johann Wolfgang von \ue000Goethe\ue001, written over sixty years"
    shown = fit_snippet(words, space, plain, bold)
    assert ("Goethe", True) in shown
    assert sum((bold if is_bold else plain).horizontalAdvance(text) for text, is_bold in shown) <= space
    before, after = shown[0][0], shown[-1][0]
    assert space < 200 or (before.endswith("von ") and after.startswith(", "))
    assert fit_snippet("found by its title", 1000, plain, bold) == [("found by its title", False)]


def test_long_lists_come_page_by_page(program):
    def many(services):
        for number in range(250):
            services.chats.new_chat(f"chat {number}")

    program.ask(many)
    rows = program.page.chat_list.view.model()
    program.wait(lambda: rows.rowCount() == 250)  # all were told of while the list was whole
    rows.start()
    program.wait(lambda: rows.rowCount() == 100)
    assert rows.canFetchMore(rows.index(-1))
    rows.fetchMore(rows.index(-1))
    program.wait(lambda: rows.rowCount() == 200)
    view = program.page.chat_list.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: view.marked == 250)
    assert not rows.canFetchMore(rows.index(-1))
    assert titles(program) == [f"chat {number}" for number in reversed(range(250))]


def test_foreign_titles_are_never_markup(program):
    make_chats(program, "<b>bold</b> <img src='file:///etc/hostname'>")
    index = program.page.chat_list.view.model().index(0)
    assert "<b>" not in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in index.data(Qt.ItemDataRole.ToolTipRole)


def open_title(program) -> str:
    """The title of the row that is marked as the open chat."""
    rows = program.page.chat_list.view.model()
    marked = [rows.index(at).data() for at in range(rows.rowCount()) if rows.index(at).data(OPEN_ROLE)]
    assert len(marked) <= 1
    return marked[0] if marked else ""


def test_the_mark_is_at_the_open_chat_wherever_the_focus_of_the_list_is(program):
    make_chats(program, "alpha", "beta", "gamma")
    view = program.page.chat_list.view
    choose(program, 0)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().data() == "beta"
    assert open_title(program) == program.page.title.full_text == "gamma"
    assert "open" in view.model().index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    QTest.keyClick(view, Qt.Key.Key_Return)
    program.wait(lambda: program.page.title.full_text == "beta")
    assert open_title(program) == "beta"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_and_its_keys_act_on_the_chat_that_was_clicked(program):
    make_chats(program, "alpha", "beta", "gamma")
    view = program.page.chat_list.view
    program.click_item(view, 2, Qt.MouseButton.RightButton)
    view.customContextMenuRequested.emit(view.visualRect(view.model().index(2)).center())
    menu = QApplication.activePopupWidget()
    rename = next(action for action in menu.actions() if action.text().startswith("Rename"))
    program.click(menu, lambda: menu.actionGeometry(rename).center())
    program.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    assert editor.text() == "alpha"
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert open_title(program) == program.page.title.full_text == "gamma"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Delete)
    program.wait(lambda: titles(program) == ["gamma", "beta"])
    assert program.page.title.full_text == "gamma"


def test_a_click_keeps_the_keyboard_in_the_list_and_letters_go_to_the_composer(program):
    make_chats(program, "alpha", "beta")
    view = program.page.chat_list.view
    choose(program, 1)
    program.wait(lambda: program.page.title.full_text == "alpha")
    assert view.hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    program.wait(lambda: view.findChild(QLineEdit))
    editor = view.findChild(QLineEdit)
    QTest.keyClicks(editor, "Another")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: titles(program) == ["beta", "Another"])
    program.wait(lambda: program.page.title.full_text == "Another")
    assert not program.chat.is_busy
    choose(program, 1)
    QTest.keyClicks(QApplication.focusWidget(), "b")
    assert program.page.composer.input_box.hasFocus()
    assert program.page.composer.text == "b"
    assert view.currentIndex().data() == "Another"


def test_before_a_translation_is_deleted_for_good_it_is_said_that_the_memory_forgets(program):
    item = program.ask(lambda services: services.store.items.add("translation", "Lease → German"))
    program.ask(lambda services: services.history.trash(item.id))
    program.window.show_page("Settings")
    program.click("setting_deleted_chats")
    dialog = program.find("deleted_chats")
    program.wait(lambda: program.find("deleted_list", dialog).count() == 1)
    program.click(program.find("delete_for_good_button", dialog))
    assert "memory of translations" in program.find("question_more").text()
    program.click(program.find("delete_sure_button"))
    program.wait(lambda: program.find("deleted_list", dialog).count() == 0)
    dialog.close()


@pytest.mark.parametrize("is_requested", [False, True])
def test_before_an_item_is_deleted_for_good_its_document_is_offered(program, tmp_path, is_requested):
    paper = tmp_path / "lease & more.txt"
    paper.write_text("The pump stops at 12 bar.")
    opened: list = []
    program.ask(lambda services: services.documents.open(paper).then(opened.append))
    program.wait(lambda: opened)
    item = program.ask(lambda services: services.store.items.add("summary", "Lease"))
    program.ask(lambda services: services.store.documents.link(item.id, [opened[0].id]))
    program.ask(lambda services: services.history.trash(item.id))
    program.window.show_page("Settings")
    program.click("setting_deleted_chats")
    dialog = program.find("deleted_chats")
    program.wait(lambda: program.find("deleted_list", dialog).count() == 1)
    program.click(program.find("delete_for_good_button", dialog))
    box = program.find("delete_documents_too")
    assert "lease && more.txt" in box.text()
    assert not box.isChecked()
    if is_requested:
        program.click(box)
    program.click(program.find("delete_sure_button"))
    program.wait(lambda: program.find("deleted_list", dialog).count() == 0)
    program.wait(lambda: len(program.ask(lambda services: services.documents.recent())) == (0 if is_requested else 1))
    dialog.close()
