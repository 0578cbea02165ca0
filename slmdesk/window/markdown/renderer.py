"""HTML of a whole Markdown text for the clipboard; loaded when one is copied."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from slmdesk.window.markdown.html import TABLE, as_text, html_of_plain, lines, page
from slmdesk.window.markdown.parser import FormattingTimeoutError, Parser
from slmdesk.window.widgets.links import judge_link


def html_of_markdown(text: str, parser: Parser) -> str:
    """A whole Markdown text as an HTML document; as plain paragraphs where formatting it takes too long."""
    env = parser.definitions(text)
    try:
        tokens = parser.parse(text, env)
    except FormattingTimeoutError:
        return html_of_plain(text)
    return page(_Renderer().render(tokens, parser.options, env))


class _Renderer(RendererHTML):
    """markdown-it's own, without images and addresses, and with the source of formulas."""

    def __init__(self) -> None:
        super().__init__()
        self._behind: list[str] = []

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        words = tokens[idx].content.strip()
        return escape(f"[image: {words}]" if words else "[image]", quote=False)

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

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self.fence(tokens, idx, options, env)

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return escape(tokens[idx].info, quote=False)

    def formula_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<p>{lines(tokens[idx].info)}</p>\n"

    def formula_open_end(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self.formula_block(tokens, idx, options, env)


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())
