"""Reads values of results that are exported: whatever has another shape than expected is left out.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slmdesk.core.types import Json


def objects(value: Json) -> list[Mapping[str, Any]]:
    return [one for one in sequence(value) if isinstance(one, Mapping)]


def sequence(value: Json) -> Sequence[Json]:
    """Return a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def mapping(value: Json) -> Mapping[str, Any]:
    """Return an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}
