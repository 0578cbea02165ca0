"""LoRA adapters in GGUF files: whether one can be used at all, and which models it fits, from the headers alone.

An adapter is a small change to some of a model's matrices, kept as two thin ones (A and B) for each.  llama.cpp itself
checks only part of what follows and ends the process over the rest (found with the pinned version: whole numbers as
weights, a third dimension, a change to a token table that is the output too).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.parse import ALPHA
from slmdesk.gguf.reader import damaged

A, B = ".lora_a", ".lora_b"
MOST_STRENGTH = 2.0
"""Times the adapter as its makers meant it; above, small models only stammer."""
_NORM = "_norm.weight"
"""A file may contain changes of norms; llama.cpp ignores them."""
_TABLE, _OUTPUT = "token_embd.weight", "output.weight"
_NO_WEIGHTS = frozenset({"I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K"})
_ACTIVATED = "adapter.alora.invocation_tokens"


def require_adapter(header: GgufHeader) -> None:
    """Raise KnownError model.wrong_kind for what is no adapter, model.unsupported or model.damaged for one that
    llama.cpp cannot use, as far as its own header tells.
    """
    if header.kind != "adapter":
        raise KnownError("model.wrong_kind", kind=header.kind)
    if not header.architecture:
        raise damaged("no architecture is named")
    kind = header.metadata.get("adapter.type")
    if header.metadata.get("general.type") != "adapter" or kind != "lora" or _ACTIVATED in header.metadata:
        other = "aLoRA" if _ACTIVATED in header.metadata else clean_label(str(kind), 40)
        raise KnownError("model.unsupported", architecture=f"adapter of the kind {other}")
    alpha = header.metadata.get(ALPHA, 1.0)
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        raise damaged("its strength is no number")
    if _NO_WEIGHTS & header.tensors.bytes_by_type.keys():
        raise damaged("its weights are of a type that cannot be computed with")
    if not list(_pairs(header)):
        raise damaged("it changes nothing")


def misfit(base: GgufHeader, adapter: GgufHeader) -> str:
    """Why an adapter does not fit a model, in short; empty when it does.  Both are checked headers."""
    if adapter.architecture != base.architecture:
        return f"it is made for {clean_label(adapter.architecture, 40)}, not for {clean_label(base.architecture, 40)}"
    for name, a, b in _pairs(adapter):
        shape = base.tensors.shapes.get(name)
        part = clean_label(name.removesuffix(".weight"), 40)
        if shape is None:
            return f"the model has no part {part}"
        if name == _TABLE and _OUTPUT not in base.tensors.shapes:
            return f"the model uses its part {part} twice"
        if not _fits(shape, a, b, is_table=name == _TABLE):
            return f"the model's part {part} has another size"
    return ""


def base_name(header: GgufHeader) -> str:
    """The model an adapter says it was made for; empty where it says nothing.  A hint for people, no proof."""
    for key in ("general.base_model.0.name", "general.base_model.0.repo_url"):
        value = header.metadata.get(key)
        if isinstance(value, str) and value:
            return clean_label(value, 120)
    return ""


def _pairs(header: GgufHeader) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Raises KnownError."""
    shapes = header.tensors.shapes
    for name, shape in shapes.items():
        if name.endswith(A):
            other = shapes.get(name.removesuffix(A) + B)
            if other is None:
                raise damaged(f"{clean_label(name, 60)} stands alone")
            if len(shape) > 3 or len(other) > 3:
                raise damaged(f"{clean_label(name, 60)} has too many dimensions")
            yield name.removesuffix(A), _padded(shape), _padded(other)
        elif name.endswith(B):
            if name.removesuffix(B) + A not in shapes:
                raise damaged(f"{clean_label(name, 60)} stands alone")
        elif not name.endswith(_NORM):
            raise damaged(f"{clean_label(name, 60)} is no part of an adapter")


def _fits(shape: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...], *, is_table: bool) -> bool:
    """Source: llama.cpp's llama-adapter.cpp; of a token table both matrices lie the other way."""
    into, out, *more = _padded(shape)
    if is_table:
        return (out, into, a[0]) == (a[1], b[1], b[0]) and [*a[2:]] == [*b[2:]] == more
    return (into, out, a[1]) == (a[0], b[1], b[0]) and [*a[2:]] == [*b[2:]] == more


def _padded(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape, *(1 for _ in range(3 - len(shape))))
