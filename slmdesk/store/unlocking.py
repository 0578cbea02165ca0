"""From what somebody knows or has to the key of the history, and the proof that it is that key."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.paths import Paths
from slmdesk.store import driver
from slmdesk.store.cipher_pages import MAGIC, RESERVED_AT, fits, header_of, is_encrypted
from slmdesk.store.keys import (
    DataKey,
    KeyFile,
    adopt_next_keys,
    file_damaged,
    key_files,
    keys_of,
    put_keys,
    read_keys,
    to_bytes,
)
from slmdesk.store.locks import FileLock

ASIDE_SUFFIX = ".keys.json"


def wants_key(paths: Paths) -> bool:
    """Whether the history is opened by a key: by its file's header; or, where no history is there or its header is
    damaged, because there are keys.  Before this process has the file open.  Raises KnownError `file.unreadable`.
    """
    header = header_of(paths.database)
    if is_encrypted(header):
        return True
    is_plain = header.startswith(MAGIC) and header[RESERVED_AT] == 0
    return not is_plain and bool(key_files(paths))


def proved_key(database: Path, key: DataKey | None) -> DataKey | None:
    """The key to open this file with: None for a plain one, the key itself for one that it encrypted, or for none.

    SQLite takes a wrong key for damage, and a damaged history is set aside: no key reaches SQLite unproved.
    Raises KnownError key.missing, key.wrong, key.library_missing, file.unreadable; nothing is touched.
    """
    if not os.path.lexists(database):
        return key
    if not is_encrypted(header_of(database)):
        return None
    if key is None:
        raise KnownError("key.missing")
    driver.cipher()
    if not fits(database, key):
        raise KnownError("key.wrong")
    return key


def unlock(paths: Paths, typed: str) -> DataKey:
    """The key of the history, by a passphrase or a recovery key; about a second, not on the service thread.

    Before this process has the history open.  Raises KnownError key.wrong, key.mistyped, key.file_damaged,
    key.library_missing.
    """
    return _unlocked(paths, lambda keys: keys.opened_by(typed), wrong=wrong_of(typed))


def unlock_with(paths: Paths, kind: str, secret: bytes) -> DataKey:
    return _unlocked(paths, lambda keys: keys.opened_with(kind, secret), wrong=KnownError("key.wrong"))


def wrong_of(typed: str) -> KnownError:
    """The error for what opened nothing: a recovery key with a typing error is told as such."""
    from slmdesk.base.recovery_key import looks_like, secret_of

    is_mistyped = looks_like(typed) and secret_of(typed) is None
    return KnownError("key.mistyped" if is_mistyped else "key.wrong")


def _unlocked(paths: Paths, open_one: Callable[[KeyFile], DataKey | None], *, wrong: KnownError) -> DataKey:
    found = key_files(paths)
    if not found:
        raise file_damaged(paths)
    is_other = False
    for keys in found:
        key = open_one(keys)
        if key is None:
            continue
        if not is_encrypted(header_of(paths.database)):
            return key
        if fits(paths.database, key):
            _put_in_order(paths, keys, key)
            return key
        is_other = True
    raise file_damaged(paths) if is_other else wrong


def _put_in_order(paths: Paths, keys: KeyFile, key: DataKey) -> None:
    """What a crash or damage left: both copies hold the keys that have just opened the history, and what was kept of a
    change is gone, or it would open it once more after these were changed.

    Left for the next time where another instance is changing the keys just now, or nothing can be written.
    """
    if read_keys(paths.keys_file) == keys == read_keys(paths.keys_copy) and not os.path.lexists(paths.next_keys_file):
        return
    with suppress(KnownError, OSError):
        lock = FileLock(paths.schema_lock)
        try:
            if lock.share(wait_s=0) and fits(paths.database, key):  # once more: it may have new keys since
                if read_keys(paths.next_keys_file) == keys:
                    adopt_next_keys(paths, keys)
                else:
                    put_keys(paths, keys)
        finally:
            lock.close()


def keep_keys_of(paths: Paths, aside: Path, key: DataKey | None) -> None:
    """Beside an encrypted history that is set aside as `aside`: its keys as they are now, so that they stay together.

    `key`: its own, where it is known.  Raises KnownError `disk.full`, `file.unwritable`.
    """
    keys = read_keys(paths.keys_file) or read_keys(paths.keys_copy)
    if key is not None:
        with suppress(KnownError):  # they are lost
            keys = keys_of(paths, key)
    if keys is not None:
        write_atomically(keys_beside(aside), to_bytes(keys))


def keys_beside(aside: Path) -> Path:
    return aside.with_name(aside.name + ASIDE_SUFFIX)
