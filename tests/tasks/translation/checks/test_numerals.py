from __future__ import annotations

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.answers import cleaned
from slmdesk.tasks.translation.checks import flags_of
from slmdesk.tasks.translation.preserved import misspelt

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("languages", "source", "target", "right"),
    [
        ("fr-en", "la facture de 1 386,50 € n'est pas payée", "the invoice of 1,386,50 €", "the invoice of 1,386.50 €"),
        ("de-en", "2.380 € mehr", "2, 380 euros more", "2,380 euros more"),
        ("de-en", "2.380 € mehr", "2.380 € more", "2,380 € more"),
        ("de-en", "389,50 €", "€389,50", "€389.50"),
        ("de-en", "389,50 €", "€ 389.50", "€ 389.50"),
        ("en-de", "The rent is 98,400 pounds.", "Die Miete ist 98,400 Pfund.", "Die Miete ist 98.400 Pfund."),
        ("en-de", "a premium of £1,140.50", "eine Prämie von £1,140.50", "eine Prämie von £1.140,50"),
        ("en-de", "18.5 %", "18.5 %", "18,5 %"),
        ("en-fr", "2,450.80 pounds", "2,450.80 livres", "2\u00a0450,80 livres"),
        ("en-fr", "2,450.80 pounds", "2 450,80 livres", "2 450,80 livres"),
        ("en-de", "1,250,000 people", "1,250,000 Menschen", "1.250.000 Menschen"),
    ],
)
def test_numbers_are_written_the_way_of_the_target(languages, source, target, right):
    before, _, after = languages.partition("-")
    assert cleaned(source, target, Tags(), languages=(before, after)).target == right


@pytest.mark.parametrize(
    ("languages", "source", "target"),
    [
        ("en-de", "Room 3.12 is free.", "Raum 3.12 ist frei."),
        ("en-de", "Section 4.2 of version 2.10.1", "Abschnitt 4.2 der Version 2.10.1"),
        ("de-en", "am 14.10.2025 um 14.30 Uhr", "on 14.10.2025 at 14.30"),
        ("de-en", "Tel. 040 123 456", "Tel. 040 123 456"),
        ("de-en", "seit 2019 100 Euro", "since 2019 100 euros"),
        ("en-de", "see http://a.example/1,000", "siehe http://a.example/1,000"),
        ("xx-de", "98,400 pounds", "98,400 Pfund"),
    ],
)
def test_other_figures_stay(languages, source, target):
    before, _, after = languages.partition("-")
    assert misspelt(source, target, before, after) == []


def test_a_number_that_a_person_left_in_the_other_way_is_flagged():
    flags = flags_of("98,400 pounds", "98,400 Pfund", source_language="en", target_language="de", tags=Tags())
    assert [(flag.kind, flag.text, flag.detail) for flag in flags] == [("number", "98,400", "98.400")]


def test_uncertain_words_move_with_the_numbers_before_them():
    answer = "It costs 2, 380 euros extra."
    at, digits = answer.index("extra"), answer.index("2,")
    translation = cleaned(
        "Es kostet 2.380 Euro mehr.", answer, Tags(), [(digits, digits + 2, 0.3), (at, at + 5, 0.2)],
        languages=("de", "en"),
    )  # fmt: skip
    assert [translation.target[begin:end] for begin, end, _ in translation.doubts] == ["extra"]
