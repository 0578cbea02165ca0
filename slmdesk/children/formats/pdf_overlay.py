"""Reads the annotations of a PDF page: values of forms, remarks, and lines that strike words out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.children.formats.pdf_file import Sides, View
from slmdesk.children.formats.pdf_shapes import THIN
from slmdesk.children.formats.pdf_strikes import Point, Stroke

MAX_VALUE_CHARACTERS = 20_000
MOST_ANNOTATIONS = 2000
MOST_OPTIONS = 500
MOST_POINTS = 5000
"""Most points of a line drawn by hand."""
_COMMENTS = frozenset(
    {
        pdfium_c.FPDF_ANNOT_TEXT, pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_HIGHLIGHT,
        pdfium_c.FPDF_ANNOT_UNDERLINE, pdfium_c.FPDF_ANNOT_STRIKEOUT, pdfium_c.FPDF_ANNOT_SQUIGGLY,
        pdfium_c.FPDF_ANNOT_STAMP, pdfium_c.FPDF_ANNOT_CARET, pdfium_c.FPDF_ANNOT_LINE, pdfium_c.FPDF_ANNOT_SQUARE,
        pdfium_c.FPDF_ANNOT_CIRCLE, pdfium_c.FPDF_ANNOT_POLYGON, pdfium_c.FPDF_ANNOT_POLYLINE, pdfium_c.FPDF_ANNOT_INK,
    }
)  # fmt: skip
_DRAWN = _COMMENTS - {pdfium_c.FPDF_ANNOT_TEXT, pdfium_c.FPDF_ANNOT_UNDERLINE, pdfium_c.FPDF_ANNOT_SQUIGGLY}
"""Kinds that draw something over words or through them."""
_UNREAD = {
    pdfium_c.FPDF_ANNOT_SOUND: N_("sound"), pdfium_c.FPDF_ANNOT_MOVIE: N_("film"),
    pdfium_c.FPDF_ANNOT_RICHMEDIA: N_("film"), pdfium_c.FPDF_ANNOT_SCREEN: N_("film"),
    pdfium_c.FPDF_ANNOT_THREED: N_("3D model"), pdfium_c.FPDF_ANNOT_FILEATTACHMENT: N_("embedded file"),
}  # fmt: skip
_STAMPS = frozenset((pdfium_c.FPDF_ANNOT_STAMP, pdfium_c.FPDF_ANNOT_WATERMARK, pdfium_c.FPDF_ANNOT_FREETEXT))
_WORDS = re.compile("[A-Z][a-z]+")
_KNOWN_STAMPS = frozenset(
    (
        "Approved", "Experimental", "Not Approved", "As Is", "Expired", "Not For Public Release", "Confidential",
        "Final", "Sold", "Departmental", "For Comment", "Top Secret", "Draft", "For Public Release",
    )
)  # fmt: skip
"""Stamps that every program draws (ISO 32000-1, 12.5.6.12)."""
_UNSHOWN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_KINDS = {"Btn": pdfium_c.FPDF_FORMFIELD_CHECKBOX, "Sig": pdfium_c.FPDF_FORMFIELD_SIGNATURE}


class OverlayText(Record):
    kind: BlockKind
    text: str
    place: str = ""


class FormValue(Record):
    """What a field of a form holds, where it is shown."""

    text: str
    name: str
    sides: Sides
    is_box: bool = False
    """Whether it is a check box or a radio button. If it is ticked, the text is the name of the option, else empty."""
    is_ticked: bool = False


class Drawing(Record):
    """An annotation whose words are only drawn."""

    place: str
    """What it is."""
    sides: Sides
    name: str = ""
    """Its name among those that stand for a stamp everybody knows, in words."""
    remark: str = ""
    """What it says of itself, which is read as a comment."""


@dataclass(slots=True)
class Overlay:
    """What lies over the words of a page."""

    asides: list[OverlayText] = field(default_factory=list)
    """Comments, and hidden values of a form."""
    values: list[FormValue] = field(default_factory=list)
    """What the form shows, and words typed on the page."""
    strokes: list[Stroke] = field(default_factory=list)
    paths: list[list[Point]] = field(default_factory=list)
    """Lines that were drawn by hand or with a tool for lines."""
    covers: list[Sides] = field(default_factory=list)
    """Where annotations are that may cover words."""
    drawings: list[Drawing] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def overlay_of(page: pdfium.PdfPage, view: View) -> Overlay:
    overlay = Overlay()
    count = pdfium_c.FPDFPage_GetAnnotCount(page)
    if count > MOST_ANNOTATIONS:
        overlay.unread.add(N_("annotations"))
    for index in range(min(count, MOST_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium_c.FPDF_ANNOT_WIDGET:
                value = _form_value(page, annotation, view)
                if value and not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSHOWN:
                    overlay.values.append(value)
                elif value and not value.is_box:
                    overlay.asides.append(OverlayText(BlockKind.PARAGRAPH, value.text, "hidden"))
                elif not value and _shows_signature(page, annotation):
                    overlay.drawings.append(Drawing(N_("signature"), _sides(annotation, view)))
            elif kind in _UNREAD:
                overlay.unread.add(_UNREAD[kind])
            elif kind in _COMMENTS and (text := _value(annotation, b"Contents")):
                if kind == pdfium_c.FPDF_ANNOT_FREETEXT and _value(annotation, b"IT") != "FreeTextCallout":
                    overlay.values.append(FormValue(text.replace("\t", " "), "", _sides(annotation, view)))
                else:
                    overlay.asides.append(OverlayText(BlockKind.COMMENT, text, _value(annotation, b"T")))
            remark = _value(annotation, b"Contents") if kind in _STAMPS else ""
            is_typed = kind == pdfium_c.FPDF_ANNOT_FREETEXT and bool(remark)
            if kind in _STAMPS and not is_typed and not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSHOWN:
                name = " ".join(_WORDS.findall(_value(annotation, b"Name")))
                name = name if name in _KNOWN_STAMPS and kind == pdfium_c.FPDF_ANNOT_STAMP else ""
                overlay.drawings.append(Drawing(N_("stamp"), _sides(annotation, view), name, remark))
            if kind in _DRAWN and not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSHOWN:
                _add_drawn(overlay, kind, annotation, view)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return overlay


def _shows_signature(page: pdfium.PdfPage, annotation: Any) -> bool:
    """Return whether it is the field of a signature, and has something to show."""
    form = page.formenv
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation) if form else 0
    is_signature = kind == pdfium_c.FPDF_FORMFIELD_SIGNATURE or _value(annotation, b"FT") == "Sig"
    return is_signature and bool(pdfium_c.FPDFAnnot_HasKey(annotation, b"AP"))


def _add_drawn(overlay: Overlay, kind: int, annotation: Any, view: View) -> None:
    """Add the lines that an annotation draws, and its place, as it may cover words.

    A line through words covers none.
    """
    if kind == pdfium_c.FPDF_ANNOT_STRIKEOUT:
        for x0, y0, x1, y1 in _struck_boxes(annotation, view):
            overlay.strokes.append(Stroke((y0 + y1) / 2, x0, x1, is_meant=True))
        return
    if kind == pdfium_c.FPDF_ANNOT_LINE:
        begin, end = pdfium_c.FS_POINTF(), pdfium_c.FS_POINTF()
        if pdfium_c.FPDFAnnot_GetLine(annotation, begin, end):
            x0, y0 = _point(begin, view)
            x1, y1 = _point(end, view)
            if abs(y1 - y0) < THIN:  # level, so it may strike words out
                overlay.strokes.append(Stroke((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
            else:
                overlay.paths.append([(x0, y0), (x1, y1)])
    elif kind == pdfium_c.FPDF_ANNOT_POLYLINE:
        overlay.paths.append(_points(partial(pdfium_c.FPDFAnnot_GetVertices, annotation), view))
    elif kind == pdfium_c.FPDF_ANNOT_INK:
        for at in range(min(pdfium_c.FPDFAnnot_GetInkListCount(annotation), MOST_ANNOTATIONS)):
            overlay.paths.append(_points(partial(pdfium_c.FPDFAnnot_GetInkListPath, annotation, at), view))
    overlay.covers.append(_sides(annotation, view))


def _struck_boxes(annotation: Any, view: View) -> list[Sides]:
    """Return the boxes of the words that an annotation strikes out, line by line; that of all where it names none."""
    count = pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation)
    if not count:
        return [_sides(annotation, view)]
    boxes = list[Sides]()
    corners = pdfium_c.FS_QUADPOINTSF()
    for at in range(min(count, MOST_ANNOTATIONS)):
        pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, at, corners)
        across = (corners.x1, corners.x2, corners.x3)  # three corners say all of a box
        up = (corners.y1, corners.y2, corners.y3)
        boxes.append(view.box(min(across), min(up), max(across), max(up)))
    return boxes


def _points(ask: Callable[[Any, int], int], view: View) -> list[Point]:
    count = min(ask(None, 0), MOST_POINTS)
    points = (pdfium_c.FS_POINTF * count)()
    return [_point(point, view) for point in points[: ask(points, count)]]


def _point(point: Any, view: View) -> Point:
    left, top, __, __ = view.box(point.x, point.y, point.x, point.y)
    return left, top


def _sides(annotation: Any, view: View) -> Sides:
    rect = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, rect)
    return view.box(rect.left, rect.bottom, rect.right, rect.top)


def _form_value(page: pdfium.PdfPage, annotation: Any, view: View) -> FormValue | None:
    """Return the value of a field, also where its parent holds it. None for buttons, signatures and empty fields."""
    form = page.formenv
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation) if form else 0
    if kind > 0:

        def asked(function: Any, *more: int) -> str:
            return _string(partial(function, form, annotation, *more))

        name = asked(pdfium_c.FPDFAnnot_GetFormFieldAlternateName) or asked(pdfium_c.FPDFAnnot_GetFormFieldName)
        text = asked(pdfium_c.FPDFAnnot_GetFormFieldValue)
        option = asked(pdfium_c.FPDFAnnot_GetFormFieldExportValue)
        if kind in (pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX):
            count = min(pdfium_c.FPDFAnnot_GetOptionCount(form, annotation), MOST_OPTIONS)
            chosen = [at for at in range(count) if pdfium_c.FPDFAnnot_IsOptionSelected(form, annotation, at)]
            text = ", ".join(asked(pdfium_c.FPDFAnnot_GetOptionLabel, at) for at in chosen) or text
    else:  # no form of the document lists it
        kind = _KINDS.get(_value(annotation, b"FT"), pdfium_c.FPDF_FORMFIELD_TEXTFIELD)
        name = _value(annotation, b"TU") or _value(annotation, b"T")
        text = option = _value(annotation, b"V")
    sides = _sides(annotation, view)
    if kind in (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON):
        is_ticked = (_value(annotation, b"AS") or _value(annotation, b"V")) not in ("", "Off")
        is_named = is_ticked and kind == pdfium_c.FPDF_FORMFIELD_RADIOBUTTON
        return FormValue(option if is_named else "", name, sides, True, is_ticked)
    if not text or kind in (pdfium_c.FPDF_FORMFIELD_PUSHBUTTON, pdfium_c.FPDF_FORMFIELD_SIGNATURE):
        return None
    return FormValue(text.replace("\t", " "), name, sides)


def _value(annotation: Any, key: bytes) -> str:
    return _string(partial(pdfium_c.FPDFAnnot_GetStringValue, annotation, key))


def _string(ask: Callable[[Any, int], int]) -> str:
    size = ask(None, 0)
    if size <= 2:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * ((size + 1) // 2))()
    ask(buffer, size)
    text = bytes(buffer)[: size - 2].decode("utf-16-le", "replace")
    if len(text) > MAX_VALUE_CHARACTERS:
        text = text[:MAX_VALUE_CHARACTERS] + "…"
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
