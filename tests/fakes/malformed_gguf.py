"""Structured damages of a tiny valid GGUF file: name → bytes, the same for the same seed.

    for name, data in malformed().items():
        path.write_bytes(data)

Groups, told by the first word of a name: header, counts, strings, keys, types, shapes, offsets, vocabulary, bytes.
A few of them are odd but legal (`LEGAL`): those must give a header.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

from fakes.tiny_gguf import TinyFile, tiny_llama

LEGAL = frozenset(
    {
        "header version 2", "keys name is HTML", "keys name not UTF-8", "keys name 16 MiB", "keys name empty",
        "keys context 4294967295", "keys context 1048576", "keys unknown extra key", "keys rope frequency NaN",
        "bytes trailing junk",
    }
)  # fmt: skip
"""Damages a header reader has to live with; they must read as a header."""

HUGE = (0xFFFF_FFFF_FFFF_FFFF, 1 << 63, 1 << 40, 0xFFFF_FFFF, 1 << 20)


def malformed(seed: int = 1) -> dict[str, bytes]:
    """Every damage."""
    tiny = tiny_llama()
    damages: dict[str, bytes] = {}
    makers = (_header, _counts, _strings, _keys, _types, _shapes, _offsets, _vocabulary, _bytes)
    for maker in makers:
        for name, data in maker(tiny, random.Random(seed)):
            full = f"{maker.__name__[1:]} {name}"
            if full in damages:
                raise ValueError(full)
            damages[full] = data
    return damages


Damages = Iterator[tuple[str, bytes]]


def _put(tiny: TinyFile, at: int, packing: str, *values: float) -> bytes:
    data = bytearray(tiny.data)
    struct.pack_into(packing, data, at, *values)
    return bytes(data)


def _header(tiny: TinyFile, _random: random.Random) -> Damages:
    yield "version 2", tiny_llama(version=2).data
    for version in (0, 1, 4, 99, 0x0300_0000, 0xFFFF_FFFF):
        yield f"version {version}", _put(tiny, 4, "<I", version)
    for size in (1, 3, 4, 7, 8, 15, 23, 24):
        yield f"cut at {size}", tiny.data[:size]
    yield "magic FUGG", b"FUGG" + tiny.data[4:]
    yield "magic lower case", b"gguf" + tiny.data[4:]
    yield "twice", tiny.data[:24] + tiny.data


def _counts(tiny: TinyFile, _random: random.Random) -> Damages:
    for mark in ("tensor_count", "key_count"):
        right: int = struct.unpack_from("<Q", tiny.data, tiny.marks[mark])[0]
        for value in (0, right - 1, right + 1, 1000, 16_384, *HUGE):
            yield f"{mark} {value}", _put(tiny, tiny.marks[mark], "<Q", value)
    for key in ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"):
        for value in (0, 1, 1_000_000, *HUGE):
            yield f"{key} {value}", _put(tiny, tiny.marks["value:" + key] + 4, "<Q", value)


def _strings(tiny: TinyFile, _random: random.Random) -> Damages:
    places = {
        "key": tiny.marks["key:general.name"],
        "value": tiny.marks["value:general.name"],
        "template": tiny.marks["value:tokenizer.chat_template"],
        "token": tiny.marks["value:tokenizer.ggml.tokens"] + 12,
        "tensor": tiny.marks["name:blk.0.attn_q.weight"],
    }
    for name, at in places.items():
        for length in (0, 65, 100_000, *HUGE):
            yield f"{name} length {length}", _put(tiny, at, "<Q", length)


def _keys(_tiny: TinyFile, _random: random.Random) -> Damages:
    for key in (
        "general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length",
        "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon", "tokenizer.ggml.tokens",
        "tokenizer.ggml.model", "tokenizer.ggml.token_type", "tokenizer.ggml.scores",
    ):  # fmt: skip
        yield f"without {key}", tiny_llama(change={key: None}).data
    for key in (
        "block_count",
        "embedding_length",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
    ):
        for value in (0, 1, 3, 0xFFFF_FFFF):
            yield f"{key} {value}", tiny_llama(change={f"llama.{key}": ("u32", value)}).data
        yield f"{key} is text", tiny_llama(change={f"llama.{key}": ("string", "two")}).data
        yield f"{key} is negative", tiny_llama(change={f"llama.{key}": ("i32", -2)}).data
    for value in (0, 1 << 20, 0xFFFF_FFFF):
        yield f"context {value}", tiny_llama(change={"llama.context_length": ("u32", value)}).data
    yield "rope frequency NaN", tiny_llama(change={"llama.rope.freq_base": ("f32", float("nan"))}).data
    yield "rope dimensions huge", tiny_llama(change={"llama.rope.dimension_count": ("u32", 1 << 30)}).data
    for alignment in (0, 7, 33, 1 << 31):
        yield f"alignment {alignment}", tiny_llama(change={"general.alignment": ("u32", alignment)}).data
    yield "alignment is text", tiny_llama(change={"general.alignment": ("string", "32")}).data
    yield "architecture is a number", tiny_llama(change={"general.architecture": ("u32", 7)}).data
    yield "name is HTML", tiny_llama(change={"general.name": ("string", "<b onclick=x>Model</b>")}).data
    yield "name not UTF-8", tiny_llama(change={"general.name": ("string", b"\xff\xfe\xc3")}).data
    yield "name 16 MiB", tiny_llama(change={"general.name": ("string", "A" * (16 << 20))}).data
    yield "name empty", tiny_llama(change={"general.name": ("string", "")}).data
    yield "unknown extra key", tiny_llama(change={"x.y": ("f64", 1.5)}).data
    yield "empty key", tiny_llama(change={"": ("u32", 1)}).data
    yield "70,000 byte key", tiny_llama(change={"k" * 70_000: ("u32", 1)}).data
    nested = ("array", ("array", [("u32", [1])]))
    yield "list in a list", tiny_llama(change={"x.nested": nested}).data
    twice = tiny_llama(change={"generax.name": ("string", "again")})
    yield "twice", twice.data.replace(b"generax.name", b"general.name")


def _types(tiny: TinyFile, _random: random.Random) -> Damages:
    for key in ("general.name", "llama.block_count", "tokenizer.ggml.tokens", "tokenizer.chat_template"):
        for number in (0, 4, 8, 9, 12, 13, 255, 0xFFFF_FFFF):
            if number != struct.unpack_from("<I", tiny.data, tiny.marks["type:" + key])[0]:
                yield f"{key} {number}", _put(tiny, tiny.marks["type:" + key], "<I", number)
    for number in (0, 5, 6, 9, 13, 0xFFFF_FFFF):
        yield f"items of tokens {number}", _put(tiny, tiny.marks["value:tokenizer.ggml.tokens"], "<I", number)
    for number in (1, 2, 4, 12, 31, 43, 0x7FFF_FFFF, 0xFFFF_FFFF):
        yield f"weights {number}", _put(tiny, tiny.marks["ttype:blk.0.attn_q.weight"], "<I", number)


def _shapes(tiny: TinyFile, _random: random.Random) -> Damages:
    for tensor in ("token_embd.weight", "blk.1.ffn_down.weight"):
        for number in (0, 1, 3, 5, 0xFFFF_FFFF):
            yield f"{tensor} dimensions {number}", _put(tiny, tiny.marks["dims:" + tensor], "<I", number)
        for first, second in ((0, 32), (32, 0), (33, 32), (1 << 32, 1 << 32), (1 << 63, 1), (1, 1 << 62)):
            yield f"{tensor} {first} x {second}", _put(tiny, tiny.marks["shape:" + tensor], "<QQ", first, second)


def _offsets(tiny: TinyFile, _random: random.Random) -> Damages:
    for tensor in ("token_embd.weight", "blk.1.ffn_down.weight"):
        right: int = struct.unpack_from("<Q", tiny.data, tiny.marks["offset:" + tensor])[0]
        for value in (8, right + 1, right + 32, 1 << 20, 1 << 40, 1 << 63, 0xFFFF_FFFF_FFFF_FFE0):
            yield f"{tensor} {value}", _put(tiny, tiny.marks["offset:" + tensor], "<Q", value)


def _vocabulary(_tiny: TinyFile, _random: random.Random) -> Damages:
    tokens = [f"t{number}" for number in range(50)]
    yield "fewer tokens", tiny_llama(change={"tokenizer.ggml.tokens": ("array", ("string", tokens))}).data
    yield "no tokens", tiny_llama(change={"tokenizer.ggml.tokens": ("array", ("string", []))}).data
    yield "tokens are numbers", tiny_llama(change={"tokenizer.ggml.tokens": ("array", ("u32", [1] * 299))}).data
    yield "tokens are one text", tiny_llama(change={"tokenizer.ggml.tokens": ("string", "a b c")}).data
    yield "short scores", tiny_llama(change={"tokenizer.ggml.scores": ("array", ("f32", [0.0]))}).data
    yield "short types", tiny_llama(change={"tokenizer.ggml.token_type": ("array", ("i32", [1]))}).data
    yield "types are texts", tiny_llama(change={"tokenizer.ggml.token_type": ("array", ("string", ["x"]))}).data
    yield "unknown tokenizer", tiny_llama(change={"tokenizer.ggml.model": ("string", "quantum")}).data
    for key in ("bos_token_id", "eos_token_id", "unknown_token_id"):
        yield f"{key} huge", tiny_llama(change={f"tokenizer.ggml.{key}": ("u32", 0xFFFF_FFFE)}).data


def _bytes(tiny: TinyFile, rand: random.Random) -> Damages:
    """Damages without a plan: random bytes in the header, pieces taken out, doubled, zeroed."""
    end = tiny.marks["data"]
    yield "trailing junk", tiny.data + bytes(1000)
    changes: list[tuple[str, Callable[[bytes, int, int], bytes]]] = [
        ("flipped", lambda data, at, _size: data[:at] + bytes([data[at] ^ (1 << rand.randrange(8))]) + data[at + 1 :]),
        ("zeroed", lambda data, at, size: data[:at] + bytes(size) + data[at + size :]),
        ("filled", lambda data, at, size: data[:at] + b"\xff" * size + data[at + size :]),
        ("taken out", lambda data, at, size: data[:at] + data[at + size :]),
        ("doubled", lambda data, at, size: data[: at + size] + data[at:]),
    ]
    for name, change in changes:
        for number in range(20):
            yield f"{name} {number}", change(tiny.data, rand.randrange(4, end), rand.randrange(1, 64))
