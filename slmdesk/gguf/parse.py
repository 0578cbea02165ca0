"""Parses the bytes of a GGUF header to metadata and sums over its tensors."""

from __future__ import annotations

import math
import re
from types import MappingProxyType

from slmdesk.base.errors import KnownError
from slmdesk.gguf.header import MetadataValue, Tensors
from slmdesk.gguf.reader import MAX_KEY_BYTES, HeaderReader, ListSummary, damaged, name_of
from slmdesk.gguf.tables import FLOAT, STRING, WEIGHT_TYPES

MAX_KEYS, MAX_TENSORS, MAX_DIMENSIONS, MAX_TENSOR_NAME = 4096, 8192, 4, 63
MAX_ALL_KEYS_BYTES = 4 << 20
MAX_KEPT_BYTES = 2 << 20
"""Of texts and lists kept, without the template; what comes after is passed over and counted.  Numbers are all kept."""
MAX_TEMPLATE_BYTES = 256 << 10
DEFAULT_ALIGNMENT = 32
TEMPLATE = "tokenizer.chat_template"
ALPHA = "adapter.lora.alpha"
_EXPERTS = re.compile(rb"\.ffn_(?:gate|up|down|gate_up)(?:_ch)?(_exps|\.\d+)\.")
_TABLE = b"token_embd.weight"
_LAYER = re.compile(rb"blk\.(\d{1,4})\.")


class Metadata:
    def __init__(self) -> None:
        self.values: dict[str, MetadataValue] = {}
        self.left_out = 0
        self._seen: set[bytes] = set()
        self._templates: dict[str, tuple[str | None, int]] = {}
        self._key_bytes = self._kept_bytes = 0

    def read(self, reader: HeaderReader, count: int) -> None:
        for _ in range(count):
            raw, length = reader.string(MAX_KEY_BYTES)
            if length > MAX_KEY_BYTES or not raw:
                raise damaged(f"a key of {length:,} bytes")
            key = raw.decode("utf-8", "replace")
            self._mark_seen(raw)
            kind = reader.u32()
            if key == ALPHA and kind != FLOAT:
                raise damaged(f"{key} is no number")  # llama.cpp ends the process over it
            if kind == STRING and (key == TEMPLATE or key.startswith(TEMPLATE + ".")):
                self._keep_template(key, *reader.string(MAX_TEMPLATE_BYTES))
            else:
                self._keep(key, reader.value(kind, keep=self._kept_bytes < MAX_KEPT_BYTES))

    def template(self) -> tuple[str | None, int]:
        for key in (TEMPLATE, TEMPLATE + ".default", *self._templates):
            if key in self._templates:
                return self._templates[key]
        return None, 0

    def _mark_seen(self, raw: bytes) -> None:
        if raw in self._seen:
            raise damaged(f"the key {name_of(raw)} stands twice")
        self._seen.add(raw)
        self._key_bytes += len(raw)
        if self._key_bytes > MAX_ALL_KEYS_BYTES:
            raise damaged("keys without end")

    def _keep_template(self, key: str, kept: bytes, length: int) -> None:
        known = key in (TEMPLATE, TEMPLATE + ".default")
        if known or not self._templates:  # of the others the first, in case there is no default
            text = kept.decode("utf-8", "replace") if len(kept) == length else None
            self._templates[key] = (text, length)

    def _keep(self, key: str, value: MetadataValue | None) -> None:
        if value is None:
            self.left_out += 1
        else:
            self._kept_bytes += _weight(value)
            self.values[key] = value


def _weight(value: MetadataValue) -> int:
    if isinstance(value, str):
        return len(value) + 64
    if isinstance(value, ListSummary):
        return 64 + sum(len(one) + 64 if isinstance(one, str) else 40 for one in value.items or ())
    return 0


def parse(reader: HeaderReader) -> tuple[Metadata, Tensors, int]:
    """Metadata, tensors, and where the data starts; `reader` stands at the counts, behind magic and version.

    Raises CutShort, and KnownError model.damaged or model.unsupported.
    """
    tensor_count, key_count = reader.u64(), reader.u64()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise damaged(f"{tensor_count:,} tensors and {key_count:,} keys")
    metadata = Metadata()
    metadata.read(reader, key_count)
    alignment = metadata.values.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
        raise damaged("the alignment is no power of two")
    tensors = _read_tensors(reader, tensor_count, alignment)
    return metadata, tensors, _padded(reader.position, alignment) if tensor_count else reader.position


class _TensorSum:
    def __init__(self) -> None:
        self.count = self.parameters = self.expert_bytes = self.table_bytes = 0
        self.separate_experts = False
        self.sizes: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.layers: dict[int, int] = {}

    def add(self, raw_name: bytes, shape: tuple[int, ...], type_name: str, size: int) -> None:
        self.count += 1
        self.parameters += math.prod(shape)
        self.sizes[type_name] = self.sizes.get(type_name, 0) + size
        self.shapes[raw_name.decode("utf-8", "replace")] = shape
        if layer := _LAYER.match(raw_name):
            number = int(layer[1])
            self.layers[number] = self.layers.get(number, 0) + size
        if raw_name == _TABLE:
            self.table_bytes = size
        elif expert := _EXPERTS.search(raw_name):
            self.expert_bytes += size
            self.separate_experts |= expert[1] != b"_exps"

    def result(self, end: int) -> Tensors:
        return Tensors(
            count=self.count,
            parameters=self.parameters,
            bytes_by_type=MappingProxyType(self.sizes),
            shapes=MappingProxyType(self.shapes),
            end=end,
            expert_bytes=self.expert_bytes,
            table_bytes=self.table_bytes,
            layer_bytes=MappingProxyType(self.layers),
            separate_experts=self.separate_experts,
        )


def _read_tensors(reader: HeaderReader, count: int, alignment: int) -> Tensors:
    names: set[bytes] = set()
    found = _TensorSum()
    end = 0
    for _ in range(count):
        raw, length = reader.string(MAX_TENSOR_NAME)
        if length > MAX_TENSOR_NAME or raw in names:
            raise damaged(f"the tensor {name_of(raw)} stands twice or has too long a name")
        names.add(raw)
        shape, type_name, size = _read_shape(reader, raw)
        offset = reader.u64()
        if offset != _padded(end, alignment):
            raise damaged(f"the tensor {name_of(raw)} lies where it should not")
        end = offset + size
        found.add(raw, shape, type_name, size)
    return found.result(end)


def _read_shape(reader: HeaderReader, raw_name: bytes) -> tuple[tuple[int, ...], str, int]:
    dimensions = reader.u32()
    if dimensions > MAX_DIMENSIONS:
        raise damaged(f"the tensor {name_of(raw_name)} has {dimensions:,} dimensions")
    shape = tuple(reader.u64() for _ in range(dimensions))
    number = reader.u32()
    weight_type = WEIGHT_TYPES.get(number)
    if weight_type is None:
        raise KnownError("model.unsupported", architecture=f"weights of type {number}")
    elements = math.prod(shape)
    row = shape[0] if shape else 1
    if not 0 < elements < 1 << 48 or row % weight_type.block:
        raise damaged(f"the tensor {name_of(raw_name)} has an impossible shape")
    return shape, weight_type.name, elements // weight_type.block * weight_type.block_bytes


def _padded(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
