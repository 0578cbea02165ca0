from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.claims.types import Mark
from slmdesk.tasks.summaries.checking import Said, checked, unsaid
from slmdesk.tasks.summaries.lines import Line
from slmdesk.tasks.summaries.linking import Piece, Point, Source, headings_above

pytestmark = pytest.mark.pure


def source(language: str, *texts: str) -> Source:
    kinds = [BlockKind.HEADING if text.startswith("# ") else BlockKind.PARAGRAPH for text in texts]
    pieces = [
        Piece("d", 1, 0, len(text), kind, text.removeprefix("# "), 1) for text, kind in zip(texts, kinds, strict=True)
    ]
    return Source(pieces, language, headings_above(pieces))


PENSION = source(
    "de",
    "# Ihre Rente",
    "Ab dem 1. Mai 2026 beträgt Ihre Rente 842,10 Euro im Monat, bisher waren es 811,40 Euro.",
    "Gegen den Bescheid können Sie bis zum 4. Juni 2026 Widerspruch einlegen, sofern Sie ihn unterschreiben.",
    "Bitte teilen Sie uns bis zum 20. Mai 2026 Ihre neue Bankverbindung mit.",
    "Die Zulage für Kinder wird nicht mehr gezahlt.",
)
LEASE = source(
    "en",
    "# Lease of the workshop",
    "The tenant shall pay a rent of £1,450 on the third working day of each month.",
    "The landlord holds a deposit of £4,350 and returns it within 30 days of the end of the lease.",
    "The lease ends on 30 June 2029. Repairs above £900 are paid by the landlord.",
)


def points(where: Source, *said: Said) -> list[Point]:
    return list(checked(said, where, range(len(where.pieces))))


def marks_of(text: str, where: Source) -> tuple[Mark, ...]:
    return points(where, Said(text))[0].flags


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("The deposit is £4,350.", LEASE),
        ("The lease runs until 30.6.2029.", LEASE),
        ("Die Rente steigt am 1.5.2026 von 811,40 € auf 842,10 €.", PENSION),
    ],
)
def test_other_words_for_the_same_are_right(text, where) -> None:
    assert marks_of(text, where) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The rent is £1,500 a month.", "amount"),
        ("The lease ends on 31 May 2029.", "date"),
        ("The deposit was returned to Amos Okonkwo.", "name"),
        ("The deposit that the landlord holds is £1,450.", "elsewhere"),
    ],
)
def test_what_the_document_does_not_say_is_marked_and_stays(text, kind) -> None:
    (point,) = points(LEASE, Said(text))
    assert point.text == text
    assert kind in {mark.kind for mark in point.flags}


def test_a_sentence_rests_on_its_best_passages_and_on_those_that_the_model_named() -> None:
    first, second = points(LEASE, Said("The deposit is £4,350.", (1,)), Said("The lease ends on 30 June 2029."))
    assert set(first.links) == {1, 2}
    assert second.links[0] == 3


def test_in_another_language_values_are_compared() -> None:
    where = source("fr", "The rent is 900 euros.")
    said = points(where, Said("Le loyer est de 800 euros."), Said("Le loyer est de 900 euros."))
    assert [point.is_supported for point in said] == [False, True]


def test_what_has_to_be_done_and_no_sentence_says_is_told() -> None:
    lines = [
        Line(at, 0, len(piece.text), piece.text, 5.0, is_action=at in (2, 3)) for at, piece in enumerate(PENSION.pieces)
    ]
    texts = ("Die Rente steigt am 1.5.2026 von 811,40 auf 842,10 €.", "Zulagen für Kinder entfallen.")
    said = [Point(text, ()) for text in texts]
    assert [line.piece for line in unsaid(lines, said, PENSION)] == [2, 3]
    said.append(Point("Widerspruch mit Unterschrift bis 4.6.2026; neue Bankverbindung bis 20.5.2026.", ()))
    assert unsaid(lines, said, PENSION) == []
