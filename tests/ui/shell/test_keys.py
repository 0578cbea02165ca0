"""The keyboard: every stop of Tab can be seen, they come as they stand on the page, one key exports what is shown."""

from __future__ import annotations

from functools import partial

import pytest
from fakes.dropping import LEASE, open_read
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QWidget

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


def stops_of(program) -> list[QWidget]:
    """What Tab reaches from where the focus is, until it is back."""
    stops = [QApplication.focusWidget()]
    while True:
        QTest.keyClick(stops[-1], Qt.Key.Key_Tab)
        QApplication.processEvents()  # what is scrolled to is in its place
        if QApplication.focusWidget() is stops[0]:
            return stops
        stops.append(QApplication.focusWidget())
        assert len(stops) < 200


def shows_focus(widget: QWidget) -> bool:
    """Whether it can be seen that a widget has the focus: by its cursor, by its chosen row, or by the ring."""
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        return True
    if isinstance(widget, QAbstractItemView) and widget.currentIndex().isValid():
        return True
    rings = [ring for ring in widget.window().findChildren(QWidget, "focus_ring") if ring.isVisible()]
    return any(ring.geometry().isValid() for ring in rings)


def test_every_stop_of_tab_shows_that_it_has_the_focus(program, tmp_path):
    letter = tmp_path / "lease.md"
    letter.write_text(LEASE)
    program.say("hello")
    program.open_documents()
    open_read(program, letter)
    program.wait(lambda: program.find("summary_pane").report is not None)
    for page in ("Start", "Chat", "Documents", "Translate", "Write", "Models", "Settings"):
        program.window.show_page(page)
        program.ask(lambda _services: None)
        tab = partial(QTest.keyClick, program.window.windowHandle(), Qt.Key.Key_Tab)  # the ring listens to the window
        tab()
        first = QApplication.focusWidget()
        unseen: list[str] = []
        while not unseen or QApplication.focusWidget() is not first:
            stop = QApplication.focusWidget()
            unseen.append("" if shows_focus(stop) else stop.objectName())
            tab()
            QApplication.processEvents()
        assert not [name for name in unseen if name], page


def test_tab_comes_to_the_result_before_the_pages_and_to_the_field_before_its_icons(program, tmp_path):
    letter = tmp_path / "lease.md"
    letter.write_text(LEASE)
    program.open_documents()
    open_read(program, letter)
    pane = program.find("summary_pane")
    program.wait(lambda: pane.report is not None and pane.view.isVisible())
    program.find("document_more_button").setFocus()
    names = [stop.objectName() for stop in stops_of(program)]
    wanted = [
        "document_more_button",
        "document_tabs",
        "page_button",
        "summary_list",
        "summary_copy",
        "page_view",
    ]
    assert [name for name in dict.fromkeys(names) if name in wanted] == wanted
    for page in ("Start", "Chat"):
        program.window.show_page(page)
        program.wait(program.page.composer.input_box.isVisible)
        program.page.composer.input_box.setFocus()
        names = [stop.objectName() for stop in stops_of(program)]
        assert names[:3] == ["input_box", "attach_button", "dictate_button"]


def press_export(program) -> None:
    QTest.keyClick(program.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)


def open_menus(program) -> list[QMenu]:
    return [menu for menu in program.window.findChildren(QMenu, "export_menu") if menu.isVisible()]


def test_one_key_exports_a_chat(program):
    press_export(program)
    assert not open_menus(program), "there is nothing yet"
    program.say("hello")
    press_export(program)
    (menu,) = open_menus(program)
    assert menu.parent() is program.find("export_button")
    menu.close()


def test_the_same_key_exports_what_was_made_of_a_document(program, tmp_path):
    letter = tmp_path / "lease.md"
    letter.write_text(LEASE)
    program.open_documents()
    open_read(program, letter)
    program.choose_tab("questions")
    press_export(program)
    assert not open_menus(program), "there is nothing yet"
    program.choose_tab("summary")
    program.wait(program.find("summary_export").isVisible)
    press_export(program)
    (menu,) = open_menus(program)
    assert "export_ics" in [action.objectName() for action in menu.actions()]
    menu.close()
