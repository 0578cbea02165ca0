"""Verifies model files against their checksums by reading the whole file on a file thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import HashedFile, OnBytes, hash_file
from slmdesk.runtime.file_thread import FileWork, Report
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

VERIFIED = "verified"
"""The fact that says when a model's file was last compared with its checksum."""


class VerifyResult(Record):
    id: str
    ok: bool
    problem: Problem | None = None


_Read = tuple[ModelRecord, HashedFile | KnownError]


class Checker(Service):
    """Called on the service thread."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._work = FileWork(runtime.service_thread, "verify-model")
        self.close = self._work.cancel

    def verify(self, records: Sequence[ModelRecord]) -> Pending[Sequence[VerifyResult]]:
        total = sum(one.bytes for one in records)

        def work(stop: threading.Event, report: Report) -> Sequence[_Read]:
            found: list[_Read] = []
            before = 0
            for one in records:
                try:
                    found.append((one, _hash_again(one, lambda done, _of, at=before: report((at + done, total)), stop)))  # type: ignore[misc]
                except Stopped:
                    return ()
                before += one.bytes
            return found

        return self._work.run(work).map(lambda found: [self._verdict(*one) for one in found])

    def _verdict(self, record: ModelRecord, file: HashedFile | KnownError) -> VerifyResult:
        if isinstance(file, KnownError):
            return VerifyResult(record.id, ok=False, problem=problem_for(file))
        if file.sha256 != record.sha256:
            error = KnownError("model.changed", path=str(file.path))
            return VerifyResult(record.id, ok=False, problem=problem_for(error))
        mark = file.mark
        with suppress(KnownError):  # read-only or full: then it is not kept, and true all the same
            self._store.models.change(record.id, bytes=mark.bytes, mtime_ns=mark.mtime_ns, inode=mark.inode)
            self._store.models.set_info(record.id, **{VERIFIED: time.time()})
        return VerifyResult(record.id, ok=True)


def _hash_again(record: ModelRecord, on_bytes: OnBytes, stop: threading.Event) -> HashedFile | KnownError:
    """On a file thread.  Raises Stopped."""
    try:
        return hash_file(Path(os.fsdecode(record.path)), on_bytes, stop)
    except KnownError as err:
        return err
