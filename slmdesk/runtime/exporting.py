"""How a package exports the items of its kind; `history.export` puts documents into files and PDF."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from slmdesk.base.paper import Paper
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.runtime.slices import Slices

Make: TypeAlias = Callable[[], bytes | Paper]
"""Runs on a thread of its own: the export as bytes, or a document that is put into the form asked for."""
Exporter: TypeAlias = Callable[[Item, str], "Make | Slices[Make] | None"]
"""Called on the service thread with an item and a form; None: the item is exported as a chat."""


def json_bytes(shape: Mapping[str, Json]) -> bytes:
    return (json.dumps(shape, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
