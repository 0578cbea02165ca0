"""Projectors by which models hear: which kinds are used, whether one is sound, and the memory it needs.

libmtmd takes the numbers of the header and the weights as they come, as for pictures (projector_weights.py).  What
each kind computes stands in the pinned llama.cpp, tools/mtmd.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slmdesk.base.texts import N_
from slmdesk.models.gguf.header import GgufHeader, whole

KINDS: Mapping[str, str] = {"qwen3a": "qwen3vl", "voxtral": "llama"}
"""The projectors of the pinned llama.cpp that are used, and the architecture of the model that each is made for."""
_BANDS = 128
_POSITIONS = 1500
"""Of half a minute, in both kinds."""
_LARGEST, _MOST_STACKED = 1 << 14, 16
_CONVOLVED = "F16"
"""The only type of weights that the library convolves with."""
_NO_WEIGHTS = ("I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K")
_WINDOW_FRAMES = 800
"""Of sound that Qwen's kind computes at once."""


def type_of(header: GgufHeader) -> str:
    """The kind of projector, as llama.cpp calls it; "" where it hears nothing."""
    if header.metadata.get("clip.has_audio_encoder") is not True:
        return ""
    kinds = (header.metadata.get(key) for key in ("clip.audio.projector_type", "clip.projector_type"))
    return next((kind for kind in kinds if isinstance(kind, str) and kind), "")


def width_of(header: GgufHeader) -> int:
    return _number(header, "projection_dim")


def flaw_of(header: GgufHeader) -> str:
    """Why a projector that hears cannot be used, in a few words; "" for a sound one."""
    kind = type_of(header)
    if kind not in KINDS or header.metadata.get("clip.has_vision_encoder") is True:
        return N_("it is of a kind that is not supported")
    width, heads = _number(header, "embedding_length"), _number(header, "attention.head_count")
    numbers = (width, heads, width_of(header), _number(header, "block_count"), _number(header, "feed_forward_length"))
    if not all(numbers):
        return N_("its header names no size")
    epsilon = header.metadata.get("clip.audio.attention.layer_norm_epsilon")
    if not isinstance(epsilon, float) or not 0 <= epsilon < 1 or _number(header, "num_mel_bins") != _BANDS:
        return N_("the sizes in its header contradict each other")
    if width % heads or (kind == "voxtral" and not _can_stack(width, _stacked(header))):
        return N_("the sizes in its header contradict each other")
    needed, optional = dict(_needed(kind, header)), dict(_optional(header))
    shapes = header.tensors.shapes
    if needed.keys() - shapes.keys():
        return N_("weights are missing")
    known = needed | optional
    if any(not _fits(header, name, known.get(name)) for name in shapes):
        return N_("the sizes of its weights are not those in its header")
    return ""


def hearing_bytes(header: GgufHeader) -> int:
    """Bytes of memory that a projector needs: its weights, and what it computes half a minute in."""
    width, inner = _number(header, "embedding_length"), _number(header, "feed_forward_length")
    computed = 4 * _POSITIONS * (inner + 8 * width)
    if type_of(header) == "qwen3a":  # its first two convolutions, laid out as matrices of halves
        computed += (_WINDOW_FRAMES // 4) * (_BANDS // 4) * _channels(header) * (2 * 9 + 4 * 5)
    return header.weight_bytes + computed


def _needed(kind: str, header: GgufHeader) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and the sides, the innermost first, of each weight that the kind has."""
    width, out = _number(header, "embedding_length"), width_of(header)
    shapes = header.tensors.shapes
    first_in, inner = width, _outer(shapes, "mm.a.mlp.1.weight")
    if kind == "qwen3a":
        channels, rows = _channels(header), _BANDS // 8
        for number, into in ((1, 1), (2, channels), (3, channels)):
            yield f"a.conv2d.{number}.weight", (3, 3, into, channels)
            yield f"a.conv2d.{number}.bias", (1, 1, channels)
        yield "a.conv_out.weight", (rows * channels, width)
        yield "mm.a.mlp.1.bias", (inner,)
        yield "mm.a.mlp.2.bias", (out,)
    else:
        first_in = _stacked(header) * width
        for number, into in ((1, _BANDS), (2, width)):
            yield f"a.conv1d.{number}.weight", (3, into, width)
            yield f"a.conv1d.{number}.bias", (1, width)
    yield "a.position_embd.weight", (width, _POSITIONS)
    yield "mm.a.mlp.1.weight", (first_in, inner)
    yield "mm.a.mlp.2.weight", (inner, out)
    wide = _number(header, "feed_forward_length")
    for layer in _layers(header):
        for norm in ("ln1", "ln2"):
            yield from ((f"{layer}{norm}.{end}", (width,)) for end in ("weight", "bias"))
        yield from ((f"{layer}attn_{part}.weight", (width, width)) for part in ("q", "k", "v", "out"))
        yield from ((f"{layer}attn_{part}.bias", (width,)) for part in ("q", "v"))
        yield f"{layer}ffn_up.weight", (width, wide)
        yield f"{layer}ffn_down.weight", (wide, width)


def _optional(header: GgufHeader) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield what is used where it is there."""
    width = _number(header, "embedding_length")
    yield from ((f"a.post_ln.{end}", (width,)) for end in ("weight", "bias"))
    for layer in _layers(header):
        yield f"{layer}attn_out.bias", (width,)
        yield f"{layer}ffn_up.bias", (_number(header, "feed_forward_length"),)
        yield f"{layer}ffn_down.bias", (width,)
        if type_of(header) == "qwen3a":  # the library ends where Voxtral's has it
            yield f"{layer}attn_k.bias", (width,)


def _fits(header: GgufHeader, name: str, sides: tuple[int, ...] | None) -> bool:
    """Whether a weight has the size and a type of its place; no weight has a place that is not known."""
    kind = header.tensors.types[name]
    if sides is None or header.tensors.shapes[name] != sides:
        return False
    if name.startswith("a.conv") and name.endswith(".weight") and name != "a.conv_out.weight":
        return kind == _CONVOLVED
    if name.endswith(".bias") or len(sides) == 1 or name == "a.position_embd.weight":
        return kind == "F32"
    return kind not in _NO_WEIGHTS


def _can_stack(width: int, stacked: int) -> bool:
    """Whether the library counts as many cells as it computes: it rounds as if all widths were powers of two."""
    if not 0 < stacked <= _MOST_STACKED:
        return False
    stride = stacked * width
    rounded = (_POSITIONS // 2 * width + stride - 1) & ~(stride - 1)
    counted = -(-2 * _POSITIONS // stacked) // 4
    return rounded // stride == counted


def _stacked(header: GgufHeader) -> int:
    return _number(header, "projector.stack_factor")


def _channels(header: GgufHeader) -> int:
    """How many numbers the convolutions make of a dot: the file's own affair."""
    return _outer(header.tensors.shapes, "a.conv2d.1.weight")


def _outer(shapes: Mapping[str, tuple[int, ...]], name: str) -> int:
    sides = shapes.get(name, ())
    return sides[-1] if sides else 0


def _layers(header: GgufHeader) -> Iterator[str]:
    return (f"a.blk.{layer}." for layer in range(_number(header, "block_count")))


def _number(header: GgufHeader, key: str) -> int:
    return whole(header.metadata.get(f"clip.audio.{key}"), _LARGEST)
