"""Loads the engine child's one model and lends it out: checks before loading, leases, and single questions to it."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import (
    Cancelled,
    Done,
    Failed,
    FromChild,
    Partial,
    Progress,
    answer_from,
    lenient_from,
    record_from,
    stored_from,
    stored_list,
)
from slmdesk.base.record import Count, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged, Noticed, Pending, ended
from slmdesk.base.runtime.file_io import FileMark, hash_file, mark_of
from slmdesk.base.runtime.messages import Problem, plain_args, problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.types import Answer, FinishReason, Json, LoadedModel, LoadSpec, TokenProbability
from slmdesk.base.untrusted import clean_label
from slmdesk.children.reach import AllowedPaths
from slmdesk.history.store import Store
from slmdesk.models.gguf.memory import offload_of

if TYPE_CHECKING:
    from slmdesk.children.client import ChildClient, ChildEvent, JobHandle

LOADS_IN_A_ROW = 2
USES = 3
USES_WITHIN_S = 60.0

KEY = "crashes"
"""Key of `_Crashes` in the `info` of a model's record."""

CARD_KEY = "crashed_card"


class _Crashes(Record):
    load: Count = 0
    """Crashes in a row while loading."""
    use: tuple[float, ...] = ()
    """Times of recent crashes while the model was in use, in seconds since the epoch."""
    blocked: Count = 0
    """Number of crashes after which the model was blocked, or 0 if it is not blocked."""


class CrashHistory:
    """Stores crashes and measurements of models.  Service thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fresh(self, record: ModelRecord) -> ModelRecord:
        try:
            return self._store.models.get(record.id)
        except KnownError:
            return record  # the model was removed meanwhile: the old record is enough

    def remember(self, record: ModelRecord, info: Mapping[str, Json], *, last_used: float | None = None) -> None:
        try:
            self._store.models.set_info(record.id, **info)
            if last_used is not None:
                self._store.models.change(record.id, last_used=last_used)
        except KnownError:
            return

    def note_mark(self, record: ModelRecord, mark: FileMark) -> None:
        """Store the new size, time or inode of a verified file. If that fails, the file is verified again next time."""
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
        """Record the model's crash on a graphics card, so it is put on none again. Return whether that was stored."""
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


def has_crashed(problem: Problem) -> bool:
    """Tell whether the child died by its own fault, and not because this program ended it for not stopping."""
    return problem.code in ("child.died", "child.hung") and problem.args.get("how") != "cancel_ignored"


def times_blocked(info: Mapping[str, Json]) -> int:
    """Return 0, or the number of crashes after which this model is no longer started automatically."""
    return _crashes(info).blocked


def crashed_card(info: Mapping[str, Json]) -> str:
    """Return the name of the graphics card on which the child died, or "". A model with such a name uses no card."""
    return stored_from(str, info.get(CARD_KEY)) or ""


def after_load_crash(info: Mapping[str, Json]) -> dict[str, Json]:
    old = _crashes(info)
    loads = old.load + 1
    return to_json(changed(old, load=loads, blocked=max(old.blocked, loads if loads >= LOADS_IN_A_ROW else 0)))


def after_use_crash(info: Mapping[str, Json], now: float) -> dict[str, Json]:
    old = _crashes(info)
    recent = (*(used for used in old.use if abs(now - used) < USES_WITHIN_S), now)
    return to_json(_Crashes(0, recent, max(old.blocked, len(recent) if len(recent) >= USES else 0)))


def after_good_load(info: Mapping[str, Json]) -> dict[str, Json] | None:
    old = _crashes(info)
    return to_json(changed(old, load=0)) if old.load else None


def _crashes(info: Mapping[str, Json]) -> _Crashes:
    crashes = stored_from(dict, info.get(KEY)) or {}
    return lenient_from(_Crashes, {**crashes, "use": stored_list(float, crashes.get("use"))})


def context_tokens(record: ModelRecord, settings: Settings) -> int:
    """Return the context size a model is loaded with: the setting, or the size it was trained with."""
    requested, train = settings.context_tokens, record.header.get("context_length")
    return min(requested, train) if isinstance(train, int) and train > 0 else requested


def limits_of(settings: Settings) -> tuple[int, int, bool]:
    """Return the settings a model is loaded with. When they change, it must be loaded again."""
    return settings.context_tokens, settings.sequences, settings.use_graphics_card


def spec_for(record: ModelRecord, settings: Settings, *, anyway: bool = False, projector: str = "") -> LoadSpec:
    return LoadSpec(
        path=os.fsdecode(record.path),
        sha256=record.sha256,
        context_tokens=context_tokens(record, settings),
        sequences=settings.sequences or None,
        template_checked=record.info.get("template_checked") is True,
        cost_curve=tuple(stored_list(tuple[int, float], record.info.get("cost_curve"))),
        behaves=record.behaves,
        measured_on=offload_of(record.info),
        anyway=anyway,
        projector=projector,
        use_card=settings.use_graphics_card and not crashed_card(record.info),
    )


def checked(record: ModelRecord, fresh: Callable[[], ModelRecord], stop: threading.Event) -> FileMark:
    """Return the mark (size, time, inode) of the model's file. If the mark has changed, the file is hashed again.
    Raises `model.changed`, `file.…`, and Stopped.
    """
    path, mark = place_of(record, fresh)
    if mark != FileMark(record.bytes, record.mtime_ns, record.inode):
        hashed = hash_file(path, lambda _done, _total: None, stop)
        mark = hashed.mark
        if hashed.sha256 != record.sha256:
            raise KnownError("model.changed", path=str(path))
    return mark


def place_of(record: ModelRecord, fresh: Callable[[], ModelRecord]) -> tuple[Path, FileMark]:
    """Return where the file is now, and its mark. The models folder may have moved since the model was requested."""
    path = Path(os.fsdecode(record.path))
    try:
        return path, mark_of(path)
    except KnownError:
        now = Path(os.fsdecode(fresh().path))
        if now == path:
            raise
        return now, mark_of(now)


def processor() -> str:
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine()  # `platform.processor` starts `uname`


def hardware_key() -> str:
    """Describe processor, cores, memory and back ends. When the result changes, earlier measurements are invalid."""
    import psutil  # 17 ms

    cores = psutil.cpu_count(logical=False) or 0
    gigabytes = round(psutil.virtual_memory().total / (1 << 30))
    pc = f"{processor()}, {cores} cores, {os.cpu_count() or 0} threads, {gigabytes} GiB"
    return ", ".join((pc, *card_backends()))


def card_backends() -> list[str]:
    """Return the installed llama.cpp's back ends besides the processor ("vulkan", "cuda" …), by library file names."""
    package = find_spec("llama_cpp")
    folders = [Path(location) / "lib" for location in (package.submodule_search_locations if package else None) or ()]
    names = {path.name.split(".")[0].removeprefix("lib") for folder in folders for path in folder.glob("*ggml-*")}
    return sorted(name.removeprefix("ggml-") for name in names - {"ggml-base"} if not name.startswith("ggml-cpu"))


def memory_of(pid: int | None) -> int:
    import psutil  # 17 ms

    if pid is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


class Lease:
    """Right to use a model, from the request until its release. Service thread.

    The model is held while a job of the lease runs. It is released once the listener of the last job has returned, or
    by `release`.
    """

    def __init__(
        self,
        loader: ModelLoader,
        record: ModelRecord,
        ready: Callable[[Lease], object],
        failed: Callable[[Problem | None], None],
        *,
        is_choice: bool = False,
    ) -> None:
        self._loader, self.record, self._ready, self._failed = loader, record, ready, failed
        self.is_choice = is_choice
        """Whether the user only chose the model, and no work waits for it. Another choice replaces such a lease."""
        self.is_over = False
        """Whether the lease was released or failed. Nothing is called any more after that."""
        self.job: JobHandle | None = None
        self._model: LoadedModel | None = None
        self._generation = 0
        self._running = 0

    @property
    def model(self) -> LoadedModel:
        """The loaded model. Raises LookupError while it is being loaded."""
        if self._model is None:
            raise LookupError("not loaded")
        return self._model

    @property
    def was_replaced(self) -> bool:
        """Whether the child with the model was replaced by a new one before the job reached it."""
        return self.job is not None and self.job.generation != self._generation

    def start(
        self,
        kind: str,
        payload: Mapping[str, Json],
        on_event: Callable[[FromChild], None],
        *,
        priority: str = "interactive",
    ) -> JobHandle:
        """Start a job. `on_event` gets its events on the service thread. If it starts another job on the last event,
        the model stays held.
        """
        self._generation = self._loader.generation
        self._running += 1
        self._loader.hold(self)
        post = self._loader.service_thread.post
        self.job = self._loader.client.start(
            kind,
            {"handle": self.model.handle, **payload},
            lambda event: post(lambda: self._on_event(on_event, event)),
            priority=priority,
        )
        return self.job

    def release(self) -> None:
        """Withdraw the request or cancel the job, and release the model. Loading that has begun continues, since the
        model is likely to be used.
        """
        if not self.is_over:
            self.is_over = True
            if self.job:
                self.job.cancel()
            self._loader.let_go(self)

    # For the loader.

    def serve(self, model: LoadedModel) -> None:
        if not self.is_over:
            self._model = model
            self._ready(self)

    def fail(self, problem: Problem | None) -> None:
        """Report why there is no model. None means that loading was cancelled."""
        if not self.is_over:
            self.is_over = True
            self._failed(problem)

    def _on_event(self, on_event: Callable[[FromChild], None], event: FromChild) -> None:
        if self.is_over:
            return
        is_end = isinstance(event, Done | Failed | Cancelled)
        try:
            on_event(event)
        finally:
            self._running -= is_end
            if is_end and not self._running:
                self.release()


MINUTE_S = 60.0


class _InUse(Record):
    record: ModelRecord
    model: LoadedModel
    generation: int
    projector: str = ""


@dataclass(slots=True, eq=False)
class _Loading:
    record: ModelRecord
    stop: threading.Event
    job: JobHandle | None = None
    card: str = ""
    projector: str = ""


class ModelLoader(Service):
    """Manages the model of the engine child. Call it on the service thread, which also runs its callbacks."""

    def __init__(self, runtime: Runtime, client: Callable[[], ChildClient]) -> None:
        super().__init__(runtime)
        self.service_thread, self._client = runtime.service_thread, client
        self._crashes = CrashHistory(runtime.store)
        self._in_use: _InUse | None = None
        self._loading: _Loading | None = None
        self._waiting: list[Lease] = []
        self._held: set[Lease] = set()
        self._idle: Later | None = None
        self._closed = False
        self._is_outdated = self._falls_short = False
        self._forced: set[str] = set()
        self._noise: set[str] = set()
        self._limits = limits_of(runtime.settings.current)
        runtime.settings.listeners.append(self._on_settings)
        self.state = ModelStateChanged(ModelState.NOT_LOADED, None, "")

    @property
    def client(self) -> ChildClient:
        return self._client()

    def choose(self, record: ModelRecord, *, explicit: bool) -> None:
        """Load `record` in place of a model that was only chosen before. ModelStateChanged reports the result."""
        self._waiting = [lease for lease in self._waiting if not lease.is_choice]
        loading, requested = self._loading, {record.id, *(lease.record.id for lease in self._waiting)}
        if loading and loading.record.id not in requested:
            self._stop(loading)
        choice = Lease(self, record, lambda _lease: None, lambda _problem: None, is_choice=True)
        self._serve_or_wait(choice, explicit=explicit)

    def acquire(
        self,
        record: ModelRecord,
        ready: Callable[[Lease], object],
        failed: Callable[[Problem | None], None],
        *,
        explicit: bool = False,
        loads: bool = True,
    ) -> Lease:
        """Request a model, and call `ready` with the lease, perhaps at once. If loading fails, `failed` gets the
        Problem, or None if it was cancelled.

        A model that crashed too often is refused with `model.crashes`, unless the user chose it (`explicit`). Answers
        that another model is writing are finished first. `loads`: without, a model that is not loaded at this moment is
        refused with None, so that work nobody waits for never loads a model again that has just crashed.
        """
        lease = Lease(self, record, ready, failed)
        if loads:
            self._serve_or_wait(lease, explicit=explicit)
        elif self._in_use and self._is_ready(record):
            lease.serve(self._in_use.model)
        else:
            lease.fail(None)
        return lease

    def lease(self, record: ModelRecord, *, explicit: bool = False, loads: bool = True) -> Pending[Lease | None]:
        """Do what `acquire` does, for a generator. The result is the lease, or None if loading was cancelled."""
        pending: Pending[Lease | None] = Pending(lambda: lease.release())
        lease = self.acquire(record, pending.end, pending.end, explicit=explicit, loads=loads)
        return pending

    def _serve_or_wait(self, lease: Lease, *, explicit: bool) -> None:
        record = lease.record
        if explicit:
            self._crashes.reset(record)
        if self._is_ready(record) and self._in_use:
            lease.serve(self._in_use.model)
            return
        times = self.times_crashed(record)
        if times:
            problem = problem_for(KnownError("model.crashes", name=record.name, times=times))
            self._say(ModelState.CRASHED, record, problem=problem)
            lease.fail(problem)
            return
        self._waiting.append(lease)
        self._advance()

    def force_load(self, record: ModelRecord) -> None:
        """Load this model even if memory seems too small, until it fails once or the program ends."""
        self._forced.add(record.id)

    @property
    def is_busy(self) -> bool:
        return bool(self._held)

    @property
    def is_shared(self) -> bool:
        return len(self._held) > 1

    def others_wait(self, record: ModelRecord) -> bool:
        """Return whether a request waits for another model, so that long work should give way."""
        return any(lease.record.id != record.id for lease in self._waiting)

    def reset_crashes(self, record: ModelRecord) -> None:
        self._crashes.reset(self._crashes.fresh(record))

    def cancel_load(self) -> None:
        """Cancel loading. Waiting requests get None, and ModelStateChanged follows."""
        waiting, self._waiting = self._waiting, []
        if self._loading:
            self._stop(self._loading)
        for lease in waiting:
            lease.fail(None)

    def times_crashed(self, record: ModelRecord) -> int:
        return self._crashes.times_blocked(record)

    def count_crash(self, record: ModelRecord) -> None:
        if not self._closed:
            self._crashes.note_load_crash(record)

    def unload(self) -> None:
        """Unload the model. Its running answers end with `model.not_loaded`."""
        self._is_outdated = False
        if self._loading:
            self.cancel_load()
        old, self._in_use = self._in_use, None
        if self._falls_short:
            self._falls_short = False
            self.client.renew()
        elif old and self.client.is_running and old.generation == self.client.generation:
            self.client.unload(old.model.handle)
        if old:
            self._say(ModelState.NOT_LOADED, old.record)

    def let_open(self, reach: AllowedPaths, adapters: Sequence[str]) -> None:
        """Set the files that the child may open. A running child cannot be given more, so a new child is started at the
        next load or as soon as the running one is idle.
        """
        self.client.may_open(reach)
        self._falls_short = not self.client.can_open(adapters)
        held = self._in_use
        if self._falls_short or (held and held.projector != self.projector_of(held.record)):
            self._unload_soon()

    # For leases.

    def hold(self, lease: Lease) -> None:
        self._held.add(lease)
        self._rest(idle=False)

    def let_go(self, lease: Lease) -> None:
        if lease in self._waiting:
            self._waiting.remove(lease)
        if lease not in self._held:
            return
        self._held.remove(lease)
        if not self._held and self._is_outdated:
            self.unload()
        if not self._held:
            self._rest(idle=True)
            self._advance()
            if self._in_use:
                self._say(ModelState.READY, self._in_use.record, loaded=self._in_use.model)

    def loaded(self) -> tuple[ModelRecord, LoadedModel] | None:
        if self._in_use and self._is_ready(self._in_use.record):
            return self._in_use.record, self._in_use.model
        return None

    @property
    def generation(self) -> int:
        return self._in_use.generation if self._in_use else 0

    def close(self) -> None:
        self._closed = True
        self._rest(idle=False)
        self.cancel_load()

    def _on_settings(self, new: Settings) -> None:
        self._rest(idle=self._in_use is not None)
        if limits_of(new) == self._limits:
            return
        if new.use_graphics_card and not self._limits[-1]:
            self._crashes.forget_card_crashes()
        self._limits = limits_of(new)
        self._unload_soon()

    def _unload_soon(self) -> None:
        if self._loading or self._held:
            self._is_outdated = True
        else:
            self.unload()

    # Events of the child, posted to the service thread.

    def on_child(self, event: ChildEvent) -> None:
        from slmdesk.children.client import ChildEnded, Outcome

        old = self._in_use
        if not isinstance(event, ChildEnded) or old is None or event.generation != old.generation:
            return
        self._forced.discard(old.record.id)
        self._in_use = None
        self._rest(idle=False)
        if event.how in (Outcome.ASKED, Outcome.CANCEL_IGNORED):
            self._say(ModelState.NOT_LOADED, old.record)
            self._advance()
            return
        self._crashes.note_use_crash(old.record, time.time())
        if old.model.offload:
            self._leave_card(old.record, old.model.offload.device)
        problem = problem_of("child.died", {"how": str(event.how), "detail": event.detail})
        self._say(ModelState.CRASHED, old.record, problem=problem)
        self._advance()

    def _advance(self) -> None:
        if self._loading or self._closed or not self._waiting:
            return
        if self._in_use and self._held and self._in_use.record.id != self._waiting[0].record.id:
            return  # answers of another model are finished first
        record = self._waiting[0].record
        if self._is_ready(record):
            self._serve()
            return
        if self._in_use:
            if not self._is_ready(self._in_use.record):
                return  # its child has just died: `on_child` is on its way, counts it and comes back here
            self.unload()
        loading = self._loading = _Loading(record, threading.Event())
        self._say(ModelState.LOADING, record)
        threading.Thread(target=self._check, args=(loading,), name="check-model", daemon=True).start()

    def _check(self, loading: _Loading) -> None:
        """Check the file before loading. Runs on a thread of its own."""
        call = self.service_thread.call
        try:
            mark = checked(loading.record, lambda: call(lambda: self._crashes.fresh(loading.record)), loading.stop)
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: who waits for the model is told
            problem = None if isinstance(err, Stopped) else problem_for(err)
            self.service_thread.post(lambda: self._load_ended(loading, ModelState.NOT_LOADED, problem))
        else:
            self._go_on(loading, lambda: self._load_checked(loading, mark))

    def _go_on(self, loading: _Loading, step: Callable[[], object]) -> None:
        """Post a step of loading. A fault of the code ends the loading, so that whoever waits for the model is told."""

        def run() -> None:
            try:
                step()
            except Exception as err:
                if self._loading is not loading:
                    raise
                self._load_ended(loading, ModelState.NOT_LOADED, problem_for(err))

        self.service_thread.post(run)

    def _load_checked(self, loading: _Loading, mark: FileMark) -> None:
        record = loading.record
        if loading.stop.is_set() or self._closed:
            self._load_ended(loading, ModelState.NOT_LOADED, None)
            return
        self._crashes.note_mark(record, mark)
        loading.projector = self.projector_of(record)
        spec = spec_for(
            self._crashes.fresh(record),
            self._settings.current,
            anyway=record.id in self._forced,
            projector=loading.projector,
        )
        loading.job = self.client.load(
            spec, lambda event: self._go_on(loading, lambda: self._on_load_event(loading, event))
        )

    def _on_load_event(self, loading: _Loading, event: FromChild) -> None:
        if self._loading is not loading:
            return
        if isinstance(event, Progress):
            loading.card = clean_label(event.key, 80)
            fraction = event.done / event.total if event.total > 0 else 0.0
            self._say(ModelState.LOADING, loading.record, fraction=min(1.0, max(0.0, fraction)))
        elif isinstance(event, Done):
            self._load_done(loading, event.result)
        elif isinstance(event, Failed):
            problem = problem_of(event.code, event.args)
            has_died = has_crashed(problem)
            if event.code == "child.died" and not has_died:  # ended for another job: load it again for who waits
                self._load_ended(loading, ModelState.NOT_LOADED, None)
            elif has_died and loading.card and self._leave_card(loading.record, loading.card):
                self._loading = None
                self._advance()  # load it again for the waiting requests, without the card
            elif has_died:
                self.count_crash(loading.record)
                self._load_ended(loading, ModelState.CRASHED, problem)
            else:
                self._load_ended(loading, ModelState.NOT_LOADED, problem)
        elif isinstance(event, Cancelled):
            self._load_ended(loading, ModelState.NOT_LOADED, None)

    def projector_of(self, record: ModelRecord) -> str:
        """Return the path of the file by which this model sees; "" if it does not."""
        known = [model for model in self._store.models.all() if model.kind == "projector"]
        if not known:
            return ""
        from slmdesk.models.gguf.projectors import projector_for

        projector = projector_for(record, known)
        return os.fsdecode(projector.path) if projector else ""

    def _leave_card(self, record: ModelRecord, card: str) -> bool:
        """Record that the child died with the model on a graphics card, which is mostly the driver's fault. Return
        whether the record was stored, so that the model will be loaded without the card.
        """
        if not self._crashes.note_card_crash(record, card):
            return False
        self._publish(Noticed(problem_of("model.card_crashed", {"name": record.name, "card": card})))
        return True

    def _load_done(self, loading: _Loading, untrusted_result: Mapping[str, Json]) -> None:
        record = loading.record
        try:
            model = record_from(LoadedModel, untrusted_result)
        except KnownError as err:
            self._load_ended(loading, ModelState.NOT_LOADED, problem_for(err))
            return
        self._loading = None
        generation = loading.job.generation if loading.job else self.client.generation
        self._in_use = _InUse(record, model, generation, loading.projector)
        info: dict[str, Json] = {
            "cost_curve": [list(point) for point in model.cost_curve],
            "template_checked": model.template == "file",
            "behaves": model.behaves,
            "offload": to_json(model.offload) if model.offload else None,
        }
        self._crashes.note_good_load(record, info, time.time())
        self._say(ModelState.READY, record, loaded=model)
        if model.behaves is False and record.id not in self._noise:
            self._noise.add(record.id)
            self._publish(Noticed(problem_of("model.noise", {"name": record.name})))
            self._publish(ModelsChanged())
        self._rest(idle=True)
        self._serve()
        self._advance()

    def _serve(self) -> None:
        served = [lease for lease in self._waiting if self._is_ready(lease.record)]
        self._waiting = [lease for lease in self._waiting if lease not in served]
        for lease in served:
            if self._in_use:
                lease.serve(self._in_use.model)

    def _load_ended(self, loading: _Loading, state: ModelState, problem: Problem | None) -> None:
        if self._loading is not loading:
            return
        self._loading = None
        if problem is not None:
            self._forced.discard(loading.record.id)
        self._say(state, loading.record, problem=problem)
        failed = [lease for lease in self._waiting if lease.record.id == loading.record.id] if problem else []
        self._waiting = [lease for lease in self._waiting if lease not in failed]
        for lease in failed:
            lease.fail(problem)
        self._advance()  # also after a cancellation: newer requests need a load of their own

    @staticmethod
    def _stop(loading: _Loading) -> None:
        loading.stop.set()
        if loading.job:
            loading.job.cancel()

    def _is_ready(self, record: ModelRecord) -> bool:
        held = self._in_use
        alive = held is not None and self.client.is_running and held.generation == self.client.generation
        return alive and held is not None and held.record.id == record.id

    def _rest(self, *, idle: bool) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None
        minutes = self._settings.current.idle_unload_minutes
        if idle and minutes > 0 and not self._held and not self._closed:
            self._idle = self.service_thread.call_later(minutes * MINUTE_S, self.unload)

    def _say(
        self,
        state: ModelState,
        record: ModelRecord,
        *,
        fraction: float = 0.0,
        loaded: LoadedModel | None = None,
        problem: Problem | None = None,
    ) -> None:
        memory = self.memory_bytes() if state is ModelState.READY else 0
        self.state = ModelStateChanged(state, record.id, record.name, fraction, loaded, problem, memory)
        self._publish(self.state)

    def memory_bytes(self) -> int:
        return memory_of(self.client.pid)


class Words(Record):
    text: str = ""
    probabilities: tuple[TokenProbability, ...] = ()
    is_cut: bool = False
    """Whether the answer ended at its length limit."""


def ask_once(
    loader: ModelLoader,
    record: ModelRecord,
    steps: Sequence[Mapping[str, Json]],
    answered: Callable[[int, Words], Sequence[Mapping[str, Json]]] | None = None,
) -> Pending[list[Words]]:
    """Run steps side by side, before all background work. The result is the answers in order, or the first Problem.

    Progress is reported as (done, total). `answered` gets the number and the answer of each step at once, and returns
    further steps, whose answers are empty where they fail. Nothing is reported after a cancellation.
    """
    pending: Pending[list[Words]] = Pending(lambda: lease.release())
    answers: list[Words] = []
    problem: Problem | None = None
    done = [0, 0]

    def ask(lease: Lease, steps: Sequence[Mapping[str, Json]]) -> None:
        assert lease.job is not None
        for step in steps:
            lease.job.step(str(len(answers)), step)
            answers.append(Words())
        if sum(done) == len(answers):
            lease.job.end_of_steps()

    def start(lease: Lease) -> None:
        lease.start("batch", {}, lambda event: on_event(lease, event))
        ask(lease, steps)

    def on_event(lease: Lease, event: FromChild) -> None:
        nonlocal problem
        if isinstance(event, Partial):
            number, is_further = int(event.key), int(event.key) >= len(steps)
            more: Sequence[Mapping[str, Json]] = ()
            done[is_further] += 1
            try:
                if not is_further or "answer" in event.value:
                    answer = _answer_in(event.value)
                    is_cut = answer.finish_reason is FinishReason.LENGTH
                    answers[number] = Words(answer.text, answer.probabilities, is_cut)
                more = answered(number, answers[number]) if answered is not None else ()
            except Exception as err:  # noqa: BLE001  whoever waits is told, also of a fault in `answered`
                problem = problem or problem_for(err)
            ask(lease, more)
            pending.progress((done[0], len(steps)))
        elif isinstance(event, Done | Failed | Cancelled):
            lease.release()
            if isinstance(event, Failed):
                problem = problem_of(event.code, event.args)
            pending.end(problem or answers)

    lease = loader.acquire(
        record, start, lambda problem: pending.end(problem or problem_for(KnownError("model.not_loaded")))
    )
    return pending


def _answer_in(value: Mapping[str, Json]) -> Answer:
    """Return the answer of a step. Raises KnownError with the code the step failed with."""
    code = value.get("code")
    if isinstance(code, str):
        raise KnownError(code, **plain_args(stored_from(dict, value.get("args")) or {}))
    return answer_from(value.get("answer"))


def count_tokens(loader: ModelLoader, record: ModelRecord, texts: Sequence[str]) -> Pending[list[int]]:
    """Return the number of tokens of each text, whether the model is loaded or not. The result is the Problem
    `model.crashes` for a blocked model.
    """
    held = loader.loaded()
    if held is not None and held[0].id == record.id:
        return _counting(loader, texts, handle=held[1].handle)
    times = loader.times_crashed(record)
    if times:
        return ended(problem_for(KnownError("model.crashes", name=record.name, times=times)))
    return _counting(loader, texts, path=os.fsdecode(record.path))


def guessed_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text.encode("utf-8", "replace")) // 3 + 1 for text in texts]


def _counting(loader: ModelLoader, texts: Sequence[str], *, handle: str = "", path: str = "") -> Pending[list[int]]:
    def counts_in(untrusted: Mapping[str, Json]) -> list[int]:
        numbers = stored_list(int, untrusted.get("counts"))
        if len(numbers) != len(texts):
            raise KnownError("child.protocol", reason=_("counts"))
        return numbers

    start = partial(loader.client.count_tokens, texts, handle=handle, path=path)
    return result_of(loader, start).map(counts_in)


def result_of(
    loader: ModelLoader, start: Callable[[Callable[[FromChild], None]], JobHandle]
) -> Pending[Mapping[str, Json]]:
    """Return the result of a job that `start` begins outside leases: the Problem `model.not_loaded` if cancelled."""
    job = start(lambda event: loader.service_thread.post(lambda: on_event(event)))
    pending: Pending[Mapping[str, Json]] = Pending(job.cancel)

    def on_event(event: FromChild) -> None:
        if isinstance(event, Done):
            pending.end(event.result)
        elif isinstance(event, Failed):
            pending.end(problem_of(event.code, event.args))
        elif isinstance(event, Cancelled):
            pending.end(problem_for(KnownError("model.not_loaded")))

    return pending
