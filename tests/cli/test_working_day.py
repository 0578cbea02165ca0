"""P1 and P3 over a working day: every command, in one home, on a machine without a network, watched by strace.

Nothing may open a socket of the internet, and no file may be written but where it is allowed.  Each has a control that
shows that the check can fail.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from shlex import split
from string import Template

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.in_turn import run_in_turn
from fakes.traced import (
    MARKER,
    beyond,
    calls_in,
    desk_of_a_clerk,
    needs_strace,
    outside,
    places,
    started,
    watched,
    with_marker,
)

pytestmark = pytest.mark.process

TIMEOUT_S = 3600


def traced(script: str, log: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a shell script under strace, without a network."""
    command = watched(["sh", "-euxc", script], log)
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, env=env, cwd=ROOT, stdin=subprocess.DEVNULL
    )


def traced_in_turn(day: str, log: Path, env: dict[str, str]) -> None:
    """The same with all commands of a day in one process."""
    lines = [line for line in day.splitlines() if line]
    commands = [line[1:] if line[0] == "!" else split(Template(line).substitute(env)) for line in lines]
    done = run_in_turn(commands, env, watched([], log))
    assert [(line, ran.err) for line, ran in zip(lines, done, strict=True) if ran.status] == []


DAY = """
models import "$MODEL"
doctor
models list
models verify
chat "Good morning, $MARKER."
chat "And now to the point, $MARKER." --no-save
documents add "$WORK/contract.docx" "$WORK/contract.pdf" "$WORK/note.md"
documents watch "$WORK/matter"
ask "$WORK/matter" "Who pays the rent for $MARKER?"
summarize "$WORK/contract.docx" -o "$WORK/summary.docx"
extract "$WORK/contract.docx" "$WORK/contract.pdf" --preset contract -o "$WORK/table.xlsx"
compare "$WORK/contract.docx" "$WORK/changed.docx" -o "$WORK/changes.html"
translate "$WORK/contract.docx" --to de -o "$WORK/contract.de.docx" --report "$WORK/report.html"
translate "$WORK/note.md" --to fr -o "$WORK/note.fr.md" --no-save
write --as correct "$WORK/note.md" -o "$WORK/note.docx"
!echo "The rent rises in May, says $MARKER." >> "$WORK/matter/one.md"
!printf 'A new paper of %s.\\n' "$MARKER" > "$WORK/matter/three.md"
!touch -d 2001-01-01 "$WORK/matter/one.md" "$WORK/matter/three.md"
ask "$WORK/matter" "What is new?"
documents list
history list
history search "$MARKER"
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
    command = " ".join(f"'{word}'" for word in SLMDESK)
    key = ' --passphrase-fd 3 3<"$WORK/passphrase"' if locked else ""
    lines = (line for line in day.splitlines() if line)
    return "\n".join(line[1:] if line.startswith("!") else _line(command, line, key) for line in lines)


def _line(command: str, line: str, key: str) -> str:
    option, _, opened = key.strip().partition(" 3<")
    return f"{command} {option} {line} >/dev/null" + (f" 3<{opened}" if opened else "")


@pytest.mark.parametrize("is_apart", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["in turn", "apart"])
def test_a_working_day_opens_no_socket_and_writes_nowhere_else(environment, tiny, tmp_path, home, is_apart) -> None:
    needs_strace(tmp_path)
    work = desk_of_a_clerk(tmp_path / "work")
    env = places(tmp_path, environment) | {"MODEL": str(tiny)}
    log = tmp_path / "calls"
    if is_apart:
        done = traced(script_of(DAY), log, env)
        assert done.returncode == 0, done.stderr[-3000:]
    else:
        traced_in_turn(DAY, log, env)
    calls = calls_in(log)
    assert beyond(calls) == []
    assert outside(calls, home, work, tmp_path / "tmp", tmp_path / "run") == []
    assert {Path(program).name for program in started(calls)} <= {"sh", "touch", "slmdesk"}, "two are the script's"
    assert with_marker(*(tmp_path / name for name in ("user", "tmp", "run"))) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.rglob("*"))
    results = ("summary.docx", "chats.pdf", "table.xlsx", "changes.html", "contract.de.docx", "note.fr.md")
    assert [name for name in results if not (work / name).stat().st_size] == []


@pytest.mark.soak
def test_of_a_working_day_with_an_encrypted_history_no_byte_can_be_read(environment, tiny, tmp_path, home) -> None:
    needs_strace(tmp_path)
    work = desk_of_a_clerk(tmp_path / "work")
    env = places(tmp_path, environment) | {"MODEL": str(tiny)}
    log = tmp_path / "calls"
    done = traced(script_of(LOCKED_DAY, locked=True), log, env)
    assert done.returncode == 0, done.stderr[-3000:]
    calls = calls_in(log)
    assert beyond(calls) == []
    assert outside(calls, home, work, tmp_path / "tmp", tmp_path / "run") == []
    assert with_marker(home, *(tmp_path / name for name in ("user", "tmp", "run"))) == []
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
        "nothing": "pass",
        "socket": "import socket; socket.socket(socket.AF_INET).close()",
        "lookup": "import socket, contextlib\nwith contextlib.suppress(OSError): socket.getaddrinfo('a.invalid', 80)",
        "file": "import os, pathlib; pathlib.Path(os.environ['HOME'], 'left').write_text('x')",
        "folder": "import os, pathlib; pathlib.Path(os.environ['HOME'], 'place').mkdir()",
        "relative": "import os; os.chdir(os.environ['HOME']); open('left', 'w').close()",
        "within": "import os; os.open('in', 66, dir_fd=os.open(os.environ['HOME'], 0))",
        "removed": "import os; os.chdir(os.environ['HOME']); os.unlink('left')",
        "program": "import platform; platform.platform()",
        "netlink": "import socket; socket.socket(socket.AF_NETLINK).close()",
    }
    seen = {}
    for name, code in bad.items():
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
        log = tmp_path / f"control-{name}"
        traced(f"{sys.executable} -c '{child.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'", log, env)
        calls = calls_in(log)
        programs = {Path(program).name for program in started(calls)} - {"sh"}
        seen[name] = bool(beyond(calls) or outside(calls, home, tmp_path / "tmp") or programs)
    assert seen == dict.fromkeys(bad, True) | {"nothing": False}
