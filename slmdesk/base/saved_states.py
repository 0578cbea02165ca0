"""Files with the state of a model after reading a document, so that the model need not read the document again later.

A file consists of a mark, the length of the head, the head (JSON), the tokens, the state as the engine returned it, and
a checksum of all of these. In an encrypted history tokens and state are encrypted with a key of the state's own, and a
salt replaces the checksum. The head contains ids only and stays readable. A file is written under another name, synced
and renamed. Readers verify the whole file before they use any part of it. The head names the model and the documents,
so that the state can be deleted together with them.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, private_folder, problem_of, sync_folder
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Count, Record, to_json
from slmdesk.base.sealing import SALT_BYTES, Bytes, SealBroken, Sealing, sealed_size

SUFFIX = ".state"
UNFINISHED = ".state-part"
LEAST_FREE_BYTES = 512 << 20
"""Free bytes that must remain on the disk, since a saved state only saves time."""
UNFINISHED_S = 600.0
_MARK = b"SLMDESK STATE 1\n"
_SEALED_MARK = b"SLMDESK STATE 2\n"
_LENGTH = struct.Struct("<I")
_MOST_HEAD = 1 << 16
_PIECE = 4 << 20
_HASHERS = 4
_SUM_BYTES = 32


class BadState(Exception):
    """The file cannot be used: incomplete, not ours, of another model or engine, or encrypted with another key."""


class StateHead(Record, forbid_unknown_fields=True):
    key: str
    """Name of the file, derived from what was read, by which model, and with which prompt."""
    model: str
    """SHA-256 of the model file."""
    engine: str
    """The engine that computed the state, and the memory layout of its cells."""
    documents: tuple[str, ...]
    """Ids of the documents that were read, or the id of a chat."""
    tokens: Count
    bytes: Count


class StateFile(Record):
    path: Path
    bytes: int
    used: float
    """When the state was last used, in seconds since 1970."""
    head: StateHead | None
    is_sealed: bool = False


class StateReader:
    """A state file that was opened. Its head and tokens are loaded; `data` reads the rest."""

    def __init__(
        self, file: BufferedReader, head: StateHead, raw_head: bytes, tokens: bytes, sealing: Sealing | None
    ) -> None:
        self.head = head
        self.tokens = tokens
        """The tokens as little-endian integers of four bytes. They are not verified until `data` was called."""
        self._file, self._raw_head, self._sealing = file, raw_head, sealing

    def data(self) -> memoryview:
        """Return the state, after verifying its checksum or encryption. Raises BadState, OSError."""
        data = memoryview(bytearray(self.head.bytes))
        if self._sealing is not None:
            _open_into(self._sealing, self._file, data)
        else:
            length = self._file.readinto(data)
            if length != len(data) or self._file.read() != _checksum(self._raw_head, self.tokens, data):
                raise BadState
        with suppress(OSError):  # note its use: writing a byte sets the file's time
            os.lseek(self._file.fileno(), 0, os.SEEK_SET)  # `seek` of the reader would only move in its buffer
            os.write(self._file.fileno(), _MARK[:1])
        return data

    def close(self) -> None:
        self._file.close()


def path_of(folder: Path, key: str) -> Path:
    return folder / f"{key}{SUFFIX}"


def write_state(
    folder: Path, head: StateHead, tokens: bytes, data: Bytes, *, most_bytes: int, key: bytes = b""
) -> Path:
    """Save a state, encrypted if `key` (32 bytes) is given. The least recently used states are deleted so that all
    states together take at most `most_bytes`. Blocks.

    Raises KnownError `disk.full` (also when less than LEAST_FREE_BYTES would remain on the disk, or when this state
    alone is too large), `file.unwritable`. The existing files are then unchanged.
    """
    raw_head = json.dumps(to_json(head), separators=(",", ":")).encode()
    size = _size(head, raw_head, is_sealed=bool(key))
    path = path_of(folder, head.key)
    private_folder(folder)
    _require_space(folder, path, size, most_bytes)
    beside = folder / f"{secrets.token_hex(8)}{UNFINISHED}"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
        try:
            with os.fdopen(handle, "wb") as out:
                for piece in _sealed(key, raw_head, tokens, data) if key else _plain(raw_head, tokens, data):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(folder)
    except OSError as err:
        raise problem_of(err, path, needed_bytes=size) from err
    return path


def open_state(path: Path, *, model: str, engine: str, key: bytes = b"") -> StateReader:
    """Open a state that was written by this model and this engine, and encrypted with `key` if a key is given.

    Raises BadState, also for a state that should be encrypted and is not, and OSError.
    """
    file = _open(path, os.O_RDWR)
    try:
        size = os.fstat(file.fileno()).st_size
        head, raw_head, is_sealed = _read_head(file)
        is_its = (head.key, head.model, head.engine) == (path.stem, model, engine)
        if not is_its or is_sealed != bool(key) or size != _size(head, raw_head, is_sealed=is_sealed):
            raise BadState
        sealing = Sealing(key, file.read(SALT_BYTES), raw_head) if is_sealed else None
        tokens = bytearray(4 * head.tokens)
        if sealing is not None:
            _open_into(sealing, file, memoryview(tokens))
        elif file.readinto(tokens) != len(tokens):
            raise BadState
    except BaseException:
        file.close()
        raise
    return StateReader(file, head, raw_head, bytes(tokens), sealing)


def states_in(folder: Path) -> list[StateFile]:
    """Return all states in the folder, the least recently used first. Reads the disk."""
    states = []
    for path in _names(folder, SUFFIX):
        try:
            info = path.lstat()
        except OSError:
            continue  # another instance has deleted it
        head, is_sealed = _beginning_of(path)
        states.append(StateFile(path, info.st_size, info.st_mtime, head, is_sealed))
    return sorted(states, key=lambda file: file.used)


def _beginning_of(path: Path) -> tuple[StateHead | None, bool]:
    try:
        with _open(path) as file:
            head, _raw, is_sealed = _read_head(file)
    except (OSError, BadState):
        return None, False
    return head, is_sealed


def remove_states(folder: Path, is_requested: Callable[[StateHead], bool]) -> int:
    """Delete the states for which `is_requested` returns False, and unreadable states. Returns the bytes freed.

    Raises KnownError `file.unwritable` if a file could not be deleted; all others are deleted then.
    """
    return _remove([file.path for file in states_in(folder) if file.head is None or not is_requested(file.head)])


def remove_unsealed(folder: Path) -> int:
    """Delete the states that are not encrypted. Returns the bytes freed. Raises KnownError."""
    return _remove([file.path for file in states_in(folder) if not file.is_sealed])


def remove_unfinished(folder: Path, *, older_than_s: float = 0.0) -> int:
    """Delete unfinished files. A process still writing such a file will not find it any more. Raises KnownError."""
    limit = time.time() - older_than_s
    old = []
    for path in _names(folder, UNFINISHED):
        with suppress(OSError):
            if not older_than_s or path.lstat().st_mtime < limit:
                old.append(path)
    return _remove(old)


def make_space(folder: Path, most_bytes: int, *, but: Path | None = None) -> None:
    """Delete the least recently used states, except `but`, until all take at most `most_bytes`. Raises KnownError."""
    states = [file for file in states_in(folder) if file.path != but]
    total = sum(state.bytes for state in states)
    gone = []
    for state in states:
        if total <= most_bytes:
            break
        gone.append(state.path)
        total -= state.bytes
    _remove(gone)


def _require_space(folder: Path, path: Path, size: int, most_bytes: int) -> None:
    """Delete states until there is space for the new state. Raises KnownError if there cannot be enough space."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as err:
        raise problem_of(err, path) from err
    if size > most_bytes or free - size < LEAST_FREE_BYTES:
        raise KnownError("disk.full", path=str(path), needed_bytes=size, available_bytes=free)
    make_space(folder, most_bytes - size, but=path)


def _names(folder: Path, suffix: str) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(path for path in folder.iterdir() if path.name.endswith(suffix))


def _remove(paths: Sequence[Path]) -> int:
    freed, failed = 0, None
    for path in paths:
        try:
            size = path.lstat().st_size
            path.unlink()
            freed += size
        except FileNotFoundError:
            continue
        except OSError as err:
            failed = problem_of(err, path)
    if failed is not None:
        raise failed
    return freed


def _open(path: Path, access: int = os.O_RDONLY) -> BufferedReader:
    """Open a regular file of ours, nothing else: a FIFO would block an ordinary open, a link could lead anywhere."""
    flags = access | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadState
    return file


def _read_head(file: BufferedReader) -> tuple[StateHead, bytes, bool]:
    untrusted = file.read(len(_MARK) + _LENGTH.size)
    if len(untrusted) != len(_MARK) + _LENGTH.size or not untrusted.startswith((_MARK, _SEALED_MARK)):
        raise BadState
    length = _LENGTH.unpack(untrusted[len(_MARK) :])[0]
    if length > _MOST_HEAD:
        raise BadState
    raw = file.read(length)
    try:
        head = record_from(StateHead, json.loads(raw))
    except (ValueError, RecursionError, KnownError) as err:
        raise BadState from err
    return head, raw, untrusted.startswith(_SEALED_MARK)


def _size(head: StateHead, raw_head: bytes, *, is_sealed: bool) -> int:
    lengths = (4 * head.tokens, head.bytes)
    rest = SALT_BYTES + sum(map(sealed_size, lengths)) if is_sealed else sum(lengths) + _SUM_BYTES
    return len(_MARK) + _LENGTH.size + len(raw_head) + rest


def _plain(raw_head: bytes, tokens: bytes, data: Bytes) -> Iterator[Bytes]:
    yield _MARK + _LENGTH.pack(len(raw_head)) + raw_head + tokens
    yield from _pieces(memoryview(data))
    yield _checksum(raw_head, tokens, data)


def _sealed(key: bytes, raw_head: bytes, tokens: bytes, data: Bytes) -> Iterator[Bytes]:
    salt = secrets.token_bytes(SALT_BYTES)
    sealing = Sealing(key, salt, raw_head)
    yield _SEALED_MARK + _LENGTH.pack(len(raw_head)) + raw_head + salt
    yield from sealing.seal(tokens)
    yield from sealing.seal(data)


def _open_into(sealing: Sealing, file: BufferedReader, data: memoryview) -> None:
    try:
        sealing.open_into(file, data)
    except SealBroken as err:
        raise BadState from err


def _checksum(raw_head: bytes, tokens: bytes, data: Bytes) -> bytes:
    """Return SHA-256 over the SHA-256 of each piece. The pieces are hashed in parallel."""
    with ThreadPoolExecutor(_HASHERS) as pool:
        pieces = (raw_head, tokens, *_pieces(memoryview(data)))
        digests = pool.map(lambda piece: hashlib.sha256(piece).digest(), pieces)
        return hashlib.sha256(b"".join(digests)).digest()


def _pieces(data: memoryview) -> Iterator[memoryview]:
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]
