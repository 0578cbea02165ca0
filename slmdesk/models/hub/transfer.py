"""Downloads a file with huggingface_hub: into a `.part` file that a kill or a power cut does not end, then checked."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, cast

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, need_free, private_folder, sync_folder, write_atomically, writing_to
from slmdesk.base.protocol import picked, stored_from
from slmdesk.base.record import Count, Record
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.models.hub.guard import CannotResume, SpeedLimit
from slmdesk.models.hub.search import Hub, RemoteFile, RemotePart

SYNC_BYTES = 8 << 20
SYNC_S = 1.0
"""After so many bytes or seconds the file is written to the disk. After a kill or a power cut, at most what came since
then is downloaded again.
"""
SPARE_BYTES = 64 << 20
"""Bytes that a download leaves free on the disk, so that the history can still be saved."""
MAX_JOURNAL_BYTES = 8 << 20
READ_BYTES = 1 << 20
PASSING = frozenset({"network.failed", "hub.busy", "hub.error", "download.cut"})
"""Codes of failures that may pass, so that another try can succeed."""
_PREFIX = ".download-"


class Origin(Record):
    """What a journal says of a partial file."""

    repo: str
    name: str
    bytes: Count
    sha256: str
    synced: Count = 0
    """Bytes of the file that are certainly on the disk."""


class Part:
    """An unfinished download: the `.part` file and its journal.

    The names come from the expected checksum, so that another download of the same file finds the same part. There are
    never two writers: the caller holds the file lock at `Part.lock`. Raises KnownError `disk.full`, `file.unwritable`.
    """

    def __init__(self, folder: Path, repo: str, file: RemotePart, *, spare_bytes: int = SPARE_BYTES) -> None:
        stem = folder / f"{_PREFIX}{file.sha256[:32]}"
        self.file = file
        self.path, self.journal = stem.with_suffix(".part"), stem.with_suffix(".journal")
        self.bad, self.lock = stem.with_suffix(".bad"), stem.with_suffix(".lock")
        self._origin = Origin(repo, clean_label(file.name), file.bytes, file.sha256)
        self._spare = spare_bytes

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def cut_back(self) -> None:
        """Cut the file where its journal stops vouching for it."""
        private_folder(self.path.parent)
        known = read_journal(self.journal)
        synced = known.synced if known and known.sha256 == self.file.sha256 else 0
        with self.opened() as file:
            file.truncate(min(synced, self.size, self.file.bytes))
        self.note(self.size)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Yield the file, at its end. After the block it is on the disk as far as it was written."""
        with writing_to(self.path, needed_bytes=self.file.bytes), open(self.path, "r+b", opener=_private) as file:
            file.seek(0, os.SEEK_END)
            try:
                yield file
            finally:
                with suppress(OSError):  # a full disk was already reported by the write that failed
                    file.flush()
                self.sync(file)

    def sync(self, file: BinaryIO) -> None:
        """Wait until the disk has what was written, and say so in the journal."""
        os.fsync(file.fileno())
        with self.journal.open("ab") as out:
            out.write(_line({"synced": self.size}))

    def note(self, synced: int) -> None:
        """Write the journal anew."""
        first = picked(self._origin, "repo", "name", "bytes", "sha256")
        write_atomically(self.journal, _line(first) + _line({"synced": synced}))

    def need_space(self) -> None:
        """Check that the rest of the file fits on the disk. Raises KnownError `disk.full`, with the amounts."""
        with writing_to(self.path):
            need_free(self.path.parent, self.file.bytes - self.size + self._spare)

    def set_aside(self) -> None:
        with writing_to(self.path):
            self.path.replace(self.bad)

    def move_to(self, target: Path) -> None:
        """Move the verified file to `target`. A file of that name is replaced, since it is the same file or damaged."""
        with writing_to(self.path):
            self.path.replace(target)
            sync_folder(target.parent)
            for done in (self.journal, self.bad):
                done.unlink(missing_ok=True)

    def remove(self) -> None:
        with writing_to(self.path):
            self.path.unlink(missing_ok=True)
            if not self.bad.exists():
                self.journal.unlink(missing_ok=True)


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
            journal |= json.loads(line) if line.endswith(b"\n") else {}
        except (ValueError, TypeError, RecursionError):
            break
    return stored_from(Origin, journal) if "synced" in journal else None


def parts_in(folder: Path) -> list[tuple[Path, Origin | None]]:
    paths = [path for suffix in ("part", "bad", "joined") for path in sorted(folder.glob(f"{_PREFIX}*.{suffix}"))]
    return [(path, read_journal(path.with_suffix(".journal"))) for path in paths]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PRIVATE_FILE)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode() + b"\n"


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
    """"fetching", "waiting" (before another try), or "checking"."""
    done: int
    note: str = ""
    """Why the download starts over: "ignored" (the server sends the whole file) or "shifted" (another piece of it)."""
    error: KnownError | None = None


class Transfer:
    """Download of one file into its Part. It needs a thread of its own."""

    def __init__(
        self,
        hub: Hub,
        file: RemoteFile,
        part: Part,
        *,
        report: Callable[[Progress], None],
        stop: Event,
        token: str = "",
        limits: TransferLimits,
        speed: SpeedLimit,
        on_wait: Callable[[float], None],
    ) -> None:
        self._hub, self._file, self._part, self._report = hub, file, part, report
        self._stop, self._token, self._limits, self._speed = stop, token, limits, speed
        self._name = clean_label(part.file.name)
        self._asking = partial(
            hub.asking, f"download of {file.repo}/{file.name}", stop, repo=file.repo, what=self._name, is_long=True,
            silence_s=limits.silence_s, on_wait=on_wait,
        )  # fmt: skip
        self._done = self._synced = 0
        self._synced_at = 0.0
        self.resumed_from = 0
        """Bytes that an earlier download left and this one continues. 0 if it starts over."""

    def run(self) -> None:
        """Download until the file is complete and verified. What has arrived is kept when this ends early.

        Raises Stopped, KnownError download.*, `disk.full`, network.*, hub.*, and what the report raises.
        """
        part, limits = self._part, self._limits
        part.cut_back()
        part.need_space()
        self.resumed_from = best = part.size
        tries = 0
        while part.size < part.file.bytes:
            try:
                self._fetch()
            except KnownError as err:
                if isinstance(err, CannotResume):
                    self._start_over()
                elif err.code not in PASSING:
                    raise
                tries = 1 if part.size - best >= limits.progress_bytes else tries + 1
                best = max(best, part.size)
                if tries >= limits.tries:
                    raise self._given_up(err, tries) from err
                self._report(Progress("waiting", part.size, error=err))
                if self._stop.wait(limits.wait_after(err, tries)):
                    raise Stopped from None
        self._check()

    def _fetch(self) -> None:
        """Download over one connection."""
        part = self._part
        with self._asking(), part.opened() as out:
            from huggingface_hub.file_download import http_get
            from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

            self._done = self._synced = out.tell()
            self._synced_at = time.monotonic()
            http_get(
                self._hub.place_of(self._file, part.file, token=self._token),
                out,
                resume_size=self._done,
                headers=build_hf_headers(token=self._token or False),
                tqdm_class=cast(Any, partial(self._begun, out)),  # it calls it, no more
            )
        if part.size < part.file.bytes:
            raise KnownError("download.cut", name=self._name)

    def _begun(self, out: BinaryIO, *, initial: int, total: int | None, **_shown: object) -> _Bar:
        """Begin with the body of an answer: `total` is what the server says the file has."""
        if total is not None:
            self._require_size(total, total == self._part.file.bytes)
        if initial < self._done:
            self._part.note(0)
            self._say_over("ignored")
        return _Bar(partial(self._on_piece, out))

    def _on_piece(self, out: BinaryIO, count: int) -> None:
        """A piece has come and will be written next."""
        if self._stop.is_set():
            raise Stopped
        part, now = self._part, time.monotonic()
        out.flush()
        self._done += count
        self._require_size(self._done, self._done <= part.file.bytes)
        if self._done - self._synced >= SYNC_BYTES or now - self._synced_at >= SYNC_S:
            part.sync(out)
            part.need_space()
            self._synced, self._synced_at = self._done, now
        self._speed.spend(count, self._stop)
        self._report(Progress("fetching", self._done))

    def _require_size(self, size: int, is_right: bool) -> None:
        if not is_right:
            raise KnownError("download.wrong_size", name=self._name, bytes=size, expected=self._part.file.bytes)

    def _start_over(self) -> None:
        with self._part.opened() as out:
            out.truncate(0)
        self._say_over("shifted")

    def _say_over(self, why: str) -> None:
        self.resumed_from = self._done = self._synced = 0
        self._report(Progress("fetching", 0, why))

    def _check(self) -> None:
        """Compare the whole file's checksum. If it is wrong, the file is set aside."""
        part, digest = self._part, hashlib.sha256()
        self._report(Progress("checking", part.file.bytes))
        with writing_to(part.path), part.path.open("rb") as file:
            while chunk := file.read(READ_BYTES):
                digest.update(chunk)
                if self._stop.is_set():
                    raise Stopped
        if digest.hexdigest() != part.file.sha256:
            part.set_aside()
            raise KnownError("download.damaged", name=self._name)

    def _given_up(self, err: KnownError, tries: int) -> KnownError:
        part, args = self._part, err.args_for_people
        status = _("error {status}").format(status=args["status"]) if "status" in args else err.code
        known = {"download.cut": _("the connection ended early"), "hub.busy": _("it has too many requests")}
        reason = known.get(err.code, str(args.get("reason") or status))
        return KnownError(
            "download.gave_up", name=self._name, tries=tries, reason=reason, bytes=part.size, expected=part.file.bytes
        )


class _Bar:
    """What huggingface_hub takes for a progress bar: it is told of each piece before that is written."""

    def __init__(self, update: Callable[[int], None]) -> None:
        self.update = update

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to take from a screen."""
