"""A speech model with random weights in whisper.cpp's true layout: it loads and writes nonsense.  7 MB."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy

STATE, BANDS, VOCABULARY, WORDS = 64, 80, 51_865, 50_257


def numbers(**changed: int) -> bytes:
    """The beginning of the file, up to the filters."""
    known = {
        "vocabulary": VOCABULARY, "context": 1500, "state": STATE, "heads": 1, "layers": 1, "text_context": 448,
        "text_state": STATE, "text_heads": 1, "text_layers": 1, "bands": BANDS, "type": 1,
    }  # fmt: skip
    return struct.pack("<4s11I", b"lmgg", *(known | changed).values())


@cache
def vocabulary(words: int = WORDS) -> bytes:
    pieces = (f" w{number}".encode() if number else b" " for number in range(words))
    return struct.pack("<I", words) + b"".join(struct.pack("<I", len(piece)) + piece for piece in pieces)


def tiny_whisper(path: Path, *, start: bytes | None = None, words: bytes | None = None, more: bytes = b"") -> Path:
    """Write the model; `start`, `words` and `more` are for broken ones."""
    filters = struct.pack("<2I", BANDS, 201) + numpy.full((BANDS, 201), 0.01, "<f4").tobytes()
    head = (start or numbers()) + filters + (words or vocabulary())
    path.write_bytes(head + _weights() + more)
    return path


@cache
def _weights() -> bytes:
    return b"".join(_tensors())


def _tensors() -> Iterator[bytes]:
    random = numpy.random.default_rng(7)

    def tensor(name: str, *shape: int, wide: bool = False) -> bytes:
        data = random.standard_normal(shape) * 0.05
        kind = 0 if wide or len(shape) < 2 else 1
        head = struct.pack("<3I", len(shape), len(name), kind) + struct.pack(f"<{len(shape)}I", *reversed(shape))
        return head + name.encode() + data.astype("<f2" if kind else "<f4").tobytes()

    yield tensor("encoder.positional_embedding", 1500, STATE, wide=True)
    yield tensor("decoder.positional_embedding", 448, STATE, wide=True)
    yield tensor("decoder.token_embedding.weight", VOCABULARY, STATE)
    for name, width in (("conv1", BANDS), ("conv2", STATE)):
        yield tensor(f"encoder.{name}.weight", STATE, width, 3)
        yield tensor(f"encoder.{name}.bias", STATE, 1, wide=True)
    norms = ["encoder.ln_post", "decoder.ln"]
    for side, parts in (("encoder", ("attn",)), ("decoder", ("attn", "cross_attn"))):
        layer = f"{side}.blocks.0"
        norms += [f"{layer}.mlp_ln", *(f"{layer}.{part}_ln" for part in parts)]
        yield tensor(f"{layer}.mlp.0.weight", 4 * STATE, STATE) + tensor(f"{layer}.mlp.0.bias", 4 * STATE)
        yield tensor(f"{layer}.mlp.2.weight", STATE, 4 * STATE) + tensor(f"{layer}.mlp.2.bias", STATE)
        for part in parts:
            yield from (
                tensor(f"{layer}.{part}.{kind}.weight", STATE, STATE) for kind in ("query", "key", "value", "out")
            )
            yield from (tensor(f"{layer}.{part}.{kind}.bias", STATE) for kind in ("query", "value", "out"))
    yield from (tensor(f"{norm}.{end}", STATE) for norm in norms for end in ("weight", "bias"))
