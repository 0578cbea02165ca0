from __future__ import annotations

import math

import pytest
from children.engine.asking import Model

from slmdesk.children.engine.interface import Request

YES_NO = ("Yes", "No")
QUESTION = "The door is red.\n\nDoes the text say that the door is red? Answer Yes or No."


def asked(starter: Model, key: str = "a", choices: tuple[str, ...] = YES_NO, text: str = QUESTION) -> Request:
    return starter.request(text, key, choices=choices)


@pytest.mark.model
def test_each_choice_gets_the_logarithm_of_its_probability(starter: Model) -> None:
    end = starter.ask(asked(starter)).finished()
    assert len(end.scores) == 2
    assert all(score < 0 for score in end.scores)
    assert sum(map(math.exp, end.scores)) <= 1.0
    assert end.answer.text == YES_NO[end.scores.index(max(end.scores))]
    assert end.answer.usage.output_tokens == 0


@pytest.mark.model
def test_the_order_of_the_choices_does_not_matter_and_the_prefix_is_read_once(starter: Model) -> None:
    first = starter.ask(asked(starter)).finished()
    again = starter.ask(asked(starter, choices=("No", "Yes"))).finished()
    assert again.scores[::-1] == pytest.approx(first.scores, abs=0.3)  # read in other pieces, it rounds differently
    assert again.answer.usage.cached_tokens > 0


@pytest.mark.model
def test_choices_and_answers_share_a_batch(starter: Model) -> None:
    said = starter.ask(asked(starter, "a"), starter.request("Say hello.", "b"), asked(starter, "c", text="Is it so?"))
    assert said.finished("b").scores == ()
    assert said.text("b")
    assert said.text("a") == said.text("c") == ""
    assert len(said.finished("c").scores) == 2


@pytest.mark.model
@pytest.mark.parametrize("choices", [("Yes", "Yes"), ("incomprehensibilities of it all", "No"), ("Yes", " Yes")])
def test_choices_that_are_no_single_tokens_are_refused(starter: Model, choices: tuple[str, ...]) -> None:
    assert starter.ask(asked(starter, choices=choices)).failed().code == "request.invalid"
