"""Selection across messages, which continues Qt's selection within one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QMimeData, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QTextCursor, QTextDocument
from PySide6.QtWidgets import QMenu, QWidget

from slmdesk.base.texts import _
from slmdesk.ui.chat.view.message import MessageView, MessageWidget
from slmdesk.ui.chat.view.scroll import END, WHOLE, MessageArea, Row
from slmdesk.ui.kit.base.clipboard import copy_data
from slmdesk.ui.kit.base.theme import current, icon, scaled
from slmdesk.ui.kit.markdown.clipboard_html import html_of_plain
from slmdesk.ui.kit.markdown.message import MessageWriter, file_name_of
from slmdesk.ui.kit.markdown.selected import (
    Parser,
    ViewStyle,
    code_at,
    html_of_selection,
    mime_of_selection,
    mime_of_table,
    table_at,
    text_of_selection,
    whole,
)
from slmdesk.ui.kit.widgets.build import passing

STEP_MS = 30
"""Milliseconds between two scroll steps while the mouse is held outside the view."""


Chosen = tuple[MessageView, QTextCursor | None, QTextDocument | None]


class Selecting(QObject):
    """Keeps the selection of each row, even of rows without a widget, and extends it while the mouse is dragged."""

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
        """Start a selection in the row where the mouse was pressed, and clear those in other rows."""
        self.clear(but=index)
        self._from = (index, -1)

    def shift(self, count: int) -> None:
        """Adjust to `count` rows that were added before the others."""
        if self._from is not None:
            self._from = (self._from[0] + count, self._from[1])

    def drag_to(self, place: QPoint) -> None:
        """Extend the selection to this global position while the mouse button is held."""
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
        if 0 <= spot.y() <= self._area.viewport().height():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

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
        return _text_of(list(self._chosen(style, parser)))

    def mime(self, style: ViewStyle, parser: Parser) -> QMimeData | None:
        """Return the selected text for the clipboard, with HTML; None if nothing is selected."""
        chosen = list(self._chosen(style, parser))  # keeps the documents alive
        if len(chosen) == 1 and chosen[0][1] is not None:
            return mime_of_selection(chosen[0][1])
        text = _text_of(chosen)
        if len(text) > LONGEST_HTML:
            return mime_of(text)
        pages = [html_of_selection(part) if part else html_of(view, parser) for view, part, __ in chosen]
        return mime_of(text, "\n".join(pages)) if text else None

    def _chosen(self, style: ViewStyle, parser: Parser) -> Iterator[Chosen]:
        """Yield the selected messages, each with its selected part (None for all of it), and with the document, which
        the cursor of the part does not keep alive.
        """
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


def _text_of(chosen: Sequence[Chosen]) -> str:
    return "\n\n".join(text_of_selection(part) if part else view.text for view, part, __ in chosen)


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


class SelectableArea(MessageArea):
    code_save_requested = Signal(str, str)
    """Emitted with the proposed file name and the code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.current = -1
        self._selecting = Selecting(self)

    def select_all(self) -> None:
        self._selecting.select_all()

    def selected_text(self) -> str:
        """Return the selected text in order: complete messages as they were written, parts as they are shown."""
        return self._selecting.text(self._style, self._parser)

    def copy_selection(self) -> None:
        """Copy the selection, or the current message if nothing is selected."""
        data = self._selecting.mime(self._style, self._parser)
        if data is None and 0 <= self.current < len(self.rows):
            data = message_as_written(self.rows[self.current].view, self._parser)
        if data is not None and data.text():
            copy_data(data)

    def copy_message(self, message_id: str) -> None:
        """Copy a message as it was written. Raises KeyError for an unknown id."""
        copy_data(message_as_written(self.rows[self._index(message_id)].view, self._parser))

    # for the menu --------------------------------------------------------------------------------------------------

    def _copies_of(self, message_id: str) -> list[Entry]:
        forms = {_("Text"): "text", _("Markdown"): "markdown", _("Formatted text"): "html"}
        return [Entry(words, partial(self._copy_as, message_id, form)) for words, form in forms.items()]

    def _parts_at(self, widget: MessageWidget, message_id: str) -> list[Entry]:
        cursor, entries = widget.text.menu_cursor, list[Entry]()
        if (table := table_at(cursor)) is not None:
            entries.append(Entry(_("Copy table"), lambda: copy_data(mime_of_table(table))))
        if number := code_at(cursor):
            entries.append(Entry(_("Copy code"), partial(self._copy_code, message_id, number)))
            entries.append(Entry(_("Save code as…"), partial(self._save_code, message_id, number)))
        return entries

    def _copy_as(self, message_id: str, form: str) -> None:
        view = self.rows[self._index(message_id)].view
        text = view.text if form == "markdown" else plain_text_of(view, self._style, self._parser)
        copy_data(mime_of(text, html_of(view, self._parser) if form == "html" else ""))

    def _copy_code(self, message_id: str, number: int) -> None:
        widget = self.rows[self._index(message_id)].widget
        if widget is not None:
            copy_data(mime_of(widget.writer.built.codes[number - 1]))

    def _save_code(self, message_id: str, number: int) -> None:
        widget = self.rows[self._index(message_id)].widget
        if widget is not None:
            name = file_name_of(widget.writer.built.languages[number - 1])
            self.code_save_requested.emit(name, widget.writer.built.codes[number - 1])

    # hooks ---------------------------------------------------------------------------------------------------------

    def _widget_grown(self, row: Row) -> None:
        self._selecting.restore(row)

    def _widget_going(self, row: Row, widget: MessageWidget) -> None:
        self._selecting.keep(row, widget)

    def _must_wait(self, row: Row) -> bool:
        """Return whether the text must not move now, because the mouse is dragging a selection."""
        return self._selecting.is_dragging


LONGEST_HTML = 300_000
"""Most characters that are copied with HTML. Longer text would block the window for a tenth of a second or more."""


def html_of(view: MessageView, parser: Parser) -> str:
    if not view.is_markdown:
        return html_of_plain(view.text)
    from slmdesk.ui.kit.markdown.reader import html_of_markdown

    return html_of_markdown(view.text, parser)


def mime_of(text: str, html: str = "") -> QMimeData:
    made = QMimeData()
    made.setText(text)
    if html:
        made.setHtml(html)
    return made


def message_as_written(view: MessageView, parser: Parser) -> QMimeData:
    return mime_of(view.text, html_of(view, parser) if len(view.text) <= LONGEST_HTML else "")


def plain_text_of(view: MessageView, style: ViewStyle, parser: Parser) -> str:
    """Return a message without Markdown markup, with tabs in tables and formulas as their source."""
    document = QTextDocument()
    writer = MessageWriter(document, style, parser, markdown=view.is_markdown)
    more = writer.show_all_rows(view.text)
    while more:
        more = writer.write(view.text, ended=True)
    return text_of_selection(whole(document))


class Entry(NamedTuple):
    """An entry of a menu. One without words is a separator."""

    words: str = ""
    do: Callable[[], object] | Sequence[Entry] | None = None
    """An action, or the entries of a submenu."""
    keys: str = ""
    icon: str = ""
    """Name of a Lucide icon."""


def show_menu(parent: QWidget, place: QPoint, entries: Sequence[Entry]) -> QMenu:
    menu = passing(QMenu(parent), "message_menu")
    _fill(menu, entries)
    menu.popup(place)
    return menu


def _fill(menu: QMenu, entries: Sequence[Entry]) -> None:
    for entry in entries:
        if isinstance(entry.do, Sequence):
            inner = menu.addMenu(entry.words)
            _fill(inner, entry.do)
            action = inner.menuAction()
        else:
            action = menu.addAction(entry.words)
            action.setSeparator(not entry.words)
            if entry.do is not None:
                action.triggered.connect(entry.do)
        if entry.keys:
            action.setShortcut(QKeySequence(entry.keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # named here, handled where the focus is
        if entry.icon:
            action.setIcon(icon(entry.icon, current().colour("ink2"), size=scaled()))
