"""The state of the window has a file of its own, takes over once what older settings hold, and forgives a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.settings import SettingsFile
from slmdesk.base.untrusted import MAX_FILE_BYTES
from slmdesk.window.base.shortcuts import WindowState, WindowStateFile

pytestmark = pytest.mark.pure

OLDER = Path(__file__).parents[2] / "golden" / "settings_older.json"
"""Saved by the version before the window had a file of its own."""
TAKEN = WindowState(
    last_page="Models",
    last_chat="0123456789abcdef0123456789abcdef",
    sidebar_visible=False,
    documents_thumbnails=False,
    last_document_page=7,
    last_document_pane="summary",
    last_typed="fedcba9876543210fedcba9876543210",
    search_license="gemma",
    search_author="someone",
    search_fits=True,
    search_sort="likes",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window.json"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The settings of an older version, with a key of a newer one."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**json.loads(OLDER.read_text()), "from_the_future": 1}))
    return file


def test_what_changed_is_there_again_and_written_privately(path):
    file = WindowStateFile(path, {})
    assert file.current == WindowState()
    file.change(last_page="Jobs", search_fits=True)
    assert WindowStateFile(path, {}).current == WindowState(last_page="Jobs", search_fits=True)
    assert path.stat().st_mode & 0o777 == 0o600
    written = path.stat().st_mtime_ns
    file.change(last_page="Jobs")
    assert path.stat().st_mtime_ns == written, "nothing has changed"


def test_the_state_in_older_settings_is_taken_over_once_and_leaves_them(path, older):
    settings = SettingsFile(older)
    assert (settings.current.theme, settings.current.translate_target, settings.problems) == ("dark", "fr", [])
    file = WindowStateFile(path, settings.current.extra)
    assert file.current == TAKEN
    file.take_over(settings)
    left = json.loads(older.read_text())
    assert not left.keys() & json.loads(path.read_text()).keys()
    assert (left["theme"], left["translate_target"], left["from_the_future"]) == ("dark", "fr", 1)
    assert WindowStateFile(path, SettingsFile(older).current.extra).current == TAKEN
    older.write_text(json.dumps({**left, "last_page": "Settings"}))
    again = SettingsFile(older)
    file = WindowStateFile(path, again.current.extra)
    file.take_over(again)
    assert file.current == TAKEN, "only once"
    assert "last_page" not in json.loads(older.read_text())


def test_a_command_that_saves_settings_before_the_window_opens_loses_no_older_state(path, older):
    SettingsFile(older).change(offline=False)
    assert not path.exists()
    assert WindowStateFile(path, SettingsFile(older).current.extra).current == TAKEN


def test_older_settings_that_cannot_be_written_are_taken_over_all_the_same(path, older, monkeypatch):
    settings = SettingsFile(older)
    file = WindowStateFile(path, settings.current.extra)

    def full(path: Path, data: bytes) -> None:
        raise KnownError("disk.full", path=str(path), needed_bytes=len(data), available_bytes=0)

    monkeypatch.setattr("slmdesk.base.settings.write_atomically", full)
    with pytest.raises(KnownError):
        file.take_over(settings)
    monkeypatch.undo()
    assert "last_page" in json.loads(older.read_text())
    assert WindowStateFile(path, {}).current == TAKEN


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 500, b"[]", b"null", b'{"last_page": "Jobs"', b"\xff\xfe", b"[" * 100_000,
        b" " * (MAX_FILE_BYTES + 1),
    ],
)  # fmt: skip
def test_a_damaged_file_means_the_defaults_and_is_replaced(path, data):
    path.write_bytes(data)
    file = WindowStateFile(path, {"last_page": "Models"})
    assert file.current == WindowState(), "older settings are no way out: they are from before"
    file.change(last_page="Jobs")
    assert WindowStateFile(path, {}).current == WindowState(last_page="Jobs")


def test_wrong_values_mean_their_defaults_and_the_others_hold(path):
    wrong = {"last_document_page": -1, "search_fits": 1, "last_chat": "\0", "window_geometry": "x" * 100_000}
    path.write_text(json.dumps({**wrong, "last_page": "Jobs", "from_the_future": 1}))
    assert WindowStateFile(path, {}).current == WindowState(last_page="Jobs")


def test_what_cannot_be_saved_is_said(tmp_path):
    file = WindowStateFile(tmp_path / "nowhere" / "window.json", {})
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        file.change(last_page="Jobs")
    assert file.current == WindowState()
