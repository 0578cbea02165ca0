"""The slots of a context: what each has in memory, what is copied out, and which requests are admitted to them.

A slot is a sequence id of the context.  All slots share its cells; llama.cpp counts them, and says when a batch does
not fit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Sequence as AbstractSequence

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Priority, common_prefix
from slmdesk.children.engine.llama.context import NO_ADAPTER, Adapter, Context
from slmdesk.children.engine.llama.library import free_memory, total_memory
from slmdesk.children.engine.llama.sequence import CachedSequence, Mark, Sequence, closest, marks_among

WORTH_SWAPPING = 32
"""Tokens: fewer are read again in about the time that a copy takes."""


class Slots:
    """Which sequence is in which slot, in use or idle.  Engine thread only.

    A request takes the slot that holds the beginning of its prompt, else the one that was used longest ago.
    """

    def __init__(self, context: Context, *, sliding_window: int, keeps_state: bool = False) -> None:
        """`keeps_state`: a sequence cannot be cut but at its marks."""
        self._context = context
        self._window = sliding_window
        self._keeps_state = keeps_state
        self.needs_marks = keeps_state or sliding_window > 0
        self.active: list[CachedSequence] = []
        self.idle = [_empty(number) for number in range(context.max_sequences)]
        self.swapped: list[CachedSequence] = []
        """Conversations that made room for others, copied out; the newest at the end."""

    @property
    def is_empty(self) -> bool:
        return not self.active and not any(slot.read for slot in self.idle)

    def open(self, holding: CachedSequence) -> bool:
        """Give a waiting sequence a slot and the longest prefix in memory.  False when all slots are in use.

        Afterwards `holding.read` is the number of its tokens that need not be read.
        """
        if not self.idle:
            return False
        self._swap_in(holding)
        source, length = self.best_prefix(holding.tokens, holding.adapter)
        is_own = source in self._continued_by(holding) or self.idle == [source]
        slot = source if is_own else self._vacate(source)
        holding.seq_id = slot.seq_id
        holding.read = self._fill(slot, source, length)
        holding.marks = tuple(mark for mark in source.marks if mark.length <= holding.read)
        self.idle.remove(slot)
        self.active.append(holding)
        return True

    def best_prefix(self, tokens: AbstractSequence[int], adapter: Adapter) -> tuple[CachedSequence, int]:
        """The sequence that can be cut to the longest beginning of `tokens` computed with `adapter`, and its length.

        An empty sequence of no slot and 0 where none has any of it.
        At least the last token is left to be read, since its logits are needed.
        """
        return self._longest((*self.active, *self.idle), tokens, adapter)

    def _longest(
        self, among: Iterable[CachedSequence], tokens: AbstractSequence[int], adapter: Adapter
    ) -> tuple[CachedSequence, int]:
        best = _empty(-1)
        longest = 0
        for holding in among:
            if holding.adapter != adapter:
                continue
            shared = holding.whole(common_prefix(holding.tokens, tokens, min(holding.read, len(tokens) - 1)))
            if shared <= longest:
                continue
            length = shared if self._can_cut(holding, shared) else _last_mark(holding.marks, shared)
            if length > longest:
                best, longest = holding, length
        return best, longest

    def _continued_by(self, holding: CachedSequence) -> list[CachedSequence]:
        """The idle slots of which nothing is lost that matters when `holding` takes them."""
        return [
            slot
            for slot in self.idle
            if slot.is_disposable or 2 * common_prefix(slot.tokens, holding.tokens, slot.read) >= slot.read
        ]

    def _vacate(self, source: CachedSequence) -> CachedSequence:
        """An empty idle slot, if need be made empty; not that of `source`."""
        return self._drop_idle([slot for slot in self.idle if slot is not source])

    def make_space(self) -> bool:
        """Empty the idle slot that is missed least.  False: none holds anything."""
        full = [slot for slot in self.idle if slot.read]
        return bool(full and self._drop_idle(full))

    def make_way(self, beside: CachedSequence) -> None:
        """Empty idle slots for a person's answer, but what jobs may go on with: llama.cpp divides all cells among the
        threads by their place, and those of others in front of its own would leave the work to one thread.
        """
        others = [slot for slot in self.idle if slot.read and slot not in self._continued_by(beside)]
        left_by_jobs = [slot for slot in self.idle if slot.read and slot.is_disposable]
        left_by_jobs.sort(key=lambda slot: slot.used_at)
        for slot in (*others, *left_by_jobs[:-1]):
            self._drop_idle([slot])

    def _drop_idle(self, among: list[CachedSequence]) -> CachedSequence:
        """Empty the slot that is missed least: one that holds nothing, if there is any.

        A conversation in it is copied to the swap space first.
        """
        slot = min(among, key=lambda slot: (not slot.is_disposable, slot.used_at))
        if not slot.is_disposable:
            self._swap_out(slot)
        self._context.forget(slot.seq_id)
        self.idle.remove(slot)
        self.idle.append(_empty(slot.seq_id))
        return self.idle[-1]

    def _fill(self, slot: CachedSequence, source: CachedSequence, length: int) -> int:
        """Let a slot, that of `source` or an empty one, have its first `length` tokens.  Returns how many it has."""
        if not length:
            return 0
        if source is not slot:
            self._context.copy(source.seq_id, slot.seq_id)
        if self._rewind(source, slot.seq_id, length):
            return length
        self._context.forget(slot.seq_id)
        return 0

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
        for old in sorted(self.idle, key=lambda slot: slot.used_at):
            if self._mark_bytes() + size <= most:
                break
            old.marks = ()
        while holding.marks and self._mark_bytes() + size > most:
            at = closest([mark.length for mark in holding.marks])
            holding.marks = (*holding.marks[:at], *holding.marks[at + 1 :])
        return self._mark_bytes() + size <= most

    def _mark_bytes(self) -> int:
        marks = {id(mark): len(mark.data) for sequence in (*self.active, *self.idle) for mark in sequence.marks}
        return sum(marks.values())

    def take_back(self, holding: CachedSequence) -> None:
        """Remove cells after `read`, left by a step that was aborted; after the last mark where the model cannot."""
        if self._context.cut(holding.seq_id, holding.position(holding.read)):
            return
        length = _last_mark(holding.marks, holding.read)
        if not self._rewind(holding, holding.seq_id, length):
            self._context.forget(holding.seq_id)
            length = 0
        holding.read = length

    def keep(self, holding: CachedSequence, now: int, *, is_disposable: bool) -> None:
        """Keep what an ended sequence holds for the next turn.  `is_disposable`: nobody will go on with all of it."""
        self.active.remove(holding)
        kept = CachedSequence(holding.tokens[: holding.read], holding.priority, holding.adapter)
        kept.seq_id, kept.read, kept.marks = holding.seq_id, holding.read, holding.marks
        kept.used_at, kept.is_disposable = now, is_disposable
        self.idle.append(kept)

    def drop(self, holding: CachedSequence) -> None:
        """Make the slot of a sequence idle and empty."""
        self._context.forget(holding.seq_id)
        if holding in self.active:
            self.active.remove(holding)
        else:
            self.idle.remove(holding)
        self.idle.append(_empty(holding.seq_id))
        holding.seq_id = -1
        holding.read = 0
        holding.marks = ()

    def _swap_out(self, old: CachedSequence) -> None:
        size = self._context.state_size(old.seq_id) + sum(len(mark.data) for mark in old.marks)
        if old.read < WORTH_SWAPPING or size > min(MOST_BYTES, free_memory() // _SHARE_OF_FREE):
            return
        data = self._context.state(old.seq_id)
        if data is not None:
            old.copied = data
            self.swapped.append(old)
        while sum(swapped.copied_bytes for swapped in self.swapped) > MOST_BYTES:
            self.swapped.pop(0)

    def _swap_in(self, holding: CachedSequence) -> None:
        """Put a copy back that saves a waiting sequence clearly more reading than what is in memory."""
        swapped, length = self._longest(self.swapped, holding.tokens, holding.adapter)
        in_memory = self.best_prefix(holding.tokens, holding.adapter)[1]
        if length >= in_memory + WORTH_SWAPPING:
            self.swapped.remove(swapped)
            self._put_back(swapped, swapped.copied)

    # ---- states that are kept on disk

    def holds(self, tokens: list[int]) -> bool:
        return self.held(tokens) >= len(tokens)

    def held(self, tokens: list[int]) -> int:
        return self._longest((*self.active, *self.idle, *self.swapped), [*tokens, -1], NO_ADAPTER)[1]

    def state_of(
        self, tokens: AbstractSequence[int], may_take: Callable[[int], bool]
    ) -> tuple[int, bytes | memoryview] | None:
        """The longest beginning of `tokens` that an idle slot has: its length, and its cells.  The slot is cut to it.

        `may_take` is called to ask whether there is memory for so many bytes.
        """
        slot, length = self._longest((*self.idle, *self.swapped), [*tokens, -1], NO_ADAPTER)
        if slot.copied:
            return (length, slot.copied) if length == slot.read else None
        if not length or not may_take(self._context.state_size(slot.seq_id)):
            return None
        if not self._rewind(slot, slot.seq_id, length):
            self.drop(slot)
            return None
        slot.tokens, slot.read = slot.tokens[:length], length
        slot.marks = tuple(mark for mark in slot.marks if mark.length <= length)
        data = self._context.state(slot.seq_id)
        return None if data is None else (length, data)

    def restore(self, tokens: list[int], data: bytes | memoryview, now: int) -> bool:
        """Restore the cells that `state_of` returned for `tokens`, and keep them as a sequence that has just ended.

        False where all slots are in use, or the library refuses the cells.
        """
        kept = CachedSequence(tokens, Priority.INTERACTIVE)
        kept.used_at = now
        return self._put_back(kept, data)

    def _put_back(self, kept: CachedSequence, data: bytes | memoryview) -> bool:
        """Give a sequence that is in no slot an idle one, with the cells in `data`.  False: it is not there."""
        if not self.idle or len(kept.tokens) > self._context.cells:
            return False
        slot = self._vacate(kept)
        kept.seq_id, kept.read, kept.copied = slot.seq_id, 0, b""
        self.idle[self.idle.index(slot)] = kept
        is_whole = self._context.put_state(kept.seq_id, data)
        while not is_whole and self.make_space():
            is_whole = self._context.put_state(kept.seq_id, data)
        ends = self._context.last_position(kept.seq_id) == kept.position(len(kept.tokens)) - 1
        if not is_whole or not (ends or kept.tokens[-1] < 0):  # a picture's own positions need not be in a row
            self.drop(kept)
            return False
        kept.read = len(kept.tokens)
        return True

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
        first = self._context.first_position(holding.seq_id) if not holding.copied else -1
        return first == 0 or 0 < first <= holding.position(length) - self._window


def _empty(seq_id: int) -> CachedSequence:
    slot = CachedSequence([], Priority.BACKGROUND)
    slot.seq_id, slot.is_disposable = seq_id, True
    return slot


def _last_mark(marks: tuple[Mark, ...], length: int) -> int:
    """The length of the last mark up to `length`; 0: none."""
    return max((mark.length for mark in marks if mark.length <= length), default=0)


def _thinned(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    by_length = {mark.length: mark for mark in marks}
    return tuple(by_length[length] for length in marks_among(sorted(by_length)))


MOST_BYTES = 256 << 20
"""Of all copies of a model, and of all its marks."""
_SHARE_OF_FREE = 4
"""A copy takes at most a part in so many of the memory that is free."""
_SHARE_FOR_MARKS = 10
"""All marks take at most a part in so many of the PC's memory."""


# Which requests run: they wait, are admitted while there is space, and give way to more urgent ones. People go before
# background work. Requests admitted together share an adapter, because a batch has only one: a request for
# another waits until they have ended, and none behind it overtakes.


SPACE_FOR_ANSWER = 256
"""Cells set aside for an answer when it is admitted; one that needs more finds them, or another gives way."""
WORTH_WAITING = 32
"""Tokens of a prompt that another request is reading; with fewer, reading them again is faster than waiting."""


class Admission:
    """The requests of a loaded model, waiting and active.  Engine thread only."""

    def __init__(self, slots: Slots, *, cells: int, sequences: int) -> None:
        """`sequences`: how many may be active at once."""
        self._slots = slots
        self._cells = cells
        self._most = sequences
        self.waiting: dict[Priority, deque[Sequence]] = {
            p: deque() for p in (Priority.INTERACTIVE, Priority.BACKGROUND)
        }
        self.active: list[Sequence] = []
        self.now = 0
        """Counts the steps."""
        self._is_full = False
        """An active request had to give way; until another has ended, none joins the others."""

    @property
    def people(self) -> list[Sequence]:
        return [s for s in self.active if s.priority is Priority.INTERACTIVE]

    @property
    def _background(self) -> list[Sequence]:
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
        self._is_full = False
        self._slots.keep(sequence, self.now, is_disposable=sequence.priority is Priority.BACKGROUND)
        sequence.sampler.close()

    def fail(self, sequence: Sequence, error: KnownError) -> None:
        """End an active sequence with an error and keep nothing of it."""
        sequence.fail(error.code, **error.args_for_people)
        self.active.remove(sequence)
        self._is_full = False
        self._slots.drop(sequence)
        sequence.sampler.close()

    def end_all(self, code: str) -> None:
        for sequence in [*self.active, *self.waiting[Priority.INTERACTIVE], *self.waiting[Priority.BACKGROUND]]:
            sequence.fail(code)
            sequence.sampler.close()
        for sequence in self.active:
            self._slots.drop(sequence)
        self.active.clear()
        self._is_full = False
        for queue in self.waiting.values():
            queue.clear()

    def make_space(self) -> bool:
        """Free cells for a batch that does not fit: of an idle slot, else of the youngest active one, background work
        before people.  False: there is only one.
        """
        if self._slots.make_space():
            return True
        self._is_full = True
        less_urgent = self._background if self.people else []
        return self._evict(less_urgent or self.active[1:])

    def _evict(self, choice: list[Sequence]) -> bool:
        """Send the youngest of `choice` back to its queue; what it has read is copied out when its cells are needed."""
        if not choice:
            return False
        victim = choice[-1]
        self.active.remove(victim)
        self._slots.keep(victim, self.now, is_disposable=False)
        victim.reproducible = False
        self.waiting[victim.priority].appendleft(victim)
        return True

    def _admit_queue(self, priority: Priority) -> None:
        is_person = priority is Priority.INTERACTIVE
        for sequence in [*self.waiting[priority]]:
            beside = self.people if is_person else self.active
            if not self._may_join(sequence, beside):
                return
            if self._better_wait(sequence):
                continue
            if len(self.active) >= self._most:
                self._evict(self._background)
            was_empty = self._slots.is_empty
            self._slots.open(sequence)
            if is_person:
                self._slots.make_way(sequence)
            self.waiting[priority].remove(sequence)
            self.active.append(sequence)
            sequence.note_cached()
            sequence.reproducible = sequence.reproducible and was_empty
            sequence.report_read()

    def _may_join(self, sequence: Sequence, beside: list[Sequence]) -> bool:
        """Whether there is space beside those that do not give way, which share the cells of a common beginning.

        Where the model cannot share them, llama.cpp says so, and one gives way.
        """
        if not beside:
            return True
        if self._is_full or len(beside) >= self._most or beside[0].adapter != sequence.adapter:
            return False
        first = beside[0].tokens
        needed = len(first)
        for each in (*beside, sequence):
            own = len(each.tokens) - common_prefix(each.tokens, first)
            needed += own + min(each.tokens_to_write, SPACE_FOR_ANSWER)
        return needed <= self._cells

    def _better_wait(self, sequence: Sequence) -> bool:
        """Whether a prompt being read will soon share more of this sequence's beginning than is in memory now."""
        for other in self.active:
            if other.writing or other.priority is not sequence.priority:
                continue
            shared = common_prefix(other.tokens, sequence.tokens, len(sequence.tokens) - 1)
            if shared >= other.read + WORTH_WAITING:
                held = self._slots.best_prefix(sequence.tokens, sequence.adapter)[1]
                return shared >= held + WORTH_WAITING
        return False
