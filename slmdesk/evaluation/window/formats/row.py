"""A format beside the published file: how much faster, how much larger, how like its answers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QWidget

from slmdesk.evaluation.formats.labels import gain_words, likeness_words, size_words
from slmdesk.evaluation.formats.types import NOT_SLOWER, FormatReport, FormatResult, Likeness
from slmdesk.evaluation.window.formats.controller import FormatState
from slmdesk.gguf.quantization import quantization_named
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, set_kind
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, show_words

HEIGHT, THICKNESS = 16, 8
LEAST_SCALE = 1.5
"""Times as fast at the right end of the bars, at least."""


class GainBar(QWidget):
    """How many times as fast, as a bar; a line at 1 stands for the published file."""

    def __init__(self, parent: QWidget, *, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._gain, self._scale = 0.0, LEAST_SCALE

    def show_gain(self, gain: float, scale: float) -> None:
        """Show it where `scale` times as fast is the right end."""
        self._gain, self._scale = gain, scale
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        role, painter = QPalette.ColorRole, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        top, full = (self.height() - THICKNESS) / 2, float(self.width())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(role.AlternateBase))
        painter.drawRoundedRect(QRectF(0, top, full, THICKNESS), 2, 2)
        slow = self._gain < NOT_SLOWER
        painter.setBrush(self.palette().color(role.PlaceholderText if slow else role.Accent))
        painter.drawRoundedRect(QRectF(0, top, full * min(1.0, self._gain / self._scale), THICKNESS), 2, 2)
        painter.setPen(QPen(self.palette().color(role.Text), 2))
        line = full / self._scale
        painter.drawLine(round(line), 1, round(line), self.height() - 1)


class FormatRow(QFrame):
    use_requested = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"format_{name}", kind="card", label=name)
        self._name = name
        self._title = plain_label(name, self, name="format_title", kind="strong", wraps=False)
        self._badge = plain_label("", self, name="format_badge", kind="badge", wraps=False, is_hidden=True)
        self._use = button("", "format_use", self, on=self.use_requested)
        self._info = plain_label("", self, name="format_info", kind="small")
        self._likeness = plain_label("", self, name="format_likeness")
        self._bars = self._build_bars()
        head = row(self._title, self._badge, 1, self._use, gap=theme.SPACE_12)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        column(head, self._info, self._bars, self._likeness, into=self, gap=theme.SPACE_4, margins=margins)

    def _build_bars(self) -> QWidget:
        bars = named(QWidget(self), "format_bars")
        grid = QGridLayout(bars)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_12)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self._gains = []
        for at, (key, words) in enumerate((("answers", "Answers"), ("long", "Long documents"))):
            bar = GainBar(bars, name=f"gain_{key}")
            label = plain_label("", bars, name=f"gain_{key}_words", wraps=False)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("0.00 × as fast"))
            grid.addWidget(plain_label(words, bars, name=f"gain_{key}_title", kind="muted", wraps=False), at, 0)
            grid.addWidget(bar, at, 1)
            grid.addWidget(label, at, 2)
            self._gains.append((bar, label))
        return bars

    def show_result(
        self, result: FormatResult, report: FormatReport, state: FormatState, *, shrinks: bool, is_busy: bool
    ) -> None:
        """Show what was measured, of a report of `state`; `shrinks`: the smallest is marked too; `is_busy`: nothing can
        be made now.
        """
        gains = (result.answer_gain, result.long_work_gain)
        scale = max((scale_of(one) for one in (state.report, state.without) if one), default=LEAST_SCALE)
        for (bar, label), gain in zip(self._gains, gains, strict=True):
            bar.show_gain(gain, scale)
            label.setText(gain_words(gain))
        self._bars.setVisible(not result.reason)
        known = quantization_named(self._name)
        parts = [known.bits_text if known else "", "" if result.reason else size_words(result, report)]
        self._info.setText(DOT.join(one for one in parts if one))
        self._likeness.setText(likeness_of(result))
        show_words(self._badge, badge_of(result, report, shrinks=shrinks))
        self._show_button(result, state, is_best=report.fastest() == result, is_busy=is_busy)
        self.setAccessibleDescription(f"{self._badge.text()} {self._info.text()} {self._likeness.text()}".strip())

    def _show_button(self, result: FormatResult, state: FormatState, *, is_best: bool, is_busy: bool) -> None:
        copy = state.copies.get(self._name)
        is_used = copy is not None and copy.id == state.used
        words = "In use" if is_used else "Use this one" if copy else "Make and use this one"
        self._use.setText(words)
        self._use.setAccessibleName(f"{self._name}: {words}")
        self._use.setVisible(copy is not None or not (result.reason or result.likeness is Likeness.UNKNOWN))
        self._use.setEnabled(not is_used and not is_busy)
        set_kind(self._use, "primary" if is_best and not is_used else "")


def scale_of(report: FormatReport) -> float:
    gains = [gain for one in report.results.values() for gain in (one.answer_gain, one.long_work_gain)]
    return max(LEAST_SCALE, *gains) if gains else LEAST_SCALE


def badge_of(result: FormatResult, report: FormatReport, *, shrinks: bool) -> str:
    is_best, is_smallest = report.fastest() == result, shrinks and report.smallest() == result
    if is_best:
        return "Recommended, and the smallest" if is_smallest else "Recommended"
    return "Smallest with answers as good" if is_smallest else ""


def likeness_of(result: FormatResult) -> str:
    if result.reason:
        return result.reason
    if result.likeness is Likeness.UNKNOWN:
        return "Neither faster nor smaller, so its answers were not compared."
    return f"{likeness_words(result)}."
