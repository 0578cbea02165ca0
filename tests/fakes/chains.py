"""Checks the chain of hashes of a network log."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.base.records import BEGINNING, LedgerRow, chain_hash


def first_fault(rows: Iterable[LedgerRow]) -> int | None:
    """Return the number of the first row that is missing or changed, or None if the chain is intact.

    Missing rows at the end can only be noticed with a last row that was stored elsewhere.
    """
    before = BEGINNING
    for n, row in enumerate(rows, 1):
        before = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, before):
            return n
    return None
