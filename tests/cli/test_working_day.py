"""P1 and P3 over a working day: every command, in one home, on a machine without a network, watched by strace.

Nothing may open a socket of the internet, and no file may be written but where it is allowed.  Each has a control that
shows that the check can fail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.contracts import new_text, write_docx, write_pdf

pytestmark = [pytest.mark.process, pytest.mark.soak]

TIMEOUT_S = 3600
MARKER = "quokkaworkday"
CALLS = "network,openat,open,creat,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlink,symlinkat"
WRITES = re.compile(r'\b(?:open|openat|creat)\((?:[^,"]+, )?"([^"]*)", ([A-Z_|]*)[^)]*\) = \d+')
MAKES = re.compile(r'\b(?:rename\w*|mkdir\w*|link\w*|symlink\w*)\(.*"([^"]*)"[^"]*\) = 0')


def internet(calls: str) -> list[str]:
    """Calls that could reach beyond this computer."""
    return re.findall(r".*(?:AF_INET|AF_PACKET).*", calls)


def written(calls: str) -> set[str]:
    """All files opened for writing, made or renamed to."""
    opened = {path for path, flags in WRITES.findall(calls) if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", flags)}
    return opened | set(MAKES.findall(calls))


def outside(calls: str, *allowed: Path) -> list[str]:
    """What was written elsewhere; pipes, devices and what a process says of itself are no files of a person."""
    kept = tuple(f"{one}" for one in allowed)
    free = ("/dev/null", "/dev/shm/sem.", "/dev/tty", "/proc/self/", "/memfd:")
    return sorted(one for one in written(calls) if one.startswith("/") and not one.startswith((*kept, *free)))


def traced(script: str, log: Path, env: dict[str, str], *, alone: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a shell script under strace, without a network."""
    watched = ["strace", "-f", "-q", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(log), "sh", "-euxc", script]
    apart = ["unshare", "-rn", "--", *watched] if alone else watched
    return subprocess.run(
        apart, capture_output=True, text=True, timeout=TIMEOUT_S, env=env, cwd=ROOT, stdin=subprocess.DEVNULL
    )


def needs_strace(tmp_path: Path) -> None:
    if not shutil.which("strace") or not shutil.which("unshare"):
        pytest.skip("there is no strace or unshare here")
    if traced("true", tmp_path / "probe", dict(os.environ)).returncode:
        pytest.skip("strace cannot be used here")


DAY = """
models import "$MODEL"
doctor
chat "Good morning, $MARKER."
chat "And now to the point, $MARKER." --no-save
documents add "$WORK/contract.docx" "$WORK/contract.pdf" "$WORK/note.md"
documents watch "$WORK/matter"
ask "$WORK/matter" "Who pays the rent for $MARKER?"
summarize "$WORK/contract.docx" -o "$WORK/summary.docx"
summarize "$WORK/contract.pdf" -o "$WORK/summary.pdf"
extract "$WORK/contract.docx" "$WORK/contract.pdf" --preset contract -o "$WORK/table.xlsx"
compare "$WORK/contract.docx" "$WORK/changed.docx" -o "$WORK/changes.html"
translate "$WORK/contract.docx" --to de -o "$WORK/contract.de.docx" --report "$WORK/report.html"
translate "$WORK/note.md" --to fr -o "$WORK/note.fr.md" --no-save
write correct "$WORK/note.md" -o "$WORK/note.docx"
!echo "The rent rises in May, says $MARKER." >> "$WORK/matter/one.md"
!printf 'A new paper of %s.\\n' "$MARKER" > "$WORK/matter/three.md"
ask "$WORK/matter" "What is new?"
documents list
history list
history search "$MARKER"
history export --all --format docx -o "$WORK/chats.docx"
history export --all --format pdf -o "$WORK/chats.pdf"
history export --all --format json -o "$WORK/chats.json"
history import "$WORK/chats.json"
backup "$WORK/history.backup"
jobs list
network
network --export "$WORK/network.csv"
"""
"""What is done on a day; a line with ! is one of the shell."""


LOCKED_DAY = (
    """
models import "$MODEL"
chat "Before, $MARKER."
!grep -rqa "$MARKER" "$SLMDESK_HOME"
encrypt on
!grep -rqa "$MARKER" "$SLMDESK_HOME" && exit 97
"""
    + DAY.partition("doctor\n")[2]
    + """
redact "$WORK/contract.docx" --list "$WORK/names.txt" --yes -o "$WORK/redacted.docx"
encrypt status
"""
)
"""The same with a history that is encrypted, each command opened by its passphrase; before that its words are found."""


def script_of(day: str, *, locked: bool = False) -> str:
    command = " ".join(f"'{one}'" for one in SLMDESK)
    key = ' --passphrase-fd 3 3<"$WORK/passphrase"' if locked else ""
    lines = (one for one in day.splitlines() if one)
    return "\n".join(one[1:] if one.startswith("!") else _line(command, one, key) for one in lines)


def _line(command: str, line: str, key: str) -> str:
    option, _, opened = key.strip().partition(" 3<")
    return f"{command} {option} {line} >/dev/null" + (f" 3<{opened}" if opened else "")


def desk_of_a_clerk(folder: Path) -> Path:
    """Documents of a day, each with the marker."""
    (folder / "matter").mkdir(parents=True)
    text = f"{new_text()}\n\nThe tenant is {MARKER}.\n"
    write_docx(folder / "contract.docx", text)
    write_docx(folder / "changed.docx", text.replace("tenant", "lessee"))
    write_pdf(folder / "contract.pdf", text)
    (folder / "note.md").write_text(f"# A note\n\nThe tenant {MARKER} pays the rent on the first day of a month.\n")
    (folder / "matter" / "one.md").write_text(f"# One\n\nThe tenant {MARKER} pays the rent.\n")
    (folder / "names.txt").write_text(f"{MARKER}\n")
    (folder / "passphrase").write_text("a passphrase of several words\n")
    (folder / "matter" / "two.md").write_text("# Two\n\nThe landlord repairs the roof.\n")
    return folder


def places(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """A home folder, a temporary and a runtime folder of their own."""
    made = {name: tmp_path / name for name in ("user", "tmp", "run")}
    for one in made.values():
        one.mkdir(mode=0o700)
    return environment | {
        "HOME": str(made["user"]), "TMPDIR": str(made["tmp"]), "XDG_RUNTIME_DIR": str(made["run"]),
        "PYTHONDONTWRITEBYTECODE": "1", "MARKER": MARKER, "WORK": str(tmp_path / "work"),
    }  # fmt: skip


def test_a_working_day_opens_no_socket_and_writes_nothing_elsewhere(environment, tiny, tmp_path, home) -> None:
    needs_strace(tmp_path)
    work = desk_of_a_clerk(tmp_path / "work")
    env = places(tmp_path, environment) | {"MODEL": str(tiny)}
    log = tmp_path / "calls"
    done = traced(script_of(DAY), log, env)
    assert done.returncode == 0, done.stderr[-3000:]
    calls = log.read_text(errors="replace")
    assert internet(calls) == []
    assert outside(calls, home, work, tmp_path / "tmp", tmp_path / "run") == []
    left = [one for name in ("user", "tmp", "run") for one in (tmp_path / name).rglob("*") if one.is_file()]
    assert [one for one in left if MARKER.encode() in one.read_bytes()] == []
    assert all(one.stat().st_mode & 0o077 == 0 for one in home.rglob("*"))
    results = ("summary.docx", "summary.pdf", "table.xlsx", "changes.html", "contract.de.docx", "note.fr.md")
    assert [name for name in results if not (work / name).stat().st_size] == []


def test_of_a_working_day_with_an_encrypted_history_no_byte_can_be_read(environment, tiny, tmp_path, home) -> None:
    needs_strace(tmp_path)
    work = desk_of_a_clerk(tmp_path / "work")
    env = places(tmp_path, environment) | {"MODEL": str(tiny)}
    log = tmp_path / "calls"
    done = traced(script_of(LOCKED_DAY, locked=True), log, env)
    assert done.returncode == 0, done.stderr[-3000:]
    calls = log.read_text(errors="replace")
    assert internet(calls) == []
    assert outside(calls, home, work, tmp_path / "tmp", tmp_path / "run") == []
    places_left = [home, *(tmp_path / name for name in ("user", "tmp", "run"))]
    files = [one for place in places_left for one in place.rglob("*") if one.is_file()]
    assert [one.name for one in files if MARKER.encode() in one.read_bytes()] == []
    assert MARKER.encode() in (work / "chats.json").read_bytes()
    assert MARKER.encode() not in zipped(work / "redacted.docx")


def zipped(path: Path) -> bytes:
    """All that is in an archive, inflated."""
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_control_a_socket_and_a_file_elsewhere_are_seen_also_in_a_child(environment, tmp_path, home) -> None:
    needs_strace(tmp_path)
    env = places(tmp_path, environment)
    bad = {
        "socket": "import socket; socket.socket(socket.AF_INET).close()",
        "lookup": "import socket, contextlib\nwith contextlib.suppress(OSError): socket.getaddrinfo('a.invalid', 80)",
        "file": "import os, pathlib; pathlib.Path(os.environ['HOME'], 'left').write_text('x')",
        "folder": "import os, pathlib; pathlib.Path(os.environ['HOME'], 'place').mkdir()",
    }
    seen = {}
    for name, code in bad.items():
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
        log = tmp_path / f"control-{name}"
        traced(f"{sys.executable} -c '{child.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'", log, env)
        calls = log.read_text(errors="replace")
        seen[name] = bool(internet(calls) or outside(calls, home, tmp_path / "tmp"))
    assert seen == dict.fromkeys(bad, True)
