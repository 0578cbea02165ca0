"""Measures a model's speed on this PC with one short answer to a page of text, and stores it with the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress, Token
from slmdesk.base.record import Number, Record, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import ChatMessage, Json, LoadedModel, Role, Sampling, TextPart
from slmdesk.base.wire import answer_from, messages_to_json, stored_from
from slmdesk.children.client import JobHandle
from slmdesk.jobs.service import JobService
from slmdesk.loader.energy import Energy, EnergySource, Meter, energy_words
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.restore_choice import mark, return_to
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people, problem_for, problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.store import Store

INFO_KEY = "bench"
OUTPUT_TOKENS = 64
SENTENCES = 40
TOKENS_A_SENTENCE = 24
"""More than any tokenizer makes of one."""


class BenchResult(Record):
    prompt_tokens_per_s: Number
    output_tokens_per_s: Number
    prompt_tokens: int
    """Read anew, not from memory."""
    output_tokens: int
    memory_bytes: int
    measured: Number
    """Seconds since the epoch."""
    energy_j: Number | None = None
    """For reading and writing together; None: not even an estimate was to be had."""
    energy_source: str = ""

    def energy_words(self) -> str:
        """Return the energy of 1,000 generated tokens in words.

        The energy is divided by time, because reading and writing both keep the cores busy.
        """
        if self.energy_j is None or self.energy_source not in tuple(EnergySource):
            return "not measured"
        reading = self.prompt_tokens / max(self.prompt_tokens_per_s, 1e-6)
        writing = self.output_tokens / max(self.output_tokens_per_s, 1e-6)
        share = self.energy_j * writing / max(reading + writing, 1e-6)
        return energy_words(share, EnergySource(self.energy_source), max(self.output_tokens, 1))

    def sentence(self) -> str:
        return (
            f"Reads {self.prompt_tokens_per_s:.0f} and writes {self.output_tokens_per_s:.1f} tokens a second with "
            f"{bytes_for_people(self.memory_bytes)} of memory; energy: {self.energy_words()}."
        )


class BenchProgress(Record):
    """Progress of a benchmark: a label, and the share done, 0..1."""

    what: str
    fraction: float


class BenchService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        note: Callable[[ModelRecord, float, int], None],
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._jobs, self._note = models, loader, jobs, note
        self._bench: _Bench | None = None

    @property
    def running(self) -> str:
        return self._bench.record.id if self._bench else ""

    def run(self, model: str | None) -> Pending[BenchResult | None]:
        """Load a model afresh and measure it; jobs wait meanwhile, and the model in use is loaded again afterwards.

        Reports BenchProgress; None when it was cancelled.  Raises KnownError `model.…`, and `measuring.…` while an
        answer is being written or another benchmark runs.
        """
        record = self._models.choose(model)
        if self._jobs.is_held:
            raise KnownError("measuring.twice")
        self._jobs.hold()
        if self._loader.is_busy:
            self._jobs.let_go()
            raise KnownError("measuring.answer")
        before = mark(self._models, self._loader)
        self._loader.unload()

        def on_end(result: BenchResult | Problem | None) -> None:
            self._bench = None
            self._jobs.let_go()
            return_to(before, self._models, self._loader, self._store)
            if isinstance(result, BenchResult):
                self._note(record, result.output_tokens_per_s, result.prompt_tokens + result.output_tokens // 2)

        self._bench = _Bench(self._service_thread, self._store, self._loader, record)
        pending = self._bench.pending.then(on_end)
        self._service_thread.post(self._bench.begin)  # later, so that whoever asked hears of the beginning too
        return pending

    def cancel(self) -> None:
        if self._bench is not None:
            self._bench.cancel()

    close = cancel

    def result(self, record: ModelRecord) -> BenchResult | None:
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
        self._progressed("loading the model", 0.05)
        self._lease = self._loader.acquire(self.record, self._warm_up, self._no_model, explicit=True)

    def _no_model(self, problem: Problem | None) -> None:
        self._finish(problem or problem_for(KnownError("model.not_loaded")))

    def _warm_up(self, lease: Lease) -> None:
        self._progressed("warming up", 0.2)
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
                with suppress(KnownError):  # read-only or full: what was measured is told all the same
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
    """Another beginning each time, so that nothing but the template is in memory already."""
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
