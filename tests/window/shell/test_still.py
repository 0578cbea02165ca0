"""Nothing moves under the mouse: what a page shows stays where it is while jobs, notices and models come and go."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QLineEdit, QTabBar, QWidget

from slmdesk.runtime.events import ModelState, ModelStateChanged
from slmdesk.window.widgets.notices import Notice

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
PAGES = ("Start", "Chat", "Documents", "Translate", "Write", "Models", "Settings")


def is_scrolled(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def places(program) -> dict[str, QRect]:
    """Where each control stands that does not scroll, by its name."""
    for _turn in range(3):
        QApplication.processEvents()
    notices = program.window.notices
    found: dict[str, QRect] = {}
    for kind in (QAbstractButton, QLineEdit, QTabBar):
        for widget in program.window.findChildren(kind):
            if widget.isVisible() and not is_scrolled(widget) and not notices.isAncestorOf(widget):
                found[widget.objectName()] = QRect(widget.mapTo(program.window, QPoint()), widget.size())
    return found


def changes(program):
    frame = program.frame
    loading = ModelStateChanged(ModelState.LOADING, "m", "A model of some length 7B", fraction=0.4)
    yield "a job begins", lambda: frame.jobs.status_reported.emit("1 job 40 %", 0.4)
    yield "a job ends", lambda: frame.jobs.status_reported.emit("", 0.0)
    yield "a notice comes", lambda: program.window.notices.show_notice(Notice("Moved to the trash.", action="Undo"))
    yield "a notice goes", lambda: program.window.notices.drop_text("Moved to the trash.")
    yield "a model loads", lambda: frame.models.state_changed.emit(loading)
    yield "the network is open", lambda: program.window.status.show_requests(12)


@pytest.mark.parametrize("page", PAGES)
def test_no_control_moves_while_things_come_and_go(program, page):
    program.window.resize(1280, 800)
    program.window.show_page(page)
    program.ask(lambda _services: None)
    before = places(program)
    assert "entry_0" in before
    for what, happens in changes(program):
        happens()
        now = places(program)
        moved = {name: (place, now[name]) for name, place in before.items() if name in now and now[name] != place}
        assert not moved, what
