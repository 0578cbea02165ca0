"""Build the content of exports: chats (also as JSON), questions about documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from slmdesk.base.documents import (
    IMPORTED,
    OWN_FORMAT,
    OWN_PROGRAM,
    OWN_VERSION,
    Paper,
    Piece,
    PieceKind,
    heading,
    item,
    paragraph,
    small,
)
from slmdesk.base.record import changed
from slmdesk.base.record import to_json as json_of
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.texts import _, day_words
from slmdesk.base.types import Json, Role, used_words
from slmdesk.claims.types import check_words, marks_of
from slmdesk.exports import phrases
from slmdesk.exports.markdown import framed, harmless_markdown, pieces_of

Shown = tuple[Item, Sequence[Message]]
"""A chat and the messages of its active branch."""
_UNSENT = ("draft", "draft_attachments")
"""Settings of an item that are not exported: drafts were never sent."""

CUT: Mapping[Status, str] = {  # why a message is incomplete
    Status.STREAMING: phrases.STILL_WRITTEN,
    Status.CANCELLED: phrases.STOPPED,
    Status.FAILED: phrases.CUT_OFF,
    Status.INTERRUPTED: phrases.PROGRAM_ENDED,
}


def iso_time(seconds: float) -> str:
    """Return a time in seconds since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def attached_lines(message: Message) -> list[str]:
    lines = list[str]()
    for attachment in message.attachments:
        attached = attachment.attached
        name = " ".join(attached.name.split())
        line = _(phrases.ATTACHED).format(name=name, used=used_words(attached))
        lines.append(line)
    return lines


def opening_of(item: Item) -> list[tuple[str, str]]:
    """Return the texts before the messages of a chat, each with its heading.

    They are instructions, and notes that the model reads instead of the earlier part.
    """
    opening = list[tuple[str, str]]()
    for key, name in _OPENING.items():
        words = item.settings.get(key)
        if isinstance(words, str) and words.strip():
            opening.append((_(name), words))
    return opening


_OPENING: Mapping[str, str] = {
    "system": phrases.INSTRUCTIONS,
    "earlier_notes": phrases.EARLIER_NOTES,
}


def origin_of(item: Item) -> dict[str, Json] | None:
    """Return the program that a chat was imported from, its id there, and when.

    None for a chat written here.
    """
    origin = item.settings.get(IMPORTED)
    if isinstance(origin, Mapping) and origin.get("program") == OWN_PROGRAM:
        origin = origin.get("origin")
    if not isinstance(origin, Mapping):
        return None
    time = origin.get("time")
    imported: str | None = None
    if isinstance(time, int | float):
        imported = iso_time(time)
    return {
        "program": str(origin.get("program", "")),
        "id": str(origin.get("id", "")),
        "imported": imported,
    }


def to_markdown(
    item: Item, path: Sequence[Message], *, level: int = 1, line: str = ""
) -> str:
    """Return the active branch as a Markdown document.

    Who said what, when, and which messages are incomplete. `level` is the level of its
    heading, `line` a line of ours below it. What was said is quoted: only we name
    speakers. Other versions of an answer are only in the JSON export.
    """
    blocks = [f"{'#' * level} {_heading(item.shown_title)}"]
    if line:
        blocks.append(f"*{_heading(line)}*")
    origin = origin_of(item)
    if origin is not None:
        program = _heading(str(origin["program"]))
        blocks.append(f"*{_(phrases.IMPORTED_FROM).format(program=program)}*")
    for name, words in opening_of(item):
        blocks += [f"**{name}**", harmless_markdown(framed(words))]
    for message in path:
        blocks += _blocks_of(message)
    return "\n\n".join(blocks) + "\n"


def _blocks_of(message: Message) -> Iterator[str]:
    yield f"**{_speaker(message)}** · {phrases.zoned_moment_words(message.created)}"
    if message.words.strip():
        yield harmless_markdown(framed(message.words.strip("\n")))
    if message.attachments:
        yield "\n".join(f"- {_heading(line)}" for line in attached_lines(message))
    if message.status in CUT:
        yield f"*({_(CUT[message.status])})*"
    warning = check_words(marks_of(message))
    if warning:
        yield f"*{_heading(warning)}*"


def chats_to_markdown(title: str, chats: Sequence[Shown], line: str = "") -> str:
    head = f"# {_heading(title)}\n\n"
    if line:
        head += f"*{_heading(line)}*\n\n"
    contents = list[str]()
    sections = list[str]()
    for number, (chat, path) in enumerate(chats, start=1):
        contents.append(f"{number}. {_heading(chat.shown_title)}")
        sections.append(to_markdown(chat, path, level=2))
    head += "\n".join(contents) + "\n"
    return "\n---\n\n".join([head, *sections])


def to_json(
    item: Item,
    messages: Sequence[Message],
    path: Sequence[Message],
    quotes: Mapping[str, Json] | None = None,
) -> str:
    """Return everything the store has about a chat as a JSON object.

    Except owners and revisions. `quotes` are the verified quotations, by the id of the
    answer.
    """
    return _json(chat_shape(item, messages, path, quotes))


def chats_to_json(shapes: Sequence[Json]) -> str:
    """Return several chats as a JSON list. Each is an object made by `chat_shape`."""
    return _json(shapes)


def chat_shape(
    item: Item,
    messages: Sequence[Message],
    path: Sequence[Message],
    quotes: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return the object of `to_json`.

    history.imports reads it back, so a new field must be added there too.
    """
    hidden = (*_UNSENT, IMPORTED)
    settings = {key: value for key, value in item.settings.items() if key not in hidden}
    return {
        "format": OWN_FORMAT,
        "version": OWN_VERSION,
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "created": iso_time(item.created),
        "updated": iso_time(item.updated),
        "pinned": item.pinned,
        "archived": item.archived,
        "origin": origin_of(item),
        "settings": settings,
        "shown": [message.id for message in path],
        "messages": [_message(message) for message in messages],
        "quotes": dict(quotes or {}),
    }


def _json(shape: Json) -> str:
    return json.dumps(shape, ensure_ascii=False, indent=2) + "\n"


def _message(message: Message) -> dict[str, Json]:
    error: dict[str, Json] | None = None
    if message.error_code:
        error = {"code": message.error_code, "args": dict(message.error_args)}
    return {
        "id": message.id,
        "parent": message.parent,
        "role": str(message.role),
        "text": message.words,
        "parts": [json_of(part) for part in message.parts],
        "status": str(message.status),
        "created": iso_time(message.created),
        "model": message.model_name,
        "model_sha256": message.model_sha256,
        "preset": message.preset,
        "prompt_version": message.prompt_version,
        "thought": message.thought,
        "thought_seconds": message.thought_seconds,
        "original": message.original,
        "sampling": dict(message.sampling),
        "seed": message.seed,
        "tokens": {
            "in": message.tokens_in,
            "out": message.tokens_out,
            "reused": message.tokens_reused,
        },
        "seconds": message.seconds,
        "finish_reason": message.finish_reason,
        "error": error,
    }


def _speaker(message: Message) -> str:
    name = _heading(name_of_speaker(message))
    if message.original is not None and message.role not in (Role.USER, Role.SYSTEM):
        name += _(phrases.EDITED_BY_YOU)
    return name


def _heading(text: str) -> str:
    """Return a text as one line, with its Markdown characters escaped."""
    words = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(words.split())
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", line)


def chat_paper(subject: Item, path: Sequence[Message]) -> Paper:
    pieces = tuple(_chat(subject, path))
    return Paper(_title(subject), pieces, _about(subject), model=models_of(path))


def models_of(path: Sequence[Message]) -> str:
    """Return the names of the models that wrote messages."""
    names = dict[str, None]()
    for message in path:
        if message.role is Role.ASSISTANT and message.words.strip():
            names[_model_of(message)] = None
    return ", ".join(names)


def _model_of(message: Message) -> str:
    return message.model_name or _(phrases.MODEL)


def chats_paper(title: str, chats: Sequence[Shown]) -> Paper:
    contents = [heading(_(phrases.CONTENTS))]
    pieces = list[Piece]()
    messages = list[Message]()
    for number, (subject, path) in enumerate(chats, start=1):
        contents.append(item(_title(subject), mark=f"{number}."))
        pieces += [
            Piece(PieceKind.RULE),
            heading(_title(subject)),
            small(_about(subject)),
            *_chat(subject, path),
        ]
        messages += path
    model = models_of(messages)
    return Paper(title, (*contents, *pieces), _(phrases.EXPORTED), model=model)


def _chat(subject: Item, path: Sequence[Message]) -> Iterator[Piece]:
    for name, words in opening_of(subject):
        yield heading(name, 3)
        yield from map(_framed, _lines(words))
    for message in path:
        yield from _pieces_of(message)


def _framed(piece: Piece) -> Piece:
    """Return words of a message, with headings below those of the speakers."""
    level = piece.level
    if piece.kind is PieceKind.HEADING:
        level += 2
    return changed(piece, said=True, level=level)


def _about(subject: Item) -> str:
    origin = origin_of(subject)
    day = day_words(subject.created)
    if origin is None:
        return _(phrases.CHAT_OF).format(day=day)
    return _(phrases.CHAT_IMPORTED).format(day=day, program=origin["program"])


def _pieces_of(message: Message) -> Iterator[Piece]:
    yield heading(name_of_speaker(message), 3)
    yield small(phrases.zoned_moment_words(message.created))
    if message.role is Role.ASSISTANT:
        pieces = pieces_of(message.words)
    else:
        pieces = _lines(message.words)
    yield from map(_framed, pieces)
    yield from map(small, attached_lines(message))
    if message.status in CUT:
        yield small(f"({_(CUT[message.status])})")
    warning = check_words(marks_of(message))
    if warning:
        yield small(warning)


def _lines(words: str) -> list[Piece]:
    parts = words.split("\n\n")
    return [paragraph(part.strip("\n")) for part in parts if part.strip()]


def name_of_speaker(message: Message) -> str:
    if message.role is Role.USER:
        return _(phrases.YOU)
    if message.role is Role.SYSTEM:
        return _(phrases.INSTRUCTIONS)
    return _(phrases.BY_MODEL).format(name=_model_of(message))


def _title(subject: Item) -> str:
    return " ".join(subject.shown_title.split()) or _(phrases.UNTITLED)
