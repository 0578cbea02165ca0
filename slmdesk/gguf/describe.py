"""Derives a GgufHeader, as people and the program need it, from the metadata of a GGUF file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base.labels import clean_label
from slmdesk.base.types import Sampling
from slmdesk.gguf.header import GgufHeader, MetadataValue, Tensors, whole
from slmdesk.gguf.parse import Metadata
from slmdesk.gguf.reader import ListSummary
from slmdesk.gguf.tables import (
    CHAT_ARCHITECTURES,
    DRAFT_HEADS,
    ENCODERS,
    FILE_TYPE_GUESSED,
    FILE_TYPES,
    PROJECTORS,
)

MAX_LAYERS = 1024
TOKENS = "tokenizer.ggml.tokens"


def describe(
    metadata: Metadata, tensors: Tensors, *, version: int, stem: str, data_start: int, file_bytes: int
) -> GgufHeader:
    """The header of a file called `stem`.  Raises nothing: what makes no sense is 0 or empty."""
    values = metadata.values
    template, template_bytes = metadata.template()
    architecture = values.get("general.architecture")
    architecture = architecture if isinstance(architecture, str) else ""
    file_type = whole(values.get("general.file_type"), 1 << 20) if "general.file_type" in values else None
    shape = _Shape(architecture, values, tensors)
    return GgufHeader(
        version=version,
        kind=_kind(architecture, values, tensors),
        architecture=architecture,
        name=_name(values, stem),
        parameters=tensors.parameters,
        quantization=_quantization(file_type, tensors),
        context_length=whole(values.get(f"{architecture}.context_length"), 1 << 63),
        chat_template=template,
        template_bytes=template_bytes,
        license=_label(values, "general.license") or _label(values, "general.license.name"),
        file_type=file_type,
        sampling=_sampling(values),
        metadata=MappingProxyType(values),
        metadata_left_out=metadata.left_out,
        tensors=tensors,
        data_start=data_start,
        data_end=data_start + tensors.end,
        file_bytes=file_bytes,
        layers=shape.layers,
        embedding_length=shape.embedding,
        feed_forward_length=max(shape.per_layer("feed_forward_length"), default=0),
        heads=shape.heads,
        kv_heads=shape.per_layer("attention.head_count_kv") or shape.heads,
        key_length=shape.head_length("attention.key_length"),
        value_length=shape.head_length("attention.value_length"),
        sliding_window=shape.number("attention.sliding_window"),
        vocab_size=shape.vocab_size(),
        split_no=whole(values.get("split.no"), 1 << 16),
        split_count=whole(values.get("split.count"), 1 << 16),
    )


class _Shape:
    def __init__(self, architecture: str, values: Mapping[str, MetadataValue], tensors: Tensors) -> None:
        self._architecture = architecture
        self._values = values
        self._tensors = tensors
        self.layers = self.number("block_count", MAX_LAYERS)
        self.embedding = self.number("embedding_length", 1 << 20)
        self.heads = self.per_layer("attention.head_count")

    def number(self, key: str, limit: int = 1 << 32) -> int:
        return whole(self._values.get(f"{self._architecture}.{key}"), limit)

    def per_layer(self, key: str) -> tuple[int, ...]:
        value = self._values.get(f"{self._architecture}.{key}")
        if isinstance(value, ListSummary):
            numbers = tuple(whole(one, 1 << 24) for one in value.items or ())[: self.layers]
            return numbers + (0,) * (self.layers - len(numbers))
        return (whole(value, 1 << 24),) * self.layers if value is not None else ()

    def head_length(self, key: str) -> int:
        """Numbers in one key or value; as llama.cpp has it, the embedding over the heads where the file is silent."""
        most = max(self.heads, default=0)
        return self.number(key, 1 << 20) or (self.embedding // most if most else 0)

    def vocab_size(self) -> int:
        tokens = self._values.get(TOKENS)
        rows = self._tensors.shapes.get("token_embd.weight", (0, 0))
        listed = tokens.count if isinstance(tokens, ListSummary) else 0
        return listed or self.number("vocab_size", 1 << 24) or (rows[1] if len(rows) == 2 else 0)


def _kind(architecture: str, values: Mapping[str, MetadataValue], tensors: Tensors) -> str:
    kind = values.get("general.type", "model")
    if kind == "adapter" or "adapter.type" in values:
        return "adapter"
    if kind == "imatrix" or "imatrix.chunk_count" in values:
        return "imatrix"
    if kind == "mmproj" or architecture in PROJECTORS:
        return "projector"
    if whole(values.get("split.count"), 1 << 16) > 1:
        return "split"
    if not tensors.count and TOKENS in values:
        return "vocabulary"
    if architecture in ENCODERS:
        return "encoder"
    can_chat = architecture in CHAT_ARCHITECTURES
    layers = whole(values.get(f"{architecture}.block_count"), MAX_LAYERS)
    if architecture in DRAFT_HEADS or (can_chat and tensors.count and 2 * len(tensors.layer_bytes) < layers):
        return "head"
    return "model" if kind == "model" and can_chat else "unknown"


def _label(values: Mapping[str, MetadataValue], key: str) -> str:
    value = values.get(key)
    return clean_label(value, 120) if isinstance(value, str) else ""


def _name(values: Mapping[str, MetadataValue], stem: str) -> str:
    made = f"{_label(values, 'general.basename')} {_label(values, 'general.size_label')}"
    return _label(values, "general.name") or clean_label(made, 120) or clean_label(stem, 120)


def _quantization(file_type: int | None, tensors: Tensors) -> str:
    if not tensors.count:
        return ""
    named = FILE_TYPES.get(file_type & ~FILE_TYPE_GUESSED) if file_type is not None else None
    sizes = tensors.bytes_by_type
    return named or max(sizes, key=lambda name: sizes[name])


def _sampling(values: Mapping[str, MetadataValue]) -> Sampling:
    def number(name: str, low: float, high: float) -> float | None:
        value = values.get(f"general.sampling.{name}")
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        return float(value) if fits and isinstance(value, (int, float)) else None

    top_k, last_n = number("top_k", 0, 1 << 20), number("penalty_last_n", -1, 1 << 20)
    return Sampling(
        temperature=number("temp", 0, 10),
        top_k=None if top_k is None else int(top_k),
        top_p=number("top_p", 0, 1),
        min_p=number("min_p", 0, 1),
        repeat_penalty=number("penalty_repeat", 0.01, 10),
        penalty_last_n=None if last_n is None else int(last_n),
        xtc_probability=number("xtc_probability", 0, 1),
        xtc_threshold=number("xtc_threshold", 0, 1),
    )
