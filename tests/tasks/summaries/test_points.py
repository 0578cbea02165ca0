from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage, Span, Unread, coverage_words, pages_read_words
from slmdesk.tasks.report import Section
from slmdesk.tasks.summaries.lines import Line
from slmdesk.tasks.summaries.linking import Piece, Point, distinct
from slmdesk.tasks.summaries.papers import sections_of
from slmdesk.tasks.summaries.prompts import note_step, numbered, own_step, part_of, written_in
from slmdesk.tasks.summaries.report import report_of
from slmdesk.tasks.summaries.types import (
    TO_DO,
    DocumentSummary,
    Kind,
    Sentence,
    Summary,
    more_words,
    omitted_words,
    sentence_words,
    text_of,
    with_omitted,
)

pytestmark = pytest.mark.pure


def piece(text: str, kind: BlockKind = BlockKind.PARAGRAPH, page: int = 1, level: int = 0) -> Piece:
    return Piece("d", page, 0, len(text), kind, text, level)


TEXT = [
    piece("The lease of the shop ends on 31 March 2026 and can be prolonged by two years."),
    piece("The rent is 1,400 euros a month, and the deposit is three times that."),
    piece("Mrs Adeyemi signed for the owner; her brother was only a witness."),
    piece("Below forty degrees the mixture stays stable and may be stored in the cellar."),
]


def point(text: str, *links: int) -> Point:
    return Point(text, links)


# ---- prompts and answers


def parts_of(step, origin: str) -> list[str]:
    return [part["text"] for message in step["messages"] for part in message["parts"] if part["origin"] == origin]


RENT = numbered([("Lease", ()), ("The rent is 1,400 euros [3] a month.", (4,)), ("[2] It ends in March.", (5, 6))])


def test_what_a_person_wants_is_asked_last_and_the_document_is_kept_apart() -> None:
    step = own_step(RENT, "de", 80, "Nenne nur Pflichten.")
    assert parts_of(step, "document") == [RENT.text]
    asked = " ".join(parts_of(step, "person"))
    assert "Nenne nur Pflichten." in asked
    assert "höchstens 80 Wörtern" in asked
    assert step["sampling"]["temperature"] == 0.0


def test_sentences_are_numbered_and_numbers_of_the_document_are_none_of_ours() -> None:
    assert RENT.text.splitlines()[0] == "# Lease"
    first, second = RENT.text.splitlines()[1:]
    assert first.startswith("[1] The rent")
    assert second.startswith("[2] [")
    assert "[3]" not in first
    assert "[2] It" not in second
    assert RENT.places == ((4,), (5, 6))


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs"])
def test_an_answer_is_read_in_its_three_parts(language) -> None:
    grammar = note_step(RENT, language, 80)["sampling"]["grammar"]
    what, do, more = (part.split('"')[0] for part in grammar.rpartition("root ::= ")[2].split('"')[1::2])
    heads = [head.replace("\\n", "") for head in (what, do, more)]
    answer = f"{heads[0]}\n- A lease. [1]\n{heads[1]}\n- Pay it. [1, 2, 9]\n{heads[2]}\n- It ends. [2]\n- It was cut [1"
    written = written_in(answer, RENT, language, is_cut=True)
    assert [(said.text, said.places) for said in written.said] == [
        ("A lease.", (4,)), ("Pay it.", (4, 5, 6)), ("It ends.", (5, 6))
    ]  # fmt: skip
    assert written.labels == ("", TO_DO, "Key points")


def test_an_answer_that_keeps_to_no_form_is_read_whole() -> None:
    answer = "- **Rent:** It is 1,400 euros.\n2. The lease ends in March. It can be prolonged.\nHe signs it."
    said = [each.text for each in written_in(answer, RENT, "en").said]
    assert said == ["Rent: It is 1,400 euros.", "The lease ends in March. It can be prolonged.", "He signs it."]
    assert not written_in("[" * 10_000 + "1" * 10_000, RENT, "en").said


# ---- links


def test_of_two_points_that_say_the_same_the_one_that_holds_stays() -> None:
    wrong, right = (point(f"The rent is {rent} euros a month.", 1) for rent in ("1,500", "1,400"))
    wrong = changed(wrong, flags=(Mark("amount", "1,500", 12, 17),))
    other = point(TEXT[2].text, 2)
    assert distinct([wrong, other, right]) == [right, other]


# ---- words


def test_a_passage_that_was_left_out_joins_the_summary_at_its_place() -> None:
    first, two, three = (
        Sentence(f"{at}.", (Span("d", at, 0, 1),), (at,), True, group=group)
        for at, group in ((3, TO_DO), (1, ""), (2, "Key points"))
    )
    document = DocumentSummary("d", "a.pdf", "page", (first, three), Coverage(3, 3, 3, 3), (two,))
    summary = Summary("bullets", "en", "model", (first, three), document.coverage, (document,))
    assert omitted_words(document).endswith("- 1. [p. 1]")
    assert more_words([document]) == "1 more passage."
    assert more_words([document, document]) == "2 more passages."
    added = with_omitted(summary, "d", 0)
    assert added.sentences == added.documents[0].sentences == (first, changed(two, group="Key points"), three)
    assert added.documents[0].omitted == ()
    assert omitted_words(added.documents[0]) == more_words(added.documents) == ""
    for document_id, number in (("d", 1), ("d", -1), ("e", 0)):
        with pytest.raises(KnownError, match=r"request\.invalid"):
            with_omitted(summary, document_id, number)


def test_which_kinds_of_summary_are_lists() -> None:
    alone = Sentence("A.", (), (), True)

    def first(kind: str, sentence: Sentence) -> Section:
        document = DocumentSummary("d", "a.pdf", "page", (sentence,), Coverage(1, 1, 1, 1))
        return report_of("S", Summary(kind, "en", "model", (sentence,), document.coverage, (document,))).sections[0]

    assert {kind for kind in Kind if first(kind.value, alone).is_prose} == {Kind.PARAGRAPH, Kind.SIMPLE}
    assert not first("paragraph", changed(alone, group="Rent")).is_prose


def test_sections_go_by_the_highest_headings_that_part_the_text() -> None:
    pieces = [piece("Title", BlockKind.HEADING, level=1)]
    for name in "ABC":
        pieces += [piece(name, BlockKind.HEADING, level=2), piece("text"), piece("sub", BlockKind.HEADING, level=3)]
    names = sections_of(pieces, range(len(pieces)))
    assert set(names.values()) == {"Title", "A", "B", "C"}
    assert sections_of([piece("text", page=7)], range(1)) == {0: "Page 7"}


def test_the_ledger_in_a_line() -> None:
    assert pages_read_words(3, 8, "section") == "3 of 8 sections read"
    assert pages_read_words(3, 8, "scroll") == "3 of 8 pages read"
    assert coverage_words(Coverage(84, 84, 900, 900)) == "84 of 84 pages read."
    gaps = (*(Unread(page, "scanned") for page in (5, 6, 7, 12)), Unread(80, "empty"))
    words = coverage_words(Coverage(84, 79, 900, 900, gaps), "slide")
    assert words == "79 of 84 slides read. Not read: 5–7, 12 (scanned); 80 (empty)."
    words = coverage_words(Coverage(2, 2, 9, 9, (), ("winmail.dat", "values of a chart")), "part")
    assert words == "2 of 2 parts read. Not read in it: winmail.dat, values of a chart."
    words = coverage_words(Coverage(1, 1, 2, 2, parts=("offer.txt", "form")))
    assert words == "1 of 1 pages read. Not read in it: offer.txt, form."


def test_a_sentence_says_where_it_is_from_and_whether_it_is_borne_out() -> None:
    assert sentence_words(Sentence("It ends.", (), (3, 4), True)) == "It ends. [p. 3, 4]"
    marked = Sentence("It ends.", (), (3,), False, quotation=False, file="a.pdf")
    assert sentence_words(marked) == "It ends. [a.pdf, p. 3] (check this)"
    groups = [Sentence(f"{at}.", (), (), True, group=group) for at, group in enumerate(("", TO_DO, "B", ""))]
    assert text_of("bullets", groups) == "0.\n\n**To do**\n\n- 1.\n\n**B**\n\n- 2.\n- 3."


def test_of_a_thread_the_newest_message_is_told() -> None:
    def part(earlier: range) -> list[int]:
        lines = [Line(at, 0, 9, "It is so.", 1.0, is_earlier=at in earlier) for at in range(5)]
        return part_of(range(5), lines)

    assert part(range(3, 5)) == [0, 1, 2]
    assert part(range(0)) == [0, 1, 2, 3, 4]
