"""What of messages goes to the clipboard: as Markdown, as text without marks, as HTML; tables and code alone."""

from __future__ import annotations

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QTextDocument

from slmdesk.chat.window.view.message import MessageView
from slmdesk.window.markdown.html import html_of_plain
from slmdesk.window.markdown.parser import Parser
from slmdesk.window.markdown.selected import text_of_selection, whole
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.markdown.writer import MessageWriter

LONGEST_HTML = 300_000
"""Characters; a longer text is copied without HTML, which would hold the window for a tenth of a second or more."""


def html_of(view: MessageView, parser: Parser) -> str:
    if not view.is_markdown:
        return html_of_plain(view.text)
    from slmdesk.window.markdown.renderer import html_of_markdown

    return html_of_markdown(view.text, parser)


def mime_of(text: str, html: str = "") -> QMimeData:
    made = QMimeData()
    made.setText(text)
    if html:
        made.setHtml(html)
    return made


def message_as_written(view: MessageView, parser: Parser) -> QMimeData:
    return mime_of(view.text, html_of(view, parser) if len(view.text) <= LONGEST_HTML else "")


def message_as_text(view: MessageView, style: ViewStyle, parser: Parser) -> QMimeData:
    """A message without the marks of Markdown; tables with tabs, formulas as their source."""
    return mime_of(plain_text_of(view, style, parser))


def message_as_html(view: MessageView, style: ViewStyle, parser: Parser) -> QMimeData:
    """A message for Word or a mail; what takes no HTML gets its text."""
    return mime_of(plain_text_of(view, style, parser), html_of(view, parser))


def plain_text_of(view: MessageView, style: ViewStyle, parser: Parser) -> str:
    document = QTextDocument()
    writer = MessageWriter(document, style, parser, markdown=view.is_markdown)
    more = writer.show_all_rows(view.text)
    while more:
        more = writer.write(view.text, ended=True)
    return text_of_selection(whole(document))
