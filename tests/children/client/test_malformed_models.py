"""M1: damaged model files, each loaded (and if it loads, asked) in a real engine child; the app outlives them all."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

import pytest
from fakes.children import Received, Rig, chat_payload
from fakes.malformed_gguf import malformed

from slmdesk.base.protocol import Cancelled, Done, Failed
from slmdesk.base.types import LoadSpec
from slmdesk.children.reach import AllowedPaths

pytestmark = [pytest.mark.model, pytest.mark.process]

ENGINE = [sys.executable, "-m", "slmdesk", "--worker", "engine"]


@pytest.mark.parametrize("count", [pytest.param(4), pytest.param(None, marks=pytest.mark.soak)])
def test_m1_each_damaged_file_gets_a_verdict_and_the_desk_lives(tmp_path, count):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    files = malformed()
    names = sorted(files) if count is None else random.Random(seed).sample(sorted(files), count)
    verdicts, slowest = Counter(), (0.0, "")
    with Rig(tmp_path, ENGINE) as rig:
        rig.client.may_open(AllowedPaths((str(tmp_path),)))  # one child for all of them
        rig.client.count_tokens(["x"], ready := Received(), path=str(tmp_path / "none"))  # its start is no file
        ready.end()
        for name in names:
            path = tmp_path / "model.gguf"
            path.write_bytes(files[name])
            verdict, seconds = verdict_of(rig, path)
            path.unlink()
            verdicts[verdict] += 1
            slowest = max(slowest, (seconds, name))
            print(f"{seconds:6.2f} s  {verdict:28} {name}")
        print(dict(verdicts), "slowest", slowest, "children", rig.client.generation)
        assert verdicts["bug"] == 0
    assert slowest[0] <= 10 or count, slowest  # the long run has the machine for itself


def verdict_of(rig, path):
    """A code, or 'answers'; seconds of the slower of load and answer."""
    began = time.monotonic()
    received = Received()
    rig.client.load(LoadSpec(str(path), context_tokens=256, threads=1), received)
    end = received.end()
    seconds = time.monotonic() - began
    if isinstance(end, Failed):
        return describe(end), seconds
    handle = end.result["handle"]
    began = time.monotonic()
    answer = Received()
    rig.client.start("chat", chat_payload(handle, "hello", max_tokens=8), answer)
    end = answer.end()
    assert not isinstance(end, Cancelled)
    rig.client.unload(handle, freed := Received())
    freed.end()
    return ("answers" if isinstance(end, Done) else describe(end)), max(seconds, time.monotonic() - began)


def describe(failed):
    return failed.code + (f" {failed.args['how']}" if failed.code == "child.died" else "")
