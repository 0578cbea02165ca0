"""The few words by which a deadline is known: who wrote, what is to be done, which amount."""

from __future__ import annotations

import pytest

from slmdesk.claims.deadlines.finding import find_due
from slmdesk.claims.deadlines.wording import MOST_CHARACTERS, amount_of, sender_of, what_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("de", "Bitte zahlen Sie die Miete von 120 Euro bis zum 30. Mai 2027.", "Zahlen Sie die Miete von 120 Euro"),
        ("en", "You must return the form (see page 2) by 20 November 2026.", "Return the form"),
        ("en", "Please send us the signed form within 14 days of receipt of this letter.", "Send us the signed form"),
        ("fr", "Veuillez régler la facture au plus tard le 27 novembre 2026.", "Régler la facture"),
        ("de", "Überweisen Sie 40 Euro auf DE89 3704 0044 0532 0130 00 bis 1. Dezember.", "Überweisen Sie 40 Euro auf"),
        ("en", "By 20 November 2026.", "By 20 November 2026."),
    ],
)  # fmt: skip
def test_what_is_to_be_done_is_told_without_its_day_and_its_account(language, words, expected) -> None:
    assert what_of(words, find_due(words, language, (2026, 11, 3))) == expected


def test_what_is_long_ends_at_a_word() -> None:
    what = what_of("Return " + "every single form of all the offices " * 5, find_due(""))
    assert len(what) <= MOST_CHARACTERS
    assert what.endswith("…")


@pytest.mark.parametrize(
    ("head", "is_mail", "expected"),
    [
        ("Stadt Augsburg, Ordnungsamt\n86150 Augsburg\n", False, "Stadt Augsburg"),
        ("# Leeds City Council\nLeeds, 3 November 2026", False, "Leeds City Council"),
        ("Leeds, 3 November 2026\n\nDear Ms Vogt,", False, ""),
        ("From: Ole Brandt <ole@office.example>\nTo: Jana", True, "Ole Brandt"),
        ("Hello Jana,", True, ""),
    ],
)
def test_who_wrote_stands_at_the_beginning(head, is_mail, expected) -> None:
    assert sender_of(head, is_mail=is_mail) == expected


def test_the_amount_is_as_it_is_written() -> None:
    assert amount_of("Bitte zahlen Sie 1.260,50 Euro bis 3. Mai 2026.", "de") == "1.260,50 Euro"
    assert amount_of("Bitte kommen Sie am 3. Mai 2026.", "de") == ""
