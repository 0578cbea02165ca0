"""Which names are found by what is typed, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from slmdesk.text.folding import fold
from slmdesk.window.palette import BEGINS, HOLDS, IS, SKIPS, WORDS_BEGIN, Matcher, NameList

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class Name:
    name: str

    @property
    def folded(self) -> str:
        return fold(self.name)


def names_for(words: str, *names: str, most: int = 10) -> list[str]:
    return [hit.name for hit in Matcher(words).find(NameList([Name(name) for name in names]), most)[0]]


def rank(words: str, name: str) -> int:
    return Matcher(words).find(NameList([Name(name)]), 1)[2]


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("new chat ", "New chat", IS),
        ("new", "New chat", BEGINS),
        ("new ch", "New chat", BEGINS),
        ("chat", "New chat", WORDS_BEGIN),
        ("chat new", "New chat", WORDS_BEGIN),
        ("2024", "lease_2024-final.pdf", WORDS_BEGIN),
        ("ease", "lease.pdf", HOLDS),
        ("nch", "New chat", SKIPS),
        ("opdoc", "Open documents", SKIPS),
        ("tranlate", "Translate the clipboard", SKIPS),
        ("nwcht", "New chat", SKIPS),
        ("uber", "Über die Miete", BEGINS),
        ("合同", "租赁合同.docx", HOLDS),
    ],
)
def test_how_well_a_name_matches(words, name, expected):
    assert rank(words, name) == expected


@pytest.mark.parametrize(
    ("words", "name"), [("xyz", "New chat"), ("chatx", "New chat"), ("", "New chat"), ("e", "New")]
)
def test_what_does_not_match(words, name):
    assert names_for(words, name) == []


def test_the_better_match_comes_first_and_of_equals_the_earlier():
    names = ("release notes", "annual lease", "lease b", "lease a")
    assert names_for("lease", *names) == ["lease b", "lease a", "annual lease", "release notes"]


def test_the_best_are_given_and_all_are_counted():
    some, total, best = Matcher("lease").find(NameList([Name(f"lease {number}") for number in range(30)]), 6)
    assert (len(some), total, best) == (6, 30, BEGINS)


@pytest.mark.parametrize("words", ["[a-z]", "a.*", "\\", "(?", "^", "]-[", "a b c d e"])
def test_no_sign_is_an_operator(words):
    assert names_for(words, "plain") == []
    assert names_for(words, f"x {words}") == [f"x {words}"]


def test_hostile_names_take_no_time_to_speak_of():
    names = NameList([Name("a " * 2000 + "b"), Name("a" * 4000), Name("ab" * 2000)])
    for words in ("a" * 40, "ab" * 20, "a" * 30 + "c", "a b " * 10):
        Matcher(words).find(names, 6)
