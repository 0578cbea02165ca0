"""The system's clipboard, by the programs that each system has for it: a command has no
window.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

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
    text: bytes = _by_some(0, b"", subprocess.PIPE).stdout
    return text.decode("utf-8", "replace")


def copy_to_clipboard(text: str) -> None:
    """Raises KnownError `clipboard.none`."""
    # what holds the copy goes on, and with it all that it has open
    _by_some(1, text.encode(), subprocess.DEVNULL)


def _by_some(at: int, given: bytes, output: int) -> subprocess.CompletedProcess[bytes]:
    for way in WAYS:
        with suppress(OSError, subprocess.SubprocessError):
            return subprocess.run(
                way[at],
                input=given,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=MOST_S,
                check=True,
            )
    raise KnownError("clipboard.none")
