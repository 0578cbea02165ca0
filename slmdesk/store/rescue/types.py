"""Which table a row out of a damaged file belongs to, and whether it is what this program writes: all is untrusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from slmdesk.store.glossaries import glossary_from, term_from
from slmdesk.store.items import item_from
from slmdesk.store.messages import message_from
from slmdesk.store.models import model_from
from slmdesk.store.presets import preset_from
from slmdesk.store.rescue.carve import Carver, Cell
from slmdesk.store.rows import mapping_from
from slmdesk.store.segments import segment_from
from slmdesk.store.translation_memory import pair_from

Values = dict[str, Cell]

TABLES = {
    "items": ("n", "id", "kind", "title", "folder", "pinned", "created", "updated", "deleted_at", "revision",
              "settings", "archived", "arrived"),
    "messages": ("n", "id", "item", "parent", "role", "parts", "text", "status", "owner", "model_sha256", "model_name",
                 "preset", "sampling", "seed", "tokens_in", "tokens_out", "tokens_reused", "seconds", "finish_reason",
                 "prompt_version", "error_code", "error_args", "created", "revision", "thought", "thought_seconds",
                 "original"),
    "models": ("n", "id", "name", "path", "linked", "bytes", "sha256", "mtime_ns", "inode", "header", "source",
               "added", "last_used", "facts"),
    "requests": ("n", "time", "host", "method", "path", "purpose", "bytes"),
    "ledger": ("n", "time", "monotonic", "boot", "kind", "data", "hash", "about"),
    "segments": ("item", "number", "unit", "place", "kind", "source", "lead", "trail", "tags", "language", "target",
                 "state", "origin", "flags", "reason", "revision", "doubts"),
    "memory": ("n", "source_language", "target_language", "domain", "key", "source", "target", "origin", "item",
               "created", "used"),
    "glossaries": ("n", "id", "name", "source_language", "target_language", "domain", "active", "created"),
    "terms": ("n", "glossary", "source", "target", "folded", "extra"),
    "presets": ("n", "id", "name", "place", "value", "created"),
    "results": ("item", "value"),
}  # fmt: skip
"""The columns in the order of schema.py."""


def rows_in(carver: Carver, tables: Collection[str]) -> Iterator[tuple[str, int, Values]]:
    """Rows of these tables with their numbers; those of ours that cannot be what they should be are counted."""
    for n, cells in carver.rows():
        found = _table_of(n, cells)
        if found is not None:
            if found[0] in tables:
                yield found[0], n, found[1]
        elif len(cells) in _WIDTHS and not any(_looks_like(cells, other) for other in _OTHERS):
            carver.unreadable += 1


def _table_of(n: int, cells: list[Cell]) -> tuple[str, Values] | None:
    for table, columns in _WIDTHS.get(len(cells), ()):
        values = dict(zip(columns, cells, strict=True))
        if table in NUMBERED:
            values["n"] = n
        if table == "segments":
            values.setdefault("doubts", "[]")  # a row from before they were kept
        if table == "items":
            values = {"archived": 0, "arrived": 0.0, **values}  # a row from before there was an archive
        if table == "messages":
            values = {"thought": "", "thought_seconds": None, "original": None, **values}
        if abs(n) <= 1 << 50 and _is_ours(table, values):
            return table, values
    return None


def _is_ours(table: str, values: Values) -> bool:
    for name, value in values.items():
        if not _REALS.isdisjoint((name, (table, name))) and isinstance(value, int):  # SQLite keeps a whole number short
            values[name] = float(value)
        if not isinstance(values[name], _kind_of(table, name)):
            return False
    if any(not _ID.fullmatch(str(values[name])) for name in _IDS.get(table, ())):
        return False
    if any(not _LANGUAGE.fullmatch(str(values[name])) for name in ("source_language", "target_language", "language")
           if name in values):  # fmt: skip
        return False
    try:
        _CHECKS[table](values)
    except (ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _kind_of(table: str, name: str) -> type | tuple[type, ...]:
    if not _REALS.isdisjoint((name, (table, name))):
        kind: type = float
    elif name in _INTS:
        kind = int
    else:
        kind = bytes if (table, name) == ("models", "path") else str
    return (kind, type(None)) if name in _MAY_BE_NULL or (table, name) in _MAY_BE_NULL else kind


def _looks_like(cells: list[Cell], kinds: str) -> bool:
    return len(cells) == len(kinds) and all(
        isinstance(cell, _KINDS[kind]) for cell, kind in zip(cells, kinds, strict=True)
    )


def _no_more_to_check(_values: Values) -> None:
    """A row of the network log, before it was a chain, is text and numbers alone."""


def _ledger(values: Values) -> None:
    mapping_from(values["data"])
    if not _SHA256.fullmatch(str(values["hash"])):
        raise ValueError("no row of the ledger")


def _glossary(values: Values) -> None:
    glossary_from({**values, "term_count": 0})


def _segment(values: Values) -> None:
    record = segment_from(values)
    if not (0 <= record.number < 1 << 40 and all(isinstance(one, int) for one in (*record.paired, *record.lone))):
        raise ValueError("no segment")


def _result(values: Values) -> None:
    mapping_from(values["value"])


NUMBERED = frozenset(table for table, columns in TABLES.items() if columns[0] == "n")
_WIDTHS: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
for _name, _columns in TABLES.items():
    _WIDTHS.setdefault(len(_columns), []).append((_name, _columns))
_WIDTHS.setdefault(len(TABLES["segments"]) - 1, []).append(("segments", TABLES["segments"][:-1]))
for _fewer in (1, 2):  # before the day they came, before the archive
    _WIDTHS.setdefault(len(TABLES["items"]) - _fewer, []).append(("items", TABLES["items"][:-_fewer]))
for _fewer in (1, 3):  # before edits, before thoughts
    _WIDTHS.setdefault(len(TABLES["messages"]) - _fewer, []).append(("messages", TABLES["messages"][:-_fewer]))

_OTHERS = (
    "-siiiis",  # passages
    "-ssbisr",  # collections
    "sisssssi",  # pages
    "-sbsssiissssssrr",  # documents
    "-ssssssssssrr",  # jobs
    "-sssssr",  # holds, before they had an end
    "-sssssr-",  # holds without an end
    "-sssssrr",  # holds
    "-rsssi",  # retention_log
    "sissss",  # redactions
    "-b",  # the inside of a search index
)
"""Tables of as many columns that are not brought over: their rows are not lost, only left."""
_KINDS: dict[str, type | tuple[type, ...]] = {
    "-": type(None), "s": (str, type(None)), "i": int, "r": (int, float), "b": bytes,
}  # fmt: skip

_ID = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IDS = {
    "items": ("id",), "messages": ("id",), "models": ("id",), "glossaries": ("id",), "segments": ("item",),
    "terms": ("glossary",), "results": ("item",), "presets": ("id",),
}  # fmt: skip
_LANGUAGE = re.compile(r"([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?")
_REALS: set[str | tuple[str, str]] = {
    "created", "updated", "deleted_at", "seconds", "added", "last_used", "used", "thought_seconds", "arrived",
    ("requests", "time"), ("presets", "place"),
}  # fmt: skip
_INTS = {
    "n", "pinned", "revision", "seed", "tokens_in", "tokens_out", "tokens_reused", "linked", "bytes", "mtime_ns",
    "number", "unit", "active", "archived", "time", "monotonic", "about",
}  # fmt: skip
_MAY_BE_NULL: set[str | tuple[str, str]] = {
    "folder", "deleted_at", "parent", "owner", "model_sha256", "model_name", "preset", "seed", "tokens_in",
    "tokens_out", "tokens_reused", "seconds", "finish_reason", "prompt_version", "error_code", "last_used",
    "thought_seconds", "original", ("requests", "bytes"), ("ledger", "about"), ("segments", "origin"),
    ("memory", "item"),
}  # fmt: skip
_CHECKS: dict[str, Callable[[Values], object]] = {
    "items": item_from,
    "messages": message_from,
    "models": model_from,
    "requests": _no_more_to_check,
    "ledger": _ledger,
    "segments": _segment,
    "memory": pair_from,
    "glossaries": _glossary,
    "terms": term_from,
    "presets": preset_from,
    "results": _result,
}
