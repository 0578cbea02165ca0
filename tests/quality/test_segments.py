"""The rules for translations accept the right ones and refuse wrong ones, and the scorer counts."""

import re
from decimal import Decimal

import pytest
from fakes.few import few

from benchmarks.quality.figures import figures_of, months_of
from benchmarks.quality.segments import (
    Document,
    Row,
    Score,
    Segment,
    by_pair,
    documents,
    faults_of,
    judged,
    plain,
    rows_of_whole,
    score,
)

pytestmark = pytest.mark.pure

DOCUMENTS = documents()
NOT = re.compile(
    r"(?:\b(?:not|never|without|nobody|nothing|no|nicht|nichts|kein\w*|jamais|nunca|ne|pas)\b(?!\.)|n't\b|\bn'"
    r"|(?<=can)not\b) ?",
    re.IGNORECASE,
)


@pytest.fixture(params=few(DOCUMENTS, 4), ids=lambda paper: paper.name)
def document(request: pytest.FixtureRequest) -> Document:
    return request.param


def by_rule(document: Document) -> list[Segment]:
    return [segment for segment in document.segments if segment.judge == "rule"]


def test_every_segment_stands_in_the_document_in_order(document: Document) -> None:
    text, at = " ".join(plain(line) for line in document.text.splitlines() if line), 0
    assert 10 <= len(document.segments) <= 25
    for segment in document.segments:
        at = text.find(plain(segment.text), at)
        assert at >= 0, segment.text


def test_right_translations_pass(document: Document) -> None:
    versions = [(segment, version) for segment in by_rule(document) for version in segment.versions]
    assert not {version: faults for segment, version in versions if (faults := faults_of(document, segment, version))}


def test_wrong_translations_do_not_pass(document: Document) -> None:
    passed = [
        wrong for segment in by_rule(document) for wrong in segment.wrong if not faults_of(document, segment, wrong)
    ]
    assert not passed


def test_no_translation_of_another_segment_passes(document: Document) -> None:
    passed = [
        (segment.text, other.reference)
        for segment in by_rule(document)
        for other in document.segments
        if other is not segment and not faults_of(document, segment, other.reference)
    ]
    assert not passed


def test_another_number_does_not_pass(document: Document) -> None:
    passed = []
    for segment in by_rule(document):
        for digit in re.finditer(r"\d(?=\D*$|[^\d]{2})", segment.reference):
            altered = (
                segment.reference[: digit.start()] + str((int(digit[0]) + 1) % 10) + segment.reference[digit.end() :]
            )
            if not faults_of(document, segment, altered):
                passed.append(altered)
    assert not passed


def test_a_lost_negation_does_not_pass(document: Document) -> None:
    altered = [(segment, NOT.sub("", segment.reference)) for segment in by_rule(document)]
    assert not [
        words for segment, words in altered if words != segment.reference and not faults_of(document, segment, words)
    ]


def test_a_text_left_as_it_was_does_not_pass(document: Document) -> None:
    passed = [
        segment.text
        for segment in by_rule(document)
        if len(re.findall(r"\w{2,}", re.sub("|".join(document.names) or "^", "", segment.text))) > 3
        and not faults_of(document, segment, segment.text)
    ]
    assert not passed


@pytest.mark.parametrize(
    ("text", "language", "numbers"),
    [
        ("98,400 pounds", "en", "98400"),
        ("98.400 Pfund", "en", "98.4"),
        ("98.400 Pfund", "de", "98400"),
        ("98 400,50 €", "fr", "98400.5"),
        ("from 8 a.m. to 2:30 p.m.", "en", "8 14 30"),
        ("from 8:00 to 14:30", "en", "8 14 30"),
        ("von 8.00 Uhr bis 14.30 Uhr", "de", "8 14 30"),
        ("de 8h00 à 14 h 30", "fr", "8 14 30"),
        ("on 15 March, 2026", "en", "15 2026"),
        ("on 15/03/2026", "en", "15 2026"),
        ("on 2026-03-15", "en", "15 2026"),
        ("am 15.03.2026", "de", "15 2026"),
        ("March 15, 2026", "en", "15 2026"),
    ],
)
def test_numbers_are_read_as_the_language_writes_them(text: str, language: str, numbers: str) -> None:
    assert figures_of(text, language) == {Decimal(number).normalize() for number in numbers.split()}


@pytest.mark.parametrize(
    ("text", "language", "months"),
    [
        ("You may call on 3 June or July 4.", "en", {6, 7}),
        ("from May 2 to 5 May", "en", {5}),
        ("am 1. März und 15.04.2026", "de", {3, 4}),
        ("le 1er juillet et 30 juin", "fr", {6, 7}),
        ("9 de febrero, 3 de mayo", "es", {2, 5}),
        ("In March the marches begin.", "en", set()),
    ],
)
def test_months_stand_beside_a_day(text: str, language: str, months: set[int]) -> None:
    assert months_of(text, language) == months


SHORT = Document(
    documents()[0].path,
    "de",
    "en",
    (
        Segment(
            "Wir kündigen nicht.", "We do not terminate.", must=("terminat|cancel", r"\bnot\b|n't"), must_not=("agree",)
        ),
        Segment("Herr Kolb zahlt 1.200,50 €.", "Mr Kolb pays €1,200.50.", must=("pay",)),
        Segment("Wie schön!", "How beautiful!", judge="reader"),
        Segment("Kasse", "Cash desk", must=("cash|till",)),
    ),
    names=("Kolb",),
)


def test_rows_are_judged_and_counted() -> None:
    verdicts = judged(
        SHORT,
        [
            Row("Wir **kündigen** nicht.", "We do **not** cancel."),
            Row("Herr Kolb zahlt 1.200,50 €.", "Mr Cole pays €1,200.50.", flagged=True),
            Row("Kasse", "Cash desk", flagged=True),
        ],
    )
    assert [verdict.faults for verdict in verdicts] == [(), ("name: Kolb",), ()]
    assert score(verdicts) == Score(right=2, wrong=1, wrong_flagged=1, right_flagged=1)
    assert by_pair([(SHORT, verdicts), (SHORT, verdicts)]) == {"de-en": Score(4, 2, 2, 2)}


def test_rows_cut_otherwise_are_judged_too() -> None:
    pieces = [Row("Wir kündigen", "We do not"), Row("nicht.", "terminate.", flagged=True), Row("Kasse", "Till")]
    verdicts = judged(SHORT, pieces)
    assert [verdict.faults for verdict in verdicts] == [(), ("left out",), ()]
    assert verdicts[0].flagged
    (row,) = rows_of_whole("Wir kündigen nicht. Herr Kolb zahlt 1.200,50 €.", "We agree not to pay €1,200.50.")
    assert judged(SHORT, [row])[0].faults == ("must: terminat|cancel", "must not: agree")
    paragraph = Row("Wir kündigen nicht. Herr Kolb zahlt 1.200,50 €.", "We do not cancel. Mr Kolb pays €1,200.50.")
    assert [row.faults for row in judged(SHORT, [paragraph])] == [(), (), ("left out",)]


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("", "empty"),
        ("We do not terminate und nicht.", "untranslated: und"),
        ('The correct translation is: "We do not terminate."', "talk"),
        ("We do not terminate. " + "This is a nice sentence about something else. " * 2, "too long"),
        ("We do not terminate on 3 May.", "new number: 3"),
    ],
)
def test_form_is_judged(target: str, fault: str) -> None:
    assert fault in faults_of(SHORT, SHORT.segments[0], target)


def test_a_whole_text_is_matched_by_lines() -> None:
    source, target = "# Kasse\n\n| a | b |\n| c | d |\n", "# Till\n\n| A | B |\n| C | D |"
    rows = [(row.source, row.target) for row in rows_of_whole(source, target)]
    assert rows == [("# Kasse", "# Till"), *zip("abcd", "ABCD", strict=True)]
    assert len(rows_of_whole("a\nb", "a b")) == 1
