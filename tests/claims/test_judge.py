"""Marks on invented statements of offices, in four languages."""

from __future__ import annotations

import pytest

from slmdesk.claims.evidence import best
from slmdesk.claims.judge import judge
from slmdesk.claims.words import has_stem, share, stem, stems

LEASE_DE = (
    "Die monatliche Miete beträgt 640,00 EUR und ist bis zum 3. Werktag zu zahlen.",
    "Die Kaution von 1.280,00 EUR wird am 1. April 2027 fällig.",
    "Der Mietvertrag kann mit einer Frist von drei Monaten gekündigt werden.",
)
LEASE_EN = (
    "The monthly rent is £640.00 and falls due on the third working day.",
    "The deposit of £1,280.00 is payable on 1 April 2027.",
    "Either party may end the tenancy with three months' notice.",
)
LEASE_FR = (
    "Le loyer mensuel est de 640,00 € et se règle avant le 3 du mois.",
    "Le dépôt de garantie de 1 280,00 € est dû le 1er avril 2027.",
    "Le bail peut être résilié avec un préavis de trois mois.",
)
LEASE_ES = (
    "El alquiler mensual es de 640,00 € y se paga antes del día 3.",
    "La fianza de 1.280,00 € vence el 1 de abril de 2027.",
    "El contrato puede rescindirse con un preaviso de tres meses.",
)

CASES = [
    ("de", LEASE_DE, "Die Miete beträgt 640 EUR im Monat.", []),
    ("de", LEASE_DE, "Die Miete beträgt 690 EUR im Monat.", ["690 EUR"]),
    ("de", LEASE_DE, "Die Kaution wird am 1. Mai 2027 fällig.", ["1. Mai 2027"]),
    ("de", LEASE_DE, "Die monatliche Miete beträgt 1.280 EUR.", ["1.280 EUR"]),
    ("de", LEASE_DE, "Der Garten wird von allen Bewohnern gemeinsam gepflegt.", [None]),
    ("en", LEASE_EN, "The rent is £640 a month.", []),
    ("en", LEASE_EN, "The rent is £690 a month.", ["£690"]),
    ("en", LEASE_EN, "The deposit is payable on 1 May 2027.", ["1 May 2027"]),
    ("en", LEASE_EN, "The monthly rent is £1,280.", ["£1,280"]),
    ("en", LEASE_EN, "All residents look after the garden together.", [None]),
    ("fr", LEASE_FR, "Le loyer est de 640 € par mois.", []),
    ("fr", LEASE_FR, "Le loyer est de 690 € par mois.", ["690 €"]),
    ("fr", LEASE_FR, "Le dépôt de garantie est dû le 1er mai 2027.", ["1er mai 2027"]),
    ("es", LEASE_ES, "El alquiler es de 640 € al mes.", []),
    ("es", LEASE_ES, "El alquiler es de 690 € al mes.", ["690 €"]),
    ("es", LEASE_ES, "La fianza vence el 1 de mayo de 2027.", ["1 de mayo de 2027"]),
]


@pytest.mark.parametrize(("language", "sources", "statement", "marked"), CASES)
def test_what_the_sources_do_not_bear_out_is_marked(
    language: str, sources: tuple[str, ...], statement: str, marked: list[str | None]
) -> None:
    marks = judge(statement, sources, language)
    assert len(marks) == len(marked)
    for mark, text in zip(marks, marked, strict=True):
        words = text or statement
        assert mark.text.strip("£€ EUR") in words
        assert statement[mark.start : mark.end] == mark.text


def test_a_value_reckoned_from_the_sources_is_none_that_is_missing() -> None:
    statement = "Rent and deposit together come to £1,920."
    assert [mark.kind for mark in judge(statement, LEASE_EN, "en")] == ["amount"]
    assert not judge(statement, LEASE_EN, "en", known=["£1,920"])


def test_a_german_name_behind_an_article_is_that_of_a_thing() -> None:
    assert not judge("Die Miete steht in dem Tenancy Agreement.", LEASE_DE, "de")
    assert [mark.text for mark in judge("Die Miete zahlt Frau Heike Winter.", LEASE_DE, "de")] == ["Heike Winter"]


def test_without_sources_nothing_is_marked() -> None:
    assert judge("The rent is £640.", (), "en") == ()


def test_in_another_language_only_values_are_compared() -> None:
    assert judge("Tous les habitants entretiennent le jardin ensemble.", LEASE_DE, "fr") == ()
    assert [mark.kind for mark in judge("Le loyer est de 690 € par mois.", LEASE_DE, "fr")] == ["amount"]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "Kündigungen", "Kündigung"),
        ("en", "payments", "payment"),
        ("fr", "mensuelles", "mensuel"),
        ("es", "contratos", "contrato"),
        ("pl", "umowy", "umowa"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


def test_words_are_found_in_compounds() -> None:
    assert has_stem(stem("Vertrag", "de"), stems("Der Mietvertrag endet.", "de"))
    assert share(stems("Vertrag und Garten", "de"), stems("Der Mietvertrag endet.", "de")) == 0.5
    assert share((), ("a",)) == 1.0


def test_a_statement_rests_on_the_passages_with_its_values_and_words() -> None:
    assert best("The deposit is £1,280.", LEASE_EN, "en").passages[:1] == (1,)
    both = best("The rent is £640 and the deposit £1,280.", LEASE_EN, "en")
    assert set(both.passages) == {0, 1}
    assert both.share == 1.0
    assert best("Xyz.", LEASE_EN, "en").passages == ()


@pytest.mark.parametrize(("count", "marked"), [(5, ["640,00 EUR"]), (2_600, [])])
def test_a_value_of_something_else_is_marked_but_not_beside_thousands(count, marked) -> None:
    posts = "\n".join(f"Posten {number}: {number + 2000} Euro." for number in range(count))
    found = judge("Die Kaution von 640,00 EUR wird fällig.", (*LEASE_DE, posts), "de")
    assert [mark.text for mark in found] == marked
