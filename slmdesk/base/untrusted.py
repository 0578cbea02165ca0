"""Check names, paths and small files from outside before they are shown, opened or trusted."""

from __future__ import annotations

import json
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from slmdesk.base.texts import N_, _

CUT = "…"
MARK = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that must not be shown: a control character, a direction mark, a lone surrogate."""
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Characters that are allowed although they are in category Cf: words in Persian and many emoji need them."""


JOINER = "\N{WORD JOINER}"


def broken(text: str, lookalike: re.Pattern[str]) -> str:
    """Put an invisible joiner behind each beginning of what looks like words of ours, for a model."""
    return lookalike.sub(rf"\g<0>{JOINER}", text)


def clean_label(untrusted: str, limit: int = 200) -> str:
    """Return one line of at most `limit` characters. White space becomes single spaces, control characters are
    replaced.

    Control characters, direction marks and other invisible format characters, lone surrogates, private and unassigned
    code points become U+FFFD. A text that was cut ends in "…". Markup stays in the text, so show it as plain text.
    """
    is_plain = len(untrusted) <= limit and untrusted.isascii() and untrusted.isprintable()
    if is_plain and untrusted.split(" ") == untrusted.split():
        return untrusted  # nearly all names, and a search of the Hub has thousands
    long = untrusted[: 4 * limit + 64]  # enough for runs of white space; a 16 MiB title costs nothing
    words = " ".join("".join(map(_shown, long)).split())
    if len(words) > limit or len(long) < len(untrusted):
        return words[: limit - 1].rstrip() + CUT
    return words


def clean_bytes(untrusted: bytes, limit: int = 200) -> str:
    """Do the same as `clean_label` for bytes that should be UTF-8. Invalid bytes become U+FFFD."""
    cut = untrusted[: 16 * limit + 256]
    label = clean_label(cut.decode("utf-8", "replace"), limit)
    return label if len(cut) == len(untrusted) or label.endswith(CUT) else label[: limit - 1] + CUT


def _shown(character: str) -> str:
    if character.isspace() or character in "\x00\x1c\x1d\x1e\x1f":
        return " " if character != "\x00" else MARK
    if unicodedata.category(character)[0] == "C" and character not in _JOINERS:
        return MARK
    return character


MAX_FILE_BYTES = 1 << 20


def read_file(
    path: Path, examine: Callable[[int], object] = lambda _handle: None, *, most_bytes: int = MAX_FILE_BYTES
) -> bytes:
    """Read a regular file of at most `most_bytes`. Raises OSError, also for a FIFO, which would block an ordinary
    open.

    `examine` is called with the handle before anything is read.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        examine(file.fileno())
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, N_("it is not a regular file"))
        untrusted = file.read(most_bytes + 1)
    if len(untrusted) > most_bytes:
        raise OSError(0, N_("it is too large"))
    return untrusted


def object_in(untrusted: bytes) -> dict[str, Any]:
    """Parse a JSON object.  Raises ValueError (or RecursionError) for anything else."""
    shape = json.loads(untrusted.decode("utf-8-sig"))
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    return shape


def json_bytes(shape: dict[str, Any]) -> bytes:
    return json.dumps(shape, indent=2, ensure_ascii=True, sort_keys=True).encode() + b"\n"


# Paths that lead to another computer, recognised by their text. Accessing such a path would already contact that
# computer. A drive letter or folder on which a share was mounted earlier looks like a local path.


_DEVICE = re.compile(r"//[?.]/+", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:(/|$)")


def server_of(path: str) -> str:
    r"""Return the computer that `//server/share/…` or `\\server\share\…` leads to. Empty for a local path."""
    plain = path.replace("\\", "/")
    if not plain.startswith("//"):
        return ""
    if match := _DEVICE.match(plain):  # \\?\UNC\server\share, \\?\C:\folder
        rest = plain[match.end() :]
        if _DRIVE.match(rest):
            return ""
        if rest[:4].casefold() == "unc/":
            return rest[4:].lstrip("/").partition("/")[0] or "?"
        return rest.partition("/")[0] or "?"
    return plain.lstrip("/").partition("/")[0] or "?"


def is_share(text: str) -> bool:
    r"""Tell whether this names a computer, or a share or folder on it: `\\server`, `//server/share`."""
    return text.isprintable() and server_of(text) not in ("", "?") and ".." not in _parts(text)


def is_on(path: str, shares: Iterable[str]) -> bool:
    parts = _parts(path)
    return ".." not in parts and any(parts[: len(_parts(share))] == _parts(share) for share in shares)


def _parts(path: str) -> list[str]:
    server, plain = server_of(path), path.replace("\\", "/")
    if match := _DEVICE.match(plain):
        plain = plain[match.end() :]
        plain = plain[4:] if plain[:4].casefold() == "unc/" else plain
    rest = plain.lstrip("/").partition("/")[2]
    return [server.casefold(), *(part.casefold() for part in rest.split("/") if part not in ("", "."))]


ROOT = 0


def owner_of(about: os.stat_result) -> str:
    """Return the name of a file's owner, or the owner's number if there is no name. Empty on Windows."""
    if os.name == "nt":
        return ""
    import pwd

    try:
        return pwd.getpwuid(about.st_uid).pw_name
    except KeyError:
        return str(about.st_uid)


def why_not_theirs(handle: int, path: Path, *, or_ours: bool = False) -> str:
    """Return why somebody other than administrators may have written, placed or may replace the open file at `path`.
    Empty if nobody else can.

    `or_ours` allows the account of this process too. Checks the file and its folder, and if `path` leads through a
    link, also the folder that the file is really in.
    """
    try:
        if os.name == "nt":
            from slmdesk.base import disks

            return disks.why_not_theirs(handle, path, or_ours=or_ours)
        ours = os.geteuid() if or_ours else None
        reason = why_not_roots(os.fstat(handle), "it", ours)
        for folder in dict.fromkeys((path.parent, path.resolve().parent)):
            reason = reason or why_not_roots(folder.stat(), _("its folder"), ours)
        return reason
    except (OSError, RuntimeError) as err:  # RuntimeError: a loop of links
        return _("it cannot be told who may write it: {err}").format(err=err)


def why_not_roots(about: os.stat_result, what: str, ours: int | None = None) -> str:
    """Return why accounts other than root and `ours` can change a file or folder. Empty if no others can."""
    if about.st_uid not in (ROOT, ours):
        return _("{what} belongs to {owner} and not to {what2}").format(
            what=what, owner=owner_of(about), what2=_("root") if ours is None else _("you")
        )
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return _("{what} can be changed by others{what2}").format(
            what=what, what2=_(" than root") if ours is None else ""
        )
    return ""
