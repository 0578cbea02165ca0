"""Chats exported by Open WebUI: a JSON list, each chat with the tree of its messages."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from slmdesk.base.chat_import import ASSISTANT, COMPLETE, INTERRUPTED, USER, ForeignChat, ForeignMessage
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

PROGRAM = "Open WebUI"
_OPEN, _CLOSE = "<details", "</details>"
_ATTRIBUTE = re.compile(r'\b(type|duration)="([^"]{0,40})"')
_SUMMARY = re.compile(r"<summary>[^<]{0,400}</summary>\n?")


def is_one(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("chat"), dict) or isinstance(mapping(shape.get("history")).get("messages"), dict)


def chat_of(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat.  None: it is too large."""
    chat = mapping(shape["chat"]) if isinstance(shape.get("chat"), dict) else shape
    history, left_out = mapping(chat.get("history")), Counter[str]()
    kept = mapping(history.get("messages"))
    if kept:
        nodes = [_node(str(id), mapping(one), left_out) for id, one in kept.items()]
        leaf = words(history.get("currentId"))
    else:  # before there were branches
        nodes = chained([_message("", mapping(one), left_out) for one in sequence(chat.get("messages"))])
        leaf = nodes[-1].id if nodes else ""
    return checked(
        ForeignChat(
            PROGRAM,
            words(shape.get("id")) or words(chat.get("id")),
            words(chat.get("title")) or words(shape.get("title")),
            seconds_of(shape.get("created_at")) or seconds_of(chat.get("timestamp")),
            seconds_of(shape.get("updated_at")),
            system=words(mapping(chat.get("params")).get("system")) or words(chat.get("system")),
            leaf=kept_at(nodes, leaf),
            messages=tree_of(nodes, left_out),
            left_out=counted(left_out),
        )
    )


def _node(id: str, shape: Mapping[str, Any], left_out: LeftOut) -> Node:
    return Node(id, words(shape.get("parentId")) or None, _message(id, shape, left_out))


def _message(id: str, shape: Mapping[str, Any], left_out: LeftOut) -> ForeignMessage | None:
    role = words(shape.get("role"))
    if role not in (USER, ASSISTANT):
        left_out["system message" if role == "system" else "unknown message"] += 1
        return None
    missing: LeftOut = Counter()
    text, thought, seconds = _without_details(_text(shape.get("content"), missing), missing)
    for file in sequence(shape.get("files")):
        is_picture = words(mapping(file).get("type")).startswith("image")
        missing["picture" if is_picture else "file"] += 1
    missing["source"] += len(sequence(shape.get("sources")))
    is_whole = role == USER or (shape.get("done") is not False and not shape.get("error"))
    made = ForeignMessage(
        id,
        None,
        role,
        text,
        model=words(shape.get("model")) if role == ASSISTANT else "",
        created=seconds_of(shape.get("timestamp")),
        status=COMPLETE if is_whole else INTERRUPTED,
        thought=thought,
        thought_seconds=seconds,
    )
    return message_of(made, missing, left_out)


def _text(content: object, missing: LeftOut) -> str:
    if isinstance(content, str):
        return content
    pieces = []
    for part in sequence(content):
        shape = mapping(part)
        if shape.get("type") == "text":
            pieces.append(words(shape.get("text")))
        else:
            missing["picture" if shape.get("type") == "image_url" else "unknown part"] += 1
    return "\n".join(pieces)


def _without_details(text: str, missing: LeftOut) -> tuple[str, str, float | None]:
    """A text without its blocks `<details type=…>`; what the model thought in them, and for how many seconds."""
    pieces: list[str] = []
    thoughts: list[str] = []
    seconds: float | None = None
    at = 0
    while (begin := text.find(_OPEN, at)) >= 0:
        head, end = text.find(">", begin), text.find(_CLOSE, begin)
        if head < 0 or end < head:
            break
        attributes = dict(_ATTRIBUTE.findall(text[begin:head]))
        kind, inner = attributes.get("type", ""), text[head + 1 : end]
        behind = end + len(_CLOSE)
        if kind == "reasoning":
            thoughts.append(_thought(inner))
            if re.fullmatch(r"\d{1,6}(\.\d+)?", spent := attributes.get("duration", "")):
                seconds = (seconds or 0.0) + float(spent)
        elif kind:
            missing["tool call" if kind in ("tool_calls", "code_interpreter") else "unknown part"] += 1
        else:  # written by the model
            pieces.append(text[at:behind])
            at = behind
            continue
        pieces.append(text[at:begin])
        at = behind
    pieces.append(text[at:])
    found = "\n\n".join(part for part in thoughts if part)
    return "".join(pieces).lstrip("\n") if at else text, found, seconds


def _thought(inner: str) -> str:
    lines = _SUMMARY.sub("", inner, count=1).strip("\n").split("\n")
    if all(line.startswith("&gt;") for line in lines if line):
        lines = [html.unescape(line) for line in lines]
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines).strip()
