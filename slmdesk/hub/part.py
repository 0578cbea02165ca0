"""An unfinished download: the `.part` file, its journal, and moving it into place when complete.

The names are made of the sum that is expected, so that whoever fetches the same file finds the same part.  One writer
at a time: the caller holds the lock named `lock` while it uses a Part.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, private_folder, problem_of, sync_folder, write_atomically
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Count, Record
from slmdesk.base.wire import stored_from
from slmdesk.hub.behind import SYNC_BYTES, WriteBehind, sync_file
from slmdesk.hub.files import RemotePart

SPARE_BYTES = 64 << 20
"""Left free on the disk, so that the history can still be saved."""
MAX_JOURNAL_BYTES = 8 << 20
_PREFIX = ".download-"
_READ_BYTES = 4 << 20


class Origin(Record):
    """What a part belongs to, as its journal says: enough to resume it later."""

    repo: str
    name: str
    bytes: Count
    sha256: str
    synced: Count = 0
    etag: str = ""


class Part:
    """The file on its way.  One thread at a time.  Every method raises KnownError `disk.full`, `file.unwritable`.

    While it is open, a thread of its own writes, hashes and syncs (`behind.py`): a failure may be raised a write later.
    """

    def __init__(self, folder: Path, repo: str, file: RemotePart, *, spare_bytes: int = SPARE_BYTES) -> None:
        stem = folder / f"{_PREFIX}{file.sha256[:32]}"
        self.file, self.repo = file, repo
        self.path, self.journal = stem.with_suffix(".part"), stem.with_suffix(".journal")
        self.bad, self.lock = stem.with_suffix(".bad"), stem.with_suffix(".lock")
        self.etag = ""
        self._origin = Origin(repo, clean_label(file.name), file.bytes, file.sha256)
        self._spare = spare_bytes
        self._handle = -1
        self._size = self._synced = self._space_asked = 0
        self._digest = hashlib.sha256()
        self._behind: WriteBehind | None = None

    @property
    def size(self) -> int:
        return self._size

    def open(self, stop: Event) -> Iterator[int]:
        """Open it where its journal says that it is sound, and hash what is there; yields bytes hashed.

        Raises Stopped.
        """
        private_folder(self.path.parent)
        known = read_journal(self.journal)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._handle = os.open(self.path, flags, PRIVATE_FILE)
            sound = known.synced if known and known.sha256 == self.file.sha256 else 0
            sound = min(sound, os.fstat(self._handle).st_size, self.file.bytes)
            yield from self._hash(sound, stop)
            os.ftruncate(self._handle, sound)
        except OSError as err:
            raise self._problem(err) from err
        self.etag = known.etag if known and sound else ""
        self._size = self._synced = self._space_asked = sound
        self._write_journal()

    def need_space(self) -> None:
        """Raises KnownError `disk.full`, with the amounts, when the rest would not fit."""
        needed = self.file.bytes - self._size + self._spare
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError as err:
            raise self._problem(err) from err
        if free < needed:
            raise KnownError("disk.full", path=str(self.path.parent), needed_bytes=needed, available_bytes=free)

    def write(self, chunk: bytes) -> None:
        """Append bytes.  Raises KnownError `download.wrong_size` for more than expected; those are not written."""
        if self._size + len(chunk) > self.file.bytes:
            raise KnownError(
                "download.wrong_size", name=self._origin.name, bytes=self._size + len(chunk), expected=self.file.bytes
            )
        if self._behind is None:
            self._behind = WriteBehind(self._handle, self._digest, self._size, self._note_synced)
        try:
            self._behind.put(chunk)
        except OSError as err:
            self._back_to_written()
            raise self._problem(err) from err
        self._size += len(chunk)
        if self._size - self._space_asked >= SYNC_BYTES:
            self._space_asked = self._size
            self.need_space()

    def flush(self, *, sync: bool = False) -> None:
        """Wait until all bytes so far are in the file and hashed."""
        try:
            if self._behind is not None:
                self._behind.drain(sync=sync)
            elif sync and self._handle >= 0 and self._size != self._synced:  # after a write that failed
                sync_file(self._handle)
                self._note_synced(self._size)
        except OSError as err:
            self._back_to_written()
            raise self._problem(err) from err

    def sync(self) -> None:
        """Flush the file to the disk and record that in the journal; returns when that is done."""
        self.flush(sync=True)

    def start_over(self) -> None:
        self._end_behind()
        try:
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
        except OSError as err:
            raise self._problem(err) from err
        self._digest = hashlib.sha256()
        self._size = self._synced = self._space_asked = 0
        self.etag = ""
        self._write_journal()

    def check(self) -> None:
        """Raises KnownError `download.damaged` when it is not what was published; the file is then renamed to
        `.bad`.
        """
        self.sync()
        if self._digest.hexdigest() == self.file.sha256:
            return
        self.close()
        try:
            self.path.replace(self.bad)
        except OSError as err:
            raise self._problem(err) from err
        raise KnownError("download.damaged", name=self._origin.name)

    def move_to(self, target: Path) -> None:
        """Move the verified file into place.  A file with that name is replaced: it is the same, or damaged."""
        self.close()
        try:
            self.path.replace(target)
            sync_folder(target.parent)
            for done in (self.journal, self.bad):
                done.unlink(missing_ok=True)
        except OSError as err:
            raise self._problem(err) from err

    def remove(self) -> int:
        """Delete part and journal.  Returns the bytes freed."""
        self.close()
        try:
            freed = self.path.stat().st_size if self.path.exists() else 0
            for gone in (self.path, *(() if self.bad.exists() else (self.journal,))):
                gone.unlink(missing_ok=True)
        except OSError as err:
            raise self._problem(err) from err
        return freed

    def close(self) -> None:
        """Close the file and keep it.  May be called twice."""
        if self._handle >= 0:
            with suppress(KnownError):  # a full disk was reported by the write
                self.sync()
            self._end_behind()
            os.close(self._handle)
            self._handle = -1

    def _hash(self, size: int, stop: Event) -> Iterator[int]:
        os.lseek(self._handle, 0, os.SEEK_SET)
        self._digest = hashlib.sha256()
        done = 0
        while done < size:
            if stop.is_set():
                raise Stopped
            piece = os.read(self._handle, min(_READ_BYTES, size - done))
            if not piece:
                raise OSError(errno.EIO, "it became shorter while it was read")
            self._digest.update(piece)
            done += len(piece)
            yield done

    def _note_synced(self, size: int) -> None:
        """Mostly on the writing thread."""
        with self.journal.open("ab") as out:
            out.write(_line({"synced": size, "etag": self.etag}))
        self._synced = size

    def _end_behind(self) -> None:
        if self._behind:
            self._behind.close()
            self._behind = None

    def _back_to_written(self) -> None:
        if self._behind is None:
            return
        self._size = self._behind.written
        self._end_behind()
        with suppress(OSError):
            os.ftruncate(self._handle, self._size)
            os.lseek(self._handle, self._size, os.SEEK_SET)

    def _write_journal(self) -> None:
        origin = self._origin
        first = {"repo": origin.repo, "name": origin.name, "bytes": origin.bytes, "sha256": origin.sha256}
        write_atomically(self.journal, _line(first) + _line({"synced": self._size, "etag": self.etag}))

    def _problem(self, err: OSError) -> KnownError:
        return problem_of(err, self.path.parent, needed_bytes=self.file.bytes - self._size)


def read_journal(path: Path) -> Origin | None:
    """Parse a journal up to its last complete line; None where there is none, or it cannot be understood."""
    try:
        with path.open("rb") as file:
            untrusted = file.read(MAX_JOURNAL_BYTES)
    except OSError:
        return None
    found: dict[str, Any] = {}
    for line in untrusted.splitlines(keepends=True):
        try:
            value = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            break
        found.update(value)
    return _origin_of(found)


def _origin_of(untrusted: dict[str, Any]) -> Origin | None:
    etag = stored_from(str, untrusted.get("etag")) or ""
    return stored_from(Origin, {**untrusted, "etag": etag}) if "synced" in untrusted else None


def parts_in(folder: Path) -> list[tuple[Path, Origin | None]]:
    found = [one for suffix in ("part", "bad", "joined") for one in sorted(folder.glob(f"{_PREFIX}*.{suffix}"))]
    return [(one, read_journal(one.with_suffix(".journal"))) for one in found]


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode() + b"\n"
