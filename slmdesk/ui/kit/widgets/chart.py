"""A chart in the colours of the theme. Imported where one is shown."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from slmdesk.base.charts import DARK_COLOURS, PRINTED, WIDTH, Look, height_of, svg
from slmdesk.base.documents import Chart
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import named

SHARPNESS = 2
"""Dots of a saved picture for each of its own."""


class ChartView(QWidget):
    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        named(self, name)
        self.chart: Chart | None = None
        self._renderer = QSvgRenderer(self)
        self._drawn: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_chart(self, chart: Chart) -> None:
        self.chart = chart
        self.setAccessibleName(chart.title)
        self.setAccessibleDescription(chart.words)
        self.updateGeometry()
        self.update()

    def svg(self) -> bytes:
        """Return the chart as a file, in the colours of paper."""
        return svg(self.chart).encode("utf-8", "replace") if self.chart else b""

    def png(self) -> bytes:
        renderer = QSvgRenderer(QByteArray(self.svg()))
        image = QImage(renderer.defaultSize() * SHARPNESS, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt takes words
        return bytes(buffer.data().data())

    def _width(self) -> int:
        """Return the width of the widget in those of the chart, which do not grow with the letters."""
        return round(self.width() * WIDTH / max(1, scaled(WIDTH)))

    def sizeHint(self) -> QSize:
        return QSize(scaled(WIDTH), scaled(height_of(self.chart, self._width())) if self.chart else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(240), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.chart is None:
            return
        now, wide = theme.current(), self._width()
        colours = DARK_COLOURS if now.is_dark else PRINTED.colours
        look = Look(now.ink, now.ink2, now.line, now.sheet, colours, self.font().family())
        if (self.chart, look, wide) != self._drawn:
            self._drawn = self.chart, look, wide
            self._renderer.load(QByteArray(svg(self.chart, look, wide).encode("utf-8", "replace")))
        painter = QPainter(self)
        self._renderer.render(painter, QRectF(0, 0, self.width(), scaled(height_of(self.chart, wide))))
