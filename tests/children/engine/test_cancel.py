from __future__ import annotations

import gc
import os
import random
import threading
import time

import pytest
from children.engine.asking import Model, OpenModel
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import Stopped
from slmdesk.base.record import changed
from slmdesk.base.types import LoadSpec, Sampling
from slmdesk.children.engine.interface import PromptRead
from slmdesk.children.engine.llama.engine import LlamaEngine

pytestmark = pytest.mark.model

ENDLESS = Sampling(temperature=1.0, seed=1, ignore_eos=True)
SHORT = Sampling(temperature=0, max_tokens=5)
BOUND_S = 2.0
"""Of processor.  Generous: the program promises 500 ms, and the child is replaced after this."""


@pytest.fixture
def deep(open_model: OpenModel, tmp_path) -> Model:
    """A tiny model that computes a while."""
    return open_model(write(tmp_path / "deep.gguf", tiny_llama(layers=30)), context_tokens=8192)


def wait_until_idle(engine: LlamaEngine) -> float:
    """Returns the processor seconds it took."""
    started = time.process_time()
    while engine.is_busy():
        threading.Event().wait(0.001)
    return time.process_time() - started


def test_w4_cancel_inside_a_long_prompt(deep):
    prompt = deep.raw(deep.words(7000), sampling=Sampling(max_tokens=20))
    stream = deep.engine.generate([prompt])
    for event in stream:
        if isinstance(event, PromptRead) and event.read >= 100:  # on a busy machine the first slices are small
            break
    stream.close()
    assert wait_until_idle(deep.engine) < BOUND_S
    assert list(stream) == []
    # Usable at once, and what was read is not lost.
    usage = deep.answer(deep.raw(deep.words(200), sampling=SHORT)).usage
    assert usage.cached_tokens >= 90


def test_a_forgotten_iterator_is_cancelled(deep):
    stream = deep.engine.generate([deep.raw("Once", sampling=ENDLESS)])
    next(stream)
    del stream
    gc.collect()
    assert wait_until_idle(deep.engine) < BOUND_S


def test_a_cancel_leaves_the_others_alone(deep):
    keep = deep.engine.generate([deep.raw("The sea is", key="keep", sampling=changed(ENDLESS, max_tokens=30))])
    drop = deep.engine.generate([deep.raw(deep.words(2000), key="drop", sampling=SHORT)])
    next(drop)
    drop.close()
    assert list(keep)[-1].answer.usage.output_tokens == 30


def cancel_at_random(model, rounds: int, seed: int) -> list[float]:
    rng = random.Random(seed)
    waits = []
    for n in range(rounds):
        text = model.words(rng.choice((20, 1500, 4000)), first=f"{n} ")
        stream = model.engine.generate([model.raw(text, sampling=ENDLESS)])
        thread = threading.Thread(target=lambda stream=stream: list(stream))
        thread.start()
        thread.join(rng.uniform(0, 0.8))
        stream.close()
        waits.append(wait_until_idle(model.engine))
        thread.join(10)
        assert not thread.is_alive()
    assert model.answer(model.raw("Hello", sampling=SHORT)).usage.output_tokens
    return waits


def test_w4_cancel_at_random_times(deep):
    waits = cancel_at_random(deep, 3, seed=1)
    assert max(waits) < BOUND_S, waits


@pytest.mark.soak
def test_w4_cancel_at_200_random_times(starter):
    seed = int.from_bytes(os.urandom(4), "little")
    print("seed", seed)
    waits = sorted(cancel_at_random(starter, 200, seed))
    print(f"median {waits[100] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms")
    assert waits[-1] < 0.5


def test_a_load_is_cancelled_at_any_point_and_its_progress_rises_to_one(tmp_path):
    engine = LlamaEngine()
    path = write(tmp_path / "t.gguf", tiny_llama(layers=30))
    try:
        for most in (0.0, 0.3, 0.89, 0.9):
            asked: list[float] = []

            def on_progress(done: float, asked: list[float] = asked, most: float = most) -> bool:
                asked.append(done)
                return done < most

            with pytest.raises(Stopped):
                engine.load(LoadSpec(str(path), template_checked=True), on_progress)
            assert asked[-1] >= most
        assert not engine.is_busy()
        steps: list[float] = []
        engine.load(LoadSpec(str(path), template_checked=True), lambda done: steps.append(done) is None)
        assert steps == sorted(steps)
        assert steps[-1] == 1.0
        assert all(0 <= step <= 1 for step in steps)
    finally:
        engine.close()
