"""The ledger: what happened on this PC with the network, each row chained to the one before by a hash.

The hash of a row is SHA-256 over seven lines joined by newlines: the hash of the row before (64 zeros before the
first), n, time, monotonic, boot, kind, data.  Times are whole microseconds; `data` is one line of canonical JSON.
Whoever changes, drops, adds or moves a row must compute all that follow anew, and then the head is another one.
online/statement/verify.py does the same for an auditor, without this package, and counts what rows say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from slmdesk.base.record import Record
from slmdesk.base.types import Json

BEGINNING = "0" * 64


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    OFFLINE = "offline"
    POLICY = "policy"
    """The organisation's rules are others than before, or one of them could not be carried out."""
    REQUEST = "request"
    """Written before anything is sent."""
    END = "end"
    REFUSED = "refused"
    LINK = "link"
    """An address was opened in the browser, by hand."""
    RESTORE = "restore"
    STATEMENT = "statement"


class LedgerRow(Record):
    n: int
    """From 1 on, without gaps."""
    time: int
    """Microseconds since 1970, UTC."""
    monotonic: int
    """Microseconds by a clock that nobody sets and that goes on while the PC sleeps; of one `boot`."""
    boot: str
    kind: str
    data: str
    hash: str

    @property
    def values(self) -> dict[str, Json]:
        """What `data` says.  Raises ValueError where it is no JSON object."""
        found = json.loads(self.data)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found

    @property
    def said(self) -> dict[str, Json]:
        """The same; nothing where somebody has made it unreadable, which must keep nobody from working."""
        return said_in(self.data)

    @property
    def is_imported(self) -> bool:
        """Whether it is from before there was a chain, or from another one: its time is that of then."""
        return '"imported":true' in self.data and self.said.get("imported") is True


class Outgoing(Record):
    host: str
    method: str
    path: str
    purpose: str = ""
    port: int = 0
    via: str = ""
    """How the proxy is chosen: system, none, or its address, without a password."""
    query_sha256: str = ""
    """Of what stands behind the question mark, such as searched words; empty where nothing does."""


class Answered(Record):
    bytes: int
    """Of the answer, as they came over the line."""
    status: int = 0
    """HTTP; 0: there was no answer."""
    proxy: str = ""
    """Host and port of the proxy it went through; empty: straight."""


_FOR_SPREADSHEETS = {ord(one): f"\\u{ord(one):04x}" for one in ";|=@"}


def said_in(data: str) -> dict[str, Json]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def canonical(data: Mapping[str, Json]) -> str:
    """JSON that is always the same for the same values: one line, keys sorted, no spaces, letters as they are.

    Signs that a spreadsheet takes for the end of a cell or the beginning of a formula are escaped: a row goes into
    ledger.csv as it is, or its hash could not be checked.
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_FOR_SPREADSHEETS)  # none of them stands outside of strings


def chain_hash(before: str, n: int, time: int, monotonic: int, boot: str, kind: str, data: str) -> str:
    return hashlib.sha256("\n".join((before, f"{n}\n{time}\n{monotonic}", boot, kind, data)).encode()).hexdigest()


def first_fault(rows: Iterable[LedgerRow], *, before: str = BEGINNING, first: int = 1) -> int | None:
    """The number that the first row should have which is not the one written there; None: the chain holds.

    Rows missing at the end cannot be seen without a head from elsewhere.
    """
    for n, row in enumerate(rows, first):
        before = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, before):
            return n
    return None
