"""Estimates the memory a model needs from its header.

Counts what llama.cpp allocates for the settings of this program (weights read into memory, no mapped copy beside
repacked ones; one pool of cells shared by all sequences; sliding-window layers with only the cells they need; 16-bit
keys and values).  Constants are fitted to the resident memory of the pinned llama.cpp after a full batch, for models
from 0.04 to 1.5 billion parameters; tests/gguf/test_memory.py compares.  Every number of the header is untrusted.
"""

from __future__ import annotations

from slmdesk.base.record import Record
from slmdesk.base.types import MemoryParts
from slmdesk.gguf.header import GgufHeader, whole
from slmdesk.gguf.reader import ListSummary

CELL_STEP = 256
"""llama.cpp rounds the number of cells up to this."""
SMALLEST_CONTEXT = 512
UNKNOWN_CONTEXT = 4096
LONGEST_CONTEXT = 1 << 20
MOST_SEQUENCES = 16
KEPT_SEQUENCES = 8
"""Finished ones that may stay for their prefix."""
STATEFUL_SEQUENCES = 4
"""Of models that hold a state for each sequence, which costs megabytes, used or not."""
PROCESS_BYTES = 60 << 20
"""Of the model's process without a model: Python, numpy, the libraries."""
_SHARE_FOR_SECOND_CONTEXT = 0.1
"""Of the free memory: what may be spent to have room for other chats and background work beside a full context."""

_HALF, _FLOAT = 2, 4
_TOKEN_BYTES = 300
"""Of one token of the vocabulary: 165 in llama.cpp's tables, the rest in ours."""
_MERGE_BYTES = 175
_FIXED_BYTES = 10 << 20
"""The library's own pages, threads, graphs; and what huge pages round up."""
_GAPS = 16
"""One part in so many of the cache may stay in gaps that an earlier model of the process left (seen: 6 of 185 MB)."""

_WINDOW_PERIODS = {
    "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "cohere2": 4, "cohere2moe": 4, "llama4": 4, "olmo2": 4,
    "exaone4": 4, "exaone-moe": 4, "afmoe": 4, "smallthinker": 4, "plamo3": 8,
}  # fmt: skip
"""Architectures in which all but each n-th layer slide, where the file does not list them.  Any other sees all."""
_LLAMA4_WINDOW = 8192
_RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
_BOTH_IN_EACH_LAYER = frozenset({"falcon-h1"})
_ATTENTION_INTERVALS = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Of these each n-th layer attends, the others keep a state."""


class _Layer(Record):
    kv_heads: int
    slides: bool
    has_state: bool


def estimate(header: GgufHeader, *, context_tokens: int, sequences: int = 1, batch: int = 512) -> MemoryParts:
    """Bytes the model will need.

    `context_tokens` is the whole pool of cells, whatever number of `sequences` shares it; `batch` how many tokens are
    read in one slice.  `compute` counts what is touched: activations, attention mask, logits, the vocabulary's tables.
    """
    return MemoryParts(
        weights=header.weight_bytes,
        kv_cache=_cache_bytes(header, context_tokens, sequences, batch),
        compute=_compute_bytes(header, context_tokens, sequences, batch) + program_bytes(header),
    )


def estimate_loaded(header: GgufHeader, *, context_tokens: int, available_bytes: int) -> MemoryParts:
    """Bytes of the whole process with the model loaded for requests of `context_tokens`, as the engine loads it.

    That includes its pool, which may be larger, space for several sequences, and the program (in `compute`).
    """
    one = _with_places(header, context_tokens)
    return _with_places(header, choose_pool(context_tokens, one, available_bytes))


def _with_places(header: GgufHeader, cells: int) -> MemoryParts:
    stateful = any(layer.has_state for layer in _layers(header))
    places = 2 * STATEFUL_SEQUENCES if stateful else MOST_SEQUENCES + KEPT_SEQUENCES
    cache = estimate(header, context_tokens=cells, sequences=places).kv_cache
    alone = estimate(header, context_tokens=cells)  # logits of other sequences are allocated, but hardly ever touched
    return MemoryParts(alone.weights, cache, alone.compute + PROCESS_BYTES + cache // _GAPS)


def choose_pool(context_tokens: int, parts: MemoryParts, available_bytes: int) -> int:
    """Cells of the pool: twice the context where that costs little, so that a new chat need not evict the last.

    `parts`: what the model needs with the cells of one context.
    """
    cache = parts.kv_cache
    affordable = cache <= available_bytes * _SHARE_FOR_SECOND_CONTEXT and parts.total + cache <= available_bytes
    return 2 * context_tokens if affordable else context_tokens


def program_bytes(header: GgufHeader) -> int:
    """Bytes of the program and library besides llama.cpp's buffers: the vocabulary's tables, graphs, threads."""
    return _vocabulary_bytes(header) + _FIXED_BYTES


def sensible_context(header: GgufHeader, requested: int, budget_bytes: int) -> int:
    """A context of at most `requested` tokens that the model was made for and that fits `budget_bytes`, process
    included.

    Otherwise as much as fits, in steps of 256, but never less than 512 (or `requested`), even when that does not fit:
    whether memory suffices is judged elsewhere.  The header's number is never taken for more than 2^20.
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


def _cache_bytes(header: GgufHeader, context_tokens: int, sequences: int, batch: int) -> int:
    return sum(cache_by_layer(header, context_tokens, sequences, batch))


def cache_by_layer(header: GgufHeader, context_tokens: int, sequences: int, batch: int) -> list[int]:
    """Bytes of the keys and values of each layer that attends, and of the states of the others.

    Source: llama.cpp's llama-kv-cache-iswa.cpp and llama-memory-recurrent.cpp, for a pool shared by all sequences.
    """
    cells = _rounded(context_tokens)
    window = _window(header)
    sliding_cells = min(cells, _rounded(window * sequences + batch))
    full, sliding = header.key_length + header.value_length, _sliding_head_bytes(header)
    state = _state_bytes(header) * sequences
    found = []
    for layer in _layers(header):
        per_cell = layer.kv_heads * (sliding if layer.slides else full) * _HALF
        found.append(per_cell * (sliding_cells if layer.slides else cells) + (state if layer.has_state else 0))
    return found


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
        return [bool(one) for one in pattern.items[: header.layers]]
    period = whole(pattern, 1024) or _WINDOW_PERIODS.get(header.architecture, 1)
    if header.architecture == "smallthinker":
        return [number % period != 0 for number in range(header.layers)]
    return [number % period < period - 1 for number in range(header.layers)]


def _sliding_head_bytes(header: GgufHeader) -> int:
    key = header.whole("attention.key_length_swa", 1 << 20) or header.key_length
    return key + (header.whole("attention.value_length_swa", 1 << 20) or header.value_length)


def _state_bytes(header: GgufHeader) -> int:
    """State of one sequence in one recurrent layer: short convolution and recurrent part, 32 bits each."""
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


def _compute_bytes(header: GgufHeader, context_tokens: int, sequences: int, batch: int) -> int:
    width = max(header.embedding_length, max(header.heads, default=0) * header.key_length)
    one_expert = header.whole("expert_feed_forward_length", 1 << 20) or header.feed_forward_length
    experts = header.whole("expert_used_count", 1024) * one_expert  # of each token all that are used, at once
    inner = max(header.feed_forward_length, experts, 2 * header.whole("ssm.inner_size", 1 << 20))
    rows = _FLOAT * (3 * inner + 5 * width) + _HALF * max(inner, width)  # the last: input of a product, converted
    mask = _HALF * _rounded(context_tokens) * (2 if any(_sliding_layers(header)) else 1)
    return batch * (rows + mask) + (sequences + 1) * header.vocab_size * _FLOAT


def _vocabulary_bytes(header: GgufHeader) -> int:
    merges = header.metadata.get("tokenizer.ggml.merges")
    merge_count = merges.count if isinstance(merges, ListSummary) else 0
    return header.vocab_size * _TOKEN_BYTES + merge_count * _MERGE_BYTES


def _rounded(tokens: int) -> int:
    return -(-tokens // CELL_STEP) * CELL_STEP
