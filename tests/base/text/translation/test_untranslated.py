"""Words a translation kept, and letters that do not belong: what small models really wrote, and what is right."""

from __future__ import annotations

import pytest

from slmdesk.tasks.translation.preserved import foreign_letters, leftover

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("source", "target", "kept"),
    [
        ("The drug must be taken twice a day.", "Das Medikament muss twice a day genommen werden.", "twice"),
        ("It was completely renovated in 2015.", "Es wurde in 2015 completely renoviert.", "completely"),
        ("The city has about 50,000 inhabitants.", "Die Stadt hat about 50,000 Einwohner.", "about"),
        ("It is a little late.", "Es ist a little spät.", "a little"),
        ("He read The Lord of the Rings.", "Er las The Lord of the Rings.", ""),
        (
            "Run git-over-rsync or 'no default' with care.",
            "Führen Sie git-over-rsync oder 'no default' vorsichtig aus.",
            "",
        ),
        ("All was also here in an hour.", "Was hier war, war also in der Hand.", ""),
        ("The server is online.", "Der Server ist online.", ""),
    ],
)
def test_small_words_that_were_kept_are_found(source, target, kept):
    assert leftover(source, target, "en", "de") == kept


def test_languages_that_share_their_small_words_are_not_judged():
    assert leftover("La casa de la playa es para una persona", "A casa da praia é para una pessoa", "es", "pt") == ""


@pytest.mark.parametrize(
    ("source", "target", "language", "letters"),
    [
        ("Clean the screen.", "Zum W清洗 der Bildschirm.", "de", "清洗"),
        ("The sign 清洗 means cleaning.", "Das Zeichen 清洗 heißt Reinigung.", "de", ""),
        ("Clean the screen.", "Очистите экран.", "ru", ""),
        ("Clean the screen.", "画面をきれいにしてください。", "ja", ""),
        ("Clean the screen.", "Čistěte obrazovku – œuvre, ß.", "cs", ""),
        ("The alpha value", "Der α-Wert", "de", "α"),
    ],
)
def test_letters_of_a_third_script_are_found(source, target, language, letters):
    assert foreign_letters(source, target, language) == letters
