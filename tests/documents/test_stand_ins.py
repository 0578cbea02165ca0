"""Copies without names: their keys are kept with what they are of, and lead back."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.documents.stand_ins import KIND, MOST_KEYS, Nameless
from slmdesk.redact.first_names import first_names

pytestmark = pytest.mark.process
TEXT = "Frau Sabine Müller schuldet Herrn Hannes Tannenkamp Geld. Müllers Anwalt schreibt an s.mueller@web.de."


def made_of(services, text=TEXT, item="", draw="a"):
    preview = result_of(services, lambda: services.stand_ins.look(text, "letter"))
    made = result_of(services, lambda: services.stand_ins.replace(preview, draw))
    key = services.call.stand_ins.keep(preview, made, item)
    return made, key


def back(services, text, key=""):
    return result_of(services, lambda: services.stand_ins.put_back(text, key))


def test_a_text_goes_out_without_its_names_and_comes_back_with_them(services):
    made, key = made_of(services)
    for word in ("Sabine", "Müller", "Tannenkamp", "mueller"):
        assert word not in made.text
    assert made.text.split()[1].lower() in first_names()["female"]
    returned = back(services, made.text)
    assert returned.made.text == TEXT
    assert returned.key.id == key.id


def test_each_time_the_stand_ins_are_others(services):
    first, _ = made_of(services, draw="a")
    other, _ = made_of(services, draw="b")
    assert first.text != other.text


def test_a_key_is_gone_with_the_item_that_it_is_of(services):
    item = services.call.store.items.add("chat", "A chat")
    made, key = made_of(services, item=item.id)
    assert key.item == item.id
    services.call.history.delete_for_good(item.id)
    assert services.call.stand_ins.newest() == ()
    assert back(services, made.text).code == "redaction.no_key"


def test_a_loose_text_makes_an_item_of_its_own_and_the_oldest_go(services):
    _, key = made_of(services)
    item = services.call.history.item(key.item)
    assert (item.kind, item.title) == (KIND, "Without names: letter")
    preview = result_of(services, lambda: services.stand_ins.look("no names", "x"))
    for _ in range(MOST_KEYS):
        services.call.stand_ins.keep(preview, Nameless("", 0, (), ()))
    with pytest.raises(KnownError, match="unknown"):
        services.call.history.item(key.item)


def test_of_a_private_chat_the_key_is_only_in_memory(services):
    from slmdesk.chat.types import ChatOptions

    chat = services.call.chats.private.begin(ChatOptions())
    made, key = made_of(services, item=chat.id)
    assert back(services, made.text).made.text == TEXT
    assert not services.call.store.redactions.items_with(KIND, 9)
    services.call.chats.private.end(chat.id)
    assert key not in services.call.stand_ins.newest()


def test_the_key_that_has_the_stand_ins_is_used_and_the_others_are_named(services):
    made, key = made_of(services)
    newer, other = made_of(services, "Herr Uwe Grothe schreibt an Frau Petra Lüders.", draw="b")
    assert back(services, made.text).key.id == key.id
    mixed = back(services, f"{newer.text}\n{made.text}")
    assert mixed.key.id == other.id
    assert [each.id for each, _ in mixed.others] == [key.id]
    both = back(services, mixed.made.text, key.id)
    assert both.made.text.endswith(TEXT)
