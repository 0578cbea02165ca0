"""A widget that shows untrusted Markdown on a page, whole or cut after some lines. It loads no files."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QScrollArea, QWidget

from slmdesk.base.texts import _
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.clipboard import copy_data, copy_text
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.markdown.builder import COPY_CODE, SHOW_ALL_ROWS
from slmdesk.ui.kit.markdown.clipboard_html import TABLE, as_text, html_of_plain, lines, page
from slmdesk.ui.kit.markdown.message import MessageText, MessageWriter
from slmdesk.ui.kit.markdown.selected import FormattingTimeoutError, Parser, ViewStyle, mime_of_selection
from slmdesk.ui.kit.widgets.build import named, passing
from slmdesk.ui.kit.widgets.opening import judge_link
from slmdesk.ui.kit.widgets.requests import add_ways_to, request_translation

SHORT = 360
"""Height of a long text, in device-independent pixels, until the person asks for all of it."""
CARET_MARGIN = 48
MOST = 200_000
"""Most characters of a text that are shown. The caller must say where it was cut."""


class MarkdownReader(QWidget):
    link_chosen = Signal(str)
    height_known = Signal(bool)
    written = Signal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget, *, label: str) -> None:
        super().__init__(parent)
        self.setObjectName("markdown_reader")
        self._keeper, self._label = keeper, label
        self._source = ""
        self._is_whole = False
        self._parser = Parser()
        self._timer = Delay(self, 0, self._go_on)
        self.text, self._writer = self._made()
        keeper.theme_changed.connect(self._renew)

    @property
    def is_plain(self) -> bool:
        return self._writer.is_plain

    @property
    def is_written(self) -> bool:
        return not self._timer.isActive()

    @property
    def words(self) -> str:
        return self.text.document().toPlainText()

    def show_markdown(self, untrusted: str) -> None:
        self._source = untrusted[:MOST]
        self._renew()

    def show_whole(self, is_whole: bool) -> None:
        self._is_whole = is_whole
        self._lay()

    def _go_on(self) -> None:
        is_more = self._writer.write(self._source, ended=True)
        self._lay()
        if is_more:
            self._timer.start()
            return
        self.text.select(0, 0)  # writing has moved the caret
        self.written.emit()

    def _on_anchor(self, address: str) -> None:
        if address.startswith(COPY_CODE):
            copy_text(self._writer.built.codes[int(address.removeprefix(COPY_CODE)) - 1])
        elif address == SHOW_ALL_ROWS:
            if self._writer.show_all_rows(self._source):
                self._timer.start()
            self._lay()
        elif judge_link(address).openable:
            self.link_chosen.emit(address)

    def _on_copy(self) -> None:
        copy_data(mime_of_selection(self.text.textCursor()))

    def _on_menu(self, place: QPoint, address: str) -> None:
        menu = passing(QMenu(self), "reader_menu")
        chosen = self.text.selected_text()
        menu.addAction(_("Copy selection"), self._on_copy).setEnabled(bool(chosen))
        menu.addAction(
            _("Translate selection") if chosen else _("Translate"),
            lambda: request_translation(self, chosen or self._source),
        )
        add_ways_to(menu, self, chosen or self._source)
        menu.addAction(_("Select all"), lambda: self.text.select(0, -1))
        if judge_link(address).openable:
            menu.addAction(_("Copy link address"), lambda: copy_text(address))
        menu.popup(place)

    def _on_caret_moved(self) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if isinstance(above, QScrollArea) and (content := above.widget()) is not None:
            place = self.text.viewport().mapTo(content, self.text.cursorRect().center())
            above.ensureVisible(place.x(), place.y(), 0, CARET_MARGIN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._lay()

    def _made(self) -> tuple[MessageText, MessageWriter]:
        style = ViewStyle(self._keeper.theme, self._keeper.fonts)
        text = _ReaderText(style, self, on_band=False)
        named(text, "reader_text", label=self._label)
        text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        text.anchor_chosen.connect(self._on_anchor)
        text.copy_requested.connect(self._on_copy)
        text.all_requested.connect(text.selectAll)
        text.caret_moved.connect(self._on_caret_moved)
        text.reshaped.connect(self._lay)
        text.menu_requested.connect(self._on_menu)
        self.setFocusProxy(text)
        return text, MessageWriter(text.document(), style, self._parser)

    def _renew(self) -> None:
        """Build a new document. Another theme needs one, since colours are part of the document."""
        self._timer.stop()
        old = self.text
        self.text, self._writer = self._made()
        old.hide()
        old.deleteLater()
        self.text.show()
        self._lay()
        self._go_on()

    def _lay(self) -> None:
        full = self.text.height_at(max(self.width(), 1))
        is_long = full > SHORT * 1.25
        shown = SHORT if is_long and not self._is_whole else full
        self.text.setGeometry(0, 0, self.width(), full)
        if self.height() != shown or self.minimumHeight() != shown:
            self.setFixedHeight(shown)
        self.height_known.emit(is_long)


class _ReaderText(MessageText):
    """Text that is entered with Tab and read with the arrow keys. At its ends the arrow keys scroll the page."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.has_caret = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Leave the text on Tab, and do not stop at each link. A card may have a hundred links, half of them hidden."""
        return QWidget.focusNextPrevChild(self, is_next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Follow the link at the caret on Enter. Escape is left to the page."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            address = self.textCursor().charFormat().anchorHref()
            if address:
                self.anchor_chosen.emit(address)
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)


def html_of_markdown(text: str, parser: Parser) -> str:
    """Return a whole Markdown text as an HTML document, or as plain paragraphs if formatting takes too long."""
    env = parser.definitions(text)
    try:
        tokens = parser.parse(text, env)
    except FormattingTimeoutError:
        return html_of_plain(text)
    return page(_Renderer().render(tokens, parser.options, env))


class _Renderer(RendererHTML):
    """markdown-it's HTML renderer without images. Unsafe addresses become text, and formulas their source."""

    def __init__(self) -> None:
        super().__init__()
        self._behind: list[str] = []

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        words = tokens[idx].content.strip()
        return escape(f"[image: {words}]" if words else _("[image]"), quote=False)

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        address = str(tokens[idx].attrs.get("href", ""))
        if judge_link(address).openable:
            self._behind.append("</a>")
            return f'<a href="{escape(address)}">'
        self._behind.append(escape(f" ({address})", quote=False) if address else "")
        return ""

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._behind.pop()

    def softbreak(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<br>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return TABLE + "\n"

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        style = str(tokens[idx].attrs.get("style", "")).replace('"', "")
        risky = "mso-number-format:'\\@'" if as_text(_words(tokens[idx + 1])) else ""
        both = ";".join(part for part in (style, risky) if part)
        return f'<td style="{both}">' if both else "<td>"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<pre><code>{escape(tokens[idx].content, quote=False)}</code></pre>\n"

    code_block = fence

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return escape(tokens[idx].info, quote=False)

    def formula_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<p>{lines(tokens[idx].info)}</p>\n"

    formula_open_end = formula_block


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())
