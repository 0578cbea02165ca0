"""Small exports of other programs, as docs/import-chats.md describes them."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

T0 = 1_700_000_000.0


def node(id: str, parent: str | None, role: str = "", text: str = "", **message: Any) -> dict[str, Any]:
    """A node of ChatGPT's tree; without a role it has no message."""
    shape: dict[str, Any] = {"id": id, "parent": parent, "children": []}
    if role:
        shape["message"] = {
            "id": id,
            "author": {"role": role},
            "create_time": T0,
            "content": {"content_type": "text", "parts": [text]},
            "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
            "recipient": "all",
            **message,
        }
    return shape


def chatgpt(*nodes: dict[str, Any], title: str = "Rent", id: str = "c1", current: str = "") -> dict[str, Any]:
    """A chat of ChatGPT."""
    return {
        "conversation_id": id, "title": title, "create_time": T0, "update_time": T0 + 60,
        "mapping": {other_node["id"]: other_node for other_node in nodes}, "current_node": current or nodes[-1]["id"],
    }  # fmt: skip


def rent(id: str = "c1") -> dict[str, Any]:
    """A chat of ChatGPT with two answers to one question, of which the first is shown."""
    return chatgpt(
        node("root", None),
        node("s", "root", "system", ""),
        node("q", "s", "user", "What is the rent?"),
        node("a1", "q", "assistant", "800 euros."),
        node("a2", "q", "assistant", "900 euros."),
        current="a1",
        id=id,
    )


def open_webui() -> dict[str, Any]:
    """A chat of Open WebUI with a branch, a thought and a picture."""
    head = '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
    good = f"{head}> Hm.\n</details>\nGood day."
    return {
        "id": "w1",
        "chat": {
            "title": "Greeting",
            "params": {"system": "Be kind."},
            "history": {
                "currentId": "a2",
                "messages": {
                    "u": {"id": "u", "parentId": None, "role": "user", "content": "Hello", "timestamp": 1700000000,
                          "files": [{"type": "image", "url": "data:image/png;base64,AA"}]},
                    "a1": {"id": "a1", "parentId": "u", "role": "assistant", "content": "Hi.", "model": "llama3.2"},
                    "a2": {"id": "a2", "parentId": "u", "role": "assistant", "content": good,
                           "model": "qwen3", "timestamp": 1700000005, "done": True},
                },
            },
        },
        "created_at": 1700000000,
        "updated_at": 1700000005,
    }  # fmt: skip


def lm_studio() -> dict[str, Any]:
    """A chat of LM Studio with two versions of an answer, the second with a thought and a tool."""
    said = {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Count."}]}
    more = {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "More."}]}
    first = {"type": "multiStep", "role": "assistant", "steps": [
        {"type": "contentBlock", "content": [{"type": "text", "text": "One."}]}]}  # fmt: skip
    second = {"type": "multiStep", "role": "assistant", "steps": [
        {"type": "contentBlock", "style": {"type": "thinking"}, "content": [{"type": "text", "text": "Easy."}]},
        {"type": "contentBlock", "content": [{"type": "toolCallRequest"}]},
        {"type": "contentBlock", "content": [{"type": "toolCallResult"}]},
        {"type": "contentBlock", "content": [{"type": "text", "text": "One, two."}],
         "genInfo": {"identifier": "qwen2.5-0.5b", "stats": {
             "predictedTokensCount": 4, "totalTimeSec": 0.5, "stopReason": "userStopped"}}},
    ]}  # fmt: skip
    return {
        "name": "Counting", "createdAt": 1736789912980, "systemPrompt": "Old.", "lastUsedModel": {"identifier": "x"},
        "perChatPredictionConfig": {"fields": [{"key": "llm.prediction.systemPrompt", "value": "Be exact."}]},
        "messages": [
            {"versions": [said], "currentlySelected": 0},
            {"versions": [first, second], "currentlySelected": 1},
            {"versions": [more], "currentlySelected": 0},
        ],
    }  # fmt: skip


JAN_THREAD = {
    "id": "t1", "object": "thread", "title": "Names", "created": 1700000000, "updated": 1700000009,
    "assistants": [{"id": "jan", "instructions": "Be Jan.", "model": {"id": "llama-3.2-1b", "engine": "llamacpp"}}],
}  # fmt: skip


def jan_line(id: str, role: str, text: str, **more: Any) -> dict[str, Any]:
    """A line of Jan's messages.jsonl."""
    return {
        "id": id, "object": "thread.message", "thread_id": "t1", "role": role, "status": "ready",
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}], "created_at": 1700000000123, **more,
    }  # fmt: skip


def jan_lines(*lines: dict[str, Any]) -> bytes:
    """A messages.jsonl."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def cherry() -> dict[str, Any]:
    """A backup of Cherry Studio of version 5 with one topic and two answers to its question."""
    topics = [{"id": "top", "name": "Boats", "createdAt": "2024-05-01T10:00:00.000Z"}]
    assistants = {"defaultAssistant": {"topics": []}, "assistants": [{"prompt": "Be brief.", "topics": topics}]}
    when = "2024-05-01T10:00:01.000Z"
    return {
        "time": 1714557600000,
        "version": 5,
        "localStorage": {"persist:cherry-studio": json.dumps({"assistants": json.dumps(assistants)})},
        "indexedDB": {
            "topics": [
                {
                    "id": "top",
                    "messages": [
                        {"id": "u", "role": "user", "createdAt": when, "status": "success", "blocks": ["b1", "b2"]},
                        {"id": "a1", "role": "assistant", "askId": "u", "createdAt": when, "status": "success",
                         "model": {"name": "GLM"}, "blocks": ["b3", "b4"], "foldSelected": True},
                        {"id": "a2", "role": "assistant", "askId": "u", "createdAt": when, "status": "paused",
                         "model": {"name": "Qwen"}, "blocks": ["b5"]},
                        {"id": "u2", "role": "user", "createdAt": when, "status": "success", "blocks": ["b6"]},
                    ],
                }
            ],
            "message_blocks": [
                {"id": "b1", "type": "main_text", "content": "What is a boat?"},
                {"id": "b2", "type": "image"},
                {"id": "b3", "type": "thinking", "content": "Water.", "thinking_millsec": 1500},
                {"id": "b4", "type": "main_text", "content": "A vessel."},
                {"id": "b5", "type": "main_text", "content": "A shi"},
                {"id": "b6", "type": "main_text", "content": "And a ship?"},
            ],
        },
    }  # fmt: skip


CHERRY_MARKDOWN = """# Boats

## \U0001f9d1\u200d\U0001f4bb User

What is a boat?

---
not a message

---
## \U0001f916 GLM | Zhipu

A vessel.
"""


def zipped(parts: dict[str, bytes | str]) -> bytes:
    """A zip archive with these parts."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()
