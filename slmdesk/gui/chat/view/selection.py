"""Selection across messages: what Qt does within one, continued from message to message."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtGui import QTextCursor, QTextDocument

from slmdesk.gui.chat.view.rows import END, WHOLE, Row
from slmdesk.gui.chat.view.virtual_scroll import MessageArea
from slmdesk.gui.chat.view.widget import MessageWidget
from slmdesk.gui.markdown.parser import Parser
from slmdesk.gui.markdown.style import ViewStyle
from slmdesk.gui.markdown.text import text_of_selection
from slmdesk.gui.markdown.writer import MessageWriter

STEP_MS = 30
"""Between two steps of the view while the mouse is held outside it."""


class Selecting(QObject):
    """Keeps a selection per row, also of rows without a widget, and moves it while the mouse is dragged."""

    def __init__(self, area: MessageArea) -> None:
        super().__init__(area, objectName="selecting")
        self._area = area
        self._from: tuple[int, int] | None = None
        self._place = QPoint()
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._on_step)

    @property
    def is_dragging(self) -> bool:
        return self._from is not None

    def begin(self, index: int) -> None:
        """The mouse was pressed in a row: clear the other selections."""
        self.clear(but=index)
        self._from = (index, -1)

    def drag_to(self, place: QPoint) -> None:
        """Extend the selection to this global position while the mouse is held."""
        if self._from is None:
            return
        index, position = self._from
        widget = self._area.rows[index].widget
        if widget is None:
            return
        if position < 0:
            position = widget.text.textCursor().anchor()
            self._from = (index, position)
        self._place = place
        spot = self._area.viewport().mapFromGlobal(place)
        over = self._area.row_at(spot.y())
        if over == index and not widget.text.spans_messages:
            return
        widget.text.spans_messages = True
        self._extend(over, place)
        outside = spot.y() < 0 or spot.y() > self._area.viewport().height()
        if outside and not self._timer.isActive():
            self._timer.start()
        elif not outside:
            self._timer.stop()

    def end(self) -> None:
        """The mouse is up; the selection stays."""
        self._timer.stop()
        if self._from is not None:
            widget = self._area.rows[self._from[0]].widget if self._from[0] < len(self._area.rows) else None
            if widget is not None:
                widget.text.spans_messages = False
        self._from = None

    def clear(self, *, but: int = -1) -> None:
        """Clear the selection, except perhaps in one row."""
        for index, row in enumerate(self._area.rows):
            if index != but:
                row.selection = None
                if row.widget is not None:
                    row.widget.text.clear_selection()

    def select_all(self) -> None:
        for row in self._area.rows:
            self._set(row, WHOLE)

    def keep(self, row: Row, widget: MessageWidget) -> None:
        """Save the selection of a row whose widget goes."""
        cursor = widget.text.textCursor()
        if not cursor.hasSelection():
            row.selection = None
        elif widget.text.is_wholly_selected():
            row.selection = WHOLE
        else:
            row.selection = (cursor.anchor(), cursor.position())

    def restore(self, row: Row) -> None:
        """Restore the selection of a row that has a new widget or more text."""
        if row.selection is not None and row.widget is not None:
            row.widget.text.select(*row.selection)

    def text(self, style: ViewStyle, parser: Parser) -> str:
        """The selected text row by row: whole messages as written, parts as shown."""
        pieces = []
        for row in self._area.rows:
            if row.widget is not None:
                text = row.widget.text
                if text.textCursor().hasSelection():
                    pieces.append(row.view.text if text.is_wholly_selected() else text.selected_text())
            elif row.selection is not None:
                pieces.append(row.view.text if row.selection == WHOLE else _part_of(row, style, parser))
        return "\n\n".join(pieces)

    def _extend(self, over: int, place: QPoint) -> None:
        start, anchor = self._from or (0, 0)
        for index, row in enumerate(self._area.rows):
            if index == over == start:
                self._set(row, (anchor, self._position_at(row, place)))
            elif index == over:
                self._set(row, (0 if over > start else END, self._position_at(row, place)))
            elif index == start:
                self._set(row, (anchor, END if over > start else 0))
            elif min(start, over) < index < max(start, over):
                self._set(row, WHOLE)
            elif row.selection is not None or row.widget is not None:
                self._set(row, None)

    def _set(self, row: Row, selection: tuple[int, int] | None) -> None:
        if row.selection == selection and (row.widget is None or selection == WHOLE):
            return
        row.selection = selection
        if row.widget is None:
            return
        if selection is None:
            row.widget.text.clear_selection()
        else:
            row.widget.text.select(*selection)

    def _position_at(self, row: Row, place: QPoint) -> int:
        if row.widget is None:
            return END
        text = row.widget.text
        return text.cursorForPosition(text.viewport().mapFromGlobal(place)).position()

    def _on_step(self) -> None:
        y = self._area.viewport().mapFromGlobal(self._place).y()
        height = self._area.viewport().height()
        self._area.scroll_by(y // 2 if y < 0 else max((y - height) // 2, 0))
        self.drag_to(self._place)


def _part_of(row: Row, style: ViewStyle, parser: Parser) -> str:
    """The selected text of a row without a widget, from a document made for it."""
    document = QTextDocument()
    writer = MessageWriter(document, style, parser, markdown=row.view.is_markdown)
    while writer.write(row.view.text, ended=not row.view.is_growing):
        pass
    last = document.characterCount() - 1
    anchor, position = row.selection or (0, 0)
    cursor = QTextCursor(document)
    cursor.setPosition(last if anchor == END else min(anchor, last))
    cursor.setPosition(last if position == END else min(position, last), QTextCursor.MoveMode.KeepAnchor)
    return text_of_selection(cursor)
