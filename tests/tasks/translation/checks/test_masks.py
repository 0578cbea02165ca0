from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.tagged import Tags
from slmdesk.base.translation import Term
from slmdesk.tasks.translation.answers import cleaned
from slmdesk.tasks.translation.preserved import NAMES, masked, unmasked, unmasked_so_far

pytestmark = pytest.mark.pure
DOOR, LIGHT = Term("Blue Door", "", keeps=True), Term("First Light", "", keeps=True)


@pytest.mark.parametrize(
    ("languages", "text", "hidden", "answer", "restored"),
    [
        ("en-de", "We meet at the Blue Door. First Light is at the Blue Door.",
         "We meet at the Zorvex. Quelmar is at the Zorvex.",
         "Quelmar ist am Zorvex.", "First Light ist am Blue Door."),
        ("de-en", "Wir treffen uns in der Alten Post.", "Wir treffen uns in der Zorvex.",
         "We meet at the Zorvex.", "We meet at the Alte Post."),
        ("en-de", "Zorvex bought the Blue Door.", "Zorvex bought the Quelmar.",
         "Zorvex kaufte Quelmar.", "Zorvex kaufte Blue Door."),
    ],
    ids=["two terms", "declined in the source", "an invented name of the text"],
)  # fmt: skip
def test_kept_terms_have_invented_names_while_they_are_translated(languages, text, hidden, answer, restored) -> None:
    mask = masked(text, [DOOR, LIGHT, Term("Alte Post", "", keeps=True)], *languages.split("-"))
    assert mask.text == hidden
    assert unmasked(answer, mask.terms)[0] == restored


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("We meet at the Blue Door.", "en", "ru"),
        ("We meet at the Blue Door.", "en", "ja"),
        ("We meet at the door.", "en", "de"),
        ("Die Kitasonnenschein-Eltern.", "de", "en"),
    ],
)
def test_what_is_not_masked(text, source, target) -> None:
    kept = [DOOR, Term("Sonnenschein", "", keeps=True)]
    assert masked(text, kept, source, target).text == text


def test_terms_that_are_translated_are_not_masked() -> None:
    assert masked("The rent of the Blue Door.", [Term("rent", "Miete")], "en", "de").terms == {}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Zorvex's rent", "Blue Door's rent"),
        ("Czynsz Zorvexu wzrósł.", "Czynsz Blue Door wzrósł."),
        ("ZORVEX", "Blue Door"),
        ("Das Zorvexhaus", "Das Blue Doorhaus"),
        ("Die Tür", "Die Tür"),
    ],
)
def test_how_a_name_comes_back(answer, expected) -> None:
    assert unmasked(answer, {"Zorvex": "Blue Door"})[0] == expected


def test_probabilities_move_with_their_words() -> None:
    answer = "Am Zorvex um acht"
    tokens = [(0, 2, 0.9), (2, 6, 0.1), (6, 9, 0.2), (9, 12, 0.3), (12, 17, 0.4)]
    text, moved = unmasked(answer, {"Zorvex": "Blue Door"}, tokens)
    assert [(text[begin:end], odds) for begin, end, odds in moved] == [("Am", 0.9), (" um", 0.3), (" acht", 0.4)]


def test_an_answer_under_way_shows_no_invented_name() -> None:
    names = {"Zorvex": "Blue Door"}
    so_far = [unmasked_so_far("Am Zorvex um acht"[:end], names) for end in range(18)]
    assert not any("Z" in stage for stage in so_far)
    assert so_far[-1] == "Am Blue Door um acht"


@given(st.text(), st.lists(st.sampled_from(["Blue Door", "Wien", "a", "Z"]), max_size=3))
def test_masked_and_unmasked_is_the_same_text(text, words) -> None:
    text = f"{text} {' '.join(words)}"
    kept = [Term(name, "", keeps=True) for name in ("Blue Door", "Wien")]
    mask = masked(text, kept, "en", "de")
    assert not any(name.casefold() in text.casefold() for name in mask.terms)
    restored, _ = unmasked(mask.text, mask.terms)
    assert masked(restored, kept, "en", "de") == mask


def test_a_translation_has_the_term_again() -> None:
    assert len(set(NAMES)) == len(NAMES)
    translation = cleaned(
        "We meet at the Blue Door.", "Wir treffen uns am Zorvex.", Tags(), languages=("en", "de"), terms=[DOOR]
    )
    assert translation.target == "Wir treffen uns am Blue Door."
