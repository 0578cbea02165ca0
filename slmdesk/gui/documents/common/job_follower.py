"""Base of the controllers of summaries and tables: follows the job that makes the shown item.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.documents.common.items_controller import ItemsController
from slmdesk.gui.widgets.notice_bar import notice_of
from slmdesk.services.base.events import Problem


class JobFollower(QObject):
    """Lives on the window's thread.

    Earlier items are in `items`.  Emits `job_reported` with a JobChanged, `emptied` when there is nothing to show,
    `notice_raised`.
    """

    job_reported = Signal(object)
    emptied = Signal()
    notice_raised = Signal(object)

    def __init__(self, bridge: Bridge, kind: str, name: str, parent: QObject | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._bridge = bridge
        self.items = ItemsController(bridge, kind, self)
        self._document = ""
        self.item = ""
        """The id of the shown item, finished or not."""
        self._job = ""
        self.items.notice_raised.connect(self.notice_raised)

    @Slot()
    def pause(self) -> None:
        """Pause the job; finished steps are kept."""
        job = self._job
        self._bridge.ask(lambda services: services.jobs.pause(job), None, self._raise_problem)

    @Slot()
    def resume(self) -> None:
        job = self._job
        self._bridge.ask(lambda services: services.jobs.resume(job), None, self._raise_problem)

    @Slot()
    def cancel(self) -> None:
        """Cancel the job; finished steps are kept."""
        job = self._job
        self._bridge.ask(lambda services: services.jobs.cancel(job), None, self._raise_problem)

    def _raise_problem(self, problem: Problem) -> None:
        self.notice_raised.emit(notice_of(problem))
