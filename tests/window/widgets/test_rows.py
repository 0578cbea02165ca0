"""A list of widgets by key: rows stay the same widgets, in the order of their items, and the focus stays near."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from slmdesk.window.widgets.build import column, row
from slmdesk.window.widgets.rows import Rows

pytestmark = pytest.mark.gui


def test_rows_stay_move_go_and_give_their_focus_to_a_neighbour(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    head, end = QLabel("Names", holder), QLabel("End", holder)
    layout = column(head, end, into=holder)

    def make(_item: str) -> QWidget:
        widget = QWidget(holder)
        row(QPushButton(widget), into=widget)
        return widget

    rows = Rows(layout, lambda item: item[0], make, lambda widget, item: widget.setObjectName(item), first=1)
    rows.show(["a1", "b1", "c1"])
    holder.show()
    before = dict(rows.rows)
    rows.show(["c2", "a1", "b1"])
    assert rows.rows == before
    assert [layout.itemAt(at).widget().objectName() for at in (1, 2, 3)] == ["c2", "a1", "b1"]
    assert (layout.itemAt(0).widget(), layout.itemAt(4).widget()) == (head, end)
    assert list(rows.rows) == ["c", "a", "b"]
    before["a"].findChild(QPushButton).setFocus()
    qtbot.waitUntil(before["a"].findChild(QPushButton).hasFocus)
    rows.show(["c2", "b1", "d1"])
    assert before["b"].findChild(QPushButton).hasFocus()
    assert [layout.itemAt(at).widget() for at in (1, 2, 3)] == list(rows.rows.values())
    assert before["a"].isHidden()
    rows.show([])
    assert layout.count() == 2
