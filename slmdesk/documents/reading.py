"""Requests to the reader child: reading documents, images of pages, rewritten copies. Service thread."""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from slmdesk.base.documents import RECOGNISED_BEFORE, Block, DocumentInfo, Page, is_recognised
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress, record_from, stored_list
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.events import DocumentChanged, DocumentProgress, Pending, ended
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service, ServiceThread, Slices
from slmdesk.base.text.passages import PassageBuilder
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.documents.types import said_of

KEEP_GAP_S = 0.2
"""Seconds between two commits of pages. The first pages are stored at once."""
MOST_AT_ONCE = 20
"""Most pages of one commit, so that other work of the app can run between two commits."""
MOST_RECOGNISED = 100_000
"""Most pages of a document of which is asked whether they were recognised before."""
DEATHS = ("child.died", "child.hung", "child.protocol", "child.start_failed")


@dataclass(slots=True, eq=False)
class Reading:
    record: DocumentRecord
    payload: Mapping[str, Json]
    waiting: list[Pending[DocumentRecord]]
    is_new: bool = True
    was_changed: bool = False
    is_background: bool = False
    is_recording: bool = False
    goes_on: bool = False
    """Whether an earlier reading of the same file was cut off. Pages that it recognised are not recognised again."""
    job: JobHandle | None = None
    turn: int = 0
    """Counts the reader jobs of this document. Messages of an earlier job are ignored."""
    passages: PassageBuilder | None = None
    kept: int = 0
    first: int = 0
    """Pages that came first, while the reader started. How long they took is not measured."""
    began: float = 0.0
    saved: float = 0.0
    later: Later | None = None
    end: Done | Failed | Cancelled | None = None
    coming: _ArrivingPages = field(default_factory=lambda: _ArrivingPages())
    stopped: bool = False
    pictures: int = 0
    retried: bool = False


class _ArrivingPages:
    """Pages that are handed over from the client's thread to the service thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: deque[Page] = deque()
        self._last = 0
        self.total = 0
        self._is_posted = False

    def put(self, page: Page) -> bool:
        """Add a page, and return whether the caller must schedule a `take`.

        Raises KnownError `request.invalid` if its number is not higher than that of the page before.
        """
        with self._lock:
            if page.number <= self._last:
                raise KnownError("request.invalid", what="Page.number")
            self._last = page.number
            self._pages.append(page)
            posted, self._is_posted = self._is_posted, True
            return not posted

    def take(self, limit: int) -> list[Page]:
        """Return the next pages. When no page is left, the next `put` requests a `take` again."""
        with self._lock:
            taken = [self._pages.popleft() for __ in range(min(limit, len(self._pages)))]
            self._is_posted = bool(self._pages)
            return taken

    def __len__(self) -> int:
        return len(self._pages)


class ReadingQueue(Service):
    """Queue of the documents that this instance reads, one after another. Everything runs on the service thread."""

    def __init__(
        self,
        runtime: Runtime,
        client: Callable[[], ChildClient],
        pictures: Callable[[], int] = lambda: 0,
        on_idle: Callable[[], None] = lambda: None,
        ready: Callable[[Reading], Mapping[str, Json]] = lambda _reading: {},
    ) -> None:
        """Create the queue.

        `pictures` returns the number of images requested from the same child, which may have crashed it. `on_idle` is
        called when no document is being read any more. `ready` prepares the child for a document, returns what else it
        must be told, and may raise KnownError.
        """
        super().__init__(runtime)
        self._client, self._pictures, self._on_idle, self._ready = client, pictures, on_idle, ready
        self._waiting: deque[Reading] = deque()
        self._now: Reading | None = None
        self._closed = False

    def find(self, document: str) -> Reading | None:
        if self._now and self._now.record.id == document:
            return self._now
        return next((reading for reading in self._waiting if reading.record.id == document), None)

    @property
    def is_busy(self) -> bool:
        return self._now is not None

    def add(self, reading: Reading) -> None:
        self._put(reading)
        self._publish(DocumentChanged(reading.record, was_changed=reading.was_changed))
        self._service_thread.post(self._advance)

    def hasten(self, reading: Reading) -> None:
        if not reading.is_background:
            return
        reading.is_background = False
        if reading is not self._now:
            self._waiting.remove(reading)
            self._put(reading)
            self._service_thread.post(self._advance)

    def cancel(self, document: str) -> None:
        """Stop reading a document. Its pages so far stay, but it does not count as read. Does nothing if the document
        is not in the queue.
        """
        reading = self.find(document)
        if reading is None:
            return
        reading.stopped = True
        if reading is self._now:
            if reading.job:
                reading.job.cancel()
        else:
            with suppress(ValueError):
                self._waiting.remove(reading)
            self._fail(reading, self._stopped(reading))

    def close(self) -> None:
        self._closed = True
        left = [*([self._now] if self._now else []), *self._waiting]
        self._waiting.clear()
        for reading in left:
            if reading.later:
                reading.later.cancel()
            if reading.job:
                reading.job.cancel()
            problem = self._stopped(reading)
            with suppress(KnownError):  # a status `reading` without a reader is shown as stopped
                self._note_failed(reading, problem)
        self._now = None

    def _put(self, reading: Reading) -> None:
        if reading.is_background:
            self._waiting.append(reading)
            return
        ahead = sum(not reading.is_background for reading in self._waiting)
        self._waiting.insert(ahead, reading)
        now = self._now
        if now and now.is_background and now.end is None:  # it is read again from the beginning later
            self._stop_now(now)
            now.is_new, now.goes_on = False, True
            self._waiting.insert(ahead + 1, now)

    def _stop_now(self, reading: Reading) -> None:
        reading.turn += 1
        if reading.later:
            reading.later.cancel()
            reading.later = None
        if reading.job:
            reading.job.cancel()
            reading.job = None
        self._now = None

    def _advance(self) -> None:
        if self._now or self._closed or not self._waiting:
            return
        reading = self._now = self._waiting.popleft()
        self._clear(reading)

    def _clear(self, reading: Reading, distrusted: Problem | None = None) -> None:
        """Forget its passages, then read it; or forget its pages too, where its reader cannot be believed."""
        if self._now is not reading:
            return
        try:
            more = (not reading.is_new or distrusted) and self._store.passages.forget_some(reading.record.id)
            if distrusted and not more:
                self._store.pages.forget(reading.record.id, 0)
            recognised = self._recognised(reading) if not more else []
        except KnownError as err:
            self._fail(reading, problem_for(err))
            return
        if reading.stopped:
            self._fail(reading, self._stopped(reading))
        elif more:
            self._service_thread.post(lambda: self._clear(reading, distrusted))
        elif distrusted:
            self._fail(reading, distrusted)
        else:
            self._start(reading, recognised)

    def _start(self, reading: Reading, recognised: list[Json]) -> None:
        reading.turn += 1
        reading.passages = PassageBuilder(reading.record.id)
        reading.kept, reading.first, reading.end, reading.coming = 0, 0, None, _ArrivingPages()
        turn, coming, reading.pictures = reading.turn, reading.coming, self._pictures()

        def on_event(event: FromChild) -> None:  # on a thread of the client
            if isinstance(event, Partial):
                if coming.put(_page_from(event.value)):
                    self._service_thread.post(lambda: self._keep(reading, turn))
            elif isinstance(event, Progress):
                coming.total = max(0, event.total)
            elif isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_end(reading, turn, event))

        payload: dict[str, Json] = {**reading.payload}
        if recognised:
            payload["recognised"] = recognised
        try:
            payload |= self._ready(reading)
        except KnownError as err:
            self._fail(reading, problem_for(err))
            return
        reading.job = self._client().start("read", payload, on_event)

    def _recognised(self, reading: Reading) -> list[Json]:
        if not reading.goes_on:
            return []
        pages = self._store.pages.of_document(reading.record.id, limit=MOST_RECOGNISED, with_text=False)
        return [page.number for page in pages if reading.is_recording or is_recognised(page)]

    def _keep(self, reading: Reading, turn: int) -> None:
        if self._now is not reading or reading.turn != turn or (reading.later and reading.end is None):
            return
        wait = reading.saved + KEEP_GAP_S - time.monotonic()
        if reading.end is None and wait > 0:
            reading.later = self._service_thread.call_later(wait, lambda: self._keep_now(reading, turn))
        else:
            self._keep_now(reading, turn)

    def _keep_now(self, reading: Reading, turn: int) -> None:
        if self._now is not reading or reading.turn != turn:
            return
        if reading.later:
            reading.later.cancel()
            reading.later = None
        pages = [page for page in reading.coming.take(MOST_AT_ONCE) if page.number > reading.kept]
        if pages:
            try:
                self._save(reading, pages)
            except KnownError as err:
                self._fail(reading, problem_for(err))
                return
        if len(reading.coming):
            self._service_thread.post(lambda: self._keep(reading, turn))
        elif reading.end is not None:
            self._end(reading, reading.end)

    def _save(self, reading: Reading, pages: list[Page]) -> None:
        assert reading.passages is not None
        document = reading.record.id
        was_kept = any(page.reason == RECOGNISED_BEFORE for page in pages)
        pages = [self._stored(document, page) if page.reason == RECOGNISED_BEFORE else page for page in pages]
        passages = [passage for page in pages for passage in reading.passages.feed(page)]
        changed = pages
        if not reading.is_new:
            old = self._store.pages.of_document(
                document, begin=pages[0].number, limit=pages[-1].number - pages[0].number + 1
            )
            changed = [page for page in pages if page not in old]
        self._store.pages.save(document, changed, passages)
        reading.kept, reading.saved = pages[-1].number, time.monotonic()
        total = max(reading.coming.total, reading.kept) if reading.coming.total else 0
        if not reading.first or was_kept:  # pages that were kept take no time, and say nothing of the others
            reading.first, reading.began = reading.kept, reading.saved
        measured = reading.kept - reading.first
        eta = (reading.saved - reading.began) / measured * (total - reading.kept) if total and measured else None
        self._publish(DocumentProgress(document, reading.kept, total, eta))

    def _stored(self, document: str, page: Page) -> Page:
        stored = self._store.pages.of_document(document, begin=page.number, limit=1)
        if not stored or stored[0].number != page.number:
            raise KnownError("child.protocol", reason="Page")
        return stored[0]

    def _on_end(self, reading: Reading, turn: int, event: Done | Failed | Cancelled) -> None:
        if self._now is reading and reading.turn == turn:
            reading.end = event
            if isinstance(event, Failed) and event.code == "child.protocol":  # nothing of it is believed
                reading.coming = _ArrivingPages()
            self._keep(reading, turn)

    def _end(self, reading: Reading, event: Done | Failed | Cancelled) -> None:
        if isinstance(event, Done):
            try:
                self._finish(reading, record_from(DocumentInfo, event.result))
            except KnownError as err:
                code = "child.protocol" if err.code == "request.invalid" else err.code
                self._fail(reading, problem_of(code, err.args_for_people))
        elif isinstance(event, Cancelled) or reading.stopped:
            self._fail(reading, self._stopped(reading))
        elif event.code in DEATHS and not reading.retried and self._had_company(reading, event):
            reading.retried = True  # other work in the child may have crashed it: try again
            reading.is_new, reading.goes_on = False, True
            self._clear(reading)
        elif event.code == "child.protocol":
            self._clear(reading, read_problem(reading.record.name, event))
        else:
            self._fail(reading, read_problem(reading.record.name, event))

    def _had_company(self, reading: Reading, event: Failed) -> bool:
        return event.args.get("how") == "cancel_ignored" or self._pictures() > reading.pictures

    def _finish(self, reading: Reading, info: DocumentInfo) -> None:
        assert reading.passages is not None
        document = reading.record.id
        self._store.pages.save(document, (), list(reading.passages.finish()))
        if not reading.is_new:
            self._store.pages.forget(document, max(info.pages, reading.kept))
        reported: dict[str, Json] = {**_kept_info(reading.record), **to_json(info)}
        record = self._store.documents.change(
            document, status=DocumentStatus.READ, info=reported, format=info.format, error_code=None, error_args={},
        )  # fmt: skip
        self._leave(reading)
        self._publish(DocumentChanged(record, was_changed=reading.was_changed))
        for pending in reading.waiting:
            pending.end(record)

    def _fail(self, reading: Reading, problem: Problem) -> None:
        if reading.job and reading.end is None:
            reading.job.cancel()
        record = changed(reading.record, status=DocumentStatus.FAILED, error_code=problem.code)
        with suppress(KnownError):  # a full disk: shown as failed, read again when opened
            record = self._note_failed(reading, problem)
        self._leave(reading)
        self._publish(DocumentChanged(record, problem, reading.was_changed))
        for pending in reading.waiting:
            pending.end(problem)

    def _note_failed(self, reading: Reading, problem: Problem) -> DocumentRecord:
        return self._store.documents.change(
            reading.record.id, status=DocumentStatus.FAILED, error_code=problem.code, error_args=dict(problem.args)
        )

    def _leave(self, reading: Reading) -> None:
        reading.turn += 1
        if reading.later:
            reading.later.cancel()
            reading.later = None
        if self._now is reading:
            self._now = None
        self._service_thread.post(self._advance)
        if not self._waiting:
            self._service_thread.post(self._on_idle)

    @staticmethod
    def _stopped(reading: Reading) -> Problem:
        return problem_for(KnownError("document.stopped", path=reading.record.name))


class ReadingQueues:
    """The queue of documents, and that of recordings, which take minutes and are read beside them."""

    def __init__(self, documents: ReadingQueue, recordings: ReadingQueue) -> None:
        self._documents, self._recordings = documents, recordings

    @property
    def is_busy(self) -> bool:
        return self._documents.is_busy

    def find(self, document: str) -> Reading | None:
        return self._documents.find(document) or self._recordings.find(document)

    def of(self, reading: Reading) -> ReadingQueue:
        return self._recordings if reading.is_recording else self._documents

    def cancel(self, document: str) -> None:
        if reading := self.find(document):
            self.of(reading).cancel(document)

    def close(self) -> None:
        self._documents.close()
        self._recordings.close()


def read_problem(name: str, event: Failed) -> Problem:
    if event.code == "child.hung":
        return problem_for(KnownError("document.reader_hung", path=name))
    if event.code in DEATHS:
        how = str(event.args.get("how") or event.code.partition(".")[2])
        return problem_for(KnownError("document.reader_died", path=name, how=how))
    return problem_of(event.code, event.args)


def _kept_info(record: DocumentRecord) -> dict[str, Json]:
    return {key: record.info[key] for key in ("attachment", "inode") if key in record.info} | said_of(record)


def _page_from(untrusted: Mapping[str, Json]) -> Page:
    """Decode a page sent by a child. Raises KnownError `request.invalid`. Blocks outside the text are left out.

    Unpaired surrogates are replaced here, one character for each. The store would replace them otherwise, and positions
    in the text could shift.
    """
    page = record_from(Page, untrusted)
    if not 1 <= page.number < 1 << 31:
        raise KnownError("request.invalid", what="Page.number")
    text, at = page.text, 0
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    blocks: list[Block] = []
    for block in page.blocks:
        if at <= block.start <= block.end <= len(text):
            blocks.append(block)
            at = block.start
    return changed(page, text=text, blocks=tuple(blocks))


OnPartial = Callable[[Mapping[str, Any]], object]
"""Called with each partial result, on a thread of the client."""


def start_reader(
    service_thread: ServiceThread,
    reader: ChildClient,
    kind: str,
    payload: Mapping[str, Json],
    on_partial: OnPartial = lambda _value: None,
    *,
    name: str = "",
    tells_progress: bool = False,
) -> tuple[JobHandle, Pending[Mapping[str, Json]]]:
    """Start a job of the reader child on the document at `payload["path"]`, or on what `name` names. Returns the job's
    handle and its pending result.

    The result is a Problem `document.…` if the document cannot be read, the child crashed, or the job was cancelled.
    With `tells_progress` it reports protocol.Progress.
    """
    name = name or Path(str(payload.get("path", ""))).name
    pending: Pending[Mapping[str, Json]] = Pending(lambda: handle.cancel())

    def finish(event: Done | Failed | Cancelled) -> None:
        if isinstance(event, Done):
            pending.end(event.result)
        elif isinstance(event, Failed):
            pending.end(read_problem(name, event))
        else:
            pending.end(problem_for(KnownError("document.stopped", path=name)))

    def on_event(event: FromChild) -> None:  # on a thread of the client
        if isinstance(event, Partial):
            on_partial(event.value)
        elif isinstance(event, Progress):
            if tells_progress:
                service_thread.post(lambda: pending.progress(event))
        elif isinstance(event, Done | Failed | Cancelled):
            service_thread.post(lambda: finish(event))

    handle = reader.start(kind, payload, on_event)
    return handle, pending


def ask_reader(
    service_thread: ServiceThread,
    reader: ChildClient,
    kind: str,
    payload: Mapping[str, Json],
    on_partial: OnPartial,
) -> Pending[Mapping[str, Json]]:
    return start_reader(service_thread, reader, kind, payload, on_partial)[1]


Step: TypeAlias = tuple[str, Mapping[str, Json]]
"""Key and value of a step that is sent to the child."""


def sent(job: JobHandle, pending: Pending[Mapping[str, Json]], steps: Iterable[Step]) -> Slices[Mapping[str, Any]]:
    """Send steps to a job of the reader child, and return its result. Closing the generator cancels the job."""
    try:
        for key, value in steps:
            if pending.is_ended:
                break
            job.step(key, value)
            yield
        job.end_of_steps()
        result: Mapping[str, Any] = yield pending
    except BaseException:
        job.cancel()
        raise
    return result


def file_from_reader(
    service_thread: ServiceThread,
    reader: ChildClient,
    kind: str,
    payload: Mapping[str, Json],
    steps: Iterable[Step],
    *,
    tells_progress: bool = False,
) -> Slices[tuple[bytes, Mapping[str, Any]]]:
    """Return the file that a job of the reader child makes from a document and these steps, and the job's result.

    Raises KnownError `child.protocol`. Ends with a Problem if the document cannot be used.
    """
    pieces: list[bytes] = []
    broken = False

    def on_partial(value: Mapping[str, Any]) -> None:
        nonlocal broken
        try:
            pieces.append(base64.b64decode(str(value.get("data", "")), validate=True))
        except (binascii.Error, ValueError):
            broken = True

    job, making = start_reader(service_thread, reader, kind, payload, on_partial, tells_progress=tells_progress)
    result = yield from sent(job, making, steps)
    data = b"".join(pieces)
    if broken or hashlib.sha256(data).hexdigest() != result.get("sha256"):
        raise KnownError("child.protocol", reason=kind)
    return data, result


def rewritten(
    service_thread: ServiceThread,
    reader: ChildClient,
    payload: Mapping[str, Json],
    answers: Iterable[tuple[int, str, str]],
) -> Slices[tuple[bytes, tuple[int, ...]]]:
    """Let the reader child replace units (number, text, new text) of a document. Returns the bytes of the new file, and
    the numbers of the units that could not be replaced.
    """
    steps = ((str(number), {"source": source, "target": target}) for number, source, target in answers)
    data, result = yield from file_from_reader(service_thread, reader, "rewrite", payload, steps)
    return data, tuple(stored_list(int, result.get("refused")))


def units_from(
    service_thread: ServiceThread, reader: ChildClient, payload: Mapping[str, Json]
) -> Slices[list[Mapping[str, Any]]]:
    """Return the text units of a document. Ends with a Problem if the document cannot be used."""
    units: list[Mapping[str, Any]] = []
    yield ask_reader(service_thread, reader, "units", payload, lambda value: units.extend(units_in(value.get("found"))))
    return units


def units_in(untrusted: Json) -> list[Mapping[str, Any]]:
    pieces = untrusted if isinstance(untrusted, list | tuple) else ()
    return [piece for piece in pieces if isinstance(piece, Mapping) and _is_found(piece)]


def _is_found(piece: Mapping[str, Any]) -> bool:
    unit, left = piece.get("unit"), piece.get("left")
    if isinstance(unit, Mapping):
        numbers = (unit.get("paired"), unit.get("lone"))
        return isinstance(unit.get("text"), str) and all(
            isinstance(some, list | tuple) and all(isinstance(n, int) for n in some) for some in numbers
        )
    return isinstance(left, Mapping)


CACHE_BYTES = 24 << 20
AT_ONCE = 2
"""Images that the child is asked for at the same time. Only the other requests can still be withdrawn."""
MOST_WAITING = 200
"""Most waiting requests. A list that is scrolled through requests thousands at once, so the oldest are dropped."""

Key: TypeAlias = tuple[str, str, int, int, tuple[tuple[int, int], ...]]


class PageImage(Record):
    png: bytes
    """The image as PNG. Empty if only boxes were requested (width 0)."""
    width: int
    height: int
    boxes: tuple[tuple[tuple[float, float, float, float], ...], ...]
    """For each mark, its lines' boxes: left, top, right, bottom, 0..1 of the page. Empty if its position is unknown."""


class _Reported(Record):
    png: str
    width: int
    height: int
    boxes: tuple[tuple[tuple[Number, Number, Number, Number], ...], ...]


@dataclass(slots=True, eq=False)
class ImageRequest:
    key: Key
    name: str
    payload: Mapping[str, Json]
    pending: Pending[PageImage | None]
    job: JobHandle | None = None
    retried: bool = False


class PageImages:
    def __init__(self, service_thread: ServiceThread, client: ChildClient, is_reading: Callable[[], bool]) -> None:
        self._service_thread, self._client, self._is_reading = service_thread, client, is_reading
        self._kept: OrderedDict[Key, PageImage] = OrderedDict()
        self._bytes = 0
        self._waiting: list[ImageRequest] = []
        self._running: list[ImageRequest] = []
        self._suspects: list[ImageRequest] = []
        """Requests that were running together when the child crashed. Each is tried once more, alone."""
        self.asked = 0

    def request(
        self,
        document: str,
        sha256: str,
        name: str,
        source: Mapping[str, Json],
        number: int,
        width: int,
        marks: Sequence[tuple[int, int]],
    ) -> Pending[PageImage | None]:
        """Request the image of a page, `width` pixels wide. `source` is what the reader needs to open the document.

        The result is None if the request was cancelled.
        """
        spans = tuple((start, end) for start, end in marks)
        payload: dict[str, Json] = {
            **source, "number": number, "width": width, "marks": [list(span) for span in spans],
        }  # fmt: skip
        key = (document, sha256, number, width, spans)
        if kept := self._kept.get(key):
            self._kept.move_to_end(key)
            return ended(kept)
        pending: Pending[PageImage | None] = Pending(lambda: self._cancel(request))
        request = ImageRequest(key, name, payload, pending)
        self._waiting.append(request)
        while len(self._waiting) > MOST_WAITING:
            self._cancel(self._waiting[0])
        self.advance()
        return pending

    def _cancel(self, request: ImageRequest) -> None:
        if request in self._waiting or request in self._suspects:
            if request in self._waiting:
                self._waiting.remove(request)
            else:
                self._suspects.remove(request)
            request.pending.end(None)
        elif request in self._running and request.job:
            request.job.cancel()

    def forget(self, document: str) -> None:
        for key in [key for key in self._kept if key[0] == document]:
            self._bytes -= len(self._kept.pop(key).png)

    def close(self) -> None:
        self._waiting.clear()
        self._suspects.clear()
        for request in self._running:
            if request.job:
                request.job.cancel()
        self._kept.clear()
        self._bytes = 0

    def advance(self) -> None:
        """Start waiting requests. A request that may have crashed the child runs alone."""
        while self._waiting and len(self._running) < AT_ONCE and not any(request.retried for request in self._running):
            self._start(self._waiting.pop())
        if self._suspects and not self._running and not self._is_reading():
            self._start(self._suspects.pop())

    def _start(self, request: ImageRequest) -> None:
        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_end(request, event))

        self._running.append(request)
        self.asked += 1
        request.job = self._client.start("page_image", request.payload, on_event)

    def _on_end(self, request: ImageRequest, event: Done | Failed | Cancelled) -> None:
        if request not in self._running:
            return
        self._running.remove(request)
        died = isinstance(event, Failed) and event.code in DEATHS
        if died and not request.retried and (self._running or self._is_reading() or self._was_ended(event)):
            request.retried = True
            self._suspects.append(request)
        else:
            request.pending.end(self._result(request, event))
        self.advance()

    @staticmethod
    def _was_ended(event: Done | Failed | Cancelled) -> bool:
        """Return whether the child was ended because it ignored the cancel of another request."""
        return isinstance(event, Failed) and event.args.get("how") == "cancel_ignored"

    def _result(self, request: ImageRequest, event: Done | Failed | Cancelled) -> PageImage | Problem | None:
        if isinstance(event, Cancelled):
            return None
        if isinstance(event, Failed):
            return read_problem(request.name, event)
        try:
            reported = record_from(_Reported, event.result)
            image = PageImage(
                base64.b64decode(reported.png, validate=True), reported.width, reported.height, reported.boxes
            )
        except (KnownError, binascii.Error, ValueError):
            return problem_for(KnownError("child.protocol", reason=_("picture")))
        self._keep(request.key, image)
        return image

    def _keep(self, key: Key, image: PageImage) -> None:
        if len(image.png) > CACHE_BYTES // 4:
            return
        self._kept[key] = image
        self._bytes += len(image.png)
        while self._bytes > CACHE_BYTES:
            __, old = self._kept.popitem(last=False)
            self._bytes -= len(old.png)
