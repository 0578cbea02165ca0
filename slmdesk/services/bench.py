"""How fast a model is on this PC: one short answer to a page of text, measured and kept with the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import ChatMessage, Json, LoadedModel, Role, Sampling, TextPart
from slmdesk.core.wire import answer_from, dataclass_from, messages_to_json, to_json
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.loading import EngineRoom
from slmdesk.services.models import ModelService
from slmdesk.services.sentences import problem_for, problem_of
from slmdesk.store import Store

FACT = "bench"
OUTPUT_TOKENS = 64
SENTENCES = 40
"""Of the text that is read: about 500 tokens."""
TOKENS_A_SENTENCE = 24
"""More than any tokenizer makes of one."""
POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured."""

    prompt_tokens_per_s: float
    output_tokens_per_s: float
    prompt_tokens: int
    """Read anew, not from memory."""
    output_tokens: int
    memory_bytes: int
    """By how much the model's process grew from before the load to after the answer."""
    measured: float
    """Seconds since the epoch."""
    energy_j: float | None = None
    """What the processor's own counters say of the whole PC while it answered; None: not measured."""


OnEnded = Callable[[BenchResult | Problem], None]
"""Called once, on the desk thread."""


class BenchService:
    """Measures one model at a time.  Desk thread."""

    def __init__(self, desk: Desk, store: Store, models: ModelService, room: EngineRoom) -> None:
        self._desk, self._store, self._models, self._room = desk, store, models, room

    def run(self, model: str | None, ended: OnEnded) -> ModelRecord:
        """Load a model anew and measure it.

        Raises KnownError `model.…`, and `request.invalid` while an answer is being written.
        """
        record = self._models.choose(model)
        if self._room.is_busy:
            raise KnownError("request.invalid", what="an answer is being written; measure afterwards")
        self._room.unload()
        _Bench(self._desk, self._store, self._room, record, ended).begin()
        return record

    def result(self, record: ModelRecord) -> BenchResult | None:
        """What was measured of a model before, if anything."""
        try:
            return dataclass_from(BenchResult, record.facts.get(FACT))
        except KnownError:
            return None


class _Bench:
    """One measurement: a bare child, the model in it, an answer to warm up, the answer that counts."""

    def __init__(self, desk: Desk, store: Store, room: EngineRoom, record: ModelRecord, ended: OnEnded) -> None:
        self._desk, self._store, self._room, self._record, self._ended = desk, store, room, record, ended
        self._bare_bytes = 0
        self._energy: Mapping[Path, int] = {}

    def begin(self) -> None:
        """A job that cannot be done starts a child without a model."""
        self._start("render", {}, self._child_is_there)

    def _child_is_there(self, _event: FromChild) -> None:
        self._bare_bytes = self._room.memory_bytes()
        self._room.want(self._record, self._warm_up, self._no_model, explicit=True)

    def _no_model(self, problem: Problem | None) -> None:
        self._ended(problem or problem_for(KnownError("model.not_loaded")))

    def _warm_up(self, model: LoadedModel) -> None:
        self._room.begin()
        self._start("chat", _question(model, "Warming up.", 4), lambda event: self._measure(model, event))

    def _measure(self, model: LoadedModel, event: FromChild) -> None:
        if not isinstance(event, Done):
            self._end(event)
            return
        self._energy = read_energy()
        self._start("chat", _question(model, "Measuring.", OUTPUT_TOKENS), self._end)

    def _end(self, event: FromChild) -> None:
        spent = energy_between(self._energy, read_energy())
        grown = self._room.memory_bytes() - self._bare_bytes
        self._room.end()
        result: BenchResult | Problem
        try:
            if isinstance(event, Done):
                result = _result(event.result, max(0, grown), spent)
                self._store.set_model_facts(self._record.id, **{FACT: to_json(result)})
            elif isinstance(event, Failed):
                result = problem_of(event.code, event.args)
            else:
                result = problem_for(KnownError("model.not_loaded"))
        except KnownError as err:
            result = problem_for(err)
        self._ended(result)

    def _start(self, kind: str, payload: Mapping[str, Json], ended: Callable[[FromChild], None]) -> None:
        def hear(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._desk.post(lambda: ended(event))

        self._room.client.start(kind, payload, hear)


def _question(model: LoadedModel, beginning: str, tokens: int) -> dict[str, Json]:
    """Another beginning each time, so that nothing but the template is in memory already."""
    count = min(SENTENCES, max(1, (model.context_tokens - 128) // TOKENS_A_SENTENCE))
    text = " ".join([beginning, *(f"In room {n} stands a table with {n + 2} chairs." for n in range(count))])
    turns = [ChatMessage(Role.USER, (TextPart(f"{text}\n\nDescribe the rooms."),))]
    sampling = Sampling(temperature=0.0, max_tokens=tokens, ignore_eos=True)
    return {"handle": model.handle, "messages": messages_to_json(turns), "sampling": to_json(sampling)}


def _result(untrusted: Mapping[str, Json], memory_bytes: int, energy_j: float | None) -> BenchResult:
    answer = answer_from(untrusted)
    read = answer.usage.prompt_tokens - answer.usage.cached_tokens
    return BenchResult(
        prompt_tokens_per_s=round(read / max(answer.timing.first_token_s, 1e-6), 2),
        output_tokens_per_s=round(answer.timing.tokens_per_s, 2),
        prompt_tokens=read,
        output_tokens=answer.usage.output_tokens,
        memory_bytes=memory_bytes,
        measured=time.time(),
        energy_j=energy_j,
    )


def read_energy(root: Path = POWERCAP) -> dict[Path, int]:
    """The counters of the processor packages, in microjoules; none where there are none or they are not for us.

    Source: the kernel's Documentation/power/powercap/powercap.rst.
    """
    found = {}
    for zone in root.glob("*:[0-9]*"):
        if zone.name.count(":") == 1:  # a part of a package is counted in the package
            try:
                found[zone] = int((zone / "energy_uj").read_text("ascii"))
            except (OSError, ValueError):
                continue
    return found


def energy_between(before: Mapping[Path, int], after: Mapping[Path, int]) -> float | None:
    """Joules between two readings; None when there is nothing to compare.  A counter that began anew is put right."""
    if not before or before.keys() != after.keys():
        return None
    spent = 0
    for zone, start in before.items():
        step = after[zone] - start
        if step < 0:
            try:
                step += int((zone / "max_energy_range_uj").read_text("ascii"))
            except (OSError, ValueError):
                return None
        spent += step
    return round(spent / 1e6, 3)
