"""Compares the installed files of the program and of the libraries it needs with the list made when they were built,
and names what runs in this process and was not installed with it.

Each library brings a list of its files with their checksums (RECORD, PyPA's specification of installed projects).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

import slmdesk
from slmdesk.base.labels import clean_label
from slmdesk.base.types import Json

PROGRAM = "slmdesk"
LOADERS = ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP")
"""Variables by which an account has code of its own run in every program."""
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/opt", "/app", "/snap", "/nix/store", "/gnu/store")
CLOSURES = "/memfd:libffi (deleted)"
"""Where ctypes has the system's library keep its callbacks."""
DECEIVES = "code that did not come with slmdesk can deceive its self-test"
MOST_LETTERS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OnFile = Callable[[int, int], None]


def installed(on_file: OnFile = lambda _done, _total: None) -> dict[str, Json]:
    """What is installed, and what of it is not as it was built.  Reads every file; any thread but the service thread.

    Raises what `on_file` raises.
    """
    found = [metadata.distribution(name) for name in sorted(_needed())]
    total, done = sum(len(one.files or ()) for one in found), 0
    libraries: dict[str, Json] = {}
    for each in found:
        libraries[each.name] = _compared(each)
        done += len(each.files or ())
        on_file(done, total)
    return {"package": _package(Path(slmdesk.__file__).parent), "libraries": libraries}


def code_from_elsewhere(environment: Mapping[str, str] = os.environ, maps: Path = Path("/proc/self/maps")) -> list[str]:
    """What may run in this process and came neither with the program nor with the system, in sentences.  Any thread."""
    found = [f"{name} is set: {DECEIVES}." for name in LOADERS if environment.get(name)]
    try:
        lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return found
    own = (sys.prefix, sys.base_prefix, sys.exec_prefix, Path(slmdesk.__file__).parent.parent)
    known = (*map(Path, (*SYSTEM, CLOSURES)), *(Path(one).resolve() for one in own))
    mapped = {parts[5] for parts in (line.split(maxsplit=5) for line in lines) if len(parts) == 6 and "x" in parts[1]}
    others = (one for one in sorted(mapped) if one.startswith("/") and not any(map(Path(one).is_relative_to, known)))
    return [*found, *(f"{clean_label(one, MOST_LETTERS)} is loaded: {DECEIVES}." for one in others)]


def _needed() -> set[str]:
    seen: dict[str, str] = {}
    waiting = [PROGRAM]
    while waiting:
        name = waiting.pop()
        if _key(name) in seen:
            continue
        try:
            requires = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        seen[_key(name)] = name
        waiting += [match.group() for one in requires if (match := _NAME.match(one))]
    return set(seen.values())


def _compared(each: metadata.Distribution) -> dict[str, Json]:
    changed, missing, compared, unlisted = [], [], 0, 0
    for file in each.files or ():
        if file.hash is None or "__pycache__" in file.parts:  # what Python compiled is written anew by Python
            unlisted += 1
            continue
        try:
            digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
        except (OSError, ValueError):
            missing.append(str(file))
            continue
        compared += 1
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value:
            changed.append(str(file))
    record = each.read_text("RECORD")
    return {
        "version": each.version,
        "files_as_built": compared - len(changed),
        "changed": sorted(changed),
        "missing": sorted(missing),
        "without_a_checksum": unlisted,
        "record_sha256": hashlib.sha256(record.encode()).hexdigest() if record is not None else None,
    }


def _package(folder: Path) -> dict[str, Json]:
    """One checksum over all files of the program itself: where it runs from its source no RECORD lists them."""
    digest, count = hashlib.sha256(), 0
    for path, name in _files(folder):
        digest.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
        count += 1
    return {"version": slmdesk.__version__, "files": count, "sha256": digest.hexdigest()}


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    found = [(path, path.relative_to(folder).as_posix()) for path in folder.rglob("*")]
    for path, name in sorted(found, key=lambda one: one[1]):
        if "__pycache__" not in path.parts and path.is_file():
            yield path, name


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
