"""Folders (collections) as frontends show them, and how the result of a scan is stored."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from slmdesk.base.record import Record
from slmdesk.base.records import CollectionRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_dict, stored_from
from slmdesk.jobs.kinds import FOLDER
from slmdesk.library.folder_scan import DuplicateFile, SeenFile, UnreadableFile

KIND = FOLDER


class CollectionStatus(StrEnum):
    WAITING = "waiting"
    LOOKING = "looking"
    INDEXING = "indexing"
    CURRENT = "up_to_date"
    """As of the last scan, whenever that was."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """A person stopped the indexing; it is resumed on request."""
    UNREACHABLE = "unreachable"
    """The folder cannot be reached, for example on an unplugged drive; what was read of it can still be asked."""
    ELSEWHERE = "elsewhere"
    """Another window or command indexes it."""


class CollectionState(Record):
    record: CollectionRecord
    status: CollectionStatus
    documents: int = 0
    pages: int = 0
    unread: int = 0
    """Documents in it that could not be read; `CollectionService.unread` says which and why."""
    later: int = 0
    """Files being written, or open in an office program; they are read later."""
    done: int = 0
    total: int = 0
    eta_s: float | None = None
    gone: int = 0
    """Documents removed in this run because their files are gone."""
    looked: float | None = None
    """Time of the last scan, in seconds since the epoch."""
    reason: str = ""
    job: str = ""


class SkippedDocument(Record):
    path: str
    code: str
    sentence: str


def folder_of(record: CollectionRecord) -> Path:
    return Path(os.fsdecode(record.path))


def quoted(path: bytes) -> str:
    """Encode a path for JSON; paths need not be valid text."""
    return quote_from_bytes(path)


def unquoted(path: str) -> bytes:
    return unquote_to_bytes(path)


def twins_in(settings: Mapping[str, Json]) -> dict[bytes, DuplicateFile]:
    found = stored_dict(tuple[int, int, int, str], settings.get("twins")).items()
    return {(path := unquoted(key)): DuplicateFile(SeenFile(path, *numbers), of) for key, (*numbers, of) in found}


def twins_to_json(twins: Mapping[bytes, DuplicateFile]) -> dict[str, Json]:
    return {quoted(path): [one.seen.bytes, one.seen.mtime_ns, one.seen.inode, one.of] for path, one in twins.items()}


def broken_in(settings: Mapping[str, Json]) -> dict[bytes, UnreadableFile]:
    found = stored_dict(tuple[int, int, int, str, dict[str, Json]], settings.get("broken")).items()
    return {
        (path := unquoted(key)): UnreadableFile(SeenFile(path, size, mtime_ns, inode), code, _args(args))
        for key, (size, mtime_ns, inode, code, args) in found
    }


def broken_to_json(broken: Mapping[bytes, UnreadableFile]) -> dict[str, Json]:
    return {
        quoted(path): [one.seen.bytes, one.seen.mtime_ns, one.seen.inode, one.code, dict(one.args)]
        for path, one in broken.items()
    }


def settled(
    settings: Mapping[str, Json],
    documents: Container[str],
    twins: Mapping[bytes, DuplicateFile],
    broken: Mapping[bytes, UnreadableFile],
) -> dict[str, Json]:
    kept = {path: one for path, one in twins_in(settings).items() if one.of in documents}
    damaged = {path: one for path, one in broken_in(settings).items() if path not in twins}
    return {"twins": twins_to_json({**kept, **twins}), "broken": broken_to_json({**damaged, **broken})}


def left_in(settings: Mapping[str, Json]) -> dict[bytes, tuple[str, dict[str, str | int]]]:
    found = stored_dict(tuple[str, dict[str, Json]], settings.get("left")).items()
    return {unquoted(key): (code, _args(args)) for key, (code, args) in found}


def left_out_in(settings: Mapping[str, Json]) -> list[tuple[bytes, str, Mapping[str, str | int]]]:
    found: dict[bytes, tuple[str, Mapping[str, str | int]]] = {**left_in(settings)}
    found |= {path: (one.code, one.args) for path, one in broken_in(settings).items()}
    return [(path, code, args) for path, (code, args) in found.items()]


def mark_in(settings: Mapping[str, Json]) -> tuple[int, int]:
    """Return device and inode number of the folder at the last scan; zeros when unknown."""
    return stored_from(tuple[int, int], settings.get("mark")) or (0, 0)


def _args(untrusted: Mapping[str, object]) -> dict[str, str | int]:
    return {name: one for name, one in untrusted.items() if isinstance(one, str | int)}
