"""Messages: a tree per item.  A row exists before its first word, grows, then ends; a running instance owns it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.attached import Attached, AttachmentPart
from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.records import AnswerEnding, Message, MessagePlace, RemovedMessages, Status
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.base.wire import record_from
from slmdesk.store.database import TICK_MS, RowLike
from slmdesk.store.items import Items
from slmdesk.store.locks import is_instance_alive
from slmdesk.store.part import Shared, StorePart, new_id
from slmdesk.store.retention import Holds
from slmdesk.store.rows import row_to
from slmdesk.store.search_index import SearchIndex


class Messages(StorePart):
    def __init__(self, shared: Shared, items: Items, index: SearchIndex) -> None:
        super().__init__(shared)
        self._items, self._index = items, index

    def add(
        self,
        item: str,
        *,
        parent: str | None,
        role: Role,
        parts: Sequence[TextPart] = (),
        text: str = "",
        status: Status,
        model_sha256: str | None = None,
        model_name: str | None = None,
        sampling: Mapping[str, Json] | None = None,
        seed: int | None = None,
        prompt_version: str | None = None,
        preset: str | None = None,
    ) -> Message:
        """Add a message, on the disk when this returns.  A streaming one is owned by this instance.

        Raises KnownError item.unknown for an item or a parent that does not exist, and store.*.
        """
        ident = new_id()
        with self._db.writing():
            found = self._items.get(item).id
            if parent is not None and self.get(parent).item != found:
                raise KnownError("item.unknown", id=parent[:80])
            n = self._insert("messages", {
                "id": ident, "item": found, "parent": parent, "role": Role(role),
                "parts": [to_json(part) for part in parts], "text": text, "status": status,
                "owner": self._shared.instance_id if status is Status.STREAMING else None,
                "model_sha256": model_sha256, "model_name": model_name, "preset": preset, "sampling": sampling or {},
                "seed": seed, "prompt_version": prompt_version, "error_args": {}, "created": self._clock(),
                "revision": self._shared.next_revision(),
            })  # fmt: skip
            if status is not Status.STREAMING:
                self.index(n)
            self._items.touch(found)
            return self.get(ident)

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message:
        """Replace the parts of a message that is not streaming: how much of an attachment is read is decided after the
        message is saved.  Raises KnownError item.unknown, store.*.
        """
        with self._db.writing():
            old = self.get(id)
            self._unindex(old.n)
            self._change(old.n, parts=[to_json(part) for part in parts])
            self.index(old.n)
            return self.get(id)

    def grow(self, id: str, text: str, thought: str = "") -> bool:
        """Write all of the text so far, and of the thought before it.  False: another instance was writing (try again
        at the next tick), or the message has ended.

        Raises KnownError store.full, store.read_only.
        """
        try:
            with self._db.writing(wait_ms=TICK_MS):
                values = {"text": text, "thought": thought, "revision": self._shared.next_revision()}
                changed = self._update("messages", values, "id = ? and status = 'streaming'", id)
        except KnownError as known:
            if known.code != "store.busy":
                raise
            return False
        return changed == 1

    def end(self, id: str, text: str, ending: AnswerEnding, thought: str = "") -> Message:
        """Write the final text, its thought and how the message ended, and index it.

        Raises KnownError item.unknown, store.*.
        """
        with self._db.writing():
            old = self.get(id)
            if old.status is not Status.STREAMING:  # already ended, perhaps by an instance that thought this one dead
                self._unindex(old.n)
            self._change(
                old.n,
                text=text,
                status=ending.status,
                owner=None,
                finish_reason=ending.finish_reason,
                tokens_in=ending.tokens_in,
                tokens_out=ending.tokens_out,
                tokens_reused=ending.tokens_reused,
                seconds=ending.seconds,
                seed=old.seed if ending.seed is None else ending.seed,
                sampling=ending.sampling_of(old.sampling),
                error_code=ending.error_code,
                error_args=ending.error_args,
                thought=thought,
                thought_seconds=ending.seconds_of_thought(old.thought_seconds),
            )
            self.index(old.n)
            self._items.touch(old.item)
            return self.get(id)

    def reopen(self, id: str) -> Message:
        """Let an ended answer grow again (Continue): its text is kept, this instance owns it.  Raises KnownError."""
        with self._db.writing():
            old = self.get(id)
            if old.status is Status.STREAMING:
                raise KnownError("request.invalid", what="this answer is still being written")
            self._unindex(old.n)
            self._change(
                old.n,
                status=Status.STREAMING,
                owner=self._shared.instance_id,
                finish_reason=None,
                error_code=None,
                error_args={},
            )
            return self.get(id)

    def edit(self, id: str, text: str) -> Message:
        """Replace the text of an ended answer by a person's; what the model wrote is kept as `original`.

        With the text of `original` the answer is again as the model wrote it.  Raises KnownError `request.invalid`
        while it is being written, item.unknown, store.*.
        """
        with self._db.writing():
            old = self.get(id)
            if old.status is Status.STREAMING:
                raise KnownError("request.invalid", what="this answer is still being written")
            original = old.text if old.original is None else old.original
            self._unindex(old.n)
            self._change(old.n, text=text, original=None if text == original else original)
            self.index(old.n)
            self._items.touch(old.item)
            return self.get(id)

    def remove(self, ids: Sequence[str]) -> RemovedMessages:
        """Delete messages of one item for good; what hangs below them moves up to the next message that stays.

        Backups are renewed by the next `Store.purge`.  Raises KnownError `request.invalid` when one is being written,
        item.unknown, store.*.
        """
        with self._db.writing():
            old = [self.get(id) for id in ids]
            item, above = old[0].item, {one.id: one.parent for one in old}
            if any(one.status is Status.STREAMING for one in old):
                raise KnownError("request.invalid", what="an answer is still being written")
            rows = tuple(dict(self._db.row("select * from messages where n = ?", (one.n,)) or {}) for one in old)
            moved = []
            Holds(self._shared).require_free([item])
            for child in self.of_item(item):
                parent = child.parent
                if child.id in above or parent not in above:
                    continue
                moved.append((child.id, str(parent)))
                while parent in above:
                    parent = above[parent]
                self._change(child.n, parent=parent)
            for one in old:
                self._unindex(one.n)
                self._db.run("delete from messages where n = ?", (one.n,))
                self._shared.note_gone(one.id)
            self._shared.request_purge()
            self._items.touch(item)
            return RemovedMessages(item, rows, tuple(moved))

    def put_back(self, removed: RemovedMessages) -> None:
        """Undo `remove`.  Raises KnownError item.unknown when their item is gone, store.*."""
        with self._db.writing():
            self._items.get(removed.item)
            for row in removed.rows:
                taken = self._db.row("select 1 from messages where n = ?", (row["n"],))
                values = {**row, "n": None if taken else row["n"], "revision": self._shared.next_revision()}
                self.index(self._insert("messages", values))
            for child, parent in removed.moved:
                self._update("messages", {"parent": parent, "revision": self._shared.next_revision()}, "id = ?", child)
            self._items.touch(removed.item)

    def get(self, id: str) -> Message:
        """The message with this id.  Raises KnownError item.unknown."""
        message = self._first(message_from, "select * from messages where id = ?", (id,))
        if message is None:
            raise KnownError("item.unknown", id=id[:80])
        return message

    def of_item(self, item: str) -> list[Message]:
        return self._all(message_from, "select * from messages where item = ? order by n", (self._items.get(item).id,))

    def tree_of_item(self, item: str) -> list[MessagePlace]:
        query = "select n, id, parent, role from messages where item = ? order by n"
        return list(map(MessagePlace._make, self._db.rows(query, (self._items.get(item).id,))))

    def some(self, ids: Sequence[str]) -> list[Message]:
        places = ", ".join("?" * len(ids))
        found = self._all(message_from, f"select * from messages where id in ({places})", tuple(ids))
        known = {one.id: one for one in found}
        return [known[id] for id in ids if id in known]

    def delete_of_item(self, item: str) -> None:
        """Inside a transaction: delete an item's messages and their entries in the index."""
        for row in self._db.rows("select n from messages where item = ? and status <> 'streaming'", (item,)):
            self._unindex(row["n"])
        self._db.run("delete from messages where item = ?", (item,))

    def mark_interrupted(self, owner_gone: Callable[[str], bool] | None = None) -> list[Message]:
        """End the messages that instances which are gone left open, keeping their text.  Returns those messages."""
        mine, paths = self._shared.instance_id, self._shared.paths
        gone = owner_gone or (lambda owner: owner != mine and not is_instance_alive(paths, owner))
        query = "select * from messages where status = 'streaming' order by n"
        if not any(gone(row["owner"] or "") for row in self._db.rows(query)):
            return []
        ended: list[Message] = []
        with self._db.writing():
            for row in self._db.rows(query):
                if gone(row["owner"] or ""):
                    ended.append(self._interrupt(row))
        return ended

    def _interrupt(self, row: RowLike) -> Message:
        try:
            ending = AnswerEnding(Status.INTERRUPTED, seed=row["seed"])
            return self.end(row["id"], row["text"], ending, row["thought"])
        except KnownError as known:
            if known.code != "item.unknown":
                raise
            self._db.note_damage()  # the row exists, but the index does not contain it
            raise KnownError("store.damaged", path=str(self._db.path)) from known

    def index(self, n: int) -> None:
        """Inside a transaction: index the message with this number."""
        self._index.add(n, self._searchable(n))

    def _unindex(self, n: int) -> None:
        self._index.remove(n, self._searchable(n))

    def _searchable(self, n: int) -> str:
        row = self._db.row("select parts, text from messages where n = ?", (n,))
        return self._index.words_of(row["parts"], row["text"]) if row else ""

    def _change(self, n: int, **values: object) -> None:
        self._update("messages", {**values, "revision": self._shared.next_revision()}, "n = ?", n)


def parts_from(text: str) -> tuple[TextPart, ...]:
    return tuple(_part_from(each) for each in json.loads(text)) if text != "[]" else ()


def _part_from(shape: Mapping[str, Json]) -> TextPart:
    words, origin = str(shape["text"]), Origin(str(shape["origin"]))
    if "attached" not in shape:
        return TextPart(words, origin)
    try:
        return AttachmentPart(words, origin, record_from(Attached, shape["attached"]))
    except KnownError as known:
        raise ValueError("not an attachment") from known


def message_from(row: RowLike) -> Message:
    return row_to(Message, row, parts=parts_from(row["parts"]))
