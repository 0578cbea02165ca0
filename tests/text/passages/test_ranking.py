"""Texts in no index are found by their words, the rare ones first."""

from __future__ import annotations

import pytest

from slmdesk.text.passages.ranking import ranked_by_words
from slmdesk.text.words.stop_words import search_words

pytestmark = pytest.mark.pure

TEXTS = ["The garden has roses.", "The pump stops at 12 bar.", "The pump is in the garden; pumps are blue.", "Nothing."]


def test_the_text_with_the_rare_words_comes_first():
    assert ranked_by_words(search_words("At how many bar does the pump stop?"), TEXTS)[0] == 1
    assert ranked_by_words(search_words("roses"), TEXTS) == [0]
    assert set(ranked_by_words(search_words("the garden pumps"), TEXTS)) == {0, 1, 2}


def test_no_words_and_no_texts_find_nothing():
    assert ranked_by_words([], TEXTS) == []
    assert ranked_by_words(["pump"], []) == []
    assert ranked_by_words(["violin"], TEXTS) == []
