"""The cells of a context: who holds how many, which are shared, copied out, freed; which requests are admitted."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Sequence as AbstractSequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.types import Priority, common_prefix
from slmdesk.children.engine.llama.context import NO_ADAPTER, Adapter, Context
from slmdesk.children.engine.llama.library import free_memory, total_memory
from slmdesk.children.engine.llama.sequence import CachedSequence, Mark, Sequence, closest, marks_among

WORTH_SWAPPING = 32
"""Tokens: fewer are read again in about the time that a copy takes."""


class Pool:
    """Accounts for the cells and keeps finished sequences as long as nothing else needs their space.

    Sequences share cells (a copied prefix), so a cell counts once.  Cells are numbered in runs: a run is what one
    sequence added without interruption, and each holder of a run holds a beginning of it; so a run takes as many cells
    as its longest holder holds.  Engine thread only.
    """

    def __init__(
        self, context: Context, *, sliding_window: int, keeps_state: bool = False, swap: SwapSpace | None = None
    ) -> None:
        """`keeps_state`: a sequence cannot be cut but at its marks.  `swap`: where what other conversations left is
        copied to.
        """
        self._context = context
        self._swap = swap or SwapSpace()
        self._window = sliding_window
        self._keeps_state = keeps_state
        self.needs_marks = keeps_state or sliding_window > 0
        self._ids = list(range(context.max_sequences - 1, -1, -1))
        self._runs = 0
        self.active: list[CachedSequence] = []
        self.kept: list[CachedSequence] = []
        self._used = 0

    @property
    def free(self) -> int:
        return self._context.cells - self._used

    @property
    def is_empty(self) -> bool:
        return self._used == 0

    @property
    def spare_id(self) -> int | None:
        """An id that no sequence has: the next `open` takes it.  None: all are in use."""
        return self._ids[-1] if self._ids else None

    def open(self, holding: CachedSequence) -> bool:
        """Give a waiting sequence an id and the longest prefix in memory.  False when all ids are in use.

        Afterwards `holding.read` is the number of its tokens that need not be read.
        """
        if not self._ids and not self.drop_one_kept():
            return False
        holding.seq_id = self._ids.pop()
        holding.read = 0
        holding.extents = []
        holding.grows_last = False
        self._swap_in(holding)
        source, length = self.best_prefix(holding.tokens, holding.adapter)
        if source is not None:
            self._share(source, holding, length)
        self.active.append(holding)
        return True

    def best_prefix(self, tokens: AbstractSequence[int], adapter: Adapter) -> tuple[CachedSequence | None, int]:
        """The sequence that can be cut to the longest beginning of `tokens` computed with `adapter`, and its length.

        At least the last token is left to be read, since its logits are needed.
        """
        best: CachedSequence | None = None
        longest = 0
        for holding in (*self.active, *self.kept):
            if holding.adapter != adapter:
                continue
            shared = holding.whole(common_prefix(holding.tokens, tokens, min(holding.read, len(tokens) - 1)))
            if shared <= longest:
                continue
            length = shared if self._can_cut(holding, shared) else _last_mark(holding.marks, shared)
            if length > longest:
                best, longest = holding, length
        return best, longest

    def take_mark(self, holding: CachedSequence) -> None:
        """Keep what is needed to go back to what `holding` has read now; nothing where memory is short."""
        size = self._context.state_size(holding.seq_id, partial=True)
        if not self._make_space_for_mark(holding, size):
            return
        if (data := self._context.state(holding.seq_id, partial=True)) is not None:
            holding.marks = _thinned((*holding.marks, Mark(holding.read, data)))

    def _make_space_for_mark(self, holding: CachedSequence, size: int) -> bool:
        """Take the marks of the sequences that ended longest ago, then its own that save least, until all together are
        small enough.
        """
        most = min(MOST_BYTES, total_memory() // _SHARE_FOR_MARKS)
        if size > min(most, free_memory() // _SHARE_OF_FREE):
            return False
        for old in sorted(self.kept, key=lambda kept: kept.used_at):
            if self._mark_bytes() + size <= most:
                break
            old.marks = ()
        while holding.marks and self._mark_bytes() + size > most:
            at = closest([mark.length for mark in holding.marks])
            holding.marks = (*holding.marks[:at], *holding.marks[at + 1 :])
        return self._mark_bytes() + size <= most

    def _mark_bytes(self) -> int:
        marks = {id(mark): len(mark.data) for sequence in (*self.active, *self.kept) for mark in sequence.marks}
        return sum(marks.values())

    def grow(self, holding: CachedSequence, tokens: int) -> None:
        if holding.grows_last:
            holding.extents[-1][1] += tokens
        else:
            self._runs += 1
            holding.extents.append([self._runs, tokens])
            holding.grows_last = True
        holding.read += tokens
        self._used += tokens

    def take_back(self, holding: CachedSequence) -> None:
        """Remove cells after `read`, left by a step that was aborted; after the last mark where the model cannot."""
        if self._context.cut(holding.seq_id, holding.position(holding.read)):
            return
        length = _last_mark(holding.marks, holding.read)
        if not self._rewind(holding, holding.seq_id, length):
            self._context.forget(holding.seq_id)
            length = 0
        holding.read = length
        holding.extents = _first(holding.extents, length)
        holding.grows_last = False
        self._count()

    def keep(self, holding: CachedSequence, now: int, now_s: float) -> None:
        """Keep what an ended sequence holds for the next turn, in place of kept sequences that it covers."""
        self.active.remove(holding)
        kept = CachedSequence(holding.tokens[: holding.read], holding.priority, holding.adapter)
        kept.seq_id, kept.read, kept.extents, kept.used_at = holding.seq_id, holding.read, holding.extents, now
        kept.ended_s, kept.marks = now_s, holding.marks
        covered = [
            old
            for old in self.kept
            if old.adapter == kept.adapter and common_prefix(old.tokens, kept.tokens, old.read) == old.read
        ]
        self.kept.append(kept)
        for old in covered:
            kept.marks = _thinned((*old.marks, *kept.marks))
            self.drop(old)
        if not kept.read:
            self.drop(kept)

    def clear_for(self, beside: CachedSequence, before_s: float, *, all_of_jobs: bool = False) -> None:
        """Take out what other conversations left, unless at least half of it is the beginning of `beside`.

        A person's conversation is copied to the swap space first; what a job left goes if it ended before `before_s`,
        since the job may go on with the same instructions.  `all_of_jobs`: it goes whatever it is; `beside`, which has
        its share of it, holds the instructions from now on.
        """
        for old in [*self.kept]:
            is_persons = old.priority is Priority.INTERACTIVE
            if not is_persons and all_of_jobs:
                self.drop(old)
                continue
            if not (is_persons or old.ended_s < before_s):
                continue
            if common_prefix(old.tokens, beside.tokens, old.read) < old.read // 2:
                if is_persons:
                    self._swap_out(old)
                self.drop(old)

    def _swap_out(self, old: CachedSequence) -> None:
        size = self._context.state_size(old.seq_id) + sum(len(mark.data) for mark in old.marks)
        if old.read < WORTH_SWAPPING or not self._swap.make_space(size):
            return
        data = self._context.state(old.seq_id)
        if data is not None:
            self._swap.add(SwappedSequence(old.tokens[: old.read], old.adapter, data, old.marks))

    def _swap_in(self, holding: CachedSequence) -> None:
        """Put a copy back that saves a waiting sequence clearly more reading than what is in memory."""
        swapped, length = self._best_swapped(holding.tokens, holding.adapter)
        in_memory = self.best_prefix(holding.tokens, holding.adapter)[1]
        if swapped is not None and length >= in_memory + WORTH_SWAPPING:
            self._swap.take(swapped)
            self._put_back(swapped.tokens, swapped.data, swapped.adapter, swapped.marks)

    def _best_swapped(self, tokens: AbstractSequence[int], adapter: Adapter) -> tuple[SwappedSequence | None, int]:
        """As `best_prefix`, among the copies."""
        best, longest = None, 0
        for copy in self._swap.held:
            length = common_prefix(copy.tokens, tokens, len(tokens)) if copy.adapter == adapter else 0
            if self.needs_marks and length < len(copy.tokens) and (self._keeps_state or length > self._window):
                length = _last_mark(copy.marks, length)
            if length > longest:
                best, longest = copy, length
        return best, longest

    # ---- states that are kept on disk

    def holds(self, tokens: list[int]) -> bool:
        return self.held(tokens) >= len(tokens)

    def held(self, tokens: list[int]) -> int:
        return max(self.best_prefix([*tokens, -1], NO_ADAPTER)[1], self._best_swapped(tokens, NO_ADAPTER)[1])

    def state_of(self, tokens: AbstractSequence[int], may_take: Callable[[int], bool]) -> tuple[int, memoryview] | None:
        """The longest beginning of `tokens` in memory: its length, and its cells.

        `may_take` is called to ask whether there is memory for so many bytes.
        """
        source, length = self.best_prefix([*tokens, -1], NO_ADAPTER)
        swapped, whole = self._best_swapped(tokens, NO_ADAPTER)
        if swapped is not None and whole == len(swapped.tokens) > length:
            return whole, memoryview(swapped.data)
        others = [sequence for sequence in self.kept if sequence is not source]
        if source is None or not (self._ids or others):
            return None
        if not self._ids:
            self.drop(min(others, key=lambda sequence: sequence.used_at))
        borrowed = self._ids[-1]
        self._context.copy(source.seq_id, borrowed)
        is_cut = self._rewind(source, borrowed, length)
        data = None
        if is_cut and may_take(self._context.state_size(borrowed)):
            data = self._context.state(borrowed)
        self._context.forget(borrowed)
        return None if data is None else (length, data)

    def restore(self, tokens: list[int], data: bytes | memoryview, now: int, now_s: float) -> bool:
        """Restore the cells that `state_of` returned for `tokens`, and keep them as a sequence that has just ended.

        False where there is no space beside active sequences, or the library refuses them.
        """
        kept = self._put_back(tokens, data, NO_ADAPTER)
        if kept is not None:
            kept.used_at, kept.ended_s = now, now_s
        return kept is not None

    def _put_back(
        self, tokens: list[int], data: bytes | memoryview, adapter: Adapter, marks: tuple[Mark, ...] = ()
    ) -> CachedSequence | None:
        if not self.make_space(len(tokens), last_too=True) or not (self._ids or self.drop_one_kept()):
            return None
        kept = CachedSequence(tokens, Priority.INTERACTIVE, adapter)
        kept.seq_id = self._ids.pop()
        self.kept.append(kept)
        is_whole = self._context.put_state(kept.seq_id, data)
        ends = self._context.last_position(kept.seq_id) == kept.position(len(tokens)) - 1
        if not is_whole or not (ends or tokens[-1] < 0):  # a picture's own positions need not be in a row
            self.drop(kept)
            return None
        self.grow(kept, len(tokens))
        kept.marks = marks
        return kept

    def drop(self, holding: CachedSequence) -> None:
        """Free the id of a sequence and the cells nobody else holds."""
        (self.active if holding in self.active else self.kept).remove(holding)
        self._context.forget(holding.seq_id)
        self._ids.append(holding.seq_id)
        holding.seq_id = -1
        holding.read = 0
        holding.extents = []
        holding.marks = ()
        self._count()

    def make_space(self, cells: int, *, last_too: bool) -> bool:
        """Drop kept sequences until `cells` are free: background before chats, the oldest first.

        The newest chat's prefix is dropped only with `last_too`.
        """
        while self.free < cells and self.drop_one_kept(last_too=last_too):
            pass
        return self.free >= cells

    def drop_one_kept(self, *, last_too: bool = True) -> bool:
        """Drop a kept sequence.  This may free cells of a sliding window alone, which `free` does not count."""
        chats = [h for h in self.kept if h.priority is Priority.INTERACTIVE]
        newest = max(chats, key=lambda h: h.used_at, default=None)
        choice = [h for h in self.kept if h is not newest]
        if choice:
            self.drop(min(choice, key=lambda h: (h.priority is Priority.INTERACTIVE, h.used_at)))
            return True
        if newest is not None and last_too:
            self.drop(newest)
            return True
        return False

    def _share(self, source: CachedSequence, target: CachedSequence, length: int) -> None:
        """Let `target` hold the first `length` tokens of `source`; does nothing where the model cannot."""
        self._context.copy(source.seq_id, target.seq_id)
        if not self._rewind(source, target.seq_id, length):
            self._context.forget(target.seq_id)
            return
        target.read = length
        target.extents = _first(source.extents, length)
        target.marks = tuple(mark for mark in source.marks if mark.length <= length)

    def _rewind(self, source: CachedSequence, seq_id: int, length: int) -> bool:
        """Cut `seq_id`, which has the cells of `source`, to `length`.  False where the model cannot."""
        if length == source.read and seq_id != source.seq_id:
            return True
        if not self._can_cut(source, length):
            mark = next((mark for mark in source.marks if mark.length == length), None)
            if mark is None or not self._context.put_state(seq_id, mark.data, partial=True):
                return False
        return self._context.cut(seq_id, source.position(length))

    def _can_cut(self, holding: CachedSequence, length: int) -> bool:
        """Whether `holding` can be cut to `length` without a mark.

        Not where a recurrent state has read on, nor where the tokens before `length` that a sliding window attends to
        are gone: llama.cpp silently continues without them (engine-notes §8).
        """
        if length == holding.read or not self.needs_marks:
            return True
        if self._keeps_state:
            return False
        first = self._context.first_position(holding.seq_id)
        return first == 0 or 0 < first <= holding.position(length) - self._window

    def _count(self) -> None:
        self._used = used_cells([*self.active, *self.kept])


def used_cells(holdings: Iterable[CachedSequence]) -> int:
    runs: dict[int, int] = {}
    for holding in holdings:
        for run, length in holding.extents:
            runs[run] = max(length, runs.get(run, 0))
    return sum(runs.values())


def _last_mark(marks: tuple[Mark, ...], length: int) -> int:
    """The length of the last mark up to `length`; 0: none."""
    return max((mark.length for mark in marks if mark.length <= length), default=0)


def _thinned(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    by_length = {mark.length: mark for mark in marks}
    return tuple(by_length[length] for length in marks_among(sorted(by_length)))


def _first(extents: list[list[int]], length: int) -> list[list[int]]:
    first: list[list[int]] = []
    for run, cells in extents:
        if length <= 0:
            break
        first.append([run, min(cells, length)])
        length -= cells
    return first


# Sequences whose cells were taken out of the pool as a copy, to come back when their conversation goes on. Attention
# looks through all cells up to the last used one, and for a single answer they are divided among the threads by their
# place: 2,000 cells of another conversation in front of its own leave all the work to a single thread. So what other
# conversations left is copied out (some milliseconds a thousand tokens) and put back when it is asked for again.


MOST_BYTES = 256 << 20
"""Of all copies of a model, and of all its marks."""
_SHARE_OF_FREE = 4
"""A copy takes at most a part in so many of the memory that is free."""
_SHARE_FOR_MARKS = 10
"""All marks take at most a part in so many of the PC's memory."""


class SwappedSequence(Record):
    tokens: list[int]
    adapter: Adapter
    data: bytes | memoryview
    marks: tuple[Mark, ...] = ()

    @property
    def bytes(self) -> int:
        return len(self.data) + sum(len(mark.data) for mark in self.marks)


class SwapSpace:
    """The copies of a loaded model, the newest at the end.  Engine thread only."""

    def __init__(self, most_bytes: int = MOST_BYTES, available: Callable[[], int] | None = None) -> None:
        self._most = most_bytes
        self._available = available or free_memory
        self._held: list[SwappedSequence] = []

    @property
    def held(self) -> AbstractSequence[SwappedSequence]:
        return tuple(self._held)

    def make_space(self, size: int) -> bool:
        """Drop the oldest copies until `size` bytes have space.  False, and none dropped, where that cannot be."""
        if size > self._most or size > self._available() // _SHARE_OF_FREE:
            return False
        while sum(sequence.bytes for sequence in self._held) + size > self._most:
            self._held.pop(0)
        return True

    def add(self, new: SwappedSequence) -> None:
        """Hold a copy in place of those that it covers."""
        self._held = [old for old in self._held if not _covers(new, old)]
        self._held.append(new)

    def take(self, sequence: SwappedSequence) -> None:
        self._held.remove(sequence)


def _covers(new: SwappedSequence, old: SwappedSequence) -> bool:
    size = len(old.tokens)
    return old.adapter == new.adapter and common_prefix(old.tokens, new.tokens, size) == size


# Which requests run: they wait, are admitted while there are places and cells, and give way to more urgent ones.
# People go before background work. Requests admitted together share an adapter, because a batch has only one: a
# request for another waits until they have ended, and none behind it overtakes.


SPACE_FOR_ANSWER = 256
"""Cells set aside for an answer when it is admitted; an answer that needs more finds them, or waits, when it does."""
REST_S = 60.0
"""What a job left in memory may rest before it gives way to a person: until then the job may go on."""
WORTH_WAITING = 32
"""Tokens of a prompt that another request is reading; with fewer, reading them again is faster than waiting."""


class Admission:
    """The requests of a loaded model, waiting and active, and their cells.  Engine thread only."""

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

        `crowd_cells`: with so many cells in use another request of a job waits, since each token is computed with all
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
        """Whether a prompt being read will soon share more of this sequence's beginning than is in memory now."""
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
        sequence.reproducible = sequence.reproducible and was_empty and not sequence.read
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
