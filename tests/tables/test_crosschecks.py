from __future__ import annotations

import pytest

from slmdesk.tables.cells import ADDS_UP, CHOSEN, checked, sums_of
from slmdesk.tables.layout import Said, Strength
from slmdesk.tables.types import Column, Edit, Flag, Table, TableCell, TableRow, with_edits

pytestmark = pytest.mark.pure


def amount(number: float, origin: str = "rule") -> TableCell:
    return TableCell(f"{number:.2f}", f"it is {number:.2f} here", 1, 0, 4, Flag.NONE, origin, number)


def day(iso: str) -> TableCell:
    return TableCell(iso, iso, 1, 0, 10, Flag.NONE, "rule", date=iso)


def test_sums_that_agree_are_noted_and_others_marked() -> None:
    right = checked({"net_amount": amount(100), "tax": amount(20), "total": amount(120)})
    assert {cell.note for cell in right.values()} == {ADDS_UP}
    assert {cell.flag for cell in right.values()} == {Flag.NONE}
    labels = {"net_amount": amount(100, "label"), "tax": amount(20, "label"), "total": amount(150, "label")}
    assert {cell.flag for cell in checked(labels, [amount(120)]).values()} == {Flag.CONTRADICTS}
    assert checked({"net_amount": amount(100), "total": amount(90)})["total"].flag is Flag.CONTRADICTS
    assert checked({"net_amount": amount(100), "total": amount(100)}) == {}
    assert checked({"tax": amount(20), "total": TableCell()}) == {}


def test_the_only_amount_that_makes_a_sum_right_is_taken() -> None:
    cells = {"net_amount": amount(100, "label"), "tax": amount(20, "label"), "total": amount(150, "model")}
    mended = checked(cells, [amount(120), amount(150), amount(20)])
    assert list(mended) == ["total"]
    assert (mended["total"].number, mended["total"].note, mended["total"].flag) == (120, CHOSEN, Flag.NONE)
    assert {cell.flag for cell in checked(cells, [amount(150)]).values()} == {Flag.CONTRADICTS}


def test_nothing_is_due_before_it_is_billed_and_nothing_ends_before_it_begins() -> None:
    cells = {"invoice_date": day("2025-06-01"), "due_date": day("2025-05-01")}
    assert {cell.flag for cell in checked(cells).values()} == {Flag.CONTRADICTS}
    assert checked({"invoice_date": day("2025-06-01"), "due_date": day("2025-06-01")}) == {}
    assert list(checked({"begins_on": day("2026-01-01"), "ends_on": day("2025-12-31")})) == ["begins_on", "ends_on"]


def test_a_persons_value_is_never_marked() -> None:
    mine = TableCell("90", flag=Flag.NONE, origin="person", number=90, edited=True)
    assert checked({"net_amount": amount(100), "tax": amount(20), "total": mine}) == {}


def test_what_adds_up_and_fits_a_rate_needs_no_words() -> None:
    said = Said("total", Strength.ADJACENT)
    some = [(amount(341), Said()), (amount(500), Said()), (amount(95), Said()), (amount(595), said)]
    sums = sums_of(some, {}, "19 % tax")
    assert {role: cell.number for role, cell in sums.items()} == {"net_amount": 500, "tax": 95, "total": 595}
    assert sums_of(some, {}, "20 % tax") == {}
    assert sums_of([(amount(3), Said()), (amount(4), Said()), (amount(7), Said())], {}, "19 %") == {}


def test_a_sum_is_not_said_to_be_right_after_one_of_its_cells_was_changed() -> None:
    sums = checked({"net_amount": amount(100), "tax": amount(20), "total": amount(120)})
    cells = (TableCell("Miller", note="on the letterhead"), *sums.values())
    columns = tuple(Column(name) for name in ("Firm", "Net", "Tax", "Total"))

    def notes(*edits: Edit) -> list[str]:
        table = Table(columns, (TableRow("d", "invoice.pdf", "page", cells, None),), edits, "Echo", True)
        return [cell.note for cell in with_edits(table).rows[0].cells]

    assert notes() == ["on the letterhead", *[ADDS_UP] * 3]
    assert notes(Edit("d", 0, "Miller Ltd")) == ["", *[ADDS_UP] * 3]
    assert notes(Edit("d", 2, "19")) == ["on the letterhead", "", "", ""]
