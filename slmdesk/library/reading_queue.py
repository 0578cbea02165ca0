"""Reads documents one after another in the reader child and stores their pages as they come.  Service thread.

When the child dies or hangs, that document fails with its own message, and the next one is read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from slmdesk.base.documents import Block, DocumentInfo, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.library.events import DocumentChanged, DocumentProgress
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later
from slmdesk.text.passages.cut import PassageBuilder

KEEP_GAP_S = 0.2
"""Between two commits of pages; the first pages are kept at once."""
MOST_AT_ONCE = 20
"""Pages of one commit: what else the app has to do comes between two."""
DEATHS = ("child.died", "child.hung", "child.protocol", "child.start_failed")


@dataclass(slots=True, eq=False)
class Reading:
    record: DocumentRecord
    payload: Mapping[str, Json]
    waiting: list[Pending[DocumentRecord]]
    is_new: bool = True
    was_changed: bool = False
    is_background: bool = False
    job: JobHandle | None = None
    turn: int = 0
    """Counts its jobs: words of an earlier one are late."""
    passages: PassageBuilder | None = None
    kept: int = 0
    began: float = 0.0
    saved: float = 0.0
    later: Later | None = None
    end: Done | Failed | Cancelled | None = None
    coming: _ArrivingPages = field(default_factory=lambda: _ArrivingPages())
    stopped: bool = False
    pictures: int = 0
    retried: bool = False


class _ArrivingPages:
    """Pages on their way from the client's thread to the service thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: deque[Page] = deque()
        self._last = 0
        self.total = 0
        self._is_posted = False

    def put(self, page: Page) -> bool:
        """Add a page; returns whether the caller must schedule a `take`.

        Raises KnownError `request.invalid` where it does not follow the one before.
        """
        with self._lock:
            if page.number <= self._last:
                raise KnownError("request.invalid", what="Page.number")
            self._last = page.number
            self._pages.append(page)
            posted, self._is_posted = self._is_posted, True
            return not posted

    def take(self, limit: int) -> list[Page]:
        """Return the next pages; after the last one the next `put` asks for a `take` again."""
        with self._lock:
            taken = [self._pages.popleft() for _ in range(min(limit, len(self._pages)))]
            self._is_posted = bool(self._pages)
            return taken

    def __len__(self) -> int:
        return len(self._pages)


class ReadingQueue(Service):
    """The documents this instance reads.  Everything on the service thread."""

    def __init__(
        self, runtime: Runtime, client: ChildClient, pictures: Callable[[], int], on_idle: Callable[[], None]
    ) -> None:
        """Create the queue.

        `pictures` counts the images requested of the same child, which may have crashed it; `on_idle` is called when no
        document is being read any more.
        """
        super().__init__(runtime)
        self._client, self._pictures, self._on_idle = client, pictures, on_idle
        self._waiting: deque[Reading] = deque()
        self._now: Reading | None = None
        self._closed = False

    # ---- requests

    def find(self, document: str) -> Reading | None:
        if self._now and self._now.record.id == document:
            return self._now
        return next((one for one in self._waiting if one.record.id == document), None)

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
        """Stop reading a document; its pages so far stay, its status is not read.  Does nothing when it is not
        queued.
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
            with suppress(KnownError):  # then it stays `reading` without anybody reading it, which says the same
                self._note_failed(reading, problem)
        self._now = None

    def _put(self, reading: Reading) -> None:
        if reading.is_background:
            self._waiting.append(reading)
            return
        ahead = sum(not one.is_background for one in self._waiting)
        self._waiting.insert(ahead, reading)
        now = self._now
        if now and now.is_background and now.end is None:  # it begins anew when its turn comes back
            self._stop_now(now)
            now.is_new = False
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

    # ---- one after another

    def _advance(self) -> None:
        if self._now or self._closed or not self._waiting:
            return
        reading = self._now = self._waiting.popleft()
        self._clear(reading)

    def _clear(self, reading: Reading) -> None:
        if self._now is not reading:
            return
        try:
            more = not reading.is_new and self._store.passages.forget_some(reading.record.id)
        except KnownError as err:
            self._fail(reading, problem_for(err))
            return
        if reading.stopped:
            self._fail(reading, self._stopped(reading))
        elif more:
            self._service_thread.post(lambda: self._clear(reading))
        else:
            self._start(reading)

    def _start(self, reading: Reading) -> None:
        reading.turn += 1
        reading.passages = PassageBuilder(reading.record.id)
        reading.kept, reading.began, reading.end, reading.coming = 0, time.monotonic(), None, _ArrivingPages()
        turn, coming, reading.pictures = reading.turn, reading.coming, self._pictures()

        def on_event(event: FromChild) -> None:  # on a thread of the client
            if isinstance(event, Partial):
                if coming.put(_page_from(event.value)):
                    self._service_thread.post(lambda: self._keep(reading, turn))
            elif isinstance(event, Progress):
                coming.total = max(0, event.total)
            elif isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_end(reading, turn, event))

        reading.job = self._client.start("read", reading.payload, on_event)

    # ---- pages

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
        passages = [one for page in pages for one in reading.passages.feed(page)]
        changed = pages
        if not reading.is_new:
            old = self._store.pages.of_document(
                document, begin=pages[0].number, limit=pages[-1].number - pages[0].number + 1
            )
            changed = [page for page in pages if page not in old]
        self._store.pages.save(document, changed, passages)
        reading.kept, reading.saved = pages[-1].number, time.monotonic()
        total = max(reading.coming.total, reading.kept) if reading.coming.total else 0
        spent = time.monotonic() - reading.began
        eta = spent / reading.kept * (total - reading.kept) if total else None
        self._publish(DocumentProgress(document, reading.kept, total, eta))

    # ---- ends

    def _on_end(self, reading: Reading, turn: int, event: Done | Failed | Cancelled) -> None:
        if self._now is reading and reading.turn == turn:
            reading.end = event
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
            reading.retried, reading.is_new = True, False  # what ran beside it may have been the cause: once more
            self._clear(reading)
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
        opened = {} if reading.is_background else {"opened": time.time()}
        record = self._store.documents.change(
            document, status=DocumentStatus.READ, info=reported, format=info.format, error_code=None, error_args={},
            **opened,
        )  # fmt: skip
        self._leave(reading)
        self._publish(DocumentChanged(record, was_changed=reading.was_changed))
        for pending in reading.waiting:
            pending.end(record)

    def _fail(self, reading: Reading, problem: Problem) -> None:
        if reading.job and reading.end is None:
            reading.job.cancel()
        record = changed(reading.record, status=DocumentStatus.FAILED, error_code=problem.code)
        with suppress(KnownError):  # a full disk: shown as failed, and read again when it is next opened
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


def read_problem(name: str, event: Failed) -> Problem:
    if event.code == "child.hung":
        return problem_for(KnownError("document.reader_hung", path=name))
    if event.code in DEATHS:
        how = str(event.args.get("how") or event.code.partition(".")[2])
        return problem_for(KnownError("document.reader_died", path=name, how=how))
    return problem_of(event.code, event.args)


def _kept_info(record: DocumentRecord) -> dict[str, Json]:
    return {key: record.info[key] for key in ("attachment", "inode") if key in record.info}


def _page_from(untrusted: Mapping[str, Json]) -> Page:
    """Decode a page sent by a child.  Raises KnownError `request.invalid`; blocks outside the text are left out.

    Unpaired surrogates, which the store would replace, are replaced here one by one, so that spans stay correct.
    """
    page = record_from(Page, untrusted)
    if not 1 <= page.number < 1 << 31:
        raise KnownError("request.invalid", what="Page.number")
    text, at = page.text, 0
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)
    blocks: list[Block] = []
    for block in page.blocks:
        if at <= block.start <= block.end <= len(text):
            blocks.append(block)
            at = block.start
    return changed(page, text=text, blocks=tuple(blocks))
