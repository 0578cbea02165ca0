"""Cards of models: what is taken out, what stays, and that no text takes long (row D9's neighbour)."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.models.online.cards import MOST_SHOWN, readable_card, without_front_matter, without_html

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("---\nlicense: mit\n---\n# Tiny\n", "# Tiny\n"),
        ("\n---\na: b\n...\n\nText", "Text"),
        ("---\n---\nText", "Text"),
        ("---\nnever closed\n", "---\nnever closed\n"),
        ("Text\n\n---\nmore\n---\n", "Text\n\n---\nmore\n---\n"),
        ("----\nText\n---", "----\nText\n---"),
        ("", ""),
    ],
)
def test_front_matter_goes_and_nothing_else(text, left) -> None:
    assert without_front_matter(text) == left


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<img src="https://x/y.png" alt="A  logo">', "[image: A logo]"),
        ("<img src='x'>", ""),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("| a<br>b | <b>c</b><br>d |", "| a b | c d |"),
        ("<h2 align=center>Title</h2>text", "## Title\n\ntext"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two"),
        ("a<script>alert(1)</script >b", "ab"),
        ("a<SCRIPT src=x>alert(1)", "a"),
        ("a<style>p {}</style>b", "ab"),
        ("a<!-- hidden\n -->b", "ab"),
        ("a<!-- never closed", "a"),
        ("<div>\n    indented words\n</div>", "indented words"),
        ("<think> and <s>[INST] and <|im_start|>", "<think> and <s>[INST] and <|im_start|>"),
        ("a < b and c > d", "a < b and c > d"),
        ("`<div>` and ``<b>``", "`<div>` and ``<b>``"),
        ("```html\n<p>kept</p>\n```\n<p>gone</p>", "```html\n<p>kept</p>\n```\n\n\ngone"),
        ("~~~\n<p>\n```\n~~~\n<b>x</b>", "~~~\n<p>\n```\n~~~\nx"),
        ("<details><summary>More</summary>hidden</details>", "More\n\nhidden"),
    ],
)
def test_tags_go_and_words_stay(html, words) -> None:
    assert without_html(html).strip() == words


def test_a_card_is_cut_and_says_so() -> None:
    short = readable_card("---\nx: y\n---\r\n# Tiny\r\n")
    assert (short.text, short.is_cut) == ("# Tiny", False)
    long = readable_card("word " * MOST_SHOWN)
    assert (len(long.text), long.is_cut) == (MOST_SHOWN, True)
    assert readable_card("short", is_cut=True).is_cut
    assert not readable_card("<b></b>" * 100 + "word").is_cut


BOMBS = {
    "angles": "<" * 200_000,
    "ticks": "`" * 200_000,
    "spans": "`a " * 60_000,
    "comments": "<!--" * 50_000,
    "tags": "<div " * 40_000,
    "closed tags": "<div>" * 40_000,
    "fences": "```\n" * 50_000,
    "front matter": "---\n" + "a: b\n" * 40_000,
    "anchors": "---\n" + "a: &a [*a,*a,*a]\n" * 12_000 + "---\nText",
    "scripts": "<script></script" * 12_000,
    "alternatives": "<img alt='" * 20_000,
    "lines": "\n" * 200_000,
    "spaces": " \n" * 100_000,
    "table": "|<br>" * 40_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_card_takes_long(name) -> None:
    begin = thread_time()
    readable_card(BOMBS[name], limit=1_000_000)
    assert thread_time() - begin < 1  # some 0.1 s alone; what grows with the square takes half a minute


@given(st.text(alphabet="<>/!-`~|#'\" =abdivscriptmglhe\n", max_size=300))
def test_any_text_comes_out_without_tags_of_blocks(text) -> None:
    left = without_html(text)
    assert len(left) <= 4 * len(text) + 40
    assert without_html("word") == "word"
