"""Virtual scrolling: which messages have widgets, the total height, and the part that the reader sees.

The anchor is either a row with the number of its pixels above the viewport, or the end of the conversation. When an
estimated height is corrected or text is added, the anchor keeps its place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget

from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.ui.chat.view.message import (
    FOLDED_LINES,
    MessageView,
    MessageWidget,
    height_without_text,
    text_width,
)  # fmt: skip
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.theme import COLUMN_WIDTH, LIGHT, SPACE_12, SPACE_16, Fonts, Theme, icon, scaled, window_fonts
from slmdesk.ui.kit.markdown.formulas import Formulas
from slmdesk.ui.kit.markdown.selected import Parser, ViewStyle

MARGIN = 400
"""Distance from the viewport within which messages have widgets, in device-independent pixels."""
EDGE = SPACE_16
FAR_AWAY = -1_000_000
FLUSH_MS = 50
"""Milliseconds for which pieces of text are collected before they are shown together."""


class MessageArea(QAbstractScrollArea):
    """Scroll area that keeps the rows of messages and creates widgets only for those in and near the viewport."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = ViewStyle(LIGHT, window_fonts())
        self._parser = Parser()
        self._formulas = Formulas(self)
        self._formulas.arrived.connect(self.relay, Qt.ConnectionType.QueuedConnection)  # after all other slots
        self.rows = Rows()
        """The messages. Other classes must not change them."""
        self.live: set[int] = set()
        self._anchor, self._offset, self.follow_end = 0, 0, True
        self._placing = False
        self._empty: QWidget | None = None
        self.pending: set[str] = set()
        self._flush_timer = Delay(self, FLUSH_MS, self._on_flush)
        self._slice_timer = Delay(self, 0, self._on_slice)
        self._newest = QPushButton(_("Newest"), self)
        self._build_ground()

    def _build_ground(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMinimumWidth(280)
        self._newest.setObjectName("newest_button")
        self._newest.setToolTip(_("Go to the newest words (End)"))
        self._newest.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._newest.hide()
        self._newest.clicked.connect(self.scroll_to_end)
        self._dress()

    # properties ----------------------------------------------------------------------------------------------------

    @property
    def live_rows(self) -> list[tuple[int, Row, MessageWidget]]:
        """Return the rows that have widgets, from the top, each with its index and its widget."""
        rows = ((index, self.rows[index]) for index in sorted(self.live))
        return [(index, row, row.widget) for index, row in rows if row.widget is not None]

    @property
    def column_width(self) -> int:
        return min(scaled(COLUMN_WIDTH) + 2 * SPACE_16, max(self.viewport().width() - 2 * SPACE_12, 120))

    # its looks --------------------------------------------------------------------------------------------------------

    def set_style(self, theme: Theme, fonts: Fonts) -> None:
        self._style = ViewStyle(theme, fonts)
        self._dress()
        self._lay_out_again()

    def set_empty_widget(self, widget: QWidget) -> None:
        if self._empty is not None:
            self._empty.deleteLater()
        self._empty = widget
        widget.setParent(self.viewport())
        self.relay()

    # where the reader is -------------------------------------------------------------------------------------------

    def scroll_to_end(self) -> None:
        self.follow_end = True
        self.relay()

    def scroll_to(self, message_id: str) -> None:
        """Scroll to a message. Raises KeyError for an unknown id."""
        self._go_to(self._index(message_id), -EDGE)

    def scroll_by(self, distance: int) -> None:
        self._leave_end()
        self._offset += distance
        self.relay()

    def top_of(self, index: int) -> int | None:
        """Return the top of a row in viewport coordinates; None if it has no widget."""
        widget = self.rows[index].widget
        return None if widget is None or widget.y() <= FAR_AWAY else widget.y()

    def row_at(self, y: int) -> int:
        """Return the index of the row at this height of the viewport, or of the nearest row with a widget."""
        away = {
            index: max(top - y, y - top - self.rows[index].height, 0)
            for index in self.live
            if (top := self.top_of(index)) is not None
        }
        return min(away, key=lambda index: away[index], default=0)

    def relay(self) -> None:
        """Create widgets in and around the viewport, correct estimated heights, place widgets. The anchor stays put."""
        if self._placing:
            return
        self._placing = True
        try:
            self._place_all()
            self._set_scroll_bar()
        finally:
            self._placing = False
        self._show_newest()

    # what is shown -------------------------------------------------------------------------------------------------

    def show_conversation(self, messages: Sequence[MessageView]) -> None:
        self._drop_widgets(self.live)
        self.pending.clear()
        self.rows.fill(messages)
        self.rows.guess(self._style, self.column_width)
        self._anchor, self._offset, self.follow_end = 0, 0, True
        self.relay()

    def add_message(self, message: MessageView) -> None:
        self.rows.add(message)
        self.rows.guess(self._style, self.column_width)
        self.relay()

    def add_before(self, messages: Sequence[MessageView]) -> None:
        self.rows.add_before(messages)
        self.live = {index + len(messages) for index in self.live}
        self._anchor += len(messages)
        self.rows.guess(self._style, self.column_width)
        self.relay()

    def update_message(self, message: MessageView) -> None:
        """Show the new state of a message. Raises KeyError for an unknown id."""
        index = self._index(message.id)
        row = self.rows[index]
        before = row.view
        if before.is_growing and message.is_growing and before.text.startswith(message.text):
            message = changed(message, text=before.text)  # an older state never removes shown text
        row.view = message
        self.pending.discard(message.id)
        widget = row.widget
        if widget is None:
            self.rows.forget_height(index)
            self.rows.guess(self._style, self.column_width)
        elif _goes_on(before, message):
            row.has_more = widget.show_view(message, width=self.column_width)
            self._measure_again(index)
        else:
            self._drop_widgets({index})
        self.relay()

    def append_text(self, message_id: str, piece: str) -> None:
        """Append text to a message. Pieces within 50 ms are shown together. Raises KeyError for an unknown id."""
        self.rows.append_text(self._index(message_id), piece)
        self.pending.add(message_id)
        self._flush_timer.start_once()

    def remove_after(self, message_id: str) -> None:
        """Remove all messages after this message. Raises KeyError for an unknown id."""
        keep = self._index(message_id) + 1
        self._drop_widgets({index for index in self.live if index >= keep})
        for row in self.rows.cut(keep):
            self.pending.discard(row.view.id)
        self.follow_end = self.follow_end or self._anchor >= keep  # the row at the anchor is gone
        self.relay()

    # handlers ------------------------------------------------------------------------------------------------------

    def _on_flush(self) -> None:
        waiting = set()
        for message_id in self.pending:
            index = self._index(message_id)
            row = self.rows[index]
            if row.widget is None:
                self.rows.forget_height(index)
            elif self._must_wait(row):
                waiting.add(message_id)
            else:
                row.has_more = row.widget.show_view(row.view, width=self.column_width)
                self._measure_again(index)
        self.rows.guess(self._style, self.column_width)
        self.pending = waiting
        if waiting:
            self._flush_timer.start()
        self.relay()

    def _on_slice(self) -> None:
        waiting = [each for each in self.live_rows if each[1].has_more]
        if waiting:
            index, row, widget = waiting[-1 if self.follow_end else 0]
            row.has_more = widget.show_more(width=self.column_width)
            self._measure_again(index)
            self._widget_grown(row)
        self.relay()

    # hooks ---------------------------------------------------------------------------------------------------------

    def _widget_made(self, index: int, row: Row, widget: MessageWidget) -> None: ...

    def _widget_going(self, row: Row, widget: MessageWidget) -> None: ...

    def _widget_grown(self, row: Row) -> None: ...

    def _must_wait(self, _row: Row) -> bool:
        return False

    # Qt's own ------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._lay_out_again(keep_widgets=True)
        else:
            self.relay()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        if self._placing:
            return
        bar = self.verticalScrollBar()
        if bar.value() >= bar.maximum():
            self.follow_end = True
            self.relay()
            return
        moved = bar.value() - self._value_of_anchor()
        if abs(moved) < 3 * self.viewport().height():
            self.scroll_by(moved)
        else:
            index = self.rows.at(bar.value() - EDGE)
            self._go_to(index, bar.value() - EDGE - self.rows.tops[index])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._style.theme.colour("sheet"))

    def _on_reshaped(self, row: Row) -> None:
        row.width = -1  # measured again by `relay`, which follows

    # private: placing ----------------------------------------------------------------------------------------------

    def _place_all(self) -> None:
        count = len(self.rows)
        if self._empty is not None:
            self._empty.setGeometry(self.viewport().rect())
            self._empty.setVisible(count == 0)
        if count == 0:
            return
        first, top = self._walk_up()
        end, bottom = self._walk_down(first, top)
        floor = self.viewport().height() - EDGE
        if end == count and not self.follow_end and bottom <= floor:  # nothing is left below, so this is the end
            self.follow_end = True
            first, top = self._walk_up()
            end, bottom = self._walk_down(first, top)
        self._recycle_outside(first, end)
        if not self.follow_end:
            self._anchor, self._offset = self._place_of_top()

    def _walk_up(self) -> tuple[int, int]:
        """Go up from the anchor. Returns the first row that needs a widget, and its top."""
        row, y = (len(self.rows), self.viewport().height() - EDGE) if self.follow_end else (self._anchor, -self._offset)
        while row > 0 and y > -MARGIN:
            row -= 1
            y -= self._measured(row)
        return row, min(y, EDGE) if row == 0 else y

    def _walk_down(self, first: int, top: int) -> tuple[int, int]:
        """Place rows downwards from `first`. Returns the row after the last placed one, and where the last one ends."""
        row, y = first, top
        x = (self.viewport().width() - self.column_width) // 2
        while row < len(self.rows) and y < self.viewport().height() + MARGIN:
            height = self._measured(row)
            widget = self.rows[row].widget
            if widget is not None:
                widget.setGeometry(x, y, self.column_width, height)
                widget.set_lively(row == len(self.rows) - 1)
                widget.show()
            row, y = row + 1, y + height
        return row, y

    def _measured(self, index: int) -> int:
        row = self.rows[index]
        if row.widget is None:
            self._make(index)
        if row.width != self.column_width:
            self._measure_again(index)
        return row.height

    def _make(self, index: int) -> None:
        row = self.rows[index]
        widget = MessageWidget(row.view, self._style, self._parser, self.viewport(), formulas=self._formulas)
        widget.text.reshaped.connect(partial(self._on_reshaped, row))
        widget.is_unfolded = row.is_unfolded
        row.widget, row.width = widget, -1
        self.live.add(index)
        row.has_more = widget.show_view(row.view, width=self.column_width)
        self._widget_made(index, row, widget)

    def _measure_again(self, index: int) -> None:
        row = self.rows[index]
        if row.widget is None:
            return
        height = row.widget.lay(self.column_width)
        if row.has_more:
            self._slice_timer.start()
            if not self.follow_end:  # keep the space of text that is still to be shown
                height = max(height, row.height)
        self.rows.set_height(index, height, self.column_width)

    def _recycle_outside(self, first: int, end: int) -> None:
        outside = set[int]()
        for index, _row, widget in self.live_rows:
            if first <= index < end:
                continue
            if widget.is_held():
                widget.move(widget.x(), FAR_AWAY)
            else:
                outside.add(index)
        self._drop_widgets(outside)

    def _drop_widgets(self, indexes: Collection[int]) -> None:
        for index in list(indexes):
            row = self.rows[index]
            widget, row.widget, row.has_more = row.widget, None, False
            self.live.discard(index)
            if widget is not None:
                self._widget_going(row, widget)
                if widget.is_held():
                    self.setFocus(Qt.FocusReason.OtherFocusReason)
                widget.hide()
                widget.deleteLater()

    def _lay_out_again(self, *, keep_widgets: bool = False) -> None:
        """Lay out for a new width or style with estimated, then measured heights. The anchor stays at the same fraction
        of its message.
        """
        count = len(self.rows)
        share = 0.0
        if not self.follow_end and count:
            share = self._offset / max(self.rows[self._anchor].height, 1)
        if not keep_widgets:
            self._drop_widgets(self.live)
            for index in range(count):
                self.rows.forget_height(index)
        self.rows.guess(self._style, self.column_width)
        if not self.follow_end and count:
            self._offset = round(share * self._measured(self._anchor))
        self.relay()

    # private: the anchor and the bar -------------------------------------------------------------------------------

    def _index(self, message_id: str) -> int:
        index = self.rows.index_of(message_id)
        if index is None:
            raise KeyError(message_id)
        return index

    def _leave_end(self) -> None:
        if self.follow_end and len(self.rows):
            self._anchor, self._offset = self._place_of_top()
            self.follow_end = False

    def _go_to(self, index: int, offset: int) -> None:
        self.follow_end = False
        self._anchor, self._offset = index, offset
        self.relay()

    def _place_of_top(self) -> tuple[int, int]:
        """Return the first visible row, and how many of its pixels are above the viewport."""
        placed = sorted((top, index) for index in self.live if (top := self.top_of(index)) is not None)
        for top, index in placed:
            if top + self.rows[index].height > 0:
                return index, -top
        return self._anchor, self._offset

    def _value_of_anchor(self) -> int:
        if self.follow_end:
            return self.verticalScrollBar().maximum()
        return self.rows.tops[self._anchor] + EDGE + self._offset

    def _set_scroll_bar(self) -> None:
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        total = self.rows.tops[-1] + 2 * EDGE if len(self.rows) else 0
        bar.setPageStep(height)
        bar.setSingleStep(round(self._style.line_height * 1.5))
        bar.setRange(0, max(total - height, 0))
        bar.setValue(self._value_of_anchor() if len(self.rows) else 0)
        bar.setEnabled(total > height)

    def _show_newest(self) -> None:
        at_end = self.follow_end or not len(self.rows)
        size = self._newest.sizeHint()
        self._newest.move((self.viewport().width() - size.width()) // 2, self.height() - size.height() - SPACE_12)
        self._newest.resize(size)
        self._newest.setVisible(not at_end)
        self._newest.raise_()

    def _dress(self) -> None:
        self._newest.setIcon(icon("arrow-down", self._style.theme.colour("ink")))
        self.viewport().update()


END = -1
WHOLE = (0, END)


@dataclass(slots=True)
class Row:
    view: MessageView
    height: int = 0
    width: int = -1
    """Width at which `height` was measured; -1 if `height` is an estimate."""
    guessed: int = -1
    widget: MessageWidget | None = None
    selection: tuple[int, int] | None = None
    """Anchor and position of the selection in the row's document, kept while the row has no widget."""
    is_unfolded: bool = False
    """True if a long question is shown whole."""
    has_more: bool = False
    """True if the row's widget does not show all of the text yet."""


class Rows:
    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._tops: list[int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def index_of(self, message_id: str) -> int | None:
        return self._index.get(message_id)

    def fill(self, views: Sequence[MessageView]) -> None:
        self._rows = [Row(view) for view in views]
        self._index = {view.id: i for i, view in enumerate(views)}
        self._tops = None

    def add(self, view: MessageView) -> Row:
        row = Row(view)
        self._index[view.id] = len(self._rows)
        self._rows.append(row)
        self._tops = None
        return row

    def add_before(self, views: Sequence[MessageView]) -> list[Row]:
        rows = [Row(view) for view in views]
        self._rows[:0] = rows
        self._index = {row.view.id: i for i, row in enumerate(self._rows)}
        self._tops = None
        return rows

    def cut(self, length: int) -> list[Row]:
        """Keep only the first `length` rows. Returns the removed rows."""
        gone = self._rows[length:]
        del self._rows[length:]
        for row in gone:
            self._index.pop(row.view.id, None)
        self._tops = None
        return gone

    def append_text(self, index: int, piece: str) -> None:
        row = self._rows[index]
        row.view = changed(row.view, text=row.view.text + piece)

    def guess(self, style: ViewStyle, width: int) -> None:
        for row in self._rows:
            if row.width != width and row.guessed != width:
                row.height = guess_height(row.view, style, width)
                row.guessed = width
                self._tops = None

    def forget_height(self, index: int) -> None:
        row = self._rows[index]
        row.width = row.guessed = -1

    def set_height(self, index: int, height: int, width: int = -1) -> None:
        row = self._rows[index]
        if row.height != height:
            row.height = height
            self._tops = None
        row.width = width

    @property
    def tops(self) -> list[int]:
        """Return the top of each row and, as the last entry, the total height."""
        if self._tops is None:
            self._tops = list(accumulate((row.height for row in self._rows), initial=0))
        return self._tops

    def at(self, y: int) -> int:
        return min(max(bisect_right(self.tops, y) - 1, 0), max(len(self._rows) - 1, 0))


def guess_height(view: MessageView, style: ViewStyle, width: int) -> int:
    """Estimate the height of a message from its number of characters and lines. Takes a few microseconds."""
    letters = max(text_width(view, width) / style.letter_width, 10)
    lines = view.text.count("\n") * 0.75 + len(view.text) / letters * 0.95 + 1
    if view.role == "user":
        lines = min(lines, FOLDED_LINES + 1)
    return round(lines * style.line_height) + height_without_text(style, view)


def _goes_on(before: MessageView, message: MessageView) -> bool:
    """Return whether the new state only continues the old one. Otherwise the message must be written again."""
    if before.is_left_out != message.is_left_out:
        return False
    if before.is_growing:
        return message.text.startswith(before.text)
    return message.text == before.text and not message.is_growing
