from __future__ import annotations

import re

import pytest
from children.engine.asking import Model, OpenModel
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.record import changed
from slmdesk.base.types import Sampling

pytestmark = pytest.mark.model


@pytest.fixture
def tiny(open_model: OpenModel, tmp_path) -> Model:
    return open_model(write(tmp_path / "t.gguf", tiny_llama()))


def said(model, prompt: str = "My favourite animal is", **sampling) -> str:
    return model.answer(model.raw(prompt, sampling=Sampling(**{"max_tokens": 24} | sampling))).text


def test_the_same_seed_gives_the_same_text_with_an_empty_memory(tiny, open_model, tmp_path):
    question = tiny.request("Tell me a story.", sampling=Sampling(temperature=1.0, seed=7, max_tokens=24))
    answer = tiny.answer(question)
    assert answer.reproducible
    assert answer.seed == 7
    other = open_model(tmp_path / "t.gguf")
    two = other.answer(question)
    assert two.reproducible
    assert two.text == answer.text
    again = other.answer(question)
    assert not again.reproducible  # the prompt was in memory


def test_a_seed_not_given_is_chosen_and_reported(tiny):
    seeds = {tiny.answer(tiny.raw("Once", sampling=Sampling(max_tokens=1))).seed for _ in range(4)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_seeds_differ_in_what_they_say(tiny):
    texts = {said(tiny, temperature=1.2, seed=seed) for seed in range(3)}
    assert len(texts) > 1


def test_a_single_candidate_is_greedy(tiny):
    greedy = said(tiny, temperature=0)
    assert said(tiny, temperature=1.5, top_k=1, seed=1) == greedy
    assert said(tiny, temperature=1.5, top_p=1e-6, top_k=0, seed=2) == greedy
    assert said(tiny, temperature=1.5, min_p=1.0, top_k=0, seed=3) == greedy
    assert said(tiny, temperature=1e-4, top_k=0, seed=4) == greedy


def test_the_penalty_keeps_words_from_coming_again(tiny):
    def variety(**sampling) -> int:
        text = said(tiny, "What is the capital of Italy?", temperature=0, max_tokens=40, **sampling)
        return len({text[at : at + 3] for at in range(len(text))})

    looping = variety()
    assert variety(repeat_penalty=1.8, penalty_last_n=64) > looping
    assert variety(repeat_penalty=1.8, penalty_last_n=-1) > looping
    assert variety(repeat_penalty=1.8, penalty_last_n=0) == looping


def test_a_grammar_is_kept_to(tiny):
    grammar = 'root ::= ("yes" | "no") " because " [a-z ]{5,30} "."'
    for seed in range(4):
        text = said(tiny, "Is the sea deep?", temperature=1.5, seed=seed, grammar=grammar, max_tokens=80)
        assert re.fullmatch(r"(yes|no) because [a-z ]{5,30}\.", text)


def test_a_grammar_does_not_change_what_it_allows(tiny):
    free = said(tiny, temperature=0, max_tokens=30)
    assert said(tiny, temperature=0, max_tokens=30, grammar="root ::= [^\\x00]*") == free


def test_an_answer_goes_on_within_its_grammar(starter):
    sampling = Sampling(grammar='root ::= "one, two" ", three" " and four."', temperature=0, max_tokens=40)
    question = starter.request("Count.", sampling=sampling)
    assert starter.ask(changed(question, answer_prefix="one, t")).text() == "wo, three and four."
    assert starter.ask(changed(question, answer_prefix="one, two, three and four.")).text() == ""
    failed = starter.ask(changed(question, answer_prefix="One")).failed()
    assert (failed.code, "so far" in failed.args["reason"]) == ("grammar.invalid", True)


def test_a_broken_grammar_is_refused(starter):
    assert starter.ask(starter.raw("a", sampling=Sampling(grammar="nothing here"))).failed().code == "grammar.invalid"


def test_w9_numbers_that_are_none_end_the_answer(open_model, tmp_path):
    """Positions are multiplied by 1e38: the probe at position 0 is fine, later ones are not."""
    strange = {"llama.rope.scaling.type": ("string", "linear"), "llama.rope.scaling.factor": ("f32", 1e-38)}
    model = open_model(write(tmp_path / "t.gguf", tiny_llama(change=strange)))
    for sampling in (Sampling(temperature=0), Sampling(seed=1), Sampling(seed=1, grammar="root ::= [a-z]*")):
        asked = model.ask(model.raw("a b c d e f g", sampling=sampling))
        assert asked.failed().code == "model.damaged"
        assert asked.text() == ""


def test_defaults_of_the_file_are_used(open_model, tmp_path):
    change = {"general.sampling.temp": ("f32", 0.0)}
    model = open_model(write(tmp_path / "t.gguf", tiny_llama(change=change)))
    assert model.info.sampling_defaults.temperature == 0.0
    texts = {model.ask(model.raw("a", sampling=Sampling(max_tokens=20))).text() for _ in range(3)}
    assert len(texts) == 1
