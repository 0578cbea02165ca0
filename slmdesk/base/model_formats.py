"""Formats a model's weights can be stored in, and what was measured of one on this PC."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base.record import Number, Record

FILE_TYPES: Mapping[str, int] = MappingProxyType(
    {
        "F16": 1, "BF16": 32, "Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q4_K_M": 15, "IQ4_NL": 25, "Q4_0": 2, "Q3_K_M": 12,
    }
)  # fmt: skip
"""Formats that can be made here, and their number in enum llama_ftype of llama.h."""
READ_TOKENS, WRITTEN_TOKENS = 300, 200
WRITTEN_TOGETHER = 16
GREEDY_TOKENS = 24


class Recipe(Record):
    format: str
    """A key of FILE_TYPES; empty: the weights as they are."""
    left_out: tuple[int, ...] = ()
    """Layers that are left out, counted from 0."""
    origin: str = ""
    """Written into the new file's metadata: what it was made from; at most 120 ASCII characters."""


class FormatSpeed(Record):
    """Seconds a token, with the number of threads that is best for each; the fastest of a few rounds."""

    read_s: Number
    """Of a prompt, in slices as the engine reads them."""
    write_s: Number
    write_together_s: Number

    @property
    def answer_s(self) -> float:
        """Of an answer of WRITTEN_TOKENS tokens to READ_TOKENS."""
        return READ_TOKENS * self.read_s + WRITTEN_TOKENS * self.write_s

    @property
    def long_work_s(self) -> float:
        """Of a part of a long document: 700 tokens read and 150 written beside fifteen others."""
        return 700 * self.read_s + 150 * self.write_together_s


class FormatQuality(Record):
    """How far a file's predictions are from the published file's, over the same texts."""

    divergence: Number
    """Mean Kullback–Leibler divergence of the next-token distribution, in nats; see engine/llama/predictions.py."""
    perplexity: Number
    tokens: int
    same_first: Number
