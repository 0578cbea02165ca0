"""Turns texts into vectors with an embedding model that is loaded for the call and freed after it.

Several texts are computed in one batch, each a sequence of its own, and pooled as the file says.  An encoder has no
memory of sequences (llama_get_memory gives NULL); llama_decode then computes the batch as llama_encode would.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.engine.llama.library import Library, load_library
from slmdesk.engine.llama.memory import free_memory
from slmdesk.engine.llama.model import WeightFile, open_weights
from slmdesk.engine.llama.threads import usable_cores
from slmdesk.gguf.read import GgufHeader, check_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TOKENS = 512
"""Of one text, and of one batch: longer texts are cut, and a step stays short."""
MOST_TEXTS = 32
"""In one batch."""
_SPARE = 1.3
"""Memory for the computation, beside the weights."""


def embed_texts(path: str, texts: Sequence[str], keep_going: Callable[[], bool]) -> Iterator[list[bytes]]:
    """Yield the vectors of texts, some at a time and in order: float32, little-endian, of length 1.

    `keep_going` is called often and shows that work is being done.  Raises Stopped, KnownError `model.…`;
    `model.wrong_kind` for a file that is not an encoder.
    """
    header = check_file(Path(path))
    if header.kind != "encoder":
        raise KnownError("model.wrong_kind", kind=header.kind)
    available = free_memory().available
    if header.weight_bytes * _SPARE > available:
        raise KnownError(
            "model.out_of_memory", needed_bytes=int(header.weight_bytes * _SPARE), available_bytes=available
        )
    library = load_library()
    weights = open_weights(library, path, header, lambda _done: keep_going())
    try:
        encoder = _Encoder(library, weights, header, keep_going)
        try:
            yield from encoder.embed(texts)
        finally:
            encoder.close()
    finally:
        weights.close()


class _Encoder:
    def __init__(
        self, library: Library, weights: WeightFile, header: GgufHeader, keep_going: Callable[[], bool]
    ) -> None:
        self._api: Any = library.api
        self._weights, self._keep_going = weights, keep_going
        self._space = max(8, min(MOST_TOKENS, header.context_length or MOST_TOKENS))
        self._context = self._open(self._api.LLAMA_POOLING_TYPE_UNSPECIFIED)
        if self._api.llama_pooling_type(self._context) == self._api.LLAMA_POOLING_TYPE_NONE:
            self._api.llama_free(self._context)
            self._context = self._open(self._api.LLAMA_POOLING_TYPE_MEAN)
        if self._api.llama_pooling_type(self._context) == self._api.LLAMA_POOLING_TYPE_RANK:
            self.close()
            raise KnownError("model.wrong_kind", kind="a reranker")
        self._width: int = self._api.llama_model_n_embd(weights.pointer)
        self._batch = self._api.llama_batch_init(self._space, 0, 1)
        # Kept here: if it were garbage-collected, the library's next call would crash the process.
        self._on_abort = self._api.ggml_abort_callback(lambda _data: not keep_going())
        self._api.llama_set_abort_callback(self._context, self._on_abort, None)

    def embed(self, texts: Sequence[str]) -> Iterator[list[bytes]]:
        waiting: list[list[int]] = []
        for text in texts:
            tokens = self._tokens(text)
            if waiting and (len(waiting) == MOST_TEXTS or sum(map(len, waiting)) + len(tokens) > self._space):
                yield self._compute(waiting)
                waiting = []
            waiting.append(tokens)
        if waiting:
            yield self._compute(waiting)

    def close(self) -> None:
        if self._context:
            self._api.llama_free(self._context)
            self._context = 0
            if hasattr(self, "_batch"):
                self._api.llama_batch_free(self._batch)

    def _open(self, pooling: int) -> int:
        api = self._api
        params = api.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self._space
        params.n_seq_max = MOST_TEXTS
        # half of them: it works in the background, and two threads waiting for each other crawl on a busy PC
        params.n_threads = params.n_threads_batch = max(1, usable_cores() // 2)
        params.embeddings = True
        params.pooling_type = pooling
        params.kv_unified = True
        params.no_perf = True
        pointer = api.llama_init_from_model(self._weights.pointer, params)
        if not pointer:
            raise KnownError("model.damaged", reason="no context")
        return int(pointer)

    def _tokens(self, text: str) -> list[int]:
        """Tokenize with the special tokens that the model expects around a text; the text itself cannot contain any."""
        raw = text.encode("utf-8", "replace")
        space = len(raw) + 16
        buffer = (self._api.llama_token * space)()
        count = int(self._api.llama_tokenize(self._weights.vocab, raw, len(raw), buffer, space, True, False))
        tokens = list(buffer[: max(count, 0)])
        if len(tokens) > self._space:
            tokens = [*tokens[: self._space - 1], tokens[-1]]
        return tokens or [0]

    def _compute(self, sequences: Sequence[Sequence[int]]) -> list[bytes]:
        api, batch = self._api, self._batch
        at = 0
        for number, tokens in enumerate(sequences):
            for position, token in enumerate(tokens):
                batch.token[at], batch.pos[at] = token, position
                batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, number, 1
                at += 1
        batch.n_tokens = at
        memory = api.llama_get_memory(self._context)
        if memory:
            api.llama_memory_clear(memory, True)
        code = int(api.llama_decode(self._context, batch))
        if not self._keep_going():
            raise Stopped
        if code:
            raise KnownError("model.damaged", reason=f"the texts could not be computed ({code})")
        return [self._vector(number) for number in range(len(sequences))]

    def _vector(self, number: int) -> bytes:
        address = self._api.llama_get_embeddings_seq(self._context, number)
        if not address:
            raise KnownError("model.damaged", reason="no vector")
        row: NDArray[np.float32] = np.ctypeslib.as_array(
            ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (self._width,)
        )
        length = float(np.linalg.norm(row))
        if not np.isfinite(length) or length == 0.0:
            raise KnownError("model.damaged", reason="no numbers")
        return (row / length).astype("<f4").tobytes()
