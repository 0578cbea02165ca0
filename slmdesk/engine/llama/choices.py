"""The probability of given answers, read from the logits after a prompt without sampling; and of a token that was
sampled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.engine.llama.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tokens_of_choices(vocabulary: Vocabulary, choices: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The tokens of each choice: the word with and without a space before it, since templates differ in that.

    Raises KnownError `request.invalid` for a choice that is no single token, and for two that are the same.
    """
    found = []
    for choice in choices:
        spelt = (vocabulary.tokenize(text, special=False) for text in (choice, f" {choice}"))
        found.append(tuple({tokens[0] for tokens in spelt if len(tokens) == 1}))
    every = [token for tokens in found for token in tokens]
    if not all(found) or len(set(every)) != len(every):
        raise KnownError("request.invalid", what="choices")
    return tuple(found)


def log_probabilities(logits: NDArray[np.float32], tokens: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """The natural logarithm of each choice's probability among all tokens.  `logits` must be finite."""
    wide = logits.astype(np.float64)
    whole = _log_of_sum(wide)
    return tuple(float(_log_of_sum(wide[list(some)]) - whole) for some in tokens)


def probability(logits: NDArray[np.float32], token: int) -> float:
    """The probability of `token` among all, 0..1, to four places; NaN where a logit is NaN.

    In single precision, so that it costs a fraction of a step: the sum of a vocabulary is off by less than 1e-5.
    """
    shifted = logits - logits.max()
    chosen = float(shifted[token])
    np.exp(shifted, out=shifted)
    return round(math.exp(chosen) / float(shifted.sum()), 4)


def _log_of_sum(logits: NDArray[np.float64]) -> float:
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum()))
