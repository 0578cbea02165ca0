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
from slmdesk.services.base.events import Problem
from slmdesk.services.base.exporting import Exporter, Make
from slmdesk.services.base.file_thread import on_file_thread
from slmdesk.services.base.pending import Pending
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.base.slices import in_slices
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
        prepared = exporter(item, form) if exporter else None
        pending: Pending[bytes] = Pending()

        def on_prepared(make: Make | Problem) -> None:
            if isinstance(make, Problem):
                pending.end(make)
            else:
                self._make(make, form, pending)

        if isinstance(prepared, Generator):
            in_slices(self._service_thread, prepared).then(on_prepared)
        else:
            on_prepared(prepared or self._as_chat(item, form))
        return pending

    def write(self, id: str, form: str, target: Path, *, replace: bool = False) -> Pending[int]:
        """Export an item into a file; ends with its size or a Problem (`file.exists`, `file.unwritable`, `disk.full`).

        Otherwise as `give`.
        """
        pending: Pending[int] = Pending()

        def write(data: bytes) -> int:
            if is_there(target) and not replace:
                raise KnownError("file.exists", path=str(target))
            write_atomically(target, data)
            return len(data)

        def on_made(data: bytes | Problem) -> None:
            if isinstance(data, Problem):
                pending.end(data)
            else:
                on_file_thread(self._service_thread, lambda: write(data), pending.end, name="export")

        self.give(id, form).listen(pending.progress).then(on_made)
        return pending

    def _as_chat(self, item: Item, form: str) -> Make:
        if form in ("json", "md"):
            text = self._history.export(item.id, form)
            return lambda: text.encode("utf-8", "replace")
        held = self._chats.open(item.id)
        return lambda: chat_paper(held.item, held.messages)

    def _make(self, make: Make, form: str, pending: Pending[bytes]) -> None:
        def run() -> bytes | Paper:
            made = make()
            if isinstance(made, bytes) or form == "pdf":
                return made
            if form not in PAPER_FORMS:
                raise KnownError("request.invalid", what=f"no format {form}")
            return PAPER_FORMS[form](made)

        def on_made(made: bytes | Paper | Problem) -> None:
            if isinstance(made, Paper):
                self._printing.print(made).listen(pending.progress).then(pending.end)
            else:
                pending.end(made)

        on_file_thread(self._service_thread, run, on_made, name="export")
