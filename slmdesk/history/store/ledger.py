"""The ledger: a log of the requests that left this PC, refused requests, and starts and ends of the program. Rows are
appended, never changed or deleted.

No database trigger enforces that: whoever can open the file can drop a trigger, and a backup that contains a trigger is
refused as foreign. Instead a chain of hashes shows any change (base/records.py, tests/history/store/test_ledger.py).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from slmdesk.base.protocol import stored_list
from slmdesk.base.records import (
    BEGINNING,
    Answered,
    Kind,
    LedgerRow,
    NetworkLogRow,
    Outgoing,
    canonical,
    chain_hash,
    said_in,
)
from slmdesk.base.types import Json
from slmdesk.history.store.database import RowLike, Shared, StorePart, is_instance_alive, mapping_from, marks

_LAST = (1 << 63) - 1
_HOLDS = (
    "case when json_valid(r.data) then json_extract(r.data, '$.host') || ' ' || json_extract(r.data, '$.method') ||"
    " ' ' || json_extract(r.data, '$.path') || ' ' || json_extract(r.data, '$.purpose') end like ? escape '!'"
)
_REQUESTS = (
    "select r.n, r.time, r.data, (select e.data from ledger as e where e.kind = 'end' and e.about = r.n limit 1)"
    " as ended from ledger as r where r.kind = 'request'"
)
BATCH = 1000
UNREADABLE = "?"
"""Shown for a field of a request that somebody made unreadable. The row is still shown, and the chain of hashes shows
that the row was changed.
"""


class Ledger(StorePart):
    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self._boot = boot_of(shared.instance_id)
        self._started: int | None = None

    # ---- appending

    def append(self, kind: Kind, data: Mapping[str, Json], *, time_us: int | None = None) -> LedgerRow:
        """Add a row. The row is on the disk when this returns, unless a transaction is open. `time_us` is the original
        time of a row that comes from another ledger, in microseconds.
        """
        with self._db.writing():
            last = self._db.row("select n, hash from ledger order by n desc limit 1")
            n = 1
            before = BEGINNING
            if last:
                n = int(last["n"]) + 1
                before = str(last["hash"])
            text = canonical(mapping_from(self._json(data)))  # this also makes the text storable
            if time_us is None:
                when = round(self._clock() * 1e6)
                monotonic = monotonic_us()
                boot = self._boot
            else:  # of another run of the PC, whose clock says nothing here
                when = time_us
                monotonic = 0
                boot = ""
            own_hash = chain_hash(before, n, when, monotonic, boot, kind, text)
            row = LedgerRow(n, when, monotonic, boot, kind.value, text, own_hash)
            values = {name: getattr(row, name) for name in LedgerRow.__struct_fields__}
            self._insert("ledger", {**values, "about": data.get("of")})
        return row

    def record(self, request: Outgoing) -> int:
        return self.append(Kind.REQUEST, _shape(request)).n

    def finish(self, n: int, answer: Answered) -> None:
        shape: dict[str, Json] = {"of": n, "bytes": answer.bytes, "status": answer.status}
        self.append(Kind.END, shape | ({"proxy": answer.proxy} if answer.proxy else {}))

    def refuse(self, request: Outgoing, code: str) -> None:
        self.append(Kind.REFUSED, {**_shape(request), "code": code})

    def start(self, data: Mapping[str, Json]) -> LedgerRow:
        with self._db.writing():
            still, unclean = self._others()
            row = self.append(
                Kind.START, {**data, "instance": self._shared.instance_id, "open": still, "unclean": unclean}
            )
        self._started = row.n
        return row

    def stop(self) -> None:
        """Add a row that says that this instance ends in order. Does nothing if its start is not in the ledger."""
        n, is_started, self._started = self._started, self.is_started, None
        if n is not None and is_started:
            self.append(Kind.STOP, {"of": n})

    @property
    def is_started(self) -> bool:
        """Whether the start of this instance is in the ledger. False if the row of the start was rolled back."""
        if self._started is None:
            return False
        row = self._db.row("select data from ledger where n = ? and kind = 'start'", (self._started,))
        return row is not None and said_in(row["data"]).get("instance") == self._shared.instance_id

    def take_over(self, rows: Iterable[tuple[int, Mapping[str, Json]]]) -> int:
        """Append another ledger's requests that are new here, as (time in microseconds, data). Returns how many."""
        known = {_key(row["time"], said_in(row["data"])) for row in self._db.rows(_REQUESTS)}
        new = [(when, data) for when, data in rows if _key(when, data) not in known]
        with self._db.writing():
            for when, data in new:
                self.append(Kind.REQUEST, {**data, "imported": True}, time_us=when)
        return len(new)

    # ---- requests

    def count_since(self, time: float) -> int:
        return self._db.number(
            "select count(*) from ledger indexed by ledger_by_time where kind = 'request' and time >= ?",
            (round(time * 1_000_000),),
        )

    def page(self, limit: int = 100, words: str = "", before: int = _LAST) -> list[NetworkLogRow]:
        """Return the last requests with `words` in host, path or purpose, newest first, with numbers below `before`."""
        only, values = (f" and {_HOLDS}", [self._pattern(words)]) if words else ("", [])
        return self._all(
            _request_from, f"{_REQUESTS} and r.n < ?{only} order by r.n desc limit ?", (before, *values, limit)
        )

    def count(self, words: str = "") -> int:
        if words:
            return self._db.number(
                f"select count(*) from ledger as r where r.kind = 'request' and {_HOLDS}", (self._pattern(words),)
            )
        return self._db.number("select count(*) from ledger where kind = 'request'")

    # ---- the chain

    def head(self) -> LedgerRow | None:
        return self._first(LedgerRow, "select * from ledger order by n desc limit 1")

    def last(self, *kinds: Kind) -> LedgerRow | None:
        values = [kind.value for kind in kinds]
        return self._first(
            LedgerRow, f"select * from ledger where kind in ({marks(kinds)}) order by n desc limit 1", values
        )

    def of_requests(self) -> list[LedgerRow]:
        return self._all(LedgerRow, "select * from ledger where kind in ('request', 'end') order by n")

    def all_of(self, kind: Kind) -> list[LedgerRow]:
        return self._all(LedgerRow, "select * from ledger where kind = ? order by n", (kind.value,))

    def rows(self, first: int, last: int, limit: int = BATCH) -> list[LedgerRow]:
        return self._all(
            LedgerRow, "select * from ledger where n between ? and ? order by n limit ?", (first, last, limit)
        )

    def _others(self) -> tuple[list[Json], list[Json]]:
        """Return the row numbers of starts without an end: those of instances still running, and those of instances
        that crashed. Crashes that an earlier start reported already are left out.
        """
        last = self.last(Kind.START)
        if last is None:
            return [], []
        still: list[Json] = []
        unclean: list[Json] = []
        for n in sorted({last.n, *stored_list(int, last.said.get("open"))}):
            row = self._first(LedgerRow, "select * from ledger where n = ? and kind = 'start'", (n,))
            if row is None or self._db.row("select 1 from ledger where about = ? and kind = 'stop' limit 1", (n,)):
                continue
            is_alive = is_instance_alive(self._shared.paths, str(row.said.get("instance", "")))
            (still if is_alive else unclean).append(n)
        return still, unclean

    def _pattern(self, words: str) -> str:
        return self._text(f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%")


def monotonic_us() -> int:
    """Return microseconds of a monotonic clock. On Linux it also counts while the PC sleeps."""
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    return time.monotonic_ns() // 1000


def boot_of(instance_id: str, place: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """Return an id of this run of the operating system. Where there is none (elsewhere than on Linux), return the id of
    this run of the program.
    """
    try:
        return place.read_text(encoding="ascii").strip()[:64] if os.name == "posix" else instance_id
    except (OSError, ValueError):
        return instance_id


def of_other_chain(rows: Iterable[LedgerRow]) -> Iterator[tuple[int, dict[str, Json]]]:
    """Yield the requests among these rows with their sizes in bytes, for `take_over`. Unreadable rows are left out."""
    entries = [(row, row.said) for row in rows]
    sizes = {values.get("of"): values.get("bytes") for row, values in entries if row.kind == Kind.END}
    for row, values in entries:
        if row.kind == Kind.REQUEST and all(isinstance(values.get(name), str) for name in ("host", "method", "path")):
            size = values.get("bytes", sizes.get(row.n))
            more: dict[str, Json] = {} if size is None else {"bytes": size}
            yield row.time, {"purpose": "", **values, **more}


def _shape(request: Outgoing) -> dict[str, Json]:
    always = {"host": request.host, "method": request.method, "path": request.path, "purpose": request.purpose}
    more: dict[str, Json] = {"port": request.port, "via": request.via, "query_sha256": request.query_sha256}
    return {**always, **{name: value for name, value in more.items() if value}}


def _request_from(row: RowLike) -> NetworkLogRow:
    values, ended = said_in(row["data"]), said_in(row["ended"] or "{}")
    size = ended.get("bytes", values.get("bytes"))
    words = (values.get(name) for name in ("host", "method", "path", "purpose"))
    host, method, path, purpose = (word if isinstance(word, str) else UNREADABLE for word in words)
    return NetworkLogRow(
        row["n"], row["time"] / 1e6, host, method, path, purpose, size if isinstance(size, int) else None
    )


def _key(when: int, data: Mapping[str, Json]) -> tuple[Json, ...]:
    return when, data.get("host"), data.get("method"), data.get("path")
