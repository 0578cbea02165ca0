"""Find out who can read a file or folder: access rights on Windows, network drives, folders synced elsewhere."""

from __future__ import annotations

import ctypes
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from slmdesk.base.record import Record
from slmdesk.base.texts import _

SYSTEM, ADMINISTRATORS, CREATOR_OWNER, OWNER_RIGHTS = "SY", "BA", "CO", "OW"
TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
RULING = frozenset({SYSTEM, ADMINISTRATORS, "S-1-5-18", "S-1-5-32-544", TRUSTED_INSTALLER})
"""SIDs of the accounts that may change everything on a PC anyway."""
READ_OWNER_AND_RIGHTS = 0x1 | 0x4
SET_OWN_RIGHTS_ALONE = 0x4 | 0x80000000
"""Flags for Windows: set the access list, and inherit no rights from the parent folder."""
FILE_OBJECT = 1
PROGRAM_DATA = "{62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}"

_SID = r"S-[0-9-]+|[A-Z]{2}"
_SHAPE = re.compile(rf"O:({_SID})(?:G:(?:{_SID}))?(?:D:([A-Z_]*)((?:\([^()]*\))*))?(?:S:.*)?", re.DOTALL)
_GRANTS, _DENIES = frozenset({"A", "OA", "XA", "ZA"}), frozenset({"D", "OD", "XD"})
_RIGHTS = {
    "GA": 0x10000000, "GR": 0x80000000, "GW": 0x40000000, "GX": 0x20000000, "RC": 0x20000, "SD": 0x10000, "WD": 0x40000,
    "WO": 0x80000, "FA": 0x1F01FF, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0, "CC": 0x1, "DC": 0x2, "LC": 0x4,
    "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80, "CR": 0x100,
}  # fmt: skip
_CHANGES = 0x10000000 | 0x40000000 | 0x02000000 | 0x10000 | 0x40000 | 0x80000 | 0x2 | 0x4 | 0x10 | 0x40 | 0x100
"""Access rights that allow changes: write, append, delete, change attributes, change the rights or the owner."""
_ALL = 0xFFFFFFFF


def owner_in(sddl: str) -> str:
    """Return a security descriptor's owner SID (or its two-letter short form). Empty if `sddl` is no descriptor."""
    match = _SHAPE.fullmatch(sddl)
    return match.group(1) if match else ""


def others_in(sddl: str, known: Collection[str], rights: int = _ALL) -> str:
    """Return the first SID outside of `known` that has any of these rights. Returns "?" if it cannot be told, and an
    empty string if there is none.
    """
    match = _SHAPE.fullmatch(sddl)
    if match is None or match.group(2) is None or "NO_ACCESS_CONTROL" in match.group(2):
        return "?"  # without a list of rights everybody has all
    for kind, flags, granted, sid in _entries(match.group(3)):
        if kind in _DENIES or "IO" in flags:  # only inherited by new files, which are checked themselves
            continue
        if kind not in _GRANTS:
            return "?"
        if granted & rights and sid not in known:
            return sid or "?"
    return ""


def why_not_ruled(sddl: str, what: str, user: str = "") -> str:
    """Return why somebody other than administrators and the user with this SID can change a file or folder named
    `what`. Empty if nobody else can.
    """
    if owner_in(sddl) not in {user, *RULING}:
        return _("{what} does not belong to {what2}the administrators").format(
            what=what, what2=_("you or ") if user else ""
        )
    if others_in(sddl, {user, CREATOR_OWNER, OWNER_RIGHTS, *RULING} if user else RULING, _CHANGES):
        return _("{what} can be changed by others{what2}").format(
            what=what, what2="" if user else _(" than administrators")
        )
    return ""


def is_private(sddl: str, user: str) -> bool:
    """Tell whether only the user with this SID and the accounts in RULING have any rights."""
    return owner_in(sddl) in {user, *RULING} and not others_in(sddl, {user, CREATOR_OWNER, OWNER_RIGHTS, *RULING})


def private_rights(user: str) -> str:
    """Return the access list that gives a folder to this user, as in a profile's folder. New files inherit it."""
    return f"D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;{SYSTEM})(A;OICI;FA;;;{ADMINISTRATORS})"


def _entries(text: str) -> Iterator[tuple[str, frozenset[str], int, str]]:
    for entry in re.findall(r"\(([^()]*)\)", text):
        fields = entry.split(";")
        if len(fields) < 6:
            yield "", frozenset(), _ALL, ""
            continue
        yield fields[0], frozenset(re.findall("..", fields[1])), _mask(fields[2]), fields[5]


def _mask(rights: str) -> int:
    if rights.lower().startswith("0x"):
        try:
            return int(rights, 16)
        except ValueError:
            return _ALL
    mask = 0
    for two in re.findall("..?", rights):
        mask |= _RIGHTS.get(two, _ALL)
    return mask


# Calls to Windows (never tried on Windows).


def why_not_theirs(handle: int, path: Path, *, or_ours: bool = False) -> str:
    """Do what `untrusted.why_not_theirs` does, on Windows. Raises OSError."""
    import msvcrt

    number = msvcrt.get_osfhandle(handle)  # type: ignore[attr-defined,unused-ignore]  # on Windows alone
    user = user_sid() if or_ours else ""
    reason = why_not_ruled(_sddl_of(number), "it", user)
    return reason or why_not_ruled(sddl_of(path.parent), _("its folder"), user)


def sddl_of(path: Path) -> str:
    """Return owner and rights of a file or folder as a security descriptor (SDDL). Raises OSError."""
    return _sddl_of(str(path))


def give_to_owner(folder: Path) -> bool:
    """Remove everybody but its user from the rights of a folder and of what will be created in it. Returns whether the
    folder is private now.

    Rights that are private already are left unchanged, since setting them goes through all files in the folder. Raises
    OSError.
    """
    user = user_sid()
    if is_private(sddl_of(folder), user):
        return True
    _set_rights(folder, private_rights(user))
    return is_private(sddl_of(folder), user)


def user_sid() -> str:
    """Return the SID of the user who runs this process. Raises OSError."""
    advapi, kernel = _library("advapi32"), _library("kernel32")
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    token = ctypes.c_void_p()
    token_query, token_user = 0x8, 1
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    _require(advapi.OpenProcessToken(process, token_query, ctypes.byref(token)))
    try:
        size = ctypes.c_uint32()
        advapi.GetTokenInformation(token, token_user, None, 0, ctypes.byref(size))
        room = ctypes.create_string_buffer(size.value)
        _require(advapi.GetTokenInformation(token, token_user, room, size, ctypes.byref(size)))
        sid = ctypes.c_void_p.from_buffer(room)  # TOKEN_USER begins with a pointer to the SID
        text = ctypes.c_wchar_p()
        _require(advapi.ConvertSidToStringSidW(sid, ctypes.byref(text)))
        return _taken(text)
    finally:
        kernel.CloseHandle(token)


def program_data() -> Path | None:
    """Return the folder of all programs' data. Asks the system, since a process variable could name another folder."""
    shell, ole = _library("shell32"), _library("ole32")
    id = (ctypes.c_byte * 16)()
    text = ctypes.c_wchar_p()
    if ole.CLSIDFromString(ctypes.c_wchar_p(PROGRAM_DATA), ctypes.byref(id)) != 0:
        return None
    if shell.SHGetKnownFolderPath(ctypes.byref(id), 0, None, ctypes.byref(text)) != 0:
        return None
    folder = text.value
    ole.CoTaskMemFree(text)
    return Path(folder) if folder else None


def _sddl_of(what: int | str) -> str:
    advapi, kernel = _library("advapi32"), _library("kernel32")
    descriptor, text = ctypes.c_void_p(), ctypes.c_wchar_p()
    wanted = (FILE_OBJECT, READ_OWNER_AND_RIGHTS, None, None, None, None, ctypes.byref(descriptor))
    if isinstance(what, int):
        _require_zero(advapi.GetSecurityInfo(ctypes.c_void_p(what), *wanted))
    else:
        _require_zero(advapi.GetNamedSecurityInfoW(ctypes.c_wchar_p(what), *wanted))
    try:
        make = advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW
        _require(make(descriptor, 1, READ_OWNER_AND_RIGHTS, ctypes.byref(text), None))
        return _taken(text)
    finally:
        kernel.LocalFree(descriptor)


def _set_rights(folder: Path, sddl: str) -> None:
    advapi, kernel = _library("advapi32"), _library("kernel32")
    descriptor, rights = ctypes.c_void_p(), ctypes.c_void_p()
    is_there, is_default = ctypes.c_int(), ctypes.c_int()
    make = advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW
    _require(make(ctypes.c_wchar_p(sddl), 1, ctypes.byref(descriptor), None))
    try:
        outputs = (ctypes.byref(is_there), ctypes.byref(rights), ctypes.byref(is_default))
        _require(advapi.GetSecurityDescriptorDacl(descriptor, *outputs))
        set_it, name = advapi.SetNamedSecurityInfoW, ctypes.c_wchar_p(str(folder))
        _require_zero(set_it(name, FILE_OBJECT, ctypes.c_uint32(SET_OWN_RIGHTS_ALONE), None, None, rights, None))
    finally:
        kernel.LocalFree(descriptor)


def _library(name: str) -> Any:
    if sys.platform != "win32":
        raise OSError("this is not Windows")
    return ctypes.WinDLL(name, use_last_error=True)


def _require(done: int) -> None:
    if not done and sys.platform == "win32":
        raise ctypes.WinError(ctypes.get_last_error())


def _require_zero(status: int) -> None:
    if status and sys.platform == "win32":
        raise ctypes.WinError(status)


def _taken(text: ctypes.c_wchar_p) -> str:
    """Return a text that Windows allocated, and free its memory."""
    words = text.value or ""
    _library("kernel32").LocalFree(text)
    return words


# Where a folder is. A folder may be on a disk without access rights, on another computer, or synced to other
# computers. Finding out may take long if another computer does not answer, so it never runs on the window's or the
# service thread.


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
"""File names of the databases of Nextcloud and ownCloud."""
_NAMES: Mapping[str, re.Pattern[str]] = {
    "OneDrive": re.compile(r"OneDrive( - .+)?"),
    "iCloud Drive": re.compile(r"com~apple~CloudDocs|Mobile Documents"),
}
_DRIVE_REMOTE = 4
_MNT_NAME = slice(72, 88)
"""Bytes of macOS' struct statfs that hold the name of the file system."""


class Place(Record):
    folder: Path
    is_open: bool = False
    """Whether somebody other than its owner and administrators may read what is in the folder."""
    network: str = ""
    """Network file system that the folder is on. Empty if the folder is on this computer."""
    synced: str = ""
    """Program that copies the folder to other computers. Empty if no known program does."""


def place_of(folder: Path) -> Place:
    """Find out where a folder is. Raises OSError where the system does not say on which disk."""
    real = Path(os.path.realpath(folder))
    return Place(folder, is_open_to_others(real), _network_of(real), synced_by(real, _names_in))


def is_open_to_others(folder: Path) -> bool:
    try:
        if os.name == "nt":
            return not is_private(sddl_of(folder), user_sid())
        about = folder.stat()
    except OSError:
        return False
    return bool(stat.S_IMODE(about.st_mode) & 0o077) or about.st_uid != os.geteuid()


def synced_by(folder: Path, names_in: Callable[[Path], Iterator[str]]) -> str:
    """Return the program that syncs a folder, or ''. Judged by the parent folders' names and the files in them."""
    for place in (folder, *folder.parents):
        if name := next((name for name, shape in _NAMES.items() if shape.fullmatch(place.name)), ""):
            return name
        for name_inside in names_in(place):
            if name := next((name for name, marks in _MARKS.items() if name_inside in marks), ""):
                return name
            if _SYNC_DATABASE.fullmatch(name_inside):
                return "Nextcloud"
    return ""


def _names_in(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name
    except OSError:
        return


def _network_of(folder: Path) -> str:
    if os.name == "nt":
        return _windows_network(folder)
    kind = _of_macos(folder) if sys.platform == "darwin" else file_system_of(folder, _mounts())
    return kind if kind in NETWORK_SYSTEMS else ""


def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")


def file_system_of(folder: Path, mounts: str) -> str:
    """Return the file system a folder is on; `mounts` is the text of Linux' `mountinfo`. The nearest mount above the
    folder counts, and of several at the same place the last.
    """
    system, length = "", -1
    for line in mounts.splitlines():
        before, __, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= length:
            system, length = after.split(" ")[0], len(point.parts)
    return system


def _of_macos(folder: Path) -> str:
    """Return the file system that macOS names. Never tried on a Mac."""
    about = ctypes.create_string_buffer(4096)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), about) != 0:
        return ""
    return about.raw[_MNT_NAME].split(b"\0")[0].decode("ascii", "replace")


def _windows_network(folder: Path) -> str:
    """Return "a share" for a network drive. Never tried on Windows."""
    drive = PureWindowsPath(folder).drive
    if drive.startswith("\\\\"):
        return "a share"
    if (
        sys.platform == "win32"
        and ctypes.WinDLL("kernel32").GetDriveTypeW(ctypes.c_wchar_p(drive + "\\")) == _DRIVE_REMOTE
    ):
        return "a share"
    return ""
