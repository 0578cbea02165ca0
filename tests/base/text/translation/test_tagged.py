"""Tags in texts: found, checked, mended, set aside; segments between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.tagged import (
    Tags,
    first_number,
    mended,
    pieces,
    plain,
    problems,
    segments_of,
    stripped,
    tags_in,
    without_strangers,
)

pytestmark = pytest.mark.pure
TAGS = Tags((1, 2), (3,))


def test_a_text_with_all_its_tags_has_no_problem():
    assert problems("Das <1>alte <2>Haus</2></1> steht <3/> hier.", TAGS) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Das <1>alte</1> Haus <3/>", [("missing", 2)]),
        ("<1>a</1> <1>b</1> <2>c</2> <3/>", [("repeated", 1)]),
        ("<1>a <2>b</1></2> <3/>", [("crossed", 1)]),
        ("<1>a <2>b</2> <3/>", [("unclosed", 1)]),
        ("<1>a</1> <2>b</2> <3/> <4/>", [("unknown", 4)]),
        ("</1>a<1> <2>b</2> <3/>", [("crossed", 1)]),
        ("a", [("missing", 1), ("missing", 2), ("missing", 3)]),
    ],
)
def test_each_fault_of_tags_has_its_name(text, kinds):
    assert [(problem.kind, problem.number) for problem in problems(text, TAGS)] == kinds


def test_words_that_look_like_a_tag_stay_words():
    number = first_number("Write <7> or <12/> into the form")
    assert number == 13
    tags = Tags((13,))
    assert problems("Schreiben Sie <7> oder <13><12/></13>", tags) == []
    assert plain("Schreiben Sie <7> oder <13><12/></13>", tags) == "Schreiben Sie <7> oder <12/>"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("< 1 >a</ 1> <2>b< /2> <3 />", "<1>a</1> <2>b</2> <3/>"),
        ("&lt;1&gt;a&lt;/1&gt; ＜2＞b＜／2＞ <3>", "<1>a</1> <2>b</2> <3/>"),
        ("<1>a</1> <2>b</2> <3></3>", "<1>a</1> <2>b</2> <3/>"),
        ("<1>a</1> <2>b</2> <3/><3/>", "<1>a</1> <2>b</2> <3/>"),
    ],
)
def test_tags_written_oddly_are_mended(written, meant):
    assert mended(written, TAGS) == meant


def test_blanks_and_lone_tags_at_the_ends_are_set_aside():
    assert stripped(" <3/> Hello <1>you</1> ", Tags((1,), (3,))) == (" <3/> ", "Hello <1>you</1>", " ")


def test_a_pair_over_two_sentences_keeps_them_together():
    segments = segments_of("He came. <1>She left. They</1> met. End.", Tags((1,)), "en")
    assert [segment.text for segment in segments] == ["He came.", "<1>She left. They</1> met.", "End."]


def test_a_pair_around_a_sentence_is_no_matter_of_translation():
    segments = segments_of("<1>He came.</1> She left.", Tags((1,)), "en")
    assert [(segment.lead, segment.text, segment.trail, bool(segment.tags)) for segment in segments] == [
        ("<1>", "He came.", "</1> ", False),
        ("", "She left.", "", False),
    ]


NESTED = st.recursive(
    st.text("ab. Cd<>/1", min_size=0, max_size=12), lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=12
)


def written(node, numbers) -> str:
    """A random nesting as a text with tags."""
    if isinstance(node, str):
        return node
    number = next(numbers)
    if len(node) == 1 and node[0] == "":
        return f"<{number}/>"
    return f"<{number}>{''.join(written(child, numbers) for child in node)}</{number}>"


def spoken(node) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        yield from chain.from_iterable(map(spoken, node))


@given(NESTED)
def test_segments_are_the_whole_text_and_each_is_balanced(node):
    first = first_number("".join(spoken(node)))
    numbers = range(first, first + 450)
    text = written(node, iter(numbers))
    paired = tuple(number for number in numbers if f"</{number}>" in text)
    lone = tuple(number for number in numbers if f"<{number}/>" in text)
    tags = Tags(paired, lone)
    segments = segments_of(text, tags, "en")
    assert "".join(segment.lead + segment.text + segment.trail for segment in segments) == text
    for part in segments:
        assert problems(part.text, part.tags) == []
        assert part.tags == tags_in(part.text, tags)
    assert "".join(str(piece) for piece in pieces(text, tags)) == text


@pytest.mark.parametrize(
    ("text", "words", "lead"),
    [
        ("☒ I agree.", "I agree.", "☒ "),
        ("<1>☐</1> I agree.", "I agree.", "<1>☐</1> "),
        ("<1>☐ I do not</1>", "I do not", "<1>☐ "),
        ("☒<1>I do not</1>", "I do not", "☒<1>"),
        ("☐ ☒", "☒", "☐ "),
        ("± 5 mm", "± 5 mm", ""),
    ],
)
def test_boxes_before_a_sentence_are_no_words_to_translate(text, words, lead):
    (segment,) = segments_of(text, Tags(paired=(1,)), "en")
    assert (segment.text, segment.lead) == (words, lead)
    assert segment.lead + segment.text + segment.trail == text


@pytest.mark.parametrize(
    ("target", "tags", "source", "requested"),
    [
        (
            "Ein <1>altes<1> Haus<2/> ist leer.",
            Tags(lone=(2,)),
            "A house<2/> is empty.",
            "Ein altes Haus<2/> ist leer.",
        ),
        ("Ein </1> Haus.", Tags(), "A house.", "Ein Haus."),
        ("Taste <1> dann <2>rot</2>.", Tags(paired=(2,)), "Key <1> then <2>red</2>.", "Taste <1> dann <2>rot</2>."),
        ("Ein <3>Haus</3> <2/>.", Tags(lone=(2,)), "A house <2/>.", "Ein <3>Haus</3> <2/>."),
    ],
    ids=["of another sentence", "of no tag", "the source's own", "named by the check"],
)
def test_marks_taken_over_from_another_sentence_go(target, tags, source, requested):
    assert without_strangers(target, tags, source) == requested
