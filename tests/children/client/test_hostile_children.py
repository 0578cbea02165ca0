"""Children that lie, babble, do not listen, or lose their desk."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from fakes.children import ECHO, Received, Rig
from fakes.matrix import counts

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Partial, Start
from slmdesk.children.client import ChildEnded, ClientLimits, Outcome, child

pytestmark = pytest.mark.process

FAKES = Path(__file__).resolve().parent.parent.parent / "fakes"


HELLO = """import sys; print('{"type":"hello","version":1,"role":"engine","capabilities":[],"pid":1}', flush=True)"""


def fake(name, *arguments):
    return [sys.executable, str(FAKES / name), *map(str, arguments)]


def test_w5_garbage_reaches_no_chat(tmp_path, caplog):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    rig = Rig(tmp_path, fake("garbage_child.py", 1500, seed), limits=ClientLimits(silence_s=120.0, bad_lines=1 << 30))
    with rig:
        for _ in range(2):
            received = Received()
            rig.client.start("chat", {}, received)
            assert isinstance(received.end(), Done)
            assert received.text == "right answer"
        assert 3_000 <= rig.client.bad_lines <= 3_010
        assert rig.client.generation == 1
    assert "WRONG" not in caplog.text
    assert {record.message for record in caplog.records} == {"the child did not understand a line"}
    caplog.clear()


def test_w5_a_child_that_sends_a_hundred_bad_lines_is_replaced(tmp_path, caplog):
    with Rig(tmp_path, fake("garbage_child.py", 1500, 1)) as rig:
        received = Received()
        rig.client.start("chat", {}, received)
        assert received.end().code in ("child.protocol", "bug") or isinstance(received.ends[0], Done)
        rig.children.until(lambda h: h.of(ChildEnded))
        assert rig.child_end().how is Outcome.PROTOCOL
        assert received.text in ("right ", "right answer")
    caplog.clear()


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.stdout.write('x' * (3 << 20)); sys.stdout.flush(); sys.stdin.read()",
        'print(\'{"type":"hello","version":7,"role":"engine","capabilities":[],"pid":1}\', flush=True); input()',
        "import sys; sys.stdin.read()",
    ],
)
def test_w5_a_child_that_never_says_a_right_hello_is_not_waited_for(tmp_path, program):
    limits = ClientLimits(hello_s=1.0)
    with Rig(tmp_path, [sys.executable, "-c", program], limits=limits) as rig:
        received = Received()
        rig.client.start("chat", {}, received)
        assert received.end().code == "child.start_failed"


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("engine", "tokens"),
        ("engine", "long tokens"),
        ("engine", "tokens of no step"),
        ("engine", "progress"),
        ("reader", "full pages"),
        ("reader", "results"),
    ],
)
def test_an_answer_without_end_ends_the_child(tmp_path, kind, role):
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK" + bytes(20_000))
    with Rig(tmp_path, fake("endless_child.py", kind, role), role=role) as rig:
        received = Received()
        rig.client.start("chat", {"path": str(path), "sampling": {"max_tokens": 5}}, received)
        assert received.end().code == "child.protocol"
        assert len(received.events) <= 40_000
        assert len(received.text) <= 100_000
        assert sum(len(str(event.value)) for event in received.partials) < 24 << 20
        assert rig.child_end().how is Outcome.PROTOCOL


def test_what_has_no_end_after_its_job_ends_the_child(tmp_path):
    kind = "pages of a job that is over"
    with Rig(tmp_path, fake("endless_child.py", kind, "reader"), role="reader") as rig:
        received = Received()
        rig.client.start("read", {}, received)
        assert isinstance(received.end(), Done)
        assert rig.child_end().how is Outcome.PROTOCOL
        assert len(received.events) == 1


def test_what_may_come_of_a_document_grows_with_it_up_to_what_any_has(tmp_path):
    def most(name, data, kind="read", value=None):
        """Mebibytes that may come."""
        path = tmp_path / name
        path.write_bytes(data)
        job = child.JobHandle(None, "1", Received(), has_document=True)
        job.allow(Start("1", kind, {"path": str(path)}), 4096)
        return sum(1 for _ in iter(lambda: job.exceeds(Partial("1", "", value or {}), 1 << 20), True))

    packed, large = b"PK" + bytes(400 << 10), b"PK" + bytes(40 << 20)
    small, text, some = most("a.txt", b"a"), most("b.txt", bytes(2 << 20)), most("c.docx", packed)
    assert 15 <= small <= 17
    assert 120 <= text - small <= 130
    assert 95 <= some - small <= 105
    assert 190 <= most("d.docx", large) - small <= 193
    assert 315 <= most("d.docx", large, "rewrite") - small <= 325, "a copy is as large as its document"
    assert most("d.docx", large, value={"text": "w" * (1 << 20)}) == 64, "of text"


def test_a_listener_to_whom_a_page_is_none_counts_it_against_the_child(tmp_path):
    received = Received()

    def listener(event):
        received(event)
        if isinstance(event, Partial):
            raise KnownError("request.invalid", what="Page")

    with Rig(tmp_path, fake("endless_child.py", "pages", "reader"), role="reader") as rig:
        rig.client.start("read", {}, listener)
        assert received.end().code == "child.protocol"


def test_a_child_that_beats_and_says_nothing_new_is_ended(tmp_path):
    limits = ClientLimits(quiet_s=0.3)
    with Rig(tmp_path, fake("endless_child.py", "heartbeats", "reader"), role="reader", limits=limits) as rig:
        received = Received()
        rig.client.start("read", {}, received)
        assert received.end().code == "child.hung"


def wait_until_dead(process):
    """Dead is dead, even while the system's first process has not yet taken note of it."""
    pause = threading.Event()
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            pause.wait(0.01)


@counts("w6_windows")
@pytest.mark.parametrize(
    "state", ["starting", "idle", "loading", "reading", "writing", "silent", "frozen", "stopped", "refusing"]
)
def test_w6_a_killed_desk_leaves_no_child(tmp_path, state, count):
    for _ in range(count):
        service_thread = subprocess.Popen(
            [sys.executable, str(FAKES / "desk.py"), state, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        with service_thread:
            pid = int(service_thread.stdout.readline())
            child = psutil.Process(pid)
            if state != "starting":
                assert child.is_running()
            service_thread.kill()
            service_thread.wait()
        wait_until_dead(child)


def test_short_and_urgent_lines_overtake_long_texts(tmp_path):
    with Rig(tmp_path, fake("deaf_child.py", tmp_path / "listen")) as rig:
        received, counted, long_one, other = Received(), Received(), Received(), Received()
        first = rig.client.start("chat", {}, received)
        received.until(lambda h: h.partials)  # from now on it is deaf, and the pipe fills up
        rig.client.start("chat", {"text": "x" * (8 << 20)}, long_one)
        rig.client.count_tokens(["a"], counted)
        rig.client.start("chat", {"text": "later"}, other).cancel()
        assert isinstance(other.end(), Cancelled)  # the child never heard of it
        first.cancel()  # nobody waits for the pipe
        (tmp_path / "listen").touch()
        counted.end()
        long_one.end()
        lines = [partial.key for partial in received.partials]
        last = len(lines) - 1 - lines[::-1].index("part")
        assert lines.index("count_tokens") < last
        assert lines.index("cancel") < last
        assert lines.count("start") == 1


def test_r4_no_more_file_handles(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Rig(tmp_path) as rig:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 2, hard))
        try:
            received, _ = rig.chat("x", "y")
            end = received.end()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (end.code, end.args["reason"]) == ("child.start_failed", "Too many open files")
        assert rig.ask("and now?") == "You said: and now?"


def test_r4_a_log_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "logs").touch()
    with Rig(tmp_path, echo={"flood_stderr": 1 << 20}) as rig:
        assert rig.ask() == "You said: hello"


@pytest.mark.parametrize("is_sealed", [False, True])
def test_beside_an_encrypted_history_a_log_holds_no_word_of_a_child(tmp_path, is_sealed):
    program = f"{HELLO}; sys.stderr.write('private words'); sys.exit(3)"
    with Rig(tmp_path, [sys.executable, "-c", program], is_sealed=lambda: is_sealed) as rig:
        received = Received()
        rig.client.start("chat", {}, received)
        assert received.end().code == "child.died"
    assert rig.log_path.read_text().strip() == ("[13 bytes left out]" if is_sealed else "private words")


def test_r2_a_sleep_of_the_machine_blames_nobody(tmp_path):
    """Desk and child are stopped together for longer than the (shortened) limits."""
    program = (
        "import sys, threading; sys.path.insert(0, sys.argv[1])\n"
        "from fakes.children import *; from slmdesk.children.client import ClientLimits, ChildEnded\n"
        "from pathlib import Path\n"
        "limits = ClientLimits(silence_s=2.5)\n"
        "with Rig(Path(sys.argv[2]), echo={'slow': 0.5}, limits=limits) as rig:\n"
        "    heard, _ = rig.chat(rig.load(), 'one two three four')\n"
        "    heard.until(has_progress); print(rig.client.pid, flush=True)\n"
        "    print(type(heard.end()).__name__, len(rig.children.of(ChildEnded)), flush=True)\n"
    )
    service_thread = subprocess.Popen(
        [sys.executable, "-c", program, str(FAKES.parent), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with service_thread:
        child = int(service_thread.stdout.readline())
        for pid in (service_thread.pid, child):
            os.kill(pid, signal.SIGSTOP)
        threading.Event().wait(4)
        for pid in (service_thread.pid, child):
            os.kill(pid, signal.SIGCONT)
        assert service_thread.stdout.read().split() == ["Done", "0"]


def test_the_child_of_a_closed_terminal_and_of_ctrl_c_lives_on(tmp_path):
    with Rig(tmp_path) as rig:
        rig.load()
        assert os.getpgid(rig.client.pid) != os.getpgid(0)
        os.kill(rig.client.pid, signal.SIGINT)
        assert rig.ask() == "You said: hello"
        assert rig.client.generation == 1


def test_a_child_gets_of_the_environment_what_is_listed_alone(tmp_path, monkeypatch):
    for name in (
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "ALL_PROXY",
        "SSH_AUTH_SOCK",
        "NVIDIA_API_KEY",
        "LLAMA_CLOUD_KEY",
    ):
        monkeypatch.setenv(name, "private")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    with Rig(tmp_path) as rig:
        rig.load()
        given = Path(f"/proc/{rig.client.pid}/environ").read_bytes().split(b"\0")
    assert not [entry for entry in given if b"private" in entry]
    path = f"PATH={os.environ['PATH']}".encode()
    assert {b"OMP_WAIT_POLICY=passive", path, b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1"} <= set(given)


def test_the_engine_asks_for_no_huge_pages_where_a_person_decided(tmp_path, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    with Rig(tmp_path) as rig:
        rig.load()
        environment = Path(f"/proc/{rig.client.pid}/environ").read_bytes().split(b"\0")
        assert b"GLIBC_TUNABLES=glibc.malloc.check=1" in environment


def test_a_child_dies_without_a_word_when_its_desk_was_gone_before_it_looked(tmp_path):
    gone = subprocess.run(
        ECHO, input=b"", capture_output=True, env=os.environ | {"SLMDESK_DESK_PID": "1"}, timeout=60, check=True
    )
    assert gone.stdout == b""
