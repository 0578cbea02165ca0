"""Passages: whole blocks, the heading along, page numbers right, nothing lost, nothing too long."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.text.passages import MOST_WORDS, PassageBuilder, count_words, parts_of
from slmdesk.base.text.sentences import search_words, stop_words

pytestmark = pytest.mark.pure


def page(number, *pieces):
    """A page of (kind, text) pieces; the kind "mail" is the header of an earlier mail."""
    text, blocks = "", []
    for kind, words in pieces:
        start = len(text) + bool(text)
        text = f"{text}\n{words}" if text else words
        level, place = 1 if kind == "heading" else 0, "header" if kind == "mail" else ""
        blocks.append(Block(BlockKind("quote" if kind == "mail" else kind), start, len(text), level, place))
    return Page(number, str(number), text, PageStatus.READ, tuple(blocks))


def passages_of(*pages):
    builder = PassageBuilder("d")
    return [passage for each in pages for passage in builder.feed(each)] + list(builder.finish())


def words(count, word="word"):
    return " ".join(f"{word}{at}" for at in range(count))


def test_a_heading_stays_with_what_follows_and_leads_the_next_passage():
    first = page(1, ("heading", "Pumps"), ("paragraph", words(150)), ("paragraph", words(100, "more")))
    passages = passages_of(first)
    assert [passage.text.split("\n")[0] for passage in passages] == ["Pumps", "Pumps"]
    assert passages[1].text.startswith("Pumps\nmore0")
    assert first.text[passages[1].start : passages[1].end] == words(100, "more")


def test_headings_alone_wait_for_words_on_the_next_page():
    passages = passages_of(
        page(1, ("paragraph", words(80)), ("heading", "Valves")), page(2, ("paragraph", words(90, "valve")))
    )
    assert [(passage.page, passage.page_end) for passage in passages] == [(1, 1), (1, 2)]
    assert passages[1].text.startswith("Valves\nvalve0")


def test_a_passage_of_an_earlier_mail_begins_with_its_header_and_no_other_does():
    passages = passages_of(
        page(1, ("paragraph", "No."), ("mail", "Ann wrote:"), ("quote", words(200)), ("quote", words(200, "more")),
             ("mail", "Bob wrote:"), ("quote", "Hi."), ("paragraph", "Yes.")),
    )  # fmt: skip
    assert [" ".join(passage.text.split()[:3]) for passage in passages] == [
        "No.", "Ann wrote: word0", "Ann wrote: more0", "Bob wrote: Hi.", "Yes.",
    ]  # fmt: skip


def test_headers_and_footers_are_no_part_of_a_passage():
    passages = passages_of(page(1, ("header", "Acme 2024"), ("paragraph", words(20)), ("footer", "Page 1 of 9")))
    assert [passage.text for passage in passages] == [words(20)]


def test_a_page_with_few_words_goes_on_and_others_end_where_they_end():
    slides = [page(number, ("paragraph", words(25, f"s{number}x"))) for number in range(1, 6)]
    assert [(passage.page, passage.page_end) for passage in passages_of(*slides)] == [(1, 2), (3, 4), (5, 5)]
    long = [page(number, ("paragraph", words(100))) for number in range(1, 4)]
    assert [(passage.page, passage.page_end) for passage in passages_of(*long)] == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    "text",
    [
        words(5000),
        ". ".join(words(30) for _ in range(50)),
        "x" * 50_000,
        "\u6771\u4eac" * 2000,
        "\u6771\u4eac\u3002" * 900,
        "a\n" * 2000,
    ],
    ids=["no ends", "sentences", "one word", "chinese", "chinese sentences", "lines"],
)
def test_long_blocks_are_parted_and_nothing_of_them_is_lost(text):
    passages = passages_of(page(1, ("paragraph", text)))
    assert all(count_words(passage.text) <= MOST_WORDS for passage in passages)
    parts = list(parts_of(text, 0, len(text)))
    assert "".join("".join(text[start:end].split()) for start, end in parts) == "".join(text.split())
    assert parts == sorted(parts)


def test_every_word_of_a_document_is_in_a_passage():
    pages = [page(n, *[("paragraph", words(7 * n * k % 90 + 1, f"p{n}k{k}w")) for k in range(1, 6)]) for n in range(9)]
    tokens = " ".join(passage.text for passage in passages_of(*pages)).split()
    assert set(" ".join(page.text for page in pages).split()) == set(tokens)


def test_small_words_are_left_out_by_the_language_of_the_question():
    assert search_words("What is the maximum pressure of the pump?") == ["maximum", "pressure", "pump"]
    assert search_words("Wie hoch ist der maximale Druck der Pumpe?") == ["hoch", "maximale", "druck", "pumpe"]
    assert search_words("What is this document about?") == [], "nothing to look for"
    assert "die" in search_words("Can the battery die?"), "an article of another language is a word here"
    assert all(word == word.casefold() for known in stop_words().values() for word in known)
