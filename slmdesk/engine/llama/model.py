"""Opens model files: checked first, cancellable, with an error code for each kind of failure."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.types import MemoryParts
from slmdesk.engine.llama.context import open_context
from slmdesk.engine.llama.devices import Card
from slmdesk.engine.llama.library import Library, lacks_memory
from slmdesk.engine.llama.memory import compute_from_log, parts_from_log
from slmdesk.gguf.read import GgufHeader, check_file, check_tokenizer, require_chat_model

_UNKNOWN_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")

LoadProgress = Callable[[float], bool]
"""Gets 0..1, returns False to cancel."""


class WeightFile:
    """The weights of one file in memory.  `pointer` is llama.cpp's model."""

    def __init__(self, library: Library, header: GgufHeader, pointer: int) -> None:
        api: Any = library.api
        self._api = api
        self.library = library
        self.header = header
        self.pointer = pointer
        self.vocab: int = api.llama_model_get_vocab(pointer)
        self.size_bytes: int = api.llama_model_size(pointer)
        self.parameters: int = api.llama_model_n_params(pointer)
        self.sliding_window: int = api.llama_model_n_swa(pointer)
        self.train_context: int = api.llama_model_n_ctx_train(pointer)
        self.keeps_state: bool = api.llama_model_is_recurrent(pointer) or api.llama_model_is_hybrid(pointer)
        """Recurrent layers: a sequence's past is one state that cannot be taken back."""

    @property
    def batch_tokens(self) -> int:
        """How many tokens of a prompt are computed at once: fewer for larger models, so that a step stays short.

        By size and not by speed: other slices round differently, and the same seed must give the same text.
        """
        if self.parameters < 600_000_000:
            return 512
        return 256 if self.parameters < 2_000_000_000 else 128

    def close(self) -> None:
        """Free the weights; contexts that use them must be closed before."""
        if self.pointer:
            self._api.llama_model_free(self.pointer)
            self.pointer = 0


def check_model_file(path: str) -> GgufHeader:
    """The header of a file that is a chat model.  Raises KnownError of the family `model.`; loads nothing."""
    header = check_file(Path(path))
    require_chat_model(header)
    check_tokenizer(Path(path), header)
    return header


class Placement(Record):
    """Where the layers of a model go: the last `layers` of them, the output counted as one, onto a card."""

    card: Card | None = None
    layers: int = 0


ON_PROCESSOR = Placement()


def open_weights(
    library: Library, path: str, header: GgufHeader, on_progress: LoadProgress, placement: Placement = ON_PROCESSOR
) -> WeightFile:
    """Read the weights.  Blocks; any thread.  Raises Stopped, KnownError of the family `model.`.

    Read into our own memory, not mapped: weights that are repacked for this processor are then held once instead of
    twice, and a file that is truncated or deleted later cannot end the process (SIGBUS).
    """
    stopped = False

    def progress(done: float, _data: object) -> bool:
        nonlocal stopped
        stopped = stopped or not on_progress(done)
        return not stopped

    api: Any = library.api
    params, devices = _params(library, placement)
    params.check_tensors = True
    callback = params.progress_callback = api.llama_progress_callback(progress)
    mark = library.log.mark()
    pointer = api.llama_model_load_from_file(path.encode("utf-8", "surrogateescape"), params)
    del callback, devices
    if stopped:
        if pointer:
            api.llama_model_free(pointer)
        raise Stopped
    if not pointer:
        raise _why_not(library.log.errors_since(mark), header)
    return WeightFile(library, header, int(pointer))


def _params(library: Library, placement: Placement) -> tuple[Any, object]:
    """The library's parameters of a load, and what must live as long as they are used.

    The devices are always named: left to itself, the library takes every card there is and puts all layers there.
    """
    params: Any = library.api.llama_model_default_params()
    params.load_mode = library.api.LLAMA_LOAD_MODE_NONE
    devices = (ctypes.c_void_p * 2)(placement.card.pointer if placement.card else None, None)
    params.devices = ctypes.addressof(devices)
    params.n_gpu_layers = placement.layers
    return params, devices


class ModelOutline(Record):
    parts: MemoryParts
    keeps_state: bool
    batch_tokens: int
    card_compute: int = 0
    """Bytes of the buffers for computing on the card; `parts` includes them."""


def forecast_memory(
    library: Library,
    path: str,
    header: GgufHeader,
    *,
    cells: int,
    max_sequences: int,
    placement: Placement = ON_PROCESSOR,
) -> ModelOutline:
    """Predict the memory a model needs with a pool of `cells`, to the byte, reading no weights: 0.1 to 0.2 s.

    Raises KnownError of the family `model.`.
    """
    api: Any = library.api
    params, _devices = _params(library, placement)
    params.no_alloc = True
    mark = library.log.mark()
    pointer = api.llama_model_load_from_file(path.encode("utf-8", "surrogateescape"), params)
    if not pointer:
        raise _why_not(library.log.errors_since(mark), header)
    weights = WeightFile(library, header, int(pointer))
    try:
        mark = library.log.mark()
        context = open_context(
            library,
            weights.pointer,
            cells=cells,
            max_sequences=max_sequences,
            batch_tokens=weights.batch_tokens,
            threads=1,
        )
        api.llama_free(context)
        lines = [line.text for line in library.log.since(mark)]
        on_card = compute_from_log(lines, placement.card.name) if placement.card else 0
        parts = parts_from_log(lines, weights=weights.size_bytes)
        return ModelOutline(parts, weights.keeps_state, weights.batch_tokens, on_card)
    finally:
        weights.close()


def _why_not(reasons: list[str], header: GgufHeader) -> KnownError:
    for reason in reasons:
        if found := _UNKNOWN_ARCHITECTURE.search(reason):
            return KnownError("model.unsupported", architecture=clean_label(found[1], 80))
    if lacks_memory(reasons):
        return KnownError("model.out_of_memory", needed_bytes=header.weight_bytes, available_bytes=0)
    reason = reasons[0] if reasons else "the library gives no reason"
    return KnownError("model.damaged", reason=clean_label(reason, 200))
