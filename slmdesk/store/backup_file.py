"""The file of an encrypted history's backup: a plain tar of its keys, the database and their sums.

`keys.json`, `slmdesk.sqlite3`, `SHA256SUMS`, in this order.  The keys are wrapped as in the history: the passphrase or
the recovery key opens both.  A backup of a plain history is the database itself.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new
from slmdesk.base.json_file import MAX_FILE_BYTES
from slmdesk.base.record import Record
from slmdesk.store.cipher_pages import fits, header_of, is_encrypted, opened_file
from slmdesk.store.keys import DataKey, KeyFile, from_bytes, read_keys, to_bytes
from slmdesk.store.unlocking import keys_beside, wrong_of

if TYPE_CHECKING:
    import tarfile

KEYS, DATABASE, SUMS = "keys.json", "slmdesk.sqlite3", "SHA256SUMS"
_MARK_AT, _MARK = 257, b"ustar"
BLOCK = 1 << 20


class BackupSource(Record):
    path: Path
    offset: int
    bytes: int
    """Of the database."""
    keys: KeyFile | None = None

    @property
    def end(self) -> int:
        return self.offset + self.bytes

    @property
    def is_encrypted(self) -> bool:
        return is_encrypted(header_of(self.path, self.offset))

    def fits(self, key: DataKey) -> bool:
        return fits(self.path, key, offset=self.offset)


def source_of(path: Path) -> BackupSource:
    """Look at a file that is to be restored: a backup of either kind, or a history that was set aside.

    Raises KnownError `file.missing`, `file.unreadable`, `key.file_damaged`.
    """
    try:
        with opened_file(path) as file:
            begin = file.read(_MARK_AT + len(_MARK))
            if begin[_MARK_AT:] != _MARK:
                return BackupSource(path, 0, file.seek(0, os.SEEK_END), read_keys(keys_beside(path)))
            return _source_in(path, file)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or "") from err


def _source_in(path: Path, file: BinaryIO) -> BackupSource:
    import tarfile

    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            first, second = tar.next(), tar.next()
            if first is None or second is None or (first.name, second.name) != (KEYS, DATABASE):
                return BackupSource(path, 0, 0)
            if not (first.isreg() and second.isreg()) or first.size > MAX_FILE_BYTES:
                return BackupSource(path, 0, 0)
            file.seek(first.offset_data)
            keys = from_bytes(file.read(first.size))
            return BackupSource(path, second.offset_data, second.size, keys)
    except (tarfile.TarError, ValueError) as err:
        raise KnownError("key.file_damaged", path=str(path)) from err


def write_backup(target: Path, keys: KeyFile, database: Path, sha256: str) -> int:
    """Write a new file of a database and its sum.  Returns its open handle, synced.  Raises OSError."""
    handle = open_new(target)
    try:
        with os.fdopen(handle, "w+b", closefd=False) as out:
            _write(out, keys, database, sha256)
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _write(out: BinaryIO, keys: KeyFile, database: Path, sha256: str) -> None:
    import tarfile

    wrapped = to_bytes(keys)
    sums = f"{hashlib.sha256(wrapped).hexdigest()}  {KEYS}\n{sha256}  {DATABASE}\n".encode()
    with (
        tarfile.open(fileobj=out, mode="w:", format=tarfile.GNU_FORMAT) as tar,
        database.open("rb") as source,
    ):
        _add(tar, KEYS, io.BytesIO(wrapped), len(wrapped))
        _add(tar, DATABASE, source, os.fstat(source.fileno()).st_size)
        _add(tar, SUMS, io.BytesIO(sums), len(sums))


def _add(tar: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int) -> None:
    info = tar.tarinfo(name)
    info.size, info.mode = size, 0o600
    tar.addfile(info, content)


def unlock_backup(path: Path, typed: str) -> DataKey:
    """The key of an encrypted backup, by its passphrase or its recovery key.

    Raises KnownError key.wrong, key.mistyped, key.file_damaged, key.library_missing, file.missing, file.unreadable.
    """
    source = source_of(path)
    if source.keys is None:
        raise KnownError("key.file_damaged", path=str(path))
    key = source.keys.opened_by(typed)
    if key is None:
        raise wrong_of(typed)
    if not source.fits(key):
        raise KnownError("key.file_damaged", path=str(path))
    return key
