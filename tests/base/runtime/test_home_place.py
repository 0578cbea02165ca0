"""What is said of the disk the history lies on."""

from __future__ import annotations

import pytest

from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.runtime.home_place import home_problems
from slmdesk.doctor import examine_computer

pytestmark = pytest.mark.pure


def test_nothing_is_said_of_an_ordinary_disk(tmp_path):
    paths = find_paths(tmp_path / "home")
    assert home_problems(paths) == (), "not even made yet"
    make_folders(paths)
    assert home_problems(paths) == ()
    assert examine_computer(paths)["paths"]["warnings"] == []


def test_a_disk_without_rights_and_a_synced_folder_are_named_once_each(tmp_path, monkeypatch):
    paths = find_paths(tmp_path / "home")
    for folder in (paths.data, paths.config, paths.cache):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_args: None)  # as on FAT
    make_folders(paths)
    (tmp_path / ".stfolder").mkdir()
    problems = home_problems(paths)
    assert [problem.code for problem in problems] == ["home.open", "home.synced"]
    assert str(paths.data) in problems[0].sentence
    assert "Syncthing" in problems[1].sentence
    assert examine_computer(paths)["paths"]["warnings"] == [problem.sentence for problem in problems]


def test_a_place_that_cannot_be_found_out_is_said_once(tmp_path, monkeypatch):
    def fail():
        raise PermissionError(13, "Permission denied")

    paths = find_paths(tmp_path / "home")
    make_folders(paths)
    monkeypatch.setattr("slmdesk.base.disks._mounts", fail)
    (problem,) = home_problems(paths)
    assert problem.code == "home.unknown"
    assert f"{paths.data} lies (Permission denied)" in problem.sentence
