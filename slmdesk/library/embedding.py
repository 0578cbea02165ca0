"""Makes embedding vectors of passages in the background, and finds passages by meaning.  Service thread.

Works only where an embedding model is in the library; vectors are stored under the model's checksum.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.base.records import DocumentStatus, ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from
from slmdesk.children.client import JobHandle
from slmdesk.library.events import DocumentChanged, DocumentGone
from slmdesk.loader.events import ModelsChanged
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.defaults import DefaultsService, DefaultUse
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service

AT_ONCE = 32
"""Passages of one job of the engine, which opens the model for it."""
REST_S = 1.0
LOOK_S = 0.25
DEEP = 40
VECTORS_AT_ONCE = 2_000
PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic": ("search_query: ", "search_document: "),
    "e5": ("query: ", "passage: "),
}
"""What some models were trained to see before a question, and before a passage; by a part of their names."""

OnVectors = Callable[[list[bytes], bool], None]


class EmbeddingService(Service):
    """Makes vectors of passages, and finds passages by their vectors.

    A document that was read is indexed; all are indexed again when the embedding model changes.
    """

    def __init__(self, runtime: Runtime, uses: DefaultsService, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._uses, self._loader = uses, loader
        self._waiting: dict[str, None] = {}
        self._now: str | None = None
        self._open: deque[int] = deque()
        self._job: JobHandle | None = None
        self._questions = 0
        self._failed: set[str] = set()
        self._seen: str | None = None
        """The model for which everything that was read has been put in line."""
        self._closed = False
        runtime.events.on(DocumentChanged, self._on_document_changed)
        runtime.events.on(DocumentGone, lambda event: self._waiting.pop(event.id, None))
        runtime.events.on(ModelsChanged, lambda _event: runtime.service_thread.post(self.take_up))

    def model(self) -> ModelRecord | None:
        """The embedding model: the default one, else one of the library; None without any."""
        found = self._uses.default(DefaultUse.EMBED)
        if found is None:
            found = next((one for one in self._store.models.all() if one.kind == "encoder"), None)
        return found if found and found.id not in self._failed else None

    def take_up(self) -> None:
        """Index what is missing of all documents: a model was added, or the last instance ended before it was done."""
        record = None if self._closed else self.model()
        if record is not None and record.id != self._seen:
            self._seen = record.id
            with suppress(KnownError):
                for document in self._store.vectors.documents_without(record.sha256):
                    self.index(document)

    def index(self, document: str) -> None:
        if document not in self._waiting and self.model() is not None:
            self._waiting[document] = None
            self._service_thread.post(self._advance)

    @property
    def is_busy(self) -> bool:
        return self._now is not None or bool(self._waiting)

    @property
    def waiting(self) -> int:
        return len(self._waiting) + (self._now is not None)

    def nearest(self, question: str, documents: Sequence[str]) -> Pending[list[int]]:
        """Find the numbers of the passages nearest in meaning; an empty list when that fails."""
        record = self.model()
        if record is None or not documents or not self._store.vectors.after(record.sha256, documents, after=0, limit=1):
            if record is not None:  # they were read before the model came
                self.take_up()
            return ended([])
        requested, pending = record, Pending[list[int]]()

        def embedded(found: list[bytes], _stopped: bool) -> None:
            self._questions -= 1
            if not found:
                pending.end([])
                return
            on_file_thread(
                self._service_thread,
                lambda: self._compare(requested, found[0], documents),
                lambda numbers: pending.end(numbers if isinstance(numbers, list) else []),
                name="vectors",
            )

        self._questions += 1
        if self._job:  # a question does not wait for the index
            self._job.cancel()
        self._embed(record, [_prefixes(record)[0] + question], embedded, priority="interactive")
        return pending

    def close(self) -> None:
        self._closed = True
        self._waiting.clear()
        if self._job:
            self._job.cancel()

    def _on_document_changed(self, event: DocumentChanged) -> None:
        if event.document.status is DocumentStatus.READ:
            self.index(event.document.id)

    # ---- finding

    def _compare(self, record: ModelRecord, question: bytes, documents: Sequence[str]) -> list[int]:
        """Compare on a file thread; vectors are fetched on the service thread in pieces."""
        from slmdesk.text.passages.vectors import Nearest  # numpy: 0.1 s, and only where there are vectors

        found, after = Nearest(question, DEEP), 0
        while some := self._service_thread.call(
            lambda after=after: self._store.vectors.after(  # type: ignore[misc]
                record.sha256, documents, after=after, limit=VECTORS_AT_ONCE
            )
        ):
            found.add(some)
            after = some[-1][0]
        return [number for number, _ in found.best]

    # ---- the index

    def _advance(self) -> None:
        record = self.model()
        if self._now is not None or not self._waiting or self._closed or record is None:
            return
        self._now = next(iter(self._waiting))
        del self._waiting[self._now]
        with suppress(KnownError):
            self._open = deque(self._store.vectors.passages_without(record.sha256, self._now))
        self._step(record)

    def _step(self, record: ModelRecord) -> None:
        if self._closed:
            return
        if self._is_requested_elsewhere and self._open:
            self._service_thread.call_later(REST_S, lambda: self._step(record))
            return
        numbers = [self._open.popleft() for _ in range(min(AT_ONCE, len(self._open)))]
        try:
            open_ones = self._store.passages.numbered(numbers)
        except KnownError:
            open_ones = []
        if not open_ones:
            self._now = None
            self._open.clear()
            self._service_thread.post(self._advance)
            return

        def made(found: list[bytes], stopped: bool) -> None:
            self._job = None
            with suppress(KnownError):
                self._keep(record, dict(zip((one.n for one in open_ones), found, strict=False)))
            if stopped:
                self._open.extendleft(one.n for one in reversed(open_ones[len(found) :]))
            elif len(found) < len(open_ones):
                self._failed.add(record.id)  # not tried again in this run: words alone find much
                self._open.clear()
                self._waiting.clear()
            self._service_thread.post(lambda: self._step(record))

        texts = [_prefixes(record)[1] + one.text for one in open_ones]
        job = self._job = self._embed(record, texts, made, priority="background")
        self._look(job)

    def _keep(self, record: ModelRecord, made: Mapping[int, bytes]) -> None:
        from slmdesk.text.passages.vectors import halved

        there = {one.n for one in self._store.passages.numbered(list(made))}  # some may have been read anew meanwhile
        self._store.vectors.save(record.sha256, {n: halved(data) for n, data in made.items() if n in there})

    @property
    def _is_requested_elsewhere(self) -> bool:
        return self._loader.is_busy or self._questions > 0

    def _look(self, job: JobHandle) -> None:
        if self._job is not job or self._closed:
            return
        if self._is_requested_elsewhere:
            job.cancel()
        else:
            self._service_thread.call_later(LOOK_S, lambda: self._look(job))

    def _embed(self, record: ModelRecord, texts: Sequence[str], ended: OnVectors, *, priority: str) -> JobHandle:
        found: list[bytes] = []

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                found.extend(_vectors_in(event.value))
            elif isinstance(event, Done | Failed | Cancelled) and not self._closed:
                ended(found[: len(texts)], isinstance(event, Cancelled))

        payload: dict[str, Json] = {"path": os.fsdecode(record.path), "texts": list(texts)}
        return self._loader.client.start(
            "embed", payload, lambda event: self._service_thread.post(lambda: on_event(event)), priority=priority
        )


def _vectors_in(untrusted: Mapping[str, Json]) -> list[bytes]:
    from slmdesk.text.passages.vectors import is_vector

    found: list[bytes] = []
    for one in stored_from(list, untrusted.get("vectors")) or ():
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
