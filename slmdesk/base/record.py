"""Immutable records, for values that are passed between packages or stored."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol, TypeAlias, TypeVar, cast, dataclass_transform

import msgspec
from msgspec import field as field

if TYPE_CHECKING:
    # mypy checks the names and types of the fields for this function alone
    from dataclasses import replace as changed  # noqa: TID251

    Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
else:
    from msgspec.structs import replace as changed

    Json = Any

__all__ = ["Count", "Fields", "Json", "Number", "Record", "changed", "converted", "sparse", "to_json", "values_of"]

T = TypeVar("T")
_EXACT = frozenset((str, int, bool))

Number: TypeAlias = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
"""A number in a record that is read from outside. NaN is refused."""
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True):
    """Base class of immutable records: like a dataclass with frozen=True and slots=True, but fifty times as fast to
    make.

    The functions of `dataclasses` do not accept records. Use `changed` and `to_json` of this module; the names of the
    fields are in `__struct_fields__`.
    """


class Fields(Protocol):
    """What every record has. Protocols that describe records can extend it."""

    __struct_fields__: ClassVar[tuple[str, ...]]


def converted(untrusted: object, kind: type[T]) -> T:
    """The object as a record or another type.  Raises msgspec.ValidationError and what the record's own checks raise.

    msgspec 0.22 learns the fields of a record when it is first needed, and a second thread that needs it meanwhile
    reads fields that are not there yet: the process crashes.  So a type is converted by one thread alone at first.
    """
    if kind in _known_kinds:
        return msgspec.convert(untrusted, kind)
    with _first_time:
        value = msgspec.convert(untrusted, kind)
        _known_kinds.add(kind)
    return value


_known_kinds: set[object] = set()
_first_time = threading.RLock()


def to_json(record: Fields) -> dict[str, Json]:
    """Return the fields as a plain object. Enums become strings, tuples become lists, nested records become objects."""
    return {name: _plain(getattr(record, name)) for name in record.__struct_fields__}


def sparse(record: Record) -> dict[str, Json]:
    """Return what `to_json` does, without the defaults of records that are declared with `omit_defaults`."""
    return cast("dict[str, Json]", msgspec.to_builtins(record))


def values_of(record: Fields) -> dict[str, Any]:
    """Return the fields as they are, by name."""
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _plain(value: Any) -> Json:
    if type(value) in _EXACT:  # the most common case: 100,000 times in a long document
        return cast("Json", value)
    if isinstance(value, Record):
        return to_json(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    assert value is None or isinstance(value, bool | int | float | str), type(value)
    return value
