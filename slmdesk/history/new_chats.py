"""Makes chats for the store of what an import has read: from other programs, and from our own JSON export.

Everything in it is untrusted.  Ids are given anew.  Pure functions but for those ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from slmdesk.base.attached import AttachmentPart
from slmdesk.base.chat_import import IMPORTED, OWN_PROGRAM, OWN_VERSION, ForeignChat, ForeignMessage
from slmdesk.base.errors import CODES, KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.base.wire import record_from, stored_dict, stored_from
from slmdesk.chat.context_window import WINDOW, copied_window
from slmdesk.chat.conversation import NEW_CHAT, title_from
from slmdesk.chat.options import options_from
from slmdesk.chat.quote import Quoted
from slmdesk.chat.service import KIND
from slmdesk.store import new_id

MOST_TITLE = 200
_LATEST = 1e10


class NewChat(Record):
    item: Item
    messages: tuple[Message, ...]
    quotes: Mapping[str, Json]
    """Verified quotations, by the id of their answer."""
    sum: str
    """The same for the same chat of the same program, whatever its title."""

    @property
    def documents(self) -> tuple[str, ...]:
        parts = (part.attached for one in self.messages for part in one.attachments if not part.attached.is_gone)
        return tuple(dict.fromkeys(one.document for one in parts if one.document))


def sum_of(program: str, id: str, messages: Sequence[Message]) -> str:
    """A checksum of what a chat says, without dates and ids of its messages."""
    places = {one.id: at for at, one in enumerate(messages)}
    rows = [
        [places.get(one.parent or ""), str(one.role), one.words, one.thought, one.original, len(one.attachments)]
        for one in messages
    ]
    return hashlib.sha256(json.dumps([program, id, rows]).encode()).hexdigest()


# ---- other programs


def chat_of_foreign(found: ForeignChat, now: float) -> NewChat:
    """Make a chat of one of another program; times that are not known are those of what stands before."""
    ids = {one.id: new_id() for one in found.messages}
    times = [one.created for one in found.messages if one.created is not None]
    created = min(found.created if found.created is not None else min(times, default=now), now)
    updated = found.updated if found.updated is not None else max(times, default=created)
    messages: list[Message] = []
    at = created
    for number, one in enumerate(found.messages):
        at = one.created if one.created is not None else at
        messages.append(_foreign_message(one, found.program, ids, number, min(at, now)))
    first = next((one.words for one in messages if one.role is Role.USER), "")
    sum = sum_of(found.program, found.id, messages)
    mark: dict[str, Json] = {"program": found.program, "id": found.id[:200], "sum": sum, "time": now}
    settings: dict[str, Json] = {IMPORTED: mark}
    if found.system.strip():
        settings["system"] = found.system
    if found.leaf in ids:
        settings["leaf"] = ids[found.leaf]
    item = _item(title_from(found.title or first), created, min(max(updated, created), now), settings)
    return NewChat(item, tuple(messages), {}, sum)


def _item(
    title: str,
    created: float,
    updated: float,
    settings: Mapping[str, Json],
    *,
    pinned: bool = False,
    archived: bool = False,
) -> Item:
    return Item(
        n=0, id=new_id(), kind=KIND, title=title, folder=None, pinned=pinned, created=created, updated=updated,
        deleted_at=None, revision=0, settings=settings, archived=archived,
    )  # fmt: skip


def _foreign_message(one: ForeignMessage, program: str, ids: Mapping[str, str], number: int, created: float) -> Message:
    is_answer = one.role == Role.ASSISTANT
    return Message(
        n=number, id=ids[one.id], item="", parent=ids.get(one.parent or ""),
        role=Role.ASSISTANT if is_answer else Role.USER,
        parts=() if is_answer else (TextPart(one.text, Origin.PERSON),),
        text=one.text if is_answer else "",
        status=Status(one.status) if is_answer and one.status in _ENDS else Status.COMPLETE,
        owner=None, model_sha256=None, model_name=clean_label(one.model, MOST_TITLE) or None, preset=None,
        sampling={IMPORTED: program}, seed=None, tokens_in=one.tokens_in, tokens_out=one.tokens_out,
        tokens_reused=None, seconds=one.seconds, finish_reason=one.finish_reason or None, prompt_version=None,
        error_code=None, error_args={}, created=created, revision=0, thought=one.thought,
        thought_seconds=one.thought_seconds,
    )  # fmt: skip


_ENDS = (Status.CANCELLED, Status.INTERRUPTED)


# ---- our own


class _Exported(Record):
    id: str
    parent: str | None
    role: Role
    text: str
    status: Status
    created: str
    model: str | None = None
    model_sha256: str | None = None
    preset: str | None = None
    prompt_version: str | None = None
    thought: str = ""
    thought_seconds: Number | None = None
    original: str | None = None
    seconds: Number | None = None
    finish_reason: str | None = None


def chat_of_own(untrusted: Mapping[str, Json], now: float, is_here: Callable[[str, str], bool]) -> NewChat:
    """Make a chat of what `exports.chats.chat_shape` wrote; it says the same then, but for ids.

    `is_here`: whether a document is here, by id and sha256; of the others the text that was sent is kept.  Raises
    KnownError `request.invalid` for anything that no export holds, `chats.unreadable` for one of a newer version.
    """
    version = untrusted.get("version")
    if isinstance(version, int) and version > OWN_VERSION:
        raise KnownError("chats.unreadable", path="", reason="a newer version of slmdesk wrote it")
    shapes = untrusted.get("messages")
    if untrusted.get("kind") != KIND or not isinstance(shapes, list):
        raise KnownError("request.invalid", what="no chat")
    exported = [record_from(_Exported, one) for one in shapes]
    ids = {one.id: new_id() for one in exported}
    messages = tuple(
        _own_message(one, shape, ids, number, now, is_here)
        for number, (one, shape) in enumerate(zip(exported, shapes, strict=True))
    )
    id = untrusted.get("id")
    sum = sum_of(OWN_PROGRAM, stored_from(str, id) or "", messages)
    mark: dict[str, Json] = {"program": OWN_PROGRAM, "id": str(id)[:200], "sum": sum, "time": now}
    if origin := _origin(untrusted.get("origin")):
        mark["origin"] = origin
    created = min(_time(untrusted.get("created"), now), now)
    updated = min(max(_time(untrusted.get("updated"), now), created), now)
    item = _item(
        clean_label(stored_from(str, untrusted.get("title")) or "", MOST_TITLE) or NEW_CHAT,
        created,
        updated,
        {**_settings(stored_from(dict, untrusted.get("settings")) or {}, ids), IMPORTED: mark},
        pinned=untrusted.get("pinned") is True,
        archived=untrusted.get("archived") is True,
    )
    quotes: dict[str, Json] = {
        ids[id]: [to_json(one) for one in quoted]
        for id, quoted in stored_dict(tuple[Quoted, ...], untrusted.get("quotes")).items()
        if id in ids
    }
    return NewChat(item, messages, quotes, sum)


def _settings(untrusted: Mapping[str, Json], ids: Mapping[str, str]) -> dict[str, Json]:
    settings: dict[str, Json] = {**options_from(untrusted).settings, **copied_window(untrusted, ids)}
    settings["leaf"] = ids.get(stored_from(str, untrusted.get("leaf")) or "")
    return {key: value for key, value in settings.items() if value}


def _own_message(
    one: _Exported,
    untrusted: Mapping[str, Json],
    ids: Mapping[str, str],
    number: int,
    now: float,
    is_here: Callable[[str, str], bool],
) -> Message:
    parts = tuple(_part(shape, is_here) for shape in stored_from(list, untrusted.get("parts")) or ())
    said = "".join(part.text for part in parts if not isinstance(part, AttachmentPart))
    error, tokens, sampling = (stored_from(dict, untrusted.get(key)) or {} for key in ("error", "tokens", "sampling"))
    code = stored_from(str, error.get("code"))
    is_known = code in CODES
    if (window := stored_from(dict, sampling.get(WINDOW))) is not None:
        copied = {key: value for key, value in copied_window(window, ids).items() if value is not None}
        sampling = {**sampling, WINDOW: copied}
    status = one.status
    if status is Status.STREAMING or (status is Status.FAILED and not is_known):
        status = Status.INTERRUPTED
    return Message(
        n=number, id=ids[one.id], item="", parent=ids.get(one.parent or ""), role=one.role, parts=parts,
        text="" if said == one.text else one.text, status=status, owner=None, model_sha256=one.model_sha256,
        model_name=one.model, preset=one.preset, sampling=sampling, seed=_whole(untrusted.get("seed")),
        tokens_in=_whole(tokens.get("in")), tokens_out=_whole(tokens.get("out")),
        tokens_reused=_whole(tokens.get("reused")), seconds=one.seconds, finish_reason=one.finish_reason,
        prompt_version=one.prompt_version, error_code=code if is_known else None,
        error_args=_args(error.get("args")) if is_known else {}, created=min(_time(one.created, now), now),
        revision=0, thought=one.thought, thought_seconds=one.thought_seconds, original=one.original,
    )  # fmt: skip


def _part(untrusted: object, is_here: Callable[[str, str], bool]) -> TextPart:
    if "attached" not in (stored_from(dict, untrusted) or {}):
        return record_from(TextPart, untrusted)
    part = record_from(AttachmentPart, untrusted)
    about = part.attached
    is_gone = (bool(about.document) and not is_here(about.document, about.sha256)) or about.is_folder
    return changed(part, attached=changed(about, is_gone=True)) if is_gone else part


def _origin(untrusted: object) -> dict[str, Json]:
    shape = stored_from(dict, untrusted) or {}
    program, id = (stored_from(str, shape.get(key)) for key in ("program", "id"))
    if not program or id is None:
        return {}
    found: dict[str, Json] = {"program": clean_label(program, 60), "id": id[:200]}
    return {**found, "time": _time(shape.get("imported"), 0.0)}


def _whole(untrusted: object) -> int | None:
    """A number that the database can hold."""
    number = stored_from(int, untrusted)
    return None if number is None or abs(number) >= 1 << 62 else number


def _args(untrusted: object) -> dict[str, Json]:
    found = (stored_from(dict, untrusted) or {}).items()
    return {key: value[:500] if isinstance(value, str) else value for key, value in found if _is_plain(value)}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _time(untrusted: object, otherwise: float) -> float:
    try:
        when = datetime.fromisoformat(str(untrusted).replace("Z", "+00:00"))
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return otherwise
    return seconds if 0 <= seconds < _LATEST else otherwise
