"""Work on a model file opened for it alone: vectors of texts, another format, how far two files are apart."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE
from slmdesk.base.texts import _
from slmdesk.base.threads import ticking, usable_cores
from slmdesk.base.types import FILE_TYPES, Recipe
from slmdesk.children.engine.llama.context import Context, log_probability_rows
from slmdesk.children.engine.llama.library import (
    Library,
    free_memory,
    load_library,
)
from slmdesk.children.engine.llama.loading import WeightFile, check_model_file, open_weights
from slmdesk.children.engine.llama.vocabulary import Vocabulary
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.read import check_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TOKENS = 512
"""Of a text, and of a batch: longer texts are cut, and a step stays short."""
MOST_TEXTS = 32
"""In a batch."""
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
    available = free_memory()
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
        self._api.llama_free(self._context)
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
            raise KnownError("model.damaged", reason=_("no context"))
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
            raise KnownError("model.damaged", reason=_("the texts could not be computed ({code})").format(code=code))
        return [self._vector(number) for number in range(len(sequences))]

    def _vector(self, number: int) -> bytes:
        address = self._api.llama_get_embeddings_seq(self._context, number)
        if not address:
            raise KnownError("model.damaged", reason=_("no vector"))
        row: NDArray[np.float32] = np.ctypeslib.as_array(
            ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (self._width,)
        )
        length = float(np.linalg.norm(row))
        if not np.isfinite(length) or length == 0.0:
            raise KnownError("model.damaged", reason=_("no numbers"))
        return (row / length).astype("<f4").tobytes()


ORIGIN_KEY = "slmdesk.origin"
"""In the metadata of a file made here."""
_LONGEST_ORIGIN = 120
"""The library has room for 127 bytes."""
_TELL_S = 0.5
_TENSOR = re.compile(r"^\s*\[\s*(\d+)/\s*(\d+)\]")


def quantize(
    library: Library, source: Path, target: Path, recipe: Recipe, on_progress: Callable[[float], bool]
) -> None:
    """Write `target` from `source`.  Blocks until it is done: seconds to minutes; any thread, calls in turn.

    `on_progress` gets 0..1 twice a second; the library cannot be stopped, so its answer counts at the end (Stopped).

    Weights already quantized are quantized again.  Raises KnownError `request.invalid` for a format that cannot be
    made, `model.not_converted` where the library refuses (also a full disk); `target` may be half then.
    """
    if recipe.format and recipe.format not in FILE_TYPES:
        raise KnownError("request.invalid", what=_("format {format}").format(format=recipe.format[:20]))
    api: Any = library.api
    params = api.llama_model_quantize_default_params()
    params.nthread, params.allow_requantize = usable_cores(), True
    if recipe.format:
        params.ftype = FILE_TYPES[recipe.format]
    else:
        params.only_copy = True
    overrides = (api.llama_model_kv_override * 2)()  # the last, empty, ends the list
    overrides[0].tag = api.LLAMA_KV_OVERRIDE_TYPE_STR
    overrides[0].key = ORIGIN_KEY.encode()
    overrides[0].value.val_str = recipe.origin.encode("ascii", "replace")[:_LONGEST_ORIGIN]
    params.kv_overrides = overrides
    left_out = (ctypes.c_int32 * (len(recipe.left_out) + 1))(*recipe.left_out, -1)
    if recipe.left_out:
        params.prune_layers = left_out
    target.touch(PRIVATE_FILE)
    mark = library.log.mark()
    with ticking(lambda: on_progress(_share_done(library, mark)), _TELL_S):
        code = api.llama_model_quantize(_encoded(source), _encoded(target), ctypes.byref(params))
    if not on_progress(1.0):
        raise Stopped
    if code != 0:
        raise KnownError("model.not_converted", reason=library.log.reason_since(mark, f"error {code}"))


def _share_done(library: Library, mark: int) -> float:
    """How far the conversion that began at `mark` of the log is, 0..1: by tensors, of which the first is large."""
    lines = (_TENSOR.match(line.text) for line in reversed(library.log.since(mark)))
    last = next((line for line in lines if line), None)
    return (int(last[1]) - 1) / max(1, int(last[2])) if last else 0.0


def _encoded(path: Path) -> bytes:
    return str(path).encode("utf-8", "surrogateescape")


# How far what a file expects is from what another one expects. The measure is the Kullback–Leibler divergence of the
# next-token distribution (S. Kullback and R. A. Leibler, On information and sufficiency, 1951), as llama.cpp's
# perplexity tool has it. Of each distribution the KEPT likeliest tokens are stored, and the rest as a token: what is
# computed is a lower bound of the divergence over all tokens, and close to it, since the rest is small.


KEPT = 1024
"""Of the likeliest tokens at each place."""
_FLOOR = 1e-9
"""The least the rest is taken to be: it is a difference of rounded numbers."""
_CELLS = 2048
_PLACES = 64
"""Tokens whose predictions are computed at once."""

KeepGoing = Callable[[float], bool]
"""Gets 0..1, returns False to cancel."""


def divergence(
    library: Library, path: str, text: str, predictions: Path, keep_going: KeepGoing, *, is_reference: bool
) -> float:
    """Load a file and write what it expects after each token of the text into `predictions`, or return how far it is
    from what is there.  Blocks.  The divergence from itself is 0.

    Raises Stopped, OSError, KnownError `request.invalid` and of the family `model.`.
    """
    with _open_context(library, path, keep_going) as (context, vocabulary):
        tokens = vocabulary.tokenize(text, special=False, after_text=False)
        tokens = [*vocabulary.start, *tokens][: context.cells]
        rows = _watched(log_probability_rows(context, tokens, usable_cores()), len(tokens), keep_going)
        if is_reference:
            _write(predictions, rows)
            return 0.0
        return _distance(*_read(predictions, context.n_vocab), rows)


@contextmanager
def _open_context(library: Library, path: str, keep_going: KeepGoing) -> Iterator[tuple[Context, Vocabulary]]:
    header = check_model_file(path)
    weights = open_weights(library, path, header, keep_going)
    try:
        if weights.keeps_state:
            raise KnownError("model.wrong_kind", kind="a model with states")
        context = Context(
            library,
            weights.pointer,
            cells=_CELLS,
            max_sequences=_PLACES,
            batch_tokens=weights.batch_tokens,
            threads=usable_cores(),
            should_abort=lambda: not keep_going(0.0),
        )
        try:
            yield context, Vocabulary(weights.vocab)
        finally:
            context.close()
    finally:
        weights.close()


def _write(path: Path, rows: Iterable[NDArray[np.floating[Any]]]) -> None:
    ids, logs = [], []
    for row in rows:
        most = min(KEPT, row.size - 1)
        top = np.argpartition(row, -most)[-most:].astype(np.int32)
        ids.append(top)
        logs.append(row[top])
    with path.open("wb") as out:
        np.asarray([len(ids), ids[0].size if ids else 0], dtype="<i4").tofile(out)
        np.asarray(ids, dtype="<i4").tofile(out)
        np.asarray(logs, dtype="<f4").tofile(out)


def _distance(ids: NDArray[np.int32], logs: NDArray[np.float64], rows: Iterable[NDArray[np.floating[Any]]]) -> float:
    divergences = []
    for at, row in enumerate(rows):
        if at >= len(ids):
            raise KnownError("request.invalid", what=_("predictions of other texts"))
        divergences.append(_divergence(logs[at], row[ids[at]].astype(np.float64)))
    if len(divergences) != len(ids):
        raise KnownError("request.invalid", what=_("predictions of other texts"))
    return max(0.0, float(np.mean(divergences)))


def _read(path: Path, n_vocab: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Tokens and their log-probabilities, a row for each place.  Raises KnownError `request.invalid`.

    A file has the number of rows and of tokens in each, then all tokens, then all log-probabilities, four bytes each.
    """
    raw = path.read_bytes()
    rows = 0
    kept = 0
    if len(raw) >= 8:
        rows, kept = np.frombuffer(raw[:8], dtype="<i4").tolist()
    if rows < 1 or kept < 1 or len(raw) != 8 + 8 * rows * kept:
        raise KnownError("request.invalid", what=_("predictions of another shape"))
    ids = np.frombuffer(raw, dtype="<i4", count=rows * kept, offset=8).reshape(rows, kept)
    logs = np.frombuffer(raw, dtype="<f4", offset=8 + 4 * rows * kept).reshape(rows, kept)
    if ids.min() < 0 or ids.max() >= n_vocab:
        raise KnownError("request.invalid", what=_("predictions of another model"))
    return ids, logs.astype(np.float64)


def _divergence(reference: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of two lists of log-probabilities of the same tokens; what is missing to 1 counts as another token."""
    likely = np.exp(reference)
    rest, other_rest = max(_FLOOR, 1.0 - float(likely.sum())), max(_FLOOR, 1.0 - float(np.exp(other).sum()))
    return float((likely * (reference - other)).sum()) + rest * float(np.log(rest / other_rest))


def _watched(
    rows: Iterable[NDArray[np.floating[Any]]], most: int, keep_going: KeepGoing
) -> Iterator[NDArray[np.floating[Any]]]:
    for at, row in enumerate(rows):
        if not keep_going(at / most):
            raise Stopped
        yield row
