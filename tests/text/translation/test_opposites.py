from __future__ import annotations

import pytest

from slmdesk.text.translation_checks import opposite_flags

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("languages", "source", "target", "words"),
    [
        ("de-en", "Der Umsatz stieg um 3 %.", "Sales fell by 3 %.", ("fell", "stieg")),
        ("de-en", "mit dem Sie den Vertrag kündigen", "in which you agreed to the contract", ("agreed", "kündigen")),
        ("en-de", "The Tenant pays the repairs.", "Der Vermieter zahlt die Reparaturen.", ("Vermieter", "Tenant")),
        ("de-en", "Sechs Stunden vor dem Eingriff", "Six hours after the procedure", ("after", "vor")),
        ("en-fr", "A line was added.", "Une ligne a été supprimée.", ("supprimée", "added")),
        ("es-en", "El precio bajó.", "The price rises.", ("rises", "bajó")),
    ],
)
def test_a_word_that_says_the_opposite_is_flagged(languages, source, target, words):
    before, _, after = languages.partition("-")
    assert [(flag.text, flag.detail) for flag in opposite_flags(source, target, before, after)] == [words]


@pytest.mark.parametrize(
    ("languages", "source", "target"),
    [
        ("de-en", "Der Umsatz stieg um 3 %.", "Sales rose by 3 %."),
        ("de-en", "Der Umsatz stieg, die Kosten sanken.", "Sales rose, costs fell."),
        ("de-en", "Der Umsatz stieg nicht.", "Sales fell."),
        ("de-en", "Die Vermieterin kündigt der Mieterin.", "The landlord gives the tenant notice."),
        ("en-xx", "Sales fell.", "stieg"),
    ],
)
def test_what_says_the_same_is_not(languages, source, target):
    before, _, after = languages.partition("-")
    assert opposite_flags(source, target, before, after) == []
