"""The graphics cards of this PC, and how many layers of a model go onto one."""

from __future__ import annotations

import ctypes
from typing import Any

from slmdesk.base.record import Record
from slmdesk.base.types import Device, Offload
from slmdesk.base.untrusted import clean_label
from slmdesk.children.engine.llama.library import ggml_of, load_library, processor_variant
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.memory import card_needs

_GPU, _INTEGRATED_GPU = 1, 2
"""Of enum ggml_backend_dev_type, in ggml-backend.h of llama.cpp."""
_MOST = 64


class Card(Record):
    device: Device
    name: str
    """What its buffers are called in the log: "Vulkan0"."""
    pointer: int


def find_cards() -> tuple[Card, ...]:
    """The graphics cards; none where the library was built without support.  Any thread; loads the library."""
    try:
        return _cards(bound())
    except (OSError, AttributeError):  # another build of the library, with other file or function names
        return ()


def find_backends() -> tuple[str, ...]:
    """What the library computes with: "CPU (haswell)", "Vulkan".  Any thread; loads the library."""
    try:
        ggml = bound()
        numbers = range(min(_MOST, ggml.ggml_backend_reg_count()))
        names = [_text(ggml.ggml_backend_reg_name(ggml.ggml_backend_reg_get(number))) for number in numbers]
    except (OSError, AttributeError):
        return ()
    variant = processor_variant()
    return tuple(f"{name} ({variant})" if name == "CPU" and variant else name for name in names)


def best_card() -> Card | None:
    """The card models are put on: that with the most free memory, an integrated card only where there is no other.

    A single card, since a model that is spread over several waits for their slowest link.
    """
    return max(find_cards(), key=lambda card: (not card.device.is_integrated, card.device.free_bytes), default=None)


def bound() -> Any:
    """The library ggml, with the argument and result types of the functions used.  Raises OSError, AttributeError."""
    ggml = ggml_of(load_library().api)
    for name in ("ggml_backend_dev_count", "ggml_backend_reg_count"):
        getattr(ggml, name).restype = ctypes.c_size_t
    for name in ("ggml_backend_dev_get", "ggml_backend_reg_get"):
        getattr(ggml, name).argtypes = [ctypes.c_size_t]
        getattr(ggml, name).restype = ctypes.c_void_p
    for name in ("ggml_backend_dev_name", "ggml_backend_dev_description", "ggml_backend_reg_name"):
        getattr(ggml, name).argtypes = [ctypes.c_void_p]
        getattr(ggml, name).restype = ctypes.c_char_p
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_type.restype = ctypes.c_int
    size = ctypes.POINTER(ctypes.c_size_t)
    ggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    ggml.ggml_backend_dev_memory.restype = None
    return ggml


def _cards(ggml: Any) -> tuple[Card, ...]:
    cards = []
    for number in range(min(_MOST, ggml.ggml_backend_dev_count())):
        pointer = ggml.ggml_backend_dev_get(number)
        kind = ggml.ggml_backend_dev_type(pointer)
        if kind in (_GPU, _INTEGRATED_GPU):
            cards.append(_card(ggml, pointer, is_integrated=kind == _INTEGRATED_GPU))
    return tuple(cards)


def _card(ggml: Any, pointer: int, *, is_integrated: bool) -> Card:
    free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
    ggml.ggml_backend_dev_memory(pointer, ctypes.byref(free), ctypes.byref(total))
    label = _text(ggml.ggml_backend_dev_description(pointer))
    device = Device(label, int(total.value), int(free.value), is_integrated)
    return Card(device, _text(ggml.ggml_backend_dev_name(pointer)), pointer)


def _text(raw: bytes | None) -> str:
    return clean_label((raw or b"").decode("utf-8", "replace"), 80)


class Placement(Record):
    """Where the layers of a model go: the last `layers` of them, the output counted as a layer, onto a card."""

    card: Card | None = None
    layers: int = 0


ON_PROCESSOR = Placement()


def offload_of(placement: Placement, header: GgufHeader) -> Offload | None:
    card, layers = placement.card, placement.layers
    return Offload(card.device.name, layers, header.layers + 1) if card and layers else None


def layers_on(
    placement: Placement, header: GgufHeader, *, cells: int, sequences: int, batch_tokens: int, compute_bytes: int
) -> tuple[int, int]:
    """How many of the layers of a placement its card has room for, and the bytes of weights that are there then.

    `compute_bytes`: of the buffers for computing on the card.
    """
    if placement.card is None:
        return 0, 0
    needs = card_needs(
        header, context_tokens=cells, sequences=sequences, batch=batch_tokens, compute_bytes=compute_bytes
    )
    layers = min(placement.layers, needs.layers_within(placement.card.device.free_bytes))
    copied = header.tensors.table_bytes if "output.weight" not in header.tensors.shapes else 0
    return layers, max(0, needs.bytes_of(layers) - compute_bytes - copied)
