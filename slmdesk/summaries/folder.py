"""Summarizes the documents of a folder into files in another one: reads them, runs one job, writes the files.

The target folder is stored with the summary, so that the files are written even if the program ends in between.
Service thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.library.folder_reading import FolderRead
from slmdesk.library.service import DocumentService
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.summaries.events import FolderWritten
from slmdesk.summaries.files import write_summaries
from slmdesk.summaries.service import MOST_DOCUMENTS, SummaryService
from slmdesk.summaries.types import Summary, SummaryRequest, UnreadableDocument

TARGET = "write_to"
"""In the settings of an item: the folder its files go to."""


class FolderSummaries(Service):
    def __init__(self, runtime: Runtime, documents: DocumentService, summaries: SummaryService) -> None:
        super().__init__(runtime)
        self._documents, self._summaries = documents, summaries
        summaries.when_made(self._on_made)

    def begin(self, folder: Path, target: Path, request: SummaryRequest) -> Pending[Item]:
        """Summarize the documents of `folder` according to `request` and write the files into `target`.

        Reports progress as (documents read, in all, name of the next); ends with the summary's item once all are read,
        or a Problem: `document.stopped` after a cancel.  A document that cannot be read does not stop the others.
        FolderWritten follows.
        """

        def begin(found: FolderRead) -> Item:
            if not found.documents:
                raise KnownError("request.invalid", what="there is no document in this folder that could be read")
            not_read = tuple(UnreadableDocument(*one) for one in found.failed)
            item = self._summaries.begin(changed(request, documents=found.documents, not_read=not_read))
            return self._store.items.change_settings(item.id, **{TARGET: {"folder": str(target)}})

        return self._documents.read_folder(folder, MOST_DOCUMENTS).map(begin)

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
