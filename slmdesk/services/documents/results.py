"""What is made of documents and kept as an item of a kind: begun, found again, told in words.  Service thread.

History, search and export know such an item as they know a chat: what was asked is its first message, what came of it,
in words, the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, Item, JobRecord, ModelRecord, Status
from slmdesk.core.types import Json, Origin, Role, TextPart
from slmdesk.services.base.events import Event, ItemChanged, MessageAdded
from slmdesk.store import Store


class DocumentItems:
    """The items of one kind."""

    def __init__(self, store: Store, publish: Callable[[Event], None], kind: str) -> None:
        self._store, self._publish, self._kind = store, publish, kind

    def find(self, item: str) -> Item:
        """By id, or the beginning of one.  Raises KnownError `item.unknown`, also for one of another kind."""
        found = self._store.item(item)
        if found.kind != self._kind:
            raise KnownError("item.unknown", id=item[:80])
        return found

    def newest_job(self, item: str) -> JobRecord | None:
        """The newest job that works for an item."""
        return next((one for one in self._store.jobs_of(item) if one.kind == self._kind), None)

    def add(self, title: str, documents: Sequence[DocumentRecord], request: Mapping[str, Json], asked: str) -> Item:
        """Keep a new one, linked to its documents; `asked` is what a person wished, as they would say it."""
        item = self._store.add_item(self._kind, title, settings={"wish": request})
        self._store.link_documents(item.id, list(dict.fromkeys(one.id for one in documents)))
        message = self._store.add_message(
            item.id, parent=None, role=Role.USER, status=Status.COMPLETE, parts=(TextPart(asked, Origin.PERSON),)
        )
        self._publish(ItemChanged(self._store.item(item.id)))
        self._publish(MessageAdded(message))
        return item

    def keep_words(
        self, item: str, words: str, record: ModelRecord | None = None, prompt_version: str | None = None
    ) -> None:
        """What came of it as a message; a second time (after a crash between) changes nothing."""
        messages = self._store.messages(item)
        if not any(one.role is Role.ASSISTANT and one.text == words for one in messages):
            reported = self._store.add_message(
                item,
                parent=next((one.id for one in messages if one.role is Role.USER), None),
                role=Role.ASSISTANT,
                text=words,
                status=Status.COMPLETE,
                model_sha256=record.sha256 if record else None,
                model_name=record.name if record else None,
                prompt_version=prompt_version,
            )
            self._store.change_item_settings(item, leaf=reported.id)
            self._publish(MessageAdded(reported))
        self._publish(ItemChanged(self._store.item(item)))


def title_of(documents: Sequence[DocumentRecord]) -> str:
    """The name of the first, and how many more there are."""
    return documents[0].name if len(documents) == 1 else f"{documents[0].name} and {len(documents) - 1} more"


def names_of(documents: Sequence[DocumentRecord], most: int = 20) -> str:
    """The names of the first ones."""
    return ", ".join(one.name for one in documents[:most])
