"""Chats pinned, archived and put into spaces; what a new chat in a space begins with."""

from __future__ import annotations

import pytest
from chat.sending import ask, call
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import ItemChanged
from slmdesk.chat.presets import shipped
from slmdesk.chat.spaces import Space
from slmdesk.chat.types import ChatOptions, SendRequest, options_from

pytestmark = pytest.mark.process


def chats(recorder):
    return recorder.services.chats


def listed(recorder, **more) -> list[str]:
    return [item.title for item in call(recorder, lambda: chats(recorder).places.page(**more))]


def make(recorder, *titles: str) -> list[str]:
    return call(recorder, lambda: [chats(recorder).new_chat(title).id for title in titles])


def paper(recorder, tmp_path, words: str = "The pump stops at 12 bar."):
    path = tmp_path / "pump.txt"
    path.write_text(words)
    return result_of(recorder.services, lambda: recorder.services.documents.open(path))


def test_several_chats_are_placed_at_once_and_put_back(opened):
    recorder = opened(model=False)
    chat, two, three = make(recorder, "one", "two", "three")
    call(recorder, lambda: chats(recorder).places.change([chat], pinned=True))
    begin = len(recorder.events)
    old = call(recorder, lambda: chats(recorder).places.change([chat, two], archived=True))
    assert (listed(recorder), listed(recorder, archived=True)) == (["three"], ["one", "two"])
    assert {event.item.id for event in recorder.of(ItemChanged, begin)} == {chat, two}
    call(recorder, lambda: chats(recorder).places.put_back(old))
    assert listed(recorder) == ["one", "three", "two"]
    with pytest.raises(KnownError, match=r"item\.unknown"):
        call(recorder, lambda: chats(recorder).places.change([three, "f" * 16], archived=True))
    assert listed(recorder) == ["one", "three", "two"], "all or none"


def test_a_question_takes_a_chat_out_of_the_archive(opened):
    recorder = opened()
    chat = ask(recorder, "hello")[0].item.id
    call(recorder, lambda: chats(recorder).places.change([chat], archived=True))
    ask(recorder, "and now", chat=chat)
    assert listed(recorder) == ["hello"]


def test_a_new_chat_begins_with_what_its_space_has(opened, tmp_path):
    recorder = opened()
    document, preset = paper(recorder, tmp_path), shipped()[0]
    wanted = Space(
        "", "  Pumps & co ", system="Answer as a clerk.", preset=preset.id,
        documents=({"name": "pump.txt", "document": document.id},),
    )  # fmt: skip
    space = call(recorder, lambda: chats(recorder).spaces.add(wanted))
    assert space.name == "Pumps & co"
    item = call(recorder, lambda: chats(recorder).spaces.new_chat(space.id))
    options = options_from(item.settings)
    assert options.preset == preset.id
    assert options.system == "\n\n".join(part for part in (preset.options.system, "Answer as a clerk.") if part)
    assert item.settings["draft_attachments"] == [{"name": "pump.txt", "document": document.id}]
    assert (item.title, item.folder, listed(recorder, space=space.id)) == ("New chat", space.id, ["New chat"])
    again = call(recorder, lambda: chats(recorder).spaces.new_chat(space.id))
    assert again.id == item.id, "one that nobody has written in is enough"
    changed = Space(space.id, "Pumps", documents=())
    call(recorder, lambda: chats(recorder).spaces.change(changed))
    other = call(recorder, lambda: chats(recorder).spaces.new_chat(space.id))
    assert (other.id != item.id, options_from(other.settings)) == (True, ChatOptions())
    assert options_from(call(recorder, lambda: chats(recorder).open(item.id)).item.settings) == options


def test_a_request_in_a_space_reads_its_documents(opened, tmp_path):
    recorder = opened()
    document = paper(recorder, tmp_path)
    documents = ({"name": "pump.txt", "document": document.id},)
    space = recorder.calls.chats.spaces.add(Space("", "Pumps", system="Be brief.", documents=documents))
    sent = ask(recorder, "When does it stop?", space="pumps")[0]
    assert (sent.item.folder, sent.item.settings["system"]) == (space.id, "Be brief.")
    assert [part.attached.document for part in sent.user_message.attachments] == [document.id]
    assert call(recorder, lambda: chats(recorder).spaces.get("PUMPS")).count == 1
    assert call(recorder, lambda: recorder.services.history.documents_only_of([sent.item.id])) == [], "the space has it"
    with pytest.raises(KnownError, match=r"space\.unknown"):
        call(recorder, lambda: chats(recorder).send(SendRequest("x", space="Zoo")))
    result_of(recorder.services, lambda: recorder.services.documents.forget(document.id))
    with pytest.raises(KnownError, match=r"document\.unknown"):
        call(recorder, lambda: chats(recorder).send(SendRequest("x", space="Pumps")))
    assert len(listed(recorder, space=space.id)) == 1, "nothing of it was kept"


def test_a_copy_of_a_chat_is_in_its_space(opened):
    recorder = opened()
    space = call(recorder, lambda: chats(recorder).spaces.add(Space("", "Pumps")))
    sent = ask(recorder, "hello", space=space.id)[0]
    copy = call(recorder, lambda: chats(recorder).edits.fork(sent.answer.id))
    assert copy.folder == space.id


@pytest.mark.parametrize("space", [Space("", "  "), Space("", "x", system="y" * 20_001)])
def test_a_space_without_a_name_or_with_endless_instructions_is_refused(opened, space):
    recorder = opened(model=False)
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: chats(recorder).spaces.add(space))
    assert call(recorder, lambda: chats(recorder).spaces.list()) == []


def test_a_space_cannot_be_talked_with(opened):
    recorder = opened()
    space = call(recorder, lambda: chats(recorder).spaces.add(Space("", "Pumps")))
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: chats(recorder).send(SendRequest("hello", chat=space.id)))
