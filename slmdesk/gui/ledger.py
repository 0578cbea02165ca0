"""The network ledger as a text to read and copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slmdesk.core.records import LedgerRow

MOST_ROWS = 1000
TITLE = "Requests over the network"


def intro_of(rows: Sequence[LedgerRow]) -> str:
    """A sentence over the list."""
    if not rows:
        return "slmdesk has made no request over the network. Each one would be written down here before it leaves."
    if len(rows) >= MOST_ROWS:
        return f"The newest {MOST_ROWS:,} requests slmdesk has made, each written down before it left."
    return f"Every request slmdesk has made, {len(rows):,} in all, each written down before it left."


def text_of(rows: Sequence[LedgerRow]) -> str:
    """A line per request: when, what, where, why, how many bytes came."""
    return "\n".join(
        f"{datetime.fromtimestamp(row.time).astimezone():%Y-%m-%d %H:%M:%S}  {row.method} {row.host}{row.path}  "
        f"({row.purpose}{'' if row.bytes is None else f', {row.bytes:,} bytes'})"
        for row in rows
    )
