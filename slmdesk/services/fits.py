"""Whether a model fits this PC, from its header alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slmdesk.core.gguf import GgufHeader, check_file, require_chat_model
from slmdesk.core.memory import estimate_loaded, sensible_context
from slmdesk.core.types import MemoryParts

COMFORTABLE = 0.8
"""Of the memory that is free: more than this is tight."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A verdict before anything is loaded: 'fits', 'tight' or 'too_large'."""

    verdict: str
    memory: MemoryParts
    available_bytes: int
    context_tokens: int
    most_tokens: int = 0
    """The longest context the model was made for; 0: not known."""


def available_bytes() -> int:
    """Memory a new process can have without swapping, in bytes."""
    import psutil  # 17 ms

    return int(psutil.virtual_memory().available)


def fit_header(header: GgufHeader, context_tokens: int, available: int) -> Fit:
    """The verdict for a context of `context_tokens`, or as many as this model can have."""
    context = sensible_context(header, context_tokens, available)
    memory = estimate_loaded(header, context_tokens=context, available_bytes=available)
    verdict = "fits" if memory.total <= COMFORTABLE * available else "tight"
    if memory.total > available:
        verdict = "too_large"
    return Fit(verdict, memory, available, context, max(0, header.context_length))


def fit_file(path: Path, context_tokens: int) -> Fit:
    """The verdict for a file.  Reads its header: any thread but the window's.  Raises KnownError `model.…`."""
    header = check_file(path)
    require_chat_model(header)
    return fit_header(header, context_tokens, available_bytes())
