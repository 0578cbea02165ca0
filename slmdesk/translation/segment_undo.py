"""Changes segments of a translation with undo: edit, approve, replace, use another wording.

Each change remembers the segments, and what the memory had for them, as they were before; `undo` restores the last one.
Kept only until the program ends.  Service thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.translation import MemoryPair, SegmentRecord, SegmentState, Term, lasting
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.translation.replace import Search, replaced, spans_in
from slmdesk.text.translation.tagged import Tags, problems
from slmdesk.translation.events import SegmentChanged
from slmdesk.translation.preparation import segment_flags
from slmdesk.translation.segment_edits import SegmentEdits
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import TranslationRequest, memory_domain, request_of

MOST_UNDO = 200
FOUND_AT_ONCE, CHANGED_AT_ONCE = 200, 5
"""Segments looked through, or changed in one transaction, before others may come between."""
CHANGEABLE = frozenset((SegmentState.TRANSLATED, SegmentState.EDITED, SegmentState.APPROVED))


class Hits(Record):
    numbers: tuple[int, ...]
    approved: tuple[int, ...]
    places: int


class ReplaceResult(Record):
    segments: int
    places: int
    refused: tuple[int, ...]
    """Segments whose formatting marks would not have been right any more: they stay as they are."""


class UndoResult(Record):
    words: str
    numbers: tuple[int, ...]
    skipped: int
    """Segments that have changed again since, and stay as they are."""


@dataclass(slots=True)
class _Before:
    segment: SegmentRecord
    target: str
    state: SegmentState
    remembered: MemoryPair | None
    touches_memory: bool


@dataclass(slots=True)
class _Act:
    words: str
    before: list[_Before] = field(default_factory=list)


class SegmentChanges(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService, edits: SegmentEdits) -> None:
        super().__init__(runtime)
        self._translations, self._edits = translations, edits
        self._acts: dict[str, deque[_Act]] = {}

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Raises KnownError `translation.tags`, `request.invalid`."""
        segment, request = self._segment(item, number), self._request(item)
        act = _Act("edit")
        changed = self._edit(act, segment, target, request)
        self._did(item, act)
        return changed

    def approve(self, item: str, numbers: Sequence[int]) -> int:
        act = _Act("approval")
        with self._store.together():
            for one in self._store.segments.numbered(item, numbers):
                if one.state in (SegmentState.TRANSLATED, SegmentState.EDITED):
                    act.before.append(_Before(one, one.target, SegmentState.APPROVED, None, touches_memory=False))
                    self._edits.approve(item, one.number)
        self._did(item, act)
        return len(act.before)

    def retry(self, item: str, number: int, hint: str) -> Pending[SegmentRecord]:
        return in_slices(self._service_thread, self._retrying(item, number, hint))

    def _retrying(self, item: str, number: int, hint: str) -> Slices[SegmentRecord]:
        before = self._segment(item, number)
        result: SegmentRecord = yield self._edits.retry(item, number, hint)
        one = _Before(before, result.target, result.state, None, touches_memory=False)
        self._did(item, _Act("new try", [one]))
        return result

    def find(self, item: str, search: Search) -> Pending[Hits]:
        return in_slices(self._service_thread, self._finding(item, search))

    def _finding(self, item: str, search: Search) -> Slices[Hits]:
        numbers, approved, places = list[int](), list[int](), 0
        candidates = self._store.segments.numbers(item, words=search.words) if search else ()
        for at in range(0, len(candidates), FOUND_AT_ONCE):
            for one in self._store.segments.numbered(item, candidates[at : at + FOUND_AT_ONCE]):
                spans = len(spans_in(one.target, Tags(one.paired, one.lone), search))
                if spans and one.state in CHANGEABLE:
                    places += spans
                    numbers.append(one.number)
                    if one.state is SegmentState.APPROVED:
                        approved.append(one.number)
            yield
        return Hits(tuple(numbers), tuple(approved), places)

    def replace(self, item: str, numbers: Sequence[int], search: Search, instead: str) -> Pending[ReplaceResult]:
        """Replace words at these places in segments, as a person's edits that are undone together.

        Raises KnownError `request.invalid` for words with a line break.
        """
        if not search or "\n" in instead:
            raise KnownError("request.invalid", what="words to replace")
        return in_slices(self._service_thread, self._replacing(item, numbers, search, instead))

    def _replacing(self, item: str, numbers: Sequence[int], search: Search, instead: str) -> Slices[ReplaceResult]:
        request, act = self._request(item), _Act("replacement")
        terms = self._translations.terms_of(request)
        places, refused = 0, list[int]()
        try:
            for at in range(0, len(numbers), CHANGED_AT_ONCE):
                with self._store.together():
                    for segment in self._store.segments.numbered(item, numbers[at : at + CHANGED_AT_ONCE]):
                        tags = Tags(segment.paired, segment.lone)
                        target, count = replaced(segment.target, tags, search, instead)
                        if not count or segment.state not in CHANGEABLE:
                            continue
                        if problems(target, tags) or not target.strip():
                            refused.append(segment.number)
                            continue
                        self._edit(act, segment, target, request, terms)
                        places += count
                yield
        finally:
            self._did(item, act)
        return ReplaceResult(len(act.before), places, tuple(refused))

    def recheck(self, item: str) -> Pending[int]:
        """Check all translations again after a glossary changed; the result is the number of segments with other flags.

        Segments a person approved stay as they are.
        """
        return in_slices(self._service_thread, self._rechecking(item))

    def _rechecking(self, item: str) -> Slices[int]:
        request, changed, begin = self._request(item), 0, 0
        terms = self._translations.terms_of(request)
        while found := self._store.segments.of_item(item, begin=begin, limit=1):  # a person may change the next one
            one, begin = found[0], found[0].number + 1
            if one.state in (SegmentState.TRANSLATED, SegmentState.EDITED) and one.target:
                flags = (*segment_flags(one, one.target, request, terms), *lasting(one.flags))
                if flags != one.flags:
                    changed += 1
                    self._publish(SegmentChanged(item, self._store.segments.change(item, one.number, flags=flags)))
            yield
        return changed

    def undo(self, item: str) -> Pending[UndoResult | None]:
        return in_slices(self._service_thread, self._undoing(item))

    def _undoing(self, item: str) -> Slices[UndoResult | None]:
        acts = self._acts.get(item)
        if not acts:
            return None
        act, request = acts.pop(), self._request(item)
        numbers, skipped, left = list[int](), 0, act.before
        try:
            while left:
                with self._store.together():
                    for one in reversed(left[-CHANGED_AT_ONCE:]):
                        skipped += not self._undo_one(item, one, request, numbers)
                left = left[:-CHANGED_AT_ONCE]
                if left:  # else it ends in this turn, before whatever is asked next
                    yield
        finally:  # after a fault, such as a full disk, the rest can be undone still
            self._did(item, _Act(act.words, left))
        return UndoResult(act.words, tuple(sorted(numbers)), skipped)

    def _undo_one(self, item: str, one: _Before, request: TranslationRequest, numbers: list[int]) -> bool:
        now, old = self._segment(item, one.segment.number), one.segment
        if (now.target, now.state) != (one.target, one.state):
            return False
        changed = self._store.segments.change(
            item, old.number, target=old.target, state=old.state, origin=old.origin, flags=old.flags,
            reason=old.reason, doubts=old.doubts,
        )  # fmt: skip
        if one.touches_memory:
            self._put_back(one, request)
        self._publish(SegmentChanged(item, changed))
        numbers.append(old.number)
        return True

    # ---- inside

    def _edit(
        self,
        act: _Act,
        segment: SegmentRecord,
        target: str,
        request: TranslationRequest,
        terms: Sequence[Term] | None = None,
    ) -> SegmentRecord:
        remembered = self._remembered(segment, request)
        known = self._translations.terms_of(request) if terms is None else terms
        changed = self._edits.put(segment, target, request, known)
        act.before.append(_Before(segment, changed.target, changed.state, remembered, touches_memory=True))
        return changed

    def _did(self, item: str, act: _Act) -> None:
        if act.before:
            self._acts.setdefault(item, deque(maxlen=MOST_UNDO)).append(act)

    def _remembered(self, segment: SegmentRecord, request: TranslationRequest) -> MemoryPair | None:
        source, domain = segment.language or request.source, memory_domain(request)
        for pair in self._store.memory.recall(source, request.target, segment.source):
            if pair.domain == domain:
                return pair
        return None

    def _put_back(self, before: _Before, request: TranslationRequest) -> None:
        segment, domain = before.segment, memory_domain(request)
        source = segment.language or request.source
        if before.remembered is not None:
            self._store.memory.put_back(before.remembered)
            return
        found = self._store.memory.recall(source, request.target, segment.source)
        self._store.memory.forget([one.n for one in found if one.domain == domain and one.target == before.target])

    def _segment(self, item: str, number: int) -> SegmentRecord:
        found = self._store.segments.numbered(item, [number])
        if not found:
            raise KnownError("request.invalid", what="segment")
        return found[0]

    def _request(self, item: str) -> TranslationRequest:
        return request_of(self._store.items.get(item))
