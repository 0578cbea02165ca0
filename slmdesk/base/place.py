"""Where a folder lies: on a disk that keeps no rights, on another computer, or in a folder that is synced to others.

Looking may take long where the other computer does not answer: never on the window's or the service thread.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PureWindowsPath

from slmdesk.base.record import Record

NETWORK_SYSTEMS = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "webdav", "davfs", "ceph", "glusterfs",
        "lustre", "gfs2", "ocfs2", "fuse.sshfs", "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse",
        "fuse.ceph", "fuse.s3fs", "fuse.smbnetfs",
    }
)  # fmt: skip
_MARKS: Mapping[str, tuple[str, ...]] = {
    "Dropbox": (".dropbox.cache",),
    "Nextcloud": (".nextcloudsync.log",),
    "ownCloud": (".owncloudsync.log",),
    "Syncthing": (".stfolder",),
    "Google Drive": (".tmp.drivedownload", ".tmp.driveupload"),
    "Synology Drive": (".SynologyWorkingDirectory",),
}
_SYNC_DATABASE = re.compile(r"\.(?:_|sync_|_sync_)[0-9a-f]+\.db")
"""Of Nextcloud and ownCloud."""
_NAMES: Mapping[str, re.Pattern[str]] = {
    "OneDrive": re.compile(r"OneDrive( - .+)?"),
    "iCloud Drive": re.compile(r"com~apple~CloudDocs|Mobile Documents"),
}
_DRIVE_REMOTE = 4
_MNT_NAME = slice(72, 88)
"""Of macOS' struct statfs: the name of the file system."""


class Place(Record):
    folder: Path
    is_open: bool = False
    """Others than its owner, and administrators, may read what is in it."""
    network: str = ""
    """The file system of another computer that it is on; empty: it is on none."""
    synced: str = ""
    """What copies it to other places; empty: nothing that is known here."""


def place_of(folder: Path) -> Place:
    """Look where a folder lies.  What cannot be told counts as nothing known."""
    real = Path(os.path.realpath(folder))
    return Place(folder, is_open_to_others(real), _network_of(real), synced_by(real, _names_in))


def is_open_to_others(folder: Path) -> bool:
    try:
        if os.name == "nt":
            from slmdesk.base.windows_rights import is_private, sddl_of, user_sid

            return not is_private(sddl_of(folder), user_sid())
        about = folder.stat()
    except OSError:
        return False
    return bool(stat.S_IMODE(about.st_mode) & 0o077) or about.st_uid != os.geteuid()


def synced_by(folder: Path, names_in: Callable[[Path], Iterator[str]]) -> str:
    """The program that syncs a folder, by the names of the folders above it and what lies in them; or empty."""
    for place in (folder, *folder.parents):
        if name := next((name for name, shape in _NAMES.items() if shape.fullmatch(place.name)), ""):
            return name
        for found in names_in(place):
            if name := next((name for name, marks in _MARKS.items() if found in marks), ""):
                return name
            if _SYNC_DATABASE.fullmatch(found):
                return "Nextcloud"
    return ""


def _names_in(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name
    except OSError:
        return


# ---- on another computer


def _network_of(folder: Path) -> str:
    try:
        if os.name == "nt":
            return _windows_network(folder)
        kind = _of_macos(folder) if sys.platform == "darwin" else file_system_of(folder, _mounts())
    except OSError:
        return ""
    return kind if kind in NETWORK_SYSTEMS else ""


def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")


def file_system_of(folder: Path, mounts: str) -> str:
    """The file system a folder is on, by the text of Linux' `mountinfo`: of what is mounted above it, the nearest and
    of those the last.
    """
    found, length = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= length:
            found, length = after.split(" ")[0], len(point.parts)
    return found


def _of_macos(folder: Path) -> str:
    """Not tried."""
    import ctypes

    about = ctypes.create_string_buffer(4096)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), about) != 0:
        return ""
    return about.raw[_MNT_NAME].split(b"\0")[0].decode("ascii", "replace")


def _windows_network(folder: Path) -> str:
    """Not tried."""
    drive = PureWindowsPath(folder).drive
    if drive.startswith("\\\\"):
        return "a share"
    if sys.platform == "win32":
        import ctypes

        if ctypes.WinDLL("kernel32").GetDriveTypeW(ctypes.c_wchar_p(drive + "\\")) == _DRIVE_REMOTE:
            return "a share"
    return ""
