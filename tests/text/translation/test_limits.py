"""What limits a sentence must limit its translation, between any two of eight languages."""

from __future__ import annotations

import tomllib
from itertools import permutations
from pathlib import Path

import pytest

from slmdesk.text.checks.limits import address
from slmdesk.text.tagged import Tags
from slmdesk.text.translation_checks import flags_of, words_to_look_up

pytestmark = pytest.mark.pure
SENTENCES = tomllib.loads((Path(__file__).parents[2] / "golden" / "limits.toml").read_text("utf-8"))["sentence"]


def kinds(source, target, before, after, formality=""):
    flags = flags_of(source, target, source_language=before, target_language=after, tags=Tags(), formality=formality)
    return [flag.kind for flag in flags]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence["en"][0])
def test_a_limit_that_is_gone_or_turned_is_marked_and_one_that_is_kept_is_not(sentence):
    for before, after in permutations((language for language in sentence if language != "kind"), 2):
        source, (right, wrong) = sentence[before][0], sentence[after]
        assert not kinds(source, right, before, after), (source, right)
        assert sentence["kind"] in kinds(source, wrong, before, after), (source, wrong)


@pytest.mark.parametrize(
    ("languages", "source", "target", "marked"),
    [
        ("de-en", "Wer sich enthält, wird nicht gezählt.", "Who is included is not counted.", ["condition"]),
        ("de-en", "Wer sich enthält, wird nicht gezählt.", "Those who abstain are not counted.", []),
        ("de-en", "Wer war das?", "Who was that?", []),
        ("de-en", "Kommt er am Montag, und bleibt er lange?", "Is he coming on Monday, and will he stay long?", []),
        ("de-en", "Bringen Sie bitte den Ausweis mit, wir prüfen ihn.", "Please bring your pass, we check it.", []),
        ("de-en", "Auch wenn es regnet, wird gespielt.", "We play in the rain, too.", []),
        ("de-en", "Das gilt nicht nur für Kinder.", "This applies to children, too.", []),
        ("en-de", "The lift is out of order.", "Der Aufzug ist außer Betrieb.", []),
        ("en-de", "If any, add the receipts.", "Fügen Sie Belege bei.", []),
        (
            "en-de",
            "It covers goods, but not models, unless we pack them.",
            "Sie deckt Waren, aber keine Modelle, sofern wir sie packen.",
            ["exception"],
        ),
        (
            "en-de",
            "It covers goods, but not models, unless we pack them.",
            "Sie deckt Waren, aber keine Modelle, sofern nicht wir sie packen.",
            [],
        ),
        (
            "fr-en",
            "Il ne part que si plus de deux restent.",
            "He may not leave if more than two stay.",
            ["negation"],
        ),
        ("fr-en", "Il ne part que si plus de deux restent.", "He leaves only if more than two stay.", []),
        ("fr-en", "Fermé le lundi, sauf intempéries.", "Closed on Monday, weather permitting.", []),
        ("de-en", "Einlass erst ab Montag.", "You cannot come in until Monday.", []),
        ("de-en", "Höchstens die Hälfte wird erstattet.", "No more than half is refunded.", []),
        ("de-en", "Nicht mehr als die Hälfte wird erstattet.", "More than half is refunded.", ["negation"]),
        (
            "de-en",
            "Fällt der Strom aus oder fehlt Wasser, endet der Dienst.",
            "The power fails or water is missing, until the service ends.",
            ["condition"],
        ),
        ("fr-en", "Signez ici, s'il vous plaît.", "Please sign here.", []),
        ("en-fr", "He may leave if he pays.", "Il doit partir s'il paie.", ["duty"]),
        ("fr-en", "Il attend tant que le prix n'est pas payé.", "He waits until the price is not paid.", ["negation"]),
        ("fr-en", "Il attend tant que le prix n'est pas payé.", "He waits until the price is paid.", []),
        ("en-fi", "Pay only if you agree.", "Maksa heti tänään.", []),
    ],
)
def test_what_is_a_limit_and_what_only_looks_like_one(languages, source, target, marked):
    assert kinds(source, target, *languages.split("-")) == marked


@pytest.mark.parametrize(
    ("language", "formal", "informal"),
    [
        ("de", "Bitte geben Sie Ihren Namen an.", "Bitte gib deinen Namen an."),
        ("fr", "Veuillez donner votre nom.", "Donne-nous tes deux noms."),
        ("es", "Indique usted su nombre.", "Indica tus dos nombres."),
        ("it", "La preghiamo, se Lei può, di firmare.", "Ti preghiamo di firmare."),
        ("pt", "Indique o nome que você usa.", "Indica o teu nome."),
        ("nl", "Geef hier uw naam op.", "Geef hier je naam op."),
        ("pl", "Proszę, by Pani podała nazwisko.", "Prosimy, podaj twoje nazwisko."),
    ],
)
def test_a_sentence_that_addresses_the_reader_otherwise_than_the_paper_is_marked(language, formal, informal):
    assert list(address(formal, language)) == ["formal"]
    assert list(address(informal, language)) == ["informal"]
    for target, way, marked in ((formal, "formal", 0), (informal, "formal", 1), (formal, "informal", 1)):
        assert kinds("Please give your name.", target, "en", language, way).count("address") == marked
    assert "address" in kinds("Please give your name.", f"{formal} {informal}", "en", language)
    assert address(f"Er rief: „{informal}“", language) == {}


@pytest.mark.parametrize(
    ("target", "is_marked"),
    [
        ("The board of the board has met.", True),
        ("The report is sent to all members, and the report is sent to all members.", True),
        ("The work is done step by step.", False),
        ("The board has met.", False),
    ],
)
def test_words_that_only_the_translation_repeats_are_marked(target, is_marked):
    assert ("repeated" in kinds("Der Vorstand hat sich getroffen.", target, "de", "en")) is is_marked


@pytest.mark.parametrize(
    ("source", "target", "languages", "words"),
    [
        ("La reunión de Olmo termina.", "The reunión of Olmo ends.", "es-en", ["reunión", "ends"]),
        ("Der Beschluss gilt.", "The Beschluss holds good.", "de-en", ["holds", "good"]),
        ("The Whitcombes met.", "Die Whitcombes sahen Vorbesprechnung.", "en-de", ["sahen", "Vorbesprechnung"]),
        ("See a.b@c.org, NATO and so on.", "Voir a.b@c.org, NATO etcet. et l'herbe.", "en-fr", []),
        ("Das Echokardiogramm.", "The echocardiogram helps.", "de-en", ["helps"]),
        ("Ein altbekannter Name.", "A well-known name.", "de-en", ["well", "known", "name"]),
    ],
)
def test_the_words_to_look_up_in_a_dictionary_are_no_names(source, target, languages, words):
    assert list(words_to_look_up(source, target, Tags(), *languages.split("-"))) == words


def test_a_british_word_may_be_american_in_the_dictionary():
    spellings = words_to_look_up("", "the colour organised promise", Tags(), "de", "en")
    assert spellings["colour"] == {"colour", "color"}
    assert spellings["organised"] == {"organised", "organized"}
    assert "promise" in spellings["promise"]
