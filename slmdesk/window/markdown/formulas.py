"""Draws formulas in documents. A thread typesets them. Until then, or if that fails, the LaTeX source is shown.

A formula is one character whose format contains the LaTeX. It is drawn from memory; no resource is looked up by name.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from math import ceil, isfinite
from xml.etree import ElementTree as ET

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPyTextObject,
    QTextBlock,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)

from slmdesk.base.record import Record
from slmdesk.text.markup import LONGEST
from slmdesk.window.base.bridge import Delay
from slmdesk.window.markdown.selected import FORMULA, FORMULA_DISPLAYED, FORMULA_SOURCE, FORMULA_TEX

SCALE = 1.12
"""Factor on the size of formulas, whose letters would look small beside the window's text."""
LEAST_SCALE = 0.5
"""Smallest factor to shrink a formula that is too wide. If that is not enough, its source is shown with line breaks."""
GATHER_MS = 100
"""Formulas that are ready within these milliseconds are shown together."""
MOST_TYPESET = 2000
MOST_IMAGE_BYTES = 32_000_000

_Key = tuple[str, bool]


class _Box(Record):
    """Size of a formula or its source in a line, and where it is drawn within; in device-independent pixels."""

    width: float
    height: float
    top: float
    em: float = 0
    """Pixels per em of the formula. 0: the source is drawn instead."""
    made: Typeset | None = None


class Formulas(QPyTextObject):
    """Measures and draws the formulas of any number of documents.

    It lives on the window's thread. Another thread runs while there are formulas to typeset.
    """

    arrived = Signal()
    _came = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("formulas")
        self._known: OrderedDict[_Key, Typeset | None] = OrderedDict()
        self._images: OrderedDict[tuple[object, ...], QImage] = OrderedDict()
        self._image_bytes = 0
        self._noted: list[tuple[QRectF, QPainterPath | None, QTextDocument, QTextCharFormat]] = []
        self._boxes: dict[tuple[object, ...], _Box] = {}
        self._lock = threading.Lock()
        self._waiting: deque[_Key] = deque()
        self._asked: set[_Key] = set()
        self._came_in: list[tuple[_Key, Typeset | None]] = []
        self._thread: threading.Thread | None = None
        self._fresh: set[_Key] = set()
        self._timer = Delay(self, GATHER_MS, self._take_in)
        self._came.connect(self._on_came)

    def draw_in(self, document: QTextDocument) -> None:
        document.documentLayout().registerHandler(FORMULA, self)

    @property
    def is_idle(self) -> bool:
        return not self._asked and not self._timer.isActive()

    def lay_out_again(self, document: QTextDocument) -> bool:
        """Lay out blocks again whose formulas were just typeset. Call on `arrived`. Return whether there are any."""
        found = False
        block = document.begin()
        while block.isValid():
            if "\ufffc" in block.text() and any(key in self._fresh for key in _keys(block)):
                document.markContentsDirty(block.position(), block.length())
                found = True
            block = block.next()
        return found

    def intrinsicSize(self, document: QTextDocument, _position: int, untrusted: QTextFormat) -> QSizeF:
        box = self._box(document, untrusted.toCharFormat())
        return QSizeF(box.width, box.height)

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, document: QTextDocument, _position: int, untrusted: QTextFormat
    ) -> None:
        """Only note the formula. Qt would half cover formulas that are selected or found, so they are drawn after
        everything else.

        Qt calls this twice for a selected formula, once in each colour, with clips that exclude each other.
        """
        clip = painter.clipPath() if painter.hasClipping() else None
        self._noted.append((QRectF(rect), clip, document, untrusted.toCharFormat()))

    def draw_noted(self, painter: QPainter) -> None:
        noted, self._noted = self._noted, []
        for rect, clip, document, char in noted:
            painter.save()
            if clip is not None:
                painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
            self._draw(painter, rect, document, char)
            painter.restore()

    def _draw(self, painter: QPainter, rect: QRectF, document: QTextDocument, char: QTextCharFormat) -> None:
        box = self._box(document, char)
        if box.made is None:
            painter.setFont(char.font())
            painter.setPen(char.foreground().color())
            painter.drawText(rect.adjusted(0, box.top, 0, 0), _WRAPPED, str(char.property(FORMULA_SOURCE)))
            return
        scale = painter.device().devicePixelRatio()
        image = self._image(char, box, scale)
        place = QRectF(rect.left(), rect.top() + box.top, image.width() / scale, image.height() / scale)
        painter.drawImage(place, image)

    def _box(self, document: QTextDocument, char: QTextCharFormat) -> _Box:
        """Return the size of a formula from a cache, since Qt asks for it at every layout and every paint."""
        font, source = char.font(), str(char.property(FORMULA_SOURCE))
        made = self._typeset(char)
        key = (source, font.key(), document.textWidth(), made is None)
        if key not in self._boxes:
            if len(self._boxes) > MOST_TYPESET:
                self._boxes.clear()
            room = document.textWidth() if document.textWidth() > 0 else 10_000.0
            self._boxes[key] = _box_of(made, source, font, room)
        return self._boxes[key]

    def _image(self, char: QTextCharFormat, box: _Box, scale: float) -> QImage:
        colour = char.foreground().color().name()
        key = (char.property(FORMULA_TEX), char.property(FORMULA_DISPLAYED), round(box.em, 3), scale, colour)
        found = self._images.get(key)
        if found is not None:
            self._images.move_to_end(key)
            return found
        made = box.made
        if made is None:
            raise ValueError("a source has no image")
        from PySide6.QtSvg import QSvgRenderer  # imported here: only formulas need it

        size = QSizeF(made.width * box.em * scale, made.height * box.em * scale)
        image = QImage(ceil(size.width()), ceil(size.height()), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        svg = made.svg.replace(COLOUR.encode(), colour.encode())
        QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, size.width(), size.height()))
        painter.end()
        self._images[key] = image
        self._image_bytes += image.sizeInBytes()
        while self._image_bytes > MOST_IMAGE_BYTES and len(self._images) > 1:
            self._image_bytes -= self._images.popitem(last=False)[1].sizeInBytes()
        return image

    def _typeset(self, char: QTextCharFormat) -> Typeset | None:
        """Return the typeset formula. Return None while it is not ready, or if it cannot be typeset."""
        key = (str(char.property(FORMULA_TEX)), bool(char.property(FORMULA_DISPLAYED)))
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if key not in self._asked:
            self._asked.add(key)
            with self._lock:
                self._waiting.append(key)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="formulas", daemon=True)
                    self._thread.start()
        return None

    def _work(self) -> None:
        """Typeset the waiting formulas, then end. Thread of its own."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                key = self._waiting.popleft()
            try:
                made = typeset(key[0], displayed=key[1])
            except LatexError:
                made = None
            with self._lock:
                self._came_in.append((key, made))
            try:
                self._came.emit()
            except RuntimeError:  # the window has closed
                return

    def _on_came(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _take_in(self) -> None:
        with self._lock:
            came, self._came_in = self._came_in, []
        self._known.update(came)
        self._fresh = {key for key, _ in came}
        self._asked -= self._fresh
        while len(self._known) > MOST_TYPESET:
            self._known.popitem(last=False)
        self.arrived.emit()


def _box_of(made: Typeset | None, source: str, font: QFont, room: float) -> _Box:
    """Return the size of a formula. If there is none or it is too wide, return the size of its source.

    Qt centres an object at half the height of an x. The height is chosen so that its base line meets that of the text.
    """
    metrics, size = QFontMetrics(font), QFontInfo(font).pixelSize()
    half_x = metrics.xHeight() / 2
    em = min(size * SCALE, room / made.width) if made is not None else 0.0
    if made is not None and em >= LEAST_SCALE * size:
        width, below = made.width * em, made.depth * em
        above = made.height * em - below
    else:
        made, em = None, 0.0
        rect = metrics.boundingRect(QRect(0, 0, max(int(room), 1), 1_000_000), _WRAPPED, source)
        width, below = min(rect.width() + 1, room), metrics.descent()
        above = rect.height() - below
    height = max(2 * above - half_x, 2 * below + half_x)
    return _Box(width, height, (height + half_x) / 2 - above, em, made)


_WRAPPED = Qt.TextFlag.TextWrapAnywhere | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


def _keys(block: QTextBlock) -> list[_Key]:
    keys = []
    fragments = block.begin()
    while not fragments.atEnd():
        char = fragments.fragment().charFormat()
        if char.objectType() == FORMULA:
            keys.append((str(char.property(FORMULA_TEX)), bool(char.property(FORMULA_DISPLAYED))))
        fragments += 1
    return keys


# ---- typesets LaTeX as vector graphics, by ziamath
#
# Pure Python with its own font, no file and no network. ziamath lays out each row twice, to find the height of its
# brackets, so each level of nested rows doubles the time (20 nested fractions: an hour). So rows with one part are
# unwrapped, and a formula that would still take long is refused by its cost, which is counted first and is the same on
# every computer.


COLOUR = "#010203"
"""Placeholder for the colour of a typeset formula. It is replaced by the text's colour when the formula is drawn."""
EM = 20
"""Size of the letters when a formula is typeset, in units of the SVG."""
MOST_COST = 6000
"""Highest cost of a formula, as `_cost` counts it. It takes about two seconds on a slow core."""
DEEPEST = 24
"""Most levels of nested braces and brackets."""
WIDEST, LOWEST, HIGHEST = 400, 0.15, 120
"""Largest width, smallest height and largest height of a formula, in em."""
MARGIN = 1.0
"""Margin around a formula, in units of the SVG. Smoothing of edges needs it."""

_ROWS = ("math", "mrow", "mtd", "mtr", "merror", "mphantom", "mstyle", "mpadded")
_TEXT = re.compile(r"<mtext([^>]*)>(.*?)</mtext>", re.DOTALL)
_NESTED = re.compile(r"\\\\|\\[{}]|\\(?:begin|end|left|right)(?![A-Za-z])|[{}]")
_NOT_DRAWN = {"mathbackground", "columnlines", "rowlines", "frame"}
"""Attributes that the library ignores, or paints over the letters."""
_TAGS = {
    "math", "mtd", "mtr", "none", "ms", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover",
    "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtext",
    "munder", "munderover",
}  # fmt: skip
_OPENS = {"{": "}", "\\begin": "\\end", "\\left": "\\right"}


class LatexError(Exception):
    """Exception for LaTeX that cannot be typeset. Its source is shown instead."""


class Typeset(Record):
    """A formula as SVG, in the colour COLOUR. Sizes are in em."""

    svg: bytes
    width: float
    height: float
    depth: float
    """Part of the height that lies below the base line."""


def typeset(tex: str, *, displayed: bool) -> Typeset:
    """Typeset a formula. Takes 5 to 50 ms, at most 2 s. Any thread. Raises LatexError, and nothing else."""
    if len(tex) > LONGEST:
        raise LatexError("long")
    _check_nesting(tex)
    try:
        return _drawn(tex, displayed)
    except LatexError:
        raise
    except Exception as err:  # the parser raises a dozen kinds of errors for invalid LaTeX
        raise LatexError(str(err)) from err


def _drawn(tex: str, displayed: bool) -> Typeset:
    from ziamath.config import config  # imported here: takes 0.3 s, needed for formulas only
    from ziamath.tex import tex2mml
    from ziamath.zmath import Math

    root = _parsed(tex2mml(_rewritten(tex), inline=not displayed))
    _simplify(root)
    _check(root)
    root.set("mathcolor", COLOUR)
    config.svg2 = False  # paths in place: Qt's SVG knows no <symbol>
    made = Math(root, size=EM, margin=MARGIN)
    if any(made.font.glyphindex(sign) == 0 for text in root.itertext() for sign in text if not sign.isspace()):
        raise LatexError("letter")
    box = made.node.bbox
    width, height = (box.xmax - box.xmin + 2 * MARGIN) / EM, (box.ymax - box.ymin + 2 * MARGIN) / EM
    if not (isfinite(width) and isfinite(height) and 0 < width <= WIDEST and LOWEST < height <= HIGHEST):
        raise LatexError("size")
    return Typeset(made.svg().encode(), width, height, (MARGIN - box.ymin) / EM)


def _rewritten(tex: str) -> str:
    tex = re.sub(r"\\not\s*=", r"\\neq ", tex)
    tex = re.sub(r"\\not\s*\\in(?![A-Za-z])", r"\\notin ", tex)
    return re.sub(r"\\tag\*?\{([^{}]*)\}", r"\\qquad \\text{(\1)}", tex)


def _parsed(mathml: str) -> ET.Element:
    mathml = mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return ET.fromstring(_TEXT.sub(_escaped, mathml))  # noqa: S314  no entities of its own, by its only writer


def _escaped(found: re.Match[str]) -> str:
    r"""Escape < and & in the words of \text, which the library does not do."""
    words = re.sub(r"&(?!#x[0-9A-Fa-f]+;)", "&amp;", found[2]).replace("<", "&lt;")
    return f"<mtext{found[1]}>{words}</mtext>"


def _check_nesting(tex: str) -> None:
    r"""Check braces and \left … \right.  Raises LatexError if they do not match or are too deep."""
    expected: list[str] = []
    for found in _NESTED.finditer(tex):
        sign = found.group()
        if sign in _OPENS:
            expected.append(_OPENS[sign])
        elif sign in _OPENS.values() and (not expected or expected.pop() != sign):
            raise LatexError("unbalanced")
        if len(expected) > DEEPEST:
            raise LatexError("deep")
    if expected:
        raise LatexError("unbalanced")


def _simplify(element: ET.Element) -> None:
    """Replace rows that have no effect by their content, and increase the distance of the lines in tables."""
    for child in element:
        _simplify(child)
    if element.tag == "mtable":
        element.set("rowspacing", "0.6em")  # with the usual spacing the lines nearly touch
    if element.tag == "math" and len(element) == 1 and element[0].tag == "mrow" and not element[0].attrib:
        inner = list(element[0])
        if not any(child.get("linebreak") for child in inner):  # the row is needed to place its lines
            element[:] = inner
    for place, child in enumerate(element):
        if child.tag == "mrow" and len(child) == 1 and not child.attrib and child[0].tag != "mo":
            element[place] = child[0]  # {,} stays: an operator alone in braces has no space around it


def _check(root: ET.Element) -> None:
    """Check that a formula can be drawn. Raises LatexError for unknown macros, painted backgrounds, or if too slow."""
    for element in root.iter():
        if element.tag in ("mi", "mo", "mn") and re.match(r"\\[A-Za-z]", element.text or ""):
            raise LatexError("unknown")
        if element.tag not in _TAGS or not element.attrib.keys().isdisjoint(_NOT_DRAWN):
            raise LatexError("not drawn")
    if len(root) == 0 or _cost(root, 1, 0) > MOST_COST:
        raise LatexError("cost")


def _cost(element: ET.Element, times: int, depth: int) -> int:
    """Return how many elements will be laid out. An element that is laid out several times counts as often."""
    if depth > 60 or times > MOST_COST:
        return MOST_COST + 1
    within = 2 * times if element.tag in _ROWS or (len(element) > 1 and element.tag == "msqrt") else times
    total = times
    for child in element:
        total += _cost(child, within, depth + 1)
        if total > MOST_COST:
            break
    return total
