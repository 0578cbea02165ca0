"""Sentences that say nothing without the one before them."""

from __future__ import annotations

import pytest

from slmdesk.text.sentences import begins_with_pronoun, refers_back

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sentence", "language", "pronoun", "back"),
    [
        ("It is due on the first.", "en", True, True),
        ("It is forbidden to smoke.", "en", False, False),
        ("If it does not, the tenant may end the lease.", "en", False, True),
        ("If the rent is late, interest is due.", "en", False, False),
        ("Please restart it at 1.25 mg.", "en", False, True),
        ("Otherwise the deposit is kept.", "en", False, True),
        ("Andernfalls gilt die Frist nicht.", "de", False, True),
        ("Die Frist beginnt am Montag.", "de", False, False),
        ("S'il tarde, le bail prend fin.", "fr", False, True),
        ("Itself a company, it trades.", "en", False, False),
        ("It is due.", "xx", False, False),
    ],
)
def test_how_a_sentence_begins(sentence, language, pronoun, back):
    assert begins_with_pronoun(sentence, language) is pronoun
    assert refers_back(sentence, language) is back
