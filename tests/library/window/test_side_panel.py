"""The panes beside the pages: chips that find room, and a pane that may have the whole work area."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from slmdesk.questions.window import QuestionController, QuestionPane
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes import SidePanel

pytestmark = pytest.mark.gui


class Wide(QWidget):
    width_requested = Signal(bool)


@pytest.fixture
def panel(qtbot, qapp):
    panel = SidePanel()
    qtbot.addWidget(panel)
    panel.wide = Wide()
    titles = ("Summary", "Questions", "Table", "Compare", "About", "Translation")
    for title in titles:
        panel.add_pane(title, f"{title.lower()}_pane", panel.wide if title == "Table" else QWidget())
    panel.resize(340, 500)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def chip(panel, name):
    return panel.findChild(QPushButton, name)


def test_chips_stand_on_further_lines_where_there_is_no_room(panel):
    chips = [one for one in panel.findChildren(QPushButton) if one.objectName().endswith("_chip")]
    assert len(chips) == 6
    assert max(other_chip.geometry().right() for other_chip in chips) <= panel.width()
    assert len({other_chip.y() for other_chip in chips}) > 1
    assert panel.wide.y() >= 0
    assert not any(
        other_chip.geometry().intersects(other.geometry())
        for other_chip in chips
        for other in chips
        if other_chip is not other
    )
    assert max(other_chip.geometry().bottom() for other_chip in chips) < panel.findChild(QStackedWidget).y()


def test_a_click_shows_a_pane_and_says_so(panel):
    reported = []
    panel.pane_shown.connect(reported.append)
    assert panel.current == "summary"
    QTest.mouseClick(chip(panel, "table_chip"), Qt.MouseButton.LeftButton)
    assert panel.current == "table"
    assert panel.wide.isVisible()
    panel.show_pane("questions_pane")
    assert chip(panel, "questions_chip").isChecked()
    panel.show_pane("nothing")
    assert reported == ["table", "questions"]


def test_a_click_puts_the_keyboard_into_the_field_of_a_pane_that_has_one(qtbot, panel):
    pane = QuestionPane(QuestionController(Bridge(), panel), panel)
    panel.add_pane("Ask", "ask_pane", pane)
    panel.window().activateWindow()
    QTest.mouseClick(chip(panel, "ask_chip"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.focusWidget() is pane.findChild(object, "question_line"))


def test_a_pane_has_the_whole_area_only_while_it_is_on_show_and_there_is_a_way_back(panel):
    reported = []
    panel.needs_width.connect(reported.append)
    panel.wide.width_requested.emit(True)
    assert reported == []
    panel.show_pane("table")
    assert reported == [True]
    assert chip(panel, "show_pages_button").isVisible()
    panel.show_pane("about")
    panel.show_pane("table")
    QTest.mouseClick(chip(panel, "show_pages_button"), Qt.MouseButton.LeftButton)
    assert reported == [True, False, True, False]
    assert not chip(panel, "show_pages_button").isVisible()
    assert panel.current == "table"
