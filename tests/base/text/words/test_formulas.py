"""What is a formula in Markdown, and what only looks like one."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from slmdesk.base.text.markup import LONGEST, enable_formulas

pytestmark = pytest.mark.pure


def formulas_in(text):
    """The formulas of a text: LaTeX, whether displayed, source."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    enable_formulas(parser)
    made = []
    for token in parser.parse(text):
        for child in token.children or [token]:
            if child.type in ("formula", "formula_block"):
                made.append((child.content, child.markup == "\\[", child.info))
                assert child.markup in ("\\[", "\\(")
    return made


FORMULAS = {
    "$x$": "x",
    "so $a + b$.": "a + b",
    "($x$)": "x",
    "**$x$**": "x",
    "*see $a_1$ and*": "a_1",
    "the $n$th": "n",
    "$k$-means": "k",
    r"$\$5 + x$": r"\$5 + x",
    r"$x \text{ if and only if it rains } y$": r"x \text{ if and only if it rains } y",
    r"costs \$5 or $x$": "x",
    "$5 and $x$": "x",
    "- item $x$": "x",
    "# head $x$": "x",
    "> $x$": "x",
    "| a |\n|---|\n| $x$ |": "x",
    "[$x$](https://example.org)": "x",
    r"\(x\)": "x",
    r"so \( a + b \), yes": "a + b",
    "\\(a +\nb\\)": "a +\nb",
    r"$\alpha * \beta * c$": r"\alpha * \beta * c",
    "`code` and $x$": "x",
    "$x$ and `$y$`": "x",
    r"\\$x$": "x",
}

DISPLAYED_ONES = {
    "$$x$$": "x",
    "$$\nx\n$$": "x",
    "text\n$$\nx\n$$\ntext": "x",
    "so $$x = 1$$ it is": "x = 1",
    r"\[x\]": "x",
    "\\[\nx\n\\]": "x",
    "\\[ x\n= 1 \\]": "x\n= 1",
    "text\n\\[\nx\n\\]\ntext": "x",
    r"so \[x = 1\] it is": "x = 1",
    "$$\na\n- b\n+ c\n# d\n> e\n$$": "a\n- b\n+ c\n# d\n> e",
    "1. step\n   $$\n   x\n   $$\n2. next": "x",
    "- step\n\n  \\[\n  x\n  \\]": "x",
    "> $$\n> x\n> $$": "x",
    "$$ Force = mass \\times a $$": "Force = mass \\times a",
    "$$x$$  ": "x",
    "$$\n\\begin{aligned}\na &= b \\\\\n- c &= d\n\\end{aligned}\n$$": (
        "\\begin{aligned}\na &= b \\\\\n- c &= d\n\\end{aligned}"
    ),
}

NONE = [
    "costs $5 and $10",
    "from $5 to $10, or $7.",
    "$5-$10",
    "$5/$10",
    "$5–$6",
    "between 5$ and 10$",
    "5 $ and 10 $",
    "US$5 and A$7",
    "paid $100. Then 20$.",
    "a $20 bill and 30$ more",
    "$1,000 and 2,000$ for it",
    "$HOME and $PATH",
    "$HOME/$USER",
    "$",
    "$$",
    "$$$",
    "$$$ and $$$",
    "$ $",
    "$x",
    "x$",
    r"\$x\$",
    r"\$x$",
    "`$x$`",
    "``$x$``",
    "```\n$x$\n$$\ny\n$$\n```",
    "    $x$",
    "    $$\n    x\n    $$",
    "~~~latex\n\\[x\\]\n~~~",
    "$5 `x$`",
    "`a $x` b$",
    "$x\ny$",
    "$x\n\ny$",
    "$$\nx",
    "$$\nx\n\n$$",
    r"\[x",
    r"\(x",
    r"\(x\\)",
    r"\\(x\\)",
    r"\\[x\\]",
    r"\[1\] Smith, 2020",
    r"- \[x\] done",
    r"- \[ \] to do",
    r"\[words\](https://example.org)",
    r"\[see below for more\]",
    r"\(see the note below\)",
    r"\(\)",
    r"\[1] Smith and **others**",
    "$$ money makes the world go round $$",
    "$" + "x" * (LONGEST + 1) + "$",
    "$$\n" + "x" * (LONGEST + 1) + "\n$$",
    "<$x",
    "[a](https://example.org/$x$)",
    "<https://example.org/$x$>",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_in_a_line(text):
    assert [(tex, displayed) for tex, displayed, _ in formulas_in(text)] == [(FORMULAS[text], False)]


@pytest.mark.parametrize("text", DISPLAYED_ONES)
def test_a_displayed_formula(text):
    assert [(tex, displayed) for tex, displayed, _ in formulas_in(text)] == [(DISPLAYED_ONES[text], True)]


@pytest.mark.parametrize("text", NONE)
def test_no_formula(text):
    assert formulas_in(text) == []


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("a $x$ b", "$x$"),
        (r"a \( x \) b", r"\( x \)"),
        ("a\n$$\n x\n$$\nb", "$$\nx\n$$"),
        ("- a\n\n  \\[ x \\]\n", r"\[ x \]"),
    ],
)
def test_the_source_has_its_delimiters(text, source):
    assert [formula[2] for formula in formulas_in(text)] == [source]


def test_several_in_one_line():
    assert [row[0] for row in formulas_in("if $a$, $b$ and \\(c\\), then $$d$$, for $5 or $6")] == ["a", "b", "c", "d"]


def test_what_stands_around_a_displayed_formula_is_parsed():
    parser = MarkdownIt("commonmark", {"html": False})
    enable_formulas(parser)
    kinds = [token.type for token in parser.parse("**a**\n$$\nx\n$$\n- b\n\n$$\nno end\n- c\n\nd")]
    assert kinds == [
        "paragraph_open", "inline", "paragraph_close", "formula_block",
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close",
        "bullet_list_close", "formula_open_end", "paragraph_open", "inline", "paragraph_close",
    ]  # fmt: skip
