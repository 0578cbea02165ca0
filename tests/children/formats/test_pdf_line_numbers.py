"""Numbers beside the lines of a page are no part of its sentences; numbers of rows, items and paragraphs are."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import Note
from slmdesk.children.formats import pdf
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure

PLEADING = (
    "IN THE COUNTY COURT OF KIEL",
    "The claimant asks the court to order the",
    "defendant to pay 4,500 EUR within 14 days",
    "of service. The defendant signed the lease",
    "on 3 May 2024 and has not paid since March",
    "2026. The claimant gave notice on 9 April,",
    "which the defendant received on the day",
    "after it, as he says himself in his letter",
    "of 30 April, and he has not moved out or",
    "paid anything until today, though he was",
    "reminded of it twice.",
)
WHOLE = " ".join(PLEADING[1:])


def numbered(begin: int = 1, step: int = 1, x: float = 50, size: float = 10, count: int = len(PLEADING)) -> list[Text]:
    """The lines with every `step`-th number beside them, of those that count from `begin`."""
    texts = [*lines(90, 740, *PLEADING[:count], size=12, pitch=20)]
    for at in range(count):
        if (begin + at) % step == 0:
            width = 0.556 * size * len(str(begin + at))
            texts.append(Text(x - width, 740 - 20 * at, str(begin + at), size))
    return sorted(texts, key=lambda text: (-text.y, text.x))


def read(*pages: list[Text]) -> tuple[list[str], Reading]:
    made = TinyPdf()
    for page in pages:
        made.page(*page)
    reading = Reading("a.pdf", bytes(made))
    return [page.text for page in pdf.read(reading)], reading


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(numbered(), id="every line"),
        pytest.param(numbered(step=5, begin=3), id="every fifth line"),
        pytest.param(numbered(x=400), id="at the right margin"),
        pytest.param(numbered(size=5), id="in small letters"),
        pytest.param(numbered(begin=1207), id="counted on"),
        pytest.param([*numbered(), Text(44, 780, "7")], id="below a page number"),
        pytest.param(
            [*numbered(), *lines(38.88, 520, *map(str, range(12, 29)), pitch=20)], id="beside blank lines too"
        ),
    ],
)
def test_numbers_of_lines_are_not_in_the_sentences(texts):
    (text,), reading = read(texts)
    assert WHOLE in text
    assert Note.LINE_NUMBERS in reading.notes


def test_each_page_counts_anew_or_on_and_the_last_one_has_few_lines():
    for begin in (1, 12):
        texts, _ = read(numbered(), numbered(begin=begin), numbered(begin=2 * begin - 1, count=2))
        assert [WHOLE in text for text in texts] == [True, True, False]
        assert " ".join(texts[2].split()) == " ".join(PLEADING[:2])


def test_few_numbers_alone_are_kept():
    (text,), _ = read(numbered(count=2))
    assert text.split()[0] == "1"


ITEMS = ("Paper for the office", "Pens", "Glue and tape", "A lamp for the desk", "Two chairs")
PARAGRAPHS = [
    text
    for at, top in enumerate((740, 680, 620, 560), 1)
    for text in (Text(50, top, str(at), 12), *lines(90, top, *PLEADING[1:4], size=12, pitch=15))
]
"""Four paragraphs of three lines, each with a number before its first."""


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        pytest.param([text for at, item in enumerate(ITEMS, 1) for text in
                      (Text(50, 740 - 14 * at, str(at)), Text(90, 740 - 14 * at, item))], 5, id="items"),
        pytest.param([text for at, item in enumerate(ITEMS, 1) for text in
                      (Text(50, 740 - 14 * at, str(at)), Text(90, 740 - 14 * at, item.lower()),
                       Text(300, 740 - 14 * at, f"{at}.50"))], 5, id="rows"),
        pytest.param(PARAGRAPHS, 4, id="paragraphs"),
    ],
)  # fmt: skip
def test_other_numbers_are_kept(texts, kept):
    (text,), reading = read([*texts, *lines(50, 300, "The rest of the page is of the usual size and", "goes on.")])
    words = text.split()
    assert [str(at) in words for at in range(1, kept + 1)] == [True] * kept
    assert Note.LINE_NUMBERS not in reading.notes
