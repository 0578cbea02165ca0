"""Small exports of ChatGPT, in the form that children/formats/chatgpt.py reads."""

from __future__ import annotations

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
        "mapping": {node["id"]: node for node in nodes}, "current_node": current or nodes[-1]["id"],
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


def elsewhere() -> dict[str, Any]:
    """A chat as another program exports it."""
    messages = {"u": {"id": "u", "parentId": None, "role": "user", "content": "Hello"}}
    return {"id": "w1", "chat": {"title": "Greeting", "history": {"currentId": "u", "messages": messages}}}
