import random

import pytest

from slmdesk.text.passages.centrality import central

pytestmark = pytest.mark.pure

TEXT = [
    "The pump was replaced in May.",
    "The boiler heats the water for the whole building and is checked each year.",
    "Lunch was served.",
    "Each year an engineer checks the boiler of the building before the winter.",
    "The boiler heats the water for the whole building and is checked each year.",
    "A cat was seen in the yard on some of the evenings.",
    "The roof of the building leaks where the water of the boiler goes through it.",
    "Budget",
]


def test_the_sentences_that_share_most_are_chosen_in_order_and_none_twice() -> None:
    chosen = central(TEXT, 3)
    assert chosen == sorted(chosen)
    assert len({TEXT[at] for at in chosen}) == 3
    assert 7 not in chosen
    assert 2 not in chosen
    assert 1 in chosen


def test_there_are_never_more_than_there_are_and_all_when_all_are_wanted() -> None:
    assert central([], 3) == []
    assert central(TEXT, 0) == []
    assert central(TEXT[:2], 9) == [0, 1]
    assert len(central(["", "  ", "?"], 2)) == 2


def test_all_parts_of_a_long_text_are_heard() -> None:
    dice = random.Random(3)
    words = [f"word{n}" for n in range(400)]
    long = [" ".join(dice.choices(words, k=14)) for _ in range(3000)]
    chosen = central(long, 10)
    assert len(chosen) == 10
    assert {at * 10 // 3000 for at in chosen} == set(range(10))
