"""Imports chats of other programs: notices say how far it is and what came of it.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDropEvent

from slmdesk.base.record import changed
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.file_drop import dropped_paths
from slmdesk.window.widgets.notice_bar import LONG_MS, Notice, notice_of

if TYPE_CHECKING:
    from slmdesk.history.imports import ImportProgress, ImportReport

FILTER = "Exported chats (*.json *.zip *.jsonl *.md);;All files (*)"
"""For file dialogs."""
DROPPED = frozenset((".json", ".jsonl", ".zip"))
"""Suffixes of files that are imported where they are dropped on the list of chats."""
KEY = "chat-import"
"""With its number, the key of all notices of one import: what came of it stays while the next one goes on."""


def chat_files(event: QDropEvent) -> list[Path]:
    """The files with chats in a drag, judged by name alone."""
    return [path for path in dropped_paths(event) if path.suffix.lower() in DROPPED]


class ImportController(QObject):
    chat_chosen = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="import_controller")
        self._bridge = bridge
        self._following: Call | None = None
        self._waiting: list[Path] = []
        self._number = 0

    def import_files(self, paths: Sequence[Path]) -> None:
        if self._following is not None:
            self._waiting.extend(paths)
            return
        self._number += 1
        self._say("Importing chats…", action="Stop", on_action=self._stop)
        self._following = self._bridge.follow(
            self._bridge.services.imports.import_files(paths), self._on_ended, self._on_failed, self._on_progressed
        )

    def _stop(self) -> None:
        self._waiting.clear()
        if self._following is not None:
            self._following.cancel()

    def _on_progressed(self, progress: ImportProgress) -> None:
        if self._following is not None:
            done = progress.added + progress.known
            words = f"Importing {progress.file}: {done:,} chats" if done else f"Importing {progress.file}…"
            self._say(words, action="Stop", on_action=self._stop)

    def _on_ended(self, report: ImportReport) -> None:
        self._following = None
        first, *more = report.lines
        show = partial(self.chat_chosen.emit, report.added[0]) if report.added else None
        if more or not report.added:  # stays until it was read
            full = "\n".join(report.lines) if more else ""
            self._say(" ".join((first, *more)), full=full, action="Show" if show else "", on_action=show)
        else:
            self._say(first, action="Show", on_action=show, life_ms=LONG_MS)
        self._go_on()

    def _on_failed(self, problem: Problem) -> None:
        self._following = None
        self._bridge.notice_raised.emit(changed(notice_of(problem), key=self._key))
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.import_files(waiting)

    def _say(self, words: str, **more: Any) -> None:
        self._bridge.notice_raised.emit(Notice(words, key=self._key, **more))

    @property
    def _key(self) -> str:
        return f"{KEY} {self._number}"
