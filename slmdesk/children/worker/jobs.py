"""Runs the jobs of a child: each on a thread of its own, each ended exactly once."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing

from slmdesk.base.errors import BUG_CODE, KnownError, Stopped
from slmdesk.base.protocol import Cancelled, Cancelling, Done, Failed, FromChild, Step
from slmdesk.children.tasks.base import Job, Task
from slmdesk.children.worker.traces import trace_of

log = logging.getLogger(__name__)

EXIT_OUT_OF_MEMORY = 77
"""A status that the client distinguishes from all other ends."""
MAX_EARLY_CANCELS = 1000


def run_job(job: Job, events: Task, send: Callable[[FromChild], None]) -> None:
    """Drive one job: send its events, then exactly one Done, Failed or Cancelled."""
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
        """Run a job on a thread of its own.  False: there is one with that id."""
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
        """Acknowledge at once, end soon.  A cancel may overtake its job's start: it is remembered."""
        self._send(Cancelling(ident))
        with self._lock:
            job, _ = self._jobs.get(ident, (None, None))
            if job is None:
                self._cancelled_early[ident] = None
                if len(self._cancelled_early) > MAX_EARLY_CANCELS:
                    self._cancelled_early.popitem(last=False)
        if job is not None:
            job.cancel()

    def add_step(self, step: Step) -> None:
        """Hand a step to its job; one for a job that has ended is late and dropped."""
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
        for job, _ in running:
            job.cancel()
        for _, thread in running:
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
