"""Vectors: the nearest first, those of another model left out, what is none refused."""

from __future__ import annotations

import struct

import pytest

from slmdesk.text.vectors import is_vector, nearest

pytestmark = pytest.mark.pure


def vector(*values):
    return struct.pack(f"<{len(values)}f", *values)


def test_the_nearest_come_first():
    known = {7: vector(1, 0), 8: vector(0, 1), 9: vector(0.6, 0.8), 10: vector(1, 0, 0)}
    assert [number for number, _ in nearest(vector(0, 1), known, 5)] == [8, 9, 7]
    assert nearest(vector(0, 1), known, 1) == [(8, 1.0)]
    assert nearest(b"", {}, 5) == nearest(vector(1), {}, 5) == []


@pytest.mark.parametrize("data", [b"", b"abc", vector(0, 0), vector(2, 0), vector(float("nan"), 1)])
def test_what_is_no_vector_is_refused(data):
    assert not is_vector(data)


def test_a_vector_has_length_one():
    assert is_vector(vector(0.6, 0.8))
