import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from slmdesk.ui.shell.presence import Presence

pytestmark = pytest.mark.gui


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("act", ["key", "mouse", "cursor"])
def test_a_key_or_the_mouse_brings_somebody_back(qtbot, act) -> None:
    field, clock = QLineEdit(), Clock()
    qtbot.addWidget(field)
    field.show()
    qtbot.waitExposed(field)
    presence = Presence(field, clock=clock)
    presence.watch(field.windowHandle())
    clock.now += 180.0
    presence.look()
    assert presence.idle_s == 180.0
    if act == "key":
        QTest.keyClick(field.windowHandle(), Qt.Key.Key_A)
        assert field.text() == "a"
    elif act == "mouse":
        QTest.mouseClick(field.windowHandle(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    else:
        QCursor.setPos(QCursor.pos() + QPoint(9, 9))
        presence.look()
    assert presence.idle_s == 0.0
