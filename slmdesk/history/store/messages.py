"""Store items, their trees of messages and their results, and search the text of all of these."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import AnswerEnding, Found, Item, Message, MessagePlace, RemovedMessages, Status
from slmdesk.base.text import folding
from slmdesk.base.text.folding import fold, snippet_of
from slmdesk.base.texts import _
from slmdesk.base.types import Attached, AttachmentPart, Json, Origin, Role, TextPart
from slmdesk.history.store.database import (
    TICK_MS,
    Row,
    RowLike,
    Shared,
    StorePart,
    Value,
    given,
    is_instance_alive,
    mapping_from,
    marks,
    merged,
    new_id,
    row_to,
)

INDEXES = ("words", "titles", "passage_words", "memory_words")
INDEXED = 3
"""Longest word beginning, in letters, that has an index of its own (history/store/opening.py)."""
LOOKED_AT = 300
"""Most messages that are read to find a word that many messages contain."""
OLDEST = -(1 << 62)
PAGES = 100
"""Pages of an index that one step of a purge writes."""
WITHOUT_MESSAGES = -(1 << 60)
"""Added to the number of an item without messages, so that the item is sorted behind every message."""


_ARE_SEARCHED = (
    "items.deleted_at is null and items.kind <> 'space' and ? in ('', items.kind)"
    " and coalesce(?, items.archived) = items.archived"
)


class _Items(Record):
    kind: str
    archived: bool | None

    @property
    def values(self) -> tuple[Value, ...]:
        return self.kind, self.archived


class SearchIndex(StorePart):
    def search(
        self, words: str, *, limit: int = 50, before: int | None = None, kind: str = "", archived: bool | None = None
    ) -> list[Found]:
        """Return messages that contain all of the words, newest first. The last word may be only the beginning of a
        word. An item whose title alone matches appears once, at the position of its newest message, with an empty
        `message`. `before` is the `n` of the last hit already shown. Spaces and items in the trash are left out.
        """
        query = fts_query(words)
        if not query:
            return []
        newest = before if before is not None else -OLDEST
        items = _Items(kind, archived)
        hits = self._in_messages(query, words, items, newest, limit)
        oldest = hits[-1].n if len(hits) == limit else OLDEST
        hits += self._in_titles(query, words, items, newest, oldest, limit)
        return sorted(hits, key=lambda message: message.n, reverse=True)[:limit]

    def _in_messages(self, query: str, words: str, items: _Items, newest: int, limit: int) -> list[Found]:
        common = self._common(words, items, newest, limit)
        rows = self._matching(query, items, newest, limit) if common is None else common
        hits: list[Found] = []
        for row in rows:
            snippet = snippet_of(self.words_of(row["parts"], row["text"]), words)
            hits.append(Found(row["item"], row["id"], row["title"], snippet, row["n"]))
        return hits

    def _matching(self, query: str, items: _Items, newest: int, limit: int) -> Sequence[RowLike]:
        return self._db.rows(
            "select messages.n, messages.id, messages.item, messages.parts, messages.text, items.title"
            " from words join messages on messages.n = words.rowid join items on items.id = messages.item"
            f" where words match ? and words.rowid < ? and {_ARE_SEARCHED}"
            " order by words.rowid desc limit ?",
            (query, newest, *items.values, limit),
        )

    def _common(self, words: str, items: _Items, newest: int, limit: int) -> list[RowLike] | None:
        """Return the newest matching messages if many messages contain the last word. Returns None if few contain it,
        or if the word is short. For a beginning longer than INDEXED letters FTS5 first gathers every message, which
        takes half a second if a million match. So this searches for its first letters, and reads the messages found.
        """
        *others, last = folding.query_pieces(words)
        if len(last) > 1 or len(last[0]) <= INDEXED:
            return None
        matches: list[RowLike] = []
        rows = self._matching(_query_of([*others, [last[0][:INDEXED]]]), items, newest, LOOKED_AT)
        for at, row in enumerate(rows):
            if at >= LOOKED_AT // 5 and len(rows) == LOOKED_AT and len(matches) * LOOKED_AT < at * limit:
                return None  # too few matches among these
            if f" {last[0]}" in f" {folding.fold_for_search(self.words_of(row['parts'], row['text']))}":
                matches.append(row)
            if len(matches) == limit:
                return matches
        return None  # few contain it, or the index of beginnings is damaged

    def _in_titles(self, query: str, words: str, items: _Items, newest: int, oldest: int, limit: int) -> list[Found]:
        rows = self._db.rows(
            "select * from (select items.id, items.title,"
            " coalesce((select max(n) from messages where item = items.id), items.n + ?) as place"
            f" from titles join items on items.n = titles.rowid where titles match ? and {_ARE_SEARCHED})"
            " where place > ? and place < ? order by place desc",
            (WITHOUT_MESSAGES, query, *items.values, oldest, newest),
        )
        hits: list[Found] = []
        for row in rows:
            if len(hits) == limit:
                break
            begin = self._db.row("select n, parts, text from messages where item = ? order by n limit 1", (row["id"],))
            if begin and self._is_in_messages_of(row["id"], query, begin["n"], row["place"]):
                continue
            text = self.words_of(begin["parts"], begin["text"]) if begin else ""
            hits.append(Found(row["id"], "", row["title"], snippet_of(text, words), row["place"]))
        return hits

    def _is_in_messages_of(self, item: str, query: str, first: int, last: int) -> bool:
        # "cross": the index is queried once for a range of rows, not once for each of the item's messages
        row = self._db.row(
            "select 1 from words cross join messages on messages.n = words.rowid"
            " where words match ? and words.rowid between ? and ? and messages.item = ? limit 1",
            (query, first, last, item),
        )
        return row is not None

    def words_of(self, parts: str, text: str) -> str:
        return "\n".join([*(part["text"] for part in json.loads(parts)), text])

    def add(self, n: int, text: str, index: str = "words") -> None:
        """Index a title, or a message that has stopped growing. Call inside a transaction."""
        if folded := folding.fold_for_search(text):
            self._db.insert(f"insert into {index} (rowid, folded) values (?, ?)", (n, folded))

    def remove(self, n: int, text: str, index: str = "words") -> None:
        """Remove a text from the index. `text` must be exactly the text that was indexed, since the index stores none.
        Call inside a transaction.
        """
        if folded := folding.fold_for_search(text):
            self._db.insert(f"insert into {index} ({index}, rowid, folded) values ('delete', ?, ?)", (n, folded))

    def purge(self) -> None:
        """Rewrite the indexes without removed entries, since deletions leave words behind. Call in a transaction."""
        for index in INDEXES:
            self._db.insert(f"insert into {index} ({index}) values ('optimize')")

    def purge_some(self, *, is_first: bool) -> bool:
        """Do one step of `purge`, and return whether more steps are needed. Call inside a transaction. See
        https://sqlite.org/fts5.html#the_merge_command.
        """
        before = self._db.conn.total_changes
        for index in INDEXES:
            self._db.insert(
                f"insert into {index} ({index}, rank) values ('merge', ?)", (-PAGES if is_first else PAGES,)
            )
        return self._db.conn.total_changes - before > len(INDEXES)

    def is_current(self, *, thorough: bool = False) -> bool:
        """Tell whether the indexes use this version's folding of text. `thorough` also checks that they are intact."""
        if self._column_of("select value from meta where key = 'folding'") != [folding.VERSION]:
            return False
        if not thorough:
            return True
        try:
            with self._db.writing():
                for index in INDEXES:
                    self._db.insert(f"insert into {index} ({index}) values ('integrity-check')")
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            return False
        return True

    def rebuild(self) -> None:
        with self._db.writing():
            for index in INDEXES:
                self._db.insert(f"insert into {index} ({index}) values ('delete-all')")
            for item in self._db.rows("select n, title from items"):
                self.add(item["n"], item["title"], "titles")
            self._add_all("select n, parts, text from messages where n > ? and status <> 'streaming'", "words")
            self._add_all("select n, '[]' as parts, text from passages where n > ?", "passage_words")
            self._add_all("select n, '[]' as parts, source as text from memory where n > ?", "memory_words")
            self._db.run("insert or replace into meta values ('folding', ?)", (folding.VERSION,))

    def _add_all(self, query: str, index: str) -> None:
        last = OLDEST  # rescued rows have negative numbers
        while rows := self._db.rows(f"{query} order by n limit 500", (last,)):
            for row in rows:
                self.add(row["n"], self.words_of(row["parts"], row["text"]), index)
            last = rows[-1]["n"]


def fts_query(words: str) -> str:
    """Return the FTS5 query for these words, each quoted so that none is an operator. Empty if there are no words."""
    return _query_of(folding.query_pieces(words))


def _query_of(pieces: Sequence[Sequence[str]]) -> str:
    phrases = [f'"{" ".join(run)}"' for run in pieces]
    return " ".join(phrases) + "*" if phrases else ""


SPACE = "space"
"""Kind of an item that groups chats. A chat stores the id of its space as its folder."""
_LIVE_SPACES = "select id from items where kind = 'space' and deleted_at is null"


class Items(StorePart):
    def __init__(self, shared: Shared, index: SearchIndex) -> None:
        super().__init__(shared)
        self._index = index

    def add(self, kind: str, title: str, *, settings: Mapping[str, Json] | None = None) -> Item:
        """Add an item with a new id. Raises KnownError store.*."""
        return self.insert(new_id(), kind, title, self._clock(), settings or {})

    def insert(self, id: str, kind: str, title: str, created: object, settings: Mapping[str, Json]) -> Item:
        """Add an item with a given id, such as the id of a lost item. Raises KnownError store.*."""
        with self._db.writing():
            n = self._insert("items", {
                "id": id, "kind": kind, "title": title, "pinned": False, "created": created, "updated": created,
                "arrived": self._clock(), "revision": self._shared.next_revision(), "settings": settings,
            })  # fmt: skip
            item = self.get(id)
            self._index.add(n, item.title, "titles")
            return item

    def get(self, id: str) -> Item:
        """Return an item, also one in the trash."""
        return self._get(Item, "items", id)

    def page(
        self,
        kind: str | None = "chat",
        *,
        before: tuple[float, int] | None = None,
        limit: int = 100,
        deleted: bool = False,
    ) -> list[Item]:
        """Return items, last changed first; `kind` None means any. `before` is (updated, n) of the last item shown."""
        where = ""
        values: list[Value] = []
        if kind is not None:
            where, values = "and kind = ? ", [kind]
        if before is not None:
            where, values = f"{where}and (updated, n) < (?, ?)", [*values, *before]
        return self._all(
            Item,
            f"select * from items where deleted_at is {'not ' if deleted else ''}null {where}"
            " order by updated desc, n desc limit ?",
            [*values, limit],
        )

    def listed(
        self,
        kind: str = "chat",
        *,
        space: str = "",
        archived: bool = False,
        before: tuple[bool, float, int] | None = None,
        limit: int = 100,
    ) -> list[Item]:
        """Return the list of chats, pinned chats first. These are the chats of a space, the chats of no space (""), or
        all archived chats. `before` is (pinned, updated, n) of the last chat already shown.
        """
        where, values = "", list[Value]([kind, archived])
        if space and not archived:
            where, values = "and folder = ? ", [*values, space]
        elif not archived:
            where = f"and (folder is null or folder not in ({_LIVE_SPACES})) "
        if before is not None:
            where, values = f"{where}and (pinned, updated, n) < (?, ?, ?)", [*values, *before]
        return self._all(
            Item,
            f"select * from items where deleted_at is null and kind = ? and archived = ? {where}"
            " order by pinned desc, updated desc, n desc limit ?",
            [*values, limit],
        )

    def titles(self) -> list[tuple[str, str, str]]:
        return self._all(
            lambda row: (row["id"], row["kind"], row["title"]),
            "select id, kind, title from items where deleted_at is null and not archived order by updated desc, n desc",
        )

    def rename(self, id: str, title: str) -> Item:
        """Change the title, also in the search index.  The item keeps its position in the list."""
        with self._db.writing():
            old = self.get(id)
            new = self._change(old.id, title=title)
            self._index.remove(old.n, old.title, "titles")
            self._index.add(new.n, new.title, "titles")
            return new

    def change_settings(self, id: str, **values: Json) -> Item:
        """Update the item's own settings. A value of None removes the key. The item keeps its position in the list."""
        with self._db.writing():
            return self._change(id, settings=merged(self.get(id).settings, values))

    def place(
        self, id: str, *, pinned: bool | None = None, archived: bool | None = None, space: str | None = None
    ) -> Item:
        """Pin or archive an item, or move it into a space ("" for no space). None leaves a value unchanged."""
        values: dict[str, object] = given({"pinned": pinned, "archived": archived})
        if space is not None:
            values["folder"] = space or None
        return self._change(id, **values) if values else self.get(id)

    def spaces(self) -> list[tuple[Item, int]]:
        rows = self._db.rows(
            "select folder, count(*) from items where folder is not null and kind <> 'space'"
            " and deleted_at is null and not archived group by folder"
        )
        counts = {row[0]: row[1] for row in rows}
        spaces = self._all(Item, "select * from items where kind = 'space' and deleted_at is null order by n")
        return [(item, counts.get(item.id, 0)) for item in sorted(spaces, key=lambda item: fold(item.title))]

    def trash(self, id: str) -> Item:
        return self._change(id, deleted_at=self._clock())

    def trash_some(self, ids: Sequence[str]) -> None:
        with self._db.writing():
            values = {"deleted_at": self._clock(), "revision": self._shared.next_revision()}
            self._update("items", values, f"id in ({marks(ids)})", *ids)

    def restore(self, id: str) -> Item:
        """Take an item out of the trash. What deletes by age counts from now, or it would delete the item again."""
        return self._change(id, deleted_at=None, arrived=self._clock())

    def restore_some(self, ids: Sequence[str]) -> None:
        with self._db.writing():
            values = {"deleted_at": None, "arrived": self._clock(), "revision": self._shared.next_revision()}
            self._update("items", values, f"deleted_at is not null and id in ({marks(ids)})", *ids)

    def touch(self, id: str) -> None:
        """Set the item's time of change to now, which moves it to the top of the list. Call inside a transaction."""
        self._update("items", {"updated": self._clock(), "revision": self._shared.next_revision()}, "id = ?", id)

    def delete(self, id: str) -> None:
        """Delete the item's row and its entry in the index. All that belongs to the item must be deleted before. Call
        inside a transaction.
        """
        item = self.get(id)
        self._index.remove(item.n, item.title, "titles")
        if item.kind == SPACE:
            self._update("items", {"folder": None, "revision": self._shared.next_revision()}, "folder = ?", id)
        self._db.run("delete from items where id = ?", (id,))

    def _change(self, id: str, **values: object) -> Item:
        with self._db.writing():
            ident = self.get(id).id
            self._update("items", {**values, "revision": self._shared.next_revision()}, "id = ?", ident)
            return self.get(ident)


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
        """Add a message. While it is being streamed, this instance owns it. Raises KnownError item.unknown, store.*."""
        ident = new_id()
        with self._db.writing():
            item_id = self._items.get(item).id
            if parent is not None and self.get(parent).item != item_id:
                raise KnownError("item.unknown", id=parent[:80])
            n = self._insert("messages", {
                "id": ident, "item": item_id, "parent": parent, "role": Role(role),
                "parts": [to_json(part) for part in parts], "text": text, "status": status,
                "owner": self._shared.instance_id if status is Status.STREAMING else None,
                "model_sha256": model_sha256, "model_name": model_name, "preset": preset, "sampling": sampling or {},
                "seed": seed, "prompt_version": prompt_version, "error_args": {}, "created": self._clock(),
                "revision": self._shared.next_revision(),
            })  # fmt: skip
            if status is not Status.STREAMING:
                self.index(n)
            self._items.touch(item_id)
            return self.get(ident)

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message:
        """Replace the parts of a message that is not streaming. Needed because it is decided after saving how much of
        an attachment the model reads. Raises KnownError item.unknown, store.*.
        """
        with self._db.writing():
            old = self.get(id)
            self._unindex(old.n)
            self._change(old.n, parts=[to_json(part) for part in parts])
            self.index(old.n)
            return self.get(id)

    def keep(self, id: str, **values: Json) -> Message:
        """Keep values beside the sampling of an answer that has ended. Raises KnownError `request.invalid` while it is
        being written, item.unknown, store.*.
        """
        with self._db.writing():
            old = self._ended(id)
            self._change(old.n, sampling={**old.sampling, **values})
            return self.get(id)

    def grow(self, id: str, text: str, thought: str = "") -> bool:
        """Save all of the answer's text and of the model's thinking (`thought`) so far. Returns False if another
        instance was writing (try again later), or if the message has ended. Raises KnownError store.full,
        store.read_only.
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
        """Write the final text and how the message ended, and index it.  Raises KnownError item.unknown, store.*."""
        with self._db.writing():
            old = self.get(id)
            if old.status is not Status.STREAMING:  # already ended, perhaps by another instance
                self._unindex(old.n)
            self._change(old.n, **ending.fields_for(old, text, thought))
            self.index(old.n)
            self._items.touch(old.item)
            return self.get(id)

    def reopen(self, id: str) -> Message:
        """Let an ended answer grow again (Continue). It keeps its text; this instance owns it. Raises KnownError."""
        with self._db.writing():
            old = self._ended(id)
            self._unindex(old.n)
            mine = self._shared.instance_id
            self._change(old.n, status=Status.STREAMING, owner=mine, finish_reason=None, error_code=None, error_args={})
            return self.get(id)

    def edit(self, id: str, text: str) -> Message:
        """Replace an answer's text by a text that a person wrote, or by the text of `original`, which the model wrote.
        Raises KnownError `request.invalid` while the answer is being written, item.unknown, store.*.
        """
        with self._db.writing():
            old = self._ended(id)
            original = old.text if old.original is None else old.original
            self._unindex(old.n)
            self._change(old.n, text=text, original=None if text == original else original)
            self.index(old.n)
            self._items.touch(old.item)
            return self.get(id)

    def corrected(self, preset: str, limit: int) -> list[tuple[Message, Message]]:
        """Return questions with the answers that a person corrected, in chats with this preset, the newest first."""
        answers = self._all(
            message_from,
            "select * from messages where original is not null and status = 'complete' and item in"
            " (select id from items where deleted_at is null and json_extract(settings, '$.preset') = ?)"
            " order by n desc limit ?",
            (preset, limit),
        )
        return [(self.get(answer.parent), answer) for answer in answers if answer.parent]

    def remove(self, ids: Sequence[str]) -> RemovedMessages:
        """Delete messages of an item for good. Their replies move up to the next remaining message. Raises KnownError
        `request.invalid` when a message is being written, item.unknown, store.*.
        """
        with self._db.writing():
            old = [self.get(id) for id in ids]
            item, above = old[0].item, {message.id: message.parent for message in old}
            if any(message.status is Status.STREAMING for message in old):
                raise KnownError("request.invalid", what=_("an answer is still being written"))
            rows = self._db.rows(f"select * from messages where id in ({marks(ids)}) order by n", ids)
            moved = []
            for child in self.of_item(item):
                parent = child.parent
                if child.id in above or parent not in above:
                    continue
                moved.append((child.id, str(parent)))
                while parent in above:
                    parent = above[parent]
                self._change(child.n, parent=parent)
            for message in old:
                self._unindex(message.n)
                self._db.run("delete from messages where n = ?", (message.n,))
                self._shared.note_gone(message.id)
            self._shared.request_purge()
            self._items.touch(item)
            return RemovedMessages(item, tuple(map(dict, rows)), tuple(moved))

    def put_back(self, removed: RemovedMessages) -> None:
        """Undo `remove`. Raises KnownError item.unknown when the item is gone, store.*."""
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
        """Return the message with this id. Raises KnownError item.unknown."""
        message = self._first(message_from, "select * from messages where id = ?", (id,))
        if message is None:
            raise KnownError("item.unknown", id=id[:80])
        return message

    def _ended(self, id: str) -> Message:
        message = self.get(id)
        if message.status is Status.STREAMING:
            raise KnownError("request.invalid", what=_("this answer is still being written"))
        return message

    def of_item(self, item: str) -> list[Message]:
        return self._all(message_from, "select * from messages where item = ? order by n", (self._items.get(item).id,))

    def tree_of_item(self, item: str) -> list[MessagePlace]:
        query = "select n, id, parent, role from messages where item = ? order by n"
        return list(map(MessagePlace._make, self._db.rows(query, (self._items.get(item).id,))))

    def some(self, ids: Sequence[str]) -> list[Message]:
        messages = self._all(message_from, f"select * from messages where id in ({marks(ids)})", tuple(ids))
        known = {message.id: message for message in messages}
        return [known[id] for id in ids if id in known]

    def delete_of_item(self, item: str) -> None:
        """Delete an item's messages and their entries in the index. Call inside a transaction."""
        for row in self._db.rows("select n from messages where item = ? and status <> 'streaming'", (item,)):
            self._unindex(row["n"])
        self._db.run("delete from messages where item = ?", (item,))

    def mark_interrupted(self, owner_gone: Callable[[str], bool] | None = None) -> list[Message]:
        """End the unfinished messages of instances that no longer run, keeping their text. Returns these messages."""
        mine, paths = self._shared.instance_id, self._shared.paths
        gone = owner_gone or (lambda owner: owner != mine and not is_instance_alive(paths, owner))
        if not self._left_by(gone):
            return []
        with self._db.writing():
            return [self._interrupt(row) for row in self._left_by(gone)]

    def _left_by(self, gone: Callable[[str], bool]) -> list[Row]:
        rows = self._db.rows("select * from messages where status = 'streaming' order by n")
        return [row for row in rows if gone(row["owner"] or "")]

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


class Results(StorePart):
    """The part of the store for results: at most one result of each item, such as how far a translation is."""

    def save(self, item: str, value: Mapping[str, Json]) -> None:
        with self._db.writing():
            self._insert("results", {"item": item, "value": value}, otherwise="or replace")

    def get(self, item: str) -> dict[str, Json] | None:
        return self._first(lambda row: mapping_from(row["value"]), "select value from results where item = ?", (item,))

    def delete(self, item: str) -> None:
        """Delete the result of an item. Call inside a transaction."""
        self._db.run("delete from results where item = ?", (item,))
