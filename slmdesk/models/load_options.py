"""Options of a model before it is loaded: recommended sampling, context sizes and their memory, matching adapters.

On the service thread; files are read on another.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Sampling
from slmdesk.gguf.adapter import misfit, require_adapter
from slmdesk.gguf.memory import estimate_loaded
from slmdesk.gguf.read import GgufHeader, check_file, require_chat_model
from slmdesk.models.fit import available_bytes
from slmdesk.models.service import ModelService
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)


class AdapterChoice(Record):
    id: str
    name: str
    reason: str = ""
    """Why it does not fit; empty when it does."""


class ContextChoice(Record):
    tokens: int
    bytes: int
    fits: bool


class LoadOptions(Record):
    model: ModelRecord
    makers: Sampling
    """As its file recommends; None where it says nothing."""
    most_context: int
    """Tokens it was made for; 0: its file does not say."""
    contexts: tuple[ContextChoice, ...]
    adapters: tuple[AdapterChoice, ...]


class LoadOptionsService(Service):
    def __init__(self, runtime: Runtime, models: ModelService) -> None:
        super().__init__(runtime)
        self._models = models
        self._known: dict[tuple[str, str], str] = {}
        """Why an adapter does not fit a model, by their sha256."""

    def look(self, model: str) -> Pending[LoadOptions]:
        """What can be set for a model (''; the one that answers when none is named).  Raises KnownError `model.…`."""
        record = self._models.choose(model or None)
        adapters = [one for one in self._models.list() if one.kind == "adapter"]
        current, state = self._settings.current.context_tokens, self._models.state
        held = state.memory_bytes if state.model == record.id else 0

        return pending_on_file_thread(
            self._service_thread, lambda: self._looked(record, adapters, current, held), name="load options"
        )

    def _looked(
        self, record: ModelRecord, adapters: Sequence[ModelRecord], current: int, held_bytes: int
    ) -> LoadOptions:
        """On a file thread.  `held_bytes`: what the model takes now, where it is the one that is loaded."""
        header = check_file(Path(os.fsdecode(record.path)))
        require_chat_model(header)
        return LoadOptions(
            record,
            header.sampling,
            header.context_length,
            _contexts(header, current, available_bytes() + held_bytes),
            tuple(AdapterChoice(one.id, one.name, self._why_not(record, header, one)) for one in adapters),
        )

    def _why_not(self, record: ModelRecord, header: GgufHeader, adapter: ModelRecord) -> str:
        pair = (record.sha256, adapter.sha256)
        if pair not in self._known:
            try:
                its = check_file(Path(os.fsdecode(adapter.path)))
                require_adapter(its)
                reason = misfit(header, its)
            except KnownError as err:
                return problem_for(err).sentence  # its folder may come back
            self._known[pair] = reason
        return self._known[pair]


def _contexts(header: GgufHeader, current: int, free: int) -> tuple[ContextChoice, ...]:
    """The sizes up to what the model was made for, that one too, and the one in force."""
    most = header.context_length or max(CONTEXTS)
    sizes = {size for size in CONTEXTS if size <= most} | {min(current, most), min(most, max(CONTEXTS))}
    choices = []
    for size in sorted(sizes):
        needed = estimate_loaded(header, context_tokens=size, available_bytes=free).total
        choices.append(ContextChoice(size, needed, fits=needed <= free))
    return tuple(choices)
