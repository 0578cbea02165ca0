"""Tries a built program as a person would, in a home of its own: on each system the same, after each build.

    python packaging/smoke.py PROGRAM MODEL [WINDOW]

PROGRAM runs commands (on Windows slmdesk-cli.exe), WINDOW opens the window (else PROGRAM does), MODEL is the file of a
small model.  Only the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

LETTER = "# Lease\n\nThe rent is 850.00 EUR a month. Notice is three months.\n"
WINDOW_S = 20
"""Within it a window that cannot open has ended."""


def told(*command: str | Path) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, encoding="utf-8", timeout=600)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command[1:]))}: ended with status {done.returncode}\n{done.stdout}")
    print(f"{' '.join(map(str, command[1:]))}: good", flush=True)
    return done.stdout


def smoke(program: Path, model: Path, window: Path, folder: Path) -> None:
    """Raises SystemExit at the first thing that does not work."""
    letter, exported = folder / "lease.md", folder / "lease.docx"
    letter.write_text(LETTER, "utf-8")
    told(program, "--version")
    told(program, "models", "import", model)
    if not told(program, "chat", "Name a colour.").strip():
        raise SystemExit("chat: no answer")
    for form in ("docx", "pdf", "xlsx", "html"):
        told(program, "summarize", letter, "--own-words", "-o", folder / f"lease.{form}")
    if "850" not in told(program, "documents", "text", exported):
        raise SystemExit("documents text: something else was read")
    if sys.platform != "darwin":  # there the signature has the sums
        told(program, "doctor", "--files")
    children = json.loads(told(program, "doctor", "--json"))["children"]
    if not all(str(verdict).startswith("works") for verdict in children.values()):
        raise SystemExit(f"doctor: {children}")
    with subprocess.Popen([str(window)]) as opened:
        time.sleep(WINDOW_S)
        if opened.poll() is not None:
            raise SystemExit(f"the window ended with status {opened.returncode}")
        opened.terminate()
    print("window: stays open")


if __name__ == "__main__":
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.environ["SLMDESK_HOME"] = str(Path(name) / "home")
        given = [Path(word).resolve() for word in sys.argv[1:]]
        smoke(given[0], given[1], given[-1] if len(given) > 2 else given[0], Path(name))
