"""Rank the passages of documents for a question, by words and by meaning; compute the vectors of passages."""

from __future__ import annotations

import base64
import binascii
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentStatus, ModelRecord, Passage
from slmdesk.base.runtime.events import DocumentChanged, DocumentGone, ModelsChanged, Pending, ended
from slmdesk.base.runtime.service import Runtime, Service, on_file_thread
from slmdesk.base.text.relevance import ranked_by_words
from slmdesk.base.text.sentences import search_words
from slmdesk.base.types import Json
from slmdesk.children.client import JobHandle
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.models.service import DefaultsService, DefaultUse

DEEP = 40
"""Number of places at the top of each ranking that count."""
CANDIDATES = 64
"""Number of passages that the index returns for ranking."""
FUSION = 60
"""Constant of reciprocal rank fusion. The larger it is, the less the first places stand out from the next."""
MEANING = 0.5
"""Weight of a place in the ranking by meaning. A place in the ranking by words has the weight 1."""
FEW_WORDS = 3
"""Number of words below which a follow-up question is searched together with the question before."""


class RankedPassages(Record):
    passages: tuple[Passage, ...]
    words: tuple[str, ...]


Meaning = Callable[[str, Sequence[str]], Pending[list[int]]]
"""Function of a question and documents that returns numbers of passages, the nearest in meaning first. Empty if there
is no embedding model.
"""


def fused(*rankings: Sequence[int], weights: Sequence[float] = ()) -> list[int]:
    scores: dict[int, float] = {}
    for number, ranking in enumerate(rankings):
        weight = weights[number] if number < len(weights) else 1.0
        for place, id in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + weight / (FUSION + place + 1)
    return sorted(scores, key=lambda score: (-scores[score], score))


def with_meaning(by_words: Sequence[int], by_meaning: Sequence[int]) -> list[int]:
    """Combine a ranking by words with a ranking by meaning.

    The best match by words stays first, because small embedding models rank likely passages well but the very best
    passages badly.
    """
    joined = fused(by_words, by_meaning, weights=(1.0, MEANING))
    return [*by_words[:1], *(number for number in joined if number not in by_words[:1])]


class Retrieval:
    """Search that ranks the passages of documents for a question. Service thread.

    Passages are always ranked by words, and by meaning if there is an embedding model. The index finds passages by the
    beginnings of words; their forms and compounds decide the rank. The two rankings are combined by reciprocal rank
    fusion (Cormack, Clarke and Buettcher 2009).
    """

    def __init__(self, store: Store, meaning: Meaning | None = None) -> None:
        self._store, self._meaning = store, meaning

    def rank(self, question: str, documents: Sequence[str], *, before: Sequence[str] = ()) -> Pending[RankedPassages]:
        """Find the passages of these documents that match a question best. The result is there at once if only words
        are used.

        `before` are the earlier questions of the conversation. Raises KnownError store.*.
        """
        words = search_words(question)
        by_words = self._by_words(words, documents)
        rankings = [list(by_words)]
        if before and len(words) < FEW_WORDS:
            words = list(dict.fromkeys([*words, *search_words(before[-1])]))
            hits = self._by_words(words, documents)
            rankings.append(list(hits))
            by_words |= hits

        def joined(numbers: list[int]) -> RankedPassages:
            known = dict(by_words)
            known |= {
                passage.n: passage
                for passage in self._store.passages.numbered([number for number in numbers if number not in known])
            }
            order = [number for number in with_meaning(fused(*rankings), numbers) if number in known]
            return RankedPassages(tuple(known[number] for number in order[:DEEP]), tuple(words))

        near: Pending[list[int]] = ended([])
        if question and self._meaning is not None:
            near = self._meaning(question, documents)
        return near.map(joined)

    def _by_words(self, words: Sequence[str], documents: Sequence[str]) -> dict[int, Passage]:
        """Return passages by their number, the best first."""
        passages = self._store.passages.find(words, documents, CANDIDATES)
        among, _size = self._store.passages.count(documents)
        best = ranked_by_words(words, [passage.text for passage in passages], among=among)[:DEEP]
        return {passages[place].n: passages[place] for place in best}

    def with_neighbours(self, chosen: Sequence[Passage]) -> list[Passage]:
        requested = [n for passage in chosen for n in (passage.n + 1, passage.n - 1)]
        documents = {passage.document for passage in chosen}
        have = {passage.n for passage in chosen}
        passages = {
            passage.n: passage for passage in self._store.passages.numbered(requested) if passage.document in documents
        }
        return [passages[n] for n in dict.fromkeys(requested) if n in passages and n not in have]


AT_ONCE = 32
"""Passages of one engine job. The engine opens the model anew for each job."""
REST_S = 1.0
LOOK_S = 0.25
VECTORS_AT_ONCE = 2_000
PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic": ("search_query: ", "search_document: "),
    "e5": ("query: ", "passage: "),
}
"""Texts that some models were trained to see before a question and before a passage, by a part of the model's name."""

OnVectors = Callable[[list[bytes], bool], None]


class EmbeddingService(Service):
    """Service that computes vectors of passages, and finds passages by their vectors.

    It works only if the library has an embedding model. A document is indexed after it was read. All documents are
    indexed again when the embedding model changes: vectors are stored under its checksum.
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
        """Id of the model for which all documents were already queued."""
        self._closed = False
        runtime.events.on(DocumentChanged, self._on_document_changed)
        runtime.events.on(DocumentGone, lambda event: self._waiting.pop(event.id, None))
        runtime.events.on(ModelsChanged, lambda _event: runtime.service_thread.post(self.take_up))

    def model(self) -> ModelRecord | None:
        """Return the embedding model: the default, or another one in the library. None if there is none."""
        record = self._uses.default(DefaultUse.EMBED)
        if record is None:
            record = next((model for model in self._store.models.all() if model.kind == "encoder"), None)
        return record if record and record.id not in self._failed else None

    def take_up(self) -> None:
        """Index all documents without vectors. Needed when a model was added, or the last instance did not finish."""
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
    def waiting(self) -> int:
        waiting = len(self._waiting)
        if self._now is not None:
            waiting += 1
        return waiting

    def nearest(self, question: str, documents: Sequence[str]) -> Pending[list[int]]:
        """Find the numbers of the passages nearest in meaning. The result is an empty list if that fails."""
        record = self.model()
        if record is None or not documents or not self._store.vectors.after(record.sha256, documents, after=0, limit=1):
            if record is not None:  # the documents were read before there was a model
                self.take_up()
            return ended([])
        requested, pending = record, Pending[list[int]]()

        def embedded(vectors: list[bytes], _stopped: bool) -> None:
            self._questions -= 1
            if not vectors:
                pending.end([])
                return
            on_file_thread(
                self._service_thread,
                lambda: self._compare(requested, vectors[0], documents),
                lambda numbers: pending.end(numbers if isinstance(numbers, list) else []),
                name="vectors",
            )

        self._questions += 1
        if self._job:  # a question must not wait for the indexing
            self._job.cancel()
        self._embed(record, [_prefixes(record)[0] + question], embedded, priority="interactive")
        return pending

    def vectors(self, texts: Sequence[str]) -> Pending[list[bytes]]:
        """Turn texts into vectors. The result is empty if that fails, or if there is no embedding model."""
        record, pending = self.model(), Pending[list[bytes]]()
        if record is None or not texts:
            return ended([])

        def made(vectors: list[bytes], _stopped: bool) -> None:
            self._questions -= 1
            pending.end(vectors if len(vectors) == len(texts) else [])

        self._questions += 1
        if self._job:
            self._job.cancel()
        self._embed(record, [_prefixes(record)[1] + text for text in texts], made, priority="interactive")
        return pending

    def close(self) -> None:
        self._closed = True
        self._waiting.clear()
        if self._job:
            self._job.cancel()

    def _on_document_changed(self, event: DocumentChanged) -> None:
        if event.document.status is DocumentStatus.READ:
            self.index(event.document.id)

    def _compare(self, record: ModelRecord, question: bytes, documents: Sequence[str]) -> list[int]:
        """Compare vectors with the question's on a file thread. They are fetched in pieces on the service thread."""
        from slmdesk.base.text.vectors import Nearest

        nearest, after = Nearest(question, DEEP), 0
        while some := self._service_thread.call(
            lambda after=after: self._store.vectors.after(  # type: ignore[misc]
                record.sha256, documents, after=after, limit=VECTORS_AT_ONCE
            )
        ):
            nearest.add(some)
            after = some[-1][0]
        return [number for number, _ in nearest.best]

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

        def made(vectors: list[bytes], stopped: bool) -> None:
            self._job = None
            with suppress(KnownError):
                self._keep(record, dict(zip((passage.n for passage in open_ones), vectors, strict=False)))
            if stopped:
                self._open.extendleft(passage.n for passage in reversed(open_ones[len(vectors) :]))
            elif len(vectors) < len(open_ones):
                self._failed.add(record.id)  # not tried again in this run; search by words still works
                self._open.clear()
                self._waiting.clear()
            self._service_thread.post(lambda: self._step(record))

        texts = [_prefixes(record)[1] + passage.text for passage in open_ones]
        job = self._job = self._embed(record, texts, made, priority="background")
        self._look(job)

    def _keep(self, record: ModelRecord, made: Mapping[int, bytes]) -> None:
        from slmdesk.base.text.vectors import halved

        there = {
            passage.n for passage in self._store.passages.numbered(list(made))
        }  # some may have been replaced meanwhile
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
        vectors: list[bytes] = []

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                vectors.extend(_vectors_in(event.value))
            elif isinstance(event, Done | Failed | Cancelled) and not self._closed:
                ended(vectors[: len(texts)], isinstance(event, Cancelled))

        payload: dict[str, Json] = {"path": os.fsdecode(record.path), "texts": list(texts)}
        return self._loader.client.start(
            "embed", payload, lambda event: self._service_thread.post(lambda: on_event(event)), priority=priority
        )


def _vectors_in(untrusted: Mapping[str, Json]) -> list[bytes]:
    from slmdesk.base.text.vectors import is_vector

    vectors: list[bytes] = []
    for vector in stored_from(list, untrusted.get("vectors")) or ():
        try:
            data = base64.b64decode(str(vector), validate=True)
        except (binascii.Error, ValueError):
            return vectors
        if not is_vector(data):
            return vectors
        vectors.append(data)
    return vectors


def _prefixes(record: ModelRecord) -> tuple[str, str]:
    name = f"{record.name} {record.source}".casefold()
    return next((both for part, both in PREFIXES.items() if part in name), ("", ""))
