"""Small LoRA adapters for the tiny models: random low-rank changes, made with the `gguf` package.

base = tiny_families.make("llama2", tmp_path)
path = make_lora(base, tmp_path / "lora.gguf")        # fits that base, and changes what it writes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from slmdesk.models.gguf.read import read_header

RANK = 4
TARGETS = ("blk.0.attn_q.weight", "blk.0.attn_output.weight", "blk.1.ffn_down.weight")


def make_lora(
    base: Path,
    path: Path,
    *,
    targets: Sequence[str] = TARGETS,
    seed: int = 3,
    strength: float = 2.0,
    architecture: str = "",
    keys: Mapping[str, Any] | None = None,
    change: Mapping[str, np.ndarray | None] | None = None,
) -> Path:
    """Write an adapter for `base` and return its path.

    `keys`: other values of its metadata, None leaves one out; `change`: other tensors, None leaves one out.
    """
    header = read_header(base)
    random = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}
    for target in targets:
        into, out = header.tensors.shapes[target][:2]
        tensors[target + ".lora_a"] = random.standard_normal((RANK, into)).astype(np.float32) / into**0.5
        tensors[target + ".lora_b"] = random.standard_normal((out, RANK)).astype(np.float32) * strength
    metadata: dict[str, Any] = {
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": float(RANK),
        "general.name": "Tiny adapter",
        "general.base_model.count": 1,
        "general.base_model.0.name": header.name,
    } | dict(keys or {})
    writer = gguf.GGUFWriter(path, architecture or header.architecture)
    for key, value in metadata.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, np.float64):
            writer.add_float64(key, float(value))
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif value is not None:
            writer.add_uint32(key, value)
    for name, values in (tensors | dict(change or {})).items():
        if values is not None:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
