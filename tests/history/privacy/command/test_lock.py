"""`slmdesk lock` tells the open window; what it answers is said."""

from __future__ import annotations

import socket
import sys
import threading

import pytest

from slmdesk.base.paths import find_paths
from slmdesk.base.runtime.window_channel import socket_address

pytestmark = [pytest.mark.process, pytest.mark.skipif(sys.platform == "win32", reason="a socket plays the window")]


@pytest.fixture
def window(home):
    """Plays a window that gives one answer; what it was asked is in the list."""
    asked, threads = [], []

    def answer(line: bytes) -> list[bytes]:
        find_paths().data.mkdir(parents=True, exist_ok=True)
        door = socket.socket(socket.AF_UNIX)
        door.bind(socket_address(find_paths().data))
        door.listen()

        def serve() -> None:
            channel, _ = door.accept()
            with channel, door:
                asked.append(channel.recv(100))
                channel.sendall(line)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return asked

    yield answer
    for other_thread in threads:
        other_thread.join(10)


def test_the_window_is_told_to_lock(run, window):
    asked = window(b"locking\n")
    done = run("lock")
    assert (done.status, done.out, asked) == (0, "Locked.\n", [b"lock \n"])


def test_where_no_window_is_open_there_is_nothing_to_lock(run, home):
    done = run("lock")
    assert (done.status, done.out, done.err) == (0, "", "No window is open, so there is nothing to lock.\n")
    assert run("lock", "--json").json == {"locked": False, "window": False}


@pytest.mark.parametrize(
    ("line", "code", "words"), [(b"plain\n", "lock.plain", "not encrypted"), (b"", "lock.silent", "does not answer")]
)
def test_what_is_not_locked_is_said(run, window, line, code, words):
    window(line)
    done = run("lock", "--json")
    assert (done.status, done.json["error"]["code"]) == (1, code)
    assert words in done.err
