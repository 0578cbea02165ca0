"""The program frozen for Windows or macOS, on that system: build/packages/frozen/slmdesk, or slmdesk.app.

    python packaging/freeze.py [WHEEL]

WHEEL is llama.cpp's, as packaging/windows/llama.sh makes it; without one it is compiled.  Of the commit that is checked
out, with the pinned libraries.  For Linux packages.py does more.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import llama
from common import PIP, say
from packages import BUILD, PAGE, SBOM, add_lists, environment, export, pack_program, run
from parts import WrongPart
from release import version_of


def freeze(wheel: Path | None) -> None:
    """Freeze it, with the list of parts, the licences and the sums of all files.  Raises WrongPart, BuildFailed."""
    is_mac = sys.platform == "darwin"
    source = BUILD / "source"
    made = export(source)
    own = wheel or llama.wheel("metal" if is_mac else "cpu", (sys.executable, *PIP))
    python = environment(source, own)
    folder = pack_program(source, python, made, "macos/slmdesk.spec" if is_mac else "slmdesk.spec")
    add_lists(folder, python, version_of(source), made)
    if is_mac:  # the app is another copy of the folder, and what is in it was signed
        app = folder.with_suffix(".app")
        for name in (PAGE, SBOM):
            shutil.copy(folder / name, app / "Contents" / "Resources" / name)
            (app / "Contents" / "MacOS" / name).symlink_to(f"../Resources/{name}")
        run(["codesign", "--force", "--deep", "--sign", "-", app])


def main() -> int:
    """Returns the exit status."""
    try:
        freeze(Path(sys.argv[1]).resolve() if sys.argv[1:] else None)
    except (WrongPart, llama.BuildFailed) as err:
        say(f"{err}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
