"""Summarizes the documents of a folder into files in another one: reads them, runs one job, writes the files.

The target folder is stored with the summary, so that the files are written even if the program ends in between.
Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, Item
from slmdesk.core.types import Json
from slmdesk.services.base.events import Event, Problem
from slmdesk.services.base.file_thread import on_file_thread
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.pending import Pending
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.documents.library import DocumentService
from slmdesk.services.summaries.events import FolderWritten
from slmdesk.services.summaries.files import write_summaries
from slmdesk.services.summaries.service import MOST_DOCUMENTS, SummaryService
from slmdesk.services.summaries.types import NotRead, Summary, SummaryRequest
from slmdesk.store import Store

TARGET = "write_to"
"""In the settings of an item: the folder its files go to."""

OnRead = Callable[[int, int, str], None]
OnBegun = Callable[[Item | Problem], None]


@dataclass(slots=True, eq=False)
class FolderRequest:
    """A request to summarize a folder; `FolderSummaries.cancel` stops it."""

    target: Path
    request: SummaryRequest
    read: OnRead
    begun: OnBegun
    waiting: list[Path] = field(default_factory=list)
    total: int = 0
    documents: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    opening: Pending[DocumentRecord] | None = None
    is_stopped: bool = False


class FolderSummaries:
    """Reads the documents of folders, has them summarized, and writes the files."""

    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        documents: DocumentService,
        summaries: SummaryService,
        publish: Callable[[Event], None],
    ) -> None:
        self._service_thread, self._store, self._documents, self._summaries = (
            service_thread,
            store,
            documents,
            summaries,
        )
        self._publish = publish
        summaries.when_made(self._on_made)

    def begin(self, folder: Path, target: Path, request: SummaryRequest, read: OnRead, begun: OnBegun) -> FolderRequest:
        """Summarize the documents of `folder` according to `request` and write the files into `target`.

        `read` gets how many are read, the total, and the next one; `begun` gets the summary's item once all are read,
        or a Problem.  A document that cannot be read does not stop the others.  FolderWritten follows.
        """
        requested = FolderRequest(target, request, read, begun)
        self._documents.expand([folder]).then(lambda found: self._expanded(requested, found))
        return requested

    def cancel(self, requested: FolderRequest) -> None:
        """Stop reading; `begun` gets the Problem `document.stopped`."""
        requested.is_stopped = True
        if requested.opening is not None:
            requested.opening.cancel()

    # ---- reading

    def _expanded(self, requested: FolderRequest, found: list[Path] | Problem) -> None:
        if isinstance(found, Problem):
            requested.begun(found)
            return
        requested.waiting, requested.total = list(reversed(found[:MOST_DOCUMENTS])), min(len(found), MOST_DOCUMENTS)
        requested.failed += [(path.name, f"more than {MOST_DOCUMENTS} documents") for path in found[MOST_DOCUMENTS:]]
        self._next(requested)

    def _next(self, requested: FolderRequest) -> None:
        if requested.is_stopped:
            requested.begun(problem_for(KnownError("document.stopped", path=str(requested.target))))
        elif requested.waiting:
            path = requested.waiting.pop()
            requested.read(requested.total - len(requested.waiting) - 1, requested.total, path.name)
            requested.opening = self._documents.open(path)
            requested.opening.then(lambda result: self._opened(requested, path, result))
        else:
            requested.opening = None
            self._summarize(requested)

    def _opened(self, requested: FolderRequest, path: Path, result: DocumentRecord | Problem) -> None:
        if isinstance(result, Problem):
            requested.failed.append((path.name, result.sentence))
        elif result.id not in requested.documents:
            requested.documents.append(result.id)
        self._service_thread.post(lambda: self._next(requested))

    def _summarize(self, requested: FolderRequest) -> None:
        try:
            if not requested.documents:
                raise KnownError("request.invalid", what="there is no document in this folder that could be read")
            not_read = tuple(NotRead(*one) for one in requested.failed)
            item = self._summaries.begin(
                replace(requested.request, documents=tuple(requested.documents), not_read=not_read)
            )
            item = self._store.items.change_settings(item.id, **{TARGET: {"folder": str(requested.target)}})
        except KnownError as err:
            requested.begun(problem_for(err))
        else:
            requested.begun(item)

    # ---- writing

    def _on_made(self, item: str, summary: Summary) -> None:
        if isinstance(kept := self._store.items.get(item).settings.get(TARGET), Mapping):
            self._write(item, summary, kept)

    def _write(self, item: str, summary: Summary, kept: Mapping[str, Json]) -> None:
        folder, failed = Path(str(kept.get("folder"))), len(summary.not_read)

        def written(files: list[Path] | Problem) -> None:
            if isinstance(files, Problem):
                self._publish(FolderWritten(item, str(folder), 0, failed, files))
                return
            self._store.items.change_settings(item, **{TARGET: None})
            self._publish(FolderWritten(item, str(folder), len(files), failed))

        on_file_thread(self._service_thread, lambda: write_summaries(folder, summary), written, name="summaries")
