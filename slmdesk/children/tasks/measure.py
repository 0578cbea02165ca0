"""Examines and measures this PC, independent of any model."""

from __future__ import annotations

from slmdesk.base.record import to_json
from slmdesk.base.types import Backends, PcMeasurement
from slmdesk.children.tasks.base import Job, Task
from slmdesk.engine.base import Engine

SECONDS = 0.8
"""With the start of the child and the filling of the memory that is read, about one."""


def measure(job: Job, engine: Engine) -> Task:
    """No payload.  Result: a PcMeasurement.  Raises Stopped."""
    from slmdesk.engine.bandwidth import measure_bandwidth
    from slmdesk.engine.llama.threads import usable_cores

    yield from ()
    threads = usable_cores()
    found = measure_bandwidth(threads, seconds=SECONDS, keep_going=lambda: not job.is_cancelled)
    job.check()
    return to_json(PcMeasurement(found, threads, engine.devices()))


def backends(job: Job, engine: Engine) -> Task:
    """No payload.  Result: the Backends of the library, found without computing anything."""
    yield from ()
    job.check()
    return to_json(Backends(engine.backends(), engine.devices()))
