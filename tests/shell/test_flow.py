"""Widgets in lines: what is lower than the others of its line stands in their middle."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QFrame

from slmdesk.window.widgets.build import FlowLayout

pytestmark = pytest.mark.gui


def test_lower_items_stand_in_the_middle_of_their_line_and_lines_below_each_other(qtbot):
    holder = QFrame()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder, gap=10)
    boxes = []
    for width, height in ((50, 40), (30, 20), (60, 30)):
        box = QFrame(holder)
        box.setFixedSize(width, height)
        flow.addWidget(box)
        boxes.append(box)
    flow.setGeometry(QRect(0, 0, 100, 200))
    assert [box.geometry().getRect() for box in boxes] == [(0, 0, 50, 40), (60, 10, 30, 20), (0, 50, 60, 30)]
    assert flow.heightForWidth(100) == 80
    assert flow.heightForWidth(1000) == 40
