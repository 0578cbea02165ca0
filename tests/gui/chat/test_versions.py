"""Versions of answers: nothing is lost by Try again, and each version is a click away with all that follows it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

pytestmark = pytest.mark.gui
LONG = " ".join(f"word{number}" for number in range(150))


def talk(service_thread, *words: str) -> None:
    for count, one in enumerate(words, 1):
        service_thread.send(one)
        service_thread.wait(lambda count=count: len(service_thread.chat.message_ids) == 2 * count)
        service_thread.wait_idle()


def widget_of(service_thread, message: str):
    rows = service_thread.page.view.rows
    return rows[rows.index_of(message)].widget


def act_on(service_thread, message: str, key: str) -> None:
    """Go to a message and click one of its actions."""
    service_thread.page.view.setFocus()
    service_thread.page.view.set_current(service_thread.page.view.rows.index_of(message))
    service_thread.click(widget_of(service_thread, message).findChildren(QToolButton, f"action_{key}")[-1])


def press(service_thread, message: str, key: str) -> None:
    """One of the actions, by the keyboard."""
    button = widget_of(service_thread, message).findChildren(QToolButton, f"action_{key}")[-1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def label(service_thread, message: str) -> str:
    found = widget_of(service_thread, message).findChildren(QLabel, "message_version")
    return found[-1].text() if found and found[-1].isVisible() else ""


def shown(service_thread) -> list[str]:
    return [row.view.id for row in service_thread.page.view.rows]


def test_try_again_on_an_earlier_answer_shows_the_way_back_and_loses_nothing(service_thread):
    talk(service_thread, "one", "two", "three")
    before = list(service_thread.chat.message_ids)
    act_on(service_thread, before[1], "try_again")
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    new = service_thread.chat.message_ids[1]
    assert new != before[1]
    assert label(service_thread, new) == "2 of 2"
    act_on(service_thread, new, "previous_version")
    service_thread.wait(lambda: shown(service_thread) == before)
    assert list(service_thread.chat.message_ids) == before
    assert label(service_thread, before[1]) == "1 of 2"
    act_on(service_thread, before[1], "next_version")
    service_thread.wait(lambda: shown(service_thread) == [before[0], new])


def test_the_old_version_of_the_last_answer_is_reached_by_keys_and_after_a_restart(start, model_file):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    talk(service_thread, "one")
    first = service_thread.chat.message_ids[1]
    for count in (2, 3):
        service_thread.act("try_again")
        service_thread.wait(
            lambda count=count: label(service_thread, service_thread.chat.message_ids[1]) == f"{count} of {count}"
        )
        service_thread.wait_idle()
    view = service_thread.page.view
    assert service_thread.page.composer.input_box.hasFocus()
    view.setFocus()
    view.set_current(1)
    newest = service_thread.chat.message_ids[1]
    QTest.keyClick(view, Qt.Key.Key_Left)
    service_thread.wait(lambda: label(service_thread, service_thread.chat.message_ids[1]) == "2 of 3")
    QTest.keyClick(view, Qt.Key.Key_Left)
    service_thread.wait(lambda: service_thread.chat.message_ids[1] == first)
    assert not widget_of(service_thread, first).findChildren(object, "action_previous_version")[-1].isEnabled()
    service_thread.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert again.chat.message_ids[1] == first
    assert label(again, first) == "1 of 3"
    again.act("next_version")
    again.wait(lambda: label(again, again.chat.message_ids[1]) == "2 of 3")
    again.act("next_version")
    again.wait(lambda: again.chat.message_ids[1] == newest)


def test_the_buttons_of_a_version_stay_under_the_mouse_and_keep_the_keyboard(service_thread):
    talk(service_thread, "one", "two " * 300)
    first = service_thread.chat.message_ids[1]
    act_on(service_thread, first, "try_again")
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    talk_on = service_thread.chat.message_ids[1]
    press(service_thread, talk_on, "previous_version")
    service_thread.wait(lambda: len(shown(service_thread)) == 4)
    button = service_thread.find("action_next_version", widget_of(service_thread, first))
    place = button.mapTo(service_thread.page.view, QPoint())
    assert 0 <= place.y() < service_thread.page.view.height()
    assert button.hasFocus()
    assert button.accessibleName()
    assert button.toolTip()
    QTest.keyClick(button, Qt.Key.Key_Space)
    service_thread.wait(lambda: shown(service_thread)[1:] == [talk_on])


def test_another_version_can_be_read_while_one_is_written(service_thread):
    talk(service_thread, "one")
    first = service_thread.chat.message_ids[1]
    service_thread.send("two", slow=0.02, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy and "word3" in service_thread.words())
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    before, kept = list(service_thread.chat.message_ids), service_thread.words()
    act_on(service_thread, before[3], "try_again")
    service_thread.wait(lambda: service_thread.chat.is_busy and "word3" in service_thread.words())
    growing = service_thread.chat.message_ids[3]
    service_thread.act("previous_version")
    service_thread.wait(lambda: list(service_thread.chat.message_ids) == before)
    assert service_thread.words() == kept
    service_thread.act("next_version")
    service_thread.wait(lambda: service_thread.chat.message_ids[3] == growing)
    service_thread.wait_idle()
    assert service_thread.words() == LONG
    assert service_thread.last().text == LONG
    assert shown(service_thread)[1] == first


def test_a_click_on_an_action_gives_the_keyboard_back_to_the_composer(service_thread):
    talk(service_thread, "one")
    box = service_thread.page.composer.input_box
    for key, version in (("try_again", "2 of 2"), ("previous_version", "1 of 2"), ("next_version", "2 of 2")):
        service_thread.page.view.setFocus()
        service_thread.act(key)
        service_thread.wait(
            lambda version=version: label(service_thread, service_thread.chat.message_ids[1]) == version
        )
        service_thread.wait_idle()
        service_thread.wait(box.hasFocus)
        assert not any(row.widget is not None and row.widget._is_current for row in service_thread.page.view.rows)


def test_a_key_on_an_action_leaves_the_keyboard_at_its_message(service_thread):
    service_thread.send("hello", slow=0.02, answer=LONG)
    service_thread.wait(lambda: service_thread.chat.is_busy and "word3" in service_thread.words())
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    view = service_thread.page.view
    press(service_thread, service_thread.chat.message_ids[1], "continue")
    service_thread.wait(lambda: service_thread.chat.is_busy)
    assert view.hasFocus()
    assert view.current == 1
    QTest.keyClick(view, Qt.Key.Key_Escape)
    service_thread.wait_idle()
    press(service_thread, service_thread.chat.message_ids[1], "try_again")
    service_thread.wait(lambda: label(service_thread, service_thread.chat.message_ids[1]) == "2 of 2")
    service_thread.wait(lambda: view.current == 1 and view.hasFocus())
    service_thread.wait_idle()
