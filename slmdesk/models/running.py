"""How a model runs on this PC: whether it fits, which options it can be loaded with, and how fast it answers."""

from __future__ import annotations

import os
import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError, SlmdeskError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, record_from, stored_from
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import MessageEnded, ModelState, Noticed, Pending
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.base.texts import _
from slmdesk.base.types import Device, Json, PcMeasurement, Sampling
from slmdesk.children.client import ChildClient
from slmdesk.models.gguf.header import GgufHeader, misfit, recommended_sampling, require_adapter
from slmdesk.models.gguf.memory import (
    UNKNOWN_STEP_SECONDS,
    USUAL_PAST,
    Pace,
    Speed,
    calibration_of,
    estimate_loaded,
    plain_bytes,
    step_seconds,
)
from slmdesk.models.gguf.read import check_file, read_header, require_chat_model
from slmdesk.models.loader.energy import OtherPrograms
from slmdesk.models.loader.model_loader import ModelLoader, hardware_key
from slmdesk.models.service import ModelService, PaceChanged, Pc, available_bytes, fit_file, total_bytes

CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)


class AdapterChoice(Record):
    id: str
    name: str
    reason: str = ""
    """Why the adapter does not fit the model; empty if it fits."""


class ContextChoice(Record):
    tokens: int
    bytes: int
    fits: bool


class LoadOptions(Record):
    makers: Sampling
    """Sampling values that the model's file recommends. A value is None if the file does not recommend one."""
    most_context: int
    """Longest context in tokens that the model was made for. 0: its file does not say."""
    contexts: tuple[ContextChoice, ...]
    adapters: tuple[AdapterChoice, ...]


class LoadOptionsService(Service):
    def __init__(self, runtime: Runtime, models: ModelService) -> None:
        super().__init__(runtime)
        self._models = models
        self._known: dict[tuple[str, str], str] = {}
        """For the sha256 of a model and of an adapter, why the adapter does not fit the model; "" if it fits."""

    def look(self, model: str) -> Pending[LoadOptions]:
        """Return what can be set when a model is loaded. For "", take the model that answers when none is named. Raises
        KnownError `model.…`.
        """
        record = self._models.choose(model or None)
        adapters = [model for model in self._models.list() if model.kind == "adapter"]
        current, state = self._settings.current.context_tokens, self._models.state
        held = state.memory_bytes if state.model == record.id else 0

        return pending_on_file_thread(
            self._service_thread, lambda: self._looked(record, adapters, current, held), name="load options"
        )

    def _looked(
        self, record: ModelRecord, adapters: Sequence[ModelRecord], current: int, held_bytes: int
    ) -> LoadOptions:
        """Read the model's file and return its options. `held_bytes` is its memory use now if loaded. File thread."""
        header = check_file(Path(os.fsdecode(record.path)))
        require_chat_model(header)
        contexts = _contexts(header, current, available_bytes() + held_bytes)
        choices = [
            AdapterChoice(adapter.id, adapter.name, self._why_not(record, header, adapter)) for adapter in adapters
        ]
        return LoadOptions(recommended_sampling(header), header.context_length, contexts, tuple(choices))

    def _why_not(self, record: ModelRecord, header: GgufHeader, adapter: ModelRecord) -> str:
        pair = (record.sha256, adapter.sha256)
        if pair not in self._known:
            try:
                its = check_file(Path(os.fsdecode(adapter.path)))
                require_adapter(its)
                reason = misfit(header, its)
            except KnownError as err:
                return problem_for(err).sentence  # not remembered: the folder may come back
            self._known[pair] = reason
        return self._known[pair]


def _contexts(header: GgufHeader, current: int, free: int) -> tuple[ContextChoice, ...]:
    """Return the context sizes to choose from: the usual sizes up to what the model was made for, that limit itself,
    and the current size.
    """
    most = header.context_length or max(CONTEXTS)
    sizes = {size for size in CONTEXTS if size <= most} | {min(current, most), min(most, max(CONTEXTS))}
    choices = []
    for size in sorted(sizes):
        needed = estimate_loaded(header, context_tokens=size, available_bytes=free).total
        choices.append(ContextChoice(size, needed, fits=needed <= free))
    return tuple(choices)


class FitCheck(Record):
    fit: str
    """"fits", "tight", "too_large", "unknown" for a model that cannot chat, or "broken", where `problem` says why."""
    needed_bytes: int = 0
    problem: Problem | None = None
    speed: Speed | None = None
    is_measured: bool = False
    """True if the speed is that of answers the model wrote on this PC, not an estimate."""


def _judge(record: ModelRecord, context_tokens: int, pc: Pc) -> FitCheck:
    try:
        if not record.can_chat:
            check_file(Path(os.fsdecode(record.path)))
            return FitCheck("unknown", record.bytes)
        fit = fit_file(Path(os.fsdecode(record.path)), context_tokens, pc, sha256=record.sha256)
    except Exception as err:  # noqa: BLE001  a thread's inner frame: an odd file must not hide the others
        return FitCheck("broken", problem=problem_for(err))
    return FitCheck(fit.verdict, fit.memory.total, speed=fit.speed, is_measured=record.sha256 in pc.pace.measured)


# Measures the speed of this PC in a quiet second, and refines it by the answers written here. The measurement runs in a
# child process of its own that ends with it, so that it neither blocks the window nor keeps memory. PaceChanged is
# published when more is known; `SpeedService.pace` is used to judge models.


BANDWIDTH = "bandwidth"
SPEED = "speed/"
"""Start of a key in the store; the sha256 of a model follows. The measurement of the PC has the key BANDWIDTH."""
QUIET_S = 15.0
"""Seconds after the start, and after each busy moment, until the PC is checked for a quiet moment."""
MOST_LOOKS = 20
"""Most checks for a quiet moment. Some PCs never have one, so then the measurement is made anyway."""
LEAST_TOKENS = 24
"""Fewest tokens of an answer whose speed counts, if other programs did not keep the processor busy meanwhile."""
_NEW_SHARE = 0.3
"""Weight of a new answer's speed in the running average. It is low because other programs come and go."""
_WORTH = 0.03
"""Smallest relative change of the average speed that is written to the store."""
USUAL_BANDWIDTH = 20e9
"""Memory bandwidth in bytes per second that is assumed before this PC was measured."""
_NEWS = 0.1
"""Smallest relative change of the expected speed that PaceChanged announces. Smaller changes need no redrawing."""
_MOST = 8
"""Most models, newest first, whose measured speed tells how this PC compares with the estimate."""


class GenerationSpeed(Record):
    hardware: str
    tokens_per_s: Number
    """Speed with USUAL_PAST tokens in the context, measured or converted."""
    read_bytes: Number
    """Bytes read for each token with USUAL_PAST tokens in the context, as `plain_bytes` computes them."""
    past_bytes: Number
    """Bytes that each further token in the context adds to `read_bytes`."""
    step_s: Number

    def at_usual_past(self, tokens_per_s: float, past_tokens: int, bandwidth: float) -> float:
        step = self.step_s * (bandwidth or USUAL_BANDWIDTH)
        there = self.read_bytes + (past_tokens - USUAL_PAST) * self.past_bytes
        return tokens_per_s * (step + max(0.0, there)) / (step + self.read_bytes)


class SpeedService(Service):
    """Measures this PC's and its models' speed. Service thread."""

    def __init__(self, runtime: Runtime, loader: ModelLoader, engine_beside: Callable[[str], ChildClient]) -> None:
        """`engine_beside` returns the client of a new engine child, whose log has this name."""
        super().__init__(runtime)
        self._loader, self._engine_beside, self.quiet_s = loader, engine_beside, QUIET_S
        self._hardware = ""
        self._pace: Pace | None = None
        self._later: Later | None = None
        self._others: OtherPrograms | None = None
        self._noisy_looks = 0
        self._child: ChildClient | None = None
        self._asking: set[str] = set()
        runtime.events.on(MessageEnded, self.on_message_ended)

    @property
    def pace(self) -> Pace:
        """What is known of the speed of this PC. Its bandwidth is 0 until this PC was measured."""
        if self._pace is None:
            self._pace = self._read_pace()
        return self._pace

    @property
    def measured(self) -> PcMeasurement | None:
        try:
            kept = self._store.measurements.get(BANDWIDTH)
            if kept is None or kept.value.get("hardware") != self._key():
                return None
            return record_from(PcMeasurement, kept.value)
        except KnownError:  # another format, or a history of an older version
            return None

    @property
    def devices(self) -> tuple[Device, ...]:
        measurement = self.measured
        return measurement.devices if measurement else ()

    def pc(self) -> Pc:
        devices = self.devices if self._settings.current.use_graphics_card else ()
        return Pc(available_bytes(), self.pace, devices, total_bytes())

    def expected(self, record: ModelRecord) -> Speed | None:
        """Return how fast a model of the library will answer, from its record alone. Its file is not read."""
        if not record.can_chat:
            return None
        active = record.header.get("active_bytes")
        size = active if isinstance(active, int) and active > 0 else record.bytes
        step = record.header.get("step_s")
        step_s = step if isinstance(step, float) and 0 < step < 1 else UNKNOWN_STEP_SECONDS
        quantization = str(record.header.get("quantization") or "")
        return self.pace.of_size(size, quantization, sha256=record.sha256, step_s=step_s)

    def judge(self, models: Sequence[ModelRecord]) -> Pending[Mapping[str, FitCheck]]:
        """Check whether models fit this PC, and how fast they are. The files are read on another thread."""
        context, pc = self._settings.current.context_tokens, self.pc()
        return pending_on_file_thread(
            self._service_thread,
            lambda: {model.id: _judge(model, context, pc) for model in models},
            name="judge-models",
        )

    def begin(self) -> None:
        """Wait for a quiet moment and measure this PC, unless it was measured before."""
        self.stop_waiting()
        self._others = (
            None if self.measured else OtherPrograms()
        )  # usually it was measured, and then nothing needs to be loaded
        self._later = self._service_thread.call_later(self.quiet_s, self._measure_if_quiet)

    def stop_waiting(self) -> None:
        if self._later:
            self._later.cancel()
            self._later = None

    def measure(self) -> Pending[PcMeasurement]:
        """Measure this PC now, taking about a second. Raises KnownError `request.invalid` while a measurement runs."""
        if self._child is not None:
            raise KnownError("request.invalid", what=_("this PC is being measured"))
        child = self._child = self._engine_beside("measure")
        measured: Pending[PcMeasurement] = Pending()

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_end(event, measured))

        child.start("measure", {}, on_event, priority="background")
        return measured

    def close(self) -> None:
        self.stop_waiting()
        self._end_child()

    def on_message_ended(self, event: MessageEnded) -> None:
        if event.usage is None or event.timing is None or not event.was_quiet:
            return
        if event.usage.output_tokens < LEAST_TOKENS or self._loader.is_busy or event.message.model_sha256 is None:
            return  # too short to tell, or another answer was written meanwhile
        sha256 = event.message.model_sha256
        record = next((model for model in self._store.models.all() if model.sha256 == sha256), None)
        if record is not None:
            past = event.usage.prompt_tokens + event.usage.output_tokens // 2
            self.note(record, event.timing.tokens_per_s, past)

    def note(self, record: ModelRecord, tokens_per_s: float, past_tokens: int) -> None:
        """Add an answer's speed to what is known of the model. An unknown model's header is read on a file thread."""
        if tokens_per_s <= 0 or self._store.read_only:
            return
        known = self._written(record.sha256)
        if known is not None:
            new = known.at_usual_past(tokens_per_s, past_tokens, self.pace.bandwidth)
            smooth = known.tokens_per_s + _NEW_SHARE * (new - known.tokens_per_s)
            if abs(smooth / known.tokens_per_s - 1) > _WORTH:
                self._keep(record.sha256, changed(known, tokens_per_s=smooth))
            return
        if record.sha256 in self._asking:
            return
        self._asking.add(record.sha256)
        path, hardware = Path(os.fsdecode(record.path)), self._key()

        def work() -> GenerationSpeed | None:
            try:
                header = read_header(path)
            except (SlmdeskError, OSError):
                return None  # a file that cannot be read tells nothing
            reads, twice = plain_bytes(header), plain_bytes(header, 2 * USUAL_PAST)
            return GenerationSpeed(hardware, tokens_per_s, reads, (twice - reads) / USUAL_PAST, step_seconds(header))

        def ended(written: GenerationSpeed | Problem | None) -> None:
            self._on_first(record.sha256, written, past_tokens)

        on_file_thread(self._service_thread, work, ended, name="measured-model")

    def _measure_if_quiet(self) -> None:
        self._later = None
        if self.measured is not None or self._store.read_only:
            return
        is_measured = self._child is not None  # a person has just started a measurement
        is_noisy = self._others is not None and not self._others.are_quiet()
        self._noisy_looks += is_noisy
        waits = is_noisy and self._noisy_looks < MOST_LOOKS
        if is_measured or waits or self._loader.is_busy or self._loader.state.state is ModelState.LOADING:
            self.begin()
            return
        self.measure()  # a measurement that fails is tried again at the next start

    def _on_end(self, event: FromChild, measured: Pending[PcMeasurement]) -> None:
        self._end_child()
        if isinstance(event, Done):
            try:
                measurement = record_from(PcMeasurement, event.result)
                if measurement.bytes_per_s <= 0 or measurement.threads <= 0:
                    raise KnownError("request.invalid", what="bytes_per_s")
                value: dict[str, Json] = {"hardware": self._key(), **to_json(measurement)}
                if not self._store.read_only:
                    self._store.measurements.keep(BANDWIDTH, value)
            except KnownError as err:
                measured.end(problem_for(err))
                return
            self._refresh()
            measured.end(measurement)
        elif isinstance(event, Failed):
            measured.end(problem_of(event.code, event.args))
        else:
            measured.end(problem_for(KnownError("request.invalid", what=_("it was stopped"))))

    def _end_child(self) -> None:
        """End the engine process. A thread waits for its end, since nothing depends on it."""
        child, self._child = self._child, None
        if child is not None:
            threading.Thread(target=child.close, name="end-of-measuring", daemon=True).start()

    def _on_first(self, sha256: str, written: GenerationSpeed | Problem | None, past_tokens: int) -> None:
        if isinstance(written, Problem):
            self._publish(Noticed(written))  # not discarded from `_asking`, so this is said only once
            return
        self._asking.discard(sha256)
        if written is not None and written.read_bytes > 0:
            usual = written.at_usual_past(written.tokens_per_s, past_tokens, self.pace.bandwidth)
            self._keep(sha256, changed(written, tokens_per_s=usual))

    def _keep(self, sha256: str, written: GenerationSpeed) -> None:
        try:
            self._store.measurements.keep(SPEED + sha256, to_json(written))
        except KnownError:
            return  # the store cannot be written now: the next answer will be noted
        self._refresh()

    def _refresh(self) -> None:
        old, self._pace = self._pace or Pace(), self._read_pace()
        if _is_news(old, self._pace):
            self._publish(PaceChanged())

    def _read_pace(self) -> Pace:
        """Return what was measured here, and how far from it each model was that has written."""
        measured = self.measured
        if measured is None:
            return Pace()
        factors = {}
        try:
            kept = self._store.measurements.all(SPEED)
        except KnownError:
            kept = []
        for measurement in kept:
            written = self._written_from(measurement.value)
            if written:
                factors[measurement.key.removeprefix(SPEED)] = calibration_of(
                    written.read_bytes,
                    written.step_s,
                    bandwidth=measured.bytes_per_s,
                    tokens_per_s=written.tokens_per_s,
                )
        newest = list(factors.values())[:_MOST]
        return Pace(measured.bytes_per_s, statistics.median(newest) if newest else None, factors)

    def _written(self, sha256: str) -> GenerationSpeed | None:
        try:
            kept = self._store.measurements.get(SPEED + sha256)
        except KnownError:
            return None
        return self._written_from(kept.value) if kept else None

    def _written_from(self, untrusted: object) -> GenerationSpeed | None:
        written = stored_from(GenerationSpeed, untrusted)
        if written is None or written.tokens_per_s <= 0 or written.read_bytes <= 0:
            return None
        return written if written.hardware == self._key() else None

    def _key(self) -> str:
        if not self._hardware:
            self._hardware = hardware_key()
        return self._hardware


def _is_news(old: Pace, new: Pace) -> bool:
    pairs = [(old.bandwidth, new.bandwidth), (old.calibration or 0.0, new.calibration or 0.0)]
    pairs += [(old.measured.get(key, 0.0), factor) for key, factor in new.measured.items()]
    return any(after > 0 and abs(after - before) > _NEWS * after for before, after in pairs)
