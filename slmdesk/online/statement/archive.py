"""The file of a statement: a plain tar whose every byte follows from what is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from slmdesk.base.types import Json
from slmdesk.models.packs.archive import END, padding, tar_header
from slmdesk.online.statement.verify import NAMES

STATEMENT, LEDGER, PDF, SUMS, SIGNATURE = NAMES


def statement_bytes(statement: Mapping[str, Json]) -> bytes:
    """Canonical JSON, and a line end."""
    text = json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """The list of checksums that is signed, as `sha256sum -c` takes it."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in (STATEMENT, LEDGER, PDF)).encode()


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """All five files as a tar: always the same bytes for the same files."""
    parts = [b"".join((tar_header(name, len(files[name])), files[name], padding(len(files[name])))) for name in NAMES]
    return b"".join((*parts, END))
