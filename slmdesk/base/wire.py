"""Reads records from the objects on the pipe and in the store.  Input is untrusted: wrong shapes raise KnownError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.types import Answer, ChatMessage, Json, Sampling

T = TypeVar("T")


def picked(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def answer_from(untrusted: object) -> Answer:
    """Parse the result of a finished answer.  Raises KnownError `request.invalid`, also for probabilities of text that
    is not in it.
    """
    answer = record_from(Answer, untrusted)
    length = len(answer.text)
    if not all(0 <= begin < end <= length and 0 <= p <= 1 for begin, end, p in answer.probabilities):
        raise KnownError("request.invalid", what="Answer.probabilities")
    return answer


def sampling_from(untrusted: object) -> Sampling:
    """Parse sampling values; an empty object means all defaults.  Raises KnownError `request.invalid`, also for numbers
    that no library should be given.
    """
    return Sampling() if untrusted is None else record_from(Sampling, untrusted)


def messages_from(untrusted: object) -> tuple[ChatMessage, ...]:
    """Raises KnownError `request.invalid`."""
    if not isinstance(untrusted, Sequence) or isinstance(untrusted, str):
        raise KnownError("request.invalid", what="messages")
    return tuple(record_from(ChatMessage, one) for one in untrusted)


def messages_to_json(messages: Sequence[ChatMessage]) -> list[Json]:
    return [to_json(message) for message in messages]


def stored_from(cls: type[T], untrusted: object) -> T | None:
    """Read a record or value from what was stored; None where nothing was, or it is invalid or of a newer program."""
    if type(untrusted) is cls or untrusted is None:
        return untrusted
    try:
        return record_from(cls, untrusted)
    except KnownError:
        return None


def stored_list(cls: type[T], untrusted: object) -> list[T]:
    """Read a list element by element; invalid ones are left out."""
    with suppress(KnownError):  # mostly all are valid, and read at once
        return record_from(list[cls], untrusted) if untrusted else []  # type: ignore[valid-type]
    found = (stored_from(cls, one) for one in stored_from(list, untrusted) or ())
    return [one for one in found if one is not None]


def stored_dict(cls: type[T], untrusted: object) -> dict[str, T]:
    """Read a dictionary value by value; invalid ones are left out."""
    with suppress(KnownError):
        return record_from(dict[str, cls], untrusted) if untrusted else {}  # type: ignore[valid-type]
    found = ((name, stored_from(cls, one)) for name, one in (stored_from(dict, untrusted) or {}).items())
    return {str(name): one for name, one in found if one is not None}


def record_from(cls: type[T], untrusted: object) -> T:
    """Read a record from an object, or a value of another kind; unknown fields are dropped.

    Wrong types and missing fields raise KnownError `request.invalid`.
    """
    try:
        return msgspec.convert(untrusted, cls)
    except (msgspec.ValidationError, ValueError, RecursionError) as err:  # ValueError: a lone surrogate in an enum
        _, path, where = str(err).rpartition("`$")
        raise KnownError("request.invalid", what=cls.__name__ + (where.rstrip("`") if path else "")) from err


def lenient_from(cls: type[T], untrusted: object, **instead: Any) -> T:
    """Read a record from what was stored: what is missing, unknown or of another type gets its default.

    `instead`: values in place of the defaults, needed for fields without one.
    """
    for name, kind in _kinds(cls).items():  # type: ignore[arg-type]
        if isinstance(untrusted, Mapping) and name in untrusted:
            with suppress(msgspec.ValidationError, ValueError, RecursionError):
                instead[name] = msgspec.convert(untrusted[name], kind)
    return cls(**instead)


@cache
def _kinds(cls: Any) -> Mapping[str, Any]:
    return get_type_hints(cls, include_extras=True)
