"""Converts dataclasses to and from the objects on the pipe.  Input is untrusted: wrong shapes raise KnownError."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from slmdesk.core.errors import KnownError
from slmdesk.core.types import THINKING, Answer, ChatMessage, Json, LoadedModel, LoadSpec, Sampling

T = TypeVar("T")

MAX_FLOAT = 1e300
_EXACT = frozenset((str, int, bool))
_SAMPLING_LIMITS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 100),
    "top_k": (-1, 1 << 20),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "typical_p": (0, 1),
    "repeat_penalty": (0.01, 100),
    "frequency_penalty": (-100, 100),
    "presence_penalty": (-100, 100),
    "penalty_last_n": (-1, 1 << 20),
    "dry_multiplier": (0, 100),
    "dry_base": (1, 100),
    "dry_allowed_length": (0, 1 << 20),
    "xtc_probability": (0, 1),
    "xtc_threshold": (0, 1),
    "thought_tokens": (0, 1 << 20),
    "thought_seconds": (0, 1 << 20),
}
_MOST_BIAS = 1e9
_MOST_TOKEN = (1 << 31) - 1


def to_json(value: object) -> dict[str, Json]:
    """The fields of a dataclass as a plain object: enums become strings, tuples lists, nested dataclasses objects."""
    shape = _plain(value)
    assert isinstance(shape, dict)
    return shape


def picked(value: object, *names: str) -> dict[str, Any]:
    """Return these fields of a value, plain ones, under their own names."""
    return {name: getattr(value, name) for name in names}


def loaded_model_from(untrusted: object) -> LoadedModel:
    """Parse the result of a finished load.  Raises KnownError `request.invalid`."""
    return dataclass_from(LoadedModel, untrusted)


def answer_from(untrusted: object) -> Answer:
    """Parse the result of a finished answer.  Raises KnownError `request.invalid`, also for probabilities of text that
    is not in it.
    """
    answer = dataclass_from(Answer, untrusted)
    length = len(answer.text)
    if not all(0 <= begin < end <= length and 0 <= p <= 1 for begin, end, p in answer.probabilities):
        raise KnownError("request.invalid", what="Answer.probabilities")
    return answer


def sampling_from(untrusted: object) -> Sampling:
    """Parse sampling values; an empty object means all defaults.  Raises KnownError `request.invalid`, also for numbers
    that no library should be given.
    """
    if untrusted is None:
        return Sampling()
    sampling = dataclass_from(Sampling, untrusted)
    for name, (least, most) in _SAMPLING_LIMITS.items():
        value = getattr(sampling, name)
        if value is not None and not least <= value <= most:
            raise KnownError("request.invalid", what=name)
    if any(not 0 <= token <= _MOST_TOKEN or abs(bias) > _MOST_BIAS for token, bias in sampling.logit_bias):
        raise KnownError("request.invalid", what="logit_bias")
    if any(not words or abs(bias) > _MOST_BIAS for words, bias in sampling.word_bias):
        raise KnownError("request.invalid", what="word_bias")
    if sampling.thinking not in THINKING:
        raise KnownError("request.invalid", what="thinking")
    return sampling


def load_spec_from(untrusted: object) -> LoadSpec:
    """Parse a LoadSpec.  Raises KnownError `request.invalid`."""
    return dataclass_from(LoadSpec, untrusted)


def messages_from(untrusted: object) -> tuple[ChatMessage, ...]:
    """Parse the turns of a chat.  Raises KnownError `request.invalid`."""
    if not isinstance(untrusted, Sequence) or isinstance(untrusted, str):
        raise KnownError("request.invalid", what="messages")
    return tuple(dataclass_from(ChatMessage, one) for one in untrusted)


def messages_to_json(messages: Sequence[ChatMessage]) -> list[Json]:
    """The turns of a chat as the `chat` task expects them."""
    return [to_json(message) for message in messages]


def stored_from(cls: type[T], untrusted: object) -> T | None:
    """Build a dataclass from what was stored; None where nothing was, or it is invalid or of a newer program."""
    try:
        return dataclass_from(cls, untrusted) if untrusted else None
    except KnownError:
        return None


def dataclass_from(cls: type[T], untrusted: object) -> T:
    """Build a dataclass from an object; unknown fields are dropped.

    Wrong types and missing fields raise KnownError `request.invalid`.
    """
    if not isinstance(untrusted, Mapping):
        raise KnownError("request.invalid", what=cls.__name__)
    kinds = _kinds(cls)  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for one in _fields(cls):  # type: ignore[arg-type]
        if one.name in untrusted:
            kind, value = kinds[one.name], untrusted[one.name]
            if type(value) is kind and kind in _EXACT:  # the most common case: 100,000 times in a long document
                values[one.name] = value
            else:
                values[one.name] = _checked(kind, value, f"{cls.__name__}.{one.name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise KnownError("request.invalid", what=f"{cls.__name__}.{one.name}")
    return cls(**values)


def lenient_from(cls: type[T], untrusted: object, **instead: Any) -> T:
    """Build a dataclass from what was stored: what is missing, unknown or of another type gets its default.

    `instead`: values in place of the defaults, needed for fields without one.
    """
    kinds = _kinds(cls)  # type: ignore[arg-type]
    for one in _fields(cls):  # type: ignore[arg-type]
        if isinstance(untrusted, Mapping) and one.name in untrusted:
            with suppress(KnownError):
                instead[one.name] = _checked(kinds[one.name], untrusted[one.name], one.name)
    return cls(**instead)


@cache
def _fields(cls: Any) -> tuple[Field[Any], ...]:
    return fields(cls)


@cache
def _kinds(cls: Any) -> Mapping[str, Any]:
    return get_type_hints(cls)


def _plain(value: Any) -> Json:
    if type(value) in _EXACT:
        return cast("Json", value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in _fields(type(value))}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    assert value is None or isinstance(value, bool | int | float | str), type(value)
    return value


def _checked(kind: Any, value: Any, what: str) -> Any:
    """`value`, checked to be of `kind`, one of the few kinds our dataclasses use."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in get_args(kind):
            return None
        *others, last = (one for one in get_args(kind) if one is not type(None))
        for one in others:
            with suppress(KnownError):
                return _checked(one, value, what)
        return _checked(last, value, what)
    if origin is tuple:
        return _checked_tuple(get_args(kind), value, what)
    if is_dataclass(kind) and isinstance(kind, type):
        return dataclass_from(kind, value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if isinstance(value, str):
            with suppress(ValueError):  # not one of its values, nor a former name of one
                return kind(value)
    elif kind is float:
        # the comparison is false for what is no number, too
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_FLOAT:
            return float(value)
    elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise KnownError("request.invalid", what=what)


def _checked_tuple(inner: tuple[Any, ...], value: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise KnownError("request.invalid", what=what)
    if inner[-1] is Ellipsis:
        return tuple(_checked(inner[0], one, what) for one in value)
    if len(inner) != len(value):
        raise KnownError("request.invalid", what=what)
    return tuple(_checked(kind, one, what) for kind, one in zip(inner, value, strict=True))
