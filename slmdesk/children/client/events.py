"""Events of the client about its children, and its limits."""

from __future__ import annotations

import math
import os
import platform
import signal
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from slmdesk.base.record import Record

EXIT_OUT_OF_MEMORY = 77
"""A child that could not get memory ends with this status; also defined in children/worker/jobs.py."""


class Outcome(StrEnum):
    ASKED = "asked"
    ENDED = "ended"
    """With status 0, though it was not asked to."""
    EXITED = "exited"
    """With another status."""
    KILLED = "killed"
    ABORTED = "aborted"
    SEGFAULT = "segfault"
    BUS = "bus"
    """A mapped file became shorter, or the disk failed."""
    ILLEGAL_INSTRUCTION = "illegal_instruction"
    """The processor lacks something the library was built for."""
    OUT_OF_MEMORY = "out_of_memory"
    HUNG = "hung"
    """Killed by the app: silent, or busy without progress."""
    CANCEL_IGNORED = "cancel_ignored"
    PROTOCOL = "protocol"
    """Killed by the app: too many bad lines, or another version."""
    START_FAILED = "start_failed"
    """Never said hello."""


class ChildStarted(Record):
    generation: int
    pid: int
    capabilities: tuple[str, ...] = ()


class ChildEnded(Record):
    """A child has ended and was reaped; its jobs end after this event."""

    generation: int
    how: Outcome
    detail: str


ChildEvent: TypeAlias = ChildStarted | ChildEnded


class ClientLimits(Record):
    hello_s: float = 30.0
    """A cold disk and a busy machine: Python alone was seen to take seconds."""
    silence_s: float = 5.0
    still_s: float = 10.0
    """Busy, and the counter of its work does not move, nor does it compute."""
    spinning_s: float = 60.0
    """The same while it uses the processor: a PC too busy to finish one operation, or a loop without end."""
    template_s: float = 2.0
    """The same inside a template."""
    quiet_s: float = math.inf
    """Busy, and nothing came of any job, whatever it says of its work; an engine may write long without a word."""
    cancel_s: float = 2.0
    bad_lines: int = 100


LIMITS_OF_ROLES = {
    "reader": ClientLimits(
        # some parsers let no other thread run; the child knows from the file's size how long one may take
        silence_s=30.0,
        still_s=700.0,
        spinning_s=700.0,
        quiet_s=3600.0,
        # a parser cannot be asked to stop: a new child costs less than the wait
        cancel_s=0.35,
    )
}


_SIGNALS = {
    "SIGABRT": Outcome.ABORTED,
    "SIGSEGV": Outcome.SEGFAULT,
    "SIGBUS": Outcome.BUS,
    "SIGILL": Outcome.ILLEGAL_INSTRUCTION,
}


def outcome_of(status: int) -> tuple[Outcome, str]:
    """How a process ended, from subprocess's return code; and a detail: the signal, status or processor."""
    if status == 0:
        return Outcome.ENDED, "exit 0"
    if status == EXIT_OUT_OF_MEMORY:
        return Outcome.OUT_OF_MEMORY, f"exit {status}"
    if status > 0:
        return Outcome.EXITED, f"exit {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    how = _SIGNALS.get(name, Outcome.KILLED)
    return how, processor_name() if how is Outcome.ILLEGAL_INSTRUCTION else name


def processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or os.environ.get("PROCESSOR_IDENTIFIER", "") or platform.machine()
