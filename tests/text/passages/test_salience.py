from __future__ import annotations

import pytest

from slmdesk.text.passages.salience import Matter, matters, salient, weight

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("The rent is 98,400 pounds a year.", "en", {Matter.MONEY}),
        ("Die Miete beträgt 1.250,00 EUR.", "de", {Matter.MONEY}),
        ("Le loyer est de 900 euros.", "fr", {Matter.MONEY}),
        ("The share rose to 18.5 per cent.", "en", {Matter.SHARE}),
        ("It ends on 30 April 2032.", "en", {Matter.DATE}),
        ("Er endet am 30. April 2032.", "de", {Matter.DATE}),
        ("Notice is nine months.", "en", {Matter.PERIOD}),
        ("Die Frist beträgt drei Monate.", "de", {Matter.PERIOD}),
        ("Le délai est de trois mois.", "fr", {Matter.PERIOD}),
        ("The tenant must clean the stairs.", "en", {Matter.DUTY}),
        ("Der Mieter ist verpflichtet zu reinigen.", "de", {Matter.DUTY}),
        ("The tenant may not keep a dog.", "en", {Matter.DENIAL}),
        ("Decision: The wall is painted.", "en", {Matter.DECISION}),
        ("Beschluss: Die Wand wird gestrichen.", "de", {Matter.DECISION}),
        ("Action: Mr Rossi tests the lift.", "en", {Matter.ACTION}),
        ("Acme Ltd (“the Landlord”) owns it.", "en", {Matter.PARTY}),
        ("The river is wide and the bridge is old.", "en", set()),
        ("Das Haus steht am Fluss.", "de", set()),
        ("Das Quadrat steht am Fluss.", "de", set()),
    ],
)
def test_what_makes_a_sentence_matter(sentence, language, expected) -> None:
    assert matters(sentence, language) == expected


def test_more_that_matters_weighs_more_and_remains_weigh_little() -> None:
    both = weight("The tenant must pay 900 euros by 3 May 2025.", "en")
    assert both > weight("The tenant must pay in the first week of it.", "en") > 0
    assert weight("9 EUR", "en") < weight("The fee for this is 9 EUR in all.", "en")


def test_the_place_of_a_sentence_changes_nothing_but_ties_and_each_section_is_heard() -> None:
    rent, term = "The rent is 900 euros a month for the flat.", "The lease runs for seven years from 1 May 2025."
    view = "From the window one sees the river and the old bridge."
    assert salient([view, rent, view], [0, 0, 0], 1, "en") == [1]
    assert salient([rent, view, view], [0, 0, 0], 1, "en") == [0]
    rents = [f"The rent of flat {at} is {at}00 euros a month." for at in range(1, 4)]
    assert 3 in salient([*rents, term], [0, 0, 0, 1], 2, "en")
    assert salient([*rents, term], [0, 0, 0, 1], 1, "en", taken=[0, 0]) == [3]
    assert salient([], [], 3) == []
    assert salient([view], [0], 3) == [0]


def test_a_sentence_that_repeats_a_chosen_one_gives_way() -> None:
    rent, term = "The rent is 900 euros a month for the flat.", "The lease runs for seven years."
    assert salient([rent, rent, term], [0, 1, 2], 2, "en") == [0, 2]
