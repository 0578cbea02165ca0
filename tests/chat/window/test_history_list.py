"""The list of chats: order, paging, rename, delete, search."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from slmdesk.ui.chat.list_rows import OPEN_ROLE
from slmdesk.ui.kit.widgets.build import fit_snippet

pytestmark = pytest.mark.gui


def choose(program, at: int) -> None:
    program.click_item(program.page.chat_list.view, at)


def titles(program) -> list[str]:
    return [row.title for row in program.page.chat_list.view.model().rows]


def make_chats(program, *words: str) -> None:
    for word in words:
        program.click("new_chat_button")
        program.say(word)
        program.wait(lambda title=word: titles(program)[:1] == [title])


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


def test_search_finds_words_in_all_chats_opens_the_place_and_ends_by_keys(program):
    make_chats(program, "the quick brown fox", "a lazy dog", "fox again")
    everything = ["fox again", "a lazy dog", "the quick brown fox"]
    box, view = program.page.chat_list.search_box, program.page.chat_list.view
    QTest.keyClicks(box, "fox")
    program.wait(lambda: view.model().is_search)
    program.mentions("chat_list_hint", "matches")
    rows = view.model().rows
    assert {row.title for row in rows} == {"the quick brown fox", "fox again"}
    assert all("fox" in row.snippet for row in rows)
    choose(program, len(rows) - 1)
    program.wait(lambda: program.page.title.full_text == "the quick brown fox")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == ""
    program.wait(lambda: titles(program) == everything)
    assert program.find("chat_list_hint").isHidden()
    QTest.keyClicks(box, "lazy")
    QTest.keyClick(box, Qt.Key.Key_Return)
    program.wait(lambda: set(titles(program)) == {"a lazy dog"} and view.hasFocus())
    QTest.keyClick(view, Qt.Key.Key_Escape)
    program.wait(lambda: titles(program) == everything)
    QTest.keyClicks(box, "lazy")
    program.wait(lambda: set(titles(program)) == {"a lazy dog"})
    QTest.keyClick(box, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: titles(program) == everything and box.text() == "")
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
        for number in range(210):
            services.chats.new_chat(f"chat {number}")

    program.ask(many)
    rows = program.page.chat_list.view.model()
    program.wait(lambda: rows.rowCount() == 210)  # all were told of while the list was whole
    rows.start()
    program.wait(lambda: rows.rowCount() == 100)
    assert rows.canFetchMore(rows.index(-1))
    rows.fetchMore(rows.index(-1))
    program.wait(lambda: rows.rowCount() == 200)
    view = program.page.chat_list.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: view.marked == 210)
    assert not rows.canFetchMore(rows.index(-1))
    assert titles(program) == [f"chat {number}" for number in reversed(range(210))]


def open_title(program) -> str:
    """The title of the row that is marked as the open chat."""
    rows = program.page.chat_list.view.model()
    marked = [rows.index(at).data() for at in range(rows.rowCount()) if rows.index(at).data(OPEN_ROLE)]
    assert len(marked) <= 1
    return marked[0] if marked else ""


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_mark_the_menu_and_the_keys_are_of_the_right_chat(program):
    hostile = "<b>alpha</b> <img src='file:///etc/hostname'>"
    make_chats(program, hostile, "beta", "gamma")
    view = program.page.chat_list.view
    tip = view.model().index(2).data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tip
    assert "&lt;b&gt;" in tip
    choose(program, 0)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().data() == "beta"
    assert open_title(program) == program.page.title.full_text == "gamma"
    assert "open" in view.model().index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    QTest.keyClick(view, Qt.Key.Key_Return)
    program.wait(lambda: program.page.title.full_text == "beta")
    assert open_title(program) == "beta"

    program.click_item(view, 2, Qt.MouseButton.RightButton)
    view.customContextMenuRequested.emit(view.visualRect(view.model().index(2)).center())
    menu = QApplication.activePopupWidget()
    rename = next(action for action in menu.actions() if action.text().startswith("Rename"))
    program.click(menu, lambda: menu.actionGeometry(rename).center())
    program.wait(lambda: view.findChild(QLineEdit))
    assert view.findChild(QLineEdit).text() == hostile
    QTest.keyClick(view.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert open_title(program) == program.page.title.full_text == "beta"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Delete)
    program.wait(lambda: titles(program) == ["gamma", "beta"])
    assert program.page.title.full_text == "beta"

    choose(program, 1)
    assert view.hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    program.wait(lambda: view.findChild(QLineEdit))
    QTest.keyClicks(view.findChild(QLineEdit), "Another")
    QTest.keyClick(view.findChild(QLineEdit), Qt.Key.Key_Return)
    program.wait(lambda: titles(program) == ["gamma", "Another"])
    program.wait(lambda: program.page.title.full_text == "Another")
    choose(program, 1)
    QTest.keyClicks(QApplication.focusWidget(), "b")
    assert program.page.composer.input_box.hasFocus()
    assert program.page.composer.text == "b"
    assert view.currentIndex().data() == "Another"
    program.page.composer.input_box.clear()
    program.say("more")
    program.wait(lambda: titles(program) == ["Another", "gamma"])
    assert view.currentIndex().row() == 0


def test_before_an_item_is_deleted_for_good_it_is_said_what_goes_and_its_document_is_offered(program, tmp_path):
    paper = tmp_path / "lease & more.txt"
    paper.write_text("The pump stops at 12 bar.")
    opened: list = []
    program.ask(lambda services: services.documents.open(paper).then(opened.append))
    program.wait(lambda: opened)

    def trash(services):
        items = [services.store.items.add(kind, "Lease") for kind in ("translation", "summary")]
        services.store.documents.link(items[1].id, [opened[0].id])
        for item in items:
            services.history.trash(item.id)

    program.ask(trash)
    program.window.show_page("Settings")
    program.click("setting_deleted_chats")
    dialog = program.find("deleted_chats")
    listed = program.find("deleted_list", dialog)
    program.wait(lambda: listed.count() == 2)
    listed.setCurrentRow(next(at for at in range(2) if "(Translation, " in listed.item(at).text()))
    program.click(program.find("delete_for_good_button", dialog))
    program.mentions("question_more", "memory of translations")
    program.click(program.find("delete_sure_button"))
    program.wait(lambda: listed.count() == 1)
    program.click(program.find("delete_for_good_button", dialog))
    box = program.find("delete_documents_too")
    assert "lease && more.txt" in box.text()
    assert not box.isChecked()
    program.click(box)
    program.click(program.find("delete_sure_button"))
    program.wait(lambda: listed.count() == 0)
    program.wait(lambda: program.ask(lambda services: services.documents.recent()) == [])
    dialog.close()
