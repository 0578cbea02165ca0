"""Downloads a file: writing the `.part` file and its journal, resuming after an interruption, checking the result."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, need_free, private_folder, problem_of, sync_folder, write_atomically
from slmdesk.base.protocol import picked, stored_from
from slmdesk.base.record import Count, Record
from slmdesk.base.texts import N_, _
from slmdesk.base.untrusted import clean_label
from slmdesk.models.hub.guard import is_page, problem_of_line, problem_of_status
from slmdesk.models.hub.search import RemotePart

if TYPE_CHECKING:
    import httpx2

SYNC_BYTES = 8 << 20
"""Bytes between two disk syncs. After a kill or power cut, at most these and the queued bytes are downloaded again."""
MOST_BEHIND = 4 << 20
"""Most bytes that may wait for the writing thread. Above this, the connection waits."""


class WriteBehind:
    """Thread that writes and hashes a file, with its queue. Only one thread may call its methods. They raise an OSError
    that the writing thread got.
    """

    def __init__(self, handle: int, digest: hashlib._Hash, size: int, synced: Callable[[int], None]) -> None:
        self._handle, self._digest, self._synced = handle, digest, synced
        self._wake = threading.Condition()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._error: OSError | None = None
        self._is_working = self._is_ending = self._wants_sync = False
        self._synced_at = size
        self.written = size
        """Bytes of the file that are written and hashed. Read it only after `drain` has returned or raised."""
        self._thread = threading.Thread(target=self._run, name="part", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        with self._wake:
            while self._bytes > MOST_BEHIND and self._error is None:
                self._wake.wait()
            if self._error is None:
                self._waiting.append(chunk)
                self._bytes += len(chunk)
                self._wake.notify_all()
        self._raise()

    def drain(self, *, sync: bool = False) -> None:
        """Wait until all queued bytes are written and hashed. With `sync`, also for the disk and the `synced` call."""
        with self._wake:
            self._wants_sync = self._wants_sync or sync
            self._wake.notify_all()
            while (self._waiting or self._is_working or self._wants_sync) and self._error is None:
                self._wake.wait()
        self._raise()

    def close(self) -> None:
        """End the thread. Bytes that are still queued are dropped."""
        with self._wake:
            self._waiting.clear()
            self._is_ending = True
            self._wake.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._wake:
                self._is_working = False
                self._wake.notify_all()
                while not (self._waiting or self._wants_sync or self._is_ending):
                    self._wake.wait()
                if self._is_ending:
                    return
                batch, self._waiting = self._waiting, []
                self._is_working, wants_sync = True, self._wants_sync
            error: OSError | None = None
            try:
                self._work(batch, wants_sync=wants_sync)
            except OSError as err:
                error = err
            with self._wake:
                self._bytes -= sum(map(len, batch))
                self._wants_sync = self._wants_sync and not wants_sync
                self._error = error
                if error is not None:
                    self._wake.notify_all()
                    return

    def _work(self, batch: list[bytes], *, wants_sync: bool) -> None:
        for chunk in batch:
            rest = memoryview(chunk)
            while rest:
                count = os.write(self._handle, rest)
                self._digest.update(rest[:count])
                self.written += count
                rest = rest[count:]
        since = self.written - self._synced_at
        if since >= SYNC_BYTES or (wants_sync and since):
            sync_file(self._handle)
            self._synced_at = self.written
            self._synced(self.written)


def sync_file(handle: int) -> None:
    if hasattr(os, "fdatasync"):  # the size is in the journal, so times and owner need no sync
        os.fdatasync(handle)
    else:
        os.fsync(handle)


# An unfinished download. The `.part` file, its journal, and moving the complete file into place. The names come from
# the expected checksum, so that another download of the same file finds the same part. There are never two writers: the
# caller holds the file lock at `Part.lock` while it uses a Part.


SPARE_BYTES = 64 << 20
"""Bytes that a download leaves free on the disk, so that the history can still be saved."""
MAX_JOURNAL_BYTES = 8 << 20
_PREFIX = ".download-"
_READ_BYTES = 4 << 20


class Origin(Record):
    repo: str
    name: str
    bytes: Count
    sha256: str
    synced: Count = 0
    etag: str = ""


class Part:
    """An unfinished download: the `.part` file and its journal. Only one thread may use it.

    A second thread does the writing, so a failed write may only be raised by the next call. Every method raises
    KnownError `disk.full`, `file.unwritable`.
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
        """Open the file, cut where its journal stops vouching for it. Yield the hashed byte count. Raises Stopped."""
        private_folder(self.path.parent)
        known = read_journal(self.journal)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with self._writing():
            self._handle = os.open(self.path, flags, PRIVATE_FILE)
            sound = known.synced if known and known.sha256 == self.file.sha256 else 0
            sound = min(sound, os.fstat(self._handle).st_size, self.file.bytes)
            yield from self._hash(sound, stop)
            os.ftruncate(self._handle, sound)
        self.etag = known.etag if known and sound else ""
        self._size = self._synced = self._space_asked = sound
        self._write_journal()

    def need_space(self) -> None:
        """Check that the rest of the file fits on the disk. Raises KnownError `disk.full`, with the amounts."""
        needed = self.file.bytes - self._size + self._spare
        with self._writing():
            need_free(self.path.parent, needed)

    def write(self, chunk: bytes) -> None:
        """Append bytes. Beyond the expected file size, writes nothing and raises KnownError `download.wrong_size`."""
        size, expected = self._size + len(chunk), self.file.bytes
        if size > expected:
            raise KnownError("download.wrong_size", name=self._origin.name, bytes=size, expected=expected)
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
        try:
            if self._behind is not None:
                self._behind.drain(sync=sync)
            elif sync and self._handle >= 0 and self._size != self._synced:  # after a failed write
                sync_file(self._handle)
                self._note_synced(self._size)
        except OSError as err:
            self._back_to_written()
            raise self._problem(err) from err

    def sync(self) -> None:
        self.flush(sync=True)

    def start_over(self) -> None:
        self._end_behind()
        with self._writing():
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
        self._digest = hashlib.sha256()
        self._size = self._synced = self._space_asked = 0
        self.etag = ""
        self._write_journal()

    def check(self) -> None:
        """Compare the whole file's checksum. If wrong, rename it to `.bad`. Raises KnownError `download.damaged`."""
        self.sync()
        if self._digest.hexdigest() == self.file.sha256:
            return
        self.close()
        with self._writing():
            self.path.replace(self.bad)
        raise KnownError("download.damaged", name=self._origin.name)

    def move_to(self, target: Path) -> None:
        """Move the verified file to `target`. A file of that name is replaced, since it is the same file or damaged."""
        self.close()
        with self._writing():
            self.path.replace(target)
            sync_folder(target.parent)
            for done in (self.journal, self.bad):
                done.unlink(missing_ok=True)

    def remove(self) -> int:
        self.close()
        with self._writing():
            freed = self.path.stat().st_size if self.path.exists() else 0
            for gone in (self.path, *(() if self.bad.exists() else (self.journal,))):
                gone.unlink(missing_ok=True)
        return freed

    def close(self) -> None:
        """Close the file and keep it on the disk. May be called twice."""
        if self._handle >= 0:
            with suppress(KnownError):  # a full disk was already reported by `write`
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
                raise OSError(errno.EIO, N_("it became shorter while it was read"))
            self._digest.update(piece)
            done += len(piece)
            yield done

    def _note_synced(self, size: int) -> None:
        """Write to the journal that the first `size` bytes are on the disk. Mostly called on the writing thread."""
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
        first = picked(self._origin, "repo", "name", "bytes", "sha256")
        write_atomically(self.journal, _line(first) + _line({"synced": self._size, "etag": self.etag}))

    def _problem(self, err: OSError) -> KnownError:
        return problem_of(err, self.path.parent, needed_bytes=self.file.bytes - self._size)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            raise self._problem(err) from err


def read_journal(path: Path) -> Origin | None:
    """Parse a journal up to its last complete line. Return None if there is no journal or it is damaged."""
    try:
        with path.open("rb") as file:
            untrusted = file.read(MAX_JOURNAL_BYTES)
    except OSError:
        return None
    journal: dict[str, Any] = {}
    for line in untrusted.splitlines(keepends=True):
        try:
            value = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            break
        journal.update(value)
    etag = stored_from(str, journal.get("etag")) or ""
    return stored_from(Origin, {**journal, "etag": etag}) if "synced" in journal else None


def parts_in(folder: Path) -> list[tuple[Path, Origin | None]]:
    paths = [path for suffix in ("part", "bad", "joined") for path in sorted(folder.glob(f"{_PREFIX}*.{suffix}"))]
    return [(path, read_journal(path.with_suffix(".journal"))) for path in paths]


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode() + b"\n"


# Downloads a file. Resumes where it stopped, retries by itself, and accepts only the published file. Range and If-Range
# follow RFC 9110, sections 13.1.5 and 14. `Transfer.run` is a generator: closing it, or setting its `stop`, keeps the
# part.


_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_SHA256 = re.compile(r'"?([0-9a-f]{64})"?')
PASSING = frozenset({"network.failed", "hub.busy", "hub.error", "download.cut"})
"""Codes of failures that may pass, so that another try can succeed."""
NOTES = ("ignored", "changed", "shifted", "refused")
"""Why a download started over: the server ignored the range and sent the whole file, the file has changed, the server
sent another range, or it refused the range.
"""


class TransferLimits(Record):
    tries: int = 6
    """Most tries in a row without progress."""
    progress_bytes: int = 64 << 10
    """Fewest new bytes that count as progress."""
    first_wait_s: float = 1.0
    """Seconds before the second try. The wait doubles with each try without progress."""
    longest_wait_s: float = 60.0
    ask_s: float = 10.0
    """Seconds for which it is tried to ask the Hub what a file is, where there is no connection to it."""
    connect_s: float = 10.0
    silence_s: float = 20.0
    """Seconds without a byte after which the connection is given up and another one is tried."""

    def wait_after(self, err: KnownError, tries: int) -> float:
        """Return the seconds to wait before the next try. The wait grows with `tries`, the tries without progress, and
        is never shorter than the server asked for.
        """
        asked = float(err.args_for_people.get("wait_s", 0))
        return max(asked, min(self.first_wait_s * 2.0 ** (tries - 1), self.longest_wait_s))


class Progress(Record):
    state: str
    """"checking" (hashing what is already there), "fetching", or "waiting" (before another try)."""
    done: int
    total: int
    note: str = ""
    """One of NOTES if the download starts over, else empty."""
    error: KnownError | None = None


class Transfer:
    """Download of one file into its Part. It needs a thread of its own."""

    def __init__(
        self, client: httpx2.Client, address: str, part: Part, *, stop: Event, token: str = "", limits: TransferLimits
    ) -> None:
        self._client, self._address, self._part = client, address, part
        self._stop, self._token, self._limits = stop, token, limits
        self.resumed_from = 0
        """Bytes that an earlier download left and this one continues. 0 if it starts over."""

    def run(self) -> Generator[Progress, None, None]:
        """Download until the file is complete and verified, and yield the progress. What has arrived is kept when this
        ends early.

        Raises Stopped, and KnownError download.*, `disk.full`, network.*, hub.*.
        """
        part = self._part
        try:
            for done in part.open(self._stop):
                yield self._progress("checking", done)
            self.resumed_from = part.size
            part.need_space()
            yield from self._fetch()
            part.check()
        finally:
            part.close()

    def _fetch(self) -> Iterator[Progress]:
        part, limits = self._part, self._limits
        best, tries = part.size, 0
        yield self._progress("fetching", part.size)
        while part.size < part.file.bytes:
            try:
                yield from self._connection()
            except KnownError as err:
                if err.code not in PASSING:
                    raise
                part.sync()
                tries = 1 if part.size - best >= limits.progress_bytes else tries + 1
                best = max(best, part.size)
                if tries >= limits.tries:
                    raise self._given_up_error(err, tries) from err
                yield Progress("waiting", part.size, part.file.bytes, error=err)
                if self._stop.wait(limits.wait_after(err, tries)):
                    raise Stopped from None

    def _connection(self) -> Iterator[Progress]:
        part = self._part
        with self._answer() as response:
            note = self._check(response)
            if note:
                part.start_over()
                self.resumed_from = 0
                if response.status_code != 200:  # the body does not start at the first byte
                    yield Progress("fetching", 0, part.file.bytes, note)
                    raise KnownError("download.cut", name=part.file.name)
            if part.size == 0:
                part.etag = _strong(response.headers.get("etag", ""))
            yield Progress("fetching", part.size, part.file.bytes, note)
            for chunk in response.iter_raw():
                if self._stop.is_set():
                    raise Stopped
                part.write(chunk)
                yield self._progress("fetching", part.size)
        if part.size < part.file.bytes:
            raise KnownError("download.cut", name=part.file.name)

    @contextmanager
    def _answer(self) -> Iterator[httpx2.Response]:
        import httpx2

        part, limits = self._part, self._limits
        headers = {"accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        if part.size:
            headers["range"] = f"bytes={part.size}-"
            if part.etag:
                headers["if-range"] = part.etag
        waits = httpx2.Timeout(limits.silence_s, connect=limits.connect_s)
        try:
            with self._client.stream("GET", self._address, headers=headers, timeout=waits) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as err:
            raise problem_of_line(err, httpx2.URL(self._address).host) from err

    def _check(self, response: httpx2.Response) -> str:
        """Return "" if the answer continues the part, else one of NOTES: why it starts over. Raises KnownError."""
        part, status = self._part, response.status_code
        for hop in (*response.history, response):  # the Hub gives the checksum before it redirects to its storage
            linked = _SHA256.fullmatch(hop.headers.get("x-linked-etag", ""))
            if linked and linked[1] != part.file.sha256:
                raise KnownError("download.changed", name=part.file.name)
        if status == 416 and part.size:
            return "refused"
        if status >= 400:
            raise self._problem(response)
        if is_page(response):
            raise KnownError("network.login_page", host=response.url.host)
        if status == 206 and part.size:
            return self._check_range(response)
        if status != 200:
            raise KnownError("hub.error", host=response.url.host, status=status, wait_s=0)
        self._check_length(response.headers.get("content-length", ""))
        if not part.size:
            return ""
        return "changed" if part.etag and response.headers.get("etag") not in (None, part.etag) else "ignored"

    def _check_range(self, response: httpx2.Response) -> str:
        part = self._part
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if match is None or int(match[1]) != part.size:
            return "shifted"
        if match[2] != "*":
            self._check_length(match[2])
        etag = response.headers.get("etag")
        return "changed" if part.etag and etag not in (None, part.etag) else ""

    def _check_length(self, length: str) -> None:
        size = int(length[:18]) if length.isascii() and length.isdigit() else self._part.file.bytes
        if size != self._part.file.bytes:
            expected = self._part.file.bytes
            raise KnownError("download.wrong_size", name=self._part.file.name, bytes=size, expected=expected)

    def _problem(self, response: httpx2.Response) -> KnownError:
        error = problem_of_status(response, what=self._part.file.name, repo=self._part.repo)
        elsewhere = bool(response.history) and response.url.netloc != response.history[0].url.netloc
        if elsewhere and error.code in ("hub.gated", "hub.forbidden", "hub.unauthorized"):
            # the storage address has expired: the Hub gives a new one
            return KnownError("hub.error", host=response.url.host, status=response.status_code, wait_s=0)
        return error

    def _given_up_error(self, err: KnownError, tries: int) -> KnownError:
        part, args = self._part, err.args_for_people
        status = _("error {status}").format(status=args["status"]) if "status" in args else err.code
        known = {"download.cut": _("the connection ended early"), "hub.busy": _("it has too many requests")}
        reason = known.get(err.code, str(args.get("reason") or status))
        return KnownError(
            "download.gave_up", name=part.file.name, tries=tries, reason=reason, bytes=part.size,
            expected=part.file.bytes,
        )  # fmt: skip

    def _progress(self, state: str, done: int) -> Progress:
        return Progress(state, done, self._part.file.bytes)


def _strong(etag: str) -> str:
    """Return the ETag if it may stand in If-Range, else "". Weak ETags do not promise equal bytes."""
    return etag if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', etag) else ""
