"""The folders: where they are, and that they are their owner's alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.files import dated_name
from slmdesk.base.paths import find_paths, make_folders

pytestmark = pytest.mark.pure


def test_everything_moves_with_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "stick"))
    paths = find_paths()
    for place in (
        paths.data, paths.models, paths.cache, paths.logs, paths.config, paths.database, paths.settings_file,
        paths.backups, paths.instance_locks, paths.schema_lock, paths.policy_file,
    ):  # fmt: skip
        assert place.is_relative_to(tmp_path / "stick")
    assert find_paths(tmp_path / "other").data.is_relative_to(tmp_path / "other"), "an argument comes first"
    assert not (tmp_path / "stick").exists(), "looking makes nothing"


def test_a_relative_home_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_paths(Path("here")).data == tmp_path / "here" / "data"


def test_without_a_home_the_system_says_where(monkeypatch, tmp_path):
    monkeypatch.delenv("SLMDESK_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    paths = find_paths()
    assert all(each.is_relative_to(tmp_path) for each in (paths.data, paths.cache, paths.logs, paths.config))
    assert paths.settings_file.parent != paths.database.parent


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
def test_a_portable_copy_keeps_its_home_beside_itself(monkeypatch, tmp_path):
    monkeypatch.delenv("SLMDESK_HOME", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "slmdesk.exe"))
    (tmp_path / "portable.txt").touch()
    assert not find_paths().data.is_relative_to(tmp_path), "a Python with such a file beside it is none"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert find_paths().data == tmp_path / "home" / "data"
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "other"))
    assert find_paths().data == tmp_path / "other" / "data", "what is asked for comes first"
    monkeypatch.delenv("SLMDESK_HOME")
    (tmp_path / "portable.txt").unlink()
    assert not find_paths().data.is_relative_to(tmp_path)


def test_folders_are_private_also_when_they_were_not(tmp_path):
    paths = find_paths(tmp_path / "a" / "b")
    paths.data.mkdir(parents=True, mode=0o755)
    make_folders(paths)
    for folder in (paths.data, paths.models, paths.cache, paths.logs, paths.config):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
def test_files_of_a_home_made_by_hand_are_private_too(tmp_path):
    paths = find_paths(tmp_path)
    make_folders(paths)
    ours, linked = (paths.window_file, paths.settings_file, paths.database), tmp_path / "linked"
    for file in (*ours, paths.policy_file, linked):
        file.touch()
        file.chmod(0o644)
    (paths.config / "link.json").symlink_to(linked)
    make_folders(paths)
    assert {stat.S_IMODE(path.stat().st_mode) for path in ours} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (paths.policy_file, linked)} == {0o644}, "written by others"


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        make_folders(find_paths(tmp_path / "home"))


def test_dated_names_are_free(tmp_path):
    path = tmp_path / "x.json"
    first = dated_name(path, "broken")
    first.touch()
    assert dated_name(path, "broken") != first
    assert first.name.startswith("x.broken-20")
