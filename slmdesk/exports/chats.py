"""Exports a chat as Markdown (its active path) or JSON (the whole tree)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from slmdesk.core.attached import used_words
from slmdesk.core.records import Item, Message, Status
from slmdesk.core.types import Json, Role
from slmdesk.core.wire import to_json as json_of

JSON_FORMAT = "slmdesk-chat"
JSON_VERSION = 1

_UNSENT = ("draft", "draft_attachments")
"""Of an item's settings: never said, never sent."""

_CUT: Mapping[Status, str] = {
    Status.STREAMING: "still being written",
    Status.CANCELLED: "stopped by the reader",
    Status.FAILED: "cut off by a failure",
    Status.INTERRUPTED: "cut off when the program ended",
}


def cut_words(status: Status) -> str:
    """Why a message is incomplete; "" when it is complete."""
    return _CUT.get(status, "")


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def attached_lines(message: Message) -> list[str]:
    """A line for each attachment of a message: its name, and how much of it was read."""
    return [f"Attached: {one.attached.name} \u2014 {used_words(one.attached)}" for one in message.attachments]


def to_markdown(item: Item, messages: Sequence[Message], path: Sequence[Message]) -> str:
    """The active path as a Markdown document: who said what, when, and what was cut off."""
    del messages  # other versions of an answer are in the JSON export
    blocks = [f"# {_heading(item.title)}"]
    system = item.settings.get("system")
    if isinstance(system, str) and system:
        blocks += ["**Instructions**", system]
    for one in path:
        blocks.append(f"**{_speaker(one)}** · {iso_time(one.created).replace('T', ' ').replace('Z', ' UTC')}")
        words = one.words
        if words.strip():
            blocks.append(words.strip("\n"))
        if one.attachments:
            blocks.append("\n".join(f"- {_heading(line)}" for line in attached_lines(one)))
        if one.status in _CUT:
            blocks.append(f"*({_CUT[one.status]})*")
    return "\n\n".join(blocks) + "\n"


def comparison_to_markdown(
    item: Item,
    messages: Sequence[Message],
    figures: Mapping[str, Sequence[tuple[str, str]]],
    vote: str,
) -> str:
    """A comparison as a Markdown document: the prompt, each answer with its measurements, the vote."""
    blocks = [f"# {_heading(item.title)}"]
    for one in messages:
        blocks.append(f"**{_speaker(one)}** · {iso_time(one.created).replace('T', ' ').replace('Z', ' UTC')}")
        words = one.words
        if words.strip():
            blocks.append(words.strip("\n"))
        if one.status in _CUT:
            blocks.append(f"*({_CUT[one.status]})*")
        if one.id in figures:
            blocks.append("\n".join(f"- {name}: {value}" for name, value in figures[one.id]))
    return "\n\n".join([*blocks, _heading(vote)]) + "\n"


def to_json(item: Item, messages: Sequence[Message], path: Sequence[Message]) -> str:
    """Everything the store has about a chat, except owners and revisions, as one JSON object."""
    shape: dict[str, Json] = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "created": iso_time(item.created),
        "updated": iso_time(item.updated),
        "settings": {key: value for key, value in item.settings.items() if key not in _UNSENT},
        "shown": [one.id for one in path],
        "messages": [_message(one) for one in messages],
    }
    return json.dumps(shape, ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Item, Sequence[Message], Sequence[Message]], str]] = {
    "md": to_markdown,
    "json": to_json,
}
"""Name of a format → a function of item, all messages and the active path."""


def _message(one: Message) -> dict[str, Json]:
    return {
        "id": one.id,
        "parent": one.parent,
        "role": str(one.role),
        "text": one.words,
        "parts": [json_of(part) for part in one.parts],
        "status": str(one.status),
        "created": iso_time(one.created),
        "model": one.model_name,
        "model_sha256": one.model_sha256,
        "preset": one.preset,
        "original": one.original,
        "sampling": dict(one.sampling),
        "seed": one.seed,
        "tokens": {"in": one.tokens_in, "out": one.tokens_out, "reused": one.tokens_reused},
        "seconds": one.seconds,
        "finish_reason": one.finish_reason,
        "error": {"code": one.error_code, "args": dict(one.error_args)} if one.error_code else None,
    }


def _speaker(one: Message) -> str:
    if one.role is Role.USER:
        return "You"
    if one.role is Role.SYSTEM:
        return "Instructions"
    edited = " (edited by you)" if one.original is not None else ""
    return _heading(one.model_name or "Model") + edited


def _heading(text: str) -> str:
    """One line whose Markdown marks are escaped."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return "".join(f"\\{one}" if one in "\\`*_[]<>#" else one for one in line)
