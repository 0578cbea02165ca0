"""Reads chats exported by ChatGPT, Open WebUI, Jan and LM Studio (formats: docs/import-chats.md), and holds the helpers
that the readers of all chat programs share.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slmdesk.base.documents import (
    ASSISTANT,
    CANCELLED,
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
_MILLISECONDS = 1e11
"""Times above this number are taken as milliseconds, since as seconds they would lie after the year 5000."""
_LATEST = 1e10
_PICTURE = re.compile(r"!\[[^\]\n]{0,500}\]\(data:image/[^)\s]*\)")

LeftOut = Counter[str]
"""How many parts of a chat cannot be imported, by the name of the kind of part in the singular ("picture")."""


def mapping(untrusted: object) -> Mapping[str, Any]:
    return untrusted if isinstance(untrusted, dict) else {}


def sequence(untrusted: object) -> Sequence[Any]:
    return untrusted if isinstance(untrusted, list) else []


def words(untrusted: object) -> str:
    return untrusted if isinstance(untrusted, str) else ""


def seconds_of(untrusted: object) -> float | None:
    """Return a time in seconds since the epoch, or None if the value is not a time. The value may be a number of
    seconds or milliseconds, or a text in ISO 8601.
    """
    if isinstance(untrusted, str):
        try:
            when = datetime.fromisoformat(untrusted.replace("Z", "+00:00"))
            untrusted = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if not isinstance(untrusted, int | float) or isinstance(untrusted, bool) or not 0 < untrusted < _LATEST * 1000:
        return None
    seconds = untrusted / 1000 if untrusted > _MILLISECONDS else float(untrusted)
    return seconds if seconds < _LATEST else None


def number_of(untrusted: object) -> float | None:
    """Return a duration or other number of at least 0, or None if the value is not such a number."""
    is_number = isinstance(untrusted, int | float) and not isinstance(untrusted, bool)
    return float(untrusted) if is_number and 0 <= untrusted < 1e9 else None  # type: ignore[operator,arg-type]


def count_of(untrusted: object) -> int | None:
    """Return a whole number of at least 0, or None if the value is not such a number."""
    found = number_of(untrusted)
    return None if found is None else int(found)


def without_pictures(text: str, left_out: LeftOut) -> str:
    """Return the text without pictures embedded as `data:` URLs, and count the pictures in `left_out`."""
    text, count = _PICTURE.subn("", text) if "](data:image/" in text else (text, 0)
    left_out["picture"] += count
    return text


def message_of(message: ForeignMessage, missing: LeftOut, left_out: LeftOut) -> ForeignMessage | None:
    """Return the message ready for import, or None for an empty message. `missing` counts the parts of the message that
    cannot be imported, and is added to `left_out` of the chat.

    If such parts were all that the message had, its text says so, since otherwise an answer would lack its question.
    """
    text = without_pictures(message.text, missing)
    left_out.update(missing)
    if not text.strip() and not message.thought.strip():
        lacks = counted_words(missing)
        if not lacks:
            return None
        text = f"[{lacks}, left out when this chat was imported]"
    return changed(message, text=text)


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
    found: list[ForeignMessage] = []
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
                    joined = "\n\n".join(part for part in (thought, message.thought) if part)
                    message, thought = changed(message, thought=joined), ""
                found.append(changed(message, id=node.id, parent=above))
                above = node.id
            following = below.get(node.id, ())
            if thought and (message is not None or not following):
                left_out["thought"] += 1
                thought = ""
            waiting += [(node, above, thought) for node in reversed(following)]
    return tuple(found)


def kept_at(nodes: Sequence[Node], id: str) -> str:
    """Return the id of this node if it has a message, else of the nearest node above with one, or "" if none has."""
    known = {node.id: node for node in nodes}
    seen: set[str] = set()
    at = known.get(id)
    while at is not None and at.message is None and at.id not in seen:
        seen.add(at.id)
        at = known.get(at.parent or "")
    return at.id if at is not None and at.message is not None else ""


def chained(messages: Sequence[ForeignMessage | None]) -> list[Node]:
    return [Node(f"m{at}", f"m{at - 1}" if at else None, message) for at, message in enumerate(messages)]


def chat_with(about: ForeignChat, nodes: Sequence[Node], leaf: str, left_out: LeftOut) -> ForeignChat | None:
    """Return the chat `about` with the messages of `nodes`, or None if it has too many messages or characters."""
    messages = tree_of(nodes, left_out)
    characters = sum(len(message.text) + len(message.thought) for message in messages) + len(about.system)
    if len(messages) > MOST_MESSAGES or characters > MOST_CHARACTERS:
        return None
    counts = tuple((name, count) for name, count in left_out.most_common() if count > 0)
    return changed(about, leaf=kept_at(nodes, leaf), messages=messages, left_out=counts)


def role_of(shape: Mapping[str, Any], left_out: LeftOut) -> str:
    """Return the role of a message's author. For any author other than the user or the model, count the message in
    `left_out` and return "".
    """
    role = words(shape.get("role"))
    if role in (USER, ASSISTANT):
        return role
    left_out["system message" if role == "system" else "unknown message"] += 1
    return ""


# ---- chats exported by ChatGPT


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


def is_of_chatgpt(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("mapping"), dict)


def chat_of_chatgpt(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat from an exported conversation, or return None if the chat is too large."""
    left_out: LeftOut = Counter()
    usual = words(shape.get("default_model_slug"))  # newer exports name the model here alone
    nodes = [_chatgpt_node(str(id), mapping(node), usual, left_out) for id, node in mapping(shape["mapping"]).items()]
    about = ForeignChat(
        CHATGPT, words(shape.get("conversation_id")) or words(shape.get("id")), words(shape.get("title")),
        seconds_of(shape.get("create_time")), seconds_of(shape.get("update_time")),
    )  # fmt: skip
    return chat_with(about, nodes, words(shape.get("current_node")), left_out)


def _chatgpt_node(id: str, node: Mapping[str, Any], usual: str, left_out: LeftOut) -> Node:
    parent, message = words(node.get("parent")) or None, mapping(node.get("message"))
    content, role = mapping(message.get("content")), words(mapping(message.get("author")).get("role"))
    metadata, kind = mapping(message.get("metadata")), words(content.get("content_type"))
    if kind == "thoughts":
        return Node(id, parent, thought=_thoughts(content))
    if not message or kind == "reasoning_recap":  # how long it thought
        return Node(id, parent)
    missing: LeftOut = Counter()
    text = _chatgpt_text(content, missing)
    is_hidden = metadata.get("is_visually_hidden_from_conversation") or metadata.get("is_user_system_message")
    if is_hidden or role == "system" or kind in _HIDDEN_KINDS:
        left_out["hidden message"] += bool(text.strip() or kind in _HIDDEN_KINDS)
    elif role == "tool":
        left_out.update(+missing or {"tool result": 1})
    elif role == ASSISTANT and words(message.get("recipient")) not in TO_ALL:
        left_out["tool call"] += 1
    elif role in (USER, ASSISTANT):
        kinds = [words(mapping(one).get("mime_type")) for one in sequence(metadata.get("attachments"))]
        missing["file"] += sum(not kind.startswith("image/") for kind in kinds)
        made = ForeignMessage(
            id,
            parent,
            role,
            text,
            model=_chatgpt_model(metadata, usual) if role == ASSISTANT else "",
            created=seconds_of(message.get("create_time")),
            status=INTERRUPTED if message.get("status") == "in_progress" else COMPLETE,
            finish_reason="stop" if mapping(metadata.get("finish_details")).get("type") == "stop" else "",
        )
        return Node(id, parent, message_of(made, missing, left_out))
    else:
        left_out["unknown message"] += 1
    return Node(id, parent)


def _chatgpt_model(metadata: Mapping[str, Any], usual: str) -> str:
    return words(metadata.get("model_slug")) or words(metadata.get("default_model_slug")) or usual


def _chatgpt_text(content: Mapping[str, Any], missing: LeftOut) -> str:
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
    for thought in sequence(content.get("thoughts")):
        shape = mapping(thought)
        found += [words(shape.get("summary")), words(shape.get("content"))]
    return "\n\n".join(part for part in found if part.strip())


# ---- chats exported by Open WebUI


OPEN_WEBUI = "Open WebUI"
_OPEN, _CLOSE = "<details", "</details>"
_ATTRIBUTE = re.compile(r'\b(type|duration)="([^"]{0,40})"')
_SUMMARY = re.compile(r"<summary>[^<]{0,400}</summary>\n?")


def is_of_open_webui(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("chat"), dict) or isinstance(mapping(shape.get("history")).get("messages"), dict)


def chat_of_open_webui(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat from an exported chat, or return None if the chat is too large."""
    chat = mapping(shape["chat"]) if isinstance(shape.get("chat"), dict) else shape
    history, left_out = mapping(chat.get("history")), Counter[str]()
    kept = mapping(history.get("messages"))
    if kept:
        shapes = [(str(id), mapping(one)) for id, one in kept.items()]
        nodes = [
            Node(id, words(one.get("parentId")) or None, _open_webui_message(id, one, left_out)) for id, one in shapes
        ]
        leaf = words(history.get("currentId"))
    else:  # before there were branches
        nodes = chained([_open_webui_message("", mapping(shape), left_out) for shape in sequence(chat.get("messages"))])
        leaf = nodes[-1].id if nodes else ""
    about = ForeignChat(
        OPEN_WEBUI,
        words(shape.get("id")) or words(chat.get("id")),
        words(chat.get("title")) or words(shape.get("title")),
        seconds_of(shape.get("created_at")) or seconds_of(chat.get("timestamp")),
        seconds_of(shape.get("updated_at")),
        system=words(mapping(chat.get("params")).get("system")) or words(chat.get("system")),
    )
    return chat_with(about, nodes, leaf, left_out)


def _open_webui_message(id: str, shape: Mapping[str, Any], left_out: LeftOut) -> ForeignMessage | None:
    if not (role := role_of(shape, left_out)):
        return None
    missing: LeftOut = Counter()
    text, thought, seconds = _without_details(_open_webui_text(shape.get("content"), missing), missing)
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


def _open_webui_text(content: object, missing: LeftOut) -> str:
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
    """Return the text without its blocks `<details type=…>`, the model's reasoning in these blocks, and the seconds the
    reasoning took (None: not recorded).
    """
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


# ---- chats of Jan


JAN = "Jan"
_JAN_STATUS = {"stopped": CANCELLED, "error": INTERRUPTED, "pending": INTERRUPTED}
_THINK, _END_THINK = "<think>", "</think>"


def is_message_of_jan(shape: Mapping[str, Any]) -> bool:
    return shape.get("object") == "thread.message" or ("thread_id" in shape and "role" in shape)


def chat_of_jan(thread: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> ForeignChat | None:
    """Build a chat from the thread, which may be empty, and the messages, or return None if the chat is too large."""
    left_out: LeftOut = Counter()
    assistant = mapping(next(iter(sequence(thread.get("assistants"))), None))
    model = words(mapping(assistant.get("model")).get("id"))
    made = [_jan_message(line, "" if model == "*" else model, left_out) for line in lines]
    details = [mapping(line.get("metadata")) for line in lines]
    if any("parentId" in detail or "activeChildId" in detail for detail in details):
        ids = _ids(lines)
        parents = [words(detail.get("parentId")) or None for detail in details]
        nodes = [Node(id, parent, message) for id, parent, message in zip(ids, parents, made, strict=True)]
        leaf = _leaf(nodes, [words(detail.get("activeChildId")) for detail in details])
    else:
        nodes = chained(made)
        leaf = nodes[-1].id if nodes else ""
    id = words(thread.get("id")) or next((words(line.get("thread_id")) for line in lines), "")
    created, updated = seconds_of(thread.get("created")), seconds_of(thread.get("updated"))
    system = words(assistant.get("instructions"))
    about = ForeignChat(JAN, id, words(thread.get("title")), created, updated, system=system)
    return chat_with(about, nodes, leaf, left_out)


def _ids(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one id for each line. A line whose id is missing or already used gets a new id."""
    found: dict[str, None] = {}
    for at, line in enumerate(lines):
        id = words(line.get("id"))
        found[f"line {at}" if not id or id in found else id] = None
    return list(found)


def _leaf(nodes: Sequence[Node], active: Sequence[str]) -> str:
    """Return the id of the last message of the branch that was shown. The path starts at the newest root and goes to
    the active child each time, or to the newest child if none is active.
    """
    chosen = {node.id: child for node, child in zip(nodes, active, strict=True)}
    below: dict[str | None, list[str]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node.id)
    at, seen = "", set[str]()
    while (following := below.get(at or None)) and at not in seen:
        seen.add(at)
        at = chosen[at] if chosen.get(at) in following else following[-1]
    return at


def _jan_message(line: Mapping[str, Any], model: str, left_out: LeftOut) -> ForeignMessage | None:
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
        status=_JAN_STATUS.get(words(line.get("status")), COMPLETE) if role == ASSISTANT else COMPLETE,
        thought="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
    )
    return message_of(made, missing, left_out)


def _split(text: str) -> tuple[str, str]:
    """Split a text into the reasoning between `<think>` and `</think>` at its beginning, and the rest."""
    begins = text.lstrip()
    end = begins.find(_END_THINK)
    if not begins.startswith(_THINK) or end < 0:
        return "", text
    return begins[len(_THINK) : end], begins[end + len(_END_THINK) :].lstrip("\n")


# ---- chats of LM Studio


LM_STUDIO = "LM Studio"
SYSTEM_KEY = "llm.prediction.systemPrompt"
_LM_STUDIO_STATUS = {"userStopped": CANCELLED, "failed": INTERRUPTED, "modelUnloaded": INTERRUPTED}
_REASONS = {
    "eosFound": "stop", "stopStringFound": "stop", "maxPredictedTokensReached": "length",
    "contextLengthReached": "length",
}  # fmt: skip
_STEPS_WITHOUT_TEXT = ("debugInfoBlock", "genInfo", "status", "toolStatus")


def is_of_lm_studio(shape: Mapping[str, Any]) -> bool:
    slots = shape.get("messages")
    return isinstance(slots, list) and any(isinstance(mapping(slot).get("versions"), list) for slot in slots)


def chat_of_lm_studio(shape: Mapping[str, Any]) -> ForeignChat | None:
    """Build a chat, or return None if the chat is too large. A message can have several versions. The messages that
    follow are attached to the version the user selected.
    """
    left_out: LeftOut = Counter()
    created = seconds_of(shape.get("createdAt"))
    nodes: list[Node] = []
    above: str | None = None
    for at, slot in enumerate(sequence(shape.get("messages"))):
        versions = sequence(mapping(slot).get("versions"))
        chosen = count_of(mapping(slot).get("currentlySelected")) or 0
        made = [
            _lm_studio_message(f"m{at}.{number}", mapping(version), created, left_out)
            for number, version in enumerate(versions)
        ]
        nodes += [Node(message.id, above, message) for message in made if message is not None]
        kept = made[chosen] if chosen < len(made) else None
        kept = kept or next((message for message in reversed(made) if message is not None), None)
        above = kept.id if kept is not None else above
    times = [seconds_of(shape.get(key)) for key in ("createdAt", "userLastMessagedAt", "assistantLastMessagedAt")]
    updated = max((time for time in times if time is not None), default=None)
    id, title = words(shape.get("conversationId")), words(shape.get("name"))
    about = ForeignChat(LM_STUDIO, id, title, created, updated, system=_system(shape))
    return chat_with(about, nodes, above or "", left_out)


def _system(shape: Mapping[str, Any]) -> str:
    for setting in sequence(mapping(shape.get("perChatPredictionConfig")).get("fields")):
        field = mapping(setting)
        if field.get("key") == SYSTEM_KEY and words(field.get("value")).strip():
            return words(field.get("value"))
    return words(shape.get("systemPrompt"))


def _lm_studio_message(
    id: str, version: Mapping[str, Any], created: float | None, left_out: LeftOut
) -> ForeignMessage | None:
    if not (role := role_of(version, left_out)):
        return None
    missing: LeftOut = Counter()
    texts = [_lm_studio_text(version.get("content"), missing)]
    thoughts: list[str] = []
    info: Mapping[str, Any] = {}
    for step in map(mapping, sequence(version.get("steps"))):
        kind = words(step.get("type"))
        info = mapping(step.get("genInfo")) or info
        if kind == "contentBlock":
            is_thought = mapping(step.get("style")).get("type") == "thinking"
            (thoughts if is_thought else texts).append(_lm_studio_text(step.get("content"), missing))
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
        status=_LM_STUDIO_STATUS.get(reason, COMPLETE),
        finish_reason=_REASONS.get(reason, ""),
        thought="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
        tokens_in=count_of(stats.get("promptTokensCount")),
        tokens_out=count_of(stats.get("predictedTokensCount")),
        seconds=number_of(stats.get("totalTimeSec")),
    )
    return message_of(made, missing, left_out)


def _lm_studio_text(content: object, missing: LeftOut) -> str:
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
