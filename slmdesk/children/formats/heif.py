"""Opens photos as phones keep them (HEIC) by the system's libheif, for Pillow: upright, and unpacked when loaded."""

from __future__ import annotations

import ctypes
import weakref
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from functools import cache
from typing import Any

from PIL import Image
from PIL.ImageFile import ImageFile

from slmdesk.children.formats.containers import is_heif

LIBRARY = "libheif.so.1"
"""A name, not written where it is loaded: PyInstaller would take the building system's along."""
MOST_PHOTOS = 1000
_HEVC, _RGB, _INTERLEAVED = 1, 1, 10
"""Of libheif: how photos are packed; the colours; the order of their bytes, and the plane that has it."""


class _Error(ctypes.Structure):
    _fields_ = (("code", c_int), ("detail", c_int), ("message", c_char_p))


@cache
def library() -> Any:
    """Return libheif, or None if the system has none that unpacks photos of phones."""
    try:
        heif = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    for name in ("context_read_from_memory_without_copy", "context_get_image_handle", "decode_image"):
        getattr(heif, f"heif_{name}").restype = _Error
    heif.heif_context_alloc.restype = heif.heif_image_get_plane_readonly.restype = c_void_p
    return heif if heif.heif_have_decoder_for_format(_HEVC) else None


def _check(error: _Error) -> None:
    if error.code:
        raise OSError((error.message or b"").decode(errors="replace"))


class HeifImageFile(ImageFile):
    format = "HEIF"

    def _open(self) -> None:
        assert self.fp is not None
        heif = library()
        self._data = self.fp.read()
        self._ids = (c_uint32 * MOST_PHOTOS)()
        self._context = c_void_p(heif.heif_context_alloc())
        weakref.finalize(self, heif.heif_context_free, self._context)
        size = c_size_t(len(self._data))
        _check(heif.heif_context_read_from_memory_without_copy(self._context, self._data, size, None))
        self._count = heif.heif_context_get_list_of_top_level_image_IDs(self._context, self._ids, MOST_PHOTOS)
        self._mode = "RGB"
        self.seek(0)

    def seek(self, frame: int) -> None:
        if frame >= self._count:
            raise EOFError
        heif, self._handle, self._im = library(), c_void_p(), None
        _check(heif.heif_context_get_image_handle(self._context, self._ids[frame], byref(self._handle)))
        weakref.finalize(self, heif.heif_image_handle_release, self._handle)
        self._size = heif.heif_image_handle_get_width(self._handle), heif.heif_image_handle_get_height(self._handle)

    def load(self) -> Any:
        if self._im is None:
            heif, image, stride = library(), c_void_p(), c_int()
            _check(heif.heif_decode_image(self._handle, byref(image), _RGB, _INTERLEAVED, None))
            try:
                size = heif.heif_image_get_width(image, _INTERLEAVED), heif.heif_image_get_height(image, _INTERLEAVED)
                plane = heif.heif_image_get_plane_readonly(image, _INTERLEAVED, byref(stride))
                rows = (ctypes.c_char * (stride.value * size[1])).from_address(plane)
                self.im, self._size = Image.frombytes("RGB", size, rows, "raw", "RGB", stride.value).im, size
            finally:
                heif.heif_image_release(image)
        return super().load()


Image.register_open(HeifImageFile.format, HeifImageFile, is_heif)
