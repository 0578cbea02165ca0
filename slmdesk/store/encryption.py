"""An encrypted history: its pages read to prove a key, its unlocking, and its rewriting under another key."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, sync_folder, write_atomically, writing_to
from slmdesk.base.paths import Paths
from slmdesk.base.sealing import decrypt_cbc
from slmdesk.store import database
from slmdesk.store import database as driver
from slmdesk.store.database import BUSY_MS, HEADER_BYTES, Database, FileLock, connect, journal_of, known_errors, uri_of
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
from slmdesk.store.messages import INDEXES

MAGIC = b"SQLite format 3\0"
RESERVED_BYTES = 80
RESERVED_AT = 20
"""Where the header says how much of each page is reserved: 80 in an encrypted file, 0 in a plain one."""
PAGE_BYTES = 4096
_IV_BYTES, _MAC_BYTES = 16, 64
_MASK = 0x3A
LOOKED_AT = 4096
"""Pages that are tried before a file is taken for one of another key: the first ones may be damaged or half written."""


def is_encrypted(header: bytes) -> bool:
    """Whether these first bytes are those of an encrypted database: the only sign of it, there is no flag elsewhere."""
    return header.startswith(MAGIC) and len(header) > RESERVED_AT and header[RESERVED_AT] == RESERVED_BYTES


def header_of(database: Path, offset: int = 0) -> bytes:
    """Of a file that no connection of this process has open (closing another handle drops its locks); empty for no
    regular file.  Raises KnownError `file.unreadable`.
    """
    try:
        with opened_file(database) as file:
            file.seek(offset)
            return file.read(HEADER_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as err:
        raise KnownError("file.unreadable", path=str(database), reason=err.strerror or "") from err


def opened_file(path: Path) -> BinaryIO:
    """Anything but a regular file, such as a FIFO, which would block, reads as empty.  Raises OSError."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    return io.BytesIO()


class CipherPages:
    def __init__(self, key: DataKey) -> None:
        self._key, salt = key.database()
        self._mac_key = hashlib.pbkdf2_hmac("sha512", self._key, bytes(one ^ _MASK for one in salt), 2, 32)

    def is_whole(self, number: int, page: bytes) -> bool:
        if len(page) != PAGE_BYTES:
            return False
        start = HEADER_BYTES if number == 1 else 0
        signed = page[start:-_MAC_BYTES] + number.to_bytes(4, "little")
        return hmac.compare_digest(hmac.digest(self._mac_key, signed, "sha512"), page[-_MAC_BYTES:])

    def plain(self, number: int, page: bytes) -> bytes:
        """A page's content without the reserved bytes; empty for a damaged one, of which nothing is guessed."""
        if not self.is_whole(number, page):
            return b""
        start = HEADER_BYTES if number == 1 else 0
        end = PAGE_BYTES - RESERVED_BYTES
        return page[:start] + decrypt_cbc(self._key, page[end : end + _IV_BYTES], page[start:end])


def fits(database: Path, key: DataKey, *, offset: int = 0) -> bool:
    """Whether one page is whole with this key, before any connection is open.  Raises KnownError `file.unreadable`."""
    pages = CipherPages(key)
    try:
        with opened_file(database) as file:
            file.seek(offset)
            return any(pages.is_whole(number, page) for number, page in enumerate(_first_pages(file), 1))
    except OSError as err:
        raise KnownError("file.unreadable", path=str(database), reason=err.strerror or "") from err


def _first_pages(file: BinaryIO) -> Iterator[bytes]:
    for _ in range(LOOKED_AT):
        page = file.read(PAGE_BYTES)
        if len(page) < PAGE_BYTES:
            return
        yield page


# ---- from what somebody knows or has to the key of the history, and the proof that it is that key


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
    """The key to open this file with, None for a plain one; no key reaches SQLite unproved, which takes a wrong one for
    damage.  Raises KnownError key.missing, key.wrong, key.library_missing, file.unreadable.
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
    """By a passphrase (about a second) or a recovery key, before the history is open.  Raises KnownError key.*."""
    return _unlocked(paths, lambda keys: keys.opened_by(typed), wrong=wrong_of(typed))


def unlock_with(paths: Paths, kind: str, secret: bytes) -> DataKey:
    return _unlocked(paths, lambda keys: keys.opened_with(kind, secret), wrong=KnownError("key.wrong"))


def wrong_of(typed: str) -> KnownError:
    """The error for what opened nothing: a recovery key with a typing error is told as such."""
    from slmdesk.base.sealing import looks_like, secret_of

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
    """What a crash or damage left: both copies hold the keys that opened the history, and what was kept of a change is
    gone.  Left for the next time where another instance changes keys, or nothing can be written.
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
    """Keep the keys beside an encrypted history set aside.  Raises KnownError `disk.full`, `file.unwritable`."""
    keys = read_keys(paths.keys_file) or read_keys(paths.keys_copy)
    if key is not None:
        with suppress(KnownError):  # they are lost
            keys = keys_of(paths, key)
    if keys is not None:
        write_atomically(keys_beside(aside), to_bytes(keys))


def keys_beside(aside: Path) -> Path:
    return aside.with_name(aside.name + ASIDE_SUFFIX)


# ---- keys of before, with which the files beside the history may still be sealed
#
# New keys or none come with a renaming of the database, and these files are written anew after it. So the database
# that gets the name has in it what they are sealed with until then: a kill between the two loses nothing.


SEALED = ("settings", "words")
"""Purposes of the keys of these files (`DataKey.derive`); no other key of before is kept."""
_ROW = "select value from main.meta where key = 'former-keys'"  # of the file, also where nothing is kept


def note_former(conn: database.Connection, key: DataKey) -> None:
    """In a database that no store has open: the files are still sealed with what this key gives."""
    row = conn.execute(_ROW).fetchone()
    former = [*_listed(row[0] if row else "[]"), {purpose: key.derive(purpose).hex() for purpose in SEALED}]
    conn.execute("insert or replace into meta values ('former-keys', ?)", (json.dumps(former),))


def former_keys(database: Database, purpose: str) -> tuple[bytes, ...]:
    """What the file of this purpose may be sealed with, beside the key of now; the last first."""
    row = database.row(_ROW)
    found = [one.get(purpose) for one in _listed(row[0])] if row is not None else []
    return tuple(bytes.fromhex(one) for one in reversed(found) if isinstance(one, str))


def forget_former(database: Database) -> None:
    if database.row(_ROW) is not None:
        with database.writing():
            database.run("delete from main.meta where key = 'former-keys'")


def _listed(text: str) -> list[dict[str, object]]:
    return [load for load in json.loads(text) if isinstance(load, dict)]


# ---- rewrites a history under another key, or under none
#
# encrypting, decrypting, and new keys for everything. The caller holds schema.lock alone, and no connection of this
# process has the file open.


ROOM = 2.2
"""Free space that is wanted, in sizes of the history: the new file, and its copies in the folder of backups."""

_OF_INDEX = re.compile("fts5: |(?:malformed|unable to validate the) inverted index for FTS5 ")
"""How a line begins that SQLite says of a search index, and of nothing else."""


def change_key(paths: Paths, before: DataKey | None, after: DataKey | None, keys: KeyFile | None) -> None:
    """Encrypt the history with `after`, which `keys` opens; both None: make it plain.  At every moment it is the old
    one or the new one, and what opens it is on the disk: new keys come first, under a name of their own
    (`Paths.next_keys_file`), old ones go last.  Saved states, which hold words too, are deleted; kept copies are left
    to `Store.purge`.  Raises KnownError store.*, disk.full, file.unwritable, key.library_missing; the history is as it
    was then, or, where the folder could not be changed after the renaming, the new one.
    """
    database.cipher()
    if keys is not None:
        write_atomically(paths.next_keys_file, to_bytes(keys))
    try:
        _remove_states(paths)
        _rewrite(paths, before, after)
    except BaseException:
        if not is_under(paths.database, after):  # else it has its name already, and these keys open it
            paths.next_keys_file.unlink(missing_ok=True)
        raise
    if keys is not None:
        adopt_next_keys(paths, keys)
    else:
        for each in (paths.keys_file, paths.keys_copy, paths.next_keys_file):
            with suppress(OSError):  # where one stays it opens nothing
                each.unlink()
    _remove_states(paths)  # what was saved meanwhile


def _rewrite(paths: Paths, before: DataKey | None, after: DataKey | None) -> None:
    database = paths.database
    with writing_to(database):
        size = _made_whole(database, before)
        if shutil.disk_usage(database.parent).free < ROOM * size:
            available = shutil.disk_usage(database.parent).free
            raise KnownError(
                "disk.full", path=str(database), needed_bytes=round(ROOM * size), available_bytes=available
            )
        beside = database.with_name(f".{database.name}.new")
        with _removed_at_end(beside):
            export(database, beside, before, after, is_renewing=True)
            journal_of(database).unlink(missing_ok=True)  # empty: it was rolled back, and nobody writes
            beside.replace(database)
            sync_folder(database.parent)


def _made_whole(database: Path, key: DataKey | None) -> int:
    with known_errors(database), closing(connect(database, key=key)) as conn:
        check_pages(conn, database)
    return database.stat().st_size


def check_pages(conn: database.Connection, path: Path) -> bool:
    """Raises KnownError store.damaged for inconsistent pages.  Whether the search indexes fit (from SQLite 3.44 on);
    one that does not is made anew.
    """
    found = [row[0] for row in conn.execute(f"PRAGMA quick_check({len(INDEXES) + 1})").fetchall()]
    wrong = [line for line in found if line != "ok"]
    if not all(_OF_INDEX.match(line) for line in wrong):
        raise KnownError("store.damaged", path=str(path))
    return not wrong


def check_seals(conn: database.Connection, path: Path, key: DataKey | None) -> None:
    """Raises KnownError store.damaged for an encrypted file with a page, even an unused one, whose HMAC is wrong."""
    if key is not None and conn.execute("PRAGMA cipher_integrity_check").fetchall():
        raise KnownError("store.damaged", path=str(path))


@contextmanager
def _removed_at_end(beside: Path) -> Iterator[None]:
    for each in (beside, journal_of(beside)):
        each.unlink(missing_ok=True)
    try:
        yield
    finally:
        for each in (beside, journal_of(beside)):
            with suppress(OSError):
                each.unlink()


def export(
    source: Path, target: Path, before: DataKey | None, after: DataKey | None, *, is_renewing: bool = False
) -> None:
    """Write a whole database into the new file `target`, compared and synced.  `is_renewing`: to take the place of
    `source`, so copies and files beside it are to be renewed.  Raises KnownError store.*, key.*, and OSError.
    """
    os.close(open_new(target))
    with known_errors(target):
        with closing(_opened(source, before)) as conn:
            expected = _content(conn)
            database.attach(conn, uri_of(target, "rw"), "new", after)
            conn.execute("PRAGMA new.journal_mode=OFF").fetchall()  # nothing is in it that could be lost
            conn.execute("select sqlcipher_export('new')").fetchall()
            for pragma in ("application_id", "user_version"):
                value = conn.execute(f"PRAGMA main.{pragma}").fetchone()[0]
                conn.execute(f"PRAGMA new.{pragma}={value}")
        with closing(connect(target, key=after)) as conn:
            check_pages(conn, target)
            check_seals(conn, target, after)
            if _content(conn) != expected:
                raise KnownError("store.damaged", path=str(target))
            for index in INDEXES:
                conn.execute(f"insert into {index} ({index}) values ('integrity-check')")
            if is_renewing:
                _request_purge(conn)
                if before is not None:
                    note_former(conn, before)
    with target.open("r+b") as file:
        os.fsync(file.fileno())


def _request_purge(conn: database.Connection) -> None:
    """As `Shared.request_purge`, in a file that no store has open."""
    conn.execute("update meta set value = value + 1 where key = 'revision'")
    conn.execute("insert or replace into meta select 'purge', value from meta where key = 'revision'")


def _content(conn: database.Connection) -> list[tuple[object, ...]]:
    entries = conn.execute(
        "select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite!_%' escape '!'"
        " order by type, name"
    ).fetchall()
    return [
        (*row, conn.execute(f'select count(*) from "{row["name"]}"').fetchone()[0] if row["type"] == "table" else 0)
        for row in entries
    ]


def _opened(source: Path, key: DataKey | None) -> database.Connection:
    """By sqlcipher3 in any case: it alone can write an encrypted file beside."""
    uri, wait_s = uri_of(source, "ro"), BUSY_MS / 1000  # the attached file does not inherit "ro"
    if key is None:
        return database.open_without_key(uri, timeout_s=wait_s)
    return database.open_file(uri, timeout_s=wait_s, key=key)


def is_under(database: Path, key: DataKey | None) -> bool:
    """Whether a file that nobody has open is encrypted with this key; None: whether it is plain."""
    if not is_encrypted(header_of(database)):
        return key is None
    return key is not None and fits(database, key)


def _remove_states(paths: Paths) -> None:
    """They are what a model has read: made anew when they are wanted."""
    with suppress(OSError):
        for each in paths.states.iterdir():
            with suppress(OSError):
                each.unlink()
