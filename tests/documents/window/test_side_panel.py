"""The panes of a document: tabs that choose among them, and a pane that may take the place of the pages."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.panes import SidePanel
from slmdesk.ui.tasks.answers import QuestionController
from slmdesk.ui.tasks.pane import ResultPane

pytestmark = pytest.mark.gui


class Wide(QWidget):
    width_requested = Signal(bool)


@pytest.fixture
def panel(qtbot, qapp):
    around = QWidget()
    qtbot.addWidget(around)
    panel = SidePanel(around)
    panel.around = around
    panel.wide = Wide()
    for title in ("Summary", "Questions", "Table", "Compare"):
        panel.add_pane(title, f"{title.lower()}_pane", panel.wide if title == "Table" else QWidget())
    layout = QVBoxLayout(around)
    layout.addWidget(panel.tabs)
    layout.addWidget(panel)
    around.resize(500, 500)
    around.show()
    qtbot.waitExposed(around)
    return panel


def choose(panel, at):
    QTest.mouseClick(panel.tabs, Qt.MouseButton.LeftButton, pos=panel.tabs.tabRect(at).center())


def test_a_click_or_a_key_shows_a_pane_and_says_so(panel):
    reported = []
    panel.pane_shown.connect(reported.append)
    assert panel.current == "summary"
    choose(panel, 2)
    assert panel.current == "table"
    assert panel.wide.isVisible()
    panel.show_pane("questions_pane")
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Questions"
    panel.show_pane("nothing")
    QTest.keyClick(panel.tabs, Qt.Key.Key_Right)
    assert list(dict.fromkeys(reported)) == ["table", "questions"]
    assert panel.current == "table"


def test_a_click_puts_the_keyboard_into_the_field_of_a_pane_that_has_one(qtbot, panel):
    pane = ResultPane(QuestionController(Bridge(), panel), panel)
    panel.add_pane("Ask", "ask_pane", pane)
    panel.window().activateWindow()
    choose(panel, 4)
    qtbot.waitUntil(lambda: panel.window().focusWidget() is pane.findChild(object, "question_line"))


def test_a_pane_has_the_place_of_the_pages_only_while_it_is_on_show(panel):
    reported = []
    panel.needs_width.connect(reported.append)
    panel.wide.width_requested.emit(True)
    assert reported == []
    panel.show_pane("table")
    assert reported == [True]
    panel.show_pane("compare")
    panel.show_pane("table")
    panel.give_width("table", False)
    assert reported == [True, False, True, False]
    assert panel.current == "table"
