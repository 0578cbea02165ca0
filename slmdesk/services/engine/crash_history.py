"""Counts crashes per model: after two in a row at load, or three in a minute in use, it is not started automatically.

Also stores what else is found out when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from slmdesk.core.errors import KnownError
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import Json
from slmdesk.services.base.file_io import FileMark
from slmdesk.store import Store

LOADS_IN_A_ROW = 2
USES = 3
USES_WITHIN_S = 60.0

KEY = "crashes"
"""Where a model's record keeps it: {"load": deaths in a row, "use": [times], "blocked": deaths or 0}."""

CARD_KEY = "crashed_card"


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
    return _count(_crashes(info).get("blocked"))


def crashed_card(info: Mapping[str, Json]) -> str:
    """Return the name of the graphics card that the child died with; empty: none.  Then the model is put on no card."""
    found = info.get(CARD_KEY)
    return found if isinstance(found, str) else ""


def after_load_crash(info: Mapping[str, Json]) -> dict[str, Json]:
    old = _crashes(info)
    loads = _count(old.get("load")) + 1
    blocked = max(_count(old.get("blocked")), loads if loads >= LOADS_IN_A_ROW else 0)
    return {"load": loads, "use": old.get("use", []), "blocked": blocked}


def after_use_crash(info: Mapping[str, Json], now: float) -> dict[str, Json]:
    old = _crashes(info)
    untrusted = old.get("use")
    times = [one for one in untrusted if isinstance(one, int | float)] if isinstance(untrusted, list | tuple) else []
    recent: list[Json] = [one for one in times if abs(now - one) < USES_WITHIN_S]
    recent.append(now)
    blocked = max(_count(old.get("blocked")), len(recent) if len(recent) >= USES else 0)
    return {"load": 0, "use": recent, "blocked": blocked}


def after_good_load(info: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the crash record after a good load; None when nothing changes."""
    old = _crashes(info)
    if not _count(old.get("load")):
        return None
    return {"load": 0, "use": old.get("use", []), "blocked": old.get("blocked", 0)}


def _crashes(info: Mapping[str, Json]) -> Mapping[str, Json]:
    found = info.get(KEY)
    return found if isinstance(found, Mapping) else {}


def _count(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0
