"""Counts what the ledger says of a period, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from slmdesk.base.ledger import BEGINNING, Kind, LedgerRow, chain_hash
from slmdesk.base.types import Json
from slmdesk.online.statement.verify import COLUMNS, Counts, iso

BOM = "\ufeff"


@dataclass(slots=True)
class LedgerReport:
    """What a statement says of the ledger: fed with every row, it counts those of the period `first` to `last`."""

    first: int
    last: int
    before: str = BEGINNING
    hash: str = BEGINNING
    broken_at: int | None = None
    """The first row of the whole ledger that does not fit the one before."""
    counts: Counts = field(default_factory=Counts)
    head: LedgerRow | None = None
    csv: io.StringIO = field(default_factory=lambda: io.StringIO(BOM, newline=""))

    def __post_init__(self) -> None:
        self.csv.seek(0, io.SEEK_END)
        csv.writer(self.csv).writerow(COLUMNS)

    def feed(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self._check(row)
            if row.n < self.first:
                self.before = self.hash = row.hash
            elif row.n <= self.last:
                self.hash = row.hash
                cells = [getattr(row, name) for name in COLUMNS]
                csv.writer(self.csv).writerow(cells)
                self.counts.add(cells)
            if row.kind == Kind.START:
                self.counts.begun[row.n] = iso(row.time)
            self.head = row

    def _check(self, row: LedgerRow) -> None:
        n, before = (self.head.n + 1, self.head.hash) if self.head else (1, BEGINNING)
        right = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, right) and self.broken_at is None:
            self.broken_at = n

    def to_json(self) -> dict[str, Json]:
        head = self.head
        return {
            "ledger": {
                "first": self.first,
                "last": self.last,
                "before": self.before,
                "hash": self.hash,
                "head": {"n": head.n if head else 0, "hash": head.hash if head else BEGINNING},
                "chain_broken_at": self.broken_at,
                "from_before_the_chain": self.counts.imported,
            },
            **self.counts.said(),
        }
