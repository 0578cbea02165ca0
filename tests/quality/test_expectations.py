"""The documents of the measure: all is read, each rule can be fulfilled, right and wrong statements are told apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from fakes.few import few

from benchmarks.quality.expectations import (
    CASES,
    KINDS,
    MATTERS,
    Document,
    Fact,
    Question,
    denies,
    documents,
    facts_in,
    fulfils,
    is_right,
    plain,
    recall,
    statements,
)
from benchmarks.quality.questions import share
from benchmarks.quality.summaries import allowed, count, first_words

pytestmark = pytest.mark.pure
DOCUMENTS = [*documents(), *documents(folder=MATTERS)]
STATEMENTS = {document.name: statements(document.text) for document in DOCUMENTS}
each = pytest.mark.parametrize("document", few(DOCUMENTS), ids=lambda document: document.name)
WITH_CASES = [*DOCUMENTS, *documents(folder=CASES)]
each_with_cases = pytest.mark.parametrize("document", few(WITH_CASES), ids=lambda document: document.name)


@each
def test_what_is_expected_is_complete(document: Document) -> None:
    assert document.kind in KINDS
    assert document.language in {"en", "de", "fr", "es", "it", "pl"}
    assert document.title
    facts, questions = (24, 10) if document.is_long else (12, 6)
    assert len(document.facts) == facts == len({fact.id for fact in document.facts})
    assert {fact.weight for fact in document.facts} == {1, 2}
    assert len(document.questions) == questions
    assert sum(question.none for question in document.questions) >= questions // 3
    assert any(question.two_parts for question in document.questions)
    assert 2_500 <= len(document.text) <= 20_000 or 30_000 <= len(document.text) <= 70_000
    assert len(document.examples) >= 4


@each
def test_places_stand_in_the_document(document: Document) -> None:
    headings = {plain(line.lstrip("# ")) for line in document.text.splitlines() if line.startswith("#")}
    assert {plain(fact.section) for fact in document.facts} <= headings
    for question in document.questions:
        assert question.none != bool(question.quote or question.heading), question.question
        assert question.none or question.rules, question.question
        assert not question.quote or plain(question.quote) in plain(document.text), question.quote
        assert not question.heading or plain(question.heading) in headings, question.heading


@each
def test_every_fact_can_be_found_in_its_document(document: Document) -> None:
    said = STATEMENTS[document.name]
    said = said + [f"{line} {other}" for line, other in pairwise(said)]
    lost = [fact.id for fact in document.facts if not any(fact.is_in(line) for line in said)]
    assert not lost


@each
def test_a_fact_is_found_in_its_own_words_alone(document: Document) -> None:
    """As the list of facts puts it, each fact is found; and few others by the same words."""
    for fact in document.facts:
        assert fact.is_in(fact.text), fact.id
        assert len([other for other in document.facts if other.is_in(fact.text)]) <= 3, fact.id


def test_a_third_of_the_questions_to_cases_has_no_answer_and_half_is_aside() -> None:
    asked = [(document, question) for document in documents(folder=CASES) for question in document.questions]
    assert [len(asked), sum(question.none for _, question in asked)] == [60, 20]
    assert sum(document.is_aside for document, _ in asked) == 30


@each_with_cases
def test_the_answers_are_right(document: Document) -> None:
    for question in document.questions:
        assert is_right(question.answer, question), question.question
        assert question.none == denies(question.answer), question.question
        assert is_right("", question) == question.none


@each_with_cases
def test_the_answer_to_one_question_is_wrong_for_another(document: Document) -> None:
    for question in document.questions:
        for other in document.questions:
            if other is not question and not (question.none and other.none):
                assert not is_right(other.answer, question), question.question


@each
def test_right_and_wrong_statements_are_told_apart(document: Document) -> None:
    for example in document.examples:
        assert facts_in(example.text, document.facts) == example.facts, example.text
    assert any(not example.facts for example in document.examples)


@each
def test_hardly_a_fact_is_found_in_another_document(document: Document) -> None:
    for other in DOCUMENTS:
        if other is not document and (other.language, other.path.parent) == (document.language, document.path.parent):
            said = STATEMENTS[other.name]
            facts = [fact.id for fact in document.facts if any(map(fact.is_in, said))]
            assert len(facts) <= 1, other.name  # two contracts may ask for the same insurance


def test_statements_are_sentences_items_and_rows() -> None:
    text = """# Rent

The rent is 98,400 pounds a year. It is paid
in advance.

**Actions**
- Ada Brown: writes to the bank. By 3 May.
- Report:
  - sent to Ms Cole
- Deposit: 100 pounds. It is paid at once. It bears no interest.

The figures are:

| Part | Sales |
| --- | --- |
| North | 12.4 |
"""
    assert statements(text) == [
        "Rent: The rent is 98,400 pounds a year.", "It is paid in advance.",
        "Actions: Ada Brown: writes to the bank. By 3 May.", "Actions: Report: sent to Ms Cole",
        "Actions: Deposit: 100 pounds.", "Actions: Deposit: It is paid at once.",
        "Actions: Deposit: It bears no interest.", "Actions: The figures are: Part | Sales",
        "Actions: The figures are: (Part | Sales) North | 12.4",
    ]  # fmt: skip


def test_no_statement_ends_within_a_date_or_a_name() -> None:
    text = "Am Dienstag, 18. November kommt Dr. Abel. Frau K. Otto bleibt bis 5. Mai. Danach nicht."
    assert statements(text) == [
        "Am Dienstag, 18. November kommt Dr. Abel.", "Frau K. Otto bleibt bis 5. Mai.", "Danach nicht.",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["98,400", "98.400", "98 400", "98\u202f400", "**98'400**"])
def test_numbers_are_seen_without_separators(text: str) -> None:
    assert plain(f"It costs {text} pounds") == "It costs 98400 pounds"


@pytest.mark.parametrize(
    "text",
    [
        "1 May 2025", "1st of May", "May 1, 2025", "1. Mai 2025", "1er mai 2025", "01.05.2025", "1/5/25", "2025-05-01",
        "1 de mayo de 2025", "1º de mayo", "1 maggio 2025", "1° maggio", "1 maja 2025",
    ],
)  # fmt: skip
def test_a_date_may_be_written_in_many_ways(text: str) -> None:
    assert fulfils(f"It begins on {text}.", (("<2025-05-01>",),))


@pytest.mark.parametrize("text", ["end of September", "Ende September 2025", "fin septembre", "30 September"])
def test_the_last_day_of_a_month_is_its_end(text: str) -> None:
    assert fulfils(f"It ends {text}.", (("<2025-09-30>",),))
    assert not fulfils(f"It ends {text}.", (("<2025-09-29>",),))


@pytest.mark.parametrize(
    "text", ["1 May 2026", "11 May 2025", "May 12, 2025", "1 March 2025", "21.05.2025", "1.5.2026"]
)
def test_another_date_is_not_taken_for_it(text: str) -> None:
    assert not fulfils(f"It begins on {text}.", (("<2025-05-01>",),))


def test_a_summary_is_judged_by_its_first_words_and_its_length() -> None:
    assert first_words("- One two three.\n- Four five six.", 4) == "- One two three.\n- Four"
    assert count("- One | two – three") == 3
    assert [allowed("word " * words) for words in (300, 500, 800, 20_000)] == [90, 150, 170, 400]


def test_a_share_has_an_interval() -> None:
    assert share([True] * 9 + [False]) == "9 of 10 (0.90; 0.60–0.98)"
    assert share([]) == "–"


def test_recall_counts_weights() -> None:
    facts = [Fact("a", "", "", 2, ()), Fact("b", "", "", 1, ()), Fact("c", "", "", 1, ())]
    score = recall({"a"}, facts)
    assert (score.weighted, round(score.unweighted, 2), score.missing) == (0.5, 0.33, ("b", "c"))


@pytest.mark.parametrize(
    "answer",
    [
        "", "Not in the text.", "The document does not say who was elected.", "There is no information about a dog.",
        "Das steht nicht im Text.", "Dazu enthält das Protokoll keine Angabe.", "Le rapport ne le précise pas.",
        "Cela n'est pas indiqué dans le document.", "Dazu sagt der Vertrag nichts."
    ],
)  # fmt: skip
def test_denials_are_known(answer: str) -> None:
    assert is_right(answer, Question("?", "", (), none=True))


@pytest.mark.parametrize(
    "answer",
    [
        "Ingrid Halvorsen.", "The rent is not in arrears.", "Die Kaution beträgt 4.000 Euro.",
        "La société Moreau, non soumise à la TVA.",
    ],
)  # fmt: skip
def test_an_invented_answer_is_no_denial(answer: str) -> None:
    assert not is_right(answer, Question("?", "", (), none=True))
