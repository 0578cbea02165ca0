"""Probabilities of an answer's tokens as doubts about the words of the translation made of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.answers import STRANGE, cleaned, doubts_in

pytestmark = pytest.mark.pure
NONE = Tags()


def tokens(*parts: tuple[str, float]) -> tuple[str, list[tuple[int, int, float]]]:
    """An answer of such tokens."""
    text, spans = "", []
    for words, probability in parts:
        spans.append((len(text), len(text) + len(words), probability))
        text += words
    return text, spans


def said(target: str, answer: tuple[str, list[tuple[int, int, float]]], tags: Tags = NONE) -> list[tuple[str, float]]:
    return [(target[begin:end], least) for begin, end, least in doubts_in(target, *answer, tags)]


@pytest.mark.parametrize(
    ("parts", "target", "doubted"),
    [
        pytest.param(
            [("Das", 0.9), (" Haus", 0.6), ("tür", 0.2), ("chen", 0.4), (" ist", 0.49), (" rot", 0.5), (".", 0.1)],
            "Das Haustürchen ist rot.", [("Haustürchen", 0.2), ("ist", 0.49)], id="as sure as its least likely token",
        ),
        pytest.param(
            [("Das < 1 >", 0.1), ("alte", 0.3), ("</ 1>", 0.1), (" Haus", 0.9), ("<2/>.", 0.1)],
            "Das <1>alte</1> Haus<2/>.", [("Das", 0.1), ("alte", 0.3)], id="tags, written otherwise",
        ),
        pytest.param(
            [("我", 0.9), ("喜欢", 0.3), ("，", 0.1), ("大", 0.2), ("房子", 0.8), ("。", 0.1)],
            "我喜欢，大房子。", [("喜欢", 0.3), ("大", 0.2)], id="no blanks between words",
        ),
        pytest.param(
            [("हिन्दी", 0.2), (" में", 0.9), (" é", 0.3)], "हिन्दी में é", [("हिन्दी", 0.2), ("é", 0.3)],
            id="marks above and below",
        ),
        pytest.param([("ja", 0.2), (" ja", 0.9), ("!", 0.9)], "ja", [], id="either may be meant"),
        pytest.param([("ja", 0.2), (" ja", 0.9), ("!", 0.9)], "ja ja!", [("ja", 0.2)], id="the same word twice"),
        ([("Here is it:\n", 0.1), ("Das", 0.9), (" Haus", 0.2)], "Das Haus", [("Haus", 0.2)]),
        ([('"', 0.1), ("Das", 0.9), (" Haus", 0.2), ('"', 0.1)], "Das Haus", [("Haus", 0.2)]),
        ([(" \n Das", 0.9), ("  \n\n", 0.1), (" Haus", 0.2), ("\n", 0.1)], "Das Haus", [("Haus", 0.2)]),
    ],
)  # fmt: skip
def test_doubts_are_those_of_the_tokens_of_a_word(
    parts: list[tuple[str, float]], target: str, doubted: list[tuple[str, float]]
) -> None:
    assert said(target, tokens(*parts), Tags((1,), (2,))) == doubted


def test_without_probabilities_nothing_is_said() -> None:
    assert doubts_in("Das Haus", "Das Haus", [], NONE) == ()


@pytest.mark.parametrize("target", ["Das Heim", "Das Haus dort", "aus", "", "Haus Das"])
def test_where_the_words_are_others_nothing_is_said(target: str) -> None:
    answer = tokens(("Das", 0.9), (" Haus", 0.2), (" aus", 0.2), (" Aus", 0.2), (" x", 0.9))
    assert said(target, answer) == []


def test_a_character_of_two_tokens_has_the_doubt_of_both() -> None:
    answer = ("a ☃ b", [(0, 1, 0.9), (1, 3, 0.9), (2, 3, 0.2), (3, 5, 0.9)])
    assert doubts_in("a ☃x b", answer[0], answer[1], NONE) == ()
    assert said("a ☃ b", answer) == [], "a sign is no word"
    assert said("a 猫 b", ("a 猫 b", answer[1])) == [("猫", 0.2)]


def test_a_translation_of_which_a_model_was_very_unsure_is_marked_with_its_least_likely_words() -> None:
    words = "a big new red house"
    at = [0, 2, 6, 10, 14, 19]
    spans = list(pairwise(at))

    def marked(*probabilities):
        tokens = [(*span, probability) for span, probability in zip(spans, probabilities, strict=True)]
        return [(flag.kind, flag.text) for flag in cleaned("ein Haus", words, NONE, tokens).flags]

    assert STRANGE > 2
    assert marked(0.9, 0.3, 0.1, 0.2, 0.05) == [("sense", "new, red, house")]
    assert marked(0.9, 0.9, 0.1, 0.9, 0.9) == [], "one unlikely word says little"
    assert cleaned("ein Haus", words, NONE).flags == ()
