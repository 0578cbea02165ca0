"""A backup into a folder that others may write to: theirs is neither written nor taken for ours."""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from store.conftest import say

from slmdesk.base.errors import KnownError
from slmdesk.store import backup

pytestmark = pytest.mark.pure
MARKER = b"heron-marker"
NOBODY = 65534
NAMES = 1_500


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that everybody may write to, without a sticky bit."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def written(store):
    """A history that holds the marker."""
    say(store, store.items.add("chat", "Heron").id, MARKER.decode())
    return store


def as_another(path: Path) -> None:
    """Give `path` to another user, where this test may (root)."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def guessed(shared: Path) -> list[Path]:
    """The names that a backup of this process and of the next ones would have, if they followed from its number."""
    return [shared / f".copy.db.{os.getpid() + more}.new" for more in range(NAMES)]


def is_ours_and_private(target: Path) -> bool:
    about = target.lstat()
    return stat.S_ISREG(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o600 and about.st_uid == os.geteuid()


def test_names_that_another_user_made_before_are_not_used(written, paths, shared) -> None:
    for name in guessed(shared):
        name.touch()
        name.chmod(0o666)
        as_another(name)
    target = shared / "copy.db"
    with written.alone():
        backup(paths, target)
    assert is_ours_and_private(target)
    assert MARKER in target.read_bytes()
    assert sorted(shared.iterdir()) == sorted([*guessed(shared), target])
    assert all(name.stat().st_size == 0 for name in guessed(shared))


def test_links_that_another_user_made_before_are_not_followed(written, paths, shared, tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_bytes(b"mine")
    for name in guessed(shared):
        name.symlink_to(mine)
        as_another(name)
    target = shared / "copy.db"
    with written.alone():
        backup(paths, target)
    assert is_ours_and_private(target)
    assert mine.read_bytes() == b"mine"


def swapped(shared: Path, leave: Callable[[Path], None]) -> list[Path]:
    """What another user can do to the folder being written in: its name leads to another one now."""
    (ours,) = (path for path in shared.iterdir() if path.is_dir())
    (inside,) = (path.name for path in ours.iterdir() if not path.name.endswith("-journal"))
    ours.rename(shared / "away")
    ours.mkdir(0o777)
    ours.chmod(0o777)
    leave(ours / inside)
    as_another(ours)
    return [ours / inside]


def an_open_file(path: Path) -> None:
    path.touch()
    path.chmod(0o666)
    as_another(path)


def test_a_folder_swapped_before_the_copy_is_opened_gets_no_word(written, paths, shared, monkeypatch) -> None:
    theirs: list[Path] = []
    module = importlib.import_module("slmdesk.store.backup")
    real = module.connect

    def late(path: Path, **more: object):
        if not more.get("read_only") and not theirs:
            theirs.extend(swapped(shared, an_open_file))
        return real(path, **more)

    monkeypatch.setattr(module, "connect", late)
    with written.alone(), pytest.raises(KnownError, match=r"file\.unwritable"):
        backup(paths, shared / "copy.db")
    assert theirs
    assert not any(MARKER in path.read_bytes() for path in shared.rglob("*") if path.is_file())
    assert not (shared / "copy.db").exists()


def test_a_folder_swapped_while_the_copy_is_written_is_seen(written, paths, shared) -> None:
    theirs: list[Path] = []

    def swap(_done: int, _total: int) -> None:
        theirs.extend([] if theirs else swapped(shared, an_open_file))

    with written.alone(), pytest.raises(KnownError):
        backup(paths, shared / "copy.db", swap)
    assert theirs
    assert all(MARKER not in one.read_bytes() for one in theirs if one.exists())
    assert not (shared / "copy.db").exists()
