"""Rewrites a history under another key, or under none: encrypting, decrypting, and new keys for everything.

The caller holds schema.lock alone, and no connection of this process has the file open.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, problem_of, sync_folder, write_atomically
from slmdesk.base.paths import Paths
from slmdesk.store import driver
from slmdesk.store.cipher_pages import fits, header_of, is_encrypted
from slmdesk.store.database import BUSY_MS, connect, journal_of, known_errors, uri_of
from slmdesk.store.former_keys import note_former
from slmdesk.store.keys import DataKey, KeyFile, adopt_next_keys, to_bytes
from slmdesk.store.search_index import INDEXES

ROOM = 2.2
"""Free space that is wanted, in sizes of the history: the new file, and its copies in the folder of backups."""

_OF_INDEX = re.compile("fts5: |(?:malformed|unable to validate the) inverted index for FTS5 ")
"""How a line begins that SQLite says of a search index, and of nothing else."""


def change_key(paths: Paths, before: DataKey | None, after: DataKey | None, keys: KeyFile | None) -> None:
    """Encrypt the history with `after`, which `keys` opens; both None: make it plain.

    At every moment the history is the old one or the new one, and what opens it is on the disk: the new keys are
    written first, under a name of their own (`Paths.next_keys_file`), the old ones replaced last.  Saved states, which
    hold words as well, are deleted; the copies in the folder of backups are left to `Store.purge`, whose mark is set.
    Raises KnownError store.*, disk.full, file.unwritable, key.library_missing: the history is then as it was; or, where
    the folder could not be changed after the renaming, the new one, which the keys under a name of their own open.
    """
    driver.cipher()
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
    try:
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
    except OSError as err:
        raise problem_of(err, database) from err


def _made_whole(database: Path, key: DataKey | None) -> int:
    with known_errors(database), closing(connect(database, key=key)) as conn:
        check_pages(conn, database)
    return database.stat().st_size


def check_pages(conn: driver.Connection, path: Path) -> bool:
    """Raises KnownError store.damaged for a file whose pages are inconsistent.

    Returns whether the search indexes fit their words, as far as SQLite looks at that (from 3.44 on); one that does not
    is made anew, and nothing is lost.
    """
    found = [row[0] for row in conn.execute(f"PRAGMA quick_check({len(INDEXES) + 1})").fetchall()]
    wrong = [line for line in found if line != "ok"]
    if not all(_OF_INDEX.match(line) for line in wrong):
        raise KnownError("store.damaged", path=str(path))
    return not wrong


def check_seals(conn: driver.Connection, path: Path, key: DataKey | None) -> None:
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
    """Write all of a whole database into the new file `target`, under another key or none; compared and synced.

    `is_renewing`: it is to take the place of `source`; the copies that are kept of it are to be renewed
    (`Store.purge`), and the files beside it written anew (`Store.keys_for`).
    Raises KnownError store.*, key.library_missing, and OSError.
    """
    os.close(open_new(target))
    with known_errors(target):
        with closing(_opened(source, before)) as conn:
            expected = _content(conn)
            driver.attach(conn, uri_of(target, "rw"), "new", after)
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


def _request_purge(conn: driver.Connection) -> None:
    """As `Shared.request_purge`, in a file that no store has open."""
    conn.execute("update meta set value = value + 1 where key = 'revision'")
    conn.execute("insert or replace into meta select 'purge', value from meta where key = 'revision'")


def _content(conn: driver.Connection) -> list[tuple[object, ...]]:
    entries = conn.execute(
        "select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite!_%' escape '!'"
        " order by type, name"
    ).fetchall()
    return [
        (*row, conn.execute(f'select count(*) from "{row["name"]}"').fetchone()[0] if row["type"] == "table" else 0)
        for row in entries
    ]


def _opened(source: Path, key: DataKey | None) -> driver.Connection:
    """By sqlcipher3 in any case: it alone can write an encrypted file beside."""
    uri, wait_s = uri_of(source, "ro"), BUSY_MS / 1000  # the attached file does not inherit "ro"
    if key is None:
        return driver.open_without_key(uri, timeout_s=wait_s)
    return driver.open_file(uri, timeout_s=wait_s, key=key)


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
