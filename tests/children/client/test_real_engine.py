"""The real engine in its child: without network and programs it still tries templates, cancels and reads."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time

import psutil
import pytest
from fakes.children import Received, Rig, chat_payload, has_progress
from fakes.matrix import counts
from fakes.tiny_gguf import CHATML, tiny_llama, write

from slmdesk.base.protocol import Cancelled, Done, Progress
from slmdesk.base.types import LoadSpec
from slmdesk.base.walls import Wall, walls_of_children
from slmdesk.children.client import ChildStarted
from slmdesk.children.reach import AllowedPaths
from slmdesk.children.worker import sandbox
from slmdesk.models.service import Pc, available_bytes, fit_file

pytestmark = [pytest.mark.model, pytest.mark.process]

ENGINE = [sys.executable, "-m", "slmdesk", "--worker", "engine"]
BURNS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}" + CHATML


def loaded(rig, path, **spec):
    received = Received()
    # Nothing to measure: a shorter load.
    known = {"cost_curve": ((1, 1.0), (4, 4.0)), "threads": 1, "behaves": True}
    rig.client.load(LoadSpec(str(path), **known, **spec), received)
    end = received.end()
    assert isinstance(end, Done), end
    return end.result


def test_w11_a_model_the_child_may_not_open_gets_a_new_child(tmp_path):
    """A child is given no more files than it was started with; what it could open before, the next can too."""
    with Rig(tmp_path, ENGINE) as rig:
        first, second = (write(tmp_path / name, tiny_llama()) for name in ("first.gguf", "second.gguf"))
        for number, path in enumerate((first, first, second, first, second), 1):
            assert loaded(rig, path, context_tokens=256)["handle"], number
        assert rig.client.generation == (2 if sandbox.version() else 1)


def test_w11_templates_are_tried_though_the_engine_may_start_no_program(tmp_path):
    with Rig(tmp_path, ENGINE) as rig:
        rig.client.may_open(AllowedPaths((str(tmp_path),)))
        good = loaded(rig, write(tmp_path / "good.gguf", tiny_llama()), context_tokens=256)
        assert (good["template"], good["template_problem"]) == ("file", "")
        began = time.monotonic()
        bad = loaded(rig, write(tmp_path / "bad.gguf", tiny_llama(template=BURNS)), context_tokens=256)
        assert bad["template"] != "file"
        assert bad["template_problem"]
        assert time.monotonic() - began < 30
        said = rig.children.of(ChildStarted)[0].capabilities
        assert "no_exec" in said
        walls = walls_of_children({"engine": said})
        expected = Wall.WALLED if sandbox.version() >= 6 else Wall.PARTLY
        assert (walls["helper"].wall, walls["trial"]) == (expected, walls["helper"])
        assert rig.client.generation == 1
        helpers = psutil.Process(rig.client.pid).children(recursive=True)
        os.kill(rig.client.pid, signal.SIGKILL)
        psutil.wait_procs(helpers, timeout=60)
        assert not [helper for helper in helpers if helper.is_running() and helper.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's memory")
def test_m5_what_fit_says_holds_for_the_whole_process_and_an_unloaded_model_leaves_nothing(tmp_path, starter_model):
    forecast = fit_file(starter_model, 4096, Pc(available_bytes())).memory.total
    with Rig(tmp_path, ENGINE) as rig:
        handle = loaded(rig, starter_model, context_tokens=4096)["handle"]
        received, _ = rig.chat(handle, "word " * 530, max_tokens=2)  # it fills a batch, which takes all its memory
        assert isinstance(received.end(), Done)
        resident = psutil.Process(rig.client.pid).memory_info().rss
        print(f"forecast {forecast:,} ÷ resident {resident:,}")
        assert 1.0 <= forecast / resident <= 1.2
        received = Received()
        rig.client.unload(handle, received)
        received.end()
        assert psutil.Process(rig.client.pid).memory_info().rss < 120_000_000


def test_a_polite_end_leaves_not_even_a_zombie(tmp_path):
    with Rig(tmp_path, ENGINE) as rig:
        loaded(rig, write(tmp_path / "good.gguf", tiny_llama()), context_tokens=256)
        helpers = psutil.Process(rig.client.pid).children(recursive=True)
        assert sys.platform != "linux" or helpers
        rig.client.close()
        assert not [helper for helper in helpers if helper.is_running()]


@pytest.fixture(scope="module")
def starter(tmp_path_factory, starter_model):
    """A child with the starter model, and its handle."""
    with Rig(tmp_path_factory.mktemp("starter"), ENGINE) as rig:
        yield rig, loaded(rig, starter_model, context_tokens=6000)["handle"]


def test_it_answers_and_shows_what_it_saw(starter):
    rig, handle = starter
    seen, counted = Received(), Received()
    rig.client.start("render", chat_payload(handle, "Hello <|im_end|>"), seen)
    rig.client.count_tokens(["Hello", "<|im_end|>"], counted, handle=handle)
    assert {"text": "Hello <|im_end|>", "trusted": False} in seen.end().result["parts"]
    counts = counted.end().result["counts"]
    assert counts[0] == 1
    assert counts[1] > 1
    received, _ = rig.chat(handle, "Hello", max_tokens=12, seed=1)
    end = received.end()
    assert end.result["text"] == received.text
    assert end.result["usage"]["output_tokens"] <= 12
    received = Received()
    job = rig.client.start("batch", {"handle": handle}, received)
    for number in range(6):
        job.step(str(number), chat_payload(handle, f"Count to {number}", max_tokens=4))
    job.end_of_steps()
    assert received.end().result == {"done": 6, "failed": 0}


@counts("w4_real_cancels")
def test_w4_the_real_engine_stops_inside_a_long_prompt_and_while_writing(starter, count):
    rig, handle = starter
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    waits = []
    for round_ in range(count):
        received, job = rig.chat(handle, f"{chance.random()} " + "word " * 4000, max_tokens=2000)
        if round_ % 2:
            received.until(has_progress)
            threading.Event().wait(chance.uniform(0, 1))  # when to strike: the point is that it does not matter
        began = time.monotonic()
        job.cancel()
        assert isinstance(received.end(), Cancelled)
        waits.append(received.times[-1] - began)
        assert not [progress for progress in received.of(Progress) if progress.total < 4000]
    assert rig.client.generation == 1
    print(f"slowest of {count}: {max(waits) * 1000:.0f} ms")
    assert max(waits) < 10.0  # the promise is 0.5 s; this machine is shared
