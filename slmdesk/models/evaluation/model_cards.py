"""Builds model cards: what is known of the models on this PC, and measures their speed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import (
    Cancelled,
    Done,
    Failed,
    FromChild,
    Progress,
    Token,
    answer_from,
    messages_to_json,
    stored_from,
)
from slmdesk.base.record import Number, Record, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, bytes_for_people, problem_for, problem_of
from slmdesk.base.runtime.service import Runtime, Service, ServiceThread, pending_on_file_thread
from slmdesk.base.texts import _
from slmdesk.base.types import ChatMessage, Json, LoadedModel, Role, Sampling, TextPart
from slmdesk.base.untrusted import clean_label
from slmdesk.children.client import JobHandle
from slmdesk.history.store import Store
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.read import plain_metadata, read_header, require_chat_model
from slmdesk.models.importer import VERIFIED
from slmdesk.models.loader.energy import Energy, EnergySource, Meter, energy_words
from slmdesk.models.loader.model_loader import Lease, ModelLoader
from slmdesk.models.running import SpeedService
from slmdesk.models.service import DefaultUse, Fit, ModelService, Pc, can_do, fit_header, uses_in
from slmdesk.tasks.jobs.service import JobService

MOST_FIELDS = 2000
FIELD_CHARACTERS = 400
NAME_CHARACTERS = 120


class ModelCard(Record):
    record: ModelRecord
    uses: tuple[DefaultUse, ...] = ()
    tokens_per_s: float | None = None


class ModelDetails(Record):
    card: ModelCard
    can_do: tuple[DefaultUse, ...]
    bench: BenchResult | None
    verified: float
    """When the file was last compared with its checksum (at first: when it was added), in seconds since the epoch."""
    fields: tuple[tuple[str, str], ...] = ()
    fields_left_out: int = 0
    fit: Fit | None = None
    problem: Problem | None = None
    is_measured: bool = False
    """Whether the speed in `fit` was measured on answers that the model wrote on this PC."""


class _Read(Record):
    header: GgufHeader | None = None
    fields: tuple[tuple[str, str], ...] = ()
    fit: Fit | None = None
    problem: Problem | None = None


class CardService(Service):
    """Service that builds model cards and measures models. Service thread; file headers are read on another."""

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        measuring: SpeedService,
    ) -> None:
        super().__init__(runtime)
        self.pc = measuring.pc
        self._models, self._loader, self._jobs, self._measuring = models, loader, jobs, measuring
        self._bench: _Bench | None = None

    def list(self) -> tuple[ModelCard, ...]:
        return tuple(self._card(model) for model in self._store.models.all())

    def details(self, model: str) -> Pending[ModelDetails]:
        """Read all that is known of a model.  Raises KnownError `model.unknown`."""
        record = self._store.models.get(model)
        context, pc = self._settings.current.context_tokens, self.pc()
        read = pending_on_file_thread(self._service_thread, lambda: _read(record, context, pc), name="read-details")
        return read.map(lambda details: self._details(record, details))

    def _card(self, record: ModelRecord) -> ModelCard:
        bench = measured_speed(record)
        tokens_per_s = bench.output_tokens_per_s if bench else None
        return ModelCard(record, uses_in(self._settings.current, record), tokens_per_s)

    def _details(self, old: ModelRecord, details: _Read) -> ModelDetails:
        try:
            record = self._store.models.get(old.id)
        except KnownError:
            record = old  # removed meanwhile, which the caller is told separately
        verified = record.info.get(VERIFIED)
        left_out = max(0, len(details.fields) - MOST_FIELDS)
        if details.header is not None:
            left_out += details.header.metadata_left_out
        return ModelDetails(
            card=self._card(record),
            can_do=tuple(use for use in DefaultUse if can_do(record, use)),
            bench=measured_speed(record),
            verified=float(verified) if isinstance(verified, int | float) else record.added,
            fields=details.fields[:MOST_FIELDS],
            fields_left_out=left_out,
            fit=details.fit,
            problem=details.problem,
            is_measured=record.sha256 in self.pc().pace.measured,
        )

    # ---- speed

    def measure(self, model: str | None) -> Pending[BenchResult | None]:
        """Load a model anew and measure it. Jobs wait meanwhile, and the model in use is loaded again afterwards.

        Reports BenchProgress. The result is None if it was cancelled. Raises KnownError `model.…`, and `measuring.…`
        while an answer is being written or another benchmark runs.
        """
        record = self._models.choose(model)
        alone = SoleUse(self._store, self._models, self._loader, self._jobs)

        def on_end(result: BenchResult | Problem | None) -> None:
            self._bench = None
            alone.end()
            if isinstance(result, BenchResult):
                past_tokens = result.prompt_tokens + result.output_tokens // 2
                self._measuring.note(record, result.output_tokens_per_s, past_tokens)

        self._bench = _Bench(self._service_thread, self._store, self._loader, record)
        pending = self._bench.pending.then(on_end)
        self._service_thread.post(self._bench.begin)  # later, so that the caller also gets the first progress report
        return pending

    def cancel(self) -> None:
        if self._bench is not None:
            self._bench.cancel()

    close = cancel


def _read(record: ModelRecord, context_tokens: int, pc: Pc) -> _Read:
    """Read the header of a model's file. Runs on a file thread."""
    try:
        header = read_header(Path(os.fsdecode(record.path)))
        fields = tuple(
            (clean_label(key, NAME_CHARACTERS), clean_label(_plain(value), FIELD_CHARACTERS))
            for key, value in sorted(plain_metadata(header).items())
        )
        fit = None
        if record.can_chat:
            require_chat_model(header)
            fit = fit_header(header, context_tokens, pc, sha256=record.sha256)
        return _Read(header, fields, fit)
    except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
        return _Read(problem=problem_for(err))


def _plain(value: Json) -> str:
    if isinstance(value, Mapping):  # a long list, which the header's reader has summarised
        return f"{value.get('count', '?')} values of the type {value.get('type', '?')}"
    if isinstance(value, list | tuple):
        return ", ".join(str(entry) for entry in value[:100])
    return str(value)


class SoleUse:
    """The engine for one trial alone: nothing is loaded, and jobs wait. At its `end` the model that was loaded before
    is loaded again, and the usual model answers as before.

    Raises KnownError `measuring.twice` while there is another trial, and `measuring.answer` while an answer is written.
    """

    def __init__(self, store: Store, models: ModelService, loader: ModelLoader, jobs: JobService) -> None:
        self._store, self._models, self._loader, self._jobs = store, models, loader, jobs
        if jobs.is_held:
            raise KnownError("measuring.twice")
        jobs.hold()
        if loader.is_busy:
            jobs.let_go()
            raise KnownError("measuring.answer")
        self._loaded, self._usual = loader.loaded(), self._usual_model()
        loader.unload()

    def end(self) -> None:
        self._jobs.let_go()
        usual, now = self._usual, self._usual_model()
        if usual and now and now.id != usual.id:
            with suppress(KnownError):  # the model was removed, or the disk is full: another one then answers
                self._store.models.change(usual.id, last_used=time.time())
        if self._loaded is not None:
            self._loader.choose(self._loaded[0], explicit=False)

    def _usual_model(self) -> ModelRecord | None:
        """Return the model that answers when none is named. None if there is none, or several and none was used."""
        with suppress(KnownError):
            return self._models.choose(None)
        return None


INFO_KEY = "bench"
OUTPUT_TOKENS = 64
SENTENCES = 40
TOKENS_A_SENTENCE = 24
"""Upper limit for the tokens of a sentence with any tokenizer."""


class BenchResult(Record):
    prompt_tokens_per_s: Number
    output_tokens_per_s: Number
    prompt_tokens: int
    """Prompt tokens that were processed anew, not taken from the cache."""
    output_tokens: int
    memory_bytes: int
    measured: Number
    """Time of the benchmark in seconds since the epoch."""
    energy_j: Number | None = None
    """Joules for reading the prompt and writing the answer together. None if not even an estimate was possible."""
    energy_source: str = ""

    def energy_words(self) -> str:
        """Return the energy of 1,000 generated tokens in words.

        The energy is divided between reading and writing in proportion to their time, because both keep the cores busy.
        """
        if self.energy_j is None or self.energy_source not in tuple(EnergySource):
            return _("not measured")
        reading = self.prompt_tokens / max(self.prompt_tokens_per_s, 1e-6)
        writing = self.output_tokens / max(self.output_tokens_per_s, 1e-6)
        share = self.energy_j * writing / max(reading + writing, 1e-6)
        return energy_words(share, EnergySource(self.energy_source), max(self.output_tokens, 1))

    def sentence(self) -> str:
        return _(
            "Reads {prompt_tokens_per_s:.0f} and writes {output_tokens_per_s:.1f} tokens a second with "
            "{size} of memory; energy: {energy}."
        ).format(
            prompt_tokens_per_s=self.prompt_tokens_per_s,
            output_tokens_per_s=self.output_tokens_per_s,
            size=bytes_for_people(self.memory_bytes),
            energy=self.energy_words(),
        )


class BenchProgress(Record):
    """Progress of a benchmark: a label, and the share done, 0..1."""

    what: str
    fraction: float


def measured_speed(record: ModelRecord) -> BenchResult | None:
    """Return what a benchmark on this PC found of a model, or None if there was none."""
    return stored_from(BenchResult, record.info.get(INFO_KEY))


class _Bench:
    def __init__(self, service_thread: ServiceThread, store: Store, loader: ModelLoader, record: ModelRecord) -> None:
        self._service_thread, self._store, self._loader, self.record = service_thread, store, loader, record
        self.pending: Pending[BenchResult | None] = Pending(self.cancel)
        self._meter: Meter | None = None
        self._job: JobHandle | None = None
        self._lease: Lease | None = None
        self._is_over = False
        self._written = 0

    def begin(self) -> None:
        if self._is_over:
            return
        self._progressed("starting", 0.0)

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(self._child_is_there)

        self._job = self._loader.client.start("render", {}, on_event)

    def cancel(self) -> None:
        if self._job:
            self._job.cancel()
        self._finish(None)

    def _child_is_there(self) -> None:
        if self._is_over:
            return
        self._progressed(_("loading the model"), 0.05)
        self._lease = self._loader.acquire(self.record, self._warm_up, self._no_model, explicit=True)

    def _no_model(self, problem: Problem | None) -> None:
        self._finish(problem or problem_for(KnownError("model.not_loaded")))

    def _warm_up(self, lease: Lease) -> None:
        self._progressed(_("warming up"), 0.2)
        lease.start("chat", _question(lease.model, "Warming up.", 4), lambda event: self._on_warm_up(lease, event))

    def _on_warm_up(self, lease: Lease, event: FromChild) -> None:
        if isinstance(event, Done):
            self._progressed("reading", 0.4)
            self._meter = Meter(self._loader.client.pid)
            lease.start("chat", _question(lease.model, "Measuring.", OUTPUT_TOKENS), self._on_event)
        elif isinstance(event, Failed | Cancelled):
            self._end(event)

    def _on_event(self, event: FromChild) -> None:
        if isinstance(event, Progress) and event.total > 0:
            self._progressed("reading", 0.4 + 0.2 * min(1.0, event.done / event.total))
        elif isinstance(event, Token):
            self._written += 1
            self._progressed("writing", 0.6 + 0.4 * min(1.0, self._written / OUTPUT_TOKENS))
        elif isinstance(event, Done | Failed | Cancelled):
            self._end(event)

    def _end(self, event: Done | Failed | Cancelled) -> None:
        spent = self._meter.spent() if self._meter else None
        try:
            if isinstance(event, Done):
                result = _result(event.result, self._loader.memory_bytes(), spent)
                with suppress(KnownError):  # disk read-only or full: report the measurement anyway
                    self._store.models.set_info(self.record.id, **{INFO_KEY: to_json(result)})
                self._finish(result)
            elif isinstance(event, Failed):
                self._finish(problem_of(event.code, event.args))
            else:
                self._finish(problem_for(KnownError("model.not_loaded")))
        except KnownError as err:
            self._finish(problem_for(err))

    def _finish(self, result: BenchResult | Problem | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._lease:
            self._lease.release()
        self.pending.end(result)

    def _progressed(self, what: str, fraction: float) -> None:
        self.pending.progress(BenchProgress(what, fraction))


def _question(model: LoadedModel, beginning: str, tokens: int) -> dict[str, Json]:
    """Return the request of a measurement. Its beginning differs each time, so only the template is cached already."""
    count = min(SENTENCES, max(1, (model.context_tokens - 128) // TOKENS_A_SENTENCE))
    text = " ".join([beginning, *(f"In room {n} stands a table with {n + 2} chairs." for n in range(count))])
    turns = [ChatMessage(Role.USER, (TextPart(f"{text}\n\nDescribe the rooms."),))]
    sampling = Sampling(temperature=0.0, max_tokens=tokens, ignore_eos=True)
    return {"messages": messages_to_json(turns), "sampling": to_json(sampling)}


def _result(untrusted: Mapping[str, Json], memory_bytes: int, spent: Energy | None) -> BenchResult:
    answer = answer_from(untrusted)
    read = answer.usage.prompt_tokens - answer.usage.cached_tokens
    return BenchResult(
        prompt_tokens_per_s=round(read / max(answer.timing.first_token_s, 1e-6), 2),
        output_tokens_per_s=round(answer.timing.tokens_per_s, 2),
        prompt_tokens=read,
        output_tokens=answer.usage.output_tokens,
        memory_bytes=memory_bytes,
        measured=time.time(),
        energy_j=spent.joules if spent else None,
        energy_source=spent.source.value if spent else "",
    )
