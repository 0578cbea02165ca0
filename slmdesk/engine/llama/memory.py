"""What a model really takes: the sizes llama.cpp reports while it lays out its buffers.

No getter is bound for them, so its log is read.  Loaded with `no_alloc` it reports the same sizes without reading a
byte of weights, in 0.1 to 0.2 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from slmdesk.core.types import MemoryParts

_MIB = 1 << 20
_CACHE = re.compile(r"^llama_(?:kv_cache|memory_recurrent)\w*: size = +([\d.]+) MiB")
_COMPUTE = re.compile(r"(?:compute|output) buffer size = +([\d.]+) MiB")
_WEIGHTS = re.compile(r"model buffer size = +([\d.]+) MiB")

_SHARE_FOR_SECOND_CONTEXT = 0.1
"""Of the free memory: what may be spent to have room for other chats and background work beside a full context."""


@dataclass(frozen=True, slots=True)
class Room:
    """Memory of this computer, in bytes."""

    available: int

    def holds(self, parts: MemoryParts) -> bool:
        """Whether a model of this size can be loaded without pushing everything else out."""
        return parts.total <= self.available


def free_memory() -> Room:
    """What other programs leave, without swapping."""
    return Room(available=int(psutil.virtual_memory().available))


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


def choose_pool(context_tokens: int, cache_bytes: int, room: Room) -> int:
    """Cells of the pool: twice the context where that costs little, so that not each new chat drives out the last.

    `cache_bytes`: what the cells of one context take.
    """
    affordable = cache_bytes <= room.available * _SHARE_FOR_SECOND_CONTEXT
    return 2 * context_tokens if affordable else context_tokens
