"""The client: starts children when needed, watches and replaces them, and ends every job exactly once."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from slmdesk.base.protocol import (
    Cancel,
    Cancelled,
    CountTokens,
    Done,
    Failed,
    FromChild,
    Hello,
    Load,
    Partial,
    Progress,
    Rejected,
    Start,
    ToChild,
    Token,
    Unload,
)
from slmdesk.base.record import to_json
from slmdesk.base.types import Json, LoadSpec
from slmdesk.children.client.child import (
    BYTES_OF_EVENT,
    BYTES_OF_JOB,
    LIMITS_OF_ROLES,
    Child,
    ChildEnded,
    ChildEvent,
    ChildStarted,
    ClientLimits,
    ErrorLog,
    JobHandle,
    Listener,
    Outcome,
    checked_failure,
    failure_of,
    log_error,
)
from slmdesk.children.reach import NOTHING, AllowedPaths

log = logging.getLogger(__name__)

TICK_S = 1.0
"""The longest the keeper sleeps while a child runs."""
LATE_S = 1.0
"""If the keeper wakes this much later than planned, the app itself was suspended: no child is to blame."""
CLOSE_S = 8.0
"""More than reaping a killed child can take."""


class ChildClient:
    """The children of a role, never two together.  Thread-safe, without Qt.

    A child is started when a job needs it.  Listeners, `on_child` too, are called on a thread of the client and must
    return soon.  When a child dies, `on_child` receives ChildEnded first, then each open job its one end.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        role: str,
        log_path: Path,
        environment: Mapping[str, str] | None = None,
        on_child: Callable[[ChildEvent], None],
        limits: ClientLimits | None = None,
        is_sealed: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_sealed`: whether the log may keep no word, as the history is encrypted or not kept.  On any thread."""
        self._command, self._role = list(command), role
        self._make_log = partial(ErrorLog, log_path, is_sealed)
        self._environment = dict(environment or {})
        self._on_child = on_child
        self._reach = NOTHING
        self._limits = limits or LIMITS_OF_ROLES.get(role) or ClientLimits()
        self._changed = threading.Condition()
        self._jobs: dict[str, JobHandle] = {}
        self._gone: list[JobHandle] = []
        self._last = 0
        self._context_tokens = LoadSpec("").context_tokens
        """The largest that a model was loaded with: no answer is longer."""
        self.child: Child | None = None
        self._keeper: threading.Thread | None = None
        self._closing = False
        self._patience = math.inf
        """When a child that was asked to end is killed."""
        self._closed = threading.Event()
        self._old_bad_lines = 0
        self.capabilities: tuple[str, ...] = ()
        self.generation = 0
        """Counts the children: a model's handle belongs to a single generation."""

    # ---- for others, from any thread

    @property
    def is_running(self) -> bool:
        """Whether there is a child that has said hello."""
        child = self.child
        return child is not None and child.hello is not None and not child.is_over

    @property
    def pid(self) -> int | None:
        child = self.child
        return None if child is None else child.pid

    @property
    def bad_lines(self) -> int:
        child = self.child
        return self._old_bad_lines + (0 if child is None else child.bad_lines)

    def may_open(self, reach: AllowedPaths) -> None:
        """Set the user's files that children started from now on may open (enforced on Linux only)."""
        with self._changed:
            self._reach = reach

    def can_open(self, paths: Sequence[str]) -> bool:
        """Whether the running child, if any, was started with permission to open these; else see `renew`."""
        child = self.child
        return child is None or all(path in child.reach.read or child.may_read(path) for path in paths)

    def renew(self) -> None:
        """End the child; its jobs are cancelled, and the next job starts a new child."""
        with self._changed:
            if self.child is not None and self.child.verdict is None:
                self.child.end(Outcome.ASKED, "")
            self._changed.notify_all()

    def start(
        self, kind: str, payload: Mapping[str, Json], listener: Listener, *, priority: str = "interactive"
    ) -> JobHandle:
        """Start a job.  The listener receives Token, Progress, Partial, then exactly one Done, Failed or Cancelled."""
        return self.begin(lambda job: Start(job, kind, payload, priority), listener)

    def load(self, spec: LoadSpec, listener: Listener) -> JobHandle:
        """Load a model: Progress in permille, then Done with a LoadedModel as object."""
        self._context_tokens = max(self._context_tokens, spec.context_tokens)
        if spec.path:
            self._let_open(spec.path)
        return self.begin(lambda job: Load(job, to_json(spec)), listener)

    def count_tokens(self, texts: Sequence[str], listener: Listener, *, handle: str = "", path: str = "") -> JobHandle:
        """Count the tokens of texts, with a loaded model or the vocabulary of a file: Done with `counts`."""
        if path and not self._jobs:
            self._let_open(path)
        return self.begin(lambda job: CountTokens(job, tuple(texts), handle, path), listener)

    def unload(self, handle: str, listener: Listener | None = None) -> None:
        """Unload a model.  Without a child nothing is loaded: Done at once."""
        with self._changed:
            runs = self.child is not None
        if runs:
            self.begin(lambda job: Unload(job, handle), listener or _ignore)
        elif listener is not None:
            listener(Done(""))

    def close(self, timeout_s: float = 2.0) -> None:
        """End the child: ask, wait at most `timeout_s`, kill, wait.  Open jobs are cancelled.  May be called twice."""
        with self._changed:
            self._closing = True
            self._patience = min(self._patience, time.monotonic() + timeout_s)
            keeper, child = self._keeper, self.child
            if keeper is None:
                self._closed.set()
            if child is not None:
                child.writer.close()
            self._changed.notify_all()
        own = threading.current_thread()
        if own is not keeper and (child is None or own is not child.reader):  # else the keeper does the rest
            self._closed.wait(timeout_s + CLOSE_S)

    # ---- for the handles

    def pass_on(self, job: JobHandle, message: ToChild) -> None:
        """Send a message of a job, or hold it until the child is ready."""
        with self._changed:
            child = self.child
            if job.id not in self._jobs:
                return
            job.allow(message, self._context_tokens)
            if child is not None and job.generation == child.generation:
                child.writer.put(message)
            else:
                job.outbox.append(message)

    def cancel(self, job: JobHandle) -> None:
        """Cancel a job; a job that was not sent to a child ends at once."""
        with self._changed:
            child = self.child
            if job.id not in self._jobs or job.cancelled_at is not None:
                return
            job.cancelled_at = time.monotonic()
            if child is None or job.generation != child.generation or child.writer.withdraw(job.id):
                del self._jobs[job.id]
                self._gone.append(job)
            else:
                child.writer.put(Cancel(job.id))
            self._changed.notify_all()

    def _let_open(self, path: str) -> None:
        """Allow this file, and replace a running child that may not open it: it has no model that is still needed."""
        with self._changed:
            self._reach = self._reach.with_file(path)
            child = self.child
        if child is not None and not child.may_read(path):
            self.renew()

    def begin(self, make: Callable[[str], ToChild], listener: Listener) -> JobHandle:
        with self._changed:
            self._last += 1
            job = JobHandle(self, str(self._last), listener, has_document=self._role in ("reader", "listener"))
            message = make(job.id)
            job.allow(message, self._context_tokens)
            self._jobs[job.id] = job
            child = self.child
            if child is not None and child.verdict is None and not self._closing:
                job.generation = child.generation
                child.writer.put(message)
            else:
                job.outbox.append(message)
            started = self._start_keeper()
            closed = self._closing and self._closed.is_set()
            self._changed.notify_all()
        if closed:
            self._end_jobs([job], Outcome.ASKED, "")
        elif not started:
            self._end_jobs([job], Outcome.START_FAILED, "no more threads")
        return job

    def _start_keeper(self) -> bool:
        if self._keeper is None and not self._closing:
            keeper = threading.Thread(target=self._keep, name=f"keeper of {self._role}", daemon=True)
            try:
                keeper.start()
            except RuntimeError:
                return False
            self._keeper = keeper
        return True

    # ---- the keeper's thread: it starts children, so it must live as long as they do

    def _keep(self) -> None:
        while True:
            with self._changed:
                gone, self._gone = self._gone, []
                child = self.child
                requested = any(job.generation == 0 for job in self._jobs.values())
                closing = self._closing
                if not (gone or closing or child or requested):
                    self._changed.wait()
                    continue
            for job in gone:
                job.notify(Cancelled(job.id))
            if child is not None:
                self._look_after(child, closing=closing)
            elif closing:
                break
            elif requested:
                self._start_child()
        with self._changed:
            self._closed.set()
            left = list(self._jobs.values())
        self._end_jobs(left, Outcome.ASKED, "")

    def _start_child(self) -> None:
        self.generation += 1
        try:
            child = Child(
                self.generation,
                self._command,
                role=self._role,
                log=self._make_log(),
                environment=self._environment,
                reach=self._reach,
                limits=self._limits,
                on_message=self._receive,
                on_change=self._wake,
            )
        except (OSError, RuntimeError) as err:
            reason = getattr(err, "strerror", None) or type(err).__name__
            with self._changed:
                left = list(self._jobs.values())
            self._report_child(ChildEnded(self.generation, Outcome.START_FAILED, reason))
            self._end_jobs(left, Outcome.START_FAILED, reason)
            return
        with self._changed:
            self.child = child
            for job in self._jobs.values():
                job.generation = child.generation
                for message in job.outbox:
                    child.writer.put(message)
                job.outbox.clear()
            if self._closing:
                child.writer.close()

    def _look_after(self, child: Child, *, closing: bool) -> None:
        if child.is_over:
            self._bury(child)
            return
        now = time.monotonic()
        if closing:
            complaint, look_again = ((Outcome.ASKED, "killed") if now >= self._patience else None), self._patience
        else:
            complaint, look_again = self._complaint(child, now)
        if complaint is not None:
            child.end(*complaint)
            self._bury(child)
            return
        with self._changed:
            if self._gone or child.is_over or closing != self._closing:
                return
            pause = min(max(look_again - now, 0.001), TICK_S)
            asleep = time.monotonic()
            self._changed.wait(pause)
            late = time.monotonic() - asleep - pause
        if late > LATE_S:
            self._excuse(child, late)

    def _complaint(self, child: Child, now: float) -> tuple[tuple[Outcome, str] | None, float]:
        complaint, look_again = child.complaint(now)
        with self._changed:
            cancels = [job.cancelled_at for job in self._jobs.values() if job.cancelled_at is not None]
        if complaint is None and cancels:
            due = min(cancels) + self._limits.cancel_s
            complaint = (Outcome.CANCEL_IGNORED, "") if now >= due else None
            look_again = min(look_again, due)
        return complaint, look_again

    def _excuse(self, child: Child, late: float) -> None:
        child.excuse(late)
        with self._changed:
            for job in self._jobs.values():
                if job.cancelled_at is not None:
                    job.cancelled_at += late

    def _bury(self, child: Child) -> None:
        """Reap a child; then end all its jobs."""
        how, detail = child.reap()
        with self._changed:
            if self._closing:
                how = Outcome.ASKED
            self.child = None
            self._old_bad_lines += child.bad_lines
            left = [job for job in self._jobs.values() if job.generation == child.generation]
        self._report_child(ChildEnded(child.generation, how, detail))
        self._end_jobs(left, how, detail)

    def _end_jobs(self, jobs: Sequence[JobHandle], how: Outcome, detail: str) -> None:
        with self._changed:
            for job in jobs:
                self._jobs.pop(job.id, None)
        # first those that were not cancelled: whoever restarts them should still see what ran beside them
        for job in sorted(jobs, key=lambda job: job.cancelled_at is not None):
            asked = how is Outcome.ASKED or job.cancelled_at is not None
            job.notify(Cancelled(job.id) if asked else failure_of(job.id, how, detail))

    # ---- the reader's thread

    def _receive(self, child: Child, message: FromChild) -> None:
        if isinstance(message, Hello):
            self.capabilities = message.capabilities
            self._report_child(ChildStarted(child.generation, message.pid, message.capabilities))
            return
        if isinstance(message, Rejected):
            log.error("the child did not understand a line")  # its reason is untrusted: not for a log
            child.count_bad_line()
            return
        if isinstance(message, Failed) and message.code == "child.hung":
            seconds = message.args.get("seconds")  # it cannot end a job and will exit: nothing more is sent to it
            child.end(Outcome.HUNG, f"{seconds:g}" if isinstance(seconds, int | float) else "0")
        assert isinstance(message, Token | Progress | Partial | Done | Failed | Cancelled)
        with self._changed:
            job = self._jobs.get(message.job)
            if job is None or job.generation != child.generation:
                job = None
        if job is None:
            self._count_if_never_asked(child, message.job)
        elif job.exceeds(message, child.message_bytes):
            child.end(Outcome.PROTOCOL, "an answer without end")
        else:
            if isinstance(message, Done | Failed | Cancelled):
                with self._changed:
                    self._jobs.pop(message.job, None)
            if not job.notify(checked_failure(message) if isinstance(message, Failed) else message):
                child.count_bad_line()

    def _count_if_never_asked(self, child: Child, untrusted_job: str) -> None:
        """A message for a job that has ended is late and dropped; for a job that never existed, it is a bad line."""
        known = untrusted_job.isascii() and untrusted_job.isdecimal() and len(untrusted_job) < 18
        child.late_bytes += child.message_bytes + BYTES_OF_EVENT
        if not known or int(untrusted_job) > self._last:
            child.count_bad_line()
        elif child.late_bytes > BYTES_OF_JOB * self._last:
            child.end(Outcome.PROTOCOL, "an answer without end")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _report_child(self, event: ChildEvent) -> None:
        try:
            self._on_child(event)
        except Exception as err:  # noqa: BLE001  a listener's error never ends a thread of the client
            log_error("on_child failed", err)


def _ignore(_: FromChild) -> None: ...
