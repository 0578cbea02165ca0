"""Vectors of texts: float32, little-endian, of length 1; how alike two are is their product."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def nearest(wanted: bytes, vectors: Mapping[int, bytes], limit: int) -> list[tuple[int, float]]:
    """The numbers of the vectors nearest to one, the best first, and how near they are, -1..1.

    Those of another length (another model's) are left out.
    """
    usable = {number: one for number, one in vectors.items() if len(one) == len(wanted)}
    if not usable or len(wanted) % 4:
        return []
    numbers = list(usable)
    matrix = np.frombuffer(b"".join(usable.values()), "<f4").reshape(len(numbers), -1)
    products = matrix @ np.frombuffer(wanted, "<f4")
    order = np.argsort(-products, kind="stable")[:limit]
    return [(numbers[int(at)], float(products[int(at)])) for at in order]


def is_vector(data: bytes) -> bool:
    """Whether these bytes are a vector of length 1: what a child sends is not trusted."""
    if not data or len(data) % 4:
        return False
    length = float(np.linalg.norm(np.frombuffer(data, "<f4")))
    return bool(abs(length - 1.0) < 0.01)
