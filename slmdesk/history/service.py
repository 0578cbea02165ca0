"""The history service: lists, searches, exports, trashes and deletes items. Everything runs on the service thread."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from slmdesk.base.documents import FORMS, Paper, counted_words
from slmdesk.base.errors import KnownError
from slmdesk.base.files import free_name, is_same_file, is_there, write_out
from slmdesk.base.language import in_language
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress, stored_from, stored_list
from slmdesk.base.record import Record
from slmdesk.base.record import to_json as to_wire
from slmdesk.base.records import DocumentRecord, Found, Item, Message, Rescued
from slmdesk.base.runtime.events import (
    DocumentsChanged,
    ItemChanged,
    ItemGone,
    MessageAdded,
    MessageChanged,
    ModelsChanged,
    Noticed,
    NoticeOver,
    Pending,
)
from slmdesk.base.runtime.headings import headings_of
from slmdesk.base.runtime.messages import problem_for, problem_of
from slmdesk.base.runtime.service import (
    Exporter,
    Later,
    Make,
    Runtime,
    Service,
    Slices,
    in_slices,
    pending_on_file_thread,
    sliced,
)
from slmdesk.base.text.folding import folded_name, one_line
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.chat.service import ChatService
from slmdesk.chat.types import COMPARISON, KIND
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.documents.saved_states import StateService
from slmdesk.documents.types import file_of
from slmdesk.exports.papers import (
    Shown,
    chat_paper,
    chat_shape,
    chats_paper,
    chats_to_json,
    chats_to_markdown,
    models_of,
    to_json,
    to_markdown,
)
from slmdesk.exports.phrases import written_by
from slmdesk.exports.writers import in_form
from slmdesk.history.store import DataKey, Store, damaged_copies
from slmdesk.history.store.rescue import rescue_into
from slmdesk.models.online.network import NetworkService
from slmdesk.tasks.tables.types import DOUBTS, Table, doubts_of
from slmdesk.tasks.translation.types import GlossariesChanged

TEXT_FORMS = ("md", "json")


class ItemTitle(Record):
    id: str
    kind: str
    name: str
    folded: str


class EmptiedTrash(Record):
    """Number of items deleted for good, and histories set aside earlier that may still contain them."""

    ids: tuple[str, ...]
    may_remain_in: tuple[Path, ...]
    documents: tuple[DocumentRecord, ...] = ()
    """Documents whose text is still stored, though nothing else uses it."""


class HistoryService(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, states: StateService) -> None:
        super().__init__(runtime)
        self._chats, self._states = chats, states

    def items(
        self,
        kind: str | None = "chat",
        *,
        before: tuple[float, int] | None = None,
        limit: int = 100,
        deleted: bool = False,
    ) -> list[Item]:
        """Return a page of items, newest first. `before`: (updated, n) of the last one shown. `kind` None: any kind."""
        return self._store.items.page(kind, before=before, limit=limit, deleted=deleted)

    def titles(self) -> list[ItemTitle]:
        """Return the titles of all items that are in neither trash nor archive, last changed first."""
        rows = self._store.items.titles()
        return [ItemTitle(id, kind, one_line(title), folded_name(title)) for id, kind, title in rows]

    def item(self, id: str) -> Item:
        """Return an item by its id or a unique beginning, also a private chat. Raises KnownError `item.unknown`."""
        return self._chats.item(id)

    def is_confidential(self) -> bool:
        """Whether to keep names off the screen unless asked for: the history is encrypted."""
        return self._store.key is not None

    def change_settings(self, id: str, **values: Json) -> Item:
        """Update an item's own settings. None removes a key. Raises KnownError `item.unknown`, store.*."""
        return self._store.items.change_settings(id, **values)

    def results_only_of(self, documents: Sequence[str]) -> list[str]:
        """Return the items that were made of these documents alone and are shown beside them."""
        return self._store.documents.results_only_of(documents)

    def to_check(self, items: Sequence[Item]) -> dict[str, int]:
        """Return how many segments, cells or changes of each item a person has still to look at, if there are any."""
        counts = self._store.segments.count_look(*(item.id for item in items if item.kind == "translation"))
        for item in items:
            if item.kind == "writing":
                counts[item.id] = len(stored_list(dict, item.settings.get("changes")))
            elif item.kind == "extraction" and (known := stored_from(int, item.settings.get(DOUBTS))) is not None:
                counts[item.id] = known
            elif item.kind == "extraction" and (table := stored_from(Table, self._store.results.get(item.id))):
                counts[item.id] = len(doubts_of(table))  # made before the setting was there
        return {id: count for id, count in counts.items() if count}

    def documents_of(self, item: str) -> list[DocumentRecord]:
        return self._store.documents.of_item(item)

    def about(self, document: str, kind: str) -> list[Item]:
        items = [self._store.items.get(id) for id in self._store.documents.items_about(document)]
        return [item for item in items if item.kind == kind and item.deleted_at is None]

    def messages(self, item: str) -> list[Message]:
        """Return all messages of an item's tree, oldest first.  Raises KnownError `item.unknown`."""
        return self._chats.messages(item)

    def search(
        self, words: str, *, limit: int = 50, before: int | None = None, kind: str = "", archived: bool | None = None
    ) -> Sequence[Found]:
        """Return search hits, newest first. For `before`, `kind` and `archived` see SearchIndex.search."""
        return self._store.index.search(words, limit=limit, before=before, kind=kind, archived=archived)

    def rename(self, id: str, title: str) -> Item:
        """Change the title of an item.  Raises KnownError `item.unknown`."""
        return self._chats.rename(self._store.items.get(id).id, title)

    def trash(self, id: str) -> Item:
        """Move an item to the trash. Raises KnownError `item.unknown`."""
        return self._chats.trash_all([self._store.items.get(id).id])[0]

    def restore(self, id: str) -> Item:
        """Take an item out of the trash. Raises KnownError `item.unknown`."""
        return self._chats.restore_all([self._store.items.get(id).id])[0]

    def delete_for_good(self, id: str) -> tuple[str, tuple[Path, ...]]:
        """Delete an item for good, from all files. Raises KnownError `item.unknown`.

        Returns its id, and histories that were set aside earlier and may still contain it.
        """
        item = self.trash(id)
        self._states.forget([item.id, *(document.id for document in self._store.documents.of_item(item.id))])
        self._chats.drop(item.id)
        copies = self._store.delete_for_good(item.id)
        self._publish(ItemGone(item.id))
        return item.id, copies

    def documents_only_of(self, ids: Sequence[str]) -> list[DocumentRecord]:
        """Return the documents that nothing else would use after these items are deleted for good. Their text would
        still be stored.

        DocumentService.forget removes a document. Raises KnownError `item.unknown`.
        """
        return self._only_of({self._store.items.get(id).id for id in ids}, self._store.documents.uses())

    def _only_of(self, items: Collection[str], uses: Collection[tuple[str, str]]) -> list[DocumentRecord]:
        theirs = {document for item, document in uses if item in items}
        theirs -= {document for item, document in uses if item not in items}
        records = []
        for id in theirs:
            with suppress(KnownError):  # removed before
                records.append(self._store.documents.get(id))
        return sorted(
            (document for document in records if document.collection is None),
            key=lambda document: (document.name, document.id),
        )

    def remembered(self, id: str) -> int:
        """Return how many pairs of the translation memory came from an item. Deleting the item for good deletes them
        too.

        Raises KnownError `item.unknown`.
        """
        return self._store.memory.count_of_item(self._store.items.get(id).id)

    def empty_trash(self, older_than_s: float = 0.0) -> EmptiedTrash:
        """Delete for good what has been in the trash for longer than this. Raises KnownError."""
        before = self._store.revision()
        uses = self._store.documents.uses()
        self._forget_states()
        if not self._store.empty_trash(older_than_s):
            return EmptiedTrash((), ())
        gone = tuple(self._store.changed_since(before).gone)
        for id in gone:
            self._chats.drop(id)
            self._publish(ItemGone(id))
        return EmptiedTrash(gone, tuple(self._store.set_aside()), tuple(self._only_of(gone, uses)))

    def _forget_states(self) -> None:
        owners: set[str] = set()
        before: tuple[float, int] | None = None
        while page := self._store.items.page(None, before=before, limit=500, deleted=True):
            owners.update(item.id for item in page)
            owners.update(document.id for item in page for document in self._store.documents.of_item(item.id))
            before = (page[-1].updated, page[-1].n)
        self._states.forget(owners)

    def damaged(self) -> Sequence[Path]:
        return damaged_copies(self._paths.database)

    def rescue(self, damaged: Path, key: DataKey | None = None) -> Rescued:
        """Recover what can still be read from a damaged history, which is never written to. May take seconds.

        `key` is the key of the damaged history, if it is another than the current one. Raises KnownError `key.missing`,
        `file.missing`, `file.unreadable` (also when nothing in it is ours), `store.full`.
        """
        rescued = rescue_into(self._store, damaged, key=key)
        if not rescued.seen:
            raise KnownError("file.unreadable", path=str(damaged), reason=_("nothing of a history can be read in it"))
        for item in reversed(self._store.items.page(None, limit=100)):
            self._publish(ItemChanged(item))
        if rescued.models:
            self._publish(ModelsChanged())
        if rescued.glossaries or rescued.terms:
            self._publish(GlossariesChanged())
        return rescued

    def export(self, id: str, form: str) -> str:
        """Export a chat as text in `form` ('md', 'json'). Raises KnownError `item.unknown`, `request.invalid`."""
        item = self.item(id)
        if form not in TEXT_FORMS:
            raise KnownError("request.invalid", what=_("no format {form}").format(form=form))
        if form == "json":
            return to_json(*self._of_export(item.id))
        return to_markdown(item, self.shown(item))

    def shown(self, item: Item) -> Sequence[Message]:
        """Return the messages of an export: of a chat the shown path, of an older comparison of models all answers."""
        return self._chats.messages(item.id) if item.kind == COMPARISON else self._chats.open(item.id).messages

    def export_shape(self, id: str) -> dict[str, Json]:
        """Return a chat as the object in its JSON export. Raises KnownError `item.unknown`."""
        return chat_shape(*self._of_export(id))

    def _of_export(self, id: str) -> tuple[Item, Sequence[Message], Sequence[Message], Mapping[str, Json]]:
        held = self._chats.open(id)
        quotes: dict[str, Json] = {id: [to_wire(record) for record in records] for id, records in held.quotes.items()}
        return held.item, self._chats.messages(held.item.id), held.messages, quotes


# Export of items as Word, HTML, PDF, Markdown, spreadsheet or JSON; a file is written completely or not at all. The
# package of an item's kind makes the content of its export; items of other kinds are exported as chats. Files are
# made on a thread of their own, and PDF by the printer child. Service thread.


def page_size() -> str:
    """Return the usual paper size at the PC's location: "Letter" in North America, otherwise "A4"."""
    place = next((os.environ[name] for name in ("LC_ALL", "LC_PAPER", "LANG") if os.environ.get(name)), "")
    return "Letter" if place[:5] in ("en_US", "en_CA", "fr_CA", "es_MX", "es_US") else "A4"


class ExportService(Service):
    def __init__(
        self,
        runtime: Runtime,
        history: HistoryService,
        chats: ChatService,
        printer: ChildClient,
        exporter_of: Callable[[str], Exporter | None],
    ) -> None:
        """`exporter_of` returns the function that exports items of a kind. None means they are exported as chats."""
        super().__init__(runtime)
        self._history, self._chats, self._printer = history, chats, printer
        self._exporter_of = exporter_of
        self._prints: list[JobHandle] = []

    def give(self, id: str, form: str, *, headings: str = "") -> Pending[bytes]:
        """Export an item in a format of FORMS. A summary can also be "xlsx", a table also "csv".

        `headings`: the code of the language in which it speaks, or `base.runtime.headings.DOCUMENT`; "": that of
        the window, or English. Reports progress as (pages of a PDF done, pages in all). Ends with the Problem
        `request.invalid` for a format that items of its kind do not have. Raises KnownError `item.unknown`.
        """
        item = self._history.item(id)
        exporter = self._exporter_of(item.kind)
        spoken = headings_of(self._store, item, form, headings)
        made = in_language(spoken, exporter, item, form) if exporter else None
        return in_slices(self._service_thread, self._giving(made or self._as_chat(item, form), form, spoken))

    def write(self, id: str, form: str, target: Path, *, replace: bool = False, headings: str = "") -> Pending[int]:
        """Export an item to a file. Ends with the file's size, or a Problem (`file.exists`, `file.unwritable`,
        `disk.full`). Raises what `check` raises.

        Otherwise the same as `give`.
        """
        self.check(id, target)
        return self._writing(self.give(id, form, headings=headings), target, replace)

    def check(self, id: str, target: Path) -> None:
        """Check that no document that an item is about would be written over, nor the template of letters.

        Raises KnownError `file.is_source`, and `item.unknown`.
        """
        sources = [file_of(document) for document in self._store.documents.of_item(self._history.item(id).id)]
        if any(is_same_file(source, target) for source in (*sources, Path(self._settings.current.letter_template))):
            raise KnownError("file.is_source", path=str(target))

    @sliced
    def give_several(self, ids: Sequence[str], form: str, *, headings: str = "") -> Slices[bytes]:
        """Export chats in this order as one file in a format of FORMS: their titles, then each chat as a section. JSON
        is a list.

        Reports progress as `give` does. Ends with the Problem `request.invalid` for another format, for no ids, or for
        an item that is no chat, or with `item.unknown`.
        """
        several = list(dict.fromkeys(ids))
        first = self._history.item(several[0]) if several else None
        spoken = headings_of(self._store, first, form, headings) if first else ""
        data: bytes = yield from self._giving(self._several(several, form), form, spoken)
        return data

    def write_several(
        self, ids: Sequence[str], form: str, target: Path, *, replace: bool = False, headings: str = ""
    ) -> Pending[int]:
        """Export chats to a single file, as `give_several` and `write` do."""
        return self._writing(self.give_several(ids, form, headings=headings), target, replace)

    def print(self, paper: Paper) -> Pending[bytes]:
        """Convert a document to PDF, with the page size that is usual here.

        Reports progress as (pages done, pages in all; 0 means not known yet). A cancel ends with the Problem
        `print.stopped`.
        """

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: self._on_printed(job, event, pending))
            elif isinstance(event, Progress):
                self._service_thread.post(lambda: pending.progress((event.done, event.total)))

        pending: Pending[bytes] = Pending(lambda: job.cancel())
        job = self._printer.start("print", {"paper": to_wire(paper), "page": page_size()}, on_event)
        self._prints.append(job)
        return pending

    def close(self) -> None:
        for job in self._prints:
            job.cancel()
        self._prints.clear()

    @sliced
    def _writing(self, giving: Pending[bytes], target: Path, replace: bool) -> Slices[int]:
        def write(data: bytes) -> int:
            if is_there(target) and not replace:
                raise KnownError("file.exists", path=str(target))
            write_out(target, data)
            return len(data)

        data: bytes = yield giving
        size: int = yield pending_on_file_thread(self._service_thread, lambda: write(data), name="export")
        return size

    def _several(self, ids: Sequence[str], form: str) -> Slices[Make]:
        if not ids or form not in {form.id for form in FORMS}:
            raise KnownError("request.invalid", what=_("no format {form}").format(form=form) if ids else _("no chat"))
        shown: list[Shown] = []
        shapes: list[Json] = []
        for id in ids:
            item = self._history.item(id)
            if item.kind != KIND:
                raise KnownError("request.invalid", what=_("{id} is no chat").format(id=item.id))
            if form == "json":
                shapes.append(self._history.export_shape(item.id))
            else:
                held = self._chats.open(item.id)
                shown.append((held.item, held.messages))
            yield
        if form == "json":
            return lambda: chats_to_json(shapes).encode("utf-8", "replace")
        if form == "md":
            line = self._line_of([message for _item, path in shown for message in path])
            title = partial(counted_words, {"chat": len(ids)})
            return lambda: chats_to_markdown(title(), shown, line()).encode("utf-8", "replace")
        return lambda: chats_paper(counted_words({"chat": len(ids)}), shown)

    def write_new(self, id: str, form: str, folder: Path, name: str) -> Pending[int]:
        """Export an item to a file in a folder. `name` has no suffix; if it is taken, a number is added.

        Otherwise the same as `write`.
        """
        return self.write(id, form, free_name(folder / f"{name}.{form}"))

    def _as_chat(self, item: Item, form: str) -> Make:
        if form == "json":
            text = self._history.export(item.id, form)
            return lambda: text.encode("utf-8", "replace")
        messages = self._history.shown(item)
        if form == "md":
            line = self._line_of(messages)
            return lambda: to_markdown(item, messages, line=line()).encode("utf-8", "replace")
        return lambda: chat_paper(item, messages)

    def _line_of(self, messages: Sequence[Message]) -> Callable[[], str]:
        """Return the function that says, in the language of the export, which models wrote messages."""
        has_line = self._settings.current.model_line
        return lambda: written_by(models_of(messages)) if has_line else ""

    def _giving(self, prepared: Make | Slices[Make], form: str, spoken: str) -> Slices[bytes]:
        make = (yield from prepared) if isinstance(prepared, Generator) else prepared
        has_line = self._settings.current.model_line

        def run() -> bytes | Paper:
            return in_form(make(), form, has_line=has_line)

        made: bytes | Paper = yield pending_on_file_thread(
            self._service_thread, lambda: in_language(spoken, run), name="export"
        )
        if not isinstance(made, Paper):
            return made
        printed: bytes = yield self.print(made)
        return printed

    def _on_printed(self, job: JobHandle, event: Done | Failed | Cancelled, pending: Pending[bytes]) -> None:
        if job in self._prints:
            self._prints.remove(job)
        if isinstance(event, Failed):
            pending.end(problem_of(event.code, event.args))
            return
        if isinstance(event, Cancelled):
            pending.end(problem_for(KnownError("print.stopped")))
            return
        try:
            pdf = base64.b64decode(str(event.result.get("pdf", "")), validate=True)
        except (binascii.Error, ValueError):
            pdf = b""
        pending.end(pdf if pdf.startswith(b"%PDF") else problem_for(KnownError("child.protocol", reason="pdf")))


EVERY_S = 1.0
LISTED = 200
ORPHANS_EVERY = 5


class ChangeWatch(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, network: NetworkService) -> None:
        super().__init__(runtime)
        self._chats, self._network = chats, network
        self._revision = runtime.store.revision()
        self._version = runtime.store.data_version()
        self._models = _marks(runtime.store)
        self._documents = runtime.store.documents.marks(LISTED)
        self._looks = 0
        self._trouble = ""
        self._next: Later | None = None
        runtime.events.on(ModelsChanged, lambda _event: self._note_models())

    def start(self) -> None:
        self._next = self._service_thread.call_later(EVERY_S, self._on_time)

    def close(self) -> None:
        if self._next:
            self._next.cancel()
            self._next = None

    def restart(self) -> None:
        """Start again after the history was replaced. Its current content does not count as new."""
        self._revision = self._store.revision()
        self._version = self._store.data_version()
        self._note_models()

    def look(self) -> None:
        """Publish what is new. If the store cannot answer, the next call retries; the problem is published once."""
        self._settings.refresh()  # first: going offline elsewhere must apply here too, even if the store fails
        try:
            self._look()
            if self._trouble:
                self._publish(NoticeOver(self._trouble))
            self._trouble = ""
        except KnownError as err:
            if err.code not in ("store.busy", self._trouble):
                self._trouble = err.code
                self._publish(Noticed(problem_for(err)))

    def _note_models(self) -> None:
        with contextlib.suppress(KnownError):  # the store fails: the next call reports it
            self._models = _marks(self._store)

    def _on_time(self) -> None:
        self.start()
        self.look()

    def _look(self) -> None:
        self._looks += 1
        if self._looks % ORPHANS_EVERY == 1:
            for message in () if self._store.read_only else self._store.messages.mark_interrupted():
                self._publish(MessageChanged(message))
            self._network.say_today()
        # in this order: if another instance writes in between, the next call sees a new version
        revision, version = self._store.revision(), self._store.data_version()
        if version == self._version:
            self._revision = revision
            return
        self._version = version
        if self._models != _marks(self._store):
            self._publish(ModelsChanged())  # this event calls `_note_models`
        documents = self._store.documents.marks(LISTED)
        if self._documents != documents:  # perhaps changed by this instance; listing again is harmless
            self._documents = documents
            self._publish(DocumentsChanged())
        changes = self._store.changed_since(self._revision)
        self._revision = changes.revision
        for item in changes.items:
            self._publish(ItemChanged(item))
        for message in changes.messages:
            if self._chats.answers.is_writing(message.id):
                continue
            shown = self._chats.shown.get(message.item)
            if shown is not None and message.id not in shown:
                shown.add(message.id)
                self._publish(MessageAdded(message))
            else:
                self._publish(MessageChanged(message))
        for gone in changes.gone:
            self._chats.drop(gone)
            for shown in self._chats.shown.values():  # a deleted message may be restored
                shown.discard(gone)
            self._publish(ItemGone(gone))


def _marks(store: Store) -> dict[str, tuple[str, bytes]]:
    return {model.id: (model.name, model.path) for model in store.models.all()}
