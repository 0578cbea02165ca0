"""Selection across messages: what Qt does within one, continued from message to message."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QMimeData, QObject, QPoint, QTimer
from PySide6.QtGui import QTextCursor, QTextDocument

from slmdesk.chat.window.view.copying import LONGEST_HTML, html_of, mime_of
from slmdesk.chat.window.view.message import MessageView
from slmdesk.chat.window.view.rows import END, WHOLE, Row
from slmdesk.chat.window.view.virtual_scroll import MessageArea
from slmdesk.chat.window.view.widget import MessageWidget
from slmdesk.window.markdown.parser import Parser
from slmdesk.window.markdown.selected import html_of_selection, mime_of_selection, text_of_selection
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.markdown.writer import MessageWriter

STEP_MS = 30
"""Between two steps of the view while the mouse is held outside it."""


class Selecting(QObject):
    """Keeps a selection per row, also of rows without a widget, and moves it while the mouse is dragged."""

    def __init__(self, area: MessageArea) -> None:
        super().__init__(area, objectName="selecting")
        self._area = area
        self._from: tuple[int, int] | None = None
        self._place = QPoint()
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self._on_step)

    @property
    def is_dragging(self) -> bool:
        return self._from is not None

    def begin(self, index: int) -> None:
        """The mouse was pressed in a row: clear the other selections."""
        self.clear(but=index)
        self._from = (index, -1)

    def shift(self, count: int) -> None:
        """So many rows come before the others."""
        if self._from is not None:
            self._from = (self._from[0] + count, self._from[1])

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
        self._timer.stop()
        if self._from is not None:
            widget = self._area.rows[self._from[0]].widget if self._from[0] < len(self._area.rows) else None
            if widget is not None:
                widget.text.spans_messages = False
        self._from = None

    def clear(self, *, but: int = -1) -> None:
        for index, row in enumerate(self._area.rows):
            if index != but:
                row.selection = None
                if row.widget is not None:
                    row.widget.text.clear_selection()

    def select_all(self) -> None:
        for row in self._area.rows:
            self._set(row, WHOLE)

    def keep(self, row: Row, widget: MessageWidget) -> None:
        cursor = widget.text.textCursor()
        if not cursor.hasSelection():
            row.selection = None
        elif widget.text.is_wholly_selected():
            row.selection = WHOLE
        else:
            row.selection = (cursor.anchor(), cursor.position())

    def restore(self, row: Row) -> None:
        if row.selection is not None and row.widget is not None:
            row.widget.text.select(*row.selection)

    def text(self, style: ViewStyle, parser: Parser) -> str:
        chosen = self._chosen(style, parser)
        return "\n\n".join(text_of_selection(part) if part else view.text for view, part, _ in chosen)

    def mime(self, style: ViewStyle, parser: Parser) -> QMimeData | None:
        """The same for the clipboard, with HTML; None where nothing is selected."""
        chosen = list(self._chosen(style, parser))  # holds the documents while they are read
        if len(chosen) == 1 and chosen[0][1] is not None:
            return mime_of_selection(chosen[0][1])
        text = "\n\n".join(text_of_selection(part) if part else view.text for view, part, _ in chosen)
        if len(text) > LONGEST_HTML:
            return mime_of(text)
        pages = [html_of_selection(part) if part else html_of(view, parser) for view, part, _ in chosen]
        return mime_of(text, "\n".join(pages)) if text else None

    def _chosen(
        self, style: ViewStyle, parser: Parser
    ) -> Iterator[tuple[MessageView, QTextCursor | None, QTextDocument | None]]:
        """Messages with what is selected of them, None for all; and the document, which a cursor does not keep."""
        for row in self._area.rows:
            if row.widget is not None:
                text = row.widget.text
                if text.textCursor().hasSelection():
                    part = None if text.is_wholly_selected() else text.textCursor()
                    yield row.view, part, text.document()
            elif row.selection == WHOLE:
                yield row.view, None, None
            elif row.selection is not None:
                document = document_of(row.view, style, parser)
                yield row.view, _part_of(document, row.selection), document

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


def document_of(view: MessageView, style: ViewStyle, parser: Parser) -> QTextDocument:
    document = QTextDocument()
    writer = MessageWriter(document, style, parser, markdown=view.is_markdown, can_save=True)
    while writer.write(view.text, ended=not view.is_growing):
        pass
    return document


def _part_of(document: QTextDocument, selection: tuple[int, int]) -> QTextCursor:
    last = document.characterCount() - 1
    cursor = QTextCursor(document)
    for place, mode in zip(selection, (QTextCursor.MoveMode.MoveAnchor, QTextCursor.MoveMode.KeepAnchor), strict=True):
        cursor.setPosition(last if place == END else min(place, last), mode)
    return cursor
