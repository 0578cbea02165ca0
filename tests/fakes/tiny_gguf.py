"""Tiny valid GGUF files with random weights: real enough for the engine to load, small enough to make on the spot.

    path = write(tmp_path / "tiny.gguf", tiny_llama())          # 170 kB, loads and decodes in llama.cpp
    write(path, tiny_llama(nan=True))                           # loads, and gives no numbers
    write(path, tiny_llama(change={"llama.block_count": None})) # a key left out; or ("u32", 7) to replace or add one

Every maker returns a `TinyFile`: `.data` are the bytes, `.marks` says where things lie (for malformed_gguf.py beside
this).  The same arguments give the same bytes.  The vocabulary is the 256 bytes, a few words and the ChatML markers
<|im_start|> and <|im_end|> as control tokens; <|im_end|> ends an answer.  What the models write is noise: the llama
walks through its words, which are letters and short words, the others may write any bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {
    "u8": 0, "i8": 1, "u16": 2, "i16": 3, "u32": 4, "i32": 5, "f32": 6, "bool": 7, "string": 8, "array": 9, "u64": 10,
    "i64": 11, "f64": 12,
}  # fmt: skip
PACKING = {
    "u8": "<B", "i8": "<b", "u16": "<H", "i16": "<h", "u32": "<I", "i32": "<i", "f32": "<f", "bool": "<B", "u64": "<Q",
    "i64": "<q", "f64": "<d",
}  # fmt: skip
F32, F16 = 0, 1

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
EMBEDDING, HEADS, KV_HEADS, HEAD_LENGTH, FEED_FORWARD = 32, 2, 1, 16, 64

TypedText = tuple[str, Any]
"""A value with its type: ("u32", 2), ("string", "x"), ("string", b"bytes as they are"), ("array", ("f32", [1.0]))."""
Change = Mapping[str, TypedText | None]


@dataclass
class TinyFile:
    """The bytes of a file and where its pieces begin."""

    data: bytes
    marks: dict[str, int]
    """"version", "tensor_count", "key_count", "tensors", "data"; of keys "key:K", "type:K", "value:K"; of tensors
    "name:T", "dims:T", "shape:T", "ttype:T", "offset:T", "data:T"."""


@dataclass
class Contents:
    """What goes into a file, before it is written."""

    metadata: dict[str, TypedText]
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    """In the order of numpy: the last dimension is GGUF's first."""


def write(path: Path, file: TinyFile) -> Path:
    """Write it and return the path."""
    path.write_bytes(file.data)
    return path


def tiny_llama(**how: Any) -> TinyFile:
    """A llama, as `_llama` says. The usual one is made once."""
    return _llama(**how) if how else _usual_llama()


@cache
def _usual_llama() -> TinyFile:
    return _llama()


def _llama(
    *,
    template: str | None = CHATML,
    layers: int = 2,
    context_length: int = 8192,
    nan: bool = False,
    endless: bool = False,
    f32: bool = True,
    seed: int = 1,
    change: Change | None = None,
    version: int = 3,
) -> TinyFile:
    """A llama.  nan: NaN in one matrix.  endless: no end token ever wins.  f32: weights as F32 (else F16)."""
    vocabulary = _vocabulary()
    contents = Contents(_general("llama", "Tiny llama"))
    contents.metadata |= _shape("llama", layers, context_length)
    contents.metadata |= {
        "llama.rope.dimension_count": ("u32", HEAD_LENGTH),
        "llama.attention.layer_norm_rms_epsilon": ("f32", 1e-5),
        "general.file_type": ("u32", 0 if f32 else 1),
    }
    contents.metadata |= _tokenizer(vocabulary, template)
    maker = _Weights(seed, f32)
    contents.tensors = maker.transformer(layers, len(vocabulary), untied=True)
    _steer(contents.tensors, vocabulary, endless=endless)
    if nan:
        contents.tensors["blk.0.ffn_down.weight"][:] = np.nan
    return build(contents, change, version=version)


def tiny_qwen2(*, change: Change | None = None) -> TinyFile:
    """A qwen2: biases on query, key and value, tied embeddings."""
    vocabulary = _vocabulary()
    contents = Contents(_general("qwen2", "Tiny qwen") | _shape("qwen2", 2, 8192))
    contents.metadata |= {"qwen2.attention.layer_norm_rms_epsilon": ("f32", 1e-6), "general.file_type": ("u32", 1)}
    contents.metadata |= _tokenizer(vocabulary, CHATML)
    maker = _Weights(2, f32=False)
    contents.tensors = maker.transformer(2, len(vocabulary), untied=False)
    for layer in range(2):
        for name, length in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS)):
            contents.tensors[f"blk.{layer}.attn_{name}.bias"] = maker.vector(length * HEAD_LENGTH, 0.1)
    return build(contents, change)


def tiny_gemma3(*, layers: int = 6, window: int = 32) -> TinyFile:
    """A gemma3: five of six layers see only the last `window` tokens; about 250 kB."""
    vocabulary = _vocabulary()
    contents = Contents(_general("gemma3", "Tiny gemma") | _shape("gemma3", layers, 8192))
    contents.metadata |= {
        "gemma3.attention.layer_norm_rms_epsilon": ("f32", 1e-6),
        "gemma3.attention.sliding_window": ("u32", window),
        "gemma3.rope.freq_base": ("f32", 1e6),
        "general.file_type": ("u32", 1),
    }
    contents.metadata |= _tokenizer(vocabulary, CHATML)
    maker = _Weights(3, f32=False)
    contents.tensors = maker.transformer(layers, len(vocabulary), untied=False)
    for layer in range(layers):
        for name, length in (
            ("attn_q_norm", HEAD_LENGTH),
            ("attn_k_norm", HEAD_LENGTH),
            ("post_attention_norm", EMBEDDING),
            ("post_ffw_norm", EMBEDDING),
        ):
            contents.tensors[f"blk.{layer}.{name}.weight"] = np.ones(length, np.float32)
    return build(contents)


def tiny_bert(*, change: Change | None = None) -> TinyFile:
    """An encoder, by its header and one tensor: never for chat."""
    vocabulary = _vocabulary()
    contents = Contents(_general("bert", "Tiny bert") | _shape("bert", 2, 512))
    contents.metadata |= {"bert.attention.causal": ("bool", False), "bert.pooling_type": ("u32", 1)}
    contents.metadata |= _tokenizer(vocabulary, None) | {"tokenizer.ggml.model": ("string", "bert")}
    contents.tensors = {"token_embd.weight": _Weights(4, f32=False).matrix(len(vocabulary), EMBEDDING)}
    return build(contents, change)


def tiny_adapter() -> TinyFile:
    """A LoRA adapter for the tiny llama."""
    contents = Contents(_general("llama", "Tiny adapter", kind="adapter"))
    contents.metadata |= {"adapter.type": ("string", "lora"), "adapter.lora.alpha": ("f32", 16.0)}
    maker = _Weights(5, f32=True)
    contents.tensors = {
        "blk.0.attn_q.weight.lora_a": maker.matrix(4, EMBEDDING),
        "blk.0.attn_q.weight.lora_b": maker.matrix(EMBEDDING, 4),
    }
    return build(contents)


def tiny_projector() -> TinyFile:
    """The image part of a vision model (mmproj)."""
    contents = Contents(_general("clip", "Tiny projector", kind="mmproj"))
    contents.metadata |= {"clip.has_vision_encoder": ("bool", True), "clip.projector_type": ("string", "mlp")}
    contents.tensors = {"mm.0.weight": _Weights(6, f32=True).matrix(EMBEDDING, EMBEDDING)}
    return build(contents)


def tiny_imatrix() -> TinyFile:
    """An importance matrix, as llama-imatrix writes it."""
    metadata: dict[str, TypedText] = {
        "general.type": ("string", "imatrix"),
        "imatrix.datasets": ("array", ("string", ["calibration.txt"])),
        "imatrix.chunk_count": ("u32", 10),
        "imatrix.chunk_size": ("u32", 512),
    }
    return build(Contents(metadata, {"blk.0.attn_q.weight.in_sum2": np.ones((1, EMBEDDING), np.float32)}))


def tiny_vocabulary() -> TinyFile:
    """A vocabulary alone, no weights."""
    contents = Contents(_general("llama", "Tiny vocabulary") | _shape("llama", 2, 8192))
    contents.metadata |= _tokenizer(_vocabulary(), CHATML)
    return build(contents)


def tiny_layers() -> TinyFile:
    """A layer without the tables of its model, as of a draft head that shares them."""
    contents = Contents(_general("llama", "Tiny head") | _shape("llama", 1, 8192))
    layers = _Weights(7, f32=True).transformer(1, 300, untied=False)
    contents.tensors = {name: layer for name, layer in layers.items() if name.startswith("blk.")}
    return build(contents)


def tiny_split(part: int = 0, of: int = 3) -> TinyFile:
    """One part of a model that was cut into several files."""
    change: dict[str, TypedText | None] = {
        "split.no": ("u16", part),
        "split.count": ("u16", of),
        "split.tensors.count": ("i32", 63),
    }
    return tiny_llama(change=change)


def tiny_unknown(architecture: str = "brandnew") -> TinyFile:
    """A model of an architecture nobody knows."""
    return tiny_llama(change={"general.architecture": ("string", architecture)})


def _general(architecture: str, name: str, kind: str = "model") -> dict[str, TypedText]:
    return {
        "general.architecture": ("string", architecture),
        "general.type": ("string", kind),
        "general.name": ("string", name),
        "general.license": ("string", "apache-2.0"),
    }


def _shape(architecture: str, layers: int, context_length: int) -> dict[str, TypedText]:
    numbers = {
        "block_count": layers,
        "context_length": context_length,
        "embedding_length": EMBEDDING,
        "feed_forward_length": FEED_FORWARD,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KV_HEADS,
        "attention.key_length": HEAD_LENGTH,
        "attention.value_length": HEAD_LENGTH,
    }
    return {f"{architecture}.{key}": ("u32", value) for key, value in numbers.items()}


def _vocabulary() -> list[tuple[str, float, int]]:
    """(text, score, type): SentencePiece with bytes; 3 is a control token, 6 a byte, 1 an ordinary one."""
    words = ["▁", *"abcdefghijklmnopqrstuvwxyz", "th", "he", "the", "▁the", "in", "an", "▁a", "er", "on", "hello"]
    return [
        ("<unk>", 0.0, 2),
        ("<s>", 0.0, 3),
        ("<|im_end|>", 0.0, 3),
        ("<|im_start|>", 0.0, 3),
        *((f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)),
        *((word, -float(rank), 1) for rank, word in enumerate(words)),
    ]


def _tokenizer(vocabulary: Sequence[tuple[str, float, int]], template: str | None) -> dict[str, TypedText]:
    metadata: dict[str, TypedText] = {
        "tokenizer.ggml.model": ("string", "llama"),
        "tokenizer.ggml.tokens": ("array", ("string", [entry[0] for entry in vocabulary])),
        "tokenizer.ggml.scores": ("array", ("f32", [entry[1] for entry in vocabulary])),
        "tokenizer.ggml.token_type": ("array", ("i32", [entry[2] for entry in vocabulary])),
        "tokenizer.ggml.unknown_token_id": ("u32", 0),
        "tokenizer.ggml.bos_token_id": ("u32", 1),
        "tokenizer.ggml.eos_token_id": ("u32", 2),
        "tokenizer.ggml.add_space_prefix": ("bool", False),
    }
    return metadata if template is None else metadata | {"tokenizer.chat_template": ("string", template)}


class _Weights:
    """Random weights, the same for the same seed."""

    def __init__(self, seed: int, f32: bool) -> None:
        self._random = np.random.default_rng(seed)
        self._type = np.float32 if f32 else np.float16

    def matrix(self, rows: int, columns: int) -> np.ndarray:
        return (self._random.standard_normal((rows, columns)) / columns**0.5).astype(self._type)

    def vector(self, length: int, scale: float) -> np.ndarray:
        return (self._random.standard_normal(length) * scale).astype(np.float32)

    def transformer(self, layers: int, tokens: int, *, untied: bool) -> dict[str, np.ndarray]:
        q, kv = HEADS * HEAD_LENGTH, KV_HEADS * HEAD_LENGTH
        tensors = {
            "token_embd.weight": self.matrix(tokens, EMBEDDING),
            "output_norm.weight": np.ones(EMBEDDING, np.float32),
        }
        if untied:
            tensors["output.weight"] = self.matrix(tokens, EMBEDDING) * self._type(3)
        for layer in range(layers):
            blk = f"blk.{layer}."
            tensors |= {
                blk + "attn_norm.weight": np.ones(EMBEDDING, np.float32),
                blk + "attn_q.weight": self.matrix(q, EMBEDDING),
                blk + "attn_k.weight": self.matrix(kv, EMBEDDING),
                blk + "attn_v.weight": self.matrix(kv, EMBEDDING),
                blk + "attn_output.weight": self.matrix(EMBEDDING, q),
                blk + "ffn_norm.weight": np.ones(EMBEDDING, np.float32),
                blk + "ffn_gate.weight": self.matrix(FEED_FORWARD, EMBEDDING),
                blk + "ffn_up.weight": self.matrix(FEED_FORWARD, EMBEDDING),
                blk + "ffn_down.weight": self.matrix(EMBEDDING, FEED_FORWARD),
            }
        return tensors


def _steer(tensors: dict[str, np.ndarray], vocabulary: Sequence[tuple[str, float, int]], *, endless: bool) -> None:
    """Make channel 0 the same at every position, and let it push single tokens up or down; chain the words."""
    ids = {text: number for number, (text, _score, _type) in enumerate(vocabulary)}
    embedding, output = tensors["token_embd.weight"], tensors["output.weight"]
    embedding *= embedding.dtype.type(4)
    words = [number for number, (_text, _score, kind) in enumerate(vocabulary) if kind == 1]
    for here, there in zip(words, words[7:] + words[:7], strict=True):  # else a word would follow itself for ever
        output[there] = output[there] * output.dtype.type(0.5) + embedding[here] * output.dtype.type(0.5)
    embedding[:, 0] = 4
    for name in tensors:
        if name.endswith(("attn_output.weight", "ffn_down.weight")):
            tensors[name][0, :] = 0
    output[:, 0] = -100
    output[words, 0] = 0
    if not endless:
        output[ids["<|im_end|>"], 0] = 0


def build(contents: Contents, change: Change | None = None, *, version: int = 3, alignment: int = 32) -> TinyFile:
    """Lay out a file.  `change` replaces or adds keys, None leaves one out."""
    metadata = {**contents.metadata, **(change or {})}
    metadata = {key: metadata[key] for key in sorted(metadata, key=lambda key: key.startswith("tokenizer."))}
    kept = {key: typed for key, typed in metadata.items() if typed is not None}
    out, marks = bytearray(b"GGUF"), {"version": 4, "tensor_count": 8, "key_count": 16}
    out += struct.pack("<IQQ", version, len(contents.tensors), len(kept))
    for key, (type_name, value) in kept.items():
        marks["key:" + key] = len(out)
        out += _string(key)
        marks["type:" + key] = len(out)
        out += struct.pack("<I", TYPES[type_name])
        marks["value:" + key] = len(out)
        out += _value(type_name, value)
    marks["tensors"] = len(out)
    data = bytearray()
    for name, array in contents.tensors.items():
        data += bytes(-len(data) % alignment)
        marks["data:" + name] = len(data)
        _tensor_info(out, marks, name, array, len(data))
        data += array.tobytes()
    out += bytes(-len(out) % alignment) if contents.tensors else b""
    marks["data"] = len(out)
    for name in contents.tensors:
        marks["data:" + name] += len(out)
    return TinyFile(bytes(out + data + bytes(-len(data) % alignment)), marks)


def widened(tiny: TinyFile, size: int) -> bytes:
    """The same file with a last tensor of about `size` bytes, of which only the few it had are there."""
    data = bytearray(tiny.data)
    last = max((mark for mark in tiny.marks if mark.startswith("data:")), key=tiny.marks.__getitem__)
    at = tiny.marks["shape:" + last.removeprefix("data:")]
    columns = struct.unpack_from("<Q", data, at)[0]
    struct.pack_into("<Q", data, at + 8, size // (4 * columns))
    return bytes(data)


def _tensor_info(out: bytearray, marks: dict[str, int], name: str, array: np.ndarray, offset: int) -> None:
    marks["name:" + name] = len(out)
    out += _string(name)
    marks["dims:" + name] = len(out)
    out += struct.pack("<I", array.ndim)
    marks["shape:" + name] = len(out)
    out += b"".join(struct.pack("<Q", size) for size in reversed(array.shape))
    marks["ttype:" + name] = len(out)
    out += struct.pack("<I", F32 if array.dtype == np.float32 else F16)
    marks["offset:" + name] = len(out)
    out += struct.pack("<Q", offset)


def _string(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(type_name: str, value: Any) -> bytes:
    if type_name == "string":
        return _string(value)
    if type_name == "array":
        item_type, items = value
        head = struct.pack("<IQ", TYPES[item_type], len(items))
        return head + b"".join(_value(item_type, item) for item in items)
    return struct.pack(PACKING[type_name], value)
