"""Models of some hundred megabytes with random weights, to compare forecasts with what they really take and do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from benchmarks.common import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from fakes.tiny_families import Pack, Shape, make

Kind = gguf.GGMLQuantizationType
_SCALE = np.float16(0.002)
_SCALES: Mapping[Kind, tuple[int, ...]] = {
    Kind.Q8_0: (0,), Kind.Q4_0: (0,), Kind.IQ4_NL: (0,), Kind.Q4_1: (0, 2), Kind.Q4_K: (0, 2), Kind.Q5_K: (0, 2),
    Kind.Q6_K: (208,), Kind.Q3_K: (108,), Kind.F16: (),
}  # fmt: skip
"""Where in a block its 16-bit scales stand: random bytes there could be no numbers."""


def packed(usual: Kind, *, output: Kind | None = None) -> Pack:
    """Random blocks of a type; the table of tokens and the output may be of another."""

    def pack(name: str, shape: tuple[int, ...], random: np.random.Generator) -> tuple[np.ndarray, Kind]:
        kind = output if output and name in ("token_embd", "output") else usual
        if kind is Kind.F16:
            values = (random.standard_normal(shape, dtype=np.float32) * shape[-1] ** -0.5).astype(np.float16)
            return values, kind
        size, bytes_each = gguf.GGML_QUANT_SIZES[kind]
        rows = int(np.prod(shape[:-1]))
        blocks = np.frombuffer(random.bytes(rows * shape[-1] // size * bytes_each), np.uint8).copy()
        blocks = blocks.reshape(-1, bytes_each)
        for place in _SCALES[kind]:
            blocks[:, place : place + 2] = np.frombuffer(_SCALE.tobytes(), np.uint8)
        return blocks.reshape(*shape[:-1], shape[-1] // size * bytes_each), kind

    return pack


@dataclass(frozen=True)
class Large:
    """A model to be made."""

    family: str
    shape: Shape
    pack: Pack
    words: int = 32_000

    def make(self, folder: Path) -> Path:
        """Write it; a second or two."""
        return make(self.family, folder, shape=self.shape, pack=self.pack, words=self.words)


LARGE: Mapping[str, Large] = {
    "llama, F16": Large(
        "llama2", Shape(12, 1024, 16, 4, 64, 2816), packed(Kind.F16)
    ),
    "llama, Q8_0": Large(
        "llama2", Shape(20, 1280, 20, 5, 64, 3584), packed(Kind.Q8_0)
    ),
    "qwen2 with grouped keys, Q4_K and Q6_K": Large(
        "qwen2", Shape(24, 1536, 12, 2, 128, 5120), packed(Kind.Q4_K, output=Kind.Q6_K), 100_000
    ),
    "gemma3 with a sliding window, Q4_0": Large(
        "gemma3", Shape(24, 1536, 12, 4, 128, 5120), packed(Kind.Q4_0, output=Kind.Q8_0), 100_000
    ),
    "llama, Q5_K": Large("llama2", Shape(20, 1536, 12, 12, 128, 4096), packed(Kind.Q5_K, output=Kind.Q6_K)),
    "mixtral, 8 experts of which 2, Q4_K": Large(
        "mixtral", Shape(12, 1024, 16, 4, 64, 2816, 8, 2), packed(Kind.Q4_K, output=Kind.Q6_K)
    ),
    "granite, 32 experts of which 8, Q8_0": Large(
        "granite-moe", Shape(12, 1024, 16, 8, 64, 512, 32, 8), packed(Kind.Q8_0)
    ),
}  # fmt: skip
"""By what is special about them: 0.25 to 0.6 GB, all the weights' layouts that the forecasts tell apart."""
