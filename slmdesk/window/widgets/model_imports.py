"""Imports model files into the library one after another, for the chat and for the page of models."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base.bridge import Bridge, Call

if TYPE_CHECKING:
    from slmdesk.models.importer import ImportEnded, ImportProgress


class ModelImports(QObject):
    """Emits `progressed` with a text and a fraction, `ended` with all ImportEndeds once the last file is done."""

    progressed = Signal(str, float)
    ended = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="model_imports")
        self._bridge = bridge
        self._running: Call | None = None
        self._waiting: deque[tuple[Path, bool]] = deque()
        self._over: list[ImportEnded] = []
        self._count = 0

    def add(self, paths: Sequence[Path], *, link: bool) -> None:
        """Queue these files for import: as copies, or (`link`) left where they are."""
        self._waiting.extend((path, link) for path in paths)
        self._count += len(paths)
        if self._running is None:
            self._next()

    def cancel(self) -> None:
        """Stop; nothing of the current file is kept, and the waiting ones are dropped."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancel()

    def _next(self) -> None:
        if not self._waiting:
            over, self._over, self._count, self._running = self._over, [], 0, None
            self.ended.emit(tuple(over))
            return
        path, link = self._waiting.popleft()
        self._say(path, "Adding…", 0.0)
        self._running = self._bridge.follow(
            self._bridge.services.models.import_file(path, link=link),
            self._on_ended,
            partial(self._on_refused, path),
            self._on_progressed,
        )

    def _say(self, path: Path, words: str, fraction: float) -> None:
        at = f"{len(self._over) + 1} of {self._count}  ·  " if self._count > 1 else ""
        self.progressed.emit(f"{at}{path.name}: {words}", fraction)

    def _on_progressed(self, now: ImportProgress) -> None:
        words = f"{bytes_for_people(now.done_bytes)} of {bytes_for_people(now.total_bytes)}"
        self._say(now.path, words, now.done_bytes / now.total_bytes if now.total_bytes else 0.0)

    def _on_refused(self, path: Path, problem: Problem) -> None:
        from slmdesk.models.importer import ImportEnded

        self._on_ended(ImportEnded(str(path), None, problem))

    def _on_ended(self, end: ImportEnded) -> None:
        self._over.append(end)
        self._next()
