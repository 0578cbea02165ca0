from __future__ import annotations

import pytest

from slmdesk.base.translation import SegmentFlag
from slmdesk.text.translation_checks import name_flags

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("languages", "source", "target", "flags"),
    [
        ("de-en", "Am Dienstag kommt Herr Yilmaz.", "On Tuesday he comes.", [("Yilmaz", "missing")]),
        (
            "de-en",
            "Am Dienstag kommt Herr Yilmaz.",
            "On Tuesday Mr Schmidt comes.",
            [("Yilmaz", "missing"), ("Schmidt", "added")],
        ),
        (
            "fr-en",
            "Notre comptable est au 14, rue des Forges.",
            "Our accountant is at 14, Forge Street.",
            [("Street", "added")],
        ),
        ("en-de", "Please call Ms Petrie today.", "Rufen Sie heute an.", [("Petrie", "missing")]),
        ("de-en", "Anna wohnt in Hamburg.", "Anna lives in Berlin.", [("Berlin", "added")]),
        ("de-en", "§ 2 Haftung des Mieters", "§ 2 Liability of Kowalski as tenant", [("Kowalski", "added")]),
        ("de-en", "Im Jahr 2024 zahlte sie.", "In 2024 Kowalska paid all of the rent.", [("Kowalska", "added")]),
        ("en-it", "The Chair closed it.", "Il Presidente la chiuse.", []),
        ("en-es", "Dear residents,", "¡Hola, residentes!", []),
        ("fr-en", "Le couvent des Cordeliers est fermé.", "The monastery is closed.", [("Cordeliers", "missing")]),
        ("de-en", "Nach § 4 zahlt sie.", "Under Section 4 Kowalska pays all of the rent.", [("Kowalska", "added")]),
    ],
)
def test_a_name_that_is_lost_or_new_is_flagged(languages, source, target, flags):
    before, _, after = languages.partition("-")
    assert [(flag.text, flag.detail) for flag in name_flags(source, target, before, after)] == flags


def test_blank_lines_before_a_word_are_not_looked_through_again_and_again():
    target = f"She pays{chr(10) * 60_000}all of Kowalski."
    assert name_flags("Sie zahlt alles.", target, "de", "en") == [SegmentFlag("name", "Kowalski", "added")]


@pytest.mark.parametrize(
    ("languages", "source", "target"),
    [
        ("de-en", "Der Zug hält in München und Köln.", "The train stops in Munich and Cologne."),
        ("de-en", "Frau Müllers Vortrag ist auf Englisch.", "Ms Müller's talk is in English."),
        ("de-en", "Am Dienstag, dem 3. März, kommen wir.", "We will come on Tuesday, 3 March."),
        ("en-de", "The Landlord pays the Tenant.", "Die Vermieterin zahlt der Mieterin."),
        ("en-fr", "See Annex 3 of the contract.", "Voir l'annexe 3 du contrat."),
        ("en-de", "Notice: Water Shut Off", "Hinweis: Wasser abgestellt"),
        ("de-en", "§ 2 Probezeit und Kündigung", "§ 2 Probationary period and termination"),
        ("de-en", "Art. 5 Geltung", "Art. 5 Scope of it"),
        ("fr-en", "Article IV – Durée du contrat", "Article IV – Duration of the contract"),
        ("de-en", "3.2 Arbeitszeit", "3.2 Working hours"),
        ("de-en", "(a) Vergütung", "(a) Compensation for it"),
        ("de-en", "Anlage 1\n2) Urlaub", "Annex 1\n2) Holidays and leave"),
        ("en-pl", "We met Anna Nowak yesterday.", "Wczoraj spotkaliśmy Annę Nowak."),
        ("en-ja", "We met Anna yesterday.", "昨日アンナに会いました。"),
    ],
)
def test_other_capitals_are_left_alone(languages, source, target):
    before, _, after = languages.partition("-")
    assert name_flags(source, target, before, after) == []
