"""Counts tokens with a loaded model, or with the vocabulary in a model's file.  Service thread."""

from __future__ import annotations

import os
from collections.abc import Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.core.records import ModelRecord
from slmdesk.core.wire import stored_list
from slmdesk.services.base.messages import problem_for, problem_of
from slmdesk.services.base.pending import Pending, ended
from slmdesk.services.engine.model_loader import ModelLoader


def count_tokens(loader: ModelLoader, record: ModelRecord, texts: Sequence[str]) -> Pending[list[int]]:
    """Return the tokens of each text for a model, loaded or not; a Problem `model.crashes` where that is not tried."""
    held = loader.loaded()
    if held is not None and held[0].id == record.id:
        return _counting(loader, texts, handle=held[1].handle)
    times = loader.times_crashed(record)
    if times:
        return ended(problem_for(KnownError("model.crashes", name=record.name, times=times)))
    return _counting(loader, texts, path=os.fsdecode(record.path))


def guessed_tokens(texts: Sequence[str]) -> list[int]:
    return [len(one.encode("utf-8", "replace")) // 3 + 1 for one in texts]


def _counting(loader: ModelLoader, texts: Sequence[str], *, handle: str = "", path: str = "") -> Pending[list[int]]:
    post = loader.service_thread.post
    job = loader.client.count_tokens(texts, lambda event: post(lambda: on_event(event)), handle=handle, path=path)
    pending: Pending[list[int]] = Pending(job.cancel)

    def on_event(event: FromChild) -> None:
        if isinstance(event, Done):
            numbers = stored_list(int, event.result.get("counts"))
            reason = problem_for(KnownError("child.protocol", reason="counts"))
            pending.end(numbers if len(numbers) == len(texts) else reason)
        elif isinstance(event, Failed):
            pending.end(problem_of(event.code, event.args))
        elif isinstance(event, Cancelled):
            pending.end(problem_for(KnownError("model.not_loaded")))

    return pending
