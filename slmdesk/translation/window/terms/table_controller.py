"""Base of the controllers of glossaries and memory: search, problems and messages.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from slmdesk.base.protocol import Progress
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay

R = TypeVar("R")


class TableController(QObject):
    """Emits `outdated` when the table is to be read again (the subclass connects that), `refused` with a sentence ('':
    no problem any more), `said` with a sentence on what was done, `noticed` with a Notice that offers undo.
    """

    outdated = Signal()
    refused = Signal(str)
    said = Signal(str)
    noticed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None, *, name: str, search_ms: int) -> None:
        """`search_ms`: the pause after the last key before the table is read again."""
        super().__init__(parent, objectName=name)
        self._bridge = bridge
        self._turn = 0
        """Counts the reads from the first page: pages of earlier reads are ignored."""
        self._is_forgetting = False
        self._timer = Delay(self, search_ms, self.outdated, f"{name}_timer")

    def close(self) -> None:
        """The window closes: purge what was deleted from the files."""
        if self._is_forgetting:
            self._purge()

    def _purge(self) -> None:
        self._is_forgetting = False
        self._bridge.services.memory.purge()

    def _ask(self, request: Callable[[Services], R], answered: Callable[[R], None] | None = None) -> None:
        """As Bridge.ask; a refusal is shown in the window."""
        self._bridge.ask(request, answered, self._on_refused)

    def _follow(
        self,
        request: Callable[[Services], Pending[R]],
        answered: Callable[[R], None],
        refused: Callable[[Problem], None] | None = None,
        progressed: Callable[[Progress], None] | None = None,
    ) -> None:
        self._bridge.follow(request, answered, refused or self._on_failed, progressed)

    def _on_rows(self, now: Progress) -> None:
        self.said.emit(f"Storing {now.done:,} of {now.total:,} rows…" if now.total else f"Reading: {now.done:,} rows…")

    def _on_change_refused(self, problem: Problem) -> None:
        """A change of a cell was refused: show the old text again."""
        self._on_refused(problem)
        self.outdated.emit()

    def _on_written(self, path: Path) -> None:
        self.said.emit(f"Written to {path}.")

    def _on_failed(self, problem: Problem) -> None:
        self.said.emit("")
        self._on_refused(problem)

    def _on_refused(self, problem: Problem) -> None:
        self.refused.emit(problem.sentence)
