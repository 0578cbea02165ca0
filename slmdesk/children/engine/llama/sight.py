"""Pictures in a prompt: what stands for them among its tokens, and the projector (libmtmd) that reads them.

A picture is a run of negative numbers, as many as the cells it takes: how many cells, how many positions, then numbers
that depend on the picture and its projector.  So prompts with the same picture have the same beginning, and a state
tells of its pictures by its tokens alone.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import hashlib
import importlib
import struct
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.base.threads import usable_cores
from slmdesk.base.types import MOST_PIXELS, Picture
from slmdesk.base.untrusted import clean_label
from slmdesk.children.engine.llama.library import Library, lacks_memory
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.projectors import check_projector, most_picture_tokens, tokens_at_once

LEAST_CELLS = 4
MOST_CELLS = 1 << 14
KEPT_BYTES = 128 << 20
"""Of embeddings, so that a question on the same picture does not wait for it again."""
ABORTED = 2
_NODES = 32
"""After so many operations it is asked whether to go on."""
_NUMBER = (1 << 30) - 1


class Run(NamedTuple):
    start: int
    cells: int
    positions: int

    @property
    def end(self) -> int:
        return self.start + self.cells


def run_of(cells: int, positions: int, identity: bytes) -> list[int]:
    """What stands for a picture.  Raises KnownError `request.invalid` for a size that no picture has."""
    if not LEAST_CELLS <= cells <= MOST_CELLS or not 0 < positions <= cells:
        raise KnownError("request.invalid", what=_("a picture of this size"))
    digest = hashlib.shake_256(identity).digest(4 * (cells - 2))
    numbers = (number & _NUMBER for number in struct.unpack(f"<{cells - 2}I", digest))
    return [-1 - number for number in (cells, positions, *numbers)]


def runs_in(tokens: Sequence[int]) -> tuple[Run, ...]:
    """The pictures in a prompt."""
    runs: list[Run] = []
    if min(tokens, default=0) >= 0:
        return ()
    at = 0
    while at < len(tokens):
        if tokens[at] >= 0 or at + 1 == len(tokens):
            at += 1
            continue
        runs.append(Run(at, -1 - tokens[at], -1 - tokens[at + 1]))
        at += max(1, runs[-1].cells)
    return tuple(runs)


class _Chunks:
    """What libmtmd makes of a picture: tokens and pieces to be encoded.  Freed when nothing refers to it."""

    def __init__(self, api: Any) -> None:
        self._free = api.mtmd_input_chunks_free
        self.pointer = api.mtmd_input_chunks_init()

    def __del__(self) -> None:
        self._free(self.pointer)


class _Piece(Record):
    chunk: int
    cells: int
    identity: bytes
    chunks: _Chunks


class Sight:
    """The pictures of a prompt, in its order.  Filled by `see`, read on the engine thread."""

    def __init__(self, projector: Callable[[], Projector]) -> None:
        """`projector` is called for each picture."""
        self._projector = projector
        self._pieces: list[_Piece] = []

    def see(self, picture: Picture) -> list[int]:
        tokens, pieces = self._projector().look(picture)
        self._pieces += pieces
        return tokens

    def count(self, picture: Picture) -> list[int]:
        """As `see`, for a prompt that is only counted: the picture's data is not looked at."""
        return self.see(changed(picture, data=""))

    def read(self, number: int, context: int, position: int, sequence: int, keep_going: Callable[[], bool]) -> int:
        """Put a picture into a sequence.  Returns what `llama_decode` does."""
        return self._projector().read(self._pieces[number], context, position, sequence, keep_going)


class Projector:
    """The part of a model that sees, loaded beside it."""

    def __init__(self, library: Library, path: str, base: GgufHeader, model: int, on_work: Callable[[], None]) -> None:
        """Blocks for a second or more.  Raises KnownError `projector.…`; nothing of an unfit file is loaded."""
        header = check_projector(Path(path), base)
        self._name = header.name
        self._api, self._llama, self._on_work = mtmd(header), library.api, on_work
        self._keep_going: Callable[[], bool] = lambda: True
        self._stopped = False
        self._nodes = 0
        self._callback = library.api.ggml_backend_sched_eval_callback(self._on_operation)
        self._pointer: int | None = open_projector(
            library,
            path,
            header,
            model,
            on_operation=self._callback,
            needed_bytes=header.file_bytes,
            most_tokens=most_picture_tokens(header),
        )
        api = self._api
        if not api.mtmd_support_vision(self._pointer):
            self.close()
            raise KnownError("projector.unusable", name=header.name, reason=N_("it sees no pictures"))
        self._at_once = tokens_at_once(header) if api.mtmd_decode_use_non_causal(self._pointer, None) else MOST_CELLS
        self._width = int(library.api.llama_model_n_embd_inp(model))
        told = (header.name, header.file_bytes, header.parameters, header.quantization)
        self._identity = hashlib.sha256(repr(told).encode()).digest()
        self.kept: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def close(self) -> None:
        if self._pointer:
            self._api.mtmd_free(self._pointer)
            self._pointer = None

    # ---- from any thread

    def look(self, picture: Picture) -> tuple[list[int], list[_Piece]]:
        """The tokens of a picture and what is to be read for them.  Raises KnownError `request.invalid`."""
        pixels = _pixels_of(picture)
        chunks = _Chunks(self._api)
        bitmap = self._api.mtmd_bitmap_init(picture.width, picture.height, pixels)
        try:
            marker = self._api.mtmd_default_marker()
            text = self._api.mtmd_input_text(marker, len(marker), False, True)
            bitmaps = (ctypes.c_void_p * 1)(bitmap)
            code = self._api.mtmd_tokenize(self._pointer, chunks.pointer, ctypes.byref(text), bitmaps, 1)
        finally:
            self._api.mtmd_bitmap_free(bitmap)
        if code:
            raise KnownError("request.invalid", what=_("a picture of this size"))
        api, tokens, pieces = self._api, list[int](), list[_Piece]()
        about = self._identity + f"{picture.id} {picture.width} {picture.height}".encode()
        for number in range(api.mtmd_input_chunks_size(chunks.pointer)):
            chunk = api.mtmd_input_chunks_get(chunks.pointer, number)
            cells = int(api.mtmd_input_chunk_get_n_tokens(chunk))
            if api.mtmd_input_chunk_get_type(chunk) == api.MTMD_INPUT_CHUNK_TYPE_TEXT:
                written = api.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(ctypes.c_size_t(0)))
                tokens += [token for token in written[:cells] if token >= 0]  # -1: a marker its vocabulary has not
                continue
            if cells > self._at_once:  # the library would end the process
                raise KnownError("request.invalid", what=_("a picture of this size"))
            identity = about + number.to_bytes(2, "little")
            tokens += run_of(cells, int(api.mtmd_input_chunk_get_n_pos(chunk)), identity)
            pieces.append(_Piece(chunk, cells, identity, chunks))
        return tokens, pieces

    # ---- on the engine thread

    def read(self, piece: _Piece, context: int, position: int, sequence: int, keep_going: Callable[[], bool]) -> int:
        embedding = self._embedding(piece, keep_going)
        if embedding is None:
            return ABORTED
        after = ctypes.c_int32(0)
        at_once = min(piece.cells, int(self._llama.llama_n_batch(context)))
        return int(
            self._api.mtmd_helper_decode_image_chunk(
                self._pointer, context, piece.chunk, embedding.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
                position, sequence, at_once, ctypes.byref(after), self._api.mtmd_helper_post_decode_callback(), None,
            )
        )  # fmt: skip

    def _embedding(self, piece: _Piece, keep_going: Callable[[], bool]) -> np.ndarray | None:
        """Compute it, or None where it was stopped.  Raises KnownError `projector.unusable`."""
        if (known := self.kept.get(piece.identity)) is not None:
            self.kept.move_to_end(piece.identity)
            return known
        self._keep_going, self._stopped = keep_going, False
        failed = self._api.mtmd_encode_chunk(self._pointer, piece.chunk)
        self._keep_going = lambda: True
        if self._stopped:
            return None
        address = self._api.mtmd_get_output_embd(self._pointer)
        if failed or not address:
            raise KnownError("projector.unusable", name=self._name, reason=N_("it cannot read this picture"))
        embedding = np.ctypeslib.as_array(address, (piece.cells * self._width,)).copy()
        if not np.isfinite(embedding).all():
            raise KnownError("projector.unusable", name=self._name, reason=N_("it gives no numbers"))
        self.kept[piece.identity] = embedding
        while len(self.kept) > 1 and sum(embedding.nbytes for embedding in self.kept.values()) > KEPT_BYTES:
            self.kept.popitem(last=False)
        return embedding

    def _on_operation(self, _tensor: int, asks: bool, _data: int) -> bool:
        self._nodes += 1
        if asks:
            return self._nodes % _NODES == 0
        self._on_work()
        self._stopped = self._stopped or not self._keep_going()
        return not self._stopped


def mtmd(header: GgufHeader) -> Any:
    """libmtmd, for the projector of this header.  Raises KnownError `projector.unusable`."""
    try:
        return importlib.import_module("llama_cpp.mtmd_cpp")
    except (ImportError, OSError, RuntimeError, AttributeError) as err:
        raise KnownError("projector.unusable", name=header.name, reason=clean_label(str(err), 200)) from err


def open_projector(
    library: Library,
    path: str,
    header: GgufHeader,
    model: int,
    *,
    on_operation: Any,
    needed_bytes: int,
    most_tokens: int = 0,
) -> int:
    """Load a projector for pictures or sound.  Returns libmtmd's pointer.

    `on_operation` is called while it computes, and must live as long as it does.  `most_tokens`: of a picture; 0: its
    kind has a limit of its own.  Raises KnownError
    `projector.unusable`, `model.out_of_memory`.
    """
    api = mtmd(header)
    api.mtmd_helper_log_set(library.keep[0], None)
    params = api.mtmd_context_params_default()
    params.use_gpu = False  # the card has the model's layers; both together were never tried
    params.print_timings = False
    params.n_threads = usable_cores()
    params.cb_eval = on_operation
    if most_tokens:
        params.image_max_tokens = most_tokens
    mark = library.log.mark()
    pointer = api.mtmd_init_from_file(path.encode("utf-8", "surrogateescape"), model, params)
    if pointer:
        return int(pointer)
    if lacks_memory(library.log.errors_since(mark)):
        raise KnownError("model.out_of_memory", needed_bytes=needed_bytes, available_bytes=0)
    reason = library.log.reason_since(mark, N_("the library gives no reason"))
    raise KnownError("projector.unusable", name=header.name, reason=reason)


def _pixels_of(picture: Picture) -> Any:
    """Their address for the library; None where the picture is only counted.  Raises KnownError `request.invalid`."""
    try:
        data = base64.b64decode(picture.data, validate=True)
    except (binascii.Error, ValueError) as err:
        raise KnownError("request.invalid", what="picture") from err
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS or (data and len(data) != 3 * pixels):
        raise KnownError("request.invalid", what="picture")
    return (ctypes.c_uint8 * len(data)).from_buffer_copy(data) if data else None
