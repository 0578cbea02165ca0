"""How tests start the program: as a person does, in a process, or a command in the process of the test."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from unittest.mock import patch

from fakes.echo.program import ECHO, is_echo

ROOT = Path(__file__).resolve().parent.parent.parent
SLMDESK = [sys.executable, str(ROOT / "tests" / "fakes" / "echo" / "program.py")]
TIMEOUT_S = 180
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    def ok(self) -> Ran:
        """Itself, where it ended well."""
        assert self.status == 0, self.err
        return self

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


def told_in(line: str) -> dict:
    """What a driven program says in a line of JSON. Another line is shown as it is: its reader goes on."""
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {"strange": line}


def run_process(args: Sequence[str], environment: Mapping[str, str], stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run a command in a process of its own.  Returns its status and what it wrote."""
    done = subprocess.run(
        [*SLMDESK, *args], input=stdin, capture_output=True, timeout=TIMEOUT_S, env=environment, cwd=ROOT
    )
    return done.returncode, done.stdout, done.stderr


def run_here(args: Sequence[str], environment: Mapping[str, str], stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run a command in this process, as run_process does in another."""
    from slmdesk.cli.main import run_command_line
    from slmdesk.services import COMMANDS

    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        engine = {"engine": ECHO} if is_echo(environment) else {}
        with _like_a_process(environment, given, out, err), patch.dict(COMMANDS, engine):
            try:
                status = run_command_line(list(args))
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return status, _written(out), _written(err)


@contextmanager
def _like_a_process(environment: Mapping[str, str], given: BinaryIO, out: BinaryIO, err: BinaryIO) -> Iterator[None]:
    """Streams, environment, folder, signals and log of a command; restored afterwards."""
    streams, before = (sys.stdin, sys.stdout, sys.stderr), dict(os.environ)
    handlers = [signal.getsignal(number) for number in SIGNALS]
    mine = [io.TextIOWrapper(stream, encoding="utf-8") for stream in (given, out, err)]
    log = logging.getLogger()
    _set_environment(environment)
    sys.stdin, sys.stdout, sys.stderr = mine
    log.addHandler(logging.lastResort)  # where nobody listens a warning goes to stderr
    try:
        with chdir(ROOT):
            yield
    finally:
        log.removeHandler(logging.lastResort)
        sys.stdin, sys.stdout, sys.stderr = streams
        for subject in mine:
            subject.flush()
            subject.detach()
        _set_environment(before)
        for subject, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(subject, handler)


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


def _written(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
