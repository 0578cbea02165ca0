"""A power cut, replayed: every write since a file's last sync may be on the disk whole, in part or not at all; of the
names given, changed and taken since the folder's last sync, the first so many.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,rename"
SECTOR = 512


def trace_command(trace: Path) -> tuple[str, ...]:
    """What to put before a command so that its writes are noted."""
    calls = ("-e", "signal=none", "-e", f"trace={CALLS}")
    return ("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "2000000", *calls, "-o", str(trace))


@dataclass
class File:
    """A file's bytes on the disk, and what was written since the last sync."""

    durable: bytearray
    waiting: list[tuple] = field(default_factory=list)

    def after_cut(self, chance: random.Random) -> bytes:
        """What a person finds after the power came back."""
        data = bytearray(self.durable)
        for operation in self.waiting:
            luck = chance.random()
            if luck < 0.4:
                continue
            apply(data, operation, torn=luck < 0.6, chance=chance)
        return bytes(data)

    @property
    def length(self) -> int:
        """As programs see it."""
        size = len(self.durable)
        for kind, at, content in self.waiting:
            size = at if kind == "truncate" else max(size, at + len(content))
        return size

    def sync(self) -> None:
        """All of it is on the disk."""
        for operation in self.waiting:
            apply(self.durable, operation)
        self.waiting.clear()


def apply(data: bytearray, operation: tuple, *, torn: bool = False, chance: random.Random | None = None) -> None:
    """One write or truncation; a torn write is only some of its sectors."""
    kind, at, content = operation
    if kind == "truncate":
        del data[at:]
        data.extend(bytes(at - len(data)))
        return
    data.extend(bytes(max(0, at + len(content) - len(data))))
    for start in range(0, len(content), SECTOR):
        if not torn or chance.random() < 0.5:
            piece = content[start : start + SECTOR]
            data[at + start : at + start + len(piece)] = piece


@dataclass
class Disk:
    """The files of a home by their names: as programs see them, and as a power cut leaves them."""

    live: dict[str, File]
    kept: dict[str, File]
    waiting: list[tuple[str | None, str | None, File]] = field(default_factory=list)
    """Old name, new name, the file; in their order, which a disk keeps."""

    @classmethod
    def of(cls, home: Path) -> Disk:
        files = {str(path.relative_to(home)): path for path in home.rglob("*") if path.is_file()}
        copies = {name: File(bytearray(path.read_bytes())) for name, path in files.items()}
        return cls(dict(copies), dict(copies))

    def name(self, old: str | None, new: str | None) -> None:
        """A file comes, goes or gets another name."""
        file = self.live.pop(old) if old is not None else File(bytearray())
        if new is not None:
            self.live[new] = file
        self.waiting.append((old, new, file))

    def sync_names(self, count: int | None = None) -> None:
        """The first `count` changes of names are on the disk; None: all of them."""
        for old, new, file in self.waiting[:count]:
            if old is not None:
                self.kept.pop(old, None)
            if new is not None:
                self.kept[new] = file
        del self.waiting[:count]

    def after_cut(self, home: Path, chance: random.Random) -> None:
        """Put into `home` what a person finds after the power came back."""
        self.sync_names(chance.randrange(len(self.waiting) + 1))
        for path in home.rglob("*"):
            if path.is_file():
                path.unlink()
        for name, file in self.kept.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(file.after_cut(chance))


class Replay:
    """The traced calls of one instance on the files under `home`."""

    def __init__(self, trace: Path, home: Path) -> None:
        self._home = home
        self._calls: list[tuple] = []
        with trace.open("rb") as lines:
            for line in lines:
                call = self._parse(line.decode("ascii", "replace"))
                if call is not None:
                    self._calls.append(call)
        self.length = len(self._calls)
        self.syncs = sum(call[0] == "sync" for call in self._calls)
        self.renamings = sum(call[0] == "rename" for call in self._calls)

    def _parse(self, line: str) -> tuple | None:
        match = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
        if not match or int(match[3]) < 0:
            return None
        call, rest = match[1], match[2]
        if call in ("rename", "unlink"):
            names = [self._inside(name) for name in re.findall(r'"([^"]*)"', rest)]
            return None if None in names else (call, *names)
        if call == "openat":
            name = self._inside(re.search(r'"([^"]*)"', rest)[1])
            return ("open", name, "O_TRUNC" in rest) if name is not None and "O_CREAT" in rest else None
        target = re.match(r"(\d+)<([^>]*)>", rest)
        if target is None:
            return None
        if call == "write" and target[1] == "1":
            return ("told", unhex(re.search(r'"([^"]*)"', rest)[1]).decode().strip())
        name = self._inside(target[2])
        if name is None:
            return None
        match call:
            case "fsync" | "fdatasync":
                return ("sync", name)
            case "ftruncate":
                return ("truncate", name, int(rest.rsplit(",", 1)[1]))
            case "pwrite64":
                return ("write", name, int(rest.rsplit(",", 1)[1]), unhex(re.search(r'"([^"]*)"', rest)[1]))
            case "write":
                return ("append", name, unhex(re.search(r'"([^"]*)"', rest)[1]))
            case _:
                return None

    def _inside(self, text: str) -> str | None:
        """A path below the home, as it is named there."""
        path = Path(unhex(text).decode())
        return str(path.relative_to(self._home)) if path.is_relative_to(self._home) else None

    def materialise(
        self, before: Path, after: Path, cut: int, chance: random.Random, *, honest: bool = True
    ) -> list[str]:
        """The folder as it may be found after a cut before call number `cut`; returns what was told until then.

        `honest=False`: a disk that ignores syncs, for the control.
        """
        shutil.rmtree(after, ignore_errors=True)
        shutil.copytree(before, after)
        disk = Disk.of(before)
        reported: list[str] = []
        for kind, *rest in self._calls[:cut]:
            match kind, *rest:
                case "told", line:
                    reported.append(line)
                case "open", name, is_emptied:
                    if name not in disk.live:
                        disk.name(None, name)
                    elif is_emptied:
                        disk.live[name].waiting.append(("truncate", 0, b""))
                case "rename", old, new:
                    disk.name(old, new)
                case "unlink", name:
                    disk.name(name, None)
                case "sync", name:
                    if honest and name in disk.live:
                        disk.live[name].sync()
                    elif honest:  # a folder
                        disk.sync_names()
                case "truncate", name, size:
                    disk.live[name].waiting.append(("truncate", size, b""))
                case "append", name, content:
                    file = disk.live[name]
                    file.waiting.append(("write", file.length, content))
                case "write", name, at, content:
                    disk.live[name].waiting.append(("write", at, content))
        disk.after_cut(after, chance)
        return reported


def unhex(text: str) -> bytes:
    r"""`\x41\x42` of strace -xx as bytes."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
