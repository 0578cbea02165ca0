"""Plain attention where a small model writes faster with it; jobs then keep to a few cells at once."""

from __future__ import annotations

import pytest
from children.engine.asking import assistant, user
from children.engine.test_scheduler import settled, two_threads_read_faster
from fakes.stepping import Stepping
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.types import Priority, Sampling
from slmdesk.children.engine.llama.context import DEPTH, is_plain_faster

SHORT = Sampling(temperature=0.0, max_tokens=8)


class Timed:
    """A context whose steps take so long."""

    batch_tokens, threads = 128, 2

    def __init__(self, clock: list[float], step_s: float) -> None:
        self._clock, self._step_s = clock, step_s
        self.read, self.closed = 0, False

    def clear(self) -> None: ...

    def add(self, _token: int, position: int, _sequence: int) -> None:
        assert position >= DEPTH

    def add_slice(self, tokens: list[int], position: int, _sequence: int, *, needs_last: bool) -> None:
        assert position == self.read
        self.read += len(tokens)
        assert needs_last == (self.read == DEPTH)

    def decode(self, _threads: int) -> None:
        self._clock[0] += self._step_s

    def close(self) -> None:
        self.closed = True


@pytest.mark.pure
@pytest.mark.parametrize(
    ("flash_s", "plain_s", "expected", "tried"),
    [(0.026, 0.016, True, 2), (0.020, 0.018, False, 2), (0.016, 0.026, False, 2), (0.070, 0.001, False, 1)],
)
def test_what_is_clearly_faster_deep_in_a_text_is_taken_and_large_models_are_not_tried(
    flash_s, plain_s, expected, tried
):
    clock, opened = [0.0], []

    def open_context(flash: bool) -> Timed:
        opened.append(Timed(clock, flash_s if flash else plain_s))
        return opened[-1]

    assert is_plain_faster(open_context, 1, lambda: True, lambda: clock[0]) is expected
    assert len(opened) == tried
    assert all(model.closed for model in opened)


@pytest.mark.pure
def test_a_trial_that_is_cancelled_decides_nothing():
    clock = [0.0]
    assert not is_plain_faster(lambda _flash: Timed(clock, 0.01), 1, lambda: False, lambda: clock[0])


@pytest.mark.pure
@pytest.mark.parametrize(("prompt", "together"), [(1000, False), (60, True)])
def test_long_prompts_of_a_job_are_computed_one_by_one_and_short_ones_together(prompt, together):
    steps = settled({2: 0.008, 1: 0.016})
    stepping = Stepping(two_threads_read_faster, steps=steps, threads=(2, 1), sequences=8, crowd_cells=1536)
    stepping.submit([prompt] * 12, answer=60, priority=Priority.BACKGROUND)
    assert (max(step.written for step in stepping.run()) > 1) is together


@pytest.mark.pure
def test_a_person_is_let_in_beside_a_crowd():
    steps = settled({2: 0.008, 1: 0.016})
    stepping = Stepping(two_threads_read_faster, steps=steps, threads=(2, 1), sequences=8, crowd_cells=1536)
    stepping.submit([1000] * 4, answer=60, priority=Priority.BACKGROUND)
    stepping.run(most=4)
    stepping.submit([1000], answer=5, priority=Priority.INTERACTIVE)
    seen = stepping.run()
    assert sum(step.read for step in seen) >= 4000


@pytest.mark.model
@pytest.mark.parametrize("flash", [True, False])
def test_what_was_found_out_before_is_used_and_states_are_of_one_kind(open_model, tmp_path, flash):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), flash=flash, context_tokens=512)
    assert model.info.flash is flash
    version = model.engine.state_version(model.info.handle)
    assert ("plain attention" in version) is not flash
    turns = (user("Name three colours."), assistant("Red, green and blue."), user("Which of them is warm?"))
    first = model.answer(model.request(turns[:1], sampling=SHORT))
    assert first.text
    state = model.engine.state_of(model.info.handle, turns[:1])
    assert state is not None
    assert model.engine.restore(model.info.handle, state.tokens, lambda: state.data) == len(state.tokens) // 4
    again = model.answer(model.request(turns, sampling=SHORT))
    assert again.usage.cached_tokens > 5
    long = model.answer(model.raw(model.words(150), sampling=Sampling(max_tokens=2, seed=1)))
    assert long.usage.output_tokens == 2


@pytest.mark.model
def test_a_first_load_finds_out(open_model, tmp_path):
    path = write(tmp_path / "t.gguf", tiny_llama())
    model = open_model(path, flash=None, context_tokens=1024)
    assert model.info.flash in (True, False)
    assert model.info.memory.weights == open_model(path, context_tokens=1024).info.memory.weights
