"""Passages by what they mean: their vectors are made in the background where an embedding model is in the library, and
kept under its checksum.  Desk thread.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from slmdesk.client import JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.records import DocumentStatus, ModelRecord
from slmdesk.core.types import Json
from slmdesk.services.desk import Desk
from slmdesk.services.facts import DocumentChanged, DocumentGone, Fact
from slmdesk.services.file_thread import on_file_thread
from slmdesk.services.loading import EngineRoom
from slmdesk.services.uses import Use, UseService
from slmdesk.store import Store

AT_ONCE = 64
"""Passages of one job: between two, answers come first."""
REST_S = 1.0
"""How long the index waits while an answer is written."""
DEEP = 40
PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic": ("search_query: ", "search_document: "),
    "e5": ("query: ", "passage: "),
}
"""What some models were trained to see before a question, and before a passage; by a part of their names."""


class EmbeddingService:
    """Makes vectors and finds by them."""

    def __init__(self, desk: Desk, store: Store, uses: UseService, room: EngineRoom) -> None:
        self._desk, self._store, self._uses, self._room = desk, store, uses, room
        self._waiting: deque[str] = deque()
        self._now: str | None = None
        self._open: deque[int] = deque()
        """Passages of the document in hand that have no vector yet."""
        self._job: JobHandle | None = None
        self._failed: set[str] = set()
        """Models that could not be used in this run."""
        self._closed = False

    def model(self) -> ModelRecord | None:
        """The embedding model: the default for it, else the only kind of model that is one; None without."""
        found = self._uses.default(Use.EMBED)
        if found is None:
            found = next((one for one in self._store.models() if one.kind == "encoder"), None)
        return found if found and found.id not in self._failed else None

    def hear(self, fact: Fact) -> None:
        """A document was read: its passages get vectors, if there is a model for it."""
        if isinstance(fact, DocumentChanged) and fact.document.status is DocumentStatus.READ:
            self.index(fact.document.id)
        elif isinstance(fact, DocumentGone):
            with suppress(ValueError):
                self._waiting.remove(fact.id)

    def index(self, document: str) -> None:
        """Make the vectors a document's passages lack, in the background."""
        if self.model() is not None and document not in self._waiting:
            self._waiting.append(document)
            self._desk.post(self._advance)

    @property
    def is_busy(self) -> bool:
        """Whether vectors are being made, or are to be."""
        return self._now is not None or bool(self._waiting)

    def nearest(self, question: str, documents: Sequence[str], answered: Callable[[list[int]], None]) -> None:
        """Give `answered` the numbers of the passages nearest to a question in meaning; none where that fails."""
        record = self.model()
        vectors: dict[int, bytes] = {}
        for one in documents if record else ():
            known = self._store.vectors(record.sha256, one) if record else {}
            vectors |= known
            if not known:  # it was read before the model came
                self.index(one)
        if record is None or not vectors:
            answered([])
            return

        def embedded(found: list[bytes]) -> None:
            if not found:
                answered([])
                return
            on_file_thread(
                self._desk,
                lambda: _nearest(found[0], vectors),
                lambda numbers: answered(numbers if isinstance(numbers, list) else []),
                name="vectors",
            )

        self._embed(record, [_prefixes(record)[0] + question], embedded, priority="interactive")

    def close(self) -> None:
        """The desk ends: what is not made yet is made at another opening of its document."""
        self._closed = True
        self._waiting.clear()
        if self._job:
            self._job.cancel()

    # ---- the index

    def _advance(self) -> None:
        record = self.model()
        if self._now is not None or not self._waiting or self._closed or record is None:
            return
        self._now = self._waiting.popleft()
        with suppress(KnownError):
            known = self._store.vectors(record.sha256, self._now)
            self._open = deque(one.n for one in self._store.passages(self._now) if one.n not in known)
        self._step(record)

    def _step(self, record: ModelRecord) -> None:
        """The next passages of the document in hand."""
        if self._closed:
            return
        if self._room.is_busy and self._open:
            self._desk.call_later(REST_S, lambda: self._step(record))
            return
        numbers = [self._open.popleft() for _ in range(min(AT_ONCE, len(self._open)))]
        try:
            open_ones = self._store.passages_of(numbers)
        except KnownError:
            open_ones = []
        if not open_ones:
            self._now = None
            self._open.clear()
            self._desk.post(self._advance)
            return

        def made(found: list[bytes]) -> None:
            with suppress(KnownError):
                there = self._store.passages_of(numbers)  # read again meanwhile, a number may be another passage's
                kept = {one.n: data for one, data in zip(open_ones, found, strict=False) if one in there}
                self._store.save_vectors(record.sha256, kept)
            if len(found) < len(open_ones):
                self._failed.add(record.id)  # not tried again in this run: words alone find much
                self._open.clear()
            self._desk.post(lambda: self._step(record))

        texts = [_prefixes(record)[1] + one.text for one in open_ones]
        self._embed(record, texts, made, priority="background")

    def _embed(
        self, record: ModelRecord, texts: Sequence[str], ended: Callable[[list[bytes]], None], *, priority: str
    ) -> None:
        """Have texts turned into vectors; `ended` gets those that came, in order."""
        found: list[bytes] = []

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                found.extend(_vectors_in(event.value))
            elif isinstance(event, Done | Failed | Cancelled):
                self._job = None
                if not self._closed:
                    ended(found[: len(texts)])

        payload: dict[str, Json] = {"path": os.fsdecode(record.path), "texts": list(texts)}
        self._job = self._room.client.start(
            "embed", payload, lambda event: self._desk.post(lambda: on_event(event)), priority=priority
        )


def _nearest(wanted: bytes, vectors: Mapping[int, bytes]) -> list[int]:
    from slmdesk.text.vectors import nearest  # numpy: 0.1 s, and only where there are vectors

    return [number for number, _ in nearest(wanted, vectors, DEEP)]


def _vectors_in(untrusted: Mapping[str, Json]) -> list[bytes]:
    from slmdesk.text.vectors import is_vector

    told = untrusted.get("vectors")
    found: list[bytes] = []
    for one in told if isinstance(told, list | tuple) else ():
        try:
            data = base64.b64decode(str(one), validate=True)
        except (binascii.Error, ValueError):
            return found
        if not is_vector(data):
            return found
        found.append(data)
    return found


def _prefixes(record: ModelRecord) -> tuple[str, str]:
    name = f"{record.name} {record.source}".casefold()
    return next((both for part, both in PREFIXES.items() if part in name), ("", ""))
