"""What is kept of a model's words: always the words, with the sentences they rest on, and marks where these differ."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.base.records import Passage
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.tasks.questions.grounds import Grounds
from slmdesk.tasks.questions.plan import AnswerContext, Evidence
from slmdesk.tasks.questions.prompt import Source

pytestmark = pytest.mark.pure

LEASE = (
    "1. Premises\nThe Landlord lets the ground floor. The upper floors are let as flats.",
    "2. Rent\nThe rent is 46,800 pounds a year, exclusive of value added tax.",
    "3. Repairs\nThe Landlord keeps the roof in good repair.",
    "4. Insurance\nThe Landlord insures the building against fire and storm for its full cost.",
    "Lease in force from 1 May 2027\nBoth parties have a copy.",
)
VORSTAND = (
    "Protokoll\nAnwesend: Annegret Thiele (Vorstandsvorsitzende), Uwe Hartung, Sabine Krohn.",
    "Wirtschaftliche Lage\nDie Rückstände der Mieter sind von 96.000 auf 71.000 Euro zurückgegangen.",
    "Verschiedenes\nFrau Thiele ist vom 6. bis 17. Oktober im Urlaub; sie wird von Frau Krohn vertreten.",
)


class Pages:
    """A document of pages, each a heading and a paragraph, that is a passage of its own."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.pages = {number: _page(number, text) for number, text in enumerate(texts, 1)}
        self.passages = tuple(Passage(n, "d", n, n, 0, len(page.text), page.text) for n, page in self.pages.items())

    def page_of(self, _document, number):
        return self.pages.get(number)

    def grounds(self, name: str = "") -> Grounds:
        return Grounds(self.passages, self.page_of, {"d": name})

    def part(self, question: str, words: str):
        store = SimpleNamespace(
            passages=SimpleNamespace(count=lambda ids: (len(self.passages), 100), of_document=lambda id: self.passages),
            pages=SimpleNamespace(of_document=lambda id, begin, limit: [self.pages[begin]]),
        )
        sources = tuple(Source(passage.n, passage, "d.txt") for passage in self.passages)
        reading = AnswerContext(RankedPassages(self.passages, ()), sources, True, 100, 4096, len(self.passages))
        evidence = Evidence(store, question, (SimpleNamespace(id="d", name="d.txt"),), reading)  # type: ignore[arg-type]
        return evidence.part(words)


def _page(number, text):
    blocks, at = [], 0
    for line in text.split("\n"):
        blocks.append(Block(BlockKind.HEADING if not at else BlockKind.PARAGRAPH, at, at + len(line)))
        at += len(line) + 1
    return page_of(number, str(number), text, blocks)


@pytest.mark.parametrize(
    ("document", "question", "words", "page"),
    [
        (LEASE, "What is the rent?", "46,800 pounds a year.", 2),
        (LEASE, "Against what is the building insured?", "Against fire and storm.", 4),
        (LEASE, "From when is the lease in force?", "From 1 May 2027.", 5),
        (VORSTAND, "Wer vertritt Frau Thiele während ihres Urlaubs?", "Sie wird von Frau Krohn vertreten.", 3),
        (VORSTAND, "Wie hoch sind die Rückstände?", "71.000 Euro", 2),
    ],
)
def test_a_right_answer_is_cited_where_it_stands(document, question, words, page):
    part = Pages(document).part(question, words)
    assert (part.answer, part.found, part.marks) == (words, True, ())
    assert part.citations[0].page == page


@pytest.mark.parametrize(
    ("question", "words", "kind"),
    [
        ("What is the rent?", "The rent is 48,600 pounds a year.", "amount"),
        ("From when is the lease in force?", "From 1 June 2027.", "date"),
        ("What does the Landlord insure?", "Furniture, jewellery and paintings.", "words"),
        ("Who keeps the roof in good repair?", "46,800 pounds", "elsewhere"),
        ("What is the rent?", "The rent is 46,800 pounds. The text does not say when it is due.", "doubt"),
    ],
)
def test_what_the_quotations_do_not_bear_out_is_marked_and_stays(question, words, kind):
    part = Pages(LEASE).part(question, words)
    assert (part.answer, part.found, [mark.kind for mark in part.marks]) == (words, True, [kind])
    for mark in part.marks:
        assert part.answer[mark.start : mark.end] == mark.text


def test_a_refusal_stands_above_the_nearest_sentences():
    part = Pages(LEASE).part("Which animals may the tenant keep in the flats?", "Not in the text.")
    assert (part.answer, part.found, part.citations) == ("Not in the text.", False, ())
    assert part.nearest


def test_a_refusal_beside_a_sentence_with_the_questions_words_is_perhaps():
    part = Pages(LEASE).part("What is the rent, exclusive of value added tax?", "Not in the text.")
    assert part.perhaps.startswith("Perhaps")
    assert part.nearest[0].quote.startswith("The rent is 46,800 pounds")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Wie hoch ist die Miete?", "Die Miete beträgt 46.800 Pfund im Jahr."),
        ("Wer versichert das Gebäude?", "Der Vermieter versichert es."),
    ],
)
def test_in_another_language_than_the_text_only_values_are_compared(question, words):
    assert Pages(LEASE).part(question, words).marks == ()


def test_a_value_that_stands_nowhere_leads_to_no_sentence_in_another_language():
    part = Pages(LEASE).part("Wie hoch ist die Miete?", "48.600 Pfund.")
    assert (part.found, part.citations) == (True, ())


def test_the_nearest_sentences_are_found_by_the_words_of_the_question():
    nearest, nearness = Pages(LEASE).grounds().nearest("Who keeps the roof in repair?")
    assert nearest[0].quote == "The Landlord keeps the roof in good repair."
    assert 0.9 < nearness <= 1.0
    assert Pages(LEASE).grounds().nearest("Xyz?")[1] == 0.0


def test_the_name_of_a_document_says_what_is_asked_about():
    pages = Pages(("1\nThe machine stops after 20 minutes.", "2\nUse clean water. Empty the tray."))
    question = "What does the coffee manual say?"
    assert pages.grounds("Coffee machine manual.pdf").nearest(question)[1] > pages.grounds().nearest(question)[1]
