"""Copies of a model in another format, made on this PC: what a record says about its origin."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.wire import stored_from

COPY = "copy"
"""Key of a copy's info: a CopyOrigin."""
SOURCE = "made"
"""`source` of a record whose file was made here."""


class CopyOrigin(Record):
    model: str
    """Id of the published model."""
    sha256: str
    format: str
    library: str
    hardware: str
    left_out: tuple[int, ...] = ()


def origin_of(record: ModelRecord) -> CopyOrigin | None:
    return stored_from(CopyOrigin, record.info.get(COPY))


def copies_of(record: ModelRecord, models: Sequence[ModelRecord]) -> list[ModelRecord]:
    return [one for one in models if (origin := origin_of(one)) and origin.model == record.id]


def published_of(record: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord:
    """The model a copy was made of; the record itself where it is none, or where that model is gone."""
    origin = origin_of(record)
    return next((one for one in models if origin and one.id == origin.model), record)


def used_of(models: Sequence[ModelRecord], defaults: Collection[str]) -> ModelRecord:
    """The one in use of a model and its copies: a default for some job, else the one last used."""
    return max(models, key=lambda one: (one.id in defaults, one.last_used or 0.0))


def is_for_this_pc(record: ModelRecord) -> bool:
    """Whether a copy was made on this PC; on another one the published model is used instead."""
    from slmdesk.loader.hardware import hardware_key

    origin = origin_of(record)
    return origin is None or origin.hardware == hardware_key()


def usable(record: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord:
    """The model itself; instead of a copy the published model where the copy's file is gone or changed, or where it was
    made on another PC, for which another format may be the best.
    """
    if origin_of(record) is None or (is_for_this_pc(record) and _is_whole(record)):
        return record
    return published_of(record, models)


def _is_whole(record: ModelRecord) -> bool:
    try:
        found = Path(os.fsdecode(record.path)).stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (record.bytes, record.mtime_ns)
