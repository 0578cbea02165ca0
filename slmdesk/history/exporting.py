"""Exports items of the history as Word, HTML, PDF, Markdown, spreadsheet or JSON, files whole or not at all.

What an export says is said by the package of the item's kind (see base.exporting); items of other kinds are exported as
chats.  Files are made on a thread of their own, PDF by the printer child.  Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from slmdesk.base.chat_import import counted_words
from slmdesk.base.errors import KnownError
from slmdesk.base.files import free_name, is_there, write_atomically
from slmdesk.base.paper import FORMS, Paper
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.chat.service import KIND, ChatService
from slmdesk.exports.chats import Shown, chats_to_json, chats_to_markdown
from slmdesk.exports.forms import PAPER_FORMS
from slmdesk.exports.papers import chat_paper, chats_paper
from slmdesk.history.pdf import PrintService
from slmdesk.history.service import HistoryService
from slmdesk.runtime.exporting import Exporter, Make
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices, in_slices


class ExportService:
    def __init__(
        self,
        service_thread: ServiceThread,
        history: HistoryService,
        chats: ChatService,
        printing: PrintService,
        exporter_of: Callable[[str], Exporter | None],
    ) -> None:
        """`exporter_of`: how items of a kind are exported."""
        self._service_thread, self._history, self._chats, self._printing = service_thread, history, chats, printing
        self._exporter_of = exporter_of

    def give(self, id: str, form: str) -> Pending[bytes]:
        """Export an item in one of FORMS; a summary also as "xlsx", a table also as "csv".

        Reports progress as (pages of a PDF done, pages in all).  Ends with the Problem `request.invalid` for a form
        that items of its kind do not have.  Raises KnownError `item.unknown`.
        """
        item = self._history.item(id)
        exporter = self._exporter_of(item.kind)
        prepared = (exporter(item, form) if exporter else None) or self._as_chat(item, form)
        return in_slices(self._service_thread, self._giving(prepared, form))

    def write(self, id: str, form: str, target: Path, *, replace: bool = False) -> Pending[int]:
        """Export an item into a file; ends with its size or a Problem (`file.exists`, `file.unwritable`, `disk.full`).

        Otherwise as `give`.
        """
        return self._writing(self.give(id, form), target, replace)

    def give_several(self, ids: Sequence[str], form: str) -> Pending[bytes]:
        """Export chats, in this order, as one file in one of FORMS: their titles, then each as a section; JSON: a list.

        Reports progress as `give` does.  Ends with the Problem `request.invalid` for another form, for none, or for an
        item that is no chat, or `item.unknown`.
        """
        return in_slices(self._service_thread, self._giving(self._several(list(dict.fromkeys(ids)), form), form))

    def write_several(self, ids: Sequence[str], form: str, target: Path, *, replace: bool = False) -> Pending[int]:
        """Export chats into one file; as `give_several` and `write`."""
        return self._writing(self.give_several(ids, form), target, replace)

    def _writing(self, giving: Pending[bytes], target: Path, replace: bool) -> Pending[int]:
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

    def _several(self, ids: Sequence[str], form: str) -> Slices[Make]:
        if not ids or form not in {one.id for one in FORMS}:
            raise KnownError("request.invalid", what=f"no format {form}" if ids else "no chat")
        shown: list[Shown] = []
        shapes: list[Json] = []
        for id in ids:
            item = self._history.item(id)
            if item.kind != KIND:
                raise KnownError("request.invalid", what=f"{item.id} is no chat")
            if form == "json":
                shapes.append(self._history.export_shape(item.id))
            else:
                held = self._chats.open(item.id)
                shown.append((held.item, held.messages))
            yield
        title = counted_words({"chat": len(ids)})
        if form == "json":
            return lambda: chats_to_json(shapes).encode("utf-8", "replace")
        if form == "md":
            return lambda: chats_to_markdown(title, shown).encode("utf-8", "replace")
        return lambda: chats_paper(title, shown)

    def write_new(self, id: str, form: str, folder: Path, name: str) -> Pending[int]:
        """Export an item into a file of a folder under a name without suffix, or a free one like it.

        Otherwise as `write`.
        """
        return self.write(id, form, free_name(folder / f"{name}.{form}"))

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
