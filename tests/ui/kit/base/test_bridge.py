"""The bridge: events and results arrive on the window's thread, in order, and not after their receiver is gone."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from slmdesk.base.runtime.events import ItemGone, NoticeOver, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.ui.kit.base.bridge import Bridge

pytestmark = pytest.mark.gui


class Services:
    """The part of the services that a bridge uses."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.service_thread = ServiceThread(self.errors.append)
        self.names = self
        self.threads: list[threading.Thread] = []

    def add(self, name: str, *, again: bool = False) -> str:
        """A method of the service `names`."""
        self.threads.append(threading.current_thread())
        return name * (1 + again)


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def on_gone(self, event: ItemGone) -> None:
        self.seen.append(event.id)


@pytest.fixture
def services():
    services = Services()
    yield services
    services.service_thread.close()
    assert services.errors == []


@pytest.fixture
def bridge(qapp, services):
    bridge = Bridge()
    bridge.attach(services)
    yield bridge
    bridge.end()


def test_an_event_reaches_its_slots_on_the_windows_thread_and_no_others(bridge, qtbot):
    seen: list[tuple[str, threading.Thread]] = []
    bridge.on(ItemGone, lambda event: seen.append((event.id, threading.current_thread())))
    bridge.on(NoticeOver, lambda event: seen.append((event.code, threading.current_thread())))
    worker = threading.Thread(target=lambda: [bridge.publish(ItemGone("1")), bridge.publish(ItemGone("2"))])
    worker.start()
    worker.join()
    assert seen == [], "only once the window's thread comes to it"
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [("1", threading.main_thread()), ("2", threading.main_thread())]


def test_a_receiver_that_is_gone_gets_nothing(bridge, qtbot):
    gone, stays = Receiver(), Receiver()
    bridge.on(ItemGone, gone.on_gone)
    bridge.on(ItemGone, stays.on_gone)
    delete(gone)
    bridge.publish(ItemGone("1"))
    qtbot.waitUntil(lambda: stays.seen == ["1"])


def test_work_that_takes_time_is_followed_to_its_result(bridge, services, qtbot):
    pending: Pending[str] = Pending()
    reports: list[object] = []
    results: list[object] = []

    def begin(_services) -> Pending[str]:
        pending.progress("lost: nobody can listen yet")
        services.service_thread.post(lambda: pending.progress(1))
        services.service_thread.post(lambda: pending.end("done"))
        return pending

    bridge.follow(begin, results.append, progressed=reports.append)
    qtbot.waitUntil(lambda: results == ["done"])
    assert reports == [1]
    bridge.ask(lambda _services: pending, results.append)
    qtbot.waitUntil(lambda: results == ["done", pending])


def test_a_call_of_a_service_begins_at_once_and_its_answer_comes_back(bridge, services, qtbot):
    answers: list[object] = []
    bridge.services.names.add("a")
    bridge.ask(bridge.services.names.add("b", again=True), answers.append)
    qtbot.waitUntil(lambda: answers == ["bb"])
    assert len(services.threads) == 2
    assert threading.main_thread() not in services.threads


@pytest.mark.parametrize("slot_of", [lambda it: it.on_gone, lambda it: lambda event: it.on_gone(event)])
def test_an_answer_is_dropped_with_the_receiver_it_belongs_to(bridge, qtbot, slot_of):
    gone, stays = Receiver(), Receiver()
    for receiver in (gone, stays):
        bridge.ask(lambda _services: ItemGone("1"), slot_of(receiver))
    delete(gone)
    qtbot.waitUntil(lambda: stays.seen == ["1"])
    assert gone.seen == []


def test_a_problem_is_refused_or_becomes_a_notice(bridge, qtbot):
    problem = Problem("file.missing", {}, "It is gone.")
    refused: list[object] = []
    met: list[object] = []
    bridge.problem_met.connect(met.append)

    def begin(_services) -> Pending[str]:
        pending: Pending[str] = Pending()
        pending.end(problem)
        return pending

    bridge.follow(begin, pytest.fail, refused.append)
    qtbot.waitUntil(lambda: refused == [problem])
    assert met == []
    bridge.follow(begin, pytest.fail)
    qtbot.waitUntil(lambda: met == [problem])


def test_a_request_that_fails_becomes_a_notice_where_nobody_takes_it(bridge, qtbot):
    met: list[Problem] = []
    bridge.problem_met.connect(met.append)
    bridge.ask(lambda _services: 1 // 0, pytest.fail)
    qtbot.waitUntil(lambda: bool(met))
    assert met[0].report


def test_work_is_cancelled_also_right_after_it_was_begun(bridge, services, qtbot):
    results: list[object] = []

    def begin(_services) -> Pending[str]:
        pending: Pending[str] = Pending(lambda: pending.end("cancelled"))
        return pending

    bridge.follow(begin, results.append).cancel()
    qtbot.waitUntil(lambda: results == ["cancelled"])


def test_requests_made_before_the_services_are_open_wait_for_them(qapp, services, qtbot):
    bridge = Bridge()
    results: list[object] = []
    following = bridge.follow(lambda _services: Pending(lambda: results.append("cancel")))
    bridge.ask(lambda _services: 5, results.append)
    following.cancel()
    bridge.attach(services)
    qtbot.waitUntil(lambda: len(results) == 2)
    assert sorted(map(str, results)) == ["5", "cancel"]
    bridge.end()
