"""Drafts: the next tokens of an answer that copies its prompt, computed in one step and verified by the sampler.

A draft is looked up in the prompt, no second model writes it: where the last tokens of an answer stand in the prompt,
those behind them probably follow (prompt lookup decoding).  Each is accepted only if the sampler, asked at its
position, chooses it as well.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from slmdesk.engine.llama.curve import CostCurve

SIZES = (3, 7, 15)
"""Tokens of a draft: with the one before them 4, 8 or 16 are computed, which kernels like best."""
_MATCH = 3
"""Tokens of an answer that must stand in the prompt in a row."""
_NEAR = 8
"""Tokens behind the place where a passage was left in which one is enough: there an answer changed its text."""
_FIRST_CONFIDENCE = 0.6
_WEIGHT_OF_NEW = 0.15
_MOST_CONFIDENCE = 0.99
_WORTH = 1.1
"""Tokens that a draft must promise for the cost of one."""
_STAKE = 4.0
"""Steps that drafts of one answer may cost before they have saved any; what they have saved may be lost again."""
_WEIGHT_OF_STEP = 0.2
_FORGETTING = 0.01
_MOST_EXCESS = 4.0


class Copying:
    """Follows one answer through the passage of its prompt that it seems to copy.  Engine thread only."""

    def __init__(self, prompt: Sequence[int]) -> None:
        self._prompt = array("i", prompt)
        self._bytes = self._prompt.tobytes()
        self._next: int | None = None
        self._left = 0
        """Where the last passage was left: texts are copied forwards."""
        self.confidence = _FIRST_CONFIDENCE
        """How often the expected token was the right one of late, 0..1; it counts whether or not it was drafted."""
        self.saved = 0.0
        """Steps that drafts of this answer have saved, less what they cost."""

    def note(self, tokens: Sequence[int]) -> None:
        if self._next is not None:
            is_right = self._prompt[self._next] == tokens[-1]
            self.confidence += _WEIGHT_OF_NEW * (is_right - self.confidence)
            self._left = self._next + is_right
            self._next = self._left if is_right else None
        if self._next is None:
            self._next = self._find(tokens[-_MATCH:])
        if self._next == len(self._prompt):
            self._next = None

    def following(self, most: int) -> list[int]:
        return [] if self._next is None else self._prompt[self._next : self._next + most].tolist()

    def _find(self, last: Sequence[int]) -> int | None:
        """Where the prompt goes on after these tokens: behind the passage left last, else anywhere; or else after the
        last one alone, near where that passage was left.
        """
        wanted, width = array("i", last).tobytes(), self._prompt.itemsize
        for start in (max(0, self._left - _MATCH), 0):
            at = self._bytes.find(wanted, start * width)
            while at >= 0 and at % width:
                at = self._bytes.find(wanted, at + 1)
            if at >= 0:
                return at // width + len(last)
        near = self._prompt[self._left : self._left + (_NEAR if self._left else 0)]
        return self._left + near.index(last[-1]) + 1 if last[-1] in near else None


class DraftGate:
    """Decides how many tokens to draft, by the cost curve and by what steps with drafts were seen to cost.

    One for each loaded model; engine thread only.
    """

    def __init__(self, curve: CostCurve) -> None:
        self._curve = curve
        self._plain_s = 0.0
        self._excess = 1.0
        """Cost of a step with a draft, relative to what the curve says."""

    def note(self, size: int, seconds: float) -> None:
        if size == 1:
            self._plain_s += (_WEIGHT_OF_STEP if self._plain_s else 1.0) * (seconds - self._plain_s)
            self._excess += _FORGETTING * (1.0 - self._excess)  # so that a busy moment does not end drafts for good
        elif self._plain_s:
            seen = min(seconds / (self._plain_s * self._curve.cost(size)), _MOST_EXCESS)
            self._excess += _WEIGHT_OF_STEP * (seen - self._excess)

    def cost(self, size: int) -> float:
        """What a step with a draft costs that computes `size` tokens, in steps without one."""
        return self._curve.cost(size) * self._excess

    def size(self, confidence: float, saved: float) -> int:
        """How many tokens to draft: as many as promise most tokens for their cost; 0 where that does not pay.

        Confidence may err; so no more is staked than drafts of this answer have `saved`, and a little.
        """
        chance = min(confidence, _MOST_CONFIDENCE)
        best, gain = 0, _WORTH
        for size in SIZES:
            cost = self.cost(size + 1)
            promised = (1 - chance ** (size + 1)) / (1 - chance) / cost
            if promised > gain and cost - 1 <= saved + _STAKE:
                best, gain = size, promised
        return best
