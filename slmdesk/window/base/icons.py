"""Lucide icons in the theme's colours, sharp at every screen scale."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from slmdesk.window.base.theme import ICON_SIZE

FOLDER = Path(__file__).with_name("icons")
STROKE = "1.5"
SCALES = (1.0, 1.5, 2.0, 3.0)
"""Screen scales a pixmap is drawn for; Qt picks the nearest."""

SCALE = "slmdesk_text_scale"
"""Property of the application: percent of its letters, with which icons grow."""


def scaled(size: int = ICON_SIZE) -> int:
    app = QCoreApplication.instance()
    percent = app.property(SCALE) if app is not None else None
    return round(size * percent / 100) if isinstance(percent, int) else size


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8").replace('stroke-width="2"', f'stroke-width="{STROKE}"')


def pixmap(name: str, colour: QColor, *, size: int = ICON_SIZE, scale: float = 1.0) -> QPixmap:
    """One icon in one colour; `size` in device-independent pixels.  Raises FileNotFoundError for an unknown name."""
    key = f"lucide {name} {colour.name()} {size} {scale}"
    known = QPixmap()
    if QPixmapCache.find(key, known):  # a list of models has each of its icons thirty times
        return known
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour.name()).encode()))
    drawn = QPixmap(round(size * scale), round(size * scale))
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    QPixmapCache.insert(key, drawn)
    return drawn


def icon(name: str, colour: QColor, *, size: int = ICON_SIZE) -> QIcon:
    made = QIcon()
    for scale in SCALES:
        made.addPixmap(pixmap(name, colour, size=size, scale=scale))
    return made
