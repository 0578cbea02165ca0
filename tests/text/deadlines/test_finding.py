"""What is found as a deadline that counts from the paper itself, and what is not."""

from __future__ import annotations

import pytest

from slmdesk.text.deadlines.finding import find_terms

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Die Frist beträgt zwei Wochen ab Zustellung.", (2, "week", "service")),
        ("Sie haben dafür innerhalb von 14 Tagen nach Erhalt Zeit.", (14, "day", "receipt")),
        ("Widerspruch ist binnen eines Monats nach Bekanntgabe möglich.", (1, "month", "notice")),
        ("You can appeal one month after notification.", (1, "month", "service")),
        ("Please reply within 14 days of receipt.", (14, "day", "receipt")),
        ("Please reply within thirty (30) days from the date of this letter.", (30, "day", "date")),
        ("Le recours est ouvert dans un délai de deux mois à compter de la notification.", (2, "month", "service")),
        ("Puede recurrir en el plazo de un mes desde la notificación.", (1, "month", "service")),
    ],
)
def test_a_deadline_has_its_number_its_unit_and_its_event(words, expected) -> None:
    (term,) = find_terms(words)
    assert (term.count, term.unit, term.event) == expected


@pytest.mark.parametrize(
    "words",
    [
        "Mängel sind innerhalb von 14 Tagen nach Lieferung anzuzeigen.",
        "Er zahlt binnen zwei Wochen nach Erhalt der Ware.",
        "Bitte antworten Sie innerhalb von zwei Wochen nach Eingang Ihres Antrags.",
        "Der Widerspruch wurde innerhalb eines Monats nach Bekanntgabe des Bescheids erhoben.",
        "Binnen vier Wochen nach Erhalt Ihres Schreibens melden wir uns.",
        "Claims are made within 14 days of receipt of the goods.",
        "She had paid within 14 days of receipt of this letter.",
        "The notice period is three months.",
        "Payez dans un délai de 30 jours à compter de la réception de la marchandise.",
        "Pague en el plazo de 15 días desde la recepción de la mercancía.",
    ],
)
def test_what_counts_from_something_else_or_is_over_is_none(words) -> None:
    assert find_terms(words) == []


def test_it_is_told_whether_the_paper_means_itself_or_may_mean_another() -> None:
    def told(words: str) -> tuple[bool, str]:
        (term,) = find_terms(words)
        return term.is_this, term.noun

    assert told("Innerhalb von zwei Wochen nach Zugang dieses Schreibens.") == (True, "")
    assert told("Gegen diesen Bescheid ist binnen zwei Wochen nach Zustellung Einspruch möglich.") == (True, "")
    assert told("Die Berufung ist binnen eines Monats nach Zustellung des Urteils einzulegen.") == (False, "Urteils")
    assert told("Binnen eines Monats nach Bekanntgabe ist Einspruch möglich.") == (False, "")
    assert told("Pay within 30 days of receipt of the invoice.") == (False, "invoice")
