"""Packs of models: written, inspected, imported.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance

from slmdesk.base.records import ModelRecord
from slmdesk.models.packs.service import PackContents, PackPlan, PackResult
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.notice_bar import Notice

if TYPE_CHECKING:
    from slmdesk.runtime.pending import Pending
    from slmdesk.services import Services


class PackController(QObject):
    """Lives on the window's thread; one pack at a time."""

    models_listed = Signal(object)
    planned = Signal(object)
    opened = Signal(object)
    progressed = Signal(object)
    made = Signal(object)
    taken = Signal(object)
    refused = Signal(object)
    stopped = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="pack_controller")
        self._bridge = bridge
        self._work: Call | None = None
        self._turn = 0

    def list_models(self) -> None:
        self._bridge.ask(self._bridge.services.models.list(), self._on_models, self.refused.emit)

    def plan(self, models: Sequence[str], target: Path) -> None:
        """Ask for the size of a pack of these; `planned` follows, for the latest request only."""
        self._turn += 1
        self._bridge.follow(
            self._bridge.services.packs.plan(models, target), partial(self._on_planned, self._turn), self.refused.emit
        )

    def make(self, models: Sequence[str], target: Path) -> None:
        self._begin(lambda services: services.packs.pack(models, target), self.made)

    def look_into(self, path: Path) -> None:
        self._bridge.follow(self._bridge.services.packs.contents(path), self.opened.emit)

    def take(self, contents: PackContents, sums: Sequence[str]) -> None:
        """Import the models with these checksums; `taken`, `refused` or `stopped` follows.

        The file must be the pack that was inspected.
        """
        path, expected = Path(contents.path), contents.manifest_sha256
        self._begin(lambda services: services.packs.unpack(path, expected=expected, only=sums), self.taken)

    def cancel(self) -> None:
        """Cancel; nothing is kept."""
        if self._work is not None:
            self._work.cancel()

    # ---- events

    def _on_models(self, models: Sequence[ModelRecord]) -> None:
        self.models_listed.emit(tuple(models))

    def _on_planned(self, turn: int, plan: PackPlan) -> None:
        if turn == self._turn:
            self.planned.emit(plan)

    # ---- private

    def _begin(self, request: Callable[[Services], Pending[PackResult]], ended: SignalInstance) -> None:
        if self._work is not None:
            self._bridge.notice_raised.emit(Notice("A pack is being made or opened already.", key="pack"))
            return
        answered = partial(self._on_ended, ended)
        self._work = self._bridge.follow(request, answered, self._on_refused, self.progressed.emit)

    def _on_ended(self, ended: SignalInstance, result: PackResult) -> None:
        self._work = None
        if result.manifest_sha256:
            ended.emit(result)
        else:
            self.stopped.emit()

    def _on_refused(self, problem: Problem) -> None:
        self._work = None
        self.refused.emit(problem)
