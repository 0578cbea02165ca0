"""Prints our own documents as PDF with the printer child.  Service thread."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping

from slmdesk.base.errors import KnownError
from slmdesk.base.paper import Paper
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress
from slmdesk.base.record import to_json
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread


def page_size(environment: Mapping[str, str] = os.environ) -> str:
    """The size of paper where this PC stands: "Letter" in North America, else "A4"."""
    place = next((environment[name] for name in ("LC_ALL", "LC_PAPER", "LANG") if environment.get(name)), "")
    return "Letter" if place[:5] in ("en_US", "en_CA", "fr_CA", "es_MX", "es_US") else "A4"


class PrintService:
    def __init__(self, service_thread: ServiceThread, client: ChildClient) -> None:
        self._service_thread, self._client = service_thread, client
        self._jobs: list[JobHandle] = []

    def print(self, paper: Paper) -> Pending[bytes]:
        """Make a document a PDF on the size of page in use here.

        Reports progress as (pages done, pages in all; 0: not known yet).  A cancel ends with the Problem
        `print.stopped`.
        """

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_end(job, event, pending))
            elif isinstance(event, Progress):
                self._service_thread.post(lambda: pending.progress((event.done, event.total)))

        pending: Pending[bytes] = Pending(lambda: job.cancel())
        job = self._client.start("print", {"paper": to_json(paper), "page": page_size()}, on_event)
        self._jobs.append(job)
        return pending

    def close(self) -> None:
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()

    def _on_end(self, job: JobHandle, event: Done | Failed | Cancelled, pending: Pending[bytes]) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        if isinstance(event, Failed):
            pending.end(problem_of(event.code, event.args))
            return
        if isinstance(event, Cancelled):
            pending.end(problem_for(KnownError("print.stopped")))
            return
        try:
            pdf = base64.b64decode(str(event.result.get("pdf", "")), validate=True)
        except (binascii.Error, ValueError):
            pdf = b""
        pending.end(pdf if pdf.startswith(b"%PDF") else problem_for(KnownError("child.protocol", reason="pdf")))
