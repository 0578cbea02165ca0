"""What can be read of a damaged database comes into the current one; the damaged file is never written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.ledger import Kind, LedgerRow
from slmdesk.base.records import Rescued, Status
from slmdesk.base.types import Json
from slmdesk.store.cipher_pages import fits, header_of, is_encrypted
from slmdesk.store.keys import DataKey
from slmdesk.store.ledger import imported, ledger_row_from, of_other_chain
from slmdesk.store.part import StorePart
from slmdesk.store.rescue.carve import Carver
from slmdesk.store.rescue.translations import RescuedTranslations
from slmdesk.store.rescue.types import NUMBERED, TABLES, Values, rows_in
from slmdesk.store.store import Store

_TITLE_CHARACTERS = 60
_PASSES = (
    ("items", "models", "requests", "ledger", "glossaries", "presets"),
    ("segments", "memory", "terms"),
    ("messages", "results"),
)
"""What others name comes before them: messages and segments want their items, terms their glossary."""
_BEHIND = ("terms", "presets")
"""Tables whose rows come behind those that are here, not before."""
_APPENDED = ("requests", "ledger")
"""Rows of the network log, from before and since it is a chain: the chain of this PC goes on with them."""


def rescue_into(
    store: Store, damaged: Path, on_progress: Callable[[int], None] | None = None, *, key: DataKey | None = None
) -> Rescued:
    """Take over what is not in the store yet, all or nothing: items, messages, models, ledger rows, segments of
    translations, the translation memory, glossaries, presets.

    Ids, parents and order stay; the rows come before what is here.  A message or a segment whose item is lost gets
    a new one, named by its first words; so do terms without their glossary.  A growing answer becomes
    `interrupted`.  Segments of an item that has some here stay as they are here, but for those a person decided on
    there and nobody here.  `on_progress` is called with the number of rows.  `key`: of an encrypted file, where it is
    not that of the store.  On the service thread.  Raises KnownError file.unreadable, store.full, key.missing.
    """
    proved = _key_of(damaged, key or store.key)
    with store.together():
        return _Rescue(store, proved).run(damaged, on_progress)


def _key_of(damaged: Path, key: DataKey | None) -> DataKey | None:
    """What decrypts the pages; None for a plain file.  Its header may be what is damaged, so the pages are asked."""
    if key is not None and damaged.is_file() and fits(damaged, key):
        return key
    if is_encrypted(header_of(damaged)):
        raise KnownError("key.missing")
    return None


class _Rescue(StorePart):
    """One rescue, inside its transaction."""

    def __init__(self, store: Store, key: DataKey | None) -> None:
        super().__init__(store.shared)
        self._store, self._key = store, key
        self._translations = RescuedTranslations(store)
        self._requests: list[tuple[int, dict[str, Json]]] = []
        self._ledger: list[LedgerRow] = []

    def run(self, damaged: Path, on_progress: Callable[[int], None] | None) -> Rescued:
        counts = dict.fromkeys(TABLES, 0)
        survey = Carver(damaged, self._key)
        first = self._first_free(survey)
        seen = translations = 0
        for tables in _PASSES:
            for table, n, values in rows_in(Carver(damaged, self._key), tables):
                taken = self._take_over(table, first.get(table, 0) + n, values)
                counts[table] += taken
                translations += taken if values.get("kind") == "translation" and table == "items" else 0
                seen += 1
                if on_progress is not None and seen % 500 == 0:
                    on_progress(seen)
        self._db.run(
            "update messages set parent = null, revision = ? where parent is not null"
            " and parent not in (select id from messages)",
            (self._shared.next_revision(),),
        )
        lost_segments = self._translations.complete()
        del counts["results"], counts["ledger"]
        counts["requests"] = self._append_requests()
        return Rescued(
            **counts, unreadable=survey.unreadable, seen=seen, translations=translations,
            lost_pages=survey.lost_pages(TABLES), lost_segments=lost_segments,
        )  # fmt: skip

    def _append_requests(self) -> int:
        rows = sorted(self._ledger, key=lambda row: row.n)
        if not rows and not self._requests:
            return 0
        head: Json = {"n": rows[-1].n, "hash": rows[-1].hash} if rows else None
        self._store.ledger.append(Kind.RESTORE, {"from": "a damaged history", "head": head})
        return self._store.ledger.take_over([*self._requests, *of_other_chain(rows)])

    def _first_free(self, survey: Carver) -> dict[str, int]:
        """What to add to a row's number, so that all of them come before (or behind) those here, in their old order."""
        most, least = dict.fromkeys(NUMBERED, 0), dict.fromkeys(NUMBERED, 0)
        for table, n, _ in rows_in(survey, tuple(TABLES)):
            if table in NUMBERED:
                most[table], least[table] = max(most[table], n), min(least[table], n)
        first = {}
        for table in NUMBERED.difference(_APPENDED):
            row = self._db.row(f"select min(n), max(n) from {table}")
            lowest, highest = (row[0], row[1]) if row and row[0] is not None else (1, 0)
            if table in _BEHIND:
                first[table] = max(highest, 0) + 1 - least[table]
            else:
                first[table] = min(lowest, 1) - 1 - most[table]
        return first

    def _take_over(self, table: str, n: int, values: Values) -> int:
        """Whether a row was brought over: 0 or 1."""
        taker = self._translations.takers.get(table)
        if taker is not None:
            return taker(n, values)
        if table == "requests":
            self._requests.append(imported(values))
            return 1
        if table == "ledger":
            self._ledger.append(ledger_row_from(values))
            return 0
        if self._db.row(f"select 1 from {table} where id = ?", (values["id"],)):
            return 0
        if table == "messages":
            self._prepare_message(values)
        if "revision" in values:
            values["revision"] = self._shared.next_revision()
        if table == "items":
            values["arrived"] = self._clock()
        values["n"] = n
        self._insert(table, values)
        if table == "messages":
            self._store.messages.index(n)
        if table == "items":
            self._store.index.add(n, str(values["title"]), "titles")
        return 1

    def _prepare_message(self, values: Values) -> None:
        if values["status"] == Status.STREAMING:
            values["status"], values["owner"] = Status.INTERRUPTED.value, None
        item = str(values["item"])
        if self._db.row("select 1 from items where id = ?", (item,)):
            return
        words = " ".join(self._store.index.words_of(str(values["parts"]), str(values["text"]))[:500].split())
        self._store.items.insert(item, "chat", words[:_TITLE_CHARACTERS], values["created"], {})
