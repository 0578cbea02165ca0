"""Nothing moves under the mouse: what a page shows stays where it is while jobs, notices and models come and go."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QTabBar, QWidget

from slmdesk.base.record import changed
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.notices import Notice

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
PAGES = ("Start", "Chat", "Documents", "Translate", "Write", "Models", "Jobs", "Settings")


def places(program) -> dict[QWidget, QRect]:
    """Where each control stands, also in what scrolls: there, the one under the mouse keeps its place too."""
    for _turn in range(3):
        QApplication.processEvents()
    notices = program.window.notices
    return {
        widget: QRect(widget.mapTo(program.window, QPoint()), widget.size())
        for kind in (QAbstractButton, QComboBox, QLineEdit, QTabBar)
        for widget in program.window.findChildren(kind)
        if widget.isVisible() and not notices.isAncestorOf(widget)
    }


def changes(program, chat):
    frame = program.frame
    loading = ModelStateChanged(ModelState.LOADING, "m", "A model of some length 7B", fraction=0.4)
    online = SimpleNamespace(current=changed(frame.settings.current, offline=False), is_once=False, requests=12)
    yield "a job begins", lambda: frame.jobs.status_reported.emit("1 job 40 %", 0.4)
    yield "a job ends", lambda: frame.jobs.status_reported.emit("", 0.0)
    yield "a notice comes", lambda: program.window.notices.show_notice(Notice("Moved to the trash.", action="Undo"))
    yield "a notice goes", lambda: program.window.notices.drop_text("Moved to the trash.")
    yield "a model loads", lambda: frame.models.state_changed.emit(loading)
    yield "the model is ready", lambda: frame.models.state_changed.emit(changed(loading, state=ModelState.READY))
    yield "a request is counted", lambda: frame.settings.show_requests(12)
    yield "the network is open", lambda: program.window.status.show_network(online)
    yield "the history is encrypted", lambda: program.window.status.lock.setVisible(True)
    yield "a title changes", lambda: program.ask(lambda services: services.chats.rename(chat, "Another, longer title"))
    yield "a flag comes", lambda: program.find("check_count_button").show()


def test_no_control_moves_while_things_come_and_go(program):
    program.window.resize(1280, 800)
    program.say("Hello")
    chat = program.chat.chat
    for page in PAGES:
        program.window.show_page(page)
        program.ask(lambda _services: None)
        program.wait(lambda: not any(live.is_coming for live in program.window.findChildren(Live)))
        program.find("check_count_button").hide()
        program.wait(lambda: places(program) == places(program))
        before = places(program)
        assert program.find("entry_0") in before
        for what, happens in changes(program, chat):
            happens()
            now = places(program)
            moved = {
                widget.objectName(): (place, now[widget])
                for widget, place in before.items()
                if widget in now and now[widget] != place
            }
            assert not moved, (page, what)
