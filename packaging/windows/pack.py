"""Of the frozen folder for Windows: slmdesk-VERSION-windows-setup.exe (by makensis) and the portable zip.

    python packaging/windows/pack.py dist/slmdesk dist

Runs on Windows and on Linux.  Only the standard library.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from common import ROOT  # noqa: E402
from release import version_of  # noqa: E402

PORTABLE = "portable.txt"
"""See slmdesk/base/paths.py."""
PORTABLE_TEXT = "As long as this file is here, slmdesk keeps everything in the folder “home” beside it.\n"


def files_in(folder: Path) -> list[Path]:
    """All files in a folder, in one order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_zip(folder: Path, target: Path, seconds: int) -> None:
    """The same folder and time give the same bytes."""
    when = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files_in(folder):
            name = f"slmdesk/{path.relative_to(folder).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, when), path.read_bytes(), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(f"slmdesk/{PORTABLE}", when), PORTABLE_TEXT)


def removal_of(folder: Path) -> str:
    """What the uninstaller does: all that was installed goes, and nothing else."""
    lines = []
    for path in sorted(folder.iterdir()):
        lines.append(f'RMDir /r "$INSTDIR\\{path.name}"' if path.is_dir() else f'Delete "$INSTDIR\\{path.name}"')
    return "\n".join(lines) + "\n"


def write_installer(folder: Path, target: Path, version: str) -> None:
    """Write the installer of what is in the folder."""
    with TemporaryDirectory() as name:
        removal = Path(name) / "remove.nsh"
        removal.write_text(removal_of(folder), "utf-8-sig")
        given = {
            "FOLDER": folder, "REMOVE": removal, "VERSION": version, "OUT": target,
            "KILOBYTES": sum(path.stat().st_size for path in files_in(folder)) // 1024,
            **({} if os.name == "nt" else {"TARGET": "amd64-unicode"}),
        }  # fmt: skip
        defined = [f"-D{key}={value}" for key, value in given.items()]
        subprocess.run(["makensis", "-V2", "-INPUTCHARSET", "UTF8", *defined, str(HERE / "slmdesk.nsi")], check=True)


def main(folder: Path, out: Path) -> None:
    """Write both, named after the version."""
    begin = f"slmdesk-{version_of(ROOT)}-windows"
    out.mkdir(parents=True, exist_ok=True)
    write_zip(folder, out / f"{begin}-portable.zip", int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    write_installer(folder, out / f"{begin}-setup.exe", version_of(ROOT))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
