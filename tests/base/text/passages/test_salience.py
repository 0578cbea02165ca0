from __future__ import annotations

import pytest

from slmdesk.base.text.relevance import Matter, matters

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("The rent is 98,400 pounds a year.", "en", {Matter.MONEY}),
        ("Die Miete beträgt 1.250,00 EUR.", "de", {Matter.MONEY}),
        ("Le loyer est de 900 euros.", "fr", {Matter.MONEY}),
        ("The share rose to 18.5 per cent.", "en", {Matter.SHARE}),
        ("Notice is nine months.", "en", {Matter.PERIOD}),
        ("Die Frist beträgt drei Monate.", "de", {Matter.PERIOD}),
        ("Le délai est de trois mois.", "fr", {Matter.PERIOD}),
        ("The tenant must clean the stairs.", "en", {Matter.DUTY}),
        ("Der Mieter ist verpflichtet zu reinigen.", "de", {Matter.DUTY}),
        ("It weighs 12 kg.", "en", {Matter.QUANTITY}),
        ("Please call us.", "en", {Matter.REQUEST}),
        ("It ends on 30 April 2032.", "en", set()),
        ("The river is wide and the bridge is old.", "en", set()),
        ("Das Haus steht am Fluss.", "de", set()),
        ("Das Quadrat steht am Fluss.", "de", set()),
    ],
)
def test_what_makes_a_sentence_matter(sentence, language, expected) -> None:
    assert matters(sentence, language) == expected
