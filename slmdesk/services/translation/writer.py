"""Writes a translated document to a file with the reader child.  Service thread."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slmdesk.client import ChildClient, JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.languages import LANGUAGES
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.translation import SegmentFlag, SegmentRecord
from slmdesk.core.types import Json
from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded, on_file_thread
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.base.slices import Slices, in_slices
from slmdesk.services.documents.reading_queue import read_problem
from slmdesk.services.translation.readout import segments_of_item
from slmdesk.services.translation.types import TranslationRequest, WrittenFile
from slmdesk.store import Store

UNWRITTEN = SegmentFlag("unwritten")
"""Of a segment with a translation that could not be put into the file."""


@dataclass(slots=True, eq=False)
class Writing:
    """The writing of one translated document."""

    service_thread: ServiceThread
    client: ChildClient
    payload: Mapping[str, Json]
    answers: Iterator[tuple[int, str, str]]
    target: Path
    ended: OnEnded[WrittenFile]
    may_replace: bool
    pieces: list[bytes] = field(default_factory=list)
    is_broken: bool = False
    is_over: bool = False

    def start(self) -> None:
        """Send all units to the child, then wait for the file."""
        try:
            if is_there(self.target) and not self.may_replace:
                raise KnownError("file.exists", path=str(self.target))
        except KnownError as err:
            self.ended(problem_for(err))
            return
        job = self.client.start("rewrite", self.payload, self._on_event)

        def given(result: bool | Problem) -> None:
            if isinstance(result, Problem):  # the child's end is not waited for: it has nothing to say to this
                self.is_over = True
                job.cancel()
                self.ended(result)

        in_slices(self.service_thread, self._giving(job), given)

    def _giving(self, job: JobHandle) -> Slices[bool]:
        """Send all units to the child in slices."""
        for number, source, target in self.answers:
            if self.is_over:
                return False
            job.step(str(number), {"source": source, "target": target})
            yield
        job.end_of_steps()
        return True

    def _on_event(self, event: FromChild) -> None:  # on a thread of the client
        if self.is_over:
            return
        self.is_over = isinstance(event, Done | Failed | Cancelled)
        if isinstance(event, Partial):
            try:
                self.pieces.append(base64.b64decode(str(event.value.get("data", "")), validate=True))
            except (binascii.Error, ValueError):
                self.is_broken = True
        elif isinstance(event, Done):
            self._finish(event)
        elif isinstance(event, Failed):
            problem = read_problem(Path(str(self.payload["path"])).name, event)
            self.service_thread.post(lambda: self.ended(problem))
        elif isinstance(event, Cancelled):
            stopped = problem_for(KnownError("document.stopped", path=str(self.payload["path"])))
            self.service_thread.post(lambda: self.ended(stopped))

    def _finish(self, event: Done) -> None:
        data = b"".join(self.pieces)
        refused = event.result.get("refused")
        numbers = tuple(one for one in refused if isinstance(one, int)) if isinstance(refused, list) else ()

        def write() -> WrittenFile:
            if self.is_broken or hashlib.sha256(data).hexdigest() != event.result.get("sha256"):
                raise KnownError("child.protocol", reason="rewrite")
            write_atomically(self.target, data)
            return WrittenFile(self.target, len(data), numbers)

        def ended(found: WrittenFile | Problem) -> None:
            self.ended(found)

        on_file_thread(self.service_thread, write, ended, name="translation")


def mark_unwritten(
    store: Store, item: str, refused: Collection[int], publish: Callable[[SegmentRecord], None]
) -> Slices[None]:
    """Flag the segments whose units were written untranslated, and unflag the others, so that all views name them."""
    for one in segments_of_item(store, item):
        is_unwritten = one.unit in refused and bool(one.target)
        if (UNWRITTEN in one.flags) != is_unwritten:
            others = tuple(flag for flag in one.flags if flag != UNWRITTEN)
            flags = (UNWRITTEN, *others) if is_unwritten else others
            publish(store.segments.change(item, one.number, flags=flags))
        yield


def payload_of(request: TranslationRequest) -> dict[str, Json]:
    """Return the input of the reader child's jobs `units` and `rewrite`."""
    return {
        "path": request.path,
        "password": request.password,
        "options": {
            "language": request.target,
            "is_right_to_left": LANGUAGES[request.target].is_right_to_left,
            "sheet_names": request.sheet_names,
            "properties": request.properties,
            "columns": list(request.columns),
        },
    }


def units_in(untrusted: Json) -> list[Mapping[str, Any]]:
    """Return the units, and what is left out, from a message of the reader child's job `units`."""
    found = untrusted if isinstance(untrusted, list | tuple) else ()
    return [one for one in found if isinstance(one, Mapping) and _is_found(one)]


def _is_found(one: Mapping[str, Any]) -> bool:
    unit, left = one.get("unit"), one.get("left")
    if isinstance(unit, Mapping):
        numbers = (unit.get("paired"), unit.get("lone"))
        return isinstance(unit.get("text"), str) and all(
            isinstance(some, list | tuple) and all(isinstance(n, int) for n in some) for some in numbers
        )
    return isinstance(left, Mapping)
