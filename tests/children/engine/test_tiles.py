from __future__ import annotations

import pytest

from slmdesk.children.engine.llama.context import CostCurve, TileCosts

pytestmark = pytest.mark.pure
STEP_S, TOKEN_S = 0.008, 0.003
CURVE = CostCurve([(1, 1.0), (64, 64 * TOKEN_S / STEP_S)])


def cost(tokens: int, depth: int, attention_s: float) -> float:
    """Of a slice, in steps of one token, where attention between a token and a cell takes so many seconds."""
    return CURVE.cost(tokens) + tokens * depth * attention_s / STEP_S


def test_nothing_is_filled_before_anything_was_seen():
    assert not TileCosts(CURVE).filling_pays(40, 4000)


def test_where_tiles_are_eight_times_faster_a_question_deep_in_a_text_fills_one():
    tiles = TileCosts(CURVE)
    tiles.note(30, 1000, cost(30, 1000, 12e-6))
    assert tiles.filling_pays(48, 1000)
    assert tiles.filling_pays(24, 1500)
    assert not tiles.filling_pays(16, 600)
    assert not tiles.filling_pays(30, 100)


def test_where_tiles_turn_out_to_gain_little_only_what_nearly_fills_one_does():
    tiles = TileCosts(CURVE)
    tiles.note(30, 2000, cost(30, 2000, 1.2e-6))
    tiles.note(64, 2000, cost(64, 2000, 0.6e-6))
    assert not tiles.filling_pays(40, 2000)
    assert tiles.filling_pays(63, 6000)


def test_one_figure_from_a_busy_moment_does_not_last():
    tiles = TileCosts(CURVE)
    tiles.note(30, 1000, cost(30, 1000, 50e-6))
    filled = 0
    while tiles.filling_pays(20, 600) and filled < 100:
        filled += 1
        tiles.note(64, 600, cost(64, 600, 1.5e-6))
    assert 0 < filled < 60
    tiles.note(20, 600, cost(20, 600, 12e-6))
    tiles.note(20, 600, cost(20, 600, 12e-6))
    assert not tiles.filling_pays(20, 600)


def test_what_was_faster_than_the_curve_says_counts_as_nothing():
    tiles = TileCosts(CURVE)
    tiles.note(30, 1000, 0.5)
    assert not tiles.filling_pays(40, 4000)
