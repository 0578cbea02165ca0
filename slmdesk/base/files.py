"""Write files safely: after a crash, full disk or power cut there is the old file or the new one, never half a file."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_, _

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SHARED_FILE = 0o666
"""Mode of a file that a person asked for, less what the umask takes."""
EXCHANGED = N_("another program replaced it while it was written")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def problem_of(err: OSError, path: Path, *, needed_bytes: int = 0) -> KnownError:
    """Return `disk.full` or `file.unwritable` for a system error while writing `path`."""
    if err.errno in _FULL:
        try:
            available = shutil.disk_usage(path.parent).free
        except OSError:
            available = 0
        return KnownError("disk.full", path=str(path), needed_bytes=needed_bytes, available_bytes=available)
    return KnownError("file.unwritable", path=str(path), reason=err.strerror or type(err).__name__)


@contextlib.contextmanager
def writing_to(path: Path, *, needed_bytes: int = 0) -> Iterator[None]:
    """Turn an OSError in the block into the KnownError that `problem_of` returns."""
    try:
        yield
    except OSError as err:
        raise problem_of(err, path, needed_bytes=needed_bytes) from err


def need_free(folder: Path, needed: int) -> None:
    """Raise KnownError `disk.full` if `folder`'s disk has less than `needed` bytes free. Also raises OSError."""
    if (free := shutil.disk_usage(folder).free) < needed:
        raise KnownError("disk.full", path=str(folder), needed_bytes=needed, available_bytes=free)


def private_folder(folder: Path) -> None:
    """Create `folder` and missing parents, readable by their owner only.  Raises KnownError."""
    missing = [folder, *folder.parents]
    while missing and missing[-1].exists():
        missing.pop()
    try:
        for each in reversed(missing):
            each.mkdir(PRIVATE_FOLDER, exist_ok=True)
        if os.name == "nt":
            from slmdesk.base.disks import give_to_owner

            with contextlib.suppress(OSError):  # disks.place_of tells whether it worked
                give_to_owner(folder)
        elif stat.S_IMODE(folder.stat().st_mode) & 0o077:
            with contextlib.suppress(PermissionError):  # a folder of another owner can be used, but not changed
                folder.chmod(PRIVATE_FOLDER)
    except OSError as err:
        raise problem_of(err, folder) from err
    if not folder.is_dir():
        raise KnownError("file.unwritable", path=str(folder), reason=os.strerror(errno.ENOTDIR))


def private_files(folder: Path, *, but: Path) -> None:
    """Make the files in one of our folders readable by their owner only, except `but`. Does nothing where the disk has
    no file modes.

    Raises KnownError if the folder cannot be listed.
    """
    try:
        paths = tuple(folder.iterdir()) if os.name != "nt" else ()
    except OSError as err:
        raise problem_of(err, folder) from err
    for path in paths:
        with contextlib.suppress(OSError):  # deleted meanwhile, or of another owner
            about = path.lstat()
            if stat.S_ISREG(about.st_mode) and about.st_mode & 0o077 and path != but:
                path.chmod(PRIVATE_FILE)


def open_new(path: Path | str, mode: int = PRIVATE_FILE, *, folder: int | None = None) -> int:
    """Create a new file and return its handle. Raises OSError if the name exists, also as a link.

    `folder` is the handle of the folder that a relative path is in.
    """
    more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | more, mode, dir_fd=folder)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data`. The data are written to a new file, synced and renamed, with mode 0600.

    Raises KnownError `disk.full` or `file.unwritable`. Then this function has not changed the old file.
    """
    try:
        with new_beside(path) as (out, give_name):
            out.write(data)
            give_name(os.replace)
    except OSError as err:
        raise problem_of(err, path, needed_bytes=len(data)) from err


def write_out(path: Path, data: bytes) -> None:
    """Write a file that a person asked for, as `write_atomically` does. The mode of a file that is replaced stays."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if os.name != "nt" and path.exists() else None
        with new_beside(path, SHARED_FILE if mode is None else PRIVATE_FILE) as (out, give_name):
            if mode is not None:
                os.fchmod(out.fileno(), mode)
            out.write(data)
            give_name(os.replace)
    except OSError as err:
        raise problem_of(err, path, needed_bytes=len(data)) from err


def write_new(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write a file that does not exist yet, completely or not at all.

    Raises KnownError `file.exists`, also if another program creates it meanwhile, `disk.full`, `file.unwritable`.
    """
    try:
        with new_beside(path, mode) as (out, give_name):
            out.write(data)
            give_name(_name_new)
    except FileExistsError as err:
        raise KnownError("file.exists", path=str(path)) from err
    except OSError as err:
        raise problem_of(err, path, needed_bytes=len(data)) from err


class _GiveName(Protocol):
    def __call__(self, src: Path | str, dst: Path, *, src_dir_fd: int | None) -> None: ...


NewFile: TypeAlias = tuple[BinaryIO, Callable[[_GiveName], None]]


@contextlib.contextmanager
def new_beside(path: Path, mode: int = PRIVATE_FILE) -> Iterator[NewFile]:
    """Yield a new file beside `path`, and a function that syncs the file and renames it to `path`. Without that call
    the file is deleted.

    In a folder where others may write they could replace any file. There the new file is created in a private folder
    that is addressed by its handle, and after the renaming `path` must be this file. Raises OSError, and KnownError
    `file.unwritable`.
    """
    from slmdesk.base.untrusted import why_not_roots  # imported here, since most starts write nothing

    beside = path.with_name(f".{path.name[:40]}.{os.urandom(4).hex()}.new")
    with contextlib.ExitStack() as held:
        is_shared = os.name != "nt" and why_not_roots(path.parent.stat(), "", os.geteuid()) != ""
        folder = held.enter_context(_opened_folder(beside)) if is_shared else None
        name = beside.name if is_shared else beside
        handle = open_new(name, mode, folder=folder)
        held.callback(_unlink, name, folder)
        out = held.enter_context(os.fdopen(handle, "wb"))

        def give_name(how: _GiveName) -> None:
            out.flush()
            os.fsync(handle)
            if not is_shared:
                out.close()  # Windows renames no open file
            how(name, path, src_dir_fd=folder)
            if is_shared and not os.path.samestat(os.fstat(handle), path.lstat()):
                raise KnownError("file.unwritable", path=str(path), reason=_(EXCHANGED))
            sync_folder(path.parent)

        yield out, give_name


@contextlib.contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    """Yield the handle of a new folder that nobody else can write to. The folder is removed afterwards."""
    path.mkdir(PRIVATE_FOLDER)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):  # somebody has renamed the folder
            path.rmdir()


def _unlink(name: Path | str, folder: int | None) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _name_new(src: Path | str, dst: Path, *, src_dir_fd: int | None) -> None:
    """Rename a file unless the new name exists. Where the disk has hard links, one does this, replacing nothing."""
    try:
        os.link(src, dst, src_dir_fd=src_dir_fd)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(dst):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(dst)) from None
        os.rename(src, dst, src_dir_fd=src_dir_fd)


def is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def is_there(target: Path) -> bool:
    """Tell whether a file exists that would be replaced.

    Raises KnownError `file.unwritable` for an impossible name, and for a device, a pipe or a folder, which are never
    replaced.
    """
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as err:
        raise problem_of(err, target) from err
    if not stat.S_ISREG(mode):
        raise KnownError("file.unwritable", path=str(target), reason=_("it is no regular file"))
    return True


def free_name(path: Path) -> Path:
    """Return the path, or a path with a number if the name exists: `a (2).txt`."""

    def numbered(number: int) -> Path:
        return path.with_name(f"{path.stem} ({number}){path.suffix}")

    if not os.path.lexists(path):
        return path
    taken, free = 1, 2
    while os.path.lexists(numbered(free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if os.path.lexists(numbered(middle)) else (taken, middle)
    return numbered(free)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut.  Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def dated_name(path: Path, why: str) -> Path:
    """Return a free name beside `path` with reason and time: `notes.json` → `notes.broken-20261120-083000.json`."""
    when = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        more = f"-{number}" if number > 1 else ""
        name = path.with_name(f"{path.stem}.{why}-{when}{more}{path.suffix}")
        if not os.path.lexists(name):
            return name
    raise KnownError("file.exists", path=str(path))
