"""An in-memory message store for chats that must not be written to the disk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Protocol, Required, TypedDict, Unpack
from uuid import uuid4

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import AnswerEnding, Item, Message, RemovedMessages, Status
from slmdesk.base.types import Json, Role, TextPart

PREFIX = "unsaved-"


def is_private(id: str) -> bool:
    return id.startswith(PREFIX)


class NewMessage(TypedDict, total=False):
    parent: Required[str | None]
    role: Required[Role]
    parts: Required[Sequence[TextPart]]
    status: Required[Status]
    text: str
    model_sha256: str | None
    model_name: str | None
    sampling: Mapping[str, Json] | None
    seed: int | None
    prompt_version: str | None
    preset: str | None


class ItemRows(Protocol):
    def get(self, id: str) -> Item:
        """Return an item.  Raises KnownError `item.unknown`."""

    def change_settings(self, id: str, **values: Json) -> Item:
        """Change some of an item's own settings and return the item; None removes a key."""

    def rename(self, id: str, title: str) -> Item: ...


class MessageRows(Protocol):
    def add(self, item: str, **new: Unpack[NewMessage]) -> Message:
        """Add a message below `parent`; it is saved when this returns."""

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message: ...

    def grow(self, id: str, text: str, thought: str = "") -> bool:
        """Replace the text of a growing message; returns False when it could not be written now."""

    def end(self, id: str, text: str, ending: AnswerEnding, thought: str = "") -> Message: ...

    def reopen(self, id: str) -> Message: ...

    def edit(self, id: str, text: str) -> Message:
        """Replace the text of an ended answer, keeping what the model wrote, and return it."""

    def remove(self, ids: Sequence[str]) -> RemovedMessages:
        """Delete messages of one item; what hangs below them moves up."""

    def put_back(self, removed: RemovedMessages) -> None: ...

    def get(self, id: str) -> Message:
        """Return a message.  Raises KnownError `item.unknown`."""

    def of_item(self, item: str) -> list[Message]:
        """Return all messages of an item's tree, oldest first."""


class MessageStore(Protocol):
    @property
    def items(self) -> ItemRows: ...

    @property
    def messages(self) -> MessageRows: ...


class EphemeralStore:
    def __init__(self) -> None:
        numbers = count(1)
        self.items = EphemeralItems(numbers)
        self.messages = EphemeralMessages(self.items, numbers)

    def forget(self, id: str) -> None:
        self.items.forget(id)
        self.messages.forget(id)


class EphemeralItems:
    def __init__(self, numbers: Iterator[int]) -> None:
        self._items: dict[str, Item] = {}
        self._numbers = numbers

    def add(self, kind: str, title: str, *, settings: Mapping[str, Json] | None = None) -> Item:
        now, n = time.time(), next(self._numbers)
        item = Item(
            n=n, id=PREFIX + uuid4().hex, kind=kind, title=title, folder=None, pinned=False, created=now, updated=now,
            deleted_at=None, revision=n, settings=dict(settings or {}),
        )  # fmt: skip
        self._items[item.id] = item
        return item

    def get(self, id: str) -> Item:
        if id not in self._items:
            raise KnownError("item.unknown", id=id)
        return self._items[id]

    def change_settings(self, id: str, **values: Json) -> Item:
        settings = {key: value for key, value in {**self.get(id).settings, **values}.items() if value is not None}
        return self.change(id, settings=settings)

    def rename(self, id: str, title: str) -> Item:
        return self.change(id, title=title)

    def change(self, id: str, **values: Any) -> Item:
        self._items[id] = changed(self.get(id), revision=next(self._numbers), **values)
        return self._items[id]

    def forget(self, id: str) -> None:
        self._items.pop(id, None)


class EphemeralMessages:
    def __init__(self, items: EphemeralItems, numbers: Iterator[int]) -> None:
        self._items, self._numbers = items, numbers
        self._messages: dict[str, Message] = {}

    def forget(self, item: str) -> None:
        self._messages = {key: one for key, one in self._messages.items() if one.item != item}

    def add(self, item: str, **new: Unpack[NewMessage]) -> Message:
        n = next(self._numbers)
        message = Message(
            n=n, id=PREFIX + uuid4().hex, item=self._items.get(item).id, parent=new["parent"], role=new["role"],
            parts=tuple(new["parts"]), text=new.get("text", ""), status=new["status"], owner=None,
            model_sha256=new.get("model_sha256"), model_name=new.get("model_name"), preset=new.get("preset"),
            sampling=dict(new.get("sampling") or {}), seed=new.get("seed"), tokens_in=None, tokens_out=None,
            tokens_reused=None, seconds=None, finish_reason=None, prompt_version=new.get("prompt_version"),
            error_code=None, error_args={}, created=time.time(), revision=n,
        )  # fmt: skip
        self._messages[message.id] = message
        self._items.change(item, updated=message.created)
        return message

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message:
        return self._change(id, parts=tuple(parts))

    def grow(self, id: str, text: str, thought: str = "") -> bool:
        self._change(id, text=text, thought=thought)
        return True

    def end(self, id: str, text: str, ending: AnswerEnding, thought: str = "") -> Message:
        return self._change(
            id,
            text=text,
            status=ending.status,
            finish_reason=ending.finish_reason,
            tokens_in=ending.tokens_in,
            tokens_out=ending.tokens_out,
            tokens_reused=ending.tokens_reused,
            seconds=ending.seconds,
            seed=ending.seed,
            sampling=ending.sampling_of(self.get(id).sampling),
            error_code=ending.error_code,
            error_args=dict(ending.error_args),
            thought=thought,
            thought_seconds=ending.seconds_of_thought(self.get(id).thought_seconds),
        )

    def edit(self, id: str, text: str) -> Message:
        old = self.get(id)
        original = old.text if old.original is None else old.original
        return self._change(id, text=text, original=None if text == original else original)

    def remove(self, ids: Sequence[str]) -> RemovedMessages:
        old = {id: self.get(id) for id in ids}
        item, moved = next(iter(old.values())).item, []
        for child in self.of_item(item):
            parent = child.parent
            if child.id in old or parent not in old:
                continue
            moved.append((child.id, str(parent)))
            while parent in old:
                parent = old[parent].parent
            self._change(child.id, parent=parent)
        self._messages = {key: one for key, one in self._messages.items() if key not in old}
        return RemovedMessages(item, tuple({"message": one} for one in old.values()), tuple(moved))

    def put_back(self, removed: RemovedMessages) -> None:
        back = [row["message"] for row in removed.rows]
        messages = sorted((*self._messages.values(), *back), key=lambda one: one.n)
        self._messages = {one.id: one for one in messages}
        for child, parent in removed.moved:
            if child in self._messages:
                self._change(child, parent=parent)

    def reopen(self, id: str) -> Message:
        return self._change(id, status=Status.STREAMING)

    def get(self, id: str) -> Message:
        if id not in self._messages:
            raise KnownError("item.unknown", id=id)
        return self._messages[id]

    def of_item(self, item: str) -> list[Message]:
        return [one for one in self._messages.values() if one.item == item]

    def _change(self, id: str, **values: Any) -> Message:
        updated = changed(self.get(id), revision=next(self._numbers), **values)
        self._messages[id] = updated
        return updated
