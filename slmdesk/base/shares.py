r"""Recognises paths that lead to another computer by their text: accessing one would already contact that computer.

A drive letter or a folder on which a share was mounted earlier looks like a local path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DEVICE = re.compile(r"//[?.]/+", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:(/|$)")


def server_of(path: str) -> str:
    r"""The computer that `//server/share/…` or `\\server\share\…` leads to; empty for a local path."""
    plain = path.replace("\\", "/")
    if not plain.startswith("//"):
        return ""
    if found := _DEVICE.match(plain):  # \\?\UNC\server\share, \\?\C:\folder
        rest = plain[found.end() :]
        if _DRIVE.match(rest):
            return ""
        if rest[:4].casefold() == "unc/":
            return rest[4:].lstrip("/").partition("/")[0] or "?"
        return rest.partition("/")[0] or "?"
    return plain.lstrip("/").partition("/")[0] or "?"


def is_share(text: str) -> bool:
    r"""Whether this names a computer, or a share or folder on one: `\\server`, `//server/share`."""
    return text.isprintable() and server_of(text) not in ("", "?") and ".." not in _parts(text)


def is_on(path: str, shares: Iterable[str]) -> bool:
    parts = _parts(path)
    return ".." not in parts and any(parts[: len(_parts(one))] == _parts(one) for one in shares)


def _parts(path: str) -> list[str]:
    server, plain = server_of(path), path.replace("\\", "/")
    if found := _DEVICE.match(plain):
        plain = plain[found.end() :]
        plain = plain[4:] if plain[:4].casefold() == "unc/" else plain
    rest = plain.lstrip("/").partition("/")[2]
    return [server.casefold(), *(one.casefold() for one in rest.split("/") if one not in ("", "."))]
