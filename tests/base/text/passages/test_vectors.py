"""Vectors: the nearest first, however they come, those of another model left out, what is none refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from slmdesk.base.text.vectors import Nearest, halved, is_vector

pytestmark = pytest.mark.pure


def vector(*values):
    return struct.pack(f"<{len(values)}f", *values)


def nearest(requested, known, limit, *, at_once=100):
    search = Nearest(requested, limit)
    pairs = list(known.items())
    for begin in range(0, len(pairs), at_once):
        search.add(pairs[begin : begin + at_once])
    return search.best


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_the_nearest_come_first(at_once):
    known = {7: vector(1, 0), 8: halved(vector(0, 1)), 9: vector(0.6, 0.8), 10: vector(1, 0, 0)}
    assert [number for number, _ in nearest(vector(0, 1), known, 5, at_once=at_once)] == [8, 9, 7]
    assert nearest(vector(0, 1), known, 1, at_once=at_once) == [(8, 1.0)]
    assert nearest(b"", {}, 5) == nearest(vector(1), {}, 5) == nearest(b"abc", known, 5) == []


def test_half_the_room_has_the_same_order():
    made = np.random.default_rng(7).normal(size=(2000, 384)).astype("<f4")
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    whole = {number: row.tobytes() for number, row in enumerate(made)}
    kept = {number: halved(data) for number, data in whole.items()}
    requested = made[5].tobytes()
    assert len(kept[0]) == 768
    assert [key for key, _ in nearest(requested, whole, 40)] == [key for key, _ in nearest(requested, kept, 40)]


@pytest.mark.parametrize("data", [b"", b"abc", vector(0, 0), vector(2, 0), vector(float("nan"), 1)])
def test_what_is_no_vector_is_refused(data):
    assert not is_vector(data)


def test_a_vector_has_length_one():
    assert is_vector(vector(0.6, 0.8))
