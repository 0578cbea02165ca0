"""The tasks that each role of a child can run."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import CountTokens, Heartbeat, Load, Unload
from slmdesk.children.tasks.base import Job, Task
from slmdesk.children.worker.trials import TryTemplate
from slmdesk.engine.base import Engine

PATIENCE_S = 30.0
"""For one page: on a busy machine one scanned page was seen to take half of it."""
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

    kinds = (
        "chat", "batch", "render", "measure", "backends", "embed", "save_state", "quantize", "format_speed",
        "format_quality", "load", "unload", "count_tokens",
    )  # fmt: skip

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._make_engine = make_engine
        self._making = threading.Lock()
        self._engine: Engine | None = None

    def task_of(self, kind: str, job: Job) -> Task:
        from slmdesk.children.tasks.batch import batch
        from slmdesk.children.tasks.chat import chat
        from slmdesk.children.tasks.embed import embed
        from slmdesk.children.tasks.formats import format_quality, format_speed, quantize
        from slmdesk.children.tasks.measure import backends, measure
        from slmdesk.children.tasks.render import render
        from slmdesk.children.tasks.states import save_state

        tasks: Mapping[str, Callable[[Job, Engine], Task]] = {
            "chat": chat, "batch": batch, "render": render, "measure": measure, "backends": backends, "embed": embed,
            "save_state": save_state, "quantize": quantize, "format_speed": format_speed,
            "format_quality": format_quality,
        }  # fmt: skip
        if kind not in tasks:
            raise KnownError("request.invalid", what=f"kind {kind[:40]}")
        return tasks[kind](job, self._made())

    def task_of_request(self, request: ModelRequest, job: Job) -> Task:
        from slmdesk.children.tasks import model

        match request:
            case Load():
                return model.load(job, self._made())
            case Unload():
                return model.unload(job, self._made(), request.handle)
            case CountTokens():
                return model.count_tokens(job, self._made(), request.texts, handle=request.handle, path=request.path)

    def heartbeat(self) -> Heartbeat:
        engine = self._engine
        if engine is None:
            return Heartbeat(0, False)
        return Heartbeat(engine.work_done(), engine.is_busy(), engine.in_template())

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()

    def _made(self) -> Engine:
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
    def tasks(self) -> Mapping[str, Callable[[Job], Task]]: ...

    def patience_of(self, job: Job) -> float:
        """How many seconds a job may take for its next event."""
        return math.inf

    def task_of(self, kind: str, job: Job) -> Task:
        if kind not in self.kinds:
            raise KnownError("request.invalid", what=f"kind {kind[:40]}")
        job.worked = partial(self._worked, job.id)
        return self._counted(job, self.tasks()[kind](job))

    def task_of_request(self, request: ModelRequest, job: Job) -> Task:
        raise KnownError("request.invalid", what="no engine in this role")

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
    """Seconds a parser may be silent over a file: a large one may be read whole for its first page."""
    return min(PATIENCE_S + PATIENCE_S_PER_MIB * size_bytes / (1 << 20), MOST_PATIENCE_S)


def _size_of(job: Job) -> int:
    try:
        return Path(str(job.payload.get("path", ""))).stat().st_size
    except (OSError, ValueError):
        return 0


class ReaderRole(_CountingRole):
    kinds = (
        "read", "page_image", "prepare", "units", "rewrite", "terms", "pairs", "columns", "table_columns",
        "chats", "private_texts", "redact", "check_redacted",
    )  # fmt: skip

    def tasks(self) -> Mapping[str, Callable[[Job], Task]]:
        from slmdesk.children.tasks.chats import chats
        from slmdesk.children.tasks.columns import table_columns
        from slmdesk.children.tasks.read import page_image, prepare, read
        from slmdesk.children.tasks.redact import check_redacted, private_texts, redact
        from slmdesk.children.tasks.rewrite import rewrite, units
        from slmdesk.children.tasks.terms import columns, pairs, terms

        return {
            "read": read, "page_image": page_image, "prepare": prepare, "units": units, "rewrite": rewrite,
            "terms": terms, "pairs": pairs, "columns": columns, "table_columns": table_columns,
            "chats": chats, "private_texts": private_texts, "redact": redact, "check_redacted": check_redacted,
        }  # fmt: skip

    def patience_of(self, job: Job) -> float:
        return patience_s(_size_of(job))


class SpellerRole(_CountingRole):
    """Looks words up in dictionaries, which stay open."""

    kinds = ("spelling", "suggestions")

    def __init__(self) -> None:
        super().__init__()
        from slmdesk.children.tasks.spelling import Speller

        self._speller = Speller()

    def tasks(self) -> Mapping[str, Callable[[Job], Task]]:
        from slmdesk.children.tasks.spelling import spelling, suggestions

        speller = self._speller
        return {"spelling": partial(spelling, speller=speller), "suggestions": partial(suggestions, speller=speller)}


class PrinterRole(_CountingRole):
    """Prints our own data to PDF with QtGui.  Created on the main thread, as Qt's application object requires."""

    kinds = ("print",)

    def __init__(self) -> None:
        super().__init__()
        from slmdesk.children.printing.pdf import prepare

        self._app = prepare()

    def tasks(self) -> Mapping[str, Callable[[Job], Task]]:
        from slmdesk.children.tasks.printing import to_pdf

        return {"print": to_pdf}


def llama_engine(try_template: TryTemplate | None = None) -> Engine:
    """`try_template`: instead of the engine's own way, which starts a program."""
    from slmdesk.engine.llama import LlamaEngine

    return LlamaEngine() if try_template is None else LlamaEngine(try_template=try_template)
