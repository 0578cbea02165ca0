"""Shortcuts are changed in the settings: at once, with a clash named, reset one or all, and kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from slmdesk.ui.kit.base.shortcuts import ALL, FIXED, can_be, chosen_in, keys_of, taken_by, with_choice

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Shortcuts:
    """The section of the settings, as a person uses its list of shortcuts."""

    def __init__(self, program):
        self.program = program
        program.window.show_page("Settings")
        program.click("settings_shortcuts")
        program.wait(lambda: program.find("shortcut_list").isVisible())

    def part(self, name):
        widget = self.program.find(name, self.program.find("shortcut_list"))
        self.program.frame.settings_page.ensureWidgetVisible(widget)
        return widget

    def press(self, name, key, modifiers=Qt.KeyboardModifier.NoModifier):
        """Ask for new keys of a shortcut, if they are not asked for yet, and press them."""
        if not self.part(f"edit_{name}").isVisible():
            self.program.click(self.part(f"keys_{name}"))
        edit = self.part(f"edit_{name}")
        self.program.wait(edit.hasFocus)
        QTest.keyClick(edit, key, modifiers)

    def leave(self):
        self.program.window.show_page("Chat")

    def shows(self, name, keys):
        self.program.wait(lambda: self.part(f"keys_{name}").isVisible() and self.part(f"keys_{name}").text() == keys)

    def refusal(self, name):
        label = self.part(f"refusal_{name}")
        return label.text() if label.isVisible() else ""


def saved(program):
    return program.ask(lambda services: services.settings.current.shortcuts)


def test_new_keys_are_in_force_at_once_and_after_a_restart_and_none_switches_them_off(start):
    program = start()
    shown = Shortcuts(program)
    shown.press("chat.panel", Qt.Key.Key_U, CTRL)
    shown.shows("chat.panel", "Ctrl+U")
    shown.leave()
    QTest.keyClick(program.window, Qt.Key.Key_B, CTRL | SHIFT)
    assert not program.page.is_panel_shown, "the old keys do nothing"
    QTest.keyClick(program.window, Qt.Key.Key_U, CTRL)
    program.wait(lambda: program.page.is_panel_shown)
    shown = Shortcuts(program)
    shown.press("page.models", Qt.Key.Key_F10)
    shown.shows("page.models", "F10")
    program.click(shown.part("keys_page.jobs"))
    program.click(shown.part("none_page.jobs"))
    shown.shows("page.jobs", "None")
    shown.leave()
    QTest.keyClick(program.window, Qt.Key.Key_F10)
    program.wait(program.frame.models_area.isVisible)
    QTest.keyClick(program.window, Qt.Key.Key_J, CTRL)
    assert program.frame.models_area.isVisible()
    assert saved(program) == "chat.panel Ctrl+U\npage.jobs \npage.models F10"
    shown = Shortcuts(program)
    program.click(shown.part("reset_page.jobs"))
    shown.shows("page.jobs", "Ctrl+J")
    shown.leave()
    QTest.keyClick(program.window, Qt.Key.Key_J, CTRL)
    program.wait(program.frame.jobs_page.isVisible)
    program.close()
    again = start()
    assert keys_of("chat.panel").shown == "Ctrl+U"
    again.window.setFocus()
    QTest.keyClick(again.window, "?")
    again.wait(lambda: again.window.findChild(QDialog, "help_window") is not None)
    again.window.findChild(QDialog, "help_window").close()


def test_keys_that_do_something_else_are_refused_by_name(program):
    shown = Shortcuts(program)
    shown.press("chat.list", Qt.Key.Key_K, CTRL)
    what = keys_of("palette").words
    program.wait(lambda: shown.refusal("chat.list") == f"Ctrl+K is taken: “{what}” (Everywhere).")
    shown.press("chat.list", Qt.Key.Key_C, CTRL)
    program.wait(lambda: shown.refusal("chat.list") == "Ctrl+C is taken: “Copy” (Texts and lists).")
    shown.press("chat.list", Qt.Key.Key_A)
    program.wait(lambda: shown.refusal("chat.list").startswith("A alone writes text"))
    QTest.keyClick(shown.part("edit_chat.list"), Qt.Key.Key_Escape)
    shown.shows("chat.list", "Ctrl+B")
    assert shown.part("keys_chat.list").hasFocus()
    assert not saved(program)
    shown.press("documents.find", Qt.Key.Key_Y, CTRL)  # the same meaning may have the same keys on another page
    shown.press("chat.find", Qt.Key.Key_Y, CTRL)
    shown.shows("chat.find", "Ctrl+Y")
    shown.leave()


def test_the_usual_keys_come_back_one_by_one_where_free_or_all(program):
    shown = Shortcuts(program)
    assert not shown.part("reset_shortcuts_button").isEnabled()
    shown.press("chat.list", Qt.Key.Key_U, CTRL)
    shown.shows("chat.list", "Ctrl+U")
    shown.press("chat.panel", Qt.Key.Key_B, CTRL)
    shown.shows("chat.panel", "Ctrl+B")
    program.click(shown.part("reset_chat.list"))
    program.wait(lambda: shown.refusal("chat.list").startswith("Ctrl+B is taken: “Show or hide the settings"))
    program.click(shown.part("reset_shortcuts_button"))
    shown.shows("chat.list", "Ctrl+B")
    shown.shows("chat.panel", "Ctrl+Shift+B")
    assert not shown.refusal("chat.list")
    assert not saved(program)
    assert not shown.part("reset_chat.list").isVisible()
    shown.leave()


def test_a_page_has_no_key_that_does_something_else_on_another():
    assert taken_by("page.write", "Ctrl+L").name == "chat.write"
    assert taken_by("chat.write", "Ctrl+5").name == "page.write"
    assert taken_by("documents.find", "Ctrl+F") is None  # one meaning


def test_a_key_has_one_meaning_in_the_whole_window():
    meant: dict[str, set[str]] = {}
    for shortcut in (*ALL, *FIXED):
        for keys in shortcut.keys:
            meant.setdefault(QKeySequence(keys).toString(), set()).add(shortcut.meaning)
    assert {keys: names for keys, names in meant.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    "text", ["", "nothing", "chat.new", "nobody Ctrl+J", "chat.new A", "chat.new Ctrl+K, Ctrl+L", "\0"]
)
def test_a_setting_with_nonsense_does_no_harm(text):
    assert set(chosen_in(text)) <= {"chat.new"}
    assert chosen_in(text).get("chat.new", "") == ""


def test_keys_that_write_are_none():
    assert not any(map(can_be, ("", "A", "Shift+A", "Return", "Tab", "Shift+Tab", "Space", "Esc", "Del", "Home")))
    assert all(map(can_be, ("F5", "Shift+F5", "Ctrl+A", "Alt+Left", "Ctrl+Shift+A", "Meta+A")))
    assert with_choice("chat.new Ctrl+J", "chat.new", "Ctrl+N") == ""
