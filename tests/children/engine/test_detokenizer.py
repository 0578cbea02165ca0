"""Whole characters only, and stop strings that never show."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.children.engine.llama.vocabulary import Detokenizer, StopFilter

pytestmark = pytest.mark.pure


def cut(whole, cuts):
    edges = sorted({0, len(whole), *(c % (len(whole) + 1) for c in cuts)})
    return [whole[a:b] for a, b in itertools.pairwise(edges)]


def detokenize(pieces):
    detokenizer = Detokenizer(pieces)
    return [*(detokenizer.feed(n, {}) for n in range(len(pieces))), detokenizer.flush()]


@given(st.binary(max_size=40), st.lists(st.integers(0, 40)))
def test_any_cut_of_any_bytes_gives_the_same_text(raw, cuts):
    assert "".join(detokenize(cut(raw, cuts))) == raw.decode("utf-8", "replace")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.lists(st.integers(0, 80)))
def test_of_good_text_every_piece_is_good(text, cuts):
    pieces = detokenize(cut(text.encode(), cuts))
    assert "".join(pieces) == text
    assert all(piece in text for piece in pieces)


def test_half_a_character_waits_and_is_marked_at_the_end():
    detokenizer = Detokenizer(["né".encode()[:2], b"\xa9", b"", b"\xf0\x9f"])
    assert [detokenizer.feed(n, {}) for n in (0, 1, 2, 3)] == ["n", "é", "", ""]
    assert detokenizer.flush() == "\ufffd"


def run(stops, pieces):
    stop_filter = StopFilter(stops)
    shown = ""
    for piece in pieces:
        text, hit = stop_filter.feed(piece)
        shown += text
        if hit:
            return shown, True
    return shown + stop_filter.flush(), False


def first_stop(stops, text):
    """The specification, the slow way: read letter by letter until a stop string is complete."""
    for n in range(1, len(text) + 1):
        starts = [n - len(stop) for stop in stops if stop and text[:n].endswith(stop)]
        if starts:
            return text[: min(starts)], True
    return text, False


letters = st.text("ab", max_size=5)


@given(st.lists(letters, max_size=4), st.text("ab", max_size=30), st.lists(st.integers(0, 30)))
def test_the_text_up_to_the_first_stop_string_however_it_is_cut(stops, text, cuts):
    assert run(stops, cut(text, cuts)) == first_stop(stops, text)


@given(st.lists(letters.filter(bool), min_size=1), st.text("ab", max_size=20))
def test_what_is_shown_never_ends_in_the_beginning_of_the_stop_string_that_follows(stops, text):
    stop_filter = StopFilter(stops)
    shown = ""
    for n, letter in enumerate(text, 1):
        piece, hit = stop_filter.feed(letter)
        shown += piece
        assert shown == first_stop(stops, text[:n])[0][: len(shown)]
        if hit:
            assert shown == first_stop(stops, text)[0]
            return


def test_a_prefix_of_a_stop_string_is_held_until_it_is_none():
    stop_filter = StopFilter(["\nUser:"])
    assert stop_filter.feed("Hi.\nUs") == ("Hi.", False)
    assert stop_filter.feed("ers ") == ("\nUsers ", False)
    assert stop_filter.feed("\nUser") == ("", False)
    assert stop_filter.flush() == "\nUser"
