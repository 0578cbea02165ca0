"""A bus that is none, speaks nonsense or says nothing: nothing of it is believed, and nobody waits for ever."""

from __future__ import annotations

import secrets
import socket
import tempfile
import threading
from contextlib import suppress

import pytest
from fakes.private_bus import MISSING, private_bus
from PySide6.QtCore import QObject

from slmdesk.ui.shell.system_bus import SystemBus

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
WAIT_MS = 30_000


@pytest.fixture
def connect(qapp):
    from shiboken6 import delete

    owner = QObject()

    def begin(address: str) -> SystemBus:
        made = SystemBus(owner, {"DBUS_SYSTEM_BUS_ADDRESS": address})
        made.open()
        return made

    yield begin
    for bus in owner.findChildren(SystemBus):
        bus.close()
    delete(owner)


@pytest.mark.skipif(MISSING, reason="dbus-daemon is not here")
@pytest.mark.parametrize("listen", ["", f"unix:abstract=slmdesk-test-{secrets.token_hex(8)}"], ids=["path", "abstract"])
def test_a_bus_is_reached_and_its_end_is_noticed(connect, qtbot, listen):
    with private_bus(listen) as bus:
        line = connect(bus.address)
        qtbot.waitUntil(lambda: line.is_open, timeout=WAIT_MS)
        bus.end()
        qtbot.waitUntil(lambda: line.is_over, timeout=WAIT_MS)


@pytest.mark.parametrize("address", ["tcp:host=127.0.0.1,port=9", "unix:path=/nowhere/bus", "nonsense", "unix:=", ";"])
def test_where_there_is_no_bus_of_this_computer_nothing_is_connected_to(connect, qtbot, address):
    line = connect(address)
    qtbot.waitUntil(lambda: line.is_over, timeout=WAIT_MS)


@pytest.fixture
def door():
    """Where a bus is looked for, and the socket that listens there."""
    with tempfile.TemporaryDirectory(prefix="slmbus-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/bus")
        listener.listen()
        yield f"unix:path={folder}/bus", listener


@pytest.mark.parametrize(
    "answer", [b"REJECTED EXTERNAL\r\n", b"junk", b"x" * 10_000, b"OK 1\r\n", b"OK 1\r\n" + b"\0" * 64]
)
def test_a_bus_that_speaks_nonsense_is_no_bus(connect, door, qtbot, answer):
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
    bus = connect(place)
    qtbot.waitUntil(lambda: bus.is_over, timeout=WAIT_MS)
    assert not bus.is_open
    speaker.join(10)


def test_a_bus_that_says_nothing_is_not_waited_for_for_ever(connect, door, qtbot, monkeypatch):
    monkeypatch.setattr("slmdesk.ui.shell.system_bus.ANSWER_MS", 50)
    bus = connect(door[0])
    qtbot.waitUntil(lambda: bus.is_over, timeout=WAIT_MS)  # it connects, and is never accepted
