"""How fast a model will write on this PC, before it was ever loaded.

To write one token, all weights at work are read from memory once, and what the chat has been so far (keys and values)
too; on ordinary PCs that reading is what takes the time (the roofline of Williams, Waterman and Patterson, 2009, for
products of a matrix with one vector).  A mixture of experts reads only the experts it uses, though all are in memory.
The estimate carries its range; a model once measured on the same PC makes it narrower.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from slmdesk.core.gguf_header import GgufHeader
from slmdesk.core.memory import estimate

STEP_SECONDS = 0.0003
"""Of each token, whatever the model: choosing it, and the way through the program."""
UNSURE, MEASURED = 0.5, 0.3
"""How far off the estimate may be: from the bandwidth alone, and with a model measured on this PC."""
USUAL_PAST = 512
"""Tokens of a chat, for which a speed is given when nobody asks for another length."""

_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "F32": 0.93, "F16": 0.93, "BF16": 0.9, "Q8_0": 0.65, "Q6_K": 0.7, "Q5_K": 0.6, "Q5_0": 0.55, "Q5_1": 0.5,
        "Q4_K": 0.65, "Q4_0": 0.62, "IQ4_NL": 0.62, "IQ4_XS": 0.6, "Q4_1": 0.47, "Q3_K": 0.5, "Q2_K": 0.5,
    }
)  # fmt: skip
"""Part of the plain reading bandwidth that products with weights of a type reach: unpacking them takes time too.
Measured with one thread on an AVX-512 server (0.1 to 0.8 GB of weights); with more threads they come closer to 1."""
_OTHER_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second: what to expect, and between which bounds."""

    tokens_per_s: float
    low: float
    high: float


def active_bytes(header: GgufHeader) -> int:
    """Bytes of weights read for one token.

    Not the experts that are not asked, and not the table of tokens where the output has a matrix of its own.
    """
    tensors = header.tensors
    experts = header.whole("expert_count", 1 << 16)
    used = min(header.whole("expert_used_count", 1 << 16) or experts, experts)
    idle = tensors.expert_bytes * (experts - used) // experts if experts else 0
    table = tensors.table_bytes if "output.weight" in tensors.shapes else 0
    return max(0, header.weight_bytes - idle - table)


def expected_speed(
    header: GgufHeader, *, bandwidth: float, past_tokens: int = USUAL_PAST, calibration: float | None = None
) -> Speed:
    """The speed at which a model writes after `past_tokens`.

    `bandwidth`: bytes a second this PC reads from memory with the threads the engine uses; `calibration`: see
    `calibration_of`, None before any model was measured here.
    """
    total = header.weight_bytes
    cost = sum(size / share_of(name) for name, size in header.tensors.bytes_by_type.items())  # bytes of plain reading
    weights = active_bytes(header) * (cost / total if total else 1.0)
    past = estimate(header, context_tokens=max(1, past_tokens)).kv_cache
    return _speed(weights + past, bandwidth, calibration)


def expected_speed_of_size(
    weight_bytes: int, quantization: str, *, bandwidth: float, calibration: float | None = None
) -> Speed:
    """The same where only the size of the weights at work is known (quantization.weight_bytes), for a short chat."""
    return _speed(weight_bytes / share_of(quantization), bandwidth, calibration)


def calibration_of(header: GgufHeader, *, bandwidth: float, tokens_per_s: float, past_tokens: int) -> float:
    """How much faster than expected a model was measured on this PC: 1 as expected, 2 twice as fast; 0.1 to 10."""
    expected = expected_speed(header, bandwidth=bandwidth, past_tokens=past_tokens).tokens_per_s
    return min(10.0, max(0.1, tokens_per_s / expected)) if expected > 0 else 1.0


def share_of(weight_type: str) -> float:
    """Part of the bandwidth that weights of this type, or a file of this quantization, reach: 0..1."""
    name = weight_type.upper()
    return _SHARES.get(name) or _SHARES.get(name.rpartition("_")[0], _OTHER_SHARE)


def _speed(read_bytes: float, bandwidth: float, calibration: float | None) -> Speed:
    if bandwidth <= 0:
        return Speed(0.0, 0.0, 0.0)
    expected = (calibration or 1.0) / (STEP_SECONDS + read_bytes / bandwidth)
    off = UNSURE if calibration is None else MEASURED
    return Speed(expected, expected * (1 - off), expected * (1 + off))
