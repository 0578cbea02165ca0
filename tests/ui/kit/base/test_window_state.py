"""The state of the window has a file of its own, and forgives a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.untrusted import MAX_FILE_BYTES
from slmdesk.ui.kit.base.window_state import WindowState, WindowStateFile

pytestmark = pytest.mark.pure


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "window.json"


def test_what_changed_is_there_again_and_written_privately(path):
    file = WindowStateFile(path)
    assert file.current == WindowState()
    file.change(last_page="Jobs", search_fits=True)
    assert WindowStateFile(path).current == WindowState(last_page="Jobs", search_fits=True)
    assert path.stat().st_mode & 0o777 == 0o600
    written = path.stat().st_mtime_ns
    file.change(last_page="Jobs")
    assert path.stat().st_mtime_ns == written, "nothing has changed"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 500, b"[]", b"null", b'{"last_page": "Jobs"', b"\xff\xfe", b"[" * 100_000,
        b" " * (MAX_FILE_BYTES + 1),
    ],
)  # fmt: skip
def test_a_damaged_file_means_the_defaults_and_is_replaced(path, data):
    path.write_bytes(data)
    file = WindowStateFile(path)
    assert file.current == WindowState()
    file.change(last_page="Jobs")
    assert WindowStateFile(path).current == WindowState(last_page="Jobs")


def test_wrong_values_mean_their_defaults_and_the_others_hold(path):
    wrong = {"last_document_page": -1, "search_fits": 1, "last_chat": "\0", "window_geometry": "x" * 100_000}
    path.write_text(json.dumps({**wrong, "last_page": "Jobs", "from_the_future": 1}))
    assert WindowStateFile(path).current == WindowState(last_page="Jobs")


def test_what_cannot_be_saved_is_said(tmp_path):
    file = WindowStateFile(tmp_path / "nowhere" / "window.json")
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        file.change(last_page="Jobs")
    assert file.current == WindowState()
