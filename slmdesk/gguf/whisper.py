"""Headers of speech models of the Whisper family in whisper.cpp's own format (ggml-*.bin).

whisper.cpp believes the numbers at the file's beginning. So all of it is checked here: the numbers are those of a real
Whisper, and each tensor is there once with the size that follows from them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from io import RawIOBase
from types import MappingProxyType

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.types import Sampling
from slmdesk.gguf.header import WEIGHT_TYPES, CutShort, GgufHeader, HeaderReader, Tensors, damaged, name_of

KIND, ENGLISH = "whisper", "whisper.en"
"""Kind and architecture of these models, and the architecture of those that know English alone."""
_NUMBERS = struct.Struct("<4s11I")
_FREQUENCIES = 201
_WORDS = 50_256
"""Pieces of words, at least.  Of the vocabulary the signs for languages and times come after them."""
_ENGLISH_ALONE = 51_864
_MOST_PIECE, _MOST_LAYERS, _MOST_STATE = 1024, 64, 2048
_SIZES = {384: "tiny", 512: "base", 768: "small", 1024: "medium", 1280: "large"}
_TURBO_LAYERS = 4


class Shape(Record):
    vocabulary: int
    context: int
    state: int
    heads: int
    layers: int
    text_context: int
    text_state: int
    text_heads: int
    text_layers: int
    bands: int
    file_type: int

    @property
    def is_real(self) -> bool:
        sizes = self.state, self.text_state
        return (
            _ENGLISH_ALONE <= self.vocabulary <= _ENGLISH_ALONE + 2
            and (self.context, self.text_context) == (1500, 448)
            and self.bands in (80, 128)
            and all(0 < layers <= _MOST_LAYERS for layers in (self.layers, self.text_layers))
            and self.state == self.text_state
            and sizes == (64 * self.heads, 64 * self.text_heads)
            and 0 < self.state <= _MOST_STATE
        )

    @property
    def name(self) -> str:
        size = _SIZES.get(self.state, "")
        if size == "large" and self.text_layers == _TURBO_LAYERS:
            size = "large turbo"
        english = " (English)" if self.vocabulary == _ENGLISH_ALONE else ""
        return f"Whisper {size}".rstrip() + english

    def tensors(self) -> Iterator[tuple[str, int]]:
        """Yield the name of each tensor and how many numbers it has."""
        size = self.state
        yield from (
            ("encoder.positional_embedding", self.context * size), ("encoder.conv1.weight", 3 * self.bands * size),
            ("encoder.conv1.bias", size), ("encoder.conv2.weight", 3 * size * size), ("encoder.conv2.bias", size),
            ("decoder.positional_embedding", self.text_context * size),
            ("decoder.token_embedding.weight", self.vocabulary * size),
        )  # fmt: skip
        norms = ["encoder.ln_post", "decoder.ln"]
        for side, layers, parts in (
            ("encoder", self.layers, ("attn",)),
            ("decoder", self.text_layers, ("attn", "cross_attn")),
        ):
            for layer in (f"{side}.blocks.{number}" for number in range(layers)):
                norms.append(f"{layer}.mlp_ln")
                yield from ((f"{layer}.mlp.0.weight", 4 * size * size), (f"{layer}.mlp.0.bias", 4 * size))
                yield from ((f"{layer}.mlp.2.weight", 4 * size * size), (f"{layer}.mlp.2.bias", size))
                for part in (f"{layer}.{part}" for part in parts):
                    norms.append(f"{part}_ln")
                    yield from ((f"{part}.{matrix}.weight", size * size) for matrix in ("query", "key", "value", "out"))
                    yield from ((f"{part}.{matrix}.bias", size) for matrix in ("query", "value", "out"))
        yield from ((f"{norm}.{end}", size) for norm in norms for end in ("weight", "bias"))


def shape_in(first: bytes) -> Shape | None:
    """Return what the first bytes of a file say if they are those of a Whisper model."""
    if len(first) < _NUMBERS.size:
        return None
    shape = Shape(*_NUMBERS.unpack_from(first)[1:])
    return shape if shape.is_real else None


def read_whisper(file: RawIOBase, file_bytes: int, shape: Shape, *, cut: bool = False) -> GgufHeader:
    """Return the header.  With `cut`, the file's beginning is enough, and nothing is said of the tensors.

    Raises KnownError model.damaged, and CutShort.
    """
    reader = HeaderReader(file, file_bytes, most=1 << 40)
    reader.skip(_NUMBERS.size)
    tensors = Tensors(0, 0, {}, {}, 0)
    try:
        tensors = _tensors(reader, shape)
        if reader.position != file_bytes:
            raise damaged(_("it goes on after its last tensor"))
    except CutShort:
        if not cut:
            raise
    sizes = tensors.bytes_by_type
    return GgufHeader(
        version=1, kind=KIND, architecture=ENGLISH if shape.vocabulary == _ENGLISH_ALONE else KIND, name=shape.name,
        parameters=tensors.parameters, quantization=max(sizes, key=lambda name: sizes[name], default=""),
        context_length=0, chat_template=None, template_bytes=0, license="MIT", sampling=Sampling(),
        metadata=MappingProxyType({}), metadata_left_out=0, tensors=tensors, data_start=0, data_end=file_bytes,
        file_bytes=file_bytes, layers=shape.layers, embedding_length=shape.state, feed_forward_length=4 * shape.state,
        heads=(shape.heads,) * shape.layers, kv_heads=(shape.heads,) * shape.layers, key_length=64, value_length=64,
        sliding_window=0, vocab_size=shape.vocabulary, split_no=0, split_count=0,
    )  # fmt: skip


def _tensors(reader: HeaderReader, shape: Shape) -> Tensors:
    if (reader.u32(), reader.u32()) != (shape.bands, _FREQUENCIES):
        raise damaged(_("its filters are not those of a Whisper model"))
    reader.skip(4 * shape.bands * _FREQUENCIES)
    words = reader.u32()
    if not _WORDS <= words <= shape.vocabulary:
        raise damaged(_("its vocabulary is not that of a Whisper model"))
    for __ in range(words):
        if (length := reader.u32()) > _MOST_PIECE:
            raise damaged(_("its vocabulary is not that of a Whisper model"))
        reader.skip(length)
    expected, found = dict(shape.tensors()), dict[str, tuple[int, ...]]()
    sizes = dict[str, int]()
    for _any in expected:
        dimensions, length, number = reader.u32(), reader.u32(), reader.u32()
        weight_type = WEIGHT_TYPES.get(number)
        if not 0 < dimensions <= 4 or length > _MOST_PIECE or weight_type is None:
            raise damaged(_("one of its tensors cannot be read"))
        sides = tuple(reader.u32() for __ in range(dimensions))
        raw = reader.raw(length)
        name = raw.decode("utf-8", "replace")
        if name in found or math.prod(sides) != expected.get(name) or sides[0] % weight_type.block:
            raise damaged(_("the tensor {name} has an impossible shape").format(name=name_of(raw)))
        found[name] = sides
        size = math.prod(sides) // weight_type.block * weight_type.block_bytes
        sizes[weight_type.name] = sizes.get(weight_type.name, 0) + size
        reader.skip(size)
    return Tensors(len(found), sum(map(math.prod, found.values())), sizes, found, reader.position)
