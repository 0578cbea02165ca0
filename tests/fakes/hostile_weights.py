"""Projectors of which one weight is not as its header says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import numpy as np
from fakes.tiny_gguf import Contents, write

ENCODERS = {"clip.has_vision_encoder", "clip.has_audio_encoder"}


def hostile(maker: ModuleType, make: Callable[[Path], object], folder: Path) -> Iterator[tuple[str, Path]]:
    """Each weight of a projector left out, twice as long along each side, or in another precision.

    `make`: a function of `maker`, whose `build` gets the contents of its files.
    """
    made: list[Contents] = []
    real = maker.build

    def build(contents: Contents, change=None):
        made.append(contents)
        return real(contents, change)

    with patch.object(maker, "build", build):
        make(folder)
    (whole,) = (contents for contents in made if ENCODERS & contents.metadata.keys())
    for name, weight in whole.tensors.items():
        kind = np.float32 if weight.dtype == np.float16 else np.float16
        others: dict[str, np.ndarray | None] = {f"without {name}": None, f"other {name}": weight.astype(kind)}
        for side in range(weight.ndim):
            sides = [length * (1 + (at == side)) for at, length in enumerate(weight.shape)]
            others[f"longer {name} {side}"] = np.resize(weight, sides).astype(weight.dtype)
        for what, other in others.items():
            tensors = {key: value for key, value in {**whole.tensors, name: other}.items() if value is not None}
            yield what, write(folder / "hostile.gguf", real(Contents(whole.metadata, tensors)))
