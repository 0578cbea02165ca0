"""Who keeps slmdesk offline: what is asked for, and what is said of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import Policy
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.settings import Settings, SettingsFile, peek
from slmdesk.models.hub import barriers
from slmdesk.models.online.network import format_for, to_csv, to_json
from slmdesk.models.online.offline import enforcement, has_remote_display, is_wanted

pytestmark = pytest.mark.pure
FORCED = Policy("p", {"offline": True})


def test_the_policy_or_the_person_ask_for_it():
    assert is_wanted(Settings(offline=True, offline_enforced=True), Policy())
    assert is_wanted(Settings(offline=False), FORCED)
    assert not is_wanted(Settings(offline=True), Policy())
    assert not is_wanted(Settings(offline=False, offline_enforced=True), Policy())


@pytest.mark.parametrize(
    ("environment", "is_remote"),
    [
        ({}, False), ({"DISPLAY": ":0"}, False), ({"DISPLAY": "unix:0.0"}, False), ({"DISPLAY": "/tmp/x:0"}, False),
        ({"DISPLAY": "localhost:10.0"}, True), ({"DISPLAY": "pc.example:0"}, True), ({"DISPLAY": "[::1]:0"}, True),
        ({"DISPLAY": "localhost:10.0", "WAYLAND_DISPLAY": "wayland-0"}, False),
    ],
)  # fmt: skip
def test_a_window_that_is_shown_through_a_network_would_be_none(environment, is_remote):
    assert has_remote_display(environment) is is_remote


def test_only_what_took_effect_is_said_to_hold(monkeypatch):
    wanted = Settings(offline_enforced=True)
    monkeypatch.setattr(barriers, "can_enforce", lambda: True)
    assert enforcement(wanted, Policy(), {}).words.endswith("from the next start on.")
    assert "through a network" in enforcement(wanted, Policy(), {"DISPLAY": "far:0"}).words
    assert enforcement(Settings(), Policy(), {}).words == "slmdesk itself sends nothing."
    assert "online" in enforcement(Settings(offline=False), Policy(), {}).words
    monkeypatch.setattr(barriers, "can_enforce", lambda: False)
    told = enforcement(Settings(), FORCED, {})
    assert (told.by_system, "no way" in told.words) == (False, True)
    monkeypatch.setattr(barriers, "is_enforced", lambda: True)
    assert enforcement(Settings(), Policy(), {}).by_system


def test_while_the_system_keeps_it_offline_nobody_can_choose_otherwise(tmp_path):
    path = tmp_path / "settings.json"
    file = SettingsFile(path, is_kept_offline=True)
    for wish in (lambda: file.change(offline=False), file.allow_once):
        with pytest.raises(KnownError, match=r"network\.enforced"):
            wish()
    file.change(offline_enforced=False, theme="dark")  # for the next start
    other = SettingsFile(path)
    other.change(offline=False)
    file.refresh()
    assert (file.current.offline, file.current.theme) == (True, "dark")
    assert SettingsFile(path).current.offline is False, "the control: without it the file says"


def test_the_settings_are_looked_at_without_changing_anything(tmp_path):
    path = tmp_path / "settings.json"
    assert peek(path) == Settings()
    path.write_text("nonsense")
    assert peek(path) == Settings()
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    path.write_text('{"offline": false, "offline_enforced": true, "theme": 7}')
    assert (peek(path).offline, peek(path).offline_enforced, peek(path).theme) == (False, True, "system")


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
    assert [row["path"] for row in table] == ['/a,"b"\nc', "/x"]
    assert [row["bytes"] for row in table] == ["", "7"]


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
