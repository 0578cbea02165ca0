"""Summarizes all documents of a folder into files in another folder, and reports progress and end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from slmdesk.core.records import Item
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import Notice, notice_of
from slmdesk.services.base.events import Problem
from slmdesk.services.summaries.events import FolderWritten
from slmdesk.services.summaries.folder import FolderRequest
from slmdesk.services.summaries.prompts import Kind, Length
from slmdesk.services.summaries.types import SummaryRequest


class FolderSummariesController(QObject):
    """Lives on the window's thread.

    Emits `progressed` with a text ('' when it is over), how many documents are read and of how many; `begun` with the
    Item of the summary.
    """

    progressed = Signal(str, int, int)
    begun = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("folder_summaries_controller")
        self._bridge = bridge
        self._requested: FolderRequest | None = None
        bridge.on(FolderWritten, self._on_written)

    def begin(self, folder: Path, target: Path, request: tuple[Kind, Length, str, str]) -> None:
        """Summarize the documents in `folder` and write the files into `target`."""
        kind, length, focus, instruction = request
        requested = SummaryRequest((), kind, length, "", focus, instruction)

        def read(done: int, total: int, name: str) -> None:  # on the service thread
            self._bridge.post_to_ui(partial(self._on_read, done, total, name))

        def begun(result: Item | Problem) -> None:  # on the service thread
            self._bridge.post_to_ui(partial(self._on_begun, result))

        self.progressed.emit("Looking at the folder…", 0, 0)
        self._bridge.ask(
            lambda services: services.folder_summaries.begin(folder, target, requested, read, begun),
            self._on_asked,
            self._on_begun,
        )

    @Slot()
    def cancel(self) -> None:
        requested = self._requested
        if requested is not None:
            self._bridge.ask(lambda services: services.folder_summaries.cancel(requested))

    def _on_asked(self, requested: FolderRequest) -> None:
        self._requested = requested

    def _on_read(self, done: int, total: int, name: str) -> None:
        self.progressed.emit(f"Reading {done + 1:,} of {total:,}: {name}", done, total)

    def _on_begun(self, result: Item | Problem) -> None:
        self._requested = None
        self.progressed.emit("", 0, 0)
        if not isinstance(result, Problem):
            self.begun.emit(result)
        elif result.code != "document.stopped":
            self._bridge.notice_raised.emit(notice_of(result))

    @Slot(object)
    def _on_written(self, event: FolderWritten) -> None:
        if event.problem is not None:
            self._bridge.notice_raised.emit(notice_of(event.problem))
            return
        left = f" {event.failed:,} of the documents could not be read; the table says why." if event.failed else ""
        words = f"{event.files:,} files with summaries were written to {event.folder}.{left}"
        self._bridge.notice_raised.emit(
            Notice(
                words,
                action="Open folder",
                on_action=lambda: _open(event.folder),
                key=f"folder {event.folder}",
            )
        )


def _open(folder: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
