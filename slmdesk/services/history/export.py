"""Exports items of the history as Word, HTML, PDF, Markdown, spreadsheet or JSON, files whole or not at all.

What an export says is said by the package of the item's kind (see base.exporting); items of other kinds are exported as
chats.  Files are made on a thread of their own, PDF by the printer child.  Service thread.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.paper import Paper
from slmdesk.core.records import Item
from slmdesk.exports.forms import PAPER_FORMS
from slmdesk.exports.papers import chat_paper
from slmdesk.services.base.exporting import Exporter, Make
from slmdesk.services.base.file_thread import pending_on_file_thread
from slmdesk.services.base.pending import Pending
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.base.slices import Slices, in_slices
from slmdesk.services.chat.service import ChatService
from slmdesk.services.history.pdf import PrintService
from slmdesk.services.history.service import HistoryService


class ExportService:
    """Makes and writes exports."""

    def __init__(
        self, service_thread: ServiceThread, history: HistoryService, chats: ChatService, printing: PrintService
    ) -> None:
        self._service_thread, self._history, self._chats, self._printing = service_thread, history, chats, printing
        self._exporters: dict[str, Exporter] = {}

    def register(self, kind: str, exporter: Exporter) -> None:
        """Have `exporter` say how items of this kind are exported."""
        self._exporters[kind] = exporter

    def give(self, id: str, form: str) -> Pending[bytes]:
        """Export an item in one of FORMS; a summary also as "xlsx", a table also as "csv".

        Reports progress as (pages of a PDF done, pages in all).  Ends with the Problem `request.invalid` for a form
        that items of its kind do not have.  Raises KnownError `item.unknown`.
        """
        item = self._history.item(id)
        exporter = self._exporters.get(item.kind)
        prepared = (exporter(item, form) if exporter else None) or self._as_chat(item, form)
        return in_slices(self._service_thread, self._giving(prepared, form))

    def write(self, id: str, form: str, target: Path, *, replace: bool = False) -> Pending[int]:
        """Export an item into a file; ends with its size or a Problem (`file.exists`, `file.unwritable`, `disk.full`).

        Otherwise as `give`.
        """
        giving = self.give(id, form)

        def write(data: bytes) -> int:
            if is_there(target) and not replace:
                raise KnownError("file.exists", path=str(target))
            write_atomically(target, data)
            return len(data)

        def writing() -> Slices[int]:
            data: bytes = yield giving
            size: int = yield pending_on_file_thread(self._service_thread, lambda: write(data), name="export")
            return size

        return in_slices(self._service_thread, writing())

    def _as_chat(self, item: Item, form: str) -> Make:
        if form in ("json", "md"):
            text = self._history.export(item.id, form)
            return lambda: text.encode("utf-8", "replace")
        held = self._chats.open(item.id)
        return lambda: chat_paper(held.item, held.messages)

    def _giving(self, prepared: Make | Slices[Make], form: str) -> Slices[bytes]:
        make = (yield from prepared) if isinstance(prepared, Generator) else prepared

        def run() -> bytes | Paper:
            made = make()
            if isinstance(made, bytes) or form == "pdf":
                return made
            if form not in PAPER_FORMS:
                raise KnownError("request.invalid", what=f"no format {form}")
            return PAPER_FORMS[form](made)

        made: bytes | Paper = yield pending_on_file_thread(self._service_thread, run, name="export")
        if not isinstance(made, Paper):
            return made
        printed: bytes = yield self._printing.print(made)
        return printed
