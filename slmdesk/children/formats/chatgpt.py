"""Reads chats that ChatGPT exported. What these describe is read, all else is counted as an unknown part, never guessed
(as of November 2026): github.com/mitkury/chatgpt-export-parser, docs/chatgpt-data-export-format.md;
mohamed-chs/convoviz, pull request 49 (split files); elizaOS/eliza,
packages/import-conversations/src/parsers/chatgpt.ts (hidden messages, recipients).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from slmdesk.base.documents import (
    ASSISTANT,
    COMPLETE,
    INTERRUPTED,
    USER,
    ForeignChat,
    ForeignMessage,
    counted_words,
)
from slmdesk.base.record import Record, changed

MOST_MESSAGES = 20_000
MOST_CHARACTERS = 8_000_000
"""Most characters of a chat's texts together. Even if each is escaped to six, they fit into one message to the app."""
_LATEST = 1e10
LeftOut = Counter[str]
"""How many parts of a chat cannot be imported, by the name of the kind of part in the singular ("picture")."""


def mapping(untrusted: object) -> Mapping[str, Any]:
    return untrusted if isinstance(untrusted, dict) else {}


def sequence(untrusted: object) -> Sequence[Any]:
    return untrusted if isinstance(untrusted, list) else []


def words(untrusted: object) -> str:
    return untrusted if isinstance(untrusted, str) else ""


def seconds_of(untrusted: object) -> float | None:
    """Return a time in seconds since the epoch, or None if the value is not a time."""
    if not isinstance(untrusted, int | float) or isinstance(untrusted, bool) or not 0 < untrusted < _LATEST:
        return None
    return float(untrusted)


def message_of(message: ForeignMessage, missing: LeftOut, left_out: LeftOut) -> ForeignMessage | None:
    """Return the message ready for import, or None for an empty message. `missing` counts the parts of the message that
    cannot be imported, and is added to `left_out` of the chat.

    If such parts were all that the message had, its text says so, since otherwise an answer would lack its question.
    """
    left_out.update(missing)
    if message.text.strip():
        return message
    lacks = counted_words(missing)
    return changed(message, text=f"[{lacks}, left out when this chat was imported]") if lacks else None


class Node(Record):
    id: str
    parent: str | None
    message: ForeignMessage | None = None
    thought: str = ""


def tree_of(nodes: Sequence[Node], left_out: LeftOut) -> tuple[ForeignMessage, ...]:
    """Return the messages of a tree of nodes, each parent before its children. Nodes without a message are skipped: the
    parent of a message is the nearest message above.

    Reasoning is added to the next answer below, or counted in `left_out` if no answer follows. A cycle is cut at the
    node that is reached first.
    """
    known = {node.id for node in nodes}
    below: dict[str | None, list[Node]] = {}
    for node in nodes:
        below.setdefault(node.parent if node.parent in known else None, []).append(node)
    messages: list[ForeignMessage] = []
    seen: set[str] = set()
    for first in (*below.get(None, ()), *nodes):  # the others are met only where they go in a circle
        waiting: list[tuple[Node, str | None, str]] = [(first, None, "")]
        while waiting:
            node, above, thought = waiting.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            thought = "\n\n".join(part for part in (thought, node.thought) if part)
            if (message := node.message) is not None:
                if message.role == ASSISTANT and thought:
                    message, thought = changed(message, thought=thought), ""
                messages.append(changed(message, id=node.id, parent=above))
                above = node.id
            following = below.get(node.id, ())
            if thought and (message is not None or not following):
                left_out["thought"] += 1
                thought = ""
            waiting += [(node, above, thought) for node in reversed(following)]
    return tuple(messages)


def kept_at(nodes: Sequence[Node], id: str) -> str:
    """Return the id of this node if it has a message, else of the nearest node above with one, or "" if none has."""
    known = {node.id: node for node in nodes}
    seen: set[str] = set()
    at = known.get(id)
    while at is not None and at.message is None and at.id not in seen:
        seen.add(at.id)
        at = known.get(at.parent or "")
    return at.id if at is not None and at.message is not None else ""


CHATGPT = "ChatGPT"
TO_ALL = ("", "all")
"""Recipients of messages that are shown to the user. Messages to any other recipient are tool calls."""
_HIDDEN_KINDS = ("user_editable_context", "model_editable_context")
_PART_NAMES = {
    "image_asset_pointer": "picture", "audio_asset_pointer": "recording",
    "real_time_user_audio_video_asset_pointer": "recording", "video_container_asset_pointer": "recording",
}  # fmt: skip
_REFERENCE = re.compile("\ue200[^\ue200\ue201]{0,4000}\ue201")
"""Matches a reference to a web page, which only ChatGPT itself can resolve."""


def is_conversation(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("mapping"), dict)


def chat_of(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat from an exported conversation, or return None if it has too many messages or characters."""
    left_out: LeftOut = Counter()
    usual = words(shape.get("default_model_slug"))  # newer exports name the model here alone
    nodes = [_node(str(id), mapping(node), usual, left_out) for id, node in mapping(shape["mapping"]).items()]
    messages = tree_of(nodes, left_out)
    characters = sum(len(message.text) + len(message.thought) for message in messages)
    if len(messages) > MOST_MESSAGES or characters > MOST_CHARACTERS:
        return None
    return ForeignChat(
        CHATGPT, words(shape.get("conversation_id")) or words(shape.get("id")), words(shape.get("title")),
        seconds_of(shape.get("create_time")), seconds_of(shape.get("update_time")),
        leaf=kept_at(nodes, words(shape.get("current_node"))), messages=messages,
        left_out=tuple((name, count) for name, count in left_out.most_common() if count > 0),
    )  # fmt: skip


def _node(id: str, node: Mapping[str, Any], usual: str, left_out: LeftOut) -> Node:
    parent, message = words(node.get("parent")) or None, mapping(node.get("message"))
    content = mapping(message.get("content"))
    role = words(mapping(message.get("author")).get("role"))
    metadata = mapping(message.get("metadata"))
    kind = words(content.get("content_type"))
    if kind == "thoughts":
        return Node(id, parent, thought=_thoughts(content))
    if not message or kind == "reasoning_recap":  # how long it thought
        return Node(id, parent)
    missing: LeftOut = Counter()
    text = _text_of(content, missing)
    is_hidden = metadata.get("is_visually_hidden_from_conversation") or metadata.get("is_user_system_message")
    if is_hidden or role == "system" or kind in _HIDDEN_KINDS:
        left_out["hidden message"] += bool(text.strip() or kind in _HIDDEN_KINDS)
    elif role == "tool":
        left_out.update(+missing or {"tool result": 1})
    elif role == ASSISTANT and words(message.get("recipient")) not in TO_ALL:
        left_out["tool call"] += 1
    elif role in (USER, ASSISTANT):
        kinds = [words(mapping(attachment).get("mime_type")) for attachment in sequence(metadata.get("attachments"))]
        missing["file"] += sum(not kind.startswith("image/") for kind in kinds)
        made = ForeignMessage(
            id,
            parent,
            role,
            text,
            model=_model(metadata, usual) if role == ASSISTANT else "",
            created=seconds_of(message.get("create_time")),
            status=INTERRUPTED if message.get("status") == "in_progress" else COMPLETE,
            finish_reason="stop" if mapping(metadata.get("finish_details")).get("type") == "stop" else "",
        )
        return Node(id, parent, message_of(made, missing, left_out))
    else:
        left_out["unknown message"] += 1
    return Node(id, parent)


def _model(metadata: Mapping[str, Any], usual: str) -> str:
    return words(metadata.get("model_slug")) or words(metadata.get("default_model_slug")) or usual


def _text_of(content: Mapping[str, Any], missing: LeftOut) -> str:
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
    parts = []
    for thought in sequence(content.get("thoughts")):
        shape = mapping(thought)
        parts += [words(shape.get("summary")), words(shape.get("content"))]
    return "\n\n".join(part for part in parts if part.strip())
