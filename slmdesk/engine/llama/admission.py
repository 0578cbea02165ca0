"""Which requests run: they wait, are admitted while there are places and cells, and give way to more urgent ones.

People go before background work.  Requests admitted together share one adapter, because a batch has only one: a request
for another waits until they have ended, and none behind it overtakes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from slmdesk.base.errors import KnownError
from slmdesk.base.prefix import common_prefix
from slmdesk.base.types import Priority
from slmdesk.engine.llama.pool import Pool, used_cells
from slmdesk.engine.llama.sequence import Sequence

SPACE_FOR_ANSWER = 256
"""Cells set aside for an answer when it is admitted; one that needs more finds them, or waits, when it does."""
REST_S = 60.0
"""What a job left in memory may rest before it gives way to a person: until then the job may go on."""
WORTH_WAITING = 32
"""Tokens of a prompt that another request is reading; with fewer, reading them again is faster than waiting."""


class Admission:
    """The requests of one loaded model, waiting and active, and their cells.  Engine thread only."""

    def __init__(
        self,
        pool: Pool,
        *,
        cells: int,
        sequences: int,
        crowd_cells: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sequences`: how many may be active at once.

        `crowd_cells`: with so many cells in use one more request of a job waits, since each token is computed with all
        of them; None: what is not its own costs a token next to nothing.
        """
        self.clock = clock
        self._crowd = crowd_cells
        self._pool = pool
        self._cells = cells
        self.most = sequences
        self.waiting: dict[Priority, deque[Sequence]] = {
            p: deque() for p in (Priority.INTERACTIVE, Priority.BACKGROUND)
        }
        self.active: list[Sequence] = []
        self.now = 0
        """Counts the steps."""

    @property
    def people(self) -> list[Sequence]:
        return [s for s in self.active if s.priority is Priority.INTERACTIVE]

    @property
    def background(self) -> list[Sequence]:
        return [s for s in self.active if s.priority is Priority.BACKGROUND]

    def queue(self, new: Iterable[Sequence]) -> None:
        """Queue requests, each behind those of its priority."""
        for sequence in new:
            self.waiting[sequence.priority].append(sequence)

    def admit(self) -> None:
        self._admit_queue(Priority.INTERACTIVE)
        if not self.waiting[Priority.INTERACTIVE] and not self.people:
            self._admit_queue(Priority.BACKGROUND)

    def drop_cancelled(self) -> None:
        for queue in self.waiting.values():
            for sequence in [s for s in queue if s.outbox.closed]:
                queue.remove(sequence)
                sequence.sampler.close()
        for sequence in [s for s in self.active if s.outbox.closed]:
            self.leave(sequence)

    def leave(self, sequence: Sequence) -> None:
        self.active.remove(sequence)
        self._pool.keep(sequence, self.now, self.clock())
        sequence.sampler.close()

    def fail(self, sequence: Sequence, error: KnownError) -> None:
        """End an active sequence with an error and keep nothing of it."""
        sequence.fail(error.code, **error.args_for_people)
        self.active.remove(sequence)
        self._pool.drop(sequence)
        sequence.sampler.close()

    def end_all(self, code: str) -> None:
        for sequence in [*self.active, *self.waiting[Priority.INTERACTIVE], *self.waiting[Priority.BACKGROUND]]:
            sequence.fail(code)
            sequence.sampler.close()
        self.active.clear()
        for queue in self.waiting.values():
            queue.clear()

    def evict(self, choice: list[Sequence]) -> bool:
        """Send the youngest of `choice` back to its queue; it will read its prompt and its answer so far again."""
        if not choice:
            return False
        victim = choice[-1]
        self.active.remove(victim)
        self._pool.drop(victim)
        victim.reproducible = False
        self.waiting[victim.priority].appendleft(victim)
        return True

    def find_cells(self, needed: int) -> bool:
        """Find cells for a step that does not fit.  False when a sequence had to be evicted: then plan again."""
        if self._pool.make_space(needed, last_too=True):
            return True
        if not self.evict((self.background if self.people else []) or self.active[1:]):
            self.fail(self.active[0], self.too_long(self.active[0]))
        return False

    def too_long(self, sequence: Sequence) -> KnownError:
        return KnownError("context.full", needed=len(sequence.tokens), available=self._cells)

    # ---- admitting

    def _admit_queue(self, priority: Priority) -> None:
        for sequence in [*self.waiting[priority]][: self.most]:
            beside = [s for s in self.active if s.priority is priority]
            if beside and beside[0].adapter != sequence.adapter:
                return
            if self._better_wait(sequence):
                continue
            person = priority is Priority.INTERACTIVE
            full = len(self.active) >= self.most
            if not person and self._is_crowded(sequence):
                return
            if (full and not (person and self.evict(self.background))) or not self._let_in(sequence):
                return

    def _better_wait(self, sequence: Sequence) -> bool:
        """Whether a prompt being read will soon share more of this one's beginning than is in memory now."""
        for other in self.active:
            if other.writing or other.priority is not sequence.priority:
                continue
            shared = common_prefix(other.tokens, sequence.tokens, len(sequence.tokens) - 1)
            if shared >= other.read + WORTH_WAITING:
                held = self._pool.best_prefix(sequence.tokens, sequence.adapter)[1]
                return shared >= held + WORTH_WAITING
        return False

    def _is_crowded(self, sequence: Sequence) -> bool:
        """Whether a job's request is better computed after those that are active."""
        if self._crowd is None or not self.active:
            return False
        shared = self._pool.best_prefix(sequence.tokens, sequence.adapter)[1]
        used = used_cells(self.active) + sum(map(_still_needs, self.active))
        return used + _still_needs(sequence) - shared > self._crowd

    def _let_in(self, sequence: Sequence) -> bool:
        was_empty = self._pool.is_empty
        if not self._pool.open(sequence):
            return False
        if not self._clear_cells_for(sequence):
            self._pool.drop(sequence)
            return False
        is_costly = self._crowd is not None
        if is_costly or sequence.priority is Priority.INTERACTIVE:
            self._pool.clear_for(sequence, self.clock() - REST_S, all_of_jobs=is_costly)
        self.waiting[sequence.priority].remove(sequence)
        self.active.append(sequence)
        sequence.note_cached()
        sequence.reproducible = sequence.reproducible and was_empty
        sequence.report_read()
        return True

    def _clear_cells_for(self, sequence: Sequence) -> bool:
        """Find cells for a prompt and some of its answer: first from sequences that are only kept, then, for a person,
        from background answers, and at last from the prefix of the newest chat.  Nothing is freed unless that suffices.
        """
        person = sequence.priority is Priority.INTERACTIVE
        staying = self.people if person else self.active
        requested = _still_needs(sequence)
        space = self._cells - used_cells([*staying, sequence])
        if staying and space < requested + sum(map(_still_needs, staying)):
            return False
        while not self._pool.make_space(requested + sum(map(_still_needs, self.active)), last_too=False):
            if not (person and self.evict(self.background)):
                if staying and not person:
                    return False
                return self._pool.make_space(requested + sum(map(_still_needs, staying)), last_too=True) or not staying
        return True


def _still_needs(sequence: Sequence) -> int:
    """Cells a sequence was promised and has not used yet."""
    return sequence.pending + min(sequence.tokens_to_write, SPACE_FOR_ANSWER)
