"""LoRA adapters of a loaded model: loaded when first requested, switched between steps, freed with the model."""

from __future__ import annotations

import ctypes
import re
from itertools import count
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.engine.llama.library import Library
from slmdesk.gguf.adapter import misfit, require_adapter
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.read import check_file

MOST_OPEN = 8
"""Kept open beside one model; each is some megabytes.  The one opened longest ago goes first."""
_ABOUT_ADAPTERS = re.compile(r"lora|adapter", re.IGNORECASE)
_WHY = {
    "model.missing": "its file is not there",
    "model.unreadable": "its file cannot be read",
    "model.not_gguf": "its file is no GGUF file",
    "model.incomplete": "its file is incomplete",
    "model.wrong_kind": "it is no adapter",
    "model.unsupported": "it is of a kind that is not supported",
}


class Adapter(Record):
    """A loaded adapter at one strength.  Cells computed with one cannot be used with another."""

    number: int = 0
    """Counts the openings, because an address may be reused; 0: the model as it is."""
    scale: float = 0.0
    name: str = ""


NO_ADAPTER = Adapter()
_numbers = count(1)


class AdapterFile(Record):
    path: Path
    identity: tuple[str, int, int]
    """Differs when the file has changed."""
    name: str


def check_adapter(path: Path, base: GgufHeader) -> AdapterFile:
    """Check that the file can be used with a model, before anything of it is loaded.  Any thread.

    Raises KnownError `adapter.unusable`, `adapter.other_model`.
    """
    name = clean_label(path.stem, 120)
    try:
        header = check_file(path)
        name = header.name or name
        require_adapter(header)
        reason = misfit(base, header)
        info = path.stat()
    except KnownError as err:
        said = str(err.args_for_people.get("reason", "")) or "it is damaged"
        raise KnownError("adapter.unusable", adapter=name, reason=_WHY.get(err.code, said)) from err
    except OSError as err:
        raise KnownError("adapter.unusable", adapter=name, reason=_WHY["model.unreadable"]) from err
    if reason:
        raise KnownError("adapter.other_model", adapter=name, model=base.name, reason=reason)
    return AdapterFile(path, (str(path), info.st_size, info.st_mtime_ns), name)


class Adapters:
    """The loaded adapters of one model.  Engine thread: llama.cpp reads all of them when it builds a graph."""

    def __init__(self, library: Library, model: int) -> None:
        api: Any = library.api
        self._api, self._log, self._model = api, library.log, model
        self.opened: dict[int, tuple[tuple[str, int, int], Any]] = {}
        self._set = NO_ADAPTER

    def number_of(self, file: AdapterFile) -> int:
        """The number of a loaded adapter; 0: it is not loaded.  Any thread."""
        return next((number for number, (one, _at) in [*self.opened.items()] if one == file.identity), 0)

    def open(self, file: AdapterFile) -> int:
        """The number of an adapter, loaded if needed.  Raises KnownError `adapter.unusable`."""
        if known := self.number_of(file):
            return known
        for number in [one for one in self.opened if one != self._set.number][: len(self.opened) - MOST_OPEN + 1]:
            self._api.llama_adapter_lora_free(self.opened.pop(number)[1])
        mark = self._log.mark()
        pointer = self._api.llama_adapter_lora_init(self._model, str(file.path).encode("utf-8", "surrogateescape"))
        if not pointer:
            said = [line for line in self._log.errors_since(mark) if _ABOUT_ADAPTERS.search(line)]
            reason = clean_label(said[0], 200) if said else "it is damaged"
            raise KnownError("adapter.unusable", adapter=file.name, reason=reason)
        number = next(_numbers)
        self.opened[number] = (file.identity, pointer)
        return number

    def put_on(self, context: int, adapter: Adapter) -> bool:
        """Use this adapter for the next batches of a context.  False: it was closed since."""
        if adapter == self._set:
            return True
        if adapter.number == 0:
            self._api.llama_set_adapters_lora(context, None, 0, None)
        elif adapter.number not in self.opened:
            return False
        else:
            one = (self._api.llama_adapter_lora_p_ctypes * 1)(self.opened[adapter.number][1])
            if self._api.llama_set_adapters_lora(context, one, 1, (ctypes.c_float * 1)(adapter.scale)):
                return False
        self._set = adapter
        return True

    def close(self) -> None:
        """Free all adapters; their context must be closed before."""
        for _identity, pointer in self.opened.values():
            self._api.llama_adapter_lora_free(pointer)
        self.opened.clear()
