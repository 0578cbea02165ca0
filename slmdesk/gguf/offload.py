"""How many layers of a model a graphics card holds.

llama.cpp offloads the output first, then layers from the last backwards; the table of tokens stays in the PC's memory.
A layer takes its weights and its part of the KV cache with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from slmdesk.base.record import Record
from slmdesk.base.types import Json, Offload
from slmdesk.base.wire import stored_from
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.memory import cache_by_layer

RESERVE = 1 << 30
"""Bytes of a card that stay free: the screen and other programs ask for more later.  llama.cpp's own tools leave as
much.
"""


class CardNeeds(Record):
    layers: tuple[int, ...]
    output: int
    compute: int

    def bytes_of(self, count: int) -> int:
        """With `count` layers on the card, the output counted as the first."""
        return self._sums()[count - 1] if count > 0 else 0

    def layers_within(self, free_bytes: int) -> int:
        """How many layers fit beside the reserve: 0, or up to all with the output."""
        return sum(needed <= free_bytes - RESERVE for needed in self._sums())

    def _sums(self) -> list[int]:
        return list(accumulate((self.compute + self.output, *reversed(self.layers))))


def card_needs(header: GgufHeader, *, context_tokens: int, sequences: int, batch: int, compute_bytes: int) -> CardNeeds:
    tensors = header.tensors
    caches = cache_by_layer(header, context_tokens, sequences, batch)
    layers = tuple(tensors.layer_bytes.get(number, 0) + cache for number, cache in enumerate(caches))
    output = header.weight_bytes - sum(tensors.layer_bytes.values()) - tensors.table_bytes
    if "output.weight" not in tensors.shapes:  # the table of tokens is the output too: the card gets a copy
        output += tensors.table_bytes
    return CardNeeds(layers, max(0, output), compute_bytes)


def offload_words(offload: Offload) -> str:
    share = f"all {offload.of}" if offload.layers >= offload.of else f"{offload.layers} of {offload.of}"
    return f"{share} layers on {offload.device}"


def offload_of(info: Mapping[str, Json]) -> Offload | None:
    return stored_from(Offload, info.get("offload"))
