"""Of which documents another report is made, beside the one on show: all in the list,
those of a folder, one more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.messages import Problem, problem_of
from slmdesk.base.texts import _
from slmdesk.documents.service import FolderRead
from slmdesk.tasks.report import JOIN, Edit
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.build import named
from slmdesk.ui.kit.widgets.files import admit, ask_file
from slmdesk.ui.kit.widgets.notices import Notice, ask_folder
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.pane import ResultPane

MOST_TOLD = 50


class Scope(QObject):
    """Fills the menu of a pane, and begins what is chosen there. The new report asks
    what the shown one asked.
    """

    def __init__(
        self, bridge: Bridge, results: ResultController, pane: ResultPane
    ) -> None:
        super().__init__(pane)
        self._bridge, self._results, self._pane, self._task = (
            bridge,
            results,
            pane,
            results.task,
        )
        self.listed: Callable[[], Sequence[DocumentRecord]] = tuple
        """Documents that the search leaves in the list."""
        self.count = 0
        pane.fills.append(self.fill)

    def show_count(self, count: int) -> None:
        """Note how many documents the search leaves in the list."""
        self.count = count

    def fill(self, menu: QMenu) -> None:
        kind, is_running, grid = self._task.kind, self._pane.is_running, self._task.grid
        some = named(menu.addMenu(_("Documents")), f"{kind}_scope_menu")
        some.setEnabled(not is_running)
        add(
            some,
            _("This document"),
            f"{kind}_of_document",
            lambda: self._results.begin(self._results.request),
        )
        add(
            some,
            _("All {count} shown").format(count=self.count),
            f"{kind}_of_all",
            self.begin_all,
        )
        add(some, _("A folder…"), f"{kind}_of_folder", self._ask_folder)
        fresh = add(
            menu,
            _(grid.fresh),
            f"{kind}_fresh",
            lambda: self._results.begin(self._task.read({})),
        )
        fresh.setEnabled(not is_running)
        join = add(menu, _(grid.joins), f"{kind}_join", self._ask_file)
        join.setEnabled(bool(self._results.item) and not is_running)
        menu.addSeparator()

    def begin_all(self) -> None:
        """Make a report of the documents in the list. Those that cannot be read are
        told.
        """
        shown = self.listed()
        failed = [
            record
            for record in shown
            if record.status is DocumentStatus.FAILED and not record.pages
        ]
        told = [
            (
                record.name,
                problem_of(record.error_code or "", record.error_args).sentence,
            )
            for record in failed
        ]
        self._tell_unread(told, len(shown))
        documents = [record.id for record in shown if record not in failed]
        self._results.begin(self._results.request, documents)

    def _ask_folder(self) -> None:
        title, place = _("A folder of documents"), str(Path.home())
        ask_folder(
            self._pane,
            title,
            self._on_folder,
            place=place,
            name=f"{self._task.kind}_folder_dialog",
        )

    def _on_folder(self, folder: Path) -> None:
        admit(
            self._pane,
            [folder],
            lambda allowed: self.begin_folder(allowed[0]),
            is_chosen=True,
        )

    def begin_folder(self, folder: Path) -> None:
        """Make a report of a folder's documents once they are read. One that cannot be
        does not stop the others.
        """
        asked = self._bridge.services.documents.read_folder(
            folder, self._task.most_documents
        )
        read = partial(self._on_folder_read, self._results.request)
        self._results.read_folder(asked, read, self._on_refused, self._on_reading)

    def _on_reading(self, report: tuple[int, int, str]) -> None:
        done, total, _name = report
        words = _("Reading documents: {done} of {total}").format(done=done, total=total)
        self._results.reading.emit(words, done, total)

    def _on_folder_read(self, request: object, folder: FolderRead) -> None:
        self._results.reading.emit("", 0, 0)
        self._tell_unread(folder.failed, folder.total)
        if folder.documents:
            self._results.begin(request, folder.documents)
        else:
            self._results.stopped.emit(
                _("There is no document in this folder that could be read.")
            )

    def _on_refused(self, problem: Problem) -> None:
        self._results.reading.emit("", 0, 0)
        words = problem.sentence
        if problem.code == "document.stopped":
            words = _("The table was cancelled before it was begun.")
        self._results.stopped.emit(words)

    def _tell_unread(self, failed: Sequence[tuple[str, str]], total: int) -> None:
        """`failed`: the name of each document that cannot be read, and why."""
        if failed:
            words = _(
                "Not in the table, since they could not be read: {count} of {total}."
            )
            words = words.format(count=len(failed), total=total)
            details = "\n".join(f"{name}: {why}" for name, why in failed[:MOST_TOLD])
            self._bridge.notice_raised.emit(
                Notice(words, details, key="table unread", full=details)
            )

    def _ask_file(self) -> None:
        ask_file(
            self._pane,
            _("A file with more texts"),
            self.join,
            name=f"{self._task.kind}_join_dialog",
        )

    def join(self, path: Path) -> None:
        """Read a file and add its texts to the shown report. The model is asked about
        what is new alone.
        """

        def read(record: DocumentRecord) -> None:
            self._results.edit(Edit("", action=JOIN, value=record.id))

        self._bridge.follow(self._bridge.services.documents.open(path), read)


def add(menu: QMenu, words: str, name: str, on: Callable[[], object]) -> QAction:
    action = named(menu.addAction(words), name)
    action.triggered.connect(lambda _checked=False: on())
    return action
