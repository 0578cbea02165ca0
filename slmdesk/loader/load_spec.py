"""What is looked at before a model is loaded: its crashes, its options, its file, processor and memory."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, stored_from, stored_list
from slmdesk.base.record import Count, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.base.types import Json, LoadSpec
from slmdesk.gguf.memory import offload_of
from slmdesk.runtime.file_io import FileMark, hash_file, mark_of
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
        """So that the model is put on no graphics card again; whether that could be stored."""
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


# ---- builds the load options of a model from the settings and what was measured of it on this PC


def context_tokens(record: ModelRecord, settings: Settings) -> int:
    """Return the context size a model is loaded with: the setting, or the size it was trained with."""
    requested, train = settings.context_tokens, record.header.get("context_length")
    return min(requested, train) if isinstance(train, int) and train > 0 else requested


def limits_of(settings: Settings) -> tuple[int, int, bool]:
    """Return the settings a model is loaded with; when they change it must be loaded again."""
    return settings.context_tokens, settings.sequences, settings.use_graphics_card


def spec_for(record: ModelRecord, settings: Settings, *, anyway: bool = False) -> LoadSpec:
    return LoadSpec(
        path=os.fsdecode(record.path),
        sha256=record.sha256,
        context_tokens=context_tokens(record, settings),
        sequences=settings.sequences or None,
        template_checked=record.info.get("template_checked") is True,
        cost_curve=tuple(stored_list(tuple[int, float], record.info.get("cost_curve"))),
        behaves=record.behaves,
        flash=stored_from(bool, record.info.get("flash")),
        measured_on=offload_of(record.info),
        anyway=anyway,
        use_card=settings.use_graphics_card and not crashed_card(record.info),
    )


# ---- checks, before a model is loaded, that its file is the one that was checked when it was added


def checked(record: ModelRecord, fresh: Callable[[], ModelRecord], stop: threading.Event) -> FileMark:
    """Hashed again where size, time or inode have changed.  Raises `model.changed`, `file.…`, and Stopped."""
    path, mark = place_of(record, fresh)
    if mark != FileMark(record.bytes, record.mtime_ns, record.inode):
        hashed = hash_file(path, lambda _done, _total: None, stop)
        mark = hashed.mark
        if hashed.sha256 != record.sha256:
            raise KnownError("model.changed", path=str(path))
    return mark


def place_of(record: ModelRecord, fresh: Callable[[], ModelRecord]) -> tuple[Path, FileMark]:
    """Return where the file is now: the models folder may have been moved since the model was asked for."""
    path = Path(os.fsdecode(record.path))
    try:
        return path, mark_of(path)
    except KnownError:
        now = Path(os.fsdecode(fresh().path))
        if now == path:
            raise
        return now, mark_of(now)


# ---- describes processor and memory, of this PC and of a process, without measuring speed


def processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def hardware_key() -> str:
    """Of processor, cores, memory and back ends; when it changes, earlier measurements are invalid."""
    import psutil  # 17 ms

    cores = psutil.cpu_count(logical=False) or 0
    gigabytes = round(psutil.virtual_memory().total / (1 << 30))
    return f"{processor()}, {cores} cores, {os.cpu_count() or 0} threads, {gigabytes} GiB" + "".join(
        f", {backend}" for backend in card_backends()
    )


def card_backends() -> list[str]:
    """Return what the installed llama.cpp can use besides the processor, "vulkan" or "cuda", by its files' names."""
    package = find_spec("llama_cpp")
    folders = [Path(location) / "lib" for location in (package.submodule_search_locations if package else None) or ()]
    names = {path.name.split(".")[0].removeprefix("lib") for folder in folders for path in folder.glob("*ggml-*")}
    return sorted(name.removeprefix("ggml-") for name in names - {"ggml-base", "ggml-cpu"})


def memory_of(pid: int | None) -> int:
    """Return the resident memory of a process in bytes; 0 without one."""
    import psutil  # 17 ms

    if pid is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
