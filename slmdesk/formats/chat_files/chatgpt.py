"""Chats exported by ChatGPT: `conversations.json`, a list of trees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from slmdesk.base.chat_import import ASSISTANT, COMPLETE, INTERRUPTED, USER, ForeignChat, ForeignMessage
from slmdesk.formats.chat_files.shapes import (
    LeftOut,
    Node,
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

PROGRAM = "ChatGPT"
TO_ALL = ("", "all")
"""Recipients of what a person reads; anything else goes to a tool."""
_HIDDEN_KINDS = ("user_editable_context", "model_editable_context")
_PART_NAMES = {
    "image_asset_pointer": "picture", "audio_asset_pointer": "recording",
    "real_time_user_audio_video_asset_pointer": "recording", "video_container_asset_pointer": "recording",
}  # fmt: skip
_REFERENCE = re.compile("\ue200[^\ue200\ue201]{0,4000}\ue201")
"""A reference to a web page, which only the program itself can resolve."""


def is_one(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("mapping"), dict)


def chat_of(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat.  None: it is too large."""
    left_out: LeftOut = Counter()
    nodes = [_node(str(id), mapping(node), left_out) for id, node in mapping(shape.get("mapping")).items()]
    messages = tree_of(nodes, left_out)
    return checked(
        ForeignChat(
            PROGRAM,
            words(shape.get("conversation_id")) or words(shape.get("id")),
            words(shape.get("title")),
            seconds_of(shape.get("create_time")),
            seconds_of(shape.get("update_time")),
            leaf=kept_at(nodes, words(shape.get("current_node"))),
            messages=messages,
            left_out=counted(left_out),
        )
    )


def _node(id: str, node: Mapping[str, Any], left_out: LeftOut) -> Node:
    parent, message = words(node.get("parent")) or None, mapping(node.get("message"))
    content, role = mapping(message.get("content")), words(mapping(message.get("author")).get("role"))
    metadata, kind = mapping(message.get("metadata")), words(content.get("content_type"))
    if kind == "thoughts":
        return Node(id, parent, thought=_thoughts(content))
    if not message or kind == "reasoning_recap":  # how long it thought
        return Node(id, parent)
    missing: LeftOut = Counter()
    text = _text(content, missing)
    is_hidden = metadata.get("is_visually_hidden_from_conversation") or metadata.get("is_user_system_message")
    if is_hidden or role == "system" or kind in _HIDDEN_KINDS:
        left_out["hidden message"] += bool(text.strip() or kind in _HIDDEN_KINDS)
    elif role == "tool":
        left_out.update(+missing or {"tool result": 1})
    elif role == ASSISTANT and words(message.get("recipient")) not in TO_ALL:
        left_out["tool call"] += 1
    elif role in (USER, ASSISTANT):
        missing["file"] += sum(not _is_picture(one) for one in sequence(metadata.get("attachments")))
        made = ForeignMessage(
            id,
            parent,
            role,
            text,
            model=words(metadata.get("model_slug")) if role == ASSISTANT else "",
            created=seconds_of(message.get("create_time")),
            status=INTERRUPTED if message.get("status") == "in_progress" else COMPLETE,
            finish_reason="stop" if mapping(metadata.get("finish_details")).get("type") == "stop" else "",
        )
        return Node(id, parent, message_of(made, missing, left_out))
    else:
        left_out["unknown message"] += 1
    return Node(id, parent)


def _text(content: Mapping[str, Any], missing: LeftOut) -> str:
    kind = words(content.get("content_type"))
    pieces: list[str] = []
    for part in sequence(content.get("parts")):
        shape = mapping(part)
        part_kind = words(shape.get("content_type"))
        if isinstance(part, str):
            pieces.append(part)
        elif part_kind in ("audio_transcription", "text"):
            pieces.append(words(shape.get("text")))
        elif part is not None:
            missing[_PART_NAMES.get(part_kind, "unknown part")] += 1
    if text := words(content.get("text")):
        language = words(content.get("language"))
        is_code = kind == "code"
        pieces.append(f"```{'' if language == 'unknown' else language}\n{text}\n```" if is_code else text)
    if kind not in ("", "text", "multimodal_text", "code") and not pieces:
        missing["unknown part"] += 1
    text, references = _REFERENCE.subn("", "\n".join(piece for piece in pieces if piece))
    missing["web reference"] += references
    return text


def _thoughts(content: Mapping[str, Any]) -> str:
    found = []
    for one in sequence(content.get("thoughts")):
        shape = mapping(one)
        found += [words(shape.get("summary")), words(shape.get("content"))]
    return "\n\n".join(part for part in found if part.strip())


def _is_picture(attachment: object) -> bool:
    return words(mapping(attachment).get("mime_type")).startswith("image/")
