"""Tiny models that hear, and their projectors: random weights in the true layout of two families.

model, projector = qwen3_asr(tmp_path)   # Qwen3-ASR: pieces of a second, M-RoPE
model, projector = voxtral(tmp_path)     # Voxtral Mini: always half a minute
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from fakes.tiny_families import Shape, make
from fakes.tiny_gguf import Change, Contents, TinyFile, _general, _Weights, build, write

EMBEDDING = 64
"""Of the models."""
WIDTH, INNER, LAYERS, HEADS, BANDS = 40, 48, 2, 2, 128
"""Of the part that hears. With a width that is a power of two, llama.cpp ends over Voxtral."""
_CHANNELS, _PLACES, _STACKED = 8, 1500, 4
_LOUD = np.float32(8)
"""How many times larger sound is than by chance, so that the words depend on it."""


def qwen3_asr(folder: Path, **more: Any) -> tuple[Path, Path]:
    marks = ("<|audio_start|>", "<|audio_pad|>", "<|audio_end|>", "<asr_text>")
    model = make("qwen3-asr", folder, shape=Shape(embedding=EMBEDDING), title="Qwen3 ASR 0.6B", markers=marks, seed=3)
    return model, write(folder / "mmproj-tiny-qwen3-asr.gguf", qwen3_asr_projector(**more))


def voxtral(folder: Path, **more: Any) -> tuple[Path, Path]:
    marks = ("[AUDIO]", "[BEGIN_AUDIO]", "[TRANSCRIBE]")
    model = make(
        "voxtral", folder, shape=Shape(embedding=EMBEDDING), title="Voxtral Mini 3B 2507", markers=marks, seed=5
    )
    return model, write(folder / "mmproj-tiny-voxtral.gguf", voxtral_projector(**more))


def qwen3_asr_projector(**more: Any) -> TinyFile:
    maker, rows = _Weights(21, f32=True), (BANDS + 7) // 8
    tensors = {
        f"a.conv2d.{number}.weight": _convolution(maker, _CHANNELS, into, 3, 3)
        for number, into in ((1, 1), (2, _CHANNELS), (3, _CHANNELS))
    }
    tensors |= {f"a.conv2d.{number}.bias": maker.vector(_CHANNELS, 0.1).reshape(-1, 1, 1) for number in (1, 2, 3)}
    tensors["a.conv_out.weight"] = maker.matrix(WIDTH, rows * _CHANNELS)
    last = _linear(maker, "mm.a.mlp.1", WIDTH, WIDTH) | _linear(maker, "mm.a.mlp.2", WIDTH, EMBEDDING)
    last["mm.a.mlp.2.weight"] *= _LOUD
    return _projector("qwen3a", tensors, last, key="clip.audio.projector_type", **more)


def voxtral_projector(**more: Any) -> TinyFile:
    maker = _Weights(22, f32=True)
    tensors = {
        "a.conv1d.1.weight": _convolution(maker, WIDTH, BANDS, 3),
        "a.conv1d.1.bias": maker.vector(WIDTH, 0.1).reshape(-1, 1),
        "a.conv1d.2.weight": _convolution(maker, WIDTH, WIDTH, 3),
        "a.conv1d.2.bias": maker.vector(WIDTH, 0.1).reshape(-1, 1),
    }
    last = {
        "mm.a.mlp.1.weight": maker.matrix(EMBEDDING, _STACKED * WIDTH),
        "mm.a.mlp.2.weight": maker.matrix(EMBEDDING, EMBEDDING) * _LOUD,
    }
    numbers = {"projector.stack_factor": _STACKED}
    return _projector("voxtral", tensors, last, key="clip.projector_type", numbers=numbers, biased="qv", **more)


def _projector(
    kind: str,
    first: Mapping[str, np.ndarray],
    last: Mapping[str, np.ndarray],
    *,
    key: str,
    numbers: Mapping[str, int] | None = None,
    biased: str = "qkv",
    change: Change | None = None,
    without: str = "",
) -> TinyFile:
    """`biased`: those of query, key and value that have a bias.  `without`: a tensor that is left out."""
    sizes = {
        "embedding_length": WIDTH, "feed_forward_length": INNER, "block_count": LAYERS, "projection_dim": EMBEDDING,
        "attention.head_count": HEADS, "num_mel_bins": BANDS, **(numbers or {}),
    }  # fmt: skip
    contents = Contents(_general("clip", f"Tiny {kind}", kind="mmproj"))
    contents.metadata |= {f"clip.audio.{name}": ("u32", value) for name, value in sizes.items()}
    contents.metadata |= {
        "clip.has_audio_encoder": ("bool", True),
        key: ("string", kind),
        "clip.use_gelu": ("bool", True),
        "clip.audio.attention.layer_norm_epsilon": ("f32", 1e-5),
    }
    maker = _Weights(23, f32=True)
    tensors = {**first, "a.position_embd.weight": maker.matrix(_PLACES, WIDTH), **_norm("a.post_ln")}
    for layer in range(LAYERS):
        blk = f"a.blk.{layer}."
        for part in ("q", "k", "v", "out"):
            tensors[f"{blk}attn_{part}.weight"] = maker.matrix(WIDTH, WIDTH)
            if part in (*biased, "out"):
                tensors[f"{blk}attn_{part}.bias"] = maker.vector(WIDTH, 0.1)
        tensors |= _linear(maker, f"{blk}ffn_up", WIDTH, INNER) | _linear(maker, f"{blk}ffn_down", INNER, WIDTH)
        tensors |= _norm(f"{blk}ln1") | _norm(f"{blk}ln2")
    contents.tensors = {name: value for name, value in (tensors | last).items() if name != without}
    return build(contents, change)


def _convolution(maker: _Weights, out: int, into: int, *sides: int) -> np.ndarray:
    size = into * int(np.prod(sides))
    return maker.matrix(out, size).astype(np.float16).reshape(out, into, *sides)


def _linear(maker: _Weights, name: str, into: int, out: int) -> dict[str, np.ndarray]:
    return {f"{name}.weight": maker.matrix(out, into), f"{name}.bias": maker.vector(out, 0.1)}


def _norm(name: str) -> dict[str, np.ndarray]:
    return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}
