"""Formulas in messages: drawn, copied, found, and shown as typed where they cannot be drawn."""

from __future__ import annotations

import pytest
from chat.window.view.made_up import answer, user
from chat.window.view.test_writer import shown, write
from PySide6.QtCore import QObject
from PySide6.QtGui import QTextCursor

from slmdesk.ui.kit.base.theme import DARK, LIGHT, window_fonts
from slmdesk.ui.kit.markdown.selected import FORMULA_SOURCE, Parser
from slmdesk.ui.kit.markdown.typesetting import LatexError, typeset

pytestmark = pytest.mark.gui

TEXT = (
    "The *roots* of $ax^2+b$ are\n\n$$\nx = \\frac{1}{2}\n- y\n$$\n1. one \\(z_1\\)\n2. two, for $5 or $6\n\n"
    "\\[ a\n+ b \\]\nand `$code$`\n\n| a |\n|---|\n| $c$ |\n\n$$ d $$\n\n```\n$e$\n```\n\nno $end"
)
SOURCES = ["$ax^2+b$", "$$\nx = \\frac{1}{2}\n- y\n$$", "\\(z_1\\)", "\\[ a\n+ b \\]", "$c$", "$$ d $$"]


@pytest.fixture
def drawn(qtbot):
    """Wait until all formulas of a view are drawn."""

    def wait(view):
        view.grab()
        qtbot.waitUntil(lambda: view.findChild(QObject, "formulas").is_idle, timeout=60_000)
        view.grab()

    return wait


def sources(document):
    texts, block = [], document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            source = fragments.fragment().charFormat().property(FORMULA_SOURCE)
            if source:
                texts += [source] * len(fragments.fragment().text())
            fragments += 1
        block = block.next()
    return texts


def selected(view, index, start, end):
    view.rows[index].widget.text.select(start, end)
    return view.selected_text()


def test_the_document_does_not_depend_on_where_the_text_was_cut(style, parser):
    whole, _ = write(TEXT, style, parser)
    assert sources(whole) == SOURCES
    expected = shown(whole)
    for cut in range(1, len(TEXT), 3):
        grown, _ = write(TEXT, style, parser, [cut])
        assert shown(grown) == expected, TEXT[:cut]
        assert sources(grown) == SOURCES


def test_an_open_formula_stays_as_typed_until_it_is_closed(qtbot, view, settled):
    from slmdesk.base.records import Status

    view.show_conversation([answer("a", "so $x", Status.STREAMING)])
    settled(view)
    text = view.rows[0].widget.text
    assert text.toPlainText() == "so $x"
    view.append_text("a", "$ is")
    settled(view)
    assert text.toPlainText() == "so \ufffc is"


def test_a_formula_is_drawn_in_the_colour_of_the_text(view, drawn):
    view.show_conversation([answer("a", "$$\\rightarrow\\frac{A}{B}$$")])
    for theme in (LIGHT, DARK):
        view.set_style(theme, window_fonts())
        drawn(view)
        ink = theme.colour("ink")
        assert ink.name() in colours_in(view.rows[0].widget.text)


def colours_in(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_a_selected_and_a_found_formula_are_as_clear_as_the_text(view, drawn):
    view.show_conversation([answer("a", "$$\\rightarrow\\frac{A}{B}$$")])
    drawn(view)
    text = view.rows[0].widget.text
    palette = text.palette()
    view.setFocus()
    text.setFocus()
    text.select(0, -1)
    assert palette.highlightedText().color().name() in colours_in(text)
    assert LIGHT.colour("ink").name() not in colours_in(text)
    text.clear_selection()
    view.find("rightarrow")
    assert {LIGHT.colour("ink").name(), LIGHT.colour("mark").name()} <= colours_in(text)


def test_its_size_is_corrected_when_it_is_there(qtbot, view, drawn):
    view.show_conversation([answer("a", "$$\\frac{\\frac{a}{b}}{\\frac{c}{d}}$$")])
    before = view.rows[0].height
    drawn(view)
    qtbot.waitUntil(lambda: view.rows[0].height > before)


@pytest.mark.parametrize("scale", [100, 150, 250])
def test_a_wide_formula_fits_the_text(scale, view, drawn):
    view.set_style(LIGHT, window_fonts(scale))
    view.show_conversation([answer("a", "$$" + "+".join(f"a_{{{n}}}" for n in range(30)) + "$$")])
    drawn(view)
    text = view.rows[0].widget.text
    assert text.document().idealWidth() <= text.lineWrapColumnOrWidth() + 1


def test_copying_gives_the_source(view):
    view.show_conversation([answer("a", "so $x^2$ is\n\n$$\ny\n$$\n\nend"), user("b", "mine $x$")])
    assert selected(view, 0, 1, 9) == "o $x^2$ is\n$$\ny\n$$"
    assert selected(view, 0, 0, -1) == "so $x^2$ is\n\n$$\ny\n$$\n\nend"


def test_a_screen_reader_gets_the_source(view):
    from slmdesk.ui.chat.view.area import MessageAccessible

    view.show_conversation([answer("a", "so $x^2$ is")])
    from PySide6.QtGui import QAccessible

    assert "so $x^2$ is" in MessageAccessible(view.node(0)).text(QAccessible.Text.Name)


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("alpha", [(3, 4), (5, 10)]),
        ("so", [(0, 2)]),
        ("end", [(14, 17)]),
        ("beta end", []),
        ("beta$ end", [(11, 17)]),
        ("so $\\alpha", [(0, 4)]),
        ("alpha $\\beta", [(5, 12)]),
        ("$\\beta$", [(11, 12)]),
        ("beta", [(11, 12)]),
    ],
)
def test_words_are_found_around_and_in_formulas(words, places, view):
    view.show_conversation([answer("a", "so $\\alpha$ alpha $\\beta$  end")])
    counts = sum(hit.count for hit in view.find(words))
    marks = view.rows[0].widget.text.extraSelections()
    assert view.rows[0].widget.text.toPlainText() == "so \ufffc alpha \ufffc  end"
    assert [(mark.cursor.selectionStart(), mark.cursor.selectionEnd()) for mark in marks] == places
    assert len(marks) == counts


def test_found_words_behind_wide_letters_and_formulas(view):
    view.show_conversation([answer("a", "😀 $x$ 😀 word")])
    view.find("word")
    mark = view.rows[0].widget.text.extraSelections()[0]
    assert mark.cursor.selectedText() == "word"
    assert sum(hit.count for hit in view.find("x")) == len(view.rows[0].widget.text.extraSelections()) == 1


HOSTILE = {
    "unknown": "\\foo{x}",
    "unbalanced": "\\frac{a}{b",
    "deep": "{" * 900 + "x" + "}" * 900,
    "fractions": "\\frac{1}{1+" * 20 + "x" + "}" * 20,
    "brackets": "\\left(" * 20 + "x" + "\\right)" * 20,
    "powers": "x^{a+" * 20 + "x" + "}" * 20,
    "tables": "\\begin{matrix}1&" * 12 + "x" + "\\end{matrix}" * 12,
    "roots": "\\sqrt" * 300 + "x",
    "signs": "^" * 900,
    "wide": "\\hspace{99999em}x",
    "rule": "\\rule{9em}{9em}",
    "lines of a table": "\\begin{array}{c|c}1&2\\end{array}",
    "letters of other scripts": "漢字",
    "zero": "\x00",
    "entity": "&foo;",
    "file": "\\includegraphics{/etc/passwd}",
    "input": "\\input{/etc/passwd}",
    "nothing": "\\,",
    "long": "x+" * 1000,
    "longer than any formula": "x" + " " * 2000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_drawn_is_refused(name):
    with pytest.raises(LatexError):
        typeset(HOSTILE[name], displayed=True)


@pytest.mark.parametrize(
    "tex",
    [
        "x", "E=mc^2", "\\frac{-b\\pm\\sqrt{b^2-4ac}}{2a}", "\\sum_{i=1}^{n} i", "a < b", "\\text{a < b \\& c}",
        "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}", "x = 1 \\\\ y = 2", "10{,}000", "a \\not= b",
        "x \\tag{1}", "\\left. x \\right|_0^1", "\\text{für ä}", "\\color{red}{x}", "\\mathbb{R}", "f'(x)",
        "</math><b>x</b>",
        "\\begin{cases} x & \\text{if } y \\\\ z \\end{cases}", "\\sqrt{1+\\sqrt{1+\\sqrt{1+\\sqrt{1+x}}}}",
    ],
)  # fmt: skip
def test_what_models_write_is_typeset(tex):
    made = typeset(tex, displayed=False)
    assert made.svg.startswith(b"<svg")
    assert b"<image" not in made.svg
    assert made.width > 0
    assert made.height > made.depth


def test_hostile_formulas_are_shown_as_typed(view, drawn, monkeypatch):
    tried, made = [], []

    def try_out(tex, displayed):
        tried.append(tex)
        made.append(typeset(tex, displayed=displayed))

    monkeypatch.setattr("slmdesk.ui.kit.markdown.typesetting.typeset", try_out)
    text = "\n\n".join(f"{name}: ${tex}$" for name, tex in HOSTILE.items() if "\x00" not in tex)
    view.show_conversation([answer("a", text + "\n\n$" + "x" * 100_000 + "$")])
    drawn(view)
    assert tried
    assert not made
    assert "foo" in selected(view, 0, 0, -1)


def test_one_is_typeset_once(view, drawn, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "slmdesk.ui.kit.markdown.typesetting.typeset",
        lambda tex, displayed: asked.append(tex) or typeset(tex, displayed=displayed),
    )
    view.show_conversation([answer("a", "$x$ and $x$ and $y$"), answer("b", "$x$")])
    drawn(view)
    view.set_style(DARK, window_fonts(150))
    drawn(view)
    assert sorted(asked) == ["x", "y"]


def test_nothing_in_the_document_is_looked_up_by_name(style):
    document, _ = write("$x$ $file:///etc/passwd$", style, Parser(limit_s=60))
    cursor = QTextCursor(document)
    cursor.setPosition(1)
    assert not cursor.charFormat().toImageFormat().name()
