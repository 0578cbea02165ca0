"""Sentences that say nothing without the one before them."""

from __future__ import annotations

import pytest

from slmdesk.base.text.sentences import refers_back

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sentence", "language", "back"),
    [
        ("It is due on the first.", "en", True),
        ("It is forbidden to smoke.", "en", False),
        ("If it does not, the tenant may end the lease.", "en", True),
        ("If the rent is late, interest is due.", "en", False),
        ("Please restart it at 1.25 mg.", "en", True),
        ("Otherwise the deposit is kept.", "en", True),
        ("Andernfalls gilt die Frist nicht.", "de", True),
        ("Die Frist beginnt am Montag.", "de", False),
        ("S'il tarde, le bail prend fin.", "fr", True),
        ("Itself a company, it trades.", "en", False),
        ("It is due.", "xx", False),
    ],
)
def test_how_a_sentence_begins(sentence, language, back):
    assert refers_back(sentence, language) is back
