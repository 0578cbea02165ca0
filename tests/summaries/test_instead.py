from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.summaries.checking import Said, checked, unsaid
from slmdesk.summaries.lines import Line
from slmdesk.summaries.linking import Piece, Point, Source, headings_above
from slmdesk.text.checks.support import Rarity

pytestmark = pytest.mark.pure


def source(language: str, *texts: str) -> Source:
    pieces = [Piece("d", 1, 0, len(text), BlockKind.PARAGRAPH, text, 1) for text in texts]
    return Source(pieces, Rarity(piece.text for piece in pieces), language, False, headings_above(pieces))


BOAT = source(
    "en",
    "The club asks the members to do the following before the regatta on 14 June 2027:",
    "____________________ (signature of the members before the regatta)",
    "Members pay the mooring fee of £340 before 14 June 2027. The jetty stays closed during the regatta.",
    "Berth | Mooring fee £340 | Members",
)
OFEN = source(
    "de",
    "Der Schornsteinfeger hat den Ofen am 4. März 2027 geprüft und keine Mängel festgestellt.",
    "vertreten durch die Hausverwaltung, der Ofen am 18. März 2027",
    "Der Eigentümer muss den Ofen bis zum 30. September 2027 stilllegen, wenn er die Grenzwerte nicht einhält.",
)
VELO = source(
    "fr",
    "Le vélo volé est remboursé à hauteur de 620 euros, si la facture est envoyée avant le 9 avril 2027.",
    "La facture du vélo volé n'est pas encore parvenue à l'assurance.",
)


@pytest.mark.parametrize(
    ("text", "where", "instead"),
    [
        (
            "Before 14 June 2027 members pay a mooring fee of £430.",
            BOAT,
            ["Members pay the mooring fee of £340 before 14 June 2027."],
        ),
        (
            "Der Eigentümer muss den Ofen bis zum 4. März 2027 stilllegen.",
            OFEN,
            [OFEN.pieces[2].text],
        ),
        ("Le vélo volé est remboursé à hauteur de 260 euros.", VELO, [VELO.pieces[0].text]),
        ("The treasurer resigned in 2019 after a quarrel about money.", BOAT, []),
    ],
)  # fmt: skip
def test_what_takes_the_place_carries_the_sentence(text, where, instead) -> None:
    points = checked([Said(text)], where, range(len(where.pieces))).points
    assert [point.quotation.strip() for point in points if point.quotation] == instead
    assert instead or points[0].flags


def test_nothing_of_an_earlier_message_and_nothing_twice() -> None:
    wrong, right = "Members pay a mooring fee of £430.", "Members pay the mooring fee of £340 before 14 June 2027."
    (point,) = checked([Said(wrong)], BOAT, range(4), earlier=[2]).points
    assert point.text == wrong
    assert [point.text for point in checked([Said(wrong), Said(right)], BOAT, range(4)).points] == [right]


def test_a_poor_summary_gets_more_of_what_must_be_known() -> None:
    lines = [
        Line(0, 0, 9, text, 2.0 + 3 * (at == 0))
        for at, text in enumerate(["Members pay £340.", "The jetty is closed.", "A lifeguard is hired."])
    ]
    texts = [line.text for line in lines]

    def rest(*said: str) -> list[str]:
        return [line.text for line in unsaid(lines, [Point(text, (0,)) for text in said], BOAT)]

    assert rest(*texts[:2]) == []
    assert rest(texts[1]) == [texts[0], texts[2]]
