"""A line of text around the found words, which are drawn bold; plain text only."""

from __future__ import annotations

import re

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette

HIT_BEGIN, HIT_END = "\ue000", "\ue001"
"""Around found words in a snippet (core.records.Found)."""
_MARKS = re.compile(f"[{HIT_BEGIN}{HIT_END}]")


def without_marks(snippet: str) -> str:
    return _MARKS.sub("", snippet)


def draw_snippet(painter: QPainter, line: QRect, snippet: str, palette: QPalette) -> None:
    plain, bold = QFont(painter.font()), QFont(painter.font())
    bold.setBold(True)
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    x = line.left()
    for text, is_bold in fit_snippet(snippet, line.width(), QFontMetrics(plain), QFontMetrics(bold)):
        painter.setFont(bold if is_bold else plain)
        place = QRect(x, line.top(), line.right() + 1 - x, line.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)
        x += painter.fontMetrics().horizontalAdvance(text)


def fit_snippet(snippet: str, space: int, plain: QFontMetrics, bold: QFontMetrics) -> list[tuple[str, bool]]:
    """The parts of a snippet that fit into `space` pixels, each with whether it is a hit: the first hit whole, text on
    both sides.
    """
    before, _, rest = " ".join(snippet.split()).partition(HIT_BEGIN)
    hit, _, after = rest.partition(HIT_END)
    if not hit:  # found by its title
        return [(plain.elidedText(before, Qt.TextElideMode.ElideRight, space), False)]
    hit = bold.elidedText(hit, Qt.TextElideMode.ElideRight, space)
    left = space - bold.horizontalAdvance(hit)
    behind = plain.horizontalAdvance(without_marks(after))
    shown = plain.elidedText(before, Qt.TextElideMode.ElideLeft, max(left // 2, left - behind))
    left -= plain.horizontalAdvance(shown)
    parts = [(shown, False), (hit, True)]
    for number, piece in enumerate(_MARKS.split(after)):  # every second one is a hit
        metrics = bold if number % 2 else plain
        cut = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, left)
        left -= metrics.horizontalAdvance(cut)
        parts.append((cut, bool(number % 2)))
        if cut != piece:
            break
    return [(text, is_hit) for text, is_hit in parts if text]
