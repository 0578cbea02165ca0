"""Grammars: good ones pass, bad ones are named, and llama.cpp never sees what would crash it."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_grammar as grammars_of_llama
import numpy as np
import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.grammars import GrammarInvalidError, check_gbnf
from slmdesk.engine.llama.library import load_library
from slmdesk.engine.llama.sampler import make_grammar_sampler

pytestmark = pytest.mark.model

BAD = {
    "": "root",
    'x ::= "a"': "root",
    "root ::= y": "no rule named y",
    'root ::= root "a" | "a"': "begins with itself",
    'root ::= b\nb ::= c "x"\nc ::= root | "y"': "begins with itself",
    'root ::= e root "a" | "b"\ne ::= "" | "x"': "begins with itself",
    'root ::= "a': "literal expected in line 1",
    'root ::= "a"\nx ::= [a-': "class expected in line 2",
    "root ::= []": "class expected",
    'root ::= ("a"': ") expected",
    'root ::= "a" )': "line break expected",
    'root "a"': "::= expected",
    'root ::= "a"{5,2}': "repeats",
    'root ::= "a"{1000000}': "repeats",
    'root ::= "a"{,3}': "number of times",
    "root ::= ([a-z]{0,10}){0,100}": "repeats something that may be empty",
    'root ::= ("")*': "repeats something that may be empty",
    'root ::= "x" (a b)+\na ::= "a"?\nb ::= "b"*': "repeats something that may be empty",
    "root ::= " + "x? " * 200 + '\nx ::= "a"?': "too many ways",
    'root ::= "b" ' + "x? " * 200 + '\nx ::= "a"?': "too many ways",
    "root ::= " + "(" * 5000 + '"a"' + ")" * 5000: "nested too deeply",
    "root ::= r0\n" + "\n".join(f"r{n} ::= r{n + 1}" for n in range(5000)) + '\nr5000 ::= "a"': "nested too deeply",
    "root ::= " + "|".join(f'"{n}"' for n in range(10000)): "too many ways",
    'root ::= "' + "a" * 300_000 + '"': "longer than",
    'root ::= "a"\nroot ::= "b"': "two rules",
    'root ::= "\\q"': "literal",
    "root ::= <|im_end|>": "line break expected",
    "root ::= <[2]>": "line break expected",
    'root ::= "a\0b"': "NUL",
}


def allows(vocabulary, gbnf, text):
    """Whether the text, token by token, and then an end is allowed."""
    api = load_library().api
    sampler = make_grammar_sampler(vocabulary.vocab, gbnf)
    try:
        for token in [*vocabulary.tokenize(text, special=False), vocabulary.eos]:
            one = np.zeros(1, dtype=[("id", "i4"), ("logit", "f4"), ("p", "f4")])
            one["id"] = token
            pointer = one.ctypes.data_as(ctypes.POINTER(api.llama_token_data))
            api.llama_sampler_apply(sampler, ctypes.byref(api.llama_token_data_array(pointer, 1, -1, False)))
            if np.isneginf(one["logit"][0]):
                return False
            if token != vocabulary.eos:
                api.llama_sampler_accept(sampler, token)
        return True
    finally:
        api.llama_sampler_free(sampler)


@pytest.mark.parametrize(("gbnf", "reason"), BAD.items(), ids=lambda text: text[:30])
def test_a_bad_grammar_is_named(gbnf, reason):
    with pytest.raises(GrammarInvalidError, match=reason.replace(")", r"\)")):
        check_gbnf(gbnf)


def test_a_bad_grammar_has_its_code(vocabulary):
    with pytest.raises(KnownError, match=r"^grammar\.invalid ") as caught:
        make_grammar_sampler(vocabulary.vocab, 'root ::= "\ud800"')
    assert caught.value.args_for_people["reason"] == "holds half a character"


@pytest.mark.parametrize("name", [name for name in dir(grammars_of_llama) if name.endswith("_GBNF")])
def test_the_grammars_that_come_with_the_library_are_good(vocabulary, name):
    gbnf = getattr(grammars_of_llama, name)
    check_gbnf(gbnf)
    sampler = make_grammar_sampler(vocabulary.vocab, gbnf)
    load_library().api.llama_sampler_free(sampler)


def test_a_grammar_allows_what_it_says(vocabulary):
    gbnf = '# two words\nroot ::= word (\n  " " word\n){1,2} "."? # end\nword ::= [A-Z\\x61-z] [^ .\\n\\]]*\n'
    assert allows(vocabulary, gbnf, "Hello world.")
    assert allows(vocabulary, gbnf, "a b c")
    assert not allows(vocabulary, gbnf, "Hello")
    assert not allows(vocabulary, gbnf, "1 2")


def test_checking_grammars_says_nothing_on_stderr(vocabulary, capfd):
    for gbnf in BAD:
        with pytest.raises(KnownError):
            make_grammar_sampler(vocabulary.vocab, gbnf)
    assert capfd.readouterr() == ("", "")
