"""Lists of values to choose from: long ones open below their box, scroll, and are searched by typing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from slmdesk.base.translation import LANGUAGES
from slmdesk.ui.kit.widgets.rows import Choice

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


def opened(program, values):
    choice = Choice(values, program.window)
    choice.move(20, 20)
    choice.show()
    program.click(choice)
    program.wait(lambda: choice.view().isVisible())
    return choice


def test_a_long_list_is_bounded_and_searched_by_typing_and_a_short_one_shows_all(start):
    program = start()
    choice = opened(
        program,
        [(language.code, language.name) for language in sorted(LANGUAGES.values(), key=lambda language: language.name)],
    )
    assert choice.count() > 12
    popup = choice.view().window()
    assert popup.height() <= 13 * choice.view().sizeHintForRow(0)
    assert popup.y() >= choice.mapToGlobal(QPoint(0, choice.height() - 2)).y()  # below the box, not over it
    assert choice.view().verticalScrollBar().maximum() > 0
    QTest.keyClicks(choice.view(), "pol")
    assert choice.view().currentIndex().data() == "Polish"
    received = []
    choice.value_chosen.connect(received.append)
    QTest.keyClick(choice.view(), Qt.Key.Key_Return)
    program.wait(lambda: received == ["pl"])
    assert choice.currentText() == "Polish"
    choice.hide()
    short = opened(program, [(number, f"Value {number}") for number in range(4)])
    assert short.view().verticalScrollBar().maximum() == 0
    QTest.keyClick(short.view(), Qt.Key.Key_Escape)
    program.wait(lambda: not short.view().isVisible())
