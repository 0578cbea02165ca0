"""Events of the client about its children, its limits; a job as the app sees it, and how it can fail."""

from __future__ import annotations

import logging
import math
import os
import platform
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from slmdesk.base.errors import BUG_CODE, KnownError
from slmdesk.base.protocol import (
    Cancelled,
    Done,
    EndOfSteps,
    Failed,
    FromChild,
    Partial,
    Progress,
    Start,
    Step,
    ToChild,
    Token,
)
from slmdesk.base.record import Record
from slmdesk.base.sentences import CODES
from slmdesk.base.types import Json

EXIT_OUT_OF_MEMORY = 77
"""A child that could not get memory ends with this status; also defined in children/worker/main.py."""


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
    """The same while it uses the processor: a PC too busy to finish an operation, or a loop without end."""
    template_s: float = 2.0
    """The same inside a template."""
    quiet_s: float = math.inf
    """Busy, and nothing came of any job, whatever it says of its work; an engine may write long without a word."""
    cancel_s: float = 2.0
    bad_lines: int = 100


LIMITS_OF_ROLES = {
    "reader": ClientLimits(
        # some parsers let no other thread run; the child knows from the file's size how long a parser may take
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


# ---- a job as the app sees it, and how it can fail


log = logging.getLogger(__name__)

Listener = Callable[[FromChild], None]

MAX_ARG_CHARACTERS = 500
MOST_EVENTS = 1 << 20
"""Results and reports of progress in a job, beside those of its steps."""
EVENTS_OF_STEP = 10_000
PIECES_OF_TOKEN = 2
"""The first may end a thought, and the second begin the answer."""
PIECES_MORE = 64
CHARACTERS_OF_PIECE = 512
"""The longest tokens of vocabularies have some 130."""


class Sender(Protocol):
    def pass_on(self, job: JobHandle, message: ToChild) -> None: ...

    def cancel(self, job: JobHandle) -> None: ...


class JobHandle:
    """A running job.  All methods return at once, from any thread; after its end they do nothing."""

    def __init__(self, client: Sender, ident: str, listener: Listener) -> None:
        self.id = ident
        self.cancel_received = False
        self._client = client
        self._listener = listener
        self._lock = threading.RLock()
        self._over = False
        self.generation = 0
        """Of the child that does it; 0: none yet."""
        self.outbox: list[ToChild] = []
        self.cancelled_at: float | None = None
        self._left = MOST_EVENTS
        self._pieces: dict[str, int] = {}
        """How much of an answer may still come, by its key."""

    def allow(self, message: ToChild, context_tokens: int) -> None:
        if isinstance(message, Start | Step):
            sampling = message.payload.get("sampling")
            most = sampling.get("max_tokens") if isinstance(sampling, Mapping) else None
            tokens = most if isinstance(most, int) else context_tokens
            self._pieces[message.key if isinstance(message, Step) else ""] = PIECES_OF_TOKEN * tokens + PIECES_MORE
        self._left += EVENTS_OF_STEP * isinstance(message, Step)

    def exceeds(self, untrusted: FromChild) -> bool:
        """Whether this is more than may come of the job: its child never ends."""
        if isinstance(untrusted, Token):
            pieces = 1 + len(untrusted.text) // CHARACTERS_OF_PIECE
            left = self._pieces[untrusted.key] = self._pieces.get(untrusted.key, 0) - pieces
            return left < 0
        self._left -= isinstance(untrusted, Partial | Progress)
        return self._left < 0

    def step(self, key: str, payload: Mapping[str, Json]) -> None:
        self._client.pass_on(self, Step(self.id, key, payload))

    def end_of_steps(self) -> None:
        self._client.pass_on(self, EndOfSteps(self.id))

    def cancel(self) -> None:
        """End the job soon; the listener receives Cancelled, or the end that was already on its way."""
        self._client.cancel(self)

    def notify(self, event: FromChild) -> bool:
        """Call the listener, unless the job has ended.  An error of the listener is logged and ends nothing.

        False: what came is not what the listener asked for (KnownError `request.invalid`).
        """
        with self._lock:  # the reader and the keeper may both have an event
            if self._over:
                return True
            self._over = isinstance(event, Done | Failed | Cancelled)
            try:
                self._listener(event)
            except Exception as err:  # noqa: BLE001  a listener's error never ends a thread of the client
                if isinstance(err, KnownError) and err.code == "request.invalid":
                    return False
                log_error("a listener failed", err)
            return True


def failure_of(job: str, how: Outcome, detail: str) -> Failed:
    if how is Outcome.HUNG:
        return Failed(job, "child.hung", {"seconds": float(detail)})
    if how is Outcome.PROTOCOL:
        return Failed(job, "child.protocol", {"reason": detail})
    if how is Outcome.START_FAILED:
        return Failed(job, "child.start_failed", {"reason": detail})
    return Failed(job, "child.died", {"how": how.value, "detail": detail})


def checked_failure(untrusted: Failed) -> Failed:
    """A copy of an untrusted failure with a known code and only numbers and short strings as arguments."""
    args: dict[str, Json] = {}
    for name in CODES.get(untrusted.code, ()):
        value = untrusted.args.get(name, "")
        usable = isinstance(value, str | int | float) and not isinstance(value, bool)
        args[name] = value[:MAX_ARG_CHARACTERS] if isinstance(value, str) else value if usable else ""
    return Failed(untrusted.job, untrusted.code if untrusted.code in CODES else BUG_CODE, args)


def log_error(what: str, err: Exception) -> None:
    """Log where an error came from, not its message, which may quote the user."""
    places = traceback.extract_tb(err.__traceback__)
    where = ", ".join(f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in places[-4:])
    log.error("%s: %s at %s", what, type(err).__name__, where)
