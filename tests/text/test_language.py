from __future__ import annotations

import pytest

from slmdesk.text.language import LANGUAGES, language_of

pytestmark = pytest.mark.pure

SENTENCES = {
    "en": "A kitchen is a room for cooking, and the family often eats in it.",
    "de": "Ein Regenschirm schützt vor dem Regen und wird auch bei Sonne benutzt.",
    "fr": "Une bibliothèque est un lieu dans lequel on lit et emprunte des livres.",
    "es": "Un puente sirve para cruzar el río y une las dos orillas de una ciudad.",
    "it": "Il fornaio prepara il pane e i dolci che vende nel suo negozio.",
    "pt": "O relógio serve para saber as horas e não perder o autocarro.",
    "nl": "De fiets is een voertuig met twee wielen en wordt in de stad gebruikt.",
    "pl": "Okno jest w ścianie i służy do tego, że wpada przez nie światło.",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sentence_is_known_by_its_common_words(code: str) -> None:
    assert language_of(SENTENCES[code]) == code
    assert language_of(SENTENCES[code].upper()) == code


@pytest.mark.parametrize("text", ["", "Paris", "42", "これは日本語の文です", "Yes.", "la", "the der le"])
def test_too_little_is_no_language(text: str) -> None:
    assert language_of(text) is None
