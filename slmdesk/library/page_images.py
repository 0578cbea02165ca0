"""Images of pages, rendered by the reader child; the latest request first, a few kept in memory.  Service thread."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.record import Number, Record
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.library.reading_queue import DEATHS, read_problem
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service_thread import ServiceThread

CACHE_BYTES = 24 << 20
AT_ONCE = 2
"""Asked of the child at the same time; the others can still be taken back."""
MOST_WAITING = 200
"""A list that is scrolled through wants thousands for a moment: the oldest requests are dropped."""

Key: TypeAlias = tuple[str, str, int, int, tuple[tuple[int, int], ...]]


class PageImage(Record):
    png: bytes
    """Empty where only boxes were wanted (width 0)."""
    width: int
    height: int
    boxes: tuple[tuple[tuple[float, float, float, float], ...], ...]
    """For each mark its lines as left, top, right, bottom, 0..1 of the page; none where the place is not known."""


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
        """The child died while it made these and more: each is tried once more, by itself."""
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
        """Request the image of a page, `width` pixels wide; `source` is what the reader needs to open the document.

        None: it was cancelled.
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
            (self._waiting if request in self._waiting else self._suspects).remove(request)
            request.pending.end(None)
        elif request in self._running and request.job:
            request.job.cancel()

    def forget(self, document: str) -> None:
        for key in [one for one in self._kept if one[0] == document]:
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
        """Start waiting requests; one that may have crashed the child only runs alone."""
        while self._waiting and len(self._running) < AT_ONCE and not any(one.retried for one in self._running):
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
            return problem_for(KnownError("child.protocol", reason="picture"))
        self._keep(request.key, image)
        return image

    def _keep(self, key: Key, image: PageImage) -> None:
        if len(image.png) > CACHE_BYTES // 4:
            return
        self._kept[key] = image
        self._bytes += len(image.png)
        while self._bytes > CACHE_BYTES:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old.png)
