"""How answers of models are read: what they say of the matter, and where they say that the text does not tell."""

from __future__ import annotations

import pytest

from slmdesk.tasks.questions.told import refuses, without_marks

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "words",
    [
        "Not in the text.", "not in the text", "The dividend for 2025 is not in the text.",
        "The documents do not say when it starts.", "There is no information about parental leave.",
        "I cannot answer this question from the excerpts.",
        "Sick days are not explicitly mentioned.", "It is not possible to determine the price.",
        "Der Betrag steht nicht im Text.", "Die Dokumente enthalten keine Angaben zum Preis.",
        "Der Preis wird nicht genannt.", "Aus den Unterlagen geht nicht hervor, wer unterschreibt.",
        "Dazu finden sich in den Auszügen keine Informationen.",
        "Aus dem Brief geht kein Preis hervor.", "Von einem Preis ist nirgends die Rede.",
        "Es wird kein Rabatt für eine Zahlung noch vor Ende Mai erwähnt.",
        "En la carta no se habla del precio.",
        "Le document ne mentionne pas le prix.", "Aucune information sur le prix n'est fournie.",
        "Ce n’est pas dans le texte.", "Le prix n'est pas précisé.",
        "El texto no menciona el precio.", "No hay información sobre el precio.", "No está en el texto.",
        "Il testo non indica il prezzo.", "Non ci sono informazioni sul prezzo.", "Non è nel testo.",
        "O texto não menciona o preço.", "Não há informação sobre o preço nos documentos.",
        "De prijs wordt niet vermeld.", "Het document bevat geen informatie over de prijs.",
        "Dokument nie podaje ceny.", "W tekście nie ma informacji o cenie.", "Nie ma tego w tekście.",
    ],
)  # fmt: skip
def test_that_a_text_does_not_tell_is_understood_in_eight_languages(words):
    assert refuses(words)


@pytest.mark.parametrize(
    "words",
    [
        "No, dogs are not allowed.", "The course does not take place in August.", "Heating is not included.",
        "There is no fee for this.", "Nein, es gehört nicht zum Vertrag.", "Der Kurs findet nicht statt.",
        "Keine Haftung besteht für die im Vertrag genannten Schäden.",
        "Nicht erstattet werden die unter Ziffer 3 angegebenen Kosten.",
        "Es gibt keine Gebühr.", "Hunde sind nicht erlaubt.", "Le chauffage n'est pas compris.",
        "Los perros no pueden entrar.", "I cani non possono entrare.", "Honden zijn niet toegestaan.",
        "Psy nie mogą wchodzić.", "Os cães não podem entrar.",
    ],
)  # fmt: skip
def test_that_something_is_not_so_says_something_of_the_matter(words):
    assert not refuses(words)


def test_bold_letters_and_sources_in_brackets_are_left_out():
    assert without_marks("It **stops** at 8 bar [1], [2, 3].\n# Then\n* it rests (Source: 4).") == (
        "It stops at 8 bar.\nThen\n* it rests."
    )
    for words in ("In 2024 (12 %) 2 * 3 = 6, [sic]", "Article 5 (1): thirty (30) days", "a_b__c, see [a]"):
        assert without_marks(words) == words
