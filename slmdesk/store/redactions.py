"""What stands for what in the prompts of an item, and the person's list of people and firms."""

from __future__ import annotations

import json
from collections.abc import Sequence

from slmdesk.base.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart
from slmdesk.text.redaction.types import Entry, Kind, Listed


class Redactions(StorePart):
    """The part of the store for redactions.  An entry without a substitute is what a person left as it is."""

    def of_item(self, item: str) -> list[Entry]:
        return self._all(entry_from, "select * from redactions where item = ? order by n", (item,))

    def keep(self, item: str, entries: Sequence[Entry]) -> None:
        """Raises KnownError store.*."""
        with self._db.writing():
            self.delete_of_item(item)
            for n, one in enumerate(entries):
                forms: list[Json] = [list(pair) for pair in one.forms]
                self._insert("redactions", {
                    "item": item, "n": n, "kind": str(one.kind), "original": one.original,
                    "substitute": one.substitute, "forms": forms,
                })  # fmt: skip

    def delete_of_item(self, item: str) -> None:
        """Inside a transaction: delete the table of an item."""
        self._db.run("delete from redactions where item = ?", (item,))

    def names(self) -> list[Listed]:
        return self._all(listed_from, "select * from private_names order by n")

    def keep_names(self, names: Sequence[Listed]) -> None:
        """Raises KnownError store.*."""
        with self._db.writing():
            self._db.run("delete from private_names")
            for one in names:
                self._insert("private_names", {"words": one.words, "kind": str(one.kind)})
            self._shared.request_purge()


def entry_from(row: RowLike) -> Entry:
    forms = tuple((str(original), str(substitute)) for original, substitute in json.loads(row["forms"]))
    return Entry(Kind(row["kind"]), str(row["original"]), str(row["substitute"]), forms)


def listed_from(row: RowLike) -> Listed:
    return Listed(str(row["words"]), Kind(row["kind"]))
