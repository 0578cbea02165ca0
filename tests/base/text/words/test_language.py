from __future__ import annotations

import pytest

from slmdesk.base.text.sentences import LANGUAGES, LEAST_WORDS, SURE, detect

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
def test_a_sentence_is_known(code: str) -> None:
    for text in (SENTENCES[code], SENTENCES[code].upper(), " ".join(SENTENCES[code].split()[-6:])):
        language, sure = detect(text)
        assert language == code
        assert SURE <= sure <= 1.0


@pytest.mark.parametrize("code", sorted(SENTENCES.keys() - {"pt"}))
def test_most_texts_need_no_language_model(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slmdesk.base.text.sentences._identifier", lambda _among: pytest.fail("it takes 60 MB"))
    assert detect(SENTENCES[code]) == (code, 1.0)


@pytest.mark.parametrize(
    "text", ["", "Paris", "42", "42 42 42 42 42", "Yes.", "Ja, gerne.", "a b c d e f", "これは日本語の文です"]
)
def test_too_little_is_no_language(text: str) -> None:
    assert detect(text)[0] is None


def test_only_languages_that_are_asked_about_are_answered() -> None:
    words = "Det är en mycket fin dag idag och jag är glad"
    assert detect(words)[0] is None  # Swedish, which is none of the eight
    assert detect(words, ("en", "sv", "da"))[0] == "sv"
    assert detect("これは日本語の文です", ("ja", "en"))[0] == "ja"
    assert detect(SENTENCES["de"])[0] == "de"  # what others asked changes nothing
    with pytest.raises(ValueError, match="xx"):
        detect(words, ("en", "xx"))


def test_one_word_less_than_enough_is_undecided() -> None:
    words = ["Der", "Brief", "wurde", "gestern", "geschickt"]
    assert detect(" ".join(words[: LEAST_WORDS - 1])) == (None, 0.0)
    assert detect(" ".join(words))[0] == "de"


def test_half_a_character_does_no_harm() -> None:
    assert detect("Der Brief wurde gestern \ud83d geschickt")[0] == "de"
