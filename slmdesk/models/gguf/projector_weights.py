"""The weights of a projector against the sizes in its header.

libmtmd takes the weights as they come: one of another size, or one that is missing where its kind has it, ends the
process or has memory read that is not its own. What each kind computes stands in the pinned llama.cpp, tools/mtmd.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from slmdesk.base.record import Record
from slmdesk.models.gguf.header import Tensors

Shapes = Mapping[str, tuple[int, ...]]
Weight = tuple[str, tuple[int, ...]]
"""Name and sides, the innermost first."""

_QWEN, _GEMMA4 = ("qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger"), ("gemma4v", "gemma4uv")
_SWAPPED = ("qwen2vl_merger", "qwen2.5vl_merger", "gemma3", "idefics3")
"""Kinds of which old files call the two matrices of a layer's network by each other's name."""
_NO_WEIGHTS = ("I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K")
_WINDOW = 112
"""Dots of a window of Qwen 2.5, whatever the header says."""


class Sizes(Record):
    """Of the part that sees."""

    width: int
    heads: int
    kv_heads: int
    head_length: int
    layers: int
    image: int
    patch: int
    merge: int
    out: int
    """Width of the model it is made for."""

    @property
    def attended(self) -> int:
        return self.heads * self.head_length

    @property
    def side(self) -> int:
        """Patches along a side of a picture."""
        return self.image // self.patch

    @property
    def merged(self) -> int:
        """Width of the patches that become one."""
        return self.width * self.merge * self.merge


def are_possible(kind: str, sizes: Sizes) -> bool:
    """Whether a kind can compute with these sizes at all."""
    if kind in _QWEN:
        fits_window = kind != "qwen2.5vl_merger" or sizes.patch * sizes.merge <= _WINDOW
        return sizes.merge == 2 and sizes.head_length % 4 == 0 and fits_window
    if kind == "lfm2":
        return sizes.merge > 1
    if kind == "idefics3":
        return sizes.merge > 1 and sizes.side % sizes.merge == 0
    if kind in ("internvl", "gemma3"):
        return sizes.side % sizes.merge == 0
    return kind == "gemma4uv" or sizes.head_length % 4 == 0


def wrong_weight(kind: str, sizes: Sizes, tensors: Tensors) -> str:
    """Return the name of a weight that is missing, too many, or of another size or type; "" where all fit."""
    shapes = tensors.shapes
    needed, further = dict(_needed(kind, sizes, shapes)), dict(_further(kind, sizes, shapes))
    for name in _unwanted(kind, sizes):
        if name in shapes:
            return name
    for name, sides in (needed | further).items():
        if name not in shapes:
            if name in needed:
                return name
        elif _bare(shapes[name]) != _bare(sides) or not _is_computed(kind, name, sides, tensors.types[name]):
            return name
    return ""


def _is_computed(kind: str, name: str, sides: tuple[int, ...], type_name: str) -> bool:
    """Whether the library can compute with a weight of this type in this place."""
    if len(_bare(sides)) <= 1 or (name == "v.position_embd.weight" and kind not in _GEMMA4):
        return type_name == "F32"
    if name.startswith("v.patch_embd.") and kind != "gemma4uv":
        return type_name in ("F32", "F16")
    if name == "mm.input_projection.weight" and kind == "gemma3":
        return type_name in ("F32", "F16", "BF16")
    return type_name not in _NO_WEIGHTS


def _bare(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Sides of 1 at the end say nothing."""
    count = len(sides)
    while count and sides[count - 1] == 1:
        count -= 1
    return sides[:count]


def _outer(shapes: Shapes, name: str) -> int:
    """How wide a matrix makes what it is given, where that is the file's own affair."""
    return math.prod(shapes.get(name, ())[1:])


def _needed(kind: str, sizes: Sizes, shapes: Shapes) -> Iterator[Weight]:
    width = sizes.width
    if kind == "gemma4uv":
        dots = 3 * (sizes.patch * sizes.merge) ** 2
        yield "v.patch_embd.weight", (dots, width)
        yield "v.patch_embd.bias", (width,)
        for number, wide in ((1, dots), (2, width), (3, width)):
            yield from _both(f"v.patch_norm.{number}", (wide,))
    else:
        yield "v.patch_embd.weight", (sizes.patch, sizes.patch, 3, width)
        for layer in range(sizes.layers):
            yield from _layer(kind, sizes, shapes, f"v.blk.{layer}.")
    if kind in _QWEN:
        yield "v.patch_embd.weight.1", (sizes.patch, sizes.patch, 3, width)
    if kind == "qwen3vl_merger":
        yield "v.patch_embd.bias", (width,)
        yield "v.position_embd.weight", (width, _square(shapes))
    if kind in _GEMMA4:
        yield "v.position_embd.weight", (width, max(sizes.side, _outer(shapes, "v.position_embd.weight") // 2), 2)
    resized = dict.fromkeys(("lfm2", "paddleocr"), _square(shapes))
    places = {"internvl": sizes.side**2 + 1, **resized}.get(kind, sizes.side**2)
    if kind in ("gemma3", "idefics3", "internvl", *resized):
        yield "v.position_embd.weight", (width, places)
    if kind == "internvl":
        yield "v.class_embd", (width,)
    yield from _last(kind, sizes, shapes)


def _layer(kind: str, sizes: Sizes, shapes: Shapes, layer: str) -> Iterator[Weight]:
    width, attended, others = sizes.width, sizes.attended, sizes.kv_heads * sizes.head_length
    yield f"{layer}attn_out.weight", (attended, width)
    if f"{layer}attn_qkv.weight" in shapes and kind not in ("qwen2vl_merger", "qwen2.5vl_merger"):
        parts = [("attn_qkv", 3 * attended)]
    elif kind == "qwen3vl_merger":
        parts = [("attn_qkv", 3 * width)]
    else:
        parts = [("attn_q", attended), ("attn_k", others), ("attn_v", others)]
    for part, wide in parts:
        yield f"{layer}{part}.weight", (width, wide)
        if kind in _QWEN:
            yield f"{layer}{part}.bias", (wide,)
    yield from ((f"{layer}{norm}.weight", (width,)) for norm in ("ln1", "ln2"))
    up, down, inner = _network(kind, sizes, shapes, layer)
    yield f"{layer}{up}.weight", (width, inner)
    yield f"{layer}{down}.weight", (inner, width)


def _network(kind: str, sizes: Sizes, shapes: Shapes, layer: str) -> tuple[str, str, int]:
    """The names of the first and the second matrix of a layer's network, and how wide it is between them."""
    up, down = "ffn_up", "ffn_down"
    if kind in _SWAPPED and shapes.get(f"{layer}{down}.weight", (0,))[0] == sizes.width:
        up, down = down, up
    return up, down, _outer(shapes, f"{layer}{up}.weight")


def _last(kind: str, sizes: Sizes, shapes: Shapes) -> Iterator[Weight]:
    """What makes the model's tokens of what was seen."""
    width, merged, out = sizes.width, sizes.merged, sizes.out
    if kind == "gemma3":
        yield "mm.input_projection.weight", (out, width)
        yield "mm.soft_emb_norm.weight", (width,)
    elif kind in _GEMMA4:
        yield "mm.input_projection.weight", (width, out)
    elif kind == "idefics3":
        yield "mm.model.fc.weight", (merged, out)
    else:
        first, second = _PAIRS.get(kind, ("mm.0", "mm.2"))
        inner = _outer(shapes, f"{first}.weight")
        is_apart = kind == "pixtral"  # there a matrix of its own merges the patches, and nothing has a bias
        yield f"{first}.weight", (width if is_apart else merged, inner)
        yield f"{second}.weight", (inner, out)
        if not is_apart:
            yield f"{first}.bias", (inner,)
            yield f"{second}.bias", (out,)
    if kind == "internvl":
        yield from _both("mm.model.mlp.0", (merged,))
    if kind == "paddleocr":
        yield from _both("mm.input_norm", (width,))
    if kind == "pixtral":
        yield "v.token_embd.img_break", (out,)
        if sizes.merge > 1 or "mm.patch_merger.weight" in shapes:
            yield "mm.patch_merger.weight", (merged, width)
            yield "mm.input_norm.weight", (width,)


_PAIRS = {
    "internvl": ("mm.model.mlp.1", "mm.model.mlp.3"),
    "lfm2": ("mm.1", "mm.2"),
    "paddleocr": ("mm.1", "mm.2"),
    "pixtral": ("mm.1", "mm.2"),
}


def _further(kind: str, sizes: Sizes, shapes: Shapes) -> Iterator[Weight]:
    """What is used where it is there."""
    width, attended, others = sizes.width, sizes.attended, sizes.kv_heads * sizes.head_length
    for name in ("v.pre_ln", "v.post_ln"):
        yield from _both(name, (width,))
    yield from ((name, (width,)) for name in ("v.patch_embd.bias", "v.std_bias", "v.std_scale"))
    if kind == "lfm2":
        yield from _both("mm.input_norm", (sizes.merged,))
    if kind == "pixtral":
        yield from ((f"{name}.bias", (_outer(shapes, f"{name}.weight"),)) for name in ("mm.1", "mm.2"))
    for layer in (f"v.blk.{number}." for number in range(sizes.layers)):
        up, down, inner = _network(kind, sizes, shapes, layer)
        yield f"{layer}ffn_gate.weight", (width, inner)
        yield from ((f"{layer}{name}.bias", (inner,)) for name in (up, "ffn_gate"))
        yield from ((f"{layer}{name}.bias", (width,)) for name in ("attn_out", "ln1", "ln2", down))
        yield from ((f"{layer}{name}.bias", (wide,)) for name, wide in (
            ("attn_qkv", 3 * attended), ("attn_q", attended), ("attn_k", others), ("attn_v", others),
        ))  # fmt: skip
        scales = ("ls1", "ls2", "out_scale", "attn_post_norm", "ffn_post_norm")
        yield from ((f"{layer}{name}.weight", (width,)) for name in scales)
        is_each = shapes.get(f"{layer}attn_q_norm.weight") == (sizes.head_length,)
        yield f"{layer}attn_q_norm.weight", (sizes.head_length if is_each else attended,)
        yield f"{layer}attn_k_norm.weight", (sizes.head_length if is_each else others,)
        deep = f"v.deepstack.{layer.split('.')[2]}."
        wide = _outer(shapes, f"{deep}fc1.weight")
        yield from _both(f"{deep}norm", (sizes.merged,))
        yield f"{deep}fc1.weight", (sizes.merged, wide)
        yield f"{deep}fc1.bias", (wide,)
        yield f"{deep}fc2.weight", (wide, sizes.out)
        yield f"{deep}fc2.bias", (sizes.out,)


def _unwanted(kind: str, sizes: Sizes) -> Iterator[str]:
    """What the kind cannot have: the library ends at some, and takes the others for weights of another kind."""
    if kind in _QWEN:
        yield "v.class_embd"
    if kind in ("qwen2vl_merger", "qwen2.5vl_merger"):
        yield "v.patch_embd.bias"
    yield from (f"v.blk.{layer}.ffn_gate_exps.weight" for layer in range(sizes.layers))


def _square(shapes: Shapes) -> int:
    """How many places there are in a table of them; 0 where they make no square."""
    places = _outer(shapes, "v.position_embd.weight")
    return places if math.isqrt(places) ** 2 == places else 0


def _both(name: str, sides: tuple[int, ...]) -> Iterator[Weight]:
    yield from ((f"{name}.{end}", sides) for end in ("weight", "bias"))
