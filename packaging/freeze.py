"""The program frozen for Windows or macOS, on that system: build/packages/frozen/slmdesk, or slmdesk.app.

    python packaging/freeze.py [WHEEL]

WHEEL is llama.cpp's, as packaging/windows/llama.sh makes it; without one it is compiled.  Of the commit that is checked
out, with the pinned libraries.  For Linux packages.py does more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import llama
from packages import BUILD, MANIFEST, environment, export, manifest, pack_program

OWN_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


def main(wheel: Path | None) -> None:
    """Freeze it.  On Windows the folder gets the sums of its files; on macOS the signature has them."""
    source = BUILD / "source"
    made = export(source)
    python = environment(source, wheel or llama.wheel("metal" if sys.platform == "darwin" else "cpu", OWN_PIP))
    folder = pack_program(source, python, made, "macos/slmdesk.spec" if sys.platform == "darwin" else "slmdesk.spec")
    if sys.platform != "darwin":
        (folder / MANIFEST).write_text(manifest(folder), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else None)
