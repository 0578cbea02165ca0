"""Asks the reader child for something about one document.  Service thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.library.reading_queue import read_problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread

OnPartial = Callable[[Mapping[str, Any]], object]
"""Called on a thread of the client."""


def start_reader(
    service_thread: ServiceThread,
    reader: ChildClient,
    kind: str,
    payload: Mapping[str, Json],
    on_partial: OnPartial,
    *,
    tells_progress: bool = False,
) -> tuple[JobHandle, Pending[Mapping[str, Json]]]:
    """Start a job of the reader child on the document at `payload["path"]`; returns its handle and its result.

    That is a Problem `document.…` where the document cannot be read, the child died, or the job was cancelled.  With
    `tells_progress` it reports core.protocol.Progress.
    """
    name = Path(str(payload.get("path", ""))).name
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
