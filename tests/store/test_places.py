"""The order of the list of chats: pinned, archived, in spaces; older histories and damaged ones come along."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from store.conftest import add_older, say

from slmdesk.base.errors import KnownError
from slmdesk.store import SPACE, damaged_copies, open_store
from slmdesk.store.opening import STEPS
from slmdesk.store.rescue import rescue_into

pytestmark = pytest.mark.pure


def listed(store, **more) -> list[str]:
    return [item.title for item in store.items.listed(**more)]


def test_pinned_chats_are_listed_first_page_by_page(store):
    ids = [store.items.add("chat", str(number)).id for number in range(5)]
    store.items.add("summary", "no chat")
    store.items.place(ids[1], pinned=True)
    say(store, ids[0], "newest")
    pages, before = [], None
    while page := store.items.listed(limit=2, before=before):
        pages += [item.title for item in page]
        before = (page[-1].pinned, page[-1].updated, page[-1].n)
    assert pages == ["1", "0", "4", "3", "2"]
    assert store.items.place(ids[1], pinned=False).updated == store.items.get(ids[1]).updated
    assert listed(store) == ["0", "4", "3", "2", "1"]


def test_the_archive_is_out_of_list_titles_and_search(store):
    kept, gone = (store.items.add("chat", f"lease {number}").id for number in range(2))
    say(store, gone, "the notice period")
    store.items.place(gone, archived=True)
    assert (listed(store), listed(store, archived=True)) == (["lease 0"], ["lease 1"])
    assert [id for id, _kind, _title in store.items.titles()] == [kept]
    for words in ("lease", "notice"):
        found = {hit.item for hit in store.index.search(words, archived=False)}
        assert gone not in found
        assert gone in {hit.item for hit in store.index.search(words, archived=True)}
        assert gone in {hit.item for hit in store.index.search(words)}
    store.items.place(gone, archived=False)
    assert listed(store) == ["lease 1", "lease 0"]


def test_chats_of_a_space_are_listed_in_it_as_long_as_it_lives(store):
    space, other = (store.items.add(SPACE, name).id for name in ("Zoo", "äpfel"))
    inside, outside = (store.items.add("chat", name).id for name in ("in", "out"))
    store.items.place(inside, space=space)
    assert (listed(store), listed(store, space=space), listed(store, space=other)) == (["out"], ["in"], [])
    assert [(item.title, count) for item, count in store.items.spaces()] == [("äpfel", 0), ("Zoo", 1)]
    store.items.place(inside, archived=True)
    assert [count for _item, count in store.items.spaces()] == [0, 0]
    assert listed(store, archived=True) == ["in"], "the archive holds those of all spaces"
    store.items.place(inside, archived=False)
    store.items.trash(space)
    assert listed(store) == ["out", "in"] or listed(store) == ["in", "out"]
    assert [item.title for item, _count in store.items.spaces()] == ["äpfel"]
    store.items.restore(space)
    assert listed(store) == ["out"], "it has its chats again"
    store.delete_for_good(space)
    assert store.items.get(inside).folder is None
    assert store.items.place(outside, space="").folder is None


def test_a_space_is_found_by_no_search(store):
    store.items.add(SPACE, "lease")
    chat = store.items.add("chat", "lease").id
    assert [hit.item for hit in store.index.search("lease")] == [chat]


def test_an_unknown_item_has_no_place(store):
    with pytest.raises(KnownError, match=r"item\.unknown"):
        store.items.place("ffffffffffffffff", pinned=True)


def test_an_older_history_has_nothing_archived(paths):
    with closing(open_store(paths, instance_id="old", steps=STEPS[:10]).store) as old:
        id = add_older(old, "chat", "before")
    with closing(open_store(paths, instance_id="new").store) as new:
        item = new.items.get(id)
        assert (item.title, item.archived) == ("before", False)
        assert listed(new) == ["before"]
        new.read_everything()


@pytest.mark.parametrize(
    ("settings", "came"),
    [
        ("{}", 1000.0),
        ('{"imported": {"program": "x", "time": 5000.5}}', 5000.5),
        ('{"imported": {"program": "x", "time": 10}}', 1000.0),
        ('{"imported": "x"}', 1000.0),
        ('{"imported": {"time": {}}}', 1000.0),
        ("{", 1000.0),
    ],
)
def test_items_of_an_older_history_came_when_they_were_made_or_imported(paths, settings, came):
    with closing(open_store(paths, instance_id="old", steps=STEPS[:16]).store) as old:
        id = add_older(old, "chat", "before", settings=settings)
        with old.together():
            old.database.run("update items set created = 1000.0, updated = 900.0")
    with closing(open_store(paths, instance_id="new").store) as new:
        assert new.database.row("select arrived from items where id = ?", (id,))[0] == came
        assert [bool(new.rules.old_items("chat", "", before, (-1.0, -1), 9)) for before in (came, came + 1)] == [0, 1]


def test_a_rescue_brings_spaces_the_archive_and_rows_of_before(paths):
    with closing(open_store(paths, instance_id="old", steps=STEPS[:10]).store) as old:
        add_older(old, "chat", "before")
        with old.together():
            old.database.run("update items set created = 1.0, updated = 1.0")
    with closing(open_store(paths, instance_id="new").store) as store:
        space = store.items.add(SPACE, "Zoo", settings={"system": "Be brief."}).id
        store.items.place(store.items.add("chat", "in").id, space=space)
        store.items.place(store.items.add("chat", "aside").id, archived=True)
    with closing(sqlite3.connect(paths.database)) as conn:  # so that the file is refused
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute("update sqlite_schema set sql = 'nonsense' where name = 'jobs'")
        conn.commit()
    with closing(open_store(paths, instance_id="again").store) as store:
        assert rescue_into(store, damaged_copies(paths.database)[0]).items == 4
        assert listed(store) == ["before"]
        assert store.rules.old_items("chat", "", time.time() - 60, (-1.0, -1), 9) == [], "all of it came just now"
        assert (listed(store, space=space), listed(store, archived=True)) == (["in"], ["aside"])
        assert [item.settings for item, _count in store.items.spaces()] == [{"system": "Be brief."}]
