from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.answers import Cleaned, cleaned

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("source", "answer", "target"),
    [
        ("Die Miete", "The rent.", "The rent"),
        ("Die Miete:", "The rent.", "The rent:"),
        ("Die Miete steigt.", "The rent rises.", "The rent rises."),
        ("Die Miete steigt.", "Translation:\nThe rent\n rises.", "The rent rises."),
        ("Die Miete", '"The rent"', "The rent"),
        ("Die Miete steigt.", "The  rent   rises.", "The rent rises."),
        ("Erst a\ndann b", "First a\nthen b", "First a\nthen b"),
        ("12 Euro", "12\u202f€", "12\u202f€"),
    ],
)
def test_what_an_answer_becomes(source, answer, target) -> None:
    assert cleaned(source, answer, Tags()) == Cleaned(target)


def test_tags_are_mended_and_strange_ones_left_out() -> None:
    tags = Tags(frozenset({2}), frozenset())
    assert cleaned("Das <2>Haus</2> hier", "<1>The</1> < 2>house</ 2> here.", tags).target == "The <2>house</2> here"


def test_the_words_the_model_was_unsure_of_are_those_of_the_translation() -> None:
    answer = "Translation:\nThe rent."
    at = answer.index("rent")
    translation = cleaned("Die Miete", answer, Tags(), [(0, at, 0.9), (at, at + 4, 0.2), (at + 4, at + 5, 0.9)])
    assert [(translation.target[begin:end], least) for begin, end, least in translation.doubts] == [("rent", 0.2)]


@given(st.text(max_size=60), st.text(max_size=120))
def test_what_was_cleaned_stays_as_it_is(source, answer) -> None:
    once = cleaned(source, answer, Tags()).target
    assert "\n" in source or "\n" not in once
