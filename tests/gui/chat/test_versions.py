"""Versions of answers: nothing is lost by Try again, and each version is a click away with all that follows it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

pytestmark = pytest.mark.gui
LONG = " ".join(f"word{number}" for number in range(150))


def talk(desk, *words: str) -> None:
    for count, one in enumerate(words, 1):
        desk.send(one)
        desk.wait(lambda count=count: len(desk.chat.message_ids) == 2 * count)
        desk.wait_idle()


def widget_of(desk, message: str):
    rows = desk.page.view.rows
    return rows[rows.index_of(message)].widget


def act_on(desk, message: str, key: str) -> None:
    """Go to a message and click one of its actions."""
    desk.page.view.setFocus()
    desk.page.view.set_current(desk.page.view.rows.index_of(message))
    desk.click(widget_of(desk, message).findChildren(QToolButton, f"action_{key}")[-1])


def press(desk, message: str, key: str) -> None:
    """One of the actions, by the keyboard."""
    button = widget_of(desk, message).findChildren(QToolButton, f"action_{key}")[-1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def label(desk, message: str) -> str:
    found = widget_of(desk, message).findChildren(QLabel, "message_version")
    return found[-1].text() if found and found[-1].isVisible() else ""


def shown(desk) -> list[str]:
    return [row.view.id for row in desk.page.view.rows]


def test_try_again_on_an_earlier_answer_shows_the_way_back_and_loses_nothing(desk):
    talk(desk, "one", "two", "three")
    before = list(desk.chat.message_ids)
    act_on(desk, before[1], "try_again")
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    new = desk.chat.message_ids[1]
    assert new != before[1]
    assert label(desk, new) == "2 of 2"
    act_on(desk, new, "previous_version")
    desk.wait(lambda: shown(desk) == before)
    assert list(desk.chat.message_ids) == before
    assert label(desk, before[1]) == "1 of 2"
    act_on(desk, before[1], "next_version")
    desk.wait(lambda: shown(desk) == [before[0], new])


def test_the_old_version_of_the_last_answer_is_reached_by_keys_and_after_a_restart(start, model_file):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    talk(desk, "one")
    first = desk.chat.message_ids[1]
    for count in (2, 3):
        desk.act("try_again")
        desk.wait(lambda count=count: label(desk, desk.chat.message_ids[1]) == f"{count} of {count}")
        desk.wait_idle()
    view = desk.page.view
    assert desk.page.composer.input_box.hasFocus()
    view.setFocus()
    view.set_current(1)
    newest = desk.chat.message_ids[1]
    QTest.keyClick(view, Qt.Key.Key_Left)
    desk.wait(lambda: label(desk, desk.chat.message_ids[1]) == "2 of 3")
    QTest.keyClick(view, Qt.Key.Key_Left)
    desk.wait(lambda: desk.chat.message_ids[1] == first)
    assert not widget_of(desk, first).findChildren(object, "action_previous_version")[-1].isEnabled()
    desk.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert again.chat.message_ids[1] == first
    assert label(again, first) == "1 of 3"
    again.act("next_version")
    again.wait(lambda: label(again, again.chat.message_ids[1]) == "2 of 3")
    again.act("next_version")
    again.wait(lambda: again.chat.message_ids[1] == newest)


def test_the_buttons_of_a_version_stay_under_the_mouse_and_keep_the_keyboard(desk):
    talk(desk, "one", "two " * 300)
    first = desk.chat.message_ids[1]
    act_on(desk, first, "try_again")
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    talk_on = desk.chat.message_ids[1]
    press(desk, talk_on, "previous_version")
    desk.wait(lambda: len(shown(desk)) == 4)
    button = desk.find("action_next_version", widget_of(desk, first))
    place = button.mapTo(desk.page.view, QPoint())
    assert 0 <= place.y() < desk.page.view.height()
    assert button.hasFocus()
    assert button.accessibleName()
    assert button.toolTip()
    QTest.keyClick(button, Qt.Key.Key_Space)
    desk.wait(lambda: shown(desk)[1:] == [talk_on])


def test_another_version_can_be_read_while_one_is_written(desk):
    talk(desk, "one")
    first = desk.chat.message_ids[1]
    desk.send("two", slow=0.02, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy and "word3" in desk.words())
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()
    before, kept = list(desk.chat.message_ids), desk.words()
    act_on(desk, before[3], "try_again")
    desk.wait(lambda: desk.chat.is_busy and "word3" in desk.words())
    growing = desk.chat.message_ids[3]
    desk.act("previous_version")
    desk.wait(lambda: list(desk.chat.message_ids) == before)
    assert desk.words() == kept
    desk.act("next_version")
    desk.wait(lambda: desk.chat.message_ids[3] == growing)
    desk.wait_idle()
    assert desk.words() == LONG
    assert desk.last().text == LONG
    assert shown(desk)[1] == first


def test_a_click_on_an_action_gives_the_keyboard_back_to_the_composer(desk):
    talk(desk, "one")
    box = desk.page.composer.input_box
    for key, version in (("try_again", "2 of 2"), ("previous_version", "1 of 2"), ("next_version", "2 of 2")):
        desk.page.view.setFocus()
        desk.act(key)
        desk.wait(lambda version=version: label(desk, desk.chat.message_ids[1]) == version)
        desk.wait_idle()
        desk.wait(box.hasFocus)
        assert not any(row.widget is not None and row.widget._is_current for row in desk.page.view.rows)


def test_a_key_on_an_action_leaves_the_keyboard_at_its_message(desk):
    desk.send("hello", slow=0.02, answer=LONG)
    desk.wait(lambda: desk.chat.is_busy and "word3" in desk.words())
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()
    view = desk.page.view
    press(desk, desk.chat.message_ids[1], "continue")
    desk.wait(lambda: desk.chat.is_busy)
    assert view.hasFocus()
    assert view.current == 1
    QTest.keyClick(view, Qt.Key.Key_Escape)
    desk.wait_idle()
    press(desk, desk.chat.message_ids[1], "try_again")
    desk.wait(lambda: label(desk, desk.chat.message_ids[1]) == "2 of 2")
    desk.wait(lambda: view.current == 1 and view.hasFocus())
    desk.wait_idle()
