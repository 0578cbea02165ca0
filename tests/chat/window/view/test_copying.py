"""What the clipboard gets: text and HTML of messages and parts of them, tables as cells, code; and names for files."""

from __future__ import annotations

import csv
import io
import re

import pytest
from chat.window.view.made_up import answer, user
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QMenu

from slmdesk.ui.kit.markdown.clipboard_html import html_of_plain
from slmdesk.ui.kit.markdown.message import file_name_of
from slmdesk.ui.kit.markdown.reader import html_of_markdown
from slmdesk.ui.kit.markdown.selected import Parser

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
META = '<meta charset="utf-8">\n'
TABLE = "| item | *net* |\n|---|--:|\n| `pen` | 1.50 |\n| =SUM(A1) | -2 |\n| $x_1$ | a<b |"


def clipboard():
    return QApplication.clipboard().mimeData()


def menu_at(qtbot, view, index, words):
    """Ask for the menu by the right mouse button at these words."""
    text = view.rows[index].widget.text
    cursor = text.document().find(words)
    cursor.setPosition(cursor.selectionStart() + 1)
    place = text.cursorRect(cursor).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, text.viewport().mapToGlobal(place))
    QApplication.sendEvent(text.viewport(), event)
    return shown_menu(view)


def shown_menu(view):
    return view.findChildren(QMenu, "message_menu")[-1]


def choose(menu, *words):
    for action in menu.actions():
        if action.text() == words[0]:
            if len(words) > 1:
                return choose(action.menu(), *words[1:])
            action.trigger()
            return menu.close()
    raise AssertionError([action.text() for action in menu.actions()])


def select(view, index, start, end):
    text = view.rows[index].widget.text
    first, last = text.document().find(start), text.document().find(end)
    text.select(first.selectionStart(), last.selectionEnd())
    return text


# whole messages -------------------------------------------------------------------------------------------------------


def test_the_copy_action_puts_markdown_and_html(view):
    view.show_conversation([answer("a", "some *words* & <b>marks</b>\n\n- [it](https://example.org/?a=1&b=2)")])
    view.copy_message("a")
    assert clipboard().text() == "some *words* & <b>marks</b>\n\n- [it](https://example.org/?a=1&b=2)"
    assert clipboard().html() == (
        META + "<p>some <em>words</em> &amp; &lt;b&gt;marks&lt;/b&gt;</p>\n<ul>\n"
        '<li><a href="https://example.org/?a=1&amp;b=2">it</a></li>\n</ul>\n\n'
    )


def test_what_a_person_typed_is_copied_as_it_was_typed(view):
    view.show_conversation([user("u", "a *b* <i>\nc\n\n\n$d$")])
    view.copy_message("u")
    assert clipboard().text() == "a *b* <i>\nc\n\n\n$d$"
    assert clipboard().html() == META + "<p>a *b* &lt;i&gt;<br>\nc</p>\n<p>$d$</p>\n"


@pytest.mark.parametrize(
    ("form", "text", "has_html"),
    [
        ("Text", "Head\nsome words\na\tb\n1\t2\nx = 1\n- $y$", False),
        ("Markdown", None, False),
        ("Formatted text", "Head\nsome words\na\tb\n1\t2\nx = 1\n- $y$", True),
    ],
)
def test_a_message_is_copied_in_three_forms(qtbot, view, form, text, has_html):
    source = "# Head\n\nsome **words**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n- $y$"
    view.show_conversation([answer("a", source)])
    choose(menu_at(qtbot, view, 0, "some"), "Message", "Copy as", form)
    assert clipboard().text() == (text or source)
    assert clipboard().hasHtml() is has_html
    if has_html:
        html = clipboard().html()
        assert "<h1>Head</h1>" in html
        assert "<strong>words</strong>" in html
        assert "<td>1</td>" in html
        assert "<pre><code>x = 1\n</code></pre>" in html


def test_long_tables_are_copied_whole(qtbot, view):
    rows = "\n".join(f"| {n} | x |" for n in range(300))
    view.show_conversation([answer("a", f"| a | b |\n|---|---|\n{rows}")])
    choose(menu_at(qtbot, view, 0, "a"), "Message", "Copy as", "Text")
    assert clipboard().text().endswith("\n299\tx")


HOSTILE = """![pic](file:///etc/passwd) ![](https://example.org/a.png) <img src="file:///etc/passwd">
<script>alert(1)</script> [trap](javascript:alert(1)) [file](file:///etc/passwd) <https://example.org/"onclick="x>

<div style="background:url(file:///etc/passwd)">x</div>

[ref]

[ref]: data:text/html,x

```"><script>
</code></pre><script>alert(1)</script>
```

$<script>$ and \\(</p>\\)

$$
<img src=x>
$$
"""


def test_no_image_no_file_and_no_markup_reach_the_html(view, parser):
    view.show_conversation([answer("a", HOSTILE)])
    text = view.rows[0].widget.text
    text.select(1, -1)
    part = text.createMimeDataFromSelection().html()
    for html in (html_of_markdown(HOSTILE, parser), part, html_of_plain(HOSTILE)):
        tags = set(re.findall(r"<[^>]*>", html)) - {META.strip()}
        allowed = r"</?(p|pre|code|em|strong|br|ul|li|i|b)>|<a href=\"https://example.org/[^\" ]*\">|</a>"
        assert not [tag for tag in tags if not re.fullmatch(allowed, tag)]


def test_what_takes_too_long_to_format_is_copied_as_plain_paragraphs():
    html = html_of_markdown("*a* <b>\n\nc", Parser(limit_s=-1))
    assert html == html_of_plain("*a* <b>\n\nc")


# parts ----------------------------------------------------------------------------------------------------------------


def test_a_part_is_copied_with_its_marks(qtbot, view):
    marked = "left **bold** *it* ~~no~~ `code` [a](https://example.org) $x$ right"
    source = f"# Head\n\n{marked}\n\n> quoted\n\n1. one\n2. two\n   - in\n\nend"
    view.show_conversation([answer("a", source)])
    text = select(view, 0, "left", "in")
    qtbot.keyClick(text, KEY.Key_C, CTRL)
    assert clipboard().text() == "left bold it no code a $x$ right\nquoted\n1. one\n2. two\n    - in"
    assert clipboard().html() == META + (
        "<p>left <b>bold</b> <i>it</i> <s>no</s> <code>code</code> "
        '<a href="https://example.org">a</a> $x$ right</p>\n'
        "<blockquote>\n<p>quoted</p>\n</blockquote>\n"
        "<ol>\n<li>one</li>\n<li>two</li>\n<ul>\n<li>in</li>\n</ul>\n</ol>\n"
    )


def test_code_in_a_part(view):
    view.show_conversation([answer("a", "before\n\n```python\nif a < b:\n\n    c\n```\n\nafter it")])
    text = select(view, 0, "before", "after")
    html = text.createMimeDataFromSelection().html()
    assert html == META + "<p>before</p>\n<pre><code>if a &lt; b:\n\n    c</code></pre>\n<p>after</p>\n"


def test_several_messages(qtbot, view):
    view.show_conversation([user("u", "one *x*"), answer("a", "two *y*"), user("v", "three")])
    qtbot.keyClick(view, KEY.Key_A, CTRL)
    qtbot.keyClick(view, KEY.Key_C, CTRL)
    assert clipboard().text() == "one *x*\n\ntwo *y*\n\nthree"
    assert "<p>one *x*</p>" in clipboard().html()
    assert "<p>two <em>y</em></p>" in clipboard().html()


# tables ---------------------------------------------------------------------------------------------------------------


def rows_of(mime):
    return list(csv.reader(io.StringIO(bytes(mime.data("text/csv").data()).decode())))


def test_the_menu_copies_a_table(qtbot, view):
    view.show_conversation([answer("a", f"before\n\n{TABLE}\n\nafter")])
    choose(menu_at(qtbot, view, 0, "pen"), "Copy table")
    mime = clipboard()
    assert mime.text() == "item\tnet\npen\t1.50\n'=SUM(A1)\t-2\n$x_1$\ta<b"
    assert rows_of(mime) == [["item", "net"], ["pen", "1.50"], ["'=SUM(A1)", "-2"], ["$x_1$", "a<b"]]
    assert mime.html().startswith(META + "<table border")
    assert "<tr><th>item</th><th><i>net</i></th></tr>" in mime.html().replace("<b>", "").replace("</b>", "")
    assert "<tr><td style=\"mso-number-format:'\\@'\">=SUM(A1)</td><td>-2</td></tr>" in mime.html()
    assert "<td>a&lt;b</td>" in mime.html()


def test_no_table_in_the_menu_elsewhere(qtbot, view):
    view.show_conversation([answer("a", f"before\n\n{TABLE}\n\nafter")])
    words = [action.text() for action in menu_at(qtbot, view, 0, "before").actions()]
    assert "Copy table" not in words
    assert "Copy code" not in words


def test_a_selection_over_a_table_has_its_cells(qtbot, view):
    view.show_conversation([answer("a", f"before it\n\n{TABLE}\n\nafter it")])
    text = select(view, 0, "it", "after")
    qtbot.keyClick(text, KEY.Key_C, CTRL)
    assert clipboard().text() == "it\nitem\tnet\npen\t1.50\n=SUM(A1)\t-2\n$x_1$\ta<b\nafter"
    assert clipboard().html().count("<tr>") == 4
    assert not clipboard().hasFormat("text/csv")


def test_cells_that_are_marked_are_copied_alone(qtbot, view):
    view.show_conversation([answer("a", f"before\n\n{TABLE}\n\nafter")])
    text = view.rows[0].widget.text
    table = text.document().find("pen").currentTable()
    cursor = table.cellAt(1, 0).firstCursorPosition()
    cursor.setPosition(table.cellAt(2, 1).lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)
    qtbot.keyClick(text, KEY.Key_C, CTRL)
    assert clipboard().text() == "pen\t1.50\n=SUM(A1)\t-2"
    assert rows_of(clipboard()) == [["pen", "1.50"], ["'=SUM(A1)", "-2"]]
    assert "<th>" not in clipboard().html()


def test_words_in_one_cell_are_words(qtbot, view):
    view.show_conversation([answer("a", "| some words here |\n|---|\n| x |")])
    text = select(view, 0, "words", "words")
    qtbot.keyClick(text, KEY.Key_C, CTRL)
    assert clipboard().text() == "words"
    assert "<table" not in clipboard().html()


def test_the_menu_by_keyboard_knows_the_table_at_the_caret(qtbot, view):
    view.show_conversation([answer("a", TABLE)])
    view.enter_text(0)
    text = view.rows[0].widget.text
    cursor = text.document().find("pen")
    text.setTextCursor(cursor)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(text.viewport(), event)
    choose(shown_menu(view), "Copy table")
    assert clipboard().text().startswith("item\tnet\n")


# code -----------------------------------------------------------------------------------------------------------------


def test_the_menu_copies_and_saves_code(qtbot, view):
    view.show_conversation([answer("a", "one\n\n```js\nlet a\n```\n\n```python\nx = 1\ny = 2\n```")])
    choose(menu_at(qtbot, view, 0, "y = 2"), "Copy code")
    assert clipboard().text() == "x = 1\ny = 2\n"
    assert not clipboard().hasHtml()
    with qtbot.waitSignal(view.code_save_requested) as asked:
        choose(menu_at(qtbot, view, 0, "let a"), "Save code as…")
    assert asked.args == ["code.js", "let a\n"]


def test_the_words_over_the_code_save_it(qtbot, view):
    view.show_conversation([answer("a", "```python\nx = 1\n```")])
    text = view.rows[0].widget.text
    place = text.cursorRect(text.document().find("Save as")).center() - QPoint(6, 0)
    with qtbot.waitSignal(view.code_save_requested) as asked:
        qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == ["code.py", "x = 1\n"]


def test_code_is_saved_by_keyboard(qtbot, view):
    view.show_conversation([answer("a", "```python\nx = 1\n```")])
    view.enter_text(0)
    text = view.rows[0].widget.text
    qtbot.keyClick(text, KEY.Key_Tab)
    qtbot.keyClick(text, KEY.Key_Tab)
    with qtbot.waitSignal(view.code_save_requested):
        qtbot.keyClick(text, KEY.Key_Return)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "code.py"), ("py", "code.py"), ("bash", "code.sh"), ("sh", "code.sh"), ("c++", "code.cpp"),
        ("json", "code.json"), ("sql", "code.sql"), ("markdown", "code.md"), ("text", "code.txt"), ("", "code.txt"),
        ("R", "code.R"), ("makefile", "code.mk"), ("yaml", "code.yaml"), ("csv", "code.csv"), ("html", "code.html"),
        ("nonsense", "code.txt"), ("../../x", "code.txt"), ("exe", "code.txt"), ("x" * 5000, "code.txt"),
    ],
)  # fmt: skip
def test_names_for_files(language, name):
    assert file_name_of(language) == name
