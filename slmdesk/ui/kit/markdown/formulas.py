"""Draws formulas in documents. A thread typesets them. Until then, or if that fails, the LaTeX source is shown.

A formula is one character whose format contains the LaTeX. It is drawn from memory; no resource is looked up by name.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from math import ceil
from typing import TYPE_CHECKING

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
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.markdown.selected import FORMULA, FORMULA_DISPLAYED, FORMULA_SOURCE, FORMULA_TEX

if TYPE_CHECKING:
    from slmdesk.ui.kit.markdown.typesetting import Typeset

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
        self._came.connect(self._timer.start_once)

    def draw_in(self, document: QTextDocument) -> None:
        document.documentLayout().registerHandler(FORMULA, self)

    @property
    def is_idle(self) -> bool:
        return not self._asked and not self._timer.isActive()

    def lay_out_again(self, document: QTextDocument) -> bool:
        """Lay out blocks again whose formulas were just typeset. Call on `arrived`. Return whether there are any."""
        dirty = False
        block = document.begin()
        while block.isValid():
            if "\ufffc" in block.text() and any(key in self._fresh for key in _keys(block)):
                document.markContentsDirty(block.position(), block.length())
                dirty = True
            block = block.next()
        return dirty

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
        cached = self._images.get(key)
        if cached is not None:
            self._images.move_to_end(key)
            return cached
        made = box.made
        if made is None:
            raise ValueError("a source has no image")
        from PySide6.QtSvg import QSvgRenderer  # imported here: only formulas need it

        size = QSizeF(made.width * box.em * scale, made.height * box.em * scale)
        image = QImage(ceil(size.width()), ceil(size.height()), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        from slmdesk.ui.kit.markdown.typesetting import COLOUR

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
        from slmdesk.ui.kit.markdown.typesetting import LatexError, typeset  # late: few messages have formulas

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
