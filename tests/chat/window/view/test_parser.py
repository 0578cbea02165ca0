"""G3: text made to be slow is shown plainly and soon, and none of it is lost."""

from __future__ import annotations

import time

import pytest
from PySide6.QtGui import QTextDocument

from slmdesk.ui.kit.markdown.message import MessageWriter
from slmdesk.ui.kit.markdown.selected import FormattingTimeoutError, Parser

pytestmark = pytest.mark.gui

SLOW = {
    "nested lists": "- " * 10_000 + "end",
    "nested lists in lines": "\n".join("  " * i + "- a" for i in range(400)) + " end",
    "nested quotes": "> " * 10_000 + "end",
    "columns": "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n|" + "b|" * 2000 + "\n\nend",
    "link address": "[end](http://example.org/" + "a" * 1_000_000 + ")",
    "link words": "[" + "a" * 1_000_000 + "](http://example.org/) end",
    "unclosed fence": "```python\n" + "x = 1\n" * 20_000 + "end",
    "brackets": "[" * 50_000 + "end",
    "emphasis": "*a **b " * 20_000 + "end",
    "one word": "a" * 1_000_000 + " end",
    "definitions": "".join(f"[a{i}]: http://example.org/{i}\n" for i in range(10_000)) + "\nend",
}


USUAL = ("nested quotes", "columns", "emphasis", "definitions")


@pytest.mark.parametrize(
    "name", [*USUAL, *(pytest.param(name, marks=pytest.mark.soak) for name in SLOW if name not in USUAL)]
)
def test_g3_slow_markdown_falls_back_to_plain_text(name, style):
    text = SLOW[name]
    document = QTextDocument()
    document.setTextWidth(700)
    writer = MessageWriter(document, style, Parser())
    turns, more = [], True
    while more:
        start = time.thread_time()  # own time: other work on this machine is not this test's matter
        more = writer.write(text, ended=True)
        document.size()
        turns.append(time.thread_time() - start)
    assert max(turns) < 1.0, f"{max(turns):.3f} s"  # 0.2 s is the promise; a shared build machine gets much more
    assert "end" in document.toPlainText()
    if name not in ("definitions", "unclosed fence"):
        assert document.toPlainText().count("a") >= text.count("a")


def test_g3_a_parse_ends_at_its_time():
    parser = Parser(limit_s=0.0)
    with pytest.raises(FormattingTimeoutError):
        parser.parse("a *b* " * 1000, {})


def test_g3_nothing_is_left_out_where_markdown_it_would():
    with pytest.raises(FormattingTimeoutError):
        Parser().parse("> " * 50 + "words", {})


def test_html_is_text():
    tokens = Parser().parse("<b>x</b>\n\n<div>\ny\n</div>", {})
    kinds = {token.type for token in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert not kinds & {"html_block", "html_inline"}
