"""The protocol between app and child processes (JSON lines over pipes), and how records are read from JSON objects."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from typing import Any, Protocol, TypeAlias, TypeVar, get_type_hints

import msgspec

from slmdesk.base.errors import KnownError, SlmdeskError
from slmdesk.base.record import Record, changed, converted, field, to_json
from slmdesk.base.types import Answer, ChatMessage, Json, Priority, Sampling

T = TypeVar("T")


def picked(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def answer_from(untrusted: object) -> Answer:
    """Parse the result of a finished answer. Raises KnownError `request.invalid`, also for probabilities of text that
    is not in the answer.
    """
    answer = record_from(Answer, untrusted)
    length = len(answer.text)
    if not all(0 <= begin < end <= length and 0 <= p <= 1 for begin, end, p in answer.probabilities):
        raise KnownError("request.invalid", what="Answer.probabilities")
    return answer


def sampling_from(untrusted: object) -> Sampling:
    """Parse sampling values. An empty object means all defaults. Raises KnownError `request.invalid`, also for numbers
    that are not safe to give to a library.
    """
    return Sampling() if untrusted is None else record_from(Sampling, untrusted)


def messages_from(untrusted: object) -> tuple[ChatMessage, ...]:
    """Parse the messages of a chat. Raises KnownError `request.invalid`."""
    if not isinstance(untrusted, Sequence) or isinstance(untrusted, str):
        raise KnownError("request.invalid", what="messages")
    return tuple(record_from(ChatMessage, message) for message in untrusted)


def messages_to_json(messages: Sequence[ChatMessage], *, with_pixels: bool = False) -> list[Json]:
    """`with_pixels`: pictures with their data, to be looked at; else they are only named and counted."""
    if not with_pixels:
        bare = [tuple(changed(picture, data="") for picture in message.pictures) for message in messages]
        messages = [changed(message, pictures=of) for message, of in zip(messages, bare, strict=True)]
    shapes = (to_json(message) for message in messages)
    return [{name: value for name, value in shape.items() if value or name != "pictures"} for shape in shapes]


def stored_from(cls: type[T], untrusted: object) -> T | None:
    """Read a record or value from stored JSON. Returns None if it is missing, invalid or of a newer program."""
    if type(untrusted) is cls or untrusted is None:
        return untrusted
    try:
        return record_from(cls, untrusted)
    except KnownError:
        return None


def stored_list(cls: type[T], untrusted: object) -> list[T]:
    """Read a list element by element. Invalid elements are left out."""
    with suppress(KnownError):  # usually all are valid and can be read at once
        return record_from(list[cls], untrusted) if untrusted else []  # type: ignore[valid-type]
    records = (stored_from(cls, value) for value in stored_from(list, untrusted) or ())
    return [record for record in records if record is not None]


def stored_dict(cls: type[T], untrusted: object) -> dict[str, T]:
    """Read a dictionary value by value. Invalid values are left out."""
    with suppress(KnownError):
        return record_from(dict[str, cls], untrusted) if untrusted else {}  # type: ignore[valid-type]
    records = ((name, stored_from(cls, kept)) for name, kept in (stored_from(dict, untrusted) or {}).items())
    return {str(name): record for name, record in records if record is not None}


def record_from(cls: type[T], untrusted: object) -> T:
    """Read a record from an object, or a value of another type. Unknown fields are dropped.

    Wrong types and missing fields raise KnownError `request.invalid`.
    """
    try:
        return converted(untrusted, cls)
    except (msgspec.ValidationError, ValueError, RecursionError) as err:  # ValueError: a lone surrogate in an enum
        _, path, where = str(err).rpartition("`$")
        raise KnownError("request.invalid", what=cls.__name__ + (where.rstrip("`") if path else "")) from err


def lenient_from(cls: type[T], untrusted: object, **instead: Any) -> T:
    """Read a record from stored JSON. Fields that are missing, unknown or of another type get their defaults.

    `instead` holds values to use instead of the defaults. It is needed for fields without a default.
    """
    for name, kind in _kinds(cls).items():  # type: ignore[arg-type]
        if isinstance(untrusted, Mapping) and name in untrusted:
            with suppress(msgspec.ValidationError, ValueError, RecursionError):
                instead[name] = converted(untrusted[name], kind)
    return cls(**instead)


@cache
def _kinds(cls: Any) -> Mapping[str, Any]:
    return get_type_hints(cls, include_extras=True)


# The protocol between the app and its children. JSON lines over pipes: each message is a line, UTF-8, at most
# MAX_LINE_BYTES in both directions. A longer message travels as numbered `part` lines, each carrying a slice of its
# JSON text, and is reassembled by `Decoder`. Received lines are untrusted: unknown fields are dropped, wrong types
# raise ProtocolBroken.


VERSION = 1
MAX_LINE_BYTES = 1 << 20
MOST_LETTERS = 64 << 20
"""Most text of a document, over all its pages.  A book has 2 million letters."""
MAX_MESSAGE_BYTES = 64 << 20
PART_CHARACTERS = 150_000
"""Characters of JSON text in one part of a long message. A part stays under MAX_LINE_BYTES even if each character is
escaped to six bytes.
"""
PIECE_BYTES = 384 << 10
"""Bytes of a file in one line. Base64 adds a third."""
MAX_OPEN_MESSAGES = 16
MOST_VALUES = 4 << 20
"""In a message of several parts: a short line of JSON can become very many objects."""


class ProtocolBroken(SlmdeskError): ...


class Start(Record):
    job: str
    kind: str
    payload: Mapping[str, Json]
    priority: str = Priority.INTERACTIVE


class Step(Record):
    job: str
    key: str
    payload: Mapping[str, Json]


class EndOfSteps(Record):
    job: str


class Cancel(Record):
    """Asks the child to end a job soon."""

    job: str


class Load(Record):
    """Asks the child to load a model (a LoadSpec as an object). A job with progress; its Done has the LoadedModel."""

    job: str
    spec: Mapping[str, Json]


class Unload(Record):
    job: str
    handle: str


class CountTokens(Record):
    """Asks the child to count many texts' tokens. Without a handle, only the vocabulary of file `path` is loaded."""

    job: str
    texts: tuple[str, ...]
    handle: str = ""
    path: str = ""


class Shutdown(Record): ...


class Hello(Record):
    version: int
    role: str
    capabilities: tuple[str, ...]
    pid: int


class Heartbeat(Record):
    """Sign of life, sent once a second. `work` counts what was done: while it stays the same, nothing moves. `busy`
    says whether anything should.
    """

    work: int
    busy: bool
    in_template: bool = False


class Token(Record):
    """A piece of an answer. It contains complete characters only."""

    job: str
    text: str
    key: str = ""
    is_thought: bool = False


class Progress(Record):
    job: str
    done: int
    total: int
    unit: str
    key: str = ""


class Partial(Record):
    job: str
    key: str
    value: Mapping[str, Json]


class Done(Record):
    job: str
    result: Mapping[str, Json] = field(default_factory=dict)


class Failed(Record):
    job: str
    code: str
    args: Mapping[str, Json] = field(default_factory=dict)


class Cancelled(Record):
    """Says that the job was cancelled and has released everything."""

    job: str


class Rejected(Record):
    """Says that a line from the app was not understood."""

    reason: str


ToChild: TypeAlias = Start | Step | EndOfSteps | Cancel | Load | Unload | CountTokens | Shutdown
FromChild: TypeAlias = Hello | Heartbeat | Token | Progress | Partial | Done | Failed | Cancelled | Rejected

_TO_CHILD: Mapping[str, type[Any]] = {
    "start": Start, "step": Step, "end_of_steps": EndOfSteps, "cancel": Cancel, "load": Load, "unload": Unload,
    "count_tokens": CountTokens, "shutdown": Shutdown,
}  # fmt: skip
_FROM_CHILD: Mapping[str, type[Any]] = {
    "hello": Hello, "heartbeat": Heartbeat, "token": Token, "progress": Progress,
    "partial": Partial, "done": Done, "failed": Failed, "cancelled": Cancelled, "rejected": Rejected,
}  # fmt: skip
_NAMES: Mapping[type[Any], str] = {cls: name for table in (_TO_CHILD, _FROM_CHILD) for name, cls in table.items()}

_part_ids = count(1)


def encode(message: ToChild | FromChild) -> Iterator[bytes]:
    """Encode a message as lines, each with its newline. Lone surrogates are kept as JSON escapes."""
    shape = {"type": _NAMES[type(message)]} | msgspec.structs.asdict(message)
    text = json.dumps(shape, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    line = _line(text)
    if len(line) <= MAX_LINE_BYTES:
        yield line
        return
    ident = next(_part_ids)
    slices = [text[at : at + PART_CHARACTERS] for at in range(0, len(text), PART_CHARACTERS)]
    for index, piece in enumerate(slices):
        part = {"type": "part", "id": ident, "index": index, "of": len(slices), "data": piece}
        yield _line(json.dumps(part, ensure_ascii=False, separators=(",", ":")))


def in_pieces(data: bytes | memoryview) -> Iterator[str]:
    """Yield a file as base64, in pieces of which each fits in a line."""
    for at in range(0, len(data), PIECE_BYTES):
        yield base64.b64encode(data[at : at + PIECE_BYTES]).decode("ascii")


def _line(text: str) -> bytes:
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # a lone surrogate, from a file name or a hostile text: escape it, keep the line UTF-8
        return json.dumps(json.loads(text), separators=(",", ":")).encode("ascii") + b"\n"


class Decoder:
    """Decodes untrusted lines to messages of one direction. It collects a long message's parts until it is complete."""

    def __init__(self, table: Mapping[str, type[Any]]) -> None:
        self._table = table
        self._open: dict[int, list[str]] = {}
        self._open_bytes = 0
        self.size = 0
        """Bytes of the last message."""

    def decode(self, untrusted_line: bytes) -> Any | None:
        """Return the message of a line, or None while more parts are expected. Raises ProtocolBroken."""
        shape = _parse(untrusted_line)
        if shape.get("type") == "part":
            whole = self._gather(shape)
            if whole is None:
                return None
            if sum(map(whole.count, "[{,")) > MOST_VALUES:
                raise ProtocolBroken("too many values")
            untrusted_line = whole.encode("utf-8", "surrogatepass")
            shape = _parse(untrusted_line)
        self.size = len(untrusted_line)
        return self._build(shape)

    def _build(self, shape: Mapping[str, Any]) -> Any:
        name = shape.get("type")
        cls = self._table.get(name) if isinstance(name, str) else None
        if cls is None:
            raise ProtocolBroken("unknown type")
        try:
            return converted(shape, cls)
        except (msgspec.ValidationError, RecursionError) as err:
            raise ProtocolBroken(f"{name}: {err}") from err

    def _gather(self, shape: Mapping[str, Any]) -> str | None:
        ident, index, of, data = (shape.get(key) for key in ("id", "index", "of", "data"))
        if not (isinstance(ident, int) and isinstance(index, int) and isinstance(of, int) and isinstance(data, str)):
            raise ProtocolBroken("part has the wrong shape")
        pieces = self._open.setdefault(ident, [])
        self._open_bytes += len(data)
        fits = len(self._open) <= MAX_OPEN_MESSAGES and self._open_bytes <= MAX_MESSAGE_BYTES
        if index != len(pieces) or not fits:
            self._forget(ident, len(data))
            raise ProtocolBroken("parts out of order or too many")
        pieces.append(data)
        if len(pieces) < of:
            return None
        self._forget(ident, 0)
        return "".join(pieces)

    def _forget(self, ident: int, extra: int) -> None:
        self._open_bytes -= extra + sum(map(len, self._open.pop(ident, [])))


def decoder_of_child() -> Decoder:
    """Return the decoder that a child uses, for messages of the app."""
    return Decoder(_TO_CHILD)


def decoder_of_instance() -> Decoder:
    """Return the decoder that the app uses, for messages of a child."""
    return Decoder(_FROM_CHILD)


def _parse(untrusted: bytes) -> dict[str, Any]:
    try:
        shape = json.loads(untrusted.decode("utf-8", "surrogatepass"))
    except (UnicodeDecodeError, ValueError, RecursionError) as err:
        raise ProtocolBroken("not JSON") from err
    if not isinstance(shape, dict):
        raise ProtocolBroken("not an object")
    return shape


def lines_of(stream: _Readable, limit: int = MAX_LINE_BYTES) -> Iterable[bytes | None]:
    """Yield a binary stream's lines without newline. A line longer than `limit` is skipped and yields None."""
    skipping = False
    while True:
        line = stream.readline(limit + 1)
        if not line:
            return
        ended = line.endswith(b"\n")
        if skipping:
            skipping = not ended
            continue
        if not ended and len(line) > limit:
            skipping = True
            yield None
            continue
        yield line.rstrip(b"\r\n")


class _Readable(Protocol):
    def readline(self, limit: int = ..., /) -> bytes: ...
