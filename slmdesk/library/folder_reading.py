"""Reads the documents of a folder one after another, for what is made of all of them.  Service thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread


class FolderRead(Record):
    documents: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """The others: name of the file, why it was not read."""
    total: int


class FolderReading:
    """One folder whose documents are being read; `pending` ends with a FolderRead.

    It reports progress as (documents done, in all, name of the next), and ends with the Problem `document.stopped`
    after a cancel.
    """

    def __init__(
        self,
        service_thread: ServiceThread,
        open_document: Callable[[Path], Pending[DocumentRecord]],
        folder: Path,
        most: int,
    ) -> None:
        self._service_thread, self._open, self._folder, self._most = service_thread, open_document, folder, most
        self.pending: Pending[FolderRead] = Pending(self._stop)
        self._waiting: list[Path] = []
        self._total = 0
        self._documents: list[str] = []
        self._failed: list[tuple[str, str]] = []
        self._opening: Pending[DocumentRecord] | None = None
        self._is_stopped = False

    def begin(self, found: list[Path] | Problem) -> None:
        if isinstance(found, Problem):
            self.pending.end(found)
            return
        self._waiting, self._total = list(reversed(found[: self._most])), min(len(found), self._most)
        self._failed += [(path.name, f"more than {self._most} documents") for path in found[self._most :]]
        self._next()

    def _stop(self) -> None:
        self._is_stopped = True
        if self._opening is not None:
            self._opening.cancel()

    def _next(self) -> None:
        if self._is_stopped:
            self.pending.end(problem_for(KnownError("document.stopped", path=str(self._folder))))
        elif self._waiting:
            path = self._waiting.pop()
            self.pending.progress((self._total - len(self._waiting) - 1, self._total, path.name))
            self._opening = self._open(path)
            self._opening.then(lambda result: self._on_opened(path, result))
        else:
            self.pending.end(FolderRead(tuple(self._documents), tuple(self._failed), self._total))

    def _on_opened(self, path: Path, result: DocumentRecord | Problem) -> None:
        if isinstance(result, Problem):
            self._failed.append((path.name, result.sentence))
        elif result.id not in self._documents:
            self._documents.append(result.id)
        self._service_thread.post(self._next)
