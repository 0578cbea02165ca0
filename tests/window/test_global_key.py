"""A key that works in every program: asked for over a real bus of a fake desktop, refused, lost, closed, pressed."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress

import pytest
from fakes.commands import ROOT
from fakes.session_bus import MISSING, private_bus
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from slmdesk.base.settings import Settings
from slmdesk.window.global_key.controller import GlobalKey, KeyState, KeyStatus, words_of

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
needs_bus = pytest.mark.skipif(MISSING, reason="dbus-daemon is not here: no desktop can be played")
WAIT_MS = 30_000


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bus():
    with private_bus() as made:
        yield made


@pytest.fixture
def owner(qapp):
    """What is made for a test hangs on it, and goes with it."""
    from shiboken6 import delete

    made = QObject()
    yield made
    delete(made)


@pytest.fixture
def ask(owner, qtbot):
    """A key that is asked for by a `clock`; `states` and `presses` fill by themselves."""
    from slmdesk.window.global_key.session_bus import PortalKey

    def begin(environment):
        clock = Clock()
        key = PortalKey(owner, environment, clock=clock)
        key.clock = clock
        key.states, key.presses = [], []
        key.state_changed.connect(key.states.append)
        key.pressed.connect(key.presses.append)
        key.wait = lambda status: qtbot.waitUntil(lambda: key.states[-1].status is status, timeout=WAIT_MS)
        key.start()
        return key

    return begin


@pytest.fixture
def ready(bus, ask):
    """A desktop, and a key that it has given."""
    desktop, key = bus.desktop(), ask(bus.environment)
    key.wait(KeyStatus.READY)
    return desktop, key


@needs_bus
def test_the_key_the_desktop_gives_is_named_and_pressed(ready, qtbot):
    desktop, key = ready
    assert [state.status for state in key.states] == [KeyStatus.ASKING, KeyStatus.READY]
    assert "Ctrl+Alt+Shift+T translates what was copied" in words_of(key.states[-1])
    qtbot.waitUntil(lambda: bool(desktop.calls("BindShortcuts")), timeout=WAIT_MS)
    (bound,) = desktop.calls("BindShortcuts")
    ((name, given),) = bound["body"][1]
    assert name == "translate-clipboard"
    assert given["preferred_trigger"] == ["s", "CTRL+ALT+SHIFT+t"]
    assert [one["call"] for one in desktop.received][1] == "Register", "a portal wants to hear the name before all else"
    desktop.notify("press")
    qtbot.waitUntil(lambda: key.presses == ["leave-42"], timeout=WAIT_MS)


@needs_bus
def test_a_key_that_is_held_down_is_one_wish(ready, qtbot):
    desktop, key = ready
    for _ in range(5):
        desktop.notify("press")
    desktop.notify("rebind Later")
    qtbot.waitUntil(lambda: key.states[-1].untrusted_trigger == "Later", timeout=WAIT_MS)
    assert len(key.presses) == 1
    key.clock.now += 1.0
    desktop.notify("press")
    qtbot.waitUntil(lambda: len(key.presses) == 2, timeout=WAIT_MS)


@needs_bus
def test_another_session_and_another_program_press_nothing(bus, ready, qtbot):
    from jeepney import DBusAddress, HeaderFields, new_signal
    from jeepney.io.blocking import open_dbus_connection

    desktop, key = ready
    qtbot.waitUntil(lambda: bool(desktop.calls("BindShortcuts")), timeout=WAIT_MS)
    (bound,) = desktop.calls("BindShortcuts")
    session = bound["body"][0]
    with open_dbus_connection(bus=bus.address) as stranger:
        for interface, path, member, signature, body in (
            ("org.freedesktop.portal.GlobalShortcuts", "/org/freedesktop/portal/desktop", "Activated", "osta{sv}",
             (session, "translate-clipboard", 1, {})),
            ("org.freedesktop.portal.Session", session, "Closed", "a{sv}", ({},)),
        ):  # fmt: skip
            reported = new_signal(DBusAddress(path, interface=interface), member, signature, body)
            reported.header.fields[HeaderFields.destination] = bound["sender"]
            stranger.send(reported)
        stranger.send_and_get_reply(_ping())  # the bus has passed them on when it answers this
    desktop.notify("other")
    desktop.notify("rebind Afterwards")
    qtbot.waitUntil(lambda: key.states[-1].untrusted_trigger == "Afterwards", timeout=WAIT_MS)
    assert key.presses == []


def _ping():
    from jeepney.bus_messages import message_bus

    return message_bus.GetId()


@needs_bus
def test_the_desktop_gives_another_key_or_none(ready, qtbot):
    desktop, key = ready
    desktop.notify("rebind Meta+T")
    qtbot.waitUntil(lambda: "Meta+T translates" in words_of(key.states[-1]), timeout=WAIT_MS)
    desktop.notify("rebind ")
    key.wait(KeyStatus.NO_KEY)
    desktop.notify("rebind \u202e<b>evil</b>" + "x" * 500)
    key.wait(KeyStatus.READY)
    assert "\u202e" not in words_of(key.states[-1])
    assert len(words_of(key.states[-1])) < 200


@needs_bus
@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"absent": True}, KeyStatus.MISSING),
        ({"bind": 1}, KeyStatus.DECLINED),
        ({"bind": 2}, KeyStatus.REFUSED),
        ({"create": 2}, KeyStatus.REFUSED),
        ({"error": "org.freedesktop.portal.Error.NotAllowed"}, KeyStatus.UNKNOWN_PROGRAM),
        ({"error": "org.freedesktop.portal.Error.Failed"}, KeyStatus.REFUSED),
        ({"key": ""}, KeyStatus.NO_KEY),
    ],
)
def test_a_desktop_that_gives_no_key_is_told_by_a_sentence(bus, ask, options, status):
    bus.desktop(**options)
    key = ask(bus.environment)
    key.wait(status)
    assert words_of(key.states[-1]).endswith(".")
    if status is not KeyStatus.NO_KEY:
        assert "--translate-clipboard" in words_of(key.states[-1])


@needs_bus
def test_a_bus_without_a_portal(bus, ask):
    ask(bus.environment).wait(KeyStatus.MISSING)


@needs_bus
def test_the_desktop_closes_the_session(ready, qtbot):
    desktop, key = ready
    desktop.notify("close")
    key.wait(KeyStatus.CLOSED)
    key.start()
    key.wait(KeyStatus.READY)


@needs_bus
def test_the_bus_dies(bus, ask):
    bus.desktop()
    key = ask(bus.environment)
    key.wait(KeyStatus.READY)
    bus.end()
    key.wait(KeyStatus.LOST)
    key.start()
    key.wait(KeyStatus.MISSING)


@needs_bus
def test_a_portal_that_is_started_anew_is_asked_again_but_not_for_ever(bus, ready, qtbot):
    desktop, key = ready
    desktop.notify("vanish")
    qtbot.waitUntil(lambda: len(desktop.calls("BindShortcuts")) == 2, timeout=WAIT_MS)
    key.wait(KeyStatus.READY)
    assert [state.status for state in key.states].count(KeyStatus.LOST) == 1
    desktop.close()
    dying = bus.desktop(silent=True)  # never gets to an answer
    for times in range(1, 5):
        qtbot.waitUntil(lambda times=times: len(dying.calls("BindShortcuts")) >= min(times, 3), timeout=WAIT_MS)
        losses = [state.status for state in key.states].count(KeyStatus.LOST)
        dying.notify("vanish")
        qtbot.waitUntil(
            lambda losses=losses: (
                [state.status for state in key.states].count(KeyStatus.LOST) > losses
                or key.states[-1].status is KeyStatus.LOST
            ),
            timeout=WAIT_MS,
        )
    qtbot.waitUntil(lambda: len(dying.calls("ready")) == 5, timeout=WAIT_MS)
    assert len(dying.calls("BindShortcuts")) == 3


@needs_bus
def test_switched_off_the_desktop_hears_that_we_are_gone(bus, ready, qtbot):
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    desktop, key = ready
    name = desktop.received[-1]["sender"]
    key.stop()
    assert key.states[-1].status is KeyStatus.OFF
    with open_dbus_connection(bus=bus.address) as other:
        qtbot.waitUntil(
            lambda: other.send_and_get_reply(message_bus.NameHasOwner(name)).body == (False,), timeout=WAIT_MS
        )


@needs_bus
def test_a_bus_on_an_abstract_socket(ask):
    with private_bus(f"unix:abstract=slmdesk-test-{secrets.token_hex(8)}") as bus:
        assert "abstract=" in bus.address
        bus.desktop()
        ask(bus.environment).wait(KeyStatus.READY)


@pytest.mark.parametrize(
    "address", ["", "tcp:host=127.0.0.1,port=9", "unix:path=/nowhere/bus", "nonsense", "unix:=", ";"]
)
def test_where_there_is_no_bus_of_this_computer_nothing_is_connected_to(ask, address):
    ask({"DBUS_SESSION_BUS_ADDRESS": address}).wait(KeyStatus.MISSING)


@pytest.fixture
def door():
    """Where a bus is looked for, and the socket that listens there."""
    with tempfile.TemporaryDirectory(prefix="slmbus-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/bus")
        listener.listen()
        yield {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus"}, listener


@pytest.mark.parametrize(
    "answer", [b"REJECTED EXTERNAL\r\n", b"junk", b"x" * 10_000, b"OK 1\r\n", b"OK 1\r\n" + b"\0" * 64]
)
def test_a_bus_that_speaks_nonsense_is_no_bus(ask, door, answer):
    place, listener = door

    def serve():
        line, _ = listener.accept()
        with line, suppress(OSError):  # whoever hears nonsense hangs up
            line.recv(100)
            line.sendall(answer)
            if answer.startswith(b"OK"):
                line.recv(100)
            line.sendall(b"\xff" * 200)

    speaker = threading.Thread(target=serve, daemon=True)
    speaker.start()
    ask(place).wait(KeyStatus.MISSING)
    speaker.join(10)


def test_a_bus_that_says_nothing_is_not_waited_for_for_ever(ask, door, monkeypatch):
    monkeypatch.setattr("slmdesk.window.global_key.session_bus.ANSWER_MS", 50)
    ask(door[0]).wait(KeyStatus.MISSING)  # it connects, and is never accepted


ASKING = """
import sys
from PySide6.QtCore import QCoreApplication, QTimer
from slmdesk.window.global_key.session_bus import PortalKey
app = QCoreApplication([])
key = PortalKey(app)
key.state_changed.connect(lambda state: state.status != "asking" and (print(state.status), app.quit()))
QTimer.singleShot(0, key.start)
QTimer.singleShot(100_000, app.quit)
app.exec()
"""


@needs_bus
def test_asking_for_the_key_opens_no_line_beyond_this_computer(bus, tmp_path):
    """P1; that such a trace sees an INET socket is the control in tests/command/test_working_day.py."""
    log = tmp_path / "calls"
    trace = ["strace", "-f", "-q", "-e", "trace=network", "-o", str(log)]
    if not shutil.which("strace") or subprocess.run([*trace, "true"], capture_output=True).returncode:
        pytest.skip("strace cannot be used here")
    bus.desktop()
    done = subprocess.run(
        [*trace, sys.executable, "-c", ASKING], capture_output=True, text=True, timeout=200, cwd=ROOT,
        env={**os.environ, **bus.environment},
    )  # fmt: skip
    assert done.stdout.strip() == "ready", done.stderr
    calls = log.read_text(errors="replace")
    assert bus.address.removeprefix("unix:path=").partition(",")[0] in calls, "the control: the bus's socket is seen"
    assert "AF_INET" not in calls
    assert "AF_NETLINK" not in calls


def test_every_state_has_a_sentence():
    for status in KeyStatus:
        words = words_of(KeyState(status, "Ctrl+{trigger}%s"))
        assert words[-1] == "."
        assert "!" not in words


# ---- in the window


@pytest.fixture
def environment(bus, monkeypatch):
    for name, value in bus.environment.items():
        monkeypatch.setenv(name, value)
    return bus


@needs_bus
def test_switched_on_in_the_settings_the_key_translates_what_was_copied(environment, start, model_file):
    desktop = environment.desktop()
    program = start(turned=True).with_model(model_file)
    assert desktop.calls("Register") == [], "off: nobody is asked anything"
    program.window.show_page("Settings")
    switch(program, True)
    program.wait(lambda: "Ctrl+Alt+Shift+T translates" in sentence(program))
    QApplication.clipboard().setText("The sun is up today.")
    desktop.notify("press")
    program.wait(lambda: program.window.current_page == "Translate")
    program.wait(lambda: program.find("target_text").toPlainText() == "tHE SUN IS UP TODAY.")
    program.close()
    again = start(turned=True)
    again.wait(lambda: "Ctrl+Alt+Shift+T translates" in sentence(again))
    again.wait(lambda: len(desktop.calls("BindShortcuts")) == 2)
    switch(again, False)
    again.wait(lambda: "may ask you" in sentence(again))


@needs_bus
def test_who_declines_is_not_asked_at_every_start(environment, start):
    environment.desktop(bind=1)
    program = start()
    switch(program, True)
    program.wait(lambda: "No key was given" in sentence(program))
    program.wait(lambda: any("No key was given" in words for words in program.notices()))
    program.wait(lambda: not program.ask(lambda services: services.settings.current.global_key))
    program.wait(lambda: not program.find("setting_global_key").isChecked())
    assert "No key was given" in sentence(program)
    switch(program, True)
    program.wait(lambda: len(environment.desktops[0].calls("BindShortcuts")) == 2)


@needs_bus
def test_a_desktop_without_such_keys_names_the_other_way(environment, start):
    program = start()
    switch(program, True)
    program.wait(lambda: "--translate-clipboard" in sentence(program))


def test_on_other_systems_the_setting_says_how_a_key_is_bound(qapp, owner):
    from slmdesk.window.base.bridge import Bridge

    bridge = Bridge(owner)
    key = GlobalKey(bridge, Settings(global_key=True), owner, platform="win32")
    bridge.opened.emit()
    assert not key.is_possible
    assert "--translate-clipboard" in key.sentence


def switch(program, is_on):
    control = program.setting("global_key")
    assert control.isChecked() is not is_on
    program.click(control)


def sentence(program):
    return program.find("global_key_sentence").text()
