"""Writes the network log as CSV or JSON, for an auditor."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.types import Json
from slmdesk.exports.chats import iso_time
from slmdesk.text.words.spreadsheet_cells import harmless_cell

FORMATS = ("csv", "json")
COLUMNS = ("time", "host", "method", "path", "bytes", "purpose")


def format_for(path: Path) -> str:
    """Csv or json, by the suffix.  Raises KnownError `request.invalid` for another."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise KnownError("request.invalid", what="the name must end in .csv or .json")
    return suffix


def time_of(row: NetworkLogRow) -> str:
    """When the request was sent: ISO 8601 in UTC."""
    return iso_time(row.time)


def json_of(row: NetworkLogRow) -> dict[str, Json]:
    """A row as JSON (see cli.md).  `bytes` is null while the answer has not ended."""
    return {
        "time": time_of(row),
        "host": row.host,
        "method": row.method,
        "path": row.path,
        "bytes": row.bytes,
        "purpose": row.purpose,
    }


def to_json(rows: Sequence[NetworkLogRow]) -> bytes:
    return (json.dumps([json_of(row) for row in rows], ensure_ascii=False, indent=1) + "\n").encode()


def to_csv(rows: Sequence[NetworkLogRow]) -> bytes:
    """RFC 4180, UTF-8 with a BOM, so that spreadsheets detect it; no formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        shape = json_of(row)
        writer.writerow("" if shape[key] is None else harmless_cell(str(shape[key])) for key in COLUMNS)
    return ("\ufeff" + out.getvalue()).encode()
