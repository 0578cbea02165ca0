"""Graphics cards that llama.cpp finds; llama-cpp-python has no bindings for this, so ggml itself is called."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

from slmdesk.core.labels import clean_label
from slmdesk.core.types import Device
from slmdesk.engine.llama.library import load_library

_GPU, _INTEGRATED_GPU = 1, 2
"""Of enum ggml_backend_dev_type, in ggml-backend.h of llama.cpp."""
_MOST = 64
_NAMES = {"win32": "ggml.dll", "darwin": "libggml.dylib"}


def find_devices() -> tuple[Device, ...]:
    """The graphics cards; none where the library was built without support.  Any thread; loads the library."""
    folder = Path(load_library().api.__file__).parent / "lib"
    try:
        ggml = ctypes.CDLL(str(folder / _NAMES.get(sys.platform, "libggml.so")))
        return _devices(_bound(ggml))
    except (OSError, AttributeError):  # another build of the library, with other file or function names
        return ()


def _bound(ggml: Any) -> Any:
    """Declare the argument and result types of the functions used."""
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_type.restype = ctypes.c_int
    ggml.ggml_backend_dev_description.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_description.restype = ctypes.c_char_p
    size = ctypes.POINTER(ctypes.c_size_t)
    ggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    ggml.ggml_backend_dev_memory.restype = None
    return ggml


def _devices(ggml: Any) -> tuple[Device, ...]:
    found = []
    for number in range(min(_MOST, ggml.ggml_backend_dev_count())):
        device = ggml.ggml_backend_dev_get(number)
        if ggml.ggml_backend_dev_type(device) not in (_GPU, _INTEGRATED_GPU):
            continue
        free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = (ggml.ggml_backend_dev_description(device) or b"").decode("utf-8", "replace")
        found.append(Device(clean_label(name, 80), int(total.value)))
    return tuple(found)
