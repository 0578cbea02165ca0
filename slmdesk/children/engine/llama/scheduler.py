"""Continuous batching over a context: which tokens are computed together in the next step.

A step takes a token of each running answer and a slice of the prompts being read.  Requests join and leave at any
step, people before background work.  All of it happens on the engine thread, except where said.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from contextlib import contextmanager

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.types import Priority
from slmdesk.children.engine.llama.context import (
    ABORTED,
    DECODED,
    LEAST_SLICE,
    NO_MEMORY,
    NO_SPACE,
    Adapters,
    Context,
    CostCurve,
)
from slmdesk.children.engine.llama.library import ThreadChooser, free_memory
from slmdesk.children.engine.llama.sampler import damaged_numbers, refuse_strange
from slmdesk.children.engine.llama.sequence import DraftGate, Sequence
from slmdesk.children.engine.llama.slots import Admission, Slots
from slmdesk.children.engine.llama.vocabulary import log_probabilities, probability

PAUSE_S = 0.2
"""How long a person's running answers may pause for a slice of another prompt."""
LATE = 2.0
"""Times the pause: after a slice that takes longer other numbers of threads are tried, which may double the next."""
_SPLIT_CELLS = 256
"""From here on attention over a token is cut among the threads, and rounds by their number."""


MOST_GIVEN = 15
"""Tokens of a given answer that are computed together with the one before them, which kernels like best."""


class _Share(Record):
    """The part of a sequence in a batch: its next `tokens`, and where the logits of the last token are.

    Behind it, not counted in `tokens`: a draft, and the logits of each of its tokens.
    """

    sequence: Sequence
    tokens: int
    index: int
    draft: Items[int] = ()
    is_picture: bool = False


class Scheduler:
    """The requests of a loaded model.  `submit`, `cancel` and `interrupt` may be called from any thread."""

    def __init__(
        self,
        context: Context,
        slots: Slots,
        *,
        sequences: int,
        adapters: Adapters,
        curve: CostCurve,
        step_threads: ThreadChooser,
        read_threads: ThreadChooser,
        can_redo: bool,
        can_draft: bool,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`can_redo`: an aborted slice can be repeated, so that a person's request may interrupt it.

        `can_draft`: the memory of a sequence can go back by the tokens of a draft that was refused.
        """
        self._clock = clock
        self._context = context
        self.slots = slots
        """Engine thread only."""
        self._who = Admission(slots, cells=context.cells, sequences=sequences)
        self._adapters = adapters
        self._curve = curve
        self._step_threads = step_threads
        self._read_threads = read_threads
        self._can_redo = can_redo
        self._can_draft = can_draft
        self._gate = DraftGate(curve)
        self._beside = LEAST_SLICE
        """Tokens of a batch that takes PAUSE_S."""
        self._is_late = False
        """Whether the last slice beside a person's answer took far longer."""
        # Shared with other threads:
        self._lock = threading.Lock()
        self._inbox: deque[Sequence] = deque()
        self._in_flight: list[Sequence] = []
        self._abort = False
        self._interrupted = False

    # ---- from any thread

    def submit(self, sequences: list[Sequence]) -> None:
        """Queue requests; a person's request stops a slice of background work.  The caller wakes the engine thread."""
        with self._lock:
            self._inbox.extend(sequences)
            self._abort = self._is_in_vain()

    def cancel(self) -> None:
        """Stop the current slice if a reader of its requests has gone (Outbox.closed)."""
        with self._lock:
            self._abort = self._is_in_vain()

    def interrupt(self) -> None:
        """Compute no slice until `resume`, so that the engine thread can do something else."""
        self._interrupted = True

    def resume(self) -> None:
        self._interrupted = False

    def should_abort(self) -> bool:
        """Called by the library while it computes a slice: whether to abort it."""
        return self._abort or self._interrupted

    def _is_in_vain(self) -> bool:
        if any(s.outbox.closed for s in self._in_flight):
            return True
        urgent = self._can_redo and any(s.priority is Priority.INTERACTIVE for s in self._inbox)
        return urgent and all(s.priority is Priority.BACKGROUND for s in self._in_flight)

    @property
    def level(self) -> Priority | None:
        """The highest priority among all work; None: nothing to do."""
        with self._lock:
            queued = [*self._inbox]
        for priority in (Priority.INTERACTIVE, Priority.BACKGROUND):
            if self._who.waiting[priority] or any(s.priority is priority for s in (*self._who.active, *queued)):
                return priority
        return None

    # ---- on the engine thread

    def end_all(self, code: str) -> None:
        self._take_inbox()
        self._who.end_all(code)

    def restore(self, tokens: list[int], data: bytes | memoryview) -> bool:
        return self.slots.restore(tokens, data, self._who.now)

    def step(self) -> bool:
        """Compute a batch.  Returns False when there was nothing to do."""
        self._who.now += 1
        self._take_inbox()
        self._who.drop_cancelled()
        self._who.admit()
        shares = self._picture() or self._plan()
        if not shares:
            return False
        if not self._put_on_adapter(shares):
            return True
        try:
            code = self._see(shares[0].sequence) if shares[0].is_picture else self._decode(shares)
        except KnownError as err:  # the picture's
            self._who.fail(shares[0].sequence, err)
            return True
        if code == DECODED:
            self._advance(shares)
        elif code == ABORTED:
            for share in shares:
                self.slots.take_back(share.sequence)
        else:
            self._cope(code, shares)
        return True

    def _take_inbox(self) -> None:
        with self._lock:
            new = [*self._inbox]
            self._inbox.clear()
        self._who.queue(new)

    # ---- what is computed

    def _picture(self) -> list[_Share]:
        """The picture that is to be read next, as a step of its own: all of it is read or nothing."""
        for sequence in self._who.people or self._who.active:
            if picture := sequence.picture:
                return [_Share(sequence, picture.cells, 0, is_picture=True)]
        return []

    def _plan(self) -> list[_Share]:
        """Fill the batch: single steps first, then slices of prompts in the order of arrival."""
        self._context.clear()
        taking_part = self._who.people or self._who.active
        writing = [s for s in taking_part if s.writing]
        reading = [s for s in taking_part if not s.writing]
        is_alone = len(writing) == 1 and not reading
        shares = []
        for sequence in writing:
            draft = self._draft(sequence) if is_alone else ()
            at = sequence.position(sequence.read)
            index = self._context.add(sequence.tokens[-1], at, sequence.seq_id)
            for position, token in enumerate(draft, at + 1):
                self._context.add(token, position, sequence.seq_id)
            shares.append(_Share(sequence, 1, index, draft))
        budget = self._slice_size(writing)
        for sequence in reading:
            count = min(sequence.pending, sequence.to_next_mark, budget)
            if count > 0:
                tokens = sequence.tokens[sequence.read : sequence.read + count]
                want = count == sequence.pending
                at = sequence.position(sequence.read)
                index = self._context.add_slice(tokens, at, sequence.seq_id, needs_last=want)
                shares.append(_Share(sequence, count, index))
                budget -= count
        for share in shares:
            if len(shares) > 1 or share.draft:
                share.sequence.reproducible = False
        return shares

    def _draft(self, sequence: Sequence) -> Items[int]:
        """The tokens that an answer written alone probably continues with; none where computing them does not pay.

        None for a given seed: batches of other sizes round differently, and its text shall always be the same.
        """
        if not self._can_draft or sequence.requested.seed_given or sequence.is_thinking:
            return ()
        copying = sequence.copying
        most = min(sequence.tokens_to_write, self._context.most_logits) - 1
        if sequence.given:
            return sequence.given[: min(most, MOST_GIVEN)]
        return copying.following(min(most, self._gate.size(copying.confidence, copying.saved)))

    def _slice_size(self, writing: list[Sequence]) -> int:
        """How much of prompts to read in a step: all that fits, or what takes PAUSE_S when a person waits for a token.

        Nobody waits for the next token of background work, so its answers are computed along with whole slices.
        """
        most = self._context.batch_tokens
        if any(_is_awaited(sequence) for sequence in writing):
            most = min(most, self._beside)
        return max(LEAST_SLICE, most - len(writing))

    def _put_on_adapter(self, shares: list[_Share]) -> bool:
        """Use the adapter that the batch's sequences share.  False: it cannot be used, and they have ended."""
        adapter = shares[0].sequence.adapter
        if self._adapters.put_on(self._context.pointer, adapter):
            return True
        for share in shares:
            error = KnownError("adapter.unusable", adapter=adapter.name, reason=_("it could not be put on"))
            self._who.fail(share.sequence, error)
        return False

    def _decode(self, shares: list[_Share]) -> int:
        """Compute the batch.  Returns the library's code."""
        threads = self._threads_for(shares)
        writes = all(share.sequence.writing for share in shares)
        chooser = self._step_threads if writes else self._read_threads
        work = self._curve.cost(self._context.size) if writes else self._context.size
        patience_s = chooser.patience(threads, work) if self._can_redo else math.inf
        with self._interruptible([share.sequence for share in shares]):
            started = self._clock()
            code = self._context.decode(threads, patience_s)
            seconds = self._clock() - started
        if code == DECODED:
            self._learn(shares, seconds, threads)
        elif code == ABORTED and seconds > patience_s:  # this number of threads is too slow
            chooser.note(threads, seconds / work)
        return code

    def _see(self, sequence: Sequence) -> int:
        """Read a picture.  Returns the library's code; raises KnownError `projector.unusable`."""
        with self._interruptible([sequence]):
            return self._context.decode_by(
                lambda context: sequence.see(context, lambda: not self._abort), self._read_threads.best
            )

    @contextmanager
    def _interruptible(self, sequences: list[Sequence]) -> Iterator[None]:
        """What is computed for these may be aborted meanwhile."""
        with self._lock:
            self._in_flight = sequences
            self._abort = self._is_in_vain()
        try:
            yield
        finally:
            with self._lock:
                self._in_flight = []

    def _threads_for(self, shares: list[_Share]) -> int:
        if any(not share.sequence.writing for share in shares):
            is_awaited = any(_is_awaited(share.sequence) for share in shares)
            if self._context.size < LEAST_SLICE or (is_awaited and not self._is_late):
                return self._read_threads.best
            return self._read_threads.choose()
        threads = self._step_threads.choose()
        first = shares[0].sequence
        if len(shares) == 1 and first.reproducible and first.read >= _SPLIT_CELLS:
            if first.requested.seed_given:
                return self._step_threads.most
            first.reproducible = threads == self._step_threads.most
        return threads

    def _learn(self, shares: list[_Share], seconds: float, threads: int) -> None:
        """Record what the step cost: for the number of threads, so that like is compared with like, and for the size
        of slices beside a person's answer, which cost the more the more has been read.

        So what these cost says nothing of threads, unless it is far too much, as on a PC that has become busy.
        """
        size = self._context.size
        if all(share.sequence.writing for share in shares):
            self._step_threads.note(threads, seconds / self._curve.cost(size))
            if len(shares) == 1:
                self._gate.note(size, seconds)
            return
        if any(_is_awaited(share.sequence) for share in shares):
            self._is_late = seconds > LATE * PAUSE_S
            self._beside = max(LEAST_SLICE, min(int(size * PAUSE_S / seconds), 2 * self._beside))
            if not self._is_late:
                return
        if size >= LEAST_SLICE:
            self._read_threads.note(threads, seconds / size)

    def _advance(self, shares: list[_Share]) -> None:
        for share in shares:
            sequence = share.sequence
            sequence.read += share.tokens
            sequence.report_read()
            if sequence.read in sequence.requested.marks:
                self.slots.take_mark(sequence)
            if sequence.pending:
                continue
            try:
                goes_on = self._write(share)
            except KnownError as err:
                self._who.fail(sequence, _whose_fault(sequence, err))
            else:
                if not goes_on:
                    self._who.leave(sequence)

    def _write(self, share: _Share) -> bool:
        """Choose the next token, and those after it while they are the draft's. Return whether the answer continues."""
        sequence, draft = share.sequence, share.draft
        accepted = 0
        goes_on = self._choose(sequence, share.index)
        while goes_on and accepted < len(draft) and sequence.tokens[-1] == draft[accepted]:
            sequence.read += 1
            accepted += 1
            goes_on = self._choose(sequence, share.index + accepted)
        if draft:
            self.slots.take_back(sequence)
            sequence.copying.saved += 1 + accepted - self._gate.cost(1 + len(draft))
        return goes_on

    def _choose(self, sequence: Sequence, index: int) -> bool:
        """Choose the next token, or score the given choices.  Returns whether the answer continues."""
        if not sequence.requested.choices:
            token = sequence.given[0] if sequence.given else sequence.sampler.sample(self._context, index)
            if not sequence.requested.with_probabilities:
                return sequence.take(token)
            likely = probability(self._context.logits(index), token)
            if math.isnan(likely):
                raise damaged_numbers()
            return sequence.take(token, likely)
        logits = self._context.logits(index)
        refuse_strange(logits)
        sequence.judge(log_probabilities(logits, sequence.requested.choice_tokens))
        return False

    def _cope(self, code: int, shares: list[_Share]) -> None:
        if code == NO_SPACE:
            for share in shares:
                self.slots.take_back(share.sequence)
            if self._who.make_space():
                return
            needed = max(len(share.sequence.tokens) for share in shares)
            error = KnownError("context.full", needed=needed, available=self._context.cells)
        elif code == NO_MEMORY:
            error = KnownError("model.out_of_memory", needed_bytes=0, available_bytes=free_memory())
        else:
            error = KnownError("model.damaged", reason=_("llama.cpp gives error {code}").format(code=code))
        for share in shares:
            self._who.fail(share.sequence, error)


def _is_awaited(sequence: Sequence) -> bool:
    """Whether a person waits for its next token."""
    return sequence.writing and sequence.priority is Priority.INTERACTIVE


def _whose_fault(sequence: Sequence, error: KnownError) -> KnownError:
    """NaN logits are the adapter's fault where an adapter is used: the model alone was tested at its load."""
    if error.code != "model.damaged" or not sequence.adapter.number:
        return error
    return KnownError("adapter.unusable", adapter=sequence.adapter.name, reason=_("with it the model gives no numbers"))
