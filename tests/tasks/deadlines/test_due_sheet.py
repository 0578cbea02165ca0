"""The sheet for the file."""

from __future__ import annotations

import pypdfium2 as pdfium
import pytest

from slmdesk.children.printing import print_pdf
from slmdesk.tasks.deadlines.report import sheet_of
from slmdesk.tasks.deadlines.types import MOST_LINE, DueDay, FoundDay


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
