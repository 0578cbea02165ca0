"""Messages that can be selected and copied, wholly or in part, and their code saved."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.chat.window.view.copying import message_as_html, message_as_text, message_as_written, mime_of
from slmdesk.chat.window.view.menu import Entry
from slmdesk.chat.window.view.rows import Row
from slmdesk.chat.window.view.selection import Selecting
from slmdesk.chat.window.view.streaming import GrowingArea
from slmdesk.chat.window.view.widget import MessageWidget
from slmdesk.window.base.clipboard import copy_data
from slmdesk.window.markdown.code_names import file_name_of
from slmdesk.window.markdown.selected import code_at, mime_of_table, table_at


class SelectableArea(GrowingArea):
    """A GrowingArea whose text goes to the clipboard.

    `copy_requested` (the Copy action of a message) and `reader_text_copied` (anything else) say what was done: it is
    on the clipboard already.
    """

    reader_text_copied = Signal()
    copy_requested = Signal(str)
    code_save_requested = Signal(str, str)
    """The name proposed for the file, and the code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.current = -1
        self._selecting = Selecting(self)

    def select_all(self) -> None:
        self._selecting.select_all()

    def selected_text(self) -> str:
        """The selected text in order: whole messages as they were written, parts as they are shown."""
        return self._selecting.text(self._style, self._parser)

    def copy_selection(self) -> None:
        """Copy the selection; if there is none, the current message."""
        data = self._selecting.mime(self._style, self._parser)
        if data is None and 0 <= self.current < len(self.rows):
            data = message_as_written(self.rows[self.current].view, self._parser)
        if data is not None and data.text():
            self._put(data)

    def copy_message(self, message_id: str) -> None:
        """Raises KeyError for an unknown id."""
        view = self.rows[self._index(message_id)].view
        copy_data(message_as_written(view, self._parser))
        self.copy_requested.emit(message_id)

    # for the menu --------------------------------------------------------------------------------------------------

    def _copies_of(self, message_id: str) -> list[Entry]:
        forms = {"Text": "text", "Markdown": "markdown", "Formatted text": "html"}
        return [(words, "", partial(self._copy_as, message_id, form)) for words, form in forms.items()]

    def _parts_at(self, widget: MessageWidget, message_id: str) -> list[Entry]:
        cursor, entries = widget.text.menu_cursor, list[Entry]()
        if (table := table_at(cursor)) is not None:
            entries.append(("Copy table", "", lambda: self._put(mime_of_table(table))))
        if number := code_at(cursor):
            entries.append(("Copy code", "", partial(self._copy_code, message_id, number)))
            entries.append(("Save code as…", "", partial(self._save_code, message_id, number)))
        return entries

    def _copy_as(self, message_id: str, form: str) -> None:
        view = self.rows[self._index(message_id)].view
        if form == "text":
            self._put(message_as_text(view, self._style, self._parser))
        elif form == "html":
            self._put(message_as_html(view, self._style, self._parser))
        else:
            self._put(mime_of(view.text))

    def _copy_code(self, message_id: str, number: int) -> None:
        widget = self.rows[self._index(message_id)].widget
        if widget is not None:
            self._put(mime_of(widget.writer.codes[number - 1]))

    def _save_code(self, message_id: str, number: int) -> None:
        widget = self.rows[self._index(message_id)].widget
        if widget is not None:
            name = file_name_of(widget.writer.languages[number - 1])
            self.code_save_requested.emit(name, widget.writer.codes[number - 1])

    def _put(self, data: QMimeData) -> None:
        copy_data(data)
        self.reader_text_copied.emit()

    # hooks ---------------------------------------------------------------------------------------------------------

    def _widget_grown(self, row: Row) -> None:
        self._selecting.restore(row)

    def _widget_going(self, row: Row, widget: MessageWidget) -> None:
        self._selecting.keep(row, widget)

    def _must_wait(self, row: Row) -> bool:
        """While the mouse drags a selection, text must not move."""
        return self._selecting.is_dragging
