"""Estimates how fast a model will write on this PC, before it was ever loaded.

To write one token, all active weights are read from memory once, and the chat so far (keys and values)
too; on ordinary PCs that reading takes most of the time (the roofline of Williams, Waterman and Patterson, 2009, for
products of a matrix with one vector).  A mixture of experts reads only the experts it uses, though all are in memory.
The estimate has a range; a model once measured on the same PC narrows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base.record import Record, field
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.memory import estimate

STEP_SECONDS, LAYER_SECONDS, WORD_SECONDS = 0.0003, 0.00008, 26e-9
"""Of each token, beside reading: the way through the program, the small products and meetings of threads in each layer,
and choosing among the vocabulary for each word of it.  Fitted to six models of 0.1 to 1.5 billion, with two threads."""
UNKNOWN_STEP_SECONDS = 0.005
"""The same for a model of which only the size is known: 28 layers and 100,000 words."""
UNSURE, MEASURED, ITSELF = 0.5, 0.3, 0.15
"""How far off the estimate may be: from the bandwidth alone, with a model measured on this PC, with this very one."""
USUAL_PAST = 512
"""Tokens of a chat that a speed is given for unless another length is requested."""

_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "F32": 0.93, "F16": 0.93, "BF16": 0.9, "Q8_0": 0.86, "Q6_K": 0.9, "Q5_K": 0.8, "Q5_0": 0.73, "Q5_1": 0.67,
        "Q4_K": 0.86, "Q4_0": 0.82, "IQ4_NL": 0.82, "IQ4_XS": 0.8, "Q4_1": 0.63, "Q3_K": 0.67, "Q2_K": 0.67,
    }
)  # fmt: skip
"""Part of the plain reading bandwidth that products with weights of a type reach: unpacking them takes time too.
Measured with two threads on an AVX-512 server (0.1 to 1.1 GB of weights); one thread reaches about three quarters."""
_OTHER_SHARE = 0.65


class Speed(Record):
    tokens_per_s: float
    low: float
    high: float


def active_bytes(header: GgufHeader) -> int:
    """Bytes of weights read for one token.

    Without the experts that are not used, and without the token table where the output has a matrix of its own.
    """
    tensors = header.tensors
    experts = header.whole("expert_count", 1 << 16)
    used = min(header.whole("expert_used_count", 1 << 16) or experts, experts)
    idle = tensors.expert_bytes * (experts - used) // experts if experts else 0
    table = tensors.table_bytes if "output.weight" in tensors.shapes else 0
    return max(0, header.weight_bytes - idle - table)


def plain_bytes(header: GgufHeader, past_tokens: int = USUAL_PAST) -> float:
    """The cost of a token after `past_tokens`, in bytes of plain reading: weights in any format cost more than that."""
    total = header.weight_bytes
    cost = sum(size / share_of(name) for name, size in header.tensors.bytes_by_type.items())
    weights = active_bytes(header) * (cost / total if total else 1.0)
    return weights + estimate(header, context_tokens=max(1, past_tokens)).kv_cache


def step_seconds(header: GgufHeader) -> float:
    return STEP_SECONDS + header.layers * LAYER_SECONDS + header.vocab_size * WORD_SECONDS


def expected_speed(
    header: GgufHeader, *, bandwidth: float, past_tokens: int = USUAL_PAST, calibration: float | None = None
) -> Speed:
    """The speed at which a model writes after `past_tokens`.

    `bandwidth`: bytes per second that this PC reads from memory with the engine's threads; `calibration`: see
    `calibration_of`, None before any model was measured here.
    """
    return _speed(plain_bytes(header, past_tokens), step_seconds(header), bandwidth, calibration)


def expected_speed_of_size(
    weight_bytes: int,
    quantization: str,
    *,
    bandwidth: float,
    calibration: float | None = None,
    step_s: float = UNKNOWN_STEP_SECONDS,
) -> Speed:
    return _speed(weight_bytes / share_of(quantization), step_s, bandwidth, calibration)


def calibration_of(read_bytes: float, step_s: float, *, bandwidth: float, tokens_per_s: float) -> float:
    """How much faster than expected a model was measured on this PC: 1 as expected, 2 twice as fast; 0.1 to 10.

    `read_bytes`: `plain_bytes` of the model, with the past it was measured after; `step_s`: its `step_seconds`.
    """
    expected = _speed(read_bytes, step_s, bandwidth, None).tokens_per_s
    return min(10.0, max(0.1, tokens_per_s / expected)) if expected > 0 else 1.0


class Pace(Record):
    """Any thread."""

    bandwidth: float = 0.0
    """Bytes a second; 0: not measured yet, and no speed is said."""
    calibration: float | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    """By sha256: the calibration of this very model."""

    def of_header(self, header: GgufHeader, *, sha256: str = "", past_tokens: int = USUAL_PAST) -> Speed | None:
        """The expected speed of a model with a known header.  None: the PC was not measured yet."""
        if self.bandwidth <= 0:
            return None
        own = self.measured.get(sha256)
        found = expected_speed(
            header, bandwidth=self.bandwidth, past_tokens=past_tokens, calibration=own or self.calibration
        )
        return found if own is None else _ranged(found.tokens_per_s, ITSELF)

    def of_size(
        self, weight_bytes: int, quantization: str, *, sha256: str = "", step_s: float = UNKNOWN_STEP_SECONDS
    ) -> Speed | None:
        """The expected speed from the bytes of active weights.  None: also when their size is not known."""
        if self.bandwidth <= 0 or weight_bytes <= 0:
            return None
        own = self.measured.get(sha256)
        found = expected_speed_of_size(
            weight_bytes,
            quantization,
            bandwidth=self.bandwidth,
            calibration=own or self.calibration,
            step_s=step_s,
        )
        return found if own is None else _ranged(found.tokens_per_s, ITSELF)


def share_of(weight_type: str) -> float:
    name = weight_type.upper()
    return _SHARES.get(name) or _SHARES.get(name.rpartition("_")[0], _OTHER_SHARE)


WORDS_A_TOKEN = 0.75
"""Of English; other languages have fewer."""
PAGE_WORDS = 300
_SPACE = "\N{NO-BREAK SPACE}"
_LEAST_WORDS = 1.0
"""A second: slower than this nobody waits for a page."""


def is_too_slow(speed: Speed | None) -> bool:
    return speed is not None and speed.tokens_per_s * WORDS_A_TOKEN < _LEAST_WORDS


def speed_in_words(speed: Speed) -> str:
    """For people: "about 8–14 words a second, a page in 30 s", or "under one word a second: too slow to wait for"."""
    low, high = speed.low * WORDS_A_TOKEN, speed.high * WORDS_A_TOKEN
    middle = speed.tokens_per_s * WORDS_A_TOKEN
    if is_too_slow(speed):
        return "under one word a second: too slow to wait for"
    span = _short(low) if _short(low) == _short(high) else f"{_short(low)}–{_short(high)}"
    words = "word" if span == "1" else "words"
    return f"about {span} {words} a second, a page in {_duration(PAGE_WORDS / middle)}"


def _short(words: float) -> str:
    if words < 10:
        return f"{max(1, round(words))}"
    return f"{round(words)}" if words < 50 else f"{round(words / 10) * 10}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds)) if seconds < 10 else round(seconds / 5) * 5}{_SPACE}s"
    return f"{round(seconds / 60)}{_SPACE}min"


def _speed(read_bytes: float, step_s: float, bandwidth: float, calibration: float | None) -> Speed:
    if bandwidth <= 0:
        return Speed(0.0, 0.0, 0.0)
    expected = (calibration or 1.0) / (step_s + read_bytes / bandwidth)
    return _ranged(expected, UNSURE if calibration is None else MEASURED)


def _ranged(expected: float, off: float) -> Speed:
    return Speed(expected, expected * (1 - off), expected * (1 + off))
