"""The installer for Linux (packaging/linux/install.sh), with a small program instead of ours."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = '#!/bin/sh\necho "slmdesk {version}"\n'

pytestmark = [pytest.mark.process, pytest.mark.skipif(sys.platform != "linux", reason="of Linux")]


class Account:
    """Its home folder, and the packages that are installed into it."""

    def __init__(self, home: Path, packages: Path) -> None:
        self.home, self._packages = home, packages
        self.program = home / ".local/opt/slmdesk"
        self.shares = home / ".local/share"
        home.mkdir(parents=True)

    def install(self, version: str, *, program: str = PROGRAM, names: tuple[str, ...] = ("LICENCES.txt",)) -> str:
        package = self._packages / version
        folder = package / "slmdesk"
        (folder / "_internal").mkdir(parents=True)
        (folder / "slmdesk").write_text(program.format(version=version))
        (folder / "slmdesk").chmod(0o755)
        for name in (f"_internal/{version}.so", *names):
            (folder / name).write_text(name)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in paths]
        (folder / "MANIFEST").write_text("".join(sums))
        for line in re.search(r'files="([^"]*)"', self._script().read_text())[1].split():  # type: ignore[index]
            (package / "share" / line).parent.mkdir(parents=True, exist_ok=True)
            (package / "share" / line).write_text("share")
        shutil.copy(ROOT / "packaging/slmdesk.desktop", package / "share/applications")
        shutil.copy(self._script(), package)
        return self._run("sh", str(package / "install.sh"))

    def uninstall(self) -> str:
        return self._run(str(self.home / ".local/bin/slmdesk-uninstall"))

    def _run(self, *command: str) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    @staticmethod
    def _script() -> Path:
        return ROOT / "packaging/linux/install.sh"

    def version(self) -> str:
        return self._run(str(self.home / ".local/bin/slmdesk")).strip()

    def command_of_the_menu(self) -> str:
        """The program that a desktop starts, by the rules of its specification for strings and for quoted words."""
        entry = (self.shares / "applications/slmdesk.desktop").read_text()
        word = r'(?:[^"`$\\%]|%%|\\\\["`$]|\\{4})*'
        (line,) = re.findall(rf'^Exec="({word})" --window %F$', entry, re.MULTILINE)
        quoted = line.replace("\\\\", "\\")
        return re.sub(r'\\(["`$\\])', r"\1", quoted).replace("%%", "%")


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path / "home", tmp_path / "packages")


def test_an_update_and_the_uninstaller_leave_a_portable_home_and_foreign_files(account: Account) -> None:
    account.install("1", names=("LICENCES.txt", "OLD.txt"))
    kept = {"portable.txt": "", "home/data/slmdesk.sqlite3": "all chats", "notes.txt": "mine", ".mine": "too"}
    for name, text in kept.items():
        (account.program / name).parent.mkdir(parents=True, exist_ok=True)
        (account.program / name).write_text(text)
    before = (account.program / "home/data/slmdesk.sqlite3").stat().st_ino

    account.install("2")
    assert account.version() == "slmdesk 2"
    assert {path.name for path in account.program.iterdir()} == {
        "portable.txt", "home", "notes.txt", ".mine", "slmdesk", "_internal", "LICENCES.txt", "MANIFEST",
    }, "of the version before nothing is left"  # fmt: skip
    assert [path.name for path in (account.program / "_internal").iterdir()] == ["2.so"]
    assert (account.program / "home/data/slmdesk.sqlite3").stat().st_ino == before, "it is never moved"

    said = account.uninstall()
    there = {path.relative_to(account.program).as_posix() for path in account.program.rglob("*") if path.is_file()}
    assert there == set(kept)
    assert all((account.program / name).read_text() == text for name, text in kept.items())
    assert str(account.program) in said, "where the chats still are"
    assert not (account.home / ".local/bin/slmdesk").is_symlink()


def test_a_program_that_does_not_start_changes_nothing(account: Account) -> None:
    account.install("1")
    (account.program / "home").mkdir()
    with pytest.raises(AssertionError, match="does not start"):
        account.install("2", program="#!/bin/sh\nexit 1\n")
    assert account.version() == "slmdesk 1"
    assert (account.program / "home").is_dir()
    assert [path.name for path in account.program.parent.iterdir()] == ["slmdesk"]


def test_what_stopped_halfway_is_finished_by_the_next_run(account: Account) -> None:
    account.install("1")
    (account.program / "home").mkdir()
    (account.program / "MANIFEST").unlink()
    (account.program / "slmdesk").unlink()
    (account.program.parent / "slmdesk.new").mkdir()
    account.install("2")
    assert account.version() == "slmdesk 2"
    assert (account.program / "home").is_dir()
    assert [path.name for path in account.program.parent.iterdir()] == ["slmdesk"]


def test_nothing_of_the_program_is_left_where_nobody_put_anything(account: Account) -> None:
    account.install("1")
    account.uninstall()
    assert not [path for path in account.home.rglob("*") if "slmdesk" in path.name]


def test_a_home_in_a_link_stays_a_link(account: Account, tmp_path: Path) -> None:
    account.install("1")
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick/chats").write_text("mine")
    (account.program / "home").symlink_to(tmp_path / "stick")
    account.install("2")
    account.uninstall()
    assert (account.program / "home/chats").read_text() == "mine"


@pytest.mark.parametrize("name", ["a #b", "a&b", "a\\b", "a\\\\b&", 'q"$HOME`id`', "100%", "it's", "–ü"])
def test_any_home_path_gives_a_right_menu_entry_and_an_uninstaller(tmp_path: Path, name: str) -> None:
    account = Account(tmp_path / name, tmp_path / "packages")
    account.install("1")
    assert account.command_of_the_menu() == str(account.program / "slmdesk")
    account.install("2")
    assert account.version() == "slmdesk 2"
    account.uninstall()
    assert not account.program.exists()
