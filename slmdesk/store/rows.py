"""Rows to records: fields come from the columns of their names, read by the type of the field."""

from __future__ import annotations

import json
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, partial
from typing import Any, TypeVar

from slmdesk.base.types import Json
from slmdesk.store.database import RowLike

T = TypeVar("T")
Read = Callable[[Any], object]


def row_to(cls: Callable[..., T], row: RowLike, **given: object) -> T:
    """Build the record of a row.  Flags, enums and JSON objects are read from their columns; a field whose column
    has another name or form is `given`.  Raises ValueError, TypeError, KeyError or IndexError for other values than
    this program writes.
    """
    columns = {
        name: row[name] if read is None else read(row[name]) for name, read in _readers(cls) if name not in given
    }
    return cls(**columns, **given)


def mapping_from(text: Any) -> dict[str, Json]:
    if text == "{}":  # the most common case: 10,000 times in a long chat
        return {}
    shape = json.loads(text)
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    return shape


@cache
def _readers(cls: Any) -> tuple[tuple[str, Read | None], ...]:
    names = vars(sys.modules[cls.__module__])
    kinds = ChainMap(*(vars(each).get("__annotations__", {}) for each in cls.__mro__))
    return tuple((name, _reader_of(kinds[name], names)) for name in cls.__struct_fields__)


def _reader_of(kind: str, names: Mapping[str, object]) -> Read | None:
    """How a field of this kind is read from its column, by the annotation as it is written; None: as it is."""
    if kind == "bool":
        return bool
    if kind.startswith("Mapping["):
        return mapping_from
    enum = names.get(kind.removesuffix(" | None"))
    if not (isinstance(enum, type) and issubclass(enum, StrEnum)):
        return None
    return partial(_enum_or_none, enum) if kind.endswith(" | None") else enum


def _enum_or_none(enum: type[StrEnum], value: Any) -> StrEnum | None:
    return enum(value) if value else None
