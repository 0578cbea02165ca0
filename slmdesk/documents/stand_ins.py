"""Text for a cloud that is not told who: what is private in it, what stands for it, and
the keys that lead back. Service thread.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_list
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import ItemChanged, ItemGone, Pending
from slmdesk.base.runtime.service import (
    Runtime,
    Service,
    Slices,
    in_slices,
    pending_on_file_thread,
)
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.documents.finds import RedactionPreview
from slmdesk.documents.private_words import private_words, whole_text
from slmdesk.documents.reading import start_reader
from slmdesk.redact import Find, Listed, Table, pairs_of
from slmdesk.redact.stand_ins import (
    PutBack,
    counts_in,
    put_back,
    stand_ins_for,
    with_stand_ins,
    words_of,
)

KIND = "stand_ins"
"""Kind of the items that keep the key of a text that belongs to no other item, and name
of the setting of an item that holds its keys.
"""
TITLE = "Without names: {name}"
PIECE = 100_000
"""Letters that the small finder is shown at once."""
MOST_KEYS, MOST_OF_ITEM = 50, 10
"""Most keys that are kept, and most of one item. Older ones are gone for good."""


class Nameless(Record):
    """A text without names, and what stands for what in it."""

    text: str
    count: int
    beside: tuple[str, ...]
    table: Table


class Key(Record):
    id: str
    time: float
    table: Table
    known: tuple[str, ...] = ()
    """What went out as it was, and only looked like a name or stood beside one."""
    item: str = ""
    title: str = ""


class Returned(Record):
    """A text with its names, by which key, and the keys of which it has stand-ins too."""

    made: PutBack
    key: Key
    others: tuple[tuple[Key, int], ...] = ()


class StandInService(Service):
    """Keys of a private chat, and all where nothing can be written, live in memory."""

    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._reader = reader
        self._unkept = list[Key]()
        runtime.events.on(ItemGone, self._on_gone)

    def look(self, text: str, title: str = "", *, listed: Sequence[Listed] = ()) -> Pending[RedactionPreview]:
        """Look for what is private in a text. Nothing of it is stored. `listed` adds names to the user's own list.

        Problems: `document.too_large`, and those of a reader that died.
        """
        return in_slices(self._service_thread, self._looking(text, title, (*self._store.redactions.names(), *listed)))

    def replace(self, preview: RedactionPreview, draw: str) -> Pending[Nameless]:
        """Replace what is chosen. The same `draw` gives the same stand-ins.

        Problems: `redaction.ambiguous`, `redaction.no_substitute`.
        """
        taken = [stand_in for key in self.newest() for _, stand_in in pairs_of(key.table)]

        def work() -> Nameless:
            table = stand_ins_for(preview.text, preview.chosen, draw, taken)
            return Nameless(*with_stand_ins(preview.text, table), table)

        return self._on_file_thread(work)

    def keep(self, preview: RedactionPreview, made: Nameless, item: str = "") -> Key:
        """Keep the key of a text with the item that the text is of, or with one of its
        own. It is gone with that item.
        """
        known = (*made.beside, *(word.words for word in preview.found if not word.is_chosen))
        title = preview.path.name
        key = Key(secrets.token_hex(4), time.time(), made.table, known, item, title)
        with suppress(KnownError):
            return self._kept(key)
        self._unkept = [*self._unkept, key][-MOST_KEYS:]
        return key

    def newest(self) -> tuple[Key, ...]:
        """Return the keys, the newest first."""
        kept = [*self._unkept]
        for item in self._store.redactions.items_with(KIND, MOST_KEYS):
            kept += _keys_of(item)
        return tuple(sorted(kept, key=lambda key: -key.time)[:MOST_KEYS])

    def put_back(self, text: str, key: str = "") -> Pending[Returned]:
        """Put originals back by a key, or by the newest that has stand-ins in the text.
        Nothing is put back in silence that two keys have, unless one is named.

        Problems: `redaction.no_key`, if there is none.
        """
        return in_slices(self._service_thread, self._returning(text, key))

    def _looking(self, text: str, title: str, listed: Sequence[Listed]) -> Slices[RedactionPreview]:
        text = text.replace("\u00ad", "")
        texts = [("", text)]
        seen = yield from self._seen_in(whole_text(texts), title)
        found = yield self._on_file_thread(lambda: private_words(texts, [], [], listed, [seen]))
        there = tuple(word for word in found if word.is_there)
        return RedactionPreview(Path(title), "", "text", there, (), (), text)

    def _seen_in(self, text: str, title: str = "") -> Slices[list[Find]]:
        """Ask the small finder. Where it does not run, the rules have to do."""
        seen = list[Find]()
        for start in range(0, len(text), PIECE):
            payload: dict[str, Json] = {"text": text[start : start + PIECE]}
            asked = start_reader(self._service_thread, self._reader, "private_words", payload, name=title)
            about: Mapping[str, Any] = yield asked[1]
            seen += _moved(stored_list(Find, about.get("seen")), start)
        return seen

    def _kept(self, key: Key) -> Key:
        """Raises KnownError store.*, and `item.unknown` for a chat in memory."""
        items = self._store.items
        with self._store.together():
            if key.item:
                item = items.get(key.item)
            else:
                item = items.add(KIND, TITLE.format(name=key.title))
            kept = Key(key.id, key.time, key.table, key.known, item.id, item.title)
            keys = [kept, *_keys_of(item)][:MOST_OF_ITEM]
            item = items.change_settings(item.id, **{KIND: [*map(to_json, keys)]})
            own = items.page(KIND, limit=10 * MOST_KEYS)[MOST_KEYS:]
            self._store.delete_some([each.id for each in own])
        self._publish(ItemChanged(item))
        for each in own:
            self._publish(ItemGone(each.id))
        return kept

    def _returning(self, text: str, id: str) -> Slices[Returned]:
        keys = self.newest()
        chosen = [key for key in keys if id in ("", key.id)]
        if not chosen:
            raise KnownError("redaction.no_key")
        seen = yield from self._seen_in(words_of(text))

        def work() -> Returned:
            counts = counts_in(text, (key.table for key in keys))
            there = [(key, count) for key, count in zip(keys, counts, strict=True) if count]
            key = next((key for key, _count in there if key in chosen), chosen[0])
            others = tuple(pair for pair in there if pair[0] is not key)
            tables = [] if id else [other.table for other, _count in others]
            made = put_back(text, key.table, others=tables, known=key.known, seen=seen)
            return Returned(made, key, others)

        returned: Returned = yield self._on_file_thread(work)
        return returned

    def _on_gone(self, gone: ItemGone) -> None:
        self._unkept = [key for key in self._unkept if key.item != gone.id]

    def _on_file_thread(self, work: Callable[[], Any]) -> Pending[Any]:
        return pending_on_file_thread(self._service_thread, work, name="stand-ins")


def _keys_of(item: Item) -> list[Key]:
    return stored_list(Key, item.settings.get(KIND))


def _moved(finds: Sequence[Find], by: int) -> Iterator[Find]:
    for find in finds:
        yield changed(find, start=find.start + by, end=find.end + by)
