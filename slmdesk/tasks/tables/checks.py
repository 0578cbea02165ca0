"""Checks the cells of a row against each other: sums, days out of order, the same words twice. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from slmdesk.base.record import changed
from slmdesk.tasks.tables.cells import label_of, names_of, presets
from slmdesk.tasks.tables.types import ADDS_UP, CHOSEN, DOUBTFUL, Column, Flag, TableCell

CENT = 0.011
MODEL = "model"
SUM = ("net_amount", "tax", "total")
ORDER = (("invoice_date", "due_date"), ("begins_on", "ends_on"))
SIDES = (("seller", "customer"), ("first_party", "second_party"))


@cache
def _known() -> Mapping[str, str]:
    """Return what the presets' columns are in a row, by their names: "invoice_date"."""
    roles: dict[str, str] = {}
    for paper in presets():
        for column in paper.columns if paper.id in ("invoice", "contract") else ():
            role = label_of(column.name).replace(" ", "_")
            roles[label_of(column.name)] = role
            for name in names_of(column) if paper.id == "invoice" else ():
                roles.setdefault(name, role)
    return roles


def roles_of(columns: Sequence[Column]) -> dict[str, int]:
    """Return which columns can be checked against each other, by what they are in a row."""
    named = ((at, _known().get(label_of(column.name))) for at, column in enumerate(columns))
    return {role: at for at, role in named if role}


def adds_up(net: float, tax: float, total: float) -> bool:
    return abs(net + tax - total) < CENT


def checked(cells: Mapping[str, TableCell], amounts: Mapping[float, TableCell]) -> dict[str, TableCell]:
    """Return the cells of a row, by what they are in it, that change: if net, tax and total agree, this is noted. If
    one other amount of the document makes them agree, it replaces the wrong one; else all three are flagged. So are
    two days in the wrong order, and two sides with the same name.
    """
    cells = {**cells, **_mended(cells, amounts)}
    wrong: set[str] = set()
    three = [cells.get(name, TableCell()) for name in SUM]
    net, tax, total = (cell.number for cell in three)
    if net is not None and tax is not None and total is not None:
        if adds_up(net, tax, total):
            return _noted(cells) | _flagged(cells, _contrary(cells))
        wrong.update(SUM)
    return _flagged(cells, wrong | _contrary(cells))


def _mended(cells: Mapping[str, TableCell], amounts: Mapping[float, TableCell]) -> dict[str, TableCell]:
    """Return the only cell, of another amount, with which net, tax and total agree."""
    three = [cells.get(name, TableCell()) for name in SUM]
    net, tax, total = (cell.number or 0.0 for cell in three)
    if adds_up(net, tax, total) or any(cell.number is None for cell in three):
        return {}
    wanted = zip(SUM, (total - tax, total - net, net + tax), strict=True)
    fits = [
        (role, cell)
        for role, sum in wanted
        for number, cell in amounts.items()
        if abs(number - sum) < CENT and cells[role].origin == MODEL
    ]
    return {role: changed(cell, note=CHOSEN) for role, cell in fits} if len(fits) == 1 else {}


def _noted(cells: Mapping[str, TableCell]) -> dict[str, TableCell]:
    settled = {Flag.SIGN: Flag.NONE, Flag.UNSURE: Flag.NONE, Flag.TWICE: Flag.NONE}
    three = [(role, cells[role]) for role in SUM]
    return {
        role: changed(cell, note=cell.note or ADDS_UP, flag=settled.get(cell.flag, cell.flag)) for role, cell in three
    }


def _contrary(cells: Mapping[str, TableCell]) -> set[str]:
    found: set[str] = set()
    for first, second in (*ORDER, *SIDES):
        cell, other = cells.get(first, TableCell()), cells.get(second, TableCell())
        is_turned = bool(cell.date and other.date and other.date < cell.date)
        if is_turned or ((first, second) in SIDES and _is_part(cell.value, other.value)):
            found.update((first, second))
    return found


def _is_part(name: str, other: str) -> bool:
    names = label_of(name), label_of(other)
    return all(names) and (names[0] in names[1] or names[1] in names[0])


def _flagged(cells: Mapping[str, TableCell], roles: set[str]) -> dict[str, TableCell]:
    """Mark what a model said: what the document proves, or a person wrote, is right."""
    said = {role: cells[role] for role in roles if cells[role].origin == MODEL}
    return {role: changed(cell, flag=Flag.CONTRADICTS) for role, cell in said.items() if cell.flag not in DOUBTFUL}


def without_doubles(cells: Mapping[int, TableCell]) -> dict[int, TableCell]:
    """Return the cells of a row so that two of the model with the same place are flagged."""
    places: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for at, cell in cells.items():
        if cell.page and cell.origin == MODEL:
            places[cell.page, cell.start, cell.end].append(at)
    twice = {at for some in places.values() if len(some) > 1 for at in some}
    return {
        at: changed(cell, flag=Flag.TWICE) if at in twice and cell.flag is Flag.NONE else cell
        for at, cell in cells.items()
    }
