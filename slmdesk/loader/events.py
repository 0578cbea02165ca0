"""Events of the engine and the library."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.types import LoadedModel
from slmdesk.runtime.events import Event, Problem


class ModelState(StrEnum):
    NONE = "none"
    NOT_LOADED = "not_loaded"
    LOADING = "loading"
    READY = "ready"
    CRASHED = "crashed"


class ModelStateChanged(Event):
    state: ModelState
    model: str | None
    name: str
    fraction: float = 0.0
    """While loading: 0..1."""
    loaded: LoadedModel | None = None
    problem: Problem | None = None
    memory_bytes: int = 0


class ModelsChanged(Event): ...
