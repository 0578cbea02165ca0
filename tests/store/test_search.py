"""Searches of many messages: the same ones are found whichever way they are looked for, newest first."""

from __future__ import annotations

import random

import pytest
from store.conftest import say

from slmdesk.store import Store
from slmdesk.store.messages import INDEXED, LOOKED_AT, SearchIndex
from slmdesk.text.folding import fold_for_search

pytestmark = pytest.mark.pure
WORDS = ("letter", "letters", "lettuce", "contract", "über", "Überweisung", "東京都", "a1b2c3", "rare")
"""From nearly every message to one in thirty."""
COUNT = 700


@pytest.fixture
def texts(store: Store) -> dict[str, str]:
    """Messages of two chats by id, oldest first; the second chat is in the trash."""
    rng, texts = random.Random(3), {}
    chats = [store.items.add("chat", "One"), store.items.add("chat", "Two")]
    with store.database.writing():
        for number in range(COUNT):
            words = [word for place, word in enumerate(WORDS) if rng.random() < 0.95 / (place + 1) ** 1.5]
            text, chat = " ".join(words) or "nothing", chats[number % 5 == 0]
            made = say(store, chat.id, text)
            if chat is chats[0]:
                texts[made] = text
    store.items.trash(chats[1].id)
    return texts


def expected(texts: dict[str, str], words: str) -> list[str]:
    *whole, last = fold_for_search(words).split()
    found = []
    for id, text in texts.items():
        known = fold_for_search(text).split()
        if all(word in known for word in whole) and any(word.startswith(last) for word in known):
            found.append(id)
    return found[::-1]


LOOKED_FOR = (
    "letter", "lett", "letters", "letter letters", "lettuce contr", "uber", "überw", "a1b2", "rare", "rar",
    "letter rare", "nothing", "nowhere", "letterhead",
)  # fmt: skip


def test_the_newest_messages_that_hold_the_words_are_found(store, texts):
    for words in LOOKED_FOR:
        wanted = expected(texts, words)
        for limit in (5, 50, COUNT):
            found = store.index.search(words, limit=limit)
            assert [one.message for one in found] == wanted[:limit], (words, limit)
            if len(wanted) > limit:
                following = [one.message for one in store.index.search(words, limit=limit, before=found[-1].n)]
                assert following == wanted[limit : 2 * limit], (words, limit)


def test_of_a_word_in_most_messages_few_are_read(store, texts, monkeypatch):
    read = []
    real = SearchIndex.words_of
    monkeypatch.setattr(SearchIndex, "words_of", lambda self, parts, text: read.append(text) or real(self, parts, text))
    assert len("letter") > INDEXED
    assert len(store.index.search("letter", limit=20)) == 20
    assert len(read) < LOOKED_AT
