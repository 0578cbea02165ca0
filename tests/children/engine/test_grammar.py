"""Grammars: those that the program makes are taken by llama.cpp, whatever words are in them."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from slmdesk.base.errors import KnownError
from slmdesk.children.engine.llama.library import load_library
from slmdesk.children.engine.llama.sampler import make_grammar_sampler
from slmdesk.tasks.tables import prompts
from slmdesk.tasks.tables.types import Column
from slmdesk.tasks.translation.prompts import projection_step
from slmdesk.tasks.versions import remarks

pytestmark = pytest.mark.model

HOSTILE = 'a "b" \\ \\x [c] {2} ::= | (d)* # e\r\n\t<|im_end|> \u2028 \U0001f600 é'


def allows(vocabulary, gbnf, text):
    """Whether the text, token by token, and then an end is allowed."""
    api = load_library().api
    sampler = make_grammar_sampler(vocabulary.vocab, gbnf)
    try:
        for token in [*vocabulary.tokenize(text, special=False), vocabulary.eos]:
            candidate = np.zeros(1, dtype=[("id", "i4"), ("logit", "f4"), ("p", "f4")])
            candidate["id"] = token
            pointer = candidate.ctypes.data_as(ctypes.POINTER(api.llama_token_data))
            api.llama_sampler_apply(sampler, ctypes.byref(api.llama_token_data_array(pointer, 1, -1, False)))
            if np.isneginf(candidate["logit"][0]):
                return False
            if token != vocabulary.eos:
                api.llama_sampler_accept(sampler, token)
        return True
    finally:
        api.llama_sampler_free(sampler)


def projection_of(words: str) -> str:
    step = projection_step("x", words, words)
    assert step is not None
    return step["sampling"]["grammar"]


@pytest.mark.parametrize(
    ("gbnf", "text"),
    [
        (prompts.grammar_of([Column(HOSTILE), Column("B")]), None),
        (prompts.grammar_of([Column("A"), Column("B")]), '{"A": "", "B": "x y"}'),
        (projection_of(HOSTILE), "{2}"),
        (remarks.digest_step((), (), "")["sampling"]["grammar"], "The rent rises to 900 euros.\nIt ends in May 2027."),
    ],
    ids=["hostile columns", "columns", "phrase", "what changed"],
)
def test_the_grammars_of_the_program_are_taken_without_a_word(vocabulary, gbnf, text, capfd):
    if text is None:
        load_library().api.llama_sampler_free(make_grammar_sampler(vocabulary.vocab, gbnf))
    else:
        assert allows(vocabulary, gbnf, text)
    assert capfd.readouterr() == ("", ""), "the log of a child holds no text of a person"


def test_a_grammar_allows_only_what_it_says(vocabulary):
    gbnf = '# two words\nroot ::= word (\n  " " word\n){1,2} "."? # end\nword ::= [A-Z\\x61-z] [^ .\\n\\]]*\n'
    assert allows(vocabulary, gbnf, "Hello world.")
    assert allows(vocabulary, gbnf, "a b c")
    assert not allows(vocabulary, gbnf, "Hello")
    assert not allows(vocabulary, gbnf, "1 2")


@pytest.mark.parametrize("gbnf", ['root ::= "\ud800"', 'root ::= "a\0b"', 'x ::= "a"', "root ::= ("])
def test_what_is_no_grammar_has_its_code(vocabulary, gbnf):
    with pytest.raises(KnownError, match=r"^grammar\.invalid "):
        make_grammar_sampler(vocabulary.vocab, gbnf)
