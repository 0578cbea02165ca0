"""A child process: its pipes, the documents passed to it, its messages, its stderr in a bounded file, its end; and the
jobs and events that the client reports of it.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import platform
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias

import slmdesk
from slmdesk.base import protocol
from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import BUG_CODE, KnownError
from slmdesk.base.protocol import (
    MOST_LETTERS,
    Cancel,
    Cancelled,
    CountTokens,
    Done,
    EndOfSteps,
    Failed,
    FromChild,
    Heartbeat,
    Hello,
    Load,
    Partial,
    ProtocolBroken,
    Shutdown,
    Start,
    Step,
    ToChild,
    Token,
    Unload,
    decoder_of_instance,
    encode,
    lines_of,
)
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.base.types import Json
from slmdesk.children.reach import (
    HANDLE_BYTES,
    HANDLES_VARIABLE,
    REACH_VARIABLE,
    AllowedPaths,
    reached_by,
    wants_untried,
)

if TYPE_CHECKING:
    from slmdesk.children.client.low_integrity import ContainedProcess

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
    ),
    # half a minute of sound takes a slow PC some minutes with a large model; between, a person may say nothing
    "listener": ClientLimits(silence_s=30.0, still_s=900.0, spinning_s=900.0, quiet_s=4 * 3600.0, cancel_s=5.0),
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


log = logging.getLogger(__name__)

Listener = Callable[[FromChild], None]

MAX_ARG_CHARACTERS = 500
BYTES_OF_JOB = 16 << 20
"""Results that any job may send, whatever it was asked; more by its kind, what it was asked, and its document."""
_PICTURES = protocol.MAX_MESSAGE_BYTES
BYTES_OF_KINDS = {"page_image": _PICTURES, "pixels": _PICTURES, "print": _PICTURES, "redact": 4 * _PICTURES}
BYTES_OF_EVENT = 512
"""What an event takes in memory beside its words."""
BYTES_OF_LETTER, BYTES_OF_TOKEN = 16, 512
BYTES_OF_VALUE = {"embed": 64 << 10}
BYTES_OF_BYTE, BYTES_OF_PACKED, LEAST_BYTES_OF_BYTE = 64, 256, 8
"""For each byte of a document.  Case files have 3 at most; a list of lone letters has 40, a packed one 200."""
PACKED = (b"PK", b"%PDF")
MOST_BYTES_OF_DOCUMENT = 3 * MOST_LETTERS
"""A sheet's pages take three bytes for each letter.  What is made of a larger file (a copy, the chats of an export) has
LEAST_BYTES_OF_BYTE.
"""
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

    def __init__(self, client: Sender, ident: str, listener: Listener, *, has_document: bool = False) -> None:
        """`has_document`: whether what comes grows with the file at `path` of the payload."""
        self.id = ident
        self._client = client
        self._listener = listener
        self._lock = threading.RLock()
        self._over = False
        self.generation = 0
        """Of the child that does it; 0: none yet."""
        self.outbox: list[ToChild] = []
        self.cancelled_at: float | None = None
        self._left = BYTES_OF_JOB
        self._has_document, self._path, self._kind = has_document, "", ""
        self._letters = MOST_LETTERS
        self._pieces: dict[str, int] = {}
        """How much of an answer may still come, by its key."""

    def allow(self, message: ToChild, context_tokens: int) -> None:
        if isinstance(message, Start | Step):
            sampling = message.payload.get("sampling")
            kind = message.kind if isinstance(message, Start) else ""
            most = sampling.get("max_tokens") if isinstance(sampling, Mapping) else None
            tokens = most if isinstance(most, int) else context_tokens
            self._pieces[message.key if isinstance(message, Step) else ""] = PIECES_OF_TOKEN * tokens + PIECES_MORE
            self._kind = kind or self._kind
            self._left += BYTES_OF_KINDS.get(kind, 0)
            if sampling is not None:
                self._left += BYTES_OF_TOKEN * tokens
            self._left += _size(message.payload, BYTES_OF_VALUE.get(kind, BYTES_OF_EVENT))
            self._path = str(message.payload.get("path") or self._path) if self._has_document else ""
        elif isinstance(message, CountTokens):
            self._left += _size(message.texts, BYTES_OF_EVENT)

    def exceeds(self, untrusted: FromChild, size: int) -> bool:
        """Whether this message of so many bytes is more than may come of the job: its child never ends."""
        if isinstance(untrusted, Token):
            pieces = 1 + len(untrusted.text) // CHARACTERS_OF_PIECE
            left = self._pieces[untrusted.key] = self._pieces.get(untrusted.key, 0) - pieces
            return left < 0
        self._left -= size + BYTES_OF_EVENT
        if self._left < 0 and self._has_document and self._path:  # looked at late: few documents need it
            self._left += _bytes_of(self._path, self._kind)
            self._has_document = False
        if self._kind == "read" and isinstance(untrusted, Partial):
            text = untrusted.value.get("text")
            if isinstance(text, str):
                self._letters -= len(text)
        return self._left < 0 or self._letters < 0

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


def _size(value: Json | Mapping[str, Json], value_bytes: int) -> int:
    """What may come of this request."""
    if isinstance(value, str):
        return value_bytes + BYTES_OF_LETTER * len(value)
    parts: Iterable[Json] = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    return value_bytes + sum(_size(part, value_bytes) for part in parts)


def _bytes_of(path: str, kind: str) -> int:
    """What may come of this document by a job of this kind.  One that cannot be looked at now was perhaps removed
    while it was read.
    """
    descriptor = _opened(path)
    if descriptor is None:
        return MOST_BYTES_OF_DOCUMENT
    with os.fdopen(descriptor, "rb") as file:
        factor = BYTES_OF_PACKED if file.read(4).startswith(PACKED) else BYTES_OF_BYTE
        size = os.fstat(descriptor).st_size
        most = min(MOST_BYTES_OF_DOCUMENT, factor * size)
        return most if kind == "read" else max(most, LEAST_BYTES_OF_BYTE * size)


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
        if isinstance(value, str):
            args[name] = value[:MAX_ARG_CHARACTERS]
        elif usable:
            args[name] = value
        else:
            args[name] = ""
    return Failed(untrusted.job, untrusted.code if untrusted.code in CODES else BUG_CODE, args)


def log_error(what: str, err: Exception) -> None:
    """Log where an error came from, not its message, which may quote the user."""
    places = traceback.extract_tb(err.__traceback__)
    where = ", ".join(f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in places[-4:])
    log.error("%s: %s at %s", what, type(err).__name__, where)


PACKAGE_PARENT = Path(slmdesk.__file__).resolve().parent.parent
INHERITED = re.compile(
    "PATH|HOME|TZ|LANG|LANGUAGE|LC_.+|LOCPATH|LOCALE_ARCHIVE|TMPDIR|TMP|TEMP"
    "|XDG_(DATA|CONFIG|CACHE)_HOME|XDG_(DATA|CONFIG)_DIRS|FONTCONFIG_.+|QT_.+|TESSDATA_PREFIX"
    "|SLMDESK_.+|PYTHON.+|COVERAGE_.+|LD_LIBRARY_PATH|LD_PRELOAD|DYLD_.+|GLIBC_TUNABLES|MALLOC_.+"
    "|GGML_.+|LLAMA_(CPP_LIB|SET|GRAPH|KV).*|(OMP|GOMP|KMP|OPENBLAS)_.+|CUDA_.+|NVIDIA_VISIBLE_DEVICES"
    "|NVIDIA_DRIVER_CAPABILITIES|VK_.+|MESA_.+|RADV_.+|DRI_PRIME|__(NV|GLX|VK)_.+"
    "|SYSTEMROOT|SYSTEMDRIVE|WINDIR|PATHEXT|USERPROFILE|HOMEDRIVE|HOMEPATH|(LOCAL)?APPDATA"
    "|ALLUSERSPROFILE|PROGRAM(DATA|FILES|W6432).*|NUMBER_OF_PROCESSORS|PROCESSOR_.+"
)
"""Names of the only app variables that a child gets. Tokens, passwords and other programs' sockets stay out."""
ENVIRONMENT_OF_ROLES: Mapping[str, Mapping[str, str]] = {
    "engine": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
    "listener": {"OMP_WAIT_POLICY": "passive"},
}
"""What a role is started with unless the person has set it otherwise.  The engine's memory in huge pages (Linux with
glibc 2.35 or later): a step of a small model reads all of it, and takes an eighth less time.  The listener's threads
wait without computing: on a busy PC they took three to six times the processor for the same words."""
END_S = 2.0
"""A child that has closed its stdout has this long to end, and a killed child to be gone."""
_COMPUTES = 0.05
"""Share of the elapsed time: a child that used this much of a processor is computing.  The heartbeat takes 0.001."""


class Child:
    """A running child process.  Create it on a thread that outlives it: on Linux a child dies with the thread that
    started it.

    Raises OSError or RuntimeError, leaving nothing behind, when there is no memory for a process or its threads.
    """

    def __init__(
        self,
        generation: int,
        command: Sequence[str],
        *,
        role: str,
        log: ErrorLog,
        environment: Mapping[str, str],
        reach: AllowedPaths,
        limits: ClientLimits,
        on_message: Callable[[Child, FromChild], None],
        on_change: Callable[[], None],
    ) -> None:
        self.generation = generation
        self.verdict: tuple[Outcome, str] | None = None
        """Why the app ended it; None if it did not."""
        self.hello: Hello | None = None
        self.bad_lines = self.message_bytes = self.late_bytes = 0
        self._role, self._limits = role, limits
        self._on_message, self._on_change = on_message, on_change
        self._oom_kills = _oom_kills()
        self.reach = reach = reach.fitting()
        self._reached = reached_by(reach)
        said = {REACH_VARIABLE: reach.to_variable()}
        base = {**ENVIRONMENT_OF_ROLES.get(role, {}), **os.environ}
        self._handles = Handles() if role in OPENS_NOTHING else None
        try:
            self.process = start_process(role, command, base, {**said, **environment}, self._handles)
        except BaseException:
            self._close_handles()
            raise
        self._stdin, self._stdout, self._stderr = _pipes(self.process)
        self._began = self._received = self._moved = self._heard = time.monotonic()
        self._cpu_when_moved = 0.0
        self._cpu_when_silent = math.inf
        """When it was last seen to be silent and to wait for a processor; inf if it has said something since."""
        self.beat = Heartbeat(0, False)
        self._telling = False
        """A listener is running: messages of the child wait in the pipe, which is not the child's fault."""
        self.writer = Writer(self._stdin, self._handles.send if self._handles else None)
        self.reader = threading.Thread(target=self._read, name=f"from {role}", daemon=True)
        self._start_threads(log)

    @property
    def pid(self) -> int:
        return self.process.pid

    def may_read(self, path: str) -> bool:
        return self._reached.covers(path)

    @property
    def is_over(self) -> bool:
        """Whether it has closed its stdout, or has ended."""
        return not self.reader.is_alive() or self.process.poll() is not None

    def complaint(self, now: float) -> tuple[tuple[Outcome, str] | None, float]:
        """Return what is wrong with the child at `now`, or None, and when to check again."""
        limits, beat = self._limits, self.beat
        if self.bad_lines >= limits.bad_lines:
            return (Outcome.PROTOCOL, f"{self.bad_lines} bad lines"), now
        if self._telling:  # the app is still at its last message
            self._received = self._moved = self._began = now
        if self.hello is None:
            silent = Outcome.START_FAILED, N_("it did not answer in time")
            return self._late(now, self._began + limits.hello_s, silent)
        if now >= self._received + limits.silence_s and self._starves(self._cpu_when_silent, limits.silence_s):
            self._received, self._cpu_when_silent = now, self._cpu_s()
        checks = [self._late(now, self._received + limits.silence_s, (Outcome.HUNG, f"{limits.silence_s:g}"))]
        if beat.busy:
            limit = limits.template_s if beat.in_template else limits.still_s
            if now >= self._moved + limit and self._starves(self._cpu_when_moved, now - self._moved):
                self._moved, self._cpu_when_moved = now, self._cpu_s()
            if not beat.in_template and now >= self._moved + limit and self._computes(now):
                limit = max(limit, limits.spinning_s)
            checks.append(self._late(now, self._moved + limit, (Outcome.HUNG, f"{limit:g}")))
            checks.append(self._late(now, self._heard + limits.quiet_s, (Outcome.HUNG, f"{limits.quiet_s:g}")))
        return min(checks, key=lambda check: check[1])

    def _computes(self, now: float) -> bool:
        """Whether it has used processor time since its work counter last changed."""
        return self._cpu_s() - self._cpu_when_moved >= _COMPUTES * (now - self._moved)

    def _starves(self, cpu_before: float, seconds: float) -> bool:
        """Whether it got no processor for what it has to do: nobody can say it is stuck. On Linux alone."""
        if self._cpu_s() - cpu_before >= _COMPUTES * seconds:
            return False
        states = Path(f"/proc/{self.pid}/task").glob("*/stat")
        try:
            return any(state.read_bytes().rpartition(b")")[2].startswith(b" R") for state in states)
        except OSError:  # a thread, or all of it, has just ended
            return False

    def _cpu_s(self) -> float:
        import psutil  # 17 ms

        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def excuse(self, seconds: float) -> None:
        """Do not count these seconds: the app itself was not running meanwhile (R2)."""
        now = time.monotonic()
        self._received, self._moved, self._began, self._heard = (
            min(now, moment + seconds) for moment in (self._received, self._moved, self._began, self._heard)
        )

    def end(self, how: Outcome, detail: str) -> None:
        """Kill the child and its processes; the first reason given is kept."""
        if self.verdict is None:
            self.verdict = (how, detail)
        if sys.platform != "win32" and self.process.poll() is None:
            try:
                os.killpg(self.pid, 9)  # it leads a group of its own
            except OSError:
                pass
        self.process.kill()

    def reap(self) -> tuple[Outcome, str]:
        """Wait for the child, by force if need be, and its threads. Returns how it ended, the same on every call."""
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):  # held by the kernel, for instance on a dead disk: give it up
                self.process.wait(END_S)
        self.writer.close()
        for thread in (self.reader, self._logger):
            thread.join(END_S)
        self.writer.join(END_S)
        self._close_handles()
        return self.verdict or self._ended_itself()

    def _ended_itself(self) -> tuple[Outcome, str]:
        how, detail = outcome_of(-9 if self.process.returncode is None else self.process.returncode)
        if detail == "SIGKILL" and _oom_kills() > self._oom_kills:
            how = Outcome.OUT_OF_MEMORY
        return (Outcome.START_FAILED, detail) if self.hello is None else (how, detail)

    @staticmethod
    def _late(now: float, due: float, what: tuple[Outcome, str]) -> tuple[tuple[Outcome, str] | None, float]:
        return (what if now >= due else None), due

    def _start_threads(self, log: ErrorLog) -> None:
        try:
            self._logger = log.follow(self._stderr)
            self.writer.start()
            self.reader.start()
        except RuntimeError:
            self.process.kill()
            self.process.wait(END_S)
            for stream in (self._stdin, self._stdout, self._stderr):
                stream.close()
            self._close_handles()
            raise

    def _close_handles(self) -> None:
        if self._handles:
            self._handles.close()

    def _read(self) -> None:
        """Turn its bytes into messages until it ends.  Bad lines are dropped and counted."""
        decoder = decoder_of_instance()
        with self._stdout as stream:
            for untrusted_line in lines_of(stream):
                self._received, self._cpu_when_silent = time.monotonic(), math.inf
                try:
                    message = None if untrusted_line is None else decoder.decode(untrusted_line)
                except ProtocolBroken:
                    untrusted_line = None
                if untrusted_line is None:
                    self.count_bad_line()
                elif message is not None:
                    self.message_bytes = decoder.size
                    self._receive(message)
        self._on_change()

    def count_bad_line(self) -> None:
        """Count another bad line; with too many the child is replaced."""
        self.bad_lines += 1
        if self.bad_lines == self._limits.bad_lines:
            self._on_change()

    def _receive(self, message: FromChild) -> None:
        if isinstance(message, Hello):
            self._greet(message)
        elif self.hello is None:
            self.count_bad_line()
        elif isinstance(message, Heartbeat):
            if message.work != self.beat.work or not message.busy or not self.beat.busy:
                self._moved, self._cpu_when_moved = time.monotonic(), self._cpu_s()
            if not message.busy or not self.beat.busy:
                self._heard = time.monotonic()
            self.beat = message
            if message.busy and message.in_template:  # something new to watch: a template has a shorter limit
                self._on_change()
        else:
            self._telling = True
            self._on_message(self, message)
            self._telling = False
            self._heard = time.monotonic()

    def _greet(self, hello: Hello) -> None:
        is_right = hello.version == protocol.VERSION and hello.role == self._role
        if self.hello is not None or not is_right or self.message_bytes > protocol.MAX_LINE_BYTES:
            self.count_bad_line()
            return
        self.hello = hello
        self._on_message(self, hello)
        self.writer.open()
        self._on_change()


def start_process(
    role: str,
    command: Sequence[str],
    base: Mapping[str, str],
    environment: Mapping[str, str],
    handles: Handles | None,
) -> subprocess.Popen[bytes] | ContainedProcess:
    """Start without a shell, in a process group of its own (Ctrl-C is the app's), in a folder that holds only our
    package: `python -m` would import a module from the folder it runs in.
    """
    inherited = {name: value for name, value in base.items() if INHERITED.fullmatch(name)}
    more = {} if handles is None else {HANDLES_VARIABLE: str(handles.theirs.fileno())}
    variables = {**inherited, "GGML_NO_BACKTRACE": "1", "SLMDESK_DESK_PID": str(os.getpid()), **more, **environment}
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
        from slmdesk.children.client.low_integrity import ROLES, start

        if role in ROLES and wants_untried(os.environ):
            with suppress(OSError):  # then without walls, as the child will say
                return start(command, folder=PACKAGE_PARENT, environment=variables)
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PACKAGE_PARENT,
        env=variables,
        start_new_session=True,
        creationflags=flags,
        pass_fds=() if handles is None else (handles.theirs.fileno(),),
    )
    if handles is not None:
        handles.started()
    return process


def _pipes(process: subprocess.Popen[bytes] | ContainedProcess) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdin, process.stdout, process.stderr


def _oom_kills() -> int:
    """How many processes Linux has killed for memory since it started; 0 elsewhere."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


class Urgency(IntEnum):
    """Which messages overtake which.  Within an urgency, order is kept."""

    CONTROL = 0
    """Cancel and shutdown: before all else, also between the parts of a long message."""
    SHORT = 1
    """Load, unload and counting: before long texts."""
    WORK = 2


def urgency_of(message: ToChild) -> Urgency:
    if isinstance(message, Cancel | Shutdown):
        return Urgency.CONTROL
    return Urgency.SHORT if isinstance(message, Load | Unload | CountTokens) else Urgency.WORK


class Writer:
    """Writes to a child's stdin on its own thread, so a child that does not read blocks nothing else. Thread-safe."""

    def __init__(self, stream: IO[bytes], before: Callable[[ToChild], None] | None = None) -> None:
        """`before` is called with each message before its lines are written, on the writer's thread."""
        self._stream = stream
        self._before = before
        self._changed = threading.Condition()
        self._queues: dict[Urgency, deque[ToChild]] = {urgency: deque() for urgency in Urgency}
        self._begun: dict[Urgency, Iterator[bytes] | None] = dict.fromkeys(Urgency)
        self._is_open = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="to child", daemon=True)

    def start(self) -> None:
        """Start the thread.  Raises RuntimeError when no more threads can be started."""
        self._thread.start()

    def open(self) -> None:
        """Begin to write: the child is listening."""
        with self._changed:
            self._is_open = True
            self._changed.notify()

    def put(self, message: ToChild) -> None:
        """Write a message soon; does nothing after `close`."""
        with self._changed:
            if not self._closing:
                self._queues[urgency_of(message)].append(message)
                self._changed.notify()

    def withdraw(self, job: str) -> bool:
        """Drop a job whose first message has not been started.  False: the child knows of the job, or will."""
        with self._changed:
            for queue in self._queues.values():
                mine = [message for message in queue if getattr(message, "job", "") == job]
                if any(isinstance(message, protocol.Start | Load | CountTokens) for message in mine):
                    for message in mine:
                        queue.remove(message)
                    return True
        return False

    def close(self) -> None:
        """Drop what is not written, ask the child to end, and close its stdin."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (line := self._next_line()) is not None:
                self._stream.write(line)
                self._stream.flush()
            for line in encode(Shutdown()):
                self._stream.write(line)
        except (OSError, ValueError):
            pass  # the child is gone; its reader reports the end
        try:
            self._stream.close()
        except OSError:
            pass
        with self._changed:
            self._closing = True

    def _next_line(self) -> bytes | None:
        while True:
            with self._changed:
                while not self._closing and not (self._is_open and self._pending()):
                    self._changed.wait()
                if self._closing:
                    return None
                urgency = next(
                    urgency for urgency in Urgency if self._begun[urgency] is not None or self._queues[urgency]
                )
                begun = self._begun[urgency]
                if begun is None:
                    begun = self._begun[urgency] = self._lines_of(self._queues[urgency].popleft())
            line = next(begun, None)  # encoding a long text takes a while: not under the lock
            if line is not None:
                return line
            self._begun[urgency] = None

    def _lines_of(self, message: ToChild) -> Iterator[bytes]:
        if self._before is not None:
            self._before(message)
        yield from encode(message)

    def _pending(self) -> bool:
        return any(self._queues.values()) or any(request is not None for request in self._begun.values())


OLD_BYTES = 1 << 20
"""A log that has grown to this is set aside when the next child starts; the old log before it is kept."""
CHILD_BYTES = 1 << 20
"""Bytes that a child may write; of what follows, only the end is kept."""
TAIL_BYTES = 64 << 10
_CONTROLS = bytes(index for index in range(32) if index not in b"\n\t") + b"\x7f"


class ErrorLog:
    """The log of a child, filled from its stderr.  Never raises and never blocks the child, even on a full disk.

    A file holds at most OLD_BYTES + CHILD_BYTES + TAIL_BYTES and a line; with the old log under 5 MB.
    """

    def __init__(self, path: Path, is_sealed: Callable[[], bool]) -> None:
        """`is_sealed`: whether no word may be kept, since a child that was taken over would write what it has read."""
        self._path, self._is_sealed = path, is_sealed
        self._space = CHILD_BYTES
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._left_out = 0
        self._file: IO[bytes] | None = None

    def follow(self, stream: IO[bytes]) -> threading.Thread:
        thread = threading.Thread(target=self._copy, args=(stream,), name=f"log {self._path.name}", daemon=True)
        thread.start()
        return thread

    def _copy(self, stream: IO[bytes]) -> None:
        with stream:
            self._open()
            while True:
                try:
                    block = os.read(stream.fileno(), 1 << 16)
                except (OSError, ValueError):
                    break
                if not block:
                    break
                self._add(block.translate(None, _CONTROLS))
            self._finish()

    def _open(self) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._path.exists() and self._path.stat().st_size > OLD_BYTES:
                self._path.replace(self._path.with_name(self._path.name + ".old"))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = open(descriptor, "ab", buffering=0)  # noqa: PTH123, SIM115  a descriptor, kept

    def _add(self, block: bytes) -> None:
        if self._is_sealed():
            self._left_out += len(block)
            return
        fits, rest = block[: self._space], block[self._space :]
        self._space -= len(fits)
        self._write(fits)
        if rest:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
            while self._tail_bytes - len(self._tail[0]) >= TAIL_BYTES:
                self._tail_bytes -= len(self._tail[0])
                self._left_out += len(self._tail.popleft())

    def _finish(self) -> None:
        if self._left_out:
            self._write(f"\n[{self._left_out} bytes left out]\n".encode())
        self._write(b"".join(self._tail)[-TAIL_BYTES:])
        if self._file is not None:
            self._file.close()

    def _write(self, block: bytes) -> None:
        if self._file is not None and block:
            with contextlib.suppress(OSError):
                self._file.write(block)


_IS_HELD = sys.platform == "linux" or (sys.platform == "darwin" and wants_untried(os.environ))
OPENS_NOTHING = frozenset({"reader"} if _IS_HELD else ())
"""The roles that are handed their documents."""


class Handles:
    """Passes opened files to a child over a socket beside the JSON lines: for each job with a `path` its id with the
    file's descriptor, sent before the job's line.
    """

    def __init__(self) -> None:
        """Raises OSError when the channel cannot be created."""
        self._ours, self.theirs = socket.socketpair()

    def send(self, message: ToChild) -> None:
        """Open the file a message names, and pass it on; if that fails, the child reports it when it tries itself.

        Called on the thread that writes to the child.  Raises OSError when the child is gone.
        """
        path = message.payload.get("path") if isinstance(message, Start) else None
        if not isinstance(message, Start) or not isinstance(path, str):
            return
        entry = message.job.encode("utf-8", "replace")[:HANDLE_BYTES].ljust(HANDLE_BYTES, b"\0")
        descriptor = _opened(path)
        try:
            socket.send_fds(self._ours, [entry], [] if descriptor is None else [descriptor])
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def started(self) -> None:
        """Close our copy of the child's end, which the child now has."""
        self.theirs.close()

    def close(self) -> None:
        self._ours.close()
        self.theirs.close()


_QUIETLY = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))


def _opened(path: str) -> int | None:
    """Open a regular file; None for anything else."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a device is not even opened
            return None
        descriptor = os.open(path, os.O_RDONLY | _QUIETLY)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
