"""Grammars checked before llama.cpp reads them: what is wrong is named with its place."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from slmdesk.base.grammars import GrammarInvalidError, check_gbnf

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('root ::= "a"\nx ::= [a-', (2, 7), "character class expected"),
        ('root ::= "a"\n\n  root ::= "b"', (3, 3), "two rules"),
        ('root ::= "a" other\n', (1, 14), "no rule named other"),
        ('root ::= "a"\nb ::= (b "x")\n', (2, 8), "begins with itself"),
        ('root ::= "a"{5,2}', (1, 13), "repeats"),
        ('root ::= "a"\nx ::= [0-9z-a]+', (2, 11), "the range z-a is backwards"),
        ("root ::= [^\\x61-Z]", (1, 12), "the range \\x61-Z is backwards"),
        ('root ::= "ab\\UFFFFFFFF"', (1, 13), "\\UFFFFFFFF is no character"),
        ("root ::= [a-\\U00110000]", (1, 13), "\\U00110000 is no character"),
        ('root ::= "\\uD800"', (1, 11), "\\uD800 is no character"),
        ('root ::= ("")*', (1, 14), "may be empty"),
        ("root ::= " + "(" * 200 + '"a"' + ")" * 200, (1, 111), "nested too deeply"),
        ('x ::= "a"', (0, 0), "root"),
    ],
)
def test_what_is_wrong_in_a_grammar_is_named_with_its_place(text, place, reason) -> None:
    with pytest.raises(GrammarInvalidError) as caught:
        check_gbnf(text)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    "text", [r"[a-z-9]", r"[+--]", r"[\x41-\U0010FFFF\]-]", r"[\]-a]", r"[z\x2da]", r"[^z]", r'"z-a\\\"\uE000"']
)
def test_ranges_and_escapes_that_name_characters_are_good(text) -> None:
    check_gbnf(f"root ::= {text}")


@pytest.mark.parametrize(
    "text",
    [
        "root ::= r0\n" + "\n".join(f"r{n} ::= {'(' * 95}r{n + 1}{')' * 95}" for n in range(95)) + '\nr95 ::= "a"',
        "root ::= " + ("(" * 95 + '"a" ' * 300 + ")" * 95 + " ") * 40,
    ],
)
def test_a_hostile_grammar_ends_soon(text) -> None:
    began = time.process_time()
    with suppress(GrammarInvalidError):
        check_gbnf(text)
    assert time.process_time() - began < 5
