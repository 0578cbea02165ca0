"""Imports model files into the library one after another, for the chat and for the page of models."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.gui.base.bridge import Bridge
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import bytes_for_people
from slmdesk.services.models.events import ImportEnded, ImportProgress


class ModelImports(QObject):
    """Lives on the window's thread.

    Emits `progressed` with a text and a fraction, `ended` with the ImportEndeds of all files once the last is done,
    `refused` with a Problem for a request that could not be started.
    """

    progressed = Signal(str, float)
    ended = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("model_imports")
        self._bridge = bridge
        self._now: Path | None = None
        self._waiting: deque[tuple[Path, bool]] = deque()
        self._over: list[ImportEnded] = []
        self._count = 0
        bridge.on(ImportProgress, self._on_progressed)
        bridge.on(ImportEnded, self._on_ended)

    def add(self, paths: Sequence[Path], *, link: bool) -> None:
        """Queue these files for import: as copies, or (`link`) left where they are."""
        self._waiting.extend((path, link) for path in paths)
        self._count += len(paths)
        self._next()

    def cancel(self) -> None:
        """Stop; nothing of the current file is kept, and the waiting ones are dropped."""
        self._waiting.clear()
        if (path := self._now) is not None:
            self._bridge.ask(lambda services: services.models.cancel_import(path), None, self.refused.emit)

    def _next(self) -> None:
        if self._now is not None:
            return
        if not self._waiting:
            over, self._over, self._count = self._over, [], 0
            self.ended.emit(tuple(over))
            return
        path, link = self._waiting.popleft()
        self._now = path
        self.progressed.emit(self._words(path, "Adding…"), 0.0)
        self._bridge.ask(
            lambda services: services.models.import_file(path, link=link), None, partial(self._on_refused, path)
        )

    def _words(self, path: Path, words: str) -> str:
        at = f"{len(self._over) + 1} of {self._count}  ·  " if self._count > 1 else ""
        return f"{at}{path.name}: {words}"

    @Slot(object)
    def _on_progressed(self, event: ImportProgress) -> None:
        if self._now is None or str(self._now) != event.path:
            return  # somebody else asked for that one
        done, total = bytes_for_people(event.done_bytes), bytes_for_people(event.total_bytes)
        fraction = event.done_bytes / event.total_bytes if event.total_bytes else 0.0
        self.progressed.emit(self._words(self._now, f"{done} of {total}"), fraction)

    @Slot(object)
    def _on_ended(self, event: ImportEnded) -> None:
        if self._now is None or str(self._now) != event.path:
            return
        self._now = None
        self._over.append(event)
        self._next()

    def _on_refused(self, path: Path, problem: Problem) -> None:
        self._on_ended(ImportEnded(str(path), None, problem))
