"""A child spoken to line by line: what it says first, what it refuses, when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.children import ECHO, READER, chat_payload
from fakes.echo.program import TESTS

from slmdesk.base import protocol
from slmdesk.base.protocol import (
    Cancel,
    Cancelled,
    Done,
    Failed,
    Heartbeat,
    Hello,
    Load,
    Rejected,
    Shutdown,
    Start,
    Step,
    Token,
    Unload,
)  # fmt: skip

pytestmark = pytest.mark.process


class Child:
    """A child over bare pipes."""

    def __init__(self, command=ECHO, **echo):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"SLMDESK_ECHO": json.dumps(echo)},
        )
        self._decoder = protocol.decoder_of_instance()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def say(self, *messages):
        for message in messages:
            for line in [message] if isinstance(message, bytes) else protocol.encode(message):
                self.process.stdin.write(line)
        self.process.stdin.flush()

    def next(self, *, heartbeats=False):
        """The next message, or None at the end."""
        for line in self.process.stdout:
            message = self._decoder.decode(line)
            if message is not None and (heartbeats or not isinstance(message, Heartbeat)):
                return message
        return None

    def until(self, kind):
        while not isinstance(message := self.next(), kind):
            assert message is not None
        return message

    def end(self):
        """Close its stdin; its status and what it printed."""
        _, printed = self.process.communicate(timeout=120)
        return self.process.returncode, printed.decode()


def test_hello_comes_first_and_heartbeats_follow():
    with Child() as child:
        hello = child.next(heartbeats=True)
        assert isinstance(hello, Hello)
        assert (hello.version, hello.role, hello.pid) == (protocol.VERSION, "engine", child.process.pid)
        assert {"chat", "batch", "render"} <= set(hello.capabilities)
        for _ in range(2):
            assert child.next(heartbeats=True) == Heartbeat(0, False)
        assert child.end()[0] == 0


def test_lines_that_are_no_messages_are_answered_and_end_nothing():
    with Child() as child:
        child.next()
        for bad in (b"nonsense\n", b"\xff\n", b"{}\n", b'{"type":"token","job":"1","text":"x"}\n', b"[" * 9000 + b"\n"):
            child.say(bad)
            assert isinstance(child.next(), Rejected)
        child.say(b"x" * (3 << 20) + b"\n")
        assert child.next() == Rejected("line too long")
        child.say(Step("7", "k", {}), protocol.EndOfSteps("8"), Unload("1", "none"))
        assert child.next() == Done("1", {})


def test_a_second_job_of_the_same_name_is_refused_and_a_cancel_that_overtakes_its_job_remembered():
    with Child(slow=60) as child:
        child.say(Load("1", {"path": ""}))
        handle = child.until(Done).result["handle"]
        child.say(Start("2", "chat", chat_payload(handle, "x")), Start("2", "chat", chat_payload(handle, "x")))
        assert child.until(Rejected).reason == "a job of that name runs"
        child.say(Cancel("2"))
        assert child.until(Cancelled) == Cancelled("2")
        child.say(Cancel("3"), Start("3", "chat", chat_payload(handle, "x")))
        assert child.next() == Cancelled("3")


def test_wrong_orders_have_codes():
    with Child() as child:
        child.next()
        child.say(Load("1", {"path": 5}), Load("2", {"path": "/none"}), Start("3", "read", {"path": "x"}))
        ends = {end.job: end.code for end in (child.until(Failed), child.until(Failed), child.until(Failed))}
        assert ends == {"1": "request.invalid", "2": "model.missing", "3": "request.invalid"}
    with Child(READER) as child:
        child.say(Load("1", {"path": ""}))
        assert child.until(Failed).code == "request.invalid"


@pytest.mark.parametrize(("how", "busy"), [("eof", True), ("shutdown", False), ("shutdown", True)])
def test_it_ends_when_told_or_when_nobody_is_left(how, busy):
    with Child(slow=0.01, repeat="word") as child:
        if busy:
            child.say(Load("1", {"path": ""}))
            child.say(Start("2", "chat", chat_payload(child.until(Done).result["handle"], "x")))
            child.until(Token)
        if how == "shutdown":
            child.say(Shutdown())
        status, printed = child.end()
        assert (status, printed) == (0, "")


def test_it_ends_when_nobody_reads_it():
    with Child(slow=0.01, repeat="word") as child:
        child.next()
        child.process.stdout.close()
        assert child.process.wait(30) == 0
        child.process.stdin.close()
        child.process.stdout = None
        child.process.stdin = None


def test_a_template_can_be_tried_in_a_role_of_its_own():
    """In a frozen program there is no Python to run the file with."""
    asked = json.dumps({"template": "{{ nothing.at.all }}", "bos": "", "eos": ""}).encode()
    tried = subprocess.run([*READER[:-1], "template"], input=asked, capture_output=True, timeout=60, check=True)
    assert json.loads(tried.stdout)["problem"]


def test_prints_of_libraries_go_to_stderr_and_break_no_line():
    program = (
        f"import sys, os; sys.path.append({str(TESTS)!r})\n"
        "import fakes.echo.engine as echo; from slmdesk.children.worker.main import run_worker\n"
        "def move(self): print('stray'); os.write(1, b'raw\\n'); assert sys.stdin.read() == ''; real(self)\n"
        "real, echo.EchoEngine.move = echo.EchoEngine.move, move\n"
        "run_worker(['engine'], echo.EchoEngine)\n"
    )
    with Child([sys.executable, "-c", program]) as child:
        child.say(Load("1", {"path": ""}))
        assert child.until(Done | Failed).result["handle"] == "echo-1"
        _, printed = child.end()
        assert "stray" in printed
        assert "raw" in printed


def test_an_error_of_ours_ends_its_job_with_a_code_and_leaves_no_text_in_the_log():
    program = (
        f"import sys; sys.path.append({str(TESTS)!r})\n"
        "import fakes.echo.engine as echo; from slmdesk.children.worker.main import run_worker\n"
        "def render(self, *args): raise ValueError('the secret words of a person')\n"
        "echo.EchoEngine.render = render\n"
        "run_worker(['engine'], echo.EchoEngine)\n"
    )
    with Child([sys.executable, "-c", program]) as child:
        child.say(Start("1", "render", chat_payload("x", "the secret words of a person")))
        assert child.until(Failed) == Failed("1", "bug", {})
        child.say(Unload("2", "none"))
        assert child.next() == Done("2", {})
        _, printed = child.end()
        assert "ValueError" in printed
        assert "<string>:3 render" in printed
        assert "secret" not in printed


@pytest.mark.parametrize(
    ("command", "name", "limit"),
    [(ECHO, "Max core file size", 0), (READER, "Max address space", 1 << 30)],
    ids=["no core file would hold the user's words", "the reader's memory"],
)
def test_a_child_has_limits(command, name, limit):
    with Child(command) as child:
        child.next()
        lines = Path(f"/proc/{child.process.pid}/limits").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    assert line.removeprefix(name).split()[:2] == [str(limit)] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_an_engine_writes_no_larger_file_than_all_states_may_take(tmp_path):
    """Sparse files too: of 1 TB nothing would be written, and a copy of the folder would be."""
    most = 80 << 20
    code = (
        "import errno, os, sys; from slmdesk.children.reach import AllowedPaths;"
        "from slmdesk.children.worker.hardening import harden; folder, most = sys.argv[1], int(sys.argv[2]);"
        "harden('engine', AllowedPaths((), (folder,), most)); file = open(folder + '/a', 'wb'); file.truncate(most);\n"
        "for size in (most + 1, 1 << 40):\n"
        "    try: file.truncate(size); print('made', size)\n"
        "    except OSError as err: print(errno.errorcode[err.errno])\n"
        "print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(most)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["EFBIG", "EFBIG", "alive"], done.stderr
    assert (tmp_path / "a").stat().st_size == most
