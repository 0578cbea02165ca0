"""Offline by the kernel: in a process of its own every way out is refused, and the same ways work without it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from slmdesk.base import walls
from slmdesk.models.hub import barriers

pytestmark = [pytest.mark.process, pytest.mark.skipif(not barriers.can_enforce(), reason="no such filter here")]

TRIES = """
import ctypes, json, os, socket, subprocess, sys, threading, urllib.request
from slmdesk.models.hub import barriers as kernel
mode, port, listening = sys.argv[1], int(sys.argv[2]), sys.argv[3]
running = threading.Event()
idle = threading.Thread(target=running.wait)
idle.start()  # the filter is for threads that run already, too
if mode == "enforced":
    assert kernel.enforce()
assert kernel.is_enforced() == (mode == "enforced")
running.set()
results = {}
def attempt(function):
    try:
        function()
        results[function.__name__] = "allowed"
    except Exception as err:
        reason = getattr(err, "reason", err)
        results[function.__name__] = os.strerror(reason.errno) if getattr(reason, "errno", 0) else str(reason)
def on_a_thread():
    found = []
    def run():
        try: socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError as err: found.append(err)
    thread = threading.Thread(target=run); thread.start(); thread.join()
    if found: raise found[0]
def by_url(): urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
def stream(): socket.create_connection(("127.0.0.1", port), 5).close()
def datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line: line.sendto(b"x", ("127.0.0.1", port))
def inet6(): socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()
def netlink(): socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()
def past_python():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.socket(2, 1, 0) < 0: raise OSError(ctypes.get_errno(), "")
def by_qt():
    from PySide6.QtNetwork import QTcpSocket
    line = QTcpSocket()
    line.connectToHost("127.0.0.1", port)
    if not line.waitForConnected(5000): raise OSError(line.errorString())
    line.abort()
def by_another_program():
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
    if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode: raise OSError("refused there too")
def a_name():
    for one in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM):
        socket.socket(*one[:2]).close()
def local_socket():
    with socket.socket(socket.AF_UNIX) as line: line.connect(listening)
def pair():
    for one in socket.socketpair(): one.close()
def program(): subprocess.run(["true"], check=True)
for one in (by_url, stream, datagram, inet6, netlink, past_python, on_a_thread, by_qt, by_another_program, a_name,
            local_socket, pair, program):
    attempt(one)
print(json.dumps(results))
"""
WAYS_OUT = {
    "by_url", "stream", "datagram", "inet6", "netlink", "past_python", "on_a_thread", "by_qt", "by_another_program",
    "a_name",
}  # fmt: skip
LOCAL = {"local_socket", "pair", "program"}


def tried(mode: str, silent_server) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="slm-") as folder, socket.socket(socket.AF_UNIX) as line:
        line.bind(str(Path(folder) / "line"))
        line.listen()
        done = subprocess.run(
            [sys.executable, "-c", TRIES, mode, str(silent_server.server_port), str(Path(folder) / "line")],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_enforced_no_way_leads_out_and_local_ways_stay(silent_server):
    results = tried("enforced", silent_server)
    assert results.keys() == WAYS_OUT | LOCAL
    assert {name for name, verdict in results.items() if verdict == "allowed"} == LOCAL
    assert results["by_url"] == results["stream"] == results["past_python"] == "Operation not permitted"
    assert silent_server.seen == 0


def test_the_control_without_the_filter_the_same_ways_lead_to_this_pc(silent_server):
    results = tried("control", silent_server)
    refused = {name: verdict for name, verdict in results.items() if verdict != "allowed"}
    assert refused.keys() <= {"inet6", "a_name"}, refused  # a PC may have no IPv6
    assert silent_server.seen == 1


@pytest.mark.pure
def test_nothing_is_enforced_here_and_elsewhere_nothing_is_tried(monkeypatch):
    assert not barriers.is_enforced()
    monkeypatch.setattr(walls, "this_machine", lambda: "")
    monkeypatch.setattr(walls, "install", None)
    assert not barriers.can_enforce()
    assert barriers.enforce() is False


REPLACED = """
import os, sys
from slmdesk.models.hub import barriers as kernel
assert kernel.enforce()
print(next(line for line in open("/proc/self/status") if line.startswith("Seccomp_filters")).split()[1], flush=True)
if sys.argv[1:]:
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:3]])
"""


def test_a_process_in_the_place_of_one_with_the_filter_adds_no_other() -> None:
    done = subprocess.run([sys.executable, "-c", REPLACED, "go on"], capture_output=True, text=True, timeout=100)
    assert done.stderr == ""
    first, second = done.stdout.split()
    assert first == second
