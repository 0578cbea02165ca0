"""Compares vectors of texts. It loads numpy (0.1 s), so it is imported only where there are vectors.

Vectors are little-endian and of length 1, so that their similarity is their dot product. They arrive as float32 and are
stored as float16, which takes half the space and gives the same ranking (384 numbers of 11 significant bits each).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Nearest:
    def __init__(self, requested: bytes, limit: int) -> None:
        """`requested` is a vector as float32 bytes, and `limit` how many nearest vectors to keep."""
        self._requested = (
            np.frombuffer(requested, "<f4") if requested and len(requested) % 4 == 0 else np.zeros(0, np.float32)
        )
        self._limit = limit
        self._best: list[tuple[float, int]] = []

    def add(self, vectors: Sequence[tuple[int, bytes]]) -> None:
        """Add vectors with their numbers, as float16 or float32 bytes. Vectors of another length are skipped."""
        width = len(self._requested)
        for kind, size in (("<f2", 2 * width), ("<f4", 4 * width)):
            usable = [(number, vector) for number, vector in vectors if len(vector) == size]
            if not usable or not width:
                continue
            matrix: NDArray[np.float32] = np.frombuffer(b"".join(raw for _, raw in usable), kind).astype(np.float32)
            products = matrix.reshape(len(usable), width) @ self._requested
            order = np.argsort(-products, kind="stable")[: self._limit]
            self._best += [(float(products[int(at)]), usable[int(at)][0]) for at in order]
        self._best = sorted(self._best, key=lambda pair: (-pair[0], pair[1]))[: self._limit]

    @property
    def best(self) -> list[tuple[int, float]]:
        """Return the numbers of the nearest vectors, nearest first, with their similarity from -1 to 1."""
        return [(number, near) for near, number in self._best]


def halved(data: bytes) -> bytes:
    """Convert a float32 vector to float16, the stored form."""
    return np.frombuffer(data, "<f4").astype("<f2").tobytes()


def is_vector(data: bytes) -> bool:
    """Return whether the bytes are a float32 vector of length 1. Data from a child process is not trusted."""
    if not data or len(data) % 4:
        return False
    length = float(np.linalg.norm(np.frombuffer(data, "<f4")))
    return bool(abs(length - 1.0) < 0.01)
