"""Messages: a tree per item.  A row exists before its first word, grows, then ends; a running instance owns it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from slmdesk.core.attached import Attached, AttachmentPart
from slmdesk.core.errors import KnownError
from slmdesk.core.records import Ending, Message, Status
from slmdesk.core.types import Json, Origin, Role, TextPart
from slmdesk.core.wire import dataclass_from, to_json
from slmdesk.store.database import TICK_MS, RowLike
from slmdesk.store.items import Items
from slmdesk.store.locks import is_instance_alive
from slmdesk.store.part import mapping_from, new_id


class Messages(Items):
    """The part of the store for messages."""

    def add_message(
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
            found = self.item(item).id
            if parent is not None and self.message(parent).item != found:
                raise KnownError("item.unknown", id=parent[:80])
            n = self._db.insert(
                "insert into messages (id, item, parent, role, parts, text, status, owner, model_sha256, model_name,"
                " preset, sampling, seed, prompt_version, error_args, created, revision)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', ?, ?)",
                (
                    ident,
                    found,
                    parent,
                    Role(role).value,
                    self._json([to_json(part) for part in parts]),
                    self._text(text),
                    status.value,
                    self._instance_id if status is Status.STREAMING else None,
                    model_sha256,
                    self._maybe_text(model_name),
                    preset,
                    self._json(sampling or {}),
                    seed,
                    prompt_version,
                    self._clock(),
                    self._next_revision(),
                ),
            )
            if status is not Status.STREAMING:
                self._index_message(n)
            self._touch_item(found)
            return self.message(ident)

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message:
        """Replace the parts of a message that is not streaming: how much of an attachment is read is decided after the
        message is saved.  Raises KnownError item.unknown, store.*.
        """
        with self._db.writing():
            old = self.message(id)
            self._unindex_message(old.n)
            shape = self._json([to_json(part) for part in parts])
            self._db.run(
                "update messages set parts = ?, revision = ? where n = ?", (shape, self._next_revision(), old.n)
            )
            self._index_message(old.n)
            return self.message(id)

    def grow_message(self, id: str, text: str) -> bool:
        """Write all of the text so far.  False: another instance was writing (try again at the next tick), or the
        message has ended.

        Raises KnownError store.full, store.read_only.
        """
        try:
            with self._db.writing(wait_ms=TICK_MS):
                changed = self._db.run(
                    "update messages set text = ?, revision = ? where id = ? and status = 'streaming'",
                    (self._text(text), self._next_revision(), id),
                )
        except KnownError as known:
            if known.code != "store.busy":
                raise
            return False
        return changed == 1

    def end_message(self, id: str, text: str, ending: Ending) -> Message:
        """Write the final text and how the message ended, and index it.  Raises KnownError item.unknown, store.*."""
        with self._db.writing():
            old = self.message(id)
            if old.status is not Status.STREAMING:  # already ended, perhaps by an instance that thought this one dead
                self._unindex_message(old.n)
            self._db.run(
                "update messages set text = ?, status = ?, owner = null, finish_reason = ?, tokens_in = ?,"
                " tokens_out = ?, tokens_reused = ?, seconds = ?, seed = coalesce(?, seed), sampling = ?,"
                " error_code = ?, error_args = ?, revision = ? where n = ?",
                (
                    self._text(text),
                    ending.status.value,
                    ending.finish_reason,
                    ending.tokens_in,
                    ending.tokens_out,
                    ending.tokens_reused,
                    ending.seconds,
                    ending.seed,
                    self._json(ending.sampling_of(old.sampling)),
                    ending.error_code,
                    self._json(ending.error_args),
                    self._next_revision(),
                    old.n,
                ),
            )
            self._index_message(old.n)
            self._touch_item(old.item)
            return self.message(id)

    def reopen_message(self, id: str) -> Message:
        """Let an ended answer grow again (Continue): its text is kept, this instance owns it.  Raises KnownError."""
        with self._db.writing():
            old = self.message(id)
            if old.status is Status.STREAMING:
                raise KnownError("request.invalid", what="this answer is still being written")
            self._unindex_message(old.n)
            self._db.run(
                "update messages set status = 'streaming', owner = ?, finish_reason = null, error_code = null,"
                " error_args = '{}', revision = ? where n = ?",
                (self._instance_id, self._next_revision(), old.n),
            )
            return self.message(id)

    def message(self, id: str) -> Message:
        """The message with this id.  Raises KnownError item.unknown."""
        row = self._db.row("select * from messages where id = ?", (id,))
        if row is None:
            raise KnownError("item.unknown", id=id[:80])
        return self._made(message_from, row)

    def messages(self, item: str) -> list[Message]:
        """All messages of an item's tree, in the order they were added."""
        rows = self._db.rows("select * from messages where item = ? order by n", (self.item(item).id,))
        return [self._made(message_from, row) for row in rows]

    def mark_interrupted(self, owner_gone: Callable[[str], bool] | None = None) -> list[Message]:
        """End the messages that instances which are gone left open, keeping their text.  Returns those messages."""
        gone = owner_gone or (lambda owner: owner != self._instance_id and not is_instance_alive(self._paths, owner))
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
            return self.end_message(row["id"], row["text"], Ending(Status.INTERRUPTED, seed=row["seed"]))
        except KnownError as known:
            if known.code != "item.unknown":
                raise
            self._db.note_damage()  # the row exists, but the index does not contain it
            raise KnownError("store.damaged", path=str(self._db.path)) from known

    def _index_message(self, n: int) -> None:
        self._index(n, self._searchable(n))

    def _unindex_message(self, n: int) -> None:
        self._unindex(n, self._searchable(n))

    def _searchable(self, n: int) -> str:
        row = self._db.row("select parts, text from messages where n = ?", (n,))
        return self._words_of(row["parts"], row["text"]) if row else ""


def parts_from(text: str) -> tuple[TextPart, ...]:
    """The parts of a message, from their column."""
    return tuple(_part_from(each) for each in json.loads(text))


def _part_from(shape: Mapping[str, Json]) -> TextPart:
    words, origin = str(shape["text"]), Origin(str(shape["origin"]))
    if "attached" not in shape:
        return TextPart(words, origin)
    try:
        return AttachmentPart(words, origin, dataclass_from(Attached, shape["attached"]))
    except KnownError as known:
        raise ValueError("not an attachment") from known


def message_from(row: RowLike) -> Message:
    """Build the dataclass of a row."""
    plain = (
        "n", "id", "item", "parent", "text", "owner", "model_sha256", "model_name", "preset", "seed", "tokens_in",
        "tokens_out", "tokens_reused", "seconds", "finish_reason", "prompt_version", "error_code", "created",
        "revision",
    )  # fmt: skip
    return Message(
        **{name: row[name] for name in plain},
        role=Role(row["role"]),
        parts=parts_from(row["parts"]),
        status=Status(row["status"]),
        sampling=mapping_from(row["sampling"]),
        error_args=mapping_from(row["error_args"]),
    )
