"""Help: shortcuts from the list by which they are bound, the person's data, the licences; find and zoom in a chat."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from slmdesk import __version__
from slmdesk.ui.kit.base.shortcuts import ALL, FIXED

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
CTRL = Qt.KeyboardModifier.ControlModifier


def opened(program) -> QDialog:
    window = program.find("help_window")
    program.wait(window.isVisible)
    return window


def test_the_key_and_the_entry_open_one_window_with_shortcuts_licences_and_the_folders_of_data(
    program, paths, monkeypatch
):
    went: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", went.append)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/slmdesk/slmdesk")
    QTest.keyClick(program.window, Qt.Key.Key_F1)
    QTest.keyClick(opened(program), Qt.Key.Key_Escape)
    program.wait(lambda: program.window.findChild(QDialog, "help_window") is None)
    entry = program.find("help_button")
    assert entry.focusPolicy() & Qt.FocusPolicy.TabFocus
    entry.setFocus()
    QTest.keyClick(entry, Qt.Key.Key_Space)
    window = opened(program)
    program.click(entry)
    assert len(program.window.findChildren(QDialog, "help_window")) == 1
    words = {label.text() for label in window.findChildren(QLabel, "help_words")}
    assert words >= {shortcut.words for shortcut in ALL}
    text = "\n".join(label.text() for label in window.findChildren(QLabel))
    for expected in (f"slmdesk {__version__}", "Apache", "LGPL", "Lucide", "SmolLM2", "slmdesk doctor"):
        assert expected in text
    program.mentions("help_licences_page", "/opt/slmdesk/LICENCES.txt", window)
    shown = [label.text().replace("\u200b", "") for label in window.findChildren(QLabel, "help_folder")]
    assert {str(paths.data), str(paths.models)} <= set(shown)
    button = program.find("help_open_0", window)
    program.find("help_area", window).ensureWidgetVisible(button)
    program.click(button)
    assert [url.toLocalFile() for url in went] == [str(paths.data)]
    window.close()


def test_a_first_step_goes_to_its_page_and_shortcuts_are_found_and_changed_in_the_settings(program):
    def visible(name: str, within) -> list[str]:
        return [label.text().casefold() for label in within.findChildren(QLabel, name) if label.isVisible()]

    QTest.keyClick(program.window, Qt.Key.Key_F1)
    window = opened(program)
    program.type_into(program.find("help_search", window), "rephrase")
    assert visible("help_words", window)
    assert all("rephrase" in text for text in visible("help_words", window))
    assert not program.find("help_data", window).isVisible()
    program.click(program.find("help_go_4", window))
    assert program.window.current_page == "Models"
    program.wait(lambda: program.window.findChild(QDialog, "help_window") is None)
    QTest.keyClick(program.window, Qt.Key.Key_F1)
    program.click(program.find("help_change_shortcuts", opened(program)))
    program.wait(lambda: program.find("shortcut_list").isVisible())
    program.type_into(program.frame.settings_page.field, "rephrase")
    assert visible("shortcut_words", program.window)
    assert all("rephrase" in text for text in visible("shortcut_words", program.window))


def test_what_the_window_binds_is_in_the_list(program):
    """Of every shortcut for a whole page; those of single rows and windows are shown where they are."""
    program.make_pages()
    listed = {QKeySequence(keys) for shortcut in (*ALL, *FIXED) for keys in shortcut.keys}
    bound = [
        shortcut.key()
        for shortcut in program.window.findChildren(QShortcut)
        if shortcut.context() is Qt.ShortcutContext.WindowShortcut
    ]
    assert bound
    assert [key.toString() for key in bound if not key.isEmpty() and key not in listed] == []


def test_words_are_found_in_the_chat_on_show(program):
    program.say("one fox and another fox\n" + "line\n" * 200 + "the last fox")
    QTest.keyClick(program.window, Qt.Key.Key_F, CTRL)
    line, count = program.find("chat_find_line"), program.find("chat_find_count")
    program.wait(line.hasFocus)
    QTest.keyClicks(line, "fox")
    program.wait(lambda: count.text().startswith("1 of "))
    total = int(count.text().split()[-1])
    assert total >= 3
    QTest.keyClick(line, Qt.Key.Key_Return)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert count.text() == f"3 of {total}"
    view = program.page.view
    text = view.rows[0].widget.text
    marks = text.extraSelections()
    assert len(marks) == 3
    assert marks[2].format.background() != marks[1].format.background()
    y = text.viewport().mapTo(view.viewport(), text.cursorRect(marks[2].cursor).center()).y()
    assert 0 < y < view.viewport().height()
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert count.text() == f"2 of {total}"
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert not line.isVisible()
    program.wait(program.page.composer.input_box.hasFocus)
    assert not text.extraSelections()


def test_what_is_found_keeps_up_with_the_chat(program):
    program.say("a fox")
    QTest.keyClick(program.window, Qt.Key.Key_F, CTRL)
    line, count = program.find("chat_find_line"), program.find("chat_find_count")
    program.wait(line.hasFocus)
    QTest.keyClicks(line, "fox")
    program.wait(lambda: count.text().startswith("1 of "))
    before = int(count.text().split()[-1])
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.say("more fox and fox")
    view = program.page.view
    program.wait(lambda: int(count.text().split()[-1]) >= before + 4)
    assert count.text().startswith("2 of "), "the place gone to stays"
    after = int(count.text().split()[-1])
    program.wait(lambda: len(view.rows[3].widget.text.extraSelections()) >= 2)
    for _ in range(after - 2):
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert count.text() == f"{after} of {after}"
    view.menu_chosen.emit(view.rows[3].view.id, "delete")
    QTest.keyClick(line, Qt.Key.Key_Return)  # a message that is gone is no error
    program.wait(lambda: int(count.text().split()[-1]) < after)


def test_letters_of_the_chat_grow_and_shrink(program):
    program.say("hello")
    size = lambda: program.page.view.rows[0].widget.text.document().defaultFont().pointSizeF()  # noqa: E731
    usual = size()
    QTest.keyClick(program.window, Qt.Key.Key_Plus, CTRL)
    program.wait(lambda: size() > usual)
    QTest.keyClick(program.window, Qt.Key.Key_0, CTRL)
    program.wait(lambda: size() == usual)
    QTest.keyClick(program.window, Qt.Key.Key_Minus, CTRL)
    program.wait(lambda: size() < usual)


@pytest.mark.parametrize("page", ["Chat", "Start"])
def test_the_key_for_opening_attaches_a_document_in_a_chat_and_on_start(program, page):
    program.window.show_page(page)
    program.wait(program.page.composer.isVisible)
    QTest.keyClick(program.window, Qt.Key.Key_O, CTRL)
    dialog = program.find("attach_dialog")
    assert "Attach" in dialog.windowTitle()
    dialog.close()
    QApplication.processEvents()
