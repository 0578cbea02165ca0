"""Measures a model file on this PC: how fast it reads and writes, and how far its predictions are from another's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.model_formats import READ_TOKENS, WRITTEN_TOGETHER, FormatQuality, FormatSpeed
from slmdesk.engine.llama.context import ABORTED, DECODED, Context
from slmdesk.engine.llama.library import Library
from slmdesk.engine.llama.model import check_model_file, open_weights
from slmdesk.engine.llama.predictions import compare_predictions, keep_predictions
from slmdesk.engine.llama.threads import thread_candidates, time_threads, usable_cores
from slmdesk.engine.llama.vocabulary import Vocabulary

_CELLS = 2048
_PLACES = 64
"""Sequences of the context, and tokens whose predictions are computed at once."""
_STEPS = 24
_STEPS_TOGETHER = 6
_ROUNDS = 3
_BUDGET_S = 6.0
"""For the rounds of one figure: a slow PC measures once."""

KeepGoing = Callable[[float], bool]
"""Gets 0..1, returns False to cancel."""


class FormatTrial:
    """A model file with a context of its own.  One thread at a time."""

    def __init__(self, context: Context, vocabulary: Vocabulary, slice_tokens: int) -> None:
        """Use `open_trial` instead.  `slice_tokens`: of a prompt, in one step."""
        self._context, self._vocabulary, self._slice = context, vocabulary, slice_tokens

    def speed(self, keep_going: KeepGoing) -> FormatSpeed:
        """Time reading and writing.  Raises Stopped, KnownError `model.damaged`."""
        token = max(self._vocabulary.bos, 0)
        candidates = thread_candidates(usable_cores())

        def step(threads: int, patience_s: float) -> None:
            self._context.clear()
            self._context.add(token, 0, 0)
            self._checked(self._context.decode(threads, patience_s))
            self._context.forget(0)

        tried = time_threads(step, candidates, lambda: keep_going(0.05))
        if not tried or not keep_going(0.1):
            raise Stopped
        threads = min(tried, key=tried.__getitem__)
        most = candidates[0]
        read_s = self._fastest(lambda: self._read(token, most), lambda part: keep_going(0.1 + 0.4 * part))
        self._place(token, READ_TOKENS, 0)
        write_s = self._fastest(lambda: self._steps(token, 1, threads), lambda part: keep_going(0.5 + 0.25 * part))
        for sequence in range(1, WRITTEN_TOGETHER):
            self._context.copy(0, sequence)
        together_s = self._fastest(
            lambda: self._steps(token, WRITTEN_TOGETHER, most), lambda part: keep_going(0.75 + 0.25 * part)
        )
        self._forget_all()
        return FormatSpeed(read_s, write_s, together_s)

    def quality(
        self, texts: Sequence[str], predictions: Path, keep_going: KeepGoing, *, is_reference: bool
    ) -> FormatQuality:
        """Write `predictions`, or compare with them.  Raises Stopped, KnownError, OSError."""
        tokens = [self._tokens(text) for text in texts]
        total = max(1, sum(map(len, tokens)))
        work = keep_predictions if is_reference else compare_predictions
        return work(self._context, tokens, usable_cores(), predictions, lambda done: keep_going(done / total))

    def _tokens(self, text: str) -> list[int]:
        found = self._vocabulary.tokenize(text, special=False, after_text=False)
        if self._vocabulary.add_bos and self._vocabulary.bos >= 0:
            found.insert(0, self._vocabulary.bos)
        return found[: self._context.cells]

    def _read(self, token: int, threads: int) -> int:
        self._place(token, READ_TOKENS, 0, threads)
        self._context.forget(0)
        return READ_TOKENS

    def _place(self, token: int, count: int, sequence: int, threads: int | None = None) -> None:
        """Fill an empty sequence with `count` tokens."""
        for begin in range(0, count, self._slice):
            size = min(self._slice, count - begin)
            self._context.clear()
            self._context.add_slice([token] * size, begin, sequence, needs_last=begin + size == count)
            self._checked(self._context.decode(threads or usable_cores()))

    def _steps(self, token: int, together: int, threads: int) -> int:
        """Write some tokens of so many answers at once, and take them back; returns their number."""
        steps = _STEPS if together == 1 else _STEPS_TOGETHER
        for step in range(steps):
            self._context.clear()
            for sequence in range(together):
                self._context.add(token, READ_TOKENS + step, sequence)
            self._checked(self._context.decode(threads))
        for sequence in range(together):
            if not self._context.cut(sequence, READ_TOKENS):
                raise KnownError("model.wrong_kind", kind="a model with states")
        return steps * together

    def _fastest(self, work: Callable[[], int], keep_going: KeepGoing) -> float:
        best = 0.0
        until = time.perf_counter() + _BUDGET_S
        for turn in range(_ROUNDS):
            if not keep_going(turn / _ROUNDS):
                raise Stopped
            started = time.perf_counter()
            took = (started, work(), time.perf_counter())
            seconds = (took[2] - took[0]) / took[1]
            best = seconds if turn == 0 else min(best, seconds)
            if took[2] > until:
                break
        return best

    def _forget_all(self) -> None:
        for sequence in range(WRITTEN_TOGETHER):
            self._context.forget(sequence)

    @staticmethod
    def _checked(code: int) -> None:
        if code not in (DECODED, ABORTED):
            raise KnownError("model.damaged", reason=f"llama.cpp gives error {code}")


@contextmanager
def open_trial(library: Library, path: str, keep_going: KeepGoing) -> Iterator[FormatTrial]:
    """Load a file to be measured.  Blocks; raises Stopped, KnownError of the family `model.`."""
    header = check_model_file(path)
    weights = open_weights(library, path, header, keep_going)
    try:
        if weights.keeps_state:
            raise KnownError("model.wrong_kind", kind="a model with states")
        context = Context(
            library,
            weights.pointer,
            cells=_CELLS,
            max_sequences=_PLACES,
            batch_tokens=weights.batch_tokens,
            threads=usable_cores(),
            should_abort=lambda: not keep_going(0.0),
        )
        try:
            yield FormatTrial(context, Vocabulary(weights.vocab), weights.batch_tokens)
        finally:
            context.close()
    finally:
        weights.close()
