"""Estimates from its header whether a model fits this PC's memory."""

from __future__ import annotations

from pathlib import Path

from slmdesk.base.record import Record, changed, field
from slmdesk.base.types import Device, MemoryParts
from slmdesk.gguf.memory import estimate_loaded, sensible_context
from slmdesk.gguf.read import GgufHeader, check_file, require_chat_model
from slmdesk.gguf.speed import Pace, Speed

COMFORTABLE = 0.8
"""Of the memory that is free: more than this is tight."""
CARD_SHARE = 0.9
"""Of a graphics card's memory: what the screen and others leave."""


class Fit(Record):
    """The verdict before loading: 'fits', 'tight' or 'too_large'."""

    verdict: str
    memory: MemoryParts
    available_bytes: int
    context_tokens: int
    most_tokens: int = 0
    """The longest context the model was made for; 0: not known."""
    speed: Speed | None = None
    """What to expect; None: this PC was not measured yet."""
    device: str = ""
    """The graphics card that holds it, whose memory `available_bytes` then is; empty: the PC's own memory does."""


class Pc(Record):
    """Any thread."""

    available_bytes: int
    pace: Pace = field(default_factory=Pace)
    devices: tuple[Device, ...] = ()

    @property
    def best_bytes(self) -> int:
        """The largest memory a model can have as a whole."""
        return max(self.available_bytes, *(round(one.memory_bytes * CARD_SHARE) for one in self.devices), 0)


def available_bytes() -> int:
    """Memory a new process can have without swapping, in bytes."""
    import psutil  # 17 ms

    return int(psutil.virtual_memory().available)


def fit_header(header: GgufHeader, context_tokens: int, pc: Pc, *, sha256: str = "") -> Fit:
    """The verdict for a context of `context_tokens`, or as many as this model can have.

    A graphics card is taken where one holds the whole model; `sha256`: whether its speed was measured here.
    """
    fit = _fit_into(header, context_tokens, pc.available_bytes)
    for device in sorted(pc.devices, key=lambda one: -one.memory_bytes):
        on_card = _fit_into(header, context_tokens, round(device.memory_bytes * CARD_SHARE))
        if on_card.verdict == "fits":
            fit = changed(on_card, device=device.name)
            break
    return changed(fit, speed=pc.pace.of_header(header, sha256=sha256))


def _fit_into(header: GgufHeader, context_tokens: int, available: int) -> Fit:
    context = sensible_context(header, context_tokens, available)
    memory = estimate_loaded(header, context_tokens=context, available_bytes=available)
    verdict = "fits" if memory.total <= COMFORTABLE * available else "tight"
    if memory.total > available:
        verdict = "too_large"
    return Fit(verdict, memory, available, context, max(0, header.context_length))


def fit_file(path: Path, context_tokens: int, pc: Pc, *, sha256: str = "") -> Fit:
    """Reads its header: any thread but the window's.  Raises KnownError `model.…`."""
    header = check_file(path)
    require_chat_model(header)
    return fit_header(header, context_tokens, pc, sha256=sha256)


_BESIDE_WEIGHTS = 1.1, 200 << 20
"""Of memory, for a chat of usual length, when only the size of a file is known: times, plus."""


def fit_by_size(size: int, available: int) -> str:
    """The verdict on a model of which only the size in bytes is known; `unknown` for 0."""
    times, plus = _BESIDE_WEIGHTS
    needed = size * times + plus
    if not size:
        return "unknown"
    if needed > available:
        return "too_large"
    return "fits" if needed <= COMFORTABLE * available else "tight"


def weights_budget(available: int) -> int:
    """Bytes a model's weights may have, where so much memory is free: the rest is for the context and the program."""
    times, plus = _BESIDE_WEIGHTS
    return max(0, round((available * COMFORTABLE - plus) / times))
