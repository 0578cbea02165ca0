"""The memory a model really needs: the sizes llama.cpp logs while it allocates its buffers.

No getter is bound for them, so the log is read.  Loaded with `no_alloc` it logs the same sizes without reading a
byte of weights, in 0.1 to 0.2 s.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterable

import psutil

from slmdesk.base.record import Record
from slmdesk.base.types import MemoryParts

_MIB = 1 << 20
_CACHE = re.compile(r"^llama_(?:kv_cache|memory_recurrent)\w*: size = +([\d.]+) MiB")
_COMPUTE = re.compile(r"(?:compute|output) buffer size = +([\d.]+) MiB")
_CARD_COMPUTE = re.compile(r"(\S+) +(?:compute|output) buffer size = +([\d.]+) MiB")
_WEIGHTS = re.compile(r"model buffer size = +([\d.]+) MiB")


class MemoryStatus(Record):
    """Memory of this computer, in bytes."""

    available: int

    def holds(self, parts: MemoryParts) -> bool:
        """Whether a model of this size can be loaded without pushing everything else out of memory."""
        return parts.total <= self.available


def free_memory() -> MemoryStatus:
    """The memory that other programs leave free, without swapping."""
    return MemoryStatus(available=int(psutil.virtual_memory().available))


def parts_from_log(lines: Iterable[str], *, weights: int | None = None) -> MemoryParts:
    """The sizes named in the log of one load and one context.  `weights`: bytes, where the log has none (no_alloc)."""
    cache = compute = buffers = 0.0
    for line in lines:
        if found := _CACHE.search(line):
            cache += float(found[1])
        elif found := _COMPUTE.search(line):
            compute += float(found[1])
        elif found := _WEIGHTS.search(line):
            buffers += float(found[1])
    return MemoryParts(
        weights=int(buffers * _MIB) if weights is None else weights,
        kv_cache=int(cache * _MIB),
        compute=int(compute * _MIB),
    )


def compute_from_log(lines: Iterable[str], card: str) -> int:
    sizes = [found for line in lines if (found := _CARD_COMPUTE.search(line)) and found[1].startswith(card)]
    return int(sum(float(one[2]) for one in sizes) * _MIB)


def give_back_freed() -> None:
    """Return freed memory to the system: glibc keeps blocks below 32 MiB, hundreds of megabytes of a model."""
    if sys.platform == "linux" and hasattr(c := ctypes.CDLL(None), "malloc_trim"):
        c.malloc_trim(0)
