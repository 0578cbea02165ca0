"""Counts crashes per model: after two in a row at load, or three in a minute in use, it is not started automatically.

Also stores what else is found out when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Count, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import lenient_from, stored_from, stored_list
from slmdesk.runtime.file_io import FileMark
from slmdesk.store import Store

LOADS_IN_A_ROW = 2
USES = 3
USES_WITHIN_S = 60.0

KEY = "crashes"
"""Where a model's record keeps `_Crashes`."""

CARD_KEY = "crashed_card"


class _Crashes(Record):
    load: Count = 0
    """In a row."""
    use: tuple[float, ...] = ()
    """Times."""
    blocked: Count = 0
    """Deaths, or 0."""


class CrashHistory:
    """Stores crashes and measurements of models.  Service thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fresh(self, record: ModelRecord) -> ModelRecord:
        try:
            return self._store.models.get(record.id)
        except KnownError:
            return record  # removed meanwhile: what was known of it is enough

    def remember(self, record: ModelRecord, info: Mapping[str, Json], *, last_used: float | None = None) -> None:
        try:
            self._store.models.set_info(record.id, **info)
            if last_used is not None:
                self._store.models.change(record.id, last_used=last_used)
        except KnownError:
            return

    def note_mark(self, record: ModelRecord, mark: FileMark) -> None:
        """Store the new size, time or inode of a verified file; if that fails, it is verified again next time."""
        if mark != FileMark(record.bytes, record.mtime_ns, record.inode):
            with suppress(KnownError):
                self._store.models.change(record.id, bytes=mark.bytes, mtime_ns=mark.mtime_ns, inode=mark.inode)

    def times_blocked(self, record: ModelRecord) -> int:
        return times_blocked(self.fresh(record).info)

    def note_load_crash(self, record: ModelRecord) -> None:
        self.remember(record, {KEY: after_load_crash(self.fresh(record).info)})

    def note_use_crash(self, record: ModelRecord, now: float) -> None:
        self.remember(record, {KEY: after_use_crash(self.fresh(record).info, now)})

    def note_card_crash(self, record: ModelRecord, card: str) -> bool:
        """Note that the child died with this model on a graphics card, so that it is put on none again.

        Return whether that could be stored.
        """
        self.remember(record, {CARD_KEY: card})
        return bool(crashed_card(self.fresh(record).info))

    def forget_card_crashes(self) -> None:
        with suppress(KnownError):
            for record in self._store.models.all():
                if crashed_card(record.info):
                    self.remember(record, {CARD_KEY: None})

    def note_good_load(self, record: ModelRecord, info: Mapping[str, Json], now: float) -> None:
        crashes = after_good_load(self.fresh(record).info)
        self.remember(record, {**info, KEY: crashes} if crashes is not None else info, last_used=now)

    def reset(self, record: ModelRecord) -> None:
        if record.info.get(KEY):
            self.remember(record, {KEY: None})


def times_blocked(info: Mapping[str, Json]) -> int:
    """Return 0, or the number of crashes after which this model is no longer started automatically."""
    return _crashes(info).blocked


def crashed_card(info: Mapping[str, Json]) -> str:
    """Return the name of the graphics card that the child died with; empty: none.  Then the model is put on no card."""
    return stored_from(str, info.get(CARD_KEY)) or ""


def after_load_crash(info: Mapping[str, Json]) -> dict[str, Json]:
    old = _crashes(info)
    loads = old.load + 1
    return to_json(changed(old, load=loads, blocked=max(old.blocked, loads if loads >= LOADS_IN_A_ROW else 0)))


def after_use_crash(info: Mapping[str, Json], now: float) -> dict[str, Json]:
    old = _crashes(info)
    recent = (*(one for one in old.use if abs(now - one) < USES_WITHIN_S), now)
    return to_json(_Crashes(0, recent, max(old.blocked, len(recent) if len(recent) >= USES else 0)))


def after_good_load(info: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the crash record after a good load; None when nothing changes."""
    old = _crashes(info)
    return to_json(changed(old, load=0)) if old.load else None


def _crashes(info: Mapping[str, Json]) -> _Crashes:
    found = stored_from(dict, info.get(KEY)) or {}
    return lenient_from(_Crashes, {**found, "use": stored_list(float, found.get("use"))})
