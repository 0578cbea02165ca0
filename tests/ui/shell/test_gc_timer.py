"""Cyclic garbage with widgets in it goes on the window's thread only."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtWidgets import QWidget

from slmdesk.ui.kit.base.garbage import GarbageCollector

pytestmark = pytest.mark.gui


class Knot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.me = self


@pytest.fixture
def collector(qapp):
    made = GarbageCollector()
    yield made
    made.stop()


def many() -> None:
    """More than one young generation of garbage."""
    for _ in range(3 * gc.get_threshold()[0]):
        cycle: list[object] = []
        cycle.append(cycle)


def test_another_thread_destroys_no_widget(collector, qtbot):
    gone = weakref.ref(Knot())
    other = threading.Thread(target=many)
    other.start()
    other.join()
    assert gone() is not None
    collector.look()
    assert gone() is None


def test_it_comes_by_itself_and_ends(collector, qtbot):
    gone = weakref.ref(Knot())
    many()
    qtbot.waitUntil(lambda: gone() is None)
    collector.stop()
    assert gc.isenabled()
