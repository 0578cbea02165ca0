"""Packs of models: written, inspected, imported.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.records import ModelRecord
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import Notice
from slmdesk.services.base.events import Problem
from slmdesk.services.models.events import PackEnded, PackProgress
from slmdesk.services.models.packs.service import PackContents, PackPlan


class PackController(QObject):
    """Lives on the window's thread; one pack at a time.

    Emits `models_listed` with ModelRecords to choose from, `planned` with a PackPlan, `opened` with PackContents,
    `progressed` with a PackProgress, `made` and `taken` with a PackEnded, `refused` with a Problem, `stopped` when it
    was cancelled.
    """

    models_listed = Signal(object)
    planned = Signal(object)
    opened = Signal(object)
    progressed = Signal(object)
    made = Signal(object)
    taken = Signal(object)
    refused = Signal(object)
    stopped = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pack_controller")
        self._bridge = bridge
        self._path = ""
        self._is_making = False
        self._turn = 0
        bridge.on(PackProgress, self._on_progressed)
        bridge.on(PackEnded, self._on_ended)

    @property
    def is_busy(self) -> bool:
        return bool(self._path)

    @Slot()
    def list_models(self) -> None:
        """Ask for the models; `models_listed` follows."""
        self._bridge.ask(lambda services: services.models.list(), self._on_models, self.refused.emit)

    def plan(self, models: Sequence[str], target: Path) -> None:
        """Ask for the size of a pack of these; `planned` follows, for the latest request only."""
        self._turn += 1
        turn = self._turn
        self._bridge.follow(
            lambda services: services.packs.plan(models, target), partial(self._on_planned, turn), self.refused.emit
        )

    def make(self, models: Sequence[str], target: Path) -> None:
        """Write these models into a new file; `made`, `refused` or `stopped` follows."""
        if not self._begin(target, is_making=True):
            return
        self._bridge.ask(lambda services: services.packs.pack(models, target), None, self._on_refused)

    @Slot(object)
    def look_into(self, path: Path) -> None:
        """Read the contents of a pack; `opened` or a notice follows."""
        self._bridge.follow(lambda services: services.packs.contents(path), self.opened.emit)

    def take(self, contents: PackContents, sums: Sequence[str]) -> None:
        """Import the models with these checksums; `taken`, `refused` or `stopped` follows.

        The file must be the pack that was inspected.
        """
        path = Path(contents.path)
        if not self._begin(path, is_making=False):
            return
        expected = contents.manifest_sha256
        self._bridge.ask(
            lambda services: services.packs.unpack(path, expected=expected, only=sums), None, self._on_refused
        )

    @Slot()
    def cancel(self) -> None:
        """Cancel; nothing is kept."""
        if self._path:
            path = Path(self._path)
            self._bridge.ask(lambda services: services.packs.cancel(path))

    # ---- events

    def _on_models(self, models: Sequence[ModelRecord]) -> None:
        self.models_listed.emit(tuple(models))

    def _on_planned(self, turn: int, plan: PackPlan) -> None:
        if turn == self._turn:
            self.planned.emit(plan)

    @Slot(object)
    def _on_progressed(self, event: PackProgress) -> None:
        if event.path == self._path:
            self.progressed.emit(event)

    @Slot(object)
    def _on_ended(self, event: PackEnded) -> None:
        if event.path != self._path:
            return
        self._path = ""
        if event.problem is not None:
            self.refused.emit(event.problem)
        elif not event.manifest_sha256:
            self.stopped.emit()
        else:
            (self.made if self._is_making else self.taken).emit(event)

    # ---- private

    def _begin(self, path: Path, *, is_making: bool) -> bool:
        if self._path:
            self._bridge.notice_raised.emit(Notice("A pack is being made or opened already.", key="pack"))
            return False
        self._path, self._is_making = str(path), is_making
        return True

    def _on_refused(self, problem: Problem) -> None:
        self._path = ""
        self.refused.emit(problem)
