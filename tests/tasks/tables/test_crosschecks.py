from __future__ import annotations

import pytest

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.record import changed
from slmdesk.tasks.tables.checks import checked
from slmdesk.tasks.tables.layout import PageTexts
from slmdesk.tasks.tables.plan import _asked_alone
from slmdesk.tasks.tables.rules import amounts_of, sums_of
from slmdesk.tasks.tables.types import Column, Edit, Flag, Table, TableCell, TableRow, with_edits

pytestmark = pytest.mark.pure
CHOSEN = "chosen because net and tax then make the total"
ADDS_UP = "net and tax make the total"


def amount(number: float, origin: str = "model") -> TableCell:
    return TableCell(f"{number:.2f}", f"it is {number:.2f} here", 1, 0, 4, Flag.NONE, origin, number)


def day(iso: str) -> TableCell:
    return TableCell(iso, iso, 1, 0, 10, Flag.NONE, "model", date=iso)


def test_sums_that_agree_are_noted_and_others_marked() -> None:
    right = checked({"net_amount": amount(100), "tax": amount(20), "total": amount(120)}, {})
    assert {cell.note for cell in right.values()} == {ADDS_UP}
    assert {cell.flag for cell in right.values()} == {Flag.NONE}
    wrong = {"net_amount": amount(100), "tax": amount(20), "total": amount(150)}
    assert {cell.flag for cell in checked(wrong, {}).values()} == {Flag.CONTRADICTS}
    proved = checked({**wrong, "total": amount(150, "label")}, {})
    assert set(proved) == {"net_amount", "tax"}, "what the paper proves is not doubted"
    mended = checked(wrong, {120.0: amount(120, "rule"), 150.0: amount(150, "rule")})
    assert (mended["total"].number, mended["total"].note, mended["total"].flag) == (
        120,
        CHOSEN,
        Flag.NONE,
    )
    assert checked({"net_amount": amount(100), "total": amount(100)}, {}) == {}
    assert checked({"tax": amount(20), "total": TableCell()}, {}) == {}


def test_nothing_is_due_before_it_is_billed_and_nothing_ends_before_it_begins() -> None:
    cells = {"invoice_date": day("2025-06-01"), "due_date": day("2025-05-01")}
    assert {cell.flag for cell in checked(cells, {}).values()} == {Flag.CONTRADICTS}
    assert checked({"invoice_date": day("2025-06-01"), "due_date": day("2025-06-01")}, {}) == {}
    assert set(checked({"begins_on": day("2026-01-01"), "ends_on": day("2025-12-31")}, {})) == {"begins_on", "ends_on"}


def test_a_persons_value_is_never_marked() -> None:
    mine = TableCell("90", flag=Flag.NONE, origin="person", number=90, edited=True)
    assert "total" not in checked({"net_amount": amount(100), "tax": amount(20), "total": mine}, {})


def sums(text: str) -> dict[str, float | None]:
    pages = PageTexts([Page(1, "", text, PageStatus.READ, ())], "en")
    return {role: cell.number for role, cell in sums_of(pages, amounts_of(pages)).items()}


def test_what_adds_up_at_the_rates_of_the_paper_needs_no_words() -> None:
    assert sums("341.00 500.00 95.00 595.00 at 19 %") == {"net_amount": 500, "tax": 95, "total": 595}
    assert sums("100.00 200.00 7.00 38.00 300.00 45.00 345.00 at 7 % and 19 %")["tax"] == 45
    assert sums("341.00 500.00 95.00 595.00 at 20 %") == {}
    assert sums("500.00 95.00 595.00 900.00 at 19 %") == {}, "one is larger"
    assert sums("3.00 4.00 7.00 at 19 %") == {}


def test_two_sides_have_two_names() -> None:
    cells = {"seller": TableCell("Miller Ltd", origin="model"), "customer": TableCell("J. MILLER LTD", origin="model")}
    assert {cell.flag for cell in checked(cells, {}).values()} == {Flag.CONTRADICTS}


def test_a_sum_is_not_said_to_be_right_after_one_of_its_cells_was_changed() -> None:
    added = checked({"net_amount": amount(100), "tax": amount(20), "total": amount(120)}, {})
    cells = (TableCell("Miller", note="on the letterhead"), *added.values())
    columns = tuple(Column(name) for name in ("Firm", "Net", "Tax", "Total"))

    def notes(*edits: Edit) -> list[str]:
        table = Table(columns, (TableRow("d", "invoice.pdf", "page", cells, None),), edits, "Echo", True)
        return [cell.note for cell in with_edits(table).rows[0].cells]

    assert notes() == ["on the letterhead", *[ADDS_UP] * 3]
    assert notes(Edit("d", 0, "Miller Ltd")) == ["", *[ADDS_UP] * 3]
    assert notes(Edit("d", 2, "19")) == ["on the letterhead", "", "", ""]


def test_what_is_asked_alone_takes_no_words_of_another_column_and_a_doubt_stays() -> None:
    first, second = TableCell("5 May", page=1, start=9, origin="model"), TableCell("6 May", page=1, start=30)
    assert _asked_alone({0: first, 1: second}, 1, first) == TableCell(flag=Flag.TWICE)
    assert _asked_alone({0: first, 1: second}, 0, first) == first
    unsure = changed(second, flag=Flag.UNSURE)
    better = changed(first, start=50, value="7 May")
    assert _asked_alone({0: first, 1: unsure}, 1, better) == changed(better, flag=Flag.UNSURE)
    assert _asked_alone({0: first, 1: unsure}, 1, first) == unsure
    assert _asked_alone({1: unsure}, 1, TableCell()) == unsure
