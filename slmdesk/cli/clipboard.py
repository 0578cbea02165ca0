"""The system's clipboard, by the programs that each system has for it: a command has no
window.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from slmdesk.base.errors import KnownError

UTF_8 = "[Console]::InputEncoding=[Console]::OutputEncoding=[Text.Encoding]::UTF8;"
POWERSHELL = ("powershell", "-NoProfile", "-Command")
WAYS = (
    (("wl-paste", "--no-newline"), ("wl-copy",)),
    (("xclip", "-selection", "clipboard", "-o"), ("xclip", "-selection", "clipboard")),
    (("xsel", "--clipboard", "--output"), ("xsel", "--clipboard", "--input")),
    (("pbpaste",), ("pbcopy",)),
    (
        (*POWERSHELL, f"{UTF_8}Get-Clipboard -Raw"),
        (*POWERSHELL, f"{UTF_8}Set-Clipboard ([Console]::In.ReadToEnd())"),
    ),
)
"""What reads the clipboard and what writes it. The first that works is taken."""
MOST_S = 10.0


def clipboard_text() -> str:
    """Raises KnownError `clipboard.none`."""
    return _by_some([read for read, _write in WAYS], None)


def copy_to_clipboard(text: str) -> None:
    """Raises KnownError `clipboard.none`."""
    _by_some([write for _read, write in WAYS], text)


def _by_some(commands: Sequence[tuple[str, ...]], text: str | None) -> str:
    for command in commands:
        if shutil.which(command[0]) is None:
            continue
        try:
            done = subprocess.run(
                command,
                input=(text or "").encode(),
                # one that holds what is copied stays, and with it all that it has open
                stdout=subprocess.DEVNULL if text is not None else subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=MOST_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return (done.stdout or b"").decode("utf-8", "replace")
    raise KnownError("clipboard.none")
