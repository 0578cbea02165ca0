"""The installer for Windows and the portable zip (packaging/windows), with a small program instead of ours.

The installer itself is run under wine: what makensis, mingw and wine64 of Debian are needed for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT / "packaging" / "windows")]
from pack import removal_of, write_installer, write_zip  # noqa: E402

WINE = shutil.which("wine64") or shutil.which("wine64", path="/usr/lib/wine")
COMPILER = "x86_64-w64-mingw32-gcc"
PROGRAM = """
#include <stdio.h>
#include <windows.h>
int main(int count, char **words) { puts("slmdesk"); fflush(stdout); if (count > 1) Sleep(300000); return 0; }
"""
"""Says its name; with a word behind it, it stays open."""
KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\slmdesk"


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    folder = tmp_path / "frozen"
    (folder / "_internal" / "parts").mkdir(parents=True)
    (folder / "_internal" / "parts" / "a.txt").write_text("a")
    for name in ("LICENSE.txt", "slmdesk-cli.exe", "slmdesk.exe"):
        (folder / name).write_text(name)
    return folder


@pytest.mark.pure
def test_the_portable_zip_is_the_folder_and_the_file_that_keeps_the_home_there(frozen: Path, tmp_path: Path) -> None:
    first, two = tmp_path / "one.zip", tmp_path / "two.zip"
    write_zip(frozen, first, 1_800_000_000)
    os.utime(frozen / "slmdesk.exe", (0, 0))
    write_zip(frozen, two, 1_800_000_000)
    assert first.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == [
            "slmdesk/LICENSE.txt", "slmdesk/_internal/parts/a.txt", "slmdesk/slmdesk-cli.exe", "slmdesk/slmdesk.exe",
            "slmdesk/portable.txt",
        ]  # fmt: skip


@pytest.mark.pure
def test_the_uninstaller_names_what_was_installed_and_no_whole_folder(frozen: Path) -> None:
    assert removal_of(frozen).splitlines() == [
        r'Delete "$INSTDIR\LICENSE.txt"',
        r'RMDir /r "$INSTDIR\_internal"',
        r'Delete "$INSTDIR\slmdesk-cli.exe"',
        r'Delete "$INSTDIR\slmdesk.exe"',
    ]


class Windows:
    """A fresh one, by wine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=",
        }
        self.environment.pop("DISPLAY", None)

    @property
    def account(self) -> Path:
        (user,) = (self._folder / "drive_c" / "users").glob("[!P]*")
        return user / "AppData"

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(WINE), *map(str, words)], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )  # fmt: skip

    def run(self, *words: str | Path) -> tuple[int, str]:
        with self.start(*words) as process:
            out, _none = process.communicate(timeout=300)
            return process.returncode, out

    def wait(self) -> None:
        """Until every process in it has ended."""
        server = shutil.which("wineserver", path=f"{Path(str(WINE)).parent}:/usr/lib/wine")
        subprocess.run([str(server), "-w"], env=self.environment, check=True, timeout=300)


@pytest.mark.soak
@pytest.mark.skipif(WINE is None, reason="needs wine64")
@pytest.mark.skipif(not shutil.which("makensis"), reason="needs makensis")
@pytest.mark.skipif(not shutil.which(COMPILER), reason="needs mingw-w64")
def test_it_installs_updates_and_uninstalls_silently_and_leaves_the_home(frozen: Path, tmp_path: Path) -> None:
    windows, setup = Windows(tmp_path / "wine"), tmp_path / "setup.exe"
    (tmp_path / "program.c").write_text(PROGRAM)
    subprocess.run([COMPILER, str(tmp_path / "program.c"), "-o", str(frozen / "slmdesk.exe")], check=True)
    write_installer(frozen, setup, "1.2.3")
    assert windows.run(setup, "/S")[0] == 0
    folder = windows.account / "Local" / "Programs" / "slmdesk"
    link = windows.account / "Roaming" / "Microsoft" / "Windows" / "Start Menu" / "Programs" / "slmdesk.lnk"
    assert {path.name for path in folder.iterdir()} == {path.name for path in frozen.iterdir()} | {"uninstall.exe"}
    assert (folder / "_internal" / "parts" / "a.txt").read_text() == "a"
    assert link.is_file()
    assert "1.2.3" in windows.run("reg", "query", KEY, "/v", "DisplayVersion")[1]
    assert windows.run(folder / "slmdesk.exe")[1].strip() == "slmdesk"

    home = windows.account / "Local" / "slmdesk" / "data"
    home.mkdir(parents=True)
    (home / "slmdesk.sqlite3").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    (frozen / "_internal" / "parts" / "a.txt").rename(frozen / "_internal" / "b.txt")
    (frozen / "_internal" / "parts").rmdir()
    write_installer(frozen, setup, "1.2.4")
    with windows.start(folder / "slmdesk.exe", "wait") as running:
        assert running.stdout is not None
        assert running.stdout.readline().strip() == "slmdesk"
        assert windows.run(setup, "/S")[0] == 2, "not while it is open"
        in_place = "_?=Z:" + str(folder).replace("/", "\\")  # else a copy does it, whose status nobody hears
        assert windows.run(folder / "uninstall.exe", "/S", in_place)[0] == 2
        assert (folder / "_internal" / "parts" / "a.txt").is_file()
        running.kill()
    assert windows.run(setup, "/S")[0] == 0
    assert "1.2.4" in windows.run("reg", "query", KEY, "/v", "DisplayVersion")[1]
    assert [path.name for path in (folder / "_internal").iterdir()] == ["b.txt"], (
        "of the version before nothing is left"
    )

    assert windows.run(folder / "uninstall.exe", "/S")[0] == 0
    windows.wait()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"], "what is not ours stays"
    assert (home / "slmdesk.sqlite3").read_text() == "mine"
    assert not link.exists()
    assert windows.run("reg", "query", KEY)[0] != 0
