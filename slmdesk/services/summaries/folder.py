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


@dataclass(slots=True, eq=False)
class _Folder:
    """A folder whose documents are being read."""

    target: Path
    request: SummaryRequest
    pending: Pending[Item]
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
        self._service_thread, self._store, self._publish = service_thread, store, publish
        self._documents, self._summaries = documents, summaries
        summaries.when_made(self._on_made)

    def begin(self, folder: Path, target: Path, request: SummaryRequest) -> Pending[Item]:
        """Summarize the documents of `folder` according to `request` and write the files into `target`.

        Reports progress as (documents read, in all, name of the next); ends with the summary's item once all are read,
        or a Problem: `document.stopped` after a cancel.  A document that cannot be read does not stop the others.
        FolderWritten follows.
        """
        pending: Pending[Item] = Pending(lambda: self._stop(begun))
        begun = _Folder(target, request, pending)
        self._documents.expand([folder]).then(lambda found: self._expanded(begun, found))
        return pending

    def _stop(self, begun: _Folder) -> None:
        begun.is_stopped = True
        if begun.opening is not None:
            begun.opening.cancel()

    # ---- reading

    def _expanded(self, begun: _Folder, found: list[Path] | Problem) -> None:
        if isinstance(found, Problem):
            begun.pending.end(found)
            return
        begun.waiting, begun.total = list(reversed(found[:MOST_DOCUMENTS])), min(len(found), MOST_DOCUMENTS)
        begun.failed += [(path.name, f"more than {MOST_DOCUMENTS} documents") for path in found[MOST_DOCUMENTS:]]
        self._next(begun)

    def _next(self, begun: _Folder) -> None:
        if begun.is_stopped:
            begun.pending.end(problem_for(KnownError("document.stopped", path=str(begun.target))))
        elif begun.waiting:
            path = begun.waiting.pop()
            begun.pending.progress((begun.total - len(begun.waiting) - 1, begun.total, path.name))
            begun.opening = self._documents.open(path)
            begun.opening.then(lambda result: self._opened(begun, path, result))
        else:
            begun.opening = None
            self._summarize(begun)

    def _opened(self, begun: _Folder, path: Path, result: DocumentRecord | Problem) -> None:
        if isinstance(result, Problem):
            begun.failed.append((path.name, result.sentence))
        elif result.id not in begun.documents:
            begun.documents.append(result.id)
        self._service_thread.post(lambda: self._next(begun))

    def _summarize(self, begun: _Folder) -> None:
        try:
            if not begun.documents:
                raise KnownError("request.invalid", what="there is no document in this folder that could be read")
            not_read = tuple(NotRead(*one) for one in begun.failed)
            item = self._summaries.begin(replace(begun.request, documents=tuple(begun.documents), not_read=not_read))
            item = self._store.items.change_settings(item.id, **{TARGET: {"folder": str(begun.target)}})
        except KnownError as err:
            begun.pending.end(problem_for(err))
        else:
            begun.pending.end(item)

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
