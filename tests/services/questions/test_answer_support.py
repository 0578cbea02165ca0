"""Which places of a document an answer rests on: measured on answers with the quotations that models chose."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.core.documents import Block, BlockKind, Page, page_of
from slmdesk.core.records import Passage
from slmdesk.services.documents.nearest import Citation
from slmdesk.services.questions.prompt import Source, supporting, verified
from slmdesk.services.questions.support import ELSEWHERE, supported

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True)
class Case:
    """A document, what was asked, and what a model made of it."""

    pages: tuple[Page, ...]
    question: str
    answer: str
    quotes: tuple[tuple[int, str], ...]
    right: bool = True
    page: int = 0

    @property
    def sources(self) -> list[Source]:
        return [
            Source(one.number, Passage(one.number, "d", one.number, one.number, 0, len(one.text), one.text), "d.txt")
            for one in self.pages
        ]

    @property
    def chosen(self) -> list[Citation]:
        citations = verified(self.quotes, self.sources, lambda _, number: self.pages[number - 1].text)
        return supporting(citations, self.answer)

    def page_of(self, _document: str, number: int) -> Page:
        return self.pages[number - 1]


def pages_of(document: str) -> tuple[Page, ...]:
    pages = []
    for number, text in enumerate((one.strip("\n") for one in document.split("\n----\n")), 1):
        blocks, at = [], 0
        for line in text.split("\n"):
            kind = BlockKind.TABLE_ROW if "\t" in line else BlockKind.PARAGRAPH
            is_title = not at and not line.endswith((".", ":")) and len(line) < 40
            blocks.append(Block(BlockKind.HEADING if is_title else kind, at, at + len(line)))
            at += len(line) + 1
        pages.append(page_of(number, str(number), text, blocks))
    return tuple(pages)


def cases(name: str) -> list[Case]:
    found = tomllib.loads((GOLDEN / name).read_text("utf-8"))["case"]
    return [
        Case(
            pages_of(one["document"]),
            one["question"],
            one["answer"],
            tuple((number, words) for number, words in one["quotes"]),
            one["right"],
            one.get("page", 0),
        )
        for one in found
    ]


def looked_through(one: Case, *, read: int | None = None):
    """The support of a case; of its pages the model read the first `read`."""
    passages = [source.passage for source in one.sources]
    return supported(
        one.answer,
        one.question,
        one.chosen,
        one.sources[:read],
        everything=lambda _: passages,
        page_of=one.page_of,
    )


def figures(name: str) -> tuple[int, int, int, int]:
    """Right answers; of them certified, and cited on the right page; inventions certified."""
    right = certified = well_cited = invented = 0
    for one in cases(name):
        found = looked_through(one)
        is_certain = bool(found.citations) and not found.marks
        right += one.right
        certified += one.right and is_certain
        well_cited += one.right and bool(found.citations) and found.citations[0].page == one.page
        invented += not one.right and is_certain
    return right, certified, well_cited, invented


def test_a_right_answer_is_never_said_to_be_missing_and_no_invention_is_certified() -> None:
    assert figures("answers.toml") == (8, 8, 8, 0)


def test_so_it_is_with_answers_that_were_laid_aside() -> None:
    assert figures("answers_held_out.toml") == (8, 8, 8, 0)


@pytest.mark.parametrize("file", ["answers.toml", "answers_held_out.toml"])
def test_what_the_model_did_not_read_is_looked_through_too(file) -> None:
    for one in cases(file):
        if one.right and one.chosen and one.chosen[0].page == 1:
            found = looked_through(one, read=1)
            assert found.citations[0].page == one.page, one.question


def test_a_value_beside_other_words_is_cited_and_marked() -> None:
    (caretaker,) = (one for one in cases("answers.toml") if "caretaker" in one.question)
    found = looked_through(caretaker)
    assert [one.quote for one in found.citations] == ["The rent is 2,050 euros a month."]
    assert [(one.kind, one.text) for one in found.marks] == [(ELSEWHERE, "2,050 euros")]


def test_a_value_that_stands_nowhere_is_said_to_be_missing() -> None:
    pages = pages_of("Prices\nCoffee costs 2.40 EUR.\n----\nHours\nDaily from 7 to 18.")
    one = Case(pages, "What does tea cost?", "Tea costs 9.99 EUR.", ((2, "Daily from 7 to 18"),))
    found = looked_through(one)
    assert [(one.kind, one.text) for one in found.marks] == [("amount", "9.99 EUR")]
    assert [one.quote for one in found.citations] == ["Daily from 7 to 18"]


def test_a_quotation_that_holds_the_answer_stays() -> None:
    pages = pages_of("Prices\nCoffee costs 2.40 EUR.\n----\nHours\nThe café sells coffee for 2.40 EUR from 7 to 18.")
    one = Case(pages, "What does coffee cost?", "Coffee costs 2.40 EUR.", ((2, "sells coffee for 2.40 EUR"),))
    assert [one.quote for one in looked_through(one).citations] == ["sells coffee for 2.40 EUR"]


def test_an_answer_without_values_finds_the_sentence_it_repeats() -> None:
    pages = pages_of("Pets\nDogs may be kept with the consent of the landlord.\n----\nHours\nDaily from 7 to 18.")
    asked = "May I keep a dog?"
    one = Case(pages, asked, "Dogs may be kept with the consent of the landlord.", ())
    assert [one.page for one in looked_through(one).citations] == [1]
    assert looked_through(Case(pages, asked, "Cats climb on high trees.", ())).citations == ()


def test_no_sentence_ends_inside_a_date() -> None:
    pages = pages_of("Bindung\nAn dieses Angebot halten wir uns bis zum 20. Oktober 2025 gebunden. Danach nicht mehr.")
    one = Case(pages, "Bis wann gilt das Angebot?", "Das Angebot gilt bis zum 20. Oktober 2025.", ())
    assert [one.quote for one in looked_through(one).citations] == [
        "An dieses Angebot halten wir uns bis zum 20. Oktober 2025 gebunden."
    ]


_PIECES = "Anders Lindqvist 2,050 euros 1. Mai 12 % seven km/h ٣ ½ IBAN-7 « “The No. U.S. 03/04/2024 not if the"
WORDS = st.sampled_from([*_PIECES.split(), "\n"])


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, max_size=30), st.lists(WORDS, max_size=6))
def test_whatever_is_answered_marks_and_citations_are_words_that_are_there(said, there, asked) -> None:
    one = Case(pages_of(" ".join(there)), " ".join(asked), " ".join(said), ())
    found = looked_through(one)
    for mark in found.marks:
        assert one.answer[mark.start : mark.end] == mark.text
    for citation in found.citations:
        assert one.pages[citation.page - 1].text[citation.start : citation.end] == citation.quote
