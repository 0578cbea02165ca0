"""Tiny models that see, and their projectors: random weights in the true layout of four families.

model, projector = gemma3(tmp_path)      # Gemma 3: all tokens of a picture at once, see each other
model, projector = qwen25vl(tmp_path)    # Qwen 2.5 VL: as many tokens as its size says, M-RoPE
model, projector = smolvlm(tmp_path)     # SmolVLM (idefics3): tiles, each a picture of its own
model, projector = paddleocr(tmp_path)   # PaddleOCR-VL: as many tokens as its size says, M-RoPE
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from fakes.tiny_families import Shape, make
from fakes.tiny_gguf import (
    CHATML,
    EMBEDDING,
    HEAD_LENGTH,
    HEADS,
    KV_HEADS,
    Change,
    Contents,
    TinyFile,
    _general,
    _shape,
    _tokenizer,
    _vocabulary,
    _Weights,
    build,
    tiny_gemma3,
    write,
)

WIDTH, INNER, PATCH, LAYERS = 32, 48, 4, 2
"""Of the part that sees."""


def projector_of(
    kind: str,
    *,
    image: int,
    merged: int,
    numbers: Mapping[str, Any],
    last: Mapping[str, np.ndarray],
    name: str = "",
    width: int = EMBEDDING,
    biased: bool = True,
    places: bool = True,
    change: Change | None = None,
    without: str = "",
) -> TinyFile:
    """A projector of a family.  `merged`: patches that become one, each way.  `without`: a tensor that is left out."""
    sizes = {
        "image_size": image, "patch_size": PATCH, "embedding_length": WIDTH, "feed_forward_length": INNER,
        "block_count": LAYERS, "projection_dim": width, "attention.head_count": 2, **numbers,
    }  # fmt: skip
    contents = Contents(_general("clip", name or f"Tiny {kind}", kind="mmproj"))
    contents.metadata |= {f"clip.vision.{key}": ("u32", value) for key, value in sizes.items()}
    contents.metadata |= {
        "clip.has_vision_encoder": ("bool", True),
        "clip.projector_type": ("string", kind),
        "clip.use_gelu": ("bool", True),
        "clip.vision.attention.layer_norm_epsilon": ("f32", 1e-6),
        "clip.vision.image_mean": ("array", ("f32", [0.5, 0.5, 0.5])),
        "clip.vision.image_std": ("array", ("f32", [0.5, 0.5, 0.5])),
    }
    maker = _Weights(11, f32=True)
    tensors = {
        "v.patch_embd.weight": maker.matrix(WIDTH, 3 * PATCH * PATCH).reshape(WIDTH, 3, PATCH, PATCH),
        "v.post_ln.weight": np.ones(WIDTH, np.float32),
    }
    if places:
        tensors |= {
            "v.patch_embd.bias": maker.vector(WIDTH, 0.1),
            "v.position_embd.weight": maker.matrix((image // PATCH) ** 2, WIDTH),
        }
    for layer in range(LAYERS):
        blk = f"v.blk.{layer}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensors[f"{blk}{part}.weight"] = maker.matrix(WIDTH, WIDTH)
            tensors[f"{blk}{part}.bias"] = maker.vector(WIDTH, 0.1)
        tensors[blk + "ffn_up.weight"] = maker.matrix(INNER, WIDTH)
        tensors[blk + "ffn_up.bias"] = maker.vector(INNER, 0.1)
        tensors[blk + "ffn_down.weight"] = maker.matrix(WIDTH, INNER)
        tensors[blk + "ffn_down.bias"] = maker.vector(WIDTH, 0.1)
        for norm in ("ln1", "ln2"):
            tensors[f"{blk}{norm}.weight"] = np.ones(WIDTH, np.float32)
            if biased:
                tensors[f"{blk}{norm}.bias"] = np.zeros(WIDTH, np.float32)
    if biased:
        tensors["v.post_ln.bias"] = np.zeros(WIDTH, np.float32)
    contents.tensors = {key: value for key, value in (tensors | last).items() if key != without}
    return build(contents, change)


def gemma3_projector(*, width: int = EMBEDDING, **more: Any) -> TinyFile:
    """16 tokens a picture."""
    maker = _Weights(12, f32=True)
    last = {
        "mm.input_projection.weight": maker.matrix(WIDTH, width),
        "mm.soft_emb_norm.weight": np.ones(WIDTH, np.float32),
    }
    return projector_of("gemma3", image=64, merged=4, numbers={}, last=last, width=width, **more)


def gemma3(folder: Path, **more: Any) -> tuple[Path, Path]:
    model = write(folder / "tiny-gemma-3-it.gguf", tiny_gemma3())
    return model, write(folder / "mmproj-tiny-gemma-3.gguf", gemma3_projector(**more))


def qwen25vl(folder: Path, **more: Any) -> tuple[Path, Path]:
    maker = _Weights(13, f32=True)
    last = {
        "v.patch_embd.weight.1": maker.matrix(WIDTH, 3 * PATCH * PATCH).reshape(WIDTH, 3, PATCH, PATCH),
        "mm.0.weight": maker.matrix(WIDTH * 4, WIDTH * 4),
        "mm.0.bias": maker.vector(WIDTH * 4, 0.1),
        "mm.2.weight": maker.matrix(EMBEDDING, WIDTH * 4),
        "mm.2.bias": maker.vector(EMBEDDING, 0.1),
    }
    for layer in range(LAYERS):
        last[f"v.blk.{layer}.ffn_gate.weight"] = maker.matrix(INNER, WIDTH)
        last[f"v.blk.{layer}.ffn_gate.bias"] = maker.vector(INNER, 0.1)
    numbers = {"n_wa_pattern": 2, "window_size": 16, "spatial_merge_size": 2}
    made = projector_of(
        "qwen2.5vl_merger", image=64, merged=2, numbers=numbers, last=last, biased=False, places=False, **more
    )
    model = write(folder / "tiny-qwen2.5-vl.gguf", tiny_qwen2vl())
    return model, write(folder / "mmproj-tiny-qwen2.5-vl.gguf", made)


def tiny_qwen2vl() -> TinyFile:
    """The text part of Qwen 2 and 2.5 VL: a qwen2 whose positions have three dimensions."""
    vocabulary = _vocabulary()
    contents = Contents(_general("qwen2vl", "Tiny qwen2.5 vl") | _shape("qwen2vl", 2, 8192))
    contents.metadata |= {
        "qwen2vl.attention.layer_norm_rms_epsilon": ("f32", 1e-6),
        "qwen2vl.rope.dimension_sections": ("array", ("i32", [2, 3, 3, 0])),
        "general.file_type": ("u32", 1),
    }
    contents.metadata |= _tokenizer(vocabulary, CHATML)
    maker = _Weights(14, f32=False)
    contents.tensors = maker.transformer(2, len(vocabulary), untied=True)
    for layer in range(2):
        for name, length in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS)):
            contents.tensors[f"blk.{layer}.attn_{name}.bias"] = maker.vector(length * HEAD_LENGTH, 0.1)
    return build(contents)


def smolvlm(folder: Path, **more: Any) -> tuple[Path, Path]:
    last = {"mm.model.fc.weight": _Weights(15, f32=True).matrix(EMBEDDING, WIDTH * 4)}
    numbers = {"projector.scale_factor": 2, "preproc_image_size": 64}
    made = projector_of("idefics3", image=32, merged=2, numbers=numbers, last=last, **more)
    model = write(folder / "tiny-smolvlm-instruct.gguf", tiny_smollm())
    return model, write(folder / "mmproj-tiny-smolvlm.gguf", made)


def tiny_smollm() -> TinyFile:
    """The text part of SmolVLM: a llama that knows the marks around the tiles of a picture."""
    marks = ["<fake_token_around_image>", "<global-img>", *(f"<row_{y}_col_{x}>" for y in (1, 2, 3) for x in (1, 2, 3))]
    vocabulary = [*_vocabulary(), ("\n\n", -50.0, 1), *((mark, 0.0, 3) for mark in marks)]
    contents = Contents(_general("llama", "Tiny smolvlm") | _shape("llama", 2, 8192))
    contents.metadata |= {
        "llama.rope.dimension_count": ("u32", HEAD_LENGTH),
        "llama.attention.layer_norm_rms_epsilon": ("f32", 1e-5),
        "general.file_type": ("u32", 1),
    }
    contents.metadata |= _tokenizer(vocabulary, CHATML)
    contents.tensors = _Weights(16, f32=False).transformer(2, len(vocabulary), untied=True)
    return build(contents)


def paddleocr(folder: Path, **more: Any) -> tuple[Path, Path]:
    model = make("paddleocr", folder, template=CHATML, shape=Shape(embedding=EMBEDDING), markers=_PICTURE_MARKS)
    return model, write(folder / "mmproj-tiny-paddleocr.gguf", paddleocr_projector(**more))


_PICTURE_MARKS = ("<|IMAGE_START|>", "<|IMAGE_END|>")


def paddleocr_projector(*, numbers: Mapping[str, Any] | None = None, **more: Any) -> TinyFile:
    maker = _Weights(18, f32=True)
    last = {
        "mm.input_norm.weight": np.ones(WIDTH, np.float32),
        "mm.input_norm.bias": np.zeros(WIDTH, np.float32),
        "mm.1.weight": maker.matrix(INNER, WIDTH * 4),
        "mm.1.bias": maker.vector(INNER, 0.1),
        "mm.2.weight": maker.matrix(EMBEDDING, INNER),
        "mm.2.bias": maker.vector(EMBEDDING, 0.1),
    }
    pixels = {"image_min_pixels": 64, "image_max_pixels": 4096}
    return projector_of("paddleocr", image=64, merged=2, numbers=pixels | (numbers or {}), last=last, **more)


def every_kind() -> dict[str, TinyFile]:
    """A sound projector of each kind that is used, and of pixtral one that merges patches, by name."""
    maker = _Weights(17, f32=True)

    def linear(name: str, inner: int, outer: int) -> dict[str, np.ndarray]:
        return {f"{name}.weight": maker.matrix(outer, inner), f"{name}.bias": maker.vector(outer, 0.1)}

    def norm(name: str, size: int) -> dict[str, np.ndarray]:
        return {f"{name}.weight": np.ones(size, np.float32), f"{name}.bias": np.zeros(size, np.float32)}

    def in_layers(*parts: tuple[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        return {f"v.blk.{n}.{part}": np.ones(sides, np.float32) for n in range(LAYERS) for part, sides in parts}

    second = {"v.patch_embd.weight.1": maker.matrix(WIDTH, 3 * PATCH * PATCH).reshape(WIDTH, 3, PATCH, PATCH)}
    qwen = second | linear("mm.0", 4 * WIDTH, 4 * WIDTH) | linear("mm.2", 4 * WIDTH, EMBEDDING)
    fused = in_layers(("attn_qkv.weight", (3 * WIDTH, WIDTH)), ("attn_qkv.bias", (3 * WIDTH,)))
    gate = in_layers(("ffn_gate.weight", (INNER, WIDTH)))
    pixtral = gate | {"v.token_embd.img_break": maker.vector(EMBEDDING, 0.1)}
    pixtral |= linear("mm.1", WIDTH, EMBEDDING) | linear("mm.2", EMBEDDING, EMBEDDING)
    merger = {
        "mm.patch_merger.weight": maker.matrix(WIDTH, 4 * WIDTH),
        "mm.input_norm.weight": np.ones(WIDTH, np.float32),
    }
    intern = {
        "v.class_embd": maker.vector(WIDTH, 0.1),
        "v.position_embd.weight": maker.matrix((64 // PATCH) ** 2 + 1, WIDTH),
        **norm("mm.model.mlp.0", 4 * WIDTH),
        **linear("mm.model.mlp.1", 4 * WIDTH, EMBEDDING),
        **linear("mm.model.mlp.3", EMBEDDING, EMBEDDING),
        **in_layers(("ls1.weight", (WIDTH,)), ("ls2.weight", (WIDTH,))),
    }
    lfm = norm("mm.input_norm", 4 * WIDTH) | linear("mm.1", 4 * WIDTH, INNER) | linear("mm.2", INNER, EMBEDDING)
    gemma = {
        "v.position_embd.weight": maker.matrix(800, WIDTH).reshape(2, 400, WIDTH),
        "mm.input_projection.weight": maker.matrix(EMBEDDING, WIDTH),
    }
    norms = in_layers(
        ("attn_q_norm.weight", (WIDTH // 2,)), ("attn_k_norm.weight", (WIDTH // 2,)),
        ("attn_post_norm.weight", (WIDTH,)), ("ffn_post_norm.weight", (WIDTH,)),
    )  # fmt: skip
    dots = 3 * (3 * PATCH) ** 2
    patches = {"v.patch_embd.weight": maker.matrix(WIDTH, dots), "v.patch_embd.bias": maker.vector(WIDTH, 0.1)}
    patches |= norm("v.patch_norm.1", dots) | norm("v.patch_norm.2", WIDTH) | norm("v.patch_norm.3", WIDTH)
    scale, spatial, bare = {"projector.scale_factor": 2}, {"spatial_merge_size": 2}, {"biased": False, "places": False}
    return {
        "gemma3": gemma3_projector(),
        "paddleocr": paddleocr_projector(),
        "qwen2vl": projector_of("qwen2vl_merger", image=64, merged=2, numbers={}, last=qwen, places=False),
        "qwen3vl": projector_of("qwen3vl_merger", image=64, merged=2, numbers=spatial, last=qwen | fused),
        "pixtral": projector_of("pixtral", image=64, merged=1, numbers={}, last=pixtral, **bare),
        "pixtral merging": projector_of("pixtral", image=64, merged=2, numbers=spatial, last=pixtral | merger, **bare),
        "internvl": projector_of("internvl", image=64, merged=2, numbers=scale, last=intern),
        "lfm2": projector_of("lfm2", image=64, merged=2, numbers=scale, last=lfm),
        "gemma4v": projector_of("gemma4v", image=48, merged=3, numbers={}, last=gemma | gate | norms, **bare),
        "gemma4uv": projector_of("gemma4uv", image=48, merged=3, numbers={}, last=gemma | patches, **bare),
    }
