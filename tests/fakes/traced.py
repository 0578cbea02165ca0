"""A program under strace, in a network namespace of its own: which sockets it opened and which files it changed.

Each thread has a log of its own (`strace -ff`), so that no call is torn in two by another's; descriptors are written
with their paths (`-y`), so that a name relative to a folder is seen too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

MARKER = "quokkaworkday"
"""Stands in every document and message of a working day."""
CALLS = (
    "execve,network,openat,?openat2,?open,?creat,?rename,?renameat,renameat2,?mkdir,mkdirat,?link,linkat,?symlink,symlinkat,"
    "?unlink,unlinkat,?rmdir,truncate,?mknod,mknodat,?chmod,fchmodat"
)
"""Those with a question mark are not there on every processor."""
ALONE = ("unshare", "--map-current-user", "--net", "--")
"""Without a network, as the same user: a bus outside still knows who asks."""

_OPENED = re.compile(r"^(open|openat|openat2|creat)\((.*)\) += \d+<(.*)>(?:\(deleted\))?$", re.MULTILINE)
_CHANGED = re.compile(
    r"^(rename\w*|mkdir\w*|link\w*|symlink\w*|unlink\w*|rmdir|truncate|mknod\w*|chmod|fchmodat)\((.*)\) += 0$",
    re.MULTILINE,
)
_NAME = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')
_SOCKET_FILE = re.compile(r'^bind\(.*sun_path="([^"]*)".*\) += 0$', re.MULTILINE)
_REACHED = re.compile(r'^connect\(.*sun_path=(@?"[^"]*").*\) += 0$', re.MULTILINE)
_STARTED = re.compile(r'^execve\("([^"]*)".*\) += 0$', re.MULTILINE)
_BEYOND = re.compile(r"\b[AP]F_(?!UNIX\b|LOCAL\b|UNSPEC\b)[A-Z]")
_FREE = re.compile(
    r"/dev/(?:null|tty|shm/sem\..*|pts/.*)|/proc/(?:self/fd/\d+|\d+/oom_score_adj)|/memfd:.*|(?:pipe|socket|anon_inode):.*"
)


def watched(command: Sequence[str], log: Path) -> list[str]:
    """The command line that runs a command under strace; its logs are `log` with the number of a thread each.

    Only the traced calls are stopped at: what a child's own wall denies before is not seen.
    """
    trace = ["strace", "-ff", "--seccomp-bpf", "-q", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(log)]
    return [*ALONE, *trace, *command]


def calls_in(log: Path) -> str:
    """The calls of all threads, one a line."""
    return "".join(path.read_text(errors="replace") for path in sorted(log.parent.glob(f"{log.name}.*")))


def needs_strace(tmp_path: Path) -> None:
    """Skip the test where strace or namespaces cannot be used."""
    if not shutil.which("strace") or not shutil.which("unshare"):
        pytest.skip("there is no strace or unshare here")
    log = tmp_path / "strace-works"
    done = subprocess.run(watched(["sh", "-c", ": > /dev/null"], log), capture_output=True, check=False)
    if done.returncode or "/dev/null" not in calls_in(log):
        pytest.skip("strace cannot be used here")


def beyond(calls: str) -> list[str]:
    """Calls with an address or a socket of any kind but those within this PC: internet, packets, netlink, VM …"""
    return [line for line in calls.splitlines() if _BEYOND.search(line)]


def started(calls: str) -> set[str]:
    """The programs that were started, but Python, which is ours."""
    return {program for program in _STARTED.findall(calls) if not Path(program).name.startswith("python")}


def reached(calls: str) -> set[str]:
    """The local sockets that were connected to; those without a file begin with @."""
    return {path.replace('"', "") for path in _REACHED.findall(calls)}


def written(calls: str) -> set[str]:
    """All files opened for writing, made, renamed, deleted or changed; relative names stay so where strace knew no
    folder for them.
    """
    paths = set(_SOCKET_FILE.findall(calls))
    for call, arguments, path in _OPENED.findall(calls):
        if call == "creat" or re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE", arguments):
            paths.add(path)
    for call, arguments in _CHANGED.findall(calls):
        names = [os.path.normpath(Path(folder, name)) for folder, name in _NAME.findall(arguments)]
        paths |= set(names[-1:] if call.startswith("symlink") else names)
    return paths


def outside(calls: str, *allowed: Path) -> list[str]:
    """What was written elsewhere; pipes, devices and what a process says of itself are no files of a person."""
    if counted := os.environ.get("COVERAGE_FILE"):  # `make coverage` counts the lines of children too
        allowed = (*allowed, Path(counted).parent)
    kept = tuple(f"{root}" for folder in allowed for root in {folder, folder.resolve()})
    return sorted(
        path
        for path in written(calls)
        if not _FREE.fullmatch(path) and not any(path == place or path.startswith(f"{place}/") for place in kept)
    )


def with_marker(*places: Path) -> list[str]:
    """The names of files whose name or content has the marker, also as two bytes a letter."""
    files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    return [file.name for file in files if MARKER in file.name or _holds_marker(file)]


def _holds_marker(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # a program that runs has taken it away meanwhile
        return False
    return any(part in content for part in (MARKER.encode(), MARKER.encode("utf-16-le")))


def places(tmp_path: Path, environment: dict[str, str], *, run: Path | None = None) -> dict[str, str]:
    """An account's home, a temporary and a runtime folder of their own; `run`: where the last one is."""
    made = {"user": tmp_path / "user", "tmp": tmp_path / "tmp", "run": run or tmp_path / "run"}
    for folder in made.values():
        folder.mkdir(mode=0o700, exist_ok=True)
    kept = {name: value for name, value in environment.items() if not name.startswith("XDG_")}
    return kept | {
        "HOME": str(made["user"]), "TMPDIR": str(made["tmp"]), "XDG_RUNTIME_DIR": str(made["run"]),
        "PYTHONDONTWRITEBYTECODE": "1", "MARKER": MARKER, "WORK": str(tmp_path / "work"),
    }  # fmt: skip


def desk_of_a_clerk(folder: Path) -> Path:
    """Documents of a day, each with the marker."""
    from fakes.contents import write
    from fakes.contracts import new_text, write_docx, write_pdf

    folder.mkdir(parents=True)
    text = f"{new_text()}\n\nThe tenant is {MARKER}.\n"
    write_docx(folder / "contract.docx", text)
    write_docx(folder / "changed.docx", text.replace("tenant", "lessee"))
    write_pdf(folder / "contract.pdf", text)
    (folder / "note.md").write_text(f"# A note\n\nThe tenant {MARKER} pays the rent on the first day of a month.\n")
    write(folder / "matter" / "one.md", f"# One\n\nThe tenant {MARKER} pays the rent.\n")
    write(folder / "matter" / "two.md", "# Two\n\nThe landlord repairs the roof.\n")
    (folder / "names.txt").write_text(f"{MARKER}\n")
    (folder / "passphrase").write_text("a passphrase of several words\n")
    return folder
