"""Items made from documents (summaries, tables …): added, found and given a message in the history.  Service thread.

Such an item looks like a chat to history, search and export: the request is its first message, the result in words the
second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord, Status
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.jobs.resumable import REQUEST
from slmdesk.runtime.events import Event, ItemChanged, MessageAdded
from slmdesk.store import Store


class DocumentItems:
    def __init__(self, store: Store, publish: Callable[[Event], None], kind: str) -> None:
        self._store, self._publish, self._kind = store, publish, kind

    def find(self, item: str) -> Item:
        """Return an item by id or beginning of one.  Raises KnownError `item.unknown`, also for another kind of
        item.
        """
        found = self._store.items.get(item)
        if found.kind != self._kind:
            raise KnownError("item.unknown", id=item[:80])
        return found

    def newest_job(self, item: str) -> JobRecord | None:
        return next((one for one in self._store.jobs.of_item(item) if one.kind == self._kind), None)

    def add(self, title: str, documents: Sequence[DocumentRecord], request: Mapping[str, Json], asked: str) -> Item:
        """Add an item linked to its documents; `asked` is the request in words, kept as its first message."""
        item = self._store.items.add(self._kind, title, settings={REQUEST: request})
        self._store.documents.link(item.id, list(dict.fromkeys(one.id for one in documents)))
        message = self._store.messages.add(
            item.id, parent=None, role=Role.USER, status=Status.COMPLETE, parts=(TextPart(asked, Origin.PERSON),)
        )
        self._publish(ItemChanged(self._store.items.get(item.id)))
        self._publish(MessageAdded(message))
        return item

    def keep_words(
        self, item: str, words: str, record: ModelRecord | None = None, prompt_version: str | None = None
    ) -> None:
        """Store the result in words as a message; a repeated call (after a crash) changes nothing."""
        messages = self._store.messages.of_item(item)
        if not any(one.role is Role.ASSISTANT and one.text == words for one in messages):
            reported = self._store.messages.add(
                item,
                parent=next((one.id for one in messages if one.role is Role.USER), None),
                role=Role.ASSISTANT,
                text=words,
                status=Status.COMPLETE,
                model_sha256=record.sha256 if record else None,
                model_name=record.name if record else None,
                prompt_version=prompt_version,
            )
            self._store.items.change_settings(item, leaf=reported.id)
            self._publish(MessageAdded(reported))
        self._publish(ItemChanged(self._store.items.get(item)))


def title_of(documents: Sequence[DocumentRecord]) -> str:
    return documents[0].name if len(documents) == 1 else f"{documents[0].name} and {len(documents) - 1} more"


def names_of(documents: Sequence[DocumentRecord], most: int = 20) -> str:
    return ", ".join(one.name for one in documents[:most])
