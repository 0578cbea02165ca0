"""Watches settings and database for changes by other instances, once a second."""

from __future__ import annotations

import contextlib

from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentStatus
from slmdesk.chat.service import ChatService
from slmdesk.library.events import DocumentsChanged
from slmdesk.loader.events import ModelsChanged
from slmdesk.online.network_log import NetworkService
from slmdesk.runtime.events import ItemChanged, ItemGone, MessageAdded, MessageChanged, Noticed, NoticeOver
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later
from slmdesk.store import Store

EVERY_S = 1.0
LISTED = 200
ORPHANS_EVERY = 5


class ChangeWatch(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, network: NetworkService) -> None:
        super().__init__(runtime)
        self._chats, self._network = chats, network
        self._revision = runtime.store.revision()
        self._version = runtime.store.data_version()
        self._models, self._documents = _marks(runtime.store), _document_marks(runtime.store)
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
        """Start over after the history was replaced: its current content is not new."""
        self._revision, self._version = self._store.revision(), self._store.data_version()
        self._note_models()

    def look(self) -> None:
        """Publish what is new.  When the store cannot answer, it is asked again next time; the problem is published
        once.
        """
        self._settings.refresh()  # first: “offline” said elsewhere holds here too, whatever ails the store
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
        with contextlib.suppress(KnownError):  # a store in trouble: the next look says so
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
        # in this order: what another instance writes in between shows as a new version next time
        revision, version = self._store.revision(), self._store.data_version()
        if version == self._version:
            self._revision = revision
            return
        self._version = version
        if self._models != _marks(self._store):
            self._publish(ModelsChanged())  # comes back through `_note_models`
        documents = _document_marks(self._store)
        if (
            self._documents != documents
        ):  # or this instance's own since the last look: listing them once more harms nobody
            self._documents = documents
            self._publish(DocumentsChanged())
        changes = self._store.changed_since(self._revision)
        self._revision = changes.revision
        for item in changes.items:
            self._publish(ItemChanged(item))
        for message in changes.messages:
            if self._chats.is_writing(message.id):
                continue
            shown = self._chats.shown.get(message.item)
            if shown is not None and message.id not in shown:
                shown.add(message.id)
                self._publish(MessageAdded(message))
            else:
                self._publish(MessageChanged(message))
        for gone in changes.gone:
            self._chats.drop(gone)
            for shown in self._chats.shown.values():  # a message that was deleted may be brought back
                shown.discard(gone)
            self._publish(ItemGone(gone))


def _marks(store: Store) -> dict[str, tuple[str, bytes]]:
    return {one.id: (one.name, one.path) for one in store.models.all()}


def _document_marks(store: Store) -> list[tuple[str, str, DocumentStatus]]:
    return store.documents.marks(LISTED)
