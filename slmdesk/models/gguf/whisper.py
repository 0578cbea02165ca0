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
from slmdesk.models.gguf.header import WEIGHT_TYPES, CutShort, GgufHeader, HeaderReader, Tensors, damaged, name_of

KIND, ENGLISH = "whisper", "whisper.en"
"""Kind and architecture of these models, and the architecture of those that know English alone."""
_NUMBERS = struct.Struct("<4s11I")
_FREQUENCIES, _WORDS, _ENGLISH_VOCABULARY = 201, 50_256, 51_864
"""The least pieces of words; signs for languages and times follow them in the vocabulary."""
_MOST_PIECE, _MOST_LAYERS, _MOST_STATE = 1024, 64, 2048
_PACKING, _FILE_TYPES = 1000, (0, 1, 2, 3, *range(7, 15))
"""Before the file's type stands the version of its packed weights; whisper.cpp ends the process at types it has not."""
_SIZES = {384: "tiny", 512: "base", 768: "small", 1024: "medium", 1280: "large"}


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
        return (
            _ENGLISH_VOCABULARY <= self.vocabulary <= _ENGLISH_VOCABULARY + 2
            and (self.context, self.text_context) == (1500, 448)
            and self.bands in (80, 128)
            and all(0 < layers <= _MOST_LAYERS for layers in (self.layers, self.text_layers))
            and 0 < self.state <= _MOST_STATE
            and self.state == self.text_state == 64 * self.heads == 64 * self.text_heads
            and self.file_type % _PACKING in _FILE_TYPES
            and self.file_type // _PACKING <= 2
        )

    @property
    def is_english(self) -> bool:
        return self.vocabulary == _ENGLISH_VOCABULARY

    def tensors(self) -> Iterator[tuple[str, int]]:
        """Yield the name of each tensor and how many numbers it has."""
        size = self.state
        yield "encoder.positional_embedding", self.context * size
        yield "decoder.positional_embedding", self.text_context * size
        yield "decoder.token_embedding.weight", self.vocabulary * size
        for number, width in ((1, self.bands), (2, size)):
            yield from ((f"encoder.conv{number}.weight", 3 * width * size), (f"encoder.conv{number}.bias", size))
        norms = ["encoder.ln_post", "decoder.ln"]
        for side, layers, parts in (("encoder", self.layers, 1), ("decoder", self.text_layers, 2)):
            for layer in (f"{side}.blocks.{number}" for number in range(layers)):
                norms.append(f"{layer}.mlp_ln")
                yield from ((f"{layer}.mlp.{at}.weight", 4 * size * size) for at in (0, 2))
                yield from ((f"{layer}.mlp.0.bias", 4 * size), (f"{layer}.mlp.2.bias", size))
                for part in (f"{layer}.{part}" for part in ("attn", "cross_attn")[:parts]):
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
    tensors = Tensors(0, 0, {}, {}, 0)
    reader.skip(_NUMBERS.size)
    try:
        tensors = _tensors(reader, shape)
        if reader.position != file_bytes:
            raise damaged(_("it goes on after its last tensor"))
    except CutShort:
        if not cut:
            raise
    sizes, heads = tensors.bytes_by_type, (shape.heads,) * shape.layers
    name = f"Whisper {_SIZES.get(shape.state, '')}".rstrip()
    if shape.text_layers < shape.layers:
        name += " turbo"
    return GgufHeader(
        version=1, kind=KIND, architecture=ENGLISH if shape.is_english else KIND, license="MIT",
        name=f"{name} (English)" if shape.is_english else name, parameters=tensors.parameters,
        quantization=max(sizes, key=lambda name: sizes[name], default=""), context_length=0, chat_template=None,
        template_bytes=0, sampling=Sampling(), metadata=MappingProxyType({}), metadata_left_out=0, tensors=tensors,
        data_start=0, data_end=file_bytes, file_bytes=file_bytes, layers=shape.layers, embedding_length=shape.state,
        feed_forward_length=4 * shape.state, heads=heads, kv_heads=heads, key_length=64, value_length=64,
        sliding_window=0, vocab_size=shape.vocabulary, split_no=0, split_count=0,
    )  # fmt: skip


def _tensors(reader: HeaderReader, shape: Shape) -> Tensors:
    filters = reader.u32(), reader.u32()
    reader.skip(4 * shape.bands * _FREQUENCIES)
    words, longest = reader.u32(), 0
    for _word in range(words if filters == (shape.bands, _FREQUENCIES) and words <= shape.vocabulary else 0):
        longest = max(longest, length := reader.u32())
        if longest > _MOST_PIECE:
            break
        reader.skip(length)
    if filters != (shape.bands, _FREQUENCIES) or not _WORDS <= words <= shape.vocabulary or longest > _MOST_PIECE:
        raise damaged(_("its filters or its vocabulary are not those of a Whisper model"))
    expected, shapes, sizes = dict(shape.tensors()), dict[str, tuple[int, ...]](), dict[str, int]()
    for _tensor in expected:
        dimensions, length, number = reader.u32(), reader.u32(), reader.u32()
        weight_type = WEIGHT_TYPES.get(number)
        if not 0 < dimensions <= 4 or length > _MOST_PIECE or weight_type is None:
            raise damaged(_("one of its tensors cannot be read"))
        sides = tuple(reader.u32() for __ in range(dimensions))
        raw = reader.raw(length)
        name = raw.decode("utf-8", "replace")
        if name in shapes or math.prod(sides) != expected.get(name) or sides[0] % weight_type.block:
            raise damaged(_("the tensor {name} has an impossible shape").format(name=name_of(raw)))
        shapes[name], size = sides, math.prod(sides) // weight_type.block * weight_type.block_bytes
        sizes[weight_type.name] = sizes.get(weight_type.name, 0) + size
        reader.skip(size)
    return Tensors(len(shapes), sum(map(math.prod, shapes.values())), sizes, shapes, reader.position)
