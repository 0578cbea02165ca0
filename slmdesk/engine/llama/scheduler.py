"""Continuous batching over one context: which tokens are computed together in the next step.

A step takes one token of each answer under way and a slice of the prompts being read.  Requests join and leave at any
step, people before background work.  All of it happens on the engine thread, except where said.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass

from slmdesk.core.errors import KnownError
from slmdesk.core.types import Priority
from slmdesk.engine.llama.choices import log_probabilities
from slmdesk.engine.llama.context import ABORTED, DECODED, LEAST_SLICE, NO_MEMORY, NO_ROOM, Context
from slmdesk.engine.llama.curve import CostCurve
from slmdesk.engine.llama.memory import free_memory
from slmdesk.engine.llama.pool import Pool, common_prefix, used_cells
from slmdesk.engine.llama.sampler import refuse_strange_logits
from slmdesk.engine.llama.sequence import Sequence
from slmdesk.engine.llama.threads import ThreadChooser

PAUSE_S = 0.25
"""How long answers under way may stand still for a slice of another prompt."""
ROOM_FOR_ANSWER = 256
"""Cells set aside for an answer when it is admitted; one that needs more finds them, or waits, when it does."""
WORTH_WAITING = 32
"""Tokens of a prompt that another is just reading: fewer are sooner read than waited for."""
_SPLIT_CELLS = 256
"""From here on attention over one token is cut among the threads, and rounds by their number."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What one sequence has in a batch: its next `tokens`, and where its last one's logits are."""

    sequence: Sequence
    tokens: int
    index: int


class Scheduler:
    """The requests of one loaded model.  `submit`, `cancel` and `interrupt` may be called from any thread."""

    def __init__(
        self,
        context: Context,
        pool: Pool,
        *,
        sequences: int,
        curve: CostCurve,
        step_threads: ThreadChooser,
        read_threads: ThreadChooser,
        can_redo: bool,
    ) -> None:
        """`can_redo`: an aborted slice can be taken back, so that a person's request may interrupt one."""
        self._context = context
        self._pool = pool
        self._most = sequences
        self._curve = curve
        self._step_threads = step_threads
        self._read_threads = read_threads
        self._can_redo = can_redo
        self._waiting: dict[Priority, deque[Sequence]] = {
            p: deque() for p in (Priority.INTERACTIVE, Priority.BACKGROUND)
        }
        self._active: list[Sequence] = []
        self._read_speed = 0.0
        self._steps = 0
        # Shared with other threads:
        self._lock = threading.Lock()
        self._inbox: deque[Sequence] = deque()
        self._in_flight: list[Sequence] = []
        self._abort = False
        self._interrupted = False

    @property
    def cells(self) -> int:
        """Size of the pool, in tokens."""
        return self._context.cells

    @property
    def most(self) -> int:
        """How many sequences run at once."""
        return self._most

    # ---- from any thread

    def submit(self, sequences: list[Sequence]) -> None:
        """Queue requests; one of a person stops a slice of background work.  The caller wakes the engine thread."""
        with self._lock:
            self._inbox.extend(sequences)
            self._abort = self._abort or self._is_in_vain()

    def cancel(self) -> None:
        """Look whether the slice under way works for somebody who has gone (Outbox.closed), and stop it."""
        with self._lock:
            self._abort = self._abort or self._is_in_vain()

    def interrupt(self) -> None:
        """Compute no slice until `resume`, so that the engine thread can do something else."""
        self._interrupted = True

    def resume(self) -> None:
        """The engine thread has done it."""
        self._interrupted = False

    def should_abort(self) -> bool:
        """Asked by the library while it computes a slice."""
        return self._abort or self._interrupted

    def _is_in_vain(self) -> bool:
        """Whether the batch under way should be stopped: its reader has gone, or a person came while background ran."""
        if any(s.outbox.closed for s in self._in_flight):
            return True
        urgent = self._can_redo and any(s.priority is Priority.INTERACTIVE for s in self._inbox)
        return urgent and all(s.priority is Priority.BACKGROUND for s in self._in_flight)

    @property
    def level(self) -> Priority | None:
        """The most urgent kind of work there is; None: nothing to do."""
        with self._lock:
            queued = [*self._inbox]
        for priority in (Priority.INTERACTIVE, Priority.BACKGROUND):
            if self._waiting[priority] or any(s.priority is priority for s in (*self._active, *queued)):
                return priority
        return None

    # ---- on the engine thread

    def end_all(self, code: str) -> None:
        """End every request with `code`: the model is being unloaded."""
        self._take_inbox()
        for sequence in [*self._active, *self._waiting[Priority.INTERACTIVE], *self._waiting[Priority.BACKGROUND]]:
            sequence.fail(code)
            sequence.sampler.close()
        self._active.clear()
        for queue in self._waiting.values():
            queue.clear()

    def step(self) -> bool:
        """Compute one batch.  Returns False when there was nothing to do."""
        self._steps += 1
        self._take_inbox()
        self._drop_cancelled()
        self._admit()
        while True:
            shares = self._plan()
            if not shares:
                return False
            needed = sum(share.tokens for share in shares)
            if self._pool.free >= needed or self._find_cells(needed):
                break
        code, seconds, threads = self._decode(shares)
        if code == DECODED:
            self._learn(shares, seconds, threads)
            self._advance(shares)
        elif code == ABORTED:
            for share in shares:
                self._pool.take_back(share.sequence)
        else:
            self._cope(code, shares)
        return True

    # ---- who takes part

    def _take_inbox(self) -> None:
        with self._lock:
            new = [*self._inbox]
            self._inbox.clear()
        for sequence in new:
            self._waiting[sequence.priority].append(sequence)

    def _drop_cancelled(self) -> None:
        for queue in self._waiting.values():
            for sequence in [s for s in queue if s.outbox.closed]:
                queue.remove(sequence)
                sequence.sampler.close()
        for sequence in [s for s in self._active if s.outbox.closed]:
            self._leave(sequence)

    def _leave(self, sequence: Sequence) -> None:
        """An active sequence has ended, one way or the other."""
        self._active.remove(sequence)
        self._pool.keep(sequence, self._steps)
        sequence.sampler.close()

    def _admit(self) -> None:
        """Let waiting requests in while there are places and cells, people first."""
        self._admit_queue(Priority.INTERACTIVE)
        if not self._waiting[Priority.INTERACTIVE] and not self._people():
            self._admit_queue(Priority.BACKGROUND)

    def _admit_queue(self, priority: Priority) -> None:
        for sequence in [*self._waiting[priority]][: self._most]:
            if self._better_wait(sequence):
                continue
            person = priority is Priority.INTERACTIVE
            full = len(self._active) >= self._most
            if (full and not (person and self._evict(self._background()))) or not self._let_in(sequence):
                return

    def _people(self) -> list[Sequence]:
        return [s for s in self._active if s.priority is Priority.INTERACTIVE]

    def _background(self) -> list[Sequence]:
        return [s for s in self._active if s.priority is Priority.BACKGROUND]

    def _better_wait(self, sequence: Sequence) -> bool:
        """Whether a prompt being read will soon hold more of this one's beginning than is in memory now."""
        for other in self._active:
            if other.writing or (other.priority is not sequence.priority):
                continue
            shared = common_prefix(other.tokens, sequence.tokens, len(sequence.tokens) - 1)
            if shared >= other.read + WORTH_WAITING:
                return shared >= self._pool.best_prefix(sequence.tokens)[1] + WORTH_WAITING
        return False

    def _let_in(self, sequence: Sequence) -> bool:
        """Begin with a waiting request if the pool has room for it beside what runs."""
        was_empty = self._pool.is_empty
        if not self._pool.open(sequence):
            return False
        if not self._clear_cells_for(sequence):
            self._pool.drop(sequence)
            return False
        self._waiting[sequence.priority].remove(sequence)
        self._active.append(sequence)
        sequence.note_cached()
        sequence.reproducible = sequence.reproducible and was_empty
        sequence.tell_read()
        return True

    def _clear_cells_for(self, sequence: Sequence) -> bool:
        """Find cells for a prompt and some of its answer: first what is only kept goes, then, for a person, background
        answers, and at last the prefix of the newest chat.  Nothing goes in vain.
        """
        person = sequence.priority is Priority.INTERACTIVE
        staying = self._people() if person else self._active
        wanted = _still_needs(sequence)
        room = self._context.cells - used_cells([*staying, sequence])
        if staying and room < wanted + sum(map(_still_needs, staying)):
            return False
        while not self._pool.make_room(wanted + sum(map(_still_needs, self._active)), last_too=False):
            if not (person and self._evict(self._background())):
                if staying and not person:
                    return False
                return self._pool.make_room(wanted + sum(map(_still_needs, staying)), last_too=True) or not staying
        return True

    def _evict(self, choice: list[Sequence]) -> bool:
        """Send the youngest of `choice` back to its queue; later it reads its prompt and its answer so far anew."""
        if not choice:
            return False
        victim = choice[-1]
        self._active.remove(victim)
        self._pool.drop(victim)
        victim.reproducible = False
        self._waiting[victim.priority].appendleft(victim)
        return True

    def _find_cells(self, needed: int) -> bool:
        """Make room for a step that does not fit.  False when a sequence had to go: then plan again."""
        if self._pool.make_room(needed, last_too=True):
            return True
        if not self._evict((self._background() if self._people() else []) or self._active[1:]):
            self._fail(self._active[0], _too_long(self._active[0], self._context))
        return False

    # ---- what is computed

    def _plan(self) -> list[_Share]:
        """Fill the batch: single steps first, then slices of prompts in the order of arrival."""
        self._context.clear()
        taking_part = self._people() or self._active
        writing = [s for s in taking_part if s.writing]
        reading = [s for s in taking_part if not s.writing]
        if not reading:
            writing = self._whose_turn(writing)
        shares = []
        for sequence in writing:
            index = self._context.add(sequence.tokens[-1], sequence.read, sequence.seq_id)
            shares.append(_Share(sequence, 1, index))
        budget = self._slice_size(beside=len(writing))
        for sequence in reading:
            count = min(sequence.pending, budget)
            if count > 0:
                tokens = sequence.tokens[sequence.read : sequence.read + count]
                want = count == sequence.pending
                index = self._context.add_slice(tokens, sequence.read, sequence.seq_id, want_last=want)
                shares.append(_Share(sequence, count, index))
                budget -= count
        if len(shares) > 1:
            for share in shares:
                share.sequence.reproducible = False
        return shares

    def _whose_turn(self, writing: list[Sequence]) -> list[Sequence]:
        """As many together as make a token cheapest, in rotation: two or three together cost more than one by one."""
        size = self._curve.best_group(len(writing))
        if size == len(writing):
            return writing
        chosen = writing[:size]
        for sequence in chosen:  # to the end of the row
            self._active.remove(sequence)
            self._active.append(sequence)
        return chosen

    def _slice_size(self, *, beside: int) -> int:
        """How much of prompts to read in a step: all that fits, or what takes PAUSE_S when answers wait for it."""
        most = self._context.batch_tokens - beside
        if not beside:
            return most  # always the same pieces: others round differently
        return max(LEAST_SLICE, min(most, int(self._read_speed * PAUSE_S)))

    def _decode(self, shares: list[_Share]) -> tuple[int, float, int]:
        """Compute the batch.  Returns (the library's code, seconds, threads used)."""
        threads = self._threads_for(shares)
        patience_s = math.inf
        if self._can_redo and all(share.sequence.writing for share in shares):
            patience_s = self._step_threads.patience(threads) * self._curve.cost(len(shares))
        with self._lock:
            self._in_flight = [share.sequence for share in shares]
            self._abort = self._is_in_vain()
        started = time.perf_counter()
        code = self._context.decode(threads, patience_s)
        seconds = time.perf_counter() - started
        if code == ABORTED and seconds > patience_s:  # this number of threads is not worth waiting for
            self._step_threads.note(threads, seconds / self._curve.cost(len(shares)))
        with self._lock:
            self._in_flight = []
        return code, seconds, threads

    def _threads_for(self, shares: list[_Share]) -> int:
        if any(not share.sequence.writing for share in shares):
            return self._read_threads.choose()
        threads = self._step_threads.choose()
        first = shares[0].sequence
        if len(shares) == 1 and first.reproducible and first.read >= _SPLIT_CELLS:
            if first.wanted.seed_given:
                return self._step_threads.most
            first.reproducible = threads == self._step_threads.most
        return threads

    def _learn(self, shares: list[_Share], seconds: float, threads: int) -> None:
        """Note what the step cost, for the number of threads and the size of slices."""
        if all(share.sequence.writing for share in shares):
            self._step_threads.note(threads, seconds / self._curve.cost(len(shares)))
        elif self._context.size >= LEAST_SLICE:
            speed = self._context.size / max(seconds, 1e-6)
            self._read_threads.note(threads, 1 / speed)
            self._read_speed = speed if not self._read_speed else 0.7 * self._read_speed + 0.3 * speed

    def _advance(self, shares: list[_Share]) -> None:
        """Choose the next token of each sequence whose known ones are all computed."""
        for share in shares:
            sequence = share.sequence
            self._pool.grow(sequence, share.tokens)
            sequence.tell_read()
            if sequence.pending:
                continue
            try:
                goes_on = self._choose(sequence, share.index)
            except KnownError as err:
                self._fail(sequence, err)
            else:
                if not goes_on:
                    self._leave(sequence)

    def _choose(self, sequence: Sequence, index: int) -> bool:
        """Choose the next token, or weigh the given choices.  Returns whether the answer goes on."""
        if not sequence.wanted.choices:
            return sequence.take(sequence.sampler.sample(self._context, index))
        refuse_strange_logits(self._context, [index])
        sequence.judge(log_probabilities(self._context.logits(index), sequence.wanted.choice_tokens))
        return False

    def _cope(self, code: int, shares: list[_Share]) -> None:
        """The library could not compute a batch."""
        if code == NO_ROOM:
            for share in shares:
                self._pool.take_back(share.sequence)
            if self._pool.make_room(self._pool.free + 1, last_too=True) or self._evict(self._active[1:]):
                return
            error = _too_long(shares[0].sequence, self._context)
        elif code == NO_MEMORY:
            error = KnownError("model.out_of_memory", needed_bytes=0, available_bytes=free_memory().available)
        else:
            error = KnownError("model.damaged", reason=f"llama.cpp gives error {code}")
        for share in shares:
            self._fail(share.sequence, error)

    def _fail(self, sequence: Sequence, error: KnownError) -> None:
        sequence.fail(error.code, **error.args_for_people)
        self._active.remove(sequence)
        self._pool.drop(sequence)
        sequence.sampler.close()


def _still_needs(sequence: Sequence) -> int:
    """Cells a sequence is promised and has not yet used."""
    return sequence.pending + min(sequence.growth, ROOM_FOR_ANSWER)


def _too_long(sequence: Sequence, context: Context) -> KnownError:
    return KnownError("context.full", needed=len(sequence.tokens), available=context.cells)
