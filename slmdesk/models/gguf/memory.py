"""Estimates from a model's header its memory needs, how many layers fit on a graphics card, and its writing speed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType

from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, field
from slmdesk.base.texts import _
from slmdesk.base.types import Json, MemoryParts, Offload
from slmdesk.models.gguf.header import GgufHeader, ListSummary, whole

CELL_STEP = 256
"""llama.cpp rounds the number of KV cache cells up to a multiple of this."""
SMALLEST_CONTEXT = 512
UNKNOWN_CONTEXT = 4096
LONGEST_CONTEXT = 1 << 20
MOST_SEQUENCES = 16
KEPT_SEQUENCES = 8
"""Most finished sequences that stay in the KV cache so that their prefix can be reused."""
STATEFUL_SEQUENCES = 4
"""Most sequences of a recurrent model. Its state takes megabytes for each sequence, used or not."""
PROCESS_BYTES = 60 << 20
"""Bytes of the model's process without a model: Python, numpy and the libraries."""
_SHARE_FOR_SECOND_CONTEXT = 0.1
"""Largest share of free memory spent on a second context, for other chats and background work beside a full context."""

_BATCH = 512
"""Tokens that are read at once."""
_HALF, _FLOAT = 2, 4
_TOKEN_BYTES = 300
"""Bytes for each token of the vocabulary: 165 in llama.cpp's tables, the rest in those of slmdesk."""
_MERGE_BYTES = 175
_FIXED_BYTES = 10 << 20
"""Bytes for the library's own pages, threads and graphs, and for rounding up to huge pages."""
_GAPS = 16
"""One part in this many of the KV cache may lie in gaps left by an earlier model in the process (seen: 6 of 185 MB)."""

_WINDOW_PERIODS = {
    "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "cohere2": 4, "cohere2moe": 4, "llama4": 4, "olmo2": 4,
    "exaone4": 4, "exaone-moe": 4, "afmoe": 4, "smallthinker": 4, "plamo3": 8,
}  # fmt: skip
"""Architectures in which all layers but each n-th have a sliding attention window, for files that do not list the
layers. In any other architecture all layers have full attention.
"""
_LLAMA4_WINDOW = 8192
_RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
_BOTH_IN_EACH_LAYER = frozenset({"falcon-h1"})
_ATTENTION_INTERVALS = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Architectures in which each n-th layer has attention and the other layers keep a recurrent state."""


class _Layer(Record):
    kv_heads: int
    slides: bool
    has_state: bool


def estimate(header: GgufHeader, *, context_tokens: int, sequences: int = 1) -> MemoryParts:
    """Return the bytes that the model will need.

    `context_tokens` is the size of the whole KV cache, shared by all `sequences`. `compute` counts memory that is
    really touched: activations, attention mask, logits, vocabulary tables.
    """
    return MemoryParts(
        weights=header.weight_bytes,
        kv_cache=sum(cache_by_layer(header, context_tokens, sequences, _BATCH)),
        compute=_compute_bytes(header, context_tokens, sequences) + program_bytes(header),
    )


def estimate_loaded(header: GgufHeader, *, context_tokens: int, available_bytes: int) -> MemoryParts:
    """Return the bytes of the whole process with the model loaded for requests of `context_tokens`, as the engine loads
    it.

    This includes its KV cache, which may be larger, room for several sequences, and the program (in `compute`).
    """
    parts = _with_places(header, context_tokens)
    return _with_places(header, choose_pool(context_tokens, parts, available_bytes))


def _with_places(header: GgufHeader, cells: int) -> MemoryParts:
    stateful = any(layer.has_state for layer in _layers(header))
    places = 2 * STATEFUL_SEQUENCES if stateful else MOST_SEQUENCES + KEPT_SEQUENCES
    cache = estimate(header, context_tokens=cells, sequences=places).kv_cache
    alone = estimate(header, context_tokens=cells)  # logits of other sequences are allocated, but hardly ever touched
    return MemoryParts(alone.weights, cache, alone.compute + PROCESS_BYTES + cache // _GAPS)


def choose_pool(context_tokens: int, parts: MemoryParts, available_bytes: int) -> int:
    """Return the number of KV cache cells: twice the context if that costs little, so that a new chat need not evict
    the last one. `parts` is what the model needs with the cells of one context.
    """
    cache = parts.kv_cache
    affordable = cache <= available_bytes * _SHARE_FOR_SECOND_CONTEXT and parts.total + cache <= available_bytes
    return 2 * context_tokens if affordable else context_tokens


def program_bytes(header: GgufHeader) -> int:
    """Return the bytes of program and library besides llama.cpp's buffers: vocabulary tables, graphs, threads."""
    return _vocabulary_bytes(header) + _FIXED_BYTES


def sensible_context(header: GgufHeader, requested: int, budget_bytes: int) -> int:
    """Return the largest context, at most `requested` tokens, that the model was trained for and that fits
    `budget_bytes` together with the process.

    A smaller context is found in steps of 256. It is never below 512 (or `requested`), even if that does not fit, since
    other code decides whether memory suffices. At most 2^20 of the header's number is believed.
    """
    trained = header.context_length if header.context_length > 0 else UNKNOWN_CONTEXT
    most = max(1, min(requested, trained, LONGEST_CONTEXT))
    if _fits(header, most, budget_bytes):
        return most
    low, high = min(most, SMALLEST_CONTEXT), most
    while high - low > CELL_STEP:  # low is accepted whatever it costs, high does not fit
        middle = (low + high) // 2 // CELL_STEP * CELL_STEP
        if middle <= low:
            break
        low, high = (middle, high) if _fits(header, middle, budget_bytes) else (low, middle)
    return low


def _fits(header: GgufHeader, context_tokens: int, budget_bytes: int) -> bool:
    return _with_places(header, context_tokens).total <= budget_bytes


def cache_by_layer(header: GgufHeader, context_tokens: int, sequences: int, batch: int) -> list[int]:
    """Return for each layer the bytes of its keys and values if it has attention, and of its states if it is recurrent.

    Source: llama.cpp's llama-kv-cache-iswa.cpp and llama-memory-recurrent.cpp, for a pool shared by all sequences.
    """
    cells = _rounded(context_tokens)
    window = _window(header)
    sliding_cells = min(cells, _rounded(window * sequences + batch))
    full, sliding = header.key_length + header.value_length, _sliding_head_bytes(header)
    state = _state_bytes(header) * sequences
    sizes = []
    for layer in _layers(header):
        per_cell = layer.kv_heads * (sliding if layer.slides else full) * _HALF
        sizes.append(per_cell * (sliding_cells if layer.slides else cells) + (state if layer.has_state else 0))
    return sizes


def _layers(header: GgufHeader) -> list[_Layer]:
    architecture = header.architecture
    own = header.layers - header.whole("attention.shared_kv_layers", header.layers)  # the others reuse these
    slides = _sliding_layers(header)
    interval = header.whole("full_attention_interval", 1024) or _ATTENTION_INTERVALS.get(architecture, 0)
    kv_heads = header.kv_heads or (0,) * header.layers
    layers = []
    for number in range(header.layers):
        attends = kv_heads[number] > 0 and architecture not in _RECURRENT
        if interval > 1 and architecture in _ATTENTION_INTERVALS:
            attends = (number + 1) % interval == 0
        layers.append(
            _Layer(
                kv_heads=kv_heads[number] if attends and number < own else 0,
                slides=slides[number],
                has_state=not attends or architecture in _BOTH_IN_EACH_LAYER,
            )
        )
    return layers


def _window(header: GgufHeader) -> int:
    return header.sliding_window or (_LLAMA4_WINDOW if header.architecture == "llama4" else 0)


def _sliding_layers(header: GgufHeader) -> list[bool]:
    pattern = header.value("attention.sliding_window_pattern")
    if not _window(header):
        return [False] * header.layers
    if isinstance(pattern, ListSummary) and pattern.items and len(pattern.items) >= header.layers:
        return [bool(item) for item in pattern.items[: header.layers]]
    period = whole(pattern, 1024) or _WINDOW_PERIODS.get(header.architecture, 1)
    if header.architecture == "smallthinker":
        return [number % period != 0 for number in range(header.layers)]
    return [number % period < period - 1 for number in range(header.layers)]


def _sliding_head_bytes(header: GgufHeader) -> int:
    key = header.whole("attention.key_length_swa", 1 << 20) or header.key_length
    return key + (header.whole("attention.value_length_swa", 1 << 20) or header.value_length)


def _state_bytes(header: GgufHeader) -> int:
    """Return one sequence's state bytes in a recurrent layer: short convolution and recurrent part, 32 bits each."""
    limit = 1 << 20
    inner, state = header.whole("ssm.inner_size", limit), header.whole("ssm.state_size", limit)
    shift = max(header.whole("ssm.conv_kernel", limit) - 1, 0)
    numbers = shift * (inner + 2 * header.whole("ssm.group_count", limit) * state) + state * inner
    numbers += max(header.whole("shortconv.l_cache", limit) - 1, 0) * header.embedding_length
    wkv = header.whole("wkv.head_size", limit)
    if wkv:
        numbers += header.embedding_length * (wkv + (header.whole("token_shift_count", 16) or 2))
    head = header.whole("kda.head_dim", limit)
    numbers += max(header.heads, default=0) * head * (head + 3 * shift)
    return numbers * _FLOAT


def _compute_bytes(header: GgufHeader, context_tokens: int, sequences: int) -> int:
    width = max(header.embedding_length, max(header.heads, default=0) * header.key_length)
    one_expert = header.whole("expert_feed_forward_length", 1 << 20) or header.feed_forward_length
    experts = header.whole("expert_used_count", 1024) * one_expert  # all experts used for a token are computed at once
    inner = max(header.feed_forward_length, experts, 2 * header.whole("ssm.inner_size", 1 << 20))
    rows = _FLOAT * (3 * inner + 5 * width) + _HALF * max(inner, width)  # the last term: converted input of a product
    mask = _HALF * _rounded(context_tokens) * (2 if any(_sliding_layers(header)) else 1)
    return _BATCH * (rows + mask) + (sequences + 1) * header.vocab_size * _FLOAT


def _vocabulary_bytes(header: GgufHeader) -> int:
    merges = header.metadata.get("tokenizer.ggml.merges")
    merge_count = merges.count if isinstance(merges, ListSummary) else 0
    return header.vocab_size * _TOKEN_BYTES + merge_count * _MERGE_BYTES


def _rounded(tokens: int) -> int:
    return -(-tokens // CELL_STEP) * CELL_STEP


# How many layers of a model a graphics card holds. llama.cpp puts the output on the card first, then layers from the
# last backwards. The token table stays in the computer's memory. A layer takes its weights and its part of the KV cache
# with it.


RESERVE = 1 << 30
"""Bytes kept free on a graphics card (llama.cpp's tools keep as many), for later needs of screen and other programs."""


class CardNeeds(Record):
    layers: tuple[int, ...]
    output: int
    compute: int

    def bytes_of(self, count: int) -> int:
        """Return the bytes needed with `count` layers on the card. The output counts as the first layer."""
        return self._sums()[count - 1] if count > 0 else 0

    def layers_within(self, free_bytes: int) -> int:
        """Return how many layers fit into the free memory beside the reserve, from 0 to all layers and the output."""
        return sum(needed <= free_bytes - RESERVE for needed in self._sums())

    def _sums(self) -> list[int]:
        return list(accumulate((self.compute + self.output, *reversed(self.layers))))


def card_needs(header: GgufHeader, *, context_tokens: int, sequences: int, batch: int, compute_bytes: int) -> CardNeeds:
    tensors = header.tensors
    caches = cache_by_layer(header, context_tokens, sequences, batch)
    layers = tuple(tensors.layer_bytes.get(number, 0) + cache for number, cache in enumerate(caches))
    output = header.weight_bytes - sum(tensors.layer_bytes.values()) - tensors.table_bytes
    if "output.weight" not in tensors.shapes:  # the token table is also the output: the card gets a copy
        output += tensors.table_bytes
    return CardNeeds(layers, max(0, output), compute_bytes)


def offload_words(offload: Offload) -> str:
    share = f"all {offload.of}" if offload.layers >= offload.of else f"{offload.layers} of {offload.of}"
    return f"{share} layers on {offload.device}"


def offload_of(info: Mapping[str, Json]) -> Offload | None:
    return stored_from(Offload, info.get("offload"))


# Estimates how fast a model will write on this PC, before it was ever loaded. To write a token, all active weights and
# the keys and values of the chat so far are read from memory once. On ordinary computers this reading takes most of the
# time (the roofline of Williams, Waterman and Patterson, 2009, for products of a matrix with a vector). A mixture of
# experts reads only the experts it uses, although all are in memory. The estimate is a range, which becomes narrower
# once a model was measured on the same computer.


STEP_SECONDS, LAYER_SECONDS, WORD_SECONDS = 0.0003, 0.00008, 26e-9
"""Seconds for each token besides reading the weights: for the way through the program; for each layer's small products
and thread synchronisation; and for each vocabulary entry when choosing the token. Fitted to six models of 0.1 to 1.5
billion weights, with two threads.
"""
UNKNOWN_STEP_SECONDS = 0.005
"""Seconds per token besides reading if only the model's size is known: as for 28 layers and a vocabulary of 100,000."""
UNSURE, MEASURED, ITSELF = 0.5, 0.3, 0.15
"""How far off an estimated speed may be, as a share: by the bandwidth alone, with some model measured on this computer,
with this very model measured.
"""
USUAL_PAST = 512
"""Tokens of a chat for which a speed is given unless another length is requested."""

_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "F32": 0.93, "F16": 0.93, "BF16": 0.9, "Q8_0": 0.86, "Q6_K": 0.9, "Q5_K": 0.8, "Q5_0": 0.73, "Q5_1": 0.67,
        "Q4_K": 0.86, "Q4_0": 0.82, "IQ4_NL": 0.82, "IQ4_XS": 0.8, "Q4_1": 0.63, "Q3_K": 0.67, "Q2_K": 0.67,
    }
)  # fmt: skip
"""Share of the plain reading bandwidth that products with weights of a type reach, since unpacking takes time too.
Measured with two threads on an AVX-512 server (0.1 to 1.1 GB of weights). One thread reaches about three quarters.
"""
_OTHER_SHARE = 0.65


class Speed(Record):
    tokens_per_s: float
    low: float
    high: float


def active_bytes(header: GgufHeader) -> int:
    """Return the bytes of weights that are read for a token. Unused experts do not count, nor does the table per layer,
    nor the token table if the output has a matrix of its own.
    """
    tensors = header.tensors
    experts = header.whole("expert_count", 1 << 16)
    used = min(header.whole("expert_used_count", 1 << 16) or experts, experts)
    idle = tensors.expert_bytes * (experts - used) // experts if experts else 0
    table = tensors.table_bytes if "output.weight" in tensors.shapes else 0
    return max(0, header.weight_bytes - idle - table - tensors.layer_table_bytes)


def plain_bytes(header: GgufHeader, past_tokens: int = USUAL_PAST) -> float:
    """Return a token's cost after `past_tokens` in bytes of plain reading. Quantized weights cost above their size."""
    total = header.weight_bytes
    cost = sum(size / share_of(name) for name, size in header.tensors.bytes_by_type.items())
    weights = active_bytes(header) * (cost / total if total else 1.0)
    return weights + estimate(header, context_tokens=max(1, past_tokens)).kv_cache


def step_seconds(header: GgufHeader) -> float:
    return STEP_SECONDS + header.layers * LAYER_SECONDS + header.vocab_size * WORD_SECONDS


def expected_speed(
    header: GgufHeader, *, bandwidth: float, past_tokens: int = USUAL_PAST, calibration: float | None = None
) -> Speed:
    """Return the speed at which a model writes after `past_tokens`.

    `bandwidth` is the bytes per second that this computer reads from memory with the engine's threads. `calibration`
    comes from `calibration_of`, or is None before any model was measured here.
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
    """Return how many times faster than expected a model was on this computer (1: as expected), limited to 0.1..10.

    `read_bytes` is the model's `plain_bytes` with the number of past tokens it was measured with, and `step_s` its
    `step_seconds`.
    """
    expected = _speed(read_bytes, step_s, bandwidth, None).tokens_per_s
    return min(10.0, max(0.1, tokens_per_s / expected)) if expected > 0 else 1.0


class Pace(Record):
    """What was measured on this computer, from which speeds are estimated. Any thread."""

    bandwidth: float = 0.0
    """Bytes per second, or 0 before the first measurement. Then no speed is estimated."""
    calibration: float | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    """Calibrations of models that were measured themselves, by sha256."""

    def of_header(self, header: GgufHeader, *, sha256: str = "", past_tokens: int = USUAL_PAST) -> Speed | None:
        """Return the expected speed of a model with a known header, or None if the computer was not measured yet."""
        if self.bandwidth <= 0:
            return None
        own = self.measured.get(sha256)
        speed = expected_speed(
            header, bandwidth=self.bandwidth, past_tokens=past_tokens, calibration=own or self.calibration
        )
        return speed if own is None else _ranged(speed.tokens_per_s, ITSELF)

    def of_size(
        self, weight_bytes: int, quantization: str, *, sha256: str = "", step_s: float = UNKNOWN_STEP_SECONDS
    ) -> Speed | None:
        """Return the expected speed from the bytes of active weights, or None if these or the bandwidth are unknown."""
        if self.bandwidth <= 0 or weight_bytes <= 0:
            return None
        own = self.measured.get(sha256)
        speed = expected_speed_of_size(
            weight_bytes,
            quantization,
            bandwidth=self.bandwidth,
            calibration=own or self.calibration,
            step_s=step_s,
        )
        return speed if own is None else _ranged(speed.tokens_per_s, ITSELF)


def share_of(weight_type: str) -> float:
    name = weight_type.upper()
    return _SHARES.get(name) or _SHARES.get(name.rpartition("_")[0], _OTHER_SHARE)


WORDS_A_TOKEN = 0.75
"""Words per token in English. Other languages have fewer."""
PAGE_WORDS = 300
_SPACE = "\N{NO-BREAK SPACE}"
_LEAST_WORDS = 1.0
"""Words per second below which nobody waits for a page."""
QUICK_WORDS = 4.0
"""Words per second from which a model is pleasant to wait for: people read about as fast."""


def is_too_slow(speed: Speed | None) -> bool:
    return speed is not None and speed.tokens_per_s * WORDS_A_TOKEN < _LEAST_WORDS


def is_quick(speed: Speed | None) -> bool:
    """Return whether a model is pleasant to wait for, as far as that is known."""
    return speed is None or speed.tokens_per_s * WORDS_A_TOKEN >= QUICK_WORDS


def speed_in_words(speed: Speed) -> str:
    """Say a speed: "about 8–14 words a second, 30 s per page", or "under one word a second: too slow to wait for"."""
    low, high = speed.low * WORDS_A_TOKEN, speed.high * WORDS_A_TOKEN
    middle = speed.tokens_per_s * WORDS_A_TOKEN
    if is_too_slow(speed):
        return _("under one word a second: too slow to wait for")
    span = _short(low) if _short(low) == _short(high) else f"{_short(low)}–{_short(high)}"
    pace = _("about 1 word a second") if span == "1" else _("about {span} words a second").format(span=span)
    return _("{pace}, {duration} per page").format(pace=pace, duration=_duration(PAGE_WORDS / middle))


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
