"""One child process: its pipes, its messages, and its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import slmdesk
from slmdesk.base import protocol
from slmdesk.base.protocol import FromChild, Heartbeat, Hello, ProtocolBroken, decoder_of_instance, lines_of
from slmdesk.children.client.error_log import ErrorLog
from slmdesk.children.client.events import ClientLimits, Outcome, outcome_of
from slmdesk.children.client.handles import OPENS_NOTHING, Handles
from slmdesk.children.client.low_integrity import ROLES as LOW_ROLES
from slmdesk.children.client.low_integrity import ContainedProcess
from slmdesk.children.client.low_integrity import start as start_low
from slmdesk.children.client.writer import Writer
from slmdesk.children.reach import HANDLES_VARIABLE, REACH_VARIABLE, AllowedPaths, reached_by, wants_untried

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
"""The names of the variables that a child gets of the app's, and no others: tokens, passwords and the sockets of other
programs stay out."""
ENVIRONMENT_OF_ROLES: Mapping[str, Mapping[str, str]] = {"engine": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}}
"""What a role is started with unless the person has set it otherwise.  The engine's memory in huge pages (Linux with
glibc 2.35 or later): a step of a small model reads all of it, and takes an eighth less time."""
END_S = 2.0
"""A child that has closed its stdout has this long to end, and a killed one to be gone."""
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
        self.bad_lines = 0
        self._role, self._limits = role, limits
        self._on_message, self._on_change = on_message, on_change
        self._oom_kills = _oom_kills()
        self.reach = reach
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
        self._beat = Heartbeat(0, False)
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
        limits, beat = self._limits, self._beat
        if self.bad_lines >= limits.bad_lines:
            return (Outcome.PROTOCOL, f"{self.bad_lines} bad lines"), now
        if self._telling:  # the app is still at its last message
            self._received = self._moved = self._began = now
        if self.hello is None:
            return self._late(now, self._began + limits.hello_s, (Outcome.START_FAILED, "no hello"))
        checks = [self._late(now, self._received + limits.silence_s, (Outcome.HUNG, f"{limits.silence_s:g}"))]
        if beat.busy:
            limit = limits.template_s if beat.in_template else limits.still_s
            if not beat.in_template and now >= self._moved + limit and self._computes(now):
                limit = max(limit, limits.spinning_s)
            checks.append(self._late(now, self._moved + limit, (Outcome.HUNG, f"{limit:g}")))
            checks.append(self._late(now, self._heard + limits.quiet_s, (Outcome.HUNG, f"{limits.quiet_s:g}")))
        return min(checks, key=lambda check: check[1])

    def _computes(self, now: float) -> bool:
        """Whether it has used processor time since its work counter last changed."""
        return self._cpu_s() - self._cpu_when_moved >= _COMPUTES * (now - self._moved)

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
        """Wait for the child, by force if need be, and for its threads.  Returns how it ended, the same on every
        call.
        """
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
                self._received = time.monotonic()
                try:
                    message = None if untrusted_line is None else decoder.decode(untrusted_line)
                except ProtocolBroken:
                    untrusted_line = None
                if untrusted_line is None:
                    self.count_bad_line()
                elif message is not None:
                    self._receive(message)
        self._on_change()

    def count_bad_line(self) -> None:
        """Count one more bad line; with too many the child is replaced."""
        self.bad_lines += 1
        if self.bad_lines == self._limits.bad_lines:
            self._on_change()

    def _receive(self, message: FromChild) -> None:
        if isinstance(message, Hello):
            self._greet(message)
        elif self.hello is None:
            self.count_bad_line()
        elif isinstance(message, Heartbeat):
            if message.work != self._beat.work or not message.busy or not self._beat.busy:
                self._moved, self._cpu_when_moved = time.monotonic(), self._cpu_s()
            if not message.busy or not self._beat.busy:
                self._heard = time.monotonic()
            self._beat = message
            self._on_change_if_needed(message)
        else:
            self._telling = True
            self._on_message(self, message)
            self._telling = False
            self._heard = time.monotonic()

    def _on_change_if_needed(self, beat: Heartbeat) -> None:
        """Wake the keeper when there is something new to watch: a template has a shorter limit."""
        if beat.busy and beat.in_template:
            self._on_change()

    def _greet(self, hello: Hello) -> None:
        if self.hello is not None or hello.version != protocol.VERSION or hello.role != self._role:
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
        if role in LOW_ROLES and wants_untried(os.environ):
            with suppress(OSError):  # then without walls, as the child will say
                return start_low(command, folder=PACKAGE_PARENT, environment=variables)
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
