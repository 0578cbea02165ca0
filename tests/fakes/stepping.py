"""A scheduler whose context computes nothing: each batch is written down, and its price moves a clock of its own on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slmdesk.base.types import Priority, Sampling
from slmdesk.children.engine.llama.context import ABORTED, DECODED, GROUPS, NO_ADAPTER, CostCurve
from slmdesk.children.engine.llama.library import ThreadChooser
from slmdesk.children.engine.llama.scheduler import Scheduler
from slmdesk.children.engine.llama.sequence import Outbox, PreparedRequest, Sequence
from slmdesk.children.engine.llama.slots import Slots
from slmdesk.children.engine.llama.thinking import NO_THOUGHTS, Thought

Price = Callable[[int, int], float]
"""Seconds of a batch of so many tokens with so many threads."""


@dataclass(frozen=True)
class Step:
    """One batch: tokens of prompts, tokens of answers, and threads."""

    read: int
    written: int
    threads: int
    code: int


class SteppingContext:
    """What the scheduler and the slots ask of a context."""

    pointer = 1

    def __init__(self, price: Price, cells: int) -> None:
        self.cells, self.batch_tokens, self.max_sequences = cells, 512, 40
        self.most_logits = self.max_sequences
        self.now = 0.0
        self.steps: list[Step] = []
        self.price = price
        self._read = self._written = 0

    def clear(self) -> None:
        self._read = self._written = 0

    def add(self, _token: int, _position: int, _sequence: int) -> int:
        self._written += 1
        return self.size - 1

    def add_slice(self, tokens: list[int], _position: int, _sequence: int, *, needs_last: bool) -> int:
        self._read += len(tokens)
        return self.size - 1

    @property
    def size(self) -> int:
        return self._read + self._written

    def decode(self, threads: int, patience_s: float = math.inf) -> int:
        took = self.price(self.size, threads)
        self.now += min(took, patience_s * 1.01)
        code = DECODED if took <= patience_s else ABORTED
        self.steps.append(Step(self._read, self._written, threads, code))
        return code

    def copy(self, source: int, target: int) -> None: ...

    def cut(self, _sequence: int, _length: int) -> bool:
        return True

    def forget(self, sequence: int) -> None: ...

    def state_size(self, _sequence: int) -> int:
        return 1 << 60  # nothing is swapped out

    def first_position(self, _sequence: int) -> int:
        return 0


class _SameToken:
    def sample(self, _context: Any, _index: int) -> int:
        return 7

    def close(self) -> None: ...


class _NoText:
    is_within = 0

    def feed(self, _token: int, _marks: object) -> str:
        return ""

    def flush(self) -> str:
        return ""


class _NoAdapters:
    def put_on(self, _pointer: int, _adapter: Any) -> bool:
        return True


class Stepping:
    """The real scheduler over such a context."""

    def __init__(
        self,
        price: Price,
        *,
        steps: ThreadChooser,
        threads: tuple[int, ...],
        sequences: int = 16,
        cells: int = 100_000,
    ) -> None:
        self.context = SteppingContext(price, cells)
        context: Any = self.context
        adapters: Any = _NoAdapters()
        self.scheduler = Scheduler(
            context,
            Slots(context, sliding_window=0),
            sequences=sequences,
            adapters=adapters,
            curve=CostCurve([(k, price(k, threads[0]) / price(1, threads[0])) for k in GROUPS]),
            step_threads=steps,
            read_threads=ThreadChooser(threads, first_gap=4, hint=steps),
            can_redo=True,
            can_draft=True,
            clock=lambda: self.context.now,
        )
        self._keys = itertools.count()

    def submit(
        self, lengths: list[int], *, answer: int, priority: Priority, same_text: bool = False, seed: bool = False
    ) -> None:
        """Ask for an answer of `answer` tokens to a prompt of each of these lengths, all of them different unless
        `same_text`, where each is a beginning of the longer ones.
        """
        no_text: Any = _NoText()
        same: Any = _SameToken()
        self.scheduler.submit(
            [
                Sequence(
                    PreparedRequest(
                        key=str(number),
                        prompt=(1000 if same_text else 1001 + number, *range(length - 1)),
                        most_tokens=answer,
                        seed=1,
                        seed_given=seed,
                    ),
                    priority=priority,
                    outbox=Outbox(),
                    sampler=same,
                    detokenizer=no_text,
                    end_tokens=frozenset(),
                    adapter=NO_ADAPTER,
                    thought=Thought(NO_THOUGHTS, Sampling(), is_open=False),
                )
                for number, length in zip(self._keys, lengths, strict=False)
            ]
        )

    def run(self, most: int = 10_000) -> list[Step]:
        """Step until all have ended; what was computed."""
        while most and self.scheduler.step():
            most -= 1
        return self.context.steps
