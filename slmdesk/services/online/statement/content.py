"""Counts what the ledger says of a period, row by row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slmdesk.core.ledger import BEGINNING, JUMP_US, Kind, LedgerRow, chain_hash, clock_jumps
from slmdesk.core.types import Json

BOM = "\ufeff"
COLUMNS = tuple(LedgerRow.__slots__)


@dataclass(slots=True)
class Requests:
    """Of one day, host and purpose."""

    count: int = 0
    bytes: int = 0
    unanswered: int = 0


@dataclass(slots=True)
class LedgerReport:
    """What a statement says of the ledger: fed with every row, it counts those of the period `first` to `last`."""

    first: int
    last: int
    before: str = BEGINNING
    """The hash before the first row of the period."""
    hash: str = BEGINNING
    """The hash of its last row."""
    broken_at: int | None = None
    """The first row of the whole ledger that does not fit the one before."""
    requests: dict[tuple[str, str, str], Requests] = field(default_factory=dict)
    """By day (UTC), host and purpose."""
    refused: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """By day, host, purpose and code."""
    starts: int = 0
    stops: int = 0
    links: int = 0
    unclean: list[Json] = field(default_factory=list)
    """Starts that had no end: their numbers and times."""
    switches: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    restores: list[Json] = field(default_factory=list)
    jumps: list[Json] = field(default_factory=list)
    imported: int = 0
    head: LedgerRow | None = None
    """The last row of the ledger."""
    csv: io.StringIO = field(default_factory=lambda: io.StringIO(BOM, newline=""))
    _of: dict[int, Requests] = field(default_factory=dict)
    _times: dict[int, int] = field(default_factory=dict)
    _last: LedgerRow | None = None

    def __post_init__(self) -> None:
        self.csv.seek(0, io.SEEK_END)
        csv.writer(self.csv).writerow(COLUMNS)

    def feed(self, rows: Iterable[LedgerRow]) -> None:
        """The next rows of the whole ledger, oldest first."""
        for row in rows:
            self._check(row)
            if row.n < self.first:
                self.before = self.hash = row.hash
            elif row.n <= self.last:
                self.hash = row.hash
                csv.writer(self.csv).writerow([getattr(row, name) for name in COLUMNS])
                self._count(row)
            if row.kind == Kind.START:
                self._times[row.n] = row.time
            self.head = row

    def _check(self, row: LedgerRow) -> None:
        n, before = (self.head.n + 1, self.head.hash) if self.head else (1, BEGINNING)
        right = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, right) and self.broken_at is None:
            self.broken_at = n

    def _count(self, row: LedgerRow) -> None:
        values = row.said  # nothing where somebody changed it by hand: the chain says so
        if row.is_imported:
            self.imported += 1
        else:
            self._look_for_jump(row)
        counter = _COUNTERS.get(row.kind)
        if counter is not None:
            counter(self, row, values)

    def _look_for_jump(self, row: LedgerRow) -> None:
        pair = [self._last, row] if self._last is not None else []
        self.jumps += [{"n": one.n, "time": iso(row.time), "seconds": round(one.seconds)} for one in clock_jumps(pair)]
        self._last = row

    def _request(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        key = (day_of(row.time), _text(values, "host"), _text(values, "purpose"))
        counted = self.requests.setdefault(key, Requests())
        counted.count += 1
        size = values.get("bytes")
        if isinstance(size, int):
            counted.bytes += size
        else:
            counted.unanswered += 1
            self._of[row.n] = counted

    def _end(self, _row: LedgerRow, values: Mapping[str, Json]) -> None:
        of, size = values.get("of"), values.get("bytes")
        counted = self._of.pop(of, None) if isinstance(of, int) else None
        if counted is not None and isinstance(size, int):
            counted.bytes += size
            counted.unanswered -= 1

    def _refusal(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        words = (_text(values, name) for name in ("host", "purpose", "code"))
        host, purpose, code = words
        self.refused[day_of(row.time), host, purpose, code] += 1

    def _start(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        self.starts += 1
        numbers = values.get("unclean")
        for n in numbers if isinstance(numbers, list) else []:
            began = self._times.get(n) if isinstance(n, int) else None
            self.unclean.append({"start": n, "began": iso(began) if began is not None else None, "seen": iso(row.time)})

    def _stop(self, _row: LedgerRow, _values: Mapping[str, Json]) -> None:
        self.stops += 1

    def _link(self, _row: LedgerRow, _values: Mapping[str, Json]) -> None:
        self.links += 1

    def _switch(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        self.switches.append({"n": row.n, "time": iso(row.time), **values})

    def _policy(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        self.policies.append({"n": row.n, "time": iso(row.time), **values})

    def _restore(self, row: LedgerRow, values: Mapping[str, Json]) -> None:
        self.restores.append({"n": row.n, "time": iso(row.time), **values})

    def to_json(self) -> dict[str, Json]:
        """As it stands in statement.json."""
        head = self.head
        return {
            "ledger": {
                "first": self.first,
                "last": self.last,
                "before": self.before,
                "hash": self.hash,
                "head": {"n": head.n if head else 0, "hash": head.hash if head else BEGINNING},
                "chain_broken_at": self.broken_at,
                "from_before_the_chain": self.imported,
            },
            "requests": [
                {"day": day, "host": host, "purpose": purpose, "requests": one.count, "bytes": one.bytes,
                 "without_an_answer": one.unanswered}
                for (day, host, purpose), one in sorted(self.requests.items())
            ],
            "refused": [
                {"day": day, "host": host, "purpose": purpose, "reason": code, "times": times}
                for (day, host, purpose, code), times in sorted(self.refused.items())
            ],
            "starts": {"starts": self.starts, "ends_in_order": self.stops, "ends_without_a_word": self.unclean},
            "network_allowed_or_forbidden": self.switches,
            "policies": self.policies,
            "restores": self.restores,
            "clock_jumps": self.jumps,
            "smallest_clock_jump_s": JUMP_US // 1_000_000,
            "links_opened_in_the_browser": self.links,
        }  # fmt: skip


_COUNTERS: Mapping[str, Callable[[LedgerReport, LedgerRow, Mapping[str, Json]], None]] = {
    Kind.REQUEST: LedgerReport._request,
    Kind.END: LedgerReport._end,
    Kind.REFUSED: LedgerReport._refusal,
    Kind.START: LedgerReport._start,
    Kind.STOP: LedgerReport._stop,
    Kind.LINK: LedgerReport._link,
    Kind.OFFLINE: LedgerReport._switch,
    Kind.POLICY: LedgerReport._policy,
    Kind.RESTORE: LedgerReport._restore,
}


def iso(time_us: int) -> str:
    """A time of the ledger in words: ISO 8601, UTC; the bare number where no calendar has it."""
    try:
        return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(time_us)


def day_of(time_us: int) -> str:
    """The day of a time, UTC."""
    return iso(time_us)[:10]


def _text(values: Mapping[str, Json], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
