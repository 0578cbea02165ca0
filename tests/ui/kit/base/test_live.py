"""A live value: the newest answer counts, and a change made here is not undone by an older one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import ItemGone
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live

pytestmark = pytest.mark.gui


class Services:
    def __init__(self) -> None:
        self.service_thread = ServiceThread(lambda err: None)
        self.names = self
        self.name, self.questions = "a", 0

    def get(self, what: str) -> str:
        self.questions += 1
        if what == "wrong":
            raise KnownError("preset.unknown", id=what)
        return what + self.name

    def set(self, name: str) -> None:
        if name == "wrong":
            raise KnownError("preset.unknown", id=name)
        self.name = name


@pytest.fixture
def services():
    services = Services()
    yield services
    services.service_thread.close()


@pytest.fixture
def bridge(qapp, services):
    bridge = Bridge()
    bridge.attach(services)
    yield bridge
    bridge.end()


@pytest.fixture
def owner(qapp):
    return QObject()


def test_it_is_asked_once_for_several_events_and_tells_another_value_only(bridge, services, owner, qtbot):
    live = Live(bridge, owner, lambda: bridge.services.names.get("x"), "", on=(ItemGone,))
    shown = []
    live.changed.connect(lambda: shown.append(live.value))
    qtbot.waitUntil(lambda: shown == ["xa"])
    services.name = "b"
    for _time in range(3):
        bridge.deliver(ItemGone("1"))
    qtbot.waitUntil(lambda: shown == ["xa", "xb"])
    bridge.deliver(ItemGone("1"))
    qtbot.waitUntil(lambda: services.questions == 3)
    qtbot.wait(0)
    assert shown == ["xa", "xb"]


def test_a_late_answer_is_dropped_and_nothing_is_asked_without_a_question(bridge, owner, qtbot):
    what, shown = [""], []
    live = Live(bridge, owner, lambda: bridge.services.names.get(what[0]) if what[0] else None, "none")
    live.changed.connect(lambda: shown.append(live.value))
    what[0] = "x"
    live.ask_now()
    live.put("y")
    what[0] = "z"
    live.ask_now()
    qtbot.waitUntil(lambda: shown == ["y", "za"])


def test_it_is_not_asked_while_nobody_looks(bridge, services, owner, qtbot):
    live = Live(bridge, owner, lambda: bridge.services.names.get("x"), "", on=(ItemGone,), is_watched=False)
    bridge.deliver(ItemGone("1"))
    qtbot.wait(0)
    assert services.questions == 0
    live.watch(True)
    qtbot.waitUntil(lambda: live.value == "xa")


def test_a_change_is_shown_at_once_and_the_stored_value_after_a_refusal(bridge, services, owner, qtbot):
    live = Live(bridge, owner, lambda: bridge.services.names.get(""), "")
    shown, problems = [], []
    bridge.problem_met.connect(lambda problem: problems.append(problem.code))
    qtbot.waitUntil(lambda: live.value == "a")
    live.changed.connect(lambda: shown.append(live.value))
    live.change("b", bridge.services.names.set("b"))
    live.change("c", bridge.services.names.set("c"))
    live.tell("b")  # an event about the first change
    qtbot.waitUntil(lambda: services.name == "c")
    assert shown == ["b", "c"]
    live.change("wrong", bridge.services.names.set("wrong"))
    qtbot.waitUntil(lambda: shown == ["b", "c", "wrong", "c"])
    assert problems == ["preset.unknown"]


def test_a_question_that_fails_is_told_to_whoever_takes_it(bridge, owner, qtbot):
    problems = []
    Live(bridge, owner, lambda: bridge.services.names.get("wrong"), "", refused=problems.append)
    qtbot.waitUntil(lambda: [problem.code for problem in problems] == ["preset.unknown"])
