"""The sheet for the file."""

from __future__ import annotations

import pypdfium2 as pdfium
import pytest

from slmdesk.children.printing import print_pdf
from slmdesk.tasks.deadlines.report import report_of, sheet_of
from slmdesk.tasks.deadlines.types import MOST_LINE, DueDay, DueList, FoundDay, Said


@pytest.mark.parametrize("page", ["A4", "Letter"])
def test_it_is_one_page_however_long_its_passage_is(qapp, page):
    passage = "den Posten der Aufstellung, " * 400
    reason = {"doubt": "the day from which it counts is not known, " * 6}
    found = FoundDay(
        "k", passage, passage[:MOST_LINE], 1, 0, 9, "2026-12-03", reason,
        "Stadtwerke", "120,50 Euro", received="2026-11-03",
    )  # fmt: skip
    printing = print_pdf(sheet_of(DueDay("d", "a.pdf", "page", found)), page)
    while True:
        try:
            next(printing)
        except StopIteration as end:
            with pdfium.PdfDocument(end.value) as sheet:
                assert len(sheet) == 1
            break


MORE = ("Bitte senden Sie uns den Vertrag bis zum 3. Dezember 2026.",)
MOVED = DueDay(
    "d",
    "a.pdf",
    "page",
    FoundDay("k", "Bitte zahlen Sie.", "Bitte zahlen Sie.", 1, 0, 9, "2026-12-03", more=MORE),
    Said(day="2026-12-10"),
)


def test_it_says_that_a_person_moved_the_day():
    told = str(sheet_of(MOVED))
    assert "Moved; the paper says: 3 December 2026" in told
    assert "The paper names the day." not in told


def test_the_calendar_has_all_that_is_due_on_a_day_and_that_it_was_moved():
    (due,) = report_of("due", "Deadlines", DueList((MOVED,))).due
    assert MORE[0] in due.details
    assert "Moved; the paper says: 3 December 2026" in due.details
