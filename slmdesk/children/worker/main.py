"""A child: hello, then lines in and out until its stdin closes; the tasks of each role, each job on its own thread."""

from __future__ import annotations

import argparse
import io
import logging
import math
import os
import signal
import socket
import sys
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base import protocol
from slmdesk.base.errors import BUG_CODE, KnownError, Stopped
from slmdesk.base.protocol import (
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
    ProtocolBroken,
    Rejected,
    Shutdown,
    Start,
    Step,
    ToChild,
    Unload,
    decoder_of_child,
    lines_of,
)
from slmdesk.base.texts import _
from slmdesk.base.types import Json, Priority
from slmdesk.base.walls import HELPER
from slmdesk.children.reach import HANDLE_BYTES, HANDLES_VARIABLE, reach_from
from slmdesk.children.tasks.job import Job, Task
from slmdesk.children.worker.hardening import harden
from slmdesk.children.worker.trials import TemplateTrials, TryTemplate, start_trials

if TYPE_CHECKING:
    from slmdesk.children.engine.llama.engine import LlamaEngine

HEARTBEAT_S = 1.0
EXIT_HUNG = 78
"""A job could not be ended: the next child starts clean."""
END_S = 1.5
"""After its stdin has closed, a child lives no longer than this, whatever its threads do."""


def run_worker(arguments: Sequence[str], make_engine: Callable[[], LlamaEngine] | None = None) -> int:
    """Run a child of the role in `arguments` until stdin closes; then end the process with 0.

    `make_engine`: makes another engine than llama.cpp's.
    The role `template` is different: a throwaway process that tries a template and returns its status.
    """
    name = _role_named(arguments)
    if name == "template":
        from slmdesk.children.engine.llama.template_sandbox import main

        return main()
    source, target = take_pipes()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the app
    trials = _start_trials((source, target)) if name == "engine" and make_engine is None else None
    secured = harden(name, reach_from(os.environ))
    if trials is not None:
        secured += tuple(f"{HELPER}{fact}" for fact in trials.facts())
    handles = Handles(os.environ)
    roles: Mapping[str, Callable[[], Role]] = {"reader": ReaderRole, "printer": PrinterRole, "listener": ListenerRole}
    role = roles[name]() if name in roles else EngineRole(make_engine or partial(llama_engine, trials))
    output = Output(target)
    output.send(Hello(protocol.VERSION, name, (*role.kinds, *secured), os.getpid()))
    threading.Thread(target=_beat, args=(role, output), name="heartbeat", daemon=True).start()
    jobs = Jobs(output.send)
    read_messages(source, partial(obey, role=role, jobs=jobs, output=output, handles=handles), output)
    _end(role, jobs, trials)
    return 0


def _role_named(arguments: Sequence[str]) -> str:
    parser = argparse.ArgumentParser(prog="slmdesk --worker")
    parser.add_argument("role", choices=("engine", "reader", "printer", "listener", "template"))
    return str(parser.parse_args(arguments).role)


def _start_trials(pipes: tuple[int, int]) -> TemplateTrials | None:
    """Start the helper that tries templates, where the engine will not be able to start programs itself."""
    if sys.platform != "linux":
        return None

    def try_template() -> TryTemplate:
        from slmdesk.children.engine.llama import templates

        return templates.try_template

    return start_trials(try_template, close=pipes)


def _beat(role: Role, output: Output) -> None:
    pause = threading.Event()
    while True:
        if (late := role.overdue()) is not None:
            job, seconds = late
            output.send(Failed(job, "child.hung", {"seconds": seconds}))
            os._exit(EXIT_HUNG)
        output.send(role.heartbeat())
        pause.wait(HEARTBEAT_S)


def read_messages(source: int, obey: Callable[[ToChild], None], output: Output) -> None:
    """Handle lines until `source`, which is closed then, ends."""
    decoder = decoder_of_child()
    with open(source, "rb") as stream:
        for untrusted_line in lines_of(stream):
            if untrusted_line is None:
                output.send(Rejected("line too long"))
                continue
            try:
                message = decoder.decode(untrusted_line)
            except ProtocolBroken as err:
                output.send(Rejected(str(err)))
                continue
            if isinstance(message, Shutdown):
                return
            if message is not None:
                obey(message)


def obey(message: ToChild, *, role: Role, jobs: Jobs, output: Output, handles: Handles) -> None:
    """Start, feed or cancel the job of a message."""
    match message:
        case Cancel(job):
            jobs.cancel(job)
        case Step():
            jobs.add_step(message)
        case EndOfSteps(job):
            jobs.end_steps(job)
        case Start(ident, kind, payload, priority):
            urgent = Priority.BACKGROUND if priority == Priority.BACKGROUND else Priority.INTERACTIVE
            started = jobs.start(Job(ident, payload, urgent, handles.take(ident, payload)), partial(role.task_of, kind))
        case Load() | Unload() | CountTokens():
            payload = message.spec if isinstance(message, Load) else {}
            started = jobs.start(Job(message.job, payload), partial(role.task_of_request, message))
    if isinstance(message, Start | Load | Unload | CountTokens) and not started:
        output.send(Rejected("a job of that name runs"))


def _end(role: Role, jobs: Jobs, trials: TemplateTrials | None) -> None:
    """Free everything if that is quick; end in any case."""
    last = threading.Timer(END_S, os._exit, (0,))
    last.daemon = True
    last.start()
    if trials is not None:
        trials.close()
    jobs.cancel_all(END_S)
    role.close()
    os._exit(0)  # no destructors: native libraries may hang or crash in theirs


PATIENCE_S = 30.0
"""For a page: on a busy machine a scanned page was seen to take half of it."""
PATIENCE_S_PER_MIB = 5.0
MOST_PATIENCE_S = 600.0

ModelRequest = Load | Unload | CountTokens


class Role(ABC):
    """Makes tasks for requests of the app.  Thread-safe."""

    kinds: tuple[str, ...]

    @abstractmethod
    def task_of(self, kind: str, job: Job) -> Task:
        """The task of a job.  Raises KnownError `request.invalid` for an unknown kind."""

    @abstractmethod
    def task_of_request(self, request: ModelRequest, job: Job) -> Task:
        """Raises KnownError."""

    @abstractmethod
    def heartbeat(self) -> Heartbeat: ...

    def overdue(self) -> tuple[str, float] | None:
        """A job that hangs and cannot be ended from inside, with its time limit in seconds: the child must exit."""
        return None

    @abstractmethod
    def close(self) -> None: ...


class EngineRole(Role):
    """Models and answers.  The engine is created when first needed, so that `hello` never waits for its library."""

    tasks = (
        "chat", "batch", "render", "measure", "backends", "embed", "save_state", "quantize", "divergence",
    )  # fmt: skip
    """Named as their functions are."""
    kinds = (*tasks, "load", "unload", "count_tokens")

    def __init__(self, make_engine: Callable[[], LlamaEngine]) -> None:
        self._make_engine = make_engine
        self._making = threading.Lock()
        self._engine: LlamaEngine | None = None

    def task_of(self, kind: str, job: Job) -> Task:
        from slmdesk.children.tasks import engine

        if kind not in self.tasks:
            raise KnownError("request.invalid", what=_("kind {kind}").format(kind=kind[:40]))
        task: Task = getattr(engine, kind)(job, self._made())
        return task

    def task_of_request(self, request: ModelRequest, job: Job) -> Task:
        from slmdesk.children.tasks import engine

        match request:
            case Load():
                return engine.load(job, self._made())
            case Unload():
                return engine.unload(job, self._made(), request.handle)
            case CountTokens():
                return engine.count_tokens(job, self._made(), request.texts, handle=request.handle, path=request.path)

    def heartbeat(self) -> Heartbeat:
        engine = self._engine
        if engine is None:
            return Heartbeat(0, False)
        return Heartbeat(engine.work_done(), engine.is_busy(), engine.in_template())

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()

    def _made(self) -> LlamaEngine:
        with self._making:
            if self._engine is None:
                try:
                    self._engine = self._make_engine()
                except (ImportError, OSError) as err:
                    raise KnownError("child.start_failed", reason=type(err).__name__) from err
            return self._engine


class _CountingRole(Role):
    """A role without models.  Busy while a job runs; each event of a job moves the counter.  Nothing is kept.

    A job without an event for longer than `patience_of` it counts as hung: no thread can be ended from outside.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._work = 0
        self._parsing: dict[str, tuple[float, float]] = {}
        """Of each job that is at work: since when, by the clock that only goes on, and how long it may."""

    @abstractmethod
    def task_named(self, kind: str) -> Callable[[Job], Task]:
        """`kind`: from `kinds`."""

    def patience_of(self, job: Job) -> float:
        """How many seconds a job may take for its next event."""
        return math.inf

    def task_of(self, kind: str, job: Job) -> Task:
        if kind not in self.kinds:
            raise KnownError("request.invalid", what=_("kind {kind}").format(kind=kind[:40]))
        job.worked = partial(self._worked, job.id)
        return self._counted(job, self.task_named(kind)(job))

    def task_of_request(self, request: ModelRequest, job: Job) -> Task:
        raise KnownError("request.invalid", what=_("no engine in this role"))

    def heartbeat(self) -> Heartbeat:
        return Heartbeat(self._work, self._running > 0)

    def overdue(self) -> tuple[str, float] | None:
        now = time.monotonic()
        with self._lock:
            return next(((job, most) for job, (since, most) in self._parsing.items() if now - since > most), None)

    def close(self) -> None: ...

    def _worked(self, job_id: str) -> None:
        with self._lock:
            if job_id in self._parsing:
                self._parsing[job_id] = (time.monotonic(), self._parsing[job_id][1])
                self._work += 1

    def _counted(self, job: Job, task: Task) -> Task:
        most = self.patience_of(job)
        with self._lock:
            self._running += 1
        try:
            while True:
                with self._lock:
                    self._parsing[job.id] = (time.monotonic(), most)
                try:
                    event = next(task)
                except StopIteration as end:
                    return dict(end.value)
                with self._lock:
                    del self._parsing[job.id]  # the app may take its time to read a page
                    self._work += 1
                yield event
        finally:
            with self._lock:
                self._parsing.pop(job.id, None)
                self._running -= 1
            task.close()


def patience_s(size_bytes: int) -> float:
    """Seconds a parser may be silent over a file: a large file may be read whole for its first page."""
    return min(PATIENCE_S + PATIENCE_S_PER_MIB * size_bytes / (1 << 20), MOST_PATIENCE_S)


def _size_of(job: Job) -> int:
    try:
        return Path(str(job.payload.get("path", ""))).stat().st_size
    except (OSError, ValueError):
        return 0


class ReaderRole(_CountingRole):
    kinds = (
        "read", "page_image", "sight", "pixels", "prepare", "units", "rewrite", "terms", "pairs",
        "table_columns", "chats", "private_texts", "private_words", "redact", "check_redacted", "searchable",
        "join_pages", "fill_letter",
    )  # fmt: skip

    def task_named(self, kind: str) -> Callable[[Job], Task]:
        from slmdesk.children.tasks import reader

        task: Callable[[Job], Task] = getattr(reader, kind)
        return task

    def patience_of(self, job: Job) -> float:
        return patience_s(_size_of(job))


class ListenerRole(_CountingRole):
    kinds = ("dictate", "read", "sound")

    def task_named(self, kind: str) -> Callable[[Job], Task]:
        from slmdesk.children.tasks import listener

        task: Callable[[Job], Task] = getattr(listener, kind)
        return task


class PrinterRole(_CountingRole):
    """Prints our own data to PDF with QtGui.  Created on the main thread, as Qt's application object requires."""

    kinds = ("print",)

    def __init__(self) -> None:
        super().__init__()
        from slmdesk.children.printing import prepare

        self._app = prepare()

    def task_named(self, kind: str) -> Callable[[Job], Task]:
        from slmdesk.children.tasks.printing import to_pdf

        return to_pdf


def llama_engine(try_template: TryTemplate | None = None) -> LlamaEngine:
    """`try_template`: instead of the engine's own way, which starts a program."""
    from slmdesk.children.engine.llama.engine import LlamaEngine

    return LlamaEngine() if try_template is None else LlamaEngine(try_template=try_template)


log = logging.getLogger(__name__)

EXIT_OUT_OF_MEMORY = 77
"""A status that the client distinguishes from all other ends."""
MAX_EARLY_CANCELS = 1000


def run_job(job: Job, events: Task, send: Callable[[FromChild], None]) -> None:
    """Drive a job: send its events, then exactly one Done, Failed or Cancelled."""
    with closing(events):  # so that the engine stops when `send` fails
        try:
            while True:
                job.check()
                send(next(events))
        except StopIteration as end:
            ended: FromChild = Done(job.id, end.value or {})
        except Stopped:
            ended = Cancelled(job.id)
        except KnownError as err:
            ended = Failed(job.id, err.code, err.args_for_people)
        except MemoryError:
            os.write(2, b"out of memory\n")
            os._exit(EXIT_OUT_OF_MEMORY)  # what else could not be made is unknown: the next child starts clean
        except Exception as err:  # noqa: BLE001  the child's loop: the app gets a code, the log the trace
            log.error("a job died\n%s", trace_of(err))
            ended = Failed(job.id, BUG_CODE, {})
    try:
        send(ended)
    except (TypeError, ValueError) as err:  # a result that is not valid JSON, such as an infinite number
        log.error("a result could not be sent\n%s", trace_of(err))
        send(Failed(job.id, BUG_CODE, {}))


class Jobs:
    """The running jobs.  Thread-safe."""

    def __init__(self, send: Callable[[FromChild], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._jobs: dict[str, tuple[Job, threading.Thread]] = {}
        self._cancelled_early: OrderedDict[str, None] = OrderedDict()

    def start(self, job: Job, task_of: Callable[[Job], Task]) -> bool:
        """Run a job on a thread of its own.  False: a job has that id."""
        thread = threading.Thread(target=self._run, args=(job, task_of), name=f"job {job.id}", daemon=True)
        with self._lock:
            if job.id in self._jobs:
                job.close()
                return False
            self._jobs[job.id] = (job, thread)
            early = job.id in self._cancelled_early
        if early:
            job.cancel()
        thread.start()
        return True

    def cancel(self, ident: str) -> None:
        """End soon.  A cancel may overtake its job's start: it is remembered."""
        with self._lock:
            job, __ = self._jobs.get(ident, (None, None))
            if job is None:
                self._cancelled_early[ident] = None
                if len(self._cancelled_early) > MAX_EARLY_CANCELS:
                    self._cancelled_early.popitem(last=False)
        if job is not None:
            job.cancel()

    def add_step(self, step: Step) -> None:
        """Hand a step to its job; a step of a job that has ended is late and dropped."""
        job = self._job(step.job)
        if job is not None:
            job.add_step(step)

    def end_steps(self, ident: str) -> None:
        job = self._job(ident)
        if job is not None:
            job.end_steps()

    def cancel_all(self, timeout_s: float) -> None:
        with self._lock:
            running = list(self._jobs.values())
        for job, _thread in running:
            job.cancel()
        for _job, thread in running:
            thread.join(timeout_s)

    def _job(self, ident: str) -> Job | None:
        with self._lock:
            return self._jobs.get(ident, (None,))[0]

    def _run(self, job: Job, task_of: Callable[[Job], Task]) -> None:
        def send(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                with self._lock:  # removed before its end is sent: whoever receives the end must not find the job again
                    self._jobs.pop(job.id, None)
            self._send(event)

        try:
            run_job(job, _guarded(job, task_of), send)
        finally:
            job.close()


def _guarded(job: Job, task_of: Callable[[Job], Task]) -> Task:
    """Create the task on the job's own thread, so that an error in creating it ends only the job."""
    return (yield from task_of(job))


class Output:
    """Writes messages to a descriptor, line by line.  When the reader has gone, the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, message: protocol.FromChild) -> None:
        """Write a message; other threads' lines may come between the parts of a long message."""
        for line in protocol.encode(message):
            with self._lock:
                self._write(line)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os._exit(0)


def take_pipes() -> tuple[int, int]:
    """Move stdin and stdout aside, so that no library can read or break a line.  Returns their new descriptors.

    What is printed from now on goes to stderr, line by line; reading from stdin finds it empty.
    """
    source, target = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):  # into a file or pipe it keeps lines back, and the end drops them
        sys.stdout.reconfigure(line_buffering=True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (source, target):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return source, target


class Handles:
    """The child's end of the channel for open files (children/client/handles.py).  For the reading thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """If the app set up no channel, documents are opened by their paths."""
        number = environment.get(HANDLES_VARIABLE, "")
        self.channel = socket.socket(fileno=int(number)) if number.isdecimal() else None

    def take(self, job: str, payload: Mapping[str, Json]) -> int | None:
        """The file at the `path` of this job; the caller closes it.  None: no path, or it could not be opened.

        Each job that names a path has an entry, sent before its line; entries whose line was broken are skipped.
        """
        if self.channel is None or not isinstance(payload.get("path"), str):
            return None
        while True:
            try:
                said, descriptors, __, __ = socket.recv_fds(self.channel, HANDLE_BYTES, 1)
            except OSError:
                return None
            if said.rstrip(b"\0") == job.encode("utf-8", "replace")[:HANDLE_BYTES]:
                return descriptors[0] if descriptors else None
            for descriptor in descriptors:
                os.close(descriptor)
            if not said:
                return None


def trace_of(err: BaseException) -> str:
    """Kind of error and places in the code, without its message: that may quote what a person wrote."""
    lines = []
    error: BaseException | None = err
    while error is not None:
        lines += [f"{type(error).__module__}.{type(error).__name__}"]
        lines += [
            f"  {place.filename}:{place.lineno} {place.name}" for place in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)
