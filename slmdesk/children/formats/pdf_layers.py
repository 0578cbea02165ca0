"""Tells what of a PDF page lies in layers that are switched off (optional content), so that nobody sees it.

pdfium knows the state of a layer only while it draws. So the parts of a page that may be switched off are drawn alone.
"""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.children.formats.pdf_file import MOST_UNPACKED, streams
from slmdesk.children.formats.pdf_shapes import MOST_LEVELS, MOST_OBJECTS

MOST_PARTS = 40
"""Most parts of a page that are drawn alone. What is beyond is taken as shown."""
MOST_MARKS = 10
SCALE = 0.5
GROUND = (200, 60, 120, 255)
"""A colour that no text has, so that white letters are seen too."""
_SWITCHED_OFF = re.compile(rb"/OFF\s*(?:\[\s*)?\d|/BaseState\s*/OFF|/(?:View|Print|Export)State\s*/OFF")
_UNSEEN = 3
_TEXT = pdfium_c.FPDF_PAGEOBJ_TEXT


def may_be_switched_off(data: bytes) -> bool:
    """Return whether a PDF has layers of which some may be switched off."""
    if b"/OCProperties" in data and _SWITCHED_OFF.search(data):
        return True
    if b"/ObjStm" not in data:
        return False
    return b"/Encrypt" in data or any(_SWITCHED_OFF.search(objects) for objects in _packed_objects(data))


def _packed_objects(data: bytes) -> Iterator[bytes]:
    for begin, head in streams(data):
        if b"/ObjStm" in head:
            with suppress(zlib.error):
                packed = data[begin : data.find(b"endstream", begin)]
                yield zlib.decompressobj().decompress(packed, MOST_UNPACKED)


class _Piece(NamedTuple):
    """An object of a page that is no form."""

    raw: Any
    kind: int
    number: int
    form: Any
    """The form it is in, or None."""
    place: str
    """The form of the page that it is in, or in a form of that; empty for none."""


def remove_unseen(page: pdfium.PdfPage) -> bool:
    """Take what nobody sees off an open page, in memory alone. Return whether there were words in it."""
    pieces = [piece._replace(number=number) for number, piece in enumerate(_pieces_of(page))]
    parts: dict[tuple[str, ...], list[_Piece]] = {}
    for piece in pieces:
        layers = tuple(_layers_of(piece))
        if piece.place or layers:
            parts.setdefault((piece.place, *layers), []).append(piece)
    if not parts:
        return False
    for piece in pieces:
        pdfium_c.FPDFPageObj_SetIsActive(piece.raw, False)
    unseen = [piece for part in [*parts.values()][:MOST_PARTS] if not _is_seen(page, part) for piece in part]
    for piece in pieces:
        pdfium_c.FPDFPageObj_SetIsActive(piece.raw, True)
    for piece in unseen:
        if piece.form is None:
            pdfium_c.FPDFPage_RemoveObject(page, piece.raw)
        else:
            pdfium_c.FPDFFormObj_RemoveObject(piece.form, piece.raw)
        pdfium_c.FPDFPageObj_Destroy(piece.raw)
    return any(piece.kind == _TEXT for piece in unseen)


def _pieces_of(page: pdfium.PdfPage) -> Iterator[_Piece]:
    for at in range(min(pdfium_c.FPDFPage_CountObjects(page), MOST_OBJECTS)):
        piece = pdfium_c.FPDFPage_GetObject(page, at)
        kind = pdfium_c.FPDFPageObj_GetType(piece)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            yield from _in_form(piece, f"form {at}", MOST_LEVELS)
        else:
            yield _Piece(piece, kind, 0, None, "")


def _in_form(form: Any, place: str, levels: int) -> Iterator[_Piece]:
    for at in range(min(pdfium_c.FPDFFormObj_CountObjects(form), MOST_OBJECTS)):
        piece = pdfium_c.FPDFFormObj_GetObject(form, at)
        kind = pdfium_c.FPDFPageObj_GetType(piece)
        if kind != pdfium_c.FPDF_PAGEOBJ_FORM:
            yield _Piece(piece, kind, 0, form, place)
        elif levels:
            yield from _in_form(piece, place, levels - 1)


def _layers_of(piece: _Piece) -> Iterator[str]:
    """Yield the layers that an object is marked to be in. What depends on several layers is told by itself."""
    for at in range(min(pdfium_c.FPDFPageObj_CountMarks(piece.raw), MOST_MARKS)):
        mark = pdfium_c.FPDFPageObj_GetMark(piece.raw, at)
        if _string(pdfium_c.FPDFPageObjMark_GetName, mark) == "OC":
            name = _string(pdfium_c.FPDFPageObjMark_GetParamStringValue, mark, b"Name")
            yield name or f"object {piece.number}"


def _string(ask: Any, mark: Any, *key: bytes) -> str:
    buffer, length = (ctypes.c_ushort * 128)(), ctypes.c_ulong()
    if not ask(mark, *key, buffer, ctypes.sizeof(buffer), length):
        return ""
    return bytes(buffer)[: max(0, length.value - 2)].decode("utf-16-le", "replace")


def _is_seen(page: pdfium.PdfPage, part: Sequence[_Piece]) -> bool:
    """Return whether anything is drawn of a part. Text of a scan, which is never drawn, counts as seen."""
    texts = [piece.raw for piece in part if piece.kind == _TEXT]
    if texts and all(pdfium_c.FPDFTextObj_GetTextRenderMode(text) == _UNSEEN for text in texts):
        return True
    for piece in part:
        pdfium_c.FPDFPageObj_SetIsActive(piece.raw, True)
    bitmap = page.render(
        scale=SCALE, fill_color=GROUND, draw_annots=False, may_draw_forms=False,
        force_bitmap_format=pdfium_c.FPDFBitmap_BGRx,
    )  # fmt: skip
    try:
        drawn = bytes(bitmap.buffer)
    finally:
        bitmap.close()
        for piece in part:
            pdfium_c.FPDFPageObj_SetIsActive(piece.raw, False)
    return drawn != drawn[:4] * (len(drawn) // 4)
