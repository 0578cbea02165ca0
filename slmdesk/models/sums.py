"""What a list of checksums (SHA256SUMS) beside a model file, or in the folder above, states of that file."""

from __future__ import annotations

import codecs
import posixpath
import re
import unicodedata
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label, read_file
from slmdesk.models.folder import SUMS

MOST_SUMS = 16 << 20
MODEL_NAMES = ("*.gguf", "ggml-*.bin")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"", "utf-8-sig"),
)
"""Beginnings of a file and its encoding: PowerShell writes UTF-16."""
_LINE = re.compile(r"\s*(\\?)(?:SHA256\s+)?([0-9a-f]{64})\s+\*?(.+)", re.IGNORECASE)
"""As sha256sum writes it, and as PowerShell's Get-FileHash does."""
_TAGGED = re.compile(r"\s*(\\?)SHA(?:2?-)?256 ?\((.+)\)\s*=\s*([0-9a-f]{64})\s*", re.IGNORECASE)
"""As BSD, macOS and OpenSSL write it."""
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\\\": "\\"}
_ELSEWHERE = re.compile(r"/|~|\.\./|[a-z]:")

Entry = tuple[str, str]
"""A checksum and a name."""


class SumList(Record):
    entries: tuple[Entry, ...] = ()
    problem: str = ""
    """Why it cannot be used."""


class Stated(Record):
    sums: frozenset[str] = frozenset()
    """In small letters. Several if a list contradicts itself."""
    not_checked: str = ""
    """Why a list that is there says nothing about the file."""


def read_list(path: Path) -> SumList | None:
    """Return None if there is no list. Does not wait for anything that is no regular file."""
    try:
        untrusted = read_file(path, most_bytes=MOST_SUMS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as err:
        reason = _(err.strerror) if err.strerror else str(err)
        return SumList(problem=_("{name} cannot be read ({reason})").format(name=SUMS, reason=reason))
    encoding = next(encoding for mark, encoding in _MARKS if untrusted.startswith(mark))
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"  # as names are in a path
    lines = re.split(r"[\r\n]+", untrusted.decode(encoding, errors))
    entries = tuple(entry for entry in map(_entry, lines) if entry)
    return SumList(entries, "" if entries else _("{name} is no list of checksums").format(name=SUMS))


def stated_of(path: Path, read: Callable[[Path], SumList | None] = read_list) -> Stated:
    """What is stated of the file at an absolute path: beside it, else in the folder above."""
    reasons = []
    for folder in (path.parent, path.parent.parent):
        listed = read(folder / SUMS)
        if listed is None:
            continue
        if sums := _sums_of(path.relative_to(folder), listed.entries):
            return Stated(sums)
        if listed.problem:
            reasons.append(listed.problem)
        elif folder == path.parent or _is_about_models(listed):
            reasons.append(_("{name} does not name it").format(name=SUMS))
    return Stated(not_checked=reasons[0] if reasons else "")


def check_sum(path: Path, sha256: str, expected: frozenset[str]) -> None:
    """Raises KnownError `model.other_sum` if another checksum is stated for the file."""
    if expected - {sha256}:
        raise KnownError("model.other_sum", path=str(path))


def require_stated(path: Path, read: Callable[[Path], SumList | None]) -> None:
    """Raises KnownError `model.not_checked` if a list is there which says nothing about the file."""
    if reason := stated_of(path, read).not_checked:
        raise KnownError("model.not_checked", path=clean_label(str(path), 400), reason=reason)


def _entry(line: str) -> Entry | None:
    if match := _LINE.fullmatch(line):
        escape, checksum, name = match.groups()
    elif match := _TAGGED.fullmatch(line):
        escape, name, checksum = match.groups()
    else:
        return None
    if escape:
        name = re.sub(r"\\[nr\\]", lambda found: _ESCAPES[found[0]], name)
    return checksum.lower(), name if escape else name.replace("\\", "/")


def _sums_of(place: Path, entries: tuple[Entry, ...]) -> frozenset[str]:
    """The checksums for a file at a place below the list's folder. The whole path of another PC, or one that leads
    out of the folder, stands for the file with which it shares the most of its end.
    """
    wanted = _parts(place.as_posix())
    best, sums = 0, set[str]()
    for checksum, name in entries:
        parts = _parts(name)
        if parts == wanted:
            shared = len(wanted) + 1
        elif _ELSEWHERE.match("/".join(parts)):
            shared = _shared_end(parts, wanted)
        else:
            shared = 0
        if shared > best:
            best, sums = shared, set()
        if shared and shared == best:
            sums.add(checksum)
    return frozenset(sums)


def _parts(name: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFC", name).strip().casefold()
    return tuple(posixpath.normpath(plain).split("/"))


def _shared_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for mine, yours in zip(reversed(one), reversed(other), strict=False):
        if mine != yours:
            break
        count += 1
    return count


def _is_about_models(listed: SumList) -> bool:
    return any(fnmatch(name.lower(), pattern) for _sum, name in listed.entries for pattern in MODEL_NAMES)
