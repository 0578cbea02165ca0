"""Lists what a PDF page draws besides letters and pictures: straight lines and rectangles, those in forms too."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.children.formats.pdf_file import View

MOST_OBJECTS = 20_000
MOST_SEGMENTS = 20_000
"""Most segments of the paths of a page that are looked at one by one. A map has many more."""
MOST_LEVELS = 5
"""Most levels of forms in forms."""
THIN = 3.2
"""Height in points below which a drawn box is a line. pdfium adds the width of the pen above and below."""
_SIDES_OF_BOX = 5
"""Segments of a rectangle: where it begins, and its sides."""
_LINE = pdfium_c.FPDF_SEGMENT_LINETO
_PATH, _TEXT = pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_TEXT
_MOVE = pdfium_c.FPDF_SEGMENT_MOVETO


class Shape(NamedTuple):
    """A straight line or a rectangle, in points of the page as shown, from its top left corner."""

    x0: float
    """Never right of `x1`."""
    y0: float
    x1: float
    y1: float
    """Above `y0` for a line that rises from left to right."""
    is_box: bool
    """Whether it is a rectangle. Else it is a line, whose pen's width counts to a box's height where it is level."""
    is_filled: bool
    is_stroked: bool
    colour: int
    """Red, green and blue of what is filled, else of the pen, and how opaque it is, a byte each."""
    number: int
    """Its place in the order in which all objects of the page are painted."""

    @property
    def is_level(self) -> bool:
        """Whether it is a horizontal line, drawn as a line or as a thin box."""
        return abs(self.y1 - self.y0) < THIN < self.x1 - self.x0

    @property
    def is_opaque(self) -> bool:
        return self.colour & 0xFF == 0xFF


Matrix = tuple[float, float, float, float, float, float]


def _in_form(form: Any, outer: Matrix | None, levels: int) -> Iterator[tuple[Any, int, Matrix | None]]:
    own = _matrix_of(form)
    matrix = own if outer is None else _product(own, outer)
    for at in range(min(pdfium_c.FPDFFormObj_CountObjects(form), MOST_OBJECTS)):
        piece = pdfium_c.FPDFFormObj_GetObject(form, at)
        kind = pdfium_c.FPDFPageObj_GetType(piece)
        yield piece, kind, matrix
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and levels:
            yield from _in_form(piece, matrix, levels - 1)


Texts = list[tuple[int, Any]]
"""The objects that draw letters, with their place in the order in which all objects of a page are painted."""


def shapes_and_texts(page: pdfium.PdfPage, view: View) -> tuple[list[Shape], Texts]:
    """Return the shapes of a page, and the objects that draw its letters."""
    walk, shapes, texts = _Walk(view), list[Shape](), Texts()
    raw, object_at, kind_of = page.raw, pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPageObj_GetType
    number = 0
    for at in range(min(pdfium_c.FPDFPage_CountObjects(raw), MOST_OBJECTS)):
        piece = object_at(raw, at)
        kind = kind_of(piece)
        if kind == _TEXT:
            texts.append((number, piece))
        elif kind == _PATH:
            shapes += walk.shapes(piece, None, number)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and number < MOST_OBJECTS:
            for inner, inner_kind, matrix in islice(_in_form(piece, None, MOST_LEVELS), MOST_OBJECTS - number):
                number += 1
                if inner_kind == _TEXT:
                    texts.append((number, inner))
                elif inner_kind == _PATH:
                    shapes += walk.shapes(inner, matrix, number)
        number += 1
    return shapes, texts


class _Walk:
    """Takes paths apart. Its buffers are made once for a page."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._room = MOST_SEGMENTS
        self._sides = tuple(ctypes.c_float() for __ in range(4))
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._colour = tuple(ctypes.c_uint() for __ in range(4))
        self._x, self._y = ctypes.c_float(), ctypes.c_float()

    def shapes(self, path: Any, outer: Matrix | None, number: int) -> list[Shape]:
        pdfium_c.FPDFPath_GetDrawMode(path, self._fill, self._stroke)
        is_filled, is_stroked = bool(self._fill.value), bool(self._stroke.value)
        if not is_filled and not is_stroked:  # only cuts off what is drawn outside of it
            return []
        ask_colour = pdfium_c.FPDFPageObj_GetFillColor if is_filled else pdfium_c.FPDFPageObj_GetStrokeColor
        ask_colour(path, *self._colour)
        red, green, blue, opacity = self._colour
        colour = red.value << 24 | green.value << 16 | blue.value << 8 | opacity.value
        painted = is_filled, is_stroked, colour, number
        count = pdfium_c.FPDFPath_CountSegments(path)
        pdfium_c.FPDFPageObj_GetBounds(path, *self._sides)
        left, bottom, right, top = self._sides
        bounds = left.value, bottom.value, right.value, top.value
        x0, y0, x1, y1 = self._view.box(*(bounds if outer is None else _box(bounds, outer)))
        if count <= _SIDES_OF_BOX and (y1 - y0 < THIN or x1 - x0 < THIN):
            return [Shape(x0, y0, x1, y1, count > 2, *painted)]
        if count > self._room:
            return []
        self._room -= count
        matrix = _matrix_of(path)
        return self._parts(path, count, matrix if outer is None else _product(matrix, outer), painted)

    def _parts(self, path: Any, count: int, matrix: Matrix, painted: tuple[bool, bool, int, int]) -> list[Shape]:
        shapes: list[Shape] = []
        points: list[tuple[float, float]] = []
        is_straight = True
        for at in range(count):
            segment = pdfium_c.FPDFPath_GetPathSegment(path, at)
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            pdfium_c.FPDFPathSegment_GetPoint(segment, self._x, self._y)
            if kind == _MOVE:
                if is_straight:
                    shapes += self._drawn(points, painted)
                points, is_straight = [], True
            elif kind != _LINE:
                is_straight = False
            points.append(_at(self._x.value, self._y.value, matrix))
            if kind == _LINE and pdfium_c.FPDFPathSegment_GetClose(segment) and points[0] != points[-1]:
                points.append(points[0])
        if is_straight:
            shapes += self._drawn(points, painted)
        return shapes

    def _drawn(self, points: list[tuple[float, float]], painted: tuple[bool, bool, int, int]) -> Iterator[Shape]:
        """Yield the rectangle through these points, or the lines from each to the next. What is filled is no line."""
        across, up = [x for x, __ in points], [y for __, y in points]
        is_box = len(points) in (4, 5) and len(set(map(round, across))) <= 2 and len(set(map(round, up))) <= 2
        if is_box and (len(points) == _SIDES_OF_BOX or painted[0]):
            yield Shape(*self._view.box(min(across), min(up), max(across), max(up)), True, *painted)
        elif painted[1]:
            for begin, end in pairwise(points):
                yield self._line(*begin, *end, painted)

    def _line(self, x: float, y: float, to_x: float, to_y: float, painted: tuple[bool, bool, int, int]) -> Shape:
        (x0, y0), (x1, y1) = sorted((self._shown(x, y), self._shown(to_x, to_y)))
        return Shape(x0, y0, x1, y1, False, *painted)

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        left, top, __, __ = self._view.box(x, y, x, y)
        return left, top


def address(piece: Any) -> int:
    """Return where pdfium has an object, which tells objects apart."""
    return ctypes.addressof(piece.contents) if piece else 0


def _matrix_of(piece: Any) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(piece, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _at(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _box(sides: tuple[float, ...], matrix: Matrix) -> tuple[float, float, float, float]:
    left, bottom, right, top = sides
    corners = [_at(x, y, matrix) for x in (left, right) for y in (bottom, top)]
    across, up = [x for x, __ in corners], [y for __, y in corners]
    return min(across), min(up), max(across), max(up)
