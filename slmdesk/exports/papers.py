"""Build the content of exports: chats (also as JSON), questions about documents."""

from __future__ import annotations

import json
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
from slmdesk.base.texts import _
from slmdesk.base.types import Json, Role, used_words
from slmdesk.claims.types import check_words, marks_of
from slmdesk.exports import phrases
from slmdesk.exports.writers import framed, harmless_markdown, pieces_of

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
    attached = [attachment.attached for attachment in message.attachments]
    return [_(phrases.ATTACHED).format(name=" ".join(about.name.split()), used=used_words(about)) for about in attached]


def opening_of(item: Item) -> list[tuple[str, str]]:
    """Return the texts before the messages of a chat, each with its heading: instructions, and notes that the model
    reads instead of the earlier part.
    """
    notes = item.settings.get("earlier_notes")
    sections = ((phrases.INSTRUCTIONS, item.settings.get("system")), (phrases.EARLIER_NOTES, notes))
    return [(_(name), words) for name, words in sections if isinstance(words, str) and words.strip()]


def origin_of(item: Item) -> dict[str, Json] | None:
    """Return the program that a chat was imported from, its id there, and when. None for a chat written here."""
    origin = item.settings.get(IMPORTED)
    if isinstance(origin, Mapping) and origin.get("program") == OWN_PROGRAM:
        origin = origin.get("origin")
    if not isinstance(origin, Mapping):
        return None
    time = origin.get("time")
    when = iso_time(time) if isinstance(time, int | float) else None
    return {"program": str(origin.get("program", "")), "id": str(origin.get("id", "")), "imported": when}


def to_markdown(item: Item, path: Sequence[Message], *, level: int = 1, line: str = "") -> str:
    """Return the active branch as a Markdown document: who said what, when, and which messages are incomplete. `level`
    is the level of its heading, `line` a line of ours below it.

    What was said is quoted: only we name speakers. Other versions of an answer are only in the JSON export.
    """
    blocks = [f"{'#' * level} {_heading(item.shown_title)}", *([f"*{_heading(line)}*"] if line else ())]
    if origin := origin_of(item):
        blocks.append(f"*{_(phrases.IMPORTED_FROM).format(program=_heading(str(origin['program'])))}*")
    for name, words in opening_of(item):
        blocks += [f"**{name}**", harmless_markdown(framed(words))]
    for message in path:
        blocks += _blocks_of(message)
    return "\n\n".join(blocks) + "\n"


def _blocks_of(message: Message) -> Iterator[str]:
    yield f"**{_speaker(message)}** · {phrases.moment_words(message.created)}"
    if message.words.strip():
        yield harmless_markdown(framed(message.words.strip("\n")))
    if message.attachments:
        yield "\n".join(f"- {_heading(line)}" for line in attached_lines(message))
    if message.status in CUT:
        yield f"*({_(CUT[message.status])})*"
    if words := check_words(marks_of(message)):
        yield f"*{_heading(words)}*"


def chats_to_markdown(title: str, chats: Sequence[Shown], line: str = "") -> str:
    contents = [f"{number}. {_heading(item.shown_title)}" for number, (item, _path) in enumerate(chats, start=1)]
    sections = [to_markdown(item, path, level=2) for item, path in chats]
    first = f"# {_heading(title)}\n\n" + (f"*{_heading(line)}*\n\n" if line else "")
    return "\n---\n\n".join([first + "\n".join(contents) + "\n", *sections])


def to_json(
    item: Item, messages: Sequence[Message], path: Sequence[Message], quotes: Mapping[str, Json] | None = None
) -> str:
    """Return everything the store has about a chat, except owners and revisions, as a JSON object.

    `quotes` are the verified quotations, by the id of the answer.
    """
    return _json(chat_shape(item, messages, path, quotes))


def chats_to_json(shapes: Sequence[Json]) -> str:
    """Return several chats as a JSON list. Each is an object made by `chat_shape`."""
    return _json(shapes)


def chat_shape(
    item: Item, messages: Sequence[Message], path: Sequence[Message], quotes: Mapping[str, Json] | None = None
) -> dict[str, Json]:
    """Return the object of `to_json`. history.imports reads it back, so a new field must be added there too."""
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
        "settings": {key: value for key, value in item.settings.items() if key not in (*_UNSENT, IMPORTED)},
        "shown": [message.id for message in path],
        "messages": [_message(message) for message in messages],
        "quotes": dict(quotes or {}),
    }


def _json(shape: Json) -> str:
    return json.dumps(shape, ensure_ascii=False, indent=2) + "\n"


def _message(message: Message) -> dict[str, Json]:
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
        "tokens": {"in": message.tokens_in, "out": message.tokens_out, "reused": message.tokens_reused},
        "seconds": message.seconds,
        "finish_reason": message.finish_reason,
        "error": {"code": message.error_code, "args": dict(message.error_args)} if message.error_code else None,
    }


def _speaker(message: Message) -> str:
    is_edited = message.role not in (Role.USER, Role.SYSTEM) and message.original is not None
    return _heading(name_of_speaker(message)) + (_(phrases.EDITED_BY_YOU) if is_edited else "")


def _heading(text: str) -> str:
    """Return a text as one line, with its Markdown characters escaped."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#" else letter for letter in line)


def chat_paper(subject: Item, path: Sequence[Message]) -> Paper:
    return Paper(_title(subject), tuple(_chat(subject, path)), _about(subject), model=models_of(path))


def models_of(path: Sequence[Message]) -> str:
    """Return the names of the models that wrote messages."""
    written = (message for message in path if message.role is Role.ASSISTANT and message.words.strip())
    return ", ".join(dict.fromkeys(message.model_name or _(phrases.MODEL) for message in written))


def chats_paper(title: str, chats: Sequence[Shown]) -> Paper:
    pieces = [heading(_(phrases.CONTENTS))]
    pieces += [item(_title(subject), mark=f"{number}.") for number, (subject, _path) in enumerate(chats, start=1)]
    for subject, path in chats:
        pieces += [Piece(PieceKind.RULE), heading(_title(subject)), small(_about(subject)), *_chat(subject, path)]
    model = models_of([message for _item, path in chats for message in path])
    return Paper(title, tuple(pieces), _(phrases.EXPORTED), model=model)


def _chat(subject: Item, path: Sequence[Message]) -> list[Piece]:
    opening = [piece for name, words in opening_of(subject) for piece in (heading(name, 3), *_frame(_lines(words)))]
    return [*opening, *(piece for message in path for piece in _said(message))]


def _frame(pieces: Sequence[Piece]) -> list[Piece]:
    """Mark words of a message, with their headings below those of the speakers."""
    return [
        changed(piece, said=True, level=piece.level + 2 if piece.kind is PieceKind.HEADING else piece.level)
        for piece in pieces
    ]


def _about(subject: Item) -> str:
    origin = origin_of(subject)
    day = phrases.day_words(subject.created)
    words = _(phrases.CHAT_IMPORTED) if origin else _(phrases.CHAT_OF)
    return words.format(day=day, program=origin["program"] if origin else "")


def _said(message: Message) -> list[Piece]:
    pieces = [heading(name_of_speaker(message), 3), small(phrases.moment_words(message.created))]
    pieces += _frame(pieces_of(message.words) if message.role is Role.ASSISTANT else _lines(message.words))
    pieces += [small(line) for line in attached_lines(message)]
    if message.status in CUT:
        pieces.append(small(f"({_(CUT[message.status])})"))
    if words := check_words(marks_of(message)):
        pieces.append(small(words))
    return pieces


def _lines(words: str) -> list[Piece]:
    return [paragraph(part.strip("\n")) for part in words.split("\n\n") if part.strip()]


def name_of_speaker(message: Message) -> str:
    if message.role is Role.USER:
        return _(phrases.YOU)
    if message.role is Role.SYSTEM:
        return _(phrases.INSTRUCTIONS)
    return _(phrases.BY_MODEL).format(name=message.model_name or _(phrases.MODEL))


def _title(subject: Item) -> str:
    return " ".join(subject.shown_title.split()) or _(phrases.UNTITLED)
