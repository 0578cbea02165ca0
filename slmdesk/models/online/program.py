"""The installed files of the program and of the libraries it needs, compared with the lists made when they were built;
and what runs in this process and was not installed with it.

Each library brings a list of its files with their checksums (RECORD, PyPA's specification of installed projects).  A
package of the frozen program brings one list of all files of its folder, as `sha256sum` writes it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import slmdesk
from slmdesk.base.frozen import frozen_folder
from slmdesk.base.paths import PORTABLE, PORTABLE_HOME
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.base.untrusted import clean_label

PROGRAM = "slmdesk"
LOADERS = ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP")
"""Environment variables that make every program run additional code of the account."""
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/opt", "/app", "/snap", "/nix/store", "/gnu/store")
CLOSURES = "/memfd:libffi (deleted)"
"""Name of the memory in which the system's libffi keeps the callbacks of ctypes."""
MANIFEST = "MANIFEST"
"""File of a frozen program's folder: the list of all others, made when it was built."""
NOT_LISTED = {MANIFEST, PORTABLE, "uninstall.exe"}
"""Files beside those that were built: the list itself, and what a portable copy and the installer for Windows add."""
DECEIVES = N_("code that did not come with slmdesk can deceive it")
MOST_LETTERS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class FilesCompared(Record):
    """All installed files, compared with the lists they came with."""

    list: str
    sha256: str
    """Checksum of the list."""
    files: int
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    """In the folder of a frozen program, but not in its list."""

    @property
    def are_as_built(self) -> bool:
        return not (self.changed or self.missing or self.extra)


def compare_files() -> FilesCompared:
    """Compare every file; run from source, those of the libraries. Never call it on the service thread.

    Raises OSError where a frozen program has lost its list.
    """
    if folder := frozen_folder():
        return compare_with_manifest(folder)
    changed: list[str] = []
    missing: list[str] = []
    lists, count = "", 0
    distributions = _distributions()
    for library in distributions:
        files = library.files or ()
        record = library.read_text("RECORD") or ""
        lists += f"{hashlib.sha256(record.encode()).hexdigest()}  {library.name} {library.version}\n"
        count += len(files)
        for file in files:
            if file.hash is None or "__pycache__" in file.parts:  # Python writes its compiled files itself
                continue
            if ".." in file.parts:  # a command of its own: it names the interpreter's place, and nothing here runs it
                continue
            try:
                digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
            except (OSError, ValueError):
                missing.append(f"{library.name}: {file}")
                continue
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value:
                changed.append(f"{library.name}: {file}")
    return FilesCompared(
        f"RECORD of {len(distributions)} libraries", hashlib.sha256(lists.encode()).hexdigest(), count,
        tuple(sorted(changed)), tuple(sorted(missing)),
    )  # fmt: skip


def compare_with_manifest(folder: Path) -> FilesCompared:
    """Compare the files of a frozen program's folder with the list made when it was built. Raises OSError."""
    text = (folder / MANIFEST).read_bytes()
    rows = (line.partition("  ") for line in text.decode(errors="replace").splitlines())
    listed = {name: checksum for checksum, _, name in rows}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - NOT_LISTED
    if (folder / PORTABLE).is_file():
        there = {name for name in there if not name.startswith(f"{PORTABLE_HOME}/")}
    changed = [name for name in listed.keys() & there if _sum_of(folder / name) != listed[name]]
    missing, extra = listed.keys() - there, there - listed.keys()
    return FilesCompared(
        MANIFEST, hashlib.sha256(text).hexdigest(), len(listed), tuple(sorted(changed)), tuple(sorted(missing)),
        tuple(sorted(extra)),
    )  # fmt: skip


def package_sum() -> tuple[int, str]:
    """Return how many files the program itself has, and one checksum over all of them: that of the lines `sha256sum`
    prints for its files, in the order of their names. A frozen program's are those of its folder's list.
    """
    if frozen := frozen_folder():
        text = (frozen / MANIFEST).read_bytes()
        return text.count(b"\n"), hashlib.sha256(text).hexdigest()
    folder = Path(slmdesk.__file__).parent
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    names = [name for name in sorted(paths) if "__pycache__" not in paths[name].parts and paths[name].is_file()]
    sums = "".join(f"{hashlib.sha256(paths[name].read_bytes()).hexdigest()}  {name}\n" for name in names)
    return len(names), hashlib.sha256(sums.encode()).hexdigest()


def code_from_elsewhere(environment: Mapping[str, str] = os.environ, maps: Path = Path("/proc/self/maps")) -> list[str]:
    """Return sentences about code in this process that belongs neither to the program nor to the system. Any thread."""
    sentences = [
        _("{name} is set: {deceives}.").format(name=name, deceives=_(DECEIVES))
        for name in LOADERS
        if environment.get(name)
    ]
    try:
        lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return sentences
    own = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(slmdesk.__file__).parent.parent)}
    own |= {str(folder)} if (folder := frozen_folder()) else set()
    known = (*map(Path, (*SYSTEM, CLOSURES)), *(Path(path).resolve() for path in own))
    mapped = {parts[5] for parts in (line.split(maxsplit=5) for line in lines) if len(parts) == 6 and "x" in parts[1]}
    others = (at for at in sorted(mapped) if at.startswith("/") and not any(map(Path(at).is_relative_to, known)))
    loaded = _("{path} is loaded: {deceives}.")
    return [
        *sentences, *(loaded.format(path=clean_label(path, MOST_LETTERS), deceives=_(DECEIVES)) for path in others)
    ]  # fmt: skip


def _distributions() -> list[metadata.Distribution]:
    return [metadata.distribution(name) for name in sorted(_needed()) if _key(name) != PROGRAM]


def _needed() -> set[str]:
    seen: dict[str, str] = {}
    waiting = [PROGRAM]
    while waiting:
        name = waiting.pop()
        if _key(name) in seen:
            continue
        with suppress(metadata.PackageNotFoundError):
            requires = metadata.distribution(name).requires or []
            seen[_key(name)] = name
            waiting += [match.group() for require in requires if (match := _NAME.match(require))]
    return set(seen.values())


def _sum_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # as different as can be
        return ""


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
