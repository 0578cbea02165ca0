"""The words of a translation that a dictionary should have."""

from __future__ import annotations

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.answers import words_to_look_up

pytestmark = pytest.mark.pure


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
