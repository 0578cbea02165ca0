"""Find document files, and compare the files of a folder with the known documents. Runs on file threads."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from slmdesk.base.documents import MAX_FILE_BYTES, READER_VERSION, format_of
from slmdesk.base.einvoices import EINVOICE_HEAD_BYTES, is_einvoice
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, field
from slmdesk.base.records import DocumentStatus, KnownFile
from slmdesk.base.texts import N_, _
from slmdesk.documents.types import DuplicateFile, SeenFile, UnreadableFile

MOST_FILES = 50_000
MOST_ENTRIES = 500_000
"""Most files and folders below a folder. A folder with more is not a folder of documents."""
MOST_DEPTH = 40
MOST_BYTES = 1 << 30
"""Size in bytes above which a file is not read, but listed by name."""
STILL_S = 2.0
"""Seconds after its last change during which a file may still be being written."""
LOCK_S = 86_400.0
"""Seconds after which an office program's lock file counts as left behind by a crash."""
OWN_OUTPUT = ("summaries.csv",)
"""Files that this program itself writes beside documents; see summaries.service."""
AGAIN = ("document.stopped", "document.changing")
"""Error codes after which the next scan tries a file again, although the file has not changed."""


class Listing(Record):
    is_there: bool
    """False if the folder cannot be reached. Then its documents are not considered deleted."""
    reason: str = ""
    mark: tuple[int, int] = (0, 0)
    """Device and inode number of the folder. They tell a folder from an empty mount point of the same name."""
    files: tuple[SeenFile, ...] = ()
    later: tuple[bytes, ...] = ()
    """Files that are still being written, or open in an office program."""
    left: Mapping[bytes, tuple[str, Mapping[str, str | int]]] = field(default_factory=dict)
    """Files that are not read, each with an error code and its arguments."""
    unseen: tuple[bytes, ...] = ()
    """Subfolders that cannot be listed. Their known documents are kept."""
    is_empty: bool = False
    seconds: float = 0.0


class Plan(Record):
    new: tuple[SeenFile, ...] = ()
    gone: Mapping[str, bytes] = field(default_factory=dict)
    """Documents with missing files, by id, with their former paths. Some may have moved and be among the new files."""


def scan(root: Path, own: Iterable[Path], stop: threading.Event) -> Listing:
    """Scan a folder and its subfolders. Raises Stopped.

    Links are not followed, so that nothing outside is read and loops are impossible. Hidden names, lock files, source
    code and the program's own folders (`own`) are left out.
    """
    began = time.monotonic()
    try:
        info = root.stat()
        if not stat.S_ISDIR(info.st_mode):
            return Listing(False, _("not a folder"))
        walk = _Walk(own, stop)
        walk.folder(os.fsencode(root), 0)
    except OSError as err:
        return Listing(False, err.strerror or type(err).__name__)
    return Listing(
        True,
        mark=(info.st_dev, info.st_ino),
        files=tuple(walk.files),
        later=tuple(walk.later),
        left=walk.left,
        unseen=tuple(walk.unseen),
        is_empty=walk.entries == 0,
        seconds=time.monotonic() - began,
    )


class _Walk:
    def __init__(self, own: Iterable[Path], stop: threading.Event) -> None:
        self._own = {os.fsencode(path) for path in own}
        self._stop, self._now = stop, time.time()
        self._seen: set[tuple[int, int]] = set()
        self.entries = 0
        self.files: list[SeenFile] = []
        self.later: list[bytes] = []
        self.left: dict[bytes, tuple[str, Mapping[str, str | int]]] = {}
        self.unseen: list[bytes] = []

    def folder(self, path: bytes, depth: int) -> None:
        """Scan a folder. Raises OSError if it cannot be listed, and Stopped."""
        with os.scandir(path) as scanner:
            entries = list(scanner)
        locked = {locked_path for entry in entries if (locked_path := _locked_by(entry, self._now))}
        folders: list[bytes] = []
        for entry in entries:
            if self._stop.is_set():
                raise Stopped
            self.entries += 1
            if self.entries > MOST_ENTRIES:
                return
            if entry.name.startswith((b".", b"~$")):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    self._file(entry, is_open=bool(locked) and not locked.isdisjoint(_lock_keys(entry.name)))
            except OSError as err:  # deleted meanwhile, or a broken disk: see the next scan
                self._leave(entry.path, "document.unreadable", err.strerror or type(err).__name__)
        for subfolder in folders:
            self._below(subfolder, depth + 1)

    def _below(self, path: bytes, depth: int) -> None:
        if path in self._own:
            return
        try:
            info = Path(os.fsdecode(path)).lstat()
            if (mark := (info.st_dev, info.st_ino)) in self._seen:  # a folder that is mounted inside itself
                return
            self._seen.add(mark)
            if depth > MOST_DEPTH:
                self._leave(path, "document.unreadable", _("too many folders in one another"))
                self.unseen.append(path)
                return
            self.folder(path, depth)
        except OSError as err:
            self._leave(path, "document.unreadable", err.strerror or type(err).__name__)
            self.unseen.append(path)

    def _file(self, entry: os.DirEntry[bytes], *, is_open: bool) -> None:
        if not is_document(entry.name):
            return
        if entry.is_symlink():
            self._leave(entry.path, "document.unreadable", _("a link"))
            return
        info = entry.stat(follow_symlinks=False)
        if os.name == "nt":
            info = Path(os.fsdecode(entry.path)).lstat()  # DirEntry has no inode on Windows
        if not stat.S_ISREG(info.st_mode):
            self._leave(entry.path, "document.unreadable", _("not a file"))
        elif info.st_size > MOST_BYTES:
            args: Mapping[str, str | int] = {"path": _shown(entry.path), "bytes": info.st_size, "limit": MOST_BYTES}
            self.left[entry.path] = ("document.too_large", args)
        elif not os.access(entry.path, os.R_OK):
            self._leave(entry.path, "document.unreadable", os.strerror(errno.EACCES))
        elif is_open or abs(self._now - info.st_mtime) < STILL_S:
            self.later.append(entry.path)
        elif len(self.files) < MOST_FILES:
            self.files.append(SeenFile(entry.path, info.st_size, info.st_mtime_ns, info.st_ino))
        else:
            self._leave(
                entry.path, "document.unreadable", _("more than {most_files} documents").format(most_files=MOST_FILES)
            )

    def _leave(self, path: bytes, code: str, reason: str) -> None:
        self.left[path] = (code, {"path": _shown(path), "reason": reason})


def is_document(name: bytes) -> bool:
    return name.lower() not in [own.encode() for own in OWN_OUTPUT] and _is_document(Path(os.fsdecode(name)))


def plan(
    listing: Listing,
    known: Sequence[KnownFile],
    twins: Mapping[bytes, DuplicateFile],
    broken: Mapping[bytes, UnreadableFile],
) -> Plan:
    """Compare a listing with the known files, and return what has to be done. The folder must be reachable."""
    before = {file.path: file for file in known}
    here = {file.path for file in listing.files}.union(listing.later)
    hidden = tuple(path + os.sep.encode() for path in listing.unseen)
    gone = {
        file.id: file.path for file in known if file.path not in here and not (hidden and file.path.startswith(hidden))
    }
    there = {file.id for file in known}.difference(gone)
    settled = {path: twin.seen for path, twin in twins.items() if twin.of in there}
    settled |= {path: file.seen for path, file in broken.items()}
    new = [file for file in listing.files if not _is_known(file, before.get(file.path), settled.get(file.path))]
    return Plan(tuple(new), gone)


def is_vanished(listing: Listing, mark: tuple[int, int], known: int) -> bool:
    """Tell whether a folder is not really there: a drive that is not mounted leaves an empty folder behind."""
    return not listing.is_there or (listing.is_empty and known > 0 and mark not in ((0, 0), listing.mark))


def _is_known(seen: SeenFile, kept: KnownFile | None, settled: SeenFile | None) -> bool:
    if kept is None:
        return settled == seen
    same = (kept.bytes, kept.mtime_ns) == (seen.bytes, seen.mtime_ns) and kept.inode in (0, seen.inode)
    if not same or kept.reader != READER_VERSION:
        return False
    return kept.status is DocumentStatus.READ or (
        kept.status is DocumentStatus.FAILED and (kept.error_code or "") not in AGAIN
    )


def _locked_by(entry: os.DirEntry[bytes], now: float) -> bytes:
    """Return the name of the document that an office program's lock file marks as open. Empty for other entries."""
    name = entry.name
    if name.startswith(b"~$"):
        key = name[2:]
    elif name.startswith(b".~lock.") and name.endswith(b"#"):
        key = name[7:-1]
    else:
        return b""
    try:
        is_left = now - entry.stat(follow_symlinks=False).st_mtime > LOCK_S
    except OSError:
        return b""
    return b"" if is_left else key


def _lock_keys(name: bytes) -> tuple[bytes, ...]:
    """Return the names by which a lock file may refer to a document. Word drops a long name's first two letters."""
    return name, name[1:], name[2:]


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "replace")


def collection_of(path: Path, others: Sequence[tuple[str, Path]]) -> str:
    """Return the id of the collection of this folder, or an empty string. Runs on a file thread. Raises KnownError."""
    if not path.is_dir():
        raise KnownError("collection.no_folder", path=str(path))
    real = os.path.realpath(path)
    for id, other in others:
        known = os.path.realpath(other)
        if real == known:
            return id
        if _lies_in(real, known) or _lies_in(known, real):
            raise KnownError("collection.nested", path=str(path), other=str(other))
    return ""


def _lies_in(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


CHUNK_BYTES = 1 << 20
MOST_LISTED = 5_000
LISTED_DEPTH = 20


class DocumentFile(Record):
    path: Path
    sha256: str
    """SHA-256 of the file. Empty if only its size and time were requested."""
    bytes: int
    mtime_ns: int
    inode: int = 0


def look_at(path: Path, stop: threading.Event, *, hashed: bool = True) -> DocumentFile:
    """Return size, time and (if `hashed`) checksum of a regular file. Anything else is refused without opening it.

    Raises KnownError `file.missing`, `document.unreadable`, `document.too_large`, and Stopped.
    """
    path = path.absolute()
    try:
        _refuse_irregular(path, path.stat())
        if not hashed:
            info = path.stat()
            return DocumentFile(path, "", info.st_size, info.st_mtime_ns, info.st_ino)
        flags = os.O_RDONLY
        for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
            flags |= getattr(os, name, 0)
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
            info = os.fstat(file.fileno())
            _refuse_irregular(path, info)
            if info.st_size > MAX_FILE_BYTES:
                raise KnownError("document.too_large", path=str(path), bytes=info.st_size, limit=MAX_FILE_BYTES)
            while chunk := file.read(CHUNK_BYTES):
                if stop.is_set():
                    raise Stopped
                digest.update(chunk)
        return DocumentFile(path, digest.hexdigest(), info.st_size, info.st_mtime_ns, info.st_ino)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or N_("not a file name")
        raise KnownError("document.unreadable", path=str(path), reason=reason) from err


def documents_in(paths: list[Path], stop: threading.Event) -> list[Path]:
    """Return the files among `paths`, and the documents in the folders among them by file name, in order.

    Hidden files are left out, links to folders are not followed, and at most MOST_FILES are returned. Source code in
    folders is left out, because there is too much of it. Raises KnownError `document.unreadable` for a folder that
    cannot be listed.
    """
    documents: list[Path] = []
    for path in paths:
        if path.is_dir():
            documents += filter(_is_document, _inside(path, LISTED_DEPTH, stop))
        else:
            documents.append(path)
        if len(documents) >= MOST_LISTED:
            break
    return documents[:MOST_LISTED]


def _inside(folder: Path, depth: int, stop: threading.Event) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name.casefold())
    except OSError as err:
        raise KnownError("document.unreadable", path=str(folder), reason=err.strerror or _("a folder")) from err
    for entry in entries:
        if stop.is_set():
            raise Stopped
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from _inside(Path(entry.path), depth - 1, stop)
        elif entry.is_file():
            yield Path(entry.path)


def _is_document(path: Path) -> bool:
    try:
        is_code = format_of(path).id in ("code", "recording")
        if path.suffix.lower() == ".xml":
            with path.open("rb") as file:
                is_code = not is_einvoice(file.read(EINVOICE_HEAD_BYTES))
    except (KnownError, OSError):
        return False
    return not is_code


def _refuse_irregular(path: Path, info: os.stat_result) -> None:
    if stat.S_ISREG(info.st_mode):
        return
    kind = "a folder" if stat.S_ISDIR(info.st_mode) else "not a file"
    raise KnownError("document.unreadable", path=str(path), reason=kind)
