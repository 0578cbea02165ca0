"""The header of a GGUF file as records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from slmdesk.base.record import Record, field
from slmdesk.base.types import Sampling
from slmdesk.gguf.reader import ListSummary

MetadataValue: TypeAlias = bool | int | float | str | ListSummary


class Tensors(Record):
    count: int
    parameters: int
    bytes_by_type: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    """By name, the innermost length first as the file has it."""
    end: int
    """Where the last one ends, counted from the start of the data."""
    expert_bytes: int = 0
    """Of the experts' tensors: all in memory, but each word uses only some experts."""
    table_bytes: int = 0
    """Of the token table.  Where there is a separate output, one row of it is read for a word; else all of it."""
    layer_bytes: Mapping[int, int] = field(default_factory=dict)
    separate_experts: bool = False
    """A mixture in the layout of 2023, one tensor for each expert, which llama.cpp reads no more."""


class GgufHeader(Record):
    """Texts for people are one line and cut; numbers that make no sense are 0."""

    version: int
    kind: str
    """model, adapter, projector, imatrix, vocabulary, encoder, split, head (most layers it names are in another file),
    or unknown: an architecture we cannot run."""
    architecture: str
    name: str
    parameters: int
    quantization: str
    """"Q4_1", "Q4_K_M"; by the file's word, else the type most bytes have; "" without tensors."""
    context_length: int
    """As the file says, unchecked: see memory.sensible_context."""
    chat_template: str | None
    """The default one; None where there is none, or one of more than MAX_TEMPLATE_BYTES."""
    template_bytes: int
    license: str
    file_type: int | None
    sampling: Sampling
    metadata: Mapping[str, MetadataValue]
    """Without the templates; long texts are cut and marked, long lists summarised."""
    metadata_left_out: int
    """Keys that were read but not kept, because all together would be too much."""
    tensors: Tensors
    data_start: int
    data_end: int
    """How many bytes a complete file has at least."""
    file_bytes: int
    layers: int
    embedding_length: int
    feed_forward_length: int
    """Of the widest layer."""
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    sliding_window: int
    vocab_size: int
    split_no: int
    """Which part this is, from 0, of `split_count`."""
    split_count: int

    @property
    def has_chat_template(self) -> bool:
        return self.chat_template is not None

    @property
    def tensor_count(self) -> int:
        return self.tensors.count

    @property
    def weight_bytes(self) -> int:
        return sum(self.tensors.bytes_by_type.values())

    def value(self, key: str) -> MetadataValue | None:
        """A value of the architecture's own: `value("block_count")` is `metadata["llama.block_count"]`."""
        return self.metadata.get(f"{self.architecture}.{key}")

    def whole(self, key: str, limit: int = 1 << 32) -> int:
        return whole(self.value(key), limit)


def whole(value: object, limit: int = 1 << 32) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit
    return value if fits and isinstance(value, int) else 0
