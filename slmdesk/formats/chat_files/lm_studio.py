"""Chats of LM Studio: a file `….conversation.json` for each, the versions of a message side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from slmdesk.base.chat_import import ASSISTANT, CANCELLED, COMPLETE, INTERRUPTED, USER, ForeignChat, ForeignMessage
from slmdesk.formats.chat_files.shapes import (
    LeftOut,
    Node,
    checked,
    count_of,
    counted,
    mapping,
    message_of,
    number_of,
    seconds_of,
    sequence,
    tree_of,
    words,
)

PROGRAM = "LM Studio"
SYSTEM_KEY = "llm.prediction.systemPrompt"
_STATUS = {"userStopped": CANCELLED, "failed": INTERRUPTED, "modelUnloaded": INTERRUPTED}
_REASONS = {
    "eosFound": "stop", "stopStringFound": "stop", "maxPredictedTokensReached": "length",
    "contextLengthReached": "length",
}  # fmt: skip
_STEPS_WITHOUT_TEXT = ("debugInfoBlock", "genInfo", "status", "toolStatus")


def is_one(shape: Mapping[str, Any]) -> bool:
    slots = shape.get("messages")
    return isinstance(slots, list) and any(isinstance(mapping(one).get("versions"), list) for one in slots)


def chat_of(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat; None: it is too large.  Only the chosen version of a message has others after it."""
    left_out: LeftOut = Counter()
    created = seconds_of(shape.get("createdAt"))
    nodes: list[Node] = []
    above: str | None = None
    for at, slot in enumerate(sequence(shape.get("messages"))):
        versions = sequence(mapping(slot).get("versions"))
        chosen = count_of(mapping(slot).get("currentlySelected")) or 0
        made = [_message(f"m{at}.{number}", mapping(one), created, left_out) for number, one in enumerate(versions)]
        nodes += [Node(one.id, above, one) for one in made if one is not None]
        kept = made[chosen] if chosen < len(made) else None
        kept = kept or next((one for one in reversed(made) if one is not None), None)
        above = kept.id if kept is not None else above
    times = [seconds_of(shape.get(key)) for key in ("createdAt", "userLastMessagedAt", "assistantLastMessagedAt")]
    return checked(
        ForeignChat(
            PROGRAM,
            words(shape.get("conversationId")),
            words(shape.get("name")),
            created,
            max((time for time in times if time is not None), default=None),
            system=_system(shape),
            leaf=above or "",
            messages=tree_of(nodes, left_out),
            left_out=counted(left_out),
        )
    )


def _system(shape: Mapping[str, Any]) -> str:
    for one in sequence(mapping(shape.get("perChatPredictionConfig")).get("fields")):
        field = mapping(one)
        if field.get("key") == SYSTEM_KEY and words(field.get("value")).strip():
            return words(field.get("value"))
    return words(shape.get("systemPrompt"))


def _message(id: str, version: Mapping[str, Any], created: float | None, left_out: LeftOut) -> ForeignMessage | None:
    role = words(version.get("role"))
    if role not in (USER, ASSISTANT):
        left_out["system message" if role == "system" else "unknown message"] += 1
        return None
    missing: LeftOut = Counter()
    texts = [_text(version.get("content"), missing)]
    thoughts: list[str] = []
    info: Mapping[str, Any] = {}
    for step in map(mapping, sequence(version.get("steps"))):
        kind = words(step.get("type"))
        info = mapping(step.get("genInfo")) or info
        if kind == "contentBlock":
            is_thought = mapping(step.get("style")).get("type") == "thinking"
            (thoughts if is_thought else texts).append(_text(step.get("content"), missing))
        elif kind not in _STEPS_WITHOUT_TEXT:
            missing["source" if kind == "citationBlock" else "unknown part"] += 1
    stats, sender = mapping(info.get("stats")), words(mapping(version.get("senderInfo")).get("senderName"))
    reason = words(stats.get("stopReason"))
    made = ForeignMessage(
        id,
        None,
        role,
        "\n\n".join(text for text in texts if text.strip()),
        model=(words(info.get("identifier")) or sender) if role == ASSISTANT else "",
        created=created,
        status=_STATUS.get(reason, COMPLETE),
        finish_reason=_REASONS.get(reason, ""),
        thought="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
        tokens_in=count_of(stats.get("promptTokensCount")),
        tokens_out=count_of(stats.get("predictedTokensCount")),
        seconds=number_of(stats.get("totalTimeSec")),
    )
    return message_of(made, missing, left_out)


def _text(content: object, missing: LeftOut) -> str:
    if isinstance(content, str):
        return content
    pieces = []
    for part in map(mapping, sequence(content)):
        match part.get("type"):
            case "text":
                pieces.append(words(part.get("text")))
            case "file":
                missing["picture" if part.get("fileType") == "image" else "file"] += 1
            case "toolCallRequest":
                missing["tool call"] += 1
            case "toolCallResult":
                missing["tool result"] += 1
            case _:
                missing["unknown part"] += 1
    return "".join(pieces)
