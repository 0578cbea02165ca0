"""The screen is locked and the PC goes to sleep, told over a real bus by a fake logind."""

from __future__ import annotations

import pytest
from fakes.private_bus import MISSING, private_bus
from PySide6.QtCore import QObject

from slmdesk.ui.shell.session_elsewhere import MacSession, meaning_of
from slmdesk.ui.shell.session_watch import SessionWatch

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
needs_bus = pytest.mark.skipif(MISSING, reason="dbus-daemon is not here: no logind can be played")
WAIT_MS = 30_000


@pytest.fixture
def bus():
    with private_bus() as made:
        yield made


@pytest.fixture
def watch(qapp):
    """A watch of a bus; `heard` fills by itself."""
    from shiboken6 import delete

    owner = QObject()

    def begin(environment) -> SessionWatch:
        made = SessionWatch(owner, environment)
        made.heard = []
        made.screen_locked.connect(lambda: made.heard.append("locked"))
        made.sleep_announced.connect(lambda: made.heard.append("sleep"))
        made.start()
        return made

    yield begin
    for watcher in owner.findChildren(SessionWatch):
        watcher.stop()
    delete(owner)


@needs_bus
def test_sleep_is_held_back_until_it_is_let(bus, watch, qtbot):
    logind = bus.logind()
    watcher = watch(bus.environment)
    qtbot.waitUntil(lambda: watcher.handle is not None and bool(logind.calls("Inhibit")), timeout=WAIT_MS)
    (asked,) = logind.calls("Inhibit")
    assert (asked["body"][0], asked["body"][3]) == ("sleep", "delay")
    qtbot.waitUntil(lambda: bool(logind.calls("GetSessionByPID")), timeout=WAIT_MS)
    logind.notify("sleep")
    qtbot.waitUntil(lambda: watcher.heard == ["sleep"], timeout=WAIT_MS)
    assert not logind.calls("released")
    watcher.let_sleep()
    qtbot.waitUntil(lambda: bool(logind.calls("released")), timeout=WAIT_MS)
    logind.notify("wake")
    qtbot.waitUntil(lambda: watcher.handle is not None, timeout=WAIT_MS)
    assert watcher.heard == ["sleep"]
    watcher.stop()
    qtbot.waitUntil(lambda: len(logind.calls("released")) == 2, timeout=WAIT_MS)


@needs_bus
@pytest.mark.parametrize("word", ["lock", "hint"])
def test_the_screen_of_our_session_is_locked_and_that_of_another_is_not_ours(bus, watch, qtbot, word):
    logind = bus.logind()
    watcher = watch({**bus.environment, "XDG_SESSION_ID": "2"})
    qtbot.waitUntil(lambda: bool(watcher.session and logind.calls("GetSession")), timeout=WAIT_MS)
    assert logind.calls("GetSession")[0]["body"] == ["2"]
    logind.notify("lock-other")
    logind.notify(word)
    logind.notify("sleep")
    qtbot.waitUntil(lambda: "sleep" in watcher.heard, timeout=WAIT_MS)
    assert watcher.heard == ["locked", "sleep"]


@needs_bus
def test_a_program_of_no_session_locks_with_any(bus, watch, qtbot):
    logind = bus.logind(no_session=True)
    watcher = watch(bus.environment)
    qtbot.waitUntil(lambda: bool(logind.calls("GetSessionByPID")), timeout=WAIT_MS)
    logind.notify("lock-other")
    qtbot.waitUntil(lambda: watcher.heard == ["locked"], timeout=WAIT_MS)


@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "tcp:host=127.0.0.1,port=9", "nonsense"])
def test_where_there_is_no_such_bus_nothing_happens(watch, qtbot, address):
    watcher = watch({"DBUS_SYSTEM_BUS_ADDRESS": address})
    qtbot.wait(50)
    assert (watcher.heard, watcher.handle) == ([], None)
    watcher.let_sleep()


# ---- the pure parts of what is heard elsewhere


def test_messages_of_windows_mean_locked_and_sleep():
    assert meaning_of(0x02B1, 0x7) == "locked"
    assert meaning_of(0x02B1, 0x8) == ""  # unlocked
    assert meaning_of(0x0218, 0x4) == "sleep"
    assert meaning_of(0x0218, 0x12) == ""  # awake


def test_on_macos_a_screen_that_has_been_locked_since_is_heard_once(qapp):
    owner, heard, states = QObject(), [], iter([False, True, True, False, True])
    session = MacSession(owner, heard.append, lambda: next(states))
    for _ in range(5):
        session.look()
    assert heard == ["locked", "locked"]
    session.deleteLater()
