from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.records import NetworkLogRow
from slmdesk.online.network import format_for, to_csv, to_json

pytestmark = pytest.mark.pure
ROWS = [
    NetworkLogRow(2, 1_700_000_001.5, "hub.example", "GET", '/a,"b"\nc', "download of ł", None),
    NetworkLogRow(1, 1_700_000_000.0, "=cmd|'/c calc'!A1", "HEAD", "/x", "-1+1", 7),
]


def test_both_forms_hold_every_row() -> None:
    shapes = json.loads(to_json(ROWS))
    assert shapes[0] == {
        "time": "2023-11-14T22:13:21Z", "host": "hub.example", "method": "GET", "path": '/a,"b"\nc', "bytes": None,
        "purpose": "download of ł",
    }  # fmt: skip
    table = list(csv.DictReader(io.StringIO(to_csv(ROWS).decode("utf-8-sig"), newline="")))
    assert [one["path"] for one in table] == ['/a,"b"\nc', "/x"]
    assert [one["bytes"] for one in table] == ["", "7"]


def test_a_spreadsheet_carries_nothing_out() -> None:
    row = list(csv.DictReader(io.StringIO(to_csv(ROWS).decode("utf-8-sig"), newline="")))[1]
    assert (row["host"], row["purpose"]) == ("'=cmd|'/c calc'!A1", "'-1+1")
    odd = NetworkLogRow(3, 1_700_000_002.0, "hub.example", "GET", "/a;=cmd|' /C calc'!A1", "search", 1)
    assert b";'=cmd" in to_csv([odd])
    assert json.loads(to_json(ROWS))[1]["host"] == ROWS[1].host, "JSON is as it was"


def test_the_name_says_the_form() -> None:
    assert (format_for(Path("a.CSV")), format_for(Path("b.json"))) == ("csv", "json")
    with pytest.raises(KnownError):
        format_for(Path("c.xlsx"))
