"""Cells by rule, without a model: golden papers, each with its cells. What a rule finds is right."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.tasks.tables.cells import preset
from slmdesk.tasks.tables.rules import Rules

pytestmark = pytest.mark.pure
PAPERS = tomllib.loads((Path(__file__).parents[2] / "golden" / "cells.toml").read_text("utf-8"))["paper"]


def page(text: str) -> Page:
    """A page of paragraphs, headings and rows, as the readers of text and Markdown give it."""
    blocks, at = [], 0
    for part in text.strip("\n").split("\n\n"):
        begin = at
        lines = part.split("\n")
        kind = BlockKind.HEADING if part.startswith("#") else BlockKind.PARAGRAPH
        if part.startswith(("|", "- ")):
            kind = BlockKind.TABLE_ROW if part.startswith("|") else BlockKind.LIST_ITEM
            for line in lines:
                blocks.append(Block(kind, at, at + len(line)))
                at += len(line) + 1
            at += 1
            continue
        at += len(part) + 2
        blocks.append(Block(kind, begin, begin + len(part), level=1 if kind is BlockKind.HEADING else 0))
    return page_of(1, "1", text.strip("\n"), blocks)


def found_in(paper) -> dict[str, str]:
    columns = preset(paper["preset"]).columns
    rules = Rules(columns)
    rules.feed(page(paper["text"]), paper["language"])
    return {columns[at].name: cell.value for at, cell in rules.result().items()}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper["name"])
def test_what_is_found_without_a_model_is_right(paper) -> None:
    cells = found_in(paper)
    assert cells == cells | {name: words for name, words in paper["cells"].items() if name in cells}
    for name, words in paper.get("never", {}).items():
        assert cells.get(name) not in words


@pytest.mark.parametrize(
    "text", ["word 12,50 und " * 3000, "A1" * 20000 + " " + "DE89 " * 5000, "a. A " * 9000, "1,00 €\n" * 9000]
)
def test_what_is_no_paper_takes_no_time(text) -> None:
    rules = Rules(preset("invoice").columns)
    rules.feed(page(text), "de")
    assert set(rules.result()) <= set(range(9))
