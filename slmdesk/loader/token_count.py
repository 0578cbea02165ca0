"""Counts tokens with a loaded model, or with the vocabulary in a model's file.  Service thread."""

from __future__ import annotations

import os
from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.records import ModelRecord
from slmdesk.base.wire import stored_list
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending, ended


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
