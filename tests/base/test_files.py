"""Names for new files, and files in folders where others may write too."""

from __future__ import annotations

import os
import stat

import pytest

from slmdesk.base import files
from slmdesk.base.errors import KnownError
from slmdesk.base.files import free_name, new_beside, write_atomically, write_new, write_out

pytestmark = pytest.mark.pure


def test_a_free_name_is_the_next_one(tmp_path):
    path = tmp_path / "Report v1.2.docx"
    names = []
    for _at in range(20):
        target = free_name(path)
        target.touch(exist_ok=False)
        names.append(target.name)
    assert names == [path.name, *(f"Report v1.2 ({number}).docx" for number in range(2, 21))]


def test_links_and_folders_have_names_too(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a (2).txt").mkdir()
    assert free_name(tmp_path / "a.txt").name == "a (3).txt"


def test_few_names_are_looked_at(tmp_path, monkeypatch):
    asked = []

    def lexists(path):
        asked.append(path)
        name = path.name.removeprefix("a").removesuffix(".txt").strip(" ()")
        return int(name or 1) <= 5000

    monkeypatch.setattr(os.path, "lexists", lexists)
    assert free_name(tmp_path / "a.txt").name == "a (5001).txt"
    assert len(asked) < 40


@pytest.fixture
def shared(tmp_path):
    """A folder where everybody may write, without a sticky bit, and beside it a file that others want written."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    (tmp_path / "victim").write_text("old")
    return folder


POSIX = pytest.mark.skipif(os.name == "nt", reason="modes as Linux and macOS have them")


@POSIX
@pytest.mark.parametrize("write", [write_atomically, write_new, write_out])
def test_a_name_that_another_exchanges_is_not_taken_for_ours(shared, monkeypatch, write):
    real, seen = os.fsync, []

    def exchange(handle) -> None:
        """As somebody who watches the folder: what is made there becomes a link, or a folder with one."""
        real(handle)
        for made in [] if seen else list(shared.iterdir()):
            seen.append(made)
            inside = [path.name for path in made.iterdir()] if made.is_dir() else None
            made.rename(shared / "away")
            if inside is not None:
                made.mkdir()
            for link in [made / name for name in inside] if inside is not None else [made]:
                link.symlink_to(shared.parent / "victim")

    monkeypatch.setattr(files.os, "fsync", exchange)
    target = shared / "out.md"
    write(target, b"new")
    assert seen, "the control: there was something to exchange"
    assert (stat.S_IFMT(target.lstat().st_mode), target.read_bytes()) == (stat.S_IFREG, b"new")
    assert (shared.parent / "victim").read_text() == "old"


@POSIX
@pytest.mark.parametrize(
    ("umask", "there", "mode"), [(0o022, None, 0o644), (0o077, None, 0o600), (0o022, 0o660, 0o660)]
)
def test_a_file_for_a_person_has_the_mode_that_their_umask_leaves_or_its_own(tmp_path, umask, there, mode):
    target, before = tmp_path / "out.md", os.umask(umask)
    try:
        if there is not None:
            target.write_bytes(b"old")
            target.chmod(there)
        write_out(target, b"new")
        write_atomically(tmp_path / "own.json", b"new")
    finally:
        os.umask(before)
    assert (stat.S_IMODE(target.stat().st_mode), target.read_bytes()) == (mode, b"new")
    assert stat.S_IMODE((tmp_path / "own.json").stat().st_mode) == 0o600


@POSIX
def test_a_name_that_another_has_taken_in_the_end_is_refused(shared):
    target = shared / "out.md"

    def replaced(src, dst, *, src_dir_fd) -> None:
        os.replace(src, dst, src_dir_fd=src_dir_fd)
        dst.unlink()
        dst.symlink_to(shared.parent / "victim")

    with pytest.raises(KnownError) as refused, new_beside(target) as (_out, give_name):
        give_name(replaced)
    assert refused.value.args_for_people["reason"] == "another program replaced it while it was written"
    assert [path.name for path in shared.iterdir()] == ["out.md"], "nothing of ours stays"


@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_what_could_not_be_written_leaves_nothing(shared, monkeypatch, mode):
    shared.chmod(mode)
    target = shared / "out.md"
    write_new(target, b"one")
    with pytest.raises(KnownError, match=r"file\.exists"):
        write_new(target, b"two")
    monkeypatch.setattr(files.os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(KnownError, match=r"disk\.full"):
        write_atomically(target, b"three")
    assert [(path.name, path.read_bytes()) for path in shared.iterdir()] == [("out.md", b"one")]
