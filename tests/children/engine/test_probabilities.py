"""How likely the tokens of an answer were, and which characters they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from children.engine.asking import Model

from slmdesk.base.types import Answer, Priority, Sampling
from slmdesk.children.engine.interface import Finished
from slmdesk.children.engine.llama.sequence import Outbox, PreparedRequest, Sequence
from slmdesk.children.engine.llama.thinking import NO_THOUGHTS, Thought
from slmdesk.children.engine.llama.vocabulary import Detokenizer, probability

SHORT = Sampling(temperature=0.0, max_tokens=12)


def is_seamless(answer: Answer) -> bool:
    """Whether every character is covered, in order."""
    at = 0
    for begin, end, _ in answer.probabilities:
        if not begin <= at <= end:
            return False
        at = end
    return at == len(answer.text)


@pytest.mark.pure
def test_the_probability_is_that_of_the_softmax() -> None:
    logits = np.random.default_rng(1).normal(0, 5, 50_000).astype(np.float32)
    wide = np.exp(logits.astype(np.float64) - logits.max())
    for token in (int(logits.argmax()), int(logits.argsort()[-2]), 7):
        assert probability(logits, token) == pytest.approx(wide[token] / wide.sum(), abs=1e-4)
    before = logits.copy()
    probability(logits, 3)
    assert (logits == before).all(), "the logits are the library's own"
    logits[100] = np.nan
    assert math.isnan(probability(logits, 3))


@pytest.mark.model
def test_tokens_cover_the_answer_and_are_the_model_s_own_view(starter: Model) -> None:
    plain = starter.answer(starter.request("Say hello to Zoë 👋🏽 in one sentence.", sampling=SHORT))
    assert plain.probabilities == ()
    asked = starter.request("Say hello to Zoë 👋🏽 in one sentence.", sampling=SHORT, with_probabilities=True)
    answer = starter.answer(asked)
    assert answer.text == plain.text
    assert is_seamless(answer)
    assert all(0 < p <= 1 for _, _, p in answer.probabilities)


@pytest.mark.model
def test_given_words_are_the_answer_and_right_ones_are_likelier(starter: Model) -> None:
    texts = "The keys were left at the front desk.", "The keys was left at the front desk."
    answers = [
        starter.answer(starter.request("Write one sentence.", sampling=SHORT, with_probabilities=True, given=text))
        for text in texts
    ]
    assert tuple(answer.text for answer in answers) == texts
    assert all(map(is_seamless, answers))
    right, wrong = (sum(math.log(max(p, 1e-6)) for _, _, p in answer.probabilities) for answer in answers)
    assert right > wrong


@pytest.mark.model
def test_neither_grammar_nor_temperature_changes_what_is_said(starter: Model) -> None:
    question = "What is the capital of France? Say one word."
    first = starter.answer(starter.request(question, sampling=SHORT, with_probabilities=True))
    warm = Sampling(temperature=5.0, top_k=1, max_tokens=24)
    hot = starter.answer(starter.request(question, sampling=warm, with_probabilities=True))
    assert hot.probabilities[0][2] == pytest.approx(first.probabilities[0][2], abs=0.05)
    forced = Sampling(temperature=0.0, grammar='root ::= "zebra crossing"', max_tokens=24)
    answer = starter.answer(starter.request(question, sampling=forced, with_probabilities=True))
    assert answer.text == "zebra crossing"
    assert is_seamless(answer)
    assert answer.probabilities[0][2] < 0.05


@pytest.mark.model
def test_the_first_token_is_as_likely_as_a_choice(starter: Model) -> None:
    question = "What is the capital of France? Say one word."
    forced = Sampling(temperature=0.0, grammar='root ::= "Paris"', max_tokens=24)
    answer = starter.answer(starter.request(question, sampling=forced, with_probabilities=True))
    score = starter.ask(starter.request(question, choices=("Paris", "the"))).finished().scores[0]
    assert answer.probabilities[0][2] == pytest.approx(math.exp(score), abs=0.05)


def spelt(pieces: list[bytes], *, stops: tuple[str, ...] = (), lead: str = "") -> Answer:
    """An answer of these tokens, each with the probability of its number in tenths."""
    outbox = Outbox()
    requested = PreparedRequest(
        "a", (1,), len(pieces), 0, seed_given=False, stops=stops, drop_lead=lead, with_probabilities=True
    )
    sequence = Sequence(
        requested,
        priority=Priority.INTERACTIVE,
        outbox=outbox,
        sampler=None,  # type: ignore[arg-type]  # nothing is sampled
        detokenizer=Detokenizer(pieces),
        end_tokens=frozenset(),
        thought=Thought(NO_THOUGHTS, Sampling(), is_open=False),
    )
    for token in range(len(pieces)):
        if not sequence.take(token, token / 10):
            break
    while not isinstance(event := outbox.queue.get_nowait(), Finished):
        pass
    return event.answer


@pytest.mark.pure
def test_halves_of_characters_stops_and_leads() -> None:
    snow = "☃".encode()
    answer = spelt([b" a", snow[:1], snow[1:2], snow[2:] + b"b", b"c"], lead=" ")
    assert answer.text == "a☃bc"
    assert answer.probabilities == ((0, 1, 0.0), (1, 2, 0.1), (1, 2, 0.2), (1, 3, 0.3), (3, 4, 0.4))
    stopped = spelt([b"one", b" tw", b"o<", b"end", b">"], stops=("<end>",))
    assert stopped.text == "one two"
    assert stopped.probabilities == ((0, 3, 0.0), (3, 6, 0.1), (6, 7, 0.2))
    cut = spelt([b"a", snow[:2]])
    assert cut.text == "a", "half a letter at the limit is left out"
    assert cut.probabilities == ((0, 1, 0.0),)


@pytest.mark.pure
def test_what_was_broken_for_the_model_alone_is_not_copied() -> None:
    answer = spelt([b"User", b"\xe2\x81\xa0", b": Ann, ", b"Ad\xe2\x81", b"\xa0min: Bo"])
    assert answer.text == "User: Ann, Admin: Bo"
    assert is_seamless(answer)
