"""The end of a long chat is read alone; the rest a few messages at a time."""

from __future__ import annotations

import pytest
from chat.sending import call, fill_long

import slmdesk.history.store.messages as stored
from slmdesk.base.records import Status
from slmdesk.base.types import Role
from slmdesk.chat.conversation import active_path, siblings_on
from slmdesk.chat.types import SendRequest

pytestmark = pytest.mark.process


def long_chat(recorder, count: int) -> tuple[str, list[str]]:
    """A chat of so many messages, and their ids."""
    return recorder.ask(lambda services: fill_long(services, count))


def test_only_the_end_is_read_and_the_rest_by_its_ids(opened, monkeypatch) -> None:
    recorder = opened()
    chats = recorder.services.chats
    chat, ids = long_chat(recorder, 120)
    read = []
    real = stored.message_from
    monkeypatch.setattr(stored, "message_from", lambda row: read.append(row["id"]) or real(row))
    end = call(recorder, lambda: chats.open_end(chat, 40))
    assert [message.id for message in end.messages] == ids[80:]
    assert sorted(read) == sorted(ids[80:])
    assert end.older == tuple(ids[:80])
    read.clear()
    some = call(recorder, lambda: chats.some(ids[30:80]))
    assert [message.id for message in some] == ids[30:80]
    assert sorted(read) == sorted(ids[30:80])
    whole = call(recorder, lambda: chats.open(chat))
    assert whole.messages[80:] == end.messages
    assert whole.messages[30:80] == tuple(some)
    assert whole.older == ()


def test_versions_of_all_messages_are_known_with_the_end(opened) -> None:
    recorder = opened()
    chats = recorder.services.chats
    chat, ids = long_chat(recorder, 60)

    def branch(parent: str | None) -> str:
        made = recorder.services.store.messages.add(
            chat, parent=parent, role=Role.ASSISTANT, text="other", status=Status.COMPLETE
        )
        recorder.services.store.items.change_settings(chat, leaf=ids[-1])
        return made.id

    early, late = call(recorder, lambda: branch(ids[2])), call(recorder, lambda: branch(ids[56]))
    end = call(recorder, lambda: chats.open_end(chat, 10))
    assert end.siblings == {ids[3]: (ids[3], early), ids[57]: (ids[57], late)}
    assert end.siblings == call(recorder, lambda: chats.open(chat)).siblings
    assert (len(end.messages), len(end.older)) == (10, 50)


def test_short_chats_those_with_a_window_and_unsaved_ones_are_read_whole(opened) -> None:
    recorder = opened()
    chats = recorder.services.chats
    chat, ids = long_chat(recorder, 30)
    assert call(recorder, lambda: chats.open_end(chat, 30)).older == ()
    call(recorder, lambda: chats.window.pin(ids[4], pinned=True))
    assert call(recorder, lambda: chats.open_end(chat, 5)).older == ()
    sent = call(recorder, lambda: chats.send(SendRequest("hello", save=False)))
    recorder.end_of(sent.answer.id)
    assert len(call(recorder, lambda: chats.open_end(sent.item.id, 1)).messages) == 2


def test_messages_that_are_gone_meanwhile_are_left_out(opened) -> None:
    recorder = opened()
    chat, ids = long_chat(recorder, 20)
    call(recorder, lambda: recorder.services.store.messages.remove([ids[3]]))
    messages = call(recorder, lambda: recorder.services.chats.some(ids[:6]))
    assert [message.id for message in messages] == [*ids[:3], *ids[4:6]]
    assert len(call(recorder, lambda: recorder.services.chats.open_end(chat, 5)).older) == 14


def test_a_path_is_found_by_places_as_by_messages(opened) -> None:
    recorder = opened()
    chat, ids = long_chat(recorder, 12)
    messages = recorder.services.store.messages
    places, whole = call(recorder, lambda: (messages.tree_of_item(chat), messages.of_item(chat)))
    for leaf in (None, ids[-1], ids[5], "gone"):
        assert [message.id for message in active_path(places, leaf)] == [place.id for place in active_path(whole, leaf)]
    assert siblings_on(places, places) == siblings_on(whole, whole) == {}
