from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.tasks.summaries.linking import LONG_CHARACTERS, Piece, pieces_of

pytestmark = pytest.mark.pure


def page(*blocks: tuple[BlockKind, str]):
    text, made = "", []
    for kind, words in blocks:
        made.append(Block(kind, len(text), len(text) + len(words)))
        text += words + "\n"
    return page_of(1, "1", text, made)


def test_every_block_is_in_a_piece_and_each_piece_says_where_it_stands() -> None:
    long = "A sentence that is not short at all, but of some length. " * 40
    made = page(
        (BlockKind.HEADER, "Secret header"), (BlockKind.HEADING, "Rent"), (BlockKind.PARAGRAPH, long),
        (BlockKind.LIST_ITEM, "one"), (BlockKind.LIST_ITEM, "two"), (BlockKind.TABLE_ROW, "a\tb"),
        (BlockKind.PARAGRAPH, "   "),
    )  # fmt: skip
    pieces, blocks = pieces_of("d", made)
    assert blocks == 5  # neither the header nor the empty one
    assert all(
        " ".join(made.text[piece.start : piece.end].split()).replace("a b", "a | b") == piece.text for piece in pieces
    )
    assert max(len(piece.text) for piece in pieces) <= LONG_CHARACTERS
    assert "".join(
        piece.text.replace(" ", "") for piece in pieces if piece.kind is BlockKind.PARAGRAPH
    ) == long.replace(" ", "")
    assert [piece.text for piece in pieces if piece.kind is BlockKind.LIST_ITEM] == ["one", "two"]
    assert "Secret" not in " ".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    "text", ["x" * 5000, "word " * 2000, "。".join("漢字" * 30 for _ in range(40)), "\n" * 2000 + "end"]
)
def test_text_without_sentences_is_cut_too_and_nothing_is_lost(text) -> None:
    pieces, _blocks = pieces_of("d", page((BlockKind.PARAGRAPH, text)))
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(text.split())
    assert max(len(piece.text) for piece in pieces) <= LONG_CHARACTERS


def test_a_long_text_is_not_cut_within_a_date() -> None:
    before = "Die Küche wird umgebaut und die neue Küche ist im Sommer für alle Häuser da. " * 7
    text = f"{before}Kündigungen sollen bis zum 31. Dezember 2029 ausgeschlossen werden. {before}"
    pieces, _blocks = pieces_of("d", page((BlockKind.PARAGRAPH, text)))
    assert all(piece.text.endswith(("da.", "werden.")) for piece in pieces)


def test_titles_say_nothing_and_sentences_and_items_do() -> None:
    silent = "Users and Groups in the Debian System", "Joey Hess", "Table of Contents 1. Introduction 2. Users ______"
    for words in silent:
        assert pieces_of("d", page((BlockKind.PARAGRAPH, words)))[0][0].says_nothing
    for kind, words in ((BlockKind.PARAGRAPH, "It ends in May."), (BlockKind.LIST_ITEM, "two keys"),
                        (BlockKind.TABLE_ROW, "a\tb"), (BlockKind.PARAGRAPH, "no stop at all " * 20)):  # fmt: skip
        assert not pieces_of("d", page((kind, words)))[0][0].says_nothing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 | 107 | 89 | 107 | 95 2 | 101 | 88 | 108 | 107", True),
        ("0 20 40 60 80 100", True),
        ("Total | 2744 | 2742 | 2894 | 2821", True),
        ("Revenue | 12 | 13 | 15", False),
        ("The rent is 1,400 euros, due on 3 March 2024.", False),
        ("The office in Hamburg is called by +49 40 2103 5300.", False),
        ("2019年の売上高は12億円、2020年は13億円でした。", False),
        ("12", False),
    ],
)
def test_figures_are_told_from_words(text, expected) -> None:
    assert Piece("d", 1, 0, len(text), BlockKind.TABLE_ROW, text).is_figures is expected
