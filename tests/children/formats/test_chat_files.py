"""Chats of ChatGPT: what is kept, what is counted, and files that are not what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakes.chat_exports import chatgpt, elsewhere, node, rent
from fakes.office import packed

from slmdesk.base.documents import ForeignChat
from slmdesk.base.errors import KnownError
from slmdesk.children.formats import chat_files
from slmdesk.children.formats import chatgpt as conversations
from slmdesk.children.formats.chat_files import Found, chats_in
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def read(data: bytes | list | dict, name: str = "export") -> tuple[list[Any], Found]:
    report = Found()
    reading = Reading(name, data=data if isinstance(data, bytes) else json.dumps(data).encode())
    return list(chats_in(reading, report)), report


def chat_of(data: bytes | list | dict) -> ForeignChat:
    (chat,), report = read(data)
    assert not report.broken
    assert isinstance(chat, ForeignChat)
    return chat


def said(chat: ForeignChat) -> list[tuple[str, str, str | None]]:
    names = {each.id: each.text for each in chat.messages}
    return [(each.role, each.text, names.get(each.parent or "")) for each in chat.messages]


@pytest.mark.parametrize(("answer", "model"), [
    ({"model_slug": "gpt-5"}, "gpt-5"), ({"default_model_slug": "gpt-4.1"}, "gpt-4.1"), ({}, "gpt-4o"),
])  # fmt: skip
def test_chatgpts_newer_exports_name_the_model_at_the_chat(answer: dict[str, str], model: str) -> None:
    nodes = (node("q", None, "user", "Hello"), node("a", "q", "assistant", "Hi", metadata=answer))
    chat = chat_of([chatgpt(*nodes) | {"default_model_slug": "gpt-4o"}])
    assert [each.model for each in chat.messages] == ["", model]


def test_chatgpt_keeps_versions_title_dates_models_and_what_was_shown() -> None:
    chat = chat_of([rent()])
    assert (chat.program, chat.id, chat.title) == ("ChatGPT", "c1", "Rent")
    assert (chat.created, chat.updated) == (1_700_000_000, 1_700_000_060)
    question = "What is the rent?"
    assert said(chat) == [
        ("user", question, None), ("assistant", "800 euros.", question), ("assistant", "900 euros.", question),
    ]  # fmt: skip
    assert chat.leaf == "a1"
    assert [each.model for each in chat.messages] == ["", "gpt-4o", "gpt-4o"]
    assert chat.left_out == ()


def test_chatgpt_counts_pictures_tools_and_hidden_messages_and_bridges_them() -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://x"}
    hidden = {"is_visually_hidden_from_conversation": True}
    chat = chat_of([
        chatgpt(
            node("q", None, "user", content={"content_type": "multimodal_text", "parts": [picture, "What is this?"]}),
            node("call", "q", "assistant", "{}", recipient="python"),
            node("out", "call", "tool", "1"),
            node("drawn", "out", "tool", content={"content_type": "multimodal_text", "parts": [picture]}),
            node("h", "drawn", "user", "secret instructions", metadata=hidden),
            node("a", "h", "assistant", "A cat\ue200cite\ue202turn0search1\ue201."),
            node("alone", "a", "user", content={"content_type": "multimodal_text", "parts": [picture]},
                 metadata={"attachments": [{"name": "a.pdf", "mime_type": "application/pdf"}]}),
        )
    ])  # fmt: skip
    assert said(chat) == [
        ("user", "What is this?", None),
        ("assistant", "A cat.", "What is this?"),
        ("user", "[1 picture and 1 file, left out when this chat was imported]", "A cat."),
    ]
    assert dict(chat.left_out) == {
        "picture": 3, "tool call": 1, "tool result": 1, "hidden message": 1, "web reference": 1, "file": 1,
    }  # fmt: skip
    assert "secret" not in json.dumps(said(chat))


def test_chatgpt_thoughts_stand_before_the_answer_below() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Adding", "content": "1 + 1"}]}
    recap = {"content_type": "reasoning_recap", "content": "Thought for 3s"}
    chat = chat_of([
        chatgpt(
            node("q", None, "user", "Sum?"),
            node("t", "q", "assistant", content=thoughts),
            node("r", "t", "assistant", content=recap),
            node("a", "r", "assistant", "2"),
            node("lost", "a", "assistant", content=thoughts),
        )
    ])  # fmt: skip
    assert said(chat) == [("user", "Sum?", None), ("assistant", "2", "Sum?")]
    assert chat.messages[1].thought == "Adding\n\n1 + 1"
    assert chat.leaf == "a"
    assert chat.left_out == (("thought", 1),)


def test_a_tree_that_goes_in_a_circle_is_cut() -> None:
    chat = chat_of([chatgpt(node("a", "b", "user", "One"), node("b", "a", "assistant", "Two"))])
    assert [each.text for each in chat.messages] == ["One", "Two"]


def test_a_deep_tree_needs_no_stack() -> None:
    nodes = [node(f"n{at}", f"n{at - 1}" if at else None, "user" if at % 2 else "assistant", "x") for at in range(5000)]
    assert len(chat_of([chatgpt(*nodes)]).messages) == 5000


@pytest.mark.parametrize(
    "odd",
    [
        {"mapping": {"a": None}}, {"mapping": {"a": {"message": []}}}, {"mapping": {"a": {"message": {"content": 3}}}},
        {"mapping": {"a": {"parent": 7, "message": {"author": {"role": ["user"]}, "content": {"parts": "no"}}}}},
        {"mapping": {"a": {"message": {"author": {"role": "user"}, "create_time": 1e400, "content": {"parts": [0]}}}}},
    ],
)  # fmt: skip
def test_odd_values_are_no_messages(odd: dict) -> None:
    chats, report = read(json.dumps([odd]).replace("Infinity", "1e400").encode())
    assert report.broken == ""
    assert all(message.created is None for chat in chats for message in chat.messages)


def test_our_own_export_comes_as_it_is() -> None:
    shape = {"format": "slmdesk-chat", "version": 1, "messages": []}
    assert read([shape, rent()])[0][0] == shape


def test_archives_are_read_by_the_names_of_their_parts() -> None:
    data = packed({
        "export/conversations-000.json": json.dumps([rent("c1")]),
        "export/conversations-001.json": json.dumps([rent("c2")]),
        "export/user.json": "{}",
        "../../conversations.json": json.dumps([rent("c3")]),
        "a.conversation.json": json.dumps([rent("c4")]),
    })  # fmt: skip
    chats, report = read(data)
    assert [chat.id for chat in chats] == ["c1", "c2", "c3"]
    assert (report.unknown, report.broken) == (0, "")


def test_a_broken_archive_and_a_bomb_are_refused() -> None:
    whole = packed({"conversations.json": json.dumps([rent()])})
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(whole[: len(whole) // 2])
    with pytest.raises(KnownError, match=r"document\.bomb"):
        read(packed({"conversations.json": b"[" + b" " * (64 << 20) + b"]"}))


def test_what_comes_before_a_break_is_kept(monkeypatch) -> None:
    monkeypatch.setattr(chat_files, "CHUNK_BYTES", 7)  # cut everywhere
    data = json.dumps([rent("c1"), rent("c2"), rent("c3")]).encode()
    assert len(read(data)[0]) == 3
    chats, report = read(data[:-20])
    assert [chat.id for chat in chats] == ["c1", "c2"]
    assert report.broken == "it breaks off"
    chats, report = read(data.replace(b'"c2"', b"'c2'"))
    assert [chat.id for chat in chats] == ["c1"]
    assert report.broken == "it is no JSON"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[" + b'{"a":' * 200_000, "it is nested too deeply"),
        (b'[{"mapping": {}, "x": NaN}]', "it is no JSON"),
        (b'[{"a": "\xff"}]', "it is not UTF-8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "it is no JSON"),
    ],
)
def test_hostile_json_is_named(data: bytes, why: str) -> None:
    chats, report = read(data)
    assert (chats, report.broken) == ([], why)


def test_other_json_is_counted_and_other_text_gives_nothing() -> None:
    assert read([{"a": 1}, 3, {"mapping": {}}])[1].unknown == 2
    assert read([elsewhere()])[1].unknown == 1
    assert read(b"# Notes\n\nNo chat.")[0] == []
    assert read(b"")[0] == []


def test_a_chat_may_not_be_too_large(monkeypatch) -> None:
    monkeypatch.setattr(conversations, "MOST_MESSAGES", 2)
    assert read([rent()])[1].too_large == 1
    monkeypatch.setattr(chat_files, "MOST_VALUE", 100)
    assert read([rent()])[1].broken == ""  # it came in one piece
    monkeypatch.setattr(chat_files, "CHUNK_BYTES", 64)
    assert read([rent()])[1].broken == "a chat in it is too large"
