from __future__ import annotations

import pytest

from slmdesk.translation.prompts import TranslationStyle, other_steps

pytestmark = pytest.mark.pure


def test_words_to_be_avoided_are_said_without_talk_of_a_first_try() -> None:
    for step in other_steps("The rent is 900 euros.", TranslationStyle("de", "en"), without="Rente"):
        assert "Do not use this word: Rente" in str(step["messages"])
        assert "wrong" not in str(step["messages"])
