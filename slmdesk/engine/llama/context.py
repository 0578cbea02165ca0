"""One llama.cpp context and its one batch: decoding, the memory of its sequences, logits."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Offload
from slmdesk.engine.llama.library import Library

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECODED, NO_SPACE, ABORTED, NO_MEMORY = 0, 1, 2, -2
"""What `decode` returns; others below zero are errors of the library."""
LEAST_SLICE = 16
PLAIN_BATCH_TOKENS = 64
"""Of a context without flash attention: its scores of all tokens with all cells lie in memory."""
_SLOW_S = 0.03
"""Seconds of one batch: after a slower one, the next is watched, however small; that costs at most a thirtieth."""


class Context:
    """Cells shared by all sequences ("the pool").  Belongs to the engine thread; while loading to the loader's."""

    def __init__(
        self,
        library: Library,
        model: int,
        *,
        cells: int,
        max_sequences: int,
        batch_tokens: int,
        threads: int,
        should_abort: Callable[[], bool],
        flash: bool = True,
    ) -> None:
        """`should_abort` is called while a slice or a slow batch is computed.  `flash`: with flash attention; see
        attention.py.

        Raises KnownError when the library refuses.
        """
        api: Any = library.api
        self._api = api
        self.pointer: int = open_context(
            library,
            model,
            cells=cells,
            max_sequences=max_sequences,
            batch_tokens=batch_tokens if flash else min(batch_tokens, PLAIN_BATCH_TOKENS),
            threads=threads,
            flash=flash,
        )
        self.batch_tokens = batch_tokens if flash else min(batch_tokens, PLAIN_BATCH_TOKENS)
        self.flash = flash
        self.max_sequences = max_sequences
        self.cells: int = api.llama_n_ctx(self.pointer)
        self._memory = api.llama_get_memory(self.pointer)
        self.n_vocab: int = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
        self._threads = threads
        self._make_batch()
        # The same C function with a plain address as its result: half the time of a typed pointer.
        address_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)
        self._logits_address = address_of(("llama_get_logits_ith", api._lib))
        self._views: dict[int, NDArray[np.float32]] = {}
        self._deadline = math.inf
        # Kept here: if it were garbage-collected, the library's next call would crash the process.
        self._on_abort = api.ggml_abort_callback(lambda _data: should_abort() or time.perf_counter() > self._deadline)
        self._no_abort = api.ggml_abort_callback()
        self._watched = False
        self._slow = True  # until a step was timed

    def close(self) -> None:
        if self.pointer:
            self._api.llama_free(self.pointer)
            self.pointer = 0

    # ---- the batch

    def clear(self) -> None:
        """Begin a new batch."""
        self._batch.n_tokens = 0

    def add(self, token: int, position: int, sequence: int) -> int:
        """Add one token whose logits are needed.  Returns its index for `logits`."""
        at: int = self._batch.n_tokens
        self._tokens[at] = token
        self._positions[at] = position
        self._sequences[at] = self._sequence_addresses[sequence]
        self._requested[at] = 1
        self._batch.n_tokens = at + 1
        return at

    def add_slice(self, tokens: Sequence[int], position: int, sequence: int, *, needs_last: bool) -> int:
        """Add several tokens of one prompt, the first at `position`.  Returns the index of the last."""
        start: int = self._batch.n_tokens
        end = start + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = range(position, position + len(tokens))
        self._sequences[start:end] = self._sequence_addresses[sequence]
        self._requested[start:end] = 0
        self._requested[end - 1] = needs_last
        self._batch.n_tokens = end
        return end - 1

    @property
    def threads(self) -> int:
        return self._threads

    @property
    def most_logits(self) -> int:
        return min(self.max_sequences, int(self._api.llama_n_batch(self.pointer)))

    @property
    def size(self) -> int:
        return int(self._batch.n_tokens)

    def decode(self, threads: int, patience_s: float = math.inf) -> int:
        """Compute the batch: DECODED, NO_SPACE, ABORTED or an error below zero.

        `patience_s`: where batches are slow, one that takes longer is aborted.
        """
        if threads != self._threads:
            self._api.llama_set_n_threads(self.pointer, threads, threads)
            self._threads = threads
        self._watch(self.size >= LEAST_SLICE or self._slow)
        started = time.perf_counter()
        self._deadline = started + patience_s
        code = int(self._api.llama_decode(self.pointer, self._batch))
        self._slow = time.perf_counter() - started > _SLOW_S
        return code

    def logits(self, index: int) -> NDArray[np.float32]:
        """The logits after the token at `index` of the batch: a view that the next decode changes."""
        address = self._logits_address(self.pointer, index)
        if not address:
            raise KnownError("model.damaged", reason="no logits")
        view = self._views.get(address)
        if view is None:
            row = (ctypes.c_float * self.n_vocab).from_address(address)
            view = self._views[address] = np.ctypeslib.as_array(row)
        return view

    def _watch(self, watched: bool) -> None:
        """Set whether the next batch may be aborted, and shows that work is being done.

        Being called before each of a graph's operations costs a millisecond: used for slices of a prompt and where a
        step is slow, as on a busy PC, not for every step.
        """
        if watched != self._watched:
            callback = self._on_abort if watched else self._no_abort
            self._api.llama_set_abort_callback(self.pointer, callback, None)
            self._watched = watched

    # ---- the memory of sequences

    def copy(self, source: int, target: int) -> None:
        """Let `target`, which must be empty, share all cells of `source`."""
        self._api.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def cut(self, sequence: int, length: int) -> bool:
        """Remove the cells from position `length` on.  False where the model cannot: then nothing is changed."""
        return bool(self._api.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def forget(self, sequence: int) -> None:
        self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def first_position(self, sequence: int) -> int:
        """The smallest position still in memory (a sliding window drops the first ones); -1: none."""
        return int(self._api.llama_memory_seq_pos_min(self._memory, sequence))

    def last_position(self, sequence: int) -> int:
        """The largest position in memory; -1: none."""
        return int(self._api.llama_memory_seq_pos_max(self._memory, sequence))

    def state_size(self, sequence: int) -> int:
        return int(self._api.llama_state_seq_get_size(self.pointer, sequence))

    def state(self, sequence: int) -> memoryview | None:
        """A copy of all cells of a sequence; None where the library returns none."""
        data = np.empty(self.state_size(sequence), dtype=np.uint8)
        written = int(self._api.llama_state_seq_get_data(self.pointer, _bytes_of(data), data.size, sequence))
        return data[:written].data if written else None

    def put_state(self, sequence: int, data: bytes | memoryview) -> bool:
        """Fill an empty sequence with cells that `state` returned.  False: the library refuses them.

        Other data may end the process: it must have been verified.
        """
        raw = np.frombuffer(data, dtype=np.uint8)
        taken = int(self._api.llama_state_seq_set_data(self.pointer, _bytes_of(raw), raw.size, sequence))
        return 0 < taken == raw.size

    @property
    def has_memory(self) -> bool:
        return bool(self._memory)

    def _make_batch(self) -> None:
        n = self.batch_tokens
        self._tokens = np.zeros(n, dtype=np.int32)
        self._positions = np.zeros(n, dtype=np.int32)
        self._counts = np.ones(n, dtype=np.int32)
        self._requested = np.zeros(n, dtype=np.int8)
        self._sequences = np.zeros(n, dtype=np.uintp)
        self._sequence_ids = np.arange(self.max_sequences, dtype=np.int32)
        base = self._sequence_ids.ctypes.data
        self._sequence_addresses = [base + 4 * i for i in range(self.max_sequences)]
        self._sequences[:] = base
        self._batch = self._api.llama_batch()
        for name, array in (
            ("token", self._tokens), ("pos", self._positions), ("n_seq_id", self._counts),
            ("seq_id", self._sequences), ("logits", self._requested),
        ):  # fmt: skip
            kind = dict(self._api.llama_batch._fields_)[name]
            setattr(self._batch, name, ctypes.cast(array.ctypes.data, kind))
        self._batch.n_tokens = 0


def state_version(library: Library, offload: Offload | None = None, *, flash: bool = True) -> str:
    """Identifies everything a state depends on besides the model and its tokens: the library, the card that computed
    it, and `open_context`.
    """
    api: Any = library.api
    package = version("llama-cpp-python")
    return f"llama-cpp-python {package}, states {api.LLAMA_STATE_SEQ_VERSION}, cells f16, window cut, no adapter" + (
        (f", on {offload.device}" if offload else "") + ("" if flash else ", plain attention")
    )


def _bytes_of(array: NDArray[np.uint8]) -> object:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def open_context(
    library: Library, model: int, *, cells: int, max_sequences: int, batch_tokens: int, threads: int, flash: bool = True
) -> int:
    """Create llama.cpp's context with the settings of this program.  Raises KnownError `model.damaged`."""
    api: Any = library.api
    params = api.llama_context_default_params()
    params.n_ctx = cells
    params.n_batch = params.n_ubatch = batch_tokens
    params.n_seq_max = max_sequences
    params.n_outputs_max = max_sequences  # else logits of a whole batch are allocated: 80 MB and more
    params.n_threads = params.n_threads_batch = threads
    kinds = {True: api.LLAMA_FLASH_ATTN_TYPE_AUTO, False: api.LLAMA_FLASH_ATTN_TYPE_DISABLED}
    params.flash_attn_type = kinds[flash]
    params.no_perf = True
    params.kv_unified = True
    params.swa_full = False
    mark = library.log.mark()
    pointer = api.llama_init_from_model(model, params)
    if not pointer:
        reasons = library.log.errors_since(mark)
        raise KnownError("model.damaged", reason=reasons[0] if reasons else "no context")
    return int(pointer)
