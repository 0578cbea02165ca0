"""Folding: what a person means by the same word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.folding import find_spans, fold, fold_for_search, holds_words, make_storable, query_pieces

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Ørsted Đorđe Þór Æsir œuvre", "orsted dorde thor aesir oeuvre"),
        ("İstanbul Iğdır", "istanbul igdir"),
        ("ﬁne Ｆｕｌｌ ２", "fine full 2"),
        ("日本語", "日本 本語 語"),
        ("日", "日"),
        ("GPT日本", "gpt 日本 本"),
        ("カタカナ ｶﾞ", "カタ タカ カナ ナ ガ"),
        ("한국어 문장", "한국어 문장"),
        ("a_b-c.d  e\n", "a b c d e"),
        ("קָמָץ مَكْتَب", "קמץ مكتب"),
        ("...", ""),
    ],
)
def test_fold_for_search(text, folded):
    assert fold_for_search(text) == folded


def test_a_question_is_made_of_the_same_pieces():
    assert query_pieces("Straße 日本語 x") == [["strasse"], ["日本", "本語"], ["x"]]


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_and_pieces_hold_no_space(text):
    once = fold(text)
    assert fold_for_search(once) == fold_for_search(text)
    assert all(piece and not piece.isspace() for run in query_pieces(text) for piece in run)


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_words_of_ascii_are_those_of_a_longer_text_with_another_letter(text):
    assert fold_for_search(f"{text} łódź").split()[:-1] == fold_for_search(text).split()


@given(st.text(max_size=200), st.text(max_size=5))
def test_spans_are_in_order_and_within(text, words):
    end = 0
    for start, stop in find_spans(text, words):
        assert end <= start < stop <= len(text)
        end = stop


def test_spans_are_found_far_into_a_long_text():
    text = "x " * 100_000 + "Łódź"
    assert [text[start:end] for start, end in find_spans(text, "lodz")] == ["Łódź"]


def test_storable():
    assert make_storable("a\0b 👩") == ("a\0b 👩", 0)
    assert make_storable("\ud83d\ude00") == ("\U0001f600", 0)
    assert make_storable("\ud800a\udfff") == ("\ufffda\ufffd", 2)


def test_a_text_holds_words_whatever_their_case_accents_and_order():
    assert holds_words("Über die Miete", "miete uber")
    assert holds_words("Über die Miete", " ")
    assert not holds_words("Über die Miete", "miete garten")
