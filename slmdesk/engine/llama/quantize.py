"""Makes a model file of another: its weights in another format, or without some layers (llama_model_quantize)."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE
from slmdesk.base.labels import clean_label
from slmdesk.base.model_formats import FILE_TYPES, Recipe
from slmdesk.engine.llama.library import Library
from slmdesk.engine.llama.threads import usable_cores
from slmdesk.engine.llama.ticking import ticking

ORIGIN_KEY = "slmdesk.origin"
"""In the metadata of a file made here."""
_LONGEST_ORIGIN = 120
"""The library has room for 127 bytes."""
_TELL_S = 0.5
_TENSOR = re.compile(r"^\s*\[\s*(\d+)/\s*(\d+)\]")


def quantize(
    library: Library, source: Path, target: Path, recipe: Recipe, on_progress: Callable[[float], bool]
) -> None:
    """Write `target` from `source`.  Blocks until it is done: seconds to minutes; any thread, one call at a time.

    `on_progress` gets 0..1 twice a second; the library cannot be stopped, so its answer counts at the end (Stopped).

    Weights already quantized are quantized again.  Raises KnownError `request.invalid` for a format that cannot be
    made, `model.not_converted` where the library refuses (also a full disk); `target` may be half then.
    """
    if recipe.format and recipe.format not in FILE_TYPES:
        raise KnownError("request.invalid", what=f"format {recipe.format[:20]}")
    api: Any = library.api
    params = api.llama_model_quantize_default_params()
    params.nthread, params.allow_requantize = usable_cores(), True
    if recipe.format:
        params.ftype = FILE_TYPES[recipe.format]
    else:
        params.only_copy = True
    overrides = (api.llama_model_kv_override * 2)()  # the last one, empty, ends the list
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
        reasons = library.log.errors_since(mark)
        raise KnownError("model.not_converted", reason=clean_label(reasons[0] if reasons else f"error {code}", 200))


def _share_done(library: Library, mark: int) -> float:
    """How far the conversion that began at `mark` of the log is, 0..1: by tensors, of which the first is large."""
    lines = (_TENSOR.match(line.text) for line in reversed(library.log.since(mark)))
    last = next((one for one in lines if one), None)
    return (int(last[1]) - 1) / max(1, int(last[2])) if last else 0.0


def _encoded(path: Path) -> bytes:
    return str(path).encode("utf-8", "surrogateescape")
