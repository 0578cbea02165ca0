"""Rows of a table of models: name, what a model is good at, size, speed here, memory, and one button."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from slmdesk.base.texts import _
from slmdesk.models.gguf.memory import WORDS_A_TOKEN, Speed, is_too_slow
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import breakable, column, named, plain_label, row, set_icon, show_words, tool_button
from slmdesk.ui.kit.widgets.rows import Card

WIDTHS = (204, 72, 156, 112, 136)
"""Widths of tags, size, speed, memory and button."""
LEAST = (900, 740, 650, 0, 0)
"""Least widths of a row in which these columns are shown, so that there is room for the name."""
FULL_SPEED = 120
"""Words a second at which the bar of the speed is full. It grows as slowly as a wait gets shorter."""
MOST_TAGS = 2
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TableLine(QWidget):
    """A line of the table, with columns as wide as those of every other line."""

    def __init__(self, parent: QWidget, name: str, first: Sequence[QWidget], columns: Sequence[QWidget]) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._columns = tuple(columns)
        self._has_tags = True
        """If False, the name takes the place of the tags. The columns at the right stay where they are."""
        *before, title = first
        row(*before, (title, 1), *columns, into=self, gap=theme.SPACE_12)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_columns"):
            self._fit()

    def show_tags(self, has_tags: bool) -> None:
        self._has_tags = has_tags
        self._fit()

    def _fit(self) -> None:
        for widget, width, least in zip(self._columns, WIDTHS, LEAST, strict=True):
            widget.setFixedWidth(scaled(width))
            widget.setVisible(self.width() >= scaled(least) and (self._has_tags or widget is not self._columns[0]))

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(WIDTHS[-1] + WIDTHS[-2] + 120), super().minimumSizeHint().height())


class TableHead(TableLine):
    def __init__(self, parent: QWidget, name: str) -> None:
        words = (_("Name"), _("Good at"), _("Size"), _("Speed here"), _("Memory"), "")
        title, *columns = (plain_label(each, parent, name="table_head", kind="group", wraps=False) for each in words)
        columns[1].setAlignment(RIGHT)
        super().__init__(parent, name, (title,), columns)


class SpeedMark(QWidget):
    """How fast a model writes on this PC: a bar and words. Empty while that is unknown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("speed_mark")
        self._share = -1.0
        self._words = plain_label("", self, name="speed_words", wraps=False)
        self._line = row((self._words, 1), into=self)

    def show_speed(self, speed: Speed | None, *, is_measured: bool) -> None:
        words = speed.tokens_per_s * WORDS_A_TOKEN if speed else 0.0
        self._share = min(1.0, math.log1p(words) / math.log1p(FULL_SPEED)) if speed else -1.0
        shown = _("{n} words/s") if is_measured else _("≈ {n} words/s")
        shown = _("too slow") if is_too_slow(speed) else shown.format(n=max(1, round(words)))
        self._words.setText(shown if speed else "")
        self.setAccessibleName(_("Speed here: {words}").format(words=self._words.text()) if speed else "")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._line.setContentsMargins(scaled(64) + theme.SPACE_8, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._share < 0:
            return
        colours, width, height = theme.current(), scaled(64), scaled(5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, (self.height() - height) / 2, width, height)
        for share, colour in ((1.0, "line"), (self._share, "accent")):
            painter.setBrush(colours.colour(colour))
            track.setWidth(max(width * share, height))
            painter.drawRoundedRect(track, height / 2, height / 2)


class ModelRow(Card):
    """A model as a row that opens. Its sentence and facts are shown while it is open."""

    opened = Signal(bool)
    keeps_facts = False
    """Whether the facts are shown while the row is closed too."""

    def __init__(self, parent: QWidget, *, name: str, title: str, toggle_name: str) -> None:
        self._toggle_name = toggle_name
        super().__init__(parent, name=name, title=title)

    def _lay_out(self) -> None:
        self.toggle = tool_button(self._toggle_name, self, folds=True, icon="chevron-right")
        self.toggle.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggle.toggled.connect(self._on_toggled)
        tags, memory, end = (named(QWidget(self), name) for name in ("row_tags", "row_memory", "row_end"))
        self._tags = [
            plain_label("", tags, name="row_tag", kind="badge", wraps=False, is_hidden=True) for _at in range(MOST_TAGS)
        ]
        centre = Qt.AlignmentFlag.AlignVCenter
        row(*((tag, centre) for tag in self._tags), 1, into=tags, gap=theme.SPACE_4)
        self._size = plain_label("", self, name="row_size", wraps=False)
        self._size.setAlignment(RIGHT)
        self.speed = SpeedMark(self)
        row(self.fit, 1, into=memory)
        self._state = plain_label("", end, name="row_state", wraps=False, is_hidden=True)
        self._dot = plain_label("●", end, name="row_dot", kind="dot", wraps=False, is_hidden=True)
        self._buttons = row(1, self._dot, self._state, into=end, gap=theme.SPACE_4)
        columns = (tags, self._size, self.speed, memory, end)
        line = self._line = TableLine(self, "table_line", (self.toggle, self._title), columns)
        inner = column(
            self._sentence, self._info, self._trouble, self.body, gap=theme.SPACE_8, margins=(scaled(40), 0, 0, 0)
        )
        column(line, inner, into=self, gap=theme.SPACE_4, margins=(0, theme.SPACE_4))
        self._name_toggle()

    @property
    def is_open(self) -> bool:
        return self.toggle.isChecked()

    def open(self, is_open: bool = True) -> None:
        self.toggle.setChecked(is_open)

    def set_title(self, text: str) -> None:
        self._title.setText(breakable(text, 9))
        self._name_toggle()

    def set_sentence(self, text: str) -> None:
        self._sentence.setText(text)
        self._sentence.setVisible(bool(text) and self.is_open)

    def set_info(self, text: str) -> None:
        self._info.setText(breakable(text))
        self._info.setVisible(bool(text) and (self.is_open or self.keeps_facts))

    def show_columns(self, tags: Sequence[str], size: str) -> None:
        for label, words in zip(self._tags, (*tags, *[""] * MOST_TAGS), strict=False):
            show_words(label, words)
        self._line.show_tags(bool(tags))
        self._size.setText(size)

    def show_state(self, words: str) -> None:
        """Show words with a dot, in place of the button for it."""
        show_words(self._state, words)
        self._dot.setVisible(bool(words))

    def _name_toggle(self) -> None:
        title = self._title.text().replace("\u200b", "")
        words = _("Close the details of {name}") if self.is_open else _("Details of {name}")
        self.toggle.setAccessibleName(words.format(name=title))
        self.toggle.setToolTip(_("Close the details") if self.is_open else _("Details"))

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self.toggle, "chevron-down" if is_open else "chevron-right", "ink2")
        self._name_toggle()
        self._sentence.setVisible(is_open and bool(self._sentence.text()))
        self._info.setVisible((is_open or self.keeps_facts) and bool(self._info.text()))
        self.opened.emit(is_open)
