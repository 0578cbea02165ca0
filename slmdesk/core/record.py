"""Immutable records: what crosses a door or is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast, dataclass_transform

import msgspec
from msgspec import field as field

if TYPE_CHECKING:
    # mypy checks the names and types of the fields for this function alone
    from dataclasses import replace as changed  # noqa: TID251

    from slmdesk.core.types import Json
else:
    from msgspec.structs import replace as changed

__all__ = ["Number", "Record", "changed", "field", "to_json"]

Number: TypeAlias = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
"""In a record that is read from outside; NaN is none."""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True):
    """What a dataclass with frozen=True and slots=True is, made fifty times as fast.

    The functions of `dataclasses` refuse it: `changed` and `to_json` are here, its names are in `__struct_fields__`.
    """


def to_json(record: object) -> dict[str, Json]:
    """The fields as a plain object: enums become strings, nested records objects."""
    return cast("dict[str, Json]", msgspec.to_builtins(record, enc_hook=_plain, str_keys=True))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value))
