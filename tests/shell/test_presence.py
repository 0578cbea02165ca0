import os

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from slmdesk.loader.energy import OtherPrograms
from slmdesk.shell.presence import AWAY_S, MOST_LOAD, Presence

pytestmark = pytest.mark.gui


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(qtbot):
    field, clock, load = QLineEdit(), Clock(), [3.0]
    qtbot.addWidget(field)
    field.show()
    qtbot.waitExposed(field)
    presence = Presence(field, clock=clock, load=lambda: load[0])
    presence.watch(field.windowHandle())
    clock.now += AWAY_S
    presence.look()
    QTest.keyClick(field.windowHandle(), Qt.Key.Key_Shift)
    return presence, field, clock, load


def test_nobody_is_there_after_three_minutes_without_input(watched) -> None:
    presence, _field, clock, _load = watched
    assert not presence.is_away()
    clock.now += AWAY_S
    assert presence.is_away()


@pytest.mark.parametrize("act", ["key", "mouse", "cursor"])
def test_a_key_or_the_mouse_brings_somebody_back(watched, act) -> None:
    presence, field, clock, _load = watched
    clock.now += AWAY_S
    if act == "key":
        QTest.keyClick(field.windowHandle(), Qt.Key.Key_A)
        assert field.text() == "a"
    elif act == "mouse":
        QTest.mouseClick(field.windowHandle(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    else:
        QCursor.setPos(QCursor.pos() + QPoint(9, 9))
        presence.look()
    assert not presence.is_away()
    clock.now += AWAY_S
    assert presence.is_away()


def test_another_program_at_work_counts_as_somebody(watched) -> None:
    presence, _field, clock, load = watched
    load[0] = 80.0
    clock.now += 10 * AWAY_S
    presence.look()
    assert not presence.is_away()
    load[0] = 2.0
    presence.look()
    assert presence.is_away()


def test_before_the_first_look_somebody_is_there(qtbot) -> None:
    field, clock = QLineEdit(), Clock()
    qtbot.addWidget(field)
    presence = Presence(field, clock=clock, load=lambda: 0.0)
    clock.now += AWAY_S
    assert not presence.is_away()


def test_the_load_is_that_of_other_programs_on_all_cores(qtbot, monkeypatch) -> None:
    monkeypatch.setattr(OtherPrograms, "cores", lambda _: share * (os.cpu_count() or 1) / 100)
    field, clock = QLineEdit(), Clock()
    qtbot.addWidget(field)
    presence = Presence(field, clock=clock)
    clock.now += AWAY_S
    presence.look()
    assert not presence.is_away(), "nothing to compare with"
    share = MOST_LOAD + 1
    presence.look()
    assert not presence.is_away()
    share = MOST_LOAD - 1
    presence.look()
    assert presence.is_away()
