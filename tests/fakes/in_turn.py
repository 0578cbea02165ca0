"""Commands in turn in one process of their own, since a start is mostly imports; it may be watched or shut in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile


def run_in_turn(commands: Iterable[str | Sequence[str]], environment: Mapping[str, str], before: Sequence[str] = ()):
    """Run each command (a string: a line of the shell) in a process begun by `before`, such as strace's words."""
    from fakes.commands import ROOT, TIMEOUT_S, Ran

    done = subprocess.run(
        [*before, sys.executable, "-P", __file__, json.dumps(list(commands))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (0, False), done
    return [Ran(*json.loads(line)) for line in done.stdout.splitlines()]


def _ended(command: Sequence[str]) -> int:
    if isinstance(command, str):
        return subprocess.call(command, shell=True)
    from slmdesk.__main__ import main

    return main(command)


def _run_all() -> None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from fakes.echo.program import is_echo, take_echo

    if is_echo():
        take_echo()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for command in json.loads(sys.argv[1]):
        with TemporaryFile() as out, TemporaryFile() as err:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            status = _ended(command)
            sys.stdout.flush()
            sys.stderr.flush()
            words = [os.pread(stream.fileno(), 1 << 24, 0).decode() for stream in (out, err)]
        print(json.dumps([status, *words]), file=answers, flush=True)


if __name__ == "__main__":
    _run_all()
