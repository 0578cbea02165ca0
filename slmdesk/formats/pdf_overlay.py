"""Reads what lies over the words of a PDF page: values of forms, remarks, and lines that strike words out."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.formats.pdf_file import Sides, View, Word

MAX_VALUE_CHARACTERS = 20_000
MOST_ANNOTATIONS = 2000
MOST_OPTIONS = 500
MIDDLE = (0.38, 0.7)
"""Shares of a word's height between which a line strikes it out. Underlines are lower."""
_COMMENTS = frozenset(
    {
        pdfium_c.FPDF_ANNOT_TEXT, pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_HIGHLIGHT,
        pdfium_c.FPDF_ANNOT_UNDERLINE, pdfium_c.FPDF_ANNOT_STRIKEOUT, pdfium_c.FPDF_ANNOT_SQUIGGLY,
        pdfium_c.FPDF_ANNOT_STAMP, pdfium_c.FPDF_ANNOT_CARET, pdfium_c.FPDF_ANNOT_LINE, pdfium_c.FPDF_ANNOT_SQUARE,
        pdfium_c.FPDF_ANNOT_CIRCLE, pdfium_c.FPDF_ANNOT_POLYGON, pdfium_c.FPDF_ANNOT_POLYLINE, pdfium_c.FPDF_ANNOT_INK,
    }
)  # fmt: skip
_UNREAD = {
    pdfium_c.FPDF_ANNOT_SOUND: N_("sound"), pdfium_c.FPDF_ANNOT_MOVIE: N_("film"),
    pdfium_c.FPDF_ANNOT_RICHMEDIA: N_("film"), pdfium_c.FPDF_ANNOT_SCREEN: N_("film"),
    pdfium_c.FPDF_ANNOT_THREED: N_("3D model"), pdfium_c.FPDF_ANNOT_FILEATTACHMENT: N_("embedded file"),
}  # fmt: skip
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


class Stroke(NamedTuple):
    """A thin horizontal line, or the middle of words that an annotation strikes out."""

    y: float
    x0: float
    x1: float


@dataclass(slots=True)
class Overlay:
    """What lies over the words of a page."""

    asides: list[OverlayText] = field(default_factory=list)
    """Comments, and hidden values of a form."""
    values: list[FormValue] = field(default_factory=list)
    """What the form shows, and words typed on the page."""
    strokes: list[Stroke] = field(default_factory=list)
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
            elif kind in _UNREAD:
                overlay.unread.add(_UNREAD[kind])
            elif kind in _COMMENTS and (text := _value(annotation, b"Contents")):
                if kind == pdfium_c.FPDF_ANNOT_FREETEXT and _value(annotation, b"IT") != "FreeTextCallout":
                    overlay.values.append(FormValue(text.replace("\t", " "), "", _sides(annotation, view)))
                else:
                    overlay.asides.append(OverlayText(BlockKind.COMMENT, text, _value(annotation, b"T")))
            if kind == pdfium_c.FPDF_ANNOT_STRIKEOUT:
                points = pdfium_c.FS_QUADPOINTSF()
                for at in range(min(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation), MOST_ANNOTATIONS)):
                    pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, at, points)
                    across, up = (points.x1, points.x2, points.x3), (points.y1, points.y2, points.y3)
                    x0, y0, x1, y1 = view.box(min(across), min(up), max(across), max(up))
                    overlay.strokes.append(Stroke((y0 + y1) / 2, x0, x1))
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return overlay


def strike(words: Sequence[Word], strokes: Sequence[Stroke]) -> None:
    """Mark the words that a line goes through: in the middle of their height, from word to word and no further."""
    ordered = sorted(strokes)
    through: dict[Stroke, list[Word]] = {}
    rows: dict[tuple[float, float], list[Stroke]] = {}
    for word in words if ordered else ():
        row = word.y0, word.y1
        if row not in rows:
            begin, end = (bisect(ordered, (word.y0 + share * (word.y1 - word.y0),)) for share in MIDDLE)
            rows[row] = ordered[begin : min(end, begin + 20)]
        for stroke in rows[row]:
            if min(word.x1, stroke.x1) - max(word.x0, stroke.x0) > 0.6 * (word.x1 - word.x0):
                through.setdefault(stroke, []).append(word)
    for stroke, struck in through.items():
        margin = 0.4 * (struck[0].y1 - struck[0].y0)
        if (
            stroke.x0 > min(word.x0 for word in struck) - margin
            and stroke.x1 < max(word.x1 for word in struck) + margin
        ):
            for word in struck:
                word.is_struck = True


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
