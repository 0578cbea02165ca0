"""Tags put into a translation that was made without them: all there, balanced, where they should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.tagged import (
    Phrase,
    Tags,
    doubled,
    emptied,
    occurrences,
    phrases_of,
    placed,
    plain,
    problems,
    span_of,
    verbatim,
)

pytestmark = pytest.mark.pure


def test_phrases_are_what_stands_between_tags():
    words, phrases = phrases_of("The <1>old <2>red</2></1> house<3/> is.", Tags((1, 2), (3,)))
    assert words == "The old red house is."
    assert phrases == [Phrase(1, "old red", 4, 11), Phrase(2, "red", 8, 11), Phrase(3, "", 17, 17)]


@pytest.mark.parametrize(
    ("source", "tags", "target", "spans", "result"),
    [
        ("The <1>old</1> house.", Tags((1,)), "Das alte Haus.", {1: (4, 8)}, "Das <1>alte</1> Haus."),
        pytest.param(
            "one two <1>three</1> four<2/>", Tags((1,), (2,)), "eins zwei drei vier", {},
            "eins zwei <1>drei</1> vier<2/>", id="without a place the share of the text decides",
        ),
        pytest.param(
            "See <9><10>the report</10></9> of May.", Tags((9, 10)), "Siehe den Bericht vom Mai.",
            {9: (6, 17), 10: (10, 17)}, "Siehe <9><10>den Bericht</10></9> vom Mai.", id="around the same words",
        ),
        pytest.param(
            "<1>big <2>red</2> house</1> here", Tags((1, 2)), "hier das große rote Haus", {1: (9, 24), 2: (0, 4)},
            "hier das <1>große <2>rote</2> Haus</1>", id="an inner pair never leaves its outer one",
        ),
        pytest.param(
            "Our new address:<1/> 12 Garden Street", Tags((), (1,)), "Unsere Anschrift lautet: Gartenstraße 12", {},
            "Unsere Anschrift lautet:<1/> Gartenstraße 12", id="a line break behind the same sign",
        ),
    ],
)  # fmt: skip
def test_pairs_go_where_their_words_are(source, tags, target, spans, result):
    words, phrases = phrases_of(source, tags)
    assert placed(words, target, phrases, spans) == result


@st.composite
def tagged_and_places(draw):
    count = draw(st.integers(1, 5))
    source = " ".join(f"<{n}>word{n} more</{n}>" if draw(st.booleans()) else f"x <{n}/>" for n in range(1, count + 1))
    target = draw(st.text("ab c", min_size=0, max_size=30))
    size = len(target)
    spans = {
        n: tuple(sorted((draw(st.integers(0, size)), draw(st.integers(0, size)))))
        for n in range(1, count + 1)
        if draw(st.booleans())
    }
    return source, target, spans


@given(tagged_and_places())
def test_whatever_the_places_all_tags_are_there_and_balanced(given_):
    source, target, spans = given_
    tags = Tags(
        tuple(n for n in range(1, 6) if f"</{n}>" in source), tuple(n for n in range(1, 6) if f"<{n}/>" in source)
    )
    words, phrases = phrases_of(source, tags)
    result = placed(words, target, phrases, spans)
    assert problems(result, tags) == []
    assert "".join(plain(result, tags).split()) == "".join(target.split())


def test_words_are_found_as_words_and_where_they_lie_like_in_the_source():
    assert occurrences("Der Mandant ist an Bord.", "an") == [(16, 18)]
    source, target = "The cat sees <1>the cat</1>.", "Die Katze sieht die Katze."
    words, phrases = phrases_of(source, Tags((1,)))
    assert span_of(words, target, phrases[0], "Katze") == (20, 25)
    assert span_of(words, target, phrases[0], "Hund") is None


def test_a_sign_at_the_end_of_a_phrase_is_taken_in():
    words, phrases = phrases_of("<1>Warning:</1> the surface is hot.", Tags((1,)))
    target = "Warnung: Die Oberfläche ist heiß."
    assert span_of(words, target, phrases[0], "Warnung") == (0, 8)


@pytest.mark.parametrize(
    ("target", "phrase", "is_there"),
    [
        ("Siehe Hamburg.", "Hamburg", True),
        ("Der Zug fährt um 15:30.", " 15:30 ", True),
        ("Das ist fast fertig.", "fast", False),
        ("Hamburg liegt nicht bei Hamburg.", "Hamburg", False),
    ],
)
def test_only_names_and_numbers_are_found_without_asking(target, phrase, is_there):
    assert verbatim(target, phrase) is is_there


def test_a_pair_around_nothing_is_seen():
    assert emptied("The <1>old</1> house", "Das <1></1>alte Haus", Tags((1,))) == [1]
    assert emptied("The <1>old</1> house", "Das <1>alte</1> Haus", Tags((1,))) == []


@given(st.text("ab c", max_size=20), st.data())
def test_nested_pairs_stay_nested(target, data):
    tags = Tags((1, 2, 3, 4), (5,))
    words, phrases = phrases_of("<1>one <2>two <3>three</3></2> four<5/></1> <4>five</4>", tags)
    place = st.integers(0, len(target))
    spans = {n: tuple(sorted((data.draw(place), data.draw(place)))) for n in (1, 2, 3, 4) if data.draw(st.booleans())}
    result = placed(words, target, phrases, spans)
    assert problems(result, tags) == []
    assert result.index("<1>") < result.index("<2>") < result.index("</2>") < result.index("</1>")


@pytest.mark.parametrize(
    ("words", "span"), [("innerhalb", "innerhalb von 14 Tagen"), ("14", "14 Tagen"), ("Tagen", "14 Tagen")]
)
def test_a_span_is_drawn_out_to_the_numbers_of_its_phrase(words, span):
    source, target = (
        "Payments are due <1>within 14 days</1> of receipt.",
        "Zahlungen sind innerhalb von 14 Tagen fällig.",
    )
    bare, phrases = phrases_of(source, Tags((1,)))
    bounds = span_of(bare, target, phrases[0], words)
    assert target[slice(*bounds)] == span


def test_words_said_twice_for_the_tags_are_seen():
    source = "A description is available <1>here</1>."
    assert doubled(source, "Eine Beschreibung ist hier verfügbar <1>hier</1>.", Tags((1,))) == [1]
    assert doubled(source, "Eine Beschreibung ist <1>hier</1> verfügbar.", Tags((1,))) == []
    assert doubled("<1>Mary</1> and Mary", "<1>Mary</1> und Mary", Tags((1,))) == []
