"""The hook beside the guard: what Python opens past the guard is refused; what passes the guard arrives."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from slmdesk.models.hub import barriers

TRIES = """
import ctypes, json, os, socket, subprocess, sys, urllib.request
from slmdesk.models.hub import barriers as audit
from slmdesk.models.hub.guard import Asking, GuardPolicy, because, make_client
port = int(sys.argv[2])
if sys.argv[1] == "watched":
    audit.watch()
class Log:
    rows = []
    def record(self, request):
        self.rows.append(request)
        return len(self.rows)
    def finish(self, n, answer): pass
    def refuse(self, request, code): pass
results = {}
def attempt(function):
    try:
        function()
        results[function.__name__] = "allowed"
    except Exception as err:
        results[function.__name__] = str(getattr(err, "reason", err))
def by_url(): urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
def stream(): socket.create_connection(("127.0.0.1", port), 5).close()
def datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line: line.sendto(b"x", ("127.0.0.1", port))
def message():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line: line.sendmsg([b"x"], (), 0, ("127.0.0.1", port))
def a_name(): socket.getaddrinfo("localhost", port)
def an_old_name(): socket.gethostbyname("localhost")
def raw():
    line = socket.SocketType(); line.connect(("127.0.0.1", port)); line.close()
def inside_because():  # a reason alone opens nothing: the guard does
    policy = GuardPolicy(lambda: False, frozenset({"127.0.0.1"}), f"http://127.0.0.1:{port}")
    with because(Asking(policy, Log())): stream()
def through_the_guard():
    policy = GuardPolicy(lambda: False, frozenset({"127.0.0.1"}), f"http://127.0.0.1:{port}")
    with make_client() as client, because(Asking(policy, Log(), "search")):
        assert client.get(f"http://127.0.0.1:{port}/x").status_code == 204
    assert Log.rows
def after_the_guard(): stream()
def local():
    one, other = socket.socketpair()
    one.sendmsg([b"x"]); other.recv(1); one.close(); other.close()
def past_python():  # the limit of such a hook
    libc = ctypes.CDLL(None, use_errno=True)
    line = libc.socket(2, 1, 0)
    address = socket.AF_INET.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    if libc.connect(line, address, 16): raise OSError(ctypes.get_errno(), "")
    os.close(line)
for one in (by_url, stream, datagram, message, a_name, an_old_name, raw, inside_because, through_the_guard,
            after_the_guard, local, past_python):
    attempt(one)
print(json.dumps(results))
"""
PAST_THE_GUARD = {
    "by_url", "stream", "datagram", "message", "a_name", "an_old_name", "raw", "inside_because", "after_the_guard",
}  # fmt: skip
GOES_ON = {"through_the_guard", "local", "past_python"}


def tried(mode: str, silent_server) -> dict[str, str]:
    command = [sys.executable, "-c", TRIES, mode, str(silent_server.server_port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.process
def test_what_does_not_pass_the_guard_is_refused(silent_server):
    results = tried("watched", silent_server)
    assert results.keys() == PAST_THE_GUARD | GOES_ON
    assert {name for name, verdict in results.items() if verdict == "allowed"} == GOES_ON
    assert all("guard" in results[name] for name in PAST_THE_GUARD), results


@pytest.mark.process
def test_the_control_without_the_hook_all_of_it_is_allowed(silent_server):
    assert {name: verdict for name, verdict in tried("control", silent_server).items() if verdict != "allowed"} == {}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("event", "arguments", "is_refused"),
    [
        ("open", ("/etc/passwd", "r", 0), False),
        ("socket.connect", (None, "/run/bus"), False),
        ("socket.connect", (None, b"\0bus"), False),
        ("socket.sendmsg", (None, None), False),
        ("socket.connect", (None, ("example.org", 80)), True),
        ("socket.connect", (None, ("127.0.0.1", 80)), True),
        ("socket.getaddrinfo", ("example.org", 80, 0, 0, 0), True),
    ],
)
def test_what_is_refused(event, arguments, is_refused):
    if is_refused:
        with pytest.raises(PermissionError):
            barriers.audit(event, arguments)
        with barriers.passing():
            barriers.audit(event, arguments)
    else:
        barriers.audit(event, arguments)


@pytest.mark.pure
def test_on_windows_pairs_of_sockets_are_made_by_loopback(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    barriers.audit("socket.connect", (socket.socket, ("127.0.0.1", 50000)))
    with pytest.raises(PermissionError):
        barriers.audit("socket.connect", (socket.socket, ("10.0.0.1", 50000)))
