"""What a statement is asked for by, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from slmdesk.base.record import Record, field


class StatementRequest(Record):
    target: Path
    since: date | None = None
    """The first day, by this PC's time zone; None: from the beginning of the ledger."""
    until: date | None = None
    with_host_name: bool = False
    replace: bool = False
    is_new_key: bool = False
    desk_ways: Mapping[str, Callable[[int], None]] = field(default_factory=dict)


class StatementMade(Record):
    path: Path
    sha256: str
    rows: int
    requests: int
    refused: int
    level: str
    """Of paper.LEVELS."""
    fingerprint: str
    key_place: str
    is_key_new: bool
    head: str
    problems: tuple[str, ...] = ()
    """What somebody who reads it should know first, in sentences."""


class StatementProgress(Record):
    """What is being done, and how far; total 0: not known."""

    stage: str
    """A key of STAGES."""
    done: int = 0
    total: int = 0


STAGES = {
    "test": "Trying who can reach the network",
    "files": "Comparing the installed files",
    "ledger": "Reading the ledger",
    "pages": "Laying out the pages",
    "writing": "Signing and writing",
}
