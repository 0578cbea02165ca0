"""Base of the controllers of summaries and tables: follows the job that makes the shown item.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes.items_controller import ItemsController


class JobFollower(QObject):
    job_reported = Signal(object)
    emptied = Signal()

    def __init__(self, bridge: Bridge, kind: str, name: str, parent: QObject | None) -> None:
        super().__init__(parent, objectName=name)
        self._bridge = bridge
        self.items = ItemsController(bridge, kind, self)
        self._document = ""
        self.item = ""
        self._job = ""

    def pause(self) -> None:
        """Pause the job; finished steps are kept."""
        self._bridge.services.jobs.pause(self._job)

    def resume(self) -> None:
        self._bridge.services.jobs.resume(self._job)

    def cancel(self) -> None:
        """Cancel the job; finished steps are kept."""
        self._bridge.services.jobs.cancel(self._job)
