"""The client with the echo engine: each job ends once, whatever happens to the child.

What is not marked `real_child` is the contract that a process and threads of the test both keep.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from fakes.children import Received, Rig, assert_gone, chat_payload, has_progress, has_tokens
from fakes.matrix import counts
from fakes.recorder import wait_until

from slmdesk.base.protocol import Cancelled, Done, Failed, Token
from slmdesk.base.types import LoadSpec
from slmdesk.children.client import ChildEnded, ChildStarted, ClientLimits, Outcome, client
from slmdesk.children.client.child import processor_name

pytestmark = pytest.mark.process

SLOW = {"slow": 0.005, "repeat": "word"}


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("real_child") is None:
        metafunc.parametrize("local_children", [False, True], ids=["process", "threads"], indirect=True)


def rounds(normal, full):
    """A small count in the normal run, the row's own under soak."""
    return [pytest.param(normal), pytest.param(full, marks=pytest.mark.soak)]


def test_an_answer_streams_and_the_details_come_with_its_end(tmp_path):
    with Rig(tmp_path) as rig:
        handle = rig.load()
        received, _ = rig.chat(handle, "good morning")
        end = received.end()
        assert received.text == end.result["text"] == "You said: good morning"
        assert end.result["usage"]["context_size"] == 4096
        assert [type(event) for event in received.events].count(Token) == 4
        assert rig.children.of(ChildStarted)[0].pid == rig.client.pid
        assert rig.client.generation == 1
        assert rig.client.is_running


def test_no_child_is_started_before_it_is_needed(tmp_path):
    with Rig(tmp_path) as rig:
        done = Received()
        rig.client.unload("x", done)
        assert isinstance(done.end(), Done)
        assert rig.client.pid is None
        assert not rig.client.is_running


def test_the_prompt_can_be_seen_and_tokens_counted(tmp_path):
    with Rig(tmp_path) as rig:
        handle = rig.load()
        seen, counted, by_file, refused = Received(), Received(), Received(), Received()
        rig.client.start("render", chat_payload(handle, "hi <user>"), seen)
        rig.client.count_tokens(["a b", "", "c"], counted, handle=handle)
        (tmp_path / "m").touch()
        rig.client.count_tokens(["a b"], by_file, path=str(tmp_path / "m"))
        rig.client.count_tokens(["a b"], refused, path=str(tmp_path / "none"))
        result = seen.end().result
        assert result["text"] == "".join(part["text"] for part in result["parts"])
        assert {"text": "hi <user>", "trusted": False} in result["parts"]
        assert counted.end().result == {"counts": [2, 0, 1]}
        assert by_file.end().result == {"counts": [2]}
        assert refused.end() == Failed(refused.ends[0].job, "model.missing", {"path": str(tmp_path / "none")})


def test_many_steps_are_answered_together(tmp_path):
    with Rig(tmp_path, echo={"words": True}) as rig:
        handle = rig.load()
        received = Received()
        job = rig.client.start("batch", {"handle": handle}, received)
        for number in range(20):
            job.step(str(number), chat_payload(handle, f"number {number}"))
        received.until(lambda received: len(received.partials) >= 5)
        job.step("bad", {"messages": 5})
        job.step("fails", chat_payload(handle, '#echo {"fail": "model.damaged", "at": 1}\nx'))
        job.end_of_steps()
        assert received.end().result == {"done": 20, "failed": 2}
        values = {partial.key: partial.value for partial in received.partials}
        assert all(values[str(n)]["answer"]["text"] == f"You said: number {n}" for n in range(20))
        assert values["bad"]["code"] == "request.invalid"
        assert values["fails"]["code"] == "model.damaged"


def test_an_unknown_kind_and_a_wrong_payload_have_codes(tmp_path):
    with Rig(tmp_path) as rig:
        for kind, payload in (("nonsense", {}), ("chat", {}), ("chat", {"handle": "x"}), ("render", {"handle": 1})):
            received = Received()
            rig.client.start(kind, payload, received)
            assert received.end().code == "request.invalid"


def test_loading_shows_progress_and_can_be_cancelled(tmp_path):
    with Rig(tmp_path, echo={"load_seconds": 5}) as rig:
        received = Received()
        job = rig.client.load(LoadSpec(""), received)
        received.until(has_progress)
        job.cancel()
        assert isinstance(received.end(), Cancelled)
        assert rig.client.generation == 1


def test_what_the_child_has_not_begun_or_waits_with_can_be_cancelled(tmp_path):
    with Rig(tmp_path) as rig:
        received, unheard = Received(), Received()
        job = rig.client.start("chat", chat_payload("x", "y"), unheard)
        job.cancel()
        job.cancel()
        assert isinstance(unheard.end(), Cancelled)
        rig.client.start("batch", {"handle": rig.load()}, received).cancel()
        assert isinstance(received.end(), Cancelled)
        assert rig.ask("still there?") == "You said: still there?"
        assert rig.client.generation == 1


@pytest.mark.real_child
@counts("w1_client_kills")
def test_w1_a_killed_child_costs_only_its_jobs(tmp_path, count):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    with Rig(tmp_path, echo=SLOW | {"slow_read": 0.005, "load_seconds": 0.02}) as rig:
        for _ in range(count):
            generation = rig.client.generation
            received, answer = Received(), Received()
            begun = threading.Event()

            def go(event, received=received, begun=begun, rig=rig, answer=answer):
                received(event)
                if isinstance(event, Done) and not begun.is_set():
                    begun.set()
                    rig.client.start("chat", chat_payload(event.result["handle"], "x " * 2000), answer)

            rig.client.load(LoadSpec("", context_tokens=9000), go)
            rig.children.until(lambda h, g=generation: any(event.generation > g for event in h.of(ChildStarted)))
            threading.Event().wait(chance.uniform(0, 0.25))  # when to strike: the point is that it does not matter
            pid = rig.client.pid
            os.kill(pid, signal.SIGKILL)
            rig.children.until(lambda h, g=generation: any(event.generation > g for event in h.of(ChildEnded)))
            assert rig.children.of(ChildEnded)[-1].how is Outcome.KILLED
            received.end()
            if begun.is_set():
                assert answer.end().code == "child.died" or answer.ends[0].code == "model.not_loaded"
                assert set(answer.text.split()) <= {"word"}
            assert_gone(pid)
        began = time.monotonic()
        assert rig.ask("and now?", max_tokens=3) == " word word word"
        assert time.monotonic() - began < 30
        assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


@pytest.mark.real_child
def test_w2_six_causes_are_told_apart(tmp_path):
    causes = {
        "abort": Outcome.ABORTED, "segfault": Outcome.SEGFAULT, "bus": Outcome.BUS,
        "illegal": Outcome.ILLEGAL_INSTRUCTION, "exit0": Outcome.ENDED, "exit1": Outcome.EXITED,
    }  # fmt: skip
    with Rig(tmp_path, echo={"words": True}) as rig:
        for generation, (fault, how) in enumerate(causes.items(), 1):
            words = f'#echo {{"fault": "{fault}", "at": 3, "answer": "one two three four"}}\n'
            received, _ = rig.chat(rig.load(), words)
            end = received.end()
            assert (end.code, end.args["how"]) == ("child.died", how.value)
            assert received.text == "one two three"
            assert fault != "illegal" or end.args["detail"] == processor_name() != ""
            rig.children.until(lambda received, count=generation: len(received.of(ChildEnded)) == count)
            assert (rig.children.of(ChildEnded)[-1].how, rig.client.generation) == (how, generation)
        assert rig.ask("again") == "You said: again"


@pytest.mark.real_child
def test_w2_a_crash_at_load_is_told_to_the_load(tmp_path):
    with Rig(tmp_path, echo={"fault": "abort", "at": -1}) as rig:
        for generation in (1, 2):
            received = Received()
            rig.client.load(LoadSpec(""), received)
            assert received.end().args == {"how": "aborted", "detail": "SIGABRT"}
            assert rig.client.generation == generation


@pytest.mark.real_child
def test_w3_a_frozen_child_is_noticed_and_replaced(tmp_path):
    with Rig(tmp_path, echo={"fault": "freeze", "at": 2, "words": True}, limits=ClientLimits(silence_s=2.5)) as rig:
        received, _ = rig.chat(rig.load(), "one two three four")
        received.until(has_tokens(2))
        end = received.end()
        assert (end.code, end.args) == ("child.hung", {"seconds": 2.5})
        assert rig.child_end().how is Outcome.HUNG
        received, _ = rig.chat(rig.load(), '#echo {"fault": ""}\nagain')
        assert isinstance(received.end(), Done)


@pytest.mark.real_child
@pytest.mark.parametrize(
    ("hang", "limits", "late_s", "seconds"),
    [
        ("still", ClientLimits(still_s=3.0), client.LATE_S, 3.0),
        ("template", ClientLimits(still_s=3.0), client.LATE_S, 2.0),
        ("spin", ClientLimits(still_s=0.5, spinning_s=1.0), client.LATE_S, 1.0),
        ("spin", ClientLimits(still_s=0.5, spinning_s=1.0), -1.0, 1.0),  # every look at the child counts as late
    ],
    ids=["still", "in a template", "it computes: longer, not for ever", "nor where the app is often late"],
)
def test_w3_busy_without_moving_is_hung_too(tmp_path, monkeypatch, hang, limits, late_s, seconds):
    monkeypatch.setattr(client, "LATE_S", late_s)
    with Rig(tmp_path, echo={"hang": hang, "at": 1}, limits=limits) as rig:
        received, _ = rig.chat(rig.load(), "one two three four")
        assert received.end().args == {"seconds": seconds}


@pytest.mark.real_child
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who waits for a processor")
@pytest.mark.parametrize(
    ("hang", "cpu_s", "is_stuck"),
    [("spin", 0.0, False), ("spin", 60.0, True), ("still", 0.0, True)],
    ids=["ready and gets no processor", "ready and computes", "not even ready"],
)
def test_w3_a_child_that_gets_no_processor_is_not_taken_for_stuck(tmp_path, monkeypatch, hang, cpu_s, is_stuck):
    with Rig(tmp_path, echo={"hang": hang, "at": 1}, limits=ClientLimits(still_s=30.0)) as rig:
        received, _ = rig.chat(rig.load(), "one two three four")
        received.until(has_tokens(1))
        child, looks = rig.client.child, itertools.count(1)
        wait_until(lambda: child.beat.busy)
        monkeypatch.setattr(child, "_cpu_s", lambda: next(looks) * cpu_s)
        now, verdicts = time.monotonic(), []
        for _look in range(5):  # the clock is ours
            now += 70
            verdicts.append(child.complaint(now)[0])
        child.process.kill()  # it hears no end, and would compute on
        assert any(verdicts) == is_stuck, verdicts


@pytest.mark.real_child
@counts("w4_client_cancels")
def test_w4_cancel_is_heard_at_once_and_stops_soon(tmp_path, count):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    slowest = 0.0
    with Rig(tmp_path, echo={"slow": 0.002, "repeat": "word", "slow_read": 0.01}) as rig:
        handle = rig.load(context_tokens=9000)
        for _ in range(count):
            received, job = rig.chat(handle, f"{chance.random()} " + "x " * 4000)
            threading.Event().wait(chance.uniform(0, 0.5))  # when to strike: the point is that it does not matter
            began = time.monotonic()
            job.cancel()
            assert isinstance(received.end(), Cancelled | Done)
            slowest = max(slowest, received.times[-1] - began)
            assert len(received.ends) == 1
        assert rig.client.generation == 1
    print(f"slowest of {count}: {slowest * 1000:.0f} ms")
    assert slowest < 2.0 or count < 200  # the promise is 0.5 s, and the long run has the machine for itself


@pytest.mark.real_child
def test_w4_a_cancel_that_is_not_obeyed_replaces_the_child(tmp_path):
    with Rig(tmp_path, echo=SLOW | {"refuse_cancel": True, "words": True}) as rig:
        handle = rig.load()
        received, job = rig.chat(handle, "x")
        other, _ = rig.chat(handle, '#echo {"slow": 30}\ny')
        received.until(has_tokens(3))
        job.cancel()
        assert isinstance(received.end(), Cancelled)
        assert other.end().args["how"] == "cancel_ignored"
        assert rig.child_end().how is Outcome.CANCEL_IGNORED
        assert isinstance(rig.chat(rig.load(), "again")[0].end(), Done)


@pytest.mark.real_child
@pytest.mark.parametrize("size", rounds(1 << 23, 1 << 30))
def test_w10_a_flood_of_stderr_never_blocks_and_stays_small(tmp_path, size):
    with Rig(tmp_path, echo={"flood_stderr": size}) as rig:
        for _ in range(3):
            rig.client.load(LoadSpec(""), loaded := Received())
            received, _ = rig.chat(loaded.end().result["handle"], "hello")
            assert received.end().result["text"] == "You said: hello"
            rig.client.close()
            rig.__init__(tmp_path, echo={"flood_stderr": size})
    logs = list(rig.log_path.parent.iterdir())
    assert sum(path.stat().st_size for path in logs) <= 5 * 1000 * 1000
    assert "left out" in rig.log_path.read_text()[-70_000:]
    assert all(path.stat().st_mode & 0o077 == 0 for path in logs)


@pytest.mark.real_child
@counts("r1_memory")
def test_r1_no_memory_left_is_said_so_and_the_child_goes_first(tmp_path, count):
    with Rig(tmp_path, command=[*_limited(400 << 20)], echo={"fault": "memory", "at": 1, "words": True}) as rig:
        for _ in range(count):
            received, _ = rig.chat(rig.load(), "one two three")
            assert received.end().args["how"] == "out_of_memory"
            assert received.text == "You"
        received, _ = rig.chat(rig.load(), '#echo {"fault": ""}\nagain')
        assert isinstance(received.end(), Done)
        assert int(Path(f"/proc/{rig.client.pid}/oom_score_adj").read_text()) > 0


def _limited(size):
    from fakes.children import ECHO

    program = f"import resource, os, sys; resource.setrlimit(resource.RLIMIT_AS, ({size}, {size}))\n"
    return [ECHO[0], "-c", program + "os.execv(sys.argv[1], sys.argv[1:])", *ECHO]


def test_closing_ends_jobs_and_leaves_no_process(tmp_path):
    rig = Rig(tmp_path, echo=SLOW)
    received, _ = rig.chat(rig.load(), "x")
    received.until(has_tokens(2))
    pid = rig.client.pid
    rig.client.close()
    assert isinstance(received.end(), Cancelled)
    assert_gone(pid)
    assert rig.child_end().how is Outcome.ASKED
    rig.client.close()
    late, job = rig.chat("x", "y")
    job.cancel()
    assert isinstance(late.end(), Cancelled)


@pytest.mark.real_child
def test_closing_ends_a_child_that_does_not_listen(tmp_path):
    rig = Rig(tmp_path, echo={"fault": "stop", "at": 2})
    received, _ = rig.chat(rig.load(), "one two three " * 500)  # a stop takes hold a moment after it was asked for
    received.until(has_tokens(2))
    pid = rig.client.pid
    rig.client.close(0.5)
    assert_gone(pid)
    assert isinstance(received.end(), Cancelled | Failed)


def test_a_client_may_be_closed_by_its_own_listener(tmp_path):
    rig = Rig(tmp_path)
    closed = threading.Event()

    def listen(event):
        if isinstance(event, Done):
            rig.client.close(0.5)
            closed.set()

    rig.client.load(LoadSpec(""), listen)
    assert closed.wait(60)
    rig.client.close()
    assert_gone(rig.client.pid)


def test_a_listeners_error_ends_nothing(tmp_path, caplog):
    def listen(event):
        raise ValueError("secret words")

    with Rig(tmp_path) as rig:
        rig.client.load(LoadSpec(""), listen)
        assert rig.ask("hello") == "You said: hello"
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text
    caplog.clear()


def test_a_slow_listener_is_not_the_childs_fault(tmp_path):
    with Rig(tmp_path, echo={"slow": 0.01}, limits=ClientLimits(silence_s=2.0)) as rig:
        received = Received()

        def listen(event):
            if isinstance(event, Token) and not received.of(Token):
                threading.Event().wait(2.5)
            received(event)

        rig.client.start("chat", chat_payload(rig.load(), "one two " * 50), listen)
        assert isinstance(received.end(), Done)
        assert rig.client.generation == 1


@pytest.mark.real_child
def test_a_program_that_is_not_there_fails_its_jobs(tmp_path):
    with Rig(tmp_path, [str(tmp_path / "none")]) as rig:
        received, _ = rig.chat("x", "y")
        assert received.end().code == "child.start_failed"
        assert rig.child_end().how is Outcome.START_FAILED
    with Rig(tmp_path, ["/bin/false"]) as rig:
        received, _ = rig.chat("x", "y")
        assert received.end() == Failed("1", "child.start_failed", {"reason": "exit 1"})
