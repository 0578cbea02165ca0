"""Chats of Cherry Studio: `data.json` of a backup up to version 5, and topics exported as Markdown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    number_of,
    seconds_of,
    sequence,
    tree_of,
    words,
)

PROGRAM = "Cherry Studio"
DATA_FILE, RAW_FOLDERS = "data.json", ("IndexedDB/", "Local Storage/")
"""The file of a backup, and the folders of one of version 6 and later, which has the program's raw database instead."""
STATE = "persist:cherry-studio"
_STATUS = {"success": COMPLETE, "paused": CANCELLED}
_LEFT_OUT = {
    "image": "picture", "file": "file", "video": "recording", "tool": "tool call", "citation": "source",
    "translation": "translation",
}  # fmt: skip
_SPEAKER = re.compile(r"## (?:(?P<user>\U0001f9d1(?:\u200d)?\U0001f4bb User)|\U0001f916 (?P<other>[^\n]{1,200}))\n")
_RULE = "\n---\n"


def is_one(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("localStorage"), dict) and "indexedDB" in shape


def chats_of(shape: Mapping[str, Any]) -> Iterator[ForeignChat | None]:
    tables = shape.get("indexedDB")
    if isinstance(tables, list):  # version 1
        rows = [mapping(one) for one in tables]
        topics = [row.get("value") for row in rows if words(row.get("key")).startswith("topic:")]
        blocks: Mapping[str, Mapping[str, Any]] = {}
    else:
        topics = list(sequence(mapping(tables).get("topics")))
        found = [mapping(one) for one in sequence(mapping(tables).get("message_blocks"))]
        blocks = {words(one.get("id")): one for one in found}
    known = _topics(mapping(shape.get("localStorage")).get(STATE))
    for topic in map(mapping, topics):
        about, prompt = known.get(words(topic.get("id")), ({}, ""))
        if sequence(topic.get("messages")):
            yield _chat(topic, about, prompt, blocks)


def _topics(state: object) -> dict[str, tuple[Mapping[str, Any], str]]:
    assistants = mapping(_parsed(mapping(_parsed(state)).get("assistants")))
    found = {}
    for assistant in map(mapping, (assistants.get("defaultAssistant"), *sequence(assistants.get("assistants")))):
        for topic in map(mapping, sequence(assistant.get("topics"))):
            found[words(topic.get("id"))] = (topic, words(assistant.get("prompt")))
    return found


def _parsed(value: object) -> object:
    """JSON that stands in a text; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _chat(
    topic: Mapping[str, Any], about: Mapping[str, Any], prompt: str, blocks: Mapping[str, Mapping[str, Any]]
) -> ForeignChat | None:
    left_out: LeftOut = Counter()
    nodes: list[Node] = []
    above: str | None = None
    asked: dict[str, str] = {}
    last_asked, is_folded = "", False
    for at, shape in enumerate(map(mapping, sequence(topic.get("messages")))):
        message = _message(shape, blocks, left_out)
        if message is None:
            continue
        id, question = f"m{at}", words(shape.get("askId"))
        is_other = message.role == ASSISTANT and question in asked and question == last_asked
        nodes.append(Node(id, asked[question] if is_other else above, message))
        if not is_other or not is_folded:  # of several answers, the one that was chosen has the next question below it
            above = id
        last_asked = question if message.role == ASSISTANT else ""
        is_folded = (is_other and is_folded) or bool(shape.get("foldSelected"))
        if message.role == USER:
            asked[words(shape.get("id"))] = id
            is_folded = False
    return checked(
        ForeignChat(
            PROGRAM,
            words(topic.get("id")),
            words(about.get("name")),
            seconds_of(about.get("createdAt")),
            seconds_of(about.get("updatedAt")),
            system=prompt,
            leaf=kept_at(nodes, above or ""),
            messages=tree_of(nodes, left_out),
            left_out=counted(left_out),
        )
    )


def _message(
    shape: Mapping[str, Any], blocks: Mapping[str, Mapping[str, Any]], left_out: LeftOut
) -> ForeignMessage | None:
    role = words(shape.get("role"))
    if shape.get("type") == "clear":  # where the program forgot what was before
        return None
    if role not in (USER, ASSISTANT):
        left_out["system message" if role == "system" else "unknown message"] += 1
        return None
    missing: LeftOut = Counter()
    texts, thoughts, seconds = [words(shape.get("content"))], [words(shape.get("reasoning_content"))], None
    for id in sequence(shape.get("blocks")):
        block = blocks.get(words(id))
        if block is None:
            missing["unknown part"] += 1
            continue
        kind, content = words(block.get("type")), words(block.get("content"))
        if kind in ("main_text", "compact"):
            texts.append(content)
        elif kind == "code":
            texts.append(f"```{words(block.get('language'))}\n{content}\n```")
        elif kind == "thinking":
            thoughts.append(content)
            spent = number_of(block.get("thinking_millsec"))
            seconds = spent / 1000 if spent else seconds
        elif kind not in ("error", "unknown"):
            missing[_LEFT_OUT.get(kind, "unknown part")] += 1
    for file in map(mapping, sequence(shape.get("files"))):
        missing["picture" if file.get("type") == "image" else "file"] += 1
    missing["tool call"] += len(sequence(mapping(shape.get("metadata")).get("mcpTools")))
    model = mapping(shape.get("model"))
    made = ForeignMessage(
        "",
        None,
        role,
        "\n\n".join(text for text in texts if text.strip()),
        model=(words(model.get("name")) or words(shape.get("modelId"))) if role == ASSISTANT else "",
        created=seconds_of(shape.get("createdAt")),
        status=_STATUS.get(words(shape.get("status")), INTERRUPTED) if role == ASSISTANT else COMPLETE,
        thought="\n\n".join(thought.strip() for thought in thoughts if thought.strip()),
        thought_seconds=seconds,
    )
    return message_of(made, missing, left_out)


# ---- Markdown


def is_markdown(text: str) -> bool:
    """Whether a text is a topic exported as Markdown: a title, then who speaks."""
    title, _, rest = text.partition("\n")
    return title.startswith("# ") and _SPEAKER.match(rest.lstrip("\n")) is not None


def chat_of_markdown(text: str) -> ForeignChat | None:
    """Build a chat.  Thoughts in it are HTML and are left out.  None: it is too large."""
    title, _, rest = text.partition("\n")
    left_out: LeftOut = Counter()
    messages = [_said(part, left_out) for part in _parts(rest.lstrip("\n"))]
    nodes = chained(messages)
    leaf = kept_at(nodes, nodes[-1].id) if nodes else ""
    return checked(
        ForeignChat(
            PROGRAM, "", title.removeprefix("# "), leaf=leaf, messages=tree_of(nodes, left_out),
            left_out=counted(left_out),
        )
    )  # fmt: skip


def _parts(text: str) -> Sequence[str]:
    """The messages: a rule that no speaker follows stands in one of them."""
    parts: list[list[str]] = []
    for piece in text.split(_RULE):
        if parts and not _SPEAKER.match(f"{piece}\n"):
            parts[-1].append(piece)
        else:
            parts.append([piece])
    return [_RULE.join(part) for part in parts]


def _said(part: str, left_out: LeftOut) -> ForeignMessage | None:
    speaker = _SPEAKER.match(f"{part}\n")
    if speaker is None:
        return None
    name = speaker.group("other") or ""
    if name == "System":
        left_out["system message"] += 1
        return None
    missing: LeftOut = Counter()
    text = part[speaker.end() :].strip("\n")
    if text.startswith("<div") and (end := text.find("</div>")) >= 0:
        missing["thought"] += 1
        text = text[end + len("</div>") :].strip("\n")
    role = ASSISTANT if name else USER
    model = "" if name.partition(" | ")[0] == "Assistant" else name.partition(" | ")[0]
    return message_of(ForeignMessage("", None, role, text, model=model), missing, left_out)
