"""Versions of answers: nothing is lost by Try again, and each version is a click away with all that follows it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
LONG = " ".join(f"word{number}" for number in range(150))


def talk(program, *words: str) -> None:
    for word in words:
        program.say(word)


def widget_of(program, message: str):
    rows = program.page.view.rows
    return rows[rows.index_of(message)].widget


def act_on(program, message: str, key: str) -> None:
    program.act_at(program.page.view.rows.index_of(message), key)
    if key == "try_again" and program.message_menus():
        program.choose("Again")


def press(program, message: str, key: str) -> None:
    """One of the actions, by the keyboard."""
    button = widget_of(program, message).findChildren(QToolButton, f"action_{key}")[-1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    if key == "try_again" and program.message_menus():
        menu = program.message_menus()[-1]
        QTest.keyClick(menu, Qt.Key.Key_Down)
        QTest.keyClick(menu, Qt.Key.Key_Return)


def label(program, message: str) -> str:
    labels = widget_of(program, message).findChildren(QLabel, "message_version")
    return labels[-1].text() if labels and labels[-1].isVisible() else ""


def shown(program) -> list[str]:
    return [row.view.id for row in program.page.view.rows]


def test_the_old_version_of_the_last_answer_is_reached_by_keys_and_after_a_restart(start, model_file):
    program = start().with_model(model_file)
    talk(program, "one")
    first = program.chat.message_ids[1]
    for count in (2, 3):
        program.act("try_again")
        program.wait(lambda count=count: label(program, program.chat.message_ids[1]) == f"{count} of {count}")
        program.wait_idle()
    view = program.page.view
    assert program.page.composer.input_box.hasFocus()
    view.setFocus()
    view.set_current(1)
    newest = program.chat.message_ids[1]
    QTest.keyClick(view, Qt.Key.Key_Left)
    program.wait(lambda: label(program, program.chat.message_ids[1]) == "2 of 3")
    QTest.keyClick(view, Qt.Key.Key_Left)
    program.wait(lambda: program.chat.message_ids[1] == first)
    assert not widget_of(program, first).findChildren(object, "action_previous_version")[-1].isEnabled()
    program.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert again.chat.message_ids[1] == first
    assert label(again, first) == "1 of 3"
    again.act("next_version")
    again.wait(lambda: label(again, again.chat.message_ids[1]) == "2 of 3")
    again.act("next_version")
    again.wait(lambda: again.chat.message_ids[1] == newest)


def test_try_again_on_an_earlier_answer_loses_nothing_and_its_buttons_stay_and_keep_the_keyboard(program):
    talk(program, "one", "two " * 300)
    before = list(program.chat.message_ids)
    first = before[1]
    act_on(program, first, "try_again")
    program.wait(lambda: len(program.chat.message_ids) == 2)
    program.wait_idle()
    new = program.chat.message_ids[1]
    assert new != first
    assert label(program, new) == "2 of 2"
    press(program, new, "previous_version")
    program.wait(lambda: shown(program) == before)
    assert label(program, first) == "1 of 2"
    button = program.find("action_next_version", widget_of(program, first))
    place = button.mapTo(program.page.view, QPoint())
    assert 0 <= place.y() < program.page.view.height()
    assert button.hasFocus()
    assert button.accessibleName()
    assert button.toolTip()
    QTest.keyClick(button, Qt.Key.Key_Space)
    program.wait(lambda: shown(program) == [before[0], new])


def test_another_version_can_be_read_while_one_is_written(program):
    talk(program, "one")
    first = program.chat.message_ids[1]
    program.send("two", slow=0.01, answer=LONG)
    program.wait(lambda: program.chat.is_busy and program.words().startswith("word0 word1 word2"))
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    program.wait_idle()
    before, kept = list(program.chat.message_ids), program.words()
    act_on(program, before[3], "try_again")
    program.wait(lambda: program.chat.is_busy and program.words().startswith("word0 word1 word2"))
    growing = program.chat.message_ids[3]
    program.act("previous_version")
    program.wait(lambda: list(program.chat.message_ids) == before)
    assert program.words() == kept
    program.act("next_version")
    program.wait(lambda: program.chat.message_ids[3] == growing)
    program.wait_idle()
    assert program.words() == LONG
    assert program.last().text == LONG
    assert shown(program)[1] == first


def test_a_click_on_an_action_gives_the_keyboard_back_to_the_composer(program):
    talk(program, "one")
    box = program.page.composer.input_box
    for key, version in (("try_again", "2 of 2"), ("previous_version", "1 of 2"), ("next_version", "2 of 2")):
        program.page.view.setFocus()
        program.act(key)
        program.wait(lambda version=version: label(program, program.chat.message_ids[1]) == version)
        program.wait_idle()
        program.wait(box.hasFocus)
        assert not any(row.widget is not None and row.widget.is_current for row in program.page.view.rows)


def test_a_key_on_an_action_leaves_the_keyboard_at_its_message(program):
    program.send("hello", slow=0.02, answer=LONG)
    program.wait(lambda: program.chat.is_busy and program.words().startswith("word0 word1 word2"))
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    program.wait_idle()
    view = program.page.view
    press(program, program.chat.message_ids[1], "continue")
    program.wait(lambda: program.chat.is_busy)
    assert view.hasFocus()
    assert view.current == 1
    QTest.keyClick(view, Qt.Key.Key_Escape)
    program.wait_idle()
    press(program, program.chat.message_ids[1], "try_again")
    program.wait(lambda: label(program, program.chat.message_ids[1]) == "2 of 2")
    program.wait(lambda: program.is_in_front() and view.current == 1 and view.hasFocus())  # a menu was in front
    QTest.keyClick(view, Qt.Key.Key_Escape)
    program.wait_idle()
