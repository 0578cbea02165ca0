"""Finds the chats in a file that another chat program exported. Reads JSON, JSON lines, zip archives and the Markdown
of Cherry Studio. JSON is parsed one value at a time, so that the file is never in memory as a whole.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, NoReturn

from slmdesk.base.documents import (
    ASSISTANT,
    CANCELLED,
    COMPLETE,
    INTERRUPTED,
    MESSAGES_FILE,
    OWN_FORMAT,
    THREAD_FILE,
    USER,
    ForeignChat,
    ForeignMessage,
)
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_
from slmdesk.formats import chat_programs
from slmdesk.formats.chat_programs import (
    LeftOut,
    Node,
    chained,
    chat_with,
    mapping,
    message_of,
    number_of,
    role_of,
    seconds_of,
    sequence,
    words,
)
from slmdesk.formats.containers import MAX_BYTES, Archive
from slmdesk.formats.reading import Reading
from slmdesk.formats.text import decoded_text

MOST_VALUE = 48_000_000
"""Most characters of one top-level JSON value (a chat or a whole backup), and of all lines of one chat of Jan."""
CHUNK_BYTES = 1 << 20
NEAR_END = 16
"""Characters before the end of the text read so far. A JSON error this close to the end may only mean that a number, a
word or an escape is cut off there, so more text is read before the error counts.
"""
_BETWEEN = re.compile(r"[\s,\[\]]*")
_ZIP = b"PK"
_CHATGPT_FILE = re.compile(r"conversations(-\d{1,6})?\.json")
_PROGRAMS = (
    (chat_programs.is_of_chatgpt, chat_programs.chat_of_chatgpt),
    (chat_programs.is_of_open_webui, chat_programs.chat_of_open_webui),
    (chat_programs.is_of_lm_studio, chat_programs.chat_of_lm_studio),
)
_RAW_BACKUP = N_(
    "backups of Cherry Studio of version 6 and later hold its raw database; export the topics there as Markdown and "
    "import those"
)


@dataclass(slots=True, eq=False)
class Found:
    broken: str = ""
    unknown: int = 0
    too_large: int = 0
    empty: int = 0
    characters: int = 0


Chat = ForeignChat | Mapping[str, Any]
"""A chat of another program, or (as a mapping) the JSON object of a chat that slmdesk itself exported."""


def chats_in(reading: Reading, thread: str, found: Found) -> Iterator[Chat]:
    """Yield the chats of a file. `thread` is the text of the `thread.json` beside a `messages.jsonl`, or "".

    If the file breaks off, the chats before the break are still yielded. Raises KnownError `document.…`,
    `chats.unreadable`.
    """
    with reading.open() as file:
        head = file.read(4096)
        file.seek(0)
        if head.startswith(_ZIP):
            yield from _in_archive(reading, found)
            return
        if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{"):
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            yield from _of_values(values_in(chunks, reading, found), _thread(thread), found)
            return
    text = decoded_text(reading)
    if is_markdown_of_cherry(text):
        yield from _kept([chat_of_markdown(text)], found)


def values_in(chunks: Iterable[bytes], reading: Reading, found: Found) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON list, of JSON lines, or the only object of a file, in the order of the file.

    Stops where the text is not valid JSON and writes the reason to `found.broken`.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    parse = json.JSONDecoder(parse_constant=_refuse).raw_decode
    text, wanted = "", 1
    for chunk in chain(chunks, (b"",)):
        reading.check()
        try:
            text += decode(chunk, not chunk)
        except UnicodeDecodeError:
            found.broken = N_("it is not UTF-8")
            return
        if chunk and len(text) < wanted:
            continue
        at = 0
        while (begin := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches ""
            try:
                value, at = parse(text, begin)
            except RecursionError:
                found.broken = N_("it is nested too deeply")
                return
            except json.JSONDecodeError as err:
                if err.msg.startswith("Unterminated string") or err.pos > len(text) - NEAR_END:
                    break  # more text is needed
                found.broken = N_("it is no JSON")
                return
            except ValueError:  # NaN, or a number of thousands of digits
                found.broken = N_("it is no JSON")
                return
            found.characters += at - begin
            if isinstance(value, dict):
                yield value
            else:
                found.unknown += 1
        text = text[begin:]
        wanted = 2 * len(text)
        if len(text) > MOST_VALUE:
            found.broken = N_("a chat in it is too large")
            return
    if text:
        found.broken = N_("it breaks off")


def _refuse(name: str) -> NoReturn:
    """Reject NaN and Infinity, which Python's parser would accept although JSON has no such values."""
    raise ValueError(name)


def _of_values(values: Iterator[Mapping[str, Any]], thread: Mapping[str, Any], found: Found) -> Iterator[Chat]:
    lines: list[Mapping[str, Any]] = []
    before = found.characters
    for value in values:
        if chat_programs.is_message_of_jan(value):
            lines.append(value)
            if found.characters - before > MOST_VALUE:
                found.too_large += 1
                return
        elif value.get("format") == OWN_FORMAT:
            yield value
        elif is_of_cherry(value):
            yield from _kept(chats_of(value), found)
        elif chat_of := next((chat_of for is_of, chat_of in _PROGRAMS if is_of(value)), None):
            yield from _kept([chat_of(value)], found)
        else:
            found.unknown += 1
    if lines:
        yield from _kept([chat_programs.chat_of_jan(thread, lines)], found)


def _kept(chats: Iterable[ForeignChat | None], found: Found) -> Iterator[ForeignChat]:
    for chat in chats:
        if chat is None:
            found.too_large += 1
        elif chat.messages:
            yield chat
        else:
            found.empty += 1


def _in_archive(reading: Reading, found: Found) -> Iterator[Chat]:
    with Archive.opened(reading) as archive:
        names = [name for name in archive.names if _is_of_chats(name)]
        if not names and any(name.startswith(RAW_FOLDERS) for name in archive.names):
            raise KnownError("chats.unreadable", path=reading.path, reason=_RAW_BACKUP)
        for name in names:
            values = values_in(archive.chunks(name, MAX_BYTES), reading, found)
            yield from _of_values(values, _thread_of(archive, name), found)


def _is_of_chats(name: str) -> bool:
    file = PurePosixPath(name).name
    return (
        file in (DATA_FILE, MESSAGES_FILE)
        or _CHATGPT_FILE.fullmatch(file) is not None
        or file.endswith(".conversation.json")
    )


def _thread_of(archive: Archive, name: str) -> Mapping[str, Any]:
    if PurePosixPath(name).name != MESSAGES_FILE:
        return {}
    return _thread(archive.read(str(PurePosixPath(name).with_name(THREAD_FILE))).decode("utf-8", "replace"))


def _thread(untrusted: str) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(untrusted)) if untrusted else {}
    except (ValueError, RecursionError):
        return {}


# ---- chats of Cherry Studio


CHERRY_STUDIO = "Cherry Studio"
DATA_FILE, RAW_FOLDERS = "data.json", ("IndexedDB/", "Local Storage/")
"""The data file of a backup. Backups from version 6 on have these folders with the program's raw database instead."""
STATE = "persist:cherry-studio"
_STATUS = {"success": COMPLETE, "paused": CANCELLED}
_LEFT_OUT = {
    "image": "picture", "file": "file", "video": "recording", "tool": "tool call", "citation": "source",
    "translation": "translation",
}  # fmt: skip
_SPEAKER = re.compile(r"## (?:(?P<user>\U0001f9d1(?:\u200d)?\U0001f4bb User)|\U0001f916 (?P<other>[^\n]{1,200}))\n")
_RULE = "\n---\n"


def is_of_cherry(shape: Mapping[str, Any]) -> bool:
    return isinstance(shape.get("localStorage"), dict) and "indexedDB" in shape


def chats_of(shape: Mapping[str, Any]) -> Iterator[ForeignChat | None]:
    tables = shape.get("indexedDB")
    if isinstance(tables, list):  # version 1
        rows = [mapping(table) for table in tables]
        topics = [row.get("value") for row in rows if words(row.get("key")).startswith("topic:")]
        blocks: Mapping[str, Mapping[str, Any]] = {}
    else:
        topics = list(sequence(mapping(tables).get("topics")))
        found = [mapping(block) for block in sequence(mapping(tables).get("message_blocks"))]
        blocks = {words(block.get("id")): block for block in found}
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
    """Parse a string as JSON and return the result, or None for invalid JSON. Return any other value unchanged."""
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
        if not is_other or not is_folded:  # of several answers, the chosen answer has the next question below it
            above = id
        last_asked = question if message.role == ASSISTANT else ""
        is_folded = (is_other and is_folded) or bool(shape.get("foldSelected"))
        if message.role == USER:
            asked[words(shape.get("id"))] = id
            is_folded = False
    created, updated = seconds_of(about.get("createdAt")), seconds_of(about.get("updatedAt"))
    id, name = words(topic.get("id")), words(about.get("name"))
    chat = ForeignChat(CHERRY_STUDIO, id, name, created, updated, system=prompt)
    return chat_with(chat, nodes, above or "", left_out)


def _message(
    shape: Mapping[str, Any], blocks: Mapping[str, Mapping[str, Any]], left_out: LeftOut
) -> ForeignMessage | None:
    if shape.get("type") == "clear":  # marks where the user cleared the context
        return None
    if not (role := role_of(shape, left_out)):
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


def is_markdown_of_cherry(text: str) -> bool:
    """Return whether this is a Cherry Studio topic exported as Markdown: a title, then the first speaker's heading."""
    title, _, rest = text.partition("\n")
    return title.startswith("# ") and _SPEAKER.match(rest.lstrip("\n")) is not None


def chat_of_markdown(text: str) -> ForeignChat | None:
    """Build a chat from exported Markdown, or return None if the chat is too large. Reasoning of the model, which is
    HTML there, is left out and counted.
    """
    title, _, rest = text.partition("\n")
    left_out: LeftOut = Counter()
    messages = [_said(part, left_out) for part in _parts(rest.lstrip("\n"))]
    nodes = chained(messages)
    chat = ForeignChat(CHERRY_STUDIO, "", title.removeprefix("# "))
    return chat_with(chat, nodes, nodes[-1].id if nodes else "", left_out)


def _parts(text: str) -> Sequence[str]:
    """Split the text into messages at horizontal rules. A rule that no speaker's heading follows is message text."""
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
