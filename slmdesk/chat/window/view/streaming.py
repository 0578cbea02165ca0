"""Messages that are added and grow: pieces are shown together, long stored texts in slices."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from slmdesk.base.record import changed
from slmdesk.chat.window.view.message import MessageView
from slmdesk.chat.window.view.rows import Row
from slmdesk.chat.window.view.virtual_scroll import MessageArea
from slmdesk.window.base.delay import Delay

FLUSH_MS = 50
"""Pieces that come within this time are shown together."""


class GrowingArea(MessageArea):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pending: set[str] = set()
        self._flush_timer = Delay(self, FLUSH_MS, self._on_flush)
        self._slice_timer = Delay(self, 0, self._on_slice)

    # what is shown -------------------------------------------------------------------------------------------------

    def show_conversation(self, messages: Sequence[MessageView]) -> None:
        self._drop_widgets(self.live)
        self.pending.clear()
        self.rows.fill(messages)
        self.rows.guess(self._style, self.column_width)
        self._anchor, self._offset, self._at_end = 0, 0, True
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
        """Raises KeyError for an unknown id."""
        index = self._index(message.id)
        row = self.rows[index]
        before = row.view
        if before.is_growing and message.is_growing and before.text.startswith(message.text):
            message = changed(message, text=before.text)  # what was shown is never taken back by an older state
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
        """Append text to a message; what comes within 50 ms is shown together.  Raises KeyError for an unknown id."""
        self.rows.append_text(self._index(message_id), piece)
        self.pending.add(message_id)
        if not self._flush_timer.isActive():
            self._flush_timer.start()

    def remove_after(self, message_id: str) -> None:
        """Raises KeyError for an unknown id."""
        keep = self._index(message_id) + 1
        self._drop_widgets({index for index in self.live if index >= keep})
        for row in self.rows.cut(keep):
            self.pending.discard(row.view.id)
        self._at_end = self._at_end or self._anchor >= keep  # what was read is gone
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
        for index in sorted(self.live, reverse=self._at_end):
            row = self.rows[index]
            if row.has_more and row.widget is not None:
                row.has_more = row.widget.show_more(width=self.column_width)
                self._measure_again(index)
                self._widget_grown(row)
                break
        self.relay()

    # hooks ------------------------------------------------------------------------------------------------------------

    def _widget_grown(self, row: Row) -> None: ...

    def _must_wait(self, _row: Row) -> bool:
        return False

    def _more_is_left(self) -> None:
        self._slice_timer.start()


def _goes_on(before: MessageView, message: MessageView) -> bool:
    """Whether the new state only continues the old one; else the message is written again."""
    if before.is_left_out != message.is_left_out:
        return False
    if before.is_growing:
        return message.text.startswith(before.text)
    return message.text == before.text and not message.is_growing
