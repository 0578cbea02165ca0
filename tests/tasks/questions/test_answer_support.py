"""Which sentences of a document an answer rests on, and what of it they do not say: measured on answers of models."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.base.records import Passage
from slmdesk.claims.types import Mark
from slmdesk.documents.search import Citation
from slmdesk.tasks.questions.grounds import Grounds
from slmdesk.tasks.questions.prompt import Source

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True)
class Case:
    """A document, what was asked, and what a model made of it."""

    pages: tuple[Page, ...]
    question: str
    answer: str
    right: bool = True
    page: int = 0

    @property
    def sources(self) -> list[Source]:
        return [
            Source(
                page.number, Passage(page.number, "d", page.number, page.number, 0, len(page.text), page.text), "d.txt"
            )
            for page in self.pages
        ]

    def page_of(self, _document: str, number: int) -> Page:
        return self.pages[number - 1]


def pages_of(document: str) -> tuple[Page, ...]:
    pages = []
    for number, text in enumerate((part.strip("\n") for part in document.split("\n----\n")), 1):
        blocks, at = [], 0
        for line in text.split("\n"):
            kind = BlockKind.TABLE_ROW if "\t" in line else BlockKind.PARAGRAPH
            is_title = not at and not line.endswith((".", ":")) and len(line) < 40
            blocks.append(Block(BlockKind.HEADING if is_title else kind, at, at + len(line)))
            at += len(line) + 1
        pages.append(page_of(number, str(number), text, blocks))
    return tuple(pages)


def cases(name: str) -> list[Case]:
    rows = tomllib.loads((GOLDEN / name).read_text("utf-8"))["case"]
    return [
        Case(pages_of(row["document"]), row["question"], row["answer"], row["right"], row.get("page", 0))
        for row in rows
    ]


def grounds_of(case: Case) -> Grounds:
    return Grounds(tuple(source.passage for source in case.sources), case.page_of)


def looked_through(case: Case) -> tuple[tuple[Citation, ...], tuple[Mark, ...]]:
    """The quotations of a case's answer, and its marks."""
    grounds = grounds_of(case)
    citations = grounds.citations(case.question, case.answer)
    return citations, grounds.marks(case.question, case.answer, citations)


def figures(name: str) -> tuple[int, int, int, int]:
    """Right answers; of them certified, and cited on the right page; inventions certified."""
    right = certified = well_cited = invented = 0
    for case in cases(name):
        citations, marks = looked_through(case)
        is_certain = bool(citations) and not marks
        right += case.right
        certified += case.right and is_certain
        well_cited += case.right and bool(citations) and citations[0].page == case.page
        invented += not case.right and is_certain
    return right, certified, well_cited, invented


def test_right_answers_are_cited_and_unmarked_and_most_inventions_marked() -> None:
    assert figures("answers.toml") == (8, 8, 8, 2)


def test_so_it_is_with_answers_that_were_laid_aside() -> None:
    assert figures("answers_held_out.toml") == (8, 8, 8, 0)


def test_a_value_that_stands_nowhere_is_said_to_be_missing() -> None:
    pages = pages_of("Prices\nCoffee costs 2.40 EUR.\n----\nHours\nDaily from 7 to 18.")
    _, marks = looked_through(Case(pages, "What does coffee cost?", "Coffee costs 9.99 EUR."))
    assert [(mark.kind, mark.text) for mark in marks] == [("amount", "9.99 EUR")]


def test_two_values_that_stand_apart_are_cited_from_both_places() -> None:
    pages = pages_of("Staff\nWe employ 27 people.\n----\nAbsence\nSickness absence fell from 5.6 to 4.1 per cent.")
    case = Case(
        pages, "How many people are employed, and did absence fall?", "27 people; absence fell to 4.1 per cent."
    )
    citations, marks = looked_through(case)
    assert (sorted(citation.page for citation in citations), marks) == ([1, 2], ())


def test_a_row_of_a_table_is_cited_for_what_it_stands_under() -> None:
    pages = pages_of("Prices\nService\tPrice\nCleaning, per hour\t19.50 EUR\nWindows, per hour\t21.00 EUR")
    citations, marks = looked_through(Case(pages, "What is the price of cleaning?", "19.50 EUR"))
    assert ([citation.quote for citation in citations], marks) == (["Cleaning, per hour\t19.50 EUR"], ())


_PIECES = "Anders Lindqvist 2,050 euros 1. Mai 12 % seven km/h ٣ ½ IBAN-7 « “The No. U.S. 03/04/2024 not if the"
WORDS = st.sampled_from([*_PIECES.split(), "\n"])


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, max_size=30), st.lists(WORDS, max_size=6))
def test_whatever_is_answered_marks_and_citations_are_words_that_are_there(said, there, asked) -> None:
    case = Case(pages_of(" ".join(there)), " ".join(asked), " ".join(said))
    citations, marks = looked_through(case)
    for mark in marks:
        assert case.answer[mark.start : mark.end] == mark.text
    for citation in citations:
        assert case.pages[citation.page - 1].text[citation.start : citation.end] == citation.quote
