"""Attention in tiles: from 64 tokens of a batch on llama.cpp computes it so, which can be several times faster.

So a short question deep in a chat may be answered sooner when tokens that nobody needs are computed along with it.
What pays depends on the model and the processor, and is learned from slices as they come.
"""

from __future__ import annotations

from slmdesk.engine.llama.curve import CostCurve

TILE = 64
"""Tokens of a batch from which on attention is computed in tiles."""
_LEAST_DEPTH = 256
"""With fewer cells attention costs too little to be seen."""
_FIRST_GUESS = 1 / 8
"""Cost of a cell in a tile relative to one outside, until it was seen: of two models 1/8 and 1/2."""
_WORTH = 0.9
_FORGETTING = 0.95
"""What a batch that was filled leaves of the belief that filling pays: a figure from a busy moment does not last."""


class TileCosts:
    """What attention between one token and one cell costs outside of tiles and inside, in steps of one token."""

    def __init__(self, curve: CostCurve) -> None:
        self._curve = curve
        self._outside: float | None = None
        self._inside: float | None = None

    def note(self, tokens: int, depth: int, cost: float) -> None:
        """Record what it cost, in steps of one token, to compute up to TILE tokens of one text at `depth`."""
        if depth < _LEAST_DEPTH:
            return
        seen = max(0.0, cost - self._curve.cost(tokens)) / (tokens * depth)
        if tokens < TILE:
            self._outside = _mean(self._outside, seen)
        else:
            self._inside = _mean(self._inside, seen)
            self._outside = _FORGETTING * self._outside if self._outside is not None else None

    def filling_pays(self, tokens: int, depth: int) -> bool:
        """Whether TILE tokens at `depth` cost clearly less than these few.  False until both kinds can be told."""
        if self._outside is None or depth < _LEAST_DEPTH:
            return False
        inside = _FIRST_GUESS * self._outside if self._inside is None else self._inside
        few = self._curve.cost(tokens) + tokens * depth * self._outside
        return self._curve.cost(TILE) + TILE * depth * inside < _WORTH * few


def _mean(known: float | None, seen: float) -> float:
    return seen if known is None else (known + seen) / 2
