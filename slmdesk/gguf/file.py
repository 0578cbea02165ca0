"""Opens a model file that somebody chose: only regular files, without blocking; a file that is not GGUF is
described by what it looks like.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label

MAGIC = b"GGUF"
FIRST_BYTES = 1024

_KINDS_OF_FILE = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_REASONS = {
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.ELOOP: "a link that leads in a circle",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk reports an error",
    errno.ENXIO: "a socket",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
}
_STARTS = (
    (b"PK\x03\x04", "a zip archive, perhaps a PyTorch file"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"version https://git-lfs.github.com/spec", "a Git LFS pointer, not the file itself"),
    (b"FUGG", "a GGUF file for computers of another byte order"),
    (b"lmgg", "an old GGML file"),
    (b"fmgg", "an old GGML file"),
    (b"tjgg", "an old GGML file"),
    (b"algg", "an old GGML adapter"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x89HDF", "an HDF5 (Keras) file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, os.stat_result]]:
    """The file, unbuffered, and its status.  Raises KnownError `model.missing`, `model.unreadable`.

    Looked at before it is opened, since opening alone blocks (a pipe) or moves something (a device); opened without
    waiting and looked at again, since another file may stand there by then.
    """
    try:
        _refuse_irregular(path, path.stat())
        flags = os.O_RDONLY
        for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
            flags |= getattr(os, name, 0)
        file = os.fdopen(os.open(path, flags), "rb", buffering=0)
    except (OSError, ValueError) as err:
        raise unreadable(path, err) from err
    with file:
        info = os.fstat(file.fileno())
        _refuse_irregular(path, info)
        try:
            yield file, info
        except OSError as err:
            raise unreadable(path, err) from err


def shown_path(path: Path) -> str:
    return clean_label(str(path), 400)


def unreadable(path: Path, err: OSError | ValueError) -> KnownError:
    if isinstance(err, (FileNotFoundError, NotADirectoryError)) or not isinstance(err, OSError):
        return KnownError("model.missing", path=shown_path(path))  # ValueError: a NUL in the name
    reason = _REASONS.get(err.errno or 0) or clean_label(err.strerror or "it cannot be read")
    return KnownError("model.unreadable", path=shown_path(path), reason=reason)


def looks_like(untrusted: bytes) -> str:
    if not untrusted:
        return "an empty file"
    if not untrusted.strip(b"\x00"):
        return "a file of zeros"
    for start, name in _STARTS:
        if untrusted.startswith(start):
            return name
    if untrusted[:1] == b"\x80" and 2 <= untrusted[1] <= 5:
        return "a Python pickle, perhaps a PyTorch file"
    if untrusted[8:9] == b"{" and int.from_bytes(untrusted[:8], "little") < 1 << 32:
        return "a safetensors file"
    return _looks_like_text(untrusted)


def _looks_like_text(untrusted: bytes) -> str:
    text = untrusted.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<body")) or b"<html" in text:
        return "a web page"
    if text.startswith((b"<?xml", b"<error")):
        return "an XML answer of a server"
    if text.startswith((b"{", b"[")):
        return "an error message of a server (JSON)" if b"error" in text else "a JSON file"
    control = sum(byte < 32 and byte not in b"\t\r\n\f" for byte in untrusted)
    return "unknown data" if control else "a text file"


def _refuse_irregular(path: Path, info: os.stat_result) -> None:
    if stat.S_ISREG(info.st_mode):
        return
    reason = next((name for is_kind, name in _KINDS_OF_FILE if is_kind(info.st_mode)), "not a regular file")
    raise KnownError("model.unreadable", path=shown_path(path), reason=reason)
