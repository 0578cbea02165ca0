"""What differs between two sentences that belong together."""

from __future__ import annotations

import pytest

from slmdesk.claims.differences import differences, is_duty

pytestmark = pytest.mark.pure


def found(old: str, new: str, languages: str = "en-en") -> list[tuple[str, str, str]]:
    before, _, after = languages.partition("-")
    return [(each.kind, each.old, each.new) for each in differences(old, new, (before, after))]


@pytest.mark.parametrize(
    ("old", "new", "languages", "expected"),
    [
        ("It costs under £75.", "Es kostet unter 75 Pfund.", "en-de", []),
        ("It costs under £75.", "Es kostet unter 75 Pfennig.", "en-de", [("amount", "£75", "75")]),
        ("Pay 40 EUR.", "Zahlen Sie 40 Euro.", "en-de", []),
        ("Pay 40 EUR.", "Zahlen Sie 40 USD.", "en-de", [("amount", "40 EUR", "40 USD")]),
        ("Pay 2.5 million dollars.", "Zahlen Sie 2,5 Millionen Dollar.", "en-de", []),
        ("It is 5 km away.", "Es ist 5 Meilen entfernt.", "en-de", [("number", "5 km", "5 Meilen")]),
        ("It is 20 miles away.", "Es ist 32 km entfernt.", "en-de", []),
        ("It rises by 2 %.", "Es steigt um 2 Prozentpunkte.", "en-de", [("percent", "2 %", "2 Prozentpunkte")]),
        ("Within 30 days.", "Within 30 weeks.", "en-en", [("period", "30 days", "30 weeks")]),
        ("Invoice INV-2024-7.", "Rechnung INV-2024-8.", "en-de", [("number", "INV-2024-7", "INV-2024-8")]),
        ("It ends at noon.", "Es endet um 12 Uhr.", "en-de", []),
        ("One of them pays.", "Jemand zahlt.", "en-de", []),
    ],
)
def test_values_differ_with_their_units(old, new, languages, expected) -> None:
    assert found(old, new, languages) == expected


@pytest.mark.parametrize(
    ("old", "new", "languages", "expected"),
    [
        ("He pays.", "Er zahlt nicht.", "en-de", [("negation", "", "nicht")]),
        ("Il ne paie que le loyer.", "He pays only the rent.", "fr-en", []),
        ("Il ne paie plus.", "He pays.", "fr-en", [("negation", "ne paie plus", "")]),
        ("Smoking is forbidden.", "Rauchen ist nicht erlaubt.", "en-de", []),
        ("However, he pays.", "Sin embargo, paga.", "en-es", []),
        ("A not-for-profit firm.", "Eine gemeinnützige Firma.", "en-de", []),
        ("Invoice no. F-7 is paid.", "Die Rechnung F-7 ist bezahlt.", "en-de", []),
        ("He may leave.", "Er muss gehen.", "en-de", [("duty", "may", "muss")]),
        ("He must not leave.", "Er darf nicht gehen.", "en-de", []),
        ("He pays.", "Maksa heti tänään.", "en-fi", []),
    ],
)
def test_negations_and_may_and_must_differ(old, new, languages, expected) -> None:
    assert found(old, new, languages) == expected


def test_of_versions_only_what_changed_is_compared() -> None:
    old, new = "30 days or 60 days, not more.", "60 days or 30 days, not more."
    assert not differences(old, new, ("en", "en"))
    swapped = differences(old, new, ("en", "en"), changed=[((0, 2), (0, 2)), ((11, 13), (11, 13))])
    assert [(each.old, each.new) for each in swapped] == [("30 days", "60 days"), ("60 days", "30 days")]


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("The Tenant must test the wiring.", "en", True),
        ("The Tenant may not keep pets.", "en", True),
        ("The Contractor is obliged to keep records.", "en", True),
        ("Der Mieter darf die Wohnung nicht untervermieten.", "de", True),
        ("Le Prestataire doit en fournir la preuve.", "fr", True),
        ("Il conduttore non può sublocare.", "it", True),
        ("The Tenant may keep one dog.", "en", False),
        ("The Licensee is not obliged to install them.", "en", False),
        ("Der Vermieter haftet nicht für Schäden.", "de", False),
    ],
)
def test_a_duty_has_a_word_for_it(sentence, language, expected) -> None:
    assert is_duty(sentence, language) is expected
