"""A power cut, replayed: every write since a file's last sync may be on the disk whole, in part or not at all."""

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
    return ("strace", "-f", "-y", "-xx", "-s", "2000000", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", str(trace))


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


class Replay:
    """The traced calls of one instance on the files under `home`."""

    def __init__(self, trace: Path, home: Path) -> None:
        self._home = home
        self._calls: list[tuple] = []
        places: dict[str, int] = {}
        with trace.open("rb") as lines:
            for line in lines:
                call = self._parse(line.decode("ascii", "replace"), places)
                if call is not None:
                    self._calls.append(call)
        self.length = len(self._calls)
        self.syncs = sum(call[0] == "sync" for call in self._calls)

    def _parse(self, line: str, places: dict[str, int]) -> tuple | None:
        found = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
        if not found or int(found[3]) < 0:
            return None
        name, rest = found[1], found[2]
        target = re.match(r"(\d+)<([^>]*)>", rest)
        if target is None:
            return None
        number, path = target[1], unhex(target[2]).decode()
        if name == "write" and number == "1":
            return ("told", unhex(re.search(r'"([^"]*)"', rest)[1]).decode().strip())
        if not path.startswith(str(self._home)):
            return None
        path = str(Path(path).relative_to(self._home))
        match name:
            case "fsync" | "fdatasync":
                return ("sync", path)
            case "ftruncate":
                return ("truncate", path, int(rest.rsplit(",", 1)[1]))
            case "pwrite64":
                return ("write", path, int(rest.rsplit(",", 1)[1]), unhex(re.search(r'"([^"]*)"', rest)[1]))
            case _:
                return None

    def materialise(
        self, before: Path, after: Path, cut: int, chance: random.Random, *, honest: bool = True
    ) -> list[str]:
        """The folder as it may be found after a cut before call number `cut`; returns what was told until then.

        `honest=False`: a disk that ignores syncs, for the control.
        """
        shutil.rmtree(after, ignore_errors=True)
        shutil.copytree(before, after)
        files: dict[str, File] = {}
        reported: list[str] = []
        for kind, *rest in self._calls[:cut]:
            if kind == "told":
                reported.append(rest[0])
                continue
            path = after / rest[0]
            if path.is_dir():  # renames are not traced: the file that was made so is in `before`
                continue
            file = files.get(rest[0])
            if file is None:
                file = files[rest[0]] = File(bytearray(path.read_bytes() if path.is_file() else b""))
            if kind == "sync":
                if honest:
                    file.sync()
            elif kind == "truncate":
                file.waiting.append(("truncate", rest[1], b""))
            else:
                file.waiting.append(("write", rest[1], rest[2]))
        for name, file in files.items():
            (after / name).write_bytes(file.after_cut(chance))
        return reported


def unhex(text: str) -> bytes:
    r"""`\x41\x42` of strace -xx as bytes."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
