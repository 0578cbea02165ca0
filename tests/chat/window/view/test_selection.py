"""Selecting and copying, within one message and over many, with a mouse that is really dragged."""

from __future__ import annotations

import pytest
from chat.window.view.made_up import answer, chat, user
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu

from slmdesk.base.records import Status

pytestmark = pytest.mark.gui

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def spot(view, index, words):
    """The place of these words in the viewport of their text."""
    text = view.rows[index].widget.text
    cursor = text.document().find(words)
    cursor.setPosition(cursor.selectionStart())
    return text, text.cursorRect(cursor).center()


def drag(qtbot, view, start, end):
    """Press at one (row, words), move to another through every message between, and let go."""
    text, place = spot(view, *start)
    other, target = spot(view, *end)
    target = text.viewport().mapFromGlobal(other.viewport().mapToGlobal(target))
    qtbot.mousePress(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    for share in range(1, 11):
        at = place + (target - place) * share / 10
        qtbot.mouseMove(text.viewport(), at)
    qtbot.mouseRelease(text.viewport(), Qt.MouseButton.LeftButton, pos=target)


def three():
    return [user("a", "first alpha one"), answer("b", "second **beta** two"), user("c", "third gamma three")]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ((0, "first"), (0, "one"), "first alpha "),
        ((2, "gamma"), (0, "alpha"), "alpha one\n\nsecond **beta** two\n\nthird "),
    ],
)
def test_drag_within_one_message_and_upwards(qtbot, view, start, end, words):
    view.show_conversation(three())
    drag(qtbot, view, start, end)
    assert view.selected_text() == words


def test_drag_over_several_messages_and_copy(qtbot, view):
    view.show_conversation(three())
    drag(qtbot, view, (0, "alpha"), (2, "three"))
    assert view.selected_text() == "alpha one\n\nsecond **beta** two\n\nthird gamma "
    qtbot.keyClick(view.rows[0].widget.text, KEY.Key_C, CTRL)
    assert QApplication.clipboard().text() == view.selected_text()


def test_drag_out_and_back_is_a_selection_in_one_message_again(qtbot, view):
    view.show_conversation(three())
    text, place = spot(view, 0, "first")
    _, end = spot(view, 0, "one")
    qtbot.mousePress(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    for target in (place + QPoint(40, 3), place + QPoint(40, 150), end):
        qtbot.mouseMove(text.viewport(), target)
    qtbot.mouseRelease(text.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert view.selected_text() == "first alpha "


def test_a_drag_held_below_the_view_goes_on_by_itself(qtbot, view):
    view.show_conversation(chat(120))
    view.scroll_to("m20")
    text, place = spot(view, 20, "number")
    qtbot.mousePress(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    below = text.viewport().mapFromGlobal(view.viewport().mapToGlobal(QPoint(300, view.viewport().height() + 400)))
    qtbot.mouseMove(text.viewport(), place + QPoint(30, 1))
    qtbot.mouseMove(text.viewport(), below)
    qtbot.waitUntil(lambda: view.row_at(300) > 35, timeout=20_000)
    qtbot.mouseRelease(text.viewport(), Qt.MouseButton.LeftButton, pos=below)
    at = view.row_at(300)
    words = view.selected_text()
    assert words.startswith("number 20")
    for index in range(21, at - 1):
        assert view.rows[index].view.text in words


def test_a_press_elsewhere_ends_the_selection(qtbot, view):
    view.show_conversation(three())
    drag(qtbot, view, (0, "alpha"), (2, "three"))
    text, place = spot(view, 1, "second")
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.selected_text() == ""


def test_all_messages_are_copied_in_order(qtbot, view):
    messages = chat(300)
    view.show_conversation(messages)
    qtbot.keyClick(view, KEY.Key_A, CTRL)
    qtbot.keyClick(view, KEY.Key_C, CTRL)
    assert QApplication.clipboard().text() == "\n\n".join(message.text for message in messages)


def test_select_all_in_a_text_is_first_this_message_then_all(qtbot, view):
    view.show_conversation(three())
    view.enter_text(1)
    text = view.rows[1].widget.text
    qtbot.keyClick(text, KEY.Key_A, CTRL)
    assert view.selected_text() == "second **beta** two"
    qtbot.keyClick(text, KEY.Key_A, CTRL)
    assert view.selected_text() == "\n\n".join(message.text for message in three())


def test_copy_without_a_selection_copies_the_current_message(qtbot, view):
    view.show_conversation(three())
    view.set_current(1)
    qtbot.keyClick(view, KEY.Key_C, CTRL)
    assert QApplication.clipboard().text() == "second **beta** two"


def test_a_selection_outlives_its_widgets(qtbot, view):
    view.show_conversation(chat(300))
    view.scroll_to("m150")
    drag(qtbot, view, (150, "number"), (151, "Part"))
    before = view.selected_text()
    assert before
    view.setFocus()
    view.scroll_to("m10")
    assert view.rows[150].widget is None
    assert view.selected_text() == before
    view.scroll_to("m150")
    assert view.rows[150].widget.text.textCursor().hasSelection()
    assert view.selected_text() == before


def test_a_selection_stays_while_words_come(qtbot, view, settled):
    view.show_conversation([answer("a", "some words here", Status.STREAMING)])
    settled(view)
    drag(qtbot, view, (0, "words"), (0, "here"))
    assert view.selected_text() == "words "
    view.append_text("a", " and more\n\nand a next paragraph")
    settled(view)
    assert view.selected_text() == "words "


def test_no_words_come_under_a_pressed_button(qtbot, view, settled):
    view.show_conversation([answer("a", "some words here", Status.STREAMING)])
    text, place = spot(view, 0, "words")
    qtbot.mousePress(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    view.append_text("a", " more")
    qtbot.wait(150)  # two flushes: nothing may come, and there is no signal for nothing
    assert text.toPlainText() == "some words here"
    qtbot.mouseRelease(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settled(view)
    assert text.toPlainText() == "some words here more"


@pytest.mark.parametrize("has_voice", [False, True])
@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_copies_and_acts(qtbot, view, monkeypatch, has_voice):
    monkeypatch.setattr("slmdesk.ui.chat.view.area.can_read", lambda: has_voice)
    view.show_conversation(three())
    view.set_current(1)
    text = view.rows[1].widget.text
    text.menu_requested.emit(QPoint(10, 10), "https://example.org/")
    menu = view.findChild(QMenu, "message_menu")
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Copy", "Translate", "Open in Write", *(["Read aloud"] if has_voice else []),
        "Copy without names…", "Select all",
        "Copy link address", "Message",
    ]  # fmt: skip
    more = menu.actions()[-1].menu()
    words = [action.text() for action in more.actions() if action.text()]
    assert words == ["Open in Write", "Copy as", "Details"]
    with qtbot.waitSignal(view.menu_chosen) as reported:
        more.actions()[-1].trigger()
    assert reported.args == [view.rows[1].view.id, "details"]
    menu.close()
