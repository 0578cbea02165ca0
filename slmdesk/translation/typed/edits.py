"""A person's own translations of typed sentences: stored in the memory, with undo.  Service thread."""

from __future__ import annotations

from collections import OrderedDict

from slmdesk.base.record import Record
from slmdesk.base.translation import MemoryPair, Origin
from slmdesk.store import Store
from slmdesk.translation.typed.cache import CachedSegment, Key

MOST_PUTS = 100


class AppliedEdit(Record):
    key: Key
    known: CachedSegment | None
    source: str
    languages: tuple[str, str]
    domain: str
    pair: MemoryPair | None


class LiveEdits:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._puts: OrderedDict[int, AppliedEdit] = OrderedDict()
        self._next = 1

    def put(
        self,
        key: Key,
        known: CachedSegment | None,
        source: str,
        target: str,
        *,
        languages: tuple[str, str],
        domain: str,
    ) -> int:
        """Store the edit; `known`: what it replaces.  Returns a number for `take_back`."""
        pair = self._pair(languages, domain, source)
        number, self._next = self._next, self._next + 1
        self._puts[number] = AppliedEdit(key, known, source, languages, domain, pair)
        while len(self._puts) > MOST_PUTS:
            self._puts.popitem(last=False)
        self._store.memory.remember(*languages, [(source, target)], domain=domain, origin=Origin.PERSON)
        return number

    def take_back(self, number: int) -> AppliedEdit | None:
        """Undo an edit in the memory; None when it is too old or already undone."""
        put = self._puts.pop(number, None)
        if put is None:
            return None
        now = self._pair(put.languages, put.domain, put.source)
        if now is not None:
            self._store.memory.forget([now.n])
        if put.pair is not None:
            self._store.memory.put_back(put.pair)
        return put

    def _pair(self, languages: tuple[str, str], domain: str, words: str) -> MemoryPair | None:
        return next((one for one in self._store.memory.recall(*languages, words) if one.domain == domain), None)
