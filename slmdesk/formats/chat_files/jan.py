"""Chats of Jan: a folder for each, with `thread.json` and `messages.jsonl`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from slmdesk.base.chat_import import ASSISTANT, CANCELLED, COMPLETE, INTERRUPTED, USER, ForeignChat, ForeignMessage
from slmdesk.formats.chat_files.shapes import (
    LeftOut,
    Node,
    chained,
    checked,
    counted,
    kept_at,
    mapping,
    message_of,
    seconds_of,
    sequence,
    tree_of,
    words,
)

PROGRAM = "Jan"
_STATUS = {"stopped": CANCELLED, "error": INTERRUPTED, "pending": INTERRUPTED}
_THINK, _END_THINK = "<think>", "</think>"


def is_message(shape: Mapping[str, Any]) -> bool:
    return shape.get("object") == "thread.message" or ("thread_id" in shape and "role" in shape)


def chat_of(thread: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> ForeignChat | None:
    """Build a chat of its thread, which may be empty, and its messages.  None: it is too large."""
    left_out: LeftOut = Counter()
    assistant = mapping(next(iter(sequence(thread.get("assistants"))), None))
    model = words(mapping(assistant.get("model")).get("id"))
    made = [_message(line, "" if model == "*" else model, left_out) for line in lines]
    details = [mapping(line.get("metadata")) for line in lines]
    if any("parentId" in one or "activeChildId" in one for one in details):
        ids = _ids(lines)
        parents = [words(one.get("parentId")) or None for one in details]
        nodes = [Node(id, parent, one) for id, parent, one in zip(ids, parents, made, strict=True)]
        leaf = _leaf(nodes, [words(one.get("activeChildId")) for one in details])
    else:
        nodes = chained(made)
        leaf = nodes[-1].id if nodes else ""
    return checked(
        ForeignChat(
            PROGRAM,
            words(thread.get("id")) or next((words(line.get("thread_id")) for line in lines), ""),
            words(thread.get("title")),
            seconds_of(thread.get("created")),
            seconds_of(thread.get("updated")),
            system=words(assistant.get("instructions")),
            leaf=kept_at(nodes, leaf),
            messages=tree_of(nodes, left_out),
            left_out=counted(left_out),
        )
    )


def _ids(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the lines; one that is missing, or there already, is made up."""
    found: dict[str, None] = {}
    for at, line in enumerate(lines):
        id = words(line.get("id"))
        found[f"line {at}" if not id or id in found else id] = None
    return list(found)


def _leaf(nodes: Sequence[Node], active: Sequence[str]) -> str:
    """The end of the branch that was shown: of the newest root, the active child each time, else the newest one."""
    chosen = {node.id: child for node, child in zip(nodes, active, strict=True)}
    below: dict[str | None, list[str]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node.id)
    at, seen = "", set[str]()
    while (following := below.get(at or None)) and at not in seen:
        seen.add(at)
        at = chosen[at] if chosen.get(at) in following else following[-1]
    return at


def _message(line: Mapping[str, Any], model: str, left_out: LeftOut) -> ForeignMessage | None:
    role, metadata = words(line.get("role")), mapping(line.get("metadata"))
    if role not in (USER, ASSISTANT):
        name = {"tool": "tool result", "system": "system message"}.get(role, "unknown message")
        left_out[name] += 1
        return None
    missing: LeftOut = Counter()
    texts: list[str] = []
    thoughts: list[str] = []
    for part in map(mapping, sequence(line.get("content"))):
        value = words(mapping(part.get("text")).get("value"))
        match part.get("type"):
            case "text":
                thought, text = _split(value) if role == ASSISTANT else ("", value)
                texts.append(text)
                thoughts.append(thought)
            case "reasoning":
                thoughts.append(value)
            case "image_url":
                missing["picture"] += 1
            case "tool_call":
                missing["tool call"] += 1
            case "input_audio" | "input_video":
                missing["recording"] += 1
            case _:
                missing["unknown part"] += 1
    missing["tool call"] += len(sequence(metadata.get("tool_calls")))
    missing["file"] += len(sequence(line.get("attachments"))) + len(sequence(metadata.get("inline_file_contents")))
    made = ForeignMessage(
        words(line.get("id")),
        None,
        role,
        "\n\n".join(text for text in texts if text.strip()),
        model=model if role == ASSISTANT else "",
        created=seconds_of(line.get("created_at")),
        status=_STATUS.get(words(line.get("status")), COMPLETE) if role == ASSISTANT else COMPLETE,
        thought="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
    )
    return message_of(made, missing, left_out)


def _split(text: str) -> tuple[str, str]:
    """What stands between the marks of thinking at the beginning of a text, and the rest."""
    begins = text.lstrip()
    end = begins.find(_END_THINK)
    if not begins.startswith(_THINK) or end < 0:
        return "", text
    return begins[len(_THINK) : end], begins[end + len(_END_THINK) :].lstrip("\n")
