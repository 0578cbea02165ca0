from __future__ import annotations

import random
from itertools import pairwise

import pytest

from slmdesk.base.threads import usable_cores
from slmdesk.children.engine.llama.context import CostCurve, measure_curve
from slmdesk.children.engine.llama.library import ThreadChooser, thread_candidates, time_threads

pytestmark = pytest.mark.pure


def run(chooser: ThreadChooser, steps: int, cost: dict[int, float], noise: float = 0.1, seed: int = 1) -> float:
    """The mean cost of `steps` steps, where each number of threads costs what `cost` says, give or take."""
    rng = random.Random(seed)
    total = 0.0
    for _ in range(steps):
        threads = chooser.choose()
        took = cost[threads] * (1 + rng.uniform(-noise, noise))
        chooser.note(threads, took)
        total += took
    return total / steps


def test_candidates():
    assert thread_candidates(1) == (1,)
    assert thread_candidates(2) == (2, 1)
    assert thread_candidates(8) == (8, 4, 1)
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    ("idle", "best"), [({8: 1.0, 4: 1.6, 1: 5.0}, 8), ({8: 9.0, 4: 1.6, 1: 5.0}, 4), ({8: 20.0, 4: 9.0, 1: 5.0}, 1)]
)
def test_the_cheapest_is_found_and_probing_costs_little(idle, best):
    chooser = ThreadChooser((8, 4, 1))
    run(chooser, 50, idle)
    assert chooser.best == best
    assert run(chooser, 500, idle) < 1.1 * idle[best]


def test_a_change_of_the_machine_is_followed_both_ways():
    chooser = ThreadChooser((2, 1))
    idle, busy = {2: 0.8, 1: 1.0}, {2: 3.0, 1: 1.2}
    run(chooser, 200, idle)
    assert chooser.best == 2
    run(chooser, 20, busy)
    assert chooser.best == 1
    assert run(chooser, 300, busy) < 1.1 * busy[1]
    run(chooser, 600, idle)
    assert chooser.best == 2


def test_tries_become_rarer_while_they_lose():
    chooser = ThreadChooser((2, 1))
    tried = []
    for step in range(1200):
        threads = chooser.choose()
        chooser.note(threads, {2: 1.0, 1: 2.0}[threads])
        if threads == 1:
            tried.append(step)
    gaps = [b - a for a, b in pairwise(tried)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 256


def test_a_prompt_is_not_read_by_one_thread_just_to_see():
    steps = ThreadChooser((8, 4, 1))
    run(steps, 50, {8: 1.0, 4: 1.1, 1: 4.0})
    reads = ThreadChooser((8, 4, 1), first_gap=4, hint=steps)
    chosen = set()
    for _ in range(100):
        threads = reads.choose()
        chosen.add(threads)
        reads.note(threads, {8: 1.0, 4: 1.9, 1: 7.0}[threads])
    assert chosen == {8}
    run(steps, 300, {8: 6.0, 4: 3.0, 1: 2.0})  # the machine is busy now
    for _ in range(100):
        threads = reads.choose()
        reads.note(threads, {8: 9.0, 4: 9.0, 1: 7.0}[threads])
    assert reads.best == 1


def test_one_candidate_is_never_left():
    chooser = ThreadChooser((3,))
    assert run(chooser, 40, {3: 1.0}) > 0
    assert chooser.best == chooser.most == 3


def test_a_curve_is_linear_between_what_was_measured_and_proportional_beyond():
    curve = CostCurve(((1, 1.0), (2, 2.4), (4, 3.6), (8, 5.6), (16, 8.0)))
    assert curve.cost(3) == pytest.approx(3.0)
    assert curve.cost(32) == pytest.approx(16.0)


@pytest.mark.parametrize("points", [(), ((4, 2.0),), ((1, -1.0),), ((1, float("nan")),), ((0, 1.0), (1, 1e9))])
def test_a_senseless_curve_counts_as_none(points):
    assert CostCurve(points).cost(8) == pytest.approx(8.0)


def test_a_curve_is_measured_within_its_time():
    now, asked = 0.0, list[int]()

    def measured(price: float) -> list[int]:
        """The sizes measured where a token costs so many seconds, after 5 ms a step."""
        nonlocal now
        now = 0.0
        asked.clear()

        def decode(k: int) -> None:
            nonlocal now
            asked.append(k)
            now += 0.005 + k * price

        curve = measure_curve(decode, keep_going=lambda: True, clock=lambda: now)
        assert curve[0] == (1, 1.0)
        assert curve[-1][1] == pytest.approx((0.005 + curve[-1][0] * price) / (0.005 + price), rel=1e-3)
        return [k for k, _ in curve]

    assert measured(0.01) == [1, 2, 4, 8, 16]
    assert asked == [1, 2, 4, 8, 16] * 3
    assert [k for k, _ in measure_curve(lambda _k: None, keep_going=lambda: True, most=10)][-1] == 8
    assert measured(0.1) == [1, 2, 4, 8]
    assert now <= 3.0


def test_measuring_a_curve_stops_when_told():
    assert measure_curve(lambda _k: None, keep_going=lambda: False) == ()


def test_a_try_that_collapses_is_given_up_and_the_best_never():
    chooser = ThreadChooser((2, 1))
    assert chooser.patience(chooser.choose()) == float("inf")  # nothing to compare with
    chooser.note(1, 0.2)
    chooser.note(2, 9.0)
    chooser.settle()
    steps = [chooser.choose() for _ in range(15)]
    assert set(steps) == {1}
    assert chooser.patience(1) == float("inf")
    assert chooser.choose() == 2
    assert chooser.patience(2) == pytest.approx(0.8)
    chooser.note(2, 0.8)
    assert chooser.choose() == 1
    assert chooser.patience(2) == float("inf")  # no try: somebody wants just these


@pytest.mark.parametrize("noisy", [0, 1, 2, 3])
def test_one_noisy_round_at_the_load_does_not_decide(noisy):
    now, decoded = 0.0, list[int]()

    def decode(threads: int, _patience: float) -> None:
        nonlocal now
        now += {1: 0.010, 2: 0.006}[threads] * (4 if len(decoded) == noisy else 1)
        decoded.append(threads)

    fastest = time_threads(decode, (2, 1), lambda: True, lambda: now)
    assert fastest == pytest.approx({1: 0.010, 2: 0.006})
    assert decoded[:4] == [1, 2, 1, 2]  # the fewest first


def test_where_a_step_takes_long_each_number_of_threads_is_tried_once():
    now, decoded = 0.0, list[int]()

    def decode(threads: int, _patience: float) -> None:
        nonlocal now
        now += 2.0
        decoded.append(threads)

    assert time_threads(decode, (8, 4, 1), lambda: True, lambda: now) == {1: 2.0, 4: 2.0, 8: 2.0}
    assert decoded == [1, 4, 8]


def test_reading_tries_more_threads_than_single_steps_want_and_no_hopeless_fewer():
    steps = ThreadChooser((8, 4, 1))
    run(steps, 50, {8: 9.0, 4: 2.0, 1: 8.0})
    reads = ThreadChooser((8, 4, 1), first_gap=4, hint=steps)
    chosen = []
    for _ in range(20):
        chosen.append(reads.choose())
        reads.note(chosen[-1], {8: 1.0, 4: 1.9, 1: 7.0}[chosen[-1]])
    assert chosen[0] == 4
    assert set(chosen) == {8, 4}
    assert reads.best == 8


def test_tries_become_rarer_though_some_number_is_never_tried():
    steps = ThreadChooser((8, 4, 1))
    run(steps, 50, {8: 9.0, 4: 2.0, 1: 8.0})
    reads = ThreadChooser((8, 4, 1), first_gap=4, hint=steps)
    chosen = []
    for _ in range(100):
        chosen.append(reads.choose())
        reads.note(chosen[-1], {8: 1.9, 4: 1.0, 1: 7.0}[chosen[-1]])
    assert 1 <= chosen.count(8) < 8
