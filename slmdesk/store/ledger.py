"""The network log: what left this PC."""

from __future__ import annotations

from slmdesk.core.records import NetworkLogRow
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart
from slmdesk.store.rows import row_to

_LAST = (1 << 63) - 1
_HOLDS = "host || ' ' || method || ' ' || path || ' ' || purpose like ? escape '!'"


class NetworkLogPart(StorePart):
    """The part of the store for the network log."""

    def record(self, host: str, method: str, path: str, purpose: str) -> int:
        """Log a request before it is sent; it is on the disk when this returns.  Returns its number in the log."""
        values = {"time": self._clock(), "host": host, "method": method, "path": path, "purpose": purpose}
        with self._db.writing():
            return self._insert("requests", values)

    def finish(self, n: int, bytes: int) -> None:
        """Log how many bytes of the answer were received."""
        with self._db.writing():
            self._update("requests", {"bytes": bytes}, "n = ?", n)

    def count_since(self, time: float) -> int:
        """How many requests were allowed since `time`, seconds since the epoch."""
        return self._db.number("select count(*) from requests where time >= ?", (time,))

    def page(self, limit: int = 100, words: str = "", before: int = _LAST) -> list[NetworkLogRow]:
        """The last requests, newest first, whose host, path or purpose contains `words`; only those with a number below
        `before`, so that a long list is read in pages.
        """
        return self._all(
            _ledger_row_from,
            f"select * from requests where n < ? and {_HOLDS} order by n desc limit ?",
            (before, self._pattern(words), limit),
        )

    def count(self, words: str = "") -> int:
        """How many requests contain `words`."""
        if words:
            return self._db.number(f"select count(*) from requests where {_HOLDS}", (self._pattern(words),))
        return self._db.number("select count(*) from requests")

    def _pattern(self, words: str) -> str:
        return self._text(f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%")


def _ledger_row_from(row: RowLike) -> NetworkLogRow:
    return row_to(NetworkLogRow, row)
