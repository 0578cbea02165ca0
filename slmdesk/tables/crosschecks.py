"""Checks the cells of a row with each other: net and tax make the total, nothing is due before it is billed.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from slmdesk.base.record import changed
from slmdesk.tables.cues import OTHER, Said, Strength
from slmdesk.tables.types import DOUBTFUL, Flag, TableCell
from slmdesk.text.candidates.values import find_percentages

CENT = 0.011
SUM = ("net_amount", "tax", "total")
ORDER = (("invoice_date", "due_date"), ("begins_on", "ends_on"))
ADDS_UP = "net and tax make the total"
CHOSEN = "chosen because net and tax then make the total"
MOST_AMOUNTS = 60
LEAST_RATE, MOST_RATE = 0.02, 0.3
"""Of tax."""


def sums_of(
    amounts: Sequence[tuple[TableCell, Said]], known: Mapping[str, TableCell], text: str
) -> dict[str, TableCell]:
    """Return cells for net, tax and total from the only three amounts that add up and fit a rate; {} where there are
    none or several.
    """
    if len(known) == len(SUM):
        return {}
    rates = sorted({value for _span, value in find_percentages(text) if 0 < value <= 30})
    by_value: dict[float, tuple[TableCell, Said]] = {}
    for cell, said in amounts[:MOST_AMOUNTS]:
        if cell.number is not None and cell.number > 0:
            before = by_value.get(cell.number)
            if before is None or said.strength > before[1].strength:
                by_value[cell.number] = (cell, said)
    choices = {role: [known[role].number] if role in known else list(by_value) for role in SUM}
    fits: list[tuple[float, float, float]] = [
        (net, tax, total)
        for net, tax in product(choices["net_amount"], choices["tax"])
        for total in choices["total"]
        if net and tax and total and net > tax and abs(net + tax - total) < CENT
        and (len(known) == 2 or any(abs(net * rate / 100 - tax) < CENT for rate in rates))
    ]  # fmt: skip
    scored = sorted(((_score(one, by_value), one) for one in fits), reverse=True)
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]) or scored[0][0] < 0:
        return {}
    best = dict(zip(SUM, scored[0][1], strict=True))
    return {
        role: changed(by_value[value][0], note=ADDS_UP)
        for role, value in best.items()
        if role not in known and value in by_value
    }  # fmt: skip


def row_of_sums(rows: Sequence[Sequence[TableCell]]) -> dict[str, TableCell]:
    """Return net, tax and total from rows of three amounts that add up, the last row being the sum of those above it.

    `rows`: the amounts of each line.
    """
    threes = [
        one for one in rows
        if len(one) == len(SUM) and all(cell.number for cell in one)
        and abs((one[0].number or 0) + (one[1].number or 0) - (one[2].number or 0)) < CENT
        and LEAST_RATE < (one[1].number or 0) / (one[0].number or 1) < MOST_RATE
    ]  # fmt: skip
    if not threes:
        return {}
    best = max(threes, key=lambda one: one[2].number or 0)
    others = sum(one[2].number or 0 for one in threes if one is not best)
    if len(threes) > 1 and abs(others - (best[2].number or 0)) > CENT:
        return {}
    return {role: changed(cell, note=ADDS_UP) for role, cell in zip(SUM, best, strict=True)}


def _score(three: tuple[float, float, float], by_value: Mapping[float, tuple[TableCell, Said]]) -> int:
    points = 0
    for role, value in zip(SUM, three, strict=True):
        said = by_value[value][1] if value in by_value else Said()
        if said.role == role:
            points += 1 + int(said.strength)
        elif said.role and said.strength >= Strength.ADJACENT:
            points -= 2 if said.role == OTHER else 1
    return points


def checked(cells: Mapping[str, TableCell], candidates: Sequence[TableCell] = ()) -> dict[str, TableCell]:
    """Return the cells that change when a row is checked, by the roles of their columns.

    Three sums that agree are noted as such.  Where they do not and one other amount of the document makes them agree,
    it is taken, and that is said; else all three are marked.  So are two days in the wrong order.
    """
    updated: dict[str, TableCell] = {}
    three = [cells.get(one) for one in SUM]
    net, tax, total = (one.number if one is not None and not one.edited else None for one in three)
    if net is not None and tax is not None and total is not None:
        if abs(net + tax - total) < CENT:
            for role in SUM:
                flag = Flag.NONE if cells[role].flag is Flag.UNSAID else cells[role].flag
                updated[role] = changed(cells[role], note=cells[role].note or ADDS_UP, flag=flag)
        else:
            updated |= _mended(cells, candidates) or {one: _marked(cells[one]) for one in SUM}
    elif net is not None and total is not None and net > total + CENT:
        updated |= {one: _marked(cells[one]) for one in ("net_amount", "total")}
    elif tax is not None and total is not None and tax >= total:
        updated |= {one: _marked(cells[one]) for one in ("tax", "total")}
    for first, second in ORDER:
        one, other = cells.get(first), cells.get(second)
        if one is not None and other is not None and one.date and other.date and other.date < one.date:
            updated |= {role: _marked(cells[role]) for role in (first, second) if not cells[role].edited}
    return updated


def _mended(cells: Mapping[str, TableCell], candidates: Sequence[TableCell]) -> dict[str, TableCell]:
    found: list[tuple[str, TableCell]] = []
    for role in SUM:
        if cells[role].origin == "label":
            continue
        net, tax, total = ((cells[one].number or 0.0) for one in SUM)
        wanted = {"net_amount": total - tax, "tax": total - net, "total": net + tax}[role]
        fits = {one.number: one for one in candidates if one.number is not None and abs(one.number - wanted) < CENT}
        found += [(role, one) for one in fits.values()]
    if len(found) != 1:
        return {}
    role, cell = found[0]
    return {role: changed(cell, flag=Flag.NONE, note=CHOSEN, origin="rule")}


def _marked(cell: TableCell) -> TableCell:
    return cell if cell.flag in DOUBTFUL else changed(cell, flag=Flag.CONTRADICTS)
