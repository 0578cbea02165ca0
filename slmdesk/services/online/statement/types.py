"""What a statement is asked for by, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from slmdesk.core.record import Record, field


class StatementRequest(Record):
    """A statement to be made."""

    target: Path
    since: date | None = None
    """The first day, by this PC's time zone; None: from the beginning of the ledger."""
    until: date | None = None
    """The last day; None: until now."""
    with_host_name: bool = False
    replace: bool = False
    """An existing file may be replaced: a person was asked."""
    is_new_key: bool = False
    """Sign with a new key from now on."""
    desk_ways: Mapping[str, Callable[[int], None]] = field(default_factory=dict)
    """Further ways of this process to a port of this PC, for the self-test: a socket of the window's library."""


class StatementMade(Record):
    """A statement that was written."""

    path: Path
    sha256: str
    """Of the file."""
    rows: int
    """Of the ledger, in the period."""
    requests: int
    refused: int
    level: str
    """Of paper.LEVELS."""
    fingerprint: str
    """Of the key that signed it."""
    key_place: str
    """Where the key is: keyring or file."""
    is_key_new: bool
    """Other statements, or none, were signed before."""
    head: str
    """The hash of the last row it knows of."""
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
