"""Connects controller and pane of tables, and shows the pages that cells lead to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from slmdesk.core.documents import Page
from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.documents.controller import DocumentsController
from slmdesk.gui.documents.page import DocumentsPage
from slmdesk.gui.documents.tables.controller import TableController
from slmdesk.gui.documents.tables.pane import TablePane
from slmdesk.gui.widgets.exporting import ExportController

NAME = "table"


class TableLink(QObject):
    """Lives on the window's thread.  Adds the pane to the page's panel."""

    def __init__(
        self,
        bridge: Bridge,
        keeper: ThemeKeeper,
        documents: DocumentsController,
        page: DocumentsPage,
        exports: ExportController,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("table_link")
        self._documents, self._page, self._exports = documents, page, exports
        self.controller, self.pane = TableController(bridge, self), TablePane(keeper, page)
        self._place: tuple[str, int, int, int] | None = None
        """The place of a cell whose document is not shown yet."""
        page.side.add_pane("Table", NAME, self.pane)
        self._connect()

    def _connect(self) -> None:
        tables, pane = self.controller, self.pane
        pane.table_requested.connect(tables.begin)
        pane.all_requested.connect(tables.begin_all)
        pane.folder_requested.connect(tables.begin_folder)
        pane.again_requested.connect(tables.again)
        pane.earlier.chosen.connect(tables.choose)
        pane.earlier.rename_requested.connect(tables.items.rename)
        pane.earlier.delete_requested.connect(tables.delete)
        pane.pause_requested.connect(tables.pause)
        pane.resume_requested.connect(tables.resume)
        pane.cancel_requested.connect(tables.cancel)
        pane.cell_edited.connect(tables.edit)
        pane.undo_requested.connect(tables.undo)
        pane.save_requested.connect(lambda form, target: self._exports.export(tables.item, form, target))
        pane.place_chosen.connect(self._on_place_chosen)
        tables.items.listed.connect(pane.show_earlier)
        tables.begun.connect(pane.show_begun)
        tables.read_reported.connect(pane.show_read)
        tables.row_came.connect(pane.show_row)
        tables.job_reported.connect(pane.show_job)
        tables.made.connect(lambda table: pane.show_table(table, tables.title))
        tables.stopped.connect(pane.show_stopped)
        tables.emptied.connect(pane.show_nothing)
        tables.undo_changed.connect(pane.show_undo)
        self._page.side.wants_room.connect(lambda wants: pane.show_wide(wants and self._page.side.current == NAME))
        self._documents.shown.connect(self._on_shown)
        self._documents.pages_listed.connect(self._on_pages_listed)

    @Slot(object)
    def _on_shown(self, record: DocumentRecord | None) -> None:
        """Another document is shown, or the same one in another state."""
        is_reading = record is not None and record.status is DocumentStatus.READING
        is_unread = record is not None and record.status is DocumentStatus.FAILED and not record.pages
        self.pane.folder = self._documents.current_folder
        self.pane.setEnabled(record is not None and not is_reading and not is_unread)
        if not is_reading:
            self.controller.show_document(record.id if record else "")

    @Slot(str, int, int, int)
    def _on_place_chosen(self, document: str, page: int, start: int, end: int) -> None:
        """Show a cell's page, in its own document."""
        if document == self._documents.current:
            self._place = None
            self._page.go_to_spans({page: [(start, end)]})
        else:
            self._place = (document, page, start, end)
            self._documents.choose(document)

    @Slot(object, bool)
    def _on_pages_listed(self, pages: Sequence[Page], _anew: bool) -> None:
        """Go to the cell's page once that page is listed."""
        if self._place is None or self._place[0] != self._documents.current or len(pages) < self._place[1]:
            return
        (_document, page, start, end), self._place = self._place, None
        self._page.go_to_spans({page: [(start, end)]})
