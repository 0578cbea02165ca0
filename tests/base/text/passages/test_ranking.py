"""Texts are found by words in other forms and in compounds, the rare ones first."""

from __future__ import annotations

import pytest

from slmdesk.base.text.relevance import ranked_by_words
from slmdesk.base.text.sentences import search_words

pytestmark = pytest.mark.pure

TEXTS = ["The garden has roses.", "The pump stops at 12 bar.", "The pump is in the garden; pumps are blue.", "Nothing."]


def test_the_text_with_the_rare_words_comes_first():
    assert ranked_by_words(search_words("At how many bar does the pump stop?"), TEXTS)[0] == 1
    assert ranked_by_words(search_words("roses"), TEXTS) == [0]
    assert set(ranked_by_words(search_words("the garden pumps"), TEXTS)) == {0, 1, 2}


def test_the_word_itself_comes_before_words_that_have_it():
    assert ranked_by_words(["bar"], ["Barely.", "A bar.", "Nothing."]) == [1, 0]


def test_a_short_word_is_found_without_its_ending():
    assert ranked_by_words(["cats"], ["A dog.", "A cat."]) == [1]


def test_no_words_and_no_texts_find_nothing():
    assert ranked_by_words([], TEXTS) == []
    assert ranked_by_words(["pump"], []) == []
    assert ranked_by_words(["violin"], TEXTS) == []


@pytest.mark.parametrize(
    ("question", "right", "other"),
    [
        (
            "Welche Rückzahlungsfrist gilt?",
            "Die Frist für die Rückzahlung beträgt zwei Wochen.",
            "Die Widerrufsfrist gilt nicht für Möbel.",
        ),
        (
            "Wer hat Kündigungsschutz?",
            "Vor Kündigung geschützt sind Eltern; der Schutz endet nach drei Jahren.",
            "Die Kündigungsfrist hat jeder einzuhalten.",
        ),
        ("Ile mieszkań?", "Mieszkania są puste.", "Piwnice są puste."),
        (
            "¿Cuándo se comprueban las básculas?",
            "La báscula se comprobará en mayo.",
            "Las cuentas se aprueban en mayo.",
        ),
        ("Combien d'œuvres restaurées ?", "La restauration d'une œuvre dure un an.", "Le reste demeure fermé."),
    ],
)
def test_words_are_found_in_other_forms_and_in_compounds(question, right, other):
    assert ranked_by_words(search_words(question), [other, right, "Xyz."])[0] == 1
