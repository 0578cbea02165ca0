"""Titles are found like words: renamed, thrown away, deleted, rescued; a history from before is brought along."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from store.conftest import integrity, say

from slmdesk.base.records import Status
from slmdesk.base.types import Role
from slmdesk.store import Store, damaged_copies, open_store
from slmdesk.store.backup import kept_copies
from slmdesk.store.opening import STEPS
from slmdesk.store.rescue import rescue_into

pytestmark = pytest.mark.pure


def hits(store: Store, words: str, **more) -> list[tuple[str, str]]:
    """Titles and message ids."""
    return [(one.title, one.message) for one in store.index.search(words, **more)]


def test_a_title_is_found_as_it_is_now(store, paths):
    chat = store.items.add("chat", "Straße nach Łódź")
    say(store, chat.id, "how far is it")
    (found,) = store.index.search("strasse lodz")
    assert (found.item, found.message, found.title) == (chat.id, "", "Straße nach Łódź")
    assert found.snippet == "how far is it"
    store.items.rename(chat.id[:8], "Travels")
    assert hits(store, "strasse") == []
    assert hits(store, "trav") == [("Travels", "")]
    store.items.trash(chat.id)
    assert hits(store, "travels") == []
    store.items.restore(chat.id)
    assert hits(store, "travels") == [("Travels", "")]
    store.delete_for_good(chat.id)
    assert hits(store, "travels") == []
    store.close()
    assert integrity(paths) == ["ok"]


def test_a_chat_whose_words_hold_it_too_is_told_by_its_message_alone(store):
    chat = store.items.add("chat", "hello there")
    first = say(store, chat.id, "hello there, how are you")
    say(store, chat.id, "fine")
    assert hits(store, "hello") == [("hello there", first)]
    assert hits(store, "hello fine") == [], "words of a title and of a message are not put together"
    answer = store.messages.add(chat.id, parent=first, role=Role.ASSISTANT, status=Status.STREAMING)
    store.messages.grow(answer.id, "hello hello")
    assert len(hits(store, "hello")) == 1


def test_hits_of_both_kinds_come_newest_first_by_page(store):
    requested = []
    for number in range(40):
        by_title = number % 3 == 0
        chat = store.items.add("chat", f"needle {number}" if by_title else f"chat {number}")
        said = say(store, chat.id, "other words" if by_title else f"a needle {number}")
        requested.append((chat.title, "" if by_title else said))
    empty = [store.items.add("chat", f"needle without words {number}").title for number in range(3)]
    requested = [(title, "") for title in empty] + requested
    reported, before = [], None
    while page := store.index.search("needle", limit=7, before=before):
        assert len(page) <= 7
        reported += [(one.title, one.message) for one in page]
        before = page[-1].n
    assert reported == requested[::-1]


def test_a_history_from_before_titles_were_found_is_brought_along(paths):
    old = open_store(paths, instance_id="d", steps=STEPS[:1], clock=time.time)
    assert old.notices == ()
    with old.store.database.writing():
        old.store.database.run(
            "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
            " values ('00000000000000aa', 'chat', 'Ære være', 0, 1, 1, 0, '{}')"
        )
    old.store.close()
    with closing(open_store(paths, instance_id="d").store) as store:
        assert hits(store, "aere") == [("Ære være", "")]
        assert len(kept_copies(paths)) == 1
    assert integrity(paths) == ["ok"]


def test_titles_are_rescued_and_their_index_is_made_anew(paths):
    with closing(open_store(paths, instance_id="d").store) as store:
        for number in range(50):
            store.items.add("chat", f"marker {number}")
    with closing(sqlite3.connect(paths.database)) as conn:
        conn.execute("update titles_data set block = zeroblob(200) where id > 10")
        conn.commit()
    (paths.data / "check-at-start").touch()
    with closing(open_store(paths, instance_id="d").store) as store:
        assert len(store.index.search("marker", limit=100)) == 50
    assert integrity(paths) == ["ok"]
    data = bytearray(paths.database.read_bytes())
    data[:100] = bytes(100)
    paths.database.write_bytes(data)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert hits(store, "marker") == []
        rescue_into(store, damaged_copies(paths.database)[0])
        assert len(store.index.search("marker", limit=100)) == 50
    assert integrity(paths) == ["ok"]
