"""What stands in a document does not depend on the pieces it came in, and is what the text says."""

from __future__ import annotations

import random

import pytest
from PySide6.QtGui import QTextCursor, QTextDocument, QTextTable

from slmdesk.ui.kit.markdown.message import MessageWriter
from slmdesk.ui.kit.markdown.selected import CODE, QUOTE, text_of_selection

pytestmark = pytest.mark.gui

CORPUS = {
    "paragraphs": "One.\n\nTwo **bold** and *it* and ~~no~~ and `code`.\nThree.",
    "headings": "# A\n\ntext\n\nB\n=\n\n## C\n###### D",
    "lists": "- a\n- b\n  - c\n    1. d\n    2. e\n- f\n\n1. x\n\n   y\n2. z\n\n5) five\n6) six",
    "loose list": "- a\n\n- b\n\n- c\n\nafter",
    "empty item": "- a\n-\n- b",
    "quotes": "> a\n> b\n>\n> > c\n\nafter",
    "quote with code": "> a\n>\n> ```\n> x\n> ```\n\nafter",
    "fences": "before\n\n```python\ndef f(x):\n    return 'a'\n```\n\nafter\n\n~~~\nplain\n\nempty line above\n~~~",
    "unclosed fence": "before\n\n```python\ndef f(x):\n    return 'a'\n",
    "indented code": "before\n\n    x = 1\n    y = 2\n\nafter",
    "table": "before\n\n| a | b |\n|---|--:|\n| 1 | **2** |\n| 3 |\n\nafter",
    "table first and last": "| a | b |\n|---|---|\n| 1 | 2 |",
    "two tables": "| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n",
    "table in a list": "- a\n\n  | x | y |\n  |---|---|\n  | 1 | 2 |\n- b",
    "links": "[a](https://example.org/a?b=c) <https://example.org> [b][ref] [trap](javascript:alert(1))\n\n[ref]: http://example.org/r",
    "late reference": "See [it][late].\n\nmore\n\n- list\n\n[late]: https://example.org/late\n\nend",
    "html": "<b>x</b>\n\n<div>\n<img src='file:///etc/passwd'>\n</div>\n\n<script>alert(1)</script>",
    "images": "![words](https://example.org/a.png) ![](file:///etc/passwd) [![in](x.png)](https://example.org)",
    "rule": "a\n\n---\n\nb\n\n***",
    "right to left": "שלום **עולם**\n\nhello\n\n- עוד",
    "emoji": "👩‍👩‍👧 and 𝔘𝔫𝔦 **𝔟**\n\n- 🙂\n\n```\n🙂\n```",
    "blank": "\n\n\n",
    "entities": "&amp; &lt;b&gt; &copy; \\*not\\*",
    "formulas": "So $x^2$ and **bold $a_1$**, $5 and $6.\n$$\na\n- b\n+ c\n$$\nthen \\(y\\)\n\n\\[ z \\]\n\n$$w$$ end",
    "formulas without an end": "a $x\n\n$$\na\n- b\n\n- c\n\n\\[ z\n1. d\n\n\\(y\n\n$$",
    "formulas in lists": "1. a\n   $$\n   x\n   - y\n   $$\n2. b\n\\[\nd\n\\]\n3. e\n\n> q\n> $$\n> x\n> $$\nlazy",
    "hard break": "a  \nb\\\nc",
}


def shown(document):
    """Blocks with what makes them look as they look."""
    blocks = []
    block = document.begin()
    while block.isValid():
        form, marks = block.blockFormat(), block.textList()
        runs = []
        it = block.begin()
        while not it.atEnd():
            piece = it.fragment()
            char = piece.charFormat()
            colour = char.foreground().color().name()
            runs.append((piece.text(), char.fontWeight(), char.fontItalic(), colour, char.anchorHref()))
            it += 1
        listed = (marks.itemText(block), marks.format().indent()) if marks else None
        height = (round(form.lineHeight()), form.topMargin(), form.bottomMargin())
        kind = (form.intProperty(CODE), form.intProperty(QUOTE), form.headingLevel())
        blocks.append((runs, form.indent(), listed, kind, height))
        block = block.next()
    return blocks


def write(text, style, parser, pieces=None, markdown=True):
    document = QTextDocument()
    writer = MessageWriter(document, style, parser, markdown=markdown)
    at = 0
    for size in pieces or ():
        at += size
        while writer.write(text[:at], ended=False):
            pass
    while writer.write(text, ended=True):
        pass
    return document, writer


def selected(document):
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    return text_of_selection(cursor)


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("size", [1, 3, 17])
def test_streamed_text_looks_like_the_whole(name, size, style, parser):
    text = CORPUS[name]
    whole, writer = write(text, style, parser)
    grown, other = write(text, style, parser, [size] * (len(text) // size + 1))
    assert shown(grown) == shown(whole)
    assert other.built.codes == writer.built.codes


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 6))])
def test_long_texts_in_slices_look_like_the_streamed(seed, style, parser):
    rng = random.Random(seed)
    names = [name for name in CORPUS if name not in ("unclosed fence", "blank", "late reference", "links")]
    text = "\n\n".join(CORPUS[rng.choice(names)] for _ in range(150))
    pieces = [rng.randint(1, 900) for _ in range(2 * len(text) // 450)]
    whole, _ = write(text, style, parser)
    grown, _ = write(text, style, parser, pieces)
    assert shown(grown) == shown(whole)


@pytest.mark.parametrize(
    "kind", ["paragraph", "code", "table", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("list", "quote"))]
)
def test_a_long_open_block_is_formatted_when_it_closes(kind, style, parser):
    line = {
        "paragraph": "some **bold** words\n", "list": "- some **bold** words\n", "code": "x = 1\n",
        "table": "| **a** | b |\n", "quote": "> some **bold** words\n",
    }[kind]  # fmt: skip
    start, end = {"code": ("```python\n", "```\n"), "table": ("| a | b |\n|---|---|\n", "")}.get(kind, ("", ""))
    text = start + line * (9000 // len(line)) + end + "\nafter *that*\n"
    whole, _ = write(text, style, parser)
    grown, writer = write(text, style, parser, [300] * (len(text) // 300 + 1))
    assert shown(grown) == shown(whole)
    assert not writer.is_plain


@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("", "- a [link](https://example.org)\n"),
        pytest.param("", "> a [link](https://example.org)\n", marks=pytest.mark.soak),
        pytest.param("| a | b |\n|---|---|\n", "| c | d |\n", marks=pytest.mark.soak),
        ("```\n", "x = 1\n"),
    ],
    ids=["list", "quote", "table", "code"],
)
def test_what_is_only_appended_can_be_read_and_is_no_link(start, line, style, parser):
    text = start + line * (5000 // len(line)) + "LAST words"
    document = QTextDocument()
    writer = MessageWriter(document, style, parser)
    for size in range(100, len(text) + 100, 100):
        writer.write(text[:size], ended=False)
    cursor = document.find("LAST words")
    assert not cursor.isNull()
    assert cursor.charFormat().anchorHref() == ""
    assert cursor.charFormat().fontPointSize() > 5
    assert cursor.blockFormat().lineHeight() > 50
    assert cursor.currentList() is None


@pytest.mark.parametrize(
    ("size", "step"),
    [
        (3999, 700), (16_000, 4100),
        *(pytest.param(size, step, marks=pytest.mark.soak)
          for size in (1000, 4001, 8000, 12_000, 50_000) for step in (700, 4100, 60_000)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("slow", [False, True], ids=["in time", "too slow to format"])
def test_code_with_a_long_line_is_shown_whole(size, step, slow, style, parser, monkeypatch):
    line = "".join(f"{number} " for number in range(size))[:size]
    text = f"before\n\n```js\n{line}\nlast()\n```\n\nafter\n"
    if slow:
        monkeypatch.setattr(parser, "limit_s", -1)
    document, writer = write(text, style, parser, [step] * (len(text) // step + 1))
    words = selected(document)
    assert line in words
    assert "last()" in words
    assert words.endswith("after")
    if not slow:
        assert [code.rstrip() for code in writer.built.codes] == [f"{line}\nlast()"]
        assert not writer.is_plain


def test_golden_words(style, parser):
    text = CORPUS["html"] + "\n\n" + CORPUS["images"] + "\n\n" + CORPUS["links"]
    document, _ = write(text, style, parser)
    words = selected(document)
    assert "<b>x</b>" in words
    assert "<script>alert(1)</script>" in words
    assert "[image: words] [image] [image: in]" in words
    assert "trap (javascript:alert(1))" in words
    assert document.defaultStyleSheet() == ""


def test_program_words_are_not_copied(style, parser):
    document, writer = write("```python\nx = 1\n```", style, parser)
    assert "Copy" in document.toPlainText()
    assert selected(document) == "x = 1"
    assert writer.built.codes == ["x = 1\n"]


def test_plain_messages_keep_every_letter(style, parser):
    text = "# no heading\n    indented  twice\n<b>*x*</b>\n\n\n1. no list"
    document, _ = write(text, style, parser, [1] * len(text), markdown=False)
    assert document.toPlainText() == text


def test_tables_are_real_tables(style, parser):
    document, _ = write(CORPUS["table"], style, parser)
    tables = [frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)]
    assert [(t.rows(), t.columns()) for t in tables] == [(3, 2)]


def test_long_tables_say_what_they_leave_out_and_can_show_it(style, parser):
    text = "| a | b |\n|---|---|\n" + "".join(f"| {i} | x |\n" for i in range(500))
    document, writer = write(text, style, parser)
    assert "The first 200 of 500 rows." in document.toPlainText()
    assert writer.built.short_tables == 1
    writer.show_all_rows(text)
    while writer.write(text, ended=True):
        pass
    assert "of 500 rows" not in document.toPlainText()
    assert "499" in document.toPlainText()
    assert writer.built.short_tables == 0


def test_right_to_left_is_found_per_block(style, parser):
    document, _ = write("שלום\n\nhello", style, parser)
    first = document.begin()
    assert first.textDirection().name == "RightToLeft"
    assert first.next().textDirection().name == "LeftToRight"
