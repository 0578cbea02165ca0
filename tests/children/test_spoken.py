"""Spoken commands: signs and lines, in the languages of the program; a word stays one where it is meant as a noun."""

from __future__ import annotations

import pytest

from slmdesk.children.tasks.spoken import with_commands

pytestmark = pytest.mark.pure

SIGNS = {
    "en": ("comma", "full stop", "question mark", "new line", "new paragraph"),
    "de": ("Komma", "Punkt", "Fragezeichen", "neue Zeile", "neuer Absatz"),
    "fr": ("virgule", "point", "point d'interrogation", "à la ligne", "nouveau paragraphe"),
    "es": ("coma", "punto", "signo de interrogación", "nueva línea", "nuevo párrafo"),
    "it": ("virgola", "punto", "punto interrogativo", "a capo", "nuovo paragrafo"),
    "pt": ("vírgula", "ponto", "ponto de interrogação", "nova linha", "novo parágrafo"),
    "nl": ("komma", "punt", "vraagteken", "nieuwe regel", "nieuwe alinea"),
    "pl": ("przecinek", "kropka", "znak zapytania", "nowa linia", "nowy akapit"),
}


@pytest.mark.parametrize("language", SIGNS)
@pytest.mark.parametrize("number", range(5))
def test_each_command_of_each_language(language: str, number: int) -> None:
    command, sign = SIGNS[language][number], (",", ".", "?", "\n", "\n\n")[number]
    for said in (f"Anna {command}", f"Anna, {command.capitalize()}.", f"Anna {command} Berta"):
        rest = ("" if sign[0] == "\n" else " ") + "Berta" if said.endswith("Berta") else ""
        assert with_commands(said, language) == f"Anna{sign}{rest}"


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("de", "Sehr geehrte Frau Keller Komma neue Zeile wir danken", "Sehr geehrte Frau Keller,\nwir danken"),
        ("de", "Frau Keller, Komma, neue Zeile. Wir kommen. Punkt.", "Frau Keller,\nWir kommen."),
        ("de", "kommen Sie Fragezeichen bitte Punkt", "kommen Sie? Bitte."),
        ("de", "3 Komma 5 Prozent", "3,5 Prozent"),
        ("en", "Dear Mr Miller comma new line thank you period", "Dear Mr Miller,\nthank you."),
        ("en", "We agree full stop new paragraph yours", "We agree.\n\nYours"),
    ],
)
def test_what_is_written(language: str, said: str, written: str) -> None:
    assert with_commands(said, language) == written


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Das Komma fehlt."), ("de", "Das ist ein wichtiger Punkt."), ("de", "Punkt 3 der Tagesordnung"),
        ("de", "drei Komma fünf Prozent"), ("de", "Kommandantur und Punkte"), ("de", "die neue Zeile"),
        ("en", "a period of notice of three months"), ("en", "the comma is missing"), ("en", "a new line of products"),
        ("fr", "à ce point de vue"), ("fr", "un point important"), ("es", "está en coma"), ("it", "il punto è questo"),
        ("pt", "a vírgula falta"), ("nl", "het punt is dit"), ("pl", "ta kropka jest mała"), ("xx", "one comma two"),
    ],
)  # fmt: skip
def test_words_stay(language: str, said: str) -> None:
    assert with_commands(said, language) == said
