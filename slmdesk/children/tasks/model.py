"""Loads and unloads models, and counts tokens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from slmdesk.base.protocol import Progress
from slmdesk.base.record import to_json
from slmdesk.base.types import LoadedModel, LoadSpec
from slmdesk.base.wire import record_from
from slmdesk.children.tasks.base import Job, Task, TaskEvent
from slmdesk.engine.base import Engine

SENT_S = 0.1
"""In which the line that names a card leaves the process: a driver may end it at once, and the app must know why."""


def load(job: Job, engine: Engine) -> Task:
    """Payload: a LoadSpec.  Progress in permille, its `key` the card that is being used; a LoadedModel."""
    spec = record_from(LoadSpec, job.payload)

    def work(notify: Callable[[TaskEvent], None]) -> LoadedModel:
        last, card = -1, ""

        def on_progress(part: float) -> bool:
            nonlocal last, card
            permille, old = int(part * 1000), card
            card = engine.card_of_load()
            if permille > last or card != old:
                last = permille
                notify(Progress(job.id, permille, 1000, "permille", card))
            if card and card != old:
                time.sleep(SENT_S)
            return not job.is_cancelled

        return engine.load(spec, on_progress)

    loaded = yield from job.reported_by(work)
    if job.is_cancelled:  # nobody would know the handle
        engine.unload(loaded.handle)
        job.check()
    return to_json(loaded)


def unload(job: Job, engine: Engine, handle: str) -> Task:
    """Free a model; an unknown handle is no error."""
    yield from ()
    engine.unload(handle)
    return {}


def count_tokens(job: Job, engine: Engine, texts: Sequence[str], *, handle: str, path: str) -> Task:
    """Result {counts}: with no handle by the vocabulary of the file at `path` alone."""
    yield from ()
    counts = engine.count_tokens(handle, texts) if handle else engine.count_tokens_of_file(path, texts)
    return {"counts": list(counts)}
