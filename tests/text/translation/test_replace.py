"""Words are found and replaced between the tags of a text, never in them."""

from __future__ import annotations

import pytest

from slmdesk.text.tagged import Search, Tags, problems, replaced, spans_in

pytestmark = pytest.mark.pure
TAGS = Tags((1,), (2,))


@pytest.mark.parametrize(
    ("text", "search", "instead", "expected", "count"),
    [
        ("Die Miete und die miete.", Search("miete"), "Pacht", "Die Pacht und die Pacht.", 2),
        ("Die Miete und die miete.", Search("miete", is_exact=True), "Pacht", "Die Miete und die Pacht.", 1),
        ("Mieter und Miete", Search("Miete", whole_words=True), "Pacht", "Mieter und Pacht", 1),
        ("a <1>1</1> b <2/>1", Search("1"), "7", "a <1>7</1> b <2/>7", 2),
        ("Mi<1>ete</1>", Search("Miete"), "Pacht", "Mi<1>ete</1>", 0),
        ("a.c abc", Search("a.c"), "x", "x abc", 1),
        ("a", Search(""), "x", "a", 0),
        ("x", Search("x"), r"\1 $0", r"\1 $0", 1),
    ],
)
def test_words_are_replaced_between_the_tags(text, search, instead, expected, count):
    assert replaced(text, TAGS, search, instead) == (expected, count)
    assert problems(expected, TAGS) == problems(text, TAGS)


def test_places_are_told_in_order():
    text = "<1>ab</1> ab <2/>ab"
    spans = spans_in(text, TAGS, Search("AB"))
    assert [text[start:end] for start, end in spans] == ["ab", "ab", "ab"]
    assert spans == sorted(spans)
