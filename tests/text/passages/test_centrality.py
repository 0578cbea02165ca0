import random

import pytest

from slmdesk.text.passages.centrality import centralities

pytestmark = pytest.mark.pure

TEXT = [
    "The pump was replaced in May.",
    "The boiler heats the water for the whole building and is checked each year.",
    "Lunch was served.",
    "Each year an engineer checks the boiler of the building before the winter.",
    "A cat was seen in the yard on some of the evenings.",
    "The roof of the building leaks where the water of the boiler goes through it.",
    "Budget",
]


def test_the_sentences_that_share_most_are_the_most_central() -> None:
    worth = centralities(TEXT)
    order = sorted(range(len(TEXT)), key=lambda at: -worth[at])
    assert set(order[:3]) == {1, 3, 5}
    assert worth[order[0]] == 1.0
    assert worth[2] == min(worth)


def test_nothing_and_sentences_without_words_are_no_harm() -> None:
    assert centralities([]) == []
    assert len(centralities(["", "  ", "?"])) == 3
    assert centralities(TEXT[:1]) == [1.0]


def test_the_place_in_a_text_changes_nothing() -> None:
    dice = random.Random(3)
    words = [f"word{n}" for n in range(60)]
    text = [" ".join(dice.choices(words, k=14)) for _ in range(300)]
    there, back = centralities(text), centralities(text[::-1])[::-1]
    assert there == pytest.approx(back)
